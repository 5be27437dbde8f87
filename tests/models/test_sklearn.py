"""scikit-learn knows the estimators for what they are, and tunes what they are made of."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pandas as pd
import pytest
from scikeras.wrappers import KerasClassifier as PlainSciKeras
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    check_cv,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.errors import DataError, HpoTutorError
from tests.messages import refused

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X).astype("float32")
LABELS = np.array(["setosa", "versicolor", "virginica"])[Y]
QUICK = {"units": 16, "learning_rate": 0.05, "epochs": 3, "batch_size": 50, "random_state": 0}


def create_model(optimizer="adam", init="uniform", hidden_units=10):
    """Build the network the articles' way: it compiles itself."""
    model = keras.Sequential(
        [
            keras.layers.Dense(hidden_units, activation="relu", kernel_initializer=init),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def create_uncompiled(hidden_units=10):
    """Leave the compiling to SciKeras."""
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(hidden_units, activation="relu"),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


def create_one_hot():
    """Compile with the loss that wants one-hot targets."""
    model = create_uncompiled()
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def fitted():
    return ht.KerasClassifier(**QUICK).fit(X, LABELS)


def test_scikit_learn_recognizes_them(fitted):
    assert is_classifier(ht.KerasClassifier()) and not is_regressor(ht.KerasClassifier())
    assert is_regressor(ht.KerasRegressor()) and not is_classifier(ht.KerasRegressor())
    assert is_classifier(Pipeline([("scale", StandardScaler()), ("net", ht.KerasClassifier())]))
    assert is_classifier(fitted)


def test_recognition_is_silent_and_leaves_scikeras_alone(recwarn):
    assert is_classifier(ht.KerasClassifier()) and is_regressor(ht.KerasRegressor())
    assert not recwarn.list
    assert "__sklearn_tags__" not in vars(PlainSciKeras.__mro__[1])


def test_folds_are_stratified():
    folds = check_cv(3, Y, classifier=is_classifier(ht.KerasClassifier()))
    assert isinstance(folds, StratifiedKFold)
    folds = check_cv(3, X[:, 0], classifier=is_classifier(ht.KerasRegressor()))
    assert type(folds) is KFold


def test_string_labels_and_probabilities(fitted):
    assert list(fitted.classes_) == ["setosa", "versicolor", "virginica"]
    assert set(fitted.predict(X)) <= set(LABELS)
    probabilities = fitted.predict_proba(X)
    assert probabilities.shape == (150, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(fitted.classes_[probabilities.argmax(axis=1)], fitted.predict(X))
    assert fitted.predict_proba(X[:1]).shape == (1, 3)
    assert fitted.score(X, LABELS) > 0.6


def test_history_has_an_entry_an_epoch(fitted):
    assert len(fitted.history_["loss"]) == len(fitted.history_["accuracy"]) == 3


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_binary_targets(output):
    x, y = X[:100], np.array(["no", "yes"])[Y[:100]]
    estimator = ht.KerasClassifier(**QUICK, output=output).fit(x, y)
    assert estimator.score(x, y) > 0.9
    probabilities = estimator.predict_proba(x)
    assert probabilities.shape == (100, 2)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)
    assert np.array_equal(probabilities[:, 1] > 0.5, estimator.predict(x) == "yes")
    assert estimator.predict_proba(x[:1]).shape == (1, 2)


def test_random_state_repeats_a_fit(fitted):
    again = clone(fitted).fit(X, LABELS)
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    other = clone(fitted).set_params(random_state=1).fit(X, LABELS)
    assert not np.allclose(other.predict_proba(X), fitted.predict_proba(X))


def test_pickle(fitted):
    again = pickle.loads(pickle.dumps(fitted))
    assert np.array_equal(again.predict_proba(X), fitted.predict_proba(X))
    assert again.get_params() == fitted.get_params()


def test_parameters_go_round():
    estimator = ht.KerasClassifier(units=32, epochs=4, class_weight="balanced")
    copy = clone(estimator)
    assert copy.get_params() == estimator.get_params()
    assert copy.get_params()["units"] == 32 and copy.get_params()["dropout"] == 0.0
    assert copy.set_params(dropout=0.5, model__units=3) is copy
    assert clone(copy).get_params()["dropout"] == 0.5
    assert ht.KerasClassifier(**copy.get_params()).get_params() == copy.get_params()


def test_repr_shows_what_differs_from_the_defaults():
    estimator = ht.KerasClassifier(units=32, epochs=4, batch_size=32)
    assert repr(estimator) == "KerasClassifier(epochs=4, units=32)"
    assert "dropout" not in repr(Pipeline([("net", estimator)]))
    assert repr(ht.KerasClassifier(create_model)) == "KerasClassifier(model=create_model)"
    assert "dropout" in inspect.signature(ht.KerasClassifier).parameters


def test_default_network_has_the_hyperparameters():
    estimator = ht.KerasClassifier(layers=2, units=(5, 6), dropout=0.1, optimizer="nesterov")
    estimator.set_params(momentum=0.5, epochs=1, batch_size=75).fit(X, Y)
    shapes = [weight.shape for weight in estimator.model_.get_weights() if weight.ndim == 2]
    assert shapes == [(4, 5), (5, 6), (6, 3)]
    assert estimator.model_.optimizer.momentum == 0.5 and estimator.model_.optimizer.nesterov


def test_sample_weights_and_class_weights():
    estimator = ht.KerasClassifier(**QUICK | {"epochs": 6, "batch_size": 10})
    weights = np.where(Y == 1, 1.0, 0.0)
    assert (estimator.fit(X, Y, sample_weight=weights).predict(X) == 1).mean() > 0.8
    estimator.set_params(class_weight={0: 1e-9, 1: 1.0, 2: 1e-9})
    weights = np.ones(150)
    assert (estimator.fit(X, Y, sample_weight=weights).predict(X) == 1).mean() > 0.6
    assert (weights == 1).all()


def test_partial_fit_goes_on_by_an_epoch():
    estimator = ht.KerasClassifier(**QUICK)
    estimator.partial_fit(X[:100], LABELS[:100], classes=np.unique(LABELS))
    before = estimator.model_.get_weights()[0].copy()
    estimator.partial_fit(X, LABELS)
    assert len(estimator.history_["loss"]) == 2
    assert not np.array_equal(before, estimator.model_.get_weights()[0])
    assert estimator.predict_proba(X).shape == (150, 3)


def test_early_stopping_callback():
    stop = keras.callbacks.EarlyStopping(monitor="loss", patience=1, min_delta=10)
    estimator = clone(ht.KerasClassifier(**QUICK | {"epochs": 9}, callbacks=[stop])).fit(X, Y)
    assert len(estimator.history_["loss"]) == 2


def test_grid_search_over_plain_names_of_a_function_that_compiles(capfd):
    grid = {
        "optimizer": ["sgd", "adam"],
        "init": ["he_normal"],
        "hidden_units": [12],
        "batch_size": [25],
        "epochs": [2],
    }
    search = GridSearchCV(ht.KerasClassifier(model=create_model), grid, cv=2).fit(X, Y)
    best = search.best_estimator_
    assert best.model_.layers[0].units == 12
    assert type(best.model_.layers[0].kernel_initializer).__name__ == "HeNormal"
    chosen = type(best.model_.optimizer).__name__
    assert chosen.lower() == search.best_params_["optimizer"]
    assert len(best.history_["loss"]) == 2
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert capfd.readouterr() == ("", "")


def test_random_search_where_scikeras_compiles():
    estimator = ht.KerasClassifier(
        model=create_uncompiled, loss="sparse_categorical_crossentropy", epochs=1, batch_size=75
    )
    space = {"hidden_units": [3, 5], "optimizer": ["sgd"], "optimizer__learning_rate": [0.125]}
    search = RandomizedSearchCV(estimator, space, n_iter=1, cv=2, random_state=0).fit(X, Y)
    optimizer = search.best_estimator_.model_.optimizer
    assert type(optimizer) is keras.optimizers.SGD and float(optimizer.learning_rate) == 0.125


def test_pipeline_with_feature_selection_in_a_grid():
    steps = [("scale", StandardScaler()), ("select", SelectKBest())]
    pipeline = Pipeline([*steps, ("net", ht.KerasClassifier(**QUICK))])
    search = GridSearchCV(pipeline, {"select__k": [3]}, cv=2).fit(X, LABELS)
    best = search.best_estimator_
    assert clone(pipeline).set_params(net__units=8)["net"].units == 8
    assert best["net"].model_.input_shape == (None, 3) and best["net"].n_features_in_ == 3
    assert search.best_score_ > 0.6


def test_a_model_may_be_a_builder_a_method_or_a_network():
    class Maker:
        def build(self, units=3):
            return ht.build_mlp(4, 3, units=units)

    one = {"epochs": 1, "batch_size": 75}
    estimator = ht.KerasClassifier(Maker().build, units=7, **one).fit(X, Y)
    assert estimator.model_.layers[0].units == 7
    estimator = ht.KerasClassifier(ht.build_cnn, image_shape=(2, 2), filters=3, **one).fit(X, Y)
    assert estimator.model_.output_shape == (None, 3)
    network = ht.build_mlp(4, 3)
    assert ht.KerasClassifier(network, **one).fit(X, Y).model_ is network


def test_one_hot_loss_gets_one_hot_targets():
    estimator = ht.KerasClassifier(create_one_hot, epochs=1).fit(X, LABELS)
    assert set(estimator.predict(X)) <= set(LABELS)
    with refused("loss='categorical_crossentropy'.*Compile it with 'sparse_categorical"):
        ht.KerasClassifier(create_one_hot).fit(X[:100], Y[:100])


def test_a_new_model_brings_its_own_hyperparameters():
    estimator = ht.KerasClassifier(units=32, epochs=5).set_params(model=create_model, init="zeros")
    parameters = estimator.get_params()
    assert "units" not in parameters and "dropout" not in parameters
    assert parameters["init"] == "zeros" and parameters["hidden_units"] == 10
    assert parameters["epochs"] == 5
    assert clone(estimator).get_params() == parameters


def test_regressor(capfd):
    y = X @ np.array([1.0, -1.0, 0.5, 0.0])
    estimator = ht.KerasRegressor(**QUICK | {"epochs": 15}).fit(X, y)
    assert estimator.score(X, y) > 0.8
    assert estimator.predict(X).shape == (150,)
    both = clone(estimator).set_params(epochs=1).fit(X, np.column_stack([y, -y]))
    assert both.predict(X).shape == (150, 2)
    again = pickle.loads(pickle.dumps(both))
    assert np.array_equal(again.predict(X), both.predict(X))
    assert "class_weight" not in estimator.get_params()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "parameters, said",
    [
        ({"unts": 3}, "unts is not a known name. Did you mean 'units'"),
        ({"model": create_model, "hiden_units": 3}, "Did you mean 'hidden_units'"),
        ({"model__unts": 3}, "model__unts is not a known name"),
        ({"modle__units": 3}, "modle__units is not a known name"),
        ({"epoch": 3, "bach_size": 4}, "2 problems"),
        ({"model": "mlp"}, "model='mlp' is not allowed"),
    ],
)
def test_unknown_names_are_told(parameters, said):
    with refused(said):
        ht.KerasClassifier(**parameters)


def test_unknown_names_stop_a_search_at_once():
    with refused("unitz is not a known name. Did you mean 'units'"):
        GridSearchCV(ht.KerasClassifier(**QUICK), {"unitz": [3]}, cv=2).fit(X, Y)


def test_an_optimizer_that_would_be_ignored_is_told():
    def fixed():
        return ht.build_mlp(4, 3)

    with refused("optimizer would be ignored"):
        ht.KerasClassifier(fixed, optimizer="sgd").fit(X, Y)
    with refused("optimizer__learning_rate would be ignored"):
        ht.KerasClassifier(create_model, optimizer__learning_rate=0.1).fit(X, Y)


def test_bad_hyperparameters_are_told_together():
    with refused("2 problems", "units=0", "dropout=1"):
        ht.KerasClassifier(units=0, dropout=1).fit(X, Y)
    with refused("class_weight is not a known name"):
        ht.KerasRegressor(class_weight="balanced")


def test_random_state_leaves_later_fits_free(fitted):
    # SciKeras's own seeding would leave op determinism on: random ops without a seed then fail
    assert fitted.get_params()["random_state"] == 0
    ht.build_mlp(4, 3, dropout=0.5).fit(X, Y, batch_size=75, verbose=0)


SLOW = keras.callbacks.EarlyStopping(monitor="loss", patience=1, min_delta=10)


def two_inputs(units=4, mapping=False):
    """Build a network of two named inputs, listed or in a dict."""
    inputs = {"petal": keras.Input((2,), name="petal"), "sepal": keras.Input((2,), name="sepal")}
    both = [keras.layers.Dense(units)(inputs["sepal"]), inputs["petal"]]
    output = keras.layers.Dense(3, activation="softmax")(keras.layers.Concatenate()(both))
    model = keras.Model(inputs if mapping else [inputs["sepal"], inputs["petal"]], output)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


@pytest.mark.parametrize(
    "callbacks",
    [
        [keras.callbacks.EarlyStopping(monitor="val_loss", patience=1)],
        keras.callbacks.ReduceLROnPlateau(),
        {"best": [keras.callbacks.ModelCheckpoint("best.keras", save_best_only=True)]},
        keras.callbacks.EarlyStopping,
    ],
    ids=["list", "alone", "dict", "class"],
)
def test_a_callback_that_waits_for_validation_rows_is_told_before_training(callbacks):
    kinds = (ht.KerasClassifier, ht.KerasRegressor) if isinstance(callbacks, list) else ()
    for kind in kinds or (ht.KerasClassifier,):
        estimator = kind(epochs=30, callbacks=callbacks)
        with refused(r"monitor='val_loss'.*validation_split=0\.2"):
            estimator.fit(X, Y)
        assert not hasattr(estimator, "history_")


def test_callbacks_of_fit_are_heard_and_checked():
    estimator = ht.KerasClassifier(**QUICK | {"epochs": 4})
    with refused("monitor='val_loss'.* Type for instance .*validation_split=0.2"):
        estimator.fit(X, Y, callbacks=[keras.callbacks.EarlyStopping()])
    assert len(estimator.fit(X, Y, callbacks=[SLOW]).history_["loss"]) == 2
    assert len(estimator.fit(X, Y).history_["loss"]) == 4


def test_early_stopping_on_validation_rows():
    stop = keras.callbacks.EarlyStopping(monitor="val_loss", patience=1, min_delta=10)
    order = np.random.default_rng(0).permutation(150)
    estimator = ht.KerasClassifier(**QUICK | {"epochs": 9}, callbacks=[stop])
    for arguments in ({"validation_split": 0.2}, {"validation_data": (X, LABELS)}):
        estimator.fit(X[order], LABELS[order], **arguments)
        assert len(estimator.history_["val_loss"]) == 2
    kept = keras.callbacks.ModelCheckpoint("never.keras", save_freq=10**6)  # monitors nothing
    clone(estimator).set_params(callbacks=[kept], epochs=1).fit(X, Y)


@pytest.mark.parametrize("monitor, meant", [("val_acc", "val_accuracy"), ("acuracy", "accuracy")])
def test_a_value_that_training_does_not_report_is_told(monitor, meant):
    stop = keras.callbacks.EarlyStopping(monitor=monitor, mode="max")
    estimator = ht.KerasClassifier(**QUICK | {"epochs": 9}, callbacks=[stop])
    with refused(f"monitor='{monitor}'.* Did you mean '{meant}'.*Type one of "):
        estimator.fit(X, Y, validation_data=(X, Y))


@pytest.mark.parametrize("labels", [LABELS.astype(object), Y + 5, Y.astype("float64")])
def test_validation_rows_are_encoded_as_y_is(labels):
    # sorted, and without the first class, so that numbers of their own would be others
    estimator = ht.KerasClassifier(**QUICK)
    estimator.fit(X, labels, validation_data=(X[50:], labels[50:]))
    right = estimator.score(X[50:], labels[50:])
    assert estimator.history_["val_accuracy"][-1] == pytest.approx(right)
    assert right > 0.3


def test_validation_rows_for_a_loss_that_wants_one_hot_targets():
    estimator = ht.KerasClassifier(create_one_hot, epochs=1)
    estimator.fit(X, LABELS, validation_data=(X, LABELS, np.ones(150)))
    assert estimator.history_["val_accuracy"][-1] == pytest.approx(estimator.score(X, LABELS))


def test_validation_rows_of_a_regressor():
    table = pd.DataFrame(X, columns=list("abcd"))
    y = pd.Series(X @ np.array([1.0, -1.0, 0.5, 0.0]))
    estimator = ht.KerasRegressor(**QUICK).fit(table, y, validation_data=(table, y))
    error = np.mean((estimator.predict(table) - y) ** 2)
    assert estimator.history_["val_loss"][-1] == pytest.approx(error, rel=1e-3)


@pytest.mark.parametrize(
    "rows, said",
    [
        ((X, np.where(Y == 1, "rosa", LABELS)), r"validation_data: y holds \['rosa'\]"),
        ((X[:, :3], LABELS), "validation_data: X has 3 features, but KerasClassifier"),
        ((X[:9], LABELS), "validation_data: .*inconsistent numbers.*Give rows like"),
        (X, r"validation_data=array.*\(X, y\) or"),
        ((X,), r"\(X, y\) or \(X, y, sample_weight\)"),
    ],
)
def test_validation_rows_that_do_not_fit_are_told(rows, said):
    estimator = ht.KerasClassifier(**QUICK)
    with refused(said, error=HpoTutorError):
        estimator.fit(X, LABELS, validation_data=rows)
    assert not hasattr(estimator, "history_")


def test_sorted_rows_are_not_split_into_classes_never_trained():
    for model, labels in ((None, LABELS), (create_one_hot, LABELS), (None, Y)):
        with refused(
            "validation_split=0.4.*class (2|'virginica'). Shuffle the rows", error=DataError
        ):
            ht.KerasClassifier(model, validation_split=0.4).fit(X, labels)
    with refused("validation_split=1.5 .*Type for instance validation_split="):
        ht.KerasClassifier(validation_split=1.5).fit(X, Y)
    ht.KerasRegressor(validation_split=0.4).fit(X, Y)


def test_class_weights_hold_labels():
    heavy = {"setosa": 1e-9, "versicolor": 1.0, "virginica": 1e-9}
    estimator = ht.KerasClassifier(**QUICK | {"epochs": 6, "batch_size": 10})
    assert (estimator.fit(X, LABELS, class_weight=heavy).predict(X) == "versicolor").mean() > 0.6
    with refused("Leave one out"):
        estimator.set_params(class_weight="balanced").fit(X, LABELS, class_weight=heavy)
    rare = np.r_[0:50, 50:55]
    balanced = ht.KerasClassifier(**QUICK | {"epochs": 1}, class_weight="balanced")
    by_hand = np.where(Y[rare] == 0, 55 / 2 / 50, 55 / 2 / 5)
    weighted = ht.KerasClassifier(**QUICK | {"epochs": 1})
    first = balanced.fit(X[rare], LABELS[rare]).predict_proba(X)
    second = weighted.fit(X[rare], LABELS[rare], sample_weight=by_hand).predict_proba(X)
    np.testing.assert_allclose(first, second, rtol=1e-5)


@pytest.mark.parametrize("mapping", [False, True])
def test_several_inputs_as_a_dict_or_as_one_table(mapping):
    inputs = {"petal": X[:, 2:], "sepal": X[:, :2]}
    make = ht.KerasClassifier(two_inputs, mapping=mapping, epochs=1, random_state=0)
    named = clone(make).fit(inputs, LABELS, validation_data=(inputs, LABELS))
    assert named.history_["val_accuracy"][-1] == pytest.approx(named.score(inputs, LABELS))
    swapped = {"sepal": X[:, :2], "petal": X[:, 2:]}
    assert np.array_equal(named.predict_proba(inputs), named.predict_proba(swapped))
    order = ["petal", "sepal"] if mapping else ["sepal", "petal"]
    assert named.predict_proba({name: part[:1] for name, part in inputs.items()}).shape == (1, 3)
    table = np.column_stack([inputs[name] for name in order])
    dealt = clone(make).fit(table, LABELS)
    weights = zip(dealt.model_.get_weights(), named.model_.get_weights(), strict=True)
    assert all(np.allclose(a, b, rtol=1e-5) for a, b in weights)
    again = pickle.loads(pickle.dumps(dealt))
    assert np.array_equal(again.predict(table), dealt.predict(table))


def test_several_inputs_in_a_search_go_by_the_names_of_columns():
    def build(units=2):
        parts = [keras.Input((1,), name=name) for name in "ba"]
        hidden = keras.layers.Dense(units)(parts[0])
        last = keras.layers.Dense(3, "softmax")(keras.layers.Concatenate()([hidden, parts[1]]))
        model = keras.Model(parts, last)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    table = pd.DataFrame({"a": X[:, 0], "b": X[:, 1]})
    search = GridSearchCV(ht.KerasClassifier(build), {"units": [2]}, cv=2).fit(table, LABELS)
    best = search.best_estimator_
    direct = best.model_.predict({"a": X[:, :1], "b": X[:, 1:2]}, verbose=0)
    np.testing.assert_allclose(best.predict_proba(table), direct, rtol=1e-5)


@pytest.mark.parametrize(
    "inputs, said",
    [
        ({"petal": X[:, 2:], "sepl": X[:, :2]}, "holds the inputs petal, sepl.*has sepal, petal"),
        (
            {"petal": X[:, 2:], "sepal": X[:9, :2]},
            "The inputs in X differ in rows: .*Give each a row a case",
        ),
        ({"petal": X[:, 2:], "sepal": LABELS}, "'sepal'.*array of numbers"),
        ({}, "no input"),
        (X[:, :3], r"2 inputs.*X has shape \(150, 3\).*Type for instance X="),
    ],
)
def test_inputs_that_do_not_fit_are_told(inputs, said):
    with refused(said, error=DataError):
        ht.KerasClassifier(two_inputs).fit(inputs, Y)


def test_later_inputs_are_those_of_the_fit():
    fitted = ht.KerasClassifier(two_inputs).fit({"petal": X[:, 2:], "sepal": X[:, :2]}, Y)
    with refused("X holds .*petal.* Give what it was fitted with: .*sepal", error=DataError):
        fitted.predict({"petal": X[:, 2:]})


def test_rows_of_images_have_their_shape_read_off():
    images = X.reshape(150, 2, 2)
    for model in (None, ht.build_cnn):
        estimator = ht.KerasClassifier(model, epochs=1).fit(images, LABELS)
        assert estimator.model_.input_shape == (None, 4)
        assert estimator.predict_proba(images).shape == (150, 3)


def test_tables_in_and_columns_told_by_name():
    table = pd.DataFrame(X, columns=list("abcd"))
    labels = pd.Series(LABELS, dtype="category")
    estimator = ht.KerasClassifier(**QUICK).fit(table, labels)
    assert list(estimator.feature_names_in_) == list("abcd")
    weight = np.arange(150.0)
    by_hand = np.average(estimator.predict(table) == LABELS, weights=weight)
    assert estimator.score(table, labels, sample_weight=weight) == pytest.approx(by_hand)
    with pytest.raises(ValueError, match="order"):
        estimator.predict(table[list("bacd")])


def test_a_step_is_traced_once():
    traced = []

    def loss(y_true, y_pred):
        traced.append(y_pred)
        return keras.losses.mean_squared_error(y_true, y_pred)

    def build():
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
        model.compile("adam", loss, metrics=["mae"])
        return model

    assert len(ht.KerasRegressor(build).fit(X, Y).history_["loss"]) == len(traced) == 1


def test_later_rows_may_have_a_wider_type():
    estimator = ht.KerasClassifier(**QUICK).fit(X, Y.astype("int32"))
    wide = X.astype("float64")
    assert estimator.score(wide, Y) == estimator.score(X, Y)
    assert estimator.partial_fit(wide, Y).predict_proba(wide).shape == (150, 3)
    words = ht.KerasClassifier(**QUICK)
    words.partial_fit(X, np.full(150, "no"), classes=["maybe", "no", "yes"])
    words.partial_fit(X, np.full(150, "maybe"))
    amounts = ht.KerasRegressor(**QUICK).fit(X, Y)
    assert amounts.partial_fit(wide, Y + 0.5).predict(X).shape == (150,)


class OwnMetric(keras.metrics.MeanAbsoluteError):
    """A metric of the caller's own."""


def build_amount():
    """Leave the compiling to SciKeras."""
    return keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])


def test_a_pickle_finds_what_is_the_callers_own():
    estimator = ht.KerasRegressor(build_amount, loss="mse", metrics=[OwnMetric(name="own")])
    again = pickle.loads(pickle.dumps(estimator.fit(X, Y)))
    assert set(again.partial_fit(X, Y).history_) == {"loss", "own"}


def test_a_loss_by_name_takes_parameters():
    named = {"loss": "SparseCategoricalCrossentropy", "loss__name": "own"}
    estimator = ht.KerasClassifier(create_uncompiled, **named).fit(X, Y)
    assert estimator.model_.loss.name == "own" and estimator.loss == named["loss"]


@pytest.mark.parametrize(
    ("weights", "said"),
    [
        ({"sample_weight": np.zeros(150)}, "sample_weight holds only zeros"),
        ({"sample_weight": np.r_[np.ones(149), -1]}, "sample_weight holds -1"),
        ({"class_weight": {0: 1.0}}, "class_weight is for classes"),
    ],
)
def test_weights_that_cannot_be_are_refused(weights, said):
    with refused(said, error=HpoTutorError):
        ht.KerasRegressor(**QUICK).fit(X, Y, **weights)


def test_weights_of_another_length_are_told_in_the_words_of_scikit_learn():
    with pytest.raises(ValueError, match="sample_weight"):
        ht.KerasRegressor(**QUICK).fit(X, Y, sample_weight=np.ones(3))


def test_a_function_and_a_method_that_build_are_one_too_many():
    class Built(ht.KerasClassifier):
        def _keras_build_fn(self, hidden_units=10):
            return create_uncompiled(hidden_units)

    with refused("Leave one of them out"):
        Built(create_uncompiled).fit(X, Y)


def test_amounts_far_from_zero_are_learned_on_a_scale():
    amounts = 1000 + 100 * X[:, 0]
    scaled = TransformedTargetRegressor(
        ht.KerasRegressor(**QUICK | {"epochs": 20}), transformer=StandardScaler()
    )
    assert scaled.fit(X, amounts).score(X, amounts) > 0.9

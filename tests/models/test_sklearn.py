"""scikit-learn knows the estimators for what they are, and tunes what they are made of."""

from __future__ import annotations

import inspect
import pickle

import numpy as np
import pytest
from scikeras.wrappers import KerasClassifier as PlainSciKeras
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.datasets import load_iris
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import (
    GridSearchCV,
    KFold,
    RandomizedSearchCV,
    StratifiedKFold,
    check_cv,
    cross_val_score,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.errors import ArgumentError, DataError

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
    weights = np.where(Y == 1, 1.0, 0.0)
    kept = weights.copy()
    estimator = ht.KerasClassifier(**QUICK | {"epochs": 6, "batch_size": 10})
    assert (estimator.fit(X, Y, sample_weight=weights).predict(X) == 1).mean() > 0.8
    estimator.set_params(class_weight={0: 1e-9, 1: 1.0, 2: 1e-9})
    assert (estimator.fit(X, Y, sample_weight=np.ones(150)).predict(X) == 1).mean() > 0.6
    estimator.set_params(class_weight="balanced").fit(X, Y, sample_weight=weights)
    assert np.array_equal(weights, kept)


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


def test_cross_validation_on_sorted_classes():
    scores = cross_val_score(ht.KerasClassifier(**QUICK), X, LABELS, cv=2)
    assert scores.min() > 0.4


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
    search = RandomizedSearchCV(estimator, space, n_iter=2, cv=2, random_state=0).fit(X, Y)
    optimizer = search.best_estimator_.model_.optimizer
    assert type(optimizer) is keras.optimizers.SGD and float(optimizer.learning_rate) == 0.125


def test_pipeline_with_feature_selection_in_a_grid():
    steps = [("scale", StandardScaler()), ("select", SelectKBest())]
    pipeline = Pipeline([*steps, ("net", ht.KerasClassifier(**QUICK))])
    search = GridSearchCV(pipeline, {"select__k": [2, 3]}, cv=2).fit(X, LABELS)
    best = search.best_estimator_
    k = search.best_params_["select__k"]
    assert clone(pipeline).set_params(net__units=8)["net"].units == 8
    assert best["net"].model_.input_shape == (None, k) and best["net"].n_features_in_ == k
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
    with pytest.raises(ArgumentError, match="sparse_categorical_crossentropy"):
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
    with pytest.raises(ArgumentError, match=said):
        ht.KerasClassifier(**parameters)


def test_unknown_names_stop_a_search_at_once():
    with pytest.raises(ArgumentError, match="Did you mean 'units'"):
        GridSearchCV(ht.KerasClassifier(**QUICK), {"unitz": [3]}, cv=2).fit(X, Y)


def test_an_optimizer_that_would_be_ignored_is_told():
    def fixed():
        return ht.build_mlp(4, 3)

    with pytest.raises(ArgumentError, match="optimizer would be ignored"):
        ht.KerasClassifier(fixed, optimizer="sgd").fit(X, Y)
    with pytest.raises(ArgumentError, match="optimizer__learning_rate would be ignored"):
        ht.KerasClassifier(create_model, optimizer__learning_rate=0.1).fit(X, Y)


def test_a_forgotten_return_is_told():
    with pytest.raises(ArgumentError, match="returned None.*return model"):
        ht.KerasClassifier(lambda: None).fit(X, Y)


def test_bad_hyperparameters_and_single_class():
    with pytest.raises(ArgumentError, match="2 problems"):
        ht.KerasClassifier(units=0, dropout=1).fit(X, Y)
    with pytest.raises(DataError, match="1 class,"):
        ht.KerasClassifier().fit(X[:50], Y[:50])
    with pytest.raises(DataError, match="argmax"):
        ht.KerasClassifier().fit(X, np.eye(3, dtype=int)[Y])
    with pytest.raises(ArgumentError, match="class_weight is not a known name"):
        ht.KerasRegressor(class_weight="balanced")


def test_random_state_leaves_later_fits_free(fitted):
    # SciKeras's own seeding would leave op determinism on: random ops without a seed then fail
    assert fitted.get_params()["random_state"] == 0
    ht.build_mlp(4, 3, dropout=0.5).fit(X, Y, batch_size=75, verbose=0)

"""What is scored: scikit-learn's own numbers, in both engines, and clear words where none fits."""

import functools
import json
import math
import warnings

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import (
    f1_score,
    fbeta_score,
    get_scorer,
    log_loss,
    make_scorer,
    mean_absolute_error,
    roc_auc_score,
)
from sklearn.model_selection import LeaveOneOut

import hpotutor as ht
from hpotutor.errors import Problems
from hpotutor.objectives.metrics import Metric, read_metric
from tests.messages import refused

PARAMS = {"units": 8, "learning_rate": 0.01}
ALL_ROWS = {**PARAMS, "batch_size": 512}  # one batch an epoch: the order of rows plays no part


FAST = {"units": 16, "learning_rate": 0.1, "batch_size": 32}


def classes(labels, rows=150):
    x, y = make_classification(rows, 6, n_informative=4, n_classes=len(labels), random_state=0)
    return ht.load((x, np.asarray(labels)[y]))


@pytest.fixture(scope="module")
def two():
    return classes([0, 1])


@pytest.fixture(scope="module")
def three():
    return classes(["a", "b", "c"])


@pytest.fixture(scope="module")
def amounts():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(150, 3))
    return ht.load((x, 500 + 80 * x[:, 0] - 30 * x[:, 1] ** 2 + rng.normal(size=150)))


def profit(y_true, y_score):
    return float(np.sum((y_score > 0.5) * np.where(y_true == 1, 10, -4)))


@pytest.mark.parametrize(
    "name", ["f1", "average_precision", "neg_brier_score", "roc_auc", "balanced_accuracy"]
)
def test_scores_of_two_classes_are_scikit_learns(two, name):
    model = LogisticRegression().fit(two.x_train, two.y_train)
    expected = get_scorer(name)(model, two.x_val, two.y_val)
    metric = Metric(name, "maximize", name, two.classes)
    proba = model.predict_proba(two.x_val)
    assert metric.of(two.y_val, proba) == expected
    assert metric.of(two.y_val, proba[:, 1:]) == pytest.approx(expected, abs=1e-12)  # a sigmoid's


@pytest.mark.parametrize("name", ["f1_macro", "roc_auc_ovr", "neg_log_loss", "top_k_accuracy"])
def test_scores_of_several_classes_are_scikit_learns(three, name):
    labels = np.asarray(three.classes)
    model = LogisticRegression().fit(three.x_train, labels[three.y_train])
    expected = get_scorer(name)(model, three.x_val, labels[three.y_val])
    metric = Metric(name, "maximize", name, three.classes)
    assert metric.of(three.y_val, model.predict_proba(three.x_val)) == expected


def test_scores_of_amounts_are_scikit_learns(amounts):
    model = LinearRegression().fit(amounts.x_train, amounts.y_train)
    for name in ("r2", "neg_mean_absolute_error", "neg_max_error"):
        expected = get_scorer(name)(model, amounts.x_val, amounts.y_val)
        metric = Metric(name, "maximize", name)
        assert metric.of(amounts.y_val, model.predict(amounts.x_val)[:, None]) == expected


def test_what_ranks_only_still_has_a_ranking_score(two):
    margins = 5 * two.x_val[:, :1]
    auc = Metric("roc_auc", "maximize", "roc_auc", two.classes)
    assert auc.of(two.y_val, margins) == roc_auc_score(two.y_val, margins[:, 0])
    with pytest.raises(ValueError, match=r"needs probabilities.*from_logits=True"):
        Metric("neg_log_loss", "maximize", "neg_log_loss", two.classes).of(two.y_val, margins)


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_the_score_is_that_of_the_networks_predictions(three, engine):
    objective = ht.TrainObjective(three, epochs=3, metric="neg_log_loss", engine=engine)
    evaluation = objective.evaluate(PARAMS)
    predicted = objective.train(PARAMS).predict(three.x_val, verbose=0)
    labels = np.asarray(three.classes)[three.y_val]
    assert evaluation.value == pytest.approx(-log_loss(labels, predicted), rel=1e-6)
    assert (objective.direction, objective.metric) == ("maximize", "neg_log_loss")


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_amounts_are_learned_scaled_and_scored_in_their_own_unit(amounts, engine):
    metric = "neg_mean_absolute_error"
    objective = ht.TrainObjective(amounts, epochs=10, metric=metric, engine=engine)
    evaluation = objective.evaluate(FAST)
    predicted = objective.train(FAST).predict(amounts.x_val, verbose=0)
    expected = mean_absolute_error(amounts.y_val, predicted[:, 0])
    assert evaluation.value == pytest.approx(-expected, rel=1e-5)
    assert expected < 60 < np.std(amounts.y_val)
    assert evaluation.curve["val_loss"][0] < 20  # of amounts whose spread is 1


@pytest.mark.parametrize(
    ("name", "metric"), [("two", "roc_auc"), ("amounts", "neg_root_mean_squared_error")]
)
def test_both_engines_give_one_score_after_each_epoch_and_at_the_end(name, metric, request):
    found = []
    for engine in ("keras", "fused"):
        settings = {"metric": metric} if name == "two" else {}  # the default of amounts
        objective = ht.TrainObjective(
            request.getfixturevalue(name), epochs=3, engine=engine, **settings
        )
        heard = []
        listened = objective.evaluate(
            ALL_ROWS, on_epoch=lambda epoch, value, heard=heard: heard.append(value)
        )
        found.append(listened.curve[metric])
        assert heard == found[-1][: len(heard)] and len(heard) >= 2
        at_the_end = objective.evaluate(ALL_ROWS)
        assert metric not in at_the_end.curve and at_the_end.value == pytest.approx(found[-1][-1])
    assert len(found[0]) == 3 and np.allclose(*found, rtol=1e-4)


@pytest.mark.parametrize("engine", ["keras", "fused"])
def test_early_stopping_and_the_best_epoch_go_by_the_metric(two, engine):
    settings = {"epochs": 15, "metric": "neg_log_loss", "engine": engine}
    steep = {**ALL_ROWS, "learning_rate": 0.3}
    stopped = ht.TrainObjective(two, early_stopping=2, **settings).evaluate(steep)
    curve = stopped.curve["neg_log_loss"]
    assert stopped.value == max(curve)
    assert len(curve) - 1 - int(np.argmax(curve)) == 2
    best = ht.TrainObjective(two, score="best", **settings).evaluate(steep)
    assert best.value == max(best.curve["neg_log_loss"]) > best.curve["neg_log_loss"][-1]


@pytest.mark.parametrize("metrics", [["acc"], []])
def test_accuracy_does_not_hang_on_what_a_builder_compiled(three, metrics):
    from hpotutor._tensorflow import keras

    def build(n_features, n_classes, units=4, seed=0):
        model = keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(n_classes)])
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss, metrics=metrics)
        return model

    objective = ht.TrainObjective(three, epochs=2, build=build, metric="val_accuracy")
    evaluation = objective.evaluate({})
    chosen = objective.train({}).predict(three.x_val, verbose=0).argmax(axis=1)
    assert evaluation.value == pytest.approx(np.mean(chosen == three.y_val), abs=1e-7)
    assert len(evaluation.curve["val_accuracy"]) == 2
    if metrics != ["acc"]:
        return
    space = ht.SearchSpace(units=ht.choice(4, 5))
    result = ht.hyperband_search(
        objective, space, epochs=2, eta=2, library="optuna", trials=2, progress=False
    )
    assert {trial.status for trial in result.evaluations} <= {"complete", "pruned"}


def test_logits_become_probabilities(two):
    from hpotutor._tensorflow import keras

    def build(n_features, n_classes, seed=0):
        model = keras.Sequential([keras.Input((n_features,)), keras.layers.Dense(1)])
        model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
        return model

    objective = ht.TrainObjective(two, epochs=2, build=build, metric="neg_log_loss")
    evaluation = objective.evaluate({})
    assert evaluation.value == pytest.approx(-evaluation.curve["val_loss"][-1], rel=1e-5)


def test_a_score_that_fails_is_a_failed_trial_and_the_others_go_on(two):
    def brittle(y_true, y_score):
        if y_score.max() > 0.9999:
            raise RuntimeError("too sure")
        return 1.0

    for score in ("last", "best"):
        settings = {"epochs": 10, "metric": brittle, "direction": "maximize", "score": score}
        objective = ht.TrainObjective(two, engine="fused", **settings)
        good, bad = objective.evaluate_many(
            [{"units": 1, "learning_rate": 1e-5}, {"learning_rate": 1.0}]
        )
        assert (good.status, good.value) == ("complete", 1.0)
        assert (bad.status, bad.reason) == ("failed", "RuntimeError: too sure")


@pytest.mark.parametrize(
    ("name", "settings", "said"),
    [
        ("two", {"metric": "f1_makro"}, "Did you mean 'f1_macro'"),
        ("two", {"metric": "AUC"}, "Did you mean 'roc_auc'"),
        ("two", {"metric": "val_auc"}, "Did you mean 'roc_auc'"),
        ("two", {"metric": "acc"}, "Did you mean 'val_accuracy'"),
        ("two", {"metric": "f1_score"}, "Type for instance metric='f1'"),
        ("amounts", {"metric": "r2_score"}, "Type for instance metric='r2'"),
        ("two", {"metric": 3}, "metric=3 is not allowed"),
        ("two", {"metric": "r2"}, "made for regression.*metric='balanced_accuracy'"),
        ("two", {"metric": "rand_score"}, "made for clustering"),
        ("two", {"metric": profit}, "direction is missing"),
        ("two", {"metric": profit, "direction": "up"}, "Allowed: 'maximize', 'minimize'"),
        ("two", {"metric": "f1", "direction": "minimize"}, "Leave direction out"),
        ("two", {"metric": f1_score, "direction": "maximize"}, "the probability of 1"),
        ("two", {"metric": lambda y, s: None, "direction": "maximize"}, "returned None"),
        ("two", {"metric": "roc_auc", "folds": LeaveOneOut()}, r"fold 1 of 120.*[01] alone"),
        ("three", {"metric": "f1"}, "metric='f1_macro'"),
        ("three", {"metric": "roc_auc"}, "metric='roc_auc_ovr'"),
        ("three", {"metric": "f1_samples"}, "multilabel.*metric='balanced_accuracy'"),
        ("amounts", {"metric": "val_accuracy"}, "made for classification.*metric='r2'"),
        ("amounts", {"metric": "f1"}, "made for classification"),
        ("amounts", {"metric": "neg_root_mean_squared_log_error"}, "has no value"),
        ("amounts", {"metric": "r2", "folds": LeaveOneOut()}, "fold 1 of 120"),
    ],
)
def test_a_metric_that_cannot_fit_is_refused_before_anything_trains(
    name, settings, said, request, amounts
):
    data = request.getfixturevalue(name)
    if settings["metric"] == "neg_root_mean_squared_log_error":
        data = ht.load((data.x_train, data.y_train - 500))
    with refused(said):
        ht.TrainObjective(data, **settings)


def test_labels_without_an_obvious_positive_class_say_what_to_type():
    data = classes(["no", "yes"])
    with refused(r"make_scorer\(f1_score, pos_label='yes'\)"):
        ht.TrainObjective(data, metric="f1")
    with refused(r"response_method='predict_proba', pos_label='yes'"):
        ht.TrainObjective(data, metric="average_precision")
    scorer = make_scorer(fbeta_score, beta=2, pos_label="yes")
    objective = ht.TrainObjective(data, epochs=1, metric=scorer, engine="fused")
    assert objective.metric == "fbeta_score"
    predicted = objective.train(PARAMS).predict(data.x_val, verbose=0)[:, 0] > 0.5
    expected = fbeta_score(data.y_val, predicted, beta=2)
    assert objective.evaluate(PARAMS).value == pytest.approx(expected)


def test_accuracy_is_one_thing_by_both_names(two):
    named = ht.TrainObjective(two, metric="accuracy")
    assert named.describe() == ht.TrainObjective(two).describe()
    assert named.describe()["metric"] == "val_accuracy"


def test_the_curve_has_no_entry_of_two_meanings():
    def loss(y_true, y_score):
        return 0.0

    problems = Problems("")
    names = [
        read_metric(problems, function, "minimize", "regression", ()).name
        for function in (loss, profit, lambda y, s: 0.0)
    ]
    assert names == ["loss_score", "profit", "score"]


def test_description_tells_functions_apart_and_is_json(two):
    def told(metric, direction="maximize"):
        objective = ht.TrainObjective(two, metric=metric, direction=direction)
        return json.dumps(objective.describe())

    assert told(profit) == told(profit)
    assert told(profit) != told(lambda y, s: profit(y, s) * 2)
    assert told(profit) != told(profit, "minimize")
    scorers = [make_scorer(fbeta_score, beta=beta) for beta in (1, 2)]
    assert len({told(scorer, None) for scorer in scorers}) == 2


def test_searches_listen_to_a_metric_of_ones_own(two):
    space = ht.SearchSpace(units=ht.choice(2, 4, 8), learning_rate=ht.loguniform(1e-3, 1e-1))
    asked = {"metric": profit, "direction": "maximize", "class_weight": "balanced"}
    objective = ht.TrainObjective(two, epochs=4, engine="fused", **asked)
    found = ht.random_search(objective, space, trials=4, progress=False)
    assert found.best_value == max(trial.value for trial in found.evaluations)
    bands = ht.hyperband_search(objective, space, epochs=4, eta=2, progress=False)
    assert {trial.status for trial in bands.evaluations} <= {"complete", "pruned"}
    assert bands.best_value == max(e.value for e in bands.evaluations if e.status == "complete")


# ── predictions by hand ──────────────────────────────────────────────────────────────────────
Y = np.array([0, 1, 1])


def scored(asked, outputs, y=Y, labels=(0, 1)):
    return Metric("mine", "maximize", asked, labels).of(y, np.asarray(outputs))


def given(y_true, y_score):
    """Return what a function of one's own is handed, as it is."""
    GIVEN.append((y_true.tolist(), y_score.tolist()))
    return 1.0


GIVEN = []


@pytest.mark.parametrize(
    ("outputs", "labels", "handed"),
    [
        ([[0.25], [0.5], [0.75]], ("n", "y"), (["n", "y", "y"], [0.25, 0.5, 0.75])),
        ([[0.75, 0.25], [0.5, 0.5], [0, 1]], ("n", "y"), (["n", "y", "y"], [0.25, 0.5, 1.0])),
        ([[1, 0, 0], [0, 1, 0], [0, 0, 1]], ("a", "b", "c"),
         (["a", "b", "b"], [[1, 0, 0], [0, 1, 0], [0, 0, 1]])),
        ([[2.5], [3.5], [4.5]], (), ([0, 1, 1], [2.5, 3.5, 4.5])),
        ([2.5, 3.5, 4.5], (), ([0, 1, 1], [2.5, 3.5, 4.5])),
    ],
)  # fmt: skip
def test_a_function_is_handed_labels_and_what_the_network_said(outputs, labels, handed):
    GIVEN.clear()
    assert scored(given, outputs, labels=labels) == 1.0
    assert GIVEN == [handed]


def test_one_half_is_the_first_class_as_it_is_for_keras():
    accuracy = Metric("val_accuracy", "maximize", "val_accuracy", (0, 1))
    for said, right in ((0.5, 0), (0.5001, 1), (0.4999, 0)):
        assert accuracy.of(np.array([right]), np.array([[said]])) == 1.0
        assert scored("accuracy", [[said]], np.array([1 - right])) == 0.0
    third = accuracy.of(Y, np.array([[0.9], [0.9], [0.1]]))
    assert third == float(np.float32(1 / 3)) != 1 / 3  # rounded as Keras rounds


@pytest.mark.parametrize(
    ("outputs", "probable"),
    [
        ([[0.0], [0.5], [1.0]], True),
        ([[0.0], [0.5], [1.001]], False),
        ([[-0.001], [0.5], [1.0]], False),
        ([[0.5, 0.5005], [0.2, 0.8], [0, 1]], True),
        ([[0.5, 0.52], [0.2, 0.8], [0, 1]], False),
        ([[1.5, -0.5], [0.2, 0.8], [0, 1]], False),
    ],
)
def test_probabilities_are_known_by_their_range_and_their_sum(outputs, probable):
    if probable:
        assert np.isfinite(scored("neg_log_loss", outputs))
        assert np.isfinite(scored("neg_brier_score", outputs))
    else:
        with pytest.raises(ValueError, match="^'mine' needs probabilities"):
            scored("neg_log_loss", outputs)
    assert np.isfinite(scored("roc_auc", outputs))


def test_one_probability_is_as_good_as_two():
    one = np.array([[0.25], [0.5], [0.75]])
    both = np.concatenate([1 - one, one], axis=1)
    assert scored("neg_log_loss", one) == scored("neg_log_loss", both)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "int64", "bool"])
def test_any_kind_of_number_is_scored(dtype):
    outputs = np.array([[0.0], [1.0], [1.0]]).astype(dtype)
    assert scored("roc_auc", outputs) == scored("f1", outputs) == 1.0


@pytest.mark.parametrize(
    ("outputs", "labels", "told"),
    [
        ([[1, 2, 3]], (0, 1), "^the model has 3 outputs for 2 classes$"),
        ([[1]], (0, 1, 2), "^the model has 1 outputs for 3 classes$"),
        ([[1, 2]], (0, 1, 2), "^the model has 2 outputs for 3 classes$"),
        ([[1, 2]], (), "^the model has 2 outputs for one amount$"),
    ],
)
def test_outputs_that_do_not_fit_are_told(outputs, labels, told):
    with pytest.raises(ValueError, match=told):
        scored("accuracy", outputs, np.array([0]), labels)


@pytest.mark.parametrize("several", [[1, 2], (1, 2), {"a": 1, "b": 2}])
def test_a_network_with_several_outputs_has_no_score(several):
    with pytest.raises(ValueError, match="the model has 2 outputs, and a score needs one"):
        Metric("mine", "maximize", "accuracy", (0, 1)).of(Y, several)


@pytest.mark.parametrize(
    ("returned", "score"), [(2, 2.0), (np.float32(0.5), 0.5), (np.array(3), 3.0)]
)
def test_a_score_is_a_number_however_it_comes(returned, score):
    found = scored(lambda y, s: returned, [[0.0]] * 3)
    assert found == score and type(found) is float
    for bad in (None, "1", True, np.array([1.0]), 1j):
        with pytest.raises(ValueError, match=r"^mine returned .*, and a score is a number$"):
            scored(lambda y, s, bad=bad: bad, [[0.0]] * 3)


def test_a_class_that_is_never_predicted_is_no_warning(recwarn):
    assert scored("precision", [[0.0]] * 3) == 0.0
    assert len(recwarn) == 0


# ── what is asked for, by hand ───────────────────────────────────────────────────────────────
def asked_for(metric, direction=None, task="classification", labels=(0, 1)):
    problems = Problems("x")
    return read_metric(problems, metric, direction, task, labels), problems.lines


def own_scorer(y_true, y_pred):
    return 1.0


@pytest.mark.parametrize(
    ("metric", "task", "name", "way", "asked"),
    [
        (None, "classification", "val_accuracy", "maximize", "val_accuracy"),
        (None, "regression", "neg_root_mean_squared_error", "maximize", None),
        ("accuracy", "classification", "val_accuracy", "maximize", "val_accuracy"),
        ("val_loss", "regression", "val_loss", "minimize", "val_loss"),
        ("val_loss", "classification", "val_loss", "minimize", "val_loss"),
        ("r2", "regression", "r2", "maximize", "r2"),
        (make_scorer(own_scorer), "regression", "own_scorer", "maximize", None),
        (make_scorer(own_scorer), "classification", "own_scorer", "maximize", None),
    ],
)
def test_what_is_scored_has_a_name_and_a_direction(metric, task, name, way, asked):
    labels = (0, 1) if task == "classification" else ()
    found, lines = asked_for(metric, None, task, labels)
    assert lines == [] and (found.name, found.direction) == (name, way)
    assert asked is None or found.asked == asked
    assert found.classes == labels


def test_a_function_of_ones_own_has_its_direction_and_its_name():
    class Callable:
        def __call__(self, y_true, y_score):
            return 0.0

    def accuracy(y_true, y_score):
        return 0.0

    cases = ((profit, "profit"), (functools.partial(profit), "profit"), (Callable(), "Callable"),
             (lambda y, s: 0.0, "score"), (accuracy, "accuracy_score"))  # fmt: skip
    for function, name in cases:
        for way in ("maximize", "minimize"):
            found, lines = asked_for(function, way)
            assert lines == [] and (found.name, found.direction) == (name, way)
            assert found.asked is function and found.classes == (0, 1)


@pytest.mark.parametrize(
    ("metric", "direction", "task", "told"),
    [
        ("mae", None, "regression", "Did you mean 'neg_mean_absolute_error'?"),
        ("MSE", None, "regression", "Did you mean 'neg_mean_squared_error'?"),
        ("mape", None, "regression", "Did you mean 'neg_mean_absolute_percentage_error'?"),
        ("rmse", None, "regression", "Did you mean 'neg_root_mean_squared_error'?"),
        ("log_loss", None, "classification", "Did you mean 'neg_log_loss'?"),
        ("xyz", None, "regression", "instance metric='neg_root_mean_squared_error'."),
        ("xyz", None, "classification", "Type for instance metric='val_accuracy'."),
        (KeyError, None, "classification", "is not allowed."),
        ("val_loss", "minimize", "regression", "'val_loss' has its own. Leave direction out."),
        (make_scorer(f1_score), "maximize", "classification", "has its own. Leave direction out."),
        ("r2", None, "classification", "and these data are a classification. Type for instance "
         "metric='balanced_accuracy'."),
        ("f1", None, "regression", "made for classification, and these data are a regression. "
         "Type for instance metric='r2'."),
        (make_scorer(f1_score), None, "regression", "is made for classification"),
        ("rand_score", None, "regression", "is made for clustering"),
    ],
)  # fmt: skip
def test_what_is_no_metric_is_told_with_what_to_type(metric, direction, task, told):
    _, lines = asked_for(metric, direction, task)
    assert len(lines) == 1 and told in lines[0]


def test_a_metric_is_tried_on_each_fold_before_anything_trains():
    def lines(asked, parts, labels=(0, 1), name="mine"):
        problems = Problems("x")
        Metric(name, "maximize", asked, labels).check(problems, [np.array(p) for p in parts])
        return problems.lines

    assert lines("roc_auc", [[0, 1], [1, 0]]) == [] == lines("val_loss", [[0], [0]])
    assert lines("r2", [[1.0, 2.0], [2.0, 3.0]], ()) == []
    (one,) = lines("roc_auc", [[0, 1], [1, 1], [0, 0]])
    assert "has no value on fold 2 of 3 (" in one
    assert "Its validation rows have 1 alone. Type fewer folds, or metric='val_accuracy'." in one
    (first,) = lines("roc_auc", [[1, 1], [0, 1]])
    assert "has no value on fold 1 of 2 (" in first
    (alone,) = lines("roc_auc", [[1, 1]])
    assert "metric='mine' has no value (" in alone
    (amount,) = lines(lambda y, s: np.nan, [[1.0, 2.0]], ())
    assert "(it is nan). Type for instance metric='neg_mean_absolute_error'." in amount
    (raised,) = lines(lambda y, s: 1 / 0, [[0, 1]])
    assert "(ZeroDivisionError: division by zero)" in raised
    assert "labels and the probability of 1, shape (rows,)." in raised
    (many,) = lines(lambda y, s: 1 / 0, [[0, 1, 2]], ("a", "b", "c"))
    assert "labels and probabilities of shape (rows, 3)." in many
    # One that is undefined for a bad guess alone has a value.
    assert lines(lambda y, s: np.inf if s[0] > 0.5 else 1.0, [[0, 1]]) == []
    # So has one that is undefined for a perfect guess alone.
    assert lines(lambda y, s: math.log(np.abs(y - s).mean()), [[1.0, 2.0]], ()) == []

    def far(y_true, y_score):
        return math.log(np.abs(y_true - y_score).max() - 0.5)

    assert lines(make_scorer(far, response_method="predict_proba"), [[0, 1]]) == []

    def warns(y_true, y_score):
        warnings.warn("beware", UserWarning, stacklevel=1)
        return 1.0

    assert lines(warns, [[0, 1]]) == []


def test_what_is_told_of_a_metric_is_what_decides_its_value():
    def told(asked, way="maximize"):
        return Metric("mine", way, asked, ()).describe()

    assert told("r2") == {"metric": "r2"}
    assert told(profit)["direction"] == "maximize" and told(profit, "minimize") != told(profit)
    assert set(told(make_scorer(profit))) == {"metric"}
    assert told(make_scorer(profit))["metric"].startswith("profit (")
    assert told(make_scorer(profit)) != told(make_scorer(profit, greater_is_better=False))


def test_a_metric_that_is_an_object_is_named_by_its_class():
    class Halved:
        def __call__(self, truth, said):
            return 0.5

    objective = ht.TrainObjective(ht.load("iris"), metric=Halved(), direction="maximize")
    assert objective.metric == "Halved"

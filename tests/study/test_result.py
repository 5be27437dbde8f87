"""What a search found, and searches that learners ran themselves."""

import math

import optuna
import pytest

import hpotutor as ht
from hpotutor.errors import HpoTutorError

SPACE = ht.SearchSpace(x=ht.uniform(0, 1), kind=ht.choice("a", "b"))


def search(function, trials=4, direction="maximize", **settings):
    objective = ht.FunctionObjective(function, direction, **settings)
    return ht.random_search(objective, SPACE, trials=trials, progress=False)


def test_frame_is_tidy():
    result = search(lambda params: params["x"], trials=3)
    frame = result.to_frame()
    assert list(frame.columns) == [
        "trial", "x", "kind", "value", "status", "epochs", "seconds", "seed", "reason",
    ]  # fmt: skip
    assert frame["trial"].tolist() == [0, 1, 2]
    assert frame["x"].tolist() == frame["value"].tolist()


def test_a_hyperparameter_named_epochs_keeps_its_column():
    space = ht.SearchSpace(epochs=ht.integers(1, 9))
    objective = ht.FunctionObjective(lambda params: params["epochs"])
    frame = ht.grid_search(objective, space, progress=False).to_frame()
    assert frame["epochs"].tolist() == list(range(1, 10))
    assert "epochs_spent" in frame


@pytest.mark.parametrize(("direction", "pick"), [("maximize", max), ("minimize", min)])
def test_best_and_best_so_far(direction, pick):
    result = search(lambda params: params["x"], trials=6, direction=direction)
    values = [e.value for e in result.evaluations]
    assert result.best_value == pick(values)
    assert result.best_params == result.evaluations[values.index(pick(values))].params
    assert result.best_so_far().tolist() == [pick(values[: n + 1]) for n in range(6)]
    assert result.study.best_value == result.best_value


def test_best_so_far_waits_for_a_value():
    values = iter([math.nan, 0.5, math.nan, 0.2])
    best = search(lambda params: next(values)).best_so_far().tolist()
    assert math.isnan(best[0])
    assert best[1:] == [0.5, 0.5, 0.5]


def test_a_stopped_trial_is_not_the_best():
    objective = ht.FunctionObjective(lambda p, epochs: -p["x"] * epochs**4, epochs=9)
    result = ht.hyperband_search(objective, SPACE, library="optuna", trials=30, progress=False)
    pruned = [e for e in result.evaluations if e.status == "pruned"]
    assert pruned
    assert result.best_evaluation.status == "complete"
    assert max(e.value for e in pruned) > result.best_value


def test_cost_and_curves():
    objective = ht.FunctionObjective(lambda p, epochs: p["x"], epochs=3)
    result = ht.hyperband_search(objective, SPACE, library="optuna", trials=4, progress=False)
    cost = result.cost
    assert cost.trials == 4
    assert cost.epochs == sum(len(curve["value"]) for curve in result.curves())
    assert cost.seconds == sum(e.seconds for e in result.evaluations)


def test_importances_name_what_matters():
    result = search(lambda params: 10 * params["x"] + (params["kind"] == "a"), trials=40)
    shares = result.importances()
    assert sum(shares.values()) == pytest.approx(1)
    assert list(shares) == ["x", "kind"]
    assert shares == result.importances()
    with pytest.raises(HpoTutorError, match="at least two complete trials"):
        search(lambda params: 1.0).importances()


def test_representations():
    result = search(lambda params: params["x"])
    assert "4 trials" in repr(result)
    page = result._repr_html_()
    assert page.index("<table") < page.index("kind")
    assert f"{result.best_value:.3g}" in page
    assert "No trial yet" in ht.SearchResult.from_optuna(optuna.create_study())._repr_html_()


def test_the_best_trials_are_shown_without_the_scores_of_their_folds():
    study = optuna.create_study(direction="maximize")
    folded = ht.Evaluation({"x": 0.5}, 0.8, fold_values=(0.7, 0.9))
    result = ht.SearchResult(study, [folded])
    assert {"fold_1", "fold_2"} <= set(result.to_frame())
    assert "fold_" not in result._repr_html_() and "0.8" in result._repr_html_()


def test_no_best_without_a_complete_trial():
    with pytest.raises(ht.SearchFailed) as caught:
        search(lambda params: 1 / 0)
    with pytest.raises(HpoTutorError, match="No trial of this search is complete"):
        _ = caught.value.result.best_params


def test_best_model_needs_training():
    with pytest.raises(HpoTutorError, match=r"TrainObjective.*FunctionObjective"):
        search(lambda params: 1).best_model()


def test_best_model_is_trained_again():
    data = ht.load("iris")
    space = ht.SearchSpace(units=ht.integers(2, 6))
    objective = ht.TrainObjective(data, epochs=2)
    result = ht.random_search(objective, space, trials=2, progress=False)
    _, accuracy = result.best_model().evaluate(data.x_val, data.y_val, verbose=0)
    assert accuracy == pytest.approx(result.best_value)


def test_from_sklearn():
    from sklearn.datasets import load_iris
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    grid = {"max_depth": [1, 2, None], "criterion": ["gini", "entropy"]}
    theirs = GridSearchCV(DecisionTreeClassifier(random_state=0), grid, cv=3)
    theirs.fit(*load_iris(return_X_y=True))
    ours = ht.SearchResult.from_sklearn(theirs)
    assert len(ours) == 6
    assert ours.best_value == theirs.best_score_
    assert ours.best_params == theirs.best_params_
    assert ours.cost.seconds > 0
    with pytest.raises(ht.errors.ArgumentError, match="fit"):
        ht.SearchResult.from_sklearn(GridSearchCV(DecisionTreeClassifier(), grid))


def test_from_sklearn_with_fits_that_fail():
    from sklearn.model_selection import GridSearchCV
    from sklearn.tree import DecisionTreeClassifier

    theirs = GridSearchCV(DecisionTreeClassifier(), {"max_depth": [-1, 2]}, cv=2)
    with pytest.warns(UserWarning):
        theirs.fit([[0.0], [1.0], [2.0], [3.0]], [0, 1, 0, 1])
    ours = ht.SearchResult.from_sklearn(theirs)
    assert [e.status for e in ours.evaluations] == ["failed", "complete"]


def test_from_hyperopt_gives_values_not_indices():
    import hyperopt
    import numpy as np
    from hyperopt import hp

    space = {"units": hp.choice("units", [16, 32, 64]), "rate": hp.uniform("rate", 0, 1)}
    trials = hyperopt.Trials()

    def loss(params):
        if params["units"] == 16:
            return {"status": "fail"}
        return abs(params["units"] - 64) + params["rate"]

    hyperopt.fmin(
        loss, space, algo=hyperopt.rand.suggest, max_evals=12, trials=trials,
        rstate=np.random.default_rng(0), show_progressbar=False,
    )  # fmt: skip
    ours = ht.SearchResult.from_hyperopt(trials, space)
    assert len(ours) == 12
    assert {e.params["units"] for e in ours.evaluations} == {16, 32, 64}
    assert ours.best_params["units"] == 64
    assert ours.direction == "minimize"
    assert {e.status for e in ours.evaluations if e.params["units"] == 16} == {"failed"}


def test_from_keras_tuner(tmp_path):
    import keras_tuner as kt

    class Tuner(kt.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            if trial.hyperparameters.Int("units", 8, 64, step=8) == 8:
                raise kt.errors.FailedTrialError("too small")
            return {"score": trial.hyperparameters.get("units")}

    tuner = Tuner(
        objective=kt.Objective("score", "max"),
        max_trials=8,
        seed=3,
        directory=tmp_path,
        hypermodel=lambda hp: hp.Int("units", 8, 64, step=8),
    )
    tuner.search(verbose=0)
    ours = ht.SearchResult.from_keras_tuner(tuner)
    assert len(ours) == 8
    assert ours.best_params == tuner.get_best_hyperparameters()[0].values
    failed = [e for e in ours.evaluations if e.status == "failed"]
    assert [e.params["units"] for e in failed] == [8]
    assert "too small" in failed[0].reason


def test_from_optuna():
    study = optuna.create_study(direction="minimize")
    study.optimize(lambda trial: trial.suggest_float("x", -1, 1) ** 2, n_trials=10)
    ours = ht.SearchResult.from_optuna(study)
    assert ours.best_params == study.best_params
    assert ours.cost.seconds > 0
    assert len(ours.to_frame()) == 10

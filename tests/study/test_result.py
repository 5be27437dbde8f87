"""What a search found, and searches that learners ran themselves."""

import math
import re

import optuna
import pytest

import hpotutor as ht
from hpotutor.errors import HpoTutorError
from hpotutor.study.importers import as_study
from hpotutor.study.result import as_result
from tests.messages import refused

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
    with refused("at least two complete trials", error=HpoTutorError):
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
    with refused(r"TrainObjective.*FunctionObjective", error=HpoTutorError):
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
    with refused("fit"):
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


# ── results by hand ──────────────────────────────────────────────────────────────────────────
def result_of(*evaluations, direction="maximize"):
    space = ht.SearchSpace(x=ht.uniform(0, 9))
    done = [
        one if isinstance(one, ht.Evaluation) else ht.Evaluation({"x": float(n)}, one)
        for n, one in enumerate(evaluations)
    ]
    return ht.SearchResult(as_study(done, direction, space), done)


def ended(status, reason, value=math.nan, **more):
    return ht.Evaluation({"x": 0.5}, value, status=status, reason=reason, **more)


@pytest.mark.parametrize(("direction", "order"), [("maximize", [2, 0, 1]), ("minimize", [1, 0, 2])])
def test_the_top_has_each_set_once_and_the_best_first(direction, order):
    again = ht.Evaluation({"x": 2.0}, 0.55)
    result = result_of(0.5, 0.25, 0.75, again, ended("pruned", "", 0.99), direction=direction)
    assert [params["x"] for params in result.top()] == order
    assert [params["x"] for params in result.top(2)] == order[:2]
    assert len(result_of(*[0.5] * 9).top()) == 5 and len(result_of(*[0.5] * 9).top(9)) == 9
    result.top(1)[0]["x"] = 7.0
    assert result.top(1)[0]["x"] == order[0]
    with refused(r"^top: count=0.*count=5"):
        result.top(0)


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_of_equals_the_first_is_the_best(direction):
    assert result_of(0.5, 0.5, direction=direction).best_params == {"x": 0.0}


def test_reasons_are_counted_and_the_commonest_come_first():
    many = [ended("failed", f"reason {n}") for n in range(6)]
    result = result_of(0.5, ended("failed", "no \n memory"), ended("failed", "no memory"), *many)
    told = ", ".join(f"1x reason {n}" for n in range(4))
    assert result.failures() == f"8 of 9 trials failed: 2x no memory, {told}, 2 other reasons"
    five = result_of(*many[:5])
    assert five.failures().endswith("1x reason 4") and "other" not in five.failures()
    both = result_of(0.5, ended("diverged", ""), ended("failed", "y" * 400))
    assert both.failures() == (
        f"1 of 3 trials failed: 1x {'y' * 300}; 1 of 3 trials diverged: 1x no reason given"
    )
    assert result_of(0.5).failures() == ""


def test_without_a_complete_trial_the_statuses_and_the_last_reason_are_told():
    result = result_of(ended("failed", "first"), ended("diverged", "a nan"), ended("failed", "end"))
    with pytest.raises(HpoTutorError) as caught:
        _ = result.best_value
    assert str(caught.value) == (
        "No trial of this search is complete (diverged, failed), so there is no best one. The last "
        "one said: end."
    )
    with pytest.raises(HpoTutorError, match=r"\(none was run\), so there is no best one\.$"):
        _ = result_of().best_value
    with pytest.raises(HpoTutorError, match=r"\(pruned\), so there is no best one\.$"):
        _ = result_of(ended("pruned", "", 0.5)).best_value


def test_what_is_shown_of_a_result():
    folded = ht.Evaluation({"x": 9.0}, 0.123456, epochs=1500, fold_values=(0.7, 0.9), seed=3)
    repeated = ht.Evaluation({"x": 0.0}, 0.5, repeated=True)
    result = result_of(0.5, 0.75, folded, repeated, 0.1, 0.2, 0.3, ended("failed", "a < b"))
    assert repr(result) == (
        "SearchResult(8 trials, 1 failed, 1 of them repeated, 1500 epochs, best 0.75 with "
        "{'x': 1.0})"
    )
    result.stopped, result.left_out = "enough", "1 point was left out"
    page = result._repr_html_()
    assert page.startswith(
        "<p>8 trials, 1 failed, 1 of them repeated, 1,500 epochs. 1 of 8 trials failed: 1x a &lt; b"
        ". 1 point was left out. Stopped: enough. The best 5:</p><table"
    )
    assert "border=" not in page and page.count("<tr") == 6
    head = re.findall("<th>(.*?)</th>", page)
    assert head == ["trial", "x", "value", "status", "epochs"]
    shown = re.findall(r"<tr>\s*<td>(\d+)</td>", page)
    assert shown == ["1", "0", "3", "6", "5"]
    assert "<td>0.75</td>" in page and "<td>0.3</td>" in page
    lowest = result_of(0.5, 0.75, 0.123456, direction="minimize")._repr_html_()
    assert re.findall(r"<tr>\s*<td>(\d+)</td>", lowest) == ["2", "0", "1"]
    assert "<td>0.123</td>" in lowest and "The best 3:" in lowest
    assert repr(result_of(ended("failed", ""))) == "SearchResult(1 trials, 1 failed, 0 epochs)"


def test_a_frame_tells_tuples_as_text_seeds_reasons_and_folds():
    one = ht.Evaluation({"x": (1, 2)}, 0.5, epochs=3, seconds=0.25, seed=4, fold_values=(0.4, 0.6))
    result = ht.SearchResult(optuna.create_study(), [one, ended("failed", "why", epochs=2)])
    row = result.to_frame().to_dict("records")[0]
    assert row == {
        "trial": 0, "x": "(1, 2)", "value": 0.5, "status": "complete", "epochs": 3,
        "seconds": 0.25, "seed": 4, "reason": "", "fold_1": 0.4, "fold_2": 0.6,
    }  # fmt: skip
    assert result.cost == (2, 5, 0.25) and result.to_frame()["reason"][1] == "why"
    assert (result.stopped, result.left_out, result.objective) == ("", "", None)
    assert (result.direction, len(result)) == ("minimize", 2)


def test_the_best_so_far_passes_over_what_is_not_complete():
    result = result_of(ended("pruned", "", 0.9), 0.5, ended("failed", "", 2.0), 0.75, 0.6)
    best = result.best_so_far()
    assert math.isnan(best[0]) and best.tolist()[1:] == [0.5, 0.5, 0.75, 0.75]
    assert best.name == "best_so_far"
    lowest = result_of(0.5, 0.75, 0.25, direction="minimize").best_so_far()
    assert lowest.tolist() == [0.5, 0.5, 0.25]


def test_importances_say_what_they_need():
    with refused(r"this search has 1\. Type more trials\.$", error=HpoTutorError):
        result_of(0.5, 0.5, ended("pruned", "", 0.9)).importances()
    with refused(r"this search has 0\.", error=HpoTutorError):
        result_of().importances()
    assert result_of(0.5, 0.25).importances(seed=1).keys() == {"x"}
    done = [ht.Evaluation({"x": 0.5}, 0.5), ht.Evaluation({}, 0.6)]
    space = ht.SearchSpace(x=ht.uniform(0, 9))
    study = as_study(done, "maximize", space)
    with pytest.raises(HpoTutorError, match="that is in all complete trials"):
        ht.SearchResult(study, done).importances()


def test_the_best_network_is_trained_with_its_own_number():
    class Trains(ht.FunctionObjective):
        def retrain(self, evaluation, trial):
            return evaluation, trial

    result = result_of(0.5, 0.75, 0.75, 0.25)
    result.objective = Trains(len)
    assert result.best_model() == (result.evaluations[1], 1)


def test_a_study_is_taken_where_a_result_is():
    study = optuna.create_study()
    assert isinstance(as_result(study), ht.SearchResult) and as_result(study).study is study
    result = result_of(0.5)
    assert as_result(result) is result and as_result(3) == 3


def test_trials_that_are_not_over_are_no_trials_and_keep_their_numbers():
    study = optuna.create_study()
    study.ask()
    for value in (0.5, 0.25):
        study.tell(study.ask(), value)
    study.enqueue_trial({"x": 1})
    result = ht.SearchResult.from_optuna(study)
    assert result.to_frame()["trial"].tolist() == result.numbers == [1, 2]
    assert ht.SearchResult(study, []).numbers == []

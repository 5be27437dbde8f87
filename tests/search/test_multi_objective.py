"""Searches with several goals: their fronts, limits and logs."""

import math

import numpy as np
import optuna
import pytest
from optuna import samplers

import hpotutor as ht
from hpotutor.errors import HpoTutorError
from hpotutor.study import efficient
from tests.messages import refused
from tests.small_table import small_table

SAMPLERS = ["nsga2", "tpe", "random"]


def table(**settings):
    return ht.TableObjective(small_table(), quiet=True, **settings)


def search(sampler="nsga2", trials=30, **more):
    asked = table(seed="mean")  # which has no luck, so that a search that goes on meets the same
    call = {"trials": trials, "sampler": sampler, "progress": False}
    return ht.multi_objective_search(asked, asked.space, **{**call, **more})


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_front_is_what_no_other_trial_dominates(sampler):
    result = search(sampler)
    frame = result.to_frame()
    on = efficient(frame[["value", "weights"]], ["maximize", "minimize"])
    assert len(result) == 30
    assert set(result.front["trial"]) <= set(frame["trial"][on])
    pairs = {tuple(pair) for pair in frame.loc[on, ["value", "weights"]].to_numpy()}
    assert {tuple(pair) for pair in result.front[["value", "weights"]].to_numpy()} == pairs
    assert result.front["weights"].is_monotonic_increasing
    assert result.front["value"].is_monotonic_increasing


def test_the_study_below_has_a_direction_for_each_goal_and_the_same_front():
    result = search(limits={"weights": 3_000})
    study = result.study
    assert [way.name for way in study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert {tuple(t.values) for t in study.best_trials} == {
        tuple(pair) for pair in result.front[["value", "weights"]].to_numpy()
    }


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_limit_holds_on_the_front_and_the_sampler_hears_of_it(sampler):
    result = search(sampler, trials=60, limits={"weights": 1_300})
    assert result.front["weights"].max() <= 1_300
    late = np.mean([e.weights <= 1_300 for e in result.evaluations[30:]])
    free = np.mean([e.weights <= 1_300 for e in search(sampler, trials=60).evaluations[30:]])
    assert late > free if sampler == "nsga2" else late >= 0


def test_a_choice_keeps_its_limits():
    result = search()
    chosen = result.choose(weights=1_300)
    value = max(e.value for e in result.evaluations if e.weights <= 1_300)
    assert value in [e.value for e in result.evaluations if e.params == chosen]
    with refused("No trial keeps weights=5", error=HpoTutorError):
        result.choose(weights=5)
    with refused("weigths.*Did you mean 'weights'"):
        result.choose(weigths=5)


@pytest.mark.parametrize("name", ["best_params", "best_value", "best_evaluation"])
def test_there_is_no_best_and_the_error_says_what_to_type(name):
    with refused(r"result\.choose\(weights=5_000\)", error=HpoTutorError):
        getattr(search(trials=12), name)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_search_goes_on_from_its_log(sampler, tmp_path):
    log, limits = tmp_path / "several.log", {"value": 0.5}
    search(sampler, trials=17, log=log, limits=limits)
    went_on = search(sampler, log=log, limits=limits)
    assert went_on.to_frame().equals(search(sampler, limits=limits).to_frame())
    read = ht.FrontResult.from_log(log)
    assert read.front.equals(went_on.front) and read.limits == limits
    assert len(ht.SearchResult.from_log(log)) == 30  # by its score alone


def test_a_log_with_one_goal_is_no_front_of_another_search(tmp_path):
    asked, log = table(), tmp_path / "one.log"
    ht.genetic_search(asked, asked.space, trials=5, log=log, progress=False)
    with refused("another search", error=ht.HpoTutorError):
        search(log=log)


def test_a_trial_that_diverged_has_costs_and_is_on_no_front():
    class Diverges(ht.TableObjective):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            found = super().evaluate(params, epochs, on_epoch=on_epoch)
            if params["units"] > 8:
                return found
            return ht.Evaluation(
                found.params, math.nan, status="diverged", weights=found.weights, seconds=1.0
            )

    asked = Diverges(small_table(), quiet=True)
    result = ht.multi_objective_search(asked, asked.space, trials=40, progress=False)
    assert (result.to_frame()["status"] == "diverged").any()
    assert (result.front["units"] > 8).all()
    assert "diverged" in repr(result) and "on the front of value, weights" in repr(result)


def test_a_start_is_tried_first():
    points = [{"optimizer": "sgd", "learning_rate": 0.1, "units": 8, "dropout": 0.0}]
    assert search(trials=12, start=points).evaluations[0].params == points[0]


def test_an_objective_that_knows_no_weights_says_so():
    one = ht.FunctionObjective(lambda params: params["x"])
    space = ht.SearchSpace(x=ht.uniform(0, 1))
    with refused("does not tell weights"):
        ht.multi_objective_search(one, space, trials=3, progress=False)
    timed = ht.multi_objective_search(
        one, space, trials=3, goals=("value", "seconds"), progress=False
    )
    assert len(timed.front) >= 1


def test_bad_settings_are_named_at_once():
    told = ("sampler='nsga'", r"goals=\('value',\)", "limits=.*weight", "population=1")
    with refused("4 problems", *told):
        search("nsga", goals=("value",), limits={"weight": 3}, population=1)


def test_a_keras_network_counts_its_weights_and_times_its_predictions():
    iris = ht.TrainObjective(ht.load("iris"), epochs=1)
    small, large = (iris.evaluate({"units": units}) for units in (8, 64))
    assert small.weights == (4 + 1) * 8 + (8 + 1) * 3
    # Which of the two is quicker is nothing that a busy machine could tell.
    for found in (small, large):
        assert math.isfinite(found.prediction_seconds) and found.prediction_seconds > 0


def test_seconds_of_a_prediction_are_a_goal_and_are_kept_in_the_log(tmp_path):
    log, iris = tmp_path / "seconds.log", ht.TrainObjective(ht.load("iris"), epochs=1)
    call = {"trials": 3, "goals": ("value", "prediction_seconds"), "progress": False, "log": log}
    found = ht.multi_objective_search(iris, ht.SearchSpace(units=ht.integers(4, 64)), **call)
    assert (found.to_frame()["prediction_seconds"] > 0).all()
    assert "prediction_seconds" in found.front and len(found.front) >= 1
    assert ht.FrontResult.from_log(log).front.equals(found.front)
    quickest = found.front["prediction_seconds"].min()
    assert found.choose(prediction_seconds=quickest)["units"] == found.front["units"].iloc[0]


@pytest.mark.parametrize("objective", ["table", "fused"])
def test_where_nobody_times_a_prediction_the_error_says_who_does(objective):
    asked = table() if objective == "table" else None
    asked = asked or ht.TrainObjective(ht.load("iris"), epochs=1, engine="fused")
    space = ht.SearchSpace(units=ht.choice(8, 16))
    goals = ("value", "prediction_seconds")
    with refused(r"does not tell prediction_seconds.*engine='keras'"):
        ht.multi_objective_search(asked, space, trials=2, goals=goals, progress=False)


# ── what the sampler is told ─────────────────────────────────────────────────────────────────
class Priced(ht.FunctionObjective):
    """Larger is better and costs more, by factors; some trials diverge, some have no price."""

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        found = super().evaluate(params, epochs, on_epoch=on_epoch)
        status = {"c": "diverged", "d": "failed"}.get(params["kind"], "complete")
        value = found.value if status == "complete" else math.nan
        weights = None if status == "failed" else round(10 ** params["x"])
        return ht.Evaluation(found.params, value, weights=weights, status=status,
            seconds=10 ** params["x"] / 1e4, epochs=1, prediction_seconds=0.0,
        )  # fmt: skip


def priced(params):
    return params["x"] - params["y"] ** 2


def of_optuna(sampler, size, trials, space, limit):
    """Return what Optuna's own study is asked for, told the score and the seconds' logarithm."""
    study = optuna.create_study(directions=["minimize", "maximize"], sampler=sampler)
    asked, worst = [], None
    while len(asked) < trials:
        batch = [(trial, space.suggest(trial)) for trial in [study.ask() for _ in range(size)]]
        for trial, params in batch:
            asked.append(params)
            weights, seconds = round(10 ** params["x"]), 10 ** params["x"] / 1e4
            if params["kind"] == "d":
                study.tell(trial, state=optuna.trial.TrialState.FAIL)
                continue
            trial.set_constraint("weights", weights - limit)
            value = priced(params)
            if params["kind"] != "c":
                worst = value if worst is None else min(value, worst)
            told = value if params["kind"] != "c" else worst or 0.0
            study.tell(trial, [math.log10(seconds), told])
    return asked[:trials]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.filterwarnings("error::UserWarning")
def test_samplers_are_asked_and_told_as_optunas_own(sampler, direction):
    space = ht.SearchSpace(
        x=ht.uniform(0, 5), y=ht.uniform(-1, 1), kind=ht.choice("a", "b", "c", "d")
    )
    sign = 1 if direction == "maximize" else -1
    found = ht.multi_objective_search(
        Priced(lambda params: sign * priced(params), direction), space, trials=27, seed=3,
        sampler=sampler, population=6, goals=("seconds", "value"), limits={"weights": 3_000},
        max_failures=None, progress=False,
    )  # fmt: skip
    own, size = {
        "nsga2": (samplers.NSGAIISampler(population_size=6, seed=3), 6),
        "tpe": (samplers.TPESampler(seed=3), 1),
        "random": (samplers.RandomSampler(seed=3), 6),
    }[sampler]
    expected = of_optuna(own, size, 27, space, 3_000)
    assert [e.params for e in found.evaluations] == expected
    assert {e.status for e in found.evaluations} == {"complete", "diverged", "failed"}


def test_goals_and_limits_are_those_of_the_text_by_default():
    """A score and weights, without a limit, by NSGA-II with generations of ten."""
    asked = table(seed="mean")
    found = ht.multi_objective_search(asked, asked.space, trials=25, progress=False)
    assert (found.goals, found.limits) == (("value", "weights"), {})
    told = {"sampler": "nsga2", "population": 10, "seed": 0, "goals": ("value", "weights")}
    same = ht.multi_objective_search(asked, asked.space, trials=25, progress=False, **told)
    assert [e.params for e in found.evaluations] == [e.params for e in same.evaluations]


def test_a_cost_of_nothing_is_no_trouble():
    """Seconds of what takes none have no logarithm."""
    space = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.uniform(0, 1), kind=ht.choice("a", "b"))
    found = ht.multi_objective_search(
        Priced(priced), space, trials=4, goals=["value", "prediction_seconds"], progress=False
    )
    assert len(found) == 4 and len(found.front) == 1
    most = dict.fromkeys(["weights", "seconds", "epochs", "prediction_seconds"], 1e9)
    found = ht.multi_objective_search(
        Priced(priced), space, trials=4, limits={"value": -9, **most}, progress=False
    )
    assert len(found.front) >= 1, "each goal may have a limit"


def test_what_is_limited_must_be_told_too():
    asked = ht.FunctionObjective(lambda params: params["x"])
    space = ht.SearchSpace(x=ht.uniform(0, 1))
    call = {"goals": ("value", "seconds"), "limits": {"weights": 9}, "progress": False}
    with refused("does not tell weights"):
        ht.multi_objective_search(asked, space, trials=3, **call)

"""A front by hand: limits to the last unit, both directions, what is shown and what is missing."""

from __future__ import annotations

import math

import pytest

import hpotutor as ht
from hpotutor.errors import HpoTutorError
from hpotutor.study.front import beyond
from hpotutor.study.importers import as_study
from tests.messages import refused

SPACE = ht.SearchSpace(units=ht.integers(1, 99))
#        units  value  weights  status
TRIALS = [
    (1, 0.70, 100, "complete"),
    (2, 0.90, 5000, "complete"),
    (3, 0.80, 1000, "complete"),
    (4, 0.60, 1000, "complete"),  # dominated
    (5, 0.99, 50, "pruned"),
    (6, math.nan, 10, "diverged"),
    (7, 0.80, 1000, "complete"),  # as good as the third
    (8, 0.95, None, "complete"),  # nobody knows its weights
]


def front(direction="maximize", goals=("value", "weights"), limits=None, trials=TRIALS):
    """Return the trials as a result; where less is better, with the opposite values."""
    sign = 1 if direction == "maximize" else -1
    evaluations = [
        ht.Evaluation({"units": u}, sign * v, status=s, weights=w, epochs=u, seconds=u / 10)
        for u, v, w, s in trials
    ]
    found = ht.SearchResult(as_study(evaluations, direction, SPACE), evaluations)
    return ht.FrontResult(found, goals, limits or {})


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_the_front_is_sorted_by_cost_and_names_equal_points_once(direction):
    result = front(direction)
    assert list(result.front.columns) == ["trial", "units", "value", "weights"]
    assert result.front["units"].tolist() == [1, 3, 2]
    assert result.front["trial"].tolist() == [0, 2, 1]
    assert result.directions == [direction, "minimize"]


def test_of_three_goals_the_last_is_the_cost_to_sort_by():
    trials = [(1, 0.9, 300, "complete"), (2, 0.8, 200, "complete"), (3, 0.7, 100, "complete")]
    result = front(goals=("value", "weights", "epochs"), trials=trials)
    assert result.front["units"].tolist() == [1, 2, 3]  # by epochs; by weights 3, 2, 1
    assert result.front["epochs"].tolist() == [1, 2, 3]
    assert result.directions == ["maximize", "minimize", "minimize"]


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_limit_is_kept_to_the_last_unit(direction):
    sign = 1 if direction == "maximize" else -1
    result = front(direction)
    assert result.choose(weights=5000) == {"units": 2}
    assert result.choose(weights=4999) == {"units": 3}
    assert result.choose(weights=100) == {"units": 1}
    assert result.choose() == {"units": 2}
    assert result.choose(weights=5000, epochs=1) == {"units": 1}
    assert result.choose(value=sign * 0.9) == {"units": 2}  # the worst score it may have
    with refused(r"No trial keeps value=-?0.91\. Look at result\.front", error=HpoTutorError):
        result.choose(value=sign * 0.91)
    with refused(r"keeps weights=99, value=-?0\.7\.", error=HpoTutorError):
        result.choose(weights=99, value=sign * 0.7)


def test_a_limit_of_the_search_holds_until_another_is_given():
    result = front(limits={"weights": 1000})
    assert result.front["units"].tolist() == [1, 3] and result.choose() == {"units": 3}
    assert result.choose(seconds=0.1) == {"units": 1}
    assert result.choose(weights=5000) == {"units": 2}
    with refused("weights=1,000, epochs=0", error=HpoTutorError):
        result.choose(weights=1000, epochs=0)


@pytest.mark.parametrize(
    ("given", "limits", "direction", "over"),
    [
        ({"value": 0.5, "weights": 7}, {"weights": 5}, "maximize", {"weights": 2.0}),
        ({"value": 0.5, "weights": 3}, {"weights": 5}, "maximize", {"weights": -2.0}),
        ({"value": 0.5}, {"value": 0.75}, "maximize", {"value": 0.25}),
        ({"value": 0.5}, {"value": 0.75}, "minimize", {"value": -0.25}),
        ({"value": 0.5}, {"weights": 5, "epochs": 1}, "minimize", {"weights": 1.0, "epochs": -1}),
        ({"value": math.nan}, {"value": 0.5}, "maximize", {"value": 1.0}),
        ({"value": 0.5}, {}, "maximize", {}),
    ],
)
def test_what_is_unknown_is_over_the_limit(given, limits, direction, over):
    assert beyond(ht.Evaluation({}, **given), limits, direction) == over


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_optuna_sees_the_goals_and_the_limits(direction):
    study = front(direction, limits={"weights": 1000}, trials=TRIALS[:7]).study
    assert [way.name.lower() for way in study.directions] == [direction, "minimize"]
    values = [trial.values for trial in study.trials if trial.values]
    sign = 1 if direction == "maximize" else -1
    assert values[:3] == [[sign * 0.7, 100], [sign * 0.9, 5000], [sign * 0.8, 1000]]
    assert study.trials[5].values is None  # it diverged
    assert {trial.params["units"] for trial in study.best_trials} == {1, 3, 7}


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_optuna_takes_no_trial_whose_cost_nobody_knows(direction):
    study = front(direction).study
    assert [trial.state.name for trial in study.trials[4:]] == [
        "PRUNED",
        "FAIL",
        "COMPLETE",
        "FAIL",
    ]
    assert study.trials[7].values is None and study.trials[7].user_attrs["epochs"] == 8
    assert {trial.params["units"] for trial in study.best_trials} == {1, 2, 3, 7}


def test_the_frame_has_a_column_for_each_goal_and_limit():
    plain = front(goals=("value", "seconds")).to_frame()
    assert "weights" not in plain
    frame = front(goals=("value", "seconds"), limits={"weights": 9}).to_frame()
    assert frame["weights"].tolist()[:3] == [100, 5000, 1000] and len(frame) == 8


def test_what_is_shown():
    result = front()
    assert repr(result) == (
        "FrontResult(8 trials, 1 diverged, 36 epochs, 3 on the front of value, weights)"
    )
    page = result._repr_html_()
    assert page.startswith("<p>8 trials, 1 diverged. The front of value, weights:</p><table")
    assert "border=" not in page and page.count("<tr") == 4 and page.count("<th>") == 4
    assert "<td>5e+03</td>" in page and "<td>0.8</td>" in page  # three digits
    with pytest.raises(HpoTutorError, match=r"2 goals \(value, weights\), .* 3 are on the front"):
        _ = result.best_evaluation


def test_where_nothing_is_complete_the_front_is_empty():
    result = front(trials=TRIALS[4:6])
    assert result.front.empty and "0 on the front" in repr(result)
    with refused("No trial keeps weights=5,000", error=HpoTutorError):
        result.choose(weights=5000)


def test_a_log_without_goals_is_read_by_score_and_weights(tmp_path):
    objective, log = ht.FunctionObjective(lambda params: params["units"]), tmp_path / "x.log"
    ht.random_search(objective, SPACE, trials=3, log=log, progress=False)
    result = ht.FrontResult.from_log(log)
    assert (result.goals, result.limits) == (("value", "weights"), {})
    assert len(result) == 3 and result.front.empty  # of no trial the weights are known
    assert {trial.state.name for trial in result.study.trials} == {"FAIL"}


def test_a_front_keeps_the_objective_that_was_searched():
    table = ht.TableObjective("digits", quiet=True)
    call = {"goals": ("value", "seconds"), "trials": 3, "progress": False}
    result = ht.multi_objective_search(table, table.space, **call)
    assert result.objective is table.local

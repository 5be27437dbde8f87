"""A search that goes on from what an earlier one found, or from points of one's own."""

import pytest

import hpotutor as ht
from hpotutor.errors import LogError
from tests.messages import refused
from tests.search_cases import CASES, seen

NARROW = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(3, 9, step=2), kind=ht.choice("a", "b"))
WIDE = ht.SearchSpace(
    x=ht.uniform(-1, 1),
    n=ht.integers(3, 9, step=2),
    kind=ht.choice("a", "b", (1, 2)),
    rate=ht.when(ht.loguniform(1e-3, 1), kind="b"),
    log=ht.integers(1, 64, log=True),
)
FIRST = {"x": 0.25, "n": 5, "kind": "b", "rate": 0.1, "log": 8}
SECOND = {"x": 0.5, "n": 9, "kind": (1, 2), "log": 3}


def value_of(params, epochs=None):
    return params["x"] + params["n"] / 9


def objective(**settings):
    return ht.FunctionObjective(value_of, epochs=4, **settings)


def earlier(trials=12):
    return ht.random_search(objective(), NARROW, trials=trials, progress=False)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_they_come_first_in_every_search_and_again_when_it_goes_on(case, tmp_path):
    flat = {name: WIDE[name] for name in ("x", "n", "kind", "log")}
    space = ht.SearchSpace(flat) if str(case) == "grid-optuna" else WIDE
    points = [{n: v for n, v in p.items() if n in space} for p in (FIRST, SECOND)]
    result = case.search(objective(), space, 6, start=points, log=tmp_path / "x.log")
    assert [e.params for e in result.evaluations[:2]] == points
    assert len(result) == 6 and result.left_out == ""
    assert {e.epochs for e in result.evaluations[:2]} == {4}
    again = case.search(objective(), space, 9, start=points, log=tmp_path / "x.log")
    assert seen(again)[:6] == seen(result) and len(again) == 9
    without = case.search(objective(), space, 6)
    assert [e.params for e in without.evaluations[:2]] != points


def test_the_best_of_an_earlier_search_those_outside_left_out_and_said(capsys):
    found = earlier()
    assert found.top(3) == [e.params for e in sorted(found.evaluations, key=lambda e: -e.value)[:3]]
    space = ht.SearchSpace(x=ht.uniform(0, 0.8), n=NARROW["n"], kind=ht.choice("a", "b"))
    expected = [params for params in found.top() if params["x"] <= 0.8]
    assert 0 < len(expected) < 5
    result = ht.genetic_search(objective(), space, trials=9, start=found)
    assert [e.params for e in result.evaluations[: len(expected)]] == expected
    told = f"{5 - len(expected)} of the 5 points of start= are not in this space and are left out"
    assert told in result.left_out and told in result._repr_html_()
    assert told in capsys.readouterr().out


def test_a_hyperparameter_that_is_missing_or_unknown_is_said():
    points = [{"x": 0.5, "n": 5}, {"x": 0.5, "n": 5, "kind": "a", "y": 1}, {"x": 7}]
    result = ht.random_search(objective(), NARROW, trials=3, start=points, progress=False)
    assert len(result) == 3
    for told in ("3 of the 3 points", "kind is missing", "y is not a known name", "x=7 is not"):
        assert told in result.left_out


def test_points_are_taken_once_and_as_plain_values():
    points = [{"x": 0.5, "n": 5.0, "kind": "a"}, {"x": 0.5, "n": 5, "kind": "a"}]
    result = ht.random_search(objective(), NARROW, trials=3, start=points, progress=False)
    assert [e.params for e in result.evaluations].count(points[1]) == 1
    assert type(result.evaluations[0].params["n"]) is int


@pytest.mark.parametrize("start", ["x", {"x": 1}, [1], 3])
def test_what_is_no_list_of_points_is_refused(start):
    with refused(r"start=.*Type for instance start=\[earlier.best_par"):
        ht.random_search(objective(), NARROW, trials=3, start=start, progress=False)


def test_a_grid_is_whole_all_the_same():
    point = {"x": 0.123, "n": 5, "kind": "a"}
    result = ht.grid_search(objective(), NARROW, levels=2, start=[point], progress=False)
    assert len(result) == 9
    assert len({str(e.params) for e in result.evaluations}) == 9


@pytest.mark.parametrize("library", ["optuna", "hyperopt", "gp"])
def test_models_learn_from_them(library):
    """After enough points of a start, the first question is the model's, and a good one."""
    peak = ht.FunctionObjective(lambda p: -abs(p["x"] - 0.8) - 0.3 * (p["kind"] == "a"))
    space = ht.SearchSpace(x=ht.uniform(0, 1), kind=ht.choice("a", "b"))
    points = [{"x": i / 25, "kind": kind} for i in range(26) for kind in ("a", "b")]
    found = [
        ht.bayesian_search(
            peak, space, trials=len(points) + 3, startup=5, library=library, seed=seed,
            start=points, progress=False,
        ).evaluations[len(points):]
        for seed in range(3)
    ]  # fmt: skip
    asked = [e.params for new in found for e in new]
    assert sum(abs(p["x"] - 0.8) < 0.25 and p["kind"] == "b" for p in asked) >= 7


def test_a_budget_counts_them():
    result = ht.hyperband_search(
        objective(), NARROW, max_epochs=10, start=earlier(), progress=False
    )
    assert result.cost.epochs <= 10 and len(result) >= 2


def test_a_log_of_a_narrower_space_shows_the_way(tmp_path):
    old = tmp_path / "old.log"
    first = ht.random_search(objective(), NARROW, trials=8, log=old, progress=False)
    wider = ht.SearchSpace(x=ht.uniform(0, 2), n=NARROW["n"], kind=NARROW["kind"])
    with refused(r"start=ht\.SearchResult\.from_log\('.*old\.log'\)", error=LogError):
        ht.random_search(objective(), wider, trials=8, log=old, progress=False)
    result = ht.random_search(
        objective(), wider, trials=9, start=ht.SearchResult.from_log(old),
        log=tmp_path / "new.log", progress=False,
    )  # fmt: skip
    assert [e.params for e in result.evaluations[:5]] == first.top()
    with refused(r"options\.start", error=LogError):
        ht.random_search(objective(), wider, trials=9, log=tmp_path / "new.log", progress=False)


def test_on_other_data():
    iris, wine = (ht.TrainObjective(ht.load(n), epochs=1, engine="fused") for n in ("iris", "wine"))
    space = ht.SearchSpace(units=ht.integers(2, 9))
    found = ht.random_search(iris, space, trials=4, progress=False)
    again = ht.genetic_search(wine, space, trials=6, start=found, population=4, progress=False)
    assert [e.params for e in again.evaluations[: len(found.top())]] == found.top()

"""Tuples as choices, such as the sizes of layers: in the space, the dialects, searches, the log."""

import json
import warnings

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused
from tests.search_cases import CASES

SPACE = ht.SearchSpace(
    units=ht.choice((64, 32), (16,), ()),
    kind=ht.choice("a", (1, "b"), None),
    x=ht.integers(1, 3),
    rates=ht.when(ht.choice((0.5,), (0.25, 0.5)), units=[(64, 32)]),
)
FLAT = ht.SearchSpace({name: SPACE[name] for name in ("units", "kind", "x")})


def value_of(params, epochs=None):
    assert params["units"] in [(64, 32), (16,), ()] and type(params["units"]) is tuple
    assert params["kind"] in ["a", (1, "b"), None]
    assert ("rates" in params) <= (params["units"] == (64, 32))
    return sum(params["units"]) + params["x"]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_search_asks_for_tuples_and_its_log_gives_them_back(case, tmp_path):
    space, path = FLAT if str(case) == "grid-optuna" else SPACE, tmp_path / "x.log"
    objective = ht.FunctionObjective(value_of, epochs=4)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # Optuna warns of tuples
        result = case.search(objective, space, 8, log=path)
        again = case.search(objective, space, 8, log=path)
        study = result.study
    asked = [e.params for e in result.evaluations]
    assert not result.failures() and [e.params for e in again.evaluations] == asked
    read = ht.SearchResult.from_log(path)
    assert sorted(map(str, (e.params for e in read.evaluations))) == sorted(map(str, asked))
    assert set(result.to_frame()["units"]) <= {"(64, 32)", "(16,)", "()"}
    assert {trial.params["units"] for trial in study.trials} <= {"(64, 32)", "(16,)", "()"}
    assert set(result.importances()) <= set(space)


def test_figures_take_them():
    result = ht.random_search(
        ht.FunctionObjective(value_of), FLAT, trials=20, library="optuna", progress=False
    )
    for draw in (ht.plots.history, ht.plots.parallel_coordinates, ht.plots.importance):
        draw(result)
    ht.plots.heat_map(result, "units", "x")
    assert "(64, 32)" in FLAT._repr_html_()


def test_a_space_with_tuples_is_written_down_and_read():
    for space in (SPACE, FLAT):
        assert ht.SearchSpace.from_dict(json.loads(json.dumps(space.to_dict()))) == space
        assert eval(repr(space), {"ht": ht}) == space
    assert SPACE.size == (2 + 1 + 1) * 3 * 3
    for seed in range(20):
        point = SPACE.sample(seed)
        assert SPACE.contains(point) and SPACE.from_unit(SPACE.to_unit(point)) == point
        text = {n: str(v) if isinstance(v, tuple) else v for n, v in point.items()}
        listed = {n: list(v) if isinstance(v, tuple) else v for n, v in point.items()}
        assert SPACE.clean(text) == SPACE.clean(listed) == point
    assert not SPACE.contains({"units": (64,), "kind": "a", "x": 1})


def test_labels_that_would_be_mistaken_for_one_another():
    space = ht.SearchSpace(k=ht.choice("(1,)", (1,), "None", None))
    result = ht.grid_search(
        ht.FunctionObjective(lambda params: 1.0), space, library="optuna", progress=False
    )
    found = {(type(e.params["k"]), e.params["k"]) for e in result.evaluations}
    assert found == {(str, "(1,)"), (tuple, (1,)), (str, "None"), (type(None), None)}


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: ht.choice((64, 32)), r"values=\(64, 32\).*Type for instance ht.choice\(64, 32\)"),
        (lambda: ht.choice((64, 32), (64, 32)), r"\(64, 32\) appears twice"),
        (lambda: ht.choice((1, (2, 3)), (1,)), "tuples of these"),
        (lambda: ht.choice((1, float("nan")), (1,)), "finite numbers"),
        (lambda: ht.choice((len,), "a"), "tuples of these"),
        (
            lambda: ht.SearchSpace(u=FLAT["units"], x=ht.when(FLAT["x"], u=(64, 32))),
            r"u=64 is not allowed.*u=\[\(\)|u=64 is not allowed.*u=\[\(",
        ),
    ],
)
def test_what_is_refused(make, told):
    with refused(told):
        make()


def test_numbers_of_numpy_within_them_are_plain():
    choices = ht.choice((np.int64(64), np.float32(0.5)), np.array([1, 2]), [np.str_("a")]).choices
    assert choices == ((64, 0.5), (1, 2), ("a",))
    assert {type(one) for value in choices for one in value} == {int, float, str}


@pytest.mark.parametrize(
    "engine, build, name, layer, count",
    [
        ("keras", ht.build_mlp, "units", "Dense", 3),
        ("fused", ht.build_mlp, "units", "Dense", 3),
        ("fused", ht.build_conv1d, "filters", "Conv1D", 2),
        ("fused", ht.build_conv1d, "units", "Dense", 3),
    ],
)
def test_as_many_layers_as_sizes(engine, build, name, layer, count):
    defaults = {} if build is ht.build_mlp else {"kernel_size": 2}
    settings = {"epochs": 1, "engine": engine, "build": build, "defaults": defaults}
    objective = ht.TrainObjective(ht.load("iris"), **settings)
    sizes = ((8, 4), 4) if engine == "keras" else ((8,), (8, 4), 4)  # a fit each
    space = ht.SearchSpace(**{name: ht.choice(*sizes)})
    assert not ht.grid_search(objective, space, progress=False).failures()
    layers = objective.train({name: (8, 4)}).layers
    assert [type(one).__name__ for one in layers].count(layer) == count

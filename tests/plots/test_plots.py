"""Figures: each draws on the axes it is given, reads itself out, and says what it cannot draw."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import subprocess
import sys

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from hpotutor import plots
from hpotutor.plots.formatting import Reading
from tests.messages import refused
from tests.plots.plot_cases import (
    FRONT,
    LOSS,
    PATHS,
    RATES,
    REPLAY,
    Result,
    bowl,
    family,
    gaussian,
    grid_frame,
    run,
    rungs,
    tasks,
    trials,
)

# Every figure over its range of settings: name, positional, keywords, a number of its reading.
CALLS = [
    ("learning_curves", (run(),), {}, "epoch 20"),
    ("learning_curves", ([run(8), run(9)],), {}, "2 seeds"),
    ("learning_curves", ({"0.1": run(5), "0.01": [run(), run()]},), {"metric": "accuracy"}, "0.1"),
    ("learning_curves", (Result(trials(), [run(t) for t in range(1, 10)]),), {}, "9 settings"),
    ("learning_curves", ({"loss": [1.0, np.nan]},), {"marks": False}, "Diverging"),
    ("learning_curves", ({"accuracy": [0.3, 0.5]},), {"metric": "accuracy"}, "0.5"),
    ("heat_map", (grid_frame(), "learning_rate", "layers"), {}, "0.9"),
    ("heat_map", (Result(grid_frame()), "learning_rate", "layers"), {}, "0.5"),
    ("heat_map", (trials(), "optimizer", "units"), {"over": "mean", "score": "accuracy"}, "cells"),
    ("heat_map", (trials(150), "learning_rate", "units"), {}, " to "),
    ("grid_cost", ({"units": 4, "layers": 3},), {"folds": 3, "seconds": 60}, "36 fits"),
    ("grid_cost", ((2, 5),), {"knobs": 4, "workers": 2}, "625 fits"),
    ("grid_cost", (10,), {"knobs": 9, "seconds": 1000}, "1,000,000,000 fits"),
    ("validation_curve", (grid_frame(), "learning_rate"), {}, "0.767"),
    ("validation_curve", (trials(), "optimizer"), {"score": "accuracy"}, "optimizer="),
    ("validation_curve", (trials(90), "learning_rate"), {}, "learning_rate="),
    ("history", (trials(),), {}, "40 trials"),
    ("history", (trials().drop(columns="status"),), {"direction": "minimize"}, "2 failed"),
    ("projections", (lambda x, y: -((x - 0.3) ** 2),), {}, "9"),
    ("projections", (trials(),), {"x": "learning_rate", "y": "optimizer", "points": 4}, "4 trials"),
    ("projections", (lambda x, y: 10**x,), {"points": 25, "seed": 3, "score": "accuracy"}, "25"),
    ("race", ({"grid": REPLAY, "tpe": REPLAY + 0.01},), {}, "12 trials"),
    ("race", ({"a": REPLAY[0], "b": REPLAY[1]},), {"direction": "minimize"}, "one run"),
    ("race", ({"a": REPLAY},), {"cost": {"a": np.arange(12) * 3 + 3}, "against": "epochs"},
     "36 epochs"),
    ("pareto_front", (FRONT,), {"reference": (900, 0.1)}, "2 of 3 settings"),
    ("pareto_front", (FRONT,), {"cost": "seconds", "truth": FRONT, "direction": "minimize"}, "0.7"),
    ("parallel_coordinates", (trials(),), {}, "4 trials of 37"),
    ("importance", ({"units": 0.3, "learning_rate": 0.68, "seed": 0.02},), {}, "68%"),
    ("importance", (Result(trials()),), {}, "75%"),
    ("surrogate", (), gaussian(), "0.531"),
    ("surrogate", (), {**gaussian(), "acquisition": np.arange(50.0), "truth": np.zeros(50),
                       "y_range": (-2, 2)}, "=1,"),
    ("brackets", (rungs(),), {}, "21 of 81"),
    ("brackets", (pd.concat([rungs(), rungs().assign(bracket=1)]).fillna({"bracket": 0}),),
     {}, "9 → 3 → 1"),
    ("brackets", (rungs(),), {"final": {n: {9: 0.6 + 0.02 * n} for n in range(9)}}, "7 (2, 3"),
    ("genealogy", (family(),), {}, "0.8"),
    ("genealogy", (family(),), {"upto": 0}, "0.6"),
    ("paths", (bowl, PATHS), {"minimum": (0, 0)}, "2 steps"),
    ("paths", (bowl, {"sgd": [(1, 1), (9, 9)]}), {"minimum": (0, 0)}, "leaves"),
    ("sensitivity", (trials(60),), {"knob": "units"}, "decade"),
    ("sensitivity", (grid_frame(),), {"by": "layers", "tolerance": 0.2}, "0.9"),
    ("range_test", (RATES, LOSS), {}, "bursts"),
    ("range_test", (RATES[:40], LOSS[:40]), {}, "had not burst"),
    ("optimism", (REPLAY, REPLAY[:, ::-1]), {}, "12 trials"),
    ("optimism", ([0.9, 0.8], [0.7, 0.8]), {"trials": [1, 2], "score": "share"}, "0.2"),
    ("timeline", (tasks(),), {}, "1.6"),
    ("timeline", (tasks().drop(columns="kind"),), {"workers": 60, "title": "Asynchronous"}, "60"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("figure", "args", "kwargs", "expected"),
    CALLS,
    ids=[f"{call[0]}-{n}" for n, call in enumerate(CALLS)],
)
def test_figure_draws_on_the_given_axes(figure, args, kwargs, expected):
    before = dict(matplotlib.rcParams)
    canvas, ax = plt.subplots(figsize=(7, 4), dpi=50)
    reading = getattr(plots, figure)(*args, **kwargs, ax=ax)
    assert dict(matplotlib.rcParams) == before
    assert plt.get_fignums() == [canvas.number]
    assert isinstance(reading, Reading)
    assert expected in reading
    assert reading.endswith(".")
    assert len(ax.get_title(loc="left")) > 10
    panels = [ax, *ax.child_axes]
    assert any(part.get_xlabel() for part in panels)
    assert any(part.get_ylabel() for part in panels)
    assert any(part.has_data() for part in panels)
    canvas.canvas.draw()


@pytest.mark.parametrize("figure", sorted({call[0] for call in CALLS}))
def test_figure_makes_its_own_axes_in_the_house_style(figure):
    args, kwargs = next((call[1], call[2]) for call in CALLS if call[0] == figure)
    with plt.style.context("dark_background"):
        getattr(plots, figure)(*args, **kwargs)
        assert len(plt.get_fignums()) == 1
        assert plt.gcf().get_facecolor() == (1, 1, 1, 1)
        assert plt.gcf().dpi == 100


def test_every_figure_is_tested_and_has_its_info():
    figures = [name.removesuffix("_info") for name in plots.__all__ if name.endswith("_info")]
    assert {call[0] for call in CALLS} == set(figures)
    for figure in figures:
        assert callable(getattr(plots, figure))
        assert callable(getattr(plots, f"{figure}_info"))


@pytest.mark.parametrize("figure", sorted({call[0] for call in CALLS}))
def test_figure_shows_and_documents_what_it_takes(figure):
    call, computed = getattr(plots, figure), getattr(plots, f"{figure}_info")
    given = inspect.signature(call).parameters
    for name, parameter in inspect.signature(computed).parameters.items():
        assert given[name] == parameter
    documented = inspect.getdoc(call)
    for name in given:
        assert re.search(rf"^([\w, ]+, )?{name}(, [\w, ]+)? : ", documented, re.MULTILINE), name
    args, kwargs = next((c[1], c[2]) for c in CALLS if c[0] == figure)
    with pytest.raises(TypeError, match=rf"{figure}\(\) .*'colour'"):
        call(*args, **kwargs, colour="red")


def test_names_stay_functions_after_the_files_are_imported():
    for module in pkgutil.iter_modules(plots.__path__):
        importlib.import_module(f"hpotutor.plots.{module.name}")
    assert callable(plots.heat_map)
    assert callable(plots.paths)


def test_unknown_figure_is_named_with_a_hint():
    with pytest.raises(AttributeError, match="Did you mean 'heat_map'"):
        _ = plots.heatmap
    assert "race" in dir(plots)


def test_plots_import_no_tensorflow():
    code = (
        "import sys, hpotutor.plots as p; [getattr(p, n) for n in p.__all__]; "
        "assert not {'tensorflow', 'keras', 'optuna', 'sklearn'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


BAD = [
    ("learning_curves", ({"los": [1]},), {}, "'loss' entry"),
    ("learning_curves", (run(),), {"metric": "los"}, "Did you mean 'loss'"),
    ("heat_map", (trials(), "unit", "optimiser"), {}, "(?s)2 problems.*'units'.*'optimizer'"),
    (
        "heat_map",
        (trials().assign(value=np.nan), "units", "optimizer"),
        {},
        "No trial has finished.*run more",
    ),
    ("grid_cost", ({"units": 0},), {"folds": 0, "seconds": -1}, "(?s)3 problems.*folds=0"),
    ("grid_cost", ({},), {}, "levels={} "),
    ("validation_curve", (trials(), "unit"), {}, "='unit'.*Did you mean 'units'"),
    ("race", ({},), {}, "values={} .*a dict from method"),
    ("race", ({"a": REPLAY},), {"cost": {"a": [1, 2]}}, "cost.*shape"),
    (
        "parallel_coordinates",
        (trials()[["units", "value"]].head(2),),
        {},
        "(?s)2 problems.*at least 2.*run more",
    ),
    ("importance", ({},), {}, "importances={} "),
    ("importance", ({"a": -1.0},), {}, "importances=.*from 0 up"),
    ("surrogate", (), {**gaussian(), "std": [1, 2]}, "std=.*Type for instance"),
    (
        "surrogate",
        (),
        {**gaussian(), "observed_x": []},
        r"observed_x=array\(\[\].*as many values as observed_y",
    ),
    ("brackets", (rungs().drop(columns="rung"),), {}, "trials=.*columns .*rung"),
    ("genealogy", (family().assign(individual=1),), {}, "name is used twice: number them"),
    ("genealogy", (family().assign(parents=[(9,)] * 6),), {}, "nobody is: 9. Give them rows"),
    ("genealogy", (family(),), {"upto": -1}, "upto=-1 .*upto=0"),
    ("paths", (bowl, {"sgd": [1, 2]}), {"minimum": (0, 0)}, r"paths\['sgd'\]=.*steps"),
    ("sensitivity", (trials(),), {"knob": "optimizer"}, "knob='optimizer' .*positive numbers"),
    ("range_test", ([1, 2, 2, 3], [1, 2, 3]), {}, "2 problems"),
    ("range_test", ([1, 2, 3, 4], [1, 2, 3, 4]), {}, "never falls: start from a smaller"),
    ("timeline", (tasks().drop(columns="end"),), {}, "tasks=.*columns .*end"),
    (
        "timeline",
        (tasks().assign(end=-1),),
        {"workers": 1},
        "(?s)2 problems.*check start and end.*workers=1",
    ),
]


@pytest.mark.parametrize(
    ("figure", "args", "kwargs", "message"), BAD, ids=[f"{b[0]}-{n}" for n, b in enumerate(BAD)]
)
def test_bad_input_says_what_is_allowed(figure, args, kwargs, message):
    with refused(message):
        getattr(plots, figure)(*args, **kwargs)
    assert plt.get_fignums() == []

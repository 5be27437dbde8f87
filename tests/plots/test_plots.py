"""Figures: what they compute against numbers worked out by hand, and that they draw."""

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
from hpotutor.errors import ArgumentError
from hpotutor.plots._trials import log_due
from hpotutor.plots.formatting import Reading, counted, duration, number, score_label
from hpotutor.plots.style import headline, look

RNG = np.random.default_rng(7)
EPOCHS = np.arange(1, 21)


class Result:
    """Stands for a SearchResult: a table, curves, a direction."""

    direction = "minimize"

    def __init__(self, frame: pd.DataFrame, curves: list | None = None) -> None:
        self.frame, self._curves = frame, curves or []

    def to_frame(self) -> pd.DataFrame:
        return self.frame

    def curves(self) -> list:
        return self._curves

    def importances(self) -> dict[str, float]:
        return {"units": 0.25, "learning_rate": 0.75}


def run(turn: int | None = None, top: float = 0.95) -> dict[str, list[float]]:
    """Return a learning curve; with ``turn`` its validation loss rises after that epoch."""
    loss = 2.0 * np.exp(-EPOCHS / 3)
    rise = 0.1 * np.maximum(0, EPOCHS - turn) if turn else 0
    return {
        "loss": list(loss),
        "val_loss": list(loss + 0.1 + rise),
        "accuracy": list(top * (1 - np.exp(-EPOCHS / 3))),
        "val_accuracy": list(0.9 * top * (1 - np.exp(-EPOCHS / 3))),
    }


def guessing(falls_to: float) -> dict[str, list[float]]:
    """Return the curve of a network with the accuracy of guessing, whose validation turns up."""
    loss = [5.0, 2.5, 2.45, 2.4, 2.4, falls_to]
    val_loss = [4.0, 2.3, 2.6, 2.7, 2.8, 3.0]
    return {"loss": loss, "val_loss": val_loss, "accuracy": [0.1] * 6, "val_accuracy": [0.1] * 6}


def trials(n: int = 40) -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "trial": range(n),
            "learning_rate": 10 ** RNG.uniform(-4, -1, n),
            "units": RNG.choice([8, 16, 32, 64], n),
            "optimizer": RNG.choice(["sgd", "adam", "rmsprop"], n),
            "value": RNG.uniform(0.5, 0.98, n),
            "status": "complete",
            "epochs": 20,
            "seconds": 1.5,
            "seed": 0,
        }
    )
    frame.loc[3, ["value", "status"]] = [np.nan, "failed"]
    frame.loc[5, ["value", "status"]] = [np.nan, "diverged"]
    frame.loc[8, "status"] = "pruned"
    return frame


def grid_frame() -> pd.DataFrame:
    rows = [(a, b, v) for (a, b), v in zip(
        [(a, b) for b in (1, 2, 3) for a in (0.001, 0.01, 0.1)],
        [0.5, 0.6, 0.5, 0.7, 0.9, 0.6, 0.5, 0.8, np.nan], strict=True,
    )]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["learning_rate", "layers", "value"])
    frame["status"] = np.where(frame["value"].isna(), "diverged", "complete")
    return frame


def rungs() -> pd.DataFrame:
    rows = []
    for rung, (epochs, alive) in enumerate(((1, range(9)), (3, (0, 1, 2)), (9, (1,)))):
        rows += [(rung, t, epochs, 0.5 + 0.1 * rung + 0.01 * t) for t in alive]
    return pd.DataFrame(rows, columns=["rung", "trial", "epochs", "value"])


def family() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "generation": [0, 0, 0, 1, 1, 2],
            "individual": [0, 1, 2, 3, 4, 5],
            "parents": [(), (), (), (0, 1), (1, 1), (3,)],
            "value": [0.5, 0.6, 0.4, 0.7, 0.65, 0.8],
        }
    )


def tasks() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "worker": ["a", "b", "a", "c"],
            "start": [0.0, 0.0, 60.0, 0.0],
            "end": [60.0, 90.0, 200.0, 30.0],
            "kind": ["rung 0", "rung 0", "rung 1", "killed"],
        }
    )


def gaussian(n: int = 50) -> dict:
    x = np.linspace(0, 1, n)
    return {"x": x, "mean": np.sin(3 * x), "std": 0.1 + 0 * x,
            "observed_x": [0.1, 0.9], "observed_y": np.sin([0.3, 2.7]),
            "acquisition": np.sin(3 * x)}  # fmt: skip


def bowl(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x**2 + 10 * y**2


PATHS = {"sgd": [(1.0, 1.0), (0.5, 0.2), (0.05, 0.0)], "adam": [(1.0, 1.0), (1.5, 1.0)]}
RATES = np.geomspace(1e-5, 1, 60)
LOSS = 2.3 - 1.8 / (1 + np.exp(-3 * (np.log10(RATES) + 2.5))) + np.where(RATES > 0.3, 9, 0)
REPLAY = np.random.default_rng(0).uniform(0.8, 0.9, (30, 12))

FRONT = pd.DataFrame({"weights": [9, 90, 900], "seconds": [3, 2, 1], "value": [0.8, 0.7, 0.9]})

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


class TestStyle:
    def test_reading_is_a_string_that_shows_as_a_paragraph(self):
        reading = Reading("a < b & best_value: 0.97.")
        assert reading == "a < b & best_value: 0.97."
        assert reading._repr_html_() == "<p>a &lt; b &amp; best_value: 0.97.</p>"

    def test_reading_displays_text_and_html(self):
        from IPython.utils.capture import capture_output

        with capture_output() as captured:
            Reading("Best: 1.")._ipython_display_()
        assert "Best: 1." in captured.stdout

    @pytest.mark.parametrize(
        ("x", "text"),
        [(0.0, "0"), (0.96666, "0.967"), (0.0001, "0.0001"), (0.000316228, "0.000316"),
         (12345.6, "12,300"), (-0.5, "-0.5"), (np.nan, "nan"), (1e-7, "1e-07"),
         (5408, "5,408"), (123.4, "123"), (3.2e-7, "3.2e-07")],
    )  # fmt: skip
    def test_number(self, x, text):
        assert number(x) == text

    def test_duration_of_one_has_no_plural(self):
        assert duration(86400) == "1 day"
        assert duration(3600) == "1 h"

    def test_duration_takes_the_unit_that_a_person_would(self):
        written = [duration(s) for s in (0.25, 90, 7200, 86400 * 3.5, 1e9)]
        assert written == ["0.25 s", "1.5 min", "2 h", "3.5 days", "31.7 years"]

    def test_counted(self):
        assert [counted(1, "trial"), counted(1200, "trial")] == ["1 trial", "1,200 trials"]

    def test_first_six_series_differ_without_color(self):
        signs = {(str(look(n).linestyle), look(n).marker, look(n).hatch) for n in range(7)}
        assert len(signs) == 7

    def test_headline_fits_the_figure_and_balances_its_lines(self):
        figure, ax = plt.subplots(figsize=(7, 4), layout="constrained")
        headline(ax, "seven words of about the same size " * 4)
        figure.canvas.draw()
        title = ax._left_title.get_window_extent()
        assert title.x1 <= figure.bbox.x1 + 1
        lengths = [len(line) for line in ax.get_title(loc="left").split("\n")]
        assert min(lengths) > 0.5 * max(lengths)


class TestInputs:
    @pytest.mark.parametrize(
        ("values", "log"),
        [([1, 2, 3, 4], False), ([0.1, 0.2, 0.3, 0.4, 0.5], False), ([0, 1, 10, 100], False),
         ([1e-4, 1e-3, 1e-2], True), ([16, 32, 64, 128, 256], True), ([8, 16, 24, 128], True),
         (10 ** np.random.default_rng(1).uniform(-4, -1, 50), True),
         (np.random.default_rng(1).uniform(0.01, 1, 50), False)],
    )  # fmt: skip
    def test_log_due(self, values, log):
        assert log_due(values) is log

    def test_score_label_guesses_shares_only(self):
        assert score_label([0.2, 1.0, np.nan], None) == "validation accuracy"
        assert score_label([0.2, 3.0], None) == "objective value"
        assert score_label([0.2], "F1") == "F1"


class TestLearningCurves:
    def test_mean_and_range_over_seeds_of_unequal_length(self):
        info = plots.learning_curves_info([{"loss": [3.0, 1.0]}, {"loss": [1.0, 2.0, 0.5]}])
        rows = info.bands[["mean", "low", "high", "runs"]].values.tolist()
        assert rows == [[2.0, 1.0, 3.0, 2], [1.5, 1.0, 2.0, 2], [0.5, 0.5, 0.5, 1]]

    @pytest.mark.parametrize(
        ("curves", "verdict"),
        [
            (run(turn=6), "overfit"),
            (run(), "fits"),
            (run(top=0.4), "underfit"),
            ({"loss": list(3 - 0.1 * EPOCHS), "val_loss": list(3 - 0.1 * EPOCHS)}, "underfit"),
            ({"loss": [1.0, 3.0, 9.0], "val_loss": [1.0, 3.0, 9.0]}, "diverging"),
            ({"loss": [1.0, np.nan]}, "diverging"),
            ({"loss": [np.inf], "val_loss": [np.nan]}, "diverging"),
            # Networks that only guess: the validation loss wanders, and nothing was learned.
            (guessing(falls_to=2.4), "underfit"),
            (guessing(falls_to=1.5), "overfit"),
            ({"accuracy": [0.5, 0.9, 1.0, 1.0], "val_accuracy": [0.5, 0.9, 0.7, 0.6]}, "overfit"),
        ],
    )
    def test_verdict(self, curves, verdict):
        metric = "loss" if "loss" in curves else "accuracy"
        info = plots.learning_curves_info(curves, metric=metric)
        assert info.diagnoses[""].verdict == verdict

    def test_a_network_that_guesses_is_said_not_to_improve(self):
        why = plots.learning_curves_info(guessing(falls_to=2.4)).diagnoses[""].why
        assert why == "training accuracy only 0.1, not improving"
        rising = {"loss": [2.3, 2.2, 2.0, 1.6], "accuracy": [0.1, 0.2, 0.3, 0.4]}
        assert plots.learning_curves_info(rising).diagnoses[""].why == "training accuracy only 0.4"

    def test_overfit_epochs(self):
        curve = {"loss": [2.0, 1.0, 0.5, 0.2, 0.1], "val_loss": [2.0, 1.0, 0.9, 1.2, 1.5]}
        found = plots.learning_curves_info(curve).diagnoses[""]
        # 10% above the lowest, 0.9, is 0.99: epochs 1 and 2 lie above it, then 4 and 5.
        assert (found.best_epoch, found.underfit_until, found.overfit_from) == (3, 2, 4)
        assert found.gap == pytest.approx(1.4)

    def test_one_of_three_runs_diverges(self):
        runs = [run(), run(), {"loss": [1.0, 5.0], "val_loss": [1.0, 5.0]}]
        assert "1 of 3 runs" in plots.learning_curves_info(runs).diagnoses[""].why

    def test_accepts_an_evaluation_and_a_frame(self):
        class Evaluation:
            curve = run()

        for given in (Evaluation(), pd.DataFrame(run()), {"a": pd.DataFrame(run())}):
            assert len(plots.learning_curves_info(given).bands) == 2 * len(EPOCHS)


class TestHeatMap:
    def test_cells_best_and_failed(self):
        info = plots.heat_map_info(grid_frame(), "learning_rate", "layers")
        assert info.x_levels == [0.001, 0.01, 0.1]
        assert info.best == (1, 1)
        assert info.best_value == 0.9
        assert info.edges == []
        assert np.isnan(info.values[2, 2])
        assert info.tried[2, 2] == 1

    def test_minimize_moves_the_best_to_an_edge_and_counts_ties(self):
        info = plots.heat_map_info(Result(grid_frame()), "learning_rate", "layers")
        assert info.best == (0, 0)
        assert info.ties == 2
        assert info.edges[0] == "learning_rate=0.001 is the lowest tried"

    def test_mean_over_seeds_and_no_edge_for_names(self):
        frame = pd.DataFrame(
            {"a": ["x", "x", "y"], "b": [True, True, False], "value": [0.2, 0.6, 0.5]}
        )
        mean = plots.heat_map_info(frame, "a", "b", over="mean")
        best = plots.heat_map_info(frame, "a", "b")
        assert (mean.best_value, best.best_value) == (0.5, 0.6)
        assert mean.edges == best.edges == []

    def test_numbers_are_binned_and_every_trial_is_counted(self):
        info = plots.heat_map_info(trials(200), "learning_rate", "units")
        assert len(info.x_levels) == 8
        assert info.tried.sum() == 200
        ratios = [level.right / level.left for level in info.x_levels]
        assert np.allclose(ratios, ratios[0])

    def test_title_warns_of_the_edge(self):
        _, ax = plt.subplots()
        plots.heat_map(Result(grid_frame()), "learning_rate", "layers", ax=ax)
        assert "edge of learning_rate and layers" in ax.get_title(loc="left").replace("\n", " ")


class TestGridCost:
    def test_product(self):
        cost = plots.grid_cost_info({"a": 4, "b": 3, "c": 7}, folds=3, seconds=2.5, workers=2)
        assert cost["fits"].tolist() == [12, 36, 252]
        assert cost["seconds"].tolist() == [15.0, 45.0, 315.0]

    def test_big_grids_stay_exact(self):
        assert plots.grid_cost_info(10, knobs=30)["points"].iloc[-1] == 10**30


class TestValidationCurve:
    def test_means_edge_and_training_from_curves(self):
        frame = pd.DataFrame({"units": [8, 8, 16, 32], "value": [0.5, 0.7, 0.8, 0.9]})
        curves = [{"accuracy": [0.1, a]} for a in (0.6, 0.8, 0.9, 1.0)]
        result = Result(frame, curves)
        info = plots.validation_curve_info(result, "units", direction="maximize")
        assert info.levels["validation"].tolist() == pytest.approx([0.6, 0.8, 0.9])
        assert info.levels["training"].tolist() == pytest.approx([0.7, 0.9, 1.0])
        assert (info.best_level, info.edge) == (32, "highest")

    def test_training_is_read_from_its_column_before_the_curves(self):
        frame = pd.DataFrame({"x": [1, 2], "value": [0.1, 0.6], "train_value": [0.3, 0.7]})
        info = plots.validation_curve_info(Result(frame, [{"accuracy": [1.0]}] * 2), "x")
        assert info.levels["training"].tolist() == [0.3, 0.7]


class TestHistory:
    def test_incumbent_skips_failed_and_pruned(self):
        frame = pd.DataFrame(
            {"value": [np.nan, 0.5, 0.99, 0.7, 0.6],
             "status": ["failed", "complete", "pruned", "complete", "complete"]}
        )  # fmt: skip
        info = plots.history_info(frame)
        assert info.trials["best_so_far"].tolist()[1:] == [0.5, 0.5, 0.7, 0.7]
        assert np.isnan(info.trials["best_so_far"][0])
        assert (info.best, info.best_value, info.since) == (3, 0.7, 1)
        assert info.counts == {"complete": 3, "failed": 1, "pruned": 1}

    def test_trial_numbers_of_the_table_are_kept(self):
        frame = pd.DataFrame({"trial": [10, 11], "value": [0.1, 0.2]})
        assert plots.history_info(frame).best == 11


class TestProjections:
    def test_grid_is_centered_and_the_important_knob_found(self):
        info = plots.projections_info(lambda x, y: 0.1 * x - (y - 0.5) ** 2)
        assert sorted(info.grid["u"].unique()) == pytest.approx([1 / 6, 1 / 2, 5 / 6])
        assert (info.important, info.distinct_grid, info.distinct_random) == ("y", 3, 9)
        assert info.grid["value"].max() == pytest.approx(0.1 * 5 / 6)

    def test_table_is_read_at_the_nearest_level(self):
        table = pd.DataFrame({"a": [1, 2, 1, 2], "b": [1, 1, 2, 2], "value": [1.0, 2.0, 3.0, 4.0]})
        info = plots.projections_info(table, x="a", y="b", points=4)
        assert info.grid["value"].tolist() == [1.0, 2.0, 3.0, 4.0]

    def test_seed_moves_only_the_random_points(self):
        one, two = (plots.projections_info(lambda x, y: x, seed=s) for s in (1, 2))
        assert one.grid.equals(two.grid)
        assert not one.random.equals(two.random)


class TestRace:
    def test_median_and_interval(self):
        values = {"a": np.arange(101.0)[:, None] * np.ones((101, 2))}
        bands = plots.race_info(values).bands
        assert bands[["median", "low", "high"]].to_numpy() == pytest.approx(
            np.array([[50.0, 10.0, 90.0]] * 2)
        )

    def test_nan_is_a_failed_trial_and_minimize_turns_it_round(self):
        values = {"a": [[np.nan, 3.0, 5.0, 1.0]]}
        assert plots.race_info(values).bands["median"].tolist() == [3.0, 3.0, 5.0, 5.0]
        down = plots.race_info(values, direction="minimize").bands["median"]
        assert down.tolist() == [3.0, 3.0, 3.0, 1.0]

    def test_wins_count_pairs_and_half_ties(self):
        info = plots.race_info({"a": [[1.0], [3.0]], "b": [[1.0], [2.0]]})
        # 1 = 1, 1 < 2, 3 > 1, 3 > 2: one half and two of four.
        assert info.wins == {"b": pytest.approx(2.5 / 4)}

    def test_against_cost_values_hold_until_the_next_is_paid(self):
        info = plots.race_info({"a": [[1.0, 2.0]]}, cost={"a": [10, 20]})
        median = info.bands.set_index("x")["median"]
        assert info.at == 20
        assert median[median.index < 20].max() == 1.0
        assert median.iloc[-1] == 2.0


class TestParallelCoordinates:
    def test_positions_on_linear_log_and_named_scales(self):
        frame = pd.DataFrame(
            {"rate": [1e-4, 1e-3, 1e-2, 1e-1, 1e-5, 1.0], "kind": list("abcabc"),
             "value": [0.1, 0.2, 0.9, 0.8, 0.3, 0.4]}
        )  # fmt: skip
        info = plots.parallel_coordinates_info(frame)
        assert info.positions["rate"].tolist() == pytest.approx([0.2, 0.4, 0.6, 0.8, 0.0, 1.0])
        assert info.positions["kind"].tolist() == [0.0, 0.5, 1.0, 0.0, 0.5, 1.0]
        assert info.top.tolist() == [False, False, True, True, False, False]
        assert info.agreed == "rate"
        assert info.shared == "0.01 to 0.1"


def test_importance_orders_and_marks_idle_knobs():
    table = plots.importance_info({"a": 0.04, "b": 0.9, "c": 0.06})
    assert table["knob"].tolist() == ["b", "c", "a"]
    assert table["idle"].tolist() == [False, False, True]
    assert table["cumulative"].iloc[-1] == pytest.approx(1.0)


class TestSurrogate:
    def test_next_is_where_the_acquisition_is_highest(self):
        given = gaussian()
        acquisition = np.zeros(50)
        acquisition[10] = 1.0
        info = plots.surrogate_info(
            **given | {"acquisition": acquisition}, truth=given["mean"] + 0.05
        )
        assert info.next_x == given["x"][10]
        assert info.covered == 1.0
        assert info.incumbent_x == 0.9
        assert info.regret == pytest.approx((given["mean"] + 0.05).max() - np.sin(2.7))

    def test_reason(self):
        given = gaussian()
        assert plots.surrogate_info(**given, next_x=0.5).reason == "exploits"
        assert plots.surrogate_info(**given, next_x=0.01).reason == "explores"


class TestBrackets:
    def test_counts_and_cost(self):
        info = plots.brackets_info(rungs())
        assert info.rungs["trials"].tolist() == [9, 3, 1]
        assert info.rungs["kept"].tolist() == [3, 1, 0]
        # 9 trials of 1 epoch, 3 of 2 more, 1 of 6 more; against 9 trials of 9 epochs.
        assert info.rungs["spent"].tolist() == [9.0, 6.0, 6.0]
        assert (info.spent, info.full_cost, info.winner) == (21.0, 81.0, 1)

    def test_late_bloomers_would_have_beaten_the_winner(self):
        ends = dict.fromkeys(range(9), 0.5) | {1: 0.7, 4: 0.8, 6: 0.71}
        final = {trial: {9: end} for trial, end in ends.items()}
        assert plots.brackets_info(rungs(), final=final).late_bloomers == [4, 6]


class TestGenealogy:
    def test_ancestors_and_founders(self):
        info = plots.genealogy_info(family())
        assert info.best == 5
        assert info.ancestors == {0, 1, 3}
        assert info.founders == {0, 1}
        assert info.generations["median"].tolist() == pytest.approx([0.5, 0.675, 0.8])

    def test_upto(self):
        assert plots.genealogy_info(family(), upto=1).best == 3


class TestPaths:
    def test_arrival_distance_and_escape(self):
        table = plots.paths_info(bowl, PATHS, minimum=(0, 0)).set_index("name")
        # Losses of sgd: 11, 0.65, 0.0025; 1% of the first is 0.11.
        assert table.loc["sgd", "arrived"] == 2
        assert table.loc["sgd", "distance"] == pytest.approx(0.05)
        assert np.isnan(table.loc["adam", "arrived"])
        far = plots.paths_info(
            bowl, {"a": [(1, 1), (np.inf, 0)], "b": [(1, 1), (9, 0)]}, minimum=(0, 0)
        )
        assert far["escaped"].all()


class TestSensitivity:
    def test_range_is_unbroken_around_the_best(self):
        frame = pd.DataFrame(
            {"learning_rate": [1e-4, 1e-3, 1e-2, 1e-1, 1.0], "optimizer": "adam",
             "value": [0.9, 0.5, 0.9, 0.905, 0.895]}
        )  # fmt: skip
        row = plots.sensitivity_info(frame, tolerance=0.01).iloc[0]
        assert (row["best_at"], row["low"], row["high"]) == (0.1, 0.01, 1.0)
        assert row["decades"] == pytest.approx(2.0)

    def test_a_diverged_level_ends_the_range(self):
        frame = pd.DataFrame(
            {"learning_rate": [0.01, 0.1, 1.0], "optimizer": "sgd",
             "value": [0.9, np.nan, 0.9], "status": ["complete", "diverged", "complete"]}
        )  # fmt: skip
        assert plots.sensitivity_info(frame).iloc[0]["decades"] == 0.0

    def test_a_line_for_each_width_is_named_as_a_whole_number(self):
        frame = pd.DataFrame(
            {"learning_rate": [0.001, 0.01, 0.1] * 2, "units": [16] * 3 + [512] * 3,
             "value": [3.0, 2.0, 1.0, 0.5, 1.0, 2.0]}
        )  # fmt: skip
        figure, ax = plt.subplots()
        plots.sensitivity(frame, by="units", direction="minimize", ax=ax)
        title = ax.get_title(loc="left") or ax.get_title()
        assert title == "The best learning_rate lies between 0.001 (512) and 0.1 (16)"
        plt.close(figure)


class TestRangeTest:
    def test_region_steepest_and_burst(self):
        rates = [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
        info = plots.range_test_info(rates, [2.0, 2.0, 1.5, 0.6, 0.5, 4.0])
        # The fall is 1.5: it has lost a tenth after 1e-4, and nine tenths (0.65) at 1e-2.
        assert (info.low, info.high, info.steepest, info.bursts) == (1e-4, 1e-2, 1e-2, 1.0)

    def test_a_loss_that_is_no_number_is_a_burst(self):
        info = plots.range_test_info([1, 2, 3, 4, 5], [3.0, 2.0, 1.0, np.nan, 1.0])
        assert info.bursts == 4.0
        assert np.isnan(info.smoothed[3:]).all()


def test_optimism_of_pure_noise_is_what_the_winner_gained():
    validation = np.array([[0.5, 0.9, 0.7], [0.8, 0.6, 0.9]])
    test = np.array([[0.5, 0.6, 0.7], [0.7, 0.6, 0.8]])
    table = plots.optimism_info(validation, test, trials=[1, 3])
    assert table["validation"].tolist() == pytest.approx([0.65, 0.9])
    assert table["test"].tolist() == pytest.approx([0.6, 0.7])
    assert table["gap"].tolist() == pytest.approx([0.05, 0.2])
    assert table["added"].tolist() == pytest.approx([0.0, 0.15])
    later = plots.optimism_info(validation, test, trials=[3])
    assert later["added"].tolist() == pytest.approx([0.15])


def test_timeline_speed_up_and_waiting():
    info = plots.timeline_info(tasks(), workers=4)
    # 60 + 90 + 140 + 30 = 320 seconds of work in 200 seconds on 4 workers.
    assert (info.work, info.makespan, info.speed_up, info.busy) == (320.0, 200.0, 1.6, 0.4)


BAD = [
    ("learning_curves", ({"los": [1]},), {}, "'loss' entry"),
    ("learning_curves", (run(),), {"metric": "los"}, "Did you mean 'loss'"),
    ("heat_map", (trials(), "unit", "optimiser"), {}, "2 problems(.|\n)*'units'(.|\n)*'optimizer'"),
    ("heat_map", (trials(), "units", "units"), {}, "a knob other than x"),
    ("heat_map", (trials(), "units", "optimizer"), {"over": "max"}, "'best', 'mean'"),
    ("heat_map", (trials().assign(value=np.nan), "units", "optimizer"), {}, "No trial"),
    ("heat_map", ([1, 2], "units", "optimizer"), {}, "SearchResult"),
    ("history", (trials().head(0),), {}, "no rows"),
    ("history", (trials(),), {"direction": "max"}, "maximize"),
    ("grid_cost", ({"units": 0},), {"folds": 0, "seconds": -1}, "3 problems"),
    ("grid_cost", ({},), {}, "levels"),
    ("validation_curve", (trials(), "unit"), {}, "Did you mean 'units'"),
    ("projections", (lambda x, y: x,), {"points": 8}, "square"),
    ("projections", (3,), {}, "a function"),
    ("race", ({},), {}, "method"),
    ("race", ({"a": REPLAY},), {"cost": {"a": [1, 2]}}, "shape"),
    ("race", ({"a": REPLAY},), {"against": "epochs"}, "cost"),
    ("parallel_coordinates", (trials()[["units", "value"]].head(2),), {}, "2 problems"),
    ("importance", ({},), {}, "importances"),
    ("importance", ({"a": -1.0},), {}, "from 0 up"),
    ("surrogate", (), {**gaussian(), "std": [1, 2]}, "std"),
    ("surrogate", (), {**gaussian(), "observed_x": []}, "observed_y"),
    ("brackets", (rungs().drop(columns="rung"),), {}, "rung"),
    ("genealogy", (family().assign(individual=1),), {}, "twice"),
    ("genealogy", (family().assign(parents=[(9,)] * 6),), {}, "nobody is: 9"),
    ("genealogy", (family(),), {"upto": -1}, "upto"),
    ("paths", (bowl, {"sgd": [1, 2]}), {"minimum": (0, 0)}, "steps"),
    ("sensitivity", (trials(),), {"knob": "optimizer"}, "positive numbers"),
    ("range_test", ([1, 2, 2, 3], [1, 2, 3]), {}, "2 problems"),
    ("range_test", ([1, 2, 3, 4], [1, 2, 3, 4]), {}, "never falls"),
    ("optimism", (REPLAY, REPLAY[:, :3]), {}, "shape"),
    ("optimism", (REPLAY, REPLAY), {"trials": [99]}, "from 1 to 12"),
    ("timeline", (tasks().drop(columns="end"),), {}, "end"),
    ("timeline", (tasks().assign(end=-1),), {"workers": 1}, "2 problems"),
]


@pytest.mark.parametrize(
    ("figure", "args", "kwargs", "message"), BAD, ids=[f"{b[0]}-{n}" for n, b in enumerate(BAD)]
)
def test_bad_input_says_what_is_allowed(figure, args, kwargs, message):
    with pytest.raises(ArgumentError, match=message):
        getattr(plots, figure)(*args, **kwargs)
    assert plt.get_fignums() == []

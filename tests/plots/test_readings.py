"""What figures compute, against numbers worked out by hand."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from hpotutor import plots
from tests.plots.plot_cases import (
    EPOCHS,
    PATHS,
    Result,
    bowl,
    family,
    gaussian,
    grid_frame,
    guessing,
    run,
    rungs,
    tasks,
    trials,
)


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

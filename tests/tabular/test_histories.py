"""Replays and comparisons on a table that was made up: each number by hand."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import DataError
from hpotutor.tabular import _npz
from hpotutor.tabular.comparison import Comparison, compare
from hpotutor.tabular.histories import (
    History,
    Replay,
    grid_history,
    grid_levels,
    history_of,
    random_history,
    replay,
    runs_met,
)
from hpotutor.tabular.objective import TableObjective, draw_runs
from hpotutor.tabular.table import Axis
from tests.messages import refused, shown
from tests.small_table import small_table

TABLE = small_table()  # 96 configurations, 4 runs of 27 epochs, 200 rows of each part


def objective(**settings):
    return TableObjective(TABLE, quiet=True, **settings)


def replayed(index, epochs, **settings):
    index, epochs = np.array(index), np.array(epochs)
    return replay(objective(**settings), History(index, epochs, np.zeros_like(index)))


# ── what a search saw and spent ──────────────────────────────────────────────────────────────
def test_a_search_that_ended_spends_nothing_more():
    found = replayed([[3, 7, 0]], [[27, 9, 0]])
    assert found.epochs.tolist() == [[27, 36, 36]]
    assert found.trials[0] == pytest.approx([1, 1 + 1 / 3, 1 + 1 / 3])
    assert math.isnan(found.value[0, 2]) and found.best[0, 2] == found.best[0, 1]
    cost = [
        TABLE.start_seconds[n] + e * float(TABLE.epoch_seconds[n]) for n, e in ((3, 27), (7, 9))
    ]
    assert found.seconds[0] == pytest.approx([cost[0], sum(cost), sum(cost)])


def test_before_anything_is_found_regret_is_that_of_the_worst():
    table = dataclasses.replace(TABLE, diverged=np.where(np.arange(96)[:, None] == 5, 1, 0))
    asked = TableObjective(table, quiet=True)
    found = replay(asked, History(np.array([[5, 6]]), np.full((1, 2), 27), np.zeros((1, 2), int)))
    assert math.isnan(found.best[0, 0]) and math.isnan(found.test[0, 0])
    assert found.regret[0, 0] == asked.truth.max() - asked.truth.min()
    assert found.regret[0, 1] == asked.truth.max() - asked.truth[6]


def test_of_equals_the_first_is_the_incumbent():
    same = dataclasses.replace(TABLE, val_correct=np.full_like(TABLE.val_correct, 100))
    asked = TableObjective(same, quiet=True)
    found = replay(asked, History(np.array([[3, 40]]), np.full((1, 2), 27), np.zeros((1, 2), int)))
    assert found.test[0, 0] == found.test[0, 1] == same.test_correct[3, 0, 26] / 200


@pytest.mark.parametrize("noise", [True, False])
def test_finished_searches_become_a_history(noise):
    results = [
        ht.random_search(objective(seed=s, noise=noise), objective().space, trials=n,
                         progress=False)
        for s, n in ((1, 5), (2, 3))
    ]  # fmt: skip
    history = history_of(objective(), results)
    assert history.index.shape == (2, 5)
    assert history.epochs.tolist() == [[27] * 5, [27] * 3 + [0] * 2]
    found = replay(objective(noise=noise), history)
    for row, result in enumerate(results):
        assert found.value[row, : len(result)] == pytest.approx(
            [e.value for e in result.evaluations]
        )
    assert history_of(objective(), []).index.shape == (0, 0)


def test_random_searches_are_those_of_their_seed_and_length():
    one, again, other = (
        random_history(objective(), trials=6, repeats=5, seed=s) for s in (0, 0, 1)
    )
    assert one.index.shape == (5, 6) and (one.epochs == 27).all()
    assert (one.index == again.index).all() and (one.index != other.index).any()
    assert random_history(objective(), trials=1).index.shape == (1000, 1)
    short = random_history(objective(epochs=9), trials=2, repeats=2)
    assert (short.epochs == 9).all()


@pytest.mark.parametrize(
    ("settings", "run"), [({"seed": "mean"}, 0), ({"seed": 3, "noise": False}, 3)]
)
def test_without_noise_one_run_answers(settings, run):
    history = random_history(objective(**settings), trials=4, repeats=3)
    assert (history.run == run).all()


def test_noisy_runs_are_those_that_an_objective_meets():
    index = np.array([[4, 4, 9, 4, 4], [9, 4, 4, 9, 4]])
    epochs = np.array([[27, 9, 27, 27, 9], [27, 27, 27, 27, 9]])
    runs = runs_met(np.array([6, 7]), index, epochs, 4)
    for row, seed in enumerate((6, 7)):
        own = objective(seed=seed)
        met = [own.evaluate(TABLE.params_at(int(i)), int(e)).seed
               for i, e in zip(index[row], epochs[row], strict=True)]  # fmt: skip
        assert runs[row].tolist() == met


def test_draws_of_runs_are_even_and_the_same_everywhere():
    drawn = draw_runs(np.arange(4000), 5, 0, 4)
    assert np.bincount(drawn) == pytest.approx(1000, abs=120)
    for part in range(3):
        given = [7, 5, 2]
        given[part] = np.arange(400)
        assert np.bincount(draw_runs(*given, 4), minlength=4) == pytest.approx(100, abs=40)
    # As stored searches were computed; another hash would make them others.
    assert [int(draw_runs(s, i, t, 5)) for s, i, t in ((0, 0, 0), (1, 2, 3), (9, 81, 1))] == [
        int(draw_runs(np.uint64(s), np.array(i), np.array([t]), 5)[0])
        for s, i, t in ((0, 0, 0), (1, 2, 3), (9, 81, 1))
    ]


# ── grids ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("trials", [1, 2, 3, 7, 8, 16, 24, 95, 96, 500])
def test_a_grid_is_as_fine_as_the_budget_allows(trials):
    counts = grid_levels(objective(), trials)
    sizes = dict(zip(counts, (2, 4, 4, 3), strict=True))
    assert math.prod(counts.values()) <= trials
    assert all(1 <= count <= sizes[name] for name, count in counts.items())
    for name in counts:  # no axis could have a level more
        finer = {**counts, name: counts[name] + 1}
        assert counts[name] == sizes[name] or math.prod(finer.values()) > trials
    open_axes = [n for name, n in counts.items() if n < sizes[name]]
    assert not open_axes or max(counts.values()) - min(open_axes) <= 2


def test_a_grid_of_all_levels_is_the_table_in_random_order():
    history = grid_history(objective(), trials=120, repeats=3, seed=2)
    assert history.index.shape == (3, 120)
    assert (history.epochs[:, :96] == 27).all() and (history.epochs[:, 96:] == 0).all()
    assert all(sorted(row[:96]) == list(range(96)) for row in history.index)
    assert (history.index[0] != history.index[1]).any()
    again = grid_history(objective(), trials=120, repeats=3, seed=2)
    assert (history.index == again.index).all()


# ── comparisons ──────────────────────────────────────────────────────────────────────────────
def made_up(**settings):
    """Return a comparison of two methods over three repeats, with numbers to check by hand."""

    def of(best, trials):
        best = np.array(best)
        trials = np.array([trials] * 3, float)
        return Replay(best, best, best - 0.1, 1 - best, trials, 10 * trials, 100 * trials)

    nan = math.nan
    a = of([[0.5, 0.6, 0.7], [0.4, 0.6, 0.9], [nan, 0.6, 0.8]], [1, 2, 3])
    b = of([[0.6, 0.6, 0.6], [0.6, 0.6, 0.6], [0.6, 0.6, 0.6]], [1, 1.5, 3])
    return Comparison({"a": a, "b": b}, objective(**settings), 3, "median", 0.95, 0)


def test_what_was_reached_with_a_budget():
    race = made_up()
    assert race.at(what="best")["a"].tolist() == [0.7, 0.9, 0.8]
    assert race.at(2, "best")["a"].tolist() == [0.6, 0.6, 0.6]
    assert race.at(1.999, "best")["a"][:2].tolist() == [0.5, 0.4]
    assert np.isnan(race.at(0.5, "best")["b"]).all() and math.isnan(race.at(1, "best")["a"][2])
    assert race.at(20, "test", "epochs")["a"] == pytest.approx([0.5, 0.5, 0.5])
    assert race.at(against="seconds")["a"] == pytest.approx([0.3, 0.1, 0.2])
    assert race.at()["b"] == pytest.approx([0.4, 0.4, 0.4])
    assert race.methods == ["a", "b"] and race.values()["a"] is race.replays["a"].best
    assert race.cost()["b"] is race.replays["b"].trials
    assert race.cost("epochs")["b"] is race.replays["b"].epochs


def test_a_summary_has_medians_and_what_was_spent():
    table = made_up().summary()
    assert table.loc["a", ["best", "test", "regret"]].tolist() == pytest.approx([0.8, 0.7, 0.2])
    assert table.loc["b", ["best_low", "best_high"]].tolist() == [0.6, 0.6]
    assert table["epochs"].tolist() == [30, 30] and table["seconds"].tolist() == [300, 300]
    early = made_up().summary(2)
    assert early.loc["a", "best"] == 0.6
    page = made_up()._repr_html_()
    assert "Median of 3 repeats after 3 trainings, with 95% bootstrap intervals." in page
    assert "<td>0.6 (0.6 … 0.6)</td>" in page and "<td>300</td>" in page
    assert repr(made_up()) == "Comparison(a, b; budget of 3 trainings)"


def test_wins_go_the_metrics_way_and_what_found_nothing_loses():
    race = made_up()
    for what in ("best", "test", "regret"):
        assert race.probability("a", "b", what=what).value == 1
        assert race.probability("b", "a", what=what).value == 0
        assert race.probability("a", "b", 2, what).value == 0.5
        assert race.probability("a", "b", 1, what).value == 0
    loss = made_up(metric="val_loss")
    assert loss.probability("a", "b", what="best").value == 0
    assert loss.probability("a", "b", what="test").value == 1
    assert loss.probability("a", "b", what="regret").value == 1


def test_the_budget_to_a_target():
    race = made_up()
    found = race.budget_to(0.8, "best")
    assert found["reached"].tolist() == pytest.approx([2 / 3, 0])
    assert found["median"].tolist() == [3, math.inf]
    assert race.budget_to(0.6, "best", "epochs").loc["b", "median"] == 10
    assert race.budget_to(0.6, "best").loc["a", ["reached", "median"]].tolist() == [1, 2]
    assert race.budget_to(0.4).loc["a", "median"] == 2
    assert race.budget_to(0.5, "test", "seconds").loc["a", "median"] == 200
    assert made_up(metric="val_loss").budget_to(0.65, "best").loc["b", "median"] == 1


def test_curves_stand_where_all_repeats_can_be_judged():
    curves = made_up().curves("best")
    a = curves[curves["method"] == "a"].set_index("trials")
    assert a.index.tolist() == [1, 2, 3] and a["value"].tolist()[1:] == pytest.approx([0.6, 0.8])
    epochs = made_up().curves("best", "epochs")
    spent = epochs[epochs["method"] == "b"]["epochs"]
    assert len(spent) == 60 and (spent.min(), spent.max()) == (10, 30)


def test_a_budget_is_full_trainings_whatever_a_method_asks():
    def short(objective, space, *, trials, seed):
        return ht.random_search(objective, space, trials=9 * trials, seed=seed, progress=False)

    def hyperband(objective, space, *, trials, seed):
        return ht.hyperband_search(objective, space, max_epochs=27 * trials, seed=seed,
                                   trials=500, progress=False)  # fmt: skip

    race = compare({"many": short, "few": hyperband, "random": "random"}, objective(), trials=3,
                   repeats=2, seed=4)  # fmt: skip
    assert race.replays["many"].best.shape == (2, 3)
    for found in race.replays.values():
        assert found.trials.max() <= 3 + 1e-9 and found.epochs.max() <= 81
    assert race.trials == 3 and race.seed == 4
    own = short(objective(seed=4), objective().space, trials=3, seed=4)
    assert race.replays["many"].value[0] == pytest.approx([e.value for e in own.evaluations[:3]])
    assert race.replays["random"].best.shape == (2, 3)
    with refused("a function that returns a SearchResult"):
        compare({"none": lambda *a, **k: None}, objective(), trials=2, repeats=1)


@pytest.mark.parametrize(
    "bad",
    [
        {"confidence": 0}, {"confidence": 1}, {"trials": 0}, {"repeats": 0}, {"seed": -1},
        {"statistic": "mean"},
    ],
)  # fmt: skip
def test_numbers_of_a_comparison_at_their_ends(bad):
    with refused(*shown(bad)):
        compare(["random"], objective(), **bad)
    assert len(compare(["random"], objective(), trials=1, repeats=1).at()["random"]) == 1
    with refused("searches='random'"):
        compare("random", objective())


@pytest.mark.parametrize("name", ["at", "curves", "cost", "budget_to", "probability"])
def test_what_is_no_measure_is_named(name):
    race = made_up()
    calls = {
        "at": [lambda: race.at(what="bset"), lambda: race.at(against="time"),
               lambda: race.at("two")],
        "curves": [lambda: race.curves("bset"), lambda: race.curves(against="time")],
        "cost": [lambda: race.cost("time")],
        "budget_to": [lambda: race.budget_to("low"), lambda: race.budget_to(1, "bset")],
        "probability": [lambda: race.probability("a", "c"), lambda: race.probability("c", "b")],
    }  # fmt: skip
    for call in calls[name]:
        with refused("^(Comparison|probability): .*='?(bset|time|two|low|c)'? is not allowed"):
            call()


# ── tables and their files ───────────────────────────────────────────────────────────────────
def test_values_are_read_at_the_nearest_level_up_to_half_a_step_beyond():
    units = Axis("units", (8, 16, 32), "log", 16)
    assert [units.nearest(value) for value in (8, 11, 12, 22, 23, 45, 5.7)] == [0, 0, 1, 1, 2, 2, 0]
    assert units.nearest(46) is None and units.nearest(5.6) is None
    assert units.nearest(0) is None and units.nearest(-8) is None and units.nearest("8") is None
    rate = Axis("dropout", (0.0, 0.2, 0.6), "linear", 0.2)
    assert [rate.nearest(value) for value in (-0.2, 0.09, 0.11, 0.39, 0.41, 0.8)] == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert rate.nearest(0.81) is None and rate.nearest(-0.21) is None
    assert rate.nearest(math.nan) is None and rate.nearest(math.inf) is None
    kind = Axis("kind", ("a", 1, True), "category", "a")
    assert kind.nearest(np.str_("a")) == 0 and kind.nearest(np.bool_(True)) == 2
    assert [kind.nearest(value) for value in ("a", 1, True, "b", 1.0)] == [0, 1, 2, None, None]


def test_what_a_search_may_try_of_an_axis():
    assert Axis("n", (1, 2, 3), "linear", 1).distribution() == ht.integers(1, 3)
    assert Axis("n", (1, 3), "linear", 1).distribution() == ht.choice(1, 3)
    assert Axis("n", (8, 16), "log", 8).distribution() == ht.choice(8, 16)
    log = Axis("r", (0.01, 0.1, 1.0), "log", 0.1).distribution()
    assert log.log and (log.low, log.high) == pytest.approx((0.00316, 3.16), rel=0.03)
    assert Axis("k", ("a", "b"), "category", "a").distribution() == ht.choice("a", "b")
    assert Axis("k", ("a", "b"), "category", "a").allowed() == "'a', 'b'"


def test_numbers_and_reads_at_their_ends():
    assert TABLE.params_at(0) | TABLE.params_at(95) == TABLE.params_at(95)
    for bad in (96, -1, 1.5):
        with refused(f"index={bad} .*a whole number from 0 to 95"):
            TABLE.params_at(bad)
    last = TABLE.read("val_accuracy", 95, 3, 27)
    assert last == TABLE.val_correct[95, 3, 26] / 200
    assert TABLE.read("val_loss", 95, None, 1) == pytest.approx(TABLE.val_loss[95, :, 0].mean())
    assert TABLE.val_accuracy[95, 3, 26] == pytest.approx(float(last))
    assert TABLE.test_accuracy[2, 1, 0] == pytest.approx(TABLE.test_correct[2, 1, 0] / 200)


@pytest.mark.parametrize(("run", "epochs", "died"), [(1, 4, 0), (1, 5, 5), (0, 9, 0), (None, 5, 5),
                                                     (None, 4, 0), (None, 27, 5)])  # fmt: skip
def test_a_run_died_in_the_epoch_in_which_its_loss_was_no_number(run, epochs, died):
    diverged = np.zeros_like(TABLE.diverged)
    diverged[7, 1], diverged[7, 2] = 5, 20
    table = dataclasses.replace(TABLE, diverged=diverged)
    assert table.died(7, run, epochs) == died
    assert table.died(8, run, epochs) == 0


def test_weights_are_counted_where_the_table_knows_enough():
    columns = TABLE.columns()
    dense = 65 * columns["units"] + (columns["units"] + 1) * 10
    assert TABLE.weights.tolist() == dense.tolist()
    two = dataclasses.replace(TABLE, about=TABLE.about | {"classes": 2})
    assert two.weights.tolist() == (66 * columns["units"] + 1).tolist()
    counted = dataclasses.replace(TABLE, parameters=np.arange(96, dtype=np.uint32))
    assert counted.weights.tolist() == list(range(96))
    assert dataclasses.replace(TABLE, about={"rows": TABLE.about["rows"]}).weights is None


def stored(path, form=1, **changes):
    about = np.frombuffer(json.dumps({"format": form}).encode(), np.uint8)
    arrays = {"about": about, "a": np.arange(3.0)} | changes
    checksum = np.frombuffer(bytes.fromhex(_npz.digest(arrays)), np.uint8)
    np.savez(path, checksum=checksum, **arrays)
    return path


def test_files_of_arrays_tell_what_is_wrong_with_them(tmp_path):
    fine = stored(tmp_path / "a.npz")
    about, arrays, checksum = _npz.read(fine, ["a"], 1, "make it")
    assert about == {"format": 1} and list(arrays) == ["a"] and len(checksum) == 64
    with refused(r"a.npz is damaged.*\(b missing\).*make it anew: make it", error=DataError):
        _npz.read(fine, ["a", "b"], 1, "make it")
    with refused("of format 2, and this hpotutor reads format 1", error=DataError):
        _npz.read(stored(tmp_path / "b.npz", form=2), ["a"], 1, "make it")
    texts = stored(tmp_path / "c.npz", b=np.arange(2))
    np.savez(texts, a=np.array([{}], object))
    with refused("something else than arrays of numbers", error=DataError):
        _npz.read(texts, ["a"], 1, "make it")


def test_a_digest_is_of_names_types_shapes_and_contents():
    plain = {"a": np.arange(4), "b": np.zeros(2)}
    found = {
        _npz.digest(arrays)
        for arrays in (
            plain, {"a": np.arange(4), "c": np.zeros(2)}, plain | {"a": np.arange(4.0)},
            plain | {"a": np.arange(4).reshape(2, 2)}, plain | {"a": np.arange(4)[::-1]},
        )
    }  # fmt: skip
    assert len(found) == 5
    assert _npz.digest(plain) == _npz.digest(dict(reversed(plain.items())))

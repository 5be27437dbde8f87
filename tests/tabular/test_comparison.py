"""Comparisons: replays against searches run one by one, statistics, and the science."""

from __future__ import annotations

import dataclasses
import math
import shutil

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.analysis.statistics import summarize
from hpotutor.errors import DataError
from hpotutor.tabular.comparison import compare
from hpotutor.tabular.histories import (
    History,
    grid_history,
    grid_levels,
    histories_path,
    open_histories,
    random_history,
    replay,
    runs_met,
    stored_history,
)
from hpotutor.tabular.objective import TableObjective
from hpotutor.tabular.table import NAMES
from tests.messages import refused
from tools.tables.histories import METHODS, SHIPPED, compute_histories, search_once


@pytest.fixture(scope="module")
def digits():
    return TableObjective("digits", quiet=True)


@pytest.fixture(params=NAMES)
def objective(request):
    return TableObjective(request.param, quiet=True)


# ── replay ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("metric", ["val_accuracy", "val_loss"])
@pytest.mark.parametrize("settings", [{}, {"seed": "mean"}, {"seed": 2, "noise": False}])
def test_a_replay_is_the_search_it_stands_for(metric, settings):
    objective = TableObjective("digits", metric=metric, quiet=True, **settings)
    rng = np.random.default_rng(0)
    index = rng.integers(0, 40, (3, 30))  # few configurations, so that some are asked twice
    epochs = rng.choice([1, 3, 30], (3, 30))
    run = runs_met(np.arange(3), index, epochs, 5)
    if settings:
        run = np.full_like(index, settings["seed"] if "noise" in settings else 0)
    found = replay(objective, History(index, epochs, run))
    for repeat in range(3):
        own = TableObjective("digits", metric=metric, quiet=True, **({"seed": repeat} | settings))
        seen = [
            own.evaluate(own.table.params_at(i), int(e))
            for i, e in zip(index[repeat], epochs[repeat], strict=True)
        ]
        values = np.array([e.value for e in seen])
        np.testing.assert_allclose(found.value[repeat], values)
        sign = 1 if objective.direction == "maximize" else -1
        best = [int(np.argmax(sign * values[: n + 1])) for n in range(30)]
        np.testing.assert_allclose(found.best[repeat], values[best])
        np.testing.assert_allclose(found.test[repeat], [seen[n].test_value for n in best])
        regret = sign * (objective.best().value - objective.truth[index[repeat][best]])
        np.testing.assert_allclose(found.regret[repeat], regret, atol=1e-12)
        np.testing.assert_allclose(found.epochs[repeat], np.cumsum([e.epochs for e in seen]))
        np.testing.assert_allclose(found.seconds[repeat], np.cumsum([e.seconds for e in seen]))


def test_a_diverged_network_is_never_the_incumbent(digits):
    diverged = digits.table.diverged.copy()
    diverged[0] = 4
    table = dataclasses.replace(digits.table, diverged=diverged)
    history = History(np.array([[0, 1, 0]]), np.full((1, 3), 30), np.zeros((1, 3), int))
    found = replay(TableObjective(table, quiet=True), history)
    assert np.isnan(found.value[0, [0, 2]]).all()
    assert math.isnan(found.best[0, 0])
    assert found.best[0, 1] == found.best[0, 2] == found.value[0, 1]
    assert found.epochs[0].tolist() == [4, 34, 38]


def test_random_searches_draw_all_configurations_alike(digits):
    history = random_history(digits, trials=50, repeats=2000)
    counts = np.bincount(history.index.ravel(), minlength=len(digits.table))
    assert counts.mean() == pytest.approx(100_000 / 5184)
    assert counts.std() == pytest.approx(math.sqrt(counts.mean()), rel=0.1)
    assert np.bincount(history.run.ravel()) == pytest.approx(20_000, rel=0.05)


def test_a_random_search_keeps_what_is_fixed():
    objective = TableObjective("digits", defaults={"units": 16, "layers": 2}, quiet=True)
    for history in (
        random_history(objective, trials=9, repeats=20),
        grid_history(objective, trials=9, repeats=20),
    ):
        columns, asked = objective.table.columns(), history.index[history.epochs > 0]
        assert set(columns["units"][asked]) == {16}
        assert set(columns["layers"][asked]) == {2}


def test_a_grid_has_its_levels_and_no_point_twice(digits):
    levels = grid_levels(digits, 64)
    history = grid_history(digits, trials=64, repeats=50)
    columns = digits.table.columns()
    for index in history.index:
        assert len(set(index)) == math.prod(levels.values()) == 64
        for axis in digits.table.axes:
            assert len(set(columns[axis.name][index])) == levels[axis.name]
    rates = np.log10(columns["learning_rate"][history.index])
    spacing = [np.diff(np.unique(row)) for row in rates]
    assert np.ptp(spacing) < 0.53  # evenly spaced on the log scale, to a level
    assert len({row.min() for row in rates}) > 1  # and not always at the same place


def test_a_grid_that_is_smaller_than_the_budget_ends(digits):
    history = grid_history(digits, trials=10, repeats=5)
    found = replay(digits, history)
    assert (history.epochs > 0).sum(axis=1).tolist() == [8] * 5
    assert (found.best[:, 7:] == found.best[:, 7:8]).all()
    assert (found.trials[:, -1] == 8).all()


@pytest.mark.parametrize("trials", [1, 5, 64, 200, 10_000])
def test_the_default_grid_fits_the_budget(digits, trials):
    counts = grid_levels(digits, trials)
    assert math.prod(counts.values()) <= trials
    if trials >= 5184:
        assert tuple(counts.values()) == digits.table.shape


# ── stored searches ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("method", SHIPPED)
def test_stored_searches_come_back(objective, method):
    stored = open_histories(objective.table)[1]
    for seed in (0, 217)[: 1 if method == "gp" else 2]:  # whose model is slow to fit
        index, epochs = search_once(objective.table, method, seed)
        # A library of another version may part ways after its random start.
        assert index[:10].tolist() == stored[f"{method}_index"][seed][:10].tolist()
        same = np.mean(index == stored[f"{method}_index"][seed])
        assert same > 0.9
        rows = np.broadcast_to(stored[f"{method}_epochs"], stored[f"{method}_index"].shape)
        assert epochs.tolist() == rows[seed].tolist()


SEARCHES = {
    "tpe": lambda o, s, **n: ht.bayesian_search(o, s, **n),
    "nsga2": lambda o, s, **n: ht.genetic_search(o, s, library="optuna", **n),
    "genetic": lambda o, s, **n: ht.genetic_search(o, s, **n),
    "hyperopt": lambda o, s, **n: ht.bayesian_search(o, s, library="hyperopt", **n),
    "gp": lambda o, s, **n: ht.bayesian_search(o, s, library="gp", **n),
    "hyperband": lambda o, s, **n: ht.hyperband_search(o, s, **n),
    "bohb": lambda o, s, **n: ht.hyperband_search(o, s, sampler="tpe", **n),
}


@pytest.mark.parametrize("method", list(METHODS))
def test_a_stored_search_is_what_a_learner_would_run(digits, method, monkeypatch):
    trials = 60 if method == "bohb" else 15  # its model proposes from the second bracket on
    monkeypatch.setitem(METHODS, method, METHODS[method]._replace(evaluations=trials))
    index, epochs = search_once(digits.table, method, seed=3)
    own = TableObjective("digits", seed=3, quiet=True)
    result = SEARCHES[method](own, own.space, trials=trials, seed=3, progress=False)
    assert [own.index_of(e.params) for e in result.evaluations] == index.tolist()
    assert [e.epochs for e in result.evaluations] == epochs.tolist()


def test_histories_of_another_table_are_refused(digits):
    other = dataclasses.replace(digits.table, checksum="0" * 64)
    with refused("another version of the digits table", error=DataError):
        stored_history(TableObjective(other), "tpe")


def test_a_history_for_another_objective_is_refused():
    for settings in ({"seed": "mean"}, {"epochs": 9}, {"metric": "val_loss"}):
        with refused("tpe is stored for TableObjective.*give a function that searches"):
            stored_history(TableObjective("digits", **settings), "tpe")
    with refused("method='tppe'.*Did you mean 'tpe'"):
        stored_history(TableObjective("digits"), "tppe")


def test_computing_histories_goes_on_and_keeps_other_methods(digits, tmp_path, monkeypatch):
    monkeypatch.setattr("tools.tables.histories._BLOCK", 2)
    short = {m: METHODS[m]._replace(evaluations=12) for m in ("genetic", "hyperband")}
    for method, entry in short.items():
        monkeypatch.setitem(METHODS, method, entry)
    there = {"repeats": 4, "output": tmp_path / "t.npz", "work": tmp_path / "work"}
    compute_histories("digits", ["genetic"], **there)
    before = (tmp_path / "t.npz").read_bytes()
    searched = []
    monkeypatch.setattr("tools.tables.histories.search_once", lambda *given: searched.append(given))
    compute_histories("digits", ["genetic"], **there)
    assert searched == []
    assert (tmp_path / "t.npz").read_bytes() == before
    monkeypatch.undo()
    monkeypatch.setitem(METHODS, "hyperband", short["hyperband"])
    compute_histories("digits", ["hyperband"], **there)
    with np.load(tmp_path / "t.npz") as file:
        assert file["genetic_index"].shape == file["hyperband_index"].shape == (4, 12)
        assert file["genetic_epochs"].shape == (1, 12)  # the same in every repeat


def test_searches_that_do_not_ship_are_found_beside_the_table(digits, tmp_path, monkeypatch):
    shipped, folder = histories_path("digits"), tmp_path / "tables"
    folder.mkdir()
    shutil.copy(shipped, folder)
    monkeypatch.setattr("hpotutor.tabular.histories.FOLDER", folder)
    monkeypatch.setitem(METHODS, "bohb", METHODS["bohb"]._replace(evaluations=80))
    try:
        path = compute_histories("digits", ["bohb"], repeats=2, work=tmp_path / "work")
        assert path == folder / "digits_own_histories.npz"
        assert (folder / shipped.name).read_bytes() == shipped.read_bytes()
        assert stored_history(digits, "bohb").index.shape == (2, 80)
        assert list(compare(["bohb", "tpe"], digits, trials=3, repeats=2).methods) == [
            "bohb",
            "tpe",
        ]
        shutil.copy(shipped, path)  # of an earlier version, say
        open_histories.cache_clear()
        with refused("tools/tables/histories.py.* stores more"):
            stored_history(digits, "bohb")
    finally:
        open_histories.cache_clear()


def test_all_histories_together_are_small():
    assert sum(histories_path(name).stat().st_size for name in NAMES) <= 3.5e6


# ── comparing ────────────────────────────────────────────────────────────────────────────────
def test_a_function_is_compared_like_a_stored_search(digits):
    def genetic(objective, space, *, trials, seed):
        return ht.genetic_search(objective, space, trials=trials, seed=seed, progress=False)

    race = compare({"live": genetic, "stored": "genetic"}, digits, trials=20, repeats=4)
    live, stored = (race.replays[name] for name in ("live", "stored"))
    for part in ("best", "test", "regret", "seconds"):
        # The log keeps seconds as 64-bit numbers, the table as 32-bit ones.
        np.testing.assert_allclose(getattr(live, part), getattr(stored, part), rtol=1e-6)


def test_equal_budgets_count_epochs(digits):
    race = compare(["random", "hyperband"], digits, trials=20, repeats=50)
    assert race.replays["random"].best.shape == (50, 20)
    assert race.replays["hyperband"].best.shape[1] > 60
    for found in race.replays.values():
        assert found.epochs.max() <= 20 * 30


def test_statistics_agree_with_direct_ones():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(401, 3))
    for statistic in ("median", "iqm"):
        center, low, high = summarize(values, statistic)
        ordered = np.sort(values, axis=0)
        expected = np.median(values, axis=0) if statistic == "median" else ordered[100:301].mean(0)
        np.testing.assert_allclose(center, expected)
        drawn = np.sort(values[rng.integers(0, 401, (2000, 401))], axis=1)
        direct = drawn[:, 200] if statistic == "median" else drawn[:, 100:301].mean(axis=1)
        np.testing.assert_allclose(low, np.quantile(direct, 0.025, axis=0), atol=0.04)
        np.testing.assert_allclose(high, np.quantile(direct, 0.975, axis=0), atol=0.04)


def test_probability_counts_pairs_and_ties(digits):
    race = compare(["random", "grid"], digits, trials=16, repeats=60)
    reached = race.at(what="test")
    a, b = reached["random"], reached["grid"]
    direct = np.mean([(x > y) + 0.5 * (x == y) for x in a for y in b])
    found = race.probability("random", "grid", what="test")
    assert found.value == pytest.approx(direct)
    assert found.low <= found.value <= found.high
    assert race.probability("grid", "random", what="test").value == pytest.approx(1 - direct)
    # Less regret is better.
    assert race.probability("random", "grid").value == pytest.approx(
        np.mean([(x < y) + 0.5 * (x == y) for x in race.at()["random"] for y in race.at()["grid"]])
    )


def test_budget_to_a_target(digits):
    race = compare(["random"], digits, trials=40, repeats=300)
    target = float(np.median(race.at(20)["random"]))
    found = race.budget_to(target).loc["random"]
    assert 0.5 <= found["reached"] <= 1
    assert found["low"] <= found["median"] <= min(found["high"], 20)
    assert race.budget_to(-1.0).loc["random", "reached"] == 0
    assert race.budget_to(-1.0).loc["random", "median"] == math.inf


def test_curves_fall_and_end_at_the_summary(digits):
    race = compare(["random", "tpe"], digits, trials=30, repeats=200)
    for against in ("trials", "epochs", "seconds"):
        for method, curve in race.curves("regret", against).groupby("method"):
            assert (np.diff(curve["value"]) <= 1e-12).all(), method
            assert ((curve["low"] <= curve["value"]) & (curve["value"] <= curve["high"])).all()
    curve = race.curves()
    last = curve[curve["trials"] == 30].set_index("method")["value"]
    np.testing.assert_allclose(last[["random", "tpe"]], race.summary()["regret"])


def test_a_comparison_can_be_drawn_and_shown(digits):
    race = compare(["random", "hyperband"], digits, trials=10, repeats=50)
    for against in ("trials", "epochs", "seconds"):
        reading = ht.plots.race(race.values(), cost=race.cost(against), against=against)
        assert "hyperband" in reading
    assert "50 repeats after 10 trainings" in race._repr_html_()


def test_bad_arguments_of_compare_are_told_at_once(digits):
    told = [
        f"{name}="
        for name in ("searches", "objective", "trials", "repeats", "statistic", "confidence")
    ]
    with refused(*told):
        compare({}, "digits", trials=0, repeats=2.5, statistic="mean", confidence=95)
    with refused("repeats=1000, trials=100"):
        compare(["tpe"], digits, trials=500, repeats=3000)


# ── the science, with wide margins ───────────────────────────────────────────────────────────
def test_59_random_trials_reach_the_best_5_percent_95_times_in_100(objective):
    history = random_history(objective, trials=59, repeats=10_000, seed=1)
    reached = objective.ranks()[history.index].min(axis=1) < 0.05
    assert reached.mean() == pytest.approx(0.95, abs=0.01)


def test_random_search_beats_a_grid_of_equal_budget(digits):
    race = compare(["grid", "random"], digits, trials=64, repeats=1000)
    assert race.probability("random", "grid").low > 0.55


def test_tpe_beats_random_search_by_50_trials(digits):
    race = compare(["random", "tpe"], digits, trials=50, repeats=1000)
    assert race.probability("tpe", "random").low > 0.55


def test_where_the_top_is_flat_no_method_stands_out():
    # On breast cancer the seed moves a score by more than what separates the best tenth of all
    # configurations, so that by 50 trainings most searches end alike.
    table = TableObjective("breast_cancer", quiet=True)
    runs = table.table.val_accuracy[:, :, -1]
    best = np.argsort(table.ranks())[: len(runs) // 10]
    assert np.ptp(table.truth[best]) < 2 * runs[best].std(axis=1, ddof=1).mean()
    race = compare(["grid", "random", "tpe"], table, trials=50, repeats=1000)
    for method in ("grid", "tpe"):
        assert 0.4 < race.probability(method, "random").value < 0.6


def test_hyperband_needs_fewer_epochs_than_random_search(objective):
    race = compare(["random", "hyperband"], objective, trials=40, repeats=1000)
    target = float(np.median(race.at()["random"]))
    found = race.budget_to(target, against="epochs")["median"]
    assert found["hyperband"] < 0.8 * found["random"]

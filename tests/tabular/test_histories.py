"""Replays and comparisons on a table that was made up: each number by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import DataError
from hpotutor.tabular import histories
from hpotutor.tabular.comparison import compare
from hpotutor.tabular.histories import (
    History,
    grid_history,
    grid_levels,
    history_of,
    random_history,
    replay,
    runs_met,
)
from hpotutor.tabular.objective import TableObjective, draw_runs
from tests.messages import refused
from tests.small_table import branched_table, small_table
from tools.tables.store import write

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


def test_a_table_of_a_single_epoch_is_replayed_too():
    one = {
        n: getattr(TABLE, n)[:, :, :1] for n in ("val_correct", "test_correct", "loss", "val_loss")
    }
    asked = TableObjective(dataclasses.replace(TABLE, **one), quiet=True)
    found = replay(asked, History(np.array([[3, 0]]), np.array([[1, 0]]), np.array([[2, 0]])))
    assert found.value[0, 0] == TABLE.val_correct[3, 2, 0] / 200 and math.isnan(found.value[0, 1])


def test_before_anything_is_found_regret_is_that_of_the_worst():
    table = dataclasses.replace(TABLE, diverged=np.where(np.arange(96)[:, None] == 5, 1, 0))
    asked = TableObjective(table, quiet=True)
    found = replay(asked, History(np.array([[5, 6]]), np.full((1, 2), 27), np.zeros((1, 2), int)))
    assert math.isnan(found.best[0, 0]) and math.isnan(found.test[0, 0])
    assert found.regret[0, 0] == asked.truth.max() - asked.truth.min()
    assert found.regret[0, 1] == asked.truth.max() - asked.truth[6]
    assert found.epochs[0].tolist() == [1, 28]  # it was stopped after the first


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


# ── stored searches ──────────────────────────────────────────────────────────────────────────
@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Let histories of the made-up table be looked for in an empty folder."""
    monkeypatch.setattr(histories, "FOLDER", tmp_path)
    histories.open_histories.cache_clear()
    yield tmp_path
    histories.open_histories.cache_clear()


def keep(path, checksum=TABLE.checksum, **methods):
    about = {"format": 1, "table": checksum, "methods": dict.fromkeys(methods, "told")}
    arrays = {f"{name}_index": np.array(index) for name, index in methods.items()}
    arrays |= {f"{name}_epochs": np.full((1, a.shape[1]), 27) for name, a in
               zip(methods, list(arrays.values()), strict=True)}  # fmt: skip
    write(path, about, arrays)


def test_stored_searches_are_met_as_a_search_of_their_seed_would(folder):
    index = np.arange(12).reshape(3, 4) % 5
    keep(folder / "made up_histories.npz", tpe=index)
    found = histories.stored_history(objective(), "tpe")
    assert found.index.tolist() == index.tolist() and found.epochs.tolist() == [[27] * 4] * 3
    for seed, row in enumerate(index):
        own = objective(seed=seed)
        met = [own.evaluate(TABLE.params_at(int(number))) for number in row]
        assert found.run[seed].tolist() == [e.seed for e in met]
    race = compare(["tpe", "random"], objective(), trials=4, repeats=2)
    assert [part.shape for part in race.values().values()] == [(2, 4), (2, 4)]
    assert compare(["tpe"], objective(), trials=4, repeats=3).replays["tpe"].best.shape == (3, 4)
    for asked in ({"trials": 5, "repeats": 3}, {"trials": 4, "repeats": 4}):
        typed = "Type repeats=3, trials=4, or give a function that searches"
        with refused(f"^compare: 'tpe' is stored for 3 repeats of 4 trainings. {typed}"):
            compare(["tpe"], objective(), **asked)
    with refused("Type repeats=2, trials=4"):
        compare(["tpe"], objective(), trials=9, repeats=2)
    with refused("Type repeats=3, trials=2"):
        compare(["tpe"], objective(), trials=2, repeats=9)


def test_what_ships_has_the_last_word_on_what_was_computed_here(folder):
    keep(folder / "made up_histories.npz", tpe=[[1, 2]], gp=[[3, 4]])
    keep(folder / "made up_own_histories.npz", tpe=[[5, 6]], bohb=[[7, 8]])
    about, arrays = histories.open_histories(TABLE)
    assert set(about["methods"]) == {"tpe", "gp", "bohb"}
    assert [arrays[f"{m}_index"].tolist() for m in ("tpe", "gp", "bohb")] == [
        [[1, 2]], [[3, 4]], [[7, 8]],
    ]  # fmt: skip
    assert histories.histories_path("made up") == folder / "made up_histories.npz"


def test_stored_searches_are_of_the_plain_objective_and_the_same_table(folder):
    keep(folder / "made up_histories.npz", tpe=[[1, 2]])
    told = r"^stored_history: tpe is stored for TableObjective\('made up'\) as it is"
    for settings in (
        {"noise": False}, {"epochs": 9}, {"defaults": {"units": 8}}, {"metric": "val_loss"},
    ):  # fmt: skip
        with refused(told):
            histories.stored_history(objective(**settings), "tpe")
    with refused("method='gp' is not allowed.*'tpe'", "tools/tables/histories.py, in the project"):
        histories.stored_history(objective(), "gp")
    keep(folder / "made up_own_histories.npz", checksum="another", gp=[[1, 2]])
    histories.open_histories.cache_clear()
    with refused("^made up_own_histories.npz was computed on another", error=DataError):
        histories.stored_history(objective(), "tpe")


# ── searches that need not see a score ───────────────────────────────────────────────────────
BRANCHED = branched_table()


def test_random_searches_meet_what_a_kind_has_as_often_as_the_kind():
    history = random_history(TableObjective(BRANCHED), trials=40, repeats=100)
    counts = np.bincount(history.index.ravel(), minlength=10)
    assert counts[:4] == pytest.approx(500, abs=90) and counts[4:] == pytest.approx(333, abs=75)
    for name, value, numbers in (
        ("kind", "conv", range(4, 10)),
        ("filters", 8, (0, 1, 2, 3, 8, 9)),
    ):
        fixed = TableObjective(BRANCHED, defaults={name: value})
        for make in (random_history, grid_history):
            drawn = make(fixed, trials=8, repeats=50)
            assert set(drawn.index[drawn.epochs > 0]) == set(numbers)


def test_each_repeat_meets_runs_of_its_own_and_other_seeds_others():
    for make in (random_history, grid_history):
        history = make(objective(), trials=5, repeats=4, seed=3)
        for repeat in range(4):
            own = objective(seed=3 * 1_000_003 + repeat)
            met = [
                own.evaluate(TABLE.params_at(int(i)), int(e) or None).seed
                for i, e in zip(history.index[repeat], history.epochs[repeat], strict=True)
            ]
            there = history.epochs[repeat] > 0
            assert history.run[repeat][there].tolist() == np.array(met)[there].tolist()


def test_one_question_may_be_asked_hundreds_of_times():
    index, epochs = np.arange(300)[None] % 2, np.full((1, 300), 27)
    own = objective(seed=1)
    met = [own.evaluate(TABLE.params_at(int(number))).seed for number in index[0]]
    assert runs_met(np.array([1]), index, epochs, 4)[0].tolist() == met
    apart = np.array([[0, 1000]]), np.array([[5, 4]])  # of a large table
    assert runs_met(np.array([1]), *apart, 256)[0].tolist() == [
        int(draw_runs(1, number, 0, 256)) for number in (0, 1000)
    ]


@pytest.mark.parametrize(
    ("trials", "counts"),
    [
        (1, {"kind": 1, "units": 1, "filters": 1, "rate": 1}),
        (2, {"kind": 1, "units": 2, "filters": 2, "rate": 1}),
        (3, {"kind": 2, "units": 1, "filters": 2, "rate": 1}),
        (5, {"kind": 2, "units": 2, "filters": 3, "rate": 1}),
        (10, {"kind": 2, "units": 2, "filters": 3, "rate": 2}),
        (99, {"kind": 2, "units": 2, "filters": 3, "rate": 2}),
    ],
)
def test_a_grid_of_kinds_counts_what_each_has(trials, counts):
    asked = TableObjective(BRANCHED)
    assert grid_levels(asked, trials) == counts
    history = grid_history(asked, trials=trials, repeats=20)
    assert history.index.shape == (20, trials)
    for row, epochs in zip(history.index, history.epochs, strict=True):
        there = row[epochs > 0]
        assert 1 <= len(set(there)) == len(there) <= trials
        assert (epochs[: len(there)] == 4).all() and (epochs[len(there) :] == 0).all()
        assert trials < 10 or sorted(there) == list(range(10))


def test_levels_of_a_grid_are_even_and_each_is_met():
    asked = objective(defaults={"optimizer": "adam", "dropout": 0.0})
    assert grid_levels(asked, 4) == {"learning_rate": 2, "units": 2}
    history = grid_history(asked, trials=4, repeats=200)
    columns = TABLE.columns()
    for name in ("learning_rate", "units"):
        levels = sorted(set(columns[name]))
        met = [sorted({levels.index(columns[name][i]) for i in row}) for row in history.index]
        assert {tuple(pair) for pair in met} == {(0, 2), (1, 3)}  # half of the axis apart
        assert 60 < sum(pair == [0, 2] for pair in met) < 140
    kinds = objective(defaults={"learning_rate": 0.1, "units": 8, "dropout": 0.0})
    one = grid_history(kinds, trials=1, repeats=200)
    assert 60 < (TABLE.columns()["optimizer"][one.index[:, 0]] == "sgd").sum() < 140

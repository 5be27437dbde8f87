"""Thousands of searches replayed from a table, as arrays: what each asked, met and spent."""

import functools
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hpotutor.errors import ArgumentError, DataError, Problems
from hpotutor.study.result import SearchResult
from hpotutor.tabular import _npz
from hpotutor.tabular.objective import TableObjective, draw_runs
from hpotutor.tabular.table import FOLDER, Table

HISTORIES_FORMAT = 1


class History(NamedTuple):
    """What many repeats of a search asked, in order: whole numbers of shape (repeats, trials).

    ``index`` are configuration numbers of the table, ``epochs`` those asked for (0 where a search
    had ended), and ``run`` tells which stored run answered.
    """

    index: np.ndarray  # type: ignore[assignment] # the numbers, not tuple's method
    epochs: np.ndarray
    run: np.ndarray


class Replay(NamedTuple):
    """What the searches of a history saw and spent; each array has shape (repeats, trials).

    ``value`` is each evaluation's score (accuracy, or a loss; NaN where it diverged or nothing was
    asked), ``best`` the best so far, ``test`` the accuracy of that network on the test rows.
    ``regret`` is how far its configuration stays behind the best one of the table, both trained in
    full, by the mean of all runs; it is never negative. ``trials``, ``epochs`` and ``seconds`` had
    been spent: in trainings of full length, in epochs, in seconds of ``Model.fit``.
    """

    value: np.ndarray
    best: np.ndarray
    test: np.ndarray
    regret: np.ndarray
    trials: np.ndarray
    epochs: np.ndarray
    seconds: np.ndarray


def replay(objective: TableObjective, history: History) -> Replay:
    """Look up what the searches of a history saw and spent.

    The objective decides the table, the metric, and what a full training is.
    """
    table, index = objective.table, history.index
    asked = history.epochs > 0
    epochs = np.where(asked, history.epochs, 1)
    run = None if objective.seed == "mean" else history.run
    died = table.died(index, run, epochs)
    value = np.where(asked & (died == 0), table.read(objective.metric, index, run, epochs), np.nan)
    test = table.read("test_accuracy", index, run, epochs)
    sign = 1.0 if objective.direction == "maximize" else -1.0
    score = np.where(np.isnan(value), -np.inf, sign * value)
    best = np.maximum.accumulate(score, axis=1)
    # The first of equals is the incumbent, as in SearchResult.
    rose = best > np.pad(best[:, :-1], ((0, 0), (1, 0)), constant_values=-np.inf)
    position = np.where(rose, np.arange(score.shape[1]), 0)
    incumbent = np.maximum.accumulate(position, axis=1)
    chosen = np.take_along_axis(index, incumbent, axis=1)
    truth = sign * objective.truth
    none = np.isinf(best)
    # Nothing found yet is as bad as the worst there is.
    regret = truth.max() - np.where(none, truth.min(), truth[chosen])
    spent = np.where(asked, np.where(died > 0, died, epochs), 0)
    seconds = np.where(asked, table.start_seconds[index], 0.0) + spent * table.epoch_seconds[index]
    return Replay(
        value=value,
        best=np.where(none, np.nan, sign * best),
        test=np.where(none, np.nan, np.take_along_axis(test, incumbent, axis=1)),
        regret=regret,
        trials=np.cumsum(history.epochs / objective.epochs, axis=1),
        epochs=np.cumsum(spent, axis=1),
        seconds=np.cumsum(seconds, axis=1),
    )


# ── searches that need not see a score ───────────────────────────────────────────────────────
def random_history(
    objective: TableObjective, *, trials: int, repeats: int = 1000, seed: int = 0
) -> History:
    """Return random searches: every level is equally probable at every trial, where it exists.

    Bergstra and Bengio (2012), https://jmlr.org/papers/v13/bergstra12a.html.
    """
    rng, table, defaults = np.random.default_rng(seed), objective.table, objective.defaults
    # In the product of all levels, the numbers that have the objective's defaults.
    numbers = np.arange(math.prod(table.shape)).reshape(table.shape)
    kept = [a.nearest(defaults[a.name]) if a.name in defaults else slice(None) for a in table.axes]
    index = table.places[rng.choice(numbers[tuple(kept)].ravel(), (repeats, trials))]
    return _answered(objective, index, np.full_like(index, objective.epochs), seed)


def grid_history(
    objective: TableObjective, *, trials: int, repeats: int = 1000, seed: int = 0
) -> History:
    """Return grid searches of so many levels as :func:`grid_levels` says, in random order.

    Where a grid's levels fall is luck, so each repeat places them anew: evenly spaced over the
    table's levels for numbers, drawn for categories. One with fewer points than trials ends early.
    """
    counts = grid_levels(objective, trials)
    rng = np.random.default_rng(seed)
    index = np.zeros((repeats, 1), int)
    for axis in objective.table.axes:  # the last axis varies fastest
        most, count = len(axis.levels), counts.get(axis.name, 1)
        if axis.name in objective.defaults:
            chosen = np.full((repeats, 1), axis.nearest(objective.defaults[axis.name]))
        elif axis.scale == "category":
            chosen = rng.permuted(np.tile(np.arange(most), (repeats, 1)), axis=1)[:, :count]
        else:
            offset = rng.random((repeats, 1))
            chosen = ((np.arange(count) + offset) * most / count).astype(int)
        index = (index[:, :, None] * most + chosen[:, None, :]).reshape(repeats, -1)
    index = rng.permuted(objective.table.places[index], axis=1)
    # Points that differ in what does not exist are one.
    order = np.argsort(index, axis=1, kind="stable")
    ranked = np.take_along_axis(index, order, axis=1)
    again = np.zeros(index.shape, bool)
    np.put_along_axis(again, order, np.diff(ranked, axis=1, prepend=-1) == 0, axis=1)
    order = np.argsort(again, axis=1, kind="stable")[:, :trials]
    index = np.take_along_axis(index, order, axis=1)
    epochs = np.where(np.take_along_axis(again, order, axis=1), 0, objective.epochs)
    missing = ((0, 0), (0, trials - index.shape[1]))
    index, epochs = np.pad(index, missing), np.pad(epochs, missing)
    return _answered(objective, index, epochs, seed)


def grid_levels(objective: TableObjective, trials: int) -> dict[str, int]:
    """Return the largest grid of at most ``trials`` points whose axes are about equally fine."""
    sizes = {a.name: len(a.levels) for a in objective.table.axes if a.name in objective.space}
    counts = dict.fromkeys(sizes, 1)
    branches, parents = [free for _, free in objective.space.branches()], objective.space.parents

    def points(counts: dict[str, int]) -> int:
        """Return how many points the grid has, in the largest of the branches that it visits."""
        each = sorted((math.prod(counts[n] for n in free) for free in branches), reverse=True)
        return sum(each[: math.prod(counts[name] for name in parents)])

    # The finest axes first: that is where a grid has most to see.
    by_size = sorted(sizes, key=sizes.__getitem__, reverse=True)
    for _ in range(max(sizes.values())):
        for name in by_size:
            more = points({**counts, name: counts[name] + 1})
            if counts[name] < sizes[name] and more <= trials:
                counts[name] += 1
    return counts


def _answered(
    objective: TableObjective, index: np.ndarray, epochs: np.ndarray, seed: int
) -> History:
    """Return a history with the runs that an objective of its own would give each repeat."""
    if not objective.noise:
        run = np.full_like(index, 0 if objective.seed == "mean" else objective.seed)
        return History(index, epochs, run)
    seeds = np.uint64(seed) * np.uint64(1_000_003) + np.arange(len(index), dtype=np.uint64)
    return History(index, epochs, runs_met(seeds, index, epochs, objective.table.seeds))


def runs_met(seeds: np.ndarray, index: np.ndarray, epochs: np.ndarray, runs: int) -> np.ndarray:
    """Return which of the stored ``runs`` answers each question of noisy objectives.

    Their ``seeds``, those of ``TableObjective(seed=...)``, have shape (repeats,); ``index`` and
    ``epochs``, the questions in order, (repeats, trials).
    """
    key = index.astype(np.int64) * 1000 + epochs
    order = np.argsort(key, axis=1, kind="stable")
    ranked = np.take_along_axis(key, order, axis=1)
    positions = np.broadcast_to(np.arange(key.shape[1]), key.shape)
    new = np.diff(ranked, axis=1, prepend=-1) != 0
    start = np.maximum.accumulate(np.where(new, positions, 0), axis=1)
    times = np.empty_like(key)
    np.put_along_axis(times, order, positions - start, axis=1)
    return draw_runs(np.asarray(seeds)[:, None], index, times, runs).astype(np.uint8)


# ── searches that learn from scores: computed once, stored ───────────────────────────────────
def stored_history(objective: TableObjective, method: str) -> History:
    """Return the stored repeats of a method that learns from what it sees.

    Repeat r is what the method asks of ``TableObjective(name, seed=r)`` with ``seed=r``; which
    methods there are, and how each was called, tells ``hpotutor table info``. For more, such as
    ``"bohb"``, run ``tools/tables/histories.py``. The objective must be as it was searched: noisy,
    all hyperparameters, full length, validation accuracy.

    ArgumentError: there is no history of the method, or it was computed for another objective.

    DataError: the file is damaged, or belongs to another table.
    """
    table = objective.table
    about, arrays = open_histories(table)
    with Problems("stored_history") as problems:
        if not problems.choice("method", method, list(about["methods"])):
            problems.lines[-1] += " tools/tables/histories.py, in the project, stores more of them."
        usual = objective.noise and objective.epochs == table.epochs and not objective.defaults
        if not usual or objective.metric != "val_accuracy":
            problems.say(
                f"{method} is stored for TableObjective({table.name!r}) as it is without further "
                "arguments. For others, give a function that searches, for instance "
                "lambda objective, space, trials, seed: ht.bayesian_search(...)."
            )
    index = arrays[f"{method}_index"]
    epochs = np.broadcast_to(arrays[f"{method}_epochs"], index.shape)
    return History(index, epochs, runs_met(np.arange(len(index)), index, epochs, table.seeds))


@functools.lru_cache(maxsize=4)
def open_histories(table: Table) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what is stored about a table's histories, and their arrays."""
    command = f"python tools/tables/histories.py {table.name}"
    about, arrays = dict[str, Any](methods={}), dict[str, np.ndarray]()
    # What was computed here, then what ships, which has the last word.
    if not (paths := sorted(FOLDER.glob(f"{table.name}_*histories.npz"), reverse=True)):
        raise ArgumentError(
            f"stored_history: There are no histories for the {table.name} table. Give functions "
            f"that search, or type, in the project's folder: {command}."
        )
    for path in paths:
        told, stored, _ = _npz.read(path, [], HISTORIES_FORMAT, command)
        if told["table"] != table.checksum:
            raise DataError(
                f"{path.name} was computed on another version of the {table.name} table. Type "
                f"{command} to compute it anew."
            )
        about["methods"] |= told["methods"]
        arrays |= stored
    return about, arrays


def histories_path(name: str) -> Path:
    """Return the file of a table's histories."""
    return FOLDER / f"{name}_histories.npz"


def history_of(objective: TableObjective, results: Iterable[SearchResult]) -> History:
    """Return finished searches on a table as a history, a repeat each; shorter ones end early."""
    asked = [[e for e in result.evaluations if e.epochs] for result in results]
    cells = np.zeros((3, len(asked), max(map(len, asked), default=0)), int)
    for repeat, evaluations in enumerate(asked):
        for trial, e in enumerate(evaluations):
            cells[:, repeat, trial] = objective.index_of(e.params), e.epochs, e.seed or 0
    return History(*cells)

"""Repeat the searches that learn from scores on a table, once, to be shipped with it.

    python tools/tables/histories.py digits [--methods tpe ...] [--repeats 1000]

It goes on where it was stopped; the Gaussian process alone takes about an hour. For signals it is
stored for 500 repeats, with `--methods gp --repeats 500`. Methods that do not ship, such as bohb
(a second or two each), go into a file of their own beside the table, which git ignores; there
`ht.compare` and `stored_history` find them.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from tqdm.auto import tqdm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor._system import versions
from hpotutor._validation import check_count
from hpotutor.cli import exit_status
from hpotutor.errors import Problems, StopSearch
from hpotutor.objectives.base import Evaluation, OnEpoch, Params
from hpotutor.search import bayesian, genetic, hyperband
from hpotutor.search.backends import DryRunRecorder, Loop, Options
from hpotutor.study.recorder import finite_score
from hpotutor.tabular import _npz
from hpotutor.tabular.histories import HISTORIES_FORMAT, histories_path, open_histories
from hpotutor.tabular.objective import TableObjective
from hpotutor.tabular.table import Table, open_table
from tools.tables.store import whole, write

REPEATS = 1000
_BLOCK = 50  # repeats that are stored together in the folder for finished work


class Method(NamedTuple):
    """A search whose repeats are stored: how a learner would call it, and for how long."""

    call: str
    evaluations: int
    loop: Loop
    options: Options


def compute_histories(
    name: str,
    methods: list[str] | None = None,
    *,
    repeats: int = REPEATS,
    output: str | os.PathLike | None = None,
    work: str | os.PathLike | None = None,
) -> Path:
    """Run every method again and again on a table, and store which configurations it asked for.

    Parameters
    ----------
    name : {"digits", "breast_cancer", "signals"} or path
        The table.
    methods : list of str, optional
        Of ``METHODS``; ``SHIPPED`` by default. Others that are stored already are kept.
    repeats : int, default 1000
        Repeat r searches ``TableObjective(name, seed=r)`` with ``seed=r``.
    output : path, optional
        Where to write; beside the table by default: what ships, and else into a file of its own.
    work : path, optional
        A folder for finished repeats, ``runs/histories-<name>`` by default, from which a
        computation that was stopped goes on.

    Returns
    -------
    Path
        The file.
    """
    problems = Problems("compute_histories")
    for method in methods or []:
        problems.choice("methods", method, METHODS)
    check_count(problems, "repeats", repeats, optional=True)
    problems.raise_if_any()
    table = open_table(name)
    path = Path(output) if output is not None else histories_path(table.name)
    if output is None and not {*(methods or SHIPPED)} <= {*SHIPPED}:
        path = path.with_name(f"{table.name}_own_histories.npz")
    folder = Path(work) if work is not None else Path("runs") / f"histories-{table.name}"
    folder.mkdir(parents=True, exist_ok=True)
    about, arrays = _kept(path, table)
    for method in methods or SHIPPED:
        index, epochs = _repeats(table, method, repeats, folder)
        arrays[f"{method}_index"] = index.astype("<u2")
        # Most methods ask for the same epochs in every repeat: one row is enough.
        same = bool((epochs == epochs[0]).all())
        arrays[f"{method}_epochs"] = (epochs[:1] if same else epochs).astype("u1")
        about["methods"][method] = METHODS[method].call
    write(path, about, arrays)
    open_histories.cache_clear()
    return path


def _kept(path: Path, table: Table) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return what of an older file still holds, and what there is to say about the new one."""
    about: dict[str, Any] = {
        "format": HISTORIES_FORMAT,
        "table": table.checksum,
        "command": f"python tools/tables/histories.py {table.name}",
        "methods": {},
    }
    arrays: dict[str, np.ndarray] = {}
    if path.exists():
        old, stored, _ = _npz.read(path, [], HISTORIES_FORMAT, about["command"])
        if old["table"] == table.checksum:
            arrays, about["methods"] = stored, old["methods"]
    about["versions"], about["date"] = versions(), datetime.date.today().isoformat()
    return about, arrays


def _repeats(
    table: Table, method: str, repeats: int, folder: Path
) -> tuple[np.ndarray, np.ndarray]:
    """Return index and epochs of all repeats of one method, each (repeats, evaluations)."""
    blocks = []
    with tqdm(total=repeats, unit="search", desc=f"{table.name}: {method}") as bar:
        for start in range(0, repeats, _BLOCK):
            seeds = range(start, min(start + _BLOCK, repeats))
            path = folder / f"{table.checksum[:8]}-{method}-{start:05d}-{len(seeds)}.npy"
            if not path.exists():
                searches = []
                for seed in seeds:
                    searches.append(search_once(table, method, seed))
                    bar.update()
                with whole(path) as file:
                    np.save(file, np.array(searches, np.uint16))
            else:
                bar.update(len(seeds))
            blocks.append(np.load(path, allow_pickle=False))
    found = np.concatenate(blocks)
    return found[:, 0], found[:, 1]


def search_once(table: Table, method: str, seed: int) -> np.ndarray:
    """Run one repeat of a method.

    Returns
    -------
    array of int, shape (2, evaluations)
        Configuration numbers, and epochs asked for.
    """
    chosen = METHODS[method]
    recorder = TracingRecorder(TableObjective(table, seed=seed, quiet=True), chosen.evaluations)
    with contextlib.suppress(StopSearch):
        chosen.loop(recorder, seed, chosen.options)
    return np.array(recorder.asked).T


class TracingRecorder(DryRunRecorder):
    """Stands in for a recorder: answers from a table and notes what was asked, nothing else.

    Without a log, a search of a hundred trials takes a tenth of the time.
    """

    def __init__(self, objective: TableObjective, trials: int) -> None:
        super().__init__(objective, objective.space, trials)
        self._worst: float | None = None

    def answer(self, params: Params, epochs: int | None, on_epoch: OnEpoch | None) -> Evaluation:
        evaluation = self.objective.evaluate(params, epochs, on_epoch=on_epoch)
        asked = self.objective.epochs if epochs is None else epochs
        self.asked.append((self.objective.index_of(params), asked))
        if math.isfinite(evaluation.value):
            score = self.score(evaluation)
            self._worst = score if self._worst is None else min(self._worst, score)
        return evaluation

    def score(self, evaluation: Evaluation) -> float:
        """Return what :meth:`hpotutor.Recorder.score` would."""
        return finite_score(evaluation, self.objective.direction, self._worst)


# ── the methods, each with its options by default ────────────────────────────────────────────
_STARTUP = {"startup": None}
_GP = {"startup": None, "acquisition": "expected_improvement", "xi": 0.01, "kappa": 2.0}
_GENETIC = {
    "population": 10,
    "elite": 2,
    "tournament": 3,
    "crossover": 0.9,
    "mutation": None,
    "regularized": False,
}


def _hyperband(recorder: TracingRecorder, seed: int, options: Options) -> None:
    budget = {"epochs": recorder.objective.epochs, "candidates": "random"}
    hyperband.LOOPS["plain"](recorder, seed, {**budget, **options})


METHODS = {
    "tpe": Method(
        'bayesian_search(library="optuna", trials=100)', 100, bayesian.LOOPS["optuna"], _STARTUP
    ),
    "nsga2": Method(
        'genetic_search(library="optuna", trials=100)', 100, genetic.LOOPS["optuna"], _GENETIC
    ),
    "genetic": Method("genetic_search(trials=100)", 100, genetic.LOOPS["plain"], _GENETIC),
    "hyperband": Method(
        "hyperband_search(trials=480)", 480, _hyperband, {"eta": 3, "bracket": None}
    ),
    "bohb": Method(
        'hyperband_search(sampler="tpe", trials=480)',
        480,
        _hyperband,
        {"eta": 3, "bracket": None, "candidates": "tpe"},
    ),
    "hyperopt": Method(
        'bayesian_search(library="hyperopt", trials=100)', 100, bayesian.LOOPS["hyperopt"], _STARTUP
    ),
    "gp": Method('bayesian_search(library="gp", trials=30)', 30, bayesian.LOOPS["gp"], _GP),
}


# What `python tools/tables/histories.py` computes unless told otherwise.
SHIPPED = ("tpe", "nsga2", "genetic", "hyperband", "gp")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Repeat the searches that learn; resumable.")
    parser.add_argument("name", help="digits, breast_cancer or signals")
    parser.add_argument("--methods", nargs="+", help=f"by default {' '.join(SHIPPED)}")
    parser.add_argument("--repeats", type=int, default=REPEATS, help="repeats of each search")
    parser.add_argument("--output", help="the file to write; by default the shipped one")
    parser.add_argument("--work", help="folder for finished parts; by default under runs")
    chosen = parser.parse_args(arguments)
    path = compute_histories(
        chosen.name,
        chosen.methods,
        repeats=chosen.repeats,
        output=chosen.output,
        work=chosen.work,
    )
    print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    sys.exit(exit_status(main))

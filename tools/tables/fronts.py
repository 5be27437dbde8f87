"""Repeat searches with two goals on the tables, once, for lesson 12.

    python tools/tables/fronts.py [signals] [digits] [--methods nsga2 ...] [--repeats 1000]

Each repeat asks for 100 trainings and is told their validation accuracy and the logarithm of their
number of weights. Stored are hypervolumes after 25, 50 and 100 trainings, in ten-thousandths of
that of the table's own front: of the front as the search saw it, and of the same settings by the
mean of all stored runs. It goes on where it was stopped. TPE takes about a second a search.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import optuna

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor.study import efficient, hypervolume
from hpotutor.study.storage import quiet_optuna
from hpotutor.tabular.objective import TableObjective, draw_runs

FILE = ROOT / "hpotutor" / "datasets" / "data" / "fronts.json"
SCRATCH = ROOT / "runs" / "fronts"
TABLES, REPEATS = ("signals", "digits"), 1000
BUDGETS = (25, 50, 100)  # trainings
WAYS = ["maximize", "minimize"]  # accuracy, logarithm of the weights
SAMPLERS: dict[str, Callable[[int], Any]] = {
    "nsga2": lambda seed: optuna.samplers.NSGAIISampler(population_size=10, seed=seed),
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
}
METHODS = ("random", *SAMPLERS)
_BLOCK = 10  # repeats that are written together


class Goals(NamedTuple):
    """A table with its two goals: what a search meets, and what is true."""

    objective: TableObjective
    size: np.ndarray  # log10 of the weights, shape (configurations,)
    truth: np.ndarray  # accuracy, the mean of all stored runs
    corner: tuple[float, float]  # the accuracy of guessing, and the largest network
    whole: float  # hypervolume of the table's own front


def goals_of(name: str) -> Goals:
    """Return a table's goals and their hypervolume."""
    objective = TableObjective(name, quiet=True)
    size, truth = np.log10(objective.table.weights), objective.truth
    corner = 1 / objective.table.about["classes"], float(size.max())
    whole = hypervolume(np.column_stack([truth, size]), corner, WAYS)
    return Goals(objective, size, truth, corner, whole)


def search(goals: Goals, method: str, seed: int, trials: int = BUDGETS[-1]) -> np.ndarray:
    """Return which configurations a search asked for, and the accuracy that each gave.

    Array of shape (2, trials). A network that diverged counts as one that gets nothing right.
    """
    objective, table = goals.objective, goals.objective.table
    asked, found, met = [], [], dict[int, int]()
    if method == "random":  # draws as Optuna's sampler does, without its study
        drawn = np.random.default_rng(seed).choice(table.places, trials)
        again = [int((drawn[:place] == one).sum()) for place, one in enumerate(drawn)]
        runs = draw_runs(seed, drawn, again, table.seeds)
        right = table.read("val_accuracy", drawn, runs, table.epochs)
        return np.array([drawn, np.where(table.diverged[drawn, runs], 0.0, right)])
    with quiet_optuna():
        study = optuna.create_study(directions=WAYS, sampler=SAMPLERS[method](seed))
        for _ in range(trials):
            trial = study.ask()
            index = objective.index_of(objective.space.suggest(trial))
            met[index] = met.get(index, -1) + 1
            run = int(draw_runs(seed, index, met[index], table.seeds))  # as the objective draws
            died = table.diverged[index, run]
            accuracy = 0.0 if died else float(table.read("val_accuracy", index, run, table.epochs))
            study.tell(trial, [accuracy, float(goals.size[index])])
            asked.append(index)
            found.append(accuracy)
    return np.array([asked, found])


def volumes(goals: Goals, searched: np.ndarray) -> list[list[int]]:
    """Return the hypervolume after each budget: as it was seen, and by the mean of all runs."""
    asked, found = searched[0].astype(int), searched[1]
    shares = []
    for budget in BUDGETS:
        seen = np.column_stack([found, goals.size[asked]])[:budget]
        front = asked[:budget][efficient(seen, WAYS)]
        true = np.column_stack([goals.truth[front], goals.size[front]])
        pair = [hypervolume(points, goals.corner, WAYS) / goals.whole for points in (seen, true)]
        shares.append([round(10_000 * share) for share in pair])
    return shares


def repeat(name: str, method: str, repeats: int) -> list[list[list[int]]]:
    """Return the volumes of so many searches, those that a file of scratch holds first."""
    goals, file = goals_of(name), SCRATCH / f"{name}-{method}.jsonl"
    done = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
    while len(done) < repeats:
        seeds = range(len(done), min(len(done) + _BLOCK, repeats))
        block = [volumes(goals, search(goals, method, seed)) for seed in seeds]
        with file.open("a") as stream:
            stream.writelines(json.dumps(one) + "\n" for one in block)
        done += block
    return done[:repeats]


def store(**parts: Any) -> None:
    """Put parts into the file; what else it holds stays."""
    held = json.loads(FILE.read_text()) if FILE.exists() else {}
    lines = [f'"{name}": {json.dumps(part)}' for name, part in sorted({**held, **parts}.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Repeat searches with two goals on the tables.")
    parser.add_argument("tables", nargs="*", default=TABLES, choices=[*TABLES, TABLES])
    parser.add_argument("--methods", nargs="+", default=METHODS, choices=METHODS)
    parser.add_argument("--repeats", type=int, default=REPEATS)
    asked = parser.parse_args()
    SCRATCH.mkdir(parents=True, exist_ok=True)
    for method in asked.methods:
        for name in asked.tables:
            found = np.array(repeat(name, method, asked.repeats))  # repeats, budgets, seen and true
            part = {"budgets": BUDGETS, "seen": found[..., 0].T.tolist()}
            store(**{f"{name} {method}": {**part, "true": found[..., 1].T.tolist()}})
            print(name, method, len(found), found.mean(axis=0).round(0).tolist(), flush=True)


if __name__ == "__main__":
    main()

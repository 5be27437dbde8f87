"""A simulated clock: what W workers would have done, in microseconds instead of hours.

As in the simulated back end of Syne Tune (Salinas et al. 2022,
https://proceedings.mlr.press/v188/salinas22a.html): stored seconds decide which worker is free
next, and a method hears of a result only when its time has come.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import NamedTuple, Protocol

import numpy as np
import pandas as pd

from hpotutor.errors import Problems
from hpotutor.objective import Params
from hpotutor.search.hyperband import Bracket
from hpotutor.table_objective import TableObjective


class Job(NamedTuple):
    """A training to run: from how many epochs (0 is from scratch) to how many."""

    params: Params
    epochs: int
    done: int = 0


class Scheduler(Protocol):
    """A method that hands out jobs."""

    def ask(self) -> Job | None:
        """Return the next job; None when nothing can start before another result is in."""

    def tell(self, job: Job, value: float) -> None:
        """Hear a finished job's score; higher is better."""


def simulate(
    scheduler: Scheduler,
    objective: TableObjective,
    *,
    workers: int = 1,
    seconds: float | None = None,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Run a method on simulated workers, with the table's scores and seconds.

    Parameters
    ----------
    scheduler : Scheduler
        ``ask()`` and ``tell(job, value)``.
    objective : TableObjective
    workers : int, default 1
    seconds : float, optional
        No job starts after this simulated time.
    jobs : int, optional
        At most so many.

    Returns
    -------
    pandas.DataFrame
        A row a job in the order of their ends: worker, start, end (s), value, test_value, epochs
        (trained up to), configuration (number in the table).

    Raises
    ------
    ArgumentError
        Neither ``seconds`` nor ``jobs`` is given, or a number is not above 0.

    Notes
    -----
    A job that goes on from an earlier one pays only for its further epochs.

    Examples
    --------
    >>> objective = TableObjective("digits", quiet=True)
    >>> one, four = (simulate(RandomScheduler(objective), objective, workers=w, jobs=40)
    ...              for w in (1, 4))
    >>> bool(2 < one["end"].max() / four["end"].max() <= 4)
    True
    """
    problems = Problems("simulate")
    if seconds is None and jobs is None:
        problems.say("without an end this would run for ever. Type jobs=100, or seconds=600.")
    for name, value in (("workers", workers), ("seconds", seconds), ("jobs", jobs)):
        if value is not None and not value > 0:
            problems.add(name, value, "a number above 0", f"{name}=4")
    problems.raise_if_any()
    rows, clock = [], 0.0
    sign = 1.0 if objective.direction == "maximize" else -1.0
    idle = list(range(workers))
    running: list[tuple] = []  # (end, number, worker, start, job)
    started = 0
    while True:
        while idle and (jobs is None or started < jobs) and (seconds is None or clock < seconds):
            job = scheduler.ask()
            if job is None:
                break
            end = clock + _duration(objective, job)
            heapq.heappush(running, (end, started, idle.pop(0), clock, job))
            started += 1
        if not running:
            break
        clock, _, worker, start, job = heapq.heappop(running)
        evaluation = objective.evaluate(job.params, job.epochs)
        complete = evaluation.status == "complete"
        scheduler.tell(job, sign * evaluation.value if complete else -np.inf)
        idle.append(worker)
        index = objective.index_of(job.params)
        rows.append(
            (worker, start, clock, evaluation.value, evaluation.test_value, job.epochs, index)
        )
    names = ["worker", "start", "end", "value", "test_value", "epochs", "configuration"]
    return pd.DataFrame(rows, columns=names)


def _duration(objective: TableObjective, job: Job) -> float:
    index = objective.index_of(job.params)
    done = objective.seconds_of(index, job.done) if job.done else 0.0
    return objective.seconds_of(index, job.epochs) - done


class RandomScheduler:
    """Random search: always another configuration, trained in full."""

    def __init__(self, objective: TableObjective, seed: int = 0) -> None:
        self.objective, self.rng = objective, np.random.default_rng(seed)

    def ask(self) -> Job:
        return Job(self.objective.space.sample(self.rng), self.objective.epochs)

    def tell(self, job: Job, value: float) -> None:
        """Learn nothing."""


class AsynchronousHalving:
    """Promote as soon as a configuration is among the best of its rung so far (ASHA).

    Parameters
    ----------
    objective : TableObjective
    eta : int, default 3
        One in ``eta`` of a rung is promoted, to ``eta`` times the epochs.
    lowest : int, default 1
        Epochs of the lowest rung.
    seed : int, default 0

    Notes
    -----
    Li et al. (2020), A system for massively parallel hyperparameter tuning,
    https://arxiv.org/abs/1810.05934.
    """

    def __init__(
        self, objective: TableObjective, *, eta: int = 3, lowest: int = 1, seed: int = 0
    ) -> None:
        self.objective, self.eta = objective, eta
        self.rng = np.random.default_rng(seed)
        self.rungs = [lowest]
        while self.rungs[-1] * eta <= objective.epochs:
            self.rungs.append(self.rungs[-1] * eta)
        self.finished: dict[int, list[tuple[float, int, Params]]] = {r: [] for r in self.rungs}
        self.promoted: dict[int, set[int]] = {rung: set() for rung in self.rungs}

    def ask(self) -> Job:
        for low, high in reversed(list(zip(self.rungs, self.rungs[1:], strict=False))):
            done = self.finished[low]
            best = sorted(done, key=lambda one: -one[0])[: len(done) // self.eta]
            for value, number, params in best:
                if number not in self.promoted[low] and np.isfinite(value):
                    self.promoted[low].add(number)
                    return Job(params, high, low)
        return Job(self.objective.space.sample(self.rng), self.rungs[0])

    def tell(self, job: Job, value: float) -> None:
        rung = self.finished[job.epochs]
        rung.append((value, len(rung), job.params))


class SynchronousHalving:
    """Wait until a rung is full before anything is promoted, as in Hyperband's brackets.

    Parameters
    ----------
    objective : TableObjective
    bracket : Bracket
        One of :func:`hpotutor.hyperband_brackets`; run again and again with new configurations.
    seed : int, default 0
    """

    def __init__(self, objective: TableObjective, bracket: Bracket, seed: int = 0) -> None:
        self.objective, self.bracket = objective, bracket
        self.rng = np.random.default_rng(seed)
        self._told: list[tuple[float, Params]] = []
        self._waiting = 0
        self._jobs = self._rounds()

    def ask(self) -> Job | None:
        job = next(self._jobs)
        self._waiting += job is not None
        return job

    def tell(self, job: Job, value: float) -> None:
        self._waiting -= 1
        self._told.append((value, job.params))

    def _rounds(self) -> Iterator[Job | None]:
        while True:
            first = self.bracket.rungs[0].configurations
            survivors = [self.objective.space.sample(self.rng) for _ in range(first)]
            done = 0
            for rung in self.bracket.rungs:
                self._told = []
                for params in survivors[: rung.configurations]:
                    yield Job(params, rung.epochs, done)
                while self._waiting:
                    yield None
                ranked = sorted(self._told, key=lambda one: -one[0])
                survivors, done = [params for _, params in ranked], rung.epochs

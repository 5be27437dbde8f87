"""A simulated clock: what W workers would have done, in microseconds instead of hours.

As in the simulated back end of Syne Tune (Salinas et al. 2022,
https://proceedings.mlr.press/v188/salinas22a.html): stored seconds decide which worker is free
next, and a method hears of a result only when its time has come.
"""

import heapq
import itertools
import math
import operator
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import pandas as pd

from hpotutor._validation import check_count, check_number, is_number
from hpotutor.errors import Problems
from hpotutor.objectives.base import Evaluation, Params
from hpotutor.search import asha
from hpotutor.search.asha import Job
from hpotutor.search.hyperband import Bracket, Proposals, hyperband_brackets
from hpotutor.tabular.objective import TableObjective


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
    stragglers: float = 0.0,
    failures: float = 0.0,
    retrain: bool = False,
    seed: int = 0,
) -> pd.DataFrame:
    """Run a method on simulated workers, with the table's scores and seconds.

    Parameters
    ----------
    scheduler : Scheduler
    workers : int, default 1
    seconds, jobs : number, optional
        No job starts after this simulated time, or after so many.
    stragglers : float, default 0
        How unequal the workers' speeds are from job to job: the standard deviation of the
        logarithm of the slowdown, whose median is 1.
    failures : float, default 0
        The chance that a worker dies in a job, at any moment of it. Its time is lost; a fresh
        worker takes its place at once, and the job is the next to be begun again, as on Dask.
    retrain : bool, default False
        Every job trains from its first epoch, as the real searches of this package do. By default
        one that goes on pays only for its further epochs.
    seed : int, default 0

    pandas.DataFrame: A row for each time that a worker worked, in the order of their ends: worker,
    start, end (s), value, test_value, epochs (trained up to), configuration (number in the table),
    lost (whether the worker died; there is no value then).

    ArgumentError: neither ``seconds`` nor ``jobs`` is given, or a number is out of range.

    Examples
    --------
    >>> objective = TableObjective("digits", quiet=True)
    >>> one, four = (simulate(RandomScheduler(objective), objective, workers=w, jobs=40)
    ...              for w in (1, 4))
    >>> bool(2 < one["end"].max() / four["end"].max() <= 4)
    True
    """
    with Problems("simulate") as problems:
        if seconds is None and jobs is None:
            problems.say("without an end this would run for ever. Type jobs=100, or seconds=600.")
        check_count(problems, "workers", workers, example=4)
        for name, limit in (("seconds", seconds), ("jobs", jobs)):
            if limit is not None and not (is_number(limit) and limit > 0):
                problems.add(name, limit, "a number above 0", f"{name}=4")
        check_number(problems, "stragglers", stragglers, example=0.5)
        check_number(problems, "failures", failures, high=1, example=0.05)
    objective = objective.afresh()  # so that a simulation repeats
    sign = 1.0 if objective.direction == "maximize" else -1.0
    chance = np.random.default_rng(seed)
    end, most = (math.inf if limit is None else limit for limit in (seconds, jobs))
    rows: list[tuple[Any, ...]] = []
    clock, started = 0.0, 0
    idle, again = deque(range(workers)), deque[Job]()
    running: list[tuple[Any, ...]] = []  # (end, number, worker, start, lost, configuration, job)
    while True:
        while idle and (again or (started < most and clock < end)):
            fresh = not again
            job = scheduler.ask() if fresh else again.popleft()
            if job is None:
                break
            slowdown, share, dies = np.exp(stragglers * chance.normal()), *chance.random(2)
            lost = bool(dies < failures)
            index = objective.index_of(job.params)
            done = objective.seconds_of(index, job.done) if job.done and not retrain else 0.0
            took = objective.seconds_of(index, job.epochs) - done
            took = took * slowdown * (share if lost else 1.0)
            task = (clock + took, len(rows) + len(running), idle.popleft(), clock, lost, index, job)
            heapq.heappush(running, task)
            started += fresh
        if not running:
            break
        clock, _, worker, start, lost, index, job = heapq.heappop(running)
        idle.append(worker)
        value: float = np.nan
        test_value: float | None = np.nan
        if lost:
            again.append(job)
        else:
            evaluation = objective.evaluate(job.params, job.epochs)
            value, test_value = evaluation.value, evaluation.test_value
            scheduler.tell(job, sign * value if evaluation.status == "complete" else -np.inf)
        rows.append((worker, start, clock, value, test_value, job.epochs, index, lost))
    names = ["worker", "start", "end", "value", "test_value", "epochs", "configuration", "lost"]
    return pd.DataFrame(rows, columns=names)


class AsynchronousHalving(asha.AsynchronousHalving):
    """The rule of :mod:`hpotutor.search.asha` on a table; by default in the lowest bracket."""

    def __init__(
        self, objective: TableObjective, bracket: Bracket | None = None, eta: int = 3, seed: int = 0
    ) -> None:
        bracket = bracket or hyperband_brackets(objective.epochs, eta)[0]
        super().__init__(objective.space, [r.epochs for r in bracket.rungs], eta=eta, seed=seed)


class Hyperband:
    """Run brackets in turn, all by default; nothing is promoted before a rung is full.

    One worker asks what :func:`hpotutor.hyperband_search` would. Of many, one that would wait
    begins the next bracket, as in Falkner et al. (2018), unless ``ahead=False``. ``sampler="tpe"``
    is their BOHB: a bracket is drawn from the model of all that was told when it begins.
    """

    score = staticmethod(operator.attrgetter("value"))  # as a recorder's: what was told

    def __init__(
        self,
        objective: TableObjective,
        brackets: Sequence[Bracket] | None = None,
        seed: int = 0,
        sampler: str = "random",
        ahead: bool = True,
    ) -> None:
        self.space, self.ahead = objective.space, ahead
        self._proposals = Proposals(self, seed, sampler)
        self._plan = itertools.cycle(brackets or hyperband_brackets(objective.epochs))
        self._begun: list[Iterator[Job | None]] = []
        self._rungs: dict[int, list[tuple[float, Params]]] = {}  # where a running job is awaited

    def ask(self) -> Job | None:
        for climb in [*self._begun]:
            job = next(climb, "over")
            if isinstance(job, Job):
                return job
            if job == "over":
                self._begun.remove(climb)
        if self._begun and not self.ahead:
            return None
        self._begun.append(self._climb(next(self._plan)))
        return self.ask()

    def tell(self, job: Job, value: float) -> None:
        self._rungs.pop(id(job)).append((value, job.params))
        self._proposals.observe([Evaluation(job.params, value)], job.epochs)

    def _climb(self, bracket: Bracket) -> Iterator[Job | None]:
        """Yield the jobs of a bracket, and None while a rung is not full."""
        points, done = self._proposals.draw(bracket.rungs[0].configurations), 0
        for count, epochs in bracket.rungs:
            told: list[tuple[float, Params]] = []
            for params in points[:count]:
                job = Job(params, epochs, done)
                self._rungs[id(job)] = told
                yield job
            while len(told) < len(points[:count]):
                yield None
            points, done = [params for _, params in sorted(told, key=lambda one: -one[0])], epochs


class SynchronousHalving(Hyperband):
    """Run a bracket of Hyperband's again and again; all wait for its rungs."""

    def __init__(self, objective: TableObjective, bracket: Bracket, seed: int = 0) -> None:
        super().__init__(objective, [bracket], seed, ahead=False)


class RandomScheduler(Hyperband):
    """Random search: always another configuration, trained in full."""

    def __init__(self, objective: TableObjective, seed: int = 0) -> None:
        super().__init__(objective, hyperband_brackets(objective.epochs)[-1:], seed)

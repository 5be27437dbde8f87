"""A cluster that is none: workers that train in this process, and answer in an order of choice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hpotutor.objectives.base import Objective, attempt
from hpotutor.parallel.dask_objective import WorkerObjective


class Workers:
    """So many workers, asked as those of Dask are; ``which`` of the jobs under way ends next."""

    def __init__(self, objective: Objective, count: int, which: Callable[[int], int]) -> None:
        self.objective, self.size, self.which = objective, count, which
        self.jobs: list[tuple] = []
        self.begun: list[tuple] = []  # hyperparameters, epochs and number of each trial
        self.busy: list[int] = []  # how many trained whenever one ended
        self.reached = 0

    @property
    def tokens(self) -> list:
        return [job[0] for job in self.jobs]

    def has_room(self) -> bool:
        return len(self.jobs) < self.size

    def submit(self, token, batch, epochs, trial) -> None:
        assert self.has_room() and self.reached, "a job for a worker that is not there"
        self.begun += [(params, epochs, trial) for params in batch]
        self.jobs.append((token, batch, epochs, trial))

    def next_completed(self) -> tuple:
        self.busy.append(len(self.jobs))
        token, batch, epochs, self.objective.trial = self.jobs.pop(self.which(len(self.jobs)))
        return token, [attempt(self.objective, params, epochs) for params in batch]

    @contextmanager
    def in_reach(self) -> Iterator[None]:
        self.reached += 1
        try:
            yield
        finally:
            self.jobs.clear()


def first(count: int) -> int:
    """Choose the job that waits longest."""
    return 0


def last(count: int) -> int:
    """Choose the job that was begun last."""
    return count - 1


class Spread(WorkerObjective):
    """An objective as it trains on such workers."""

    def __init__(
        self, objective: Objective, count: int = 2, which: Callable[[int], int] = first
    ) -> None:
        self.objective, self.pool = objective, Workers(objective, count, which)
        self.direction, self.epochs = objective.direction, objective.epochs
        self.deterministic, self.metric = objective.deterministic, objective.metric

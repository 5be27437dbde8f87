"""The workers of a Dask cluster: one training at a time each, and nothing lost when one dies."""

from __future__ import annotations

import itertools
import math
import pickle
import queue
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cloudpickle  # it has no hints

from hpotutor.errors import StopSearch
from hpotutor.objectives.base import Evaluation, Objective, Params, attempt

if TYPE_CHECKING:
    from distributed import Client, Future

# How often a training is begun again after its worker died, before it counts as failed.
ALLOWED_DEATHS = 1
_LOOK_EVERY = 0.5  # seconds between two looks at which workers there are
_one_at_a_time = threading.Lock()  # Keras draws from generators that a whole process shares


@dataclass(eq=False)
class Job:
    """Some trainings that are under way together, and how many workers died of them."""

    number: int
    token: Any
    batch: list[Params]
    epochs: int | None
    trial: int
    deaths: int = 0
    worker: str | None = None  # None while it waits for one
    future: Future | None = None


class DaskPool:
    """Gives each worker one job at a time, and the next when the answer to the last is here.

    Dask blames a death on every task in line at that worker; with one job there is no line. A job
    whose worker dies is begun again on another one; when that dies too, its trainings failed.
    Answers come as events of the worker: a future's result takes another two round trips. What Dask
    does by itself: https://distributed.dask.org/en/stable/resilience.html.
    """

    def __init__(self, client: Client, objective: Objective) -> None:
        self.client = client
        self._pickled = cloudpickle.dumps(objective)
        self._there: dict[str, Future] = {}  # the objective, on each worker
        self._jobs: dict[int, Job] = {}
        self._numbers = itertools.count()
        self._known: dict[str, str] = {}  # each worker's address and status
        self._looked = -math.inf
        self._topic = f"hpotutor-{uuid.uuid4().hex}"
        self._answers: queue.SimpleQueue[tuple[int, bytes]] = queue.SimpleQueue()
        client.subscribe_topic(self._topic, lambda event: self._answers.put(event[1]))

    def close(self) -> None:
        """Take no more answers."""
        if self.client.status == "running":
            self.client.unsubscribe_topic(self._topic)

    @property
    def size(self) -> int:
        """How many workers there are now; at least one, should all be restarting."""
        self._look()
        return max(len(self._known), 1)

    @property
    def tokens(self) -> list[Any]:
        """What is under way."""
        return [job.token for job in self._jobs.values()]

    def has_room(self) -> bool:
        """Tell whether another job could begin now."""
        return len(self._jobs) < self.size

    def submit(self, token: Any, batch: list[Params], epochs: int | None, trial: int) -> None:
        """Begin a job, whose first trial has the number ``trial``, as soon as a worker is free."""
        number = next(self._numbers)
        self._jobs[number] = Job(number, token, batch, epochs, trial)
        self._assign()

    def next_completed(self) -> tuple[Any, list[Evaluation]]:
        """Wait for any job to end and return its token and evaluations."""
        while True:
            self._look()
            self._assign()
            try:
                number, answer = self._answers.get(timeout=_LOOK_EVERY)
            except queue.Empty:
                continue
            if job := self._jobs.pop(number, None):  # else of an earlier call, interrupted
                return job.token, pickle.loads(answer)

    @contextmanager
    def in_reach(self) -> Iterator[None]:
        """End the search if the scheduler is gone; on leaving, take back what is under way."""
        try:
            yield
        except (OSError, CancelledError) as error:
            if self.client.status == "running":
                raise
            raise StopSearch(
                "the connection to the Dask scheduler is lost. The trials that had ended are kept. "
                "With log=, the same call goes on from them, with a new Client or without one"
            ) from error
        finally:
            begun = [job.future for job in self._jobs.values() if job.future is not None]
            self._jobs.clear()
            if self.client.status == "running":  # else it would wait for half a minute
                self.client.cancel(begun)

    def _look(self) -> None:
        """Learn from the scheduler, not too often, which workers there are."""
        if self.client.status != "running":  # asking would wait for half a minute
            raise ConnectionError("the client has lost its scheduler")
        now = time.monotonic()
        if now - self._looked <= _LOOK_EVERY:
            return
        self._looked = now
        # not client.scheduler_info(), into which a callback of Dask's puts that there are none
        try:
            found = self.client.sync(self.client.scheduler.identity, n_workers=-1)
        except OSError:  # the next look tells whether the scheduler is gone
            return
        self._known = {address: about["status"] for address, about in found["workers"].items()}
        self._there = {a: there for a, there in self._there.items() if a in self._known}
        for job in self._jobs.values():
            if job.worker is not None and job.worker not in self._known:
                # Begun again, unless a worker died of it before.
                self.client.cancel([job.future])
                job.worker = job.future = None
                job.deaths += 1
                if job.deaths > ALLOWED_DEATHS:
                    self._give_up(job)
            elif job.future is not None and job.future.status == "error":
                self._explain(job, job.future)

    def _assign(self) -> None:
        """Give the jobs that wait to the workers that have none, the oldest first."""
        busy = {job.worker for job in self._jobs.values()}
        free = [a for a, status in self._known.items() if status == "running" and a not in busy]
        jobs = [job for job in self._jobs.values() if job.deaths <= ALLOWED_DEATHS]
        for address, job in zip(free, (job for job in jobs if job.worker is None), strict=False):
            place = {"workers": [address], "pure": False}
            if address not in self._there:
                self._there[address] = self.client.submit(pickle.loads, self._pickled, **place)
            asked = self._there[address], job.batch, job.epochs, self._topic, job.number, job.trial
            job.worker, job.future = address, self.client.submit(train_here, *asked, **place)

    def _explain(self, job: Job, future: Future) -> None:
        """Raise what went wrong with a call that cannot work for any hyperparameters."""
        from distributed import KilledWorker

        try:
            future.result()
        except KilledWorker:  # Dask began it again, on a worker with the same address
            self._give_up(job)

    def _give_up(self, job: Job) -> None:
        """Answer for a job that no worker survived."""
        reason = (
            f"{ALLOWED_DEATHS + 1} worker processes died while they trained this; was there "
            "enough memory?"
        )
        answer = [Evaluation(p, math.nan, status="failed", reason=reason) for p in job.batch]
        self._answers.put((job.number, pickle.dumps(answer)))


def train_here(
    objective: Objective, batch: list[Params], epochs: int | None, topic: str, number: int,
    trial: int,
) -> None:  # fmt: skip
    """Evaluate a batch in a worker's process, and send the answer to whom it concerns."""
    from distributed import get_worker

    with _one_at_a_time:
        objective.trial = trial
        if len(batch) > 1:
            found = objective.evaluate_many(batch, epochs)
        else:
            found = [attempt(objective, batch[0], epochs)]
    get_worker().log_event(topic, [number, pickle.dumps(found)])

"""A search's trainings on the workers of a Dask cluster, under the same call."""

import socket
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from hpotutor.errors import MissingExtra, Problems
from hpotutor.objectives.base import Evaluation, Objective, OnDone, OnEpoch, Params
from hpotutor.parallel.dask_pool import DaskPool

# A cluster on this machine gives a worker up that took longer to start again after its death than
# so long: 15 seconds by default, which TensorFlow on a busy laptop can take.
LOCAL = {"distributed.deploy.lost-worker-timeout": "10 minutes"}


@contextmanager
def on_workers(objective: Objective, client: Any, call: str) -> Iterator[Objective]:
    """Yield the objective as it trains on a cluster, or as it is without one.

    The ``client`` is a Dask client, None, or ``"local"``, for a worker process a processor of this
    machine. A stack uses every processor already: where all workers are here, it stays here.
    """
    if client is None or not isinstance(objective, Objective):
        yield objective
        return
    try:
        import dask
        import distributed
    except ImportError:
        raise MissingExtra(
            f"{call}: client={client!r} needs Dask, which is not installed. Type: pip install "
            '"hpotutor[dask]", or leave client out.'
        ) from None
    fused = getattr(objective, "engine", None) == "fused"
    if isinstance(client, distributed.Client):
        alone = fused and set(client.run(socket.gethostname).values()) <= {socket.gethostname()}
    else:
        with Problems(call) as problems:
            if not problems.choice("client", client, ["local"]):
                problems.lines[-1] += " A distributed.Client is allowed too, and None."
        alone = fused
    if alone:
        print(
            "The stack trains many networks at once on every processor of this machine. More "
            "processes here would only share them, so it stays in this one."
        )
        yield objective
        return
    with ExitStack() as stack:
        if client == "local":  # a worker process a processor, on loopback
            stack.enter_context(dask.config.set(LOCAL))
            place = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "silence_logs": 50}
            cluster = distributed.LocalCluster(threads_per_worker=1, **place)
            client = stack.enter_context(distributed.Client(stack.enter_context(cluster)))
        spread = WorkerObjective(objective, client)
        stack.callback(spread.pool.close)
        yield spread


class WorkerObjective(Objective):
    """An objective whose evaluations are trained by the workers of a Dask cluster."""

    batches = True

    def __init__(self, objective: Objective, client: Any) -> None:
        self.objective, self.pool = objective, DaskPool(client, objective)
        self.direction, self.epochs = objective.direction, objective.epochs
        self.deterministic, self.metric = objective.deterministic, objective.metric

    @property
    def workers(self) -> int:
        """How many evaluations run at once; at least one, should all workers be restarting."""
        return self.pool.size

    @property
    def local(self) -> Objective:
        return self.objective

    def describe(self) -> dict[str, Any]:
        return self.objective.describe()

    def epochs_of(self, params: Params, epochs: int | None) -> int:
        return self.objective.epochs_of(params, epochs)

    def seconds_for(self, epochs: int | None) -> float | None:
        alone = self.objective.seconds_for(epochs)
        return None if alone is None else alone / self.workers

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        if on_epoch is not None:  # a search that listens to every epoch sits in this process
            self.objective.trial = self.trial
            return self.objective.evaluate(params, epochs, on_epoch=on_epoch)
        return self.evaluate_many([params], epochs)[0]

    def evaluate_many(
        self, batch: Sequence[Params], epochs: int | None = None, *, on_done: OnDone | None = None
    ) -> list[Evaluation]:
        answers: list[Any] = [None] * len(batch)
        with self.pool.in_reach():
            # A stack goes out whole, a share a worker; other trainings go one by one.
            fused = getattr(self.objective, "engine", None) == "fused"
            shares = min(self.workers, len(batch)) if fused else len(batch)
            waiting = deque(range(first, len(batch), shares) for first in range(shares))
            while waiting or self.pool.tokens:
                while waiting and self.pool.has_room():
                    positions = waiting.popleft()
                    first = (self.trial or 0) + positions[0]
                    self.pool.submit(positions, [batch[i] for i in positions], epochs, first)
                positions, found = self.pool.next_completed()
                for index, answer in zip(positions, found, strict=True):
                    answers[index] = answer
                    if on_done is not None:
                        on_done(index, answer)
        return answers

"""A search's trainings on the workers of a Dask cluster, under the same call."""

from __future__ import annotations

import itertools
import math
import pickle
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import cloudpickle

from hpotutor.errors import HpoTutorError, MissingExtra, Problems, StopSearch
from hpotutor.objective import Evaluation, Objective, OnDone, OnEpoch, Params

# How often a training is begun again after its worker died, before it counts as failed.
ALLOWED_DEATHS = 1
# A cluster on this machine gives a worker up that took longer to start again after its death than
# so long: 15 seconds by default, which TensorFlow on a busy laptop can take.
LOCAL = {
    "distributed.scheduler.allowed-failures": ALLOWED_DEATHS,
    "distributed.deploy.lost-worker-timeout": "10 minutes",
}
_COUNT_EVERY = 0.5  # seconds between two questions for the number of workers
_one_at_a_time = threading.Lock()  # Keras draws from generators that a whole process shares


@contextmanager
def on_workers(objective: Objective, client: Any, call: str) -> Iterator[Objective]:
    """Yield the objective as it trains on a cluster, or as it is without one.

    Parameters
    ----------
    objective : Objective
    client : None, "local" or distributed.Client
        None trains in this process. ``"local"`` starts a worker process for each processor of
        this machine, on loopback, and ends them afterwards.
    call : str
        The search, for error messages.

    Raises
    ------
    ArgumentError
        ``client`` is something else.
    MissingExtra
        Dask is not installed.

    Notes
    -----
    A stack already uses every processor of its machine. Where all workers are on this one, it
    stays in this process, and says so.

    Examples
    --------
    >>> import hpotutor as ht
    >>> objective = ht.FunctionObjective(lambda params: params["x"])
    >>> with on_workers(objective, None, "random_search") as asked:
    ...     asked is objective
    True
    """
    if client is None or not isinstance(objective, Objective):
        yield objective
        return
    fused = getattr(objective, "engine", None) == "fused"
    with _connected(client, call, fused) as connection:
        if connection is None:
            print(
                "The stack trains many networks at once on every processor of this machine. More "
                "processes here would only share them, so it stays in this one."
            )
            yield objective
        else:
            yield WorkerObjective(objective, connection)


@contextmanager
def _connected(client: Any, call: str, fused: bool) -> Iterator[Any]:
    """Yield a client; None for a stack whose workers would all be on this machine."""
    try:
        import dask
        import distributed
    except ImportError:
        raise MissingExtra(
            f"{call}: client={client!r} needs Dask, which is not installed. Type: pip install "
            '"hpotutor[dask]", or leave client out.'
        ) from None
    if isinstance(client, distributed.Client):
        yield None if fused and _all_here(client) else client
        return
    problems = Problems(call)
    problems.choice("client", client, ["local"])
    if problems.lines:
        problems.say("A distributed.Client is allowed too, and None for this process.")
    problems.raise_if_any()
    if fused:
        yield None
        return
    with (
        dask.config.set(LOCAL),
        distributed.LocalCluster(
            threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster) as own,
    ):
        yield own


def _all_here(client: Any) -> bool:
    """Whether every worker is on this machine."""
    return set(client.run(socket.gethostname).values()) <= {socket.gethostname()}


class WorkerObjective(Objective):
    """An objective whose evaluations are trained by the workers of a Dask cluster.

    Parameters
    ----------
    objective : Objective
        What is asked; it is sent to the workers once.
    client : distributed.Client

    Attributes
    ----------
    workers : int
        How many evaluations run at once.

    Notes
    -----
    A training whose worker dies is begun again on another one. When that dies too, the training
    is a failed evaluation and the search goes on. See https://distributed.dask.org/en/stable/resilience.html.
    """

    batches = True

    def __init__(self, objective: Objective, client: Any) -> None:
        self.objective, self.client = objective, client
        self.direction, self.epochs = objective.direction, objective.epochs
        self.deterministic, self.metric = objective.deterministic, objective.metric
        self.stacks = getattr(objective, "engine", None) == "fused"
        self._workers, self._counted = 1, -math.inf
        # The result of a task, unlike scattered data, is made again when its worker dies.
        self._there = client.submit(pickle.loads, cloudpickle.dumps(objective), pure=False)

    @property
    def workers(self) -> int:
        """How many processes there are now; at least one, should all be restarting."""
        if self.client.status != "running":  # asking would wait for half a minute
            raise ConnectionError("the client has lost its scheduler")
        now = time.monotonic()
        if now - self._counted > _COUNT_EVERY:
            self._counted = now
            known = self.client.scheduler_info(n_workers=-1).get("workers", ())
            self._workers = max(len(known), 1)
        return self._workers

    @property
    def here(self) -> Objective:
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
            return self.objective.evaluate(params, epochs, on_epoch=on_epoch)
        return self.evaluate_many([params], epochs)[0]

    def evaluate_many(
        self, batch: Sequence[Params], epochs: int | None = None, *, on_done: OnDone | None = None
    ) -> list[Evaluation]:
        from distributed import as_completed

        answers: list[Any] = [None] * len(batch)
        pending = {}
        with _in_reach(self.client, pending):
            for positions in self._portions(len(batch)):
                pending[self.submit([batch[i] for i in positions], epochs)] = positions
            for future in as_completed(list(pending)):
                positions = pending.pop(future)
                found = self.outcome(future, [batch[i] for i in positions])
                for index, answer in zip(positions, found, strict=True):
                    answers[index] = answer
                    if on_done is not None:
                        on_done(index, answer)
        return answers

    def _portions(self, count: int) -> list[list[int]]:
        """Return which positions are trained together: a stack goes out whole, one a worker."""
        if not self.stacks:
            return [[index] for index in range(count)]
        workers = min(self.workers, count)
        return [list(range(start, count, workers)) for start in range(workers)]

    def submit(self, batch: list[Params], epochs: int | None) -> Any:
        """Begin to train on some worker and return the future."""
        return self.client.submit(
            train_here, self._there, batch, epochs, pure=False, retries=0, key=_key()
        )

    def outcome(self, future: Any, batch: list[Params]) -> list[Evaluation]:
        """Return a finished future's evaluations; what no worker survived has failed."""
        from distributed import KilledWorker

        try:
            return future.result()
        except KilledWorker:
            reason = (
                f"{ALLOWED_DEATHS + 1} worker processes died while they trained this; was there "
                "enough memory?"
            )
            return [Evaluation(p, math.nan, status="failed", reason=reason) for p in batch]


@contextmanager
def _in_reach(client: Any, pending: dict) -> Iterator[None]:
    """Take back on leaving what is still pending; end the search if the scheduler is gone."""
    from concurrent.futures import CancelledError

    try:
        yield
    except (OSError, CancelledError) as error:
        if client.status == "running":
            raise
        raise StopSearch(
            "the connection to the Dask scheduler is lost. The trials that had ended are kept. "
            "With log=, the same call goes on from them, with a new Client or without one"
        ) from error
    finally:
        if client.status == "running":  # without a scheduler it would wait for half a minute
            client.cancel(list(pending))


def train_here(objective: Objective, batch: list[Params], epochs: int | None) -> list[Evaluation]:
    """Evaluate a batch in a worker's process; what a build or a fit raises is a failure."""
    with _one_at_a_time:
        if len(batch) > 1:
            return objective.evaluate_many(batch, epochs)
        start = time.perf_counter()
        try:
            return [objective.evaluate(batch[0], epochs)]
        except HpoTutorError:  # the call itself cannot work, for any hyperparameters
            raise
        except Exception as error:
            spent = time.perf_counter() - start
            reason = f"{type(error).__name__}: {error}"
            return [Evaluation(batch[0], math.nan, seconds=spent, status="failed", reason=reason)]


def _key() -> str:
    import uuid

    return f"hpotutor-{uuid.uuid4().hex}"


def lead(
    recorder: Any,
    ask: Callable[[], tuple[Any, Params, int | None] | None],
    tell: Callable[[Any, Evaluation], None],
) -> None:
    """Keep every worker busy: ask for more whenever one is free, tell each result as it comes.

    Parameters
    ----------
    recorder : Recorder
        Of a :class:`WorkerObjective`.
    ask : callable
        Returns (token, hyperparameters, epochs), or None while nothing can start before another
        result is in.
    tell : callable
        ``tell(token, evaluation)``, as soon as one ends.

    Raises
    ------
    StopSearch
        A budget is spent, or the cluster cannot be reached any more.
    """
    objective = recorder.objective
    running: dict[Any, tuple[Any, Params, int | None]] = {}
    held = None  # what was asked for and finds no room in the budget
    with _in_reach(objective.client, running):
        while True:
            while len(running) < objective.workers:
                held = held or ask()
                if held is None:
                    break
                params, epochs = recorder.space.clean(held[1]), held[2]
                asked = [one[1:] for one in running.values()]
                if not recorder.has_room(asked, params, epochs):
                    break
                running[objective.submit([params], epochs)] = (held[0], params, epochs)
                held = None
            if not running:
                if held is not None:
                    recorder.finish(recorder.space.clean(held[1]), held[2])
                return
            future = _first_done(running)
            token, params, epochs = running.pop(future)
            evaluation = objective.outcome(future, [params])[0]
            recorder.accept(params, epochs, evaluation)
            tell(token, evaluation)


def optimize_on_workers(recorder: Any, sampler: Any) -> None:
    """Let an Optuna sampler lead the recorder, several trials at once.

    What the log holds is told to the sampler first: which trial ends before which depends on the
    machine, so that a search that goes on cannot ask the same questions again.
    """
    from hpotutor.search._libraries import optuna_study

    space = recorder.space
    with optuna_study(sampler) as study:

        def ask() -> tuple[Any, Params, None]:
            trial = study.ask()
            return trial, space.suggest(trial), None

        def tell(trial: Any, evaluation: Evaluation) -> None:
            study.tell(trial, recorder.score(evaluation))

        for evaluation, _ in recorder.recall():
            study.enqueue_trial(evaluation.params)
            tell(ask()[0], evaluation)
        lead(recorder, ask, tell)


def observe_on_workers(recorder: Any, search: Any) -> None:
    """Let a :class:`hpotutor.GaussianProcessSearch` lead the recorder, several trials at once."""
    pending: dict[int, Params] = {}
    numbers = itertools.count()

    def ask() -> tuple[int, Params, None]:
        number, params = next(numbers), search.suggest(list(pending.values()))
        pending[number] = params
        return number, params, None

    def tell(number: int, evaluation: Evaluation) -> None:
        search.observe(pending.pop(number), recorder.score(evaluation))

    for evaluation, _ in recorder.recall():
        search.observe(evaluation.params, recorder.score(evaluation))
    lead(recorder, ask, tell)


def _first_done(running: dict) -> Any:
    from distributed import wait

    return next(iter(wait(list(running), return_when="FIRST_COMPLETED").done))

"""Many networks trained as one: the same training as ``Model.fit``, far cheaper a network.

One ``fit`` of a small network spends nearly all its time between the multiplications. Here the
weights of K networks are stacked to (K, inputs, outputs) and one graph trains them all, with
Keras's own losses, initializers and optimizers. ``train_many`` takes any list of networks, groups
them and answers in the order asked; ``Stack`` is one group, which can be paused, copied from
member to member, thinned out and resumed.

In float64 a member's weights and losses are those of ``Model.fit`` on the same initial weights
and batches within rounding (the tests hold them to 1e-8). In float32 its losses agree within
1e-4, but single weights may differ more under Adam, AdamW, RMSprop and Adagrad: they divide each
gradient by a running size of itself, so where a gradient is nearly zero (a unit that hardly
fires) a last-digit difference in it becomes a difference of up to one whole step, in a weight
that the loss hardly feels.
"""

import dataclasses
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from hpotutor.errors import Problems
from hpotutor.fused.data import Curve, Score, StackData, Trained
from hpotutor.fused.member import Member, as_members, identity
from hpotutor.fused.planner import MAX_BYTES, TRACE_SECONDS, Planner, bucket
from hpotutor.fused.program import is_traced
from hpotutor.fused.stack import Stack

OnEpoch = Callable[[int, list[Curve]], Any]


def train_many(
    x_train: Any,
    y_train: Any,
    x_val: Any,
    y_val: Any,
    members: Sequence[Member | Mapping],
    *,
    n_classes: int,
    epochs: int = 20,
    evaluations: Mapping[str, tuple[Any, Any]] | None = None,
    sample_weight: Any = None,
    scores: Mapping[str, Score] | None = None,
    keep_weights: bool = False,
    keep_outputs: bool = False,
    on_epoch: OnEpoch | None = None,
    on_done: Callable[[int, Trained], None] | None = None,
    max_bytes: int = MAX_BYTES,
    dtype: str = "float32",
    device: str = "cpu",
    progress: bool = False,
) -> list[Trained]:
    """Train any number of dense networks on the same rows, stacked.

    Parameters
    ----------
    x_train, y_train, x_val, y_val : arrays
        Rows (rows, features) and labels 0 to ``n_classes - 1``, or amounts; the validation ones
        are None when the members bring ``val_rows``.
    members : sequence of Member or dict
        What to train; a dict holds fields of ``Member``. Networks that differ only in ``epochs``
        are trained once and read at each.
    n_classes : int
        0 is a regression.
    epochs : int, default 20
        For members that name none.
    evaluations, sample_weight, scores, keep_outputs
        As in :class:`StackData`: more sets such as ``{"test": (x_test, y_test)}``, a weight for
        each training row, and scores such as ``{"val_f1": function}`` from predictions.
    keep_weights : bool, default False
        Keep final weights, for ``Trained.to_keras``.
    on_epoch : callable, optional
        ``on_epoch(epoch, curves)`` after each epoch of all networks, with every network's curves
        so far in the order asked. Return True to stop all, or the positions of those to stop.
    on_done : callable, optional
        ``on_done(position, trained)`` as each network is finished.
    max_bytes : int, default 256 MB
        About what one stack may take; more networks are trained in several.
    dtype : {"float32", "float64"}
    device : {"cpu", "gpu"}
        The processor, or the first graphics card that TensorFlow sees.
    progress : bool, default False
        Show a progress bar of networks.

    Returns
    -------
    list of Trained
        In the order asked.

    Raises
    ------
    ArgumentError, DataError
        With all that is wrong with the members, or with the rows; also where a score fails.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(60, 4)), rng.integers(0, 3, 60)
    >>> asked = [{"units": 8, "learning_rate": rate, "epochs": 3} for rate in (0.1, 0.01)]
    >>> trained = train_many(x, y, x, y, asked, n_classes=3, keep_weights=True)
    >>> [len(network.curve["val_accuracy"]) for network in trained]
    [3, 3]
    >>> trained[0].to_keras().count_params()
    67
    """
    from tqdm.auto import tqdm

    problems = Problems("train_many")
    for name, value in (("epochs", epochs), ("max_bytes", max_bytes)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            problems.add(name, value, "a whole number from 1 up", f"{name}=20")
    problems.raise_if_any()
    data = StackData(
        x_train,
        y_train,
        x_val,
        y_val,
        n_classes=n_classes,
        evaluations=evaluations,
        sample_weight=sample_weight,
        scores=scores,
        keep_outputs=keep_outputs,
        dtype=dtype,
        device=device,
    )
    asked = [
        dataclasses.replace(m, epochs=m.epochs or epochs)
        for m in as_members(members, n_classes, data.rows)
    ]
    runs = _gather_runs(asked)
    planner = Planner(data.shape, n_classes, data.rows, max_bytes)
    stacks = [[runs[i] for i in group] for group in planner.plan([run.member for run in runs])]
    results: list[Any] = [None] * len(asked)
    bar = tqdm(total=len(asked), disable=not progress, unit="network", desc="training")

    def deliver(position: int, trained: Trained) -> None:
        results[position] = trained
        bar.update()
        if on_done is not None:
            on_done(position, trained)

    if on_epoch is None:
        for group in stacks:
            job = _Job(data, group, keep_weights, deliver)
            while job.advance():
                pass
    else:
        _train_watched([_Job(data, g, keep_weights, deliver) for g in stacks], asked, on_epoch)
    bar.close()
    return results


def range_test(
    x_train: Any,
    y_train: Any,
    members: Sequence[Member | Mapping],
    *,
    n_classes: int,
    low: float = 1e-6,
    high: float = 10.0,
    epochs: int = 2,
    dtype: str = "float32",
) -> tuple[np.ndarray, np.ndarray]:
    """Raise the learning rate at every step, and record the loss: the range test.

    Parameters
    ----------
    x_train, y_train : arrays
        Rows (rows, features) and labels.
    members : sequence of Member or dict
        Networks; their own learning rates are ignored. They must have the same number of steps.
    n_classes : int
    low, high : float, default 1e-6 and 10
        The sweep, exponential.
    epochs : int, default 2
        Length of the sweep.

    Returns
    -------
    rates : array, shape (steps,)
    losses : array, shape (members, steps)
        The loss of each batch before its step; NaN after a network has diverged.

    Notes
    -----
    Smith, "Cyclical learning rates for training neural networks", WACV 2017,
    https://arxiv.org/abs/1506.01186.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(64, 4)), rng.integers(0, 3, 64)
    >>> rates, losses = range_test(x, y, [{"units": 8}], n_classes=3, epochs=5)
    >>> rates.shape, losses.shape
    ((10,), (1, 10))
    """
    problems = Problems("range_test")
    if not 0 < low < high < np.inf:
        problems.say(f"low={low} and high={high} must be numbers with 0 < low < high.")
    problems.raise_if_any()
    data = StackData(x_train, y_train, n_classes=n_classes, dtype=dtype)
    networks = as_members(members, n_classes, data.rows)
    steps = {-(-data.rows // m.batch_size) for m in networks}
    if len(steps) != 1 or any(m.rows is not None for m in networks):
        problems.say("All networks of one range test need the same batch_size and all the rows.")
        problems.raise_if_any()
    rates = np.geomspace(low, high, steps.pop() * epochs)
    swept = [dataclasses.replace(m, learning_rate=rates) for m in networks]
    planner = Planner(data.shape, n_classes, data.rows)
    losses = np.full((len(networks), len(rates)), np.nan)
    for group in planner.plan([dataclasses.replace(m, epochs=epochs) for m in swept]):
        stack = Stack(data, [swept[i] for i in group])
        parts: list[list[float]] = [[] for _ in group]
        for _ in range(epochs):
            alive = np.flatnonzero(stack.live).tolist()
            stack.train()
            for k in alive:
                parts[k] += stack.batch_losses[k].tolist()
        for k, i in enumerate(group):
            losses[i, : len(parts[k])] = parts[k]
    return rates, np.where(np.isfinite(losses), losses, np.nan)


# ── one training may answer several requests ────────────────────────────────
@dataclass
class _Run:
    """One network to train, and the requests that it answers: position -> epochs."""

    member: Member
    readings: dict[int, int] = field(default_factory=dict)


def _gather_runs(asked: Sequence[Member]) -> list[_Run]:
    """Put requests together that train alike and differ in their length at most."""
    runs: dict[tuple, _Run] = {}
    for position, member in enumerate(asked):
        depends_on_length = member.patience is not None or member.restore_best
        run = runs.setdefault(identity(member, with_epochs=depends_on_length), _Run(member))
        run.readings[position] = member.length
        if member.length > run.member.length:
            run.member = member
    return list(runs.values())


@dataclass
class _Job:
    """A stack on its way, delivering each request as it is finished."""

    data: StackData
    runs: list[_Run]
    keep_weights: bool
    deliver: Callable[[int, Trained], None]
    curves: dict[int, Curve] = field(default_factory=dict)

    @cached_property
    def stack(self) -> Stack:  # made when its turn comes, so that few are held at a time
        stack = Stack(self.data, [run.member for run in self.runs])
        stack.positions = [min(run.readings) for run in self.runs]
        return stack

    def advance(self) -> bool:
        """Train one epoch; return whether there is more to do."""
        if not self.stack.live.any():
            return False
        start = time.perf_counter()
        self.stack.train_epoch()
        for k, run in enumerate(self.runs):
            for position, epochs in list(run.readings.items()):
                self.curves[position] = self.stack.curves[k]
                if not self.stack.live[k] or epochs == self.stack.epoch:
                    self._deliver(k, run, position)
        if not self.stack.live.any():
            return False
        self._shrink(time.perf_counter() - start)
        return True

    def stop(self, positions: set[int]) -> None:
        """Stop requests; a network trains on while another request still needs it."""
        for k, run in enumerate(self.runs):
            for position in positions & set(run.readings):
                self._deliver(k, run, position, stopped=True)
            if not run.readings:
                self.stack.stop(k)

    def _deliver(self, k: int, run: _Run, position: int, stopped: bool = False) -> None:
        trained = self.stack.result(k, self.keep_weights)
        epochs = run.readings.pop(position)
        trained.member = dataclasses.replace(run.member, epochs=epochs)
        if stopped:
            trained.status = "stopped"
        self.curves[position] = trained.curve
        self.deliver(position, trained)

    def _shrink(self, seconds: float) -> None:
        """Go on in a smaller stack when half the members are done and it pays for a trace."""
        stack = self.stack
        alive = np.flatnonzero(stack.live).tolist()
        if 2 * bucket(len(alive)) > stack.shape.members:
            return
        left = max(stack.members[k].length for k in alive) - stack.epoch
        smaller = dataclasses.replace(stack.shape, members=bucket(len(alive)))
        if is_traced(smaller) or left * seconds / 2 > TRACE_SECONDS:
            self.stack = stack.select(alive)
            self.runs = [self.runs[k] for k in alive]


def _train_watched(jobs: list[_Job], asked: Sequence[Member], on_epoch: OnEpoch) -> None:
    """Train all stacks side by side, an epoch each, so that all curves grow together."""
    epoch, busy = 0, list(jobs)
    while busy:
        busy = [job for job in busy if job.advance()]
        epoch += 1
        grown = {position: curve for job in jobs for position, curve in job.curves.items()}
        answer = on_epoch(epoch, [grown.get(position, {}) for position in range(len(asked))])
        if answer is True:
            answer = range(len(asked))
        if answer:
            for job in busy:
                job.stop({int(position) for position in answer})
            busy = [job for job in busy if job.stack.live.any()]

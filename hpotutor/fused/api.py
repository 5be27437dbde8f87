"""Many networks trained as one: the same training as ``Model.fit``, far cheaper a network.

One ``fit`` of a small network spends nearly all its time between the multiplications. Here the
weights of K networks are stacked to (K, inputs, outputs) and one graph trains them all, with
Keras's own losses, initializers and optimizers. ``train_many`` takes any list of networks, groups
them and answers in the order asked; ``Stack`` is one group, which can be paused, copied from
member to member, thinned out and resumed.

In float64 weights and losses are those of ``Model.fit`` on the same initial weights and batches
within 1e-8. In float32 losses agree within 1e-4, but single weights may differ more under Adam,
AdamW, RMSprop and Adagrad: they divide a gradient by a running size of itself, so where it is
nearly zero a last-digit difference becomes one of up to a whole step.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hpotutor._validation import check_count
from hpotutor.errors import ArgumentError, Problems
from hpotutor.fused.data import Score, StackData, Trained
from hpotutor.fused.jobs import Job, gather_runs
from hpotutor.fused.member import Member, as_members
from hpotutor.fused.planner import MAX_BYTES, Planner, steps_per_epoch
from hpotutor.fused.pool import OnEpoch, run_jobs, run_watched, threads_for
from hpotutor.fused.stack import Stack


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
    input_shape: Sequence[int] | None = None,
    sample_weight: Any = None,
    scores: Mapping[str, Score] | None = None,
    keep_weights: bool = False,
    keep_outputs: bool = False,
    on_epoch: OnEpoch | None = None,
    on_done: Callable[[int, Trained], None] | None = None,
    max_bytes: int = MAX_BYTES,
    dtype: str = "float32",
    device: str = "cpu",
    threads: int | None = None,
) -> list[Trained]:
    """Train dense or convolutional networks on the same rows, stacked; return them in order.

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
    evaluations, sample_weight, scores, keep_outputs, input_shape
        As in :class:`StackData`.
    keep_weights : bool, default False
        Keep final weights, for ``Trained.to_keras``.
    on_epoch : callable, optional
        ``on_epoch(epoch, curves)`` after each epoch, with all curves so far in the order asked.
        Return True to stop all, or the positions of those to stop.
    on_done : callable, optional
        ``on_done(position, trained)`` as each is finished, in an order without regard to threads.
    max_bytes : int, default 256 MB
        About what the stacks that train at a time may take; more networks take turns.
    dtype, device
        "float32" or "float64"; "cpu" or "gpu".
    threads : int, optional
        How many stacks train at a time; by default as :func:`set_threads` says. Results do not
        depend on it, bit for bit. Callbacks are called in the calling thread.

    ArgumentError: with all that is wrong with the members; also where a score fails.

    DataError: with all that is wrong with the rows.

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
    with Problems("train_many") as problems:
        check_count(problems, "epochs", epochs)
        check_count(problems, "max_bytes", max_bytes, example=MAX_BYTES)
        check_count(problems, "threads", threads, example=2, optional=True)
    rows: dict[str, Any] = {"evaluations": evaluations, "sample_weight": sample_weight}
    rows |= {"n_classes": n_classes, "input_shape": input_shape, "dtype": dtype, "device": device}
    rows |= {"scores": scores, "keep_outputs": keep_outputs}
    data = StackData(x_train, y_train, x_val, y_val, **rows)
    asked = [
        dataclasses.replace(m, epochs=m.epochs or epochs)
        for m in as_members(members, n_classes, data.rows, data.input_shape)
    ]
    runs = gather_runs(asked)
    planner = Planner(data.shape, n_classes, data.rows, max_bytes)
    jobs = [
        Job(data, shape, [runs[i] for i in group], keep_weights)
        for shape, group in planner.plan([run.member for run in runs])
    ]
    side_by_side = max_bytes // max((job.bytes for job in jobs), default=1)
    threads = max(1, min(threads_for(threads), side_by_side, len(jobs)))
    results: list[Any] = [None] * len(asked)

    def deliver(position: int, trained: Trained) -> None:
        results[position] = trained
        if on_done is not None:
            on_done(position, trained)

    if on_epoch is None:
        run_jobs(jobs, threads, deliver)
    else:
        run_watched(jobs, threads, deliver, on_epoch, len(asked))
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
    input_shape: Sequence[int] | None = None,
    dtype: str = "float32",
) -> tuple[np.ndarray, np.ndarray]:
    """Raise the learning rate at every step, and record the loss: the range test.

    Arguments are those of ``train_many``; the members' own learning rates are ignored, and they
    must have the same number of steps. The sweep from ``low`` to ``high`` is exponential and takes
    ``epochs``. Returns its rates, shape (steps,), and the losses, shape (members, steps), of each
    batch before its step, NaN after a network has diverged. Smith, WACV 2017,
    https://arxiv.org/abs/1506.01186.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(64, 4)), rng.integers(0, 3, 64)
    >>> rates, losses = range_test(x, y, [{"units": 8}], n_classes=3, epochs=5)
    >>> rates.shape, losses.shape
    ((10,), (1, 10))
    """
    if not 0 < low < high < np.inf:
        told = "must be numbers with 0 < low < high. Type for instance low=1e-6, high=10."
        raise ArgumentError(f"range_test: low={low} and high={high} {told}")
    data = StackData(x_train, y_train, n_classes=n_classes, input_shape=input_shape, dtype=dtype)
    networks = as_members(members, n_classes, data.rows, data.input_shape)
    steps = {steps_per_epoch(m, data.rows) for m in networks}
    if len(steps) != 1 or any(m.rows is not None for m in networks):
        said = "its members need the same batch_size and all the rows. Give each batch_size=32."
        raise ArgumentError(f"range_test: {said}")
    rates = np.geomspace(low, high, steps.pop() * epochs)
    swept = [dataclasses.replace(m, learning_rate=rates, epochs=epochs) for m in networks]
    planner = Planner(data.shape, n_classes, data.rows)
    losses = np.full((len(networks), len(rates)), np.nan)
    for shape, group in planner.plan(swept):
        stack = Stack(data, [swept[i] for i in group], shape)
        parts: list[list[float]] = [[] for _ in group]
        for _ in range(epochs):
            alive = np.flatnonzero(stack.live).tolist()
            stack.train()
            for k in alive:
                parts[k] += stack.batch_losses[k].tolist()
        for k, i in enumerate(group):
            losses[i, : len(parts[k])] = parts[k]
    return rates, np.where(np.isfinite(losses), losses, np.nan)

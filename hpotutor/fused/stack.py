"""One stack of networks: trained together, paused, copied, thinned out and resumed."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np

from hpotutor._tensorflow import tf
from hpotutor.errors import ArgumentError, Problems
from hpotutor.fused import planner
from hpotutor.fused.data import Curve, StackData, Trained
from hpotutor.fused.knobs import knobs_of
from hpotutor.fused.member import Member, as_members, batch_order, initial_weights, rate_table
from hpotutor.fused.program import Numbers, program_for
from hpotutor.fused.shape import StackShape, placed_on

# parameters and moving statistics of one member, and its outputs if they are kept
_Row = tuple[np.ndarray, np.ndarray, np.ndarray | None]


class Stack:
    """Members that train as one: pause, copy, thin out and resume between epochs.

    Parameters
    ----------
    data, members
        The members must agree in depth, convolutions (but for filters), batch size, optimizer,
        batch normalization, output, loss, and in whether they bring ``val_rows``.
    shape : StackShape, optional
        Of a program that can train more than these; the smallest that can, by default.

    Attributes
    ----------
    epoch, curves
        Epochs trained so far, and each member's curves.
    live : array of bool
        Which members still train: not diverged, not stopped.
    positions : list of int
        What messages call the members by.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x, y = rng.normal(size=(40, 3)), rng.integers(0, 2, 40)
    >>> data = StackData(x, y, x, y, n_classes=2)
    >>> stack = Stack(data, [{"units": 4, "learning_rate": rate} for rate in (0.1, 0.01, 0.001)])
    >>> stack.train(epochs=2)
    >>> best = stack.select([0, 1])  # promote two
    >>> best.train(epochs=1)
    >>> [len(curve["val_loss"]) for curve in best.curves]
    [3, 3]
    """

    def __init__(
        self, data: StackData, members: Sequence[Member | Mapping], shape: StackShape | None = None
    ) -> None:
        self.data = data
        self.members = as_members(members, data.n_classes, data.rows, data.input_shape)
        planner.check_together(self.members, data.n_classes)
        data.check_measured(self.members)
        start = time.perf_counter()
        self.shape = shape or data.shape(self.members)
        self.program = program_for(self.shape)
        self.epoch = 0
        self.curves: list[Curve] = [{} for _ in self.members]
        self.status = ["complete"] * len(self.members)
        self.live = np.ones(len(self.members), bool)
        self.seconds = np.zeros(len(self.members))
        self.batch_losses = [np.zeros(0) for _ in self.members]
        self.best_epoch = np.zeros(len(self.members), int)
        self.positions = list(range(len(self.members)))
        self._outputs: np.ndarray | None = None
        self._best: dict[int, _Row] = {}
        self._final: dict[int, _Row] = {}
        self._host: tuple[Numbers | None, list[np.ndarray]] = None, []
        self._steps = np.zeros(len(self.members), int)
        self._rates: dict[int, np.ndarray] = {}
        self._tables: dict[str, Any] | None = None
        self._plan: dict[str, Any] = {}  # what is the same in every epoch
        with placed_on(data.device):
            self._numbers = self._start()
        self.seconds += (time.perf_counter() - start) / len(self.members)

    # ── training ────────────────────────────────────────────────────────────
    def train(self, epochs: int = 1) -> None:
        """Train all live members for more epochs."""
        for _ in range(epochs):
            if self.live.any():
                self.train_epoch()

    def train_epoch(self) -> None:
        """Train one epoch, evaluate, and note what happened to each member."""
        start = time.perf_counter()
        with placed_on(self.data.device):
            tensors = self._tensors()
            plan, counts = self._batches()
            self._numbers, losses, hits, results = self.program.train_epoch(
                self._numbers, tensors["data"], tensors["knobs"], plan
            )
        self.epoch += 1
        self._steps += self._plan["steps"][: len(self.members)]
        losses, hits = losses.numpy(), hits.numpy()
        rows = counts.sum(axis=0)
        values = {
            "loss": (losses * counts).sum(axis=0) / rows,
            "accuracy": hits.sum(axis=0, dtype=float) / rows,
        }
        for name, (loss, correct, _) in zip(self.data.names(self.members), results, strict=True):
            values[f"{name}_loss"] = loss.numpy()
            values[f"{name}_accuracy"] = correct.numpy().astype(float) / self._evaluated(name)
        if not self.data.n_classes:
            values = {name: value for name, value in values.items() if name.endswith("loss")}
        finite = np.all([np.isfinite(v) for n, v in values.items() if n.endswith("loss")], axis=0)
        if self.shape.outputs:
            values.update(self._score(results[0][2].numpy(), finite))
        self.seconds[self.live] += (time.perf_counter() - start) / self.live.sum()
        for k in np.flatnonzero(self.live).tolist():
            for name, value in values.items():
                self.curves[k].setdefault(name, []).append(float(value[k]))
            self.batch_losses[k] = losses[counts[:, k] > 0, k]
            if not finite[k]:
                self.stop(k, "diverged")
            else:
                self._judge(k)

    def _score(self, outputs: np.ndarray, finite: np.ndarray) -> Curve:
        """Return each score of all members, NaN where one has diverged or stands still."""
        self._outputs = outputs
        values = {name: [math.nan] * len(outputs) for name in self.data.scores}
        for k in np.flatnonzero(self.live & finite[: len(self.live)]).tolist():
            whose = f"member {self.positions[k]}, after epoch {self.epoch},"
            own = self._own_outputs(k)
            for name in values:
                values[name][k] = self.data.score(name, self.members[k], own, whose)
        return values

    def _own_outputs(self, k: int, kept: bool = False) -> Any:
        """Return one member's last outputs on its validation rows; ``kept`` only if asked for."""
        if self._outputs is None or (kept and not self.data.keep_outputs):
            return None
        rows = self.members[k].val_rows
        return np.array(self._outputs[k] if rows is None else self._outputs[k, : len(rows)])

    def _judge(self, k: int) -> None:
        """Keep the best epoch of one member, and stop it when its time or patience is over."""
        member = self.members[k]
        curve = self.curves[k].get(member.monitor) or self.curves[k]["loss"]
        sign = -1 if member.rises else 1
        best = self.best_epoch[k]
        if not best or sign * curve[-1] < sign * curve[best - 1]:
            best = self.best_epoch[k] = len(curve)
            if member.restore_best:
                self._best[k] = self._row(k)
        patient = member.patience is None or len(curve) - best < member.patience
        if not patient or len(curve) == member.epochs:
            self.stop(k, "complete")

    def stop(self, k: int, status: str = "stopped") -> None:
        """Freeze one member: its curves stay as they are now, and its weights or its best ones."""
        if self.live[k]:
            self._final[int(k)] = self._best.get(int(k)) or self._row(k)
            self.live[k] = False
            self.status[k] = status

    def result(self, k: int, keep_weights: bool = True) -> Trained:
        """Return one member as it now stands."""
        curve = {name: list(values) for name, values in self.curves[k].items()}
        return Trained(
            member=self.members[k],
            curve=curve,
            epochs=len(curve.get("loss", [])),
            status=self.status[k],
            seconds=float(self.seconds[k]),
            best_epoch=int(self.best_epoch[k]),
            n_features=self.data.n_features,
            n_classes=self.data.n_classes,
            batch_losses=self.batch_losses[k],
            weights=self.get_weights(k) if keep_weights else None,
            outputs=self._final[k][2] if k in self._final else self._own_outputs(k, kept=True),
            input_shape=self.data.input_shape,
        )

    # ── between epochs ──────────────────────────────────────────────────────
    def get_weights(self, k: int) -> list[np.ndarray]:
        """Return one member's weights, in the order of ``Model.get_weights``."""
        params, moving, _ = self._final.get(int(k)) or self._row(k)
        return planner.unpack(params, moving, self.members[k], self.shape)

    def copy(self, source: int, target: int) -> None:
        """Give ``target`` the weights and optimizer memory of ``source``, but not its settings."""
        if self.members[source].widths != self.members[target].widths:
            raise ArgumentError(
                f"Stack.copy: member {source} has units={self.members[source].widths} and member "
                f"{target} has {self.members[target].widths}. Give both the same units."
            )
        self._numbers = tf.nest.map_structure(np.array, self._numbers)  # which can be written into
        for array in tf.nest.flatten(self._numbers):
            array[target] = array[source]
        self._final.pop(target, None)
        if source in self._final:  # its numbers in the graph have moved on since it was stopped
            self._final[target] = self._final[source]
        self.live[target], self.status[target] = self.live[source], self.status[source]

    def change(self, k: int, **hyperparameters: Any) -> None:
        """Change learning_rate, momentum, weight_decay, dropout, l1 or l2 of a member."""
        allowed = ("learning_rate", "momentum", "weight_decay", "dropout", "l1", "l2")
        unknown = [name for name in hyperparameters if name not in allowed]
        Problems("Stack.change").unknown(unknown, allowed).raise_if_any()
        members = list(self.members)
        members[k] = replace(members[k], **hyperparameters)
        as_members([members[k]], self.data.n_classes, self.data.rows, self.data.input_shape)
        if members[k].stack_optimizer != self.shape.optimizer:
            raise ArgumentError(
                "Stack.change: plain SGD keeps no velocity, so momentum cannot be turned on or "
                "off between epochs. Type optimizer='momentum' from the start."
            )
        self.members, self._tables, self._plan = members, None, {}
        self._rates.pop(k, None)
        wanted, flags = self.data.shape(members), ("dropout", "l1", "l2", "weight_decay")
        more: dict[str, Any] = {name: True for name in flags if getattr(wanted, name)}
        self.shape = replace(self.shape, **more)
        self.program = program_for(self.shape)

    def select(self, indices: Sequence[int]) -> Stack:
        """Return a stack of some members, or of some more than once, where they now stand."""
        chosen = [int(k) for k in indices]
        other = copy(self)
        other._rates, other._tables, other._plan = {}, None, {}
        other.shape = replace(self.shape, members=planner.bucket(len(chosen)))
        other.program = program_for(other.shape)
        other.curves = [{n: list(v) for n, v in self.curves[k].items()} for k in chosen]
        for name in ("members", "status", "positions", "batch_losses"):
            setattr(other, name, [getattr(self, name)[k] for k in chosen])
        for name in ("live", "seconds", "best_epoch", "_steps"):
            setattr(other, name, getattr(self, name)[chosen])
        for name in ("_best", "_final"):
            kept = getattr(self, name)
            setattr(other, name, {n: kept[k] for n, k in enumerate(chosen) if k in kept})
        other._outputs = None if self._outputs is None else self._outputs[chosen]
        padded = chosen + [chosen[0]] * (other.shape.members - len(chosen))
        other._numbers = tf.nest.map_structure(lambda a: np.array(a)[padded], self._numbers)
        return other

    # ── the stack's numbers ─────────────────────────────────────────────────
    def _start(self) -> Numbers:
        data, shape = self.data, self.shape
        given = (data.n_features, data.n_classes, data.dtype, data.input_shape)
        rows = [planner.pack(initial_weights(m, *given), m, shape) for m in self._padded()]
        return self.program.start(*(np.stack(part) for part in zip(*rows, strict=True)))

    def _padded(self) -> list[Member]:
        """Return the members, and the first one again for each empty place of the program."""
        return self.members + [self.members[0]] * (self.shape.members - len(self.members))

    def _row(self, k: int) -> _Row:
        numbers, host = self._host
        if numbers is not self._numbers:  # once an epoch rather than once a member
            host = [np.asarray(self._numbers[name]) for name in ("params", "moving")]
            self._host = self._numbers, host
        params, moving = (np.array(each[k]) for each in host)
        return params, moving, self._own_outputs(k, kept=True)

    # ── what the graph is fed ───────────────────────────────────────────────
    def _tensors(self) -> dict[str, Any]:
        """Return data and hyperparameters as tensors, made once."""
        if self._tables is None:
            data = {"x": self.data.x, "y": self.data.y}
            data["evaluations"] = list(self.data.evaluations.values())
            if self.shape.folds:
                data["folds"] = self.data.folds(self._padded())
            if self.shape.weighted:
                data["weights"] = self.data.weights
            self._tables = {"data": data, "knobs": knobs_of(self._padded(), self.shape)}
        return self._tables

    def _evaluated(self, name: str) -> Any:
        """Return how many rows an evaluation set has, for each member."""
        if name == "val" and self.shape.folds:
            return self._tensors()["data"]["folds"]["counts"].numpy()[:, 0]
        return len(self.data.evaluations[name][1])

    def _batches(self) -> tuple[dict[str, Any], np.ndarray]:
        """Return the epoch's batches and rates, and the rows (steps, members) of each batch."""
        size, shape, plan = self.members[0].batch_size, self.shape, self._plan
        if not plan:
            rows = [planner.rows_of(m, self.data.rows) for m in self._padded()]
            steps = np.array([planner.steps_per_epoch(m, self.data.rows) for m in self._padded()])
            starts = size * np.arange(steps.max())[:, np.newaxis]
            counts = np.clip(rows - starts, 0, size).astype(shape.dtype)
            plan = self._plan = {"steps": steps, "counts": counts, "rates": self._rate_plan(steps)}
            plan["tensor"] = tf.constant(counts[..., np.newaxis])
        elif any(not np.isscalar(m.learning_rate) for m in self.members):
            plan["rates"] = self._rate_plan(plan["steps"])
        order = np.zeros((shape.members, len(plan["counts"]) * size), np.int32)
        for k, member in enumerate(self.members):
            own = planner.rows_of(member, self.data.rows)
            drawn = batch_order(member.seed, self.epoch, own)
            order[k, :own] = drawn if member.rows is None else np.asarray(member.rows)[drawn]
        order[len(self.members) :] = order[0]
        batches = order.reshape(shape.members, -1, size).transpose(1, 0, 2)
        given = {
            "batches": tf.constant(batches),
            "counts": plan["tensor"],
            "rates": plan["rates"],
            "epoch": tf.constant(self.epoch, tf.int32),
        }
        return given, plan["counts"]

    def _rate_plan(self, steps: np.ndarray) -> Any:
        rates = np.zeros((steps.max(), self.shape.members, 1), self.shape.dtype)
        for k in range(len(self.members)):
            rates[: steps[k], k, 0] = self._rate(k, int(steps[k]))
        rates[:, len(self.members) :] = rates[:, :1]
        return tf.constant(rates)

    def _rate(self, k: int, steps: int) -> Any:
        """Return the learning rate of each of the next steps of one member."""
        rate = self.members[k].learning_rate
        if np.ndim(rate) == 0 and not callable(rate):
            return float(rate)
        end = self._steps[k] + steps
        if k not in self._rates or len(self._rates[k]) < end:
            self._rates[k] = rate_table(rate, 2 * int(end))
        return self._rates[k][self._steps[k] : end]

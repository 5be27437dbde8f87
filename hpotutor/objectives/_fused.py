"""How an objective asks the stack instead of ``Model.fit``."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from hpotutor.errors import ArgumentError
from hpotutor.fused.api import Member, Trained, as_members, train_many
from hpotutor.objectives._fitting import in_own_unit
from hpotutor.objectives.base import OnEpoch, Params
from hpotutor.objectives.metrics import REPORTED
from hpotutor.objectives.scoring import Curve, Fit, Split


class StackedTraining:
    """Requests that are trained together; the folds of each are members of the same stacks.

    ``objective`` is a ``TrainObjective``; ``answer(index, fits)`` is called as each request is
    finished, with one fit a fold.
    """

    def __init__(self, objective: Any, answer: Callable[[int, list[Fit]], None]) -> None:
        self.n_classes, self.answer = objective.data.n_classes, answer
        self._splits: list[Split] = objective.splits()
        self._parts: list[tuple[Any, Any]] = [(None, None)]
        self._sets: tuple[Any, Any, Any, Any] = tuple(self._splits[0])
        self._weight = self._splits[0].weight
        if objective.rows.cut:
            self._sets, self._parts, self._weight = _side_by_side(self._splits)
        self._shape = _row_shape(objective, self._sets[0].shape[1])
        self._metric, self._picks_epoch = objective.measured, objective.picks_epoch
        self._why = ""  # the last score had no value
        self._members: list[Member] = []
        self._owners: list[tuple[int, int]] = []  # of each member, the request and the fold
        self._fits: dict[int, dict[int, Fit]] = {}

    def add(self, index: int, request: Params) -> None:
        """Add one request, the fields of a member; ``ArgumentError`` if no stack can train it."""
        asked = [{**request, "rows": rows, "val_rows": held} for rows, held in self._parts]
        self._members += as_members(asked, self.n_classes, len(self._sets[1]), self._shape)
        self._owners += [(index, fold) for fold in range(len(asked))]
        self._fits[index] = {}

    def train(self, on_epoch: OnEpoch | None = None) -> None:
        """Train all requests; with ``on_epoch`` a single one, whose metric it hears."""
        name = self._metric.name

        def watch(epoch: int, curves: list[Curve]) -> bool:
            if on_epoch is None or any(self._fits.values()):  # a fold is over, or all are
                return False
            return bool(on_epoch(epoch, float(np.mean([curve[name][-1] for curve in curves]))))

        if not self._members:
            return
        asked: dict[str, Any] = {}
        if name not in REPORTED and (on_epoch is not None or self._picks_epoch):
            asked["scores"] = {name: self._score}
        elif name not in REPORTED:
            asked["keep_outputs"] = True
        if self._weight is not None:
            asked["sample_weight"] = self._weight
        train_many(
            *self._sets,
            self._members,
            n_classes=self.n_classes,
            input_shape=self._shape,
            on_epoch=None if on_epoch is None else watch,
            on_done=self._keep,
            **asked,
        )

    def _score(self, y_true: np.ndarray, outputs: Any) -> float:
        """Score a network's outputs; the worst there is where they have no score."""
        # A fold's own labels or amounts are known by what the stack has of them.
        known = (split for split in self._splits if np.array_equal(split.y_val, y_true))
        split = next(known)
        try:
            value = self._metric.of(split.truth, split.in_own_unit(outputs))
        except Exception as error:  # one network must not end the training of the others
            value, self._why = math.nan, f"{type(error).__name__}: {error}"
        worst = -math.inf if self._metric.direction == "maximize" else math.inf
        return value if math.isfinite(value) else worst

    def _keep(self, position: int, trained: Trained) -> None:
        (index, fold), name = self._owners[position], self._metric.name
        fit = Fit(trained.curve, trained.status, "", trained.seconds)
        if fit.status == "diverged":
            fit.reason = f"the loss was not finite after epoch {trained.epochs}"
        elif fit.status == "stopped":
            fit.status = "pruned"
            fit.reason = f"stopped by the search after epoch {trained.epochs}"
        if fit.status != "diverged" and name not in REPORTED:
            scores = trained.curve.get(name)
            if scores is None:
                scores = [self._score(self._splits[fold].y_val, trained.outputs)]
                fit.last = scores[0]
            if not np.isfinite(scores).all():
                fit.status, fit.reason = "failed", self._why or f"the metric {name!r} has no value"
        self._fits[index][fold] = fit
        if len(self._fits[index]) == len(self._parts):
            self.answer(index, [fit for _, fit in sorted(self._fits[index].items())])


def _side_by_side(folds: list[Split]) -> tuple[tuple[Any, Any, None, None], list[Any], Any]:
    """Return the rows of all folds as one set, which each trains and validates on, and weights.

    Each fold prepares the rows in its own way, so that none can be shared.
    """
    widths = {fold.x.shape[1] for fold in folds}
    if len(widths) > 1:
        raise ArgumentError(
            "TrainObjective: in some folds a category is too rare to get a feature of its own, and "
            "networks of one stack need as many features each. Type engine='keras'."
        )
    sides = [side for fold in folds for side in ((fold.x, fold.y), (fold.x_val, fold.y_val))]
    ends = np.cumsum([len(y) for _, y in sides])
    places = np.split(np.arange(ends[-1]), ends[:-1])
    x, y = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    weight: Any = None
    if folds[0].weight is not None:  # validation rows are there to be numbered alone
        weights = [side for fold in folds for side in (fold.weight, np.ones(len(fold.y_val)))]
        weight = np.concatenate([np.asarray(side) for side in weights])
    return (x, y, None, None), list(zip(places[::2], places[1::2], strict=True)), weight


def _row_shape(objective: Any, features: int) -> tuple[int, ...] | None:
    """Return what each row is, for convolutions; None where the rows have other features."""
    shape = objective.data.input_shape
    if objective.build is not None and objective.build.__name__ == "build_cnn":
        shape = (*shape, 1)[:3]
    return shape if math.prod(shape) == features else None


def train_one(objective: Any, split: Split, request: Params) -> Any:
    """Train one network on the training rows and return it as an ordinary Keras model."""
    asked: dict[str, Any] = {"n_classes": objective.data.n_classes, "keep_weights": True}
    asked["input_shape"] = _row_shape(objective, split.x.shape[1])
    if split.weight is not None:
        asked["sample_weight"] = split.weight
    monitor = request.get("monitor")
    if monitor is not None and monitor not in REPORTED:  # scored after each epoch to find the best
        asked["scores"] = {monitor: StackedTraining(objective, lambda index, fits: None)._score}
    x_val, y_val = (split.x_val, split.y_val) if len(split.y_val) else (None, None)
    (trained,) = train_many(split.x, split.y, x_val, y_val, [request], **asked)
    return in_own_unit(trained.to_keras(), split)

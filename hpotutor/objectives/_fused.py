"""How an objective asks the stack instead of ``Model.fit``."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from hpotutor.errors import ArgumentError
from hpotutor.fused.api import Member, Trained, as_members, train_many
from hpotutor.objectives._fitting import in_own_unit
from hpotutor.objectives.base import OnEpoch, Params
from hpotutor.objectives.metrics import REPORTED, Metric
from hpotutor.objectives.scoring import Curve, Fit, Split


def train_stacked(
    objective: Any,
    batch: Sequence[Params],
    epochs: int | None,
    answer: Callable[[int, list[Fit]], None],
    on_epoch: OnEpoch | None = None,
) -> None:
    """Train a batch of a ``TrainObjective``, the folds of each as members of the same stacks.

    ``answer(index, fits)`` is called as each ends, with a fit a fold; ``on_epoch`` hears one alone.
    """
    splits, name = objective.splits(), objective.metric
    sets: tuple[Any, Any, Any, Any] = tuple(splits[0])
    parts, weight = [(None, None)], splits[0].weight
    if objective.rows.cut:
        sets, parts, weight = _side_by_side(splits)
    score, settings = _Scorer(objective.measured, splits), _settings(objective, sets[0], weight)
    members: list[Member] = []
    owners: list[tuple[int, int]] = []  # of each member, the request and the fold
    fits: dict[int, dict[int, Fit]] = {}
    for index, params in enumerate(batch):
        try:
            request = objective.request(params, epochs)
            asked = [{**request, "rows": rows, "val_rows": held} for rows, held in parts]
            shape = settings["input_shape"]
            members += as_members(asked, objective.data.n_classes, len(sets[1]), shape)
        except ArgumentError as error:
            answer(index, [Fit(status="failed", reason=str(error))])
            continue
        owners += [(index, fold) for fold in range(len(parts))]
        fits[index] = {}

    def watch(epoch: int, curves: list[Curve]) -> bool:
        if on_epoch is None or any(fits.values()):  # a fold is over, or all are
            return False
        return bool(on_epoch(epoch, float(np.mean([curve[name][-1] for curve in curves]))))

    def keep(position: int, trained: Trained) -> None:
        (index, fold), fit = owners[position], Fit(trained.curve, trained.status)
        fit.seconds, spent = trained.seconds, f"after epoch {trained.epochs}"
        if fit.status == "diverged":
            fit.reason = f"the loss was not finite {spent}"
        elif fit.status == "stopped":
            fit.status, fit.reason = "pruned", f"stopped by the search {spent}"
        if fit.status != "diverged" and name not in REPORTED:
            scores = fit.curve.get(name)
            if scores is None:
                scores = [score(splits[fold].y_val, trained.outputs)]
                fit.last = scores[0]
            if not np.isfinite(scores).all():
                fit.status, fit.reason = "failed", score.why or f"the metric {name!r} has no value"
        fits[index][fold] = fit
        if len(fits[index]) == len(parts):
            answer(index, [fit for _, fit in sorted(fits[index].items())])

    if name not in REPORTED:
        often = on_epoch is not None or objective.picks_epoch
        settings |= {"scores": {name: score}} if often else {"keep_outputs": True}
    if on_epoch is not None:
        settings["on_epoch"] = watch
    if members:
        train_many(*sets, members, on_done=keep, **settings)


def train_all(objective: Any, split: Split, requests: Sequence[Params]) -> list[Any]:
    """Train networks on the training rows and return them as ordinary Keras models."""
    settings, monitor = _settings(objective, split.x, split.weight), requests[0].get("monitor")
    if monitor is not None and monitor not in REPORTED:  # scored after each epoch to find the best
        settings["scores"] = {monitor: _Scorer(objective.measured, [split])}
    held: tuple[Any, Any] = (split.x_val, split.y_val) if len(split.y_val) else (None, None)
    trained = train_many(split.x, split.y, *held, requests, keep_weights=True, **settings)
    return [in_own_unit(one.to_keras(), split) for one in trained]


def _settings(objective: Any, x: np.ndarray, weight: Any) -> dict[str, Any]:
    """Return what the stack is told of the rows, with their shape for convolutions if it is x's."""
    data, shape = objective.data, objective.data.input_shape
    if objective.build is not None and objective.build.__name__ == "build_cnn":
        shape = data.image_shape
    told = {"n_classes": data.n_classes, "device": objective.device}
    shape = shape if len(shape) > 1 else (*shape, 1)  # a table's row is steps of one channel
    told["input_shape"] = shape if math.prod(shape) == x.shape[1] else None
    return told if weight is None else {**told, "sample_weight": weight}


class _Scorer:
    """Scores a network's outputs; the worst there is, and ``why``, where they have no score."""

    def __init__(self, metric: Metric, splits: Sequence[Split]) -> None:
        self.metric, self.splits, self.why = metric, splits, ""

    def __call__(self, y_true: np.ndarray, outputs: Any) -> float:
        # A fold's own labels or amounts are known by what the stack has of them.
        split = next(one for one in self.splits if np.array_equal(one.y_val, y_true))
        worst = -math.inf if self.metric.direction == "maximize" else math.inf
        try:
            value, why = self.metric.of(split.truth, split.in_own_unit(outputs)), ""
        except Exception as error:  # one network must not end the training of the others
            value, why = math.nan, f"{type(error).__name__}: {error}"
        if not math.isfinite(value):
            value, self.why = worst, why
        return value


def _side_by_side(folds: list[Split]) -> tuple[tuple[Any, Any, None, None], list[Any], Any]:
    """Return the rows of all folds, which each prepares in its own way, as one set, and weights."""
    if len({fold.x.shape[1] for fold in folds}) > 1:
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

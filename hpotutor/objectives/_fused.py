"""How an objective asks the stack instead of ``Model.fit``."""

from collections.abc import Callable
from typing import Any

import numpy as np

from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import ArgumentError
from hpotutor.fused.api import Member, Trained, as_members, train_many
from hpotutor.objectives.base import OnEpoch, Params
from hpotutor.objectives.scoring import Curve, Fit, Split, cut_folds, fixed_split


class StackedTraining:
    """Requests that are trained together; the folds of each are members of the same stacks.

    ``answer(index, fits)`` is called as each request is finished, with one fit a fold.
    """

    def __init__(
        self, data: Dataset, folds: int | None, seed: int, answer: Callable[[int, list[Fit]], None]
    ) -> None:
        self.n_classes, self.answer = data.n_classes, answer
        self._parts: list[tuple[Any, Any]] = [(None, None)]
        self._sets: tuple[Any, Any, Any, Any]
        if folds:
            self._sets, self._parts = _side_by_side(cut_folds(data, folds, seed))
        else:
            self._sets = fixed_split(data)
        self._members: list[Member] = []
        self._owners: list[int] = []
        self._fits: dict[int, list[Fit]] = {}

    def add(self, index: int, request: Params) -> None:
        """Add one request, the fields of a member; ``ArgumentError`` if no stack can train it."""
        asked = [{**request, "rows": rows, "val_rows": held} for rows, held in self._parts]
        self._members += as_members(asked, self.n_classes, len(self._sets[1]))
        self._owners += [index] * len(asked)
        self._fits[index] = []

    def train(self, on_epoch: OnEpoch | None = None, metric: str = "") -> None:
        """Train all requests; with ``on_epoch`` a single one, whose metric it hears."""

        def watch(epoch: int, curves: list[Curve]) -> bool:
            if on_epoch is None or any(self._fits.values()):  # a fold is over, or all are
                return False
            return bool(on_epoch(epoch, float(np.mean([curve[metric][-1] for curve in curves]))))

        if self._members:
            train_many(
                *self._sets,
                self._members,
                n_classes=self.n_classes,
                on_epoch=None if on_epoch is None else watch,
                on_done=self._keep,
            )

    def _keep(self, position: int, trained: Trained) -> None:
        index = self._owners[position]
        fits, status, reason = self._fits[index], trained.status, ""
        if status == "diverged":
            reason = f"the loss was not finite after epoch {trained.epochs}"
        elif status == "stopped":
            status, reason = "pruned", f"stopped by the search after epoch {trained.epochs}"
        fits.append(Fit(trained.curve, status, reason, trained.seconds))
        if len(fits) == len(self._parts):
            self.answer(index, fits)


def _side_by_side(folds: list[Split]) -> tuple[tuple[Any, Any, None, None], list[tuple[Any, Any]]]:
    """Return the rows of all folds as one set, and which of them each fold trains and validates on.

    Each fold prepares the rows in its own way, so that none can be shared.
    """
    widths = {fold[0].shape[1] for fold in folds}
    if len(widths) > 1:
        raise ArgumentError(
            "TrainObjective: in some folds a category is too rare to get a feature of its own, and "
            "networks of one stack need as many features each. Type engine='keras'."
        )
    sides = [side for fold in folds for side in (fold[:2], fold[2:])]
    ends = np.cumsum([len(y) for _, y in sides])
    places = np.split(np.arange(ends[-1]), ends[:-1])
    x, y = (np.concatenate(parts) for parts in zip(*sides, strict=True))
    return (x, y, None, None), list(zip(places[::2], places[1::2], strict=True))


def train_one(data: Dataset, request: Params) -> Any:
    """Train one network on the training rows and return it as an ordinary Keras model."""
    trained = train_many(*fixed_split(data), [request], n_classes=data.n_classes, keep_weights=True)
    return trained[0].to_keras()

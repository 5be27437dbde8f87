"""From a training's curves to a score, and the folds that a score is averaged over."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpotutor.datasets.dataset import Dataset

Curve = dict[str, list[float]]
Split = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]


@dataclass
class Fit:
    """What one training gave: a curve, how it ended, and the model where it was asked for."""

    curve: Curve = field(default_factory=dict)
    status: str = "complete"
    reason: str = ""
    seconds: float = 0.0
    model: Any = None

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.curve.get("loss", ()))


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """Average curves epoch by epoch; a fold that stopped early keeps its last value."""
    length = max((len(values) for curve in curves for values in curve.values()), default=0)
    mean = {}
    for name in curves[0] if curves else ():
        told = [curve[name] for curve in curves if curve.get(name)]
        padded = [values + values[-1:] * (length - len(values)) for values in told]
        mean[name] = np.mean(padded, axis=0).tolist()
    return mean


def value_of(curves: Sequence[Curve], metric: str, direction: str, *, best: bool) -> float:
    """Score finished curves: each fold's last or best epoch, averaged over folds."""
    pick = max if direction == "maximize" else min
    scores = [pick(curve[metric]) if best else curve[metric][-1] for curve in curves]
    return float(np.mean(scores))


def fixed_split(data: Dataset) -> Split:
    """Return x and y of the training rows, then of the validation rows."""
    return data.x_train, data.y_train, data.x_val, data.y_val


def cut_folds(data: Dataset, folds: int, seed: int) -> list[Split]:
    """Return each fold's rows, prepared by what its own training rows tell."""
    return [(fold.x, fold.y, fold.x_val, fold.y_val) for fold in data.folds(folds, seed)]

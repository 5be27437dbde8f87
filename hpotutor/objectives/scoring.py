"""One training: the rows that it has, and what it gave; and the mean over several."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

Curve: TypeAlias = dict[str, list[float]]


@dataclass(frozen=True)
class Split:
    """Rows to train and to validate on, as a network takes them; unpacks into the first four.

    Amounts are standardized by ``center`` and ``spread``; ``truth`` has those of the validation
    rows in their own unit. ``weight`` is what each training row counts for.
    """

    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    truth: np.ndarray
    weight: np.ndarray | None = None
    center: float = 0.0
    spread: float = 1.0

    def __iter__(self) -> Iterator[np.ndarray]:
        return iter((self.x, self.y, self.x_val, self.y_val))

    @property
    def scaled(self) -> bool:
        """Whether networks learn amounts in another unit than their own."""
        return (self.center, self.spread) != (0.0, 1.0)

    def in_own_unit(self, outputs: Any) -> Any:
        """Return what a network said in the target's own unit; probabilities stay as they are."""
        if not self.scaled:
            return outputs
        return np.asarray(outputs, dtype=float) * self.spread + self.center


@dataclass
class Fit:
    """What one training gave; ``last`` is the score at its end, where the curve has none."""

    curve: Curve = field(default_factory=dict)
    status: str = "complete"
    reason: str = ""
    seconds: float = 0.0
    model: Any = None
    last: float | None = None
    prediction: float | None = None  # its seconds

    @property
    def epochs(self) -> int:
        """Epochs trained."""
        return len(self.curve.get("loss", ()))

    def score(self, metric: str, direction: str, *, best: bool) -> float:
        """Return the score of the last or of the best epoch."""
        if self.last is not None:
            return self.last
        pick = max if direction == "maximize" else min
        return pick(self.curve[metric]) if best else self.curve[metric][-1]


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """Average curves epoch by epoch; a fold that stopped early keeps its last value."""
    length = max((len(values) for curve in curves for values in curve.values()), default=0)
    mean = {}
    for name in curves[0] if curves else ():
        told = [curve[name] for curve in curves if curve.get(name)]
        padded = [values + values[-1:] * (length - len(values)) for values in told]
        mean[name] = np.mean(padded, axis=0).tolist()
    return mean

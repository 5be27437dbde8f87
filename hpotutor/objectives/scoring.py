"""From curves and predictions to a score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def mean_curve(curves: Sequence[dict[str, list[float]]]) -> dict[str, list[float]]:
    """Average curves epoch by epoch; a fold that stopped early keeps its last value."""
    names = curves[0].keys() if curves else ()
    length = max((len(values) for curve in curves for values in curve.values()), default=0)
    mean = {}
    for name in names:
        padded = [_extend(curve.get(name, []), length) for curve in curves]
        mean[name] = np.mean([row for row in padded if row], axis=0).tolist()
    return mean


def _extend(values: list[float], length: int) -> list[float]:
    return values + values[-1:] * (length - len(values)) if values else []

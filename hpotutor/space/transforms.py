"""The arithmetic of one distribution: its values counted, on a grid, on [0, 1], and cleaned."""

import math
from collections.abc import Sequence
from typing import Any, TypeGuard

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpotutor._validation import is_number, is_whole
from hpotutor.space.distributions import LARGEST_FLOAT, Distribution, Scalar, Value, as_value, plain

# Values of a float, or of an integer on a log scale, on a grid for which nobody said how many.
DEFAULT_LEVELS = 5
# More levels than any integer has: all its values.
ALL = 2**62


def count(distribution: Distribution) -> int | float:
    """Return the number of distinct values, ``math.inf`` for a float."""
    if isinstance(distribution, CategoricalDistribution):
        return len(distribution.choices)
    return len(_every(distribution)) if isinstance(distribution, IntDistribution) else math.inf


def holds(distribution: Distribution, value: object) -> bool:
    """Return whether a value, as it is, belongs to the distribution."""
    value = plain(value)
    if isinstance(distribution, CategoricalDistribution):
        return any(type(value) is type(one) and value == one for one in distribution.choices)
    if isinstance(distribution, IntDistribution):
        return is_whole(value) and int(value) in _every(distribution)
    return is_number(value) and bool(distribution.low <= value <= distribution.high)


def describe(distribution: Distribution) -> str:
    """Return in words which values are allowed."""
    if isinstance(distribution, CategoricalDistribution):
        return "one of " + ", ".join(repr(value) for value in distribution.choices)
    kind = "a whole number" if isinstance(distribution, IntDistribution) else "a number"
    step = f" in steps of {distribution.step}" if (distribution.step or 1) != 1 else ""
    return f"{kind} from {distribution.low} to {distribution.high}{step}"


def typical(distribution: Distribution) -> Value:
    """Return a value from the middle, to show what could be typed."""
    return grid_axis(distribution, 1)[0]


def grid_axis_size(distribution: Distribution, levels: int | None) -> int:
    """Return the length of :func:`grid_axis` without building a long list."""
    if isinstance(distribution, IntDistribution) and not distribution.log:
        total = len(_every(distribution))
        return total if levels is None else min(levels, total)
    return len(grid_axis(distribution, levels))


def grid_axis(distribution: Distribution, levels: int | None) -> list[Value]:
    """Return the values of one hyperparameter on a grid, evenly spaced on its own scale.

    All categories, whatever ``levels`` says. Of the rest ``levels`` values from ``low`` to
    ``high`` (a single one lies in the middle); with ``levels=None`` all integers, and five values
    of a float or of an integer on a log scale.
    """
    if isinstance(distribution, CategoricalDistribution):
        return list(distribution.choices)
    points = levels or DEFAULT_LEVELS
    if isinstance(distribution, IntDistribution):
        every = _every(distribution)
        if points >= len(every) or (levels is None and not distribution.log):
            return list(every)
    spread = 3 if points == 1 else points  # a single level is the middle one of three
    low, high = distribution.low, distribution.high
    values: Sequence[Value]
    if isinstance(distribution, FloatDistribution):
        spacing = np.geomspace if distribution.log else np.linspace
        values = _tidy(spacing(low, high, spread), low, high)
    elif distribution.log:
        spaced = np.geomspace(low, high, spread).tolist()
        values = [min(max(round(value), low), high) for value in spaced]
    else:
        values = [every[k * (len(every) - 1) // (spread - 1)] for k in range(spread)]
    return [values[1]] if points == 1 else list(dict.fromkeys(values))


def to_unit(distribution: Distribution, value: Any) -> float:
    """Return where in [0, 1] a value lies; integers and categories sit in the middle of bins."""
    if isinstance(distribution, CategoricalDistribution):
        return (distribution.choices.index(value) + 0.5) / len(distribution.choices)
    low, high = _edges(distribution)
    if distribution.log:
        return math.log(value / low) / math.log(high / low)
    return float((value - low) / (high - low))


def from_unit(distribution: Distribution, position: float) -> Value:
    """Return the value at a position in [0, 1]; the inverse of :func:`to_unit`."""
    if isinstance(distribution, CategoricalDistribution):
        total = len(distribution.choices)
        return distribution.choices[min(int(position * total), total - 1)]
    low, high = _edges(distribution)
    if distribution.log:
        value: float = low ** (1 - position) * high**position
    else:
        value = low + position * (high - low)
    if isinstance(distribution, IntDistribution):
        step = distribution.step
        value = distribution.low + step * round((value - distribution.low) / step)
    return min(max(value, distribution.low), distribution.high)


def clean(distribution: Distribution, value: object) -> Value:
    """Return a library's value as a plain Python value of the distribution, or raise ValueError.

    Integers that arrive as floats become integers, floats that rounding pushed past a bound go
    back to it, and KerasTuner's labels become the values they stand for.
    """
    value = plain(value)
    if isinstance(distribution, CategoricalDistribution):
        return _clean_category(distribution.choices, value)
    if not is_number(value) or not abs(value) <= LARGEST_FLOAT:
        raise ValueError(value)
    if isinstance(distribution, IntDistribution):
        value = round(value) if math.isclose(value, round(value), abs_tol=1e-6) else value
    else:
        low, high, value = distribution.low, distribution.high, float(value)
        inside = min(max(value, low), high)
        if math.isclose(value, inside, rel_tol=1e-6, abs_tol=1e-12 * (high - low)):
            value = inside
    if not holds(distribution, value):
        raise ValueError(value)
    return value


def holds_tuples(distribution: BaseDistribution) -> TypeGuard[CategoricalDistribution]:
    """Return whether a category is a tuple, which Optuna and KerasTuner take by its label only."""
    return any(isinstance(value, tuple) for value in getattr(distribution, "choices", ()))


def labeled(distribution: BaseDistribution, value: Any) -> tuple[BaseDistribution, Any]:
    """Return a distribution and its value as a study of Optuna's can hold them."""
    if not holds_tuples(distribution):
        return distribution, value
    names = labels(distribution.choices)
    return CategoricalDistribution(names), names[distribution.choices.index(value)]


def labels(choices: Sequence[Value]) -> list[str]:
    """Return a string for each category, for libraries that take no mixed types."""
    named = [str(value) for value in choices]
    texts = {value: index for index, value in enumerate(choices) if isinstance(value, str)}
    while len(set(named)) < len(named) or any(
        texts.get(name, index) != index for index, name in enumerate(named)
    ):
        named = [f"{index}: {name}" for index, name in enumerate(named)]
    return named


def _every(distribution: IntDistribution) -> range:
    return range(distribution.low, distribution.high + 1, distribution.step)


def _clean_category(choices: Sequence[Value], value: object) -> Value:
    value = as_value(value)
    if isinstance(value, Scalar | tuple) and value in choices:
        return choices[choices.index(value)]
    named = labels(choices)
    if isinstance(value, str) and value in named:
        return choices[named.index(value)]
    if isinstance(value, float):  # one that went through 32 bits comes back with 7 digits
        for option in choices:
            if isinstance(option, float) and math.isclose(value, option, rel_tol=1e-6):
                return option
    raise ValueError(value)


def _edges(distribution: FloatDistribution | IntDistribution) -> tuple[float, float]:
    """Return the bounds; for integers half a step further out, so that all bins are equal."""
    half = distribution.step / 2 if isinstance(distribution, IntDistribution) else 0.0
    return distribution.low - half, distribution.high + half


def _tidy(spaced: np.ndarray, low: float, high: float) -> list[float]:
    """Round grid values to 3 digits, or as many as keep them within 1% of their spacing."""
    inner = []
    for left, value, right in zip(spaced, spaced[1:], spaced[2:], strict=False):
        tolerance = 0.01 * min(value - left, right - value)
        candidates = [0.0, *(float(f"{value:.{digits}e}") for digits in range(2, 17))]
        close = (c for c in candidates if abs(c - value) <= tolerance and low < c < high)
        inner.append(next(close, float(value)))
    return [low, *inner, high]

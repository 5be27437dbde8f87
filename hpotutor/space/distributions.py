"""The four kinds of hyperparameter, and the condition under which one exists.

Every distribution is one of Optuna's, so that a search's log needs no translation.
"""

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hpotutor._validation import is_number, is_whole
from hpotutor.errors import Problems

Distribution = FloatDistribution | IntDistribution | CategoricalDistribution
KINDS = (FloatDistribution, IntDistribution, CategoricalDistribution)
Scalar = None | bool | int | float | str
Value = Scalar | tuple[Scalar, ...]  # of a hyperparameter
COLLECTIONS = (list, tuple, set, range, np.ndarray)

# Beyond these, ranges overflow and integers get lost in the 53 bits of a float.
LARGEST_FLOAT = 1e100
_LARGEST_INT = 10**12


@dataclass(frozen=True)
class Conditional:
    """A distribution that is drawn from only when its parents have certain values."""

    distribution: Distribution
    conditions: Mapping[str, tuple[Value, ...]]


def loguniform(low: float, high: float) -> FloatDistribution:
    """Return a float from ``low`` to ``high``, on a log scale: every decade is equally likely.

    ArgumentError: if a bound is not a finite number above 0, or ``low`` is not below ``high``.

    Examples
    --------
    >>> loguniform(1e-4, 1e-1)
    FloatDistribution(high=0.1, log=True, low=0.0001, step=None)
    """
    return _float("loguniform", low, high, (1e-4, 1e-1))


def uniform(low: float, high: float) -> FloatDistribution:
    """Return a float that is uniform between ``low`` and ``high``.

    ArgumentError: if a bound is not a finite number, or ``low`` is not below ``high``.

    Examples
    --------
    >>> uniform(0, 0.5)
    FloatDistribution(high=0.5, log=False, low=0.0, step=None)
    """
    return _float("uniform", low, high, (0.0, 0.5))


def integers(low: int, high: int, step: int = 1, log: bool = False) -> IntDistribution:
    """Return an integer: ``low``, ``low + step``, ... up to and including ``high``.

    Parameters
    ----------
    low, high : int
        Smallest and largest value; ``high`` must be a whole number of steps above ``low``.
    step : int, default=1
        Distance between neighbors.
    log : bool, default=False
        Uniform on a log scale instead; ``low`` must then be above 0 and ``step`` 1.

    ArgumentError: if a bound or the step is not an integer, ``low`` is not below ``high``, the step
    does not lead from ``low`` to ``high``, or the log scale does not fit.

    Examples
    --------
    >>> integers(8, 128, step=8)
    IntDistribution(high=128, log=False, low=8, step=8)
    """
    with Problems("integers") as problems:
        low, high, step, log = map(plain, (low, high, step, log))
        problems.choice("log", log, (True, False))
        _check_bounds(problems, low, high, (8, 128), whole=True, log=log is True)
        if not _is_integer(step) or step < 1:
            problems.add("step", step, "a whole number from 1 up", "step=1")
        elif log is True and step != 1:
            why = "equal steps are unequal on a log scale. Leave one of them out."
            problems.say(f"step={step} and log=True do not go together: {why}")
        elif not problems.lines and (high - low) % step:
            below = low + (high - low) // step * step
            typed = " or ".join(f"high={value}" for value in (below, below + step) if value > low)
            problems.add("step", step, f"a step that leads from {low} exactly to {high}", typed)
    return IntDistribution(low, high, log=log, step=step)


def choice(*values: Value) -> CategoricalDistribution:
    """Return one of several values that have no order.

    Parameters
    ----------
    *values : None, bool, int, float, str or tuple of these
        The values, each once; they may be of different types. Optuna's studies and the log hold a
        tuple by its text, ``"(64, 32)"``.

    ArgumentError: if there is no value, a single collection of them, a value appears twice
    (``True`` and ``1`` are equal), or a value is of another type: a log could not hold it.

    Examples
    --------
    >>> choice("sgd", "rmsprop", "adam")
    CategoricalDistribution(choices=('sgd', 'rmsprop', 'adam'))
    >>> choice((64, 32), (16,)).choices
    ((64, 32), (16,))
    """
    problems = Problems("choice")
    given = [plain(value) for value in values]
    if not given:
        typed = "ht.choice('sgd', 'adam')"
        problems.say(f"there is nothing to choose from. Type the values, for instance {typed}.")
    if len(given) == 1 and isinstance(given[0], list | tuple | set | dict | np.ndarray):
        listed = ", ".join(repr(value) for value in given[0]) or "'sgd', 'adam'"
        problems.add("values", given[0], "values, not a collection", f"ht.choice({listed})")
        given = []
    choices: list[Value] = []
    for value in map(as_value, given):
        if not all(map(_is_scalar, value if isinstance(value, tuple) else [value])):
            allowed = "None, True, False, finite numbers, strings, and tuples of these"
            problems.add("values", value, allowed, "a string")
            continue
        if value in choices:
            twin = choices[choices.index(value)]
            shown = "" if repr(twin) == repr(value) else f" (in Python {twin!r} == {value!r})"
            problems.say(f"{value!r} appears twice{shown}. Type each value once.")
        choices.append(value)
    problems.raise_if_any()
    return categorical(choices)


def categorical(choices: Sequence[Any]) -> CategoricalDistribution:
    """Return a distribution of these values, tuples too, of which Optuna would warn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return CategoricalDistribution(choices)


def when(distribution: Distribution, /, **conditions: Value | Sequence[Value]) -> Conditional:
    """Return a hyperparameter that exists only when other ones have certain values.

    Parameters
    ----------
    distribution : distribution
        What it is drawn from when it exists.
    **conditions : value or list of values
        For each parent, the values under which it exists; all parents must agree. A parent is
        an integer or a choice that stands earlier in the space.

    ArgumentError: if there is no condition, one has no values, or the first argument is no
    distribution.

    Examples
    --------
    >>> from hpotutor import SearchSpace
    >>> space = SearchSpace(layers=integers(1, 3), units_2=when(integers(8, 64), layers=[2, 3]))
    >>> space.active({"layers": 1})
    ['layers']
    """
    problems = Problems("when")
    if type(distribution) not in KINDS:
        typed = "ht.when(ht.integers(8, 64), layers=2)"
        problems.add("distribution", distribution, "a distribution", typed)
    if not conditions:
        typed = "ht.when(ht.integers(8, 64), layers=[2, 3])"
        problems.say(f"there is no condition. Type one, for instance {typed}.")
    named = {}
    for parent, values in conditions.items():
        given = plain(values)
        named[parent] = tuple(map(as_value, given if isinstance(given, COLLECTIONS) else [given]))
        if not named[parent]:
            problems.add(parent, values, "at least one value of the parent", f"{parent}=[2, 3]")
    problems.raise_if_any()
    return Conditional(distribution, named)


def recheck(distribution: Distribution) -> Distribution:
    """Return a distribution made by hand with Optuna's classes, held to the rules above."""
    if isinstance(distribution, CategoricalDistribution):
        return choice(*distribution.choices)
    if isinstance(distribution, IntDistribution):
        return integers(distribution.low, distribution.high, distribution.step, distribution.log)
    if (step := distribution.step) is not None:
        refused = Problems("FloatDistribution")
        refused.add("step", step, "no step", "ht.choice(0.0, 0.1, 0.2)").raise_if_any()
    make = loguniform if distribution.log else uniform
    return make(distribution.low, distribution.high)


def _float(call: str, low: Any, high: Any, example: tuple[float, float]) -> FloatDistribution:
    problems, log = Problems(call), call == "loguniform"
    low, high = plain(low), plain(high)
    _check_bounds(problems, low, high, example, whole=False, log=log)
    problems.raise_if_any()
    return FloatDistribution(float(low), float(high), log=log)


def _check_bounds(
    problems: Problems, low: Any, high: Any, example: tuple[float, float], *, whole: bool, log: bool
) -> None:
    """Note bounds that are no numbers of this kind, or not in this order."""
    allowed = "a whole number up to 10**12" if whole else "a number from -1e100 to 1e100"
    before = len(problems.lines)
    for name, value, shown in (("low", low, example[0]), ("high", high, example[1])):
        if not (_is_integer(value) if whole else _is_bound(value, log)):
            problems.add(name, value, allowed, f"{name}={shown}")
        elif log and value <= 0:
            above = "a number above 0, as the scale is logarithmic"
            problems.add(name, value, above, f"{name}={shown}")
    if len(problems.lines) == before and low >= high:
        swapped = f"low={high}, high={low}" if low > high else f"ht.choice({low})"
        problems.add("low", low, f"a value below high={high}", swapped)


def plain(value: object) -> Any:
    """Return a NumPy scalar as the Python value that it holds."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.ndim == 0):
        return value.item()
    return value


def as_value(value: object) -> Any:
    """Return a value as Python's own, a list (as which JSON writes a tuple) as a tuple."""
    value = plain(value)
    return tuple(map(plain, value)) if isinstance(value, list | tuple | np.ndarray) else value


def _is_scalar(value: object) -> TypeGuard[Scalar]:
    return isinstance(value, Scalar) and not (isinstance(value, float) and not math.isfinite(value))


def _is_integer(value: object) -> TypeGuard[int]:
    return is_whole(value) and abs(value) <= _LARGEST_INT


def _is_bound(value: Any, log: bool) -> bool:
    small_enough = is_number(value) and abs(value) <= LARGEST_FLOAT
    return small_enough and (not log or value <= 0 or value >= 1 / LARGEST_FLOAT)

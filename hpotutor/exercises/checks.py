"""What many checks ask of an answer. Each helper refuses kindly, or returns the answer cleaned."""

from __future__ import annotations

import contextlib
import copy
import inspect
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hpotutor.errors import did_you_mean
from hpotutor.exercises.engine import NotAttempted, NotYet, is_empty, not_attempted, wrong
from hpotutor.exercises.messages import kind, reason, shown

if TYPE_CHECKING:
    from hpotutor.space.space import SearchSpace
    from hpotutor.study.result import SearchResult

# ── kinds of answers ─────────────────────────────────────────────────────────────────────────


def expect(value: Any, types: type | tuple[type, ...], what: str) -> Any:
    """Return ``value`` if it is of one of ``types``, and refuse it otherwise.

    Parameters
    ----------
    value : object
        The answer, or a part of it.
    types : type or tuple of type
        What it may be; True and False are no numbers here.
    what : str
        The same in words: "This should be {what}".
    """
    allowed = types if isinstance(types, tuple) else (types,)
    is_bool = isinstance(value, bool | np.bool_) and bool not in allowed
    if isinstance(value, allowed) and not is_bool:
        return value
    remark = ""
    if value is None:
        wrong(
            f"This should be {what}; it is None, which is what a function without `return` gives."
        )
    if isinstance(value, type) and issubclass(value, allowed):
        remark = " Add parentheses to make one of it."
    elif isinstance(value, str) and not value:
        wrong(f"This should be {what}; it is an empty string.")
    return wrong(f"This should be {what}; it is {kind(value)}: `{shown(value)}`.{remark}")


def number(
    value: Any, what: str = "a number", low: float = -math.inf, high: float = math.inf
) -> float:
    """Return a finite number between two bounds, as a float."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    expect(value, (int, float, np.integer, np.floating), what)
    if not math.isfinite(value):
        wrong(
            f"This should be {what}; it is `{shown(float(value))}`, which no count or ratio gives."
        )
    if not low <= value <= high:
        wrong(f"This should be {what} {_between(low, high)}; it is `{shown(value)}`.")
    return float(value)


def whole_number(
    value: Any, what: str = "a whole number", low: float = -math.inf, high: float = math.inf
) -> int:
    """Return a whole number between two bounds; 49.0 is one."""
    cleaned = number(value, what, low, high)
    if not cleaned.is_integer():
        wrong(f"This should be {what}, without a fraction; it is `{shown(value)}`.")
    return int(cleaned)


def near(value: float, expected: float, share: float = 0.01) -> bool:
    """Return whether a number is within a share (default 1%) of what is expected."""
    return math.isclose(value, expected, rel_tol=share, abs_tol=1e-12)


def numbers(value: Any, what: str, each: str, length: int | None = None) -> np.ndarray:
    """Return a list of finite numbers, each of them called ``each``, as an array."""
    return np.array([number(item, each) for item in sequence(value, what, length)])


def all_near(values: Iterable[float], expected: Iterable[float], share: float = 0.02) -> bool:
    """Return whether each number is within a share (default 2%) of what is expected there."""
    return all(near(*pair, share) for pair in zip(values, expected, strict=True))


def option(value: Any, options: Sequence[str], what: str = "one of the options") -> str:
    """Return the option that was chosen; upper case and spaces around it do not matter."""
    listed = ", ".join(f"`{text!r}`" for text in options)
    chosen = expect(value, str, f"{what}: {listed}").strip().lower()
    by_name = {text.lower(): text for text in options}
    if chosen not in by_name:
        hint = did_you_mean(chosen, options)
        wrong(f"`{shown(value)}` is not {what}.{hint} Choose among {listed}.")
    return by_name[chosen]


def sequence(value: Any, what: str, length: int | None = None, *, ordered: bool = True) -> list:
    """Return a list of an answer that is a list, tuple, range or array, and not empty.

    Where order means nothing (``ordered=False``), a set is as good.
    """
    expect(value, (list, tuple, range, np.ndarray) + (() if ordered else (set, frozenset)), what)
    items = list(value)
    if not items:
        wrong(f"This should be {what}; it is empty.")
    if length is not None and len(items) != length:
        wrong(f"This should be {what}: {length} values. It has {len(items)}.")
    return items


def mapping(value: Any, what: str, names: Iterable[object] | None = None) -> dict:
    """Return a dict that is not empty and has just the ``names``, where they are given."""
    answer = dict(expect(value, Mapping, what))
    if not answer:
        wrong(f"This should be {what}; it is empty.")
    if names is not None:
        allowed = list(names)
        for name in answer:
            if name not in allowed:
                hint = did_you_mean(name, allowed)
                listed = ", ".join(f"`{text}`" for text in allowed)
                wrong(f"`{shown(name)}` is not one of the names asked for.{hint} Use {listed}.")
        missing = [f"`{name}`" for name in allowed if name not in answer]
        if missing:
            wrong(f"There is nothing for {', '.join(missing)} yet.")
    return answer


def param_grid(value: Any, names: Iterable[str] | None = None) -> dict[str, list]:
    """Return scikit-learn's ``param_grid`` as a dict from names to lists of distinct levels.

    scikit-learn takes a list of such dicts as well; here it may hold one.
    """
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    grid = mapping(value, "a dict from hyperparameter names to lists of levels", names)
    cleaned = {}
    for name, levels in grid.items():
        expect(name, str, "a dict whose keys are hyperparameter names")
        if not isinstance(levels, list | tuple | range | np.ndarray):
            wrong(
                f"The levels of `{name}` should stand in a list; "
                f"they are {kind(levels)}: `{shown(levels)}`."
            )
        cleaned[name] = sequence(levels, f"a list of levels for `{name}`")
        if any(a == b for i, a in enumerate(cleaned[name]) for b in cleaned[name][:i]):
            wrong(f"A level of `{name}` stands there twice: every repeat is paid for in full.")
    return cleaned


# ── scales and spaces ────────────────────────────────────────────────────────────────────────


def log_spaced(values: Iterable[float], share: float = 0.05) -> bool:
    """Return whether each value is the one below times the same factor, within a share.

    Examples
    --------
    >>> log_spaced([0.001, 0.1, 0.01]), log_spaced([0.01, 0.02, 0.03])
    (True, False)
    """
    ordered = sorted(values)
    if ordered[0] <= 0:
        return False
    ratios = [high / low for low, high in itertools.pairwise(ordered)]
    return all(near(ratio, ratios[0], share) for ratio in ratios)


def search_space(value: Any, names: Iterable[str] | None = None) -> SearchSpace:
    """Return a SearchSpace that has just the ``names``, where they are given."""
    from hpotutor.space.space import SearchSpace

    space = expect(value, SearchSpace, "an `ht.SearchSpace(...)`")
    mapping(space, "an `ht.SearchSpace(...)`", names)
    return space


def log_scaled(space: SearchSpace, name: str) -> bool:
    """Return whether a hyperparameter is drawn on a log scale."""
    return getattr(space[name], "log", False)


def in_space(space: SearchSpace, params: Any) -> dict[str, Any]:
    """Return hyperparameters that are a point of the space; NumPy's values become Python's."""
    from hpotutor.errors import ArgumentError

    point = plain(mapping(params, "a dict of hyperparameters"))
    try:
        space.check(point)
    except ArgumentError as error:
        wrong(f"This is not a point of the space. {error}")
    return point


def plain(params: Mapping[str, Any]) -> dict[str, Any]:
    """Return hyperparameters with Python's numbers and strings in place of NumPy's.

    Examples
    --------
    >>> plain({"units": np.int64(16), "optimizer": np.str_("adam")})
    {'units': 16, 'optimizer': 'adam'}
    """
    return {k: v.item() if isinstance(v, np.generic) else v for k, v in params.items()}


# ── functions and searches ───────────────────────────────────────────────────────────────────


def function(value: Any, what: str) -> Callable[..., Any]:
    """Return a function that a check may call as it likes, whatever the function raises."""
    if not callable(value) or isinstance(value, type):
        wrong(f"This should be {what}; it is {kind(value)}: `{shown(value)}`.")
    return value


def call(
    function: Any, *arguments: object, what: str = "a function", may_be_none: bool = False
) -> Any:
    """Return what a learner's function gives; its errors become a refusal.

    Arrays, lists, dicts, sets and tuples are handed over as copies, so that no answer can change
    what the check asks next; one that writes into them is refused.

    Parameters
    ----------
    function : object
        The answer, or a part of it.
    *arguments : object
        What it is called with.
    what : str
        What it should be, in words.
    may_be_none : bool, default False
        Whether a function without ``return`` will do.
    """
    if not callable(function) or isinstance(function, type):
        expect(function, (), what)
    if hasattr(function, "__code__") and is_empty(function):
        not_attempted(f"`{function.__name__}` has no body yet. Write it for")
    name = getattr(getattr(function, "func", function), "__name__", "function")

    def asked() -> str:
        return f"`{name}({', '.join(shown(argument) for argument in arguments)})`"

    given = [copy.deepcopy(one) if isinstance(one, _COPIED) else one for one in arguments]
    try:
        value = function(*given)
    except (NotYet, NotAttempted):
        raise
    except Exception as error:
        wrong(f"{asked()} stopped. {reason(error)}")
    for place, after in enumerate(given):
        if isinstance(after, _COPIED) and not _same(arguments[place], after):
            wrong(
                f"`{name}` changes {_argument(function, place)}, which it was given and which "
                "others still need. Make a new one, or work on a copy."
            )
    if value is ...:
        not_attempted(f"`{name}` still returns `...`. Replace it for")
    if value is None and not may_be_none:
        wrong(f"{asked()} gives None. Does every path through it end with `return`?")
    return value


_COPIED = (np.ndarray, list, dict, set, tuple)


def _same(one: object, other: object) -> bool:
    """Return whether two nested containers hold the same; NaN equals NaN."""
    with contextlib.suppress(Exception):  # ValueError for arrays, or what an object raises
        if one == other:
            return True
    try:
        np.testing.assert_equal(other, one)
    except Exception:  # an AssertionError, or again what an object raises
        return False
    return True


def _argument(function: Callable[..., Any], place: int) -> str:
    """Return what a function calls the argument at a place."""
    try:
        return f"`{list(inspect.signature(function).parameters)[place]}`"
    except (TypeError, ValueError, IndexError):
        return f"its argument number {place + 1}"


def draws(function: Any, *arguments: object, count: int, what: str) -> list:
    """Return what a learner's function gives with ``count`` fresh generators as last argument.

    Each call has a generator of its own, so that no call can disturb another. A function whose
    results the generator does not decide is refused.

    Parameters
    ----------
    function, *arguments, what
        As in :func:`call`.
    count : int
        How many calls, with the seeds 0, 1, 2 ...
    """

    def one(seed: int) -> Any:
        return call(function, *arguments, np.random.default_rng(seed), what=what)

    drawn = [one(seed) for seed in range(count)]
    first = drawn[:_REPEATED]
    if not _same(first, [one(seed) for seed in range(len(first))]):
        wrong(
            f"Called twice with generators of the same seed, `{getattr(function, '__name__', '')}` "
            "gives different results. Draw from `rng`, the generator that it is given, and from "
            "no other."
        )
    return drawn


_REPEATED = 8  # more than enough for two different draws to differ once


def search_result(value: Any) -> SearchResult:
    """Return what a search of this course gave back."""
    from hpotutor.study.result import SearchResult

    return expect(value, SearchResult, "what a search such as `ht.grid_search(...)` returns")


def within_budget(
    result: SearchResult, *, trials: int | None = None, epochs: int | None = None
) -> None:
    """Refuse a search that spent more trials or more epochs of training than allowed."""
    cost = result.cost
    if not cost.trials:
        wrong("This search ran no trial at all.")
    for spent, allowed, unit in ((cost.trials, trials, "trials"), (cost.epochs, epochs, "epochs")):
        if allowed is not None and spent > allowed:
            wrong(f"This search spent {spent:,} {unit}, and the budget is {allowed:,}.")


def _between(low: float, high: float) -> str:
    if math.isinf(high):
        return f"from {shown(low)} up"
    return f"up to {shown(high)}" if math.isinf(low) else f"from {shown(low)} to {shown(high)}"

"""What a search space refuses, and how it says so: all bad arguments of one call together."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hpotutor.errors import ArgumentError, Problems, did_you_mean
from hpotutor.space import transforms as of
from hpotutor.space._definition import Conditions, Definition
from hpotutor.space.distributions import Conditional, Distribution, Scalar, plain, recheck

# More values than this of one hyperparameter would fill the memory before a grid could be used.
_LONGEST_AXIS = 100_000

_KINDS = (FloatDistribution, IntDistribution, CategoricalDistribution)


def build(
    parameters: object, named: Mapping[str, object]
) -> tuple[dict[str, Distribution], Conditions]:
    """Return the checked distributions and conditions of a space; see ``SearchSpace``."""
    problems = Problems("SearchSpace")
    pairs = [*_pairs(parameters, problems), *named.items()]
    if not pairs and not problems.lines:
        problems.say(
            "a space needs at least one hyperparameter. Type for instance "
            "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))."
        )
    names = [name for name, _ in pairs]
    distributions: dict[str, Distribution] = {}
    conditions: Conditions = {}
    seen: set[str] = set()
    for name, value in pairs:
        if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name):
            problems.add("name", name, "a name that Python can use", "'learning_rate'")
            continue
        if name in seen:
            problems.say(f"{name} appears twice. Give each hyperparameter its own name.")
            continue
        seen.add(name)
        distribution = _distribution(name, value, problems)
        if distribution is None:
            continue
        if isinstance(value, Conditional):
            conditions[name] = {
                parent: _condition(name, parent, wanted, names, distributions, problems)
                for parent, wanted in value.conditions.items()
            }
        distributions[name] = distribution
    problems.raise_if_any()
    return distributions, conditions


def _pairs(parameters: Any, problems: Problems) -> list[tuple[Any, Any]]:
    if parameters is None:
        return []
    if isinstance(parameters, Mapping):
        # A space is a mapping too, and keeps its conditions.
        conditions = getattr(parameters, "conditions", {})
        return [
            (name, Conditional(value, conditions[name]) if name in conditions else value)
            for name, value in parameters.items()
        ]
    try:
        return [(name, value) for name, value in parameters]
    except (TypeError, ValueError):
        problems.add(
            "parameters",
            parameters,
            "a mapping or (name, distribution) pairs",
            "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))",
        )
        return []


def _distribution(name: str, value: object, problems: Problems) -> Distribution | None:
    distribution = value.distribution if isinstance(value, Conditional) else value
    if type(distribution) not in _KINDS:
        problems.add(name, value, "a distribution", f"{name}={_suggestion(value)}")
        return None
    try:
        return recheck(distribution)
    except ArgumentError as error:
        problems.say(f"{name}: {error}")
        return None


def _suggestion(value: object) -> str:
    """Return the distribution that somebody who typed ``value`` may have meant."""
    if isinstance(value, list | tuple | set | range | np.ndarray) and len(value):
        return f"ht.choice({', '.join(repr(plain(item)) for item in list(value)[:8])})"
    value = plain(value)
    if value is None or isinstance(value, bool | int | float | str):
        return f"ht.choice({value!r})"
    return "ht.loguniform(1e-4, 1e-1)"


def _condition(
    name: str,
    parent: str,
    wanted: Iterable[Scalar],
    names: list[str],
    earlier: Mapping[str, Distribution],
    problems: Problems,
) -> tuple[Scalar, ...]:
    """Return the parent's values that a condition names; note what is wrong with it."""
    if parent == name:
        problems.say(f"{name} cannot depend on itself.")
    elif parent not in names:
        hint = did_you_mean(parent, [other for other in names if other != name])
        problems.say(f"{name} depends on {parent}, which is not in the space.{hint}")
    elif names.index(parent) > names.index(name):
        problems.say(f"{name} depends on {parent}: move {parent} before it.")
    elif isinstance(earlier.get(parent), FloatDistribution):
        problems.say(
            f"{name} depends on {parent}, which is a float. A condition needs an integer or "
            "a choice."
        )
    if not isinstance(earlier.get(parent), IntDistribution | CategoricalDistribution):
        return ()
    distribution = earlier[parent]
    found: list[Scalar] = []
    for value in wanted:
        if not of.holds(distribution, value):
            allowed = f"a value that {parent} can take: {of.describe(distribution)}"
            typed = f"{parent}={[of.typical(distribution)]!r}"
            problems.add(f"{name}: {parent}", value, allowed, typed)
        elif value not in found:
            found.append(value)
    return tuple(found)


def complaints(space: Definition, params: object) -> Problems:
    """Return all that keeps ``params`` out of a space."""
    problems = Problems("params")
    if not isinstance(params, Mapping):
        problems.add("params", params, "a dict of names and values", "space.sample(seed=0)")
        return problems
    problems.unknown([str(name) for name in params if name not in space], space.names)
    active = space.active(params)
    for name, distribution in space.items():
        if name in active:
            if name in params and of.holds(distribution, params[name]):
                continue
            allowed = of.describe(distribution)
            typed = f"{name}={of.typical(distribution)!r}"
            if name in params:
                problems.add(name, params[name], allowed, typed)
            else:
                problems.say(f"{name} is missing. Allowed: {allowed}. Type for instance {typed}.")
        elif name in params:
            parents = " and ".join(f"{p} in {list(v)!r}" for p, v in space.conditions[name].items())
            problems.say(f"{name} exists only when {parents}. Leave it out.")
    return problems


def levels_by_name(space: Definition, call: str, levels: object) -> dict[str, int | None]:
    """Return how many grid values each name gets, None where nobody said."""
    problems = Problems(call)
    asked = levels if isinstance(levels, Mapping) else dict.fromkeys(space, levels)
    problems.unknown([str(name) for name in asked if name not in space], space.names)
    for value in asked.values():
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
            example = "levels=3 or levels={'learning_rate': 3}"
            problems.add("levels", levels, "an integer from 1 up, or one for a name", example)
            break
    else:
        for name in space:
            kind = space[name]
            many = isinstance(kind, FloatDistribution) or getattr(kind, "log", False)
            if many and (asked.get(name) or 0) > _LONGEST_AXIS:
                problems.add("levels", levels, f"up to {_LONGEST_AXIS:,} of {name}", "levels=5")
    problems.raise_if_any()
    return {name: None if asked.get(name) is None else int(asked[name]) for name in space}


def short_enough(space: Definition, levels: Mapping[str, int | None]) -> None:
    """Raise an ``ArgumentError`` for hyperparameters with too many values for a list."""
    problems = Problems("grid")
    for name, distribution in space.items():
        total = of.grid_axis_size(distribution, levels[name])
        if total > _LONGEST_AXIS:
            problems.say(
                f"{name} has {total:,} values. Type how many to take, for instance "
                f"levels={{{name!r}: 5}}."
            )
    problems.raise_if_any()


def generator(seed: object) -> np.random.Generator:
    """Return a generator from a seed, or the generator itself."""
    if isinstance(seed, np.random.Generator):
        return seed
    if seed is not None and (isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0):
        problems = Problems("sample")
        problems.add("seed", seed, "an integer from 0 up or a NumPy generator", "seed=0")
        problems.raise_if_any()
    return np.random.default_rng(seed)


def flatten(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield names and values, those of Hyperopt's nested options too."""
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from flatten(value)
        else:
            yield name, value

"""What a search space refuses, and how it says so: all bad arguments of one call together."""

import keyword
from collections.abc import Iterator, Mapping
from typing import Any

from optuna.distributions import FloatDistribution

from hpotutor._validation import is_whole
from hpotutor.errors import ArgumentError, Problems, did_you_mean
from hpotutor.space import distributions
from hpotutor.space._definition import Conditions, Definition
from hpotutor.space.distributions import Conditional, Distribution, Scalar, Value, plain
from hpotutor.space.transforms import describe, grid_axis, grid_axis_size, holds, typical

# More values than this of one hyperparameter would fill the memory before a grid could be used.
_LONGEST_AXIS = 100_000
_EXAMPLE = "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))"


def build(
    parameters: object, named: Mapping[str, object]
) -> tuple[dict[str, Distribution], Conditions]:
    """Return the checked distributions and conditions of a space; see ``SearchSpace``."""
    problems = Problems("SearchSpace")
    pairs = [*_pairs(parameters, problems), *named.items()]
    if not pairs and not problems.lines:
        problems.say(f"a space needs at least one hyperparameter. Type for instance {_EXAMPLE}.")
    names = [name for name, _ in pairs]
    checked: dict[str, Distribution] = {}
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
                parent: _condition(name, parent, wanted, names, checked, problems)
                for parent, wanted in value.conditions.items()
            }
        checked[name] = distribution
    problems.raise_if_any()
    return checked, conditions


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
        allowed = "a mapping or (name, distribution) pairs"
        problems.add("parameters", parameters, allowed, _EXAMPLE)
        return []


def _distribution(name: str, value: Any, problems: Problems) -> Distribution | None:
    distribution = value.distribution if isinstance(value, Conditional) else value
    if type(distribution) not in distributions.KINDS:
        given, meant = plain(value), "ht.loguniform(1e-4, 1e-1)"
        if isinstance(given, distributions.COLLECTIONS) and len(given):
            meant = f"ht.choice({', '.join(repr(plain(item)) for item in list(given)[:8])})"
        elif isinstance(given, Scalar):
            meant = f"ht.choice({given!r})"
        problems.add(name, value, "a distribution", f"{name}={meant}")
        return None
    try:
        return distributions.recheck(distribution)
    except ArgumentError as error:
        problems.say(f"{name}: {error}")
        return None


def _condition(
    name: str,
    parent: str,
    wanted: tuple[Value, ...],
    names: list[str],
    earlier: Mapping[str, Distribution],
    problems: Problems,
) -> tuple[Value, ...]:
    """Return the parent's values that a condition names; note what is wrong with it."""
    distribution = earlier.get(parent)
    if parent == name:
        problems.say(f"{name} cannot depend on itself. Name one before it.")
    elif parent not in names:
        hint = did_you_mean(parent, [other for other in names if other != name])
        problems.say(f"{name} depends on {parent}, which is not in the space.{hint or ' Add it.'}")
    elif names.index(parent) > names.index(name):
        problems.say(f"{name} depends on {parent}: move {parent} before it.")
    elif isinstance(distribution, FloatDistribution):
        needed = "Name an integer or a choice."
        problems.say(f"{name} depends on {parent}, which is a float. {needed}")
    elif distribution is not None:  # else the parent itself is wrong, and was told already
        for value in wanted:
            if not holds(distribution, value):
                allowed = f"a value that {parent} can take: {describe(distribution)}"
                typed = f"{parent}={[typical(distribution)]!r}"
                problems.add(f"{name}: {parent}", value, allowed, typed)
        return tuple(dict.fromkeys(value for value in wanted if holds(distribution, value)))
    return ()


def complaints(space: Definition, params: object) -> Problems:
    """Return all that keeps ``params`` out of a space."""
    problems = Problems("params")
    if not isinstance(params, Mapping):
        problems.add("params", params, "a dict of names and values", "space.sample(seed=0)")
        return problems
    problems.unknown([str(name) for name in params if name not in space], space.names)
    active = space.active(params)
    for name, distribution in space.items():
        if name in params and name not in active:
            conditions = space.conditions[name].items()
            parents = " and ".join(f"{p} in {list(v)!r}" for p, v in conditions)
            problems.say(f"{name} exists only when {parents}. Leave it out.")
        elif name in active and not (name in params and holds(distribution, params[name])):
            allowed, typed = describe(distribution), f"{name}={typical(distribution)!r}"
            if name in params:
                problems.add(name, params[name], allowed, typed)
            else:
                problems.say(f"{name} is missing. Allowed: {allowed}. Type for instance {typed}.")
    return problems


def levels_by_name(space: Definition, call: str, levels: Any) -> dict[str, int | None]:
    """Return how many grid values each name gets, None where nobody said."""
    problems = Problems(call)
    asked = levels if isinstance(levels, Mapping) else dict.fromkeys(space, levels)
    problems.unknown([str(name) for name in asked if name not in space], space.names)
    if not all(value is None or (is_whole(value) and value >= 1) for value in asked.values()):
        example = "levels=3 or levels={'learning_rate': 3}"
        problems.add("levels", levels, "a whole number from 1 up, or one for a name", example)
    problems.raise_if_any()
    found = {name: None if asked.get(name) is None else int(asked[name]) for name in space}
    for name, count in found.items():
        # A grid of a float, or of an integer on a log scale, is not counted without being made.
        made = isinstance(space[name], FloatDistribution) or getattr(space[name], "log", False)
        if made and (count or 0) > _LONGEST_AXIS:
            problems.add("levels", levels, f"up to {_LONGEST_AXIS:,} of {name}", "levels=5")
    problems.raise_if_any()
    return found


def grid(space: Definition, levels: object) -> dict[str, list[Value]]:
    """Return the values of each hyperparameter on a grid; see :meth:`hpotutor.SearchSpace.grid`."""
    by_name = levels_by_name(space, "grid", levels)
    with Problems("grid") as problems:
        for name, distribution in space.items():
            total = grid_axis_size(distribution, by_name[name])
            if total > _LONGEST_AXIS:
                typed = f"levels={{{name!r}: 5}}"
                problems.say(
                    f"{name} has {total:,} values. Type how many to take, for instance {typed}."
                )
    return {name: grid_axis(space[name], by_name[name]) for name in space}


def flatten(params: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield names and values, those of Hyperopt's nested options too."""
    for name, value in params.items():
        if isinstance(value, Mapping):
            yield from flatten(value)
        else:
            yield name, value

"""The space of a study that was searched without one, as far as its trials tell."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpotutor.space._definition import Conditions
from hpotutor.space.distributions import Distribution, Value, as_value, categorical


def observed(trials: Sequence[FrozenTrial]) -> tuple[dict[str, Distribution], Conditions]:
    """Return distributions and conditions; see :meth:`hpotutor.SearchSpace.from_trials`."""
    drawn: dict[str, list[Any]] = {}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            drawn.setdefault(name, []).append(distribution)
    found = {name: _united(distributions) for name, distributions in drawn.items()}
    # A trial that failed may have ended before it asked for all that it needs.
    points = [trial.params for trial in trials if trial.values]
    conditions = {name: _condition(name, found, points) for name in found}
    return found, {name: condition for name, condition in conditions.items() if condition}


def _united(drawn: Sequence[Any]) -> Distribution:
    """Return the narrowest distribution that holds all of these."""
    drawn = [one for one in drawn if type(one) is type(drawn[-1])]
    if isinstance(drawn[-1], CategoricalDistribution):
        choices = [as_value(choice) for one in drawn for choice in one.choices]
        return categorical(list({repr(choice): choice for choice in choices}.values()))
    low, high = min(one.low for one in drawn), max(one.high for one in drawn)
    log = all(one.log for one in drawn)
    if low == high:
        return categorical([low])
    if isinstance(drawn[-1], FloatDistribution):
        return FloatDistribution(low, high, log=log)
    step = math.gcd(*(one.step for one in drawn), *(one.low - low for one in drawn))
    return IntDistribution(low, high, log=log, step=1 if log else step)


def _condition(
    name: str, found: Mapping[str, Distribution], points: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[Value, ...]]:
    """Return the earlier hyperparameter whose values tell where this one is, and those values."""
    here = [point for point in points if name in point]
    explained = []
    for parent in list(found)[: list(found).index(name)]:
        if isinstance(found[parent], FloatDistribution) or any(parent not in p for p in here):
            continue
        values = {repr(as_value(p[parent])): as_value(p[parent]) for p in here}
        without = {repr(as_value(p[parent])) for p in points if name not in p and parent in p}
        if without and not without & values.keys():
            explained.append((len(without) + len(values), parent, tuple(values.values())))
    # By chance, an integer with many values would tell as well.
    _, parent, named = min(explained, key=lambda one: one[0], default=(0, "", ()))
    return {parent: named} if named else {}

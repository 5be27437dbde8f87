"""The space of a study that was searched without one, as far as its trials tell."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial

from hpotutor.space.distributions import Conditional, Distribution, Value, as_value, categorical
from hpotutor.space.space import SearchSpace


def space_of(trials: Sequence[FrozenTrial]) -> SearchSpace:
    """Return what trials of an Optuna study were drawn from, all their ranges taken together.

    A name that is missing in some complete trials gets the condition that explains where, if an
    integer or a choice does. Names are the study's own; steps of floats are left out.
    """
    drawn: dict[str, list[Any]] = {}
    for trial in trials:
        for name, distribution in trial.distributions.items():
            drawn.setdefault(name, []).append(distribution)
    # A trial that failed may have ended before it asked for all that it needs.
    points = [{n: as_value(v) for n, v in t.params.items()} for t in trials if t.values]
    found: dict[str, Distribution | Conditional] = {}
    for name, distributions in drawn.items():
        parents = [n for n in found if not isinstance(drawn[n][-1], FloatDistribution)]
        united, condition = _united(distributions), _condition(name, parents, points)
        found[name] = Conditional(united, condition) if condition else united
    return SearchSpace.__new__(SearchSpace).changed(found)


def _united(drawn: Sequence[Any]) -> Distribution:
    """Return the narrowest distribution that holds all of these."""
    kind = type(drawn[-1])
    drawn = [one for one in drawn if type(one) is kind]
    if kind is CategoricalDistribution:
        choices = [as_value(choice) for one in drawn for choice in one.choices]
        return categorical(list({repr(choice): choice for choice in choices}.values()))
    low, high = min(one.low for one in drawn), max(one.high for one in drawn)
    log = all(one.log for one in drawn)
    if low == high:
        return categorical([low])
    if kind is FloatDistribution:
        return FloatDistribution(low, high, log=log)
    step = math.gcd(*(one.step for one in drawn), *(one.low - low for one in drawn))
    return IntDistribution(low, high, log=log, step=1 if log else step)


def _condition(
    name: str, parents: Sequence[str], points: Sequence[Mapping[str, Any]]
) -> dict[str, tuple[Value, ...]]:
    """Return the earlier hyperparameter whose values tell where this one is, and those values."""
    here = [point for point in points if name in point]
    explained: list[tuple[int, str, tuple[Value, ...]]] = []
    for parent in parents:
        values = {repr(point.get(parent)): point.get(parent) for point in here}
        without = {repr(p[parent]) for p in points if name not in p and parent in p}
        everywhere = all(parent in point for point in here)
        if here and everywhere and without and not without & values.keys():
            explained.append((len(without) + len(values), parent, tuple(values.values())))
    # By chance, an integer with many values would tell as well.
    _, parent, named = min(explained, key=lambda one: one[0], default=(0, "", ()))
    return {parent: named} if named else {}

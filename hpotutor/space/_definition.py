"""What defines a search space: names, distributions, conditions, and which names exist when."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hpotutor.space.distributions import Distribution, Value
from hpotutor.space.transforms import ALL, grid_axis

# For a name that exists only sometimes: its parents, and the values they must have.
Conditions = dict[str, dict[str, tuple[Value, ...]]]


class Definition(Mapping[str, Distribution]):
    """Distributions by name, in order, and the conditions of some: what a space's checks need."""

    # Of a space before it is filled.
    _distributions: dict[str, Distribution] = {}
    conditions: Conditions = {}

    def __init__(self, distributions: dict[str, Distribution], conditions: Conditions) -> None:
        self._distributions, self.conditions = distributions, conditions

    @property
    def names(self) -> list[str]:
        """The hyperparameters' names, in order."""
        return list(self._distributions)

    def __getitem__(self, name: str) -> Distribution:
        return self._distributions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._distributions)

    def __len__(self) -> int:
        return len(self._distributions)

    def active(self, params: Mapping[str, Any]) -> list[str]:
        """Return the names that exist, given the values of their parents in ``params``."""
        found: list[str] = []
        for name in self:
            if self._is_active(name, {n: params[n] for n in found if n in params}):
                found.append(name)
        return found

    def _is_active(self, name: str, active: Mapping[str, Any]) -> bool:
        return all(
            parent in active and active[parent] in values
            for parent, values in self.conditions.get(name, {}).items()
        )

    def branches(
        self, values: Mapping[str, Iterable[Value]] | None = None
    ) -> list[tuple[dict[str, Value], list[str]]]:
        """Return the combinations of parents' ``values``, each with the other names active there.

        By default all values; a space without conditions has a single branch, ``({}, names)``.
        """
        found: list[tuple[dict[str, Value], list[str]]] = [({}, [])]
        for name in self:
            grown = []
            for fixed, free in found:
                if not self._is_active(name, fixed):
                    grown.append((fixed, free))
                elif name in self.parents:
                    options = grid_axis(self[name], ALL) if values is None else values[name]
                    grown.extend(({**fixed, name: value}, free) for value in options)
                else:
                    grown.append((fixed, [*free, name]))
            found = grown
        return found

    @property
    def parents(self) -> list[str]:
        """The names that others depend on, in order."""
        named = {parent for condition in self.conditions.values() for parent in condition}
        return [name for name in self if name in named]

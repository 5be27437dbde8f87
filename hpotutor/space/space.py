"""SearchSpace: named hyperparameters, what may be tried for each, and five ways to write it."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np

from hpotutor._validation import is_seed
from hpotutor.errors import Problems
from hpotutor.space import _validation, converters, formatting, transforms
from hpotutor.space._definition import Definition
from hpotutor.space.distributions import Conditional, Distribution, Value

# Scikit-learn takes one dict, or a list of them.
Written = dict[str, Any] | list[dict[str, Any]]


class SearchSpace(Definition):
    """Named hyperparameters with the values that a search may try.

    A read-only mapping from names to Optuna distributions, in the order given.

    Parameters
    ----------
    parameters : mapping or iterable of (name, distribution) pairs, optional
        The same as keywords, for names that are made by a program.
    **named : distribution
        Made with :func:`loguniform`, :func:`uniform`, :func:`integers`, :func:`choice`, or
        wrapped in :func:`when` if it exists only for some values of an earlier one.

    ArgumentError: if there is nothing in it, or for names that are not identifiers or appear twice,
    values that are not distributions, and conditions that can never hold; all problems together.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(
    ...     learning_rate=ht.loguniform(1e-4, 1e-1),
    ...     units=ht.integers(8, 128, step=8),
    ...     optimizer=ht.choice("sgd", "adam"),
    ... )
    >>> space.contains({"learning_rate": 0.01, "units": 16, "optimizer": "adam"})
    True
    >>> print(space.show("scipy"))
    from scipy.stats import loguniform
    <BLANKLINE>
    param_distributions = {
        "learning_rate": loguniform(1e-4, 0.1),
        "units": list(range(8, 129, 8)),
        "optimizer": ["sgd", "adam"],
    }
    """

    def __init__(
        self,
        parameters: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
        /,
        **named: Distribution | Conditional,
    ) -> None:
        super().__init__(*_validation.build(parameters, named))
        self._texts: dict[str, converters.Source] = {}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SearchSpace):
            return NotImplemented
        # As text, because True == 1 == 1.0 in Python and not in a space.
        return json.dumps(self.to_dict()) == json.dumps(other.to_dict())

    def __repr__(self) -> str:
        lines = [f"    {name}={formatting.constructor(self, name)},\n" for name in self]
        return f"ht.SearchSpace(\n{''.join(lines)})"

    def _repr_html_(self) -> str:
        return formatting.table(self)

    # ── points ───────────────────────────────────────────────────────────────────────────────
    def sample(self, seed: int | np.random.Generator | None = None) -> dict[str, Value]:
        """Return one random point.

        The same integer, from 0 to 4294967295, gives the same point; a generator is moved on by
        ``len(space)`` numbers, whatever is active. ``ArgumentError`` for another seed.

        Examples
        --------
        >>> import hpotutor as ht
        >>> ht.SearchSpace(layers=ht.integers(1, 3)).sample(0)
        {'layers': 2}
        """
        with Problems("sample") as problems:
            if not is_seed(seed) and not isinstance(seed, np.random.Generator | None):
                allowed = "a whole number from 0 to 4294967295, None or a NumPy generator"
                problems.add("seed", seed, allowed, "seed=0")
        return self.from_unit(np.random.default_rng(seed).random(len(self)))

    def contains(self, params: Mapping[str, Any]) -> bool:
        """Return whether ``params`` is a point of the space, with every active name and no more."""
        return not _validation.complaints(self, params).lines

    def check(self, params: Mapping[str, Any]) -> None:
        """Raise an ``ArgumentError`` that lists all that keeps ``params`` out of the space."""
        _validation.complaints(self, params).raise_if_any()

    def clean(self, params: Mapping[str, Any]) -> dict[str, Value]:
        """Return what a library gave back as plain Python values of this space.

        They are the active names that are there, in order, of values of any library: NumPy scalars,
        floats for integers, KerasTuner's labels, Hyperopt's nested options (from ``space_eval``).

        ArgumentError: for unknown names and for values that are not in the space.

        Examples
        --------
        >>> import hpotutor as ht
        >>> ht.SearchSpace(units=ht.integers(8, 128, step=8)).clean({"units": np.float64(16.0)})
        {'units': 16}
        """
        problems = Problems("clean")
        if not isinstance(params, Mapping):
            problems.add("params", params, "a mapping of names and values", "a trial's params")
            problems.raise_if_any()
        flat = dict(_validation.flatten(params))
        problems.unknown([str(name) for name in flat if name not in self], self.names)
        cleaned: dict[str, Value] = {}
        for name in self:
            if name not in flat or not self._is_active(name, cleaned):
                continue
            try:
                cleaned[name] = transforms.clean(self[name], flat[name])
            except ValueError:
                typed = f"{name}={transforms.typical(self[name])!r}"
                problems.add(name, flat[name], transforms.describe(self[name]), typed)
        problems.raise_if_any()
        return cleaned

    def to_unit(self, params: Mapping[str, Any]) -> np.ndarray:
        """Return a point as coordinates in [0, 1], for methods that work on a cube.

        Log scales are logarithmic there, integers and categories sit in the middle of bins (of
        equal width, on an integer's log scale of equal weight), inactive names at 0.5.

        ArgumentError: if ``params`` is not a point of the space.
        """
        self.check(params)
        return np.array(
            [transforms.to_unit(self[n], params[n]) if n in params else 0.5 for n in self]
        )

    def from_unit(self, coordinates: Iterable[float]) -> dict[str, Value]:
        """Return the point at coordinates in [0, 1], one for each name, inactive ones too.

        ArgumentError: if there are too few or too many, or one is not a number in [0, 1].
        """
        with Problems("from_unit") as problems:
            try:
                unit = np.asarray(coordinates, dtype=float)
            except (TypeError, ValueError):
                unit = np.full(len(self), np.nan)
            if unit.shape != (len(self),):
                allowed = f"{len(self)} numbers, one for each of {', '.join(self)}"
                problems.add("shape", unit.shape, allowed, f"np.full({len(self)}, 0.5)")
            elif not np.all((unit >= 0) & (unit <= 1)):
                problems.add("coordinates", coordinates, "numbers from 0 to 1", "np.clip(u, 0, 1)")
        point: dict[str, Value] = {}
        for name, position in zip(self, unit.tolist(), strict=True):
            if self._is_active(name, point):
                point[name] = transforms.from_unit(self[name], position)
        return point

    # ── size and grid ────────────────────────────────────────────────────────────────────────
    @property
    def size(self) -> int | float:
        """The number of distinct points, ``math.inf`` as soon as one is a float."""
        counts = {name: transforms.count(self[name]) for name in self}
        return sum(math.prod(counts[name] for name in free) for _, free in self.branches())

    def grid(self, levels: int | Mapping[str, int] | None = None) -> dict[str, list[Value]]:
        """Return the values of each hyperparameter on a grid, evenly spaced on its own scale.

        They are there for all names, inactive ones too; :meth:`to_sklearn_grid` heeds conditions.

        Parameters
        ----------
        levels : int, mapping or None
            How many values of each number, or by name. None, or a name that is left out: every
            integer, and 5 values of a float or of an integer on a log scale. Categories are
            always all there. Values between the bounds are rounded to print short.

        ArgumentError: if ``levels`` is not a positive integer or names something unknown, or a
        hyperparameter has more than 100,000 values.

        Examples
        --------
        >>> import hpotutor as ht
        >>> ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1)).grid(levels=4)
        {'learning_rate': [0.0001, 0.001, 0.01, 0.1]}
        """
        return _validation.grid(self, levels)

    def grid_size(self, levels: int | Mapping[str, int] | None = None) -> int:
        """Return the number of points on the grid, by arithmetic; see :meth:`grid`."""
        by_name = _validation.levels_by_name(self, "grid_size", levels)
        sizes = {name: transforms.grid_axis_size(self[name], by_name[name]) for name in self}
        values = {name: transforms.grid_axis(self[name], by_name[name]) for name in self.parents}
        return sum(math.prod(sizes[name] for name in free) for _, free in self.branches(values))

    # ── the five dialects ────────────────────────────────────────────────────────────────────
    def show(
        self, dialect: str, levels: int | Mapping[str, int] | None = None
    ) -> converters.Source:
        """Return the source text that writes this space in one library's own way.

        It is complete with its imports, and runs as it stands.

        Parameters
        ----------
        dialect : {"scikit-learn", "scipy", "hyperopt", "optuna", "keras_tuner"}
            "scikit-learn" is a grid (``param_grid``), "scipy" distributions for its random
            search (``param_distributions``).
        levels : int, mapping or None
            As in :meth:`grid`; for "scikit-learn" only.

        ArgumentError: for an unknown dialect, or ``levels`` with another dialect than
        "scikit-learn".
        """
        return converters.show(self, dialect, levels)

    def to_sklearn_grid(self, levels: int | Mapping[str, int] | None = None) -> Written:
        """Return ``param_grid`` for ``GridSearchCV``; a list of dicts if there are conditions."""
        return cast(Written, converters.run(self.show("scikit-learn", levels), "param_grid"))

    def to_scipy(self) -> Written:
        """Return ``param_distributions`` for ``RandomizedSearchCV``; see :mod:`.converters`."""
        return cast(Written, converters.run(self.show("scipy"), "param_distributions"))

    def to_hyperopt(self) -> dict[str, Any]:
        """Return the space for ``hyperopt.fmin``; give what it yields to :meth:`clean`."""
        return dict(converters.run(self.show("hyperopt"), "space"))

    def suggest(self, trial: Any) -> dict[str, Value]:
        """Return a point that an Optuna trial suggests."""
        return dict(converters.run_once(self._text("optuna"), "suggest")(trial))

    def declare(self, hp: Any) -> dict[str, Value]:
        """Return a point from KerasTuner's ``hp``, declaring the space in it."""
        return dict(converters.run_once(self._text("keras_tuner"), "declare")(hp))

    def _text(self, dialect: str) -> converters.Source:
        """Return a dialect's text, kept: every trial of Optuna and KerasTuner asks for it."""
        if dialect not in self._texts:
            self._texts[dialect] = self.show(dialect)
        return self._texts[dialect]

    # ── the log ──────────────────────────────────────────────────────────────────────────────
    def to_dict(self) -> dict[str, list[dict[str, Any]]]:
        """Return the space as lists, dicts and plain values, ready for JSON."""
        return formatting.to_dict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> SearchSpace:
        """Return the space that :meth:`to_dict` wrote down; ``ArgumentError`` for another dict."""
        return cls(formatting.pairs(saved))

    def changed(self, change: Mapping[str, Distribution | Conditional]) -> SearchSpace:
        """Return the space with some distributions replaced or added, unchecked; conditions stay.

        Examples
        --------
        >>> import hpotutor as ht
        >>> ht.SearchSpace(layers=ht.integers(1, 3)).changed({"layers": ht.integers(1, 6)})
        ht.SearchSpace(
            layers=ht.integers(1, 6),
        )
        """
        plain = {n: d.distribution if isinstance(d, Conditional) else d for n, d in change.items()}
        added = {n: dict(d.conditions) for n, d in change.items() if isinstance(d, Conditional)}
        space = SearchSpace.__new__(SearchSpace)
        Definition.__init__(space, {**self, **plain}, {**self.conditions, **added})
        space._texts = {}
        return space

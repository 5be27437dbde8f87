"""The shipped benchmark: every configuration of a space, trained and stored.

A table answers in microseconds what a training would have answered in seconds, and because it
holds every configuration the true optimum is known. The idea is that of the tabular benchmarks of
Klein and Hutter (2019), "Tabular benchmarks for joint architecture and hyperparameter
optimization", https://arxiv.org/abs/1905.04970: several seeds, whole curves, stored cost.
"""

import functools
import itertools
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hpotutor._validation import is_number, is_whole
from hpotutor.errors import Problems, did_you_mean
from hpotutor.space.distributions import choice, integers, loguniform, plain
from hpotutor.tabular import _npz

FOLDER = Path(__file__).parent / "tables"
NAMES = ("digits", "breast_cancer", "signals")
FORMAT = 1
# What is stored for each run and epoch; counts as whole numbers, losses in half precision.
_WHOLE, _HALF, _SINGLE = np.dtype("<u2"), np.dtype("<f2"), np.dtype("<f4")
CURVES = {"val_correct": _WHOLE, "test_correct": _WHOLE, "loss": _HALF, "val_loss": _HALF}
PLAIN = {"diverged": np.dtype("u1"), "epoch_seconds": _SINGLE, "start_seconds": _SINGLE}
# Counts of correct answers are read as a share of these rows.
_ACCURACIES = {
    "val_accuracy": ("val_correct", "validation"),
    "test_accuracy": ("test_correct", "test"),
}
_NEVER = 255  # more than any epoch in which a network diverged


class Axis(NamedTuple):
    """One hyperparameter of a table.

    Its ``levels`` are the values that were trained, in ascending order if they are numbers. The
    ``scale``, "log", "linear" or "category", tells which level a value in between is nearer to; the
    ``default`` is the level used where a search space leaves this hyperparameter out. With
    ``when``, the name of an earlier axis and one of its levels, it exists at that level only.
    """

    name: str
    levels: tuple
    scale: str
    default: Any
    when: tuple[str, Any] | None = None

    def exists(self, params: Mapping[str, Any]) -> bool:
        """Return whether networks with these hyperparameters have this one."""
        return self.when is None or params.get(self.when[0]) == self.when[1]

    def nearest(self, value: Any) -> int | None:
        """Return the position of the nearest level, or None if the value is out of reach.

        Numbers reach beyond the first and last level by half of the largest step.
        """
        if self.scale == "category":
            value = plain(value)
            same = (type(level) is type(value) and level == value for level in self.levels)
            return next(itertools.compress(itertools.count(), same), None)
        if not is_number(value) or not math.isfinite(value) or (self.scale == "log" and value <= 0):
            return None
        points, reach = self._points()
        at = math.log(value) if self.scale == "log" else float(value)
        if not points[0] - reach <= at <= points[-1] + reach:
            return None
        return min(range(len(points)), key=lambda position: abs(points[position] - at))

    def _points(self) -> tuple[list[float], float]:
        """Return the levels on their scale, and how far beyond them a value still counts."""
        log = self.scale == "log"
        points = [math.log(level) if log else float(level) for level in self.levels]
        step = max(b - a for a, b in itertools.pairwise(points))
        return points, step / 2 * (1 + 1e-9)

    def distribution(self) -> Any:
        """Return what a search may try: numbers between dense levels too, else the levels.

        The ends are such that each level is the nearest one about equally often.
        """
        first, last = self.levels[0], self.levels[-1]
        if self.scale == "log" and isinstance(first, float):
            points, reach = self._points()
            low, high = math.exp(points[0] - reach), math.exp(points[-1] + reach)
            return loguniform(float(f"{low * 1.005:.1e}"), float(f"{high * 0.99:.1e}"))
        if self.scale == "linear" and self.levels == tuple(range(int(first), int(last) + 1)):
            return integers(first, last)
        return choice(*self.levels)

    def allowed(self) -> str:
        """Say which values can be asked for."""
        return ", ".join(map(repr, self.levels))

    def condition(self) -> str:
        """Say when it exists, if not always."""
        return f"when {self.when[0]}={self.when[1]!r}" if self.when else ""


@dataclass(frozen=True, eq=False)
class Table:
    """All runs of a table, as arrays.

    Parameters
    ----------
    name : str
        The data set.
    axes : tuple of Axis
        The hyperparameters; configuration number i is ``params_at(i)``.
    val_correct, test_correct : array of uint16, shape (configurations, seeds, epochs)
        Correct answers after each epoch; 0 after a network diverged.
    loss, val_loss : array of float16, shape (configurations, seeds, epochs)
        Training loss (mean over the epoch's batches, as Keras reports it) and validation loss;
        NaN after a network diverged, at most 65504.
    diverged : array of uint8, shape (configurations, seeds)
        The epoch, from 1, in which a loss became NaN or infinite; 0 if none did.
    epoch_seconds, start_seconds : array of float32, shape (configurations,)
        What plain ``Model.fit`` takes: for an epoch, and once for building and tracing.
    parameters : array of uint32, shape (configurations,), optional
        Weights of the network, where they are stored; see ``weights``.
    about : dict
        Rows, versions of libraries, machine, date, command, how the seconds were measured; and
        ``fixed``, what a table's convolutions have in common: ``TrainObjective(data, epochs=40,
        engine="fused", defaults=table.about["fixed"])`` trains them again.
    checksum : str
        SHA-256 of all of it, in hexadecimal.

    Examples
    --------
    >>> table = open_table("digits")
    >>> len(table), table.seeds, table.epochs
    (5184, 5, 30)
    """

    name: str
    axes: tuple[Axis, ...]
    val_correct: np.ndarray = field(repr=False)
    test_correct: np.ndarray = field(repr=False)
    loss: np.ndarray = field(repr=False)
    val_loss: np.ndarray = field(repr=False)
    diverged: np.ndarray = field(repr=False)
    epoch_seconds: np.ndarray = field(repr=False)
    start_seconds: np.ndarray = field(repr=False)
    about: dict[str, Any] = field(repr=False)
    checksum: str = field(default="", repr=False)
    parameters: np.ndarray | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.val_correct)

    @property
    def seeds(self) -> int:
        """Runs of each configuration."""
        return self.val_correct.shape[1]

    @property
    def epochs(self) -> int:
        """Epochs of each run."""
        return self.val_correct.shape[2]

    @functools.cached_property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each hyperparameter."""
        return tuple(len(axis.levels) for axis in self.axes)

    @functools.cached_property
    def numbers(self) -> np.ndarray:
        """The number of each configuration in the product of all levels."""
        return np.unique(existing(self.axes))

    @functools.cached_property
    def places(self) -> np.ndarray:
        """The configuration at each number in the product, whatever does not exist there."""
        return np.searchsorted(self.numbers, existing(self.axes))

    @functools.cached_property
    def val_accuracy(self) -> np.ndarray:
        """Validation accuracy, float32, shape (configurations, seeds, epochs)."""
        return self.val_correct / np.float32(self.about["rows"]["validation"])

    @functools.cached_property
    def test_accuracy(self) -> np.ndarray:
        """Test accuracy, float32, shape (configurations, seeds, epochs)."""
        return self.test_correct / np.float32(self.about["rows"]["test"])

    @functools.cached_property
    def weights(self) -> Any:
        """Weights of each network, biases included, shape (configurations,); None if unknown."""
        if self.parameters is not None:
            return self.parameters.astype(int)
        known, features, classes = self.columns(), *map(self.about.get, ("features", "classes"))
        if "units" not in known or not features or not classes:
            return None
        units, between = known["units"], known.get("layers", 1) - 1  # of dense networks alone
        outputs = classes if classes > 2 else 1
        return (features + 1 + between * (units + 1)) * units + (units + 1) * outputs

    # ── looking up ──────────────────────────────────────────────────────────
    def read(self, curve: str, index: Any, run: Any, epochs: Any) -> np.ndarray:
        """Return a curve's values at the end of some epochs, from 1, of some configurations.

        The numbers may be arrays that broadcast; ``run`` None is the mean of all stored runs.
        """
        name, part = _ACCURACIES.get(curve, (curve, None))
        stored, last = getattr(self, name), epochs - 1
        if run is None:
            found = stored[index, :, last].mean(axis=-1, dtype=float)
        else:
            found = stored[index, run, last].astype(float)
        return found if part is None else found / self.about["rows"][part]

    def died(self, index: Any, run: Any, epochs: Any) -> np.ndarray:
        """Return in which of so many epochs a run, or any run of all, diverged; 0 if in none."""
        deaths = self.diverged[index] if run is None else self.diverged[index, run][..., None]
        inside = (deaths > 0) & (deaths <= np.expand_dims(epochs, -1))
        first = np.where(inside, deaths, _NEVER).min(axis=-1)
        return np.where(first == _NEVER, 0, first)

    # ── between configurations and their numbers ────────────────────────────
    def params_at(self, index: int) -> dict[str, Any]:
        """Return the hyperparameters of a configuration number."""
        if not is_whole(index) or not 0 <= index < len(self):
            allowed = f"a whole number from 0 to {len(self) - 1}"
            Problems("params_at").add("index", index, allowed, "index=0").raise_if_any()
        return levels_at(self.axes, self.numbers[index])

    def index_of(self, params: Mapping[str, Any]) -> int:
        """Return the number of the configuration nearest to some hyperparameters.

        A name that is left out has its default. ``ArgumentError`` for names that the table does
        not have, or not with these others, and values beyond its levels; all at once, the nearest
        ones named.
        """
        problems = Problems(f"the {self.name} table")
        names = [axis.name for axis in self.axes]
        for name in params:
            if name not in names:
                problems.say(
                    f"{name} is not a hyperparameter of this table.{did_you_mean(name, names)} "
                    f"It has {', '.join(names)}. For others, train: ht.TrainObjective."
                )
        number, known = 0, {axis.name: axis.default for axis in self.axes} | dict(params)
        for axis, exact, levels in zip(self.axes, self._exact, self.shape, strict=True):
            value, position = known[axis.name], None
            if not axis.exists(known):
                if axis.name in params:
                    problems.say(f"{axis.name} exists only {axis.condition()}. Leave it out.")
            # A search asks for the same levels thousands of times.
            elif type(value) not in (str, int, float) or (position := exact.get(value)) is None:
                position = axis.nearest(value)
                if position is None:
                    close = _closest(axis, value)
                    problems.add(axis.name, value, axis.allowed(), f"{axis.name}={close!r}")
            number = number * levels + (position or 0)
        problems.raise_if_any()
        return int(self.places[number])

    @functools.cached_property
    def _exact(self) -> list[dict[Any, int]]:
        return [{level: n for n, level in enumerate(axis.levels)} for axis in self.axes]

    def columns(self) -> dict[str, np.ndarray]:
        """Return each hyperparameter's value in every configuration, shape (configurations,).

        Where it does not exist stands NaN.
        """
        found: dict[str, np.ndarray] = {}
        positions = np.unravel_index(self.numbers, self.shape)
        for axis, at in zip(self.axes, positions, strict=True):
            values = np.array(axis.levels)[at]
            if axis.when is not None:
                values = np.where(found[axis.when[0]] == axis.when[1], values, np.nan)
            found[axis.name] = values
        return found


@functools.lru_cache(maxsize=8)
def open_table(source: str | os.PathLike = "digits") -> Table:
    """Open a table, without TensorFlow and without pickle.

    The ``source`` is ``"digits"``, ``"breast_cancer"``, ``"signals"`` or the file of a table that
    you built. About the contents see :class:`Table`; how it was made, tells
    ``hpotutor table info digits``.

    ArgumentError: there is no table of this name.

    DataError: the file is damaged, or of another version.
    """
    path = FOLDER / f"{source}.npz" if source in NAMES else Path(source)
    if not path.exists():
        with Problems("open_table") as problems:
            built = [name for name in NAMES if (FOLDER / f"{name}.npz").exists()]
            if not problems.choice("source", str(source), built or list(NAMES)):
                problems.lines[-1] += f" Or build it: python tools/tables/build.py {NAMES[0]}."
    remedy = f"python tools/tables/build.py {path.stem}"
    about, arrays, checksum = _npz.read(path, [*CURVES, *PLAIN], FORMAT, remedy)
    shape, name, axes = about.pop("shape"), about.pop("name"), about.pop("axes")
    axes = tuple(
        Axis(**{**a, "levels": tuple(a["levels"]), "when": tuple(a.get("when", ())) or None})
        for a in axes
    )
    curves = {key: _unpack(arrays[key], dtype, shape) for key, dtype in CURVES.items()}
    seconds = {key: arrays[key] for key in PLAIN}
    counted = arrays.get("parameters")
    rest = {**curves, **seconds}
    return Table(name, axes, **rest, about=about, checksum=checksum, parameters=counted)


def _unpack(planes: np.ndarray, dtype: np.dtype, shape: Sequence[int]) -> np.ndarray:
    bits = planes[0].T + (planes[1].T.astype("<u2") << 8)
    return np.cumsum(bits, axis=1, dtype="<u2").view(dtype).reshape(shape)


def levels_at(axes: Sequence[Axis], number: int) -> dict[str, Any]:
    """Return the hyperparameters that exist at a number in the product of all levels.

    The last axis varies fastest.
    """
    positions = np.unravel_index(number, [len(axis.levels) for axis in axes])
    levels = {axis.name: axis.levels[at] for axis, at in zip(axes, positions, strict=True)}
    return {axis.name: levels[axis.name] for axis in axes if axis.exists(levels)}


def existing(axes: Sequence[Axis]) -> np.ndarray:
    """Return, for each number in the product, that with the first level of what does not exist."""
    shape = [len(axis.levels) for axis in axes]
    positions = np.array(np.unravel_index(np.arange(math.prod(shape)), shape))
    by_name = {axis.name: (axis.levels, at) for axis, at in zip(axes, positions, strict=True)}
    for axis, at in zip(axes, positions, strict=True):
        if axis.when is not None:
            levels, parent = by_name[axis.when[0]]
            at[parent != levels.index(axis.when[1])] = 0
    return np.ravel_multi_index(tuple(positions), shape)


def _closest(axis: Axis, value: Any) -> Any:
    """Return the level to suggest in place of one that the table does not have."""
    if axis.scale == "category" or not is_number(value):
        close = [level for level in axis.levels if did_you_mean(value, [level])]
        return (close or [axis.default])[0]
    return min(axis.levels, key=lambda level: abs(level - value))

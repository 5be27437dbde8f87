"""What the shipped tables are of: rows, axes, seeds, epochs; and on what they were trained."""

from __future__ import annotations

import itertools
import os
import platform
from typing import Any, NamedTuple

import numpy as np

from hpotutor.datasets.dataset import Dataset
from hpotutor.datasets.loader import load
from hpotutor.errors import Problems
from hpotutor.tabular.table import Axis, levels_at

SEEDS, EPOCHS = 5, 30
# Both ends of the learning rate hurt, with every optimizer. The defaults are those of build_mlp.
AXES = (
    Axis("optimizer", ("sgd", "rmsprop", "adam"), "category", "adam"),
    Axis("learning_rate", (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0), "log", 1e-3),
    Axis("batch_size", (16, 32, 64, 128), "log", 32),
    Axis("layers", (1, 2), "linear", 1),
    Axis("units", (8, 16, 32, 64), "log", 64),
    Axis("activation", ("relu", "sigmoid"), "category", "relu"),
    Axis("dropout", (0.0, 0.2, 0.5), "linear", 0.0),
)
# A chunk is what can share a traced program: one value of each of these.
_CHUNKED_BY = ("batch_size", "layers", "units", "optimizer")


class Spec(NamedTuple):
    """What a table is of: the split, as keywords of :func:`hpotutor.load`, and the axes."""

    name: str
    split: dict[str, float]
    axes: tuple[Axis, ...] = AXES

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of levels of each hyperparameter."""
        return tuple(len(axis.levels) for axis in self.axes)

    def chunks(self) -> list[np.ndarray]:
        """Return the configuration numbers of each chunk."""
        numbers = np.arange(np.prod(self.shape)).reshape(self.shape)
        names = [axis.name for axis in self.axes]
        kept = [names.index(name) for name in _CHUNKED_BY]
        ranges = [range(self.shape[position]) for position in kept]
        found = []
        for chosen in itertools.product(*ranges):
            slices: list[Any] = [slice(None)] * len(names)
            for position, level in zip(kept, chosen, strict=True):
                slices[position] = level
            found.append(numbers[tuple(slices)].ravel())
        return found

    def params_at(self, index: int) -> dict[str, Any]:
        """Return the hyperparameters of a configuration number."""
        return levels_at(self.axes, int(index))

    def load(self) -> Dataset:
        """Return the rows."""
        return load(self.name, **self.split)


SPECS = {
    "digits": Spec("digits", {"validation": 0.2, "test": 0.2}),
    # A fifth of 569 rows would be too coarse a ruler: one answer would be 0.9%.
    "breast_cancer": Spec("breast_cancer", {"validation": 0.3, "test": 0.3}),
}


def spec_of(call: str, name: str) -> Spec:
    """Return what a table is of, or raise for a name that there is no plan for."""
    problems = Problems(call)
    problems.choice("name", name, SPECS)
    problems.raise_if_any()
    return SPECS[name]


def machine() -> str:
    """Describe the processor without naming the machine.

    Examples
    --------
    >>> machine().endswith("processors")
    True
    """
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors"


def versions() -> dict[str, str]:
    """Return the versions of what trains a network."""
    import keras
    import sklearn
    import tensorflow as tf

    import hpotutor

    return {
        "python": platform.python_version(),
        "hpotutor": hpotutor.__version__,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
        "scikit-learn": sklearn.__version__,
    }

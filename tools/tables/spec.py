"""What the shipped tables are of: rows, axes, seeds, epochs; and on what they were trained."""

from __future__ import annotations

import functools
import os
import platform
from typing import Any, NamedTuple

import numpy as np

from hpotutor.datasets.dataset import Dataset
from hpotutor.datasets.loader import load
from hpotutor.errors import Problems
from hpotutor.tabular.table import Axis, existing, levels_at

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
# Convolutions instead of hidden layers, in one space with conditions. The batch size stands before
# what varies inside a stack, so that a third of a chunk has one of its own.
_RATES = (1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 0.3, 1.0)
_DENSE, _CONV = ("architecture", "dense"), ("architecture", "conv")
SIGNAL_AXES = (
    Axis("architecture", ("dense", "conv"), "category", "dense"),
    Axis("layers", (1, 2, 3), "linear", 1),
    Axis("units", (8, 16, 32, 64), "log", 64, _DENSE),
    Axis("filters", (4, 8, 16), "log", 16, _CONV),
    Axis("kernel_size", (3, 5), "linear", 3, _CONV),
    Axis("optimizer", ("sgd", "rmsprop", "adam"), "category", "adam"),
    Axis("batch_size", (32, 64, 128), "log", 32),
    Axis("learning_rate", _RATES, "log", 1e-3),
    Axis("dropout", (0.0, 0.2, 0.5), "linear", 0.0, _DENSE),
)
# What the table's convolutional networks have in common: a stride does what pooling would, at half
# the price, and behind the last block stands the output.
CONVOLUTION = {"strides": 2, "pool_size": 1, "dense_layers": 0}
# A chunk is what can share a traced program: one value of each of these.
_SHAPE = ("layers", "units", "optimizer")


_numbers = functools.lru_cache(lambda axes: np.unique(existing(axes)))


class Spec(NamedTuple):
    """What a table is of: the split, as keywords of :func:`hpotutor.load`, and the axes."""

    name: str
    split: dict[str, float]
    axes: tuple[Axis, ...] = AXES
    seeds: int = 5
    epochs: int = 30
    chunked_by: tuple[str, ...] = ("batch_size", *_SHAPE)
    fixed: dict[str, Any] = {}  # what networks of convolutions have in common

    @property
    def numbers(self) -> np.ndarray:
        """Numbers of the configurations that exist, in the product of all levels."""
        return _numbers(self.axes)

    def chunks(self) -> list[np.ndarray]:
        """Return the configuration numbers of each chunk."""
        sizes = [len(axis.levels) for axis in self.axes]
        positions = np.array(np.unravel_index(self.numbers, sizes))
        names = [axis.name for axis in self.axes]
        kept = positions[[names.index(name) for name in self.chunked_by]]
        _, chunk = np.unique(kept, axis=1, return_inverse=True)
        return [np.flatnonzero(chunk == number) for number in range(chunk.max() + 1)]

    def params_at(self, index: int) -> dict[str, Any]:
        """Return the hyperparameters of a configuration number."""
        return levels_at(self.axes, int(self.numbers[index]))

    def network_at(self, index: int) -> dict[str, Any]:
        """Return the hyperparameters, and what is fixed."""
        params = self.params_at(index)
        return params | self.fixed if params.get("architecture") == "conv" else params

    def load(self) -> Dataset:
        """Return the rows."""
        return load(self.name, **self.split)


SPECS = {
    "digits": Spec("digits", {"validation": 0.2, "test": 0.2}),
    # A fifth of 569 rows would be too coarse a ruler: one answer would be 0.9%.
    "breast_cancer": Spec("breast_cancer", {"validation": 0.3, "test": 0.3}),
    "signals": Spec(
        "signals",
        {},
        SIGNAL_AXES,
        seeds=3,
        epochs=40,
        chunked_by=("architecture", *_SHAPE, "filters", "kernel_size"),
        fixed=CONVOLUTION,
    ),
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

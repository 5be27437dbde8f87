"""A table that looks like a shipped one and was made up: for tests that need curves at once."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from hpotutor.tabular.objective import TableObjective
from hpotutor.tabular.table import Axis, Table

_ROWS, _SEEDS, _EPOCHS = 200, 4, 27
_AXES = (
    Axis("optimizer", ("sgd", "adam"), "category", "adam"),
    Axis("learning_rate", (1e-3, 1e-2, 0.1, 1.0), "log", 1e-2),
    Axis("units", (8, 16, 32, 64), "log", 32),
    Axis("dropout", (0.0, 0.2, 0.5), "linear", 0.0),
)

# Of a table so small that a test can build it: 48 configurations of a network for iris.
TINY_AXES = (
    Axis("optimizer", ("sgd", "adam"), "category", "adam"),
    Axis("learning_rate", (0.003, 0.01, 0.03), "log", 0.01),
    Axis("batch_size", (16, 32), "log", 32),
    Axis("layers", (1, 2), "linear", 1),
    Axis("units", (4, 8), "log", 8),
)


def small_table() -> Table:
    """Return 96 configurations; the slower ones among them end higher."""
    points = list(itertools.product(*(axis.levels for axis in _AXES)))
    epochs = np.arange(1, _EPOCHS + 1)
    rng = np.random.default_rng(0)
    truth = np.empty((len(points), _EPOCHS))
    for row, (optimizer, rate, units, dropout) in enumerate(points):
        off = np.log10(rate) + (1.7 if optimizer == "adam" else 0.8)
        top = 0.95 - 0.12 * off**2 - 0.1 / np.sqrt(units) - 0.2 * (dropout - 0.2) ** 2
        slow = 1 + 6 * (1 + dropout) / (1 + 10 * rate)
        truth[row] = 0.1 + (max(top, 0.1) - 0.1) * (1 - np.exp(-epochs / slow))
    shape = (len(points), _SEEDS, _EPOCHS)
    luck = np.clip(truth[:, None] + rng.normal(0, 0.01, (len(points), _SEEDS, 1)), 0.05, 0.99)
    correct = rng.binomial(_ROWS, luck, shape), rng.binomial(_ROWS, luck, shape)
    units = np.array([point[2] for point in points], dtype=np.float32)
    return Table(
        "made up", _AXES,
        val_correct=correct[0].astype(np.uint16), test_correct=correct[1].astype(np.uint16),
        loss=(1 - luck).astype(np.float16), val_loss=(1.05 - luck).astype(np.float16),
        diverged=np.zeros(shape[:2], np.uint8), epoch_seconds=0.05 + units / 400,
        start_seconds=np.full(len(points), 0.5, np.float32),
        about={"rows": {"train": 800, "validation": _ROWS, "test": _ROWS},
               "features": 64, "classes": 10},
    )  # fmt: skip


def branched_table() -> Table:
    """Return 10 configurations of two kinds, each with a hyperparameter of its own.

    Number 0 to 3 are dense, with 4 or 8 units; 4 to 9 convolutions, with 2, 4 or 8 filters. Of two
    runs of four epochs each, run s of number i is right on ``10 i + 4 s + epoch`` rows of 100.
    """
    number, run, epoch = np.ogrid[:10, :2, 1:5]
    correct = 10 * number + 4 * run + epoch
    return Table(
        "branched",
        (
            Axis("kind", ("dense", "conv"), "category", "dense"),
            Axis("units", (4, 8), "log", 8, ("kind", "dense")),
            Axis("filters", (2, 4, 8), "log", 4, ("kind", "conv")),
            Axis("rate", (0.01, 0.1), "log", 0.01),
        ),
        val_correct=correct.astype(np.uint16), test_correct=(correct + 1).astype(np.uint16),
        loss=(2 - correct / 100).astype(np.float16),
        val_loss=(1 - correct / 100).astype(np.float16),
        diverged=np.zeros((10, 2), np.uint8), epoch_seconds=np.arange(1, 11, dtype=np.float32),
        start_seconds=np.full(10, 0.5, np.float32),
        about={"rows": {"train": 300, "validation": 100, "test": 100}, "classes": 3},
        checksum="0123456789abcdef", parameters=np.arange(100, 110, dtype=np.uint32),
    )  # fmt: skip


def small_objective(**arguments: Any) -> TableObjective:
    """Return an objective on the small table, which says nothing of what it reads."""
    return TableObjective(small_table(), quiet=True, **arguments)

"""Measure what a training costs: seconds of plain ``Model.fit``, on some shapes of network.

    python tools/tables/timing.py digits [--repeats 3] [--provisional]

Run it on an idle machine; it writes the seconds into the table.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import itertools
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor import setup

setup()  # as in the lessons; before TensorFlow is imported

from hpotutor._tensorflow import keras
from hpotutor._validation import check_count
from hpotutor.cli import exit_status
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import Problems
from hpotutor.models.builders import build_mlp
from hpotutor.tabular.table import FOLDER, Table, open_table
from tools.tables.spec import Spec, machine, spec_of
from tools.tables.store import save

# Corners that are measured; between them the seconds are linear in steps and in parameters.
_CORNERS = {
    "optimizer": ("sgd", "rmsprop", "adam"),
    "layers": (1, 2),
    "batch_size": (16, 128),
    "units": (8, 64),
}
_EPOCHS = 5


def measure(
    name: str,
    path: str | os.PathLike | None = None,
    *,
    repeats: int = 3,
    provisional: bool = False,
) -> Table:
    """Time plain Keras and write the seconds into a table; do it on an idle machine.

    Parameters
    ----------
    name : {"digits", "breast_cancer", "signals"}
    path : path, optional
        The table's file, the shipped one by default.
    repeats : int, default 3
        How often each of the 24 shapes is fitted; the fastest counts, since other programs can
        only slow it down.
    provisional : bool, default False
        Note in the table that the machine was busy.

    Returns
    -------
    Table
        With ``epoch_seconds`` and ``start_seconds`` of every configuration.

    Notes
    -----
    Measured for each optimizer and number of layers at the smallest and largest batch size and
    number of units. In between, an epoch's seconds are taken to be linear in the steps of an
    epoch and in the number of units; activation and dropout are taken to cost nothing.
    """
    spec = spec_of("time", name)
    problems = Problems("time")
    check_count(problems, "repeats", repeats, optional=True)
    if spec.fixed:
        problems.say(
            f"the corners that are measured here are of dense networks, and {name} has others: its "
            "seconds stay rough."
        )
    problems.raise_if_any()
    data = spec.load()
    file = Path(path) if path is not None else FOLDER / f"{name}.npz"
    corners = list(itertools.product(*_CORNERS.values()))
    fastest = np.full((len(corners), 2), np.inf)
    fit_once(data, dict(zip(_CORNERS, corners[0], strict=True)))  # the first ever is slower
    with tqdm(total=repeats * len(corners), unit="fit", desc=f"timing {name}") as bar:
        for _ in range(repeats):
            for number, corner in enumerate(corners):
                seconds = fit_once(data, dict(zip(_CORNERS, corner, strict=True)))
                fastest[number] = np.minimum(fastest[number], seconds)
                bar.update()
    measured = {corner: tuple(row) for corner, row in zip(corners, fastest.tolist(), strict=True)}
    timing = "provisional: the machine was busy" if provisional else "measured"
    table = open_table(file)
    note = {"timing": timing, "timing_date": datetime.date.today().isoformat()}
    about = {**table.about, **note, "timing_machine": machine()}
    table = dataclasses.replace(table, about=about, **interpolate(spec, measured, data))
    save(table, file)
    open_table.cache_clear()
    return open_table(file)


def fit_once(data: Dataset, params: dict[str, Any]) -> tuple[float, float]:
    """Fit a network for a few epochs; return the seconds of an epoch and those to get started."""
    stamps: list[float] = []

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            stamps.append(time.perf_counter())

    start = time.perf_counter()
    network = {name: value for name, value in params.items() if name != "batch_size"}
    model = build_mlp(data.n_features, data.n_classes, seed=0, **network)
    model.fit(
        data.x_train,
        data.y_train,
        batch_size=params["batch_size"],
        epochs=_EPOCHS,
        validation_data=(data.x_val, data.y_val),
        validation_batch_size=1024,
        verbose=0,
        callbacks=[Watch()],
    )
    keras.backend.clear_session(free_memory=False)
    epoch = float(np.median(np.diff(stamps)))
    return epoch, max(stamps[0] - start - epoch, 0.0)


def interpolate(
    spec: Spec, measured: dict[tuple, tuple[float, float]], data: Dataset
) -> dict[str, np.ndarray]:
    """Return the seconds of every configuration from those of the corners."""
    rows = len(data.y_train)
    batches, units = _CORNERS["batch_size"], _CORNERS["units"]
    steps = [-(-rows // size) for size in batches]
    found = np.zeros((len(spec.numbers), 2))
    for index in range(len(found)):
        params = spec.params_at(index)
        own = -(-rows // params["batch_size"])
        across = (own - steps[0]) / (steps[1] - steps[0])
        along = (params["units"] - units[0]) / (units[1] - units[0])
        for (i, size), (j, width) in itertools.product(enumerate(batches), enumerate(units)):
            share = (across if i else 1 - across) * (along if j else 1 - along)
            corner = (params["optimizer"], params["layers"], size, width)
            found[index] += share * np.array(measured[corner])
    return {
        "epoch_seconds": found[:, 0].astype("f4"),
        "start_seconds": found[:, 1].astype("f4"),
    }


def rough_seconds(spec: Spec) -> dict[str, np.ndarray]:
    """Return seconds to start with, until a machine has been measured: so much a step."""
    rows = len(spec.load().y_train)
    sizes = np.array([spec.params_at(i)["batch_size"] for i in range(len(spec.numbers))])
    epoch = 0.03 + 0.0015 * np.ceil(rows / sizes)
    return {"epoch_seconds": epoch.astype("f4"), "start_seconds": np.full(len(sizes), 0.6, "f4")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Measure what Model.fit costs.")
    parser.add_argument("name", help="digits, breast_cancer or signals")
    parser.add_argument("--repeats", type=int, default=3, help="fits of each shape")
    parser.add_argument("--provisional", action="store_true", help="note that the machine is busy")
    chosen = parser.parse_args(arguments)
    table = measure(chosen.name, repeats=chosen.repeats, provisional=chosen.provisional)
    seconds = table.start_seconds + table.epochs * table.epoch_seconds
    print(f"A training of {table.epochs} epochs: {seconds.min():.3g} to {seconds.max():.3g} s.")


if __name__ == "__main__":
    sys.exit(exit_status(main))

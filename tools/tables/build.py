"""Make a shipped table: train every configuration on stacks, in chunks, resumably.

    python tools/tables/build.py digits [--output FILE] [--work FOLDER] [--processes N]

It takes an hour or two on two processors, and goes on where it was stopped. Then, on an idle
machine, `timing.py`; `verify.py`; and `histories.py`, since stored searches belong to one table.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import hashlib
import json
import math
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm.auto import tqdm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor import setup

setup()  # as in the lessons; before TensorFlow is imported

from hpotutor._system import unwritable
from hpotutor.cli import exit_status
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import DataError
from hpotutor.fused.api import train_many
from hpotutor.fused.convolution import kernel_shapes
from hpotutor.fused.member import as_members
from hpotutor.fused.pool import set_threads
from hpotutor.fused.program import clear_programs
from hpotutor.tabular import _npz
from hpotutor.tabular.table import CURVES, FOLDER, Table, open_table
from tools.tables.spec import SPECS, Spec, machine, spec_of, versions
from tools.tables.store import save, whole
from tools.tables.timing import rough_seconds

_PARTS = 3
_LARGEST_LOSS = float(np.finfo(np.float16).max)


def build(
    name: str,
    output: str | os.PathLike | None = None,
    work: str | os.PathLike | None = None,
    *,
    processes: int = 1,
) -> Table:
    """Train every configuration of a table and write its file.

    Parameters
    ----------
    name : {"digits", "breast_cancer", "signals"}
    output : path, optional
        Where to write; by default over the shipped table.
    work : path, optional
        A folder for finished chunks, ``runs/table-<name>`` by default. A build that was stopped
        goes on from there; delete the folder to start anew.
    processes : int, default 1
        How many train chunks side by side, each on one thread; the table is the same. One alone
        takes a thread to each core, which stacks that are few leave idle.

    Returns
    -------
    Table
        Its seconds are rough until :func:`tools.tables.timing.measure` has been run.

    Raises
    ------
    ArgumentError
        There is no plan for a table of this name.
    DataError
        One of the places cannot be written; chunks that are finished are kept.

    Notes
    -----
    One run is what ``TrainObjective(data, epochs=30, engine="fused", seed=seed)`` trains.
    """
    spec = spec_of("build", name)
    data = spec.load()
    path = Path(output) if output is not None else FOLDER / f"{name}.npz"
    folder = Path(work) if work is not None else Path("runs") / f"table-{name}"
    _check_places(path, folder)
    arrays, seconds = _empty(spec), 0.0
    for numbers, chunk in _trained_chunks(spec, data, folder, processes):
        seconds += float(chunk.pop("processor_seconds"))
        for key, values in chunk.items():
            arrays[key][numbers] = values
    command = f"python tools/tables/build.py {name}"
    about = {**_about(spec, data), "command": command, "timing": "rough"}
    about["processor_seconds"] = round(seconds)  # of all chunks, whenever they were trained
    if spec.fixed:
        about["fixed"] = spec.fixed  # of the networks of convolutions
    arrays["parameters"] = count_parameters(spec, data)
    table = Table(name, spec.axes, **arrays, **rough_seconds(spec), about=about)
    save(table, path)
    open_table.cache_clear()
    return open_table(path)


def _check_places(output: Path, work: Path) -> None:
    """Raise if one of the two cannot be written: now, and not after an hour of training."""
    try:
        work.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(
            f"The folder {str(work)!r} cannot be made ({error.strerror}). Name another one after "
            "--work."
        ) from error
    for place, option in ((output.parent, "--output"), (work, "--work")):
        error = unwritable(place)
        if error is not None:
            raise DataError(
                f"The folder {str(place)!r} cannot be written ({error.strerror}). Make room "
                f"there, or name another place after {option}."
            )


def _empty(spec: Spec) -> dict[str, np.ndarray]:
    shape = (len(spec.numbers), spec.seeds, spec.epochs)
    arrays = {key: np.zeros(shape, dtype) for key, dtype in CURVES.items()}
    arrays["diverged"] = np.zeros(shape[:2], np.uint8)
    return arrays


def _trained_chunks(
    spec: Spec, data: Dataset, folder: Path, processes: int
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yield each chunk's configuration numbers and arrays, from the folder or by training."""
    chunks = spec.chunks()
    networks = sum(map(len, chunks)) * spec.seeds
    # The last chunks are the largest networks: begun first, they leave no process alone at the end.
    work = [(spec.name, folder, number) for number in reversed(range(len(chunks)))]
    with (
        tqdm(total=networks, unit="network", desc=f"table {spec.name}") as bar,
        contextlib.ExitStack() as stack,
    ):
        made: Iterator[tuple[int, dict[str, np.ndarray]]] = map(_chunk, work)
        if processes > 1:
            pools = multiprocessing.get_context("spawn")
            pool = stack.enter_context(pools.Pool(processes, set_threads, (1,)))
            made = pool.imap_unordered(_chunk, work)
        for number, arrays in made:
            yield chunks[number], arrays
            bar.update(len(chunks[number]) * spec.seeds)


def _chunk(work: tuple[str, Path, int]) -> tuple[int, dict[str, np.ndarray]]:
    """Return a chunk's number and its arrays, from its file or by training."""
    name, folder, number = work
    spec = SPECS[name]
    data = spec.load()
    plan = json.dumps([*spec[:2], [a._asdict() for a in spec.axes], *spec[3:]])
    mark = hashlib.sha256((plan + data.fingerprint).encode()).hexdigest()[:8]
    path = folder / f"{mark}-{number:03d}.npz"
    arrays = _stored_chunk(path)
    if arrays is None:
        start = time.process_time()
        arrays = train_chunk(spec, data, spec.chunks()[number])
        arrays["processor_seconds"] = np.array(time.process_time() - start)
        with whole(path) as file:
            np.savez(file, **arrays)
        clear_programs()
    return number, arrays


def _stored_chunk(path: Path) -> dict[str, np.ndarray] | None:
    """Return a chunk that was finished before, or None if there is none or it is damaged."""
    try:
        # Opened here, because NumPy leaves a file that it cannot read open.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {key: file[key] for key in (*CURVES, "diverged", "processor_seconds")}
    except (*_npz.UNREADABLE, KeyError):
        return None


def train_chunk(spec: Spec, data: Dataset, indices: np.ndarray) -> dict[str, np.ndarray]:
    """Train some configurations, every seed, and return their arrays."""
    # The table holds test scores, so that lessons can show what a choice was worth. It reads the
    # part behind the seal without a word; no choice is made here.
    x_test, y_test = data._test
    trained = []
    # In parts of equal composition, so that one traced program serves them all.
    for part in np.array_split(indices, _PARTS):
        members = [{**spec.network_at(i), "seed": s} for i in part for s in range(spec.seeds)]
        trained += train_many(
            data.x_train,
            data.y_train,
            data.x_val,
            data.y_val,
            members,
            n_classes=data.n_classes,
            epochs=spec.epochs,
            input_shape=data.input_shape,
            evaluations={"test": (x_test, y_test)},
        )
    shape = (len(indices), spec.seeds)
    arrays = {key: np.zeros((*shape, spec.epochs), dtype) for key, dtype in CURVES.items()}
    arrays["diverged"] = np.zeros(shape, np.uint8)
    for position, network in enumerate(trained):
        at = np.unravel_index(position, shape)
        _write_run(arrays, at, network, len(data.y_val), len(y_test))
    return arrays


def _write_run(
    arrays: dict[str, np.ndarray], at: tuple, network: Any, n_val: int, n_test: int
) -> None:
    """Put one network's curves into the arrays; what it diverged in and after is not a number."""
    epochs = network.epochs
    if network.status == "diverged":
        arrays["diverged"][at] = epochs
        epochs -= 1
    for name, rows in (("val", n_val), ("test", n_test)):
        accuracy = np.array(network.curve[f"{name}_accuracy"][:epochs])
        arrays[f"{name}_correct"][at][:epochs] = np.round(accuracy * rows)
    for name in ("loss", "val_loss"):
        arrays[name][at] = np.nan
        arrays[name][at][:epochs] = np.minimum(network.curve[name][:epochs], _LARGEST_LOSS)


def count_parameters(spec: Spec, data: Dataset) -> np.ndarray:
    """Return how many weights each network has, biases included."""
    asked = [spec.network_at(i) for i in range(len(spec.numbers))]
    found = []
    for m in as_members(asked, data.n_classes, len(data.y_train), data.input_shape):
        n_outputs, convolutions = m.n_outputs(data.n_classes), m.convolutions(data.input_shape)
        kernels = kernel_shapes(data.n_features, m.widths, n_outputs, convolutions)
        found.append(sum(math.prod(shape) + shape[-1] for shape in kernels))
    return np.array(found, np.uint32)


def _about(spec: Spec, data: Dataset) -> dict[str, Any]:
    return {
        "data": {"name": spec.name, **spec.split, "seed": data.seed, "rows": data.fingerprint},
        "rows": {
            "train": len(data.y_train),
            "validation": len(data.y_val),
            "test": data.n_test,
        },
        "features": data.n_features,
        "classes": data.n_classes,
        "versions": versions(),
        "machine": machine(),
        "date": datetime.date.today().isoformat(),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Train all of a table anew; resumable.")
    parser.add_argument("name", help=" or ".join(SPECS))
    parser.add_argument("--output", help="the file to write; by default the shipped one")
    parser.add_argument("--work", help="folder for finished parts; by default under runs")
    parser.add_argument("--processes", type=int, default=1, help="chunks side by side")
    chosen = parser.parse_args(arguments)
    table = build(chosen.name, chosen.output, chosen.work, processes=chosen.processes)
    print(f"{table.name}: {len(table):,} configurations, checksum {table.checksum[:12]}.")
    print(f"Next, on an idle machine: python tools/tables/timing.py {table.name}")


if __name__ == "__main__":
    sys.exit(exit_status(main))

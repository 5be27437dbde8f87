"""How the shipped tables are made: train every configuration on stacks, in chunks, resumably."""

from __future__ import annotations

import datetime
import hashlib
import itertools
import json
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hpotutor import archive
from hpotutor.datasets import Dataset, load
from hpotutor.errors import DataError, Problems
from hpotutor.machine import unwritable
from hpotutor.table import CURVES, FOLDER, Axis, Table, levels_at, open_table

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
_PARTS = 3
_LARGEST_LOSS = float(np.finfo(np.float16).max)


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


def build(
    name: str, output: str | os.PathLike | None = None, work: str | os.PathLike | None = None
) -> Table:
    """Train every configuration of a table and write its file.

    Parameters
    ----------
    name : {"digits", "breast_cancer"}
    output : path, optional
        Where to write; by default over the shipped table.
    work : path, optional
        A folder for finished chunks, ``runs/table-<name>`` by default. A build that was stopped
        goes on from there; delete the folder to start anew.

    Returns
    -------
    Table
        Its seconds are rough until :func:`hpotutor.table_time.measure` has been run.

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
    from hpotutor.table_time import rough_seconds

    spec = spec_of("build", name)
    data = spec.load()
    path = Path(output) if output is not None else FOLDER / f"{name}.npz"
    folder = Path(work) if work is not None else Path("runs") / f"table-{name}"
    _check_places(path, folder)
    arrays = _empty(spec)
    for numbers, chunk in _trained_chunks(spec, data, folder):
        for key, values in chunk.items():
            arrays[key][numbers] = values
    command = f"hpotutor table build {name}"
    about = {**_about(spec, data), "command": command, "timing": "rough"}
    table = Table(name, spec.axes, **arrays, **rough_seconds(spec), about=about)
    table.save(path)
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


def spec_of(call: str, name: str) -> Spec:
    """Return what a table is of, or raise for a name that there is no plan for."""
    problems = Problems(call)
    problems.choice("name", name, SPECS)
    problems.raise_if_any()
    return SPECS[name]


def _empty(spec: Spec) -> dict[str, np.ndarray]:
    shape = (int(np.prod(spec.shape)), SEEDS, EPOCHS)
    arrays = {key: np.zeros(shape, dtype) for key, dtype in CURVES.items()}
    arrays["diverged"] = np.zeros(shape[:2], np.uint8)
    return arrays


def _trained_chunks(
    spec: Spec, data: Dataset, folder: Path
) -> Iterator[tuple[np.ndarray, dict[str, np.ndarray]]]:
    """Yield each chunk's configuration numbers and arrays, from the folder or by training."""
    from tqdm.auto import tqdm

    from hpotutor.fused import clear_programs

    chunks = spec.chunks()
    plan = json.dumps([spec.name, spec.split, [a._asdict() for a in spec.axes], SEEDS, EPOCHS])
    mark = hashlib.sha256((plan + data.fingerprint).encode()).hexdigest()[:8]
    networks = sum(map(len, chunks)) * SEEDS
    with tqdm(total=networks, unit="network", desc=f"table {spec.name}") as bar:
        for number, indices in enumerate(chunks):
            path = folder / f"{mark}-{number:03d}.npz"
            arrays = _stored_chunk(path)
            if arrays is None:
                arrays = train_chunk(spec, data, indices)
                with archive.whole(path) as file:
                    np.savez(file, **arrays)
                clear_programs()
            yield indices, arrays
            bar.update(len(indices) * SEEDS)


def _stored_chunk(path: Path) -> dict[str, np.ndarray] | None:
    """Return a chunk that was finished before, or None if there is none or it is damaged."""
    try:
        # Opened here, because NumPy leaves a file that it cannot read open.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            return {key: file[key] for key in (*CURVES, "diverged")}
    except (*archive.UNREADABLE, KeyError):
        return None


def train_chunk(spec: Spec, data: Dataset, indices: np.ndarray) -> dict[str, np.ndarray]:
    """Train some configurations, every seed, and return their arrays."""
    from hpotutor.fused import train_many

    # The table holds test scores, so that lessons can show what a choice was worth. It reads the
    # part behind the seal without a word; no choice is made here.
    x_test, y_test = data._test
    trained = []
    # In parts of equal composition, so that one traced program serves them all.
    for part in np.array_split(indices, _PARTS):
        members = [{**spec.params_at(i), "seed": seed} for i in part for seed in range(SEEDS)]
        trained += train_many(
            data.x_train,
            data.y_train,
            data.x_val,
            data.y_val,
            members,
            n_classes=data.n_classes,
            epochs=EPOCHS,
            evaluations={"test": (x_test, y_test)},
        )
    shape = (len(indices), SEEDS)
    arrays = {key: np.zeros((*shape, EPOCHS), dtype) for key, dtype in CURVES.items()}
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


def machine() -> str:
    """Describe the processor without naming the machine.

    Examples
    --------
    >>> machine().endswith("processors")
    True
    """
    return f"{platform.system()} on {platform.machine()}, {os.cpu_count()} processors"

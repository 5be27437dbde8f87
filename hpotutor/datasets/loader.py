"""``load``: a data set by name, from a file, a data frame or arrays."""

import contextlib
import io
import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets as sklearn_datasets
from sklearn.utils import Bunch

from hpotutor._validation import check_seed, check_share
from hpotutor.datasets.columns import array_transformer, describe, frame_transformer
from hpotutor.datasets.dataset import Dataset, prepared, take
from hpotutor.datasets.reading import Rows, from_arrays, from_frame, read_csv
from hpotutor.datasets.splitting import split
from hpotutor.datasets.targets import TASKS, read_target
from hpotutor.errors import DataError, Problems, did_you_mean

_TABULAR: dict[str, Callable[[], Any]] = {
    "iris": sklearn_datasets.load_iris,
    "wine": sklearn_datasets.load_wine,
    "breast_cancer": sklearn_datasets.load_breast_cancer,
}
NAMES = (*_TABULAR, "digits", "signals", "mnist")
_SIGNALS = Path(__file__).resolve().parent / "data" / "signals.npz"
_PUBLISHED_TEST = 1000  # of the 5,000 signals
_SCALES = ("auto", "standard", "minmax", None)


def load(
    source: str | os.PathLike | pd.DataFrame | tuple | Bunch,
    *,
    target: Any = None,
    task: str | None = None,
    groups: Any = None,
    time: Any = None,
    keep: Sequence[str] = (),
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    scale: str | None = "auto",
) -> Dataset:
    """Load a data set by name, from a CSV file, a data frame or a pair of arrays.

    Rows are split into train, validation and test parts, stratified by class or by quantile. What
    prepares them has seen the training rows only: numbers are scaled, gaps filled with the median
    or the most frequent value and marked, texts one-hot encoded, with rare values together.

    Parameters
    ----------
    source : str, path, pandas.DataFrame, (x, y) or Bunch
        ``"iris"``, ``"wine"``, ``"breast_cancer"``, ``"digits"``, ``"signals"``, ``"mnist"``; the
        path of a table as text; a data frame with a target column; features (an array, a data
        frame, a sparse matrix) and labels; or what scikit-learn's own loaders return. Features of
        shape (rows, height, width[, channels]) or (rows, steps, channels) are images and sequences.
    target : str or array-like, optional
        The column to predict; needed for a file or a data frame.
    task : {"classification", "regression"}, optional
        By default amounts are told from classes by the target: texts, yes and no, and whole
        numbers with up to 20 different values are classes.
    groups, time : str or array-like, optional
        The column, or one entry a row, that says which rows belong together, such as a patient's:
        they stay together, in folds too; or that orders the rows: the parts follow one another.
    keep : sequence of str, optional
        Columns to learn from although they count or name the rows, are constant or like the target.
    validation, test : float, default 0.2
        Shares of all rows, between 0 and 1. The signals come with a test part, a fifth.
    seed : int, default 0
        Decides which rows go where.
    scale : {"auto", "standard", "minmax", None}
        ``"standard"`` gives each number mean 0 and standard deviation 1, ``"minmax"`` maps it to
        0 … 1, ``None`` leaves it. ``"auto"`` divides image pixels by their largest value, and
        standardizes signals by channel and columns of numbers one by one.

    Dataset: ``data.columns`` says what each column became.

    ArgumentError: an argument is not allowed; all of them are named at once.

    DataError: the rows cannot be used: no target, a single class, too few rows, columns of lists.

    Notes
    -----
    The built-in sets ship with scikit-learn. ``"signals"`` is MNIST-1D, ten digits drawn as 40
    points in a row and disturbed (Greydanus and Kobak, https://arxiv.org/abs/2011.14439).
    ``"mnist"`` comes through Keras's own loader and needs a network the first time.

    Examples
    --------
    >>> import hpotutor as ht
    >>> ht.load("digits").image_shape
    (8, 8, 1)
    >>> import pandas as pd
    >>> shop = pd.DataFrame({"number": range(60), "color": ["red", "blue", None] * 20})
    >>> ht.load(shop.assign(price=shop["number"] ** 0.5), target="price")
    Dataset(frame: 36 + 12 + 12 rows, 3 features, regression; left out: number (see data.columns))
    """
    problems = Problems("load")
    known = _check(problems, source, target, task, groups, time, keep)
    shares = {"validation": validation, "test": test}
    fine = [check_share(problems, name, share, 0.2, inside=True) for name, share in shares.items()]
    if all(fine) and validation + test >= 1:
        problems.say(
            f"validation={validation} and test={test} leave no rows to train on. "
            "Their sum must stay below 1. Type for instance validation=0.2, test=0.2."
        )
    if isinstance(source, str) and source == "signals" and test != 0.2:
        problems.add("test", test, "0.2 for the signals, as published", "test=0.2")
    check_seed(problems, seed)
    problems.choice("scale", scale, _SCALES)
    problems.raise_if_any()
    if isinstance(source, Bunch):
        name, rows = "bunch", from_arrays(_of_bunch(source), groups, time)
    elif isinstance(source, tuple):
        name, rows = "arrays", from_arrays(source, groups, time)
    elif known == "name":
        name, rows = str(source), _built_in(str(source))
        task = task or "classification"
    elif known == "path":
        name, rows = Path(source).stem, from_frame(read_csv(source), target, groups, time)
    else:
        frame = source.to_pandas() if hasattr(source, "to_pandas") else pd.DataFrame(source)
        name, rows = "frame", from_frame(frame, target, groups, time)
    if keep and not isinstance(rows.x, pd.DataFrame):
        problems.say("keep names columns of a table, and these rows have none. Leave it out.")
    problems.raise_if_any()
    parts = float(validation), float(test)
    return _dataset(name, rows, task, list(keep), parts, int(seed), scale)


def _check(
    problems: Problems, source: Any, target: Any, task: Any, groups: Any, time: Any, keep: Any
) -> str:
    """Note arguments that are not allowed; return what kind of source this is."""
    name = isinstance(source, str) and not re.search(r"[./\\]", source)
    if name:
        kind = "name"
        problems.choice("source", source, NAMES)
    elif isinstance(source, str | os.PathLike):
        kind = "path"
    elif isinstance(source, tuple | Bunch):
        kind = "labeled"
    else:
        kind = "frame"
        structured = isinstance(source, np.ndarray) and source.dtype.names
        if not (isinstance(source, pd.DataFrame) or hasattr(source, "to_pandas") or structured):
            allowed = "a name, a .csv path, a data frame, (x, y) or a Bunch"
            problems.add("source", source, allowed, 'ht.load("digits")')
    if target is not None and kind in ("name", "labeled"):
        problems.say(
            f"target={target!r} names a column of a file or a data frame. Leave it out here: "
            "the labels are known."
        )
    if task is not None:
        problems.choice("task", task, TASKS)
    if groups is not None and time is not None:
        problems.say("groups and time split the rows in different ways. Leave one of them out.")
    for argument, given in (("groups", groups), ("time", time)):
        if given is not None and name:
            problems.say(f"{argument} is for data of your own; {source!r} has none. Leave it out.")
    if isinstance(keep, str) or not all(isinstance(column, str) for column in keep):
        problems.add("keep", keep, "a list of columns", 'keep=["id"]')
    return kind


def _built_in(name: str) -> Rows:
    if name == "digits":
        bunch = sklearn_datasets.load_digits()
        return Rows(bunch.data, bunch.target, shape=(8, 8, 1))
    if name == "signals":
        with np.load(_SIGNALS) as file:
            x, y = file["x"].astype("float32"), file["y"].astype("int64")
        return Rows(x, y, shape=(40, 1), published=_PUBLISHED_TEST)
    if name in _TABULAR:
        return Rows(*_of_bunch(_TABULAR[name]()))
    from hpotutor._tensorflow import keras

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Keras announces the download's address
            (x_a, y_a), (x_b, y_b) = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises whatever its downloader raised
        told = f"no copy is cached on this machine ({type(error).__name__}). Type ht.load('digits')"
        told += " for a small image set that needs no download."
        raise DataError(f"MNIST could not be downloaded and {told}") from error
    return Rows(np.concatenate([x_a, x_b]), np.concatenate([y_a, y_b]), shape=(28, 28, 1))


def _of_bunch(bunch: Bunch) -> tuple[Any, Any]:
    """Return features and labels of what a loader of scikit-learn returned, with their names."""
    x, y = bunch.get("data"), bunch.get("target")
    if x is None or y is None:
        raise DataError("load: a Bunch lacks data or target. Type ht.load((bunch.data, labels)).")
    columns, labels = bunch.get("feature_names"), bunch.get("target_names")
    if isinstance(x, np.ndarray) and x.ndim == 2 and columns is not None:
        x = pd.DataFrame(x, columns=[str(column) for column in columns])
    y = np.asarray(y)
    whole = y.dtype.kind == "i" and y.ndim == 1
    if labels is not None and whole and len(np.unique(y)) == len(labels) > y.max():
        y = np.asarray(labels)[y]
    return x, y


def _dataset(
    name: str, rows: Rows, task: str | None, keep: list[str], shares: tuple[float, float],
    seed: int, scale: str | None,
) -> Dataset:  # fmt: skip
    """Split the rows, and prepare each part by what the training rows tell."""
    goal = read_target(name, rows.y, task, shares)
    x, shape = rows.x, rows.shape
    columns = pd.DataFrame(columns=["became", "why"])
    if isinstance(x, pd.DataFrame):
        names = [str(column) for column in x.columns]
        problems = Problems("load")
        for one in set(keep) - set(names):
            hint = did_you_mean(one, names)
            problems.say(f"keep={[one]!r} is no column to learn from.{hint} Columns: {names}.")
        problems.raise_if_any()
        found = describe(x, rows.y, keep)
        columns = pd.DataFrame(found).set_index("name")
        x = x[[column.name for column in found if column.became != "left out"]]
        transformer = frame_transformer(x, found, scale)
    else:
        shape = shape or x.shape[1:]
        x = x.reshape(len(x), -1)
        transformer = array_transformer(scale, x, shape)
        size = 3 if shape[2:] > (1,) else 2  # one channel goes without a number
        names = ["pixel_" + "_".join(map(str, place[:size])) for place in np.ndindex(shape)]
    parts = split(goal.numbers, goal.task, *shares, seed, rows.groups, rows.time, rows.published)
    _check_classes(name, goal.numbers, goal.classes, parts)
    fitted = transformer.fit(take(x, parts[0]))
    x_train, x_val, x_test = (prepared(fitted, take(x, part)) for part in parts)
    kind = "int64" if goal.task == "classification" else "float64"
    y_train, y_val, y_test = (goal.numbers[part].astype(kind) for part in parts)
    rest = np.concatenate(parts[:2])
    if isinstance(x, pd.DataFrame):
        names = list(map(str, fitted.get_feature_names_out()))
    doubt = ""
    if shape and len(shape) == 3 and shape[0] <= 4 < shape[2]:
        doubt = f"images of {shape[0]} × {shape[1]} with {shape[2]} channels; if the channels come "
        doubt += "first, numpy.moveaxis(x, 1, -1)"
    return Dataset(
        name=name, task=goal.task, classes=goal.classes, seed=seed, note=goal.note or doubt,
        x_train=x_train, y_train=y_train, x_val=x_val, y_val=y_val, feature_names=tuple(names),
        input_shape=tuple(map(int, shape or x_train.shape[1:])), columns=columns,
        preparation=fitted, transformer=transformer, timed=rows.time is not None,
        groups=None if rows.groups is None else rows.groups[rest], row_numbers=rest,
        _test=(x_test, y_test), _rest=take(x, rest),
    )  # fmt: skip


def _check_classes(name: str, y: np.ndarray, classes: tuple, parts: tuple[np.ndarray, ...]) -> None:
    """Raise if groups or times leave a class out of a part."""
    for part, rows in zip(("training", "validation", "test"), parts, strict=True):
        held = set(y[rows].tolist())
        missing = [repr(label) for n, label in enumerate(classes) if n not in held]
        if missing:
            raise DataError(
                f"load: the {part} part of {name!r} has no row of class {', '.join(missing)}. With "
                "groups or time the rows cannot be dealt out by class. Type larger shares, or "
                "another seed."
            )

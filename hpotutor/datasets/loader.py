"""``load``: a data set by name, from a file, a data frame or arrays."""

import contextlib
import io
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets as sklearn_datasets

from hpotutor._validation import check_seed, is_number
from hpotutor.datasets.columns import array_transformer, describe, frame_transformer
from hpotutor.datasets.dataset import Dataset, prepared, take
from hpotutor.datasets.reading import Rows, from_arrays, from_frame, read_csv
from hpotutor.datasets.splitting import split
from hpotutor.datasets.targets import TASKS, read_target
from hpotutor.errors import DataError, Problems

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
    source: str | os.PathLike | pd.DataFrame | tuple,
    *,
    target: str | None = None,
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

    Rows are split into train, validation and test parts, stratified by class or by the quantiles
    of an amount. What prepares them has seen the training rows only: numbers are scaled, gaps
    filled with the median or the most frequent value and marked, texts one-hot encoded, with rare
    values together.

    Parameters
    ----------
    source : str, path, pandas.DataFrame or (x, y)
        ``"iris"``, ``"wine"``, ``"breast_cancer"``, ``"digits"``, ``"signals"``, ``"mnist"``; a
        path that ends in ``.csv``; a data frame with a target column; or features and labels.
        Features of shape (rows, height, width), (rows, height, width, channels) or (rows, steps,
        channels) are images and sequences.
    target : str, optional
        The column to predict; needed for a CSV file or a data frame.
    task : {"classification", "regression"}, optional
        By default amounts are told from classes by the target: texts, yes and no, and whole
        numbers with up to 20 different values are classes.
    groups : str or array-like, optional
        The column, or with arrays one entry a row, that says which rows belong together, such as
        a patient's. They stay together, in the split and in folds.
    time : str or array-like, optional
        The column, or one entry a row, that orders the rows: the parts follow one another.
    keep : sequence of str, optional
        Columns to learn from although they count or name the rows, are constant or repeat the
        target.
    validation, test : float, default 0.2
        Shares of all rows, between 0 and 1. The signals were published with a test part, the
        fifth that ``test=0.2`` stands for.
    seed : int, default 0
        Decides which rows go where.
    scale : {"auto", "standard", "minmax", None}
        ``"standard"`` gives each number mean 0 and standard deviation 1, ``"minmax"`` maps it to
        0 … 1, ``None`` leaves it. ``"auto"`` divides image pixels by their largest value, and
        standardizes signals by channel and columns of numbers one by one.

    Returns
    -------
    Dataset
        ``data.columns`` says what each column became.

    Raises
    ------
    ArgumentError
        An argument is not allowed; all of them are named at once.
    DataError
        The rows cannot be used: no target, a single class, too few rows, columns of lists.

    Notes
    -----
    The built-in sets ship with scikit-learn
    (https://scikit-learn.org/stable/datasets/toy_dataset.html). ``"signals"`` is MNIST-1D, ten
    digits drawn as 40 points in a row and disturbed (Greydanus and Kobak, "Scaling down deep
    learning", https://arxiv.org/abs/2011.14439). ``"mnist"`` comes through
    Keras's own loader and needs a network the first time. Tables are prepared by a
    ``ColumnTransformer`` (https://scikit-learn.org/stable/modules/compose.html).

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
    has_columns = _check(problems, source, target, task, groups, time, keep)
    _check_shares(problems, validation, test)
    if isinstance(source, str) and source == "signals" and test != 0.2:
        problems.add("test", test, "0.2 for the signals, as published", "test=0.2")
    check_seed(problems, seed)
    if scale not in _SCALES:
        problems.choice("scale", scale, _SCALES)
    problems.raise_if_any()
    shape: tuple[int, ...] | None = None
    if isinstance(source, tuple):
        name, rows = "arrays", from_arrays(source, groups, time)
    elif isinstance(source, pd.DataFrame):
        name, rows = "frame", from_frame(source, target, groups, time)
    elif has_columns:
        name, rows = Path(source).stem, from_frame(read_csv(source), target, groups, time)
    else:
        name, (rows, shape) = str(source), _built_in(str(source))
        task = task or "classification"
    return _dataset(name, rows, shape, task, list(keep), float(validation), float(test), int(seed),
                    scale)  # fmt: skip


def _check(
    problems: Problems,
    source: Any,
    target: Any,
    task: Any,
    groups: Any,
    time: Any,
    keep: Any,
) -> bool:
    """Note arguments that are not allowed; return whether the source has columns with names."""
    is_csv = isinstance(source, os.PathLike) or str(source).lower().endswith(".csv")
    if isinstance(source, str) and not is_csv and source not in NAMES:
        problems.choice("source", source, NAMES)
    if not isinstance(source, str | os.PathLike | pd.DataFrame | tuple):
        problems.add(
            "source", source, "a name, a .csv path, a data frame or (x, y)", 'ht.load("digits")'
        )
    has_columns = is_csv or isinstance(source, pd.DataFrame)
    if target is not None and not has_columns:
        problems.say(
            f"target={target!r} names a column of a CSV file or a data frame. Leave it out here: "
            "the labels are known."
        )
    if task is not None:
        problems.choice("task", task, TASKS)
    if groups is not None and time is not None:
        problems.say("groups and time split the rows in different ways. Leave one of them out.")
    for name, given in (("groups", groups), ("time", time)):
        if given is not None and not has_columns and not isinstance(source, tuple):
            problems.say(f"{name} is for data of your own; {source!r} has none. Leave it out.")
    if isinstance(keep, str) or not all(isinstance(name, str) for name in keep):
        problems.add("keep", keep, "a list of columns", 'keep=["id"]')
    return has_columns


def _check_shares(problems: Problems, validation: object, test: object) -> None:
    """Note shares that are none, or that leave nothing to train on."""
    fine = True
    for argument, share in (("validation", validation), ("test", test)):
        if not is_number(share) or not 0 < share < 1:
            problems.add(argument, share, "a share of the rows between 0 and 1", f"{argument}=0.2")
            fine = False
    if fine and validation + test >= 1:  # type: ignore[operator]
        problems.say(
            f"validation={validation} and test={test} leave no rows to train on. "
            "Their sum must stay below 1. Type for instance validation=0.2, test=0.2."
        )


def _built_in(name: str) -> tuple[Rows, tuple[int, ...] | None]:
    if name == "mnist":
        return _mnist()
    if name == "digits":
        bunch = sklearn_datasets.load_digits()
        return Rows(bunch.data, bunch.target), (8, 8, 1)
    if name == "signals":
        with np.load(_SIGNALS) as file:
            x, y = file["x"].astype("float32"), file["y"].astype("int64")
        return Rows(x, y, published=_PUBLISHED_TEST), (40, 1)
    bunch = _TABULAR[name]()
    x = pd.DataFrame(bunch.data, columns=[str(column) for column in bunch.feature_names])
    return Rows(x, np.asarray(bunch.target_names)[bunch.target]), None


def _mnist() -> tuple[Rows, tuple[int, ...]]:
    from hpotutor._tensorflow import keras

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Keras announces the download's address
            (x_a, y_a), (x_b, y_b) = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises whatever its downloader raised
        raise DataError(
            "MNIST could not be downloaded and no copy is cached on this machine "
            f"({type(error).__name__}). Type ht.load('digits') for a small image set that "
            "needs no download."
        ) from error
    return Rows(np.concatenate([x_a, x_b]), np.concatenate([y_a, y_b])), (28, 28, 1)


def _dataset(
    name: str,
    rows: Rows,
    shape: tuple[int, ...] | None,
    task: str | None,
    keep: list[str],
    validation: float,
    test: float,
    seed: int,
    scale: str | None,
) -> Dataset:
    """Split the rows, and prepare each part by what the training rows tell."""
    goal = read_target(name, rows.y, task, validation, test)
    x = rows.x
    columns = pd.DataFrame(columns=["became", "why"])
    if isinstance(x, pd.DataFrame):
        _check_keep(keep, x)
        found = describe(x, rows.y, keep)
        columns = pd.DataFrame(found).set_index("name")
        x = x[[column.name for column in found if column.became != "left out"]]
        transformer = frame_transformer(x, found, scale)
    else:
        shape = shape or x.shape[1:]
        x = x.reshape(len(x), -1)
        transformer = array_transformer(scale, x, shape)
    order = (rows.groups, rows.time, rows.published)
    parts = split(goal.numbers, goal.task, validation, test, seed, *order)
    _check_classes(name, goal.numbers, goal.classes, parts)
    first, middle, last = (take(x, part) for part in parts)
    fitted = transformer.fit(first)
    x_train, x_val, x_test = (prepared(fitted, part) for part in (first, middle, last))
    kind = "int64" if goal.task == "classification" else "float64"
    y_train, y_val, y_test = (goal.numbers[part].astype(kind) for part in parts)
    rest = np.concatenate(parts[:2])
    return Dataset(
        name=name,
        task=goal.task,
        x_train=x_train,
        y_train=y_train,
        x_val=x_val,
        y_val=y_val,
        classes=goal.classes,
        feature_names=_feature_names(fitted, x, shape),
        input_shape=tuple(map(int, shape)) if shape else (x_train.shape[1],),
        columns=columns,
        preparation=fitted,
        transformer=transformer,
        seed=seed,
        note=goal.note,
        groups=None if rows.groups is None else rows.groups[rest],
        timed=rows.time is not None,
        row_numbers=rest,
        _test=(x_test, y_test),
        _rest=take(x, rest),
    )


def _check_keep(keep: list[str], x: pd.DataFrame) -> None:
    problems = Problems("load")
    for name in keep:
        problems.choice("keep", name, [str(column) for column in x.columns])
    problems.raise_if_any()


def _check_classes(name: str, y: np.ndarray, classes: tuple, parts: tuple[np.ndarray, ...]) -> None:
    """Raise if groups or times leave a class out of a part."""
    for part, rows in zip(("training", "validation", "test"), parts, strict=True):
        missing = [repr(label) for n, label in enumerate(classes) if n not in set(y[rows].tolist())]
        if missing:
            raise DataError(
                f"load: the {part} part of {name!r} has no row of class {', '.join(missing)}. With "
                "groups or time the rows cannot be dealt out by class; larger shares, or another "
                "seed, may help."
            )


def _feature_names(fitted: Any, x: Any, shape: tuple[int, ...] | None) -> tuple[str, ...]:
    if isinstance(x, pd.DataFrame):
        return tuple(str(name) for name in fitted.get_feature_names_out())
    places = np.ndindex(tuple(shape or ()))
    return tuple("pixel_" + "_".join(map(str, place[:2])) for place in places)

"""What :func:`hpotutor.load` refuses, and how it says so."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from hpotutor._validation import is_number, is_whole
from hpotutor.errors import DataError, Problems


def check_shares(problems: Problems, validation: float, test: float) -> None:
    """Note shares that are none, or that leave nothing to train on."""
    fine = True
    for argument, share in (("validation", validation), ("test", test)):
        if not is_number(share) or not 0 < share < 1:
            problems.add(argument, share, "a share of the rows between 0 and 1", f"{argument}=0.2")
            fine = False
    if fine and validation + test >= 1:
        problems.say(
            f"validation={validation} and test={test} leave no rows to train on. "
            "Their sum must stay below 1. Type for instance validation=0.2, test=0.2."
        )


def read_csv(path: str | os.PathLike) -> pd.DataFrame:
    """Return a CSV file as a data frame."""
    try:
        return pd.read_csv(path)
    except FileNotFoundError:
        raise DataError(
            f"There is no file {str(path)!r} in {Path.cwd().name!r}, the folder this notebook "
            "runs in. Check the name, or give the whole path."
        ) from None
    except (OSError, ValueError) as error:  # ValueError: pandas's own, and wrong encodings
        why = (getattr(error, "strerror", None) or str(error)).strip().removesuffix(".")
        raise DataError(f"{str(path)!r} cannot be read as a CSV table: {why}.") from error


def from_frame(frame: pd.DataFrame, target: str | None) -> tuple:
    """Return features, labels and the names of the columns of a data frame."""
    problems = Problems("load")
    columns = [str(column) for column in frame.columns]
    frame = frame.set_axis(columns, axis="columns")
    if is_whole(target):  # columns without names
        target = str(target)
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        problems.say(
            f"columns appear twice: {', '.join(twice)}. Give each a name of its own, or drop one: "
            "frame.loc[:, ~frame.columns.duplicated()]."
        )
    elif not columns:
        problems.say("the table has no columns, and needs one to predict and one to learn from.")
    elif target is None:
        problems.say(
            f"target is missing: name the column to predict. Columns: {', '.join(columns)}. "
            f"Type for instance target={columns[-1]!r}."
        )
    elif target not in columns:
        problems.choice("target", target, columns)
    problems.raise_if_any(DataError)
    labels = frame[target]
    if labels.isna().any():
        raise DataError(
            f"load: column {target!r} has {int(labels.isna().sum())} rows without a label. "
            f"Type for instance frame.dropna(subset=[{target!r}]) first."
        )
    x, names = _numeric(frame.drop(columns=target))
    return x, labels.to_numpy(), names


def from_arrays(pair: tuple) -> tuple:
    """Return features, labels and made-up names of the columns of a pair of arrays."""
    if len(pair) != 2:
        raise DataError(
            f"load: a tuple of {len(pair)} parts was given; two are needed, features and labels. "
            "Type for instance ht.load((x, y))."
        )
    x, y = _array("x", pair[0]), _array("y", pair[1])
    if x.ndim != 2:
        raise DataError(
            f"load: x has shape {x.shape}; a row an example and a column a feature are needed. "
            "Type for instance x.reshape(len(x), -1)."
        )
    x, names = _numeric(pd.DataFrame(x))
    if y.ndim != 1 or len(y) != len(x):
        raise DataError(
            f"load: x has {len(x)} rows and y has shape {y.shape}; y needs shape ({len(x)},)."
        )
    return x, y, tuple(f"feature_{name}" for name in names)


def _array(name: str, values: object) -> np.ndarray:
    """Return values as an array, or say that their rows differ in length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"load: {name} is no array, for instance because its rows differ in length. Type "
            f"numpy.asarray({name}).shape to see."
        ) from error


def _numeric(frame: pd.DataFrame) -> tuple:
    """Return the values of a frame as float64, or name every column that prevents it."""
    problems = Problems("load")
    if frame.shape[1] == 0 or len(frame) == 0:
        raise DataError(f"load: there is nothing to learn from, the features are {frame.shape}.")
    for column in frame.columns:
        values = frame[column]
        numeric = pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values)
        if not numeric or pd.api.types.is_complex_dtype(values):
            problems.say(
                f"column {column!r} is not numeric (for instance {values.iloc[0]!r}). Encode it, "
                f"for instance with pandas.get_dummies(frame, columns=[{column!r}]), or drop it."
            )
        elif not np.isfinite(values.to_numpy(dtype=float, na_value=np.nan)).all():
            finite = np.isfinite(values.to_numpy(dtype=float, na_value=np.nan))
            problems.say(
                f"column {column!r} has {int((~finite).sum())} missing or infinite values. Fill "
                f"them, for instance with frame[{column!r}].fillna(...), or drop those rows."
            )
    problems.raise_if_any(DataError)
    return frame.to_numpy(dtype=float), tuple(str(column) for column in frame.columns)


def check_labels(name: str, y: np.ndarray, validation: float, test: float) -> tuple:
    """Return the classes and each row's class number, or say why there are none."""
    if pd.isna(y).any() and y.dtype.kind != "f":
        raise DataError(f"load: {int(pd.isna(y).sum())} rows of {name!r} have no label. Drop them.")
    if y.dtype.kind == "f" and not (np.isfinite(y).all() and (y == np.round(y)).all()):
        raise DataError(
            f"load: the labels of {name!r} are not classes (for instance {y[0].item()!r}); the "
            "course's networks classify. Cut them into classes, for instance with "
            "pandas.qcut(y, 4)."
        )
    try:
        classes, numbers, counts = np.unique(y, return_inverse=True, return_counts=True)
    except TypeError as error:
        kinds = ", ".join(sorted({type(label).__name__ for label in y.tolist()}))
        raise DataError(
            f"load: the labels of {name!r} are of several types ({kinds}) that have no order. "
            "Make them all strings: [str(label) for label in y]."
        ) from error
    if len(classes) < 2:
        raise DataError(
            f"load: {name!r} has a single class ({classes.tolist()[0]!r}); two or more are needed."
        )
    # Each part must be able to hold one row of every class.
    needed = max(3, int(np.ceil(1 / min(validation, test))))
    found = zip(classes.tolist(), counts.tolist(), strict=True)
    rare = [f"{label!r} ({count})" for label, count in found if count < needed]
    if rare:
        raise DataError(
            f"load: with validation={validation} and test={test} each class needs {needed} rows, "
            f"so that every part gets one. Too few: {', '.join(rare[:5])}. Join rare classes, or "
            "raise the shares."
        )
    return tuple(classes.tolist()), numbers

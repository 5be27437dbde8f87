"""Tables as people have them, CSV files and arrays, brought to features and a target."""

import csv
import io
import os
import re
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hpotutor._validation import is_whole
from hpotutor.errors import DataError, Problems, did_you_mean

_SEPARATORS = (",", ";", "\t", "|")
_LINES = 50  # that decide about the separator
_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d+,\d+\s*")
_WHOLE = re.compile(r"\s*[+-]?\d+\s*")


class Rows(NamedTuple):
    """Rows as they came: features, what is to be predicted, and what orders or groups the rows.

    ``x`` is a data frame, or an array of shape (rows, ...) without column names. The last
    ``published`` rows are the test part that the set was published with.
    """

    x: pd.DataFrame | np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    published: int = 0


# ── files ────────────────────────────────────────────────────────────────────────────────────


def read_csv(path: str | os.PathLike) -> pd.DataFrame:
    """Return a CSV file as a data frame; separator and decimal comma are found out.

    Raises
    ------
    DataError
        There is no such file, or it is not a table in UTF-8.
    """
    text = _text(path)
    separator = _separator(text)
    try:
        frame = pd.read_csv(io.StringIO(text), sep=separator)
        if separator != "," and any(_has_decimal_commas(frame[name]) for name in frame):
            frame = pd.read_csv(io.StringIO(text), sep=separator, decimal=",")
    except ValueError as error:  # pandas's own errors among them
        raise DataError(
            f"{str(path)!r} cannot be read as a CSV table: {str(error).strip().removesuffix('.')}."
        ) from error
    return frame


def _text(path: str | os.PathLike) -> str:
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"There is no file {str(path)!r} in {Path.cwd().name!r}, the folder this notebook "
            "runs in. Check the name, or give the whole path."
        ) from None
    except OSError as error:
        why = error.strerror or str(error)
        raise DataError(f"{str(path)!r} cannot be read as a CSV table: {why}.") from error
    if content[:4] == b"PK\x03\x04" or b"\0" in content[:4096]:
        raise DataError(
            f"{str(path)!r} cannot be read as a CSV table: it is not text. A spreadsheet is read "
            "with frame = pandas.read_excel(path); then type ht.load(frame, target=...)."
        )
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(
            f"{str(path)!r} cannot be read as a CSV table: it is not in UTF-8. If it comes from a "
            "spreadsheet on Windows, type frame = pandas.read_csv(path, encoding='cp1252'), then "
            "ht.load(frame, target=...)."
        ) from None


def _separator(text: str) -> str:
    """Return the separator that cuts the first lines into most columns, as many in each."""
    lines = [line for line in text.splitlines()[:_LINES] if line.strip()]
    widths = {}
    for separator in _SEPARATORS:
        counts = {len(row) for row in csv.reader(lines, delimiter=separator)}
        if len(counts) == 1:
            widths[separator] = counts.pop()
    return max(widths, key=widths.__getitem__) if max(widths.values(), default=1) > 1 else ","


def _has_decimal_commas(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values):
        return False
    texts = values.dropna().astype(str)
    commas = texts.map(lambda text: bool(_DECIMAL_COMMA.fullmatch(text)))
    plain = texts.map(lambda text: bool(_WHOLE.fullmatch(text)))
    return bool(commas.any() and (commas | plain).all())


# ── data frames ──────────────────────────────────────────────────────────────────────────────


def from_frame(frame: pd.DataFrame, target: Any, groups: Any = None, time: Any = None) -> Rows:
    """Return the features of a data frame, and the columns that a call names."""
    problems = Problems("load")
    columns = [str(column) for column in frame.columns]
    frame = frame.set_axis(columns, axis="columns").reset_index(drop=True)
    named = {"target": target, "groups": groups, "time": time}
    # Columns without names have numbers.
    named = {key: str(n) if is_whole(n) else n for key, n in named.items() if n is not None}
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        problems.say(
            f"columns appear twice: {', '.join(twice)}. Give each a name of its own, or drop one: "
            "frame.loc[:, ~frame.columns.duplicated()]."
        )
    elif not columns:
        problems.say("the table has no columns, and needs one to predict and one to learn from.")
    elif "target" not in named:
        problems.say(
            f"target is missing: name the column to predict. Columns: {', '.join(columns)}. "
            f"Type for instance target={columns[-1]!r}."
        )
    for key, name in named.items() if columns and not twice else ():
        if name not in columns:
            hint = did_you_mean(name, columns)
            problems.say(
                f"{key}={name!r} is no column of the table.{hint} Columns: {', '.join(columns)}."
            )
    if len(set(map(str, named.values()))) < len(named):
        problems.say("target, groups and time must be three different columns.")
    problems.raise_if_any(DataError)
    labels = frame[named["target"]]
    if labels.isna().any():
        raise DataError(
            f"load: column {named['target']!r} has {int(labels.isna().sum())} rows without a "
            f"label. Type for instance frame.dropna(subset=[{named['target']!r}]) first."
        )
    x = frame.drop(columns=list(named.values()))
    if x.shape[1] == 0 or len(x) == 0:
        raise DataError(f"load: there is nothing to learn from, the features are {x.shape}.")
    parts = {key: frame[named[key]].to_numpy() for key in ("groups", "time") if key in named}
    return Rows(x, labels.to_numpy(), **parts)


# ── arrays ───────────────────────────────────────────────────────────────────────────────────


def from_arrays(pair: tuple, groups: Any = None, time: Any = None) -> Rows:
    """Return features and labels of a pair of arrays; one-hot and column labels are flattened."""
    if len(pair) != 2:
        raise DataError(
            f"load: a tuple of {len(pair)} parts was given; two are needed, features and labels. "
            "Type for instance ht.load((x, y))."
        )
    x, y = _array("x", pair[0]), _flat_labels(_array("y", pair[1]))
    if not 2 <= x.ndim <= 4:
        raise DataError(
            f"load: x has shape {x.shape}; a row an example is needed: (rows, features), images "
            "(rows, height, width) or (rows, height, width, channels), sequences (rows, steps, "
            "channels). Type for instance x.reshape(len(x), -1)."
        )
    if len(x) == 0 or x[0].size == 0:
        raise DataError(f"load: there is nothing to learn from, the features are {x.shape}.")
    if y.ndim != 1 or len(y) != len(x):
        raise DataError(
            f"load: x has {len(x)} rows and y has shape {y.shape}; y needs shape ({len(x)},)."
        )
    if pd.isna(y).any():
        raise DataError(
            f"load: {int(pd.isna(y).sum())} rows of y have no label. Drop them: "
            "keep = ~pandas.isna(y), then ht.load((x[keep], y[keep]))."
        )
    beside = {}
    for name, given in (("groups", groups), ("time", time)):
        if given is not None:
            beside[name] = _array(name, given)
            if beside[name].shape != (len(x),):
                raise DataError(
                    f"load: {name} has shape {beside[name].shape}; with arrays it needs one entry "
                    f"a row, shape ({len(x)},)."
                )
    if x.ndim == 2:
        frame = pd.DataFrame(x).infer_objects()
        return Rows(frame.set_axis([f"feature_{n}" for n in frame], axis="columns"), y, **beside)
    numbers = _numbers(x)
    return Rows(numbers, y, **beside)


def _flat_labels(y: np.ndarray) -> np.ndarray:
    """Return labels that came as a column or one-hot as one label a row."""
    if y.ndim != 2 or len(y) == 0:
        return y
    if y.shape[1] == 1:
        return y[:, 0]
    if y.dtype.kind in "fiub" and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        return y.argmax(axis=1)
    return y


def _numbers(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "fiub":
        raise DataError(f"load: x has the type {x.dtype}; images and sequences need numbers.")
    if not np.isfinite(x).all():
        raise DataError(
            f"load: x has {int((~np.isfinite(x)).sum())} missing or infinite values. Fill them, "
            "for instance with numpy.nan_to_num(x)."
        )
    return x


def _array(name: str, values: object) -> np.ndarray:
    """Return values as an array, or say that their rows differ in length."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(
            f"load: {name} is no array, for instance because its rows differ in length. Type "
            f"numpy.asarray({name}).shape to see."
        ) from error

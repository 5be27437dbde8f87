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
from hpotutor.datasets.columns import without_blanks
from hpotutor.errors import DataError, Problems, did_you_mean

_SEPARATORS = (",", ";", "\t", "|")
_SHOWN = 20  # names of columns in a message
_LINES = 50  # that decide about the separator
_NUMBER = r"\s*[+-]?\d+(,\d+)?\s*"  # whole, or with a decimal comma
_NO_TABLE = (  # how a file that is no table begins, and what is told
    (
        r"(?s)PK|\x1f\ufffd|.{,4096}\0",
        "it is not text. A spreadsheet is read with frame = pandas.read_excel(path), other files "
        "with read_parquet or, packed, with read_csv; then type ht.load(frame, target=...)",
    ),
    (
        r"(?s).*\ufffd",
        "it is not in UTF-8. If it comes from a spreadsheet on Windows, type "
        "pathlib.Path('new.csv').write_text(pathlib.Path(path).read_text('cp1252'), 'utf-8'), "
        "then ht.load('new.csv', target=...)",
    ),
    (r"\s*(<[!?a-zA-Z]|\[?\s*\{)", "it is a web page, XML or JSON"),
)


class Rows(NamedTuple):
    """Rows as they came: features, what is to be predicted, and what orders or groups the rows.

    ``x`` is a data frame, or an array of shape (rows, ...) whose rows have a ``shape``. The last
    ``published`` rows are the test part that the set was published with.
    """

    x: pd.DataFrame | np.ndarray
    y: np.ndarray
    groups: np.ndarray | None = None
    time: np.ndarray | None = None
    shape: tuple[int, ...] | None = None
    published: int = 0


def read_csv(path: str | os.PathLike) -> pd.DataFrame:
    """Return a CSV file as a data frame; separator and decimal comma are found out."""
    text = _text(path)
    separator = _separator(text)
    options: dict[str, Any] = {"sep": separator, "skipinitialspace": True}
    try:
        frame = pd.read_csv(io.StringIO(text), **options)
        if separator != "," and any(_has_decimal_commas(frame[name]) for name in frame):
            options["decimal"] = ","
            frame = pd.read_csv(io.StringIO(text), **options)
        if not isinstance(frame.index, pd.RangeIndex):  # a row has one field more than the heading
            if frame.iloc[:, -1].isna().all():
                frame = pd.read_csv(io.StringIO(text), index_col=False, **options)
            else:
                frame = frame.reset_index(names="row names")
    except ValueError as error:  # pandas's own errors among them
        raise _not_a_table(path, str(error).strip().removesuffix(".")) from error
    heading = next(row for row in csv.reader(io.StringIO(text), delimiter=separator) if any(row))
    _check_names([name.strip() for name in heading if name.strip()])
    return frame.rename(columns=lambda name: str(name).strip())


def _not_a_table(path: str | os.PathLike, why: str) -> DataError:
    instead = "" if "ht.load" in why else " Type the path of a table, or give a data frame."
    return DataError(f"{str(path)!r} cannot be read as a CSV table: {why}.{instead}")


def _text(path: str | os.PathLike) -> str:
    if re.match(r"\w{2,}:/", str(path)):
        raise _not_a_table(path, "it is an address. Type frame = pandas.read_csv(address), then "
                           "ht.load(frame, target=...)")  # fmt: skip
    try:
        content = Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError(
            f"There is no file {str(path)!r} in {Path.cwd().name!r}, the folder this notebook "
            "runs in. Check the name, or give the whole path."
        ) from None
    except OSError as error:
        raise _not_a_table(path, error.strerror or str(error)) from error
    marked = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    # bytes that begin like UTF-16 by chance are no lines
    encoding = "utf-16" if marked and re.search(rb"\n\0|\0\n", content) else "utf-8-sig"
    text = content.decode(encoding, errors="replace")
    for pattern, why in _NO_TABLE:
        if re.match(pattern, text):
            raise _not_a_table(path, why)
    return text


def _separator(text: str) -> str:
    """Return the separator that cuts the heading into most columns, and most lines into as many."""
    lines = [line for line in text.splitlines() if line.strip()][:_LINES]
    widths = {}
    for separator in _SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator)]
        fitting = sum(abs(count - counts[0]) <= 1 for count in counts) if counts else 0
        widths[separator] = counts[0] if 2 * fitting > len(counts) else 0
    return max(widths, key=widths.__getitem__)


def _has_decimal_commas(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values):
        return False
    texts = values.dropna().astype(str)
    return bool(texts.str.contains(",").any() and texts.str.fullmatch(_NUMBER).all())


def from_frame(frame: pd.DataFrame, target: Any, groups: Any = None, time: Any = None) -> Rows:
    """Return a data frame's features, and what a call names in it or gives beside it."""
    problems = Problems("load")
    given = {"target": target, "groups": groups, "time": time}
    named: dict[str, str] = {}
    beside: dict[str, Any] = {}
    for key, value in given.items():
        several = isinstance(value, list) and len(value) != len(frame)  # of columns
        inner = type(value) is tuple and value in frame
        if isinstance(value, str) or is_whole(value) or inner or several:
            named[key] = str(value)  # columns without names have numbers
        elif value is not None:
            beside[key] = _beside(key, value, frame)
    sparse = {n: k.subtype for n, k in frame.dtypes.items() if isinstance(k, pd.SparseDtype)}
    frame = frame.astype(sparse) if sparse else frame
    frame = frame.reset_index([n for n in named.values() if n in frame.index.names])
    columns = [str(column) for column in frame.columns]
    frame = frame.set_axis(columns, axis="columns").reset_index(drop=True)
    _check_names(columns)
    if not columns:
        problems.say("the table has no columns. Give it one to predict and one to learn from.")
    elif target is None:
        problems.say(
            f"target is missing: name the column to predict. Columns: {_listed(columns)}. "
            f"Type for instance target={columns[-1]!r}."
        )
    for key, name in named.items() if columns else ():
        if name not in columns:
            told = f"{key}={given[key]!r} is no column of the table.{did_you_mean(name, columns)}"
            problems.say(f"{told} Columns: {_listed(columns)}.")
    if len(set(named.values())) < len(named):
        problems.say(f"target, groups and time name one column twice: {named}. Name others.")
    problems.raise_if_any(DataError)
    x = frame.drop(columns=list(named.values()))
    if x.shape[1] == 0 or len(x) == 0:
        raise DataError(f"load: there is nothing to learn from, x is {x.shape}. Give it rows.")
    parts = beside | {key: frame[name].to_numpy() for key, name in named.items()}
    missing = int(pd.isna(parts["target"]).sum())
    if missing and "target" in named:
        told = f"Type for instance frame.dropna(subset=[{target!r}]) first."
        raise DataError(f"load: column {target!r} has {missing} rows without a label. {told}")
    if missing:
        told = "Drop them: keep = ~pandas.isna(y), then ht.load((x[keep], y[keep]))."
        raise DataError(f"load: {missing} rows of y have no label. {told}")
    return Rows(without_blanks(x), parts.pop("target"), **parts)


def _listed(columns: list[str]) -> str:
    more = f" and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return ", ".join(columns[:_SHOWN]) + more


def _check_names(columns: list[str]) -> None:
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise DataError(
            f"load: columns appear twice: {_listed(twice)}. Give each a name of its own, or drop "
            "one: frame.loc[:, ~frame.columns.duplicated()]."
        )


def _beside(name: str, values: Any, x: Any) -> np.ndarray:
    """Return what came beside features, one entry a row, in their order."""
    shown = "y" if name == "target" else name
    if isinstance(values, pd.Series | pd.DataFrame) and isinstance(x, pd.DataFrame):
        ours, theirs = x.index, values.index
        if not ours.equals(theirs) and ours.sort_values().equals(theirs.sort_values()):
            raise DataError(
                f"load: {shown} has the row labels of x in another order. Type for instance "
                f"{shown}.loc[x.index], or {shown}.to_numpy() if the order is right."
            )
    array = _flat_labels(values) if name == "target" else _array(name, values)
    if array.shape != (len(x),):
        needs = f"give {shown} one entry a row, in shape ({len(x)},)."
        raise DataError(f"load: x has {len(x)} rows and {shown} has shape {array.shape}; {needs}")
    return array


def from_arrays(pair: tuple, groups: Any = None, time: Any = None) -> Rows:
    """Return features and labels of a pair of arrays; one-hot and column labels are flattened."""
    if len(pair) != 2:
        told = "two are needed, features and labels. Type for instance ht.load((x, y))."
        raise DataError(f"load: a tuple of {len(pair)} parts was given; {told}")
    x, y = pair
    if isinstance(x, pd.DataFrame):
        return from_frame(x, _beside("target", y, x), groups, time)
    x = _array("x", x)
    if x.dtype.names:
        return from_frame(pd.DataFrame(x), _beside("target", y, x), groups, time)
    if not 2 <= x.ndim <= 4:
        raise DataError(
            f"load: x has shape {x.shape}; a row an example is needed: (rows, features), images "
            "(rows, height, width) or (rows, height, width, channels), sequences (rows, steps, "
            "channels). Type for instance numpy.asarray(x).reshape(len(x), -1)."
        )
    if len(x) == 0 or x[0].size == 0:
        raise DataError(f"load: there is nothing to learn from, x is {x.shape}. Give it rows.")
    frame = pd.DataFrame(index=range(len(x)), columns=["x"])
    if x.ndim == 2:
        frame = pd.DataFrame(x).infer_objects()
        frame = frame.set_axis([f"feature_{n}" for n in frame], axis="columns")
    given = {"target": y, "groups": groups, "time": time}
    beside = {key: _beside(key, value, x) for key, value in given.items() if value is not None}
    rows = from_frame(frame, **beside)
    return rows if x.ndim == 2 else rows._replace(x=_numbers(x))


def _flat_labels(values: Any) -> np.ndarray:
    """Return labels that came as a column or one-hot as one label a row."""
    y = _array("y", values)
    if y.ndim != 2 or len(y) == 0:
        return y
    if y.shape[1] == 1:
        return y[:, 0]
    if y.dtype.kind in "fiub" and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        found = y.argmax(axis=1)
        return np.asarray(values.columns)[found] if isinstance(values, pd.DataFrame) else found
    return y


def _numbers(x: np.ndarray) -> np.ndarray:
    if x.dtype.kind not in "fiub":
        raise DataError(f"load: x has the type {x.dtype}; give images and sequences as numbers.")
    if bad := int((~np.isfinite(x)).sum()):
        told = "Fill them, for instance with numpy.nan_to_num(x)."
        raise DataError(f"load: x has {bad} missing or infinite values. {told}")
    return x


def _array(name: str, values: Any) -> np.ndarray:
    """Return values as an array, or say that their rows differ in length."""
    if hasattr(values, "toarray"):  # a sparse matrix
        values = values.toarray()
    if isinstance(values, np.ma.MaskedArray):  # what is masked is a gap
        values = np.where(values.mask, np.nan, values.data.astype(object))
    try:
        return np.asarray(values)
    except ValueError as error:
        told = f"its rows differ in length. Type numpy.asarray({name}).shape to see."
        raise DataError(f"load: {name} is no array, for instance because {told}") from error

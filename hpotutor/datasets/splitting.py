"""Which rows train, validate and test; and how the first two are folded."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn import model_selection as cuts

from hpotutor._validation import is_whole
from hpotutor.errors import ArgumentError, DataError, Problems

_BINS = 10  # quantiles of an amount, of which each part gets its share
_DRAWS = 50  # splits by groups, of which the one nearest to the wanted shares is taken

Parts = tuple[np.ndarray, np.ndarray, np.ndarray]


def strata(y: np.ndarray, task: str, rows: int = 10) -> np.ndarray:
    """Return what parts should have alike: the class, or the quantile, of so many ``rows``."""
    if task == "classification":
        return y
    bins = max(2, min(_BINS, len(y) // max(rows, 10)))
    return pd.qcut(pd.Series(y).rank(method="first"), bins, labels=False).to_numpy()


def split(
    y: np.ndarray,
    task: str,
    validation: float,
    test: float,
    seed: int,
    groups: np.ndarray | None = None,
    time: np.ndarray | None = None,
    published: int = 0,
) -> Parts:
    """Return the row numbers of the training, validation and test part.

    Stratified by class or by quantile; with groups, no group is in two parts; with times, the
    training rows come before the validation rows, and these before the test rows. The last
    ``published`` rows, where there are any, are the test part.
    """
    if time is not None:
        return _by_time(moments(time), validation, test)
    if groups is not None:
        return _by_groups(strata(y, task), groups, validation, test, seed)
    rows, alike = np.arange(len(y)), strata(y, task)
    if published:
        rest, last = rows[:-published], rows[-published:]
        test = published / len(rows)
    else:
        rest, last = cuts.train_test_split(rows, test_size=test, stratify=alike, random_state=seed)
    first, middle = cuts.train_test_split(
        rest, test_size=validation / (1 - test), stratify=alike[rest], random_state=seed
    )
    return first, middle, last


def moments(time: np.ndarray) -> np.ndarray:
    """Return a number a row, larger for what comes later, alike for what comes at once."""
    values = pd.Series(time)
    if values.isna().any():
        told = "rows have no time, and cannot be put in order. Drop them."
        raise DataError(f"load: {int(values.isna().sum())} {told}")
    if values.map(lambda value: isinstance(value, str)).any():
        values = _read_dates(values.astype(str))
    try:
        return pd.factorize(values, sort=True)[0]
    except TypeError:  # lists, several types
        raise _unreadable(values.iloc[0], "cannot be put in order") from None


def _read_dates(texts: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().all():
        return numbers
    # 3/4/2026 is a day of March or of April: that some other row decides it must not be forgotten.
    parts = texts.str.extract(r"^\s*(\d{1,2})([-/.])(\d{1,2})\2\d")
    first, second = (pd.to_numeric(parts[n]) for n in (0, 2))
    short, days, months = first.notna(), bool((first > 12).any()), bool((second > 12).any())
    if not (days or months) and (parts[1] == ".").all():
        days = True
    if short.any() and (days == months or not short.all()):
        raise _unreadable(texts[short].iloc[0], "may have the day first or the month")
    read = pd.to_datetime(texts, errors="coerce", format="mixed", dayfirst=days, utc=True)
    if read.isna().any():
        raise _unreadable(texts[read.isna()].iloc[0], "cannot be read as a date")
    return read


def _unreadable(value: object, why: str) -> DataError:
    return DataError(
        f"load: time has {value!r}, which {why}. Write dates as 2026-11-27, or make them yourself "
        "with pandas.to_datetime(..., format='%d/%m/%Y')."
    )


def _by_time(moment: np.ndarray, validation: float, test: float) -> Parts:
    order, count = np.argsort(moment, kind="stable"), len(moment)
    ends = [round(count * (1 - test - validation)), round(count * (1 - test))]
    # Rows of one moment stay together: the later part begins where the time changes.
    for place, end in enumerate(ends):
        while 0 < end < count and moment[order[end]] == moment[order[end - 1]]:
            end += 1
        ends[place] = end
    parts = (order[: ends[0]], order[ends[0] : ends[1]], order[ends[1] :])
    if not all(map(len, parts)):
        raise DataError(
            "load: too many rows have the same time to put training, validation and test rows one "
            "after the other. Use a finer time, or leave time out."
        )
    return parts


def _by_groups(
    alike: np.ndarray, groups: np.ndarray, validation: float, test: float, seed: int
) -> Parts:
    if gaps := int(pd.isna(groups).sum()):
        told = "rows have no group. Drop them, or give each a group of its own."
        raise DataError(f"load: {gaps} {told}")
    texts = list(map(str, groups))
    names, members, sizes = np.unique(texts, return_inverse=True, return_counts=True)
    if len(names) < 3:
        told = "different values. Give three or more, one at least for each part."
        raise DataError(f"load: groups has {len(names)} {told}")
    largest = sizes.max() / len(groups)
    if largest > 1 - validation - test + 1e-9 and largest > max(validation, test):
        raise DataError(
            f"load: the group {names[sizes.argmax()].item()!r} has {largest:.0%} of the rows, more "
            f"than any part should get (training: {1 - validation - test:.0%}). Type smaller "
            "shares, such as validation=0.1, test=0.1."
        )
    rest, last = _one_split(np.arange(len(groups)), alike, members, test, seed)
    first, middle = _one_split(rest, alike, members, validation / (1 - test), seed)
    return first, middle, last


def _one_split(
    rows: np.ndarray, alike: np.ndarray, members: np.ndarray, share: float, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return two parts without a common group, near to the share and to each other's classes."""
    draws = cuts.GroupShuffleSplit(_DRAWS, test_size=share, random_state=seed)
    overall = np.bincount(alike[rows]) / len(rows)

    def distance(pair: tuple[np.ndarray, np.ndarray]) -> float:
        part = alike[rows[pair[1]]]
        found = np.bincount(part, minlength=len(overall)) / len(part)
        return abs(len(part) / len(rows) - share) + float(np.abs(found - overall).sum())

    first, second = min(draws.split(rows, groups=members[rows]), key=distance)
    return rows[first], rows[second]


def is_splitter(folds: Any) -> bool:
    """Return whether this is a splitter of scikit-learn, and not the class of one."""
    made = not isinstance(folds, type)
    return made and hasattr(folds, "split") and hasattr(folds, "get_n_splits")


def fold_rows(
    folds: Any,
    x: Any,
    y: np.ndarray,
    task: str,
    seed: int,
    groups: np.ndarray | None = None,
    timed: bool = False,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows to train and to validate on in each fold; see `Dataset.folds`."""
    if is_splitter(folds):
        return list(folds.split(x, y, groups))
    if not is_whole(folds) or folds < 2:
        told = ("folds", folds, "a whole number from 2 up, or a splitter", "folds=3")
        Problems("folds").add(*told).raise_if_any()
    if timed:
        splitter: Any = cuts.TimeSeriesSplit(folds)
    elif groups is not None and task == "regression":
        splitter = cuts.GroupKFold(folds)
    else:
        kind = cuts.StratifiedKFold if groups is None else cuts.StratifiedGroupKFold
        splitter = kind(folds, shuffle=True, random_state=seed)
    try:
        return list(splitter.split(x, strata(y, task, folds), groups))
    except ValueError as error:  # too many for the groups, or for the rows of a class
        raise ArgumentError(f"fold_rows: folds={folds} fails: {error} Type fewer.") from error

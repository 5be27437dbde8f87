"""What is to be predicted: classes or amounts, told apart by the values."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from hpotutor.errors import DataError

TASKS = ("classification", "regression")
MOST_CLASSES = 20  # more distinct whole numbers than this are taken for amounts
_DOUBTFUL = 6  # whole numbers with so many values may be classes or amounts, such as grades
_MAYBE_CLASSES = 50
_FEWEST_ROWS = 10


class Target(NamedTuple):
    """The target as numbers: class numbers and the classes, or amounts and no classes."""

    task: str
    numbers: np.ndarray
    classes: tuple
    note: str = ""


def read_target(name: str, y: np.ndarray, task: str | None, shares: tuple[float, float]) -> Target:
    """Tell classes from amounts, and check that the rows are enough for either.

    Whole numbers with up to 20 different values, texts, yes and no are classes; all else are
    amounts. ``note`` says so where it is in doubt.
    """
    if y.dtype.kind in "Mmc":
        kind = "complex numbers" if y.dtype.kind == "c" else "dates or durations"
        raise DataError(
            f"load: the target of {name!r} is made of {kind} (for instance {y[0]!s}). Make classes "
            "or amounts of them, such as the month or the days since."
        )
    guessed, note = _guess(y) if task is None else (task, "")
    if guessed == "regression":
        return Target(guessed, _amounts(name, y), (), note)
    classes, numbers = _classes(name, y, *shares)
    return Target(guessed, numbers, classes, note)


def _guess(y: np.ndarray) -> tuple[str, str]:
    numbers = pd.Series(y)
    if not pd.api.types.is_numeric_dtype(numbers) or pd.api.types.is_bool_dtype(numbers):
        return "classification", ""
    distinct, whole = numbers.nunique(), bool((numbers == np.round(numbers)).all())
    if not whole or distinct > MOST_CLASSES:
        doubt = f"{distinct} whole numbers; if they are classes, task='classification'"
        return "regression", doubt if whole and distinct <= _MAYBE_CLASSES else ""
    if distinct < _DOUBTFUL:
        return "classification", ""
    return "classification", f"{distinct} whole numbers; if they are amounts, task='regression'"


def _amounts(name: str, y: np.ndarray) -> np.ndarray:
    try:
        numbers = np.asarray(y, dtype=float)
    except (TypeError, ValueError):
        raise DataError(
            f"load: the target of {name!r} is not made of numbers (for instance {y.item(0)!r}), "
            "and task='regression' needs them. Leave task out, or type task='classification'."
        ) from None
    if not np.isfinite(numbers).all():
        bad = int((~np.isfinite(numbers)).sum())
        raise DataError(f"load: {bad} rows of {name!r} have no finite target. Drop them.")
    if len(numbers) < _FEWEST_ROWS or numbers.min() == numbers.max():
        raise DataError(
            f"load: the target of {name!r} has {len(np.unique(numbers))} different values in "
            f"{len(numbers)} rows. Give a regression {_FEWEST_ROWS} rows that differ."
        )
    return numbers


def _classes(name: str, y: np.ndarray, validation: float, test: float) -> tuple[tuple, np.ndarray]:
    """Return the classes and each row's class number, or say why there are none."""
    if pd.isna(y).any() and y.dtype.kind != "f":
        raise DataError(f"load: {int(pd.isna(y).sum())} rows of {name!r} have no label. Drop them.")
    if y.dtype.kind == "f" and not (np.isfinite(y).all() and (y == np.round(y)).all()):
        raise DataError(
            f"load: the labels of {name!r} are not classes (for instance {y[0].item()!r}). Type "
            "task='regression', or cut them into classes, for instance with pandas.qcut(y, 4)."
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
        only = f"a single class ({classes.tolist()[0]!r}). Give two or more"
        raise DataError(f"load: {name!r} has {only}.")
    # Each part must be able to hold one row of every class.
    needed = max(3, int(np.ceil(1 / min(validation, test))))
    found = zip(classes.tolist(), counts.tolist(), strict=True)
    rare = [f"{label!r} ({count})" for label, count in found if count < needed]
    if rare:
        raise DataError(
            f"load: with validation={validation} and test={test} each class needs {needed} rows, "
            f"so that every part gets one. Too few: {', '.join(rare[:5])}. Join rare classes, or "
            "raise the shares. If these are amounts, type task='regression'."
        )
    return tuple(classes.tolist()), numbers

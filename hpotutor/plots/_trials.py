"""What figures accept: trials as a table, knobs as columns, scores with a direction."""

import contextlib
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from hpotutor.errors import Problems

# The columns of `SearchResult.to_frame()` that are not hyperparameters; nor are those of folds.
BOOKKEEPING = (
    "trial", "value", "status", "epochs", "epochs_spent", "seconds", "seed", "reason", "train_value"
)  # fmt: skip

FOLDS = r"^fold_\d+$"


def knobs_of(frame: pd.DataFrame) -> list[str]:
    """Return the columns that are hyperparameters."""
    scores = {*BOOKKEEPING, *frame.filter(regex=FOLDS)}
    return [str(name) for name in frame.columns if name not in scores]


def numbers(problems: Problems, name: str, value: object, instead: str) -> np.ndarray:
    """Return an array of floats, or raise with all that was noted if that cannot be."""
    with contextlib.suppress(TypeError, ValueError):
        if value is not None:
            return np.asarray(value, dtype=float)
    problems.add(name, value, "numbers", instead).raise_if_any()
    raise AssertionError  # never reached


def read(result: Any) -> Any:
    """Return an Optuna study as a SearchResult, anything else as it is."""
    if not hasattr(result, "trials_dataframe"):
        return result
    from hpotutor.study.result import as_result  # only now: it takes Optuna along

    return as_result(result)


def opened(
    call: str, result: object, direction: str | None, **needed: tuple[str, ...]
) -> tuple[Problems, pd.DataFrame, float]:
    """Return where to note problems, the table of trials, and the sign that makes scores rise.

    A keyword is the table's argument, and tells which columns it must have.
    """
    problems, result = Problems(call), read(result)
    frame: Any = result.to_frame() if hasattr(result, "to_frame") else result
    if not isinstance(frame, pd.DataFrame):
        allowed = "a SearchResult, an Optuna study or a data frame"
        problems.add("result", result, allowed, "result.to_frame()")
    elif frame.empty:
        problems.say("The table of trials has no rows: run a search first.")
    problems.raise_if_any()
    # A knob may be called "epochs" like the bookkeeping column: the knob comes first.
    frame = frame.loc[:, ~frame.columns.duplicated()].reset_index(drop=True)
    sign = sign_of(problems, direction or str(getattr(result, "direction", "maximize")))
    for name, columns in needed.items():
        if not set(columns) <= set(frame):
            problems.add(name, list(frame.columns), f"columns {', '.join(columns)}",
                         f"{call}(frame[{list(columns)}])")  # fmt: skip
            problems.raise_if_any()
    return problems, frame, sign


def sign_of(problems: Problems, direction: str) -> float:
    """Return the sign that makes scores rise, and note a direction that is none."""
    problems.choice("direction", direction, ("maximize", "minimize"))
    return -1.0 if direction == "minimize" else 1.0


def need_columns(problems: Problems, frame: pd.DataFrame, **columns: str) -> bool:
    """Note each argument whose value is not a column of ``frame``."""
    fine = [problems.choice(name, column, frame.columns) for name, column in columns.items()]
    return all(fine)


def need_scores(problems: Problems, frame: pd.DataFrame, **columns: str) -> bool:
    """Note missing columns as `need_columns` does, and a table without any finite ``value``."""
    fine = need_columns(problems, frame, **columns, value="value")
    if "value" in frame and not complete(frame).any():
        problems.say("No trial has finished with a finite value, nothing to show: run more.")
    return fine


def complete(frame: pd.DataFrame) -> pd.Series:
    """Return which rows hold a finished trial with a finite value."""
    values = pd.to_numeric(frame["value"], errors="coerce")  # a text is no score
    finite = pd.Series(np.isfinite(values.astype(float)), index=frame.index)
    return finite & (frame["status"] == "complete") if "status" in frame else finite


def is_numeric(values: pd.Series) -> bool:
    """Return whether a knob's values are numbers (True and False are names)."""
    values = values.dropna()
    return len(values) > 0 and all(
        isinstance(v, int | float | np.number) and not isinstance(v, bool | np.bool_)
        for v in values
    )


def plain(value: object) -> object:
    """Return a NumPy scalar as the Python number it holds, anything else as it is."""
    return value.item() if isinstance(value, np.generic) else value


def levels_of(values: pd.Series) -> list:
    """Return a knob's distinct values: numbers ascending, names as they first appear."""
    distinct = [plain(value) for value in pd.unique(values.dropna())]
    return sorted(distinct) if is_numeric(values) else distinct


def log_due(values: ArrayLike) -> bool:
    """Return whether numbers spread evenly by ratio rather than by difference."""
    distinct = np.unique(np.asarray(values, dtype=float))
    if len(distinct) < 3 or distinct[0] <= 0:
        return len(distinct) == 2 and distinct[0] > 0 and distinct[1] / distinct[0] >= 10
    if distinct[-1] / distinct[0] < 8:
        return False
    # Compare the middle of the sample with the middle of the range, on both scales: drawn
    # from a log scale, the median lies far below the middle of the range.
    middle, low, high = np.median(distinct), distinct[0], distinct[-1]
    linear = abs((middle - low) / (high - low) - 0.5)
    logarithmic = abs(np.log(middle / low) / np.log(high / low) - 0.5)
    return bool(logarithmic < linear)

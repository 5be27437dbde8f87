"""What figures accept: trials as a table, knobs as columns, scores with a direction."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots.style import show

# The columns of `SearchResult.to_frame()` that are not hyperparameters.
BOOKKEEPING = (
    "trial", "value", "status", "epochs", "epochs_spent", "seconds", "seed", "reason", "train_value"
)  # fmt: skip
DIRECTIONS = ("maximize", "minimize")
_UNITS = {
    "batch_size": "rows per batch",
    "dropout": "share of units",
    "epochs": "passes over the training rows",
    "layers": "hidden layers",
    "units": "per hidden layer",
}


def trials_frame(call: str, result: object) -> pd.DataFrame:
    """Return a table with a row per trial from a SearchResult or a data frame."""
    frame = result.to_frame() if hasattr(result, "to_frame") else result
    problems = Problems(call)
    if not isinstance(frame, pd.DataFrame):
        problems.add("result", result, "a SearchResult or a data frame", "result.to_frame()")
    elif frame.empty:
        problems.say("The table of trials has no rows: run a search first.")
    problems.raise_if_any()
    # A knob may be called "epochs" like the bookkeeping column: the knob comes first.
    return frame.loc[:, ~frame.columns.duplicated()].reset_index(drop=True)


def numbers(problems: Problems, name: str, value: object, instead: str) -> np.ndarray:
    """Return an array of floats, or raise with all that was noted if that cannot be."""
    try:
        array = None if value is None else np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        array = None
    if array is None:
        problems.add(name, value, "numbers", instead)
        problems.raise_if_any()
    return array


def check_share(problems: Problems, name: str, value: object, example: float) -> None:
    """Note an argument that is not a number between 0 and 1."""
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not number or not 0 < value < 1:
        problems.add(name, value, "a share between 0 and 1", f"{name}={example}")


def need_columns(problems: Problems, frame: pd.DataFrame, **columns: str) -> bool:
    """Note each argument whose value is not a column of ``frame``."""
    fine = [problems.choice(name, column, frame.columns) for name, column in columns.items()]
    return all(fine)


def direction_of(problems: Problems, result: object, direction: str | None) -> str:
    """Return "maximize" or "minimize": as asked for, else as the result says."""
    if direction is not None:
        problems.choice("direction", direction, DIRECTIONS)
        return direction
    known = getattr(result, "direction", None)
    if known is None and hasattr(result, "study"):
        known = result.study.direction
    known = str(getattr(known, "name", known)).lower()
    return known if known in DIRECTIONS else "maximize"


def complete(frame: pd.DataFrame, value: str = "value") -> pd.Series:
    """Return which rows hold a finished trial with a finite value."""
    values = pd.to_numeric(frame[value], errors="coerce")  # a text is no score
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


def log_due(values: object) -> bool:
    """Return whether numbers spread evenly by ratio rather than by difference.

    Examples
    --------
    >>> log_due([0.1, 0.01, 0.001]), log_due([16, 32, 64, 128]), log_due([10, 20, 30, 40])
    (True, True, False)
    """
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


def knob_label(name: str, log: bool = False) -> str:
    """Return an axis label: the knob as typed in code, its unit, and the scale."""
    notes = [_UNITS[name]] if name in _UNITS else []
    notes += ["log scale"] if log else []
    return f"{name} ({', '.join(notes)})" if notes else name


def score_label(values: object, score: str | None) -> str:
    """Return ``score``, or a guess at what the values of an objective are."""
    if score is not None:
        return score
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    shares = values.size > 0 and values.min() >= 0 and values.max() <= 1
    return "validation accuracy" if shares else "objective value"


def ticks_at(ax: Axes, levels: list, axis: str = "x") -> None:
    """Put ticks at a knob's levels, or leave them to Matplotlib when there are many."""
    if len(levels) > 9:
        return
    target = ax.xaxis if axis == "x" else ax.yaxis
    target.set_ticks(levels, labels=[show(level) for level in levels])
    target.set_ticks([], minor=True)

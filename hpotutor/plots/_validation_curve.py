"""Validation curve: one hyperparameter against the training and the validation score."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import (
    complete,
    is_numeric,
    knobs_of,
    levels_of,
    log_due,
    need_scores,
    opened,
)
from hpotutor.plots.formatting import knob_label, score_label, show, words
from hpotutor.plots.style import BLUE, VERMILLION, finish, star, ticks_at


class ValidationCurve(NamedTuple):
    """A row per level in ``levels``: level, validation, low, high, trials[, training].

    ``edge`` is "lowest", "highest" or "" for the best level of a numeric knob; ``joined`` tells
    whether levels are to be compared along a line: not if each is one trial, and other knobs vary.
    """

    knob: str
    levels: pd.DataFrame
    best_level: object
    best_value: float
    edge: str
    log: bool
    joined: bool


def validation_curve_info(
    result: object, knob: str, *, direction: str | None = None
) -> ValidationCurve:
    """Average the score over all trials at each level of one knob.

    Parameters
    ----------
    knob : str
        The hyperparameter, as a column.

    ValidationCurve: ``low`` and ``high`` are the lowest and highest trial of the level. Training
    scores are read from "train_value", else from the ends of the curves that ``result`` has.

    ArgumentError: for an unknown column, or no finished trial.

    Examples
    --------
    >>> frame = pd.DataFrame({"units": [8, 16, 32, 64], "value": [0.7, 0.9, 0.95, 0.9]})
    >>> found = validation_curve_info(frame, "units")
    >>> found.best_level, found.best_value, found.edge
    (32, 0.95, '')
    """
    problems, frame, sign = opened("validation_curve", result, direction)
    need_scores(problems, frame, knob=knob)
    problems.raise_if_any()
    frame["_train"] = _training(result, frame)
    done = frame[complete(frame)]
    known, levels = levels_of(done[knob]), _summary(done, knob)
    scores = sign * levels["validation"].to_numpy()
    place = int(np.argmax(scores))
    numeric = is_numeric(done[knob])
    ends = {0: "lowest", len(levels) - 1: "highest"} if numeric and len(levels) > 1 else {}
    best = float(levels["validation"].iloc[place])
    others = any(
        done[name].nunique() > 1 for name in knobs_of(done) if name not in (knob, "_train")
    )
    joined = numeric and (int(levels["trials"].max()) > 1 or not others)
    return ValidationCurve(knob, levels, known[place], best, ends.get(place, ""),
                           numeric and log_due(known), joined)  # fmt: skip


@figure(validation_curve_info)
def validation_curve(info: ValidationCurve, ax: Axes, *, score: str | None = None) -> str:
    """Draw one knob against the score, on a log axis when its levels call for one.

    Of a random search it is a slice: a point a trial.

    Reading: the best level, and the edge it lies on.
    """
    levels = info.levels
    score = score_label(levels["validation"], score)
    numeric = is_numeric(levels["level"])
    x = levels["level"].to_numpy(dtype=float) if numeric else np.arange(len(levels))
    if info.log:
        ax.set_xscale("log")
    if "training" in levels:
        ax.plot(x, levels["training"], color=BLUE, ls="--", marker="s", ms=5, label="training")
    _draw_validation(ax, x, levels, joined=info.joined)
    place = int(np.flatnonzero(levels["level"] == info.best_level)[0])
    star(ax, (x[place], info.best_value), f"best: {show(info.best_level)}")
    if numeric:
        ticks_at(ax, list(levels["level"]))
    else:
        ax.set_xticks(x, [show(level) for level in levels["level"]])
        ax.set_xlim(-0.5, len(levels) - 0.5)
        ax.margins(y=0.2)
    label = score if "training" not in levels else score.replace("validation ", "")
    gap = None
    if "training" in levels:
        gap = levels["training"].iloc[place] - levels["validation"].iloc[place]
    title, reading = words("validation_curve", info=info, score=score, gap=gap)
    finish(ax, title=title, x=knob_label(info.knob, info.log), y=label)
    ax.legend()
    return reading


def _training(result: object, frame: pd.DataFrame) -> pd.Series:
    """Return each trial's training score, NaN where it is not known."""
    if "train_value" in frame:
        return frame["train_value"].astype(float)
    curves = getattr(result, "curves", None)
    curves = curves() if callable(curves) else []
    curves = list(curves.values()) if isinstance(curves, dict) else list(curves)
    if len(curves) != len(frame):
        return pd.Series(np.nan, index=frame.index)
    last = [list(c["accuracy"])[-1] if len(c.get("accuracy", ())) else np.nan for c in curves]
    return pd.Series(last, index=frame.index, dtype=float)


def _summary(done: pd.DataFrame, knob: str) -> pd.DataFrame:
    order = levels_of(done[knob])
    groups = done.groupby(knob, sort=False, observed=True)
    table = groups["value"].agg(validation="mean", low="min", high="max", trials="count")
    table = table.loc[order].reset_index(names="level")
    training = groups["_train"].mean().loc[order].to_numpy()
    if np.isfinite(training).all():
        table["training"] = training
    return table


def _draw_validation(ax: Axes, x: np.ndarray, levels: pd.DataFrame, *, joined: bool) -> None:
    several = int(levels["trials"].max()) > 1
    text = "validation (mean and range)" if several else "validation"
    ax.plot(x, levels["validation"], ls="-" if joined else "", zorder=3, color=VERMILLION,
            marker="o", ms=5, label=text)  # fmt: skip
    if several and joined:
        ax.fill_between(x, levels["low"], levels["high"], color=VERMILLION, alpha=0.18, lw=0)
    elif several:
        ax.vlines(x, levels["low"], levels["high"], color=VERMILLION, lw=1.5)

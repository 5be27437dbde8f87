"""Hyperband's brackets: rungs, survivors, and the late bloomers that were stopped."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots._trials import DIRECTIONS, plain, trials_frame
from hpotutor.plots.style import (
    BLACK,
    BLUE,
    VERMILLION,
    YELLOW,
    Reading,
    counted,
    headline,
    house_style,
    label,
    new_axes,
    number,
    panel,
)

_COLUMNS = ("rung", "trial", "epochs", "value")


class Brackets(NamedTuple):
    """``rungs`` has bracket, rung, epochs, trials, kept, best, spent (epochs trained there).

    ``late_bloomers`` were stopped, and would have ended above the winner; they are known only
    where the final values are. ``full_cost`` is what training every trial to the end costs.
    """

    rungs: pd.DataFrame
    winner: object
    winner_value: float
    late_bloomers: list
    spent: float
    full_cost: float


def brackets_info(
    trials: object,
    *,
    final: Mapping | None = None,
    direction: str = "maximize",
) -> Brackets:
    """Count trials, survivors and epochs rung by rung.

    Parameters
    ----------
    trials : DataFrame
        A row per trial and rung that it reached: rung (from 0), trial, epochs (trained so far,
        with those of earlier rungs), value; and bracket, if there are several.
    final : dict from trial to value, optional
        What each trial would have reached at the highest rung; or a dict from epochs to value,
        its way there, which ends at the highest rung.
    direction : {"maximize", "minimize"}, default "maximize"
        Which value is better.

    Returns
    -------
    Brackets
        ``spent`` counts epochs as if training goes on from rung to rung.

    Raises
    ------
    ArgumentError
        For missing columns or values.

    References
    ----------
    Li et al. (2018), Hyperband, https://www.jmlr.org/papers/v18/16-558.html

    Examples
    --------
    >>> table = pd.DataFrame({"rung": [0, 0, 0, 1], "trial": [1, 2, 3, 2],
    ...                       "epochs": [1, 1, 1, 3], "value": [0.5, 0.6, 0.4, 0.8]})
    >>> found = brackets_info(table, final={1: 0.9, 2: 0.8, 3: 0.5})
    >>> found.winner, found.late_bloomers, found.spent, found.full_cost
    (2, [1], 5.0, 9.0)
    """
    problems = Problems("brackets")
    frame = trials_frame("brackets", trials)
    problems.choice("direction", direction, DIRECTIONS)
    missing = [column for column in _COLUMNS if column not in frame]
    if missing:
        problems.add("trials", list(frame.columns), f"columns {', '.join(_COLUMNS)}",
                     "brackets(frame[['rung', 'trial', 'epochs', 'value']])")  # fmt: skip
    elif frame[list(_COLUMNS)].isna().any().any():
        problems.say("The table of rungs has missing values: drop failed trials first.")
    problems.raise_if_any()
    frame = frame if "bracket" in frame else frame.assign(bracket=0)
    sign = 1.0 if direction == "maximize" else -1.0
    rows = []
    for bracket, part in frame.groupby("bracket", sort=False):
        before = 0
        for rung, here in part.groupby("rung"):
            kept = int((part["rung"] == rung + 1).sum())
            epochs = here["epochs"].max()
            best = sign * (sign * here["value"]).max()
            spent = float((here["epochs"] - before).sum())
            rows.append((bracket, rung, epochs, len(here), kept, best, spent))
            before = epochs
    columns = ["bracket", "rung", "epochs", "trials", "kept", "best", "spent"]
    rungs = pd.DataFrame(rows, columns=columns)
    top = frame[frame["epochs"] == frame["epochs"].max()]
    first = (sign * top["value"]).idxmax()
    winner, winner_value = plain(top.loc[first, "trial"]), float(top.loc[first, "value"])
    bloomers = []
    if final is not None:
        stopped = set(frame["trial"]) - set(top["trial"])
        ends = {t: _onward(final, t, 0)[-1][1] for t in final}
        reached = ends.get(winner, winner_value)
        bloomers = sorted(t for t in stopped if t in ends and sign * ends[t] > sign * reached)
    full = float(frame[["bracket", "trial"]].drop_duplicates().shape[0] * frame["epochs"].max())
    return Brackets(rungs, winner, winner_value, bloomers, float(rungs["spent"].sum()), full)


def brackets(
    trials: object,
    *,
    final: Mapping | None = None,
    direction: str = "maximize",
    score: str = "validation accuracy",
    ax: Axes | None = None,
) -> Reading:
    """Draw each bracket: trials as lines from rung to rung, most of them cut short.

    Parameters
    ----------
    trials, final, direction
        See `brackets_info`.
    score : str, default "validation accuracy"
        What the values are.
    ax : matplotlib Axes, optional
        Where to draw; it is divided into a panel a bracket. A new figure by default.

    Returns
    -------
    Reading
        The epochs spent and saved, and how many late bloomers were lost.
    """
    info = brackets_info(trials, final=final, direction=direction)
    frame = trials_frame("brackets", trials)
    frame = frame if "bracket" in frame else frame.assign(bracket=0)
    names = list(info.rungs["bracket"].unique())
    with house_style():
        ax = new_axes(ax, (min(11.0, 5.1 + 1.9 * len(names)), 4.4))
        everyone = list(frame["value"])
        everyone += [v for t in info.late_bloomers for _, v in _onward(final, t, 0)]
        room = 0.08 * max(np.ptp(everyone), 1e-9)
        ends = sorted(info.rungs["epochs"].unique())
        for index, bracket in enumerate(names):
            wide = 1.0 / len(names)
            part = panel(ax, (index * wide, 0.0, wide - 0.03 * (len(names) > 1), 0.94))
            _draw_bracket(part, frame[frame["bracket"] == bracket], info, final, ends[-1])
            part.set_xscale("log", base=2)
            part.set_xticks(ends, [number(e) for e in ends])
            part.set_xticks([], minor=True)
            part.set_xlim(ends[0] / 1.35, ends[-1] * 1.35)
            part.set_ylim(min(everyone) - room, max(everyone) + 1.6 * room)
            _write_counts(part, info.rungs[info.rungs["bracket"] == bracket])
            text = f"bracket {bracket}" if len(names) > 1 else ""
            part.set_title(text, fontsize=9.5, loc="left", pad=2)
            label(part, x="epochs (log scale)", y=score if index == 0 else "")
            if index:
                part.tick_params(labelleft=False)
        # The last bracket has the fewest lines; a single one leaves its lower right corner free.
        corner = "lower left" if len(names) > 1 else "lower right"
        _legend(part, corner, bool(info.late_bloomers))
        headline(ax, _title(info, final is not None))
    return Reading(_sentence(info, final is not None, score))


def _draw_bracket(
    ax: Axes, part: pd.DataFrame, info: Brackets, final: Mapping | None, end: float
) -> None:
    last = part["epochs"].max()
    for trial, steps in part.groupby("trial"):
        steps = steps.sort_values("epochs")
        x, y = steps["epochs"].to_numpy(dtype=float), steps["value"].to_numpy(dtype=float)
        survives = x[-1] == last
        if trial == info.winner and x[-1] == end:
            ax.plot(x, y, color=BLUE, lw=2.6, marker="o", ms=5, zorder=4)
            ax.plot(x[-1], y[-1], marker="*", ms=16, color=YELLOW, mec=BLACK, zorder=6)
        elif trial in info.late_bloomers:
            later = [(e, v) for e, v in _onward(final, trial, end) if e > x[-1]]
            path = [*zip(x, y, strict=True), *later]
            ax.plot(*zip(*path, strict=True), color=VERMILLION, ls="--", lw=1.3, zorder=3)
            ax.plot(x[-1], y[-1], marker="x", ms=7, mew=1.8, color=VERMILLION, zorder=5)
            ax.plot(*path[-1], marker="D", ms=6, color=VERMILLION, mec=BLACK, zorder=7)
        elif survives:
            ax.plot(x, y, color=BLUE, lw=1.2, marker="o", ms=4, zorder=2)
        else:
            ax.plot(x, y, color="#9A9A9A", lw=0.9, zorder=1)
            ax.plot(x[-1], y[-1], marker="x", ms=5, color="#6A6A6A", zorder=2)


def _onward(final: Mapping, trial: object, end: float) -> list[tuple[float, float]]:
    """Return the epochs and values that are known of a trial, the last of them at the end."""
    value = final[trial]
    return sorted(value.items()) if isinstance(value, Mapping) else [(end, value)]


def _write_counts(ax: Axes, rungs: pd.DataFrame) -> None:
    for row in rungs.itertuples():
        ax.text(row.epochs, 0.985, f"{row.trials}", transform=ax.get_xaxis_transform(), ha="center",
                va="top", fontsize=10, weight="bold",
                bbox={"boxstyle": "round,pad=0.25", "fc": "white", "ec": "#999999"})  # fmt: skip


def _legend(ax: Axes, corner: str, bloomers: bool) -> None:
    ax.plot([], [], color="#6A6A6A", marker="x", lw=0.9, label="stopped")
    ax.plot([], [], color=BLUE, marker="o", lw=1.2, label="kept to the last rung")
    ax.plot([], [], color=YELLOW, mec=BLACK, marker="*", ms=12, ls="", label="winner")
    if bloomers:
        ax.plot([], [], color=VERMILLION, marker="D", mec=BLACK, ls="--", lw=1.3,
                label="late bloomer, if trained on")  # fmt: skip
    ax.legend(fontsize=8.5, loc=corner)


def _title(info: Brackets, known: bool) -> str:
    share = round(100 * info.spent / info.full_cost)
    text = f"{share}% of the epochs of training everything"
    lost = len(info.late_bloomers)
    if not known:
        return f"{text}; the winner reaches {number(info.winner_value)}"
    if not lost:
        return f"{text}, and the best trial survived"
    return f"{text}, and {counted(lost, 'better trial')} stopped too early"


def _sentence(info: Brackets, known: bool, score: str) -> str:
    counts = "; ".join(
        " → ".join(str(n) for n in part["trials"])
        for _, part in info.rungs.groupby("bracket", sort=False)
    )
    text = (
        f"Trials per rung: {counts}. That took {number(info.spent)} of {number(info.full_cost)} "
        f"epochs, and trial {info.winner} won with {score} {number(info.winner_value)}"
    )
    if known:
        lost = ", ".join(str(t) for t in info.late_bloomers[:5])
        lost += ", …" if len(info.late_bloomers) > 5 else ""
        text += f"; late bloomers lost: {f'{len(info.late_bloomers)} ({lost})' if lost else 'none'}"
    return text + "."

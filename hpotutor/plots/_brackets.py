"""Hyperband's brackets: rungs, survivors, and the late bloomers that were stopped."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import opened, plain
from hpotutor.plots.formatting import number, words
from hpotutor.plots.style import BLACK, BLUE, GRAYS, SIZES, VERMILLION, headline, label, panel, star

_COLUMNS = ("rung", "trial", "epochs", "value")


class Brackets(NamedTuple):
    """``rungs`` has bracket, rung, epochs, trials, kept, best, spent (epochs trained there).

    ``late_bloomers`` were stopped, and would have ended above the winner; they are known only
    where the final values are. ``full_cost`` is what training every trial to the end costs.
    ``trials`` is what was given, with a bracket for each row; ``onward`` holds the epochs and
    values that are known of each trial, the last of them at the end.
    """

    rungs: pd.DataFrame
    winner: object
    winner_value: float
    late_bloomers: list
    spent: float
    full_cost: float
    trials: pd.DataFrame
    onward: dict[object, list[tuple[float, float]]] | None


def brackets_info(trials: object, *, final: Mapping | None = None) -> Brackets:
    """Count trials, survivors and epochs rung by rung; a higher value is better.

    Parameters
    ----------
    trials : DataFrame
        A row per trial and rung that it reached: rung (from 0), trial, epochs (trained so far,
        with those of earlier rungs), value; and bracket, if there are several.
    final : dict from trial to dict from epochs to value, optional
        What each trial would have reached on its way to the highest rung, where it ends.

    Brackets: ``spent`` counts epochs as if training goes on from rung to rung.

    ArgumentError: for missing columns or values.

    References
    ----------
    Li et al. (2018), Hyperband, https://www.jmlr.org/papers/v18/16-558.html

    Examples
    --------
    >>> table = pd.DataFrame({"rung": [0, 0, 0, 1], "trial": [1, 2, 3, 2],
    ...                       "epochs": [1, 1, 1, 3], "value": [0.5, 0.6, 0.4, 0.8]})
    >>> found = brackets_info(table, final={1: {3: 0.9}, 2: {3: 0.8}, 3: {3: 0.5}})
    >>> found.winner, found.late_bloomers, found.spent, found.full_cost
    (2, [1], 5.0, 9.0)
    """
    problems, frame, _ = opened("brackets", trials, "maximize", trials=_COLUMNS)
    if frame[list(_COLUMNS)].isna().any().any():
        problems.say("The table of rungs has missing values: drop failed trials first.")
    problems.raise_if_any()
    frame = frame if "bracket" in frame else frame.assign(bracket=0)
    end, rows = frame["epochs"].max(), []
    for bracket, part in frame.groupby("bracket", sort=False):
        before = 0
        for rung, here in part.groupby("rung"):
            kept = int((part["rung"] == rung + 1).sum())
            epochs = here["epochs"].max()
            spent = float((here["epochs"] - before).sum())
            rows.append((bracket, rung, epochs, len(here), kept, here["value"].max(), spent))
            before = epochs
    columns = ["bracket", "rung", "epochs", "trials", "kept", "best", "spent"]
    rungs = pd.DataFrame(rows, columns=columns)
    top = frame[frame["epochs"] == end]
    first = top["value"].idxmax()
    winner, winner_value = plain(top.loc[first, "trial"]), float(top.loc[first, "value"])
    bloomers, onward = [], None
    if final is not None:
        onward = {trial: sorted(way.items()) for trial, way in final.items()}
        stopped = set(frame["trial"]) - set(top["trial"])
        ends = {t: way[-1][1] for t, way in onward.items()}
        reached = ends.get(winner, winner_value)
        bloomers = sorted(t for t in stopped if t in ends and ends[t] > reached)
    full = float(len(frame[["bracket", "trial"]].drop_duplicates()) * end)
    spent = float(rungs["spent"].sum())
    return Brackets(rungs, winner, winner_value, bloomers, spent, full, frame, onward)


@figure(brackets_info, lambda info: (min(11.0, 5.1 + 1.9 * info.rungs["bracket"].nunique()), 4.4))
def brackets(info: Brackets, ax: Axes, *, score: str = "validation accuracy") -> str:
    """Draw each bracket in a panel: trials as lines from rung to rung, most of them cut short.

    Reading: the epochs spent and saved, and how many late bloomers were lost.
    """
    names = list(info.rungs["bracket"].unique())
    everyone = list(info.trials["value"])
    everyone += [v for t in info.late_bloomers for _, v in (info.onward or {})[t]]
    room = 0.08 * max(np.ptp(everyone), 1e-9)
    ends = sorted(info.rungs["epochs"].unique())
    for index, bracket in enumerate(names):
        wide = 1.0 / len(names)
        part = panel(ax, (index * wide, 0.0, wide - 0.03 * (len(names) > 1), 0.94))
        _draw_bracket(part, info.trials[info.trials["bracket"] == bracket], info, ends[-1])
        part.set_xscale("log", base=2)
        part.set_xticks(ends, [number(e) for e in ends])
        part.set_xticks([], minor=True)
        part.set_xlim(ends[0] / 1.35, ends[-1] * 1.35)
        part.set_ylim(min(everyone) - room, max(everyone) + 1.6 * room)
        for row in info.rungs[info.rungs["bracket"] == bracket].itertuples():
            box = {"boxstyle": "round,pad=0.25", "fc": "white", "ec": GRAYS["border"]}
            part.text(row.epochs, 0.985, str(row.trials), transform=part.get_xaxis_transform(),
                      ha="center", va="top", fontsize=SIZES["text"], weight="bold",
                      bbox=box)  # fmt: skip
        text = f"bracket {bracket}" if len(names) > 1 else ""
        part.set_title(text, fontsize=SIZES["panel"], loc="left", pad=2)
        label(part, x="epochs (log scale)", y=score if index == 0 else "")
        part.tick_params(labelleft=index == 0)
    part.plot([], [], color=GRAYS["stopped"], marker="x", lw=0.9, label="stopped")
    part.plot([], [], color=BLUE, marker="o", lw=1.2, label="kept to the last rung")
    star(part, (np.nan, np.nan), "winner", size=12)
    if info.late_bloomers:
        part.plot([], [], color=VERMILLION, marker="D", mec=BLACK, ls="--", lw=1.3,
                  label="late bloomer, if trained on")  # fmt: skip
    # The last bracket has the fewest lines; a single one leaves its lower right corner free.
    part.legend(fontsize=SIZES["dense"], loc="lower left" if len(names) > 1 else "lower right")
    title, reading = words("brackets", info=info, score=score)
    headline(ax, title)
    return reading


def _draw_bracket(ax: Axes, part: pd.DataFrame, info: Brackets, end: float) -> None:
    last = part["epochs"].max()
    for trial, steps in part.groupby("trial"):
        steps = steps.sort_values("epochs")
        x, y = steps["epochs"].to_numpy(dtype=float), steps["value"].to_numpy(dtype=float)
        if trial == info.winner and x[-1] == end:
            ax.plot(x, y, color=BLUE, lw=2.6, marker="o", ms=5, zorder=4)
            star(ax, (x[-1], y[-1]), zorder=6)
        elif info.onward and trial in info.late_bloomers:
            later = [(e, v) for e, v in info.onward[trial] if e > x[-1]]
            path = [*zip(x, y, strict=True), *later]
            ax.plot(*zip(*path, strict=True), color=VERMILLION, ls="--", lw=1.3, zorder=3)
            ax.plot(x[-1], y[-1], marker="x", ms=7, mew=1.8, color=VERMILLION, zorder=5)
            # Beside its place: the winner's star may stand there.
            beside = ax.transData + ScaledTranslation(0.2, 0.0, ax.figure.dpi_scale_trans)
            ax.plot(*path[-1], "D", ms=6, color=VERMILLION, mec=BLACK, zorder=7, transform=beside)
        elif x[-1] == last:
            ax.plot(x, y, color=BLUE, lw=1.2, marker="o", ms=4, zorder=2)
        else:
            ax.plot(x, y, color=GRAYS["pruned"], lw=0.9, zorder=1)
            ax.plot(x[-1], y[-1], marker="x", ms=5, color=GRAYS["stopped"], zorder=2)

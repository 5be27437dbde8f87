"""What a grid costs: fits and hours, growing by a factor with every hyperparameter."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor._validation import check_count, is_number, is_whole
from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots.formatting import counted, duration, words
from hpotutor.plots.style import BLUE, GRAY, GRAYS, SIZES, SKY, finish, halo, look

_LANDMARKS = ((60, "a minute"), (3600, "an hour"), (86400, "a day"), (30 * 86400, "a month"),
              (365.25 * 86400, "a year"), (100 * 365.25 * 86400, "a century"))  # fmt: skip


def grid_cost_info(
    levels: Mapping[str, int] | Sequence[int] | int = (3, 5, 10),
    *,
    knobs: int = 6,
    folds: int = 1,
    seconds: float = 1.0,
    workers: int = 1,
) -> pd.DataFrame:
    """Count the fits of a grid, knob by knob.

    Parameters
    ----------
    levels : dict from name to int, int, or sequence of int, default (3, 5, 10)
        Levels of each knob, in order; or the same number of levels for each of ``knobs`` knobs,
        one or several such numbers to compare.
    knobs : int, default 6
        How many knobs, when ``levels`` is not a dict.
    folds : int, default 1
        Fits per grid point (folds of a cross-validation, times seeds).
    seconds : float, default 1.0
        Time of one fit.
    workers : int, default 1
        Fits that run side by side.

    DataFrame: columns series, knobs (how many so far), knob (the one just added), levels, points,
    fits, seconds.

    ArgumentError: for numbers that are not positive.

    Examples
    --------
    >>> cost = grid_cost_info({"batch_size": 4, "epochs": 3, "optimizer": 7}, folds=3, seconds=2)
    >>> cost["points"].tolist(), cost["fits"].tolist(), cost["seconds"].tolist()
    ([4, 12, 84], [12, 36, 252], [24.0, 72.0, 504.0])
    """
    problems = Problems("grid_cost")
    for name, value in (("knobs", knobs), ("folds", folds), ("workers", workers)):
        check_count(problems, name, value, example=3)
    if not is_number(seconds) or not 0 < seconds < math.inf:
        problems.add("seconds", seconds, "a time above 0", "seconds=2.5")
    if isinstance(levels, Mapping):
        series = {"": list(levels.items())}
    else:
        several = list(levels) if isinstance(levels, Sequence | np.ndarray) else [levels]
        names = [f"knob {n + 1}" for n in range(max(knobs, 1) if is_whole(knobs) else 1)]
        series = {f"{n} levels": [(name, n) for name in names] for n in several}
    given = [n for steps in series.values() for _, n in steps]
    if not given or not all(is_whole(n) and n >= 1 for n in given):
        problems.add("levels", levels, "integers from 1 up", 'levels={"units": 4, "layers": 3}')
    problems.raise_if_any()
    rows = []
    for label, steps in series.items():
        points = 1
        for number, (name, n) in enumerate(steps, start=1):
            points *= int(n)
            fits = points * int(folds)
            rows.append((label, number, name, int(n), points, fits, fits * seconds / workers))
    columns = ["series", "knobs", "knob", "levels", "points", "fits", "seconds"]
    return pd.DataFrame(rows, columns=columns)


@figure(grid_cost_info, (7.4, 4.0))
def grid_cost(
    cost: pd.DataFrame, ax: Axes, *, levels: object, folds: int, seconds: float, workers: int
) -> str:
    """Draw how many fits a grid needs, with the time they take beside them.

    A dict of levels draws a bar a knob; numbers draw a line each.

    Reading: fits and time of the whole grid.
    """
    ax.set_yscale("log")
    bars = isinstance(levels, Mapping)
    if bars:
        _draw_bars(ax, cost)
    else:
        _draw_lines(ax, cost)
    _draw_landmarks(ax, seconds / workers)
    knobs = "knobs in the grid, added one by one" if bars else "knobs"
    told = {"folds": folds, "seconds": seconds, "workers": workers}
    title, reading = words("grid_cost", cost=cost, **told)
    finish(ax, title=title, x=knobs, y="fits (log scale)", grid="y")
    return reading


def _draw_bars(ax: Axes, cost: pd.DataFrame) -> None:
    shades = [SKY] * (len(cost) - 1) + [BLUE]
    ax.bar(cost["knobs"], cost["fits"], color=shades, edgecolor="black", width=0.62, zorder=2)
    for row in cost.itertuples():
        text = f"{row.fits:,} fits\n{duration(row.seconds)}"
        ax.annotate(text, (row.knobs, row.fits), (0, 4), textcoords="offset points", ha="center",
                    va="bottom", fontsize=SIZES["small"], path_effects=halo())  # fmt: skip
    names = [
        f"{'' if row.knobs == 1 else '+ '}{row.knob}\n{counted(row.levels, 'level')}"
        for row in cost.itertuples()
    ]
    ax.set_xticks(cost["knobs"], names)
    ax.set_xlim(0.4, len(cost) + 0.6)
    low = min(1.0, cost["fits"].min())
    ax.set_ylim(low * 0.8, cost["fits"].max() * max(4.0, (cost["fits"].max() / low) ** 0.28))


def _draw_lines(ax: Axes, cost: pd.DataFrame) -> None:
    for index, (name, rows) in enumerate(cost.groupby("series", sort=False)):
        ax.plot(rows["knobs"], rows["fits"], **look(index).pen)
        last = rows.iloc[-1]
        ax.annotate(f"{name}\neach", (last["knobs"], last["fits"]), (7, 0), va="center",
                    textcoords="offset points", fontsize=SIZES["small"], weight="bold",
                    path_effects=halo())  # fmt: skip
    most = int(cost["knobs"].max())
    ax.set_xticks(range(1, most + 1))
    ax.set_xlim(0.8, most + 0.16 * most)


def _draw_landmarks(ax: Axes, seconds_per_fit: float) -> None:
    """Name well-known times at the right end of the fits that fill them."""
    low, high = ax.get_ylim()
    place = ax.get_yaxis_transform()
    for seconds, name in _LANDMARKS:
        fits = seconds / seconds_per_fit
        if low * 1.3 < fits < high / 1.3:
            ax.axhline(fits, color=GRAY, lw=0.9, ls=(0, (4, 3)), zorder=1)
            ax.text(1.01, fits, name, transform=place, va="center", fontsize=SIZES["small"],
                    color=GRAYS["note"])  # fmt: skip

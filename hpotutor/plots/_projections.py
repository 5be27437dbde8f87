"""Nine grid points against nine random points, when one hyperparameter matters and one idles."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import is_numeric, levels_of, need_columns
from hpotutor.plots.formatting import knob_label, show, words
from hpotutor.plots.style import BLACK, BLUE, SIZES, VERMILLION, headline, label, panel, star

_PIXELS = 41


class Projections(NamedTuple):
    """Trials of both methods (columns u, v in 0..1, value) on one surface.

    ``surface`` is the score over the unit square (rows of v), with means over either knob; of the
    important one ``distinct_grid`` and ``distinct_random`` values were tried.
    """

    grid: pd.DataFrame
    random: pd.DataFrame
    surface: np.ndarray
    profile_u: np.ndarray
    profile_v: np.ndarray
    distinct_grid: int
    distinct_random: int
    important: str
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    knobs: tuple[str, str]


def projections_info(
    surface: Callable | pd.DataFrame, *, x: str = "x", y: str = "y", points: int = 9, seed: int = 0
) -> Projections:
    """Place a grid and as many random points on a surface of two knobs.

    Parameters
    ----------
    surface : callable or DataFrame
        ``surface(x, y)`` for arrays from 0 to 1, higher is better; or a table of trials with
        columns ``x``, ``y`` and "value", read at the nearest levels.
    x, y : str
        Names of the knobs.
    points : int, default 9
        Trials of each method; a square number.
    seed : int, default 0
        Of the random points.

    ArgumentError: for a number of points that is no square, or a column that is not there.

    References
    ----------
    Bergstra and Bengio (2012), figure 1, https://www.jmlr.org/papers/v13/bergstra12a.html

    Examples
    --------
    >>> found = projections_info(lambda x, y: -((x - 0.3) ** 2) + 0.01 * y)
    >>> found.distinct_grid, found.distinct_random, found.important
    (3, 9, 'x')
    """
    problems = Problems("projections")
    side = math.isqrt(points) if isinstance(points, int) and points > 0 else 0
    if side < 2 or side * side != points:
        problems.add("points", points, "a square number from 4 up", "points=9")
    if isinstance(surface, pd.DataFrame):
        need_columns(problems, surface, x=x, y=y, value="value")
    elif not callable(surface):
        problems.add("surface", surface, "a function of two arrays, or a table of trials",
                     "projections(lambda x, y: -(x - 0.3) ** 2)")  # fmt: skip
    problems.raise_if_any()
    if isinstance(surface, pd.DataFrame):
        score, x_ticks, y_ticks = _table_score(surface, x, y)
    else:
        x_ticks = y_ticks = [(t, show(t)) for t in (0.0, 0.5, 1.0)]

        def score(u: np.ndarray, v: np.ndarray) -> np.ndarray:
            return np.broadcast_to(np.asarray(surface(u, v), dtype=float), np.shape(u)).copy()

    centers = (np.arange(side) + 0.5) / side
    u, v = (axis.ravel() for axis in np.meshgrid(centers, centers))
    grid = pd.DataFrame({"u": u, "v": v, "value": score(u, v)})
    drawn = np.random.default_rng(seed).random((points, 2))
    random = pd.DataFrame({"u": drawn[:, 0], "v": drawn[:, 1], "value": score(*drawn.T)})
    pixels = (np.arange(_PIXELS) + 0.5) / _PIXELS
    image = score(*np.meshgrid(pixels, pixels))
    profile_u, profile_v = image.mean(axis=0), image.mean(axis=1)
    along = "u" if np.ptp(profile_u) >= np.ptp(profile_v) else "v"
    tried, drawn_tried = (int(t[along].round(9).nunique()) for t in (grid, random))
    important = x if along == "u" else y
    return Projections(grid, random, image, profile_u, profile_v, tried, drawn_tried, important,
                       x_ticks, y_ticks, (x, y))  # fmt: skip


@figure(projections_info, (9.0, 4.9))
def projections(info: Projections, ax: Axes, *, score: str = "score") -> str:
    """Draw grid and random points on a surface in two panels, with their shadows on both knobs.

    Reading: how many values of the important knob each tried, and how well each did.
    """
    _draw_side(ax, 0.0, info, "grid", VERMILLION, "s")
    _draw_side(ax, 0.53, info, "random", BLUE, "o")
    title, reading = words("projections", info=info, score=score)
    headline(ax, title)
    return reading


def _table_score(table: pd.DataFrame, x: str, y: str) -> tuple:
    """Return a score by nearest level, and the levels' ticks."""
    x_levels, y_levels = levels_of(table[x]), levels_of(table[y])
    cells = table.groupby([y, x])["value"].mean().unstack().loc[y_levels, x_levels]
    # A cell that was never finished is shown, and scored, as the worst of the table.
    values = cells.fillna(cells.min().min()).to_numpy(dtype=float)
    columns, rows = _places(table[x], x_levels), _places(table[y], y_levels)

    def score(u: np.ndarray, v: np.ndarray) -> np.ndarray:
        return values[_nearest(rows, v), _nearest(columns, u)]

    return score, _level_ticks(x_levels, columns), _level_ticks(y_levels, rows)


def _places(knob: pd.Series, levels: list) -> np.ndarray:
    """Return where levels lie on the unit interval: numbers from end to end, names in bins."""
    if is_numeric(knob) and len(levels) > 1:
        return np.linspace(0, 1, len(levels))
    return (np.arange(len(levels)) + 0.5) / len(levels)


def _nearest(places: np.ndarray, at: np.ndarray) -> np.ndarray:
    return np.abs(at[..., np.newaxis] - places).argmin(axis=-1)


def _level_ticks(levels: list, places: np.ndarray) -> list[tuple[float, str]]:
    step = max(1, math.ceil(len(levels) / 5))
    return [(places[n], show(levels[n])) for n in range(0, len(levels), step)]


def _draw_side(
    ax: Axes, left: float, info: Projections, method: str, color: str, marker: str
) -> None:
    trials = info.grid if method == "grid" else info.random
    main = panel(ax, (left + 0.035, 0.0, 0.32, 0.66))
    top = panel(ax, (left + 0.035, 0.7, 0.32, 0.2))
    right = panel(ax, (left + 0.37, 0.0, 0.09, 0.66))
    # A lower end for the color scale keeps its darkest tone readable.
    darkest = float(info.surface.min() - 0.6 * max(np.ptp(info.surface), 1e-12))
    main.imshow(info.surface, origin="lower", extent=(0, 1, 0, 1), cmap="Greys_r",
                aspect="auto", vmin=darkest, alpha=0.75)  # fmt: skip
    main.plot(trials["u"], trials["v"], ls="", marker=marker, color=color, mec="white", ms=8,
              zorder=4)  # fmt: skip
    best = trials.loc[trials["value"].idxmax()]
    star(main, (best["u"], best["v"]), size=17)
    grid = np.linspace(0, 1, _PIXELS)
    top.plot(grid, info.profile_u, color=BLACK, lw=1.5)
    right.plot(info.profile_v, grid, color=BLACK, lw=1.5)
    both = np.concatenate([info.profile_u, info.profile_v])
    room = 0.15 * max(np.ptp(both), 1e-9)
    low, high = float(both.min() - room), float(both.max() + room)
    top.set(xlim=(0, 1), ylim=(low, high))
    right.set(ylim=(0, 1), xlim=(low, high))
    for u, v in zip(trials["u"], trials["v"], strict=True):
        top.plot([u, u], [low, np.interp(u, grid, info.profile_u)], color=color, lw=1.4)
        right.plot([low, np.interp(v, grid, info.profile_v)], [v, v], color=color, lw=1.4)
        if info.important == info.knobs[0]:
            main.axvline(u, color=color, lw=0.6, alpha=0.5)
        else:
            main.axhline(v, color=color, lw=0.6, alpha=0.5)
    for small in (top, right):
        small.set(xticks=[], yticks=[])
        small.grid(False)
    distinct = [trials[c].round(9).nunique() for c in ("u", "v")]
    tried = f"{method}: {distinct[0]} values of {info.knobs[0]}"
    top.set_title(tried, fontsize=SIZES["text"], loc="left")
    right.set_title(f"{distinct[1]} of {info.knobs[1]}", fontsize=SIZES["small"], loc="left")
    main.set_xticks(*zip(*info.x_ticks, strict=True))
    main.set_yticks(*zip(*info.y_ticks, strict=True))
    label(main, x=knob_label(info.knobs[0]), y=knob_label(info.knobs[1]), grid=None)

"""Heat map of two hyperparameters: where the best cell lies, and whether it lies on an edge."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle

from hpotutor._validation import is_number
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import complete, is_numeric, levels_of, log_due, need_scores, opened
from hpotutor.plots.formatting import knob_label, number, score_label, show, words
from hpotutor.plots.style import GRAYS, SIZES, VERMILLION, finish, halo

_BINS = 8


class HeatMap(NamedTuple):
    """A table of cells: ``values`` (rows of y, columns of x; NaN where nothing finished).

    ``tried`` counts trials, failed ones too; ``best`` is (row, column); ``edges`` are words.
    """

    x: str
    y: str
    x_levels: list
    y_levels: list
    values: np.ndarray
    tried: np.ndarray
    best: tuple[int, int]
    best_value: float
    ties: int
    edges: list[str]
    lower_is_better: bool


def heat_map_info(
    result: object, x: str, y: str, *, over: str = "best", direction: str | None = None
) -> HeatMap:
    """Arrange trials by two knobs, and find the best cell.

    A numeric knob with more than 12 distinct values is cut into 8 bins.

    Parameters
    ----------
    x, y : str
        The knobs, as columns.
    over : {"best", "mean"}, default "best"
        What a cell shows of its trials, which differ in the other knobs or the seed.

    ArgumentError: for an unknown column, or when no trial has finished.

    Examples
    --------
    >>> frame = pd.DataFrame({"units": [8, 16, 32, 8, 16, 32], "layers": [1, 1, 1, 2, 2, 2],
    ...                       "value": [0.7, 0.8, 0.7, 0.6, 0.8, 0.9]})
    >>> found = heat_map_info(frame, "units", "layers")
    >>> found.best, found.best_value, found.edges
    ((1, 2), 0.9, ['units=32 is the highest tried'])
    """
    problems, frame, sign = opened("heat_map", result, direction)
    problems.choice("over", over, ("best", "mean"))
    if need_scores(problems, frame, x=x, y=y) and x == y:
        other = next((str(name) for name in frame.columns if name != x), x)
        problems.add("y", y, "a knob other than x", f"y={other!r}")
    problems.raise_if_any()
    columns, x_levels = _binned(frame[x])
    rows, y_levels = _binned(frame[y])
    scores = pd.to_numeric(frame["value"], errors="coerce").where(complete(frame))
    cells = scores.groupby([rows.rename("row"), columns.rename("column")])
    how = "mean" if over == "mean" else ("max" if sign > 0 else "min")
    places = {"index": range(len(y_levels)), "columns": range(len(x_levels))}
    values = cells.agg(how).unstack().reindex(**places).to_numpy(dtype=float)
    tried = cells.size().unstack().reindex(**places).fillna(0).to_numpy(dtype=int)
    row, column = map(int, np.unravel_index(int(np.nanargmax(sign * values)), values.shape))
    best = float(values[row, column])
    ties = int((values == best).sum()) - 1
    edges = _edges(frame[x], x_levels, column) + _edges(frame[y], y_levels, row)
    return HeatMap(
        x, y, x_levels, y_levels, values, tried, (row, column), best, ties, edges, sign < 0
    )


def _size(info: HeatMap) -> tuple[float, float]:
    rows, columns = info.values.shape
    return min(9.0, max(5.6, 3.6 + 0.75 * columns)), min(7.0, max(3.2, 2.2 + 0.5 * rows))


@figure(heat_map_info, _size)
def heat_map(info: HeatMap, ax: Axes, *, over: str, score: str | None = None) -> str:
    """Draw two knobs as a map, outline the best cell, and warn when it lies on an edge.

    Reading: the best cell, and the edge it lies on.
    """
    rows, columns = info.values.shape
    score = score_label(info.values, score)
    colors = "cividis_r" if info.lower_is_better else "cividis"
    image = ax.imshow(info.values, origin="lower", aspect="auto", cmap=colors)
    _draw_empty(ax, info)
    if rows * columns <= 80:
        _write_cells(ax, info, image)
    _outline_best(ax, info)
    ax.set_xticks(range(columns), [_tick(level) for level in info.x_levels])
    ax.set_yticks(range(rows), [_tick(level) for level in info.y_levels])
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02)
    bar.set_label(f"{score} ({over} of the cell)" if info.tried.max() > 1 else score)
    bar.ax.tick_params(labelsize=SIZES["small"])
    bar.outline.set_visible(False)
    row, column = info.best
    told: dict[str, Any] = {"cells": info.values[np.isfinite(info.values)]}
    told["where"] = f"{info.x}={_tick(info.x_levels[column])}, {info.y}={_tick(info.y_levels[row])}"
    # Of two levels, each is an end.
    told["wide"] = any(len(t) > 2 and is_number(t[0]) for t in (info.x_levels, info.y_levels))
    title, reading = words("heat_map", info=info, score=score, **told)
    finish(ax, title=title, x=knob_label(info.x), y=knob_label(info.y), grid=None)
    ax.spines[:].set_visible(False)
    if max(len(_tick(level)) for level in info.x_levels) * columns > 44:
        ax.tick_params(axis="x", rotation=30)
    return reading


def _binned(values: pd.Series) -> tuple[pd.Series, list]:
    """Return each row's level number and the levels; an interval stands for a bin."""
    levels = levels_of(values)
    if not is_numeric(values) or len(levels) <= 12:
        numbers = {level: number for number, level in enumerate(levels)}
        return values.map(numbers), levels
    low, high = float(levels[0]), float(levels[-1])
    spaced = np.geomspace if log_due(values.dropna()) else np.linspace
    edges = spaced(low, high, _BINS + 1)
    place = np.clip(np.searchsorted(edges, values.astype(float), side="right") - 1, 0, _BINS - 1)
    cut = [pd.Interval(a, b) for a, b in zip(edges[:-1], edges[1:], strict=True)]
    return pd.Series(place, index=values.index).where(values.notna()), cut


def _edges(values: pd.Series, levels: list, place: int) -> list[str]:
    """Name the end of a numeric knob on which the best cell lies."""
    ends = {0: "lowest", len(levels) - 1: "highest"}
    if place not in ends or not is_numeric(values) or len(levels) < 3:  # of two, each is an end
        return []
    what = " range" if isinstance(levels[place], pd.Interval) else ""
    return [f"{values.name}={_tick(levels[place])} is the {ends[place]}{what} tried"]


def _tick(level: object) -> str:
    if isinstance(level, pd.Interval):
        return f"{number(level.left)} to {number(level.right)}"
    return show(level)


def _draw_empty(ax: Axes, info: HeatMap) -> None:
    """Hatch cells without a value: an x where trials failed, a dash where none was made."""
    for row, column in zip(*np.nonzero(np.isnan(info.values)), strict=True):
        ax.add_patch(_cell(row, column, fc="white", ec=GRAYS["empty"], hatch="//", lw=0))
        text = "failed" if info.tried[row, column] else "not tried"
        ax.text(column, row, text, ha="center", va="center", path_effects=halo(),
                fontsize=SIZES["empty"], color=GRAYS["note"])  # fmt: skip


def _cell(row: int, column: int, **pen: Any) -> Rectangle:
    return Rectangle((column - 0.5, row - 0.5), 1, 1, **pen)


def _outline_best(ax: Axes, info: HeatMap) -> None:
    """Frame the best cell, with an arrow toward each edge that it lies on."""
    row, column = info.best
    for color, width in (("black", 4.5), ("white", 2.0)):
        ax.add_patch(_cell(row, column, fill=False, ec=color, lw=width, clip_on=False, zorder=4))
    for edge in info.edges:
        low = " lowest " in edge
        along_x = edge.startswith(f"{info.x}=")
        shift = -0.36 if low else 0.36
        place = (column + shift, row) if along_x else (column, row + shift)
        marker = ("<" if low else ">") if along_x else ("v" if low else "^")
        ax.plot(*place, marker=marker, ms=9, color=VERMILLION, mec="white", mew=1.2, zorder=5)


def _write_cells(ax: Axes, info: HeatMap, image: AxesImage) -> None:
    size = SIZES["tiny"] if info.values.size > 48 else SIZES["small"]
    shares = np.nanmin(info.values) >= 0 and np.nanmax(info.values) <= 1
    for (row, column), cell in np.ndenumerate(info.values):
        if np.isnan(cell):
            continue
        red, green, blue, _ = image.cmap(image.norm(cell))
        dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.55
        ax.text(column, row, f"{cell:.3f}" if shares else number(cell), ha="center", va="center",
                weight="bold" if (row, column) == info.best else "normal", fontsize=size,
                color="white" if dark else "black")  # fmt: skip

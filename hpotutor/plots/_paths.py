"""Paths of optimizers over a surface with two parameters."""

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import numbers
from hpotutor.plots.formatting import counted, words
from hpotutor.plots.style import BLACK, GRAYS, finish, halo, look, star

_PIXELS = 121
_ARRIVED = 0.01
_Span = tuple[float, float]


def paths_info(
    surface: Callable,
    paths: Mapping[str, ArrayLike],
    *,
    minimum: _Span,
    x_range: _Span = (-2.0, 2.0),
    y_range: _Span = (-2.0, 2.0),
) -> pd.DataFrame:
    """Say where each optimizer ends, and after how many steps it has arrived.

    Parameters
    ----------
    surface : callable
        ``surface(x, y)`` for arrays: the loss.
    paths : dict from name to array, shape (steps + 1, 2)
        The positions, the starting point first.
    minimum : (float, float)
        Where the loss is lowest.
    x_range, y_range : (float, float), default (-2, 2)
        The drawn region.

    DataFrame: A row per path: name, steps, x, y, loss, distance (to the minimum), arrived (steps
    until its loss above the minimum stays below 1% of the first; NaN if never), escaped (left the
    region or became infinite). Best first.

    ArgumentError: for a surface that is no function, or paths of another shape.

    Examples
    --------
    >>> bowl = lambda x, y: x**2 + y**2
    >>> found = paths_info(bowl, {"sgd": [(1, 0), (0.5, 0), (0.05, 0)]}, minimum=(0, 0))
    >>> found[["loss", "arrived"]].round(4).values.tolist()
    [[0.0025, 2.0]]
    """
    problems = Problems("paths")
    if not callable(surface):
        problems.add("surface", surface, "a function of two arrays", "lambda x, y: x**2 + 10*y**2")
    for name, span in (("x_range", x_range), ("y_range", y_range)):
        if np.shape(span) != (2,) or not span[0] < span[1]:
            problems.add(name, span, "two numbers, the lower one first", f"{name}=(-2, 2)")
    if not isinstance(paths, Mapping):
        problems.add("paths", paths, "a dict of paths", 'paths={"sgd": [(1, 1), (0, 0)]}')
        problems.raise_if_any()
    given = {}
    for name, way in paths.items():
        given[str(name)] = path = numbers(problems, f"paths[{name!r}]", way, "[(1, 1), (0, 0)]")
        if path.ndim != 2 or path.shape[1] != 2 or len(path) == 0:
            problems.add(f"paths[{name!r}]", path.shape, "the shape (steps + 1, 2)", "[(1, 1)]")
    if not given:
        problems.add("paths", paths, "at least one path", 'paths={"sgd": [(1, 1), (0, 0)]}')
    problems.raise_if_any()
    lowest = float(surface(*(np.float64(m) for m in minimum)))
    rows = []
    for name, path in given.items():
        with np.errstate(all="ignore"):
            loss = np.asarray(surface(path[:, 0], path[:, 1]), dtype=float)
        above = np.where(np.isfinite(loss), loss - lowest, np.inf)
        late = np.flatnonzero(above > _ARRIVED * above[0])
        arrived = 0 if not late.size else int(late[-1]) + 1
        end = path[-1]
        spans = zip(end, (x_range, y_range), strict=True)
        rows.append((name, len(path) - 1, end[0], end[1], loss[-1],
                     float(np.hypot(*(end - np.asarray(minimum)))),
                     arrived if arrived < len(path) else np.nan,
                     not all(low <= v <= high for v, (low, high) in spans)))  # fmt: skip
    columns = ["name", "steps", "x", "y", "loss", "distance", "arrived", "escaped"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values(["arrived", "loss"], kind="stable", ignore_index=True)
    table.attrs["minimum"] = minimum
    return table


@figure(paths_info, (7.0, 4.8))
def paths(
    table: pd.DataFrame,
    ax: Axes,
    *,
    surface: Callable,
    paths: Mapping[str, ArrayLike],
    x_range: _Span,
    y_range: _Span,
) -> str:
    """Draw the way of each optimizer over the contour lines of the loss.

    Reading: who arrives first, and who never does.
    """
    columns, rows = (np.linspace(*span, _PIXELS) for span in (x_range, y_range))
    z = np.asarray(surface(*np.meshgrid(columns, rows)), dtype=float)
    above = z - np.nanmin(z)
    levels = np.geomspace(max(above.max() * 1e-3, 1e-12), max(above.max(), 1e-11), 14)
    ax.contourf(columns, rows, np.maximum(above, levels[0]), levels, cmap="Greys", alpha=0.3,
                norm="log", extend="both")  # fmt: skip
    ax.contour(columns, rows, above, levels, colors=GRAYS["outline"], linewidths=0.5)
    arrivals = {}
    for row in table.itertuples():
        way = "leaves the picture" if row.escaped else "not yet there"
        way = counted(int(row.arrived), "step") if np.isfinite(row.arrived) else way
        arrivals[row.name] = f"{row.name}: {way}"
    for index, (name, path) in enumerate(dict(paths).items()):
        style, path = look(index), np.asarray(path, dtype=float)
        every = max(1, len(path) // 10)
        ax.plot(path[:, 0], path[:, 1], **style.pen, lw=1.8, path_effects=halo(3.4),
                ms=4.5, markevery=every, label=arrivals[str(name)])  # fmt: skip
        ax.plot(*path[-1], marker=style.marker, ms=10, color=style.color, mec=BLACK, zorder=4)
    start = np.asarray(next(iter(dict(paths).values())), dtype=float)[0]
    ax.plot(*start, marker="o", ms=10, mfc="white", mec=BLACK, ls="", label="start", zorder=5)
    star(ax, table.attrs["minimum"], "minimum", zorder=3)
    ax.set(xlim=x_range, ylim=y_range)
    told = {"arrivals": arrivals, "arrived": f"{100 * _ARRIVED:g}%"}
    title, reading = words("paths", table=table, **told)
    finish(ax, title=title, x="weight 1", y="weight 2", grid=None)
    ax.legend()
    return reading

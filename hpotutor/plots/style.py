"""How the course's figures look, and the sentence that each of them returns."""

from __future__ import annotations

import contextlib
import html
import math
import textwrap
import threading
from collections.abc import Iterator
from typing import NamedTuple

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from hpotutor.errors import Problems

# Okabe and Ito's eight colors, told apart by readers with any color vision deficiency:
# https://jfly.uni-koeln.de/color/
BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = (
    "#000000",
    "#E69F00",
    "#56B4E9",
    "#009E73",
    "#F0E442",
    "#0072B2",
    "#D55E00",
    "#CC79A7",
)
GREY, PALE = "#767676", "#D9D9D9"
TEXT_SIZE = 10

_RC = {
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.labelsize": TEXT_SIZE,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.size": TEXT_SIZE,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.facecolor": "white",
    "legend.framealpha": 0.8,
    "legend.fontsize": 9,
    "lines.linewidth": 1.8,
    "lines.markersize": 6,
    "savefig.facecolor": "white",
}


class Look(NamedTuple):
    """What tells one series from the next, also without color."""

    color: str
    linestyle: str | tuple
    marker: str
    hatch: str


_LOOKS = (
    Look(BLUE, "-", "o", ""),
    Look(VERMILLION, "--", "s", "//"),
    Look(GREEN, "-.", "^", "xx"),
    Look(PURPLE, ":", "D", ".."),
    Look(ORANGE, (0, (6, 1, 1, 1, 1, 1)), "v", "\\\\"),
    Look(SKY, (0, (4, 4)), "P", "++"),
    Look(BLACK, (0, (1, 3)), "X", "--"),
)


def look(index: int) -> Look:
    """Return color, line style, marker and hatch of series number ``index``."""
    return _LOOKS[index % len(_LOOKS)]


class Reading(str):
    """The sentence that belongs under a figure.

    It is an ordinary string. As the last line of a notebook cell it shows the open figures
    first and then itself, so that the sentence stands *under* the picture.

    Examples
    --------
    >>> Reading("Best value: 0.97.").upper()
    'BEST VALUE: 0.97.'
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self), quote=False)}</p>"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        # The inline backend shows figures when a cell has ended, which is after the cell's
        # value: left alone, the sentence would stand above the picture it explains.
        if "inline" in matplotlib.get_backend().lower():
            from matplotlib_inline.backend_inline import flush_figures

            flush_figures()
        display({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)


# JupyterLab hands what is moved on a panel to several threads of the kernel, but Matplotlib's
# settings belong to all of them: one at a time draws.
DRAWING = threading.RLock()


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw in the course's style inside a ``with`` block; the reader's own stays untouched."""
    with DRAWING, plt.style.context(["default", _RC]):
        yield
        interactive = matplotlib.is_interactive()
    # A notebook's backend is loaded by the first figure, and turns interactive mode on. Leaving
    # the block undoes that, and the notebook would show no further figure.
    matplotlib.interactive(interactive)


def new_axes(ax: Axes | None, size: tuple[float, float] = (7.0, 4.0)) -> Axes:
    """Return ``ax``, or the axes of a new figure of ``size`` inches. Call in `house_style`."""
    if ax is not None:
        if not isinstance(ax, Axes):
            problems = Problems("plots")
            problems.add("ax", ax, "Matplotlib's axes, or None", "ax=plt.gca()")
            problems.raise_if_any()
        return ax
    _, ax = plt.subplots(figsize=size, layout="constrained")
    return ax


def panel(ax: Axes, bounds: tuple[float, float, float, float]) -> Axes:
    """Return an axes inside ``ax`` at ``bounds`` (left, bottom, width, height as shares)."""
    ax.set_axis_off()
    return ax.inset_axes(bounds)


def finish(ax: Axes, *, title: str, x: str, y: str, grid: str | None = "both") -> None:
    """Write title and axis labels; ``grid`` is "x", "y", "both" or None."""
    headline(ax, title)
    label(ax, x=x, y=y, grid=grid)


def headline(ax: Axes, title: str) -> None:
    """Write the figure's message above ``ax``, in lines that fit its width."""
    figure = ax.get_figure()
    # The layout is not known yet; a constrained one leaves the axes wider than they are now.
    inches = figure.bbox.width / figure.dpi * (ax.get_position().width + 0.1)
    width = max(24, int(inches / 0.091))  # a bold character is so wide
    lines = textwrap.wrap(title, width)
    # Lines of about equal length read better than a last line of one word.
    while len(lines) > 1 and len(textwrap.wrap(title, width - 1)) == len(lines):
        width -= 1
        lines = textwrap.wrap(title, width)
    ax.set_title("\n".join(lines), loc="left", fontsize=11, fontweight="bold")


def label(ax: Axes, *, x: str, y: str, grid: str | None = "both") -> None:
    """Write axis labels, and pin what Matplotlib would otherwise look up while drawing."""
    ax.set_xlabel(x, fontsize=TEXT_SIZE)
    ax.set_ylabel(y, fontsize=TEXT_SIZE)
    # Ticks are made when the figure is drawn, which is outside `house_style`.
    ax.tick_params(labelsize=9, which="both")
    ax.grid(False)
    if grid:
        ax.grid(True, axis=grid, which="major", color=_RC["grid.color"], linewidth=0.7)


def number(x: float) -> str:
    """Write ``x`` with at most 3 significant digits; a whole number in full.

    Examples
    --------
    >>> number(0.96667), number(1e-4), number(5408), number(123.4), number(3.2e-7)
    ('0.967', '0.0001', '5,408', '123', '3.2e-07')
    """
    x = float(x)
    if not math.isfinite(x):
        return str(x)
    if x == round(x) and abs(x) < 1e9:
        return f"{int(x):,}"
    if 1e-5 <= abs(x) < 1e-3:
        return f"{float(f'{x:.3g}'):.7f}".rstrip("0")
    if 1000 <= abs(x) < 1e9:
        return f"{float(f'{x:.3g}'):,.0f}"
    return f"{x:.3g}"


def show(value: object) -> str:
    """Write a hyperparameter's value: numbers by `number`, anything else as it prints."""
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        return str(value)
    return number(float(value))


def duration(seconds: float) -> str:
    """Write a time in the unit that a person would use.

    Examples
    --------
    >>> duration(0.25), duration(90), duration(7200), duration(86400 * 3.5), duration(1e9)
    ('0.25 s', '1.5 min', '2 h', '3.5 days', '31.7 years')
    """
    for size, unit in ((365.25 * 86400, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            shown = number(float(f"{seconds / size:.3g}"))
            return f"{shown} {unit[:-1] if shown == '1' and unit.endswith('s') else unit}"
    return f"{number(float(f'{seconds:.3g}'))} s"


def counted(n: int, noun: str) -> str:
    """Write a count with its noun.

    Examples
    --------
    >>> counted(1, "trial"), counted(1200, "trial")
    ('1 trial', '1,200 trials')
    """
    return f"{n:,} {noun}{'' if n == 1 else 's'}"

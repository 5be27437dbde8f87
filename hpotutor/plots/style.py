"""How the course's figures look: colors, sizes, and what several of them draw alike."""

import contextlib
import textwrap
import threading
from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import matplotlib
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from hpotutor.errors import Problems
from hpotutor.plots.formatting import show

# Okabe and Ito's eight colors, told apart by readers with any color vision deficiency:
# https://jfly.uni-koeln.de/color/
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, VERMILLION, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
GRAY = "#767676"
# What stays in the background, from small text to the lightest fill; then font sizes.
GRAYS = {
    "note": "#444444", "stopped": "#6A6A6A", "outline": "#8A8A8A", "border": "#999999",
    "pruned": "#9A9A9A", "others": "#A9A9A9", "kinship": "#B5B5B5", "empty": "#BBBBBB",
    "gap": "#C4C4C4", "underfit": "#CCCCCC", "grid": "#E4E4E4",
}  # fmt: skip
SIZES = {"title": 11, "text": 10, "panel": 9.5, "small": 9, "dense": 8.5, "empty": 8, "tiny": 7.5}

# What differs from Matplotlib's defaults.
_RC = {
    "axes.axisbelow": True, "axes.grid": True, "grid.color": GRAYS["grid"], "grid.linewidth": 0.7,
    "axes.spines.right": False, "axes.spines.top": False, "lines.linewidth": 1.8,
    "axes.titlelocation": "left", "axes.titlesize": SIZES["title"], "axes.titleweight": "bold",
    "legend.edgecolor": "none", "legend.facecolor": "white", "legend.fontsize": SIZES["small"],
}  # fmt: skip


class Look(NamedTuple):
    """What tells one series from the next, also without color."""

    color: str
    linestyle: str | tuple
    marker: str
    hatch: str

    @property
    def pen(self) -> dict[str, Any]:
        """Color, line style and marker, as Matplotlib's ``plot`` takes them."""
        return {"color": self.color, "ls": self.linestyle, "marker": self.marker}


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
    if ax is None:
        return plt.subplots(figsize=size, layout="constrained")[1]
    if not isinstance(ax, Axes):
        told = ("ax", ax, "Matplotlib's axes, or None", "ax=plt.gca()")
        Problems("plots").add(*told).raise_if_any()
    return ax


def panel(ax: Axes, bounds: tuple[float, float, float, float]) -> Axes:
    """Return an axes inside ``ax`` at ``bounds`` (left, bottom, width, height as shares)."""
    ax.set_axis_off()
    return ax.inset_axes(bounds)


_Grid = Literal["x", "y", "both"] | None


def finish(ax: Axes, *, title: str, x: str, y: str, grid: _Grid = "both") -> None:
    """Write title and axis labels; ``grid`` is "x", "y", "both" or None."""
    headline(ax, title)
    label(ax, x=x, y=y, grid=grid)


def headline(ax: Axes, title: str) -> None:
    """Write the figure's message above ``ax``, in lines that fit its width."""
    figure = ax.figure
    # The layout is not known yet; a constrained one leaves the axes wider than they are now.
    inches = figure.bbox.width / figure.dpi * (ax.get_position().width + 0.1)
    width = max(24, int(inches / 0.091))  # a bold character is so wide
    lines = textwrap.wrap(title, width)
    # Lines of about equal length read better than a last line of one word.
    while len(lines) > 1 and len(textwrap.wrap(title, width - 1)) == len(lines):
        width -= 1
        lines = textwrap.wrap(title, width)
    ax.set_title("\n".join(lines), loc="left", fontsize=SIZES["title"], fontweight="bold")


def label(ax: Axes, *, x: str, y: str, grid: _Grid = "both") -> None:
    """Write axis labels, and pin what Matplotlib would otherwise look up while drawing."""
    ax.set_xlabel(x, fontsize=SIZES["text"])
    ax.set_ylabel(y, fontsize=SIZES["text"])
    # Ticks are made when the figure is drawn, which is outside `house_style`.
    ax.tick_params(labelsize=SIZES["small"], which="both")
    ax.grid(False)
    if grid:
        ax.grid(True, axis=grid, which="major", color=GRAYS["grid"], linewidth=0.7)


def star(
    ax: Axes,
    place: tuple[float, float],
    label: str | None = None,
    *,
    size: float = 16,
    zorder: float = 5,
) -> None:
    """Mark the best of all at ``place`` (x, y)."""
    ax.plot(*place, marker="*", ms=size, ls="", color=YELLOW, mec=BLACK, zorder=zorder, label=label)


def set_height(ax: Axes, low: float, high: float, room: float) -> None:
    """Let the vertical axis run from ``low`` to ``high``, and ``room`` (a share) beyond both."""
    beyond = room * max(high - low, 1e-9)
    ax.set_ylim(low - beyond, high + beyond)


def halo(width: float = 3) -> list[withStroke]:
    """Return the effect that sets text or a line off from what lies under it."""
    return [withStroke(linewidth=width, foreground="white")]


def whole_ticks(ax: Axes) -> None:
    """Let the horizontal axis count: no tick between two whole numbers."""
    locator = ax.xaxis.get_major_locator()
    if isinstance(locator, MaxNLocator):
        locator.set_params(integer=True)


def ticks_at(ax: Axes, levels: list) -> None:
    """Put ticks at a knob's levels, or leave them to Matplotlib when there are many."""
    if len(levels) <= 9:
        ax.set_xticks(levels, [show(level) for level in levels])
        ax.set_xticks([], minor=True)

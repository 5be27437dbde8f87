"""Grid arithmetic: levels a knob, and what they multiply to."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hpotutor._validation import is_number, is_whole
from hpotutor.errors import Problems
from hpotutor.plots import grid_cost, grid_cost_info
from hpotutor.plots.formatting import number
from hpotutor.plots.style import BLUE, SKY, finish
from hpotutor.widgets._base import Knob
from hpotutor.widgets._browse import BrowsingPanel

_MOST_LEVELS = 12
_MOST_KNOBS = 6
# A level speaks for this part of its knob's range: what lies nearer than a twentieth to it.
_REACH = 0.1


class GridArithmetic(BrowsingPanel):
    """A panel that multiplies the levels of a grid's knobs to fits, time and share seen.

    Parameters
    ----------
    levels : dict from name to int, optional
        The grid's knobs, 1 to 6 of them, and how many levels each has at first (1 to 12).
    folds : int, default 3
        Fits per grid point at first (1 to 10).
    seconds : float, default 2.5
        Time of one fit at first (0.01 to 3600).

    ArgumentError: with all that is out of range.

    Examples
    --------
    >>> panel = grid_arithmetic({"units": 4, "dropout": 3}, folds=5, seconds=2)
    >>> panel.set(units=8)
    >>> panel.reading
    "At 2 s a fit: 8 × 3 × 5 folds = 120 fits, 4 min. If each level speaks for a tenth of
    its knob's range, these 120 fits see 24% of the space."
    >>> panel.close()
    """

    name = "what a grid costs and how much it sees"
    size = (8.6, 4.2)

    def __init__(
        self,
        levels: Mapping[str, int] | None = None,
        *,
        folds: int = 3,
        seconds: float = 2.5,
        goal: str | None = None,
    ) -> None:
        if levels is None:
            levels = {"learning_rate": 3, "units": 3, "batch_size": 3, "dropout": 3}
        with Problems("grid_arithmetic") as problems:
            fine = isinstance(levels, Mapping) and 1 <= len(levels) <= _MOST_KNOBS
            if not fine or not all(is_whole(n) and 1 <= n <= _MOST_LEVELS for n in levels.values()):
                allowed = f"1 to {_MOST_KNOBS} names with 1 to {_MOST_LEVELS} levels each"
                problems.add("levels", levels, allowed, 'levels={"units": 4, "dropout": 3}')
            if not is_whole(folds) or not 1 <= folds <= 10:
                problems.add("folds", folds, "a whole number from 1 to 10", "folds=2")
            if not is_number(seconds) or not 0.01 <= seconds <= 3600:
                problems.add("seconds", seconds, "a time from 0.01 to 3600", "seconds=2.5")
        self.names = list(levels)
        controls = {n: Knob(f"{n} levels", int(k), 1, _MOST_LEVELS) for n, k in levels.items()}
        controls["folds"] = Knob("folds", int(folds), 1, 10)
        controls["seconds"] = Knob("seconds per fit", float(seconds), 0.01, 3600.0, log=True)
        controls["workers"] = Knob("fits side by side", 1, 1, 64)
        super().__init__(controls, goal=goal)

    def draw(self, figure: Figure) -> str:
        """Draw cost and share, and say both."""
        settings = self.settings
        levels = {name: settings.pop(name) for name in self.names}
        cost_axes, share_axes = figure.subplots(
            1, 2, width_ratios=[2.6, 1],
            gridspec_kw={"left": 0.07, "right": 0.99, "top": 0.89, "bottom": 0.16, "wspace": 0.5},
        )  # fmt: skip
        reading = grid_cost(levels, ax=cost_axes, **settings)
        # Of the space of a knob and those before it.
        seen = (_REACH * pd.Series(levels)).clip(upper=1.0).cumprod()
        _draw_share(share_axes, seen)
        if len(levels) > 4:  # room for the names
            cost_axes.tick_params(axis="x", labelsize=7.5)
            for text in (*cost_axes.texts, *share_axes.texts):
                text.set_fontsize(7.5)
        fits = grid_cost_info(levels, **settings)["fits"].iloc[-1]
        return self.words(reading=reading, fits=fits, share=_percent(seen.iloc[-1]))


def _draw_share(ax: Axes, seen: pd.Series) -> None:
    places = range(1, len(seen) + 1)
    shades = [SKY] * (len(seen) - 1) + [BLUE]
    ax.bar(places, 100 * seen, color=shades, edgecolor="black", width=0.62)
    for place, share in zip(places, seen, strict=True):
        ax.annotate(_percent(share).replace(" ", ""), (place, 100 * share), (0, 3),
                    textcoords="offset points", ha="center", fontsize=9)  # fmt: skip
    ax.set_ylim(0, 112)
    ax.set_xlim(0.4, len(seen) + 0.6)
    ax.set_xticks(places)
    finish(ax, title="What it sees", x="knobs", y="share of the space (%)", grid="y")


def _percent(share: float) -> str:
    """Write a share in percent, with at most two digits that count."""
    return f"{number(float(f'{100 * share:.2g}'))}%"


grid_arithmetic = GridArithmetic

"""Grid against random search on two knobs, of which one may hardly matter."""

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from hpotutor.plots import projections, projections_info
from hpotutor.widgets._base import Knob, menu
from hpotutor.widgets._browse import BrowsingPanel

_REDRAWS = 1000


def hill(idle: float, peak: float, width: float) -> Callable:
    """Return a score over two knobs: a hill along ``x``, and a slope along ``y`` that may be idle.

    ``idle`` says how much ``y`` matters, 0 not at all, 1 as much as ``x``; ``peak`` where along
    ``x`` the hill stands, 0 to 1; and ``width`` is its standard deviation.
    """

    def score(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        along_x = np.exp(-(((x - peak) / width) ** 2) / 2)
        along_y = np.exp(-(((y - 0.62) / width) ** 2) / 2)
        return (along_x + idle * along_y) / (1 + idle)

    return score


def wins_info(surface: Callable, points: int) -> float:
    """Return how often the best of random points beats the best of as many grid points.

    A share from 0 to 1, over 1,000 draws of ``points`` trials; a tie counts half.
    """
    info = projections_info(surface, points=points)
    rows, columns = info.surface.shape
    drawn = np.random.default_rng(0).random((2, _REDRAWS, points))
    # Read from the picture: the cell of a fine raster in which each point falls.
    at = info.surface[(drawn[1] * rows).astype(int), (drawn[0] * columns).astype(int)]
    cells = [(info.grid[c].to_numpy() * n).astype(int) for c, n in (("v", rows), ("u", columns))]
    grid, best = info.surface[tuple(cells)].max(), at.max(axis=1)
    return float(np.mean(best > grid) + np.mean(best == grid) / 2)


class GridVsRandom(BrowsingPanel):
    """A panel that sets grid points against random points on a hill over two knobs.

    Examples
    --------
    >>> panel = grid_vs_random()
    >>> panel.set(points=16, idle=0.5)
    >>> panel.reading
    "With 16 trials each, the grid tries 4 different values of the important knob, x, ..."
    >>> panel.close()
    """

    name = "grid points and random points on the same surface, and their shadows on each knob"
    size = (9.0, 4.9)
    buttons = {"Another seed": "another_seed"}

    def __init__(self, *, goal: str | None = None) -> None:
        controls = {
            "points": menu("points of each", (4, 9, 16, 25), 9),
            "seed": Knob("seed", 1, 0, 99),
            "idle": Knob("weight of knob y", 0.05, 0.0, 1.0, step=0.05),
            "peak": Knob("place of the hill", 0.34, 0.0, 1.0, step=0.02),
            "width": Knob("width of the hill", 0.12, 0.02, 0.3, step=0.01),
        }
        super().__init__(controls, goal=goal)

    def draw(self, figure: Figure) -> str:
        """Draw both kinds of points, and say who is ahead, now and in general."""
        settings = self.settings
        points, seed = settings.pop("points"), settings.pop("seed")
        surface = hill(**settings)
        ax = figure.add_axes((0.03, 0.12, 0.96, 0.78))
        reading = projections(surface, points=points, seed=seed, ax=ax)
        wins = wins_info(surface, points)
        return self.words(reading=reading, redraws=_REDRAWS, wins=wins)

    def another_seed(self) -> None:
        """Draw the random points anew."""
        seed = self.controls["seed"]
        seed.value = (seed.value + 1) % 100


grid_vs_random = GridVsRandom

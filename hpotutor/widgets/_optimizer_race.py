"""A race of optimizers over a surface of known shape."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from hpotutor.errors import ArgumentError, Problems
from hpotutor.plots import paths
from hpotutor.plots.style import finish, look
from hpotutor.widgets._base import Knob, menu, switch
from hpotutor.widgets._browse import BrowsingPanel


class Surface(NamedTuple):
    """A loss over two weights, its gradient, and where a race on it starts and ends."""

    loss: Callable
    gradient: Callable[[float, float], tuple[float, float]]
    start: tuple[float, float]
    minimum: tuple[float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float]


# In each, the loss and then its gradient.
SURFACES = {
    "narrow valley": Surface(
        lambda x, y: 0.05 * x**2 + y**2,
        lambda x, y: (0.1 * x, 2 * y),
        start=(-4.0, 1.6), minimum=(0.0, 0.0), x_range=(-5.0, 2.0), y_range=(-2.2, 2.2),
    ),
    # Rosenbrock's (1960) function with a milder wall, https://doi.org/10.1093/comjnl/3.3.175.
    "bent valley": Surface(
        lambda x, y: ((1 - x) ** 2 + 10 * (y - x**2) ** 2) / 10,
        lambda x, y: ((-2 * (1 - x) - 40 * x * (y - x**2)) / 10, 2 * (y - x**2)),
        start=(-1.3, 1.2), minimum=(1.0, 1.0), x_range=(-2.0, 2.0), y_range=(-1.0, 2.5),
    ),
    "saddle": Surface(
        lambda x, y: 0.5 * x**2 - 0.5 * y**2 + 0.125 * y**4 + 0.5,
        lambda x, y: (x, -y + 0.5 * y**3),
        start=(-2.4, 0.01), minimum=(0.0, 2**0.5), x_range=(-2.8, 1.8), y_range=(-2.2, 2.2),
    ),
    "bumps": Surface(
        lambda x, y: 0.15 * (x**2 + y**2) + 0.5 * (2 - np.cos(2.5 * x) - np.cos(2.5 * y)),
        lambda x, y: (0.3 * x + 1.25 * np.sin(2.5 * x), 0.3 * y + 1.25 * np.sin(2.5 * y)),
        start=(-3.4, 2.9), minimum=(0.0, 0.0), x_range=(-4.2, 2.0), y_range=(-2.0, 3.8),
    ),
}  # fmt: skip
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
# Keras's other defaults: https://keras.io/api/optimizers/
_RHO, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7
_FAR = 1e6


def walk_info(
    surface: Surface, optimizer: str, *, learning_rate: float = 0.05, momentum: float = 0.9,
    noise: float = 0.0, steps: int = 100, seed: int = 0,
) -> np.ndarray:  # fmt: skip
    """Return an optimizer's positions on a surface, the start first: an array (steps + 1, 2).

    The update rules are Keras's, as in Ruder (2016, https://arxiv.org/abs/1609.04747); ``momentum``
    is Adam's ``beta_1`` too (https://arxiv.org/abs/1412.6980). ``noise`` is the standard deviation
    that a small batch adds to the gradient's parts. Far away a walk stays where it was last.
    """
    kicks = noise * np.random.default_rng(seed).normal(size=(steps, 2))
    walk = np.empty((steps + 1, 2))
    walk[0] = place = np.array(surface.start, dtype=float)
    memory = np.zeros((2, 2))
    for step in range(1, steps + 1):
        gradient = np.array(surface.gradient(*place)) + kicks[step - 1]
        place = place + _move(optimizer, gradient, memory, learning_rate, momentum, step)
        walk[step:] = place
        if np.abs(place).max() > _FAR:
            break
    return walk


def _move(optimizer, gradient, memory, rate, momentum, step):
    """Return one step's move; ``memory``, of past gradients and of their squares, is updated."""
    if optimizer == "sgd":
        return -rate * gradient
    if optimizer in ("momentum", "nesterov"):
        memory[0] = momentum * memory[0] - rate * gradient
        return memory[0] if optimizer == "momentum" else momentum * memory[0] - rate * gradient
    if optimizer == "rmsprop":
        memory[1] = _RHO * memory[1] + (1 - _RHO) * gradient**2
        return -rate * gradient / np.sqrt(memory[1] + _EPSILON)
    memory[0] = momentum * memory[0] + (1 - momentum) * gradient
    memory[1] = _BETA_2 * memory[1] + (1 - _BETA_2) * gradient**2
    rate = rate * np.sqrt(1 - _BETA_2**step) / (1 - momentum**step)
    return -rate * memory[0] / (np.sqrt(memory[1]) + _EPSILON)


class OptimizerRace(BrowsingPanel):
    """A panel in which optimizers race over a surface.

    Parameters
    ----------
    surface : {"narrow valley", "bent valley", "saddle", "bumps"}
        Where they race at first.
    optimizers : sequence of str, default ("sgd", "momentum", "rmsprop", "adam")
        Who runs at first; "nesterov" is there too.

    ArgumentError: for a surface or an optimizer that is not there.

    Examples
    --------
    >>> panel = optimizer_race("saddle")
    >>> panel.set(learning_rate=0.1, steps=200)
    >>> panel.reading
    'Steps until the loss stays within 1% of its start: ...'
    >>> panel.close()
    """

    name = "paths of optimizers over the contour lines of a loss, and the loss at each step"
    size = (9.0, 4.4)

    def __init__(
        self,
        surface: str = "narrow valley",
        *,
        optimizers: Sequence[str] = ("sgd", "momentum", "rmsprop", "adam"),
        goal: str | None = None,
    ) -> None:
        with Problems("optimizer_race") as problems:
            problems.choice("surface", surface, SURFACES)
            optimizers = [optimizers] if isinstance(optimizers, str) else optimizers
            for name in optimizers:
                problems.choice("optimizers", name, OPTIMIZERS)
        controls = {
            "surface": menu("surface", SURFACES, surface),
            "learning_rate": Knob("learning_rate", 0.05, 1e-3, 2.0, log=True),
            "momentum": Knob("momentum", 0.9, 0.0, 0.99, step=0.01),
            "noise": Knob("noise of the batch", 0.0, 0.0, 2.0, step=0.05),
            "steps": Knob("steps", 100, 1, 300),
            "seed": Knob("seed of the noise", 0, 0, 50),
        }
        controls |= {f"run_{name}": switch(name, name in optimizers) for name in OPTIMIZERS}
        super().__init__(controls, goal=goal)

    def draw(self, figure: Figure) -> str:
        """Walk every chosen optimizer, and draw paths and losses."""
        now = self.settings
        surface = SURFACES[now.pop("surface")]
        chosen = [name for name in OPTIMIZERS if now.pop(f"run_{name}")]
        if not chosen:
            raise ArgumentError("optimizer_race: Nobody runs: tick an optimizer.")
        walks = {name: walk_info(surface, name, **now) for name in chosen}
        map_axes, loss_axes = figure.subplots(
            1, 2, width_ratios=[1.5, 1],
            gridspec_kw={"left": 0.075, "right": 0.985, "top": 0.88, "bottom": 0.13, "wspace": 0.2},
        )  # fmt: skip
        reading = paths(
            surface.loss, walks, minimum=surface.minimum, x_range=surface.x_range,
            y_range=surface.y_range, ax=map_axes,
        )  # fmt: skip
        lowest, start = (surface.loss(*at) for at in (surface.minimum, surface.start))
        for index, (name, walk) in enumerate(walks.items()):
            above = surface.loss(walk[:, 0], walk[:, 1]) - lowest
            loss_axes.plot(np.maximum(above, 1e-9), **look(index).pen, ms=4.5,
                           markevery=max(1, now["steps"] // 8), label=name)  # fmt: skip
        loss_axes.set_yscale("log")
        loss_axes.set_ylim(1e-6 * (start - lowest), 30 * (start - lowest))
        finish(loss_axes, title="Loss above the minimum", x="step", y="")
        return self.words(reading=reading)


optimizer_race = OptimizerRace

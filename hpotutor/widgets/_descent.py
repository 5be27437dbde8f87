"""What the optimizer race computes: surfaces of known shape, and how optimizers walk on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Gradient = Callable[[float, float], tuple[float, float]]


class Surface(NamedTuple):
    """A loss over two weights, its gradient, and where a race on it starts and ends."""

    loss: Callable
    gradient: Gradient
    start: tuple[float, float]
    minimum: tuple[float, float]
    x_range: tuple[float, float]
    y_range: tuple[float, float]


def _valley(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.05 * x**2 + y**2


def _banana(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Rosenbrock's (1960) function with a milder wall, https://doi.org/10.1093/comjnl/3.3.175."""
    return ((1 - x) ** 2 + 10 * (y - x**2) ** 2) / 10


def _saddle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.5 * x**2 - 0.5 * y**2 + 0.125 * y**4 + 0.5


def _bumps(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return 0.15 * (x**2 + y**2) + 0.5 * (2 - np.cos(2.5 * x) - np.cos(2.5 * y))


SURFACES = {
    "narrow valley": Surface(
        _valley, lambda x, y: (0.1 * x, 2 * y),
        start=(-4.0, 1.6), minimum=(0.0, 0.0), x_range=(-5.0, 2.0), y_range=(-2.2, 2.2),
    ),
    "bent valley": Surface(
        _banana, lambda x, y: ((-2 * (1 - x) - 40 * x * (y - x**2)) / 10, 2 * (y - x**2)),
        start=(-1.3, 1.2), minimum=(1.0, 1.0), x_range=(-2.0, 2.0), y_range=(-1.0, 2.5),
    ),
    "saddle": Surface(
        _saddle, lambda x, y: (x, -y + 0.5 * y**3),
        start=(-2.4, 0.01), minimum=(0.0, 2**0.5), x_range=(-2.8, 1.8), y_range=(-2.2, 2.2),
    ),
    "bumps": Surface(
        _bumps, lambda x, y: (0.3 * x + 1.25 * np.sin(2.5 * x), 0.3 * y + 1.25 * np.sin(2.5 * y)),
        start=(-3.4, 2.9), minimum=(0.0, 0.0), x_range=(-4.2, 2.0), y_range=(-2.0, 3.8),
    ),
}  # fmt: skip
OPTIMIZERS = ("sgd", "momentum", "nesterov", "rmsprop", "adam")
# Keras's other defaults: https://keras.io/api/optimizers/
_RHO, _BETA_2, _EPSILON = 0.9, 0.999, 1e-7
_FAR = 1e6


def walk_info(
    surface: Surface,
    optimizer: str,
    *,
    learning_rate: float = 0.05,
    momentum: float = 0.9,
    noise: float = 0.0,
    steps: int = 100,
    seed: int = 0,
) -> np.ndarray:
    """Return an optimizer's positions on a surface, the start first.

    The update rules are Keras's: "momentum" and "nesterov" are its SGD with momentum, and
    ``momentum`` is Adam's ``beta_1`` too; the others have none. ``noise`` is the standard deviation
    of what a small batch adds to each part of the gradient, the same for every optimizer. The
    array has the shape (steps + 1, 2); a walk that has left for infinity stays where it was last.

    Ruder (2016), An overview of gradient descent optimization algorithms,
    https://arxiv.org/abs/1609.04747; Kingma and Ba (2014), https://arxiv.org/abs/1412.6980.

    >>> walk = walk_info(SURFACES["narrow valley"], "sgd", learning_rate=0.5, steps=1)
    >>> walk.round(2).tolist()
    [[-4.0, 1.6], [-3.8, 0.0]]
    """
    kicks = noise * np.random.default_rng(seed).normal(size=(steps, 2))
    place = np.array(surface.start, dtype=float)
    walk = np.empty((steps + 1, 2))
    walk[0] = place
    memory = np.zeros((2, 2))
    rule = _RULES[optimizer]
    for step in range(steps):
        gradient = np.array(surface.gradient(*place)) + kicks[step]
        place = place + rule(gradient, memory, learning_rate, momentum, step + 1)
        if np.abs(place).max() > _FAR:
            walk[step + 1 :] = place
            break
        walk[step + 1] = place
    return walk


def _sgd(gradient, memory, rate, momentum, step):
    return -rate * gradient


def _momentum(gradient, memory, rate, momentum, step):
    memory[0] = momentum * memory[0] - rate * gradient
    return memory[0]


def _nesterov(gradient, memory, rate, momentum, step):
    memory[0] = momentum * memory[0] - rate * gradient
    return momentum * memory[0] - rate * gradient


def _rmsprop(gradient, memory, rate, momentum, step):
    memory[1] = _RHO * memory[1] + (1 - _RHO) * gradient**2
    return -rate * gradient / np.sqrt(memory[1] + _EPSILON)


def _adam(gradient, memory, rate, momentum, step):
    memory[0] = momentum * memory[0] + (1 - momentum) * gradient
    memory[1] = _BETA_2 * memory[1] + (1 - _BETA_2) * gradient**2
    rate = rate * np.sqrt(1 - _BETA_2**step) / (1 - momentum**step)
    return -rate * memory[0] / (np.sqrt(memory[1]) + _EPSILON)


_RULES = {
    "sgd": _sgd, "momentum": _momentum, "nesterov": _nesterov, "rmsprop": _rmsprop, "adam": _adam
}  # fmt: skip

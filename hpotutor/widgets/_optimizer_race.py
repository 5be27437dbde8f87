"""A race of optimizers over a surface of known shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from hpotutor.errors import ArgumentError, Problems
from hpotutor.plots import paths
from hpotutor.plots.formatting import counted, number
from hpotutor.plots.style import finish, look
from hpotutor.widgets._base import Knob, menu, switch
from hpotutor.widgets._browse import BrowsingPanel
from hpotutor.widgets._descent import OPTIMIZERS, SURFACES, walk_info


class OptimizerRace(BrowsingPanel):
    """A panel in which optimizers race over a surface.

    Parameters
    ----------
    surface : {"narrow valley", "bent valley", "saddle", "bumps"}
        Where they race at first.
    optimizers : sequence of str, default ("sgd", "momentum", "rmsprop", "adam")
        Who runs at first; "nesterov" is there too.
    goal : str, optional
        What to try, shown above the controls.

    Raises
    ------
    ArgumentError
        For a surface or an optimizer that is not there.

    Examples
    --------
    >>> panel = optimizer_race("saddle")
    >>> panel.set(learning_rate=0.1, steps=200)
    >>> panel.reading
    'Steps until the loss stays within 1% of its start: ...'
    >>> panel.close()
    """

    def __init__(
        self,
        surface: str = "narrow valley",
        *,
        optimizers: Sequence[str] = ("sgd", "momentum", "rmsprop", "adam"),
        goal: str | None = None,
    ) -> None:
        problems = Problems("optimizer_race")
        problems.choice("surface", surface, SURFACES)
        optimizers = [optimizers] if isinstance(optimizers, str) else optimizers
        for name in optimizers:
            problems.choice("optimizers", name, OPTIMIZERS)
        problems.raise_if_any()
        controls = {
            "surface": menu("surface", SURFACES, surface),
            "learning_rate": Knob("learning_rate", 0.05, 1e-3, 2.0, log=True),
            "momentum": Knob("momentum", 0.9, 0.0, 0.99, step=0.01),
            "noise": Knob("noise of the batch", 0.0, 0.0, 2.0, step=0.05),
            "steps": Knob("steps", 100, 1, 300),
            "seed": Knob("seed of the noise", 0, 0, 50),
        }
        controls |= {f"run_{name}": switch(name, name in optimizers) for name in OPTIMIZERS}
        name = "paths of optimizers over the contour lines of a loss, and the loss at each step"
        super().__init__(controls, name=name, size=(9.0, 4.4), goal=goal)

    def draw(self, figure: Figure) -> str:
        """Walk every chosen optimizer, and draw paths and losses."""
        now = self.settings
        surface = SURFACES[now["surface"]]
        how = {name: now[name] for name in ("learning_rate", "momentum", "noise", "steps", "seed")}
        chosen = [name for name in OPTIMIZERS if now[f"run_{name}"]]
        if not chosen:
            raise ArgumentError("optimizer_race: Nobody runs: tick an optimizer.")
        walks = {name: walk_info(surface, name, **how) for name in chosen}
        map_axes, loss_axes = figure.subplots(
            1, 2, width_ratios=[1.5, 1],
            gridspec_kw={"left": 0.075, "right": 0.985, "top": 0.88, "bottom": 0.13, "wspace": 0.2},
        )  # fmt: skip
        reading = paths(
            surface.loss, walks, minimum=surface.minimum, x_range=surface.x_range,
            y_range=surface.y_range, ax=map_axes,
        )  # fmt: skip
        lowest = float(surface.loss(*map(np.float64, surface.minimum)))
        first = float(surface.loss(*map(np.float64, surface.start))) - lowest
        for index, (name, walk) in enumerate(walks.items()):
            style = look(index)
            above = surface.loss(walk[:, 0], walk[:, 1]) - lowest
            loss_axes.plot(np.maximum(above, 1e-9), color=style.color, ls=style.linestyle,
                           marker=style.marker, ms=4.5, markevery=max(1, now["steps"] // 8),
                           label=name)  # fmt: skip
        loss_axes.set_yscale("log")
        loss_axes.set_ylim(1e-6 * first, 30 * first)
        finish(loss_axes, title="Loss above the minimum", x="step", y="")
        rate, momentum, noise = (
            number(now[name]) for name in ("learning_rate", "momentum", "noise")
        )
        return (
            f"{reading} Learning rate {rate}, momentum {momentum}, noise {noise} "
            f"(seed {now['seed']}), {counted(now['steps'], 'step')}."
        )


optimizer_race = OptimizerRace

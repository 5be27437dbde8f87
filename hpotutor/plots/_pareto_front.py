"""A front of two goals: the settings that no other one dominates, and what they cover."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import complete, log_due, need_scores, opened
from hpotutor.plots.formatting import score_label, words
from hpotutor.plots.style import BLACK, BLUE, GRAY, VERMILLION, finish
from hpotutor.study.dominance import efficient, hypervolume


class ParetoFront(NamedTuple):
    """Finished ``points`` (cost, value), their ``front``, that of the ``truth``, and the ``area``
    that the front covers from a reference; ``log`` where costs spread by factors."""

    points: pd.DataFrame
    front: pd.DataFrame
    truth: pd.DataFrame | None
    area: float | None
    log: bool


def pareto_front_info(
    result: object,
    *,
    cost: str = "weights",
    truth: pd.DataFrame | None = None,
    reference: tuple[float, float] | None = None,
    direction: str | None = None,
) -> ParetoFront:
    """Find the settings that no other one dominates.

    Parameters
    ----------
    cost : str, default "weights"
        The column of which less is better.
    truth : DataFrame, optional
        More settings with these two columns, such as a whole table, of which the front is shown.
    reference : tuple of (cost, value), optional
        A corner that is bad in both goals, from which the front's hypervolume is measured; with
        logarithms to base 10 of costs that spread by factors.

    ParetoFront: settings with the same cost and value stand on the front once.

    ArgumentError: for a table without these columns, or without a finished trial.

    Examples
    --------
    >>> trials = pd.DataFrame({"weights": [10, 20, 30], "value": [0.5, 0.4, 0.9]})
    >>> found = pareto_front_info(trials, reference=(40, 0.1))
    >>> found.front["weights"].tolist(), round(found.area, 1)
    ([10.0, 30.0], 16.0)
    """
    problems, frame, sign = opened("pareto_front", result, direction)
    fine = need_scores(problems, frame, cost=cost)
    if truth is not None and not {cost, "value"} <= {*truth}:
        problems.add("truth", truth, f"a frame with {cost} and value", "truth=frame")
    problems.raise_if_any()
    ways = ["minimize", "maximize" if sign > 0 else "minimize"]

    def best(points: pd.DataFrame) -> pd.DataFrame:
        points = points[[cost, "value"]].astype(float)
        return points[efficient(points, ways)].drop_duplicates().sort_values(cost)

    points, area = frame[fine & complete(frame)][[cost, "value"]], None
    log = log_due(points[cost])
    if reference is not None:
        both = np.array([*points.to_numpy(float), reference])
        both[:, 0] = np.log10(both[:, 0]) if log else both[:, 0]
        area = hypervolume(both[:-1], both[-1], ways)
    return ParetoFront(points, best(points), None if truth is None else best(truth), area, log)


@figure(pareto_front_info)
def pareto_front(
    info: ParetoFront,
    ax: Axes,
    *,
    cost: str,
    reference: tuple[float, float] | None,
    score: str | None = None,
) -> str:
    """Draw settings by cost and score, the front as steps, and that of the truth.

    Reading: how many are on the front, from where to where, and the hypervolume.
    """
    points, front, score = info.points, info.front, score_label(info.points["value"], score)
    ax.set_xscale("log" if info.log else "linear")
    ax.plot(points[cost], points["value"], "o", color=GRAY, ms=3.5, alpha=0.6, label="dominated")
    if info.truth is not None:
        ax.plot(info.truth[cost], info.truth["value"], "s--", color=VERMILLION, ms=5, mfc="none",
                drawstyle="steps-post", lw=1.4, label="front of the truth")  # fmt: skip
    steps = front[[cost, "value"]].to_numpy().T
    if reference is not None:
        steps = np.pad(steps, ((0, 0), (0, 1)), "edge")
        steps[0, -1] = reference[0]
        ax.fill_between(steps[0], reference[1], steps[1], step="post", color=BLUE, alpha=0.13)
        ax.plot(*reference, "X", color=BLACK, ms=9, label="reference", clip_on=False)
    ax.plot(*steps, drawstyle="steps-post", color=BLUE, lw=2)
    ax.plot(front[cost], front["value"], "o", color=BLUE, mec=BLACK, ms=7, label="front")
    title, reading = words("pareto_front", info=info, cost=cost, score=score)
    finish(ax, title=title, y=score, x=f"{cost} (log scale)" if info.log else cost)
    ax.legend(loc="upper left", bbox_to_anchor=(0, -0.14), ncols=4)
    return reading

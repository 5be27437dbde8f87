"""Which of several settings no other one dominates, and how much a front covers."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from hpotutor.errors import Problems


def efficient(
    points: ArrayLike, directions: Sequence[str] = ("minimize", "minimize")
) -> np.ndarray:
    """Return which points, a row each, are dominated by no other: the Pareto front.

    A point dominates another if it is at least as good in every goal, and better in one; a goal is
    a column, with its direction, "minimize" or "maximize". Of equal points none dominates the
    other. What has a missing value is on no front.

    Examples
    --------
    >>> efficient([[0.9, 500], [0.8, 700], [0.7, 100]], ["maximize", "minimize"]).tolist()
    [True, False, True]
    """
    costs = _costs("efficient", "points", points, directions)
    front: np.ndarray = np.isfinite(costs).all(axis=1)
    for place, cost in enumerate(costs):
        if front[place]:
            front &= ~((costs >= cost).all(axis=1) & (costs > cost).any(axis=1))
    return front


def hypervolume(
    points: ArrayLike,
    reference: Sequence[float],
    directions: Sequence[str] = ("minimize", "minimize"),
) -> float:
    """Return the area that points with two goals cover, from a corner that is worse in both.

    It grows with every point that none dominated before, so that fronts can be compared by one
    number. The number depends on the corner, ``reference``, and on the scale of each goal: give
    the logarithm of what is compared by factors. What is not better than the corner in both goals
    adds nothing. Zitzler and Thiele (1999), https://doi.org/10.1109/4235.797969.

    Examples
    --------
    >>> hypervolume([[1, 3], [2, 1]], reference=[4, 4])
    7.0
    """
    given: dict[str, ArrayLike] = {"reference": [reference], "points": points}
    corner, costs = (_costs("hypervolume", name, given[name], directions, 2) for name in given)
    inside = costs[(costs < corner).all(axis=1)]
    front = np.unique(inside[efficient(inside)], axis=0)  # by the first goal, rising
    widths = np.diff(front[:, 0], append=corner[0, 0])
    return float((widths * (corner[0, 1] - front[:, 1])).sum())


def _costs(
    call: str, name: str, points: ArrayLike, directions: Sequence[str], goals: int | None = None
) -> np.ndarray:
    """Return points of which the lower is better in each goal."""
    problems, found = Problems(call), np.asarray(points, dtype=float)
    known = set(directions) <= {"minimize", "maximize"}
    if not known or len(directions) != (goals or len(directions)):
        allowed = f'"minimize" or "maximize" for each of {goals or "the"} goals'
        problems.add("directions", directions, allowed, 'directions=["maximize", "minimize"]')
    elif found.ndim != 2 or found.shape[1] != len(directions):
        allowed = f"rows of {len(directions)} numbers, one for each direction"
        problems.add(name, points, allowed, "[[0.9, 500], [0.8, 100]]")
    problems.raise_if_any()
    return found * [-1.0 if way == "maximize" else 1.0 for way in directions]

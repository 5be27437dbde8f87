"""Fronts against their definition, and areas against counted squares."""

import numpy as np
import pytest

from hpotutor.study import efficient, hypervolume
from tests.messages import refused, told

WAYS = ["maximize", "minimize"]


def dominated(point, others):
    return any(
        a >= point[0] and b <= point[1] and (a, b) != tuple(point) for a, b in others.tolist()
    )


@pytest.mark.parametrize("seed", range(8))
def test_the_front_is_what_nothing_dominates(seed):
    points = np.random.default_rng(seed).integers(0, 9, (40, 2)).astype(float)
    expected = [not dominated(point, points) for point in points]
    assert efficient(points, WAYS).tolist() == expected
    turned = points * [-1, 1]
    assert efficient(turned).tolist() == expected


def test_equal_points_share_a_front_and_missing_values_are_on_none():
    assert efficient([[1, 1], [1, 1], [np.nan, 0], [2, np.inf]]).tolist() == [
        True,
        True,
        False,
        False,
    ]
    assert efficient([[1, 2, 3], [2, 1, 3], [2, 2, 4]], ["minimize"] * 3).tolist() == [1, 1, 0]
    assert efficient(np.empty((0, 2))).tolist() == []


@pytest.mark.parametrize("seed", range(8))
def test_the_area_is_the_number_of_squares_that_a_point_dominates(seed):
    points = np.random.default_rng(seed).integers([-2, 0], [12, 13], (seed, 2))
    x, y = np.meshgrid(np.arange(12), np.arange(10))  # squares by their lower left corner
    covered = np.zeros(x.shape, bool)
    for accuracy, cost in points:  # up to `accuracy`, from `cost` on, seen from (0, 10)
        covered |= (x < accuracy) & (y >= cost)
    assert hypervolume(points, (0, 10), WAYS) == covered.sum()
    shifted = points + [3, 5]
    assert hypervolume(shifted, (3, 15), WAYS) == hypervolume(points, (0, 10), WAYS)


def test_what_is_no_better_than_the_corner_adds_nothing():
    assert hypervolume([[1, 1]], (1, 4)) == 0.0
    assert hypervolume(np.empty((0, 2)), (4, 4)) == 0.0
    assert hypervolume([[1, 1], [0, 5], [5, 0]], (4, 4)) == 9.0


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: efficient([[1, 2]], ["up", "down"]), r"directions=\['up', 'down'\]"),
        (lambda: efficient([[1, 2, 3]]), r"points=\[\[1, 2, 3\]\]"),
        (lambda: efficient([1, 2]), r"points=\[1, 2\]"),
        (lambda: hypervolume([[1, 2, 3]], (1, 2, 3), ["minimize"] * 3), "each of 2 goals"),
        (lambda: hypervolume([[1, 2]], (1,)), r"reference=\[\(1,\)\] .*rows of 2 numbers"),
    ],
)
def test_bad_points_are_refused_with_what_to_type(call, says):
    with refused(says):
        call()


def test_goals_are_compared_whatever_their_scale_and_ends_of_a_front_count():
    assert efficient([[1, 1], [1, 2], [2, 1]]).tolist() == [True, False, False]
    assert efficient([[0.0, 5], [-1e-9, 5], [0, 4]]).tolist() == [False, True, True]
    assert efficient([[np.inf, 0], [1, -np.inf], [1, 1]]).tolist() == [False, False, True]
    assert hypervolume([[1, 3], [2, 2], [3, 1], [3, 1], [3, 3]], (4, 4)) == 6.0
    assert hypervolume([[0.5, 10]], (0, 20), WAYS) == 5.0
    assert type(hypervolume([[1, 1]], (2, 2))) is float


def test_what_to_type_instead_is_told_whole():
    assert told(efficient, [[1, 2]], ["maximize", "less"]) == (
        "efficient: directions=['maximize', 'less'] is not allowed. Allowed: \"minimize\" or "
        '"maximize" for each of the goals. Type for instance directions=["maximize", "minimize"].'
    )
    assert told(hypervolume, [[1, 2, 3]], (4, 4)) == (
        "hypervolume: points=[[1, 2, 3]] is not allowed. Allowed: rows of 2 numbers, one for each "
        "direction. Type for instance [[0.9, 500], [0.8, 100]]."
    )

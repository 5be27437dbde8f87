"""One hyperparameter's arithmetic at its ends: counted, on a grid, on [0, 1], cleaned, labeled."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.space import transforms
from hpotutor.space.transforms import (
    ALL,
    clean,
    count,
    describe,
    from_unit,
    grid_axis,
    grid_axis_size,
    holds,
    labeled,
    labels,
    to_unit,
    typical,
)

STEPS = ht.integers(8, 32, step=8)
LOG = ht.integers(1, 100, log=True)
RATE = ht.loguniform(1e-4, 1e-1)
SHARE = ht.uniform(0, 0.5)
KIND = ht.choice("a", None, True, 1.5, (1, 2))


def test_values_are_counted():
    assert [count(d) for d in (STEPS, LOG, RATE, SHARE, KIND)] == [4, 100, math.inf, math.inf, 5]
    assert count(ht.integers(1, 2)) == 2


@pytest.mark.parametrize(
    ("distribution", "inside", "outside"),
    [
        (STEPS, [8, 16, 32, np.int64(8), np.array(8)], [0, 7, 9, 40, 8.0, "8", True, None]),
        (SHARE, [0, 0.0, 0.5, np.float32(0.25)], [-1e-9, 0.5000001, "0", None, False, math.nan]),
        (RATE, [1e-4, 0.1], [0, 0.99e-4, 0.11]),
        (KIND, ["a", None, True, 1.5, (1, 2)], ["b", 1, False, 1.5001, (2, 1), [1, 2], "None"]),
    ],
)
def test_what_a_distribution_holds(distribution, inside, outside):
    assert [holds(distribution, value) for value in inside] == [True] * len(inside)
    assert [holds(distribution, value) for value in outside] == [False] * len(outside)


def test_what_is_allowed_in_words_and_what_could_be_typed():
    assert describe(STEPS) == "a whole number from 8 to 32 in steps of 8"
    assert describe(LOG) == "a whole number from 1 to 100"
    assert describe(SHARE) == "a number from 0.0 to 0.5"
    assert describe(KIND) == "one of 'a', None, True, 1.5, (1, 2)"
    assert [typical(d) for d in (STEPS, LOG, SHARE, RATE, KIND)] == [16, 10, 0.25, 0.00316, "a"]
    assert typical(ht.integers(1, 2)) == 1 and typical(ht.integers(1, 3)) == 2


@pytest.mark.parametrize(
    ("distribution", "levels", "values"),
    [
        (STEPS, None, [8, 16, 24, 32]),
        (STEPS, 1, [16]),
        (STEPS, 2, [8, 32]),
        (STEPS, 3, [8, 16, 32]),
        (STEPS, 4, [8, 16, 24, 32]),
        (STEPS, 9, [8, 16, 24, 32]),
        (ht.integers(1, 9), 3, [1, 5, 9]),
        (ht.integers(1, 9), 4, [1, 3, 6, 9]),
        (ht.integers(1, 9), 8, [1, 2, 3, 4, 5, 6, 7, 9]),
        (ht.integers(1, 9), None, list(range(1, 10))),
        (ht.integers(1, 2), 1, [1]),
        (LOG, None, [1, 3, 10, 32, 100]),
        (LOG, 1, [10]),
        (LOG, 2, [1, 100]),
        (LOG, 3, [1, 10, 100]),
        (LOG, ALL, list(range(1, 101))),
        (ht.integers(1, 5, log=True), None, [1, 2, 3, 4, 5]),
        (ht.integers(1, 6, log=True), None, [1, 2, 4, 6]),  # equal ones once
        (SHARE, None, [0.0, 0.125, 0.25, 0.375, 0.5]),
        (SHARE, 1, [0.25]),
        (SHARE, 2, [0.0, 0.5]),
        (RATE, 2, [1e-4, 1e-1]),
        (RATE, 4, [1e-4, 1e-3, 1e-2, 1e-1]),
        (KIND, 1, ["a", None, True, 1.5, (1, 2)]),
    ],
)
def test_a_grid_is_even_on_its_scale_and_has_its_ends(distribution, levels, values):
    assert repr(grid_axis(distribution, levels)) == repr(values)
    assert grid_axis_size(distribution, levels) == len(values)


def test_a_long_grid_is_counted_and_not_made(monkeypatch):
    huge = ht.integers(1, 10**12)
    assert grid_axis_size(huge, None) == 10**12 and grid_axis_size(huge, 7) == 7
    assert grid_axis(huge, 3) == [1, (10**12 + 1) // 2, 10**12]
    monkeypatch.setattr(transforms, "grid_axis", None)
    assert grid_axis_size(STEPS, 2) == 2 and grid_axis_size(STEPS, 9) == 4


@pytest.mark.parametrize(
    ("low", "high", "levels", "values"),
    [
        (0.0, 1.0, 4, [0.0, 0.333, 0.667, 1.0]),
        (-1.0, 1.0, 3, [-1.0, 0.0, 1.0]),
        (1000.0, 1001.0, 5, [1000.0, 1000.25, 1000.5, 1000.75, 1001.0]),
        (0.1234567, 0.2345678, 3, [0.1234567, 0.179, 0.2345678]),
        (0.0, 0.606, 3, [0.0, 0.303, 0.606]),  # 3 digits, though 0.3 would be close, too
        (-0.1, 0.2, 4, [-0.1, 0.0, 0.1, 0.2]),  # as computed, 1.4e-17
        (0.0, 5e-324, 3, [0.0, 5e-324]),  # there is nothing in between
    ],
)
def test_inner_values_of_a_grid_print_short(low, high, levels, values):
    assert grid_axis(ht.uniform(low, high), levels) == values


# ── [0, 1] ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("distribution", "value", "position"),
    [
        (STEPS, 8, 1 / 8),
        (STEPS, 32, 7 / 8),
        (ht.integers(1, 3), 2, 0.5),
        (SHARE, 0.0, 0.0),
        (SHARE, 0.5, 1.0),
        (SHARE, 0.125, 0.25),
        (RATE, 1e-4, 0.0),
        (RATE, 1e-1, 1.0),
        (RATE, 1e-2, 2 / 3),
        (KIND, "a", 0.1),
        (KIND, (1, 2), 0.9),
        (ht.integers(1, 4, log=True), 1, math.log(2) / math.log(9)),
        (ht.integers(1, 4, log=True), 4, math.log(8) / math.log(9)),
    ],
)
def test_each_value_has_its_place(distribution, value, position):
    assert to_unit(distribution, value) == pytest.approx(position)
    back = from_unit(distribution, to_unit(distribution, value))
    assert back == pytest.approx(value) if isinstance(value, float) else back == value


@pytest.mark.parametrize(
    ("distribution", "ends"),
    [(STEPS, (8, 32)), (LOG, (1, 100)), (SHARE, (0.0, 0.5)), (RATE, (1e-4, 1e-1)),
     (KIND, ("a", (1, 2)))],
)  # fmt: skip
def test_the_ends_of_the_cube_are_the_ends_of_the_range(distribution, ends):
    assert (from_unit(distribution, 0.0), from_unit(distribution, 1.0)) == ends
    just = from_unit(distribution, math.nextafter(1.0, 0.0))
    assert holds(distribution, just) and holds(distribution, from_unit(distribution, 1e-300))


def test_bins_meet_halfway():
    for position, value in ((0.2499, 8), (0.2501, 16), (0.7499, 24), (0.7501, 32)):
        assert from_unit(STEPS, position) == value
    two = ht.choice("a", "b")
    assert from_unit(two, 0.4999) == "a" and from_unit(two, 0.5) == "b"


# ── cleaned ──────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("distribution", "given", "value"),
    [
        (STEPS, 16.0, 16),
        (STEPS, 16.0000001, 16),
        (STEPS, np.float32(16), 16),
        (SHARE, 0, 0.0),
        (SHARE, 0.5 * (1 + 1e-7), 0.5),
        (SHARE, -1e-13, 0.0),
        (RATE, 1e-4 * (1 - 1e-7), 1e-4),
        (ht.uniform(-2, -1), -1.5, -1.5),
        (ht.uniform(-1, 1), -1 - 1e-7, -1.0),
        (ht.uniform(0, 1e6), -1e-7, 0.0),
        (ht.uniform(-1e100, 1e100), 1e100, 1e100),
        (ht.uniform(-1e100, 1e100), -(10**100), -1e100),
        (KIND, "1.5", 1.5),
        (KIND, "None", None),
        (KIND, np.float32(1.5), 1.5),
        (KIND, 1.5 * (1 + 1e-7), 1.5),
        (KIND, [1, 2], (1, 2)),
        (KIND, np.array([1, 2]), (1, 2)),
        (KIND, "(1, 2)", (1, 2)),
        (KIND, np.True_, True),
    ],
)
def test_what_libraries_give_back_becomes_plain(distribution, given, value):
    found = clean(distribution, given)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("distribution", "given"),
    [
        (STEPS, 16.001),
        (STEPS, 40),
        (STEPS, "16"),
        (STEPS, None),
        (STEPS, True),
        (STEPS, math.inf),
        (STEPS, math.nan),
        (SHARE, 0.5001),
        (SHARE, -1e-6),
        (SHARE, -1e-12),
        (SHARE, 0.5 * (1 + 3e-6)),
        (ht.integers(1, 9), 2.000003),
        (SHARE, math.nan),
        (SHARE, "0.1"),
        (RATE, 0.99e-4),
        (SHARE, 1e200),
        (KIND, 2.5),
        (KIND, "c"),
        (KIND, 1.5001),
        (KIND, {"a": 1}),
    ],
)
def test_what_is_outside_stays_outside(distribution, given):
    with pytest.raises(ValueError):
        clean(distribution, given)


# ── labels ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("choices", "named"),
    [
        (["a", 1, None], ["a", "1", "None"]),
        ([1, "1"], ["0: 1", "1: 1"]),
        ([None, "None", "0: None"], ["0: 0: None", "1: 1: None", "2: 2: 0: None"]),
        ([True, 1.5, (1, 2)], ["True", "1.5", "(1, 2)"]),
    ],
)
def test_labels_are_the_values_as_text_and_never_those_of_another(choices, named):
    assert labels(choices) == named


def test_a_study_holds_tuples_by_their_labels_and_all_else_as_it_is():
    distribution, value = labeled(KIND, (1, 2))
    assert value == "(1, 2)" and distribution.choices == ("a", "None", "True", "1.5", "(1, 2)")
    assert labeled(KIND, None)[1] == "None"
    for one, given in ((STEPS, 8), (SHARE, 0.25), (ht.choice("a", None), None)):
        assert labeled(one, given) == (one, given)
    assert not transforms.holds_tuples(STEPS) and transforms.holds_tuples(KIND)

"""What a space refuses at the ends: names, conditions, levels; and which names exist when."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import told

N = ht.integers(1, 3)


@pytest.mark.parametrize("name", ["", "1a", "a b", "a-b", "for", "None", 3, None])
def test_a_name_is_one_that_python_can_use(name):
    assert told(ht.SearchSpace, [(name, N)]).startswith(
        f"SearchSpace: name={name!r} is not allowed. Allowed: a name that Python can use."
    )
    assert list(ht.SearchSpace([("a", N), ("_b", N)])) == ["a", "_b"]


@pytest.mark.parametrize(
    ("given", "typed"),
    [
        ([1, 2], "x=ht.choice(1, 2)"),
        ((1, "a"), "x=ht.choice(1, 'a')"),
        (range(12), "x=ht.choice(0, 1, 2, 3, 4, 5, 6, 7)"),
        (np.array([1, 2]), "x=ht.choice(1, 2)"),
        (3, "x=ht.choice(3)"),
        ("adam", "x=ht.choice('adam')"),
        (None, "x=ht.choice(None)"),
        ([], "x=ht.loguniform(1e-4, 1e-1)"),
        (len, "x=ht.loguniform(1e-4, 1e-1)"),
    ],
)
def test_what_is_no_distribution_is_told_with_what_was_meant(given, typed):
    text = told(ht.SearchSpace, x=given)
    assert "Allowed: a distribution." in text and text.endswith(f"Type for instance {typed}.")


def test_the_parts_of_a_condition_are_told_one_by_one():
    def space(**conditions):
        return ht.SearchSpace(kind=ht.choice("a", "b"), n=N, x=ht.when(N, **conditions), y=N)

    assert space(n=[2, 2, 1], kind="a").conditions == {"x": {"n": (2, 1), "kind": ("a",)}}
    text = told(space, n=4)
    assert (
        "x: n=4 is not allowed. Allowed: a value that n can take: a whole number from 1 to 3."
        in text
    )
    assert text.endswith("Type for instance n=[2].")
    assert "x cannot depend on itself." in told(space, x=1)
    assert "x depends on y: move y before it." in told(space, y=1)
    assert "which is not in the space. Did you mean 'kind'?" in told(space, kinds=1)
    text = told(ht.SearchSpace, units_2=ht.when(N, units_1=1), units_3=N)
    assert text.endswith("which is not in the space. Did you mean 'units_3'?")  # not itself
    # A parent that is wrong itself is told once.
    text = told(ht.SearchSpace, a=3, b=ht.when(N, a=1))
    assert "problems" not in text and text.startswith("SearchSpace: a=3")


def test_a_space_of_pairs_of_a_mapping_and_of_another_space():
    pairs = [("a", N), ("b", ht.when(N, a=[1]))]
    one = ht.SearchSpace(pairs)
    assert one == ht.SearchSpace(dict(pairs)) == ht.SearchSpace(one) == ht.SearchSpace(iter(pairs))
    assert ht.SearchSpace(one, c=N).conditions == one.conditions
    assert list(ht.SearchSpace({"b": N}, a=N)) == ["b", "a"]
    for given in (3, [1, 2], [("a", N, 3)]):
        text = told(ht.SearchSpace, given)
        assert "Allowed: a mapping or (name, distribution) pairs." in text
        assert text.startswith("SearchSpace: parameters=")  # and of nothing else
    text = told(ht.SearchSpace)
    assert text.startswith("SearchSpace: a space needs at least one hyperparameter. Type for")


@pytest.mark.parametrize(
    ("levels", "fine"),
    [(1, True), (np.int64(2), True), ({"x": 1}, True), ({"x": None}, True), ({}, True),
     (0, False), (1.0, False), ({"x": 0}, False), ({"x": True}, False)],
)  # fmt: skip
def test_levels_are_whole_numbers_from_one_up(levels, fine):
    space = ht.SearchSpace(x=ht.uniform(0, 1), n=N)
    if fine:
        assert len(space.grid(levels)["n"]) >= 1
    else:
        assert told(space.grid, levels).startswith(f"grid: levels={levels!r} is not allowed.")
        assert told(space.grid_size, levels).startswith("grid_size: levels=")


@pytest.mark.parametrize(
    "made", [ht.uniform(0, 1), ht.loguniform(1, 1e6), ht.integers(1, 10**6, log=True)]
)
def test_what_must_be_made_to_be_counted_has_a_hundred_thousand_levels_at_most(made):
    space = ht.SearchSpace(x=made)
    assert 5 <= space.grid_size(100_000) <= 100_000
    text = "levels=100001 is not allowed. Allowed: up to 100,000 of x. Type for instance levels=5."
    assert told(space.grid_size, 100_001) == f"grid_size: {text}"
    assert told(space.grid, 100_001) == f"grid: {text}"
    wide = ht.SearchSpace(x=ht.integers(1, 10**6), kind=ht.choice("a"))
    assert wide.grid_size(100_001) == 100_001  # by arithmetic


def test_a_grid_has_a_hundred_thousand_values_of_a_name_at_most():
    assert len(ht.SearchSpace(n=ht.integers(1, 100_000)).grid()["n"]) == 100_000
    assert told(ht.SearchSpace(n=ht.integers(0, 100_000)).grid) == (
        "grid: n has 100,001 values. Type how many to take, for instance levels={'n': 5}."
    )


TREE = ht.SearchSpace(
    n=N,
    kind=ht.choice("a", "b"),
    x=ht.when(ht.choice("c", "d"), n=[2, 3], kind="a"),
    y=ht.when(ht.integers(1, 5), x="c"),
    z=ht.uniform(0, 1),
)


@pytest.mark.parametrize(
    ("params", "active"),
    [
        ({}, ["n", "kind", "z"]),
        ({"n": 2}, ["n", "kind", "z"]),
        ({"n": 2, "kind": "a"}, ["n", "kind", "x", "z"]),
        ({"n": 1, "kind": "a"}, ["n", "kind", "z"]),
        ({"n": 2, "kind": "b", "x": "c"}, ["n", "kind", "z"]),
        ({"n": 3, "kind": "a", "x": "c"}, ["n", "kind", "x", "y", "z"]),
        ({"n": 3, "kind": "a", "x": "d"}, ["n", "kind", "x", "z"]),
    ],
)
def test_a_name_exists_when_all_its_parents_do_and_agree(params, active):
    assert TREE.active(params) == active


def test_branches_are_the_values_of_the_parents_and_what_is_free_there():
    assert TREE.parents == ["n", "kind", "x"]
    found = TREE.branches()
    assert len(found) == 3 + 2 + 2 * 2 - 1 and found[0] == ({"n": 1, "kind": "a"}, ["z"])
    free = {tuple(fixed.values()): names for fixed, names in found}
    assert free[2, "a", "c"] == ["y", "z"] and free[2, "a", "d"] == free[3, "b"] == ["z"]
    few = TREE.branches({"n": [1], "kind": ["a", "b"], "x": ["c"]})
    assert few == [({"n": 1, "kind": "a"}, ["z"]), ({"n": 1, "kind": "b"}, ["z"])]
    assert ht.SearchSpace(a=N, b=N).branches() == [({}, ["a", "b"])]
    assert len(TREE) == 5 and "x" in TREE and TREE.names == list(TREE)


def test_all_that_keeps_a_point_out_is_told():
    text = told(TREE.check, {"n": 3, "kind": "a", "y": 2, "z": 2, "w": 1})
    assert text.startswith("params: 4 problems.")
    for part in (
        "w is not a known name.",
        "x is missing. Allowed: one of 'c', 'd'. Type for instance x='c'.",
        "y exists only when x in ['c']. Leave it out.",
        "z=2 is not allowed. Allowed: a number from 0.0 to 1.0. Type for instance z=0.5.",
    ):
        assert part in text
    assert "x exists only when n in [2, 3] and kind in ['a']. Leave it out." in told(
        TREE.check, {"n": 1, "kind": "a", "x": "c", "z": 0.5}
    )
    assert TREE.contains({"n": 1, "kind": "b", "z": 1}) and not TREE.contains({"n": 1, "z": 1})
    assert "Allowed: a dict of names and values." in told(TREE.check, [1])

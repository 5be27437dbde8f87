"""Any target, groups or times, shares and seed: a split or a refusal in words."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hpotutor.datasets.splitting import fold_rows, split
from hpotutor.errors import ArgumentError, DataError

SEEDS = st.integers(0, 2**32 - 1)
SHARES = st.sampled_from([0.1, 0.15, 0.2, 0.25, 0.3])


@st.composite
def tables(draw):
    """Return a target, its task, and for each row a group or a time or neither."""
    rows = draw(st.integers(60, 300))
    rng = np.random.default_rng(draw(SEEDS))
    task = draw(st.sampled_from(["classification", "regression"]))
    kinds = draw(st.integers(2, 4))
    y = np.arange(rows) % kinds if task == "classification" else rng.normal(size=rows)
    rng.shuffle(y)
    kind = draw(st.sampled_from(["plain", "groups", "time"]))
    many = draw(st.integers(3, 40))
    groups = rng.integers(0, many, rows) if kind == "groups" else None
    time = rng.integers(0, draw(st.sampled_from([5, 50, 10_000])), rows) if kind == "time" else None
    return y, task, groups, time


@settings(max_examples=150)
@given(tables(), SHARES, SHARES, SEEDS)
def test_each_row_is_in_one_part_and_the_parts_share_nothing(table, validation, test, seed):
    y, task, groups, time = table
    try:
        parts = split(y, task, validation, test, seed, groups, time)
    except DataError as error:
        assert groups is not None or time is not None
        assert "group" in str(error) or "time" in str(error)
        return
    assert sorted(np.concatenate(parts)) == list(range(len(y)))
    assert all(len(part) for part in parts)
    if groups is not None:
        first, middle, last = (set(groups[part]) for part in parts)
        assert not (first & middle or first & last or middle & last)
    elif time is not None:
        first, middle, last = (time[part] for part in parts)
        assert first.max() < middle.min() and middle.max() < last.min()
    else:
        assert len(parts[1]) == pytest.approx(validation * len(y), abs=2)
        assert len(parts[2]) == pytest.approx(test * len(y), abs=1)
        if task == "classification":
            for part in parts:
                shares = np.bincount(y[part]) / len(part)
                assert np.abs(shares - 1 / len(shares)).max() < 2 / len(part) + 0.01
    again = split(y, task, validation, test, seed, groups, time)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))


@settings(max_examples=100)
@given(tables(), st.integers(2, 6), SEEDS)
def test_each_row_is_judged_once_and_never_by_a_network_that_saw_its_like(table, folds, seed):
    y, task, groups, time = table
    order = np.arange(len(y)) if time is None else np.argsort(time, kind="stable")
    y, groups = y[order], None if groups is None else groups[order]
    try:
        cut = fold_rows(folds, y, y, task, seed, groups, timed=time is not None)
    except ArgumentError as error:
        assert (
            groups is not None and len(set(groups)) < folds * 4 and f"folds={folds}" in str(error)
        )
        return
    assert len(cut) == folds
    for train, judged in cut:
        assert len(train) and len(judged) and not set(train) & set(judged)
        if groups is not None:
            assert not set(groups[train]) & set(groups[judged])
        if time is not None:
            assert train.max() < judged.min()
    judged = np.concatenate([rows for _, rows in cut])
    assert len(set(judged)) == len(judged)
    if time is None:
        assert sorted(judged) == list(range(len(y)))

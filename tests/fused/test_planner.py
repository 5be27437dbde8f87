"""How requests are cut into stacks: who may share one, how large it is, what it can do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hpotutor.fused import planner
from hpotutor.fused.member import Member, initial_weights
from hpotutor.fused.planner import (
    Planner,
    bucket,
    check_together,
    member_bytes,
    must_share,
    pack,
    rows_of,
    shape_of,
    shrunk,
    steps_per_epoch,
    unpack,
)
from tests.messages import refused

ROWS, CLASSES = 64, 3
FLAGS = (
    "batch_norm",
    "dropout",
    "l1",
    "l2",
    "weight_decay",
    "by_layer",
    "masked",
    "ragged",
    "folds",
)


def shape(*members: Member, classes: int = CLASSES, **asked):
    return shape_of(members, classes, ROWS, n_features=4, **asked)


def plan(members, max_bytes=planner.MAX_BYTES, **asked):
    """Return the positions of each stack, and its shape."""
    made = Planner(lambda chosen: shape(*chosen, **asked), CLASSES, ROWS, max_bytes)
    stacks = made.plan(members)
    assert sorted(i for _, group in stacks for i in group) == list(range(len(members)))
    for program, group in stacks:
        assert program.members >= len(group)
        assert len({must_share(members[i], CLASSES) for i in group}) == 1
    return [group for _, group in stacks], [program for program, _ in stacks]


# ── sizes ────────────────────────────────────────────────────────────────────────────────────
def test_sizes_are_few_and_waste_little():
    sizes = {2**n for n in range(12)} | {3 * 2**n for n in range(12)}
    for asked in range(1, 1500):
        assert bucket(asked) == min(size for size in sizes if size >= asked)


@pytest.mark.parametrize(
    ("rows", "size", "steps"), [(32, 32, 1), (33, 32, 2), (64, 32, 2), (5, 9, 1)]
)
def test_the_last_batch_of_an_epoch_may_be_shorter(rows, size, steps):
    assert steps_per_epoch(Member(batch_size=size), rows) == steps
    fold = Member(batch_size=size, rows=np.arange(rows))
    assert rows_of(fold, 999) == rows and steps_per_epoch(fold, 999) == steps
    assert rows_of(Member(), 999) == 999


# ── what a program must be able to do ────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("others", "flag"),
    [
        ([], None),
        ([{"activation": "sigmoid"}], None),
        ([{"units": 16, "activation": "tanh"}], None),
        ([{"dropout": 0.1}], "dropout"),
        ([{"l1": 0.1}], "l1"),
        ([{"l2": 0.1}], "l2"),
        ([{"optimizer": "adamw"}], "weight_decay"),
        ([{"parametrization": "mup", "units": 128}], "by_layer"),
        ([{"units": 16, "activation": "sigmoid"}], "masked"),
        ([{"units": 16, "activation": "softplus"}], "masked"),
        ([{"rows": np.arange(20)}], "ragged"),
        ([{"rows": np.arange(40)}], None),
    ],
)  # fmt: skip
def test_a_stack_can_do_what_one_of_its_members_needs(others, flag):
    first = Member(optimizer="adamw", weight_decay=0.0) if flag == "weight_decay" else Member()
    found = shape(first, *(Member(**other) for other in others))
    assert {name for name in FLAGS if getattr(found, name)} == ({flag} if flag else set())


def test_what_all_members_have_in_common_is_the_programs():
    fold = Member(batch_norm=True, val_rows=np.arange(9), optimizer="sgd", momentum=0.5)
    found = shape(fold, fold)
    assert found.batch_norm and found.folds and found.optimizer == "momentum"
    assert (found.n_outputs, found.loss) == (3, shape(Member()).loss)
    assert shape(Member(), classes=2).n_outputs == 1
    assert shape(Member(loss="mae"), classes=0).loss == "mean_absolute_error"
    assert shape(Member(), outputs=True).outputs and not shape(Member()).outputs


def test_widths_are_rounded_up_only_where_they_differ():
    assert shape(Member(units=(5, 9)), Member(units=(5, 9))).widths == (5, 9)
    assert shape(Member(units=(5, 9)), Member(units=(7, 2))).widths == (8, 12)
    assert shape(*[Member()] * 5).members == 6
    several = [Member(activation=name) for name in ("tanh", "relu", "tanh")]
    assert sorted(shape(*several).activations) == ["relu", "tanh"]


@pytest.mark.parametrize(
    "other",
    [
        {"units": (64, 64)}, {"batch_size": 16}, {"optimizer": "sgd"}, {"batch_norm": True},
        {"val_rows": np.arange(9)},
    ],
)  # fmt: skip
def test_what_a_graph_fixes_cannot_differ_in_a_stack(other):
    pair = [Member(), Member(**other)]
    with refused("agree in depth.*2 kinds. Type train_many"):
        check_together(pair, CLASSES)
    assert plan([replace(m, epochs=2) for m in pair])[0] == [[0], [1]]


def test_outputs_and_losses_cannot_differ_in_a_stack():
    for classes, other in ((2, {"output": "softmax"}), (0, {"loss": "mae"})):
        with refused("2 kinds"):
            check_together([Member(), Member(**other)], classes)


def test_the_rest_may_differ_in_a_stack():
    check_together(
        [
            Member(), Member(units=3), Member(dropout=0.5), Member(l1=0.1, l2=0.1), Member(seed=9),
            Member(learning_rate=0.5), Member(activation="tanh"), Member(epochs=7, patience=2),
            Member(rows=np.arange(9)), Member(initializer="he_normal"),
        ],
        CLASSES,
    )  # fmt: skip
    check_together([Member(optimizer="sgd", momentum=0.9), Member(optimizer="momentum")], CLASSES)
    with refused(r"members=\[\] is empty. Give at least one"):
        check_together([], CLASSES)


def test_convolutions_share_a_stack_but_for_their_filters():
    def conv(**more):
        return Member(
            **{"architecture": "conv", "layers": 1, "filters": 8, "kernel_size": 3} | more
        )

    check_together([conv(), conv(filters=4)], CLASSES)
    for other in ({"kernel_size": 5}, {"layers": 2}, {"strides": 2}, {"pooling": "average"}):
        with refused("2 kinds"):
            check_together([conv(), conv(**other)], CLASSES)


# ── cutting ──────────────────────────────────────────────────────────────────────────────────
def test_what_one_member_takes():
    one, batch = shape(Member(units=(5, 7))), 32
    weights = 4 * 5 + 5 + 5 * 7 + 7 + 7 * 3 + 3
    takes = member_bytes(one, batch)
    assert takes > 4 * weights and takes % 4 == 0
    assert member_bytes(replace(one, dtype="float64"), batch) == 2 * takes
    assert member_bytes(replace(one, dropout=True), batch) - takes == 4 * 4 * batch * 12
    steps = [member_bytes(one, size) - member_bytes(one, size - 1) for size in (2, 50)]
    assert steps[0] == steps[1] == 4 * (2 * 4 + 6 * 12 + 6 * 3)


def test_max_bytes_is_what_a_whole_stack_may_take():
    members = [Member(units=16, epochs=2, seed=n) for n in range(10)]
    one = member_bytes(shape(members[0]), 32)
    for room, sizes in ((12, [10]), (10, [8, 2]), (5, [4, 4, 2]), (3, [3, 3, 3, 1]), (1, [1] * 10)):
        groups, programs = plan(members, room * one)
        assert [len(group) for group in groups] == sizes
        assert all(program.members <= room for program in programs)
    with refused("units=16 is too wide .* Type fewer units, a larger max_bytes"):
        plan(members, one - 1)


def test_a_convolution_that_is_too_wide_names_its_filters():
    members = [Member(architecture="conv", layers=1, filters=8, kernel_size=3, epochs=1)]
    made = Planner(
        lambda chosen: shape_of(chosen, CLASSES, ROWS, (16, 1), n_features=16), CLASSES, ROWS, 9
    )
    with refused("filters=8 is too wide .* Type fewer filters"):
        made.plan(members)


def test_a_graphics_card_takes_a_stack_whole():
    members = [Member(layers=2, units=32, epochs=20, seed=n) for n in range(200)]
    assert len(plan(members)[0]) > 1
    groups, programs = plan(members, device="gpu")
    assert groups == [list(range(200))] and programs[0].members == 256


def test_short_trainings_share_a_trace_and_long_ones_are_worth_their_own():
    def widths(epochs):
        return [Member(units=units, epochs=epochs, seed=n) for units in (8, 512) for n in range(8)]

    assert len(set(plan(widths(1))[1])) == 1
    groups, programs = plan(widths(3000))
    assert len({program.widths for program in programs}) == 2
    assert all(len({n // 8 for n in group}) == 1 for group in groups)


def test_parts_of_a_stack_are_alike_and_keep_their_order():
    members = [Member(layers=2, units=32, epochs=20, seed=n) for n in range(70)]
    groups, programs = plan(members)
    sizes = [len(group) for group in groups]
    assert max(sizes) - min(sizes) <= len(sizes) and len(set(programs)) == 1
    assert [n for group in groups for n in group] == list(range(70))


# ── a stack that shrinks ─────────────────────────────────────────────────────────────────────
def test_a_stack_shrinks_once_half_is_done_and_enough_is_left():
    members = [Member(units=512, seed=n) for n in range(16)]
    whole = shape(*members)
    assert whole.members == 16

    def left(alive, epochs):
        return shrunk(whole, members, list(range(alive)), ROWS, epochs).members

    assert left(8, 10**5) == 8 and left(7, 10**5) == 8 and left(3, 10**5) == 3
    assert left(9, 10**5) == 16, "twelve would not be half"
    assert left(8, 0) == left(8, 1) == 16, "not worth a trace"
    assert shrunk(whole, members, [0], ROWS, 10**5) == replace(whole, members=1)


# ── weights in and out ───────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("batch_norm", [False, True])
def test_weights_come_out_as_they_went_in(batch_norm):
    narrow, wide = (Member(units=units, batch_norm=batch_norm) for units in ((3, 5), (6, 8)))
    common = shape(narrow, wide)
    rng = np.random.default_rng(0)
    for member in (narrow, wide):
        start = initial_weights(member, 4, CLASSES)
        given = [rng.normal(size=part.shape).astype("float32") for part in start]
        params, moving = pack(given, member, common)
        assert params.dtype == np.float32
        assert len(moving) == (2 * sum(common.widths) if batch_norm else 0)
        back = unpack(params, moving, member, common)
        for one, other in zip(given, back, strict=True):
            np.testing.assert_array_equal(one, other)
        back[0][:] = 0  # a copy, not a view of the stack
        assert params.any()


def test_what_pads_a_narrow_member_changes_nothing():
    narrow = Member(units=3, batch_norm=True)
    params, moving = pack(
        initial_weights(narrow, 4, CLASSES), narrow, shape(narrow, Member(units=6, batch_norm=True))
    )
    means, variances = moving[:6], moving[6:]
    assert not means.any() and (variances == 1).all()
    gamma = params[4 * 6 + 6 :][:6]
    assert (gamma == 1).all()
    assert np.count_nonzero(params[: 4 * 6]) == 4 * 3


def test_weights_of_another_network_are_refused_with_both_shapes():
    member = Member(units=3)
    good = initial_weights(member, 4, CLASSES)
    for bad in (good[:-1], [good[0].T, *good[1:]], [*good, good[-1]]):
        with refused(r"this network's are \[\(4, 3\), \(3,\), \(3, 3\)"):
            pack(bad, member, shape(member))

"""How requests are cut into stacks: who may share one, how large it is, what it can do."""

from __future__ import annotations

import bisect
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
    assert [len(group) for group in plan(members[:9], int(4.9 * one))[0]] == [3, 3, 3]
    with refused("units=16 is too wide"):
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


# The cut is pinned: in float32 a network that is cut into another stack ends a little elsewhere, so
# a log that is resumed, or a table that is computed anew, would not find its numbers again.
WIDE = [{"units": units, "seed": seed} for units in (4, 16, 64, 256, 1024) for seed in range(4)]
CONVS = [
    {"architecture": "conv", "layers": 1, "filters": filters, "kernel_size": 3, "seed": seed}
    for filters in (2, 8, 32) for seed in range(12)
]  # fmt: skip
PINNED = {  # requests, epochs, and how many networks of which width each stack has
    "one kind": ([{"layers": 2, "units": 32, "seed": n} for n in range(70)], 20,
                 "24x32 24x32 22x32"),
    "narrow": ([{"units": 2, "seed": n} for n in range(402)], 20, "81x2 81x2 81x2 81x2 78x2"),
    "many": ([{"units": 2, "seed": n} for n in range(1000)], 20, " ".join(["125x2"] * 8)),
    "wide": ([{"units": (512, 512), "seed": n} for n in range(30)], 20,
             "6x512 6x512 6x512 6x512 6x512"),
    "widths, briefly": (WIDE, 2, "5x1024 5x1024 5x1024 5x1024"),
    "widths": (WIDE, 40, "5x1024 5x1024 5x1024 5x1024"),
    "widths, for long": (WIDE, 4000, "12x64 4x256 4x1024"),
    "lengths": ([{"units": 64, "epochs": 2**n, "seed": n} for n in range(16)], 0, "12x64 4x64"),
    "activations": (
        [{"units": 128, "activation": name, "seed": n, "batch_size": 256}
         for name in ("relu", "tanh", "sigmoid") for n in range(6)], 500,
        "4x128 4x128 4x128 3x128 3x128",
    ),
    "dropout": ([{"units": 64, "dropout": n % 2 / 4, "seed": n} for n in range(40)], 900,
                "20x64 20x64"),
    "folds": (
        [{"units": 64, "rows": np.arange(size), "seed": n}
         for n in range(6) for size in (9, 30, 31, 60)], 900, "24x64",
    ),
    "batches of one": ([{"units": 8, "seed": n, "batch_size": 1} for n in range(300)], 9,
                       "75x8 75x8 75x8 75x8"),
    "convolutions": (CONVS, 20, "8x32 8x32 8x32 8x32 4x32"),
    "convolutions, for long": (CONVS, 2000, "12x8 12x8 4x32 4x32 4x32"),
}  # fmt: skip


@pytest.mark.parametrize("case", list(PINNED))
def test_the_same_requests_are_cut_the_same_way_for_ever(case):
    asked, epochs, expected = PINNED[case]
    row = (16, 2) if "convolutions" in case else None
    made = Planner(
        lambda chosen: shape_of(chosen, CLASSES, ROWS, row, n_features=32), CLASSES, ROWS
    )
    members = [Member(**{"epochs": epochs, **one}) for one in asked]
    stacks = made.plan(members)
    assert sorted(n for _, group in stacks for n in group) == list(range(len(members)))
    assert " ".join(f"{len(group)}x{program.widths[0]}" for program, group in stacks) == expected


def test_likes_stand_together_in_a_stack():
    """Wherever a kind is merged with others and cut."""
    members = [
        Member(seed=n, epochs=2 + n % 2, dropout=n % 4 // 2 / 4, activation=name)
        for name in ("tanh", "relu")
        for n in range(20)
    ]
    order = [members[n] for group in plan(members)[0] for n in group]
    kinds = [(m.epochs, m.activation, m.dropout) for m in order]
    assert kinds == sorted(kinds)


def test_what_a_network_takes_is_an_estimate_that_stays():
    """Errors tell it, and ``max_bytes`` is held by it, so it decides cuts, too."""

    def takes(row=None, dtype="float32", size=32, **fields):
        found = shape_of([Member(**fields)], CLASSES, ROWS, row, n_features=32, dtype=dtype)
        return member_bytes(found, size)

    conv = {"architecture": "conv", "layers": 1, "filters": 8, "kernel_size": 3}
    assert [
        takes(units=(5, 7)), takes(units=(5, 7), dropout=0.1, size=7), takes(batch_norm=True),
        takes(dtype="float64"), takes((16, 2), **conv), takes((4, 4, 2), **conv),
    ] == [28952, 14896, 157048, 303856, 414264, 483640]  # fmt: skip
    with refused(r"units=16 .* takes 0 MB in training, .* allows 0 MB"):
        plan([Member(units=16, epochs=1)], 9)
    with refused(r"units=90000 .* takes 104 MB .* allows 64 MB. Type f"):
        plan([Member(units=(7, 90000), epochs=1)], 2**26)


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


@pytest.mark.parametrize(
    ("fields", "least"),
    [
        ({"units": 8}, 21290),
        ({"units": 64, "batch_size": 8}, 1887),
        ({"units": (512, 512)}, 12),
        ({"units": 64, "activation": "tanh", "dropout": 0.1, "batch_size": 64}, 2919),
    ],
)
def test_from_how_many_epochs_left_a_smaller_stack_pays(fields, least):
    """Pinned for the same reason as the cuts."""
    members = [Member(seed=n, **fields) for n in range(16)]

    def shrinks(left):
        return shrunk(shape(*members), members, [3, 5, 15], ROWS, left).members == 3

    assert [shrinks(left) for left in (least - 1, least)] == [False, True]


def test_a_stack_shrinks_for_the_longest_epoch_of_those_that_live():
    long, short = (Member(units=512, rows=np.arange(n), batch_size=8) for n in (64, 8))
    members = [long, short, *[short] * 14]

    def least(alive):
        return bisect.bisect_left(
            range(10**5), True,
            key=lambda left: shrunk(shape(*members), members, alive, 999, left).members == 2,
        )  # fmt: skip

    assert least([0, 1]) == pytest.approx(least([2, 3]) / 8, abs=1)


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
        assert moving.dtype == params.dtype
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

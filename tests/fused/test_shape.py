"""What a trace fixes, the order of a stack's numbers, and the knobs that members have beside it."""

from __future__ import annotations

import math
from dataclasses import fields

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.fused import Member
from hpotutor.fused.knobs import knobs_of
from hpotutor.fused.planner import pack, shape_of, unpack
from hpotutor.fused.shape import StackShape

CONV = {"architecture": "conv", "kernel_size": 3, "filters": (2, 5), "layers": 2, "units": 6}


def shape(*members: Member, classes: int = 3, **asked) -> StackShape:
    return shape_of(members, classes, 24, n_features=12, **asked)


# ── the order of the numbers ─────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("asked", "row"),
    [
        ({"units": (4, 3)}, None),
        ({"units": (4, 3), "batch_norm": True}, None),
        (CONV | {"pool_size": 1}, (6, 2)),
        (CONV | {"kernel_size": 2, "batch_norm": True, "pool_size": 1}, (3, 2, 2)),
    ],
)
def test_the_stored_numbers_are_those_of_keras(asked, row):
    """Every trainable number of the network, none twice; kernels in the shapes of Keras."""
    member = Member(**asked)
    found = shape(member, input_shape=row)
    build = {None: ht.build_mlp, 2: ht.build_conv1d, 3: ht.build_cnn}[row and len(row)]
    model = build(row or 12, 3, **member.network())
    trainable = sum(math.prod(part.shape) for part in model.trainable_weights)
    assert sum(math.prod(size) for *_, size in found.blocks()) == trainable
    kernels = [part.shape for part in model.get_weights() if part.ndim > 1]
    assert found.kernels_of(member.widths) == kernels
    names = [(kind, layer) for kind, layer, _ in found.blocks()]
    assert len(set(names)) == len(names)
    assert ("gamma", 1) in names if member.batch_norm else ("gamma", 1) not in names
    assert ("gamma", len(member.widths)) not in names, "the output layer is not normalized"
    given = [np.random.default_rng(0).normal(size=part.shape) for part in model.get_weights()]
    back = unpack(*pack(given, member, found), member, found)
    for one, other in zip(given, back, strict=True):
        np.testing.assert_allclose(other, one, rtol=1e-6)


def test_what_a_row_takes_in_each_block():
    """Patches, then maps: of 6 places of 2 channels by 3 taps, and of 3 pooled places."""
    found = shape(Member(**CONV), input_shape=(6, 2))
    assert found.maps_floats() == [2 * 3 * 6, 2 * 6, 2 * 3 * 3, 5 * 3]
    assert shape(Member()).maps_floats() == []


def test_a_trace_can_do_nothing_that_is_not_asked_for():
    found = StackShape(2, 12, (4,), 3, ("relu",), "sgd")
    given = {"members", "n_features", "widths", "n_outputs", "activations", "optimizer"}
    rest = {one.name: getattr(found, one.name) for one in fields(StackShape)}
    rest = {name: value for name, value in rest.items() if name not in given}
    assert rest.pop("evaluations") == 1 and rest.pop("loss") == "cross_entropy"
    assert (rest.pop("dtype"), rest.pop("device")) == ("float32", "cpu")
    assert not any(rest.values())
    assert [kind for kind, *_ in found.blocks()] == ["kernel", "bias"] * 2


# ── what each member brings ──────────────────────────────────────────────────────────────────
def knobs(*members: Member, dtype: str = "float32", **more) -> dict:
    found = knobs_of(members, shape(*members, dtype=dtype, **more))
    return {
        name: [each.numpy() for each in value] if isinstance(value, list) else value.numpy()
        for name, value in found.items()
    }


def test_only_what_some_member_asks_for_is_fed():
    assert set(knobs(Member(), Member(units=3))) == {"momentum"}
    found = knobs(Member(dropout=0.25), Member(l1=0.5, l2=0.125), Member(activation="tanh"))
    assert set(found) == {
        "momentum", "dropped", "keys", "kept_scale", "l1", "l2", "chooses"
    }  # fmt: skip
    assert found["l1"].tolist() == [0, 0.5, 0] and found["l2"].tolist() == [0, 0.125, 0]


def test_dropout_is_drawn_by_the_members_seed():
    rates = (0, 0.25, 0.5, 0.25)
    found = knobs(*(Member(dropout=rate, seed=n % 3) for n, rate in enumerate(rates)))
    assert found["dropped"].dtype == found["keys"].dtype == np.uint32
    assert found["dropped"].ravel().tolist() == [0, 2**30, 2**31, 2**30]
    np.testing.assert_allclose(found["kept_scale"].ravel(), [1, 4 / 3, 2, 4 / 3], rtol=1e-6)
    keys = found["keys"].ravel().tolist()
    assert keys[0] == keys[3] and len(set(keys)) == 3
    assert keys[0] == 3964924996, "a log that is resumed draws the same"
    assert all(found[name].shape == (4, 1, 1) for name in ("dropped", "keys", "kept_scale"))


def test_momentum_and_decay_are_each_members_own():
    found = knobs(
        Member(optimizer="sgd", momentum=0.3), Member(optimizer="momentum"), dtype="float64"
    )
    assert found["momentum"].tolist() == [[np.float32(0.3)], [np.float32(0.9)]]
    found = knobs(Member(optimizer="adamw"), Member(optimizer="adamw", weight_decay=0.5))
    np.testing.assert_allclose(found["weight_decay"], [[0.004], [0.5]], rtol=1e-6)


def test_each_member_has_its_activation_and_its_units():
    members = [Member(units=units, activation=name) for units, name in
               ((3, "tanh"), (4, "sigmoid"), (2, "relu"))]  # fmt: skip
    common = shape(*members)
    found = knobs(*members)
    named = [
        next((n for n, chosen in zip(common.activations[1:], found["chooses"], strict=True)
              if chosen[k, 0, 0]), common.activations[0])
        for k in range(3)
    ]  # fmt: skip
    assert named == ["tanh", "sigmoid", "relu"]
    (mask,) = found["masks"]
    assert mask[:, 0].tolist() == [[1, 1, 1, 0], [1, 1, 1, 1], [1, 1, 0, 0]]


def test_masks_of_maps_run_along_their_channels():
    members = [Member(**CONV | {"filters": n, "activation": "sigmoid"}) for n in ((2, 4), (3, 1))]
    found = knobs(*members, input_shape=(6, 2))["masks"]
    assert [mask.shape for mask in found] == [(2, 3, 1), (2, 4, 1), (2, 1, 6)]
    assert found[0][:, :, 0].tolist() == [[1, 1, 0], [1, 1, 1]]
    assert found[1][:, :, 0].tolist() == [[1, 1, 1, 1], [1, 0, 0, 0]]


def test_a_rate_by_layer_reaches_each_number_of_its_layer():
    member = Member(units=(2, 3), layer_rates=(0, 0.5, 2))
    found = knobs(member, Member(units=(2, 3)))
    shares = [0] * (12 * 2 + 2) + [0.5] * (2 * 3 + 3) + [2] * (3 * 3 + 3)
    assert found["shares"].tolist() == [shares, [1] * len(shares)]
    assert found["moves"].tolist() == [[float(share > 0) for share in shares], [1] * len(shares)]
    mup = knobs(Member(units=8, parametrization="mup", base_units=4, optimizer="sgd"))["shares"]
    # of the maximal update parametrization: kernel and bias twice as fast, then half, then as given
    assert mup[0].tolist() == [2] * (12 * 8 + 8) + [0.5] * (8 * 3) + [1] * 3

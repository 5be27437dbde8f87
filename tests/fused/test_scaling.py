"""Rates and initial sizes by layer: the maximal update parametrization, and frozen layers."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.fused import Member, Stack, StackData, train_many
from hpotutor.models.layers import INITIALIZERS
from hpotutor.models.scaling import Scaling
from tests.messages import refused
from tests.stack_cases import (
    FEATURES,
    RATES,
    assert_equal_curves,
    assert_equal_weights,
    fit_keras,
    make_rows,
)

MUP = {"parametrization": "mup", "base_units": 4}
NEIGHBORS = [{"units": (5, 9)}, {"units": (12, 6), "layer_rates": (1, 0, 0.5)}]


@pytest.mark.parametrize("optimizer", ["sgd", "nesterov", "rmsprop", "adam"])
def test_mup_and_rates_by_layer_equal_fit(optimizer, float64, fixed_order):
    """Beside others, a stack trains a scaled network as `Model.fit` does."""
    rows, rate = make_rows(3), RATES.get(optimizer, 0.01)
    member = Member(
        units=(12, 8), optimizer=optimizer, learning_rate=rate, batch_size=10, seed=3,
        layer_rates=(0.5, 1, 2), **MUP,
    )  # fmt: skip
    others = [{**n, "optimizer": optimizer, "batch_size": 10} for n in NEIGHBORS]
    ours = train_many(
        *rows, [*others, member], n_classes=3, epochs=3, dtype="float64", keep_weights=True
    )[2]
    history, model = fit_keras(member, rows, 3, epochs=3)
    assert_equal_curves(ours.curve, history, 1e-8)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-8)


@pytest.mark.parametrize("optimizer", ["momentum", "adamw"])
def test_a_frozen_layer_stays_and_equals_fit(optimizer, float64, fixed_order):
    rows = make_rows(2)
    member = Member(
        units=(4, 3),
        optimizer=optimizer,
        learning_rate=0.03,
        batch_size=10,
        layer_rates=(0, 0.1, 1),
    )
    start = ht.build_mlp(FEATURES, 2, **member.network()).get_weights()
    ours = train_many(*rows, [member], n_classes=2, epochs=3, dtype="float64", keep_weights=True)[0]
    history, model = fit_keras(member, rows, 2, epochs=3)
    assert_equal_curves(ours.curve, history, 1e-8)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-8)
    moved = [bool(np.any(a != b)) for a, b in zip(ours.weights, start, strict=True)]
    assert moved == [False, False, True, True, True, True]


def test_a_convolution_takes_rates_by_layer(float64, fixed_order):
    x, y, x_val, y_val = make_rows(3)
    shape, rows = (FEATURES, 1), (x, y, x_val, y_val)
    member = Member(
        architecture="conv", filters=3, units=5, layer_rates=(0, 0.1, 1), learning_rate=0.02
    )
    done = train_many(
        *rows, [member], n_classes=3, epochs=3, input_shape=shape, dtype="float64",
        keep_weights=True,
    )[0]  # fmt: skip
    model = ht.build_conv1d(shape, 3, **member.network())
    model.run_eagerly = True
    model.fit(x, y, batch_size=32, epochs=3, shuffle=False, verbose=0)
    assert_equal_weights(done.weights, model.get_weights(), 1e-8)


def test_new_rows_begin_from_given_weights():
    """Fine-tuning: a body that is frozen keeps what it was given."""
    x, y, x_val, y_val = make_rows(3)
    first = train_many(x, y, x_val, y_val, [{"units": 6}], n_classes=3, epochs=2, keep_weights=True)
    body = first[0].weights[:2]
    head = Member(units=6, seed=9)
    fresh = Stack(StackData(x, y, n_classes=3), [head]).get_weights(0)[2:]
    tuned = Member(units=6, weights=[*body, *fresh], layer_rates=(0, 1))
    done = train_many(x, y, x_val, y_val, [tuned], n_classes=3, epochs=2, keep_weights=True)[0]
    assert_equal_weights(done.weights[:2], body, 0)
    assert np.abs(done.weights[2] - fresh[0]).max() > 0


# ── the parametrization itself ──────────────────────────────────────────────
@pytest.mark.parametrize("initializer", sorted(set(INITIALIZERS) - {"zeros"}))
def test_at_the_base_width_both_are_the_same(initializer):
    scaling, sizes = Scaling("mup", 32), [(7, 32), (32, 32), (32, 3)]
    np.testing.assert_allclose(scaling.kernels(initializer, sizes), 1)
    for optimizer in ("sgd", "adam"):
        np.testing.assert_allclose(scaling.rates(optimizer, sizes), 1)


def test_four_times_the_width_is_table_3_of_yang_2022():
    sizes = [(7, 128), (128, 128), (128, 3)]
    scaling = Scaling("mup", 32)
    assert scaling.rates("momentum", sizes) == [(4, 4), (1, 4), (0.25, 1)]
    assert scaling.rates("adam", sizes) == [(1, 1), (0.25, 1), (0.25, 1)]
    # the standard deviations: the same, half as large, a quarter
    np.testing.assert_allclose(scaling.kernels("normal", sizes), [1, 0.5, 0.25])
    drawn = [np.sqrt(2 / sum(s)) for s in sizes] / np.sqrt([2 / 39, 2 / 64, 2 / 35])
    np.testing.assert_allclose(
        scaling.kernels("glorot_normal", sizes) * drawn, [1, 0.5, 0.25], rtol=1e-12
    )


def sizes_after(parametrization, optimizer, rate, units, steps=4):
    """Return the mean size of what each layer adds to its outputs in a few steps of training."""
    x, y, *_ = make_rows(3, rows=60)
    members = [
        Member(
            units=(units, units), optimizer=optimizer, learning_rate=rate, seed=seed, batch_size=60,
            parametrization=parametrization, base_units=32,
        )
        for seed in range(4)
    ]  # fmt: skip
    stack = Stack(StackData(x, y, n_classes=3), members)
    before = [outputs(stack.get_weights(k), x) for k in range(4)]
    stack.train(steps)
    after = [outputs(stack.get_weights(k), x) for k in range(4)]
    moved = [
        [np.abs(a - b).mean() for a, b in zip(*each, strict=True)]
        for each in zip(after, before, strict=True)
    ]
    return np.mean(moved, axis=0)


def outputs(weights, x):
    """Return each layer's outputs before the activation."""
    found = []
    for kernel, bias in zip(weights[::2], weights[1::2], strict=True):
        found.append(x @ kernel + bias)
        x = np.maximum(found[-1], 0)
    return found


@pytest.mark.parametrize(("optimizer", "rate"), [("sgd", 0.1), ("adam", 0.003)])
def test_coordinates_do_not_grow_with_the_width(optimizer, rate, untraced):
    """The coordinate test: 32 times the width, and what a step does to a unit is the same."""
    narrow, wide = (sizes_after("mup", optimizer, rate, n) for n in (32, 1024))
    grown = wide / narrow
    assert (grown > 0.5).all() and (grown < 2).all(), grown
    narrow, wide = (sizes_after("standard", optimizer, rate, n) for n in (32, 1024))
    assert np.abs(np.log(wide / narrow)).max() > np.log(3), wide / narrow


# ── what is not allowed ─────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"parametrization": "μP"}, "parametrization='μP'"),
        ({"base_units": 0}, "base_units=0"),
        ({"layer_rates": (1,)}, r"layer_rates=\(1,\).*2 numbers"),
        ({"layer_rates": (0, 0)}, r"layer_rates=\(0, 0\).*not all 0"),
        ({"layer_rates": 0.5}, r"layer_rates=0\.5"),
        ({"layer_rates": (0, 1), "batch_norm": True}, "batch_norm=True"),
    ],
)
def test_bad_scaling_is_refused_by_builder_and_stack(wrong, told):
    x, y, *_ = make_rows(3)
    with refused(told):
        ht.build_mlp(FEATURES, 3, **wrong)
    with refused(told):
        train_many(x, y, None, None, [wrong], n_classes=3)


def test_a_convolution_has_no_mup():
    x, y, *_ = make_rows(3)
    with refused("parametrization='mup'"):
        train_many(
            x, y, None, None, [{"architecture": "conv", "parametrization": "mup"}],
            n_classes=3, input_shape=(FEATURES, 1),
        )  # fmt: skip


def test_a_scaled_model_can_be_saved(tmp_path):
    x, y, *_ = make_rows(3)
    model = ht.build_mlp(FEATURES, 3, units=16, parametrization="mup", base_units=4)
    model.fit(x, y, verbose=0)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert again.optimizer.shares == model.optimizer.shares
    assert_equal_weights(again.get_weights(), model.get_weights(), 0)

"""Dropout in the stack: its share, its mean, and draws that are each member's own."""

from __future__ import annotations

import dataclasses

import numpy as np

import hpotutor as ht
from hpotutor._tensorflow import tf
from hpotutor.fused import Member, Stack, StackData, train_many
from tests.stack_cases import FEATURES, make_rows


def drawn_masks(rates: list[float], steps: int, width: int = 40, rows: int = 25) -> np.ndarray:
    """Return dropout factors of shape (steps, members, rows, units)."""
    x, y, _, _ = make_rows(3)
    members = [Member(units=width, dropout=rate, batch_size=rows) for rate in rates]
    members = [dataclasses.replace(m, seed=n) for n, m in enumerate(members)]
    stack = Stack(StackData(x, y, n_classes=3), members)
    knobs = stack._tensors()["knobs"]

    @tf.function
    def draw(step):
        return stack.program._dropout_scale(knobs, 0, [tf.constant(0), step], rows)

    masks = np.array([draw(tf.constant(step)).numpy() for step in range(steps)])
    return masks[:, : len(rates)]


def test_dropout_keeps_the_share_and_the_mean():
    rates = [0.1, 0.5, 0.9]
    masks = drawn_masks(rates, steps=40)
    draws = masks[:, 0].size
    for k, rate in enumerate(rates):
        own = masks[:, k]
        np.testing.assert_allclose(own[own > 0], 1 / (1 - rate), rtol=1e-6)
        error = np.sqrt(rate * (1 - rate) / draws)
        assert abs((own == 0).mean() - rate) < 5 * error
        assert abs(own.mean() - 1) < 5 * error / (1 - rate)
        for axis in (0, 1, 2):  # no step, row or unit is dropped more than chance allows
            share = (own == 0).mean(axis=axis)
            assert abs(share - rate).max() < 6 * np.sqrt(rate * (1 - rate) / own.shape[axis])


def test_dropout_of_members_is_unrelated():
    dropped = (drawn_masks([0.5] * 6, steps=40) == 0).reshape(40, 6, -1).swapaxes(0, 1)
    correlation = np.corrcoef(dropped.reshape(6, -1)) - np.eye(6)
    assert abs(correlation).max() < 5 / np.sqrt(dropped[0].size)


def test_dropout_loss_equals_keras_on_average():
    """With a learning rate of nearly 0, the training loss is an average over masks only."""
    rows = make_rows(3, rows=200)
    seeds = range(40)
    rate = 1e-9
    start = ht.build_mlp(FEATURES, 3, units=32, seed=0).get_weights()
    members = [
        Member(units=32, dropout=0.5, learning_rate=rate, batch_size=200, weights=start, seed=s)
        for s in seeds
    ]
    ours = [n.curve["loss"][0] for n in train_many(*rows, members, n_classes=3, epochs=1)]
    model = ht.build_mlp(FEATURES, 3, units=32, dropout=0.5, learning_rate=rate, seed=1)
    model.set_weights(start)
    fit = model.fit(rows[0], rows[1], batch_size=200, epochs=len(seeds), verbose=0)
    theirs = fit.history["loss"]
    error = np.hypot(np.std(ours), np.std(theirs)) / np.sqrt(len(seeds))
    assert abs(np.mean(ours) - np.mean(theirs)) < 5 * error
    assert 0.5 < np.std(ours) / np.std(theirs) < 2

"""A stack's steps beside Keras's own, without the seconds that a trace and a fit take."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.fused import Member, Stack, StackData
from tests.stack_cases import as_keras, assert_equal_weights

ROWS, FEATURES, EPOCHS = 13, 6, 2


def make_rows(n_classes: int) -> tuple:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(ROWS + 9, FEATURES))
    y = np.argmax(x[:, :n_classes], axis=1) if n_classes else x[:, 0] - x[:, 1] ** 2
    return x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:]


def step_by_step(member, rows, n_classes, shape=None, weights=None, epochs=EPOCHS):
    """Train the member's network by Keras; return its curves by epoch and the model."""
    x, y, x_val, y_val = rows
    build = ht.build_mlp if shape is None else {2: ht.build_conv1d, 3: ht.build_cnn}[len(shape)]
    model = build(shape or FEATURES, n_classes, **member.network())
    model.run_eagerly = True
    curves: dict = {}
    for _ in range(epochs):
        parts = [slice(at, at + member.batch_size) for at in range(0, len(x), member.batch_size)]
        batches = []
        for part in parts:
            weight = None if weights is None else weights[part]
            batches.append(model.train_on_batch(x[part], y[part], weight, return_dict=True))
        rows_each = [len(x[part]) for part in parts]
        told = {n: np.average([one[n] for one in batches], weights=rows_each) for n in batches[0]}
        tested = model.test_on_batch(x_val, y_val, return_dict=True)
        told |= {f"val_{name}": value for name, value in tested.items()}
        for name, value in told.items():
            curves.setdefault(name, []).append(float(value))
    return curves, model


CASES = {
    "narrower beside others, normalized, l2, a short batch": (
        3,
        {"units": (4, 3), "activation": "softplus", "l2": as_keras(0.02), "optimizer": "rmsprop",
         "batch_norm": True},
        [{"units": (7, 9), "activation": "tanh", "dropout": 0.5, "batch_norm": True,
          "optimizer": "rmsprop"}],
    ),
    "a sigmoid output, l1, momentum of its own": (
        2,
        {"units": 5, "activation": "tanh", "l1": as_keras(0.01), "optimizer": "sgd",
         "momentum": 0.5, "learning_rate": 0.1},
        [{"units": 2, "optimizer": "momentum", "l2": 0.5, "learning_rate": 0.01}],
    ),
    "velocity ahead": (
        3,
        {"units": 4, "activation": "sigmoid", "optimizer": "nesterov", "learning_rate": 0.1},
        [{"units": 3, "optimizer": "nesterov", "momentum": 0.1}],
    ),
    "an amount, with weights of rows": (
        0, {"units": 4, "loss": "huber", "optimizer": "adagrad", "learning_rate": 0.1}, []
    ),
    "decay and rates by layer": (
        3,
        {"units": (4, 3), "optimizer": "adamw", "layer_rates": (0.5, 0, 2), "weight_decay": 0.1,
         "learning_rate": 0.02},
        [{"units": (4, 3), "optimizer": "adamw", "weight_decay": 0.01}],
    ),
    "a sequence": (
        3,
        {"architecture": "conv", "filters": 3, "layers": 1, "kernel_size": 2, "units": 4,
         "optimizer": "adam", "learning_rate": 0.02, "batch_norm": True, "activation": "sigmoid"},
        [{"architecture": "conv", "filters": 5, "layers": 1, "kernel_size": 2, "units": 2,
          "batch_norm": True}],
    ),
    "an image": (
        3,
        {"architecture": "conv", "filters": 2, "layers": 1, "kernel_size": 2, "units": 3,
         "pooling": "average", "optimizer": "sgd", "learning_rate": 0.1, "l2": as_keras(0.01),
         "dense_layers": 2},
        [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(CASES))
def test_steps_are_those_of_keras(case, untraced, float64, fixed_order):
    n_classes, asked, others = CASES[case]
    member = Member(**asked, batch_size=12, seed=3)
    rows, weights = make_rows(n_classes), None
    if "weights" in case:
        weights = np.random.default_rng(5).uniform(-0.5, 3, ROWS).clip(0)
    shape = {"a sequence": (3, 2), "an image": (3, 2, 1)}.get(case)
    data = StackData(
        *rows, n_classes=n_classes, dtype="float64", input_shape=shape, sample_weight=weights
    )
    neighbors = [Member(**other, batch_size=12, seed=9) for other in others]
    stack = Stack(data, [*neighbors, member])
    stack.train(EPOCHS)
    curves, model = step_by_step(member, rows, n_classes, shape, weights)
    assert set(stack.curves[-1]) == set(curves)
    for name, values in curves.items():
        np.testing.assert_allclose(stack.curves[-1][name], values, atol=1e-8, err_msg=name)
    assert_equal_weights(stack.get_weights(len(others)), model.get_weights(), 1e-8)


def test_folds_of_unequal_length_are_each_a_training_of_its_own(untraced, float64, fixed_order):
    """Two batches against one; the first has the shorter validation set."""
    x, y, _, _ = make_rows(3)
    folds = [(np.arange(11), [11, 12]), (np.arange(4, 13), np.arange(4))]
    common = {"units": 4, "batch_norm": True, "batch_size": 10, "optimizer": "momentum"}
    members = [Member(**common, rows=mine, val_rows=held, seed=n)
               for n, (mine, held) in enumerate(folds)]  # fmt: skip
    stack = Stack(StackData(x, y, n_classes=3, dtype="float64"), members)
    stack.train(EPOCHS)
    for k, (mine, held) in enumerate(folds):
        own = x[mine], y[mine], x[held], y[held]
        curves, model = step_by_step(members[k], own, 3)
        for name, values in curves.items():
            np.testing.assert_allclose(stack.curves[k][name], values, atol=1e-8, err_msg=name)
        assert_equal_weights(stack.get_weights(k), model.get_weights(), 1e-8)
    assert [len(each) for each in stack.batch_losses] == [2, 1]

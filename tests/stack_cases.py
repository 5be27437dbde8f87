"""Rows, networks and comparisons that the tests of the stack share."""

from __future__ import annotations

import numpy as np

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.fused import Member

FEATURES, ROWS, EPOCHS = 4, 24, 3
# beside which a member trains as if alone
NEIGHBORS = [
    {"units": 64, "activation": "sigmoid", "dropout": 0.5, "seed": 11},
    {"units": 13, "activation": "tanh", "l1": 0.1, "l2": 0.1, "seed": 12},
    {"units": 40, "activation": "softplus", "learning_rate": 0.5, "dropout": 0.1, "seed": 13},
]


def as_keras(penalty):
    """Return a penalty rounded to float32, where Keras does not do so itself: before 3.15."""
    rounds_itself = tuple(map(int, keras.__version__.split(".")[:2])) >= (3, 15)
    return penalty if rounds_itself else float(np.float32(penalty))


PENALTIES = ({}, {"l1": as_keras(0.01)}, {"l2": as_keras(0.02)})
RATES = {"sgd": 0.1, "momentum": 0.05, "nesterov": 0.05, "adagrad": 0.05}


def make_rows(n_classes: int, rows: int = ROWS, seed: int = 0) -> tuple:
    """Return x, y, x_val, y_val that a network can learn something from; amounts for 0 classes."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows + 15, FEATURES))
    if n_classes == 0:
        y = 2 * np.tanh(x @ (1, 2, -1, 0.5)) + 0.3 * rng.normal(size=rows + 15)
        return x[:rows], y[:rows], x[rows:], y[rows:]
    y = np.argmax(x[:, :n_classes] + 0.3 * rng.normal(size=(rows + 15, n_classes)), axis=1)
    return x[:rows], y[:rows], x[rows:], y[rows:]


def fit_keras(member: Member, rows: tuple, n_classes: int, epochs: int = EPOCHS, **more) -> tuple:
    """Train the member's network with ``Model.fit``, in the rows' own order."""
    x, y, x_val, y_val = rows
    model = ht.build_mlp(FEATURES, n_classes, **member.network())
    model.run_eagerly = True
    history = model.fit(
        x,
        y,
        batch_size=member.batch_size,
        epochs=epochs,
        shuffle=False,
        validation_data=(x_val, y_val),
        verbose=0,
        **more,
    ).history
    return history, model


def assert_equal_curves(curve: dict, history: dict, tolerance: float) -> None:
    assert set(curve) == set(history)
    for name, values in history.items():
        np.testing.assert_allclose(curve[name], values, rtol=0, atol=tolerance, err_msg=name)


def assert_equal_weights(ours: list, theirs: list, tolerance: float) -> None:
    assert [w.shape for w in ours] == [w.shape for w in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, other, rtol=0, atol=tolerance)


def fit_side_by_side(
    members: list[tuple[Member, int]], x: np.ndarray, y: dict, weights: list | None = None
) -> tuple:
    """Train many networks by one ``Model.fit``: a model with all of them as its outputs.

    The optimizers work number by number and the loss is a sum, so each output trains as its own
    model would; one ``fit`` for dozens of networks keeps the whole product affordable.
    """
    models = [ht.build_mlp(FEATURES, classes, **m.network()) for m, classes in members]
    for n, model in enumerate(models):
        model.name = f"net{n}"
    inputs = keras.Input((FEATURES,))
    joined = keras.Model(inputs, {model.name: model(inputs) for model in models})
    optimizer = models[0].optimizer
    joined.compile(
        optimizer=optimizer.__class__.from_config(optimizer.get_config()),
        loss={model.name: model.loss for model in models},
        run_eagerly=True,
    )
    labels = {model.name: y[classes] for model, (_, classes) in zip(models, members, strict=True)}
    more = {"batch_size": len(x), "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    if weights is not None:
        more["sample_weight"] = dict(zip(labels, weights, strict=True))
    return joined.fit(x, labels, **more).history, models

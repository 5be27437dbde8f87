"""The networks compute what they say, repeat under a seed, and refuse what they cannot build."""

from __future__ import annotations

import random

import numpy as np
import pytest

from hpotutor._tensorflow import keras, tf
from hpotutor.models.builders import build_mlp, build_regressor
from hpotutor.models.convolutions import build_cnn, build_conv1d
from hpotutor.models.layers import (
    ACTIVATIONS,
    INITIALIZERS,
    OPTIMIZERS,
    layer_seeds,
    make_optimizer,
)
from tests.messages import refused, shown

ROWS = np.random.default_rng(0).normal(size=(12, 4)).astype("float32")


def kinds(model):
    return [type(layer).__name__ for layer in model.layers]


def same_weights(first, second):
    pairs = zip(first.get_weights(), second.get_weights(), strict=True)
    return all(np.array_equal(a, b) for a, b in pairs)


def test_mlp_is_the_composition_of_its_weights():
    model = build_mlp(4, 3, layers=2, units=(5, 6), activation="tanh", seed=0)
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    logits = np.tanh(np.tanh(ROWS @ w1 + b1) @ w2 + b2) @ w3 + b3
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model(ROWS), expected, rtol=1e-4, atol=1e-6)
    assert w1.shape == (4, 5) and w2.shape == (5, 6) and w3.shape == (6, 3)


def test_layers_come_in_the_documented_order():
    model = build_mlp(4, 2, layers=2, dropout=0.5, batch_norm=True)
    block = ["Dense", "BatchNormalization", "Activation", "Dropout"]
    assert kinds(model) == block * 2 + ["Dense"]
    assert kinds(build_mlp(4, 2)) == ["Dense", "Activation", "Dense"]


def test_penalties_are_on_hidden_kernels_only():
    model = build_mlp(4, 3, layers=1, units=5, l1=0.1, l2=0.01, seed=0)
    kernel = model.get_weights()[0]
    expected = 0.1 * np.abs(kernel).sum() + 0.01 * (kernel**2).sum()
    np.testing.assert_allclose(sum(model.losses), expected, rtol=1e-5)
    assert build_mlp(4, 3).losses == []


@pytest.mark.parametrize(
    "n_classes, output, units, loss",
    [
        (2, "auto", 1, "binary_crossentropy"),
        (2, "sigmoid", 1, "binary_crossentropy"),
        (2, "softmax", 2, "sparse_categorical_crossentropy"),
        (3, "auto", 3, "sparse_categorical_crossentropy"),
    ],
)
def test_output_fits_the_classes(n_classes, output, units, loss):
    model = build_mlp(4, n_classes, output=output, units=4)
    assert model.output_shape == (None, units) and model.loss == loss
    model.run_eagerly = True  # one step, which is not worth a graph
    y = np.arange(12) % n_classes
    assert set(model.fit(ROWS, y, verbose=0).history) == {"loss", "accuracy"}


@pytest.mark.parametrize("build", ["mlp", "cnn"])
def test_a_seed_repeats_weights_and_dropout_and_touches_no_generator(build):
    def make(seed):
        if build == "mlp":
            return build_mlp(4, 3, layers=2, dropout=0.5, seed=seed)
        return build_cnn((2, 2), 3, units=8, dropout=0.5, augmentation=0.2, seed=seed)

    before = random.getstate(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, second, other = make(7), make(7), make(8)
    assert random.getstate() == before[0]
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert same_weights(first, second) and not same_weights(first, other)
    drawn = [np.asarray(model(ROWS, training=True)) for model in (first, second)]
    assert np.array_equal(*drawn)
    assert not np.array_equal(drawn[0], first(ROWS, training=False))


def test_layers_of_one_network_start_differently():
    model = build_mlp(4, 4, layers=3, units=4, seed=0)
    kernels = [weight for weight in model.get_weights() if weight.ndim == 2]
    assert not any(np.array_equal(a, b) for a, b in zip(kernels, kernels[1:], strict=False))
    flat = [number for pair in layer_seeds(0, 20) for number in pair]
    assert len(set(flat)) == 40


@pytest.mark.parametrize("name", INITIALIZERS)
def test_initializers(name):
    kernel = build_mlp(200, 2, units=100, initializer=name, seed=0).get_weights()[0]
    spread = {
        "glorot_uniform": np.sqrt(2 / 300),
        "glorot_normal": np.sqrt(2 / 300),
        "he_uniform": np.sqrt(2 / 200),
        "he_normal": np.sqrt(2 / 200),
        "uniform": 0.05 / np.sqrt(3),
        "normal": 0.05,
        "zeros": 0.0,
    }[name]
    assert kernel.std() == pytest.approx(spread, rel=0.03)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    model = build_mlp(4, 2, units=3, activation=name, seed=0)
    w1, b1, w2, b2 = model.get_weights()
    hidden = np.asarray(ACTIVATIONS[name](tf.constant(ROWS @ w1 + b1)))
    expected = 1 / (1 + np.exp(-(hidden @ w2 + b2)))
    np.testing.assert_allclose(model(ROWS), expected, rtol=1e-4)


def test_every_optimizer_takes_the_learning_rate():
    for name, (kind, _) in OPTIMIZERS.items():
        optimizer = make_optimizer(name, 0.25)
        assert isinstance(optimizer, kind)
        assert float(optimizer.learning_rate) == 0.25


def test_momentum_and_weight_decay():
    assert make_optimizer("sgd").momentum == 0
    assert make_optimizer("momentum").momentum == 0.9
    assert not make_optimizer("momentum").nesterov
    assert make_optimizer("nesterov", momentum=0.5).nesterov
    assert make_optimizer("nesterov", momentum=0.5).momentum == 0.5
    assert make_optimizer("adamw").weight_decay == 0.004
    assert make_optimizer("adamw", weight_decay=0.1).weight_decay == 0.1


def test_learning_rate_may_be_a_schedule():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.5)
    model = build_mlp(4, 2, learning_rate=schedule)
    model.run_eagerly = True
    model.fit(ROWS, np.arange(12) % 2, batch_size=4, epochs=1, verbose=0)
    assert float(model.optimizer.learning_rate) < 0.1


def test_numpy_numbers_are_fine():
    model = build_mlp(
        np.int64(4), np.int64(2), layers=np.int32(1), units=np.int64(3), l2=np.float32(0.1)
    )
    assert model.output_shape == (None, 1)


def test_cnn_takes_flat_rows_and_halves_per_block():
    model = build_cnn((8, 8, 1), 10, filters=4, layers=3, batch_norm=True)
    assert model.input_shape == (None, 64)
    pooled = [layer.output.shape[1:] for layer in model.layers if "pool" in layer.name]
    assert pooled == [(4, 4, 4), (2, 2, 8), (1, 1, 16)]
    assert build_cnn((8, 8), 10, filters=(3, 5), layers=2).layers[-4].name == "flat"


def test_cnn_folds_rows_into_images():
    model = build_cnn((2, 3, 2), 2, units=2)
    rows = np.arange(24, dtype="float32").reshape(2, 12)
    assert np.array_equal(model.get_layer("image")(rows), rows.reshape(2, 2, 3, 2))


def test_augmentation_changes_training_images_only():
    plain = build_cnn((8, 8), 10, seed=0)
    changed = build_cnn((8, 8), 10, seed=0, augmentation=0.2)
    rows = np.random.default_rng(0).random((6, 64), dtype="float32")
    assert same_weights(plain, changed)
    np.testing.assert_allclose(plain(rows), changed(rows, training=False), rtol=1e-5)
    assert not np.allclose(plain(rows), changed(rows, training=True), rtol=1e-3)


def test_regressor_learns_a_line():
    y = ROWS @ np.array([1.0, -2.0, 0.5, 0.0])
    model = build_regressor(4, units=16, activation="linear", learning_rate=0.05, seed=0)
    loss = model.fit(ROWS, y, epochs=40, verbose=0).history["loss"]
    assert loss[-1] < 0.1 * loss[0]
    assert build_regressor(4, 3).output_shape == (None, 3)


@pytest.mark.parametrize(
    "loss, by_hand",
    [
        (None, lambda error: error**2),
        ("mse", lambda error: error**2),
        ("mae", np.abs),
        ("huber", lambda error: np.where(abs(error) < 1, error**2 / 2, abs(error) - 0.5)),
    ],
)
def test_no_classes_is_a_regression(loss, by_hand):
    y = 3 * ROWS[:, 0]
    for model in (
        build_mlp(4, 0, loss=loss, seed=0),
        build_cnn((2, 2), 0, loss=loss, seed=0),
        build_conv1d((4,), 0, loss=loss, seed=0),
    ):
        assert model.output_shape == (None, 1)
        assert model.layers[-1].activation is keras.activations.linear
        model.run_eagerly = True  # one step, which is not worth a graph
        error = y - np.asarray(model(ROWS))[:, 0]
        said = model.evaluate(ROWS, y, verbose=0)
        assert said == pytest.approx(by_hand(error).mean(), rel=1e-4)
    assert same_weights(build_mlp(4, 0, seed=0), build_regressor(4, seed=0))
    assert build_regressor(4, 2, loss=loss).loss == build_mlp(4, 0, loss=loss).loss


@pytest.mark.parametrize("build", [build_mlp, build_cnn, build_conv1d])
@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"n_classes": 0, "loss": "msee"}, "loss='msee'.*Did you mean 'mse'"),
        ({"n_classes": 0, "output": "sigmoid"}, "output='sigmoid'.*'auto' for n_classes=0"),
        ({"n_classes": 3, "loss": "mse"}, "loss='mse'.*None for classes"),
        ({"n_classes": 1}, "n_classes=1"),
        ({"n_classes": False}, "n_classes=False"),
    ],
)
def test_a_loss_or_an_output_of_the_other_task_is_told(build, arguments, said):
    shape = 4 if build is build_mlp else (4, 4)
    with refused(f"{build.__name__}: {said}"):
        build(shape, **arguments)


@pytest.mark.parametrize("shape", [(5, 9), (12, 7, 3), (28, 28, 1), (2, 3, 5)])
def test_cnn_takes_images_of_any_size(shape):
    rows = np.zeros((3, int(np.prod(shape))), "float32")
    assert build_cnn(shape, 4, filters=2)(rows).shape == (3, 4)


@pytest.mark.parametrize("padding, pooling", [("valid", "max"), ("same", "average")])
def test_conv1d_is_the_composition_of_its_weights(padding, pooling):
    model = build_conv1d(
        (7, 2),
        3,
        filters=4,
        kernel_size=3,
        strides=2,
        padding=padding,
        pooling=pooling,
        units=5,
        activation="tanh",
        seed=0,
    )
    rows = np.random.default_rng(1).normal(size=(6, 14)).astype("float32")
    w1, b1, w2, b2, w3, b3 = model.get_weights()
    steps = rows.reshape(6, 7, 2)
    if padding == "same":
        steps = np.pad(steps, [(0, 0), (1, 1), (0, 0)])
    windows = [steps[:, at : at + 3] for at in range(0, steps.shape[1] - 2, 2)]
    hidden = np.tanh(np.stack([np.einsum("nkc,kcf->nf", w, w1) + b1 for w in windows], axis=1))
    pairs = hidden[:, : hidden.shape[1] // 2 * 2].reshape(6, -1, 2, 4)
    pooled = pairs.max(axis=2) if pooling == "max" else pairs.mean(axis=2)
    logits = np.tanh(pooled.reshape(6, -1) @ w2 + b2) @ w3 + b3
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model(rows), expected, rtol=1e-4, atol=1e-6)


def test_conv1d_blocks_come_in_the_documented_order():
    model = build_conv1d((16,), 2, layers=2, filters=(3, 5), batch_norm=True, dropout=0.1)
    block = ["Conv1D", "BatchNormalization", "Activation", "MaxPooling1D"]
    dense = ["Dense", "BatchNormalization", "Activation", "Dropout", "Dense"]
    assert kinds(model) == ["Reshape", *block, *block, "Flatten", *dense]
    assert model.get_layer("block_2").filters == 5
    assert build_conv1d((16,), 2, layers=3).get_layer("block_3").filters == 64
    assert build_conv1d((3, 2), 2, pool_size=1, layers=9).get_layer("flat").output.shape[1] > 0


def test_conv1d_finds_a_bump_wherever_it_is():
    generator = np.random.default_rng(0)
    rows = generator.normal(scale=0.1, size=(200, 32)).astype("float32")
    y = np.arange(200) % 2
    for row in np.flatnonzero(y):
        at = generator.integers(0, 28)
        rows[row, at : at + 4] += [1, -1, 1, -1]
    model = build_conv1d((32, 1), 2, filters=8, kernel_size=5, learning_rate=0.01, seed=0)
    keras.utils.set_random_seed(0)
    model.fit(rows[:150], y[:150], epochs=15, verbose=0)
    assert model.evaluate(rows[150:], y[150:], verbose=0)[1] > 0.9


@pytest.mark.parametrize(
    "argument, value",
    [
        ("units", 0),
        ("units", 16.0),
        ("units", True),
        ("units", (8, 0)),
        ("units", ()),
        ("layers", 0),
        ("dropout", 1),
        ("dropout", -0.1),
        ("dropout", float("nan")),
        ("l1", -1e-3),
        ("l2", "big"),
        ("batch_norm", "yes"),
        ("activation", "rleu"),
        ("initializer", "he_norml"),
        ("optimizer", "adm"),
        ("learning_rate", 0),
        ("learning_rate", float("inf")),
        ("momentum", 0.9),
        ("weight_decay", 0.1),
        ("output", "sigmoid"),
        ("seed", -1),
        ("seed", 0.5),
    ],
)
def test_bad_argument_is_named(argument, value):
    with refused("^build_mlp: ", *shown({argument: value}), "Allowed: .*Type for"):
        build_mlp(4, 3, **{argument: value})


def test_all_bad_arguments_are_told_at_once():
    bad = {"units": 0, "dropout": 1, "activation": "rleu", "optimizer": "adm", "initializer": "he"}
    with refused("7 problems", *shown(bad), "Did you mean 'relu'", "Did you mean 'adam'"):
        build_mlp(0, 1, **bad)


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"layers": 4}, "layers=4 .* at most 3 for images of 8 x 8"),
        ({"augmentation": 1.0}, "augmentation=1.0"),
        ({"kernel_size": 0}, "kernel_size=0"),
        ({"filters": (4, 4), "layers": 1}, "filters="),
        ({"units": (4, 4), "dense_layers": 1}, "units=.*dense_layers=1"),
        ({"image_shape": (64,)}, "image_shape="),
        ({"image_shape": (8, 0, 1)}, "image_shape="),
    ],
)
def test_cnn_refuses(arguments, said):
    with refused(f"build_cnn: {said}"):
        build_cnn(**({"image_shape": (8, 8, 1), "n_classes": 10} | arguments))


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({"kernel_size": 9}, "kernel_size=9 .* at most 8"),
        ({"kernel_size": 9, "padding": "valid"}, "kernel_size=9 .* at most 8"),
        ({"pool_size": 9}, "pool_size=9 .* at most 8"),
        ({"strides": 8}, "pool_size=2 .* at most 1"),
        ({"layers": 4}, "layers=4 .* at most 2: block 3 .* 2 steps left, and kernel_size=3"),
        ({"layers": 5, "kernel_size": 1}, "layers=5 .* at most 3: block 4 .* and pool_size=2"),
        ({"padding": "full"}, "padding='full'"),
        ({"pooling": "avg"}, "pooling='avg'"),
        ({"strides": 0}, "strides=0"),
        ({"filters": (4, 4), "layers": 1}, "filters="),
        ({"sequence_shape": (8, 2, 1)}, "sequence_shape="),
        ({"sequence_shape": 8}, "sequence_shape=8"),
        ({"sequence_shape": (8, 0)}, "sequence_shape="),
    ],
)
def test_conv1d_refuses(arguments, said):
    with refused(f"build_conv1d: {said}"):
        build_conv1d(**({"sequence_shape": (8, 2), "n_classes": 3} | arguments))

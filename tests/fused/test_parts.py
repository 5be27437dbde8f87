"""The parts of a program, one by one and without a trace, beside TensorFlow's and Keras's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hpotutor._tensorflow import keras, tf
from hpotutor.fused import Member, Stack, StackData
from hpotutor.fused.convolution import Convolution, as_maps, kernel_shapes, take
from hpotutor.fused.knobs import knobs_of
from hpotutor.fused.losses import CROSS_ENTROPY, judged, predictions
from hpotutor.fused.planner import shape_of
from hpotutor.fused.program import Program, dense

MEMBERS, ROWS = 2, 3


def draw(*size: int, seed: int = 0):
    return tf.constant(np.random.default_rng(seed).normal(size=size))


def close(ours, theirs) -> None:
    np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-9, atol=1e-12)


# ── layers ───────────────────────────────────────────────────────────────────────────────────
def test_a_dense_layer_and_its_gradient_are_tensorflows():
    given = draw(MEMBERS, ROWS, 4), draw(MEMBERS, 4, 5), draw(MEMBERS, 1, 5)
    slope, found = draw(MEMBERS, ROWS, 5, seed=1), []
    for layer in (dense, lambda x, kernel, bias: tf.matmul(x, kernel) + bias):
        with tf.GradientTape() as tape:
            tape.watch(given)
            y = layer(*given)
        found.append([y, *tape.gradient(y, given, slope)])
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs)


# sides, kernel_size, strides, padding, pooling, pool_size
GEOMETRIES = [
    ((7,), 3, 2, "same", "max", 2),
    ((8,), 3, 3, "valid", "average", 2),
    ((6,), 4, 1, "same", "max", 1),
    ((5, 4), 2, 1, "same", "average", 2),
    ((5, 6), 3, 2, "same", "max", 3),
    ((6, 7), 3, 1, "valid", "max", 2),
]


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_block_and_its_gradient_are_keras(geometry):
    """Of each member on its own kernel: convolution, pooling, and the slopes of both."""
    sides, size, strides, padding, pooling, pool = geometry
    block = Convolution(sides, size, strides, padding, pooling, pool)
    channels, filters, places = 2, 3, math.prod(sides)
    x = draw(MEMBERS, ROWS, places * channels)
    kernels = draw(MEMBERS, *[size] * len(sides), channels, filters, seed=1)
    pooled = math.prod(block.pooled)
    slope = draw(MEMBERS, ROWS, pooled, filters, seed=2)

    def stacked():
        kernel = tf.reshape(kernels, (MEMBERS, size ** len(sides), channels, filters))
        kernel = tf.reshape(tf.transpose(kernel, (0, 2, 1, 3)), (MEMBERS, -1, filters))
        convolved = block.apply(as_maps(x, places), kernel)
        return tf.transpose(block.pool(convolved, ROWS), (0, 3, 2, 1))

    def plain():
        pools = {"max": keras.ops.max_pool, "average": keras.ops.average_pool}
        done = []
        for k in range(MEMBERS):
            images = tf.reshape(x[k], (ROWS, *sides, channels))
            images = keras.ops.conv(images, kernels[k], strides, padding)
            images = pools[pooling](images, pool, pool, "valid")
            done.append(tf.reshape(images, (ROWS, pooled, filters)))
        return tf.stack(done)

    found = []
    for way in (stacked, plain):
        with tf.GradientTape() as tape:
            tape.watch((x, kernels))
            y = way()
        found.append([y, *tape.gradient(y, (x, kernels), slope)])
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs)
    assert block.places == math.prod(block.convolved) == block.taps.shape[1]


def test_what_lies_beyond_the_border_is_zero_and_takes_no_gradient():
    x = draw(1, 2, 3, 2)
    wanted = np.array([[0, 2, -1], [2, 2, 0]], np.int32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        y = take(x, wanted)
    assert y.shape == (1, 2, 6, 2)
    close(y[:, :, 2], tf.zeros((1, 2, 2)))
    close(y[:, :, 3], x[:, :, 2])
    slope = tape.gradient(y, x)
    assert slope[0, 0, :, 0].numpy().tolist() == [2, 0, 3], "how often each place was read"


def test_kernels_have_the_shapes_of_keras():
    block = Convolution((6, 6), 3, 1, "valid", "max", 2)
    inner = Convolution(block.pooled, 2, 1, "same", "max", 1)
    assert (block.convolved, block.places, block.pooled) == ((4, 4), 16, (2, 2))
    assert kernel_shapes(72, (5, 7, 4), 3, (block, inner)) == [
        (3, 3, 2, 5), (2, 2, 5, 7), (4 * 7, 4), (4, 3)
    ]  # fmt: skip
    assert kernel_shapes(72, (5,), 3, (block,)) == [(3, 3, 2, 5), (4 * 5, 3)]
    assert kernel_shapes(72, (5,), 3, ()) == [(72, 5), (5, 3)]


# ── what outputs are judged by ───────────────────────────────────────────────────────────────
def test_the_loss_of_classes_and_its_gradient_are_keras():
    logits, y = 3 * draw(MEMBERS, 5, 3), tf.constant([[0, 1, 2, 2, 1], [1, 1, 0, 2, 0]])
    slope = draw(MEMBERS, 5, seed=1)
    found = []
    for loss in (
        lambda: judged(CROSS_ENTROPY, logits, y)[0],
        lambda: keras.losses.sparse_categorical_crossentropy(y, logits, from_logits=True),
    ):
        with tf.GradientTape() as tape:
            tape.watch(logits)
            losses = loss()
        found.append([losses, tape.gradient(losses, logits, slope)])
    for ours, theirs in zip(*found, strict=True):
        close(ours, theirs)
    right = judged(CROSS_ENTROPY, logits, y)[1]
    close(right, tf.cast(tf.argmax(logits, axis=-1, output_type=tf.int32) == y, right.dtype))
    huge = judged(CROSS_ENTROPY, 1e5 * logits, y)
    assert np.isfinite(huge[0]).all()


def test_of_equal_outputs_the_first_is_the_answer():
    logits = tf.constant([[[2.0, 2.0, 1.0], [1.0, 2.0, 2.0], [0.0, 0.0, 0.0], [0.0, 1.0, 1.0]]])
    right = judged(CROSS_ENTROPY, logits, tf.constant([[0, 1, 0, 2]]))[1]
    assert right.numpy().tolist() == [[1, 1, 1, 0]]


def test_one_output_tells_two_classes_apart():
    logits = tf.constant([[[-2.0], [0.0], [0.5], [3.0]]])
    y = tf.constant([[0, 0, 0, 1]])
    losses, right = judged(CROSS_ENTROPY, logits, y)
    assert right.numpy().tolist() == [[1, 1, 0, 1]] and losses.dtype == right.dtype == "float32"
    theirs = keras.losses.binary_crossentropy(y[..., np.newaxis], logits, from_logits=True)
    np.testing.assert_allclose(losses, theirs, rtol=1e-6)


@pytest.mark.parametrize("loss", ["mean_squared_error", "mean_absolute_error", "huber"])
def test_amounts_are_neither_right_nor_wrong(loss):
    outputs, y = draw(MEMBERS, 5, 1), 3 * draw(MEMBERS, 5, seed=1)
    losses, right = judged(loss, outputs, y)
    close(losses, getattr(keras.losses, loss)(y[..., np.newaxis], outputs))
    close(right, np.zeros((MEMBERS, 5)))


def test_predictions_are_shares_of_classes_and_amounts_as_they_are():
    three, one = draw(MEMBERS, 5, 3), draw(MEMBERS, 5, 1)
    shares = np.exp(three) / np.exp(three).sum(axis=-1, keepdims=True)
    close(predictions(CROSS_ENTROPY, three), shares)
    close(predictions(CROSS_ENTROPY, one), 1 / (1 + np.exp(-one)))
    close(predictions("huber", one), one)


# ── what is dropped, and what is held at once ────────────────────────────────────────────────
def test_the_same_draws_drop_the_same_units_for_ever(monkeypatch):
    """A training that goes on later, or elsewhere, is the training that was begun."""
    seeds = []

    def drawn(size, seed, *_):
        seeds.append(seed.numpy().tolist())
        numbers = np.arange(math.prod(size), dtype=np.uint64) * 0x12345671 % 2**32
        return tf.constant(numbers.astype(np.uint32).reshape(size))

    monkeypatch.setattr(tf.random, "stateless_uniform", drawn)
    members = [
        Member(units=(2, 8), dropout=rate, seed=seed) for rate, seed in ((0.5, 0), (0.25, 7))
    ]
    shape = shape_of(members, 3, 24, n_features=4)
    noise = [tf.constant(5), tf.constant(3)]
    scale = Program(shape)._dropout_scale(knobs_of(members, shape), 1, noise, 4)
    assert seeds == [[5, 3 * 64 + 1]], "by epoch, step and layer"
    assert scale.shape == (2, 4, 8)
    np.testing.assert_allclose(np.unique(scale[0]), [0, 2])
    np.testing.assert_allclose(np.unique(scale[1]), [0, 4 / 3], rtol=1e-6)
    kept = np.packbits(scale.numpy() > 0, axis=None).tobytes().hex()
    assert kept == "4eaa57063657ff6c"


def test_what_nobody_asked_for_is_not_computed(untraced, monkeypatch):
    """Outputs are those on the first of the sets, and only if they are kept or scored."""
    seen = []

    def look(loss, logits):
        seen.append(logits.shape[1])
        return predictions(loss, logits)

    monkeypatch.setattr("hpotutor.fused.program.predictions", look)
    x, y = np.zeros((6, 4)), np.zeros(6)
    for keep in (False, True):
        data = StackData(x, y, x[:5], y[:5], n_classes=2, evaluations={"test": (x, y)},
                         keep_outputs=keep)  # fmt: skip
        Stack(data, [{"units": 2}]).train(1)
    assert seen == [5]


@pytest.mark.parametrize(("folds", "pieces"), [(False, [2**15, 5]), (True, [2**14, 2**14, 5])])
def test_rows_are_evaluated_in_pieces_of_16_megabytes(folds, pieces, untraced, monkeypatch):
    """Of the widest layer of two networks; of folds, whose rows are gathered, of features, too."""
    rows, seen, features = 2**15 + 5, [], 128
    x, y = np.zeros((rows, features), np.float32), np.zeros(rows)

    def look(loss, logits, labels):
        seen.append(logits.shape[1])
        return judged(loss, logits, labels)

    monkeypatch.setattr("hpotutor.fused.program.judged", look)
    own = {"rows": [0], "val_rows": np.arange(rows)} if folds else {}
    data = StackData(x if folds else x[:1], y if folds else y[:1],
                     *(() if folds else (x, y)), n_classes=3)  # fmt: skip
    Stack(data, [{"units": 64, "seed": seed, **own} for seed in range(2)]).train(1)
    assert seen[1:] == pieces, "after the step"


def test_pieces_of_very_wide_networks_have_16_rows(untraced, monkeypatch):
    seen = []

    def look(loss, logits, labels):
        seen.append(logits.shape[1])
        return judged(loss, logits, labels)

    monkeypatch.setattr("hpotutor.fused.program.judged", look)
    monkeypatch.setattr("hpotutor.fused.program.EVALUATION_FLOATS", 1)
    x, y = np.zeros((40, 4)), np.zeros(40)
    Stack(StackData(x[:1], y[:1], x, y, n_classes=2), [{"units": 2}]).train(1)
    assert seen[1:] == [16, 16, 8], "after the step"

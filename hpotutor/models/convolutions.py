"""Compiled convolutional networks, for images and for sequences; written as ``builders.py`` is."""

import math
from collections.abc import Sequence

from hpotutor._tensorflow import keras
from hpotutor._validation import check_number
from hpotutor.errors import Problems
from hpotutor.models import layers as parts
from hpotutor.models.layers import Blocks, Hidden, LearningRate, Target
from hpotutor.models.scaling import Scaling


def build_cnn(
    image_shape: Sequence[int], n_classes: int, *,
    filters: int | Sequence[int] = 16, kernel_size: int | Sequence[int] = 3,
    layers: int | None = None, strides: int | Sequence[int] = 1, padding: str = "same",
    pooling: str = "max", pool_size: int | Sequence[int] = 2,
    units: int | Sequence[int] = 64, dense_layers: int | None = None, activation: str = "relu",
    dropout: float = 0.0, l1: float = 0.0, l2: float = 0.0,
    batch_norm: bool = False, initializer: str = "glorot_uniform",
    augmentation: float = 0.0,
    optimizer: str = "adam", learning_rate: LearningRate = 1e-3,
    momentum: float | None = None, weight_decay: float | None = None,
    output: str = "auto", loss: str | None = None, seed: int | None = None,
    layer_rates: Sequence[float] | None = None,
) -> keras.Model:  # fmt: skip
    """Build and compile a small convolutional network for images given as flat rows.

    The rows are folded into images, augmented (in training only), passed through blocks of
    convolution, batch normalization if asked for, activation and pooling, then through hidden
    layers as in ``build_mlp``.

    Parameters
    ----------
    image_shape : sequence of int
        (height, width) or (height, width, channels), as in ``data.input_shape``; rows have shape
        (rows, their product), as in ``data.x_train``.
    n_classes : int
        As in ``build_mlp``: from 2 up, or 0 for a regression.
    kernel_size : int or sequence of int, default 3
        Height and width of the filters in pixels, from 1 up; or one number a block.
    layers : int, optional
        Convolution blocks, from 1 up, by default one, or as many as ``filters`` are given; each
        halves the image if nothing else is said: 3 at most of 8 x 8.
    filters, strides, padding, pooling, pool_size, units, dense_layers, activation, initializer, \
batch_norm, l1, l2, dropout
        As in ``build_conv1d``, along both sides of the image.
    augmentation : float, default 0
        Strength of random changes to the training images, from 0 to below 1: shifts by up to
        this share of the side, zooms by up to this share, rotations by up to a quarter turn
        times this.
    optimizer, learning_rate, momentum, weight_decay, output, loss, seed, layer_rates
        As in ``build_mlp``; ``seed`` covers the augmentation too.

    keras.Sequential: compiled, a classifier with the metric "accuracy".

    ArgumentError: with all the arguments that are not allowed.

    Notes
    -----
    https://keras.io/api/layers/convolution_layers/convolution2d/

    Examples
    --------
    >>> build_cnn((8, 8, 1), 10, filters=4, layers=2, augmentation=0.1).input_shape
    (None, 64)
    """
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    blocks = Blocks(
        layers, filters, kernel_size, strides, padding, pooling, pool_size, units, dense_layers
    )
    target, training = (n_classes, output, loss), (optimizer, learning_rate, momentum, weight_decay)
    given = (blocks, hidden, target, training, seed, Scaling(layer_rates=layer_rates))
    return _convolutional("build_cnn", image_shape, 2, *given, augmentation)


def build_conv1d(
    sequence_shape: Sequence[int], n_classes: int, *,
    filters: int | Sequence[int] = 16, kernel_size: int | Sequence[int] = 3,
    layers: int | None = None, strides: int | Sequence[int] = 1, padding: str = "same",
    pooling: str = "max", pool_size: int | Sequence[int] = 2,
    units: int | Sequence[int] = 64, dense_layers: int | None = None, activation: str = "relu",
    dropout: float = 0.0, l1: float = 0.0, l2: float = 0.0,
    batch_norm: bool = False, initializer: str = "glorot_uniform",
    optimizer: str = "adam", learning_rate: LearningRate = 1e-3,
    momentum: float | None = None, weight_decay: float | None = None,
    output: str = "auto", loss: str | None = None, seed: int | None = None,
    layer_rates: Sequence[float] | None = None,
) -> keras.Model:  # fmt: skip
    """Build and compile a small convolutional network for sequences given as flat rows.

    The rows are folded into sequences, passed through blocks of convolution, batch normalization if
    asked for, activation and pooling, then through hidden layers as in ``build_mlp``.

    Parameters
    ----------
    sequence_shape : sequence of int
        (steps,) or (steps, channels), as in ``data.input_shape``; rows have shape (rows, their
        product), as in ``data.x_train``.
    n_classes : int
        As in ``build_mlp``: from 2 up, or 0 for a regression.
    filters : int or sequence of int, default 16
        Filters of the first block, doubled in each that follows; or one number a block.
    kernel_size : int or sequence of int, default 3
        Width of the filters in steps, from 1 up to the steps that a block is given; or one number
        a block.
    layers : int, optional
        Convolution blocks, from 1 up; by default one, or as many as ``filters`` are given.
    strides : int or sequence of int, default 1
        Steps from one place of a filter to the next, from 1 up; or one number a block.
    padding : {"same", "valid"}, default "same"
        "same" fills the ends with zeros, "valid" shortens the sequence by ``kernel_size - 1``.
    pooling : {"max", "average"}, default "max"
        What a block keeps of ``pool_size`` steps.
    pool_size : int or sequence of int, default 2
        Steps that become one after each convolution, from 1 (no pooling) up; or one number a block.
    units : int or sequence of int, default 64
        Units of every hidden layer after the blocks, or one number a layer.
    dense_layers : int, optional
        Hidden layers after the blocks, from 0 up; by default one, or as many as ``units`` are.
    activation, initializer, batch_norm, l1, l2
        As in ``build_mlp``, for the blocks and the hidden layers.
    dropout : float, default 0
        Share of each hidden layer's outputs dropped in training, from 0 to below 1.
    optimizer, learning_rate, momentum, weight_decay, output, loss, seed, layer_rates
        As in ``build_mlp``.

    keras.Sequential: compiled, a classifier with the metric "accuracy".

    ArgumentError: with all the arguments that are not allowed.

    Notes
    -----
    https://keras.io/api/layers/convolution_layers/convolution1d/

    Examples
    --------
    >>> model = build_conv1d((128, 9), 6, filters=8, kernel_size=5, layers=2, strides=2)
    >>> model.input_shape, model.get_layer("block_2_pool").output.shape
    ((None, 1152), (None, 8, 16))
    """
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    blocks = Blocks(
        layers, filters, kernel_size, strides, padding, pooling, pool_size, units, dense_layers
    )
    target, training = (n_classes, output, loss), (optimizer, learning_rate, momentum, weight_decay)
    given = (blocks, hidden, target, training, seed, Scaling(layer_rates=layer_rates))
    return _convolutional("build_conv1d", sequence_shape, 1, *given)


def _convolutional(
    call: str, shape: Sequence[int], dimensions: int, blocks: Blocks, hidden: Hidden,
    target: Target, training: tuple, seed: int | None, scaling: Scaling, augmentation: float = 0.0,
) -> keras.Model:  # fmt: skip
    """Check the arguments that both builders have, and build."""
    problems = Problems(call)
    check_number(problems, "augmentation", augmentation, high=1.0, example=0.1)
    blocks.check(problems)
    parts.check_shape(problems, shape, dimensions, blocks)
    parts.check_common(problems, hidden, target, training, seed)
    problems.raise_if_any()
    each, units = blocks.each(), blocks.hidden()
    scaling.check(problems, len(each) + len(units) + 1, hidden.batch_norm)
    problems.raise_if_any()
    *seeds, last = parts.layer_seeds(seed, len(each) + len(units) + 1)
    folded = (*map(int, shape), 1)[: dimensions + 1]
    rows, name = ("pixels", "image") if dimensions == 2 else ("values", "sequence")
    network = [keras.Input((math.prod(folded),), name=rows)]
    network += [keras.layers.Reshape(folded, name=name), *_augmentation(augmentation, last[1])]
    for n, block in enumerate(each):
        network += hidden.convolution(dimensions, block, seeds[n], name=f"block_{n + 1}")
    network.append(keras.layers.Flatten(name="flat"))
    for n, size in enumerate(units, start=1):
        name = "hidden" if len(units) == 1 else f"hidden_{n}"
        network += hidden.dense(size, seeds[len(each) + n - 1], name=name)
    model = parts.compiled(network, hidden, *target, last[0], training)
    return scaling.apply(model, hidden.initializer, training[0])


def _augmentation(strength: float, seed: int | None) -> list[keras.layers.Layer]:
    """Return layers that shift, rotate and zoom images, in training only."""
    if not strength:
        return []
    (one, _), (two, _), (three, _) = parts.layer_seeds(seed, 3)
    shift, turn, layers = float(strength), float(strength) / 4, keras.layers
    # the border's own pixels fill what a shift uncovers: rows may be scaled, so 0 is not "black"
    return [
        layers.RandomTranslation(shift, shift, "nearest", seed=one, name="random_shift"),
        layers.RandomRotation(turn, "nearest", seed=two, name="random_rotation"),
        layers.RandomZoom(shift, fill_mode="nearest", seed=three, name="random_zoom"),
    ]

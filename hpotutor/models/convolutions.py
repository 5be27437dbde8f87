"""Compiled convolutional networks, for images and for sequences; written as ``builders.py`` is."""

from collections.abc import Sequence

from hpotutor._tensorflow import keras
from hpotutor._validation import check_seed
from hpotutor.errors import Problems
from hpotutor.models.layers import (
    PADDINGS,
    POOLINGS,
    Hidden,
    LearningRate,
    augmentation_layers,
    check_image,
    check_integer,
    check_number,
    check_optimizer,
    check_sequence,
    check_sizes,
    check_target,
    compiled,
    layer_seeds,
    make_optimizer,
    sizes_of,
)

__all__ = ["build_cnn", "build_conv1d"]


def build_cnn(
    image_shape: Sequence[int],
    n_classes: int,
    *,
    filters: int | Sequence[int] = 16,
    kernel_size: int = 3,
    layers: int = 1,
    units: int = 64,
    activation: str = "relu",
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    batch_norm: bool = False,
    initializer: str = "glorot_uniform",
    augmentation: float = 0.0,
    optimizer: str = "adam",
    learning_rate: LearningRate = 1e-3,
    momentum: float | None = None,
    weight_decay: float | None = None,
    output: str = "auto",
    loss: str | None = None,
    seed: int | None = None,
) -> keras.Model:
    """Build and compile a small convolutional network for images given as flat rows.

    The rows are folded into images, augmented (in training only), passed through blocks of
    convolution, batch normalization if asked for, activation and 2 x 2 max pooling, then through
    one hidden layer as in ``build_mlp``.

    Parameters
    ----------
    image_shape : sequence of int
        (height, width) or (height, width, channels), as in ``data.input_shape``; rows have shape
        (rows, their product), as in ``data.x_train``.
    n_classes : int
        As in ``build_mlp``: from 2 up, or 0 for a regression.
    filters : int or sequence of int, default 16
        Filters of the first block, doubled in each that follows; or one number a block.
    kernel_size : int, default 3
        Height and width of the filters in pixels, from 1 up.
    layers : int, default 1
        Convolution blocks, from 1 up; each halves the image, so an 8 x 8 image takes 3 at most.
    units : int, default 64
        Units of the hidden layer after the blocks.
    activation, initializer, batch_norm, l1, l2
        As in ``build_mlp``, for the blocks and the hidden layer.
    dropout : float, default 0
        Share of the hidden layer's outputs dropped in training, from 0 to below 1.
    augmentation : float, default 0
        Strength of random changes to the training images, from 0 to below 1: shifts by up to
        this share of the side, zooms by up to this share, rotations by up to a quarter turn
        times this.
    optimizer, learning_rate, momentum, weight_decay, output, loss, seed
        As in ``build_mlp``; ``seed`` covers the augmentation too.

    Returns
    -------
    keras.Sequential
        Compiled, a classifier with the metric "accuracy".

    Raises
    ------
    ArgumentError
        With all the arguments that are not allowed.

    Notes
    -----
    https://keras.io/api/layers/preprocessing_layers/image_augmentation/

    Examples
    --------
    >>> build_cnn((8, 8, 1), 10, filters=4, layers=2, augmentation=0.1).input_shape
    (None, 64)
    """
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    problems = Problems("build_cnn")
    check_image(problems, image_shape, layers)
    check_target(problems, n_classes, output, loss)
    check_sizes(problems, "filters", filters, layers, example=16)
    check_integer(problems, "kernel_size", kernel_size, low=1, example=3)
    check_integer(problems, "units", units, low=1, example=64)
    hidden.check(problems)
    check_number(problems, "augmentation", augmentation, high=1.0, example=0.1)
    check_optimizer(problems, optimizer, learning_rate, momentum, weight_decay)
    check_seed(problems, seed, optional=True)
    problems.raise_if_any()

    height, width, channels = (*map(int, image_shape), 1)[:3]
    *seeds, before_last, last = layer_seeds(seed, layers + 2)
    network = [
        keras.Input((height * width * channels,), name="pixels"),
        keras.layers.Reshape((height, width, channels), name="image"),
        *augmentation_layers(augmentation, last[1]),
    ]
    sizes = sizes_of(filters, layers, doubling=True)
    for n, (size, pair) in enumerate(zip(sizes, seeds, strict=True), start=1):
        network += hidden.convolution(2, size, int(kernel_size), pair, name=f"block_{n}")
    network.append(keras.layers.Flatten(name="flat"))
    network += hidden.dense(int(units), before_last, name="hidden")
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    return compiled(network, hidden, n_classes, output, loss, last[0], made)


def build_conv1d(
    sequence_shape: Sequence[int],
    n_classes: int,
    *,
    filters: int | Sequence[int] = 16,
    kernel_size: int = 3,
    layers: int = 1,
    strides: int = 1,
    padding: str = "same",
    pooling: str = "max",
    pool_size: int = 2,
    units: int = 64,
    activation: str = "relu",
    dropout: float = 0.0,
    l1: float = 0.0,
    l2: float = 0.0,
    batch_norm: bool = False,
    initializer: str = "glorot_uniform",
    optimizer: str = "adam",
    learning_rate: LearningRate = 1e-3,
    momentum: float | None = None,
    weight_decay: float | None = None,
    output: str = "auto",
    loss: str | None = None,
    seed: int | None = None,
) -> keras.Model:
    """Build and compile a small convolutional network for sequences given as flat rows.

    The rows are folded into sequences, passed through blocks of convolution along the steps, batch
    normalization if asked for, activation and pooling, then through one hidden layer as in
    ``build_mlp``.

    Parameters
    ----------
    sequence_shape : sequence of int
        (steps,) or (steps, channels), as in ``data.input_shape``; rows have shape (rows, their
        product), as in ``data.x_train``.
    n_classes : int
        As in ``build_mlp``: from 2 up, or 0 for a regression.
    filters : int or sequence of int, default 16
        Filters of the first block, doubled in each that follows; or one number a block.
    kernel_size : int, default 3
        Width of the filters in steps, from 1 up to the steps that a block is given.
    layers : int, default 1
        Convolution blocks, from 1 up.
    strides : int, default 1
        Steps from one place of a filter to the next, from 1 up.
    padding : {"same", "valid"}, default "same"
        "same" fills the ends with zeros, "valid" shortens the sequence by ``kernel_size - 1``.
    pooling : {"max", "average"}, default "max"
        What a block keeps of ``pool_size`` steps.
    pool_size : int, default 2
        Steps that become one after each convolution, from 1 (no pooling) up.
    units : int, default 64
        Units of the hidden layer after the blocks.
    activation, initializer, batch_norm, l1, l2
        As in ``build_mlp``, for the blocks and the hidden layer.
    dropout : float, default 0
        Share of the hidden layer's outputs dropped in training, from 0 to below 1.
    optimizer, learning_rate, momentum, weight_decay, output, loss, seed
        As in ``build_mlp``.

    Returns
    -------
    keras.Sequential
        Compiled, a classifier with the metric "accuracy".

    Raises
    ------
    ArgumentError
        With all the arguments that are not allowed.

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
    problems = Problems("build_conv1d")
    check_target(problems, n_classes, output, loss)
    check_sizes(problems, "filters", filters, layers, example=16)
    check_integer(problems, "kernel_size", kernel_size, low=1, example=3)
    check_integer(problems, "strides", strides, low=1, example=1)
    problems.choice("padding", padding, PADDINGS)
    problems.choice("pooling", pooling, POOLINGS)
    check_integer(problems, "pool_size", pool_size, low=1, example=2)
    check_sequence(problems, sequence_shape, layers, kernel_size, strides, padding, pool_size)
    check_integer(problems, "units", units, low=1, example=64)
    hidden.check(problems)
    check_optimizer(problems, optimizer, learning_rate, momentum, weight_decay)
    check_seed(problems, seed, optional=True)
    problems.raise_if_any()

    steps, channels = (*map(int, sequence_shape), 1)[:2]
    *seeds, before_last, last = layer_seeds(seed, layers + 2)
    network = [
        keras.Input((steps * channels,), name="values"),
        keras.layers.Reshape((steps, channels), name="sequence"),
    ]
    sizes = sizes_of(filters, layers, doubling=True)
    for n, (size, pair) in enumerate(zip(sizes, seeds, strict=True), start=1):
        network += hidden.convolution(
            1,
            size,
            int(kernel_size),
            pair,
            name=f"block_{n}",
            strides=int(strides),
            padding=padding,
            pooling=pooling,
            pool_size=int(pool_size),
        )
    network.append(keras.layers.Flatten(name="flat"))
    network += hidden.dense(int(units), before_last, name="hidden")
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    return compiled(network, hidden, n_classes, output, loss, last[0], made)

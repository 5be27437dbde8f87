"""Compiled convolutional networks, for images and for sequences; written as ``builders.py`` is."""

from collections.abc import Sequence

from hpotutor._tensorflow import keras
from hpotutor._validation import check_seed
from hpotutor.errors import Problems
from hpotutor.models.layers import (
    Blocks,
    Hidden,
    LearningRate,
    Seeds,
    augmentation_layers,
    check_image,
    check_number,
    check_optimizer,
    check_sequence,
    check_target,
    compiled,
    layer_seeds,
    make_optimizer,
)

__all__ = ["build_cnn", "build_conv1d"]


def build_cnn(
    image_shape: Sequence[int],
    n_classes: int,
    *,
    filters: int | Sequence[int] = 16,
    kernel_size: int | Sequence[int] = 3,
    layers: int = 1,
    strides: int | Sequence[int] = 1,
    padding: str = "same",
    pooling: str = "max",
    pool_size: int | Sequence[int] = 2,
    units: int | Sequence[int] = 64,
    dense_layers: int = 1,
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
    convolution, batch normalization if asked for, activation and pooling, then through hidden
    layers as in ``build_mlp``.

    Parameters
    ----------
    image_shape : sequence of int
        (height, width) or (height, width, channels), as in ``data.input_shape``; rows have shape
        (rows, their product), as in ``data.x_train``.
    n_classes : int
        As in ``build_mlp``: from 2 up, or 0 for a regression.
    filters : int or sequence of int, default 16
        Filters of the first block, doubled in each that follows; or one number a block.
    kernel_size : int or sequence of int, default 3
        Height and width of the filters in pixels, from 1 up; or one number a block.
    layers : int, default 1
        Convolution blocks, from 1 up; each halves the image where nothing else is said, so an
        8 x 8 image takes 3 at most.
    strides, padding, pooling, pool_size, units, dense_layers, activation, initializer, \
batch_norm, l1, l2, dropout
        As in ``build_conv1d``, along both sides of the image.
    augmentation : float, default 0
        Strength of random changes to the training images, from 0 to below 1: shifts by up to
        this share of the side, zooms by up to this share, rotations by up to a quarter turn
        times this.
    optimizer, learning_rate, momentum, weight_decay, output, loss, seed
        As in ``build_mlp``; ``seed`` covers the augmentation too.

    keras.Sequential: compiled, a classifier with the metric "accuracy".

    ArgumentError: with all the arguments that are not allowed.

    Notes
    -----
    https://keras.io/api/layers/preprocessing_layers/image_augmentation/

    Examples
    --------
    >>> build_cnn((8, 8, 1), 10, filters=4, layers=2, augmentation=0.1).input_shape
    (None, 64)
    """
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    blocks = Blocks(
        layers, filters, kernel_size, strides, padding, pooling, pool_size, units, dense_layers
    )
    problems = Problems("build_cnn")
    blocks.check(problems)
    check_image(problems, image_shape, blocks)
    check_target(problems, n_classes, output, loss)
    hidden.check(problems)
    check_number(problems, "augmentation", augmentation, high=1.0, example=0.1)
    check_optimizer(problems, optimizer, learning_rate, momentum, weight_decay)
    check_seed(problems, seed, optional=True)
    problems.raise_if_any()

    height, width, channels = (*map(int, image_shape), 1)[:3]
    network, last = _blocks_and_hidden(blocks, hidden, 2, seed)
    first = [
        keras.Input((height * width * channels,), name="pixels"),
        keras.layers.Reshape((height, width, channels), name="image"),
        *augmentation_layers(augmentation, last[1]),
    ]
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    return compiled([*first, *network], hidden, n_classes, output, loss, last[0], made)


def build_conv1d(
    sequence_shape: Sequence[int],
    n_classes: int,
    *,
    filters: int | Sequence[int] = 16,
    kernel_size: int | Sequence[int] = 3,
    layers: int = 1,
    strides: int | Sequence[int] = 1,
    padding: str = "same",
    pooling: str = "max",
    pool_size: int | Sequence[int] = 2,
    units: int | Sequence[int] = 64,
    dense_layers: int = 1,
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
    normalization if asked for, activation and pooling, then through hidden layers as in
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
    kernel_size : int or sequence of int, default 3
        Width of the filters in steps, from 1 up to the steps that a block is given; or one number
        a block.
    layers : int, default 1
        Convolution blocks, from 1 up.
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
    dense_layers : int, default 1
        Hidden layers after the blocks, from 0 up.
    activation, initializer, batch_norm, l1, l2
        As in ``build_mlp``, for the blocks and the hidden layers.
    dropout : float, default 0
        Share of each hidden layer's outputs dropped in training, from 0 to below 1.
    optimizer, learning_rate, momentum, weight_decay, output, loss, seed
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
    problems = Problems("build_conv1d")
    check_target(problems, n_classes, output, loss)
    blocks.check(problems)
    check_sequence(problems, sequence_shape, blocks)
    hidden.check(problems)
    check_optimizer(problems, optimizer, learning_rate, momentum, weight_decay)
    check_seed(problems, seed, optional=True)
    problems.raise_if_any()

    steps, channels = (*map(int, sequence_shape), 1)[:2]
    network, last = _blocks_and_hidden(blocks, hidden, 1, seed)
    first = [
        keras.Input((steps * channels,), name="values"),
        keras.layers.Reshape((steps, channels), name="sequence"),
    ]
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    return compiled([*first, *network], hidden, n_classes, output, loss, last[0], made)


def _blocks_and_hidden(
    blocks: Blocks, hidden: Hidden, dimensions: int, seed: int | None
) -> tuple[list[keras.layers.Layer], Seeds]:
    """Return the blocks and the hidden layers after them, and seeds for the output layer."""
    each, units = blocks.each(), blocks.hidden()
    *seeds, last = layer_seeds(seed, len(each) + len(units) + 1)
    network = []
    for n, block in enumerate(each):
        network += hidden.convolution(dimensions, seeds=seeds[n], name=f"block_{n + 1}", **block)
    network.append(keras.layers.Flatten(name="flat"))
    for n, size in enumerate(units, start=1):
        name = "hidden" if len(units) == 1 else f"hidden_{n}"
        network += hidden.dense(size, seeds[len(each) + n - 1], name=name)
    return network, last

"""Compiled Keras networks with every hyperparameter that the lessons turn.

Randomness enters only through ``seed``: every layer gets a seed of its own from ``layer_seeds``,
so no global generator is read or moved.
"""

from collections.abc import Sequence

from hpotutor._tensorflow import keras
from hpotutor._validation import check_seed
from hpotutor.errors import Problems
from hpotutor.models.layers import (
    Hidden,
    LearningRate,
    augmentation_layers,
    check_image,
    check_integer,
    check_number,
    check_optimizer,
    check_output,
    check_sizes,
    layer_seeds,
    make_optimizer,
    sizes_of,
)

__all__ = ["build_cnn", "build_mlp", "build_regressor"]


def build_mlp(
    n_features: int,
    n_classes: int,
    *,
    layers: int = 1,
    units: int | Sequence[int] = 64,
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
    seed: int | None = None,
) -> keras.Model:
    """Build and compile a fully connected classifier.

    Each hidden layer is ``Dense`` (linear), then batch normalization if asked for, then the
    activation, then dropout if above 0.

    Parameters
    ----------
    n_features : int
        Columns of the input rows, shape (rows, n_features).
    n_classes : int
        Number of classes, from 2 up; labels are integers from 0 to ``n_classes - 1``.
    layers : int, default 1
        Hidden layers, from 1 up.
    units : int or sequence of int, default 64
        Units of every hidden layer, or one number a layer.
    activation : str, default "relu"
        One of ``ACTIVATIONS``, for the hidden layers.
    dropout : float, default 0
        Share of each hidden layer's outputs dropped in training, from 0 to below 1.
    l1, l2 : float, default 0
        Penalties on the kernels of the hidden layers (not of the output layer), from 0 up.
    batch_norm : bool, default False
        Normalize each hidden layer over the batch, before its activation.
    initializer : str, default "glorot_uniform"
        One of ``INITIALIZERS``, for every kernel; biases start at zero.
    optimizer, learning_rate, momentum, weight_decay
        As in ``make_optimizer``.
    output : {"auto", "softmax", "sigmoid"}, default "auto"
        "sigmoid" is one unit with binary cross-entropy, for 2 classes only; "softmax" one unit a
        class with sparse categorical cross-entropy; "auto" takes "sigmoid" for 2 classes.
    seed : int or None, default None
        Makes initial weights and dropout repeat. The order of the batches is ``fit``'s own
        affair; ``keras.utils.set_random_seed`` fixes that.

    Returns
    -------
    keras.Sequential
        Compiled, with the metric "accuracy".

    Raises
    ------
    ArgumentError
        With all the arguments that are not allowed.

    Notes
    -----
    https://keras.io/api/layers/core_layers/dense/

    Examples
    --------
    >>> model = build_mlp(4, 3, layers=2, units=(16, 8), dropout=0.2, seed=0)
    >>> [layer.name for layer in model.layers][:3]
    ['hidden_1', 'hidden_1_activation', 'hidden_1_dropout']
    >>> model.output_shape
    (None, 3)
    """
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    problems = Problems("build_mlp")
    check_integer(problems, "n_features", n_features, low=1, example=4)
    check_output(problems, n_classes, output)
    check_sizes(problems, "units", units, layers, example=64)
    hidden.check(problems)
    check_optimizer(problems, optimizer, learning_rate, momentum, weight_decay)
    check_seed(problems, seed, optional=True)
    problems.raise_if_any()
    network, last = _fully_connected(hidden, n_features, sizes_of(units, layers), seed)
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    return _classifier(network, hidden, n_classes, output, last, made)


def build_regressor(
    n_features: int,
    n_outputs: int = 1,
    *,
    layers: int = 1,
    units: int | Sequence[int] = 64,
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
    seed: int | None = None,
) -> keras.Model:
    """Build and compile ``build_mlp``'s network with a linear output and squared error.

    Parameters
    ----------
    n_features : int
        Columns of the input rows, shape (rows, n_features).
    n_outputs : int, default 1
        Columns of the target.
    layers, units, activation, dropout, l1, l2, batch_norm, initializer, optimizer, \
learning_rate, momentum, weight_decay, seed
        As in ``build_mlp``.

    Returns
    -------
    keras.Sequential
        Compiled with mean squared error.

    Raises
    ------
    ArgumentError
        With all the arguments that are not allowed.

    Examples
    --------
    >>> build_regressor(4, units=8).loss
    'mean_squared_error'
    """
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    problems = Problems("build_regressor")
    check_integer(problems, "n_features", n_features, low=1, example=4)
    check_integer(problems, "n_outputs", n_outputs, low=1, example=1)
    check_sizes(problems, "units", units, layers, example=64)
    hidden.check(problems)
    check_optimizer(problems, optimizer, learning_rate, momentum, weight_decay)
    check_seed(problems, seed, optional=True)
    problems.raise_if_any()
    network, last = _fully_connected(hidden, n_features, sizes_of(units, layers), seed)
    model = keras.Sequential([*network, hidden.output(int(n_outputs), "linear", last)])
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    model.compile(optimizer=made, loss="mean_squared_error")
    return model


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
    seed: int | None = None,
) -> keras.Model:
    """Build and compile a small convolutional classifier of images given as flat rows.

    The rows are folded into images, augmented (in training only), passed through blocks of
    convolution, batch normalization if asked for, activation and 2 x 2 max pooling, then through
    one hidden layer as in ``build_mlp``.

    Parameters
    ----------
    image_shape : sequence of int
        (height, width) or (height, width, channels); rows have shape (rows, their product).
    n_classes : int
        Number of classes, from 2 up; labels are integers from 0 to ``n_classes - 1``.
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
    optimizer, learning_rate, momentum, weight_decay, output, seed
        As in ``build_mlp``; ``seed`` covers the augmentation too.

    Returns
    -------
    keras.Sequential
        Compiled, with the metric "accuracy".

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
    check_output(problems, n_classes, output)
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
        network += hidden.convolution(size, int(kernel_size), pair, name=f"block_{n}")
    network.append(keras.layers.Flatten(name="flat"))
    network += hidden.dense(int(units), before_last, name="hidden")
    made = make_optimizer(optimizer, learning_rate, momentum, weight_decay)
    return _classifier(network, hidden, n_classes, output, last[0], made)


def _fully_connected(
    hidden: Hidden, n_features: int, sizes: list[int], seed: int | None
) -> tuple[list[keras.layers.Layer], int | None]:
    """Return the input and the hidden layers, and a seed for the output layer's weights."""
    *seeds, last = layer_seeds(seed, len(sizes) + 1)
    network = [keras.Input((int(n_features),), name="features")]
    for n, (size, pair) in enumerate(zip(sizes, seeds, strict=True), start=1):
        network += hidden.dense(size, pair, name=f"hidden_{n}")
    return network, last[0]


def _classifier(
    network: list[keras.layers.Layer],
    hidden: Hidden,
    n_classes: int,
    output: str,
    seed: int | None,
    optimizer: keras.optimizers.Optimizer,
) -> keras.Model:
    """End a network in one sigmoid unit for 2 classes, or in a softmax unit a class."""
    if output == "sigmoid" or (output == "auto" and n_classes == 2):
        last, loss = hidden.output(1, "sigmoid", seed), "binary_crossentropy"
    else:
        last = hidden.output(int(n_classes), "softmax", seed)
        loss = "sparse_categorical_crossentropy"
    model = keras.Sequential([*network, last])
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    return model

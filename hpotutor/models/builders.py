"""Compiled fully connected networks with every hyperparameter that the lessons turn.

Randomness enters only through ``seed``: every layer has its own, from ``layer_seeds``.
"""

from collections.abc import Sequence

from hpotutor._tensorflow import keras
from hpotutor._validation import check_count
from hpotutor.errors import Problems
from hpotutor.models import layers as parts
from hpotutor.models.layers import Hidden, LearningRate, Target
from hpotutor.models.scaling import Scaling


def build_mlp(
    n_features: int, n_classes: int, *,
    layers: int | None = None, units: int | Sequence[int] = 64, activation: str = "relu",
    dropout: float = 0.0, l1: float = 0.0, l2: float = 0.0,
    batch_norm: bool = False, initializer: str = "glorot_uniform",
    optimizer: str = "adam", learning_rate: LearningRate = 1e-3,
    momentum: float | None = None, weight_decay: float | None = None,
    output: str = "auto", loss: str | None = None, seed: int | None = None,
    parametrization: str = "standard", base_units: int = 64,
    layer_rates: Sequence[float] | None = None,
) -> keras.Model:  # fmt: skip
    """Build and compile a fully connected classifier, or with ``n_classes=0`` a regressor.

    Each hidden layer is ``Dense`` (linear), then batch normalization if asked for, then the
    activation, then dropout if above 0.

    Parameters
    ----------
    n_features : int
        Columns of the input rows, shape (rows, n_features).
    n_classes : int
        Number of classes, from 2 up; labels are integers from 0 to ``n_classes - 1``. 0 is a
        regression: one linear unit, for an amount.
    layers : int, optional
        Hidden layers, from 1 up; by default one, or as many as ``units`` are given.
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
    loss : {"mse", "mae", "huber"} or None, default None
        Of a regression; None is squared error. Huber's loss is squared error up to an error of 1
        and absolute error from there on. A classifier's loss follows from ``output``.
    seed : int or None, default None
        Makes initial weights and dropout repeat. The order of the batches is ``fit``'s own
        affair; ``keras.utils.set_random_seed`` fixes that.
    parametrization : {"standard", "mup"}, default "standard"
        "mup" is the maximal update parametrization: initial kernels and learning rates are scaled
        by layer, so that the best ``learning_rate`` does not move with the ``units``. In a network
        of ``base_units`` (default 64) both are the same. Yang et al. (2022),
        https://arxiv.org/abs/2203.03466, for all optimizers; not with ``batch_norm``.
    layer_rates : sequence of float, optional
        By what the learning rate is multiplied in each layer, the output layer last; 0 freezes
        it. Not with ``batch_norm``.

    keras.Sequential: compiled, a classifier with the metric "accuracy".

    ArgumentError: with all the arguments that are not allowed.

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
    >>> build_mlp(4, 0, loss="mae").loss
    'mean_absolute_error'
    >>> build_mlp(4, 3, layer_rates=(0, 1)).get_layer("hidden_1").trainable
    False
    """
    target, training = (n_classes, output, loss), (optimizer, learning_rate, momentum, weight_decay)
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    given = (n_features, layers, units, 1)
    scaling = Scaling(parametrization, base_units, layer_rates)
    return _fully_connected("build_mlp", given, hidden, target, training, seed, scaling)


def build_regressor(
    n_features: int, n_outputs: int = 1, *,
    layers: int | None = None, units: int | Sequence[int] = 64, activation: str = "relu",
    dropout: float = 0.0, l1: float = 0.0, l2: float = 0.0,
    batch_norm: bool = False, initializer: str = "glorot_uniform",
    optimizer: str = "adam", learning_rate: LearningRate = 1e-3,
    momentum: float | None = None, weight_decay: float | None = None,
    loss: str | None = None, seed: int | None = None,
) -> keras.Model:  # fmt: skip
    """Build and compile ``build_mlp``'s network with a linear output, one unit or several.

    ``n_outputs`` is the target's columns; other arguments and errors are those of ``build_mlp``.

    Examples
    --------
    >>> build_regressor(4, units=8).loss
    'mean_squared_error'
    """
    training = (optimizer, learning_rate, momentum, weight_decay)
    hidden = Hidden(activation, dropout, l1, l2, batch_norm, initializer)
    given = (n_features, layers, units, n_outputs)
    return _fully_connected("build_regressor", given, hidden, (0, "auto", loss), training, seed)


def _fully_connected(
    call: str, given: tuple, hidden: Hidden, target: Target, training: tuple, seed: int | None,
    scaling: Scaling = Scaling(),  # noqa: B008
) -> keras.Model:  # fmt: skip
    """Check all arguments of a call, and build; ``given`` are features, layers, units, outputs."""
    n_features, layers, units, n_outputs = given
    problems = Problems(call)
    check_count(problems, "n_features", n_features, example=4)
    check_count(problems, "n_outputs", n_outputs, example=1)
    layers = parts.layers_of(units, layers)
    parts.check_sizes(problems, "units", units, layers, example=64)
    parts.check_common(problems, hidden, target, training, seed)
    problems.raise_if_any()
    scaling.check(problems, len(parts.sizes_of(units, layers)) + 1, hidden.batch_norm)
    problems.raise_if_any()
    sizes = parts.sizes_of(units, layers)
    *seeds, last = parts.layer_seeds(seed, len(sizes) + 1)
    network = [keras.Input((int(n_features),), name="features")]
    for n, (size, pair) in enumerate(zip(sizes, seeds, strict=True), start=1):
        network += hidden.dense(size, pair, name=f"hidden_{n}")
    model = parts.compiled(network, hidden, *target, last[0], training, n_outputs=int(n_outputs))
    return scaling.apply(model, hidden.initializer, training[0])

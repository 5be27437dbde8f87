"""One network that a stack is asked to train: what is asked, its checks and its random draws."""

import dataclasses
import inspect
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hpotutor._tensorflow import keras, tf
from hpotutor._validation import check_count, check_seed, is_number
from hpotutor.errors import Problems
from hpotutor.fused.convolution import Convolution, convolutions_of, kernel_shapes
from hpotutor.fused.losses import CROSS_ENTROPY
from hpotutor.models import layers as parts
from hpotutor.models.convolutions import build_conv1d
from hpotutor.models.scaling import Scaling

DEFAULT_WEIGHT_DECAY = 0.004  # Keras's AdamW
REMEMBERED_DRAW = 2**13  # numbers: 1,024 remembered kernels take 32 MB at most in float32


@dataclass(frozen=True, eq=False)
class Member:
    """One network that is asked for: its hyperparameters, its rows and its seed.

    Parameters
    ----------
    architecture : {"dense", "conv"}, default "dense"
        The network of :func:`hpotutor.build_mlp`, or that of :func:`hpotutor.build_conv1d` or
        :func:`hpotutor.build_cnn`, by the ``input_shape`` of the rows.
    filters, kernel_size, strides, padding, pooling, pool_size, dense_layers
        As in :func:`hpotutor.build_conv1d`, with ``architecture="conv"`` only.
    layers, units, activation, dropout, l1, l2, batch_norm, initializer, optimizer, \
learning_rate, momentum, weight_decay, output, loss
        As in :func:`hpotutor.build_mlp`. ``learning_rate`` may also be an array with one rate a
        step; its last value holds on.
    batch_size : int, default 32
        Rows a step; the last batch of an epoch may be shorter, as in ``Model.fit``.
    epochs : int, optional
        Training length; by default what ``train_many`` is told.
    seed : int, default 0
        Initial weights (those of ``build_mlp(seed=...)``), order of batches and dropout.
    rows, val_rows : array of int, optional
        Which training rows to train and to validate on (a fold); all, and the shared ones, if None.
    patience : int, optional
        Stop when ``monitor`` has not improved for so many epochs.
    monitor, monitor_mode
        A curve or score, and whether it should fall ("min") or rise ("max"); "auto" lets those
        with "loss" in their name fall.
    restore_best : bool, default False
        Keep the weights of the best epoch by ``monitor`` rather than the last.
    weights : list of array, optional
        Start from these weights, in the order of ``Model.get_weights``.
    parametrization, base_units, layer_rates
        As in :func:`hpotutor.build_mlp`; a convolutional network has only ``layer_rates``.

    Examples
    --------
    >>> Member(layers=2, units=16).widths
    (16, 16)
    """

    layers: int | None = None
    units: int | Sequence[int] = 64
    activation: str = "relu"
    dropout: float = 0.0
    l1: float = 0.0
    l2: float = 0.0
    batch_norm: bool = False
    initializer: str = "glorot_uniform"
    optimizer: str = "adam"
    learning_rate: Any = 1e-3
    momentum: float | None = None
    weight_decay: float | None = None
    output: str = "auto"
    loss: str | None = None
    batch_size: int = 32
    epochs: int | None = None
    seed: int = 0
    rows: np.ndarray | None = None
    val_rows: np.ndarray | None = None
    patience: int | None = None
    monitor: str = "val_loss"
    monitor_mode: str = "auto"
    restore_best: bool = False
    weights: list[np.ndarray] | None = None
    parametrization: str = "standard"
    base_units: int = 64
    layer_rates: Sequence[float] | None = None
    architecture: str = "dense"
    filters: int | Sequence[int] | None = None
    kernel_size: int | Sequence[int] | None = None
    strides: int | Sequence[int] | None = None
    padding: str | None = None
    pooling: str | None = None
    pool_size: int | Sequence[int] | None = None
    dense_layers: int | None = None

    @property
    def blocks(self) -> parts.Blocks:
        """The convolution blocks, and the hidden layers after them."""
        given = {n: getattr(self, n) for n in _CONVOLUTION if getattr(self, n) is not None}
        return parts.Blocks(**_CONVOLUTION | given | {"layers": self.layers, "units": self.units})

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of each hidden layer; those of a convolution are its filters."""
        if self.architecture == "conv":
            blocks = self.blocks
            return (*(block["filters"] for block in blocks.each()), *blocks.hidden())
        return tuple(parts.sizes_of(self.units, parts.layers_of(self.units, self.layers)))

    @property
    def scaling(self) -> Scaling:
        """What differs by layer."""
        return Scaling(self.parametrization, self.base_units, self.layer_rates)

    def convolutions(self, input_shape: Sequence[int] | None) -> tuple[Convolution, ...]:
        """Geometry of the convolution blocks for rows of this shape; none in a dense network."""
        if self.architecture == "dense" or input_shape is None:
            return ()
        return convolutions_of(self.blocks, input_shape)

    @property
    def length(self) -> int:
        """Epochs asked for, 0 while none are."""
        return self.epochs or 0

    @property
    def used_momentum(self) -> float:
        """The momentum that the optimizer works with."""
        default = parts.OPTIMIZERS[self.optimizer][1].get("momentum", 0.0)
        return float(default if self.momentum is None else self.momentum)

    @property
    def used_weight_decay(self) -> float:
        """The weight decay that the optimizer works with."""
        if self.optimizer != "adamw":
            return 0.0
        return DEFAULT_WEIGHT_DECAY if self.weight_decay is None else float(self.weight_decay)

    @property
    def stack_optimizer(self) -> str:
        """The optimizer's name in the graph: SGD with momentum is "momentum" however asked."""
        return "momentum" if self.optimizer == "sgd" and self.used_momentum else self.optimizer

    def n_outputs(self, n_classes: int) -> int:
        """Units of the output layer."""
        sigmoid = self.output == "sigmoid" or (self.output == "auto" and n_classes == 2)
        return 1 if sigmoid or not n_classes else int(n_classes)

    def used_loss(self, n_classes: int) -> str:
        """The loss's name in the graph."""
        return CROSS_ENTROPY if n_classes else parts.LOSSES[self.loss or "mse"]

    @property
    def rises(self) -> bool:
        """Whether a higher ``monitor`` is better."""
        if self.monitor_mode == "auto":
            return "loss" not in self.monitor
        return self.monitor_mode == "max"

    def network(self) -> dict[str, Any]:
        """Return the arguments of the builder (see ``architecture``) that make this network."""
        skip = ["batch_size", "epochs", "rows", "val_rows", "patience", "restore_best", "monitor"]
        skip += ["monitor_mode", "weights", "architecture"]
        skip += [name for name in _CONVOLUTION if getattr(self, name) is None]
        skip += ["parametrization", "base_units"] * (self.parametrization == "standard")
        skip += ["layer_rates"] * (self.layer_rates is None)
        fields = {name: value for name, value in vars(self).items() if name not in skip}
        if isinstance(self.learning_rate, np.ndarray | list | tuple):
            fields["learning_rate"] = float(np.asarray(self.learning_rate)[-1])
        return fields


_FIELDS = tuple(field.name for field in dataclasses.fields(Member))
_CONVOLUTION = {  # the fields of a convolutional network only, with the builders' defaults
    name: inspect.signature(build_conv1d).parameters[name].default
    for name in _FIELDS[_FIELDS.index("filters") :]
}


def as_members(
    requests: Iterable[Member | Mapping],
    n_classes: int,
    rows: int,
    input_shape: Sequence[int] | None = None,
) -> list[Member]:
    """Return requests (members, or dicts of their fields) as members, after checking all."""
    problems = Problems("train_many")
    members = []
    for request in requests:
        if isinstance(request, Mapping):
            unknown = [name for name in request if name not in _FIELDS]
            problems.unknown(unknown, _FIELDS)
            request = Member(**{k: v for k, v in request.items() if k in _FIELDS})
        if isinstance(request, Member):
            members.append(request)
        else:
            problems.add("members", request, "Member, or a dict of its fields", "{'units': 16}")
    for member in members:
        _check_member(problems, member, n_classes, rows)
        _check_architecture(problems, member, input_shape)
    if problems.lines:  # the same fault of a hundred members is told once
        problems.lines = list(dict.fromkeys(problems.lines))
        problems.lines[-1] += (
            " The stack trains dense and convolutional networks with these hyperparameters; for "
            "models and optimizers of your own, or clipping by global norm, use engine='keras'."
        )
    problems.raise_if_any()
    return members


def _check_member(problems: Problems, member: Member, n_classes: int, rows: int) -> None:
    m = member
    parts.check_target(problems, n_classes, m.output, m.loss)
    problems.choice("monitor_mode", m.monitor_mode, ("auto", "min", "max"))
    parts.Hidden(m.activation, m.dropout, m.l1, m.l2, m.batch_norm, m.initializer).check(problems)
    array = isinstance(m.learning_rate, np.ndarray | list | tuple)
    rate = 1e-3 if array else m.learning_rate
    parts.check_optimizer(problems, m.optimizer, rate, m.momentum, m.weight_decay)
    if array:
        rates = np.asarray(m.learning_rate, dtype=object)  # whatever they hold
        if not rates.ndim * rates.size or not all(is_number(r) and 0 <= r < np.inf for r in rates):
            allowed = "one rate a step, each a number from 0 up"
            problems.add("learning_rate", m.learning_rate, allowed, "learning_rate=0.001")
    check_count(problems, "batch_size", m.batch_size, example=32)
    for name in ("epochs", "patience"):
        check_count(problems, name, getattr(m, name), optional=True)
    check_seed(problems, m.seed)
    for name in ("rows", "val_rows"):
        index = getattr(m, name)
        if index is not None:
            index = np.asarray(index)
            whole = index.ndim == 1 and index.size and np.issubdtype(index.dtype, np.integer)
            if not whole or index.min() < 0 or index.max() >= rows:
                allowed = f"row numbers from 0 to {rows - 1}"
                problems.add(name, getattr(m, name), allowed, f"{name}=np.arange({rows})")


def _check_architecture(
    problems: Problems, member: Member, input_shape: Sequence[int] | None
) -> None:
    m = member
    problems.choice("architecture", m.architecture, ("dense", "conv"))
    if m.architecture != "conv":
        layers, before = parts.layers_of(m.units, m.layers), len(problems.lines)
        parts.check_sizes(problems, "units", m.units, layers, example=64)
        if len(problems.lines) == before:
            m.scaling.check(problems, len(m.widths) + 1, m.batch_norm)
        allowed = "None in a dense network; a value with architecture='conv'"
        for name in _CONVOLUTION:
            if getattr(m, name) is not None:
                problems.add(name, getattr(m, name), allowed, "architecture='conv'")
        return
    before = len(problems.lines)
    m.blocks.check(problems)
    if len(problems.lines) == before:
        m.scaling.check(problems, len(m.widths) + 1, m.batch_norm)
    if m.parametrization != "standard":
        allowed = "'standard' with architecture='conv'"
        problems.add("parametrization", m.parametrization, allowed, "parametrization='standard'")
    if input_shape is not None:
        m.blocks.check_input(problems, input_shape[:-1])
    else:
        problems.say(
            "architecture='conv' needs the shape of a row. Type input_shape=(steps, channels) for "
            "sequences, or input_shape=(height, width, channels) for images."
        )


def identity(member: Member, with_epochs: bool = True) -> tuple:
    """Return a key that is equal for members that train to the same result."""
    key = []
    schedule = keras.optimizers.schedules.LearningRateSchedule
    for name, value in (vars(member) | {"units": member.widths}).items():
        if name == "epochs" and not with_epochs:
            continue
        if isinstance(value, schedule) or (name == "weights" and value is not None):
            value = id(value)
        elif isinstance(value, np.ndarray | list):
            value = (np.asarray(value).dtype.str, np.asarray(value).tobytes())
        key.append(value)
    return tuple(key)


# ── what a seed decides ─────────────────────────────────────────────────────
@lru_cache(maxsize=1024)  # a grid or a table asks for the same few seeds again and again
def batch_order(seed: int, epoch: int, rows: int) -> np.ndarray:
    """Return the order in which a member of this seed sees its rows in this epoch, from 0.

    Examples
    --------
    >>> sorted(batch_order(seed=0, epoch=3, rows=4).tolist())
    [0, 1, 2, 3]
    """
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    order.flags.writeable = False
    return order


def _draw(initializer: str, seed: int | None, shape: tuple[int, ...], dtype: str) -> np.ndarray:
    return np.asarray(parts.INITIALIZERS[initializer](seed=seed)(shape, dtype=dtype))


_draw_again = lru_cache(maxsize=1024)(_draw)


def initial_weights(
    member: Member,
    n_features: int,
    n_classes: int,
    dtype: str = "float32",
    input_shape: Sequence[int] | None = None,
) -> list[np.ndarray]:
    """Return the weights that the builder with the member's seed starts from."""
    if member.weights is not None:
        return list(member.weights)
    convolutions, n_outputs = member.convolutions(input_shape), member.n_outputs(n_classes)
    shapes = kernel_shapes(n_features, member.widths, n_outputs, convolutions)
    seeds = parts.layer_seeds(member.seed, len(shapes))
    factors = member.scaling.kernels(member.initializer, [shape[-2:] for shape in shapes])
    weights: list[np.ndarray] = []
    for layer, shape in enumerate(shapes):
        draw = _draw_again if math.prod(shape) <= REMEMBERED_DRAW else _draw
        kernel, outputs = draw(member.initializer, seeds[layer][0], shape, dtype), shape[-1]
        kernel = kernel if factors[layer] == 1 else kernel * factors[layer]
        weights += [kernel, np.zeros(outputs, dtype)]
        if member.batch_norm and layer < len(member.widths):
            one, zero = np.ones(outputs, dtype), np.zeros(outputs, dtype)
            weights += [one, zero, zero.copy(), one.copy()]
    return weights


def rate_table(rate: Any, steps: int) -> np.ndarray:
    """Return the learning rate of each step, from the first.

    ``rate`` is a number, a sequence whose last value holds on, or a Keras schedule.

    Examples
    --------
    >>> rate_table([0.1, 0.2], 4).tolist()
    [0.1, 0.2, 0.2, 0.2]
    """
    if callable(rate):
        dtype = keras.config.floatx()

        @tf.function
        def graph() -> Any:
            return tf.map_fn(lambda s: tf.cast(rate(s), dtype), tf.range(steps), dtype)

        return graph().numpy().astype(float)
    given = np.atleast_1d(np.asarray(rate, dtype=float))
    return given[np.minimum(np.arange(steps), len(given) - 1)]

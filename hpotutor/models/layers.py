"""What the networks of the lessons are made of: layers, optimizers, seeds, and their checks."""

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from hpotutor._tensorflow import keras
from hpotutor._validation import check_count, check_number, check_seed, is_number, is_whole
from hpotutor.errors import Problems

ACTIVATIONS: dict[str, Callable] = {
    name: getattr(keras.activations, name)
    for name in "relu sigmoid tanh leaky_relu elu selu gelu silu softplus linear".split()
}

INITIALIZERS: dict[str, Callable] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "uniform": keras.initializers.RandomUniform,
    "normal": keras.initializers.RandomNormal,
    "zeros": lambda seed=None: keras.initializers.Zeros(),
}

# name -> Keras class, and the arguments that tell one name from another
OPTIMIZERS: dict[str, tuple[type, dict[str, Any]]] = {
    "sgd": (keras.optimizers.SGD, {}),
    "momentum": (keras.optimizers.SGD, {"momentum": 0.9}),
    "nesterov": (keras.optimizers.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": (keras.optimizers.RMSprop, {}),
    "adam": (keras.optimizers.Adam, {}),
    "adamw": (keras.optimizers.AdamW, {}),
    "adagrad": (keras.optimizers.Adagrad, {}),
}
WITH_MOMENTUM = ("sgd", "momentum", "nesterov")
WITH_WEIGHT_DECAY = ("adamw",)
OUTPUTS = ("auto", "softmax", "sigmoid")
PADDINGS = ("same", "valid")
POOLINGS = {"max": "MaxPooling", "average": "AveragePooling"}
# of a regression: short and long name -> Keras's name
LOSSES = {"mse": "mean_squared_error", "mae": "mean_absolute_error", "huber": "huber"}
LOSSES |= {name: name for name in LOSSES.values()}

LearningRate: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule
Target: TypeAlias = tuple[int, str, str | None]  # n_classes, output and loss
Seeds: TypeAlias = tuple[int | None, int | None]  # of a layer's weights, and of its dropout


def layer_seeds(seed: int | None, layers: int) -> list[Seeds]:
    """Return a (weights, dropout) seed for each of so many layers, the output layer included.

    A deeper network starts with the seeds of a shallower one; None leaves all to Keras's own draws.
    """
    if seed is None:
        return [(None, None)] * layers
    drawn = np.random.SeedSequence(int(seed)).generate_state(2 * layers)
    numbers = [int(number) & 0x7FFFFFFF for number in drawn]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def make_optimizer(
    name: str = "adam",
    learning_rate: LearningRate = 1e-3,
    momentum: float | None = None,
    weight_decay: float | None = None,
) -> keras.optimizers.Optimizer:
    """Make a Keras optimizer (https://keras.io/api/optimizers/) from its name in the lessons.

    "momentum" and "nesterov" are SGD with momentum 0.9. ``momentum`` (from 0 to below 1) is for
    these two and "sgd", ``weight_decay`` (from 0 up) for "adamw" only; None keeps 0, 0.9 and
    Keras's 0.004. ``ArgumentError`` names all that is not allowed.
    """
    with Problems("make_optimizer") as problems:
        check_optimizer(problems, name, learning_rate, momentum, weight_decay, key="name")
    maker, arguments = OPTIMIZERS[name]
    given = {"momentum": momentum, "weight_decay": weight_decay}
    given = {key: float(value) for key, value in given.items() if value is not None}
    rate = float(learning_rate) if is_number(learning_rate) else learning_rate
    return maker(learning_rate=rate, **arguments | given)


@dataclass(frozen=True)
class Hidden:
    """What all hidden layers of one network share: ``build_mlp``'s arguments of these names."""

    activation: str
    dropout: float
    l1: float
    l2: float
    batch_norm: bool
    initializer: str

    def check(self, problems: Problems) -> None:
        """Note every field that is not allowed."""
        problems.choice("activation", self.activation, ACTIVATIONS)
        check_number(problems, "dropout", self.dropout, high=1.0, example=0.2)
        check_number(problems, "l1", self.l1, example=1e-4)
        check_number(problems, "l2", self.l2, example=1e-4)
        problems.choice("batch_norm", self.batch_norm, (True, False))
        problems.choice("initializer", self.initializer, INITIALIZERS)

    def dense(self, units: int, seeds: Seeds, name: str) -> list[keras.layers.Layer]:
        """Return one hidden layer: linear, normalization, activation, dropout."""
        made = [keras.layers.Dense(units, name=name, **self._kernel(seeds[0])), *self._finish(name)]
        if self.dropout:
            rate = float(self.dropout)
            made.append(keras.layers.Dropout(rate, seed=seeds[1], name=f"{name}_dropout"))
        return made

    def convolution(
        self, dimensions: int, block: dict[str, Any], seeds: Seeds, name: str
    ) -> list[keras.layers.Layer]:
        """Return one of ``Blocks.each``: convolution, normalization, activation, pooling."""
        sizes = [block[size] for size in ("filters", "kernel_size", "strides", "padding")]
        convolve = getattr(keras.layers, f"Conv{dimensions}D")
        pool = getattr(keras.layers, f"{POOLINGS[block['pooling']]}{dimensions}D")
        first = convolve(*sizes, name=name, **self._kernel(seeds[0]))
        return [first, *self._finish(name), pool(block["pool_size"], name=f"{name}_pool")]

    def output(self, units: int, activation: str, seed: int | None) -> keras.layers.Layer:
        """Return the last layer of the network: no penalty, same initializer."""
        kernel = INITIALIZERS[self.initializer](seed=seed)
        return keras.layers.Dense(units, activation, kernel_initializer=kernel, name="output")

    def _kernel(self, seed: int | None) -> dict[str, object]:
        kernel, given = INITIALIZERS[self.initializer](seed=seed), self.l1 or self.l2
        penalty = keras.regularizers.L1L2(float(self.l1), float(self.l2)) if given else None
        return {"kernel_initializer": kernel, "kernel_regularizer": penalty}

    def _finish(self, name: str) -> list[keras.layers.Layer]:
        norms = [keras.layers.BatchNormalization(name=f"{name}_norm")] if self.batch_norm else []
        return [*norms, keras.layers.Activation(self.activation, name=f"{name}_activation")]


def compiled(
    network: list[keras.layers.Layer], hidden: Hidden, n_classes: int, output: str,
    loss: str | None, seed: int | None, training: tuple,
    n_outputs: int = 1,
) -> keras.Model:  # fmt: skip
    """End a network in a sigmoid unit, a softmax unit a class or linear units, and compile it."""
    if not n_classes:
        loss, last = LOSSES[loss or "mse"], hidden.output(n_outputs, "linear", seed)
    elif (loss := loss_of(n_classes, output)) == "binary_crossentropy":
        last = hidden.output(1, "sigmoid", seed)
    else:
        last = hidden.output(int(n_classes), "softmax", seed)
    model = keras.Sequential([*network, last])
    model.compile(make_optimizer(*training), loss, metrics=["accuracy"] if n_classes else None)
    return model


def made_first(y: Any) -> keras.callbacks.Callback:
    """Return a callback that makes optimizer and metrics: made in a step, they cost a trace."""

    def make(logs: Any) -> None:
        with suppress(Exception):  # of several outputs; Keras makes them, or tells what is wrong
            made.model.compute_metrics(None, y[:1], np.zeros((1, *made.model.output_shape[1:])))
            made.model.optimizer.build(made.model.trainable_variables)

    made = keras.callbacks.LambdaCallback(on_train_begin=make)
    return made


def loss_of(n_classes: object, output: str) -> str:
    """Return the loss that goes with a classifier's output."""
    one = output == "sigmoid" or (output == "auto" and n_classes == 2)
    return "binary_crossentropy" if one else "sparse_categorical_crossentropy"


def layers_of(sizes: object, layers: Any) -> Any:
    """Return how many layers are asked for: without a number, one for each size that is given."""
    several = isinstance(sizes, list | tuple | np.ndarray) and len(sizes)
    return layers if layers is not None else several or 1


def sizes_of(sizes: int | Sequence[int], layers: int, doubling: bool = False) -> list[int]:
    """Return the size of each layer, from one number for all or one a layer."""
    if isinstance(sizes, Sequence | np.ndarray):
        return [int(size) for size in sizes]
    return [int(sizes) * (2**n if doubling else 1) for n in range(layers)]


def check_sizes(
    problems: Problems, name: str, sizes: object, layers: object, example: int, *,
    counted: str = "layers", low: int = 1,
) -> None:  # fmt: skip
    """Note sizes that are no integer and not one a layer; ``counted`` is the argument of layers."""
    check_count(problems, counted, layers, low, example=1)
    if not isinstance(sizes, list | tuple | np.ndarray):
        check_count(problems, name, sizes, example=example)
    elif not all(is_whole(size) and size >= 1 for size in sizes) or len(sizes) == 0:
        allowed = "a whole number from 1 up, or one a layer"
        problems.add(name, sizes, allowed, f"{name}={example}")
    elif is_whole(layers) and layers >= low and len(sizes) != layers:
        allowed = f"one integer, or {layers} of them because {counted}={layers}"
        instead = f"{counted}={len(sizes)}, {name}={tuple(sizes)}"
        problems.add(name, sizes, allowed, instead)


@dataclass(frozen=True)
class Blocks:
    """The blocks of a convolutional network: ``build_cnn``'s arguments of these names."""

    layers: Any
    filters: Any
    kernel_size: Any
    strides: Any
    padding: Any
    pooling: Any
    pool_size: Any
    units: Any
    dense_layers: Any

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", layers_of(self.filters, self.layers))
        object.__setattr__(self, "dense_layers", layers_of(self.units, self.dense_layers))

    def check(self, problems: Problems) -> None:
        """Note every field that is not allowed."""
        check_sizes(problems, "filters", self.filters, self.layers, example=16)
        for name, example in (("kernel_size", 3), ("strides", 1), ("pool_size", 2)):
            check_sizes(problems, name, getattr(self, name), self.layers, example)
        problems.choice("padding", self.padding, PADDINGS)
        problems.choice("pooling", self.pooling, POOLINGS)
        sizes = (self.units, self.dense_layers, 64)
        check_sizes(problems, "units", *sizes, counted="dense_layers", low=0)
        problems.lines = list(dict.fromkeys(problems.lines))  # each of these asks for the layers

    def each(self) -> list[dict[str, Any]]:
        """Return the sizes of each block, its padding and pooling."""
        columns = {"filters": sizes_of(self.filters, self.layers, doubling=True)}
        for name in ("kernel_size", "strides", "pool_size"):
            columns[name] = sizes_of(getattr(self, name), self.layers)
        rows = zip(*columns.values(), strict=True)
        shared = {"padding": self.padding, "pooling": self.pooling}
        return [{**dict(zip(columns, row, strict=True)), **shared} for row in rows]

    def hidden(self) -> list[int]:
        """Return the units of each hidden layer after the blocks."""
        return sizes_of(self.units, self.dense_layers) if self.dense_layers else []

    def check_input(self, problems: Problems, sides: Sequence[int]) -> None:
        """Note blocks that leave nothing of an input with sides (steps,) or (height, width)."""
        fine = Problems("")
        self.check(fine)
        if fine.lines:
            return  # noted already
        image, left = len(sides) > 1, [int(side) for side in sides]
        unit = "pixels" if image else "steps"
        for n, block in enumerate(self.each(), start=1):
            for name in ("kernel_size", "pool_size"):
                width, least = block[name], min(left)
                # a filter may reach over the border of an image, which "same" fills
                fills = image and name == "kernel_size" and block["padding"] == "same"
                if width > least and not fills and n == 1:
                    allowed = f"at most {least}, the {unit} that there are"
                    problems.add(name, getattr(self, name), allowed, f"{name}={min(least, 2)}")
                    return
                if width > least and not fills:
                    whose = f" for images of {sides[0]} x {sides[1]} pixels" if image else ""
                    allowed = f"at most {n - 1}{whose}: block {n} would have {least} {unit} left"
                    allowed += f", and {name}={width}"
                    problems.add("layers", self.layers, allowed, f"layers={n - 1}")
                    return
                steps = (block["strides"], block["padding"])
                reach = (width, "valid") if name == "pool_size" else steps
                left = [length_after(side, width, *reach) for side in left]


def length_after(length: int, size: int, stride: int, padding: str) -> int:
    """Return how many places a filter of this size has along a side of this length."""
    return -(-length // stride) if padding == "same" else (length - size) // stride + 1


def check_shape(problems: Problems, shape: Any, sides: int, blocks: Blocks) -> None:
    """Note a shape that is no image's or sequence's, and blocks that leave nothing of it."""
    fine = isinstance(shape, list | tuple) and len(shape) in (sides, sides + 1)
    least = 2 if sides == 2 else 1
    if fine and all(is_whole(n) and n >= 1 for n in shape) and min(shape[:sides]) >= least:
        blocks.check_input(problems, shape[:sides])
    elif sides == 2:
        allowed = "(height, width) or (height, width, channels), with sides from 2 up"
        problems.add("image_shape", shape, allowed, "image_shape=(8, 8, 1)")
    else:
        allowed = "(steps,) or (steps, channels), whole numbers from 1 up"
        problems.add("sequence_shape", shape, allowed, "sequence_shape=(128, 9)")


def check_common(
    problems: Problems, hidden: Hidden, target: Target, training: tuple, seed: object
) -> None:
    """Note what is wrong with what all builders take, ``check_target``'s arguments and others."""
    hidden.check(problems)
    check_target(problems, *target)
    check_optimizer(problems, *training)
    check_seed(problems, seed, optional=True)


def check_target(problems: Problems, n_classes: object, output: Any, loss: object) -> None:
    """Note what is wrong with a classifier's output, or with a regression's loss."""
    if is_whole(n_classes) and n_classes == 0:
        if output != "auto":
            problems.add("output", output, "'auto' for n_classes=0, an amount", "output='auto'")
        if loss is not None:
            problems.choice("loss", loss, LOSSES)
        return
    check_count(problems, "n_classes", n_classes, low=2, example=2)
    known = problems.choice("output", output, OUTPUTS)
    if known and output == "sigmoid" and is_whole(n_classes) and n_classes > 2:
        allowed = f"'softmax' or 'auto' for {n_classes} classes ('sigmoid' tells 2 apart)"
        problems.add("output", output, allowed, "output='softmax'")
    fits = known and is_whole(n_classes) and loss == loss_of(n_classes, output)
    if loss is not None and not fits:
        allowed = "None for classes, whose loss follows from output; a loss for n_classes=0"
        problems.add("loss", loss, allowed, "loss=None")


def check_optimizer(
    problems: Problems, optimizer: object, learning_rate: object, momentum: object,
    weight_decay: object, key: str = "optimizer",
) -> None:  # fmt: skip
    known = problems.choice(key, optimizer, OPTIMIZERS)
    schedule = isinstance(learning_rate, keras.optimizers.schedules.LearningRateSchedule)
    if not (schedule or (is_number(learning_rate) and 0 < learning_rate < math.inf)):
        allowed = "a number above 0, or a Keras LearningRateSchedule"
        problems.add("learning_rate", learning_rate, allowed, "learning_rate=0.001")
    for name, value, takers, high, example in (
        ("momentum", momentum, WITH_MOMENTUM, 1.0, 0.9),
        ("weight_decay", weight_decay, WITH_WEIGHT_DECAY, math.inf, 0.004),
    ):
        if value is not None and known and optimizer not in takers:
            listed = ", ".join(repr(taker) for taker in takers)
            allowed = f"None for {key}={optimizer!r}; a number only for {listed}"
            problems.add(name, value, allowed, f"{name}=None")
        elif value is not None:
            check_number(problems, name, value, high=high, example=example)

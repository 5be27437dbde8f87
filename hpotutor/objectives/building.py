"""How a trial's network is built: what a builder is handed, and what is wrong with its model.

What no hyperparameter can mend ends the search before the first epoch, and says what to type.
"""

import functools
import inspect
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np

from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import ArgumentError, Problems

SHAPES = ("input_shape", "image_shape", "sequence_shape")

# Keras's losses, in lower case and without underscores, by what they are for.
_ONE_HOT = ("categoricalcrossentropy", "categoricalfocalcrossentropy", "categoricalhinge")
_NUMBERED = ("sparsecategoricalcrossentropy",)
_ONE_UNIT = ("binarycrossentropy", "binaryfocalcrossentropy", "hinge", "squaredhinge")
_AMOUNTS = (
    *("meansquarederror", "meanabsoluteerror", "meanabsolutepercentageerror", "huber"),
    *("meansquaredlogarithmicerror", "logcosh", "cosinesimilarity", "poisson"),
)


class Unfit(ArgumentError):
    """Something is wrong with a builder that no hyperparameters can mend."""


def build_network(
    build: Callable[..., Any], data: Dataset, seed: int, width: int, knobs: Any
) -> Any:
    """Call a builder with what it asks for, and with the hyperparameters ``knobs``.

    These are ``n_features`` (the ``width``), ``n_classes``, ``seed`` (among ``**kwargs`` too) and
    the shapes. The first two arguments, however called, are the numbers of features and classes.
    """
    sizes, signature = [width, data.n_classes], signature_of(build)
    given = {"n_features": width, "n_classes": data.n_classes, "seed": seed, **_shapes_of(data)}
    bound, left, asked = signature.bind_partial(), dict(knobs), ["batch_size"]
    problems = Problems(getattr(build, "__name__", "build"))
    held = build.keywords if isinstance(build, functools.partial) else {}
    for place, (name, parameter) in enumerate(signature.parameters.items()):
        needed, kind = parameter.default is parameter.empty, parameter.kind
        if kind is parameter.VAR_POSITIONAL:
            bound.arguments[name] = tuple(sizes[place:])
        elif kind is parameter.VAR_KEYWORD:
            drawn = {} if "seed" in {*signature.parameters, *held} else {"seed": seed}
            bound.arguments[name], left = drawn | left, {}
        elif name in left:
            bound.arguments[name] = left.pop(name)
        elif name in given and name not in held:
            bound.arguments[name] = given[name]
            continue
        elif needed and name in SHAPES:
            inner = "height, width" if name == "image_shape" else "steps, channels"
            raise Unfit(
                f"TrainObjective: build= asks for {name}, and the rows of {data.name!r} have shape "
                f"{data.input_shape}. Type build=ht.build_mlp, or ht.load((x, y)) with x of shape "
                f"(rows, {inner})."
            )
        elif needed and place < 2 and kind is not parameter.KEYWORD_ONLY:
            bound.arguments[name] = sizes[place]
            continue
        elif needed:
            instead = f"Search over it, or type defaults={{{name!r}: ...}}."
            problems.say(f"{name} is given no value. {instead}")
        asked.append(name)
    problems.unknown(left, asked)
    problems.raise_if_any()
    return build(*bound.args, **bound.kwargs)


def signature_of(function: Callable[..., Any]) -> inspect.Signature:
    """Return a function's signature; one that takes anything where Python cannot tell."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return inspect.signature(lambda *args, **kwargs: None)


def _shapes_of(data: Dataset) -> dict[str, Any]:
    """Return the shapes that a builder may ask for and these rows have."""
    sequence = data.input_shape if len(data.input_shape) < 3 else None
    shapes = dict(zip(SHAPES, (data.input_shape, data.image_shape, sequence), strict=True))
    return {name: shape for name, shape in shapes.items() if shape}


def rows_for(model: Any, build: Callable[..., Any], data: Dataset, x: np.ndarray) -> np.ndarray:
    """Return flat rows in the shape of the model's input, or else what the builder asks for."""
    known = _shapes_of(data)
    shapes, wanted = [x.shape[1:], *known.values()], getattr(model, "input_shape", None)
    if wanted is None:  # not built before it is called
        parameters = signature_of(build).parameters
        named = (shape for name, shape in known.items() if name in parameters)
        return x.reshape(len(x), *next(named, x.shape[1:]))
    for shape in shapes:
        fits = isinstance(wanted, tuple) and len(wanted) == len(shape) + 1
        if fits and all(w in (None, n) for w, n in zip(wanted[1:], shape, strict=True)):
            if np.prod(shape) == x.shape[1]:
                return x.reshape(len(x), *shape)
    listed = " or ".join(str((None, *shape)) for shape in dict.fromkeys(shapes))
    raise ArgumentError(
        f"the model's input has shape {wanted}, and the rows of {data.name!r} have {listed}; type "
        "keras.Input((n_features,)) or keras.Input(input_shape) with what the builder is handed"
    )


def check_model(model: Any, data: Dataset, varied: bool) -> None:
    """Raise ``Unfit`` for a model that cannot learn; ``ArgumentError`` if it is ``varied``."""
    from hpotutor._tensorflow import keras

    problems = Problems("TrainObjective")
    if not isinstance(model, keras.Model):
        said = "None (is a return missing?)" if model is None else f"a {type(model).__name__}"
        problems.say(f"build= returned {said}. Let it return a compiled Keras model.")
    elif not model.compiled:
        problems.say(f"build= returned a model that is not compiled. Type {_instead(data)}.")
    else:
        _check_output(problems, model, data)
    problems.raise_if_any(ArgumentError if varied else Unfit)


def _check_output(problems: Problems, model: Any, data: Dataset) -> None:
    """Note a loss and an output layer that do not fit what is predicted, nor each other."""
    loss, shape, layers = _name(model.loss), getattr(model, "output_shape", None), model.layers
    units = shape[-1] if isinstance(shape, tuple) and isinstance(shape[-1], int) else None
    told = f"loss={model.loss!r}" if isinstance(model.loss, str) else f"the loss {loss}"
    held = f"{data.name!r} has {data.n_classes} classes, numbered from 0"
    if units == 1 and layers and _name(getattr(layers[-1], "activation", None)) == "softmax":
        problems.say(f"a softmax over one unit is always 1. Type {_instead(data)}.")
    elif data.task == "regression":
        if loss in (*_ONE_HOT, *_NUMBERED, *_ONE_UNIT):
            problems.say(f"{told} is for classes, and {data.name!r} is a regression.")
        elif units not in (1, None):
            problems.say(f"the model has {units} outputs, and {data.name!r} has one amount a row.")
    elif loss in _ONE_HOT:
        problems.say(f"{told} takes one-hot labels, and {held}.")
    elif loss in _NUMBERED and units is not None and units < data.n_classes:
        problems.say(f"the model has {units} outputs, and {held}.")
    elif loss in (*_ONE_UNIT, *_AMOUNTS) and (data.n_classes > 2 or units not in (1, None)):
        problems.say(f"{told} with {units} outputs tells no classes apart, and {held}.")
    if problems.lines and "Type" not in problems.lines[-1]:
        problems.lines[-1] += f" Type {_instead(data)}."


def _instead(data: Dataset) -> str:
    """Return what to type in a builder for these data."""
    if data.task == "regression":
        return "keras.layers.Dense(1) last, and model.compile('adam', loss='mean_squared_error')"
    last = "keras.layers.Dense(n_classes, activation='softmax') last, and "
    last += "model.compile('adam', loss='sparse_categorical_crossentropy')"
    one = "; or Dense(1, activation='sigmoid') with 'binary_crossentropy'"
    return last + one if data.n_classes == 2 else last


def _name(found: Any) -> str:
    """Return the name of Keras's loss or activation, however it was given."""
    from hpotutor._tensorflow import keras

    if isinstance(found, str):
        with suppress(ValueError):  # one of nobody
            found = keras.losses.get(found)
    name = getattr(found, "__name__", type(found).__name__)
    return str(name).replace("_", "").lower()

"""What an estimator's ``fit`` is given, before Keras has it: inputs, validation rows, callbacks."""

import math
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np

from hpotutor._tensorflow import keras
from hpotutor.errors import ArgumentError, DataError, did_you_mean

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]  # of each input's rows, by the input's name


def stack_inputs(inputs: Mapping[str, Any], fitted: Shapes | None) -> tuple[np.ndarray, Shapes]:
    """Return several inputs side by side as one table, and the shape of each one's rows."""
    parts = {str(name): np.asarray(part) for name, part in inputs.items()}
    odd = [name for name, part in parts.items() if part.ndim == 0 or part.dtype.kind not in "biuf"]
    if odd or not parts:
        named = ", ".join(map(repr, odd)) or "no input"
        raise DataError(f"X holds {named}. Give each input as an array of numbers, a row a case.")
    lengths = {name: len(part) for name, part in parts.items()}
    if len(set(lengths.values())) > 1:
        raise DataError(f"The inputs in X differ in rows: {lengths}. Give each a row a case.")
    shapes = {name: part.shape[1:] or (1,) for name, part in parts.items()}
    if fitted is not None:
        if {**fitted} != shapes:
            raise DataError(f"X holds {shapes}. Give what it was fitted with: {dict(fitted)}.")
        parts = {name: parts[name] for name in fitted}
    return np.concatenate([part.reshape(len(part), -1) for part in parts.values()], axis=1), shapes


def deal_out(X: np.ndarray, shapes: Shapes) -> dict[str, np.ndarray] | np.ndarray:
    """Return the columns of a table as the inputs of a network; one input alone as an array."""
    ends = np.cumsum([math.prod(shape) for shape in shapes.values()])
    dealt = zip(shapes.items(), np.split(X.reshape(len(X), -1), ends[:-1], axis=1), strict=True)
    named = {name: part.reshape(-1, *shape) for (name, shape), part in dealt}
    return named if len(named) > 1 else next(iter(named.values()))


def inputs_of(
    model: keras.Model, x_shape: tuple[int, ...], stacked: Shapes | None, columns: Iterable[str]
) -> Shapes | None:
    """Return how rows go to inputs, by columns' names or else in order; None: as they are."""
    if not getattr(model, "inputs", None):  # a subclass of Model that has no inputs yet
        return stacked
    named = getattr(model, "input", None)  # a Sequential has `inputs` alone
    mapping = named if isinstance(named, dict) else {i.name: i for i in model.inputs}
    wanted = {name: tuple(tensor.shape[1:]) for name, tensor in mapping.items()}
    if stacked is not None:
        if wanted.keys() != stacked.keys() and len(wanted) > 1:
            raise DataError(
                f"X holds the inputs {', '.join(stacked)}, and the network has "
                f"{', '.join(wanted)}. Name them alike, with keras.Input(..., name=...)."
            )
        return stacked
    if any(side is None for shape in wanted.values() for side in shape):
        return None
    fits = sum(map(math.prod, wanted.values())) == math.prod(x_shape[1:])
    if len(wanted) == 1:
        return wanted if fits and x_shape[1:] != next(iter(wanted.values())) else None
    if not fits:
        raise DataError(
            f"The network has {len(wanted)} inputs, with rows of shape {wanted}, and X has shape "
            f"{x_shape}. Type for instance X={{{', '.join(f'{n!r}: ...' for n in wanted)}}}."
        )
    order = list(columns)
    return {name: wanted[name] for name in order} if {*order} == wanted.keys() else wanted


def register(parts: Iterable[Any]) -> None:
    """Tell Keras the caller's own layers, losses and metrics, so that it finds them in a pickle."""
    for part in parts:
        kind = part if isinstance(part, type) else type(part)
        kinds = (keras.layers.Layer, keras.losses.Loss, keras.metrics.Metric)
        own = issubclass(kind, kinds) and not kind.__module__.startswith("keras.")
        if own and keras.saving.get_registered_name(kind) == kind.__name__:
            keras.saving.register_keras_serializable(kind.__module__, kind.__qualname__)(kind)


def check_split(y: np.ndarray, split: float, classes: Any, call: str) -> None:
    """Refuse a ``validation_split`` whose rows, the last ones, are all that a class has."""
    numbers = y.argmax(axis=1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel().astype(int)
    untrained = np.setdiff1d(numbers, numbers[: math.floor(len(y) * (1 - split))])
    if len(untrained):
        names = ", ".join(repr(label) for label in np.asarray(classes)[untrained].tolist())
        raise DataError(
            f"{call}: validation_split={split} sets the last rows apart, and they alone hold the "
            f"class {names}. Shuffle the rows first: from sklearn.utils import shuffle; "
            "X, y = shuffle(X, y, random_state=0)."
        )


def watched(callbacks: Any, validates: bool, call: str) -> list[keras.callbacks.Callback]:
    """Return callbacks in a flat list, before each that waits for a value a guard that it comes."""
    found: list[keras.callbacks.Callback] = []
    for callback in keras.tree.flatten(callbacks):
        monitor = getattr(callback, "monitor", None)
        idle = isinstance(callback, keras.callbacks.ModelCheckpoint) and not callback.save_best_only
        if isinstance(monitor, str) and not idle:
            shown = f"{call}: {type(callback).__name__}(monitor={monitor!r})"
            if monitor.startswith("val_") and not validates:
                raise ArgumentError(
                    f"{shown} waits for a value on validation rows, and there are none. Type for "
                    f"instance {call}(..., validation_split=0.2), or "
                    f"fit(X, y, validation_data=(X_val, y_val)); or monitor={monitor[4:]!r}."
                )
            found.append(_Reported(monitor, shown))
        found.append(callback)
    return found


class _Reported(keras.callbacks.Callback):
    """End the training after an epoch that does not report what the next callback waits for."""

    def __init__(self, monitor: str, shown: str) -> None:
        super().__init__()
        self._monitor, self._shown = monitor, shown

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        names = sorted(logs or {})
        # with validation_freq=2, every second epoch reports nothing on validation rows
        validated = any(name.startswith("val_") for name in names)
        if self._monitor not in names and (validated or not self._monitor.startswith("val_")):
            raise ArgumentError(
                f"{self._shown} waits for a value that training does not report."
                f"{did_you_mean(self._monitor, names)} Type one of {', '.join(names)}."
            )

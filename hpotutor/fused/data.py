"""The rows that stacks train on, and what comes back of each network."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpotutor._tensorflow import tf
from hpotutor._validation import is_whole
from hpotutor.errors import ArgumentError, DataError, Problems
from hpotutor.fused.member import Member
from hpotutor.fused.planner import shape_of
from hpotutor.fused.program import StackShape
from hpotutor.models.builders import build_mlp
from hpotutor.models.convolutions import build_cnn, build_conv1d

Curve = dict[str, list[float]]


class StackData:
    """The rows that stacks train and validate on, checked once and kept as tensors.

    Parameters
    ----------
    x_train : array, shape (rows, features)
    y_train : array of int, shape (rows,)
        Labels from 0 to ``n_classes - 1``.
    x_val, y_val : arrays, optional
        Shared validation rows; leave them out when members bring ``val_rows``.
    n_classes : int
    evaluations : dict of str to (x, y), optional
        More sets to evaluate after each epoch, for instance ``{"test": (x_test, y_test)}``,
        which gives the curves "test_loss" and "test_accuracy".
    input_shape : tuple of int, optional
        What each flat row is, for members with ``architecture="conv"``: (steps,) or
        (steps, channels) of a sequence, (height, width, channels) of an image.
    dtype : {"float32", "float64"}
    """

    def __init__(
        self,
        x_train: Any,
        y_train: Any,
        x_val: Any = None,
        y_val: Any = None,
        *,
        n_classes: int,
        evaluations: Mapping[str, tuple[Any, Any]] | None = None,
        input_shape: Sequence[int] | None = None,
        dtype: str = "float32",
    ) -> None:
        sets = {"train": (x_train, y_train)}
        if x_val is not None:
            sets["val"] = (x_val, y_val)
        sets.update(evaluations or {})
        problems = Problems("train_many")
        problems.choice("dtype", dtype, ("float32", "float64"))
        features = np.shape(x_train)[1] if np.ndim(x_train) == 2 else None
        for name, (x, y) in sets.items():
            _check_rows(problems, name, x, y, features, n_classes)
        self.input_shape = _checked_shape(problems, input_shape, features)
        problems.raise_if_any(DataError)
        tensors = {
            name: (tf.constant(np.asarray(x), dtype), tf.constant(np.asarray(y), tf.int32))
            for name, (x, y) in sets.items()
        }
        self.x, self.y = tensors.pop("train")
        self.evaluations: dict[str, tuple[Any, Any]] = tensors
        self.rows, self.n_features = (int(size) for size in self.x.shape)
        self.n_classes, self.dtype = int(n_classes), dtype

    def shape(self, members: Sequence[Member]) -> StackShape:
        """Return the shape of the program that trains these members."""
        shared = len(self.evaluations)
        return shape_of(
            members,
            self.n_features,
            self.n_classes,
            self.rows,
            shared,
            self.dtype,
            input_shape=self.input_shape,
        )

    def names(self, members: Sequence[Member]) -> list[str]:
        """Return the names of the evaluation sets, in the order in which the graph returns them."""
        own = ["val"] if members[0].val_rows is not None else []
        return [*own, *self.evaluations]


@dataclass
class Trained:
    """One network after its training.

    Parameters
    ----------
    member : Member
        What was asked for.
    curve : dict of str to list of float
        "loss", "accuracy", and for each evaluation set "val_loss", "val_accuracy", ...; one entry
        an epoch.
    epochs : int
        Epochs trained.
    status : {"complete", "diverged", "stopped"}
        ``diverged``: a loss became NaN or infinite in the last epoch of the curve. ``stopped``:
        ``on_epoch`` asked for it.
    seconds : float
        This network's share of its stack's time.
    best_epoch : int
        Epoch, from 1, that ``monitor`` liked best.
    batch_losses : list of float
        The loss of each step of the last epoch that was trained.
    weights : list of array or None
        In the order of ``Model.get_weights``; None unless they were asked for.
    """

    member: Member
    curve: Curve
    epochs: int
    status: str
    seconds: float
    best_epoch: int
    n_features: int
    n_classes: int
    batch_losses: np.ndarray = field(repr=False)
    weights: list[np.ndarray] | None = field(default=None, repr=False)
    input_shape: tuple[int, ...] | None = None

    def to_keras(self) -> Any:
        """Return an ordinary compiled Keras model with these weights.

        Raises
        ------
        ArgumentError
            If the weights were not kept.
        """
        if self.weights is None:
            raise ArgumentError(
                "to_keras: the weights of this network were not kept. Type keep_weights=True in "
                "train_many, and train again."
            )
        build: Any = build_mlp
        shape: Any = self.n_features
        if self.member.architecture == "conv" and self.input_shape:
            shape = self.input_shape
            build = build_conv1d if len(shape) == 2 else build_cnn
        model = build(shape, self.n_classes, **self.member.network())
        model.set_weights(self.weights)
        return model


def _checked_shape(problems: Problems, shape: Any, features: int | None) -> tuple[int, ...] | None:
    """Return the shape of a row with its channels, after noting what is wrong with it."""
    if shape is None:
        return None
    fine = isinstance(shape, Sequence | np.ndarray) and len(shape) in (1, 2, 3)
    if not fine or not all(is_whole(side) and side >= 1 for side in shape):
        allowed = "(steps,), (steps, channels) or (height, width, channels), integers from 1 up"
        problems.add("input_shape", shape, allowed, "input_shape=(28, 28, 1)")
        return None
    if features is not None and math.prod(shape) != features:
        allowed = f"a shape of {features} numbers, as x_train has features"
        problems.add("input_shape", tuple(shape), allowed, f"input_shape=({features}, 1)")
    return tuple(int(side) for side in (shape if len(shape) > 1 else (*shape, 1)))


def _check_rows(
    problems: Problems, name: str, x: Any, y: Any, features: int | None, n_classes: int
) -> None:
    """Note what is wrong with one set of rows and labels."""
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim != 2 or not np.issubdtype(x.dtype, np.number):
        problems.say(
            f"x_{name} has shape {x.shape} and type {x.dtype}; the stack takes numbers of shape "
            "(rows, features). Type x.reshape(len(x), -1), for convolutions with input_shape=."
        )
        return
    if features is not None and x.shape[1] != features:
        problems.say(
            f"x_{name} has {x.shape[1]} features and x_train has {features}; all sets of one "
            "stack must have the same."
        )
    if y.shape != (len(x),):
        problems.say(f"y_{name} has shape {y.shape}; {len(x)} rows need shape ({len(x)},).")
        return
    whole = np.issubdtype(y.dtype, np.integer) or np.array_equal(y, np.round(y))
    if not whole or (len(y) and (y.min() < 0 or y.max() >= n_classes)):
        wrong = [label for label in np.unique(y).tolist() if label not in range(n_classes)]
        problems.say(
            f"y_{name} holds the labels {wrong[:5]}, outside the classes 0 to {n_classes - 1}. "
            "Type ht.load((x, y)), which numbers the classes."
        )

"""The rows that stacks train on, and what comes back of each network."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from hpotutor._tensorflow import tf
from hpotutor._validation import is_whole
from hpotutor.errors import ArgumentError, DataError, Problems
from hpotutor.fused.member import Member
from hpotutor.fused.planner import shape_of
from hpotutor.fused.shape import StackShape, placed_on
from hpotutor.models.builders import build_mlp
from hpotutor.models.convolutions import build_cnn, build_conv1d

Curve = dict[str, list[float]]
Score = Callable[[np.ndarray, np.ndarray], float]  # of true labels or amounts, and outputs


class StackData:
    """The rows that stacks train and validate on, checked once and kept as tensors.

    Parameters
    ----------
    x_train, y_train, x_val, y_val, n_classes, dtype, device
        As in :func:`train_many`.
    evaluations : dict of str to (x, y), optional
        More sets to evaluate after each epoch, for instance ``{"test": (x_test, y_test)}``,
        which gives the curves "test_loss" and "test_accuracy".
    input_shape : tuple of int, optional
        What each flat row is, for members with ``architecture="conv"``: (steps,) or
        (steps, channels) of a sequence, (height, width, channels) of an image.
    sample_weight : array, shape (rows,), optional
        Multiplies each training row's loss, as in ``Model.fit``; not the other sets' or accuracy.
    scores : dict of str to callable, optional
        ``function(y_true, outputs) -> float`` by the name of its curve, asked after each epoch
        for the validation rows; ``outputs`` are what ``Model.predict`` gives, of shape
        (rows, classes), or (rows, 1) for a sigmoid or an amount.
    keep_outputs : bool, default False
        Keep each network's last outputs on its validation rows, for ``Trained.outputs``.
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
        sample_weight: Any = None,
        scores: Mapping[str, Score] | None = None,
        keep_outputs: bool = False,
        dtype: str = "float32",
        device: str = "cpu",
    ) -> None:
        sets = {"train": (x_train, y_train)}
        if x_val is not None:
            sets["val"] = (x_val, y_val)
        sets.update(evaluations or {})
        problems = Problems("train_many")
        problems.choice("dtype", dtype, ("float32", "float64"))
        known = problems.choice("device", device, ("cpu", "gpu"))
        if known and device == "gpu" and not tf.config.list_logical_devices("GPU"):
            allowed = "'cpu', because TensorFlow sees no GPU here"
            problems.add("device", device, allowed, "device='cpu'")
        problems.raise_if_any()
        features = np.shape(x_train)[1] if np.ndim(x_train) == 2 else None
        for name, (x, y) in sets.items():
            _check_rows(problems, name, x, y, features, n_classes)
        self.input_shape = _checked_shape(problems, input_shape, features)
        if sample_weight is not None:
            _check_weights(problems, sample_weight, len(x_train))
        problems.raise_if_any(DataError)
        label = tf.int32 if n_classes else dtype
        with placed_on(device):
            tensors = {
                name: (tf.constant(np.asarray(x), dtype), tf.constant(np.asarray(y), label))
                for name, (x, y) in sets.items()
            }
            self.weights = None if sample_weight is None else tf.constant(sample_weight, dtype)
        self.x, self.y = tensors.pop("train")
        self.scores, self.keep_outputs = dict(scores or {}), bool(keep_outputs)
        self._true = np.asarray(y_train), np.asarray(y_val)
        self.evaluations: dict[str, tuple[Any, Any]] = tensors
        self.rows, self.n_features = (int(size) for size in self.x.shape)
        self.n_classes, self.dtype, self.device = int(n_classes), dtype, device
        _check_scores(problems, self.scores, self.measured([*tensors, "val"]))
        problems.raise_if_any()

    def shape(self, members: Sequence[Member]) -> StackShape:
        """Return the shape of the program that trains these members."""
        return shape_of(
            members,
            self.n_classes,
            self.rows,
            self.input_shape,
            n_features=self.n_features,
            evaluations=len(self.evaluations),
            weighted=self.weights is not None,
            outputs=bool(self.scores) or self.keep_outputs,
            dtype=self.dtype,
            device=self.device,
        )

    def names(self, members: Sequence[Member]) -> list[str]:
        """Return the names of the evaluation sets, in the order in which the graph returns them."""
        own = ["val"] if members[0].val_rows is not None else []
        return [*own, *self.evaluations]

    def folds(self, members: Sequence[Member]) -> dict[str, Any]:
        """Return each member's own validation rows, padded to equal length, and their number."""
        own = [np.asarray(m.val_rows) for m in members]
        counts = np.array([len(part) for part in own])
        rows = np.zeros((len(own), counts.max()), np.int32)
        for k, part in enumerate(own):
            rows[k, : counts[k]] = part
        counts = tf.constant(counts[:, np.newaxis], self.dtype)
        return {"rows": tf.constant(rows), "counts": counts}

    def measured(self, sets: Sequence[str]) -> list[str]:
        """Return the names of the curves that training and these evaluation sets give."""
        ends = ("loss", "accuracy") if self.n_classes else ("loss",)
        return [f"{start}{end}" for start in ("", *(f"{n}_" for n in sets)) for end in ends]

    def check_measured(self, members: Sequence[Member]) -> None:
        """Raise unless what these members monitor, and what is asked of outputs, can be had."""
        problems, sets = Problems("train_many"), self.names(members)
        curves = [*self.measured(sets), *self.scores]
        for member in members:
            if member.patience is not None or member.restore_best:
                problems.choice("monitor", member.monitor, curves)
            if self.weights is not None and member.rows is not None:
                if not self.weights.numpy()[member.rows].any():
                    problems.say("sample_weight is 0 for every row of a member: give it others.")
        if (self.scores or self.keep_outputs) and "val" not in sets:
            problems.say(
                "scores and keep_outputs need validation rows. Type x_val and y_val, or members "
                "with val_rows."
            )
        problems.lines = list(dict.fromkeys(problems.lines))
        problems.raise_if_any()

    def score(self, name: str, member: Member, outputs: np.ndarray, whose: str) -> float:
        """Return one score of a member's outputs; an error says ``whose`` they are."""
        y_train, y_val = self._true
        y_true = y_val if member.val_rows is None else y_train[member.val_rows]
        error: Exception | None = None
        try:
            value = float(self.scores[name](y_true, outputs))
            said = f"returned {value}"
        except Exception as caught:  # whatever a function of the caller's own raises
            value, error = math.nan, caught
            said = f"failed: {type(caught).__name__}: {caught}"
        if math.isnan(value):
            told = f"scores[{name!r}] of {whose} {said}. Let it return a number."
            raise ArgumentError(f"train_many: {told}") from error
        return value


@dataclass
class Trained:
    """One network after its training."""

    member: Member
    # "loss", "accuracy" (of classes), "val_loss", ..., then the scores; one entry an epoch
    curve: Curve
    epochs: int
    status: str  # "complete", "diverged" (a loss is NaN or infinite) or "stopped" (by on_epoch)
    seconds: float  # its share of its stack's time
    best_epoch: int  # from 1, by ``monitor``
    n_features: int
    n_classes: int
    batch_losses: np.ndarray = field(repr=False)  # of each step of the last epoch
    weights: list[np.ndarray] | None = field(default=None, repr=False)  # as Model.get_weights
    # of Model.predict on the validation rows, by the last epoch or the restored one
    outputs: np.ndarray | None = field(default=None, repr=False)
    input_shape: tuple[int, ...] | None = None

    def to_keras(self) -> Any:
        """Return an ordinary compiled Keras model with these weights, if they were kept."""
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
            "(rows, features). Type x.reshape(len(x), -1), for convolutions with "
            "input_shape=x.shape[1:]."
        )
        return
    if features is not None and x.shape[1] != features:
        problems.say(
            f"x_{name} has {x.shape[1]} features and x_train has {features}. Give all sets of one "
            "stack the same."
        )
    if y.shape != (len(x),):
        problems.say(f"y_{name} has shape {y.shape}. Give {len(x)} rows a y of shape ({len(x)},).")
    elif y.dtype.kind not in "biuf":
        problems.say(f"y_{name} has the type {y.dtype}. Type ht.load((x, y)), which numbers it.")
    elif n_classes == 0:
        if gaps := int((~np.isfinite(y)).sum()):
            problems.say(
                f"y_{name} has {gaps} of {len(y)} values that are NaN or infinite, and a "
                "regression needs finite numbers. Leave these rows out."
            )
    elif not np.isin(y, np.arange(n_classes)).all():
        wrong = [label for label in np.unique(y).tolist() if label not in range(n_classes)]
        problems.say(
            f"y_{name} holds the labels {wrong[:5]}, outside the classes 0 to {n_classes - 1}. "
            "Type ht.load((x, y)), which numbers the classes."
        )


def _check_weights(problems: Problems, weights: Any, rows: int) -> None:
    """Note what is wrong with the weights of the training rows."""
    weights = np.asarray(weights)
    if weights.shape != (rows,) or weights.dtype.kind not in "biuf":
        problems.say(
            f"sample_weight has shape {weights.shape} and type {weights.dtype}. Give the "
            f"{rows} training rows numbers of shape ({rows},)."
        )
    elif not np.isfinite(weights).all() or (weights < 0).any() or not weights.sum():
        wrong = weights[~(np.isfinite(weights) & (weights >= 0))][:5].tolist()
        held = f"holds {wrong}" if wrong else "is 0 for every row"
        problems.say(
            f"sample_weight {held}. Give finite numbers from 0 up, and one at least that is not 0."
        )


def _check_scores(problems: Problems, scores: Mapping[str, Any], taken: Sequence[str]) -> None:
    """Note scores that are no functions, or whose curve's name is taken."""
    for name, function in scores.items():
        named = isinstance(name, str) and name not in taken
        if not named or not callable(function):
            names = f"names other than {', '.join(map(repr, taken))}"
            allowed = "functions of (y_true, outputs)" if named else names
            problems.add("scores", {name: function}, allowed, "scores={'val_score': function}")

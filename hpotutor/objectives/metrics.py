"""What a trial is scored by: scikit-learn's own metrics, on predictions for validation rows."""

import math
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, get_scorer, get_scorer_names

from hpotutor._validation import is_number
from hpotutor.errors import Problems, did_you_mean
from hpotutor.objectives.identity import identify

REPORTED = ("val_accuracy", "val_loss")  # names that Keras and the stack have in their curves
_TAKEN = ("loss", "accuracy", *REPORTED)
_ERRORS = {"mae": "mean_absolute", "mape": "mean_absolute_percentage", "mse": "mean_squared"}
_USUAL = {  # what other libraries call them
    **{name: f"neg_{error}_error" for name, error in _ERRORS.items()},
    **{"auc": "roc_auc", "log_loss": "neg_log_loss", "rmse": "neg_root_mean_squared_error"},
    "acc": "val_accuracy",
}
_WARNINGS = threading.RLock()  # the filters of warnings belong to all threads


def default_metric(task: str) -> str:
    """Return what is scored where nothing is said."""
    return "val_accuracy" if task == "classification" else "neg_root_mean_squared_error"


@dataclass(frozen=True)
class Metric:
    """A score of predictions on validation rows, or the validation loss.

    ``name`` is the entry of a curve that holds it, ``asked`` a scorer of scikit-learn or its name,
    a function ``(y_true, y_score) -> float``, or the name of what the training itself reports.
    ``classes`` has the label of each class number, and is empty for a regression.

    Examples
    --------
    >>> metric = Metric("f1_macro", "maximize", "f1_macro", ("no", "yes"))
    >>> metric.of(np.array([0, 1, 1]), np.array([[0.2], [0.9], [0.6]]))
    1.0
    """

    name: str
    direction: str
    asked: Any
    classes: tuple[Any, ...] = ()

    def of(self, y_true: np.ndarray, outputs: Any) -> float:
        """Score what ``Model.predict`` returned for rows of ``y_true``, in the target's own unit.

        ``outputs`` have shape (rows, classes), or (rows, 1) for an amount or the probability of the
        second class.

        ValueError: they do not fit the classes, or are no probabilities where these are needed.
        """
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a class that is not predicted, epoch after epoch
            return self._ask(y_true, outputs)

    def describe(self) -> dict[str, Any]:
        """Tell what is scored; of a function of the caller's own, what tells it from another."""
        if isinstance(self.asked, str):
            return {"metric": self.asked}
        function = identify(getattr(self.asked, "_score_func", self.asked), "metric")
        if is_scorer(self.asked):
            return {"metric": f"{function}: {self.asked!r}"}
        return {"metric": function, "direction": self.direction}

    def _ask(self, y_true: np.ndarray, outputs: Any) -> float:
        said = _Said(self.classes, outputs)
        if self.name == "val_accuracy":  # rounded as Keras does, for ties with what it reported
            return float(np.float32(accuracy_score(y_true, said.chosen)))
        labels = np.asarray(self.classes)[y_true] if self.classes else y_true
        asked = get_scorer(self.asked)  # itself, if it is no name
        if is_scorer(asked):
            if asked._response_method == "predict_proba" and hasattr(said, "decision_function"):
                raise ValueError(
                    f"{self.name!r} needs probabilities, and the model gives none; end it in a "
                    "softmax, or compile its loss with from_logits=True"
                )
            return float(asked(said, np.zeros((len(labels), 1)), labels))
        value = asked(labels, said.scores)
        value = value.item() if getattr(value, "ndim", None) == 0 else value
        if not is_number(value):
            raise ValueError(f"{self.name} returned {value!r}, and a score is a number")
        return float(value)

    def check(self, problems: Problems, parts: Sequence[np.ndarray]) -> None:
        """Note a metric without a value on some part's ``y_true``, for two made-up predictions."""
        for number, y_true in enumerate(() if self.asked in REPORTED else parts, start=1):
            made_up, count = np.asarray(y_true)[:, np.newaxis], len(self.classes)
            if count:
                made_up = 0.8 * np.eye(count)[y_true] + 0.2 / count
            whys = [self._why(y_true, said) for said in (made_up, np.roll(made_up, 1, axis=0))]
            if all(whys):
                where = f" on fold {number} of {len(parts)}" if len(parts) > 1 else ""
                said = f"metric={self.name!r} has no value{where} ({whys[0]})."
                problems.say(f"{said} {self._instead(whys[0], y_true)}")
                return

    def _why(self, y_true: np.ndarray, outputs: np.ndarray) -> str:
        """Say why there is no score; nothing where there is one."""
        try:
            with _WARNINGS, warnings.catch_warnings():
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", UndefinedMetricWarning)
                value = self._ask(y_true, outputs)
        except Exception as error:  # whatever a function of the caller's own raises
            return f"{type(error).__name__}: {error}".rstrip(".")
        return "" if math.isfinite(value) else f"it is {value}"

    def _instead(self, why: str, y_true: np.ndarray) -> str:
        """Say what to type in place of a metric that does not fit."""
        if not self.classes:
            return "Type for instance metric='neg_mean_absolute_error'."
        held = [repr(self.classes[number]) for number in np.unique(y_true)]
        scorer = get_scorer(self.asked)
        if len(held) < len(self.classes):
            fewer = "Type fewer folds, or metric='val_accuracy'."
            return f"Its validation rows have {', '.join(held)} alone. {fewer}"
        if not is_scorer(scorer):
            two = f"the probability of {held[-1]}, shape (rows,)"
            many = f"probabilities of shape (rows, {len(held)})"
            return f"Let it take the labels and {two if len(held) == 2 else many}."
        if "pos_label" in why:
            function, methods = scorer._score_func.__name__, np.atleast_1d(scorer._response_method)
            method = "" if "predict" in methods else f"response_method={methods[-1].item()!r}, "
            return (
                "Say which class is the positive one: from sklearn.metrics import make_scorer, "
                f"{function}; metric=make_scorer({function}, {method}pos_label={held[-1]})."
            )
        fits = [n for n in (f"{self.name}_macro", f"{self.name}_ovr") if n in get_scorer_names()]
        return f"Type for instance metric={[*fits, 'balanced_accuracy'][0]!r}."


def read_metric(
    problems: Problems, metric: Any, direction: str | None, task: str, classes: tuple[Any, ...]
) -> Metric | None:
    """Return what was asked for as a metric; None, and a note, where it is none or cannot fit."""
    names = (*REPORTED, *get_scorer_names())
    metric = default_metric(task) if metric is None else metric
    if metric == "accuracy":  # this name is the training rows' in a curve
        metric = "val_accuracy"
    if isinstance(metric, str | type) or not callable(metric):
        if metric not in names:
            short = str(metric).lower().removeprefix("val_").removesuffix("_score")
            usual = _USUAL.get(short) or (short if short in names else None)
            hint = f" Did you mean {usual!r}?" if usual else did_you_mean(metric, names)
            instead = hint.split("'")[1] if hint else default_metric(task)
            problems.say(
                f"metric={metric!r} is not allowed.{hint} Allowed: 'val_accuracy', 'val_loss', a "
                "name of sklearn.metrics.get_scorer_names(), what make_scorer returns, or a "
                f"function of (y_true, y_score). Type for instance metric={instead!r}."
            )
            return None
    elif not is_scorer(metric):
        if direction is None:
            problems.say(
                "direction is missing: say which values of your metric are better. Type "
                "direction='maximize' or direction='minimize'."
            )
        elif problems.choice("direction", direction, ("maximize", "minimize")):
            return Metric(_name_of(metric), direction, metric, classes)
        return None
    if direction is not None:
        told = f"{metric!r} has its own. Leave direction out."
        problems.say(f"direction={direction!r} is for a function of your own as metric; {told}")
    if metric == "val_loss":
        return Metric(metric, "minimize", metric, classes)
    kind = "classification" if metric == "val_accuracy" else _kind_of(metric)
    if kind not in (task, ""):
        instead = "r2" if task == "regression" else "balanced_accuracy"
        told = f"and these data are a {task}. Type for instance metric={instead!r}."
        problems.say(f"metric={metric!r} is made for {kind}, {told}")
        return None
    name = metric if isinstance(metric, str) else _name_of(metric)
    return Metric(name, "maximize", metric, classes)


def is_scorer(metric: Any) -> bool:
    """Return whether a metric is called as ``scorer(estimator, X, y)``."""
    return hasattr(metric, "_response_method")


def _kind_of(scorer: Any) -> str:
    """Return the task that a scorer of scikit-learn is made for; "" if one cannot know."""
    module = get_scorer(scorer)._score_func.__module__
    if not module.startswith("sklearn.metrics."):
        return ""
    kinds = {".cluster": "clustering", "_regression": "regression"}
    return next((kind for part, kind in kinds.items() if part in module), "classification")


def _name_of(metric: Callable[..., Any]) -> str:
    """Return a name for the curve that no other entry has."""
    function = getattr(metric, "_score_func", metric)
    name = getattr(getattr(function, "func", function), "__name__", type(metric).__name__)
    name = name if name.isidentifier() else "score"
    return f"{name}_score" if name in _TAKEN else name


class _Said(BaseEstimator):
    """A fitted estimator that says what a network has said; ``scores`` are of the second of two."""

    def __init__(self, classes: tuple[Any, ...], outputs: Any) -> None:
        if isinstance(outputs, list | tuple | dict):
            raise ValueError(f"the model has {len(outputs)} outputs, and a score needs one")
        table = np.asarray(outputs).reshape(len(outputs), -1)
        if table.dtype not in (np.float32, np.float64):  # which scikit-learn knows
            table = table.astype(np.float32)
        width, count = table.shape[1], len(classes) or 1
        if width != count and (width, count) != (1, 2):
            whose = f"{count} classes" if classes else "one amount"
            raise ValueError(f"the model has {width} outputs for {whose}")
        self.classes_, self.chosen = np.asarray(classes), table.argmax(axis=1)
        probable = bool(((table >= 0) & (table <= 1)).all())
        if not classes:
            self.scores = self.chosen = table[:, 0]
            return
        if width == 1:
            self.chosen = (table[:, 0] > 0.5).astype(int)  # as Keras does
            table = np.concatenate([1 - table, table], axis=1)
        elif probable:
            probable = bool(np.allclose(table.sum(axis=1), 1, atol=1e-3))
        self.scores = table[:, 1] if count == 2 else table

        def predict_proba(rows: Any) -> np.ndarray:
            return table

        def decision_function(rows: Any) -> np.ndarray:
            return self.scores

        method = predict_proba if probable else decision_function
        setattr(self, method.__name__, method)

    def __sklearn_tags__(self) -> Any:
        kind = "classifier" if len(self.classes_) else "regressor"
        return replace(super().__sklearn_tags__(), estimator_type=kind)

    def predict(self, rows: Any) -> np.ndarray:
        return self.classes_[self.chosen] if len(self.classes_) else self.scores

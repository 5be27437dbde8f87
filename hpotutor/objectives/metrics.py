"""What a trial is scored by: scikit-learn's own metrics, on predictions for validation rows."""

import math
import threading
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import UndefinedMetricWarning
from sklearn.metrics import accuracy_score, get_scorer, get_scorer_names

from hpotutor._validation import is_number
from hpotutor.errors import Problems, did_you_mean
from hpotutor.objectives.identity import identify

REPORTED = ("val_accuracy", "val_loss")  # names that Keras and the stack have in their curves
_TAKEN = ("loss", "accuracy", *REPORTED)
_USUAL = {  # what other libraries call them
    "auc": "roc_auc",
    "log_loss": "neg_log_loss",
    "mae": "neg_mean_absolute_error",
    "mape": "neg_mean_absolute_percentage_error",
    "mse": "neg_mean_squared_error",
    "rmse": "neg_root_mean_squared_error",
}
_WARNINGS = threading.RLock()  # the filters of warnings belong to all threads


def default_metric(task: str) -> str:
    """Return what is scored where nothing is said."""
    return "val_accuracy" if task == "classification" else "neg_root_mean_squared_error"


@dataclass(frozen=True)
class Metric:
    """A score of predictions on validation rows, or the validation loss.

    Parameters
    ----------
    name : str
        The entry of a curve that holds it.
    direction : {"maximize", "minimize"}
        Which way is better.
    asked : str, scorer or callable
        A scorer of scikit-learn or its name, a function ``(y_true, y_score) -> float``, or the
        name of what the training itself reports.
    classes : tuple
        The label of each class number; empty for a regression.

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
        """Score what a network said about some rows.

        Parameters
        ----------
        y_true : array, shape (rows,)
            Class numbers, or amounts in their own unit.
        outputs : array
            What ``Model.predict`` returned: (rows, classes), or (rows, 1) for the probability of
            the second class or an amount in its own unit.

        Raises
        ------
        ValueError
            The outputs do not fit the classes, or are no probabilities where these are needed.
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
        said: Any = _classified(self.classes, outputs) if self.classes else _Regressed(outputs)
        if self.name == "val_accuracy":  # rounded as Keras does, for ties with what it reported
            return float(np.float32(accuracy_score(y_true, said.chosen)))
        labels = np.asarray(self.classes)[y_true] if self.classes else y_true
        asked = get_scorer(self.asked) if isinstance(self.asked, str) else self.asked
        if is_scorer(asked):
            if isinstance(said, _Ranked) and asked._response_method == "predict_proba":
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

    def refusal(self, y_true: np.ndarray) -> str:
        """Say why the metric has no value on these rows, whatever is predicted; or say nothing.

        It is tried on two sets of made-up predictions.
        """
        if self.asked in REPORTED:
            return ""
        made_up, count = np.asarray(y_true)[:, np.newaxis], len(self.classes)
        if count:
            made_up = 0.8 * np.eye(count)[y_true] + 0.2 / count
        why = ""
        for outputs in (made_up, np.roll(made_up, 1, axis=0)):
            try:
                with _WARNINGS, warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    warnings.simplefilter("error", UndefinedMetricWarning)
                    value = self._ask(y_true, outputs)
            except Exception as error:  # whatever a function of the caller's own raises
                why = why or f"{type(error).__name__}: {error}".rstrip(".")
            else:
                if math.isfinite(value):
                    return ""
                why = why or f"it is {value}"
        return why

    def check(self, problems: Problems, parts: Sequence[np.ndarray]) -> None:
        """Note a metric that has no value on some part's ``y_true``: before anything trains."""
        for number, y_true in enumerate(parts, start=1):
            why = self.refusal(y_true)
            if why:
                where = f" on fold {number} of {len(parts)}" if len(parts) > 1 else ""
                said = f"metric={self.name!r} has no value{where} ({why})."
                problems.say(f"{said} {self._instead(why, y_true)}")
                return

    def _instead(self, why: str, y_true: np.ndarray) -> str:
        """Say what to type in place of a metric that does not fit."""
        if not self.classes:
            return "Type for instance metric='neg_mean_absolute_error'."
        held = [repr(self.classes[number]) for number in np.unique(y_true)]
        if len(held) < len(self.classes):
            return (
                f"Its validation rows have {', '.join(held)} alone. Type fewer folds, or "
                "metric='val_accuracy'."
            )
        scorer = get_scorer(self.asked) if isinstance(self.asked, str) else self.asked
        if not is_scorer(scorer):
            scores = f"probabilities of shape (rows, {len(held)})"
            if len(held) == 2:
                scores = f"the probability of {held[1]}, shape (rows,)"
            return f"It is called with the labels and {scores}."
        function = scorer._score_func.__name__
        if "pos_label" in why:
            methods = np.atleast_1d(scorer._response_method)
            method = "" if "predict" in methods else f"response_method={methods[-1].item()!r}, "
            return (
                "Say which class is the positive one: from sklearn.metrics import make_scorer, "
                f"{function}; metric=make_scorer({function}, {method}pos_label={held[-1]})."
            )
        names = get_scorer_names()
        fits = (n for n in (f"{self.name}_macro", f"{self.name}_ovr") if n in names)
        return f"Type for instance metric={next(fits, 'balanced_accuracy')!r}."


def read_metric(
    problems: Problems, metric: Any, direction: str | None, task: str, classes: tuple[Any, ...]
) -> Metric | None:
    """Return what was asked for as a metric; None, and a note, where it is none or cannot fit."""
    metric = default_metric(task) if metric is None else metric
    if metric == "accuracy":  # this name is the training rows' in a curve
        metric = "val_accuracy"
    known = isinstance(metric, str) and metric in (*REPORTED, *get_scorer_names())
    own = callable(metric) and not isinstance(metric, str | type)
    if not known and not own:
        _note_unknown(problems, metric, task)
        return None
    if own and not is_scorer(metric):
        if direction is None:
            problems.say(
                "direction is missing: say which values of your metric are better. Type "
                "direction='maximize' or direction='minimize'."
            )
        elif problems.choice("direction", direction, ("maximize", "minimize")):
            return Metric(_name_of(metric), direction, metric, classes)
        return None
    if direction is not None:
        problems.say(
            f"direction={direction!r} is for a function of your own as metric; "
            f"{metric!r} has its own. Leave direction out."
        )
    if metric == "val_loss":
        return Metric(metric, "minimize", metric, classes)
    kind = "classification" if metric == "val_accuracy" else _kind_of(metric)
    if kind not in (task, ""):
        instead = "r2" if task == "regression" else "balanced_accuracy"
        problems.say(
            f"metric={metric!r} is made for {kind}, and these data are a {task}. Type for "
            f"instance metric={instead!r}."
        )
        return None
    return Metric(metric if known else _name_of(metric), "maximize", metric, classes)


def _note_unknown(problems: Problems, metric: Any, task: str) -> None:
    usual = _USUAL.get(str(metric).lower())
    hint = f" Did you mean {usual!r}?" if usual else ""
    hint = hint or did_you_mean(metric, (*REPORTED, *get_scorer_names()))
    instead = hint.split("'")[1] if hint else default_metric(task)
    problems.say(
        f"metric={metric!r} is not allowed.{hint} Allowed: 'val_accuracy', 'val_loss', a name of "
        "sklearn.metrics.get_scorer_names(), what make_scorer returns, or a function of "
        f"(y_true, y_score). Type for instance metric={instead!r}."
    )


def is_scorer(metric: Any) -> bool:
    """Return whether a metric is called as ``scorer(estimator, X, y)``."""
    return hasattr(metric, "_score_func") and hasattr(metric, "_response_method")


def _kind_of(scorer: Any) -> str:
    """Return the task that a scorer of scikit-learn is made for; "" if one cannot know."""
    scorer = get_scorer(scorer) if isinstance(scorer, str) else scorer
    module = scorer._score_func.__module__
    if module.startswith("sklearn.metrics.cluster"):
        return "clustering"
    if not module.startswith("sklearn.metrics."):
        return ""
    return "regression" if module.endswith("_regression") else "classification"


def _name_of(metric: Callable[..., Any]) -> str:
    """Return a name for the curve that no other entry has."""
    function = getattr(metric, "_score_func", metric)
    name = getattr(getattr(function, "func", function), "__name__", type(metric).__name__)
    name = name if name.isidentifier() else "score"
    return f"{name}_score" if name in _TAKEN else name


# ── what a scorer takes for an estimator ─────────────────────────────────────────────────────


class _Classified(ClassifierMixin, BaseEstimator):
    """A fitted classifier that says what a network has said already, whatever it is asked.

    ``scores`` are of the second class where there are two, otherwise of each.
    """

    def __init__(self, classes: tuple[Any, ...], chosen: np.ndarray, table: np.ndarray) -> None:
        self.classes_, self.chosen, self.table = np.asarray(classes), chosen, table
        self.scores = table[:, 1] if len(classes) == 2 else table

    def predict(self, rows: Any) -> Any:
        return self.classes_[self.chosen]


class _Probable(_Classified):
    def predict_proba(self, rows: Any) -> np.ndarray:
        return self.table


class _Ranked(_Classified):
    def decision_function(self, rows: Any) -> np.ndarray:
        return self.scores


def _classified(classes: tuple[Any, ...], outputs: Any) -> _Classified:
    table, count = as_table(outputs), len(classes)
    if table.shape[1] != count and (table.shape[1], count) != (1, 2):
        raise ValueError(f"the model has {table.shape[1]} outputs for {count} classes")
    probable = bool(((table >= 0) & (table <= 1)).all())
    if table.shape[1] == 1:
        chosen = (table[:, 0] > 0.5).astype(int)  # as Keras does
        table = np.concatenate([1 - table, table], axis=1)
    else:
        chosen = table.argmax(axis=1)
        probable = probable and bool(np.allclose(table.sum(axis=1), 1, atol=1e-3))
    return (_Probable if probable else _Ranked)(classes, chosen, table)


class _Regressed(RegressorMixin, BaseEstimator):
    """A fitted regressor that says what a network has said already."""

    def __init__(self, outputs: Any) -> None:
        table = as_table(outputs)
        if table.shape[1] != 1:
            raise ValueError(f"the model has {table.shape[1]} outputs for one amount")
        self.scores = table[:, 0]

    def predict(self, rows: Any) -> np.ndarray:
        return self.scores


def as_table(outputs: Any) -> np.ndarray:
    """Return a network's outputs as (rows, outputs), of a type that scikit-learn knows."""
    if isinstance(outputs, list | tuple | dict):
        raise ValueError(f"the model has {len(outputs)} outputs, and a score needs one")
    table = np.asarray(outputs)
    table = table if table.dtype in (np.float32, np.float64) else table.astype(np.float32)
    return table.reshape(len(table), -1)

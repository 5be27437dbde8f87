"""What one trial means: parameters go in, an :class:`Evaluation` comes out."""

from __future__ import annotations

import inspect
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hpotutor._validation import check_count, is_number, require_count
from hpotutor.errors import HpoTutorError, Problems
from hpotutor.objectives.identity import identify

Params = dict[str, Any]
OnEpoch = Callable[[int, float], bool]
OnDone = Callable[[int, "Evaluation"], None]


@dataclass(frozen=True)
class Evaluation:
    """What one trial gave, and what it cost.

    Parameters
    ----------
    params, value : dict, float
        The hyperparameters that were asked for, and the score; NaN when there is none.
    curve : dict of str to list of float
        One entry an epoch for ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy`` and a metric
        that was asked for after each; the mean over folds; empty for a plain function.
    epochs, seconds : number
        What it cost: epochs over all folds, and wall-clock time.
    status : {"complete", "diverged", "failed", "pruned"}
        ``diverged``: a loss became NaN or infinite. ``failed``: an error. ``pruned``: stopped early
        by the search. ``reason`` says in a sentence why there is no value.
    seed : int or None
        What initial weights, batches and dropout were drawn with.
    test_value : float or None
        The score on test rows, where the objective has it stored (a table); never used to choose.
    fold_values, best_epoch : tuple of float, int or None
        The score of each fold, whose mean is the value; the mean of their best epochs, rounded.
    repeated : bool
        Asked before in the same search, and answered by that.
    weights : int or None
        How many the network has, biases included, where the objective knows it.
    prediction_seconds : float or None
        Of 256 rows, where Keras trained: the median of five calls of ``model(x)`` after one that is
        thrown away. Noisy, and of this machine.
    """

    params: Params
    value: float
    curve: dict[str, list[float]] = field(default_factory=dict)
    epochs: int = 0
    seconds: float = 0.0
    status: str = "complete"
    reason: str = ""
    seed: int | None = None
    test_value: float | None = None
    fold_values: tuple[float, ...] = ()
    best_epoch: int | None = None
    repeated: bool = False
    weights: int | None = None
    prediction_seconds: float | None = None


class Objective(ABC):
    """A question that a search can ask: how good are these hyperparameters?

    Attributes
    ----------
    direction : {"maximize", "minimize"}
        Which way is better.
    epochs : int or None
        Budget of one evaluation unless the search says otherwise; None where epochs mean nothing.
    deterministic : bool
        Whether asking twice gives the same answer, so that it need not be asked twice.
    metric : str
        The entry of a curve that holds the score after each epoch.
    batches : bool
        Whether a batch is cheaper than its members one by one.
    """

    direction: str = "maximize"
    epochs: int | None = None
    deterministic: bool = True
    metric: str = "val_accuracy"
    batches: bool = False
    trial: int | None = 0  # number of the next evaluation, set by a search; None for no trial

    @abstractmethod
    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        """Answer for one set of hyperparameters, with the objective's own budget by default.

        ``on_epoch`` is called after each epoch with its number, from 1, and the score; it returns
        True to stop.
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Tell, in JSON's types, all that decides an answer; a log is compared by it."""

    def evaluate_many(
        self, batch: Sequence[Params], epochs: int | None = None, *, on_done: OnDone | None = None
    ) -> list[Evaluation]:
        """Answer for several sets at once, in the order asked.

        ``on_done(index, evaluation)`` is called as each is finished.
        """
        answers = []
        for params in batch:
            answers.append(self.evaluate(params, epochs))
            if on_done is not None:
                on_done(len(answers) - 1, answers[-1])
        return answers

    def epochs_of(self, params: Params, epochs: int | None) -> int:
        """Return how many epochs one evaluation can cost at most, over all folds."""
        return (epochs if epochs is not None else self.epochs) or 0

    def seconds_for(self, epochs: int | None) -> float | None:
        """Estimate the seconds of one evaluation, or None when only trying would tell."""
        return None

    @property
    def local(self) -> Objective:
        """The objective in this process, for one that sends its questions elsewhere."""
        return self


def attempt(
    objective: Objective, params: Params, epochs: int | None, on_epoch: OnEpoch | None = None
) -> Evaluation:
    """Evaluate; whatever a build, a fit or a function raises is a failed evaluation."""
    start = time.perf_counter()
    try:
        return objective.evaluate(params, epochs, on_epoch=on_epoch)
    except HpoTutorError:  # the call itself cannot work, for any hyperparameters
        raise
    except Exception as error:
        spent = time.perf_counter() - start
        reason = f"{type(error).__name__}: {error}"
        return Evaluation(params, math.nan, seconds=spent, status="failed", reason=reason)


class FunctionObjective(Objective):
    """Any function of the hyperparameters as an objective.

    Parameters
    ----------
    function : callable
        ``function(params)`` or ``function(params, epochs)``; returns a number. NaN or infinity
        means that it diverged; an error is recorded, and the search goes on. A search that can stop
        a trial early calls the second form after each epoch.
    direction : {"maximize", "minimize"}, default "maximize"
        Which way is better.
    epochs : int, optional
        Default budget, for a function that takes one.
    deterministic : bool, default True
        False when the function is noisy, so that equal parameters are asked again.

    Examples
    --------
    >>> import hpotutor as ht
    >>> objective = ht.FunctionObjective(lambda params: -((params["x"] - 3) ** 2))
    >>> objective.evaluate({"x": 1.0}).value
    -4.0
    """

    def __init__(
        self,
        function: Callable[..., float],
        direction: str = "maximize",
        epochs: int | None = None,
        deterministic: bool = True,
    ) -> None:
        with Problems("FunctionObjective") as problems:
            if not callable(function):
                problems.add("function", function, "a function", "FunctionObjective(my_function)")
            problems.choice("direction", direction, ["maximize", "minimize"])
            check_count(problems, "epochs", epochs, optional=True)
            problems.choice("deterministic", deterministic, [True, False])
        self.function, self.metric = function, "value"
        self.direction, self.deterministic = direction, deterministic
        self.epochs = None if epochs is None else int(epochs)
        self._takes_epochs = _count_positional(function) >= 2

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        start = time.perf_counter()
        require_count("FunctionObjective.evaluate", "epochs", epochs)
        budget = self.epochs if epochs is None else int(epochs)
        values: list[float] = []
        heard = on_epoch is not None and self._takes_epochs and budget  # else they are a waste
        steps: Sequence[int | None] = range(1, budget + 1) if heard and budget else [budget]
        for spent in steps:
            value, status, reason = self._ask(params, spent)
            if status != "complete":
                break
            values.append(value)
            if on_epoch is not None and on_epoch(spent or 1, value):
                status, reason = "pruned", f"stopped by the search after epoch {spent or 1}"
                break
        curve, seconds = {self.metric: values} if heard else {}, time.perf_counter() - start
        return Evaluation(dict(params), value, curve, spent or 0, seconds, status, reason)

    def _ask(self, params: Params, epochs: int | None) -> tuple[float, str, str]:
        """Call the function once and sort its answer into a value, a status and a reason."""
        try:
            asked = (params, epochs) if self._takes_epochs else (params,)
            value: Any = self.function(*asked)
        except Exception as error:  # the learner's own code: whatever it raises is a result
            return math.nan, "failed", f"{type(error).__name__}: {error}"
        # NumPy's scalars and zero-dimensional arrays are numbers to a learner.
        if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):
            value = value.item()
        if not is_number(value):
            shown = "None (is a return missing?)" if value is None else repr(value)
            return math.nan, "failed", f"the objective returned {shown}; it must return a number"
        if not math.isfinite(value):
            return math.nan, "diverged", f"the objective returned {float(value)}"
        return float(value), "complete", ""

    def describe(self) -> dict[str, Any]:
        told = {"objective": "FunctionObjective", "function": identify(self.function)}
        return {**told, "direction": self.direction, "epochs": self.epochs}


def _count_positional(function: Callable[..., Any]) -> int:
    """Count the positional arguments that a caller is meant to give; 1 if Python cannot tell."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return 1
    meant = [p for p in parameters if p.default is p.empty or p.name == "epochs"]
    return sum(p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD) for p in meant)

"""What a search found, as a view on its trials."""

from __future__ import annotations

import html
import math
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import optuna
import pandas as pd

from hpotutor._validation import check_count
from hpotutor.errors import HpoTutorError, Problems
from hpotutor.objectives.base import Evaluation, Objective
from hpotutor.space.observed import space_of
from hpotutor.space.space import SearchSpace
from hpotutor.study import importers
from hpotutor.study.storage import Log, to_evaluation

_REASONS = 5  # told at most


class Cost(NamedTuple):
    """What a search spent."""

    trials: int
    epochs: int
    seconds: float


class SearchResult:
    """The trials of a search, and what follows from them.

    ``evaluations`` are in the order they were asked for. ``stopped`` says why the search ended
    before its method did, ``left_out`` which points of ``start=`` were not in the space.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(0, 1))
    >>> result = ht.grid_search(ht.FunctionObjective(lambda params: 1 - params["x"]), space,
    ...                         levels=3, progress=False)
    >>> result.best_params
    {'x': 0.0}
    >>> result.to_frame()["value"].tolist()
    [1.0, 0.5, 0.0]
    """

    def __init__(
        self,
        study: optuna.Study | Log,
        evaluations: Sequence[Evaluation] | None = None,
        objective: Objective | None = None,
        stopped: str = "",
    ) -> None:
        self._source = study
        self._best: int | None = None  # where another library chose
        done = [] if evaluations is not None else [t for t in study.trials if t.state.is_finished()]
        if evaluations is None:
            space = study.space if isinstance(study, Log) else None
            evaluations = [to_evaluation(trial, space) for trial in done]
        self.evaluations = list(evaluations)
        # An unfinished trial of a study has a number too.
        self.numbers = [trial.number for trial in done] or list(range(len(self.evaluations)))
        self.objective, self.stopped, self.left_out = objective, stopped, ""
        direction = study.direction
        self.direction = direction if isinstance(direction, str) else direction.name.lower()

    @property
    def study(self) -> optuna.Study:
        """The trials as an Optuna study, for Optuna's own plots, importances and dashboard."""
        return self._source.study if isinstance(self._source, Log) else self._source

    @property
    def space(self) -> SearchSpace:
        """What was searched; of a study, all that its trials were drawn from."""
        if isinstance(self._source, Log):
            return self._source.space
        return space_of(self._source.get_trials(deepcopy=False))

    def __len__(self) -> int:
        return len(self.evaluations)

    @property
    def best_evaluation(self) -> Evaluation:
        """The complete trial with the best value; the first of equals, or the library's choice."""
        complete = [e for e in self.evaluations if e.status == "complete"]
        if self._best is not None and self.evaluations[self._best] in complete:
            return self.evaluations[self._best]
        if not complete:
            statuses = ", ".join(sorted({e.status for e in self.evaluations})) or "none was run"
            reason = self.evaluations[-1].reason if self.evaluations else ""
            told = f"No trial of this search is complete ({statuses}), so there is no best one."
            raise HpoTutorError(told + (f" The last one said: {reason}." if reason else ""))
        pick = max if self.direction == "maximize" else min
        return pick(complete, key=lambda evaluation: evaluation.value)

    def top(self, count: int = 5) -> list[dict[str, Any]]:
        """Return the hyperparameters of the best complete trials, each set once, best first."""
        with Problems("top") as problems:
            check_count(problems, "count", count, example=5)
        complete = [e for e in self.evaluations if e.status == "complete"]
        found: list[dict[str, Any]] = []
        for e in sorted(complete, key=lambda e: e.value, reverse=self.direction == "maximize"):
            found += [] if e.params in found else [dict(e.params)]
        return found[:count]

    @property
    def best_params(self) -> dict[str, Any]:
        """The hyperparameters of the best trial, as plain values."""
        return dict(self.best_evaluation.params)

    @property
    def best_value(self) -> float:
        """The value of the best trial: an optimistic number, since it was chosen by it."""
        return self.best_evaluation.value

    @property
    def cost(self) -> Cost:
        """Trials, epochs of training, and seconds of evaluation."""
        done = self.evaluations
        return Cost(len(done), sum(e.epochs for e in done), sum(e.seconds for e in done))

    def failures(self) -> str:
        """Return how many trials failed or diverged, with the reasons counted; empty if none."""
        told = []
        for status in ("failed", "diverged"):
            ended = [e for e in self.evaluations if e.status == status]
            reasons = Counter(" ".join(e.reason.split())[:300] or "no reason given" for e in ended)
            counted = [f"{count}x {reason}" for reason, count in reasons.most_common(_REASONS)]
            if len(reasons) > _REASONS:
                counted.append(f"{len(reasons) - _REASONS} other reasons")
            if ended:
                told.append(f"{len(ended)} of {len(self)} trials {status}: {', '.join(counted)}")
        return "; ".join(told)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a trial: number, hyperparameters, value, status, epochs, seconds, seed.

        The scores of single folds stand in ``fold_1`` and so on; a tuple stands there as text.
        """
        rows = [
            {
                "trial": number,
                **{n: str(v) if isinstance(v, tuple) else v for n, v in e.params.items()},
                "value": e.value,
                "status": e.status,
                # A hyperparameter named "epochs" keeps its column.
                "epochs_spent" if "epochs" in e.params else "epochs": e.epochs,
                "seconds": e.seconds,
                "seed": e.seed,
                "reason": e.reason,
                **{f"fold_{n}": score for n, score in enumerate(e.fold_values, start=1)},
            }
            for number, e in zip(self.numbers, self.evaluations, strict=True)
        ]
        return pd.DataFrame(rows)

    def best_so_far(self) -> pd.Series:
        """Return the best value after each trial; NaN before the first complete one."""
        complete = [e.value if e.status == "complete" else math.nan for e in self.evaluations]
        values = pd.Series(complete, name="best_so_far", dtype=float)
        return (values.cummax() if self.direction == "maximize" else values.cummin()).ffill()

    def curves(self) -> list[dict[str, list[float]]]:
        """Return each trial's learning curve, in the order of the trials."""
        return [e.curve for e in self.evaluations]

    def importances(self, seed: int = 0) -> dict[str, float]:
        """Return each hyperparameter's share in the variance of the value, largest first.

        From Optuna's fANOVA (Hutter, Hoos and Leyton-Brown 2014,
        https://proceedings.mlr.press/v32/hutter14.html); few trials say little. What is missing in
        some complete trials is left out: Optuna's ``PedAnovaImportanceEvaluator`` judges that too.
        """
        complete = [e for e in self.evaluations if e.status == "complete"]
        if (distinct := len({e.value for e in complete})) < 2:
            told = "Importances need at least two complete trials with different values; this"
            raise HpoTutorError(f"{told} search has {distinct}. Type more trials.")
        # Optuna would leave out what had several ranges too, and what an unfinished trial lacks.
        study = importers.as_study(complete, self.direction, self.space)
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=seed)
        shares = optuna.importance.get_param_importances(study, evaluator=evaluator)
        if not shares:
            raise HpoTutorError("Importances need a hyperparameter that is in all complete trials.")
        return {name: float(share) for name, share in shares.items()}

    def best_model(self) -> Any:
        """Train the best trial's network once more and return it, as a Keras model.

        It has the epochs, seed, early stopping and callbacks that it won with, and on the
        validation rows its score; see :meth:`hpotutor.TrainObjective.retrain`.
        """
        retrain = getattr(self.objective, "retrain", None)
        if retrain is None:
            told = "best_model() needs a search on ht.TrainObjective; this one has"
            raise HpoTutorError(f"{told} {type(self.objective).__name__}.")
        best = self.best_evaluation
        return retrain(best, next(n for n, one in enumerate(self.evaluations) if one is best))

    def __repr__(self) -> str:
        found = ""
        if any(e.status == "complete" for e in self.evaluations):
            found = f", best {self.best_value:.3g} with {self.best_params}"
        return f"SearchResult({self._counts()}, {self.cost.epochs} epochs{found})"

    def _counts(self) -> str:
        """Return how many trials there are, and how many of them are not what one would think."""
        statuses = Counter(evaluation.status for evaluation in self.evaluations)
        parts = [f"{statuses[s]} {s}" for s in ("failed", "diverged") if statuses[s]]
        if repeated := sum(evaluation.repeated for evaluation in self.evaluations):
            parts.append(f"{repeated} of them repeated")
        return ", ".join([f"{len(self)} trials", *parts])

    def _repr_html_(self) -> str:
        frame = self.to_frame()
        if frame.empty:
            return "<p>No trial yet.</p>"
        best_first = frame.sort_values("value", ascending=self.direction == "minimize")
        folds = list(frame.filter(regex=r"^fold_\d+$"))  # their mean is the value
        shown = best_first.drop(columns=["seed", "reason", "seconds", *folds]).head(5)
        table = shown.to_html(index=False, border=0, float_format=lambda value: f"{value:.3g}")
        notes = [self.failures(), self.left_out, f"Stopped: {self.stopped}" if self.stopped else ""]
        told = "".join(f"{html.escape(note)}. " for note in notes if note)
        counts = f"{self._counts()}, {self.cost.epochs:,} epochs"
        return f"<p>{counts}. {told}The best {len(shown)}:</p>{table}"

    @classmethod
    def from_log(cls, path: str | os.PathLike[str]) -> SearchResult:
        """Look at the log of a search, from anywhere, also while the search is writing it.

        LogError: there is no such file, or it is not a log.
        """
        return cls(Log.read(path))

    @classmethod
    def from_sklearn(
        cls, search: Any, space: SearchSpace | None = None, metric: str | None = None
    ) -> SearchResult:
        """Read a fitted ``GridSearchCV`` or any other search with ``cv_results_``.

        The best trial is scikit-learn's ``best_params_``; of a halving search, what was judged on
        an earlier rung counts as pruned. ``metric`` names one of several, by default the one that
        ``refit=`` names.
        """
        return cls._read(importers.read_sklearn(search, space, metric))

    @classmethod
    def from_hyperopt(cls, trials: Any, hyperopt_space: Any) -> SearchResult:
        """Read Hyperopt's ``Trials``; the space turns its indices back into values.

        Nested options are told by their inner names, by ``"outer.inner"`` where two are the same.
        """
        return cls._read(importers.read_hyperopt(trials, hyperopt_space))

    @classmethod
    def from_keras_tuner(cls, tuner: Any) -> SearchResult:
        """Read the trials of a KerasTuner tuner after its ``search``."""
        return cls._read(importers.read_keras_tuner(tuner))

    @classmethod
    def from_optuna(cls, study: optuna.Study) -> SearchResult:
        """View any Optuna study with one objective.

        What trials reported is the curve ``"value"``, an epoch a report; user attributes
        ``epochs``, ``seed`` and ``reason`` (of a failure, which Optuna does not keep) are read.
        """
        importers.check_study(study)
        return cls(study)

    @classmethod
    def _read(cls, found: importers.Imported) -> SearchResult:
        result = cls(found.study, found.evaluations)
        result._best = found.best
        return result


def as_result(given: Any) -> Any:
    """Return an Optuna study as a ``SearchResult``, anything else as it is."""
    return SearchResult.from_optuna(given) if isinstance(given, optuna.Study) else given

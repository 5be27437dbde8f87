"""What a search with several goals found: a front of settings, of which you choose one."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import optuna
import pandas as pd

from hpotutor.errors import HpoTutorError, Problems
from hpotutor.objectives.base import Evaluation
from hpotutor.study.dominance import efficient
from hpotutor.study.result import SearchResult
from hpotutor.study.storage import Log, quiet_optuna, to_trial

# The score, and what a trial costs; of a cost, the lower is better.
GOALS = ("value", "weights", "seconds", "epochs", "prediction_seconds")


class FrontResult(SearchResult):
    """The trials of a search with several goals, and the front that follows from them.

    ``goals`` are columns of ``to_frame()``, ``limits`` the most of a cost, or the worst score, that
    a setting may have.

    Examples
    --------
    >>> import hpotutor as ht
    >>> objective = ht.TableObjective("signals", quiet=True)
    >>> result = ht.multi_objective_search(objective, objective.space, trials=40, progress=False)
    >>> bool(result.front["weights"].is_monotonic_increasing)
    True
    >>> chosen = result.choose(weights=5_000)
    >>> bool(objective.table.weights[objective.index_of(chosen)] <= 5_000)
    True
    """

    def __init__(self, found: SearchResult, goals: Sequence[str], limits: Any) -> None:
        super().__init__(found._source, found.evaluations, found.objective, found.stopped)
        self.numbers, self.left_out = found.numbers, found.left_out
        self.goals, self.limits = tuple(goals), dict(limits)

    @property
    def directions(self) -> list[Any]:
        """Which way is better, for each goal."""
        return [self.direction if goal == "value" else "minimize" for goal in self.goals]

    @property
    def study(self) -> optuna.Study:
        """The trials as an Optuna study with a direction a goal; failed where one is unknown."""
        with quiet_optuna():
            study = optuna.create_study(directions=self.directions)
        for e in self.evaluations:
            trial, values = to_trial(e, self.space), [measured(e, goal) for goal in self.goals]
            unknown = any(map(math.isnan, values))  # a cost that nobody knows has no place there
            if unknown and trial.state is optuna.trial.TrialState.COMPLETE:
                trial.state = optuna.trial.TrialState.FAIL
            trial.values = None if unknown or trial.value is None else values
            for name, excess in beyond(e, self.limits, self.direction).items():
                trial.set_constraint(name, excess)
            study.add_trial(trial)
        return study

    def to_frame(self) -> pd.DataFrame:
        """Return a row a trial, as of any search, with a column for each goal."""
        frame = super().to_frame()
        for goal in {*self.goals, *self.limits} - {*frame}:
            frame[goal] = [getattr(evaluation, goal) for evaluation in self.evaluations]
        return frame

    @property
    def front(self) -> pd.DataFrame:
        """The complete trials within all limits that no other one dominates; cheapest first."""
        return self._front(self.limits)

    def choose(self, **limits: float) -> dict[str, Any]:
        """Return the hyperparameters with the best score within limits, such as ``weights=5_000``.

        HpoTutorError: no trial keeps them.
        """
        Problems("choose").unknown(sorted({*limits} - {*GOALS}), GOALS).raise_if_any()
        inside = self._front({**self.limits, **limits})
        if inside.empty:
            told = ", ".join(f"{name}={limit:,}" for name, limit in limits.items())
            raise HpoTutorError(f"No trial keeps {told}. Look at result.front, or give it more.")
        best = inside["value"].agg("idxmax" if self.direction == "maximize" else "idxmin")
        return dict(self.evaluations[best].params)

    def _front(self, limits: Mapping[str, float]) -> pd.DataFrame:
        frame = self.to_frame()
        over = [beyond(e, limits, self.direction).values() for e in self.evaluations]
        fine = [all(excess <= 0 for excess in each) for each in over]
        kept = frame[(frame["status"] == "complete") & np.array(fine, bool)]
        kept = kept[efficient(kept[[*self.goals]].astype(float), self.directions)]
        shown = ["trial", *self.space, *self.goals]
        return kept[shown].drop_duplicates([*self.goals]).sort_values(list(self.goals[::-1]))

    @property
    def best_evaluation(self) -> Evaluation:
        """There is none: with several goals there is a front."""
        raise HpoTutorError(
            f"This search has {len(self.goals)} goals ({', '.join(self.goals)}), so no setting is "
            f"the best: {len(self.front)} are on the front. Look at result.front, then choose one, "
            "for instance result.choose(weights=5_000): the best score within that."
        )

    def __repr__(self) -> str:
        counts = f"{self._counts()}, {self.cost.epochs} epochs"
        return f"FrontResult({counts}, {len(self.front)} on the front of {', '.join(self.goals)})"

    def _repr_html_(self) -> str:
        table = self.front.to_html(index=False, border=0, float_format=lambda value: f"{value:.3g}")
        return f"<p>{self._counts()}. The front of {', '.join(self.goals)}:</p>{table}"

    @classmethod
    def from_log(cls, path: str | os.PathLike[str]) -> FrontResult:
        """Look at the log of a search with several goals."""
        log = Log.read(path)
        options = log.header.get("options", {})
        return cls(SearchResult(log), options.get("goals", GOALS[:2]), options.get("limits", {}))


def measured(evaluation: Evaluation, goal: str) -> float:
    """Return the score or a cost of a trial; NaN where it is not known."""
    return math.nan if (value := getattr(evaluation, goal)) is None else float(value)


def beyond(evaluation: Evaluation, limits: Mapping[str, float], direction: str) -> dict[str, float]:
    """Return how far a trial is over each limit; 0 or less is within, as Optuna counts."""
    over = {name: measured(evaluation, name) - limit for name, limit in limits.items()}
    if "value" in over and direction == "maximize":
        over["value"] = -over["value"]
    return {name: 1.0 if math.isnan(excess) else excess for name, excess in over.items()}

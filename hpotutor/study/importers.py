"""Trials of a learner's own searches, turned into an Optuna study."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Evaluation
from hpotutor.study.journal import STUDY_NAME
from hpotutor.study.storage import quiet_optuna, to_trial


class Row(NamedTuple):
    """One trial of a foreign search."""

    params: dict[str, Any]
    value: float
    seconds: float = 0.0
    reason: str = ""
    epochs: int = 0


def rows_from_sklearn(search: Any) -> list[Row]:
    """Read ``cv_results_``; the value is the mean test score of a candidate."""
    results = getattr(search, "cv_results_", None)
    if results is None:
        raise ArgumentError(
            "from_sklearn: this search has no cv_results_. Type search.fit(x, y) first."
        )
    seconds = results["mean_fit_time"] + results["mean_score_time"]
    return [
        Row({name: _plain(value) for name, value in params.items()}, float(score), float(spent))
        for params, score, spent in zip(
            results["params"], results["mean_test_score"], seconds, strict=True
        )
    ]


def rows_from_hyperopt(trials: Any, space: Any) -> list[Row]:
    """Read Hyperopt's trials, each evaluated in its space so that values are not indices."""
    from hyperopt import space_eval
    from hyperopt.pyll import Apply, as_apply, dfs

    if not hasattr(trials, "trials"):
        _refuse("from_hyperopt", "trials", trials, "hyperopt's Trials", "trials=trials")
    if not isinstance(space, Mapping | Apply):
        _refuse("from_hyperopt", "hyperopt_space", space, "the space that fmin got", "space")
    nodes = [node for node in dfs(as_apply(space)) if node.name == "hyperopt_param"]
    labels = [node.arg["label"].obj for node in nodes]
    rows = []
    for trial in trials.trials:
        chosen = {name: values[0] for name, values in trial["misc"]["vals"].items() if values}
        problems = Problems("from_hyperopt")
        problems.unknown([name for name in chosen if name not in labels], labels)
        problems.raise_if_any()
        params = space_eval(space, chosen)
        if not isinstance(params, dict):
            params = chosen
        result = trial["result"]
        loss = result.get("loss", math.nan)
        reason = "" if result.get("status") == "ok" else str(result.get("failure", "failed"))
        rows.append(Row({n: _plain(v) for n, v in params.items()}, float(loss), reason=reason))
    return rows


def rows_from_keras_tuner(tuner: Any) -> list[Row]:
    """Read every trial of the tuner's oracle, the failed ones too."""
    if not hasattr(tuner, "oracle"):
        _refuse("from_keras_tuner", "tuner", tuner, "a KerasTuner tuner", "tuner")
    trials = [tuner.oracle.trials[key] for key in sorted(tuner.oracle.trials)]
    rows = []
    for trial in trials:
        values = trial.hyperparameters.values
        # Hyperband's bookkeeping stands among the hyperparameters.
        params = {n: _plain(v) for n, v in values.items() if not n.startswith("tuner/")}
        score = math.nan if trial.score is None else float(trial.score)
        reason = "" if trial.score is not None else (trial.message or "failed").splitlines()[-1]
        rows.append(Row(params, score, reason=reason, epochs=values.get("tuner/epochs", 0)))
    return rows


def check_study(study: Any) -> None:
    """Raise for what is no Optuna study with one objective."""
    if not isinstance(study, optuna.Study):
        _refuse("from_optuna", "study", study, "an Optuna study", "optuna.create_study()")
    if len(study.directions) > 1:
        raise ArgumentError(
            f"from_optuna: this study has {len(study.directions)} objectives, and one can be "
            "viewed. Type optuna.create_study(direction='maximize') for a study of one."
        )


def _refuse(call: str, name: str, value: Any, allowed: str, instead: str) -> None:
    problems = Problems(call)
    problems.add(name, value, allowed, f"SearchResult.{call}({instead})")
    problems.raise_if_any()


def study_from_rows(
    rows: Sequence[Row], direction: str, space: dict[str, BaseDistribution] | None = None
) -> optuna.Study:
    """Put rows into an in-memory study; without a space, the values seen make one."""
    with quiet_optuna():
        study = optuna.create_study(study_name=STUDY_NAME, direction=direction)
    names = list(dict.fromkeys(name for row in rows for name in row.params))
    seen = {n: [row.params[n] for row in rows if n in row.params] for n in names}
    found = dict(space) if space is not None else {n: _distribution(seen[n]) for n in names}
    problems = Problems("SearchResult")
    problems.unknown([name for name in names if name not in found], found)
    problems.raise_if_any()
    for row in rows:
        finite = math.isfinite(row.value)
        status = "failed" if row.reason else "complete" if finite else "diverged"
        evaluation = Evaluation(
            params=row.params,
            value=row.value,
            seconds=row.seconds,
            epochs=row.epochs,
            status=status,
            reason=row.reason,
        )
        study.add_trial(to_trial(evaluation, found))
    return study


def _distribution(values: list) -> BaseDistribution:
    """Guess the narrowest distribution that holds all the values."""
    if all(isinstance(v, Integral) and not isinstance(v, bool) for v in values):
        return IntDistribution(min(values), max(values))
    if all(isinstance(v, Real) and not isinstance(v, bool) for v in values):
        low, high = float(min(values)), float(max(values))
        # Values over more than two powers of ten were surely drawn on a log scale.
        return FloatDistribution(low, high, log=low > 0 and high / low > 100)
    return CategoricalDistribution(list(dict.fromkeys(values)))


def _plain(value: Any) -> Any:
    """Return what Optuna can hold: NumPy scalars as Python's, anything odd as its name."""
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)

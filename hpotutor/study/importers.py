"""Trials of a learner's own searches, turned into an Optuna study."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import optuna
from optuna import distributions
from optuna.distributions import BaseDistribution

from hpotutor._validation import is_number, is_whole
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Evaluation
from hpotutor.space.distributions import Scalar, plain
from hpotutor.study.storage import open_study, to_trial


def study_from_sklearn(
    search: Any, space: Mapping[str, BaseDistribution] | None = None
) -> optuna.Study:
    """Read ``cv_results_``; the value is the mean test score of a candidate."""
    results = getattr(search, "cv_results_", None)
    if results is None:
        raise ArgumentError(
            "from_sklearn: this search has no cv_results_. Type search.fit(x, y) first."
        )
    seconds = results["mean_fit_time"] + results["mean_score_time"]
    candidates = zip(results["params"], results["mean_test_score"], seconds, strict=True)
    found = [_evaluation(params, score, seconds=float(s)) for params, score, s in candidates]
    return _study(found, "maximize", space)


def study_from_hyperopt(trials: Any, space: Any) -> optuna.Study:
    """Read Hyperopt's trials, each evaluated in its space so that values are not indices."""
    from hyperopt import space_eval
    from hyperopt.pyll import Apply, as_apply, dfs

    if not hasattr(trials, "trials"):
        _refuse("from_hyperopt", "trials", trials, "hyperopt's Trials", "trials=trials")
    if not isinstance(space, Mapping | Apply):
        _refuse("from_hyperopt", "hyperopt_space", space, "the space that fmin got", "space")
    nodes = [node for node in dfs(as_apply(space)) if node.name == "hyperopt_param"]
    labels = [node.arg["label"].obj for node in nodes]
    found = []
    for trial in trials.trials:
        chosen = {name: values[0] for name, values in trial["misc"]["vals"].items() if values}
        problems = Problems("from_hyperopt")
        problems.unknown([name for name in chosen if name not in labels], labels)
        problems.raise_if_any()
        params = space_eval(space, chosen)
        result = trial["result"]
        reason = "" if result.get("status") == "ok" else str(result.get("failure", "failed"))
        params = params if isinstance(params, dict) else chosen
        found.append(_evaluation(params, result.get("loss", math.nan), reason))
    return _study(found, "minimize")


def study_from_keras_tuner(tuner: Any) -> optuna.Study:
    """Read every trial of the tuner's oracle, the failed ones too."""
    if not hasattr(tuner, "oracle"):
        _refuse("from_keras_tuner", "tuner", tuner, "a KerasTuner tuner", "tuner")
    found = []
    for _, trial in sorted(tuner.oracle.trials.items()):
        values = trial.hyperparameters.values
        # Hyperband's bookkeeping stands among the hyperparameters.
        params = {name: value for name, value in values.items() if not name.startswith("tuner/")}
        reason = "" if trial.score is not None else (trial.message or "failed").splitlines()[-1]
        score = math.nan if trial.score is None else trial.score
        found.append(_evaluation(params, score, reason, epochs=values.get("tuner/epochs", 0)))
    return _study(found, {"max": "maximize", "min": "minimize"}[tuner.oracle.objective.direction])


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
    Problems(call).add(name, value, allowed, f"SearchResult.{call}({instead})").raise_if_any()


def _evaluation(
    params: Mapping[str, Any], value: Any, reason: str = "", **spent: Any
) -> Evaluation:
    """Return a trial with values that Optuna can hold: anything odd goes by its name."""
    held = {name: plain(one) for name, one in params.items()}
    held = {name: one if isinstance(one, Scalar) else str(one) for name, one in held.items()}
    status = "failed" if reason else "complete" if math.isfinite(value) else "diverged"
    return Evaluation(held, float(value), status=status, reason=reason, **spent)


def _study(
    evaluations: Sequence[Evaluation],
    direction: str,
    space: Mapping[str, BaseDistribution] | None = None,
) -> optuna.Study:
    """Put trials into an in-memory study; without a space, the values seen make one."""
    seen: dict[str, list[Any]] = {}
    for evaluation in evaluations:
        for name, value in evaluation.params.items():
            seen.setdefault(name, []).append(value)
    if space is None:
        space = {name: _distribution(values) for name, values in seen.items()}
    problems = Problems("SearchResult")
    problems.unknown([name for name in seen if name not in space], space)
    problems.raise_if_any()
    study = open_study(optuna.storages.InMemoryStorage(), direction)
    study.add_trials([to_trial(evaluation, space) for evaluation in evaluations])
    return study


def _distribution(values: list[Any]) -> BaseDistribution:
    """Guess the narrowest distribution that holds all the values."""
    if all(is_whole(value) for value in values):
        return distributions.IntDistribution(min(values), max(values))
    if all(is_number(value) for value in values):
        low, high = float(min(values)), float(max(values))
        # Values over more than two powers of ten were surely drawn on a log scale.
        return distributions.FloatDistribution(low, high, log=low > 0 and high / low > 100)
    return distributions.CategoricalDistribution(list(dict.fromkeys(values)))

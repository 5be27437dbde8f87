"""Trials of a learner's own searches, turned into an Optuna study that says what theirs does."""

import itertools
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import optuna
from optuna import distributions
from optuna.distributions import BaseDistribution

from hpotutor._validation import is_number, is_whole
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Evaluation
from hpotutor.space.distributions import Scalar, as_value, categorical
from hpotutor.study.storage import open_study, to_trial


class Imported(NamedTuple):
    """A study, its trials with values as they were, and which of them the library calls best."""

    study: optuna.Study
    evaluations: list[Evaluation]
    best: int | None = None


def read_sklearn(
    search: Any, space: Mapping[str, BaseDistribution] | None, metric: str | None
) -> Imported:
    """Read ``cv_results_``; the value is the mean test score of a candidate."""
    results = getattr(search, "cv_results_", None)
    if results is None:
        told = "this search has no cv_results_. Type search.fit(x, y) first."
        raise ArgumentError(f"from_sklearn: {told}")
    start, refit = "mean_test_", getattr(search, "refit", True)
    metrics = [name.removeprefix(start) for name in results if name.startswith(start)]
    chosen = metric or (str(refit) if refit in metrics else metrics[0])
    with Problems("from_sklearn") as problems:
        if metric is not None:
            problems.choice("metric", metric, metrics)
        elif len(metrics) > 1 and chosen != refit:
            listed = ", ".join(f"metric={name!r}" for name in metrics)
            told = f"this search has {len(metrics)} metrics and no refit= that names one."
            problems.say(f"{told} Type one of {listed}")
    rungs = results.get("iter", np.zeros(len(results["params"])))
    seconds = results["mean_fit_time"] + results["mean_score_time"]
    resource = str(getattr(search, "resource", ""))
    name = re.compile(rf"split\d+_test_{re.escape(chosen)}")
    splits, last = [v for n, v in results.items() if name.fullmatch(n)], max(rungs)
    found = []
    for index, params in enumerate(results["params"]):
        lost, reason = sum(not math.isfinite(scores[index]) for scores in splits), ""
        if lost:
            reason = f"scikit-learn recorded no score in {lost} of {len(splits)} splits: the fit "
            reason += 'or its scoring failed there. error_score="raise" shows how'
        epochs = int(results["n_resources"][index]) if "epoch" in resource else 0
        spent = {"seconds": float(seconds[index]), "epochs": epochs}
        one = _evaluation(params, results[start + chosen][index], reason, **spent)
        if one.status == "complete" and rungs[index] < last:
            # A halving compares those on its last rung, which saw the most data or epochs.
            one = replace(one, status="pruned", reason=f"judged on rung {rungs[index]} only")
        found.append(one)
    theirs = metric is None or metric == refit or len(metrics) == 1
    best = int(search.best_index_) if theirs and hasattr(search, "best_index_") else None
    return _study(found, "maximize", space, best)


def read_hyperopt(trials: Any, space: Any) -> Imported:
    """Read Hyperopt's trials, each evaluated in its space so that values are not indices."""
    from hyperopt import space_eval
    from hyperopt.pyll import Apply, as_apply, dfs

    if not hasattr(trials, "trials"):
        _refuse("from_hyperopt", "trials", trials, "hyperopt's Trials", "trials=trials")
    if not isinstance(space, Mapping | Apply | list | tuple):
        _refuse("from_hyperopt", "hyperopt_space", space, "the space that fmin got", "space")
    nodes = [node for node in dfs(as_apply(space)) if node.name == "hyperopt_param"]
    labels = [node.arg["label"].obj for node in nodes]
    told, results = [], []
    for trial in trials.trials:
        chosen = {name: values[0] for name, values in trial["misc"]["vals"].items() if values}
        unknown = [name for name in chosen if name not in labels]
        Problems("from_hyperopt").unknown(unknown, labels).raise_if_any()
        told.append(dict(_leaves(space_eval(space, chosen), labels[:1])))
        results.append(trial["result"])
    # A name that stands in one place only needs no path.
    ends: dict[str, set[tuple[str, ...]]] = {}
    for path in itertools.chain.from_iterable(told):
        ends.setdefault(path[-1], set()).add(path)
    found = []
    for leaves, result in zip(told, results, strict=True):
        names = {p: p[-1] if len(ends[p[-1]]) == 1 else ".".join(p) for p in leaves}
        params = {names[path]: value for path, value in leaves.items()}
        status = result.get("status")
        reason = "" if status == "ok" else str(result.get("failure", f"its status is {status!r}"))
        loss = math.nan if result.get("loss") is None else result["loss"]
        found.append(_evaluation(params, loss, reason))
    return _study(found, "minimize")


def _leaves(value: Any, path: Sequence[str], top: bool = True) -> Iterator[tuple[Any, Any]]:
    """Yield the values in a nested space, each with the names that lead to it."""
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _leaves(inner, (*(() if top else path), str(name)), False)
    elif isinstance(value, list | tuple) and (top or any(isinstance(v, Mapping) for v in value)):
        for place, inner in enumerate(value):
            yield from _leaves(inner, (*(() if top else path), str(place)), False)
    else:
        yield tuple(path), value


def read_keras_tuner(tuner: Any) -> Imported:
    """Read every trial of the tuner's oracle, the failed ones too."""
    if not hasattr(tuner, "oracle"):
        _refuse("from_keras_tuner", "tuner", tuner, "a KerasTuner tuner", "tuner")
    found = []
    for _, trial in sorted(tuner.oracle.trials.items()):
        chosen = trial.hyperparameters
        # Hyperband's bookkeeping stands among the hyperparameters, and what is inactive may too.
        active = {hp.name for hp in chosen.space if chosen.is_active(hp)}
        params = {name: value for name, value in chosen.values.items() if name in active}
        lines = (trial.message or "KerasTuner gave no score and no message").strip().splitlines()
        reason = "" if trial.score is not None else lines[-1]
        score = math.nan if trial.score is None else trial.score
        epochs = chosen.values.get("tuner/epochs", 0)
        found.append(_evaluation(params, score, reason, epochs=epochs))
    return _study(found, {"max": "maximize", "min": "minimize"}[tuner.oracle.objective.direction])


def check_study(study: Any) -> None:
    """Raise for what is no Optuna study with one objective."""
    if not isinstance(study, optuna.Study):
        _refuse("from_optuna", "study", study, "an Optuna study", "optuna.create_study()")
    if len(study.directions) > 1:
        told = f"this study has {len(study.directions)} objectives, and one can be viewed. Type"
        typed = "optuna.create_study(direction='maximize') for a study of one."
        raise ArgumentError(f"from_optuna: {told} {typed}")


def _refuse(call: str, name: str, value: Any, allowed: str, instead: str) -> None:
    Problems(call).add(name, value, allowed, f"SearchResult.{call}({instead})").raise_if_any()


def _evaluation(params: Mapping[str, Any], value: Any, reason: str, **spent: Any) -> Evaluation:
    """Return a trial with plain values; anything that is neither a scalar nor a tuple is text."""
    held = {name: as_value(one) for name, one in params.items()}
    for name, one in held.items():
        parts = one if isinstance(one, tuple) else (one,)
        held[name] = one if all(isinstance(part, Scalar) for part in parts) else str(one)
    status = "failed" if reason else "complete" if math.isfinite(value) else "diverged"
    reason = reason or ("" if status == "complete" else f"the value is {float(value)}")
    return Evaluation(held, float(value), status=status, reason=reason, **spent)


def _study(
    evaluations: list[Evaluation],
    direction: str,
    space: Mapping[str, BaseDistribution] | None = None,
    best: int | None = None,
) -> Imported:
    """Put trials into an in-memory study; without a space, the values seen make one."""
    seen: dict[str, list[Any]] = {}
    for evaluation in evaluations:
        for name, value in evaluation.params.items():
            seen.setdefault(name, []).append(value)
    if space is None:
        space = {name: _distribution(values) for name, values in seen.items()}
    unknown = [name for name in seen if name not in space]
    Problems("SearchResult").unknown(unknown, space).raise_if_any()
    return Imported(as_study(evaluations, direction, space), evaluations, best)


def as_study(
    evaluations: Sequence[Evaluation], direction: str, space: Mapping[str, BaseDistribution]
) -> optuna.Study:
    """Return an in-memory study of trials that were all drawn from one space."""
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
    return categorical(list(dict.fromkeys(values)))

"""How good the chosen and the default setting are: both trained again, and compared row by row."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from hpotutor.analysis.statistics import WHO, Verdict, mean_interval, paired_verdict, verdict
from hpotutor.datasets.dataset import Dataset
from hpotutor.objectives.metrics import REPORTED, Metric, default_metric
from hpotutor.study.result import SearchResult


class Part(NamedTuple):
    """Rows to judge on, and the scores of both settings where these were given."""

    given: Mapping[str, Sequence[float]] | None
    y: np.ndarray = np.zeros(0)
    x: np.ndarray | None = None


class Found(NamedTuple):
    """Scores of both settings, which is better, and what the interval knows of."""

    scores: dict[str, list[float]]
    verdict: Any  # a Verdict; None where nothing is compared
    counts: str


def measure_of(best: SearchResult, data: Dataset) -> Metric:
    """Return what the settings are compared by: the search's metric, or the usual one of a loss."""
    objective = getattr(best.objective, "local", None)
    searched = getattr(objective, "measured", None)
    if searched is None or searched.name in REPORTED:
        usual = default_metric(data.task)
        name = "accuracy" if usual == "val_accuracy" else usual
        return Metric(name, "maximize", name, data.classes)
    return searched


def retrain(
    objective: Any, best: SearchResult, default: Mapping[str, Any], seeds: int
) -> dict[str, list[Any]]:
    """Train both settings with several seeds, as long as the best trial was trained."""
    epochs = None
    if objective.early_stopping is None:
        epochs = best.best_evaluation.epochs // objective.rows.count
    settings = {"chosen": best.best_params, "default": default}
    own = {who: None if "epochs" in settings[who] else epochs for who in WHO}
    return {w: objective.train_seeds(dict(settings[w]), range(seeds), own[w]) for w in WHO}


def judge(
    part: Part, objective: Any, models: Mapping[str, list[Any]], measure: Metric, compare: bool
) -> Found:
    """Score both settings on some rows, and compare them as closely as these allow, if asked."""
    if part.given is None:
        assert part.x is not None
        said = {w: [objective.predict(model, part.x) for model in models[w]] for w in WHO}
        scores = {w: [measure.of(part.y, outputs) for outputs in said[w]] for w in WHO}
        compared = None
        if compare:
            both = said["chosen"], said["default"]
            compared = paired_verdict(measure.of, part.y, *both, measure.direction)
        return Found(scores, compared, "for seeds and rows together, row by row")
    scores = {w: list(map(float, part.given[w])) for w in WHO}
    if measure.name == "accuracy":
        compared = verdict(scores["chosen"], scores["default"], len(part.y))
        return Found(scores, compared, "for seeds and rows together")
    mean, low, high = mean_interval(np.subtract(scores["chosen"], scores["default"]))
    return Found(scores, Verdict(mean, low, high, measure.direction), "for seeds alone")

"""Stand-ins that tell a check how a learner's function searched, and what it suggested."""

from typing import Any

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import wrong


class SearchProbe:
    """Stands in for the search and for the training, and notes who was asked what."""

    def __init__(self) -> None:
        self.suggested: list[dict[str, float]] = []
        self.asked: list[float] = []
        self.told: list[tuple[float, float]] = []

    def suggest(self) -> dict[str, float]:
        self.suggested.append({"learning_rate": 0.001 * (1 + len(self.told) + 10 * self._early())})
        return dict(self.suggested[-1])

    def _early(self) -> int:
        """Return how many suggestions are still without a score: asking early shows in the rate."""
        return len(self.suggested) - len(self.told)

    def observe(self, params: Any, value: Any) -> None:
        params = checks.mapping(params, "`search.observe(params, value)`: first the params, a dict")
        value = checks.number(value, "`search.observe(params, value)`: second the score, a number")
        rate = checks.number(params.get("learning_rate"), "a learning rate")
        self.told.append((rate, value))

    @property
    def incumbent(self) -> dict[str, float]:
        if not self.told:
            wrong("The search is never told a score: without `observe` it learns nothing.")
        return {"learning_rate": max(self.told, key=lambda pair: pair[1])[0]}

    def evaluate(self, params: Any) -> float:
        params = checks.mapping(params, "`train(params)` with the params that were suggested")
        rate = checks.number(params.get("learning_rate"), "a learning rate")
        self.asked.append(rate)
        return score_of(rate)


def score_of(rate: float) -> float:
    """Return what `SearchProbe.evaluate` gives; the best of its suggestions is not the last."""
    return 0.9 - abs(rate - 0.0031) * 40


def trial_probe(seed: int) -> optuna.Trial:
    """Return a trial of a new study, which refuses the calls that Optuna is about to drop."""
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed)).ask()
    for name, text in _DEPRECATED.items():
        setattr(trial, name, lambda *_, text=text, **__: wrong(text))
    return trial


_DEPRECATED = {
    "suggest_loguniform": "`suggest_loguniform` is deprecated and leaves with Optuna 6. "
    "`suggest_float` takes a keyword for it.",
    "suggest_uniform": "`suggest_uniform` is deprecated: `suggest_float`, with the right scale.",
}


def same_distribution(one: object, other: object) -> bool:
    """Return whether two of Optuna's distributions are equal; choices may stand in any order."""
    categorical = optuna.distributions.CategoricalDistribution
    if isinstance(one, categorical) and isinstance(other, categorical):
        return sorted(map(repr, one.choices)) == sorted(map(repr, other.choices))
    return one == other

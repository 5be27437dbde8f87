"""Stand-ins that tell a check how a learner's function searched, and what it suggested."""

from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import wrong
from hpotutor.exercises.probes import RowsProbe


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


class TrialProbe:
    """Looks like an Optuna trial and notes what is suggested."""

    def __init__(self, at: float) -> None:
        self._at = at
        self.params: dict[str, Any] = {}
        self.declared: dict[str, tuple] = {}

    def suggest_float(
        self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False
    ) -> float:
        position = low + (high - low) * self._at
        value = low * (high / low) ** self._at if log else position
        return self._note(name, "float", low, high, log, value)

    def suggest_int(
        self, name: str, low: int, high: int, *, step: int = 1, log: bool = False
    ) -> int:
        value = low + int((high - low) * self._at) // step * step
        return self._note(name, "int", low, high, (log, step), value)

    def suggest_categorical(self, name: str, choices: Any) -> Any:
        choices = list(choices)
        value = choices[int(self._at * (len(choices) - 1))]
        return self._note(name, "categorical", choices[0], choices[-1], False, value)

    def suggest_loguniform(self, name: str, low: float, high: float) -> float:
        return wrong(
            "`suggest_loguniform` is deprecated and leaves with Optuna 6. `suggest_float` takes a "
            "keyword for it."
        )

    def suggest_uniform(self, name: str, low: float, high: float) -> float:
        return wrong("`suggest_uniform` is deprecated: `suggest_float`, with the right scale.")

    def set_user_attr(self, key: str, value: Any) -> None:
        """Take a note, which does no harm."""

    def _note(self, name: str, sort: str, low: Any, high: Any, how: Any, value: Any) -> Any:
        self.declared[name] = (sort, low, high, how)
        self.params[name] = value
        return value


ACCURACY = 0.5  # on rows that were not trained on, as in RowsProbe


class NetworkProbe:
    """The probe's model with a loss that can be told from its accuracy."""

    LOSS = 1.25

    def __init__(self, probe: RowsProbe) -> None:
        self._model = probe.model

    def fit(self, *arguments: Any, **keywords: Any) -> Any:
        if keywords.get("validation_split"):
            wrong(
                "`validation_split` cuts a second validation set from the training rows. "
                "`data.x_val` is there already."
            )
        past = self._model.fit(*arguments, **keywords)
        past.history["accuracy"] = [0.99] * len(past.history["accuracy"])
        return past

    def evaluate(self, *arguments: Any, return_dict: bool = False, **keywords: Any) -> Any:
        self._model.evaluate(*arguments, **keywords)
        both = {"loss": self.LOSS, "accuracy": ACCURACY}
        return both if return_dict else list(both.values())

    def predict(self, *arguments: Any, **keywords: Any) -> Any:
        return self._model.predict(*arguments, **keywords)

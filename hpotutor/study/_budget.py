"""What a search may spend, what it has spent, and what it will cost at most."""

import math
import time
from dataclasses import dataclass, field

from hpotutor.objectives.base import Evaluation, Objective


@dataclass
class Budget:
    """Limits of a :class:`hpotutor.Recorder`, and what counts towards them; None is no limit."""

    trials: int | None
    max_epochs: int | None
    max_seconds: float | None
    max_failures: int | None
    spent_trials: int = 0
    spent_epochs: int = 0
    seconds_before: float = 0.0  # spent by earlier searches on the same log
    start: float = field(default_factory=time.monotonic)
    _failures: int = 0  # the last ones in a row
    _last_reason: str = ""

    def count(self, evaluation: Evaluation) -> None:
        """Add what an evaluation took."""
        self.spent_trials += 1
        self.spent_epochs += evaluation.epochs
        self._failures = self._failures + 1 if evaluation.status == "failed" else 0
        self._last_reason = evaluation.reason

    def refusal(self, epochs: int, *, stored: bool) -> str:
        """Return why an evaluation may not begin, or nothing; a stored answer takes no time."""
        if self._failing():
            told = "trials failed in a row, the last one with"
            return f"{self.max_failures} {told}: {self._last_reason}"
        if self.trials_left() <= 0:
            return f"the budget of {self.trials} trials is spent"
        if self.max_epochs is not None and epochs > self.epochs_left():
            return f"the budget of {self.max_epochs} epochs leaves no room for another trial"
        if self.time_is_up() and not stored:
            return f"the budget of {self.max_seconds:g} seconds is spent"
        return ""

    def has_room(self, running: int, epochs: int) -> bool:
        """Whether one more may begin beside those running; ``epochs`` are of all of them."""
        fits = epochs <= self.epochs_left() and running < self.trials_left()
        return fits and not self._failing() and not self.time_is_up()

    def trials_left(self) -> int:
        """Return how many trials may still be counted."""
        return 10**9 if self.trials is None else self.trials - self.spent_trials

    def epochs_left(self) -> float:
        """Return how many epochs may still be trained."""
        return math.inf if self.max_epochs is None else self.max_epochs - self.spent_epochs

    def time_is_up(self) -> bool:
        """Whether the seconds are over."""
        spent = self.seconds_before + time.monotonic() - self.start
        return self.max_seconds is not None and spent >= self.max_seconds

    def _failing(self) -> bool:
        return self.max_failures is not None and self._failures >= self.max_failures

    def estimate(
        self, method: str, objective: Objective, planned: tuple[int, int] | None, resumed: int
    ) -> str:
        """Say in a line what a search will cost at most."""
        each = objective.epochs_of({}, None)
        trials, epochs = planned or (self.trials, (self.trials or 0) * each)
        parts = ["trials without a limit" if trials is None else f"{trials:,} trials"]
        if epochs:
            parts.append(f"up to {epochs:,} epochs")
        if self.max_epochs:
            parts.append(f"at most {self.max_epochs:,} epochs in all")
        seconds = objective.seconds_for(None) if trials else None
        if trials and seconds is not None:
            full = epochs / each if each else trials  # in evaluations of full length
            remaining = full * max(trials - resumed, 0) / trials
            parts.append(f"about {_duration(seconds * remaining)}")
        if self.max_seconds:
            parts.append(f"at most {_duration(self.max_seconds)}")
        found = f" The log holds {resumed} already." if resumed else ""
        return f"{method.capitalize()} search: {', '.join(parts)}.{found}"


def _duration(seconds: float) -> str:
    """Return seconds in the unit that a person would use: ``'3 min'`` for 200."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

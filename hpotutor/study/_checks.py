"""What every search checks, and says, before it starts."""

from __future__ import annotations

from hpotutor._validation import check_seed
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.space.space import SearchSpace


def check_question(problems: Problems, objective: object, space: object, seed: object) -> None:
    """Note an objective, a space or a seed that is none."""
    if not isinstance(objective, Objective):
        allowed = "ht.TrainObjective(data) or ht.FunctionObjective(function)"
        problems.add("objective", objective, "an objective", allowed)
    if not isinstance(space, SearchSpace):
        problems.add("space", space, "a search space", "ht.SearchSpace(units=ht.integers(8, 64))")
    check_seed(problems, seed)


def estimate(
    method: str,
    objective: Objective,
    trials: int | None,
    planned: tuple[int, int] | None = None,
    *,
    max_epochs: int | None = None,
    max_seconds: float | None = None,
    resumed: int = 0,
) -> str:
    """Say in a line what a search will cost at most."""
    each = objective.epochs_of({}, None)
    trials, epochs = planned or (trials, (trials or 0) * each)
    parts = ["trials without a limit" if trials is None else f"{trials:,} trials"]
    if epochs:
        parts.append(f"up to {epochs:,} epochs")
    if max_epochs:
        parts.append(f"at most {max_epochs:,} epochs in all")
    seconds = objective.seconds_for(None) if trials else None
    if seconds is not None:
        full = epochs / each if each else trials  # in evaluations of full length
        remaining = full * max(trials - resumed, 0) / trials
        parts.append(f"about {duration(seconds * remaining)}")
    if max_seconds:
        parts.append(f"at most {duration(max_seconds)}")
    found = f" The log holds {resumed} already." if resumed else ""
    return f"{method.capitalize()} search: {', '.join(parts)}.{found}"


def duration(seconds: float) -> str:
    """Return seconds in the unit that a person would use.

    Examples
    --------
    >>> duration(200)
    '3 min'
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"

"""What every search checks, and says, before it starts."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hpotutor.errors import Problems, check_seed
from hpotutor.objective import Objective
from hpotutor.space import SearchSpace

if TYPE_CHECKING:
    from hpotutor.record import Recorder


def check_question(problems: Problems, objective: object, space: object, seed: object) -> None:
    """Note an objective, a space or a seed that is none."""
    if not isinstance(objective, Objective):
        allowed = "ht.TrainObjective(data) or ht.FunctionObjective(function)"
        problems.add("objective", objective, "an objective", allowed)
    if not isinstance(space, SearchSpace):
        problems.add("space", space, "a search space", "ht.SearchSpace(units=ht.integers(8, 64))")
    check_seed(problems, seed)


def check_budget(
    problems: Problems, trials: object, max_epochs: object, max_seconds: object
) -> None:
    """Note budgets that are neither None nor above 0."""
    for name, count in (("trials", trials), ("max_epochs", max_epochs)):
        if count is None:
            continue
        if isinstance(count, bool) or not isinstance(count, int) or count < 1:
            problems.add(name, count, "a whole number from 1 up", f"{name}=30")
    number = isinstance(max_seconds, int | float) and not isinstance(max_seconds, bool)
    if max_seconds is not None and (not number or not max_seconds > 0):
        problems.add("max_seconds", max_seconds, "a number of seconds above 0", "max_seconds=60")


def check_keeping(problems: Problems, log: object, progress: object) -> None:
    """Note a log that is no path, and a ``progress`` that is neither True nor False."""
    if log is not None and not isinstance(log, str | os.PathLike):
        problems.add("log", log, "a path, or None", "log='search.log'")
    if not isinstance(progress, bool):
        problems.add("progress", progress, "True or False", "progress=False")


def estimate(recorder: Recorder) -> str:
    """Say in a line what the search will cost at most."""
    each = recorder.objective.epochs_of({}, None)
    trials, epochs = recorder.planned or (recorder.trials, (recorder.trials or 0) * each)
    parts = ["trials without a limit" if trials is None else f"{trials:,} trials"]
    if epochs:
        parts.append(f"up to {epochs:,} epochs")
    if recorder.max_epochs:
        parts.append(f"at most {recorder.max_epochs:,} epochs in all")
    seconds = recorder.objective.seconds_for(None) if trials else None
    if seconds is not None:
        full = epochs / each if each else trials  # in evaluations of full length
        remaining = full * max(trials - recorder.resumed, 0) / trials
        parts.append(f"about {duration(seconds * remaining)}")
    if recorder.max_seconds:
        parts.append(f"at most {duration(recorder.max_seconds)}")
    found = f" The log holds {recorder.resumed} already." if recorder.resumed else ""
    return f"{recorder.method.capitalize()} search: {', '.join(parts)}.{found}"


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

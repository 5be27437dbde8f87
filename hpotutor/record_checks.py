"""What every search checks before it starts."""

from __future__ import annotations

from hpotutor.errors import Problems
from hpotutor.objective import Objective
from hpotutor.space import SearchSpace


def check_question(problems: Problems, objective: object, space: object, seed: object) -> None:
    """Note an objective, a space or a seed that is none."""
    if not isinstance(objective, Objective):
        allowed = "ht.TrainObjective(data) or ht.FunctionObjective(function)"
        problems.add("objective", objective, "an objective", allowed)
    if not isinstance(space, SearchSpace):
        problems.add("space", space, "a search space", "ht.SearchSpace(units=ht.integers(8, 64))")
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        problems.add("seed", seed, "a whole number from 0 to 4294967295", "seed=0")


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

"""What several calls check about their arguments."""

from __future__ import annotations

import os

from hpotutor.errors import Problems


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

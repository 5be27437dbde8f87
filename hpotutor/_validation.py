"""What many calls check about their arguments; each rule stands once, and takes NumPy's numbers."""

import math
import os
import re
from numbers import Integral, Real
from typing import TypeGuard

import numpy as np

from hpotutor.errors import Problems


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number, of Python or of NumPy; True and False are none."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def is_number(value: object) -> TypeGuard[float]:
    """Return whether a value is a real number, of Python or of NumPy; True and False are none."""
    return isinstance(value, Real) and not isinstance(value, bool | np.bool_)


def is_seed(value: object) -> TypeGuard[int]:
    """Return whether a value is a seed that NumPy, Keras and scikit-learn would all take."""
    return is_whole(value) and 0 <= value < 2**32


def check_count(
    problems: Problems,
    name: str,
    value: object,
    low: int = 1,
    example: object = 20,
    *,
    optional: bool = False,
) -> bool:
    """Note a value that is not a whole number from ``low`` up; return whether it was fine."""
    fine = (optional and value is None) or (is_whole(value) and bool(value >= low))
    if not fine:
        problems.add(name, value, f"a whole number from {low} up", f"{name}={example}")
    return fine


def require_count(call: str, name: str, value: object, example: int = 20) -> None:
    """Raise for a value that is neither a whole number from 1 up nor None."""
    with Problems(call) as problems:
        check_count(problems, name, value, example=example, optional=True)


def check_number(
    problems: Problems, name: str, value: object, *, high: float = math.inf, example: float
) -> None:
    """Note a value that is not a number from 0 up, and below ``high``."""
    if not (is_number(value) and 0 <= value < high):
        allowed = "a number from 0 up" + (f" and below {high:g}" if high < math.inf else "")
        problems.add(name, value, allowed, f"{name}={example:g}")


def check_share(
    problems: Problems, name: str, value: object, example: float, *, inside: bool = False
) -> bool:
    """Note a value that is not a number from 0 to 1, or strictly between; return if it was fine."""
    fine = is_number(value) and (0 < value < 1 if inside else 0 <= value <= 1)
    if not fine:
        allowed = "a share between 0 and 1" if inside else "a number from 0 to 1"
        problems.add(name, value, allowed, f"{name}={example}")
    return fine


def check_seed(problems: Problems, seed: object, *, optional: bool = False) -> None:
    """Note what is no seed; see :func:`is_seed`."""
    if not is_seed(seed) and not (optional and seed is None):
        allowed = "a whole number from 0 to 4294967295" + (", or None" if optional else "")
        problems.add("seed", seed, allowed, "seed=0")


def check_budget(
    problems: Problems, trials: object, max_epochs: object, max_seconds: object
) -> None:
    """Note budgets that are neither None nor above 0."""
    check_count(problems, "trials", trials, example=30, optional=True)
    check_count(problems, "max_epochs", max_epochs, example=30, optional=True)
    if max_seconds is not None and (not is_number(max_seconds) or not max_seconds > 0):
        problems.add("max_seconds", max_seconds, "a number of seconds above 0", "max_seconds=60")


def check_keeping(problems: Problems, log: object, progress: object) -> None:
    """Note a log that is no path, and a ``progress`` that is neither True nor False."""
    if log is not None and not isinstance(log, str | os.PathLike):
        problems.add("log", log, "a path, or None", "log='search.log'")
    elif log is not None and (url := re.match(r"[A-Za-z][\w+.-]+:/+", os.fsdecode(log))):
        file = (re.findall(r"[\w-]+", os.fsdecode(log)[url.end() :]) or ["search"])[0]
        problems.add("log", log, "a file's path; a log is no database", f"log='{file}.log'")
        problems.say(
            "To look at a study in a database, type ht.SearchResult.from_optuna("
            f"optuna.load_study(study_name=..., storage={os.fsdecode(log)!r}))."
        )
    problems.choice("progress", progress, (False, True))

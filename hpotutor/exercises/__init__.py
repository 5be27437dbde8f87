"""Exercises: a folder a lesson, a module an exercise, each lesson loaded on first use.

In a notebook ``q1 = ht.exercises.lesson_02.q1`` is an exercise with ``q1.check(answer)``,
``q1.hint()`` and ``q1.solution()``. How one is written: :mod:`hpotutor.exercises.engine`.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hpotutor.exercises.engine import Exercise

__all__ = ["exercises_of", "lessons"]


def lessons() -> tuple[str, ...]:
    """Return the names of the lessons that have exercises, in order.

    Examples
    --------
    >>> "lesson_02" in lessons()
    True
    """
    names = (module.name for module in pkgutil.iter_modules(__path__))
    return tuple(sorted(name for name in names if name.startswith("lesson_")))


def exercises_of(lesson: int | str) -> tuple[Exercise, ...]:
    """Return a lesson's exercises, in order.

    Parameters
    ----------
    lesson : int or str
        Its number, or the name of its module.

    Raises
    ------
    ArgumentError
        If there is no such lesson.

    Examples
    --------
    >>> exercises_of(2)[0].id
    'lesson_02.q1'
    """
    from hpotutor.errors import Problems
    from hpotutor.exercises.engine import Exercise

    is_number = isinstance(lesson, int) and not isinstance(lesson, bool)
    name = f"lesson_{lesson:02d}" if is_number else lesson
    problems = Problems("exercises_of")
    problems.choice("lesson", name, lessons())
    problems.raise_if_any()
    module = importlib.import_module(f"{__name__}.{name}")
    found = [value for value in vars(module).values() if isinstance(value, Exercise)]
    return tuple(sorted(found, key=lambda exercise: exercise.number))


def __getattr__(name: str) -> ModuleType:
    """Load a lesson's exercises on first use (PEP 562)."""
    if name in lessons():
        return importlib.import_module(f"{__name__}.{name}")
    from hpotutor.errors import did_you_mean

    hint = did_you_mean(name, lessons())
    raise AttributeError(
        f"module {__name__!r} has no attribute {name!r}.{hint} Lessons: {', '.join(lessons())}."
    )


def __dir__() -> list[str]:
    return sorted([*globals(), *lessons()])

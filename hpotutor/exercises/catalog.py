"""Which lessons have exercises, and which exercises a lesson has."""

import importlib
import pkgutil
from pathlib import Path

from hpotutor._validation import is_whole
from hpotutor.errors import Problems
from hpotutor.exercises.engine import Exercise


def lessons() -> tuple[str, ...]:
    """Return the names of the lessons that have exercises, in order.

    Examples
    --------
    >>> "lesson_02" in lessons()
    True
    """
    names = (module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    return tuple(sorted(name for name in names if name.startswith("lesson_")))


def exercises_of(lesson: int | str) -> tuple[Exercise, ...]:
    """Return a lesson's exercises, in order.

    Parameters
    ----------
    lesson : int or str
        Its number, such as 2 or "02", or the name of its module.

    Raises
    ------
    ArgumentError
        If there is no such lesson.

    Examples
    --------
    >>> exercises_of(2)[0].id
    'lesson_02.q1'
    """
    number = int(lesson) if isinstance(lesson, str) and lesson.isdecimal() else lesson
    name = f"lesson_{number:02d}" if is_whole(number) else number
    problems = Problems("exercises_of")
    problems.choice("lesson", name, lessons())
    problems.raise_if_any()
    module = importlib.import_module(f"{__package__}.{name}")
    return tuple(value for value in vars(module).values() if isinstance(value, Exercise))

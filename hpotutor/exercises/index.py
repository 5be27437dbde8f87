"""What the page of all lessons is made from, and where in a learner's folder it is written."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from hpotutor.exercises.catalog import exercises_of, lessons
from hpotutor.exercises.index_page import FILE, Listed, listed_in, write_page

_TITLE = re.compile(r"^# Lesson \d+ · (.+)$", re.M)
_QUESTION = re.compile(r"\*\*The question:\*\* (.+)")
_MINUTES = re.compile(r"\*\*Minutes:\*\* (\d+)(?:, and (\d+))?")


def write_index(folder: str | os.PathLike, headers: Mapping[str, str]) -> str:
    """Write the page into a learner's folder; return its file's name.

    Parameters
    ----------
    folder : path
        Where the lessons are.
    headers : mapping of str to str
        Each lesson's first cell, by the name of its file without its ending.

    Returns
    -------
    str
        ``"index.md"``, or ``"index-2.md"`` and so on where the one before is the learner's own.
    """
    number, path = 1, Path(folder) / FILE
    while path.exists() and listed_in(path) is None:
        number += 1
        path = path.with_name(f"{Path(FILE).stem}-{number}.md")
    write_page(path, [_listed(name, header) for name, header in headers.items()])
    return path.name


def _listed(name: str, header: str) -> Listed:
    """Return what the page tells of a lesson."""
    title, question, minutes = (part.search(header) for part in (_TITLE, _QUESTION, _MINUTES))
    lesson = f"lesson_{name[:2]}"
    exercises = exercises_of(lesson) if lesson in lessons() else ()
    return Listed(
        name=name,
        title=title[1] if title else name,
        question=question[1] if question else "",
        minutes=" + ".join(filter(None, minutes.groups())) if minutes else "",
        points={exercise.id: exercise.points for exercise in exercises},
    )

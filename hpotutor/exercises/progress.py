"""How far a learner has come, as a table."""

import html
from typing import Any

import pandas as pd

from hpotutor.exercises.catalog import exercises_of, lessons
from hpotutor.exercises.progress_file import EMPTY, read


class Progress:
    """A table of exercises and how far a learner has come; it shows itself in a notebook.

    Parameters
    ----------
    frame : pandas.DataFrame
        A row an exercise, indexed by its number.
    remark : str
        What is wrong with the file, if anything is.
    """

    def __init__(self, frame: pd.DataFrame, remark: str = "") -> None:
        self.frame = frame
        self.remark = remark

    @property
    def summary(self) -> str:
        """How many exercises are right, how many points that makes, and what is open."""
        done = self.frame["state"] == "right"
        points, all_points = self.frame["points"][done].sum(), self.frame["points"].sum()
        told = f"{done.sum()} of {len(done)} exercises right, {points} of {all_points} points."
        left = ", ".join(self.frame.index[~done])
        one_lesson = len({label.partition(".")[0] for label in self.frame.index}) == 1
        return f"{told} Still open: {left}." if left and one_lesson else told

    def __repr__(self) -> str:
        return "\n\n".join(filter(None, [self.summary, self.frame.to_string(), self.remark]))

    def _repr_html_(self) -> str:
        remark = f"<p>{html.escape(self.remark)}</p>" if self.remark else ""
        return f"<p>{self.summary}</p>{self.frame.to_html(border=0)}{remark}"


def progress(lesson: int | str | None = None) -> Progress:
    """Return how far you have come with the exercises.

    Parameters
    ----------
    lesson : int or str, optional
        Only this lesson, such as 4 or "04"; all of them by default.

    Returns
    -------
    Progress
        Shows itself as a table; ``.frame`` is the table as a data frame.

    Raises
    ------
    ArgumentError
        If there is no such lesson.

    Examples
    --------
    >>> import hpotutor as ht
    >>> list(ht.progress(2).frame.columns)
    ['title', 'points', 'state', 'attempts', 'hints', 'solution']
    >>> len(ht.progress("02").frame) == len(ht.progress(2).frame)
    True
    """
    names = lessons() if lesson is None else (lesson,)
    entries, remark = read()
    rows = {}
    for exercise in (exercise for name in names for exercise in exercises_of(name)):
        entry = entries.get(exercise.id, EMPTY)
        rows[exercise.label] = {
            "title": exercise.title,
            "points": exercise.points,
            "state": _state(entry),
            "attempts": entry["attempts"],
            "hints": entry["hints"],
            "solution": "seen first" if entry["solution"] else "",
        }
    frame = pd.DataFrame.from_dict(rows, orient="index")
    return Progress(frame.rename_axis("exercise"), remark)


def _state(entry: dict[str, Any]) -> str:
    if entry["right"]:
        return "right"
    return "not yet" if entry["attempts"] else "not attempted"

"""What a learner has solved, in a small file in the learner's own folder.

The file is ``hpotutor_progress.json`` where the notebook runs, or what the environment variable
``HPOTUTOR_PROGRESS`` names. A check never fails because of it: a damaged file is set aside, and
one that cannot be written costs a remark.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from filelock import FileLock, Timeout

FILE = "hpotutor_progress.json"
VARIABLE = "HPOTUTOR_PROGRESS"
_EMPTY = {"right": False, "attempts": 0, "hints": 0, "solution": False}


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
        """How many exercises are right, and how many points that makes, in a sentence."""
        done = self.frame["state"] == "right"
        points, all_points = self.frame["points"][done].sum(), self.frame["points"].sum()
        return f"{done.sum()} of {len(done)} exercises right, {points} of {all_points} points."

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
        Only this lesson; all of them by default.

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
    """
    from hpotutor.exercises import exercises_of, lessons

    names = lessons() if lesson is None else (lesson,)
    entries, remark = read()
    rows = {}
    for exercise in (exercise for name in names for exercise in exercises_of(name)):
        entry = entries.get(exercise.id, _EMPTY)
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


def record(
    exercise: str,
    *,
    attempt: bool = False,
    right: bool = False,
    hints: int = 0,
    solution: bool = False,
) -> str:
    """Add what happened to an exercise's entry.

    Parameters
    ----------
    exercise : str
        Its id.
    attempt : bool
        An answer was checked.
    right : bool
        It was right. An exercise that was right once stays so.
    hints : int
        How many hints have been shown.
    solution : bool
        The solution was shown; it counts only before the first right answer.

    Returns
    -------
    str
        A remark if the file was damaged or could not be written, otherwise nothing.
    """
    path = progress_path()
    try:
        with _locked(path):
            entries, remark = read()
            if remark:
                remark = _set_aside(path)
            entry = entries.setdefault(exercise, dict(_EMPTY))
            entry["attempts"] += attempt
            entry["hints"] = max(entry["hints"], hints)
            entry["solution"] = entry["solution"] or (solution and not entry["right"])
            entry["right"] = entry["right"] or right
            _write(path, {"version": 1, "exercises": entries})
    except (OSError, Timeout) as error:
        reason = getattr(error, "strerror", None) or "another notebook holds it"
        return (
            f"(Your progress could not be saved in {path.name}: {reason}. Set the environment "
            f"variable {VARIABLE} to a file that you may write.)"
        )
    return remark


def progress_path() -> Path:
    """Return the progress file's path."""
    path = Path(os.environ.get(VARIABLE) or FILE).expanduser()
    return path / FILE if path.is_dir() else path


def read() -> tuple[dict[str, dict[str, Any]], str]:
    """Return the entries that make sense, and a remark if the file as a whole does not."""
    path = progress_path()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))["exercises"].items()
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"({path.name} could not be read: {error.strerror}.)"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}, f"({path.name} is damaged; the next check starts a new one.)"
    return {exercise: _mended(entry) for exercise, entry in stored}, ""


def _mended(entry: object) -> dict[str, Any]:
    """Return an entry with a value of the right type for every name."""
    given = entry if isinstance(entry, dict) else {}
    return {
        name: given[name] if type(given.get(name)) is type(default) else default
        for name, default in _EMPTY.items()
    }


def _state(entry: dict[str, Any]) -> str:
    if entry["right"]:
        return "right"
    return "not yet" if entry["attempts"] else "not attempted"


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Keep two notebooks from overwriting what the other has just written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_name(f".{path.name}.lock"), timeout=2):
        yield


def _set_aside(path: Path) -> str:
    """Keep a damaged file under another name, and say so."""
    number = 1
    while (kept := path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")).exists():
        number += 1
    os.replace(path, kept)
    return f"(Your progress file was damaged. It is kept as {kept.name}; a new one was begun.)"


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write the file as a whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(json.dumps(content, indent=1, sort_keys=True), encoding="utf-8")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)

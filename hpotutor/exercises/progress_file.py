"""What a learner has solved, in a small file in the learner's own folder.

The file is ``hpotutor_progress.json`` where the notebook runs, or what the environment variable
``HPOTUTOR_PROGRESS`` names. A check never fails because of it: a damaged file is set aside, and
one that cannot be written costs a remark.
"""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from filelock import FileLock

from hpotutor._system import write_whole

FILE = "hpotutor_progress.json"
VERSION = 2  # in version 1 the capstone was lesson 11
VARIABLE = "HPOTUTOR_PROGRESS"
EMPTY = {"right": False, "attempts": 0, "hints": 0, "solution": False}


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
            entry = entries.setdefault(exercise, dict(EMPTY))
            entry["attempts"] += attempt
            entry["hints"] = max(entry["hints"], hints)
            entry["solution"] = entry["solution"] or (solution and not entry["right"])
            entry["right"] = entry["right"] or right
            content = json.dumps(
                {"version": VERSION, "exercises": entries}, indent=1, sort_keys=True
            )
            write_whole(path, content.encode())
    except OSError as error:
        reason = error.strerror or "another notebook holds it"  # of filelock's Timeout
        return (
            f"(Your progress could not be saved in {path.name}: {reason}. Set the environment "
            f"variable {VARIABLE} to a file that you may write.)"
        )
    return remark


def progress_path(folder: str | os.PathLike = "") -> Path:
    """Return the path of the progress file of notebooks in a folder; by default, this one."""
    path = Path(folder) / Path(os.environ.get(VARIABLE) or FILE).expanduser()
    return path / FILE if path.is_dir() else path


def read(folder: str | os.PathLike = "") -> tuple[dict[str, dict[str, Any]], str]:
    """Return the entries that make sense, and a remark if the file as a whole does not."""
    path = progress_path(folder)
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        stored = {_renumbered(name, content): e for name, e in content["exercises"].items()}
    except FileNotFoundError:
        return {}, ""
    except OSError as error:
        return {}, f"({path.name} could not be read: {error.strerror}.)"
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}, f"({path.name} is damaged; the next check starts a new one.)"
    return {exercise: _mended(entry) for exercise, entry in stored.items()}, ""


def _renumbered(exercise: str, content: dict[str, Any]) -> str:
    """Return today's id of an exercise; a learner's points move along with the capstone."""
    moved = content.get("version") == 1
    return exercise.replace("lesson_11.", "lesson_14.") if moved else exercise


def _mended(entry: object) -> dict[str, Any]:
    """Return an entry with a value of the right type for every name."""
    given = entry if isinstance(entry, dict) else {}
    return {
        name: given[name] if type(given.get(name)) is type(default) else default
        for name, default in EMPTY.items()
    }


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

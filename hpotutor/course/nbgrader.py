"""Lessons as a course that nbgrader runs, and the marks that it gave.

``assign`` writes what nbgrader calls the source of a course. From there its own commands work as
they are: ``nbgrader generate_assignment``, ``autograde``, ``generate_feedback``, ``export``.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hpotutor._system import write_whole
from hpotutor.course._notes import fingerprint, read_notes, write_notes
from hpotutor.course.assignment import assignment_of, marks_as_made, points_of
from hpotutor.course.lessons import all_lessons, find_lesson, read_notebook
from hpotutor.errors import HpoTutorError, MissingExtra, Problems

if TYPE_CHECKING:
    import pandas as pd

NOTES = ".hpotutor_course.json"  # what was written, to tell an instructor's changes from ours
MARKS = "marks.csv"
CONFIG = """\
# For nbgrader, written once by `hpotutor assign`; change it as you like.
c = get_config()  # noqa: F821

# Seconds for a cell. The slowest takes under 30 on one quiet processor; a busy server is slower.
c.Execute.timeout = 180
# What stands in a student's notebook in place of a solution. The cell has its own stub already.
c.ClearSolutions.code_stub = {"python": "# Replace the dots, and add the lines you need."}
"""


def assign(
    lessons: Sequence[str], folder: str | os.PathLike, *, only: bool = False
) -> dict[str, int]:
    """Write lessons as nbgrader assignments into a course; return what each is worth.

    Parameters
    ----------
    lessons : sequence of str
        Numbers or names.
    folder : path
        The course; made if it is not there.
    only : bool
        The exercises without the lesson around them.

    Returns
    -------
    dict of str to int
        Points by assignment.

    Raises
    ------
    ArgumentError
        If a lesson is not known.
    HpoTutorError
        If an assignment there was changed by hand, or the folder cannot be written; then nothing
        that was there is lost.

    Examples
    --------
    >>> import tempfile
    >>> assign(["0"], tempfile.mkdtemp(), only=True)
    {'00_start_here': 6}
    """
    from hpotutor.exercises.catalog import exercises_of

    problems = Problems("hpotutor assign")
    if not lessons:
        problems.say("No lesson is named. Type for instance hpotutor assign 02 03 --to course")
    problems.raise_if_any()
    course, made, points = Path(folder), {}, {}
    for name in dict.fromkeys(map(find_lesson, lessons)):
        exercises = exercises_of(int(name[:2]))
        notebook = assignment_of(read_notebook(all_lessons()[name]), exercises, only=only)
        made[name] = (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode()
        points[name] = points_of(exercises)
    _write_course(course, made)
    return points


def _write_course(course: Path, made: dict[str, bytes]) -> None:
    targets = {name: course / "source" / name / f"{name}.ipynb" for name in made}
    notes = read_notes(course / NOTES, str) or {}  # without, all there is counts as changed
    changed = [
        targets[name].relative_to(course).as_posix()
        for name, content in made.items()
        if not _may_write(targets[name], content, notes.get(name))
    ]
    if changed:
        raise HpoTutorError(
            f"{', '.join(changed)} in the course was changed by hand (its text, or points, flags, "
            "tags) and stays, so nothing was written. For the new version beside it, name another "
            f"folder: --to {course.name}-new. To have it replaced, move it away first."
        )
    try:
        for name, content in made.items():
            targets[name].parent.mkdir(parents=True, exist_ok=True)
            write_whole(targets[name], content)
            notes[name] = fingerprint(content, settings=True)
            write_notes(course / NOTES, notes)
        if not (course / "nbgrader_config.py").exists():
            write_whole(course / "nbgrader_config.py", CONFIG.encode())
    except OSError as error:
        raise HpoTutorError(
            f"The course cannot be written ({error.strerror}). What was there is as it was. Free "
            "the disk, or name a folder of yours after --to."
        ) from error


def _may_write(target: Path, content: bytes, noted: str | None) -> bool:
    try:
        there = target.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # something is there that we cannot look into
    if fingerprint(there) == noted:  # an old note, of a time when settings did not count
        return marks_as_made(json.loads(there))
    made = fingerprint(content, settings=True)
    return fingerprint(there, settings=True) in (noted, made)


# ── marks ────────────────────────────────────────────────────────────────────────────────────


def grade(folder: str | os.PathLike) -> tuple[pd.DataFrame, list[str]]:
    """Let nbgrader grade what was handed in since the last time, and return a table of marks.

    The table is also written to ``marks.csv`` in the course.

    Parameters
    ----------
    folder : path
        The course.

    Returns
    -------
    marks : pandas.DataFrame
        A row a student; points by assignment (NaN: nothing handed in), their total, and of how
        many.
    remarks : list of str
        A sentence for each submission that nbgrader could not grade.

    Raises
    ------
    HpoTutorError
        If this is no course, nothing was handed in, or the table cannot be written.
    MissingExtra
        If nbgrader is not installed.
    """
    course = Path(folder).resolve()
    handed_in = _handed_in(course)
    if importlib.util.find_spec("nbgrader") is None:
        raise MissingExtra('nbgrader is not installed. Type: python -m pip install "nbgrader>=0.9"')
    remarks = [remark for name in handed_in for remark in _autograde(course, name, handed_in[name])]
    table = _marks(course, handed_in)
    try:
        write_whole(course / MARKS, table.to_csv().encode())
    except OSError as error:
        raise HpoTutorError(
            f"{MARKS} could not be written ({error.strerror}). The marks are safe in gradebook.db; "
            "free the disk or close the file, then type the same again."
        ) from error
    return table, remarks


def _handed_in(course: Path) -> dict[str, list[str]]:
    """Return who handed in each assignment that the course has."""
    if not (course / "source").is_dir():
        raise HpoTutorError(
            f"{course.name} is no course: it has no folder source. "
            "Type for instance hpotutor assign 02 --to course"
        )
    names = sorted(path.name for path in (course / "source").iterdir() if path.is_dir())
    found = {
        name: sorted(path.parent.name for path in course.glob(f"submitted/*/{name}"))
        for name in names
    }
    if not any(found.values()):
        raise HpoTutorError(
            "Nothing was handed in yet. Put a student's notebook at "
            f"submitted/STUDENT/{names[0] if names else 'ASSIGNMENT'}/, or run nbgrader collect."
        )
    return {name: students for name, students in found.items() if students}


def _autograde(course: Path, name: str, students: Iterable[str]) -> list[str]:
    """Grade an assignment's new submissions; return a sentence for each that failed."""
    # nbgrader itself skips a submission that it graded, unless a newer one was handed in.
    command = [sys.executable, "-m", "nbgrader", "autograde", name]
    # nbgrader starts alembic by name, which is on the path only of an activated environment.
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ.get("PATH", "")])
    done = subprocess.run(
        command,
        cwd=course,
        capture_output=True,
        text=True,
        errors="replace",
        env=dict(os.environ, PATH=path),
    )
    if done.returncode == 0:
        return []
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if "No such assignment" in done.stderr or not (course / "gradebook.db").exists():
        raise HpoTutorError(
            f"nbgrader does not know {name} yet. In the course, type: "
            f"nbgrader generate_assignment {name}"
        )
    failed = [s for s in students if not (course / "autograded" / s / name).is_dir()]
    if not failed:
        raise HpoTutorError(f"nbgrader autograde {name} failed: {' '.join(said[-2:])}")
    return [
        f"{student}'s {name} could not be graded; `nbgrader autograde {name} --student {student}` "
        "says why."
        for student in failed
    ]


def _marks(course: Path, handed_in: dict[str, list[str]]) -> pd.DataFrame:
    import pandas as pd
    from nbgrader.api import Gradebook, MissingEntry

    rows: dict[str, dict[str, float]] = {}
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        of = {a.name: a.max_score for a in book.assignments}
        everyone = {s.id for s in book.students} | {s for who in handed_in.values() for s in who}
        for student in sorted(everyone):
            rows[student] = {}
            for name in of:
                try:
                    rows[student][name] = book.find_submission(name, student).score
                except MissingEntry:
                    rows[student][name] = float("nan")
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(of))
    table["total"] = table.sum(axis="columns")
    table["of"] = sum(of.values())
    return table.rename_axis("student")

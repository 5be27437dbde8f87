"""Lessons as a course that nbgrader runs, and the marks that it gave.

``assign`` writes what nbgrader calls the source of a course. From there its own commands work as
they are: ``nbgrader generate_assignment``, ``autograde``, ``generate_feedback``, ``export``.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hpotutor._system import write_whole
from hpotutor.course._notes import fingerprint, read_notes, text_of, write_notes
from hpotutor.course.assignment import assignment_of, points_of
from hpotutor.course.lessons import all_lessons, find_lesson, read_notebook
from hpotutor.errors import HpoTutorError, MissingExtra, Problems

if TYPE_CHECKING:
    import pandas as pd

NOTES = ".hpotutor_course.json"  # what was written, to tell an instructor's changes from ours
MARKS = "marks.csv"
Handed = tuple[str, str]  # an assignment and the student who handed it in
_UNGRADED = (
    "{student}'s {name} was not graded, so it has no mark: {why}. Mend it in "
    "submitted/{student}/{name}, then type the same again."
)
_BY_HAND = "{student}'s {name} has cells to grade by hand, which count 0 until then."


def assign(
    lessons: Sequence[str], folder: str | os.PathLike, *, only: bool = False
) -> dict[str, int]:
    """Write lessons as nbgrader assignments into a course; return the points of each.

    The ``lessons`` are numbers or names, the ``folder`` is made if it is not there. ``only`` writes
    the exercises without the lesson around them.

    ArgumentError: if a lesson is not known.

    HpoTutorError: if an assignment there was changed by hand, or the folder cannot be written.
    """
    from hpotutor.exercises.catalog import exercises_of

    problems = Problems("hpotutor assign")
    if not lessons:
        problems.say("No lesson is named. Type for instance hpotutor assign 02 03 --to course")
    course, made, points = Path(folder), {}, {}
    outer = _course_around(course.resolve().parent)
    if outer and not course.exists():
        problems.say(
            f"{course} would be a course inside the course {outer.name}. Type --to . inside it, or "
            "go out of it first: cd .."
        )
    problems.raise_if_any()
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
            config = f"{text_of('nbgrader_config.txt')}\n"
            write_whole(course / "nbgrader_config.py", config.encode())
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
    return fingerprint(there, settings=True) in (noted, fingerprint(content, settings=True))


def grade(folder: str | os.PathLike, *, progress: bool = False) -> tuple[pd.DataFrame, list[str]]:
    """Let nbgrader grade what was handed in since the last time, and return a table of marks.

    The table is also written to ``marks.csv`` in the course, which ``folder`` is or is in. A cell
    that ends the kernel loses the points of its own answer only. ``progress`` prints a line for
    each submission.

    Marks have a row a student: points by assignment (NaN: nothing handed in, or not graded), their
    total (NaN if a submission was not graded), of how many, and a remark. The remarks are returned
    a sentence each, too.

    HpoTutorError: if this is no course, nothing was handed in, or the table cannot be written.

    MissingExtra: if nbgrader is not installed.
    """
    place = Path(folder).resolve()
    if not place.exists() and place.name == place.parent.name:
        place = place.parent  # `hpotutor grade course`, typed inside the course
    course = _course_around(place)
    if course is None:
        raise HpoTutorError(
            f"{place} is no course: it has no folder source. Name the folder that you gave to "
            "hpotutor assign after --to; inside it, type: hpotutor grade ."
        )
    handed_in = _handed_in(course)
    if importlib.util.find_spec("nbgrader") is None:
        raise MissingExtra('nbgrader is not installed. Type: python -m pip install "nbgrader>=0.9"')
    _must_be_known(course, {name for name, _ in handed_in})
    ungraded = _autograde(course, handed_in, progress)
    table, remarks = _marks(course, handed_in, ungraded)
    try:
        write_whole(course / MARKS, table.to_csv().encode())
    except OSError as error:
        raise HpoTutorError(
            f"{MARKS} could not be written ({error.strerror}). The marks are safe in gradebook.db; "
            "free the disk or close the file, then type the same again."
        ) from error
    return table, remarks


def _course_around(folder: Path) -> Path | None:
    places = [folder, *folder.parents] if folder.is_dir() else []
    made = (place for place in places if (place / "nbgrader_config.py").is_file())
    return next((place for place in made if (place / "source").is_dir()), None)


def _handed_in(course: Path) -> list[Handed]:
    """Return each submission: its assignment and its student."""
    names = sorted(path.name for path in (course / "source").iterdir() if path.is_dir())
    paths = (path for path in course.glob("submitted/*/*") if path.name in names)
    found = sorted((path.name, path.parent.name) for path in paths)
    if not found:
        raise HpoTutorError(
            "Nothing was handed in yet. Put a student's notebook at "
            f"submitted/STUDENT/{names[0] if names else 'ASSIGNMENT'}/, or run nbgrader collect."
        )
    return found


def _gradebook(course: Path) -> Any:
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{course / 'gradebook.db'}")


def _must_be_known(course: Path, names: set[str]) -> None:
    if (course / "gradebook.db").exists():
        with _gradebook(course) as book:
            names = names - {assignment.name for assignment in book.assignments}
    if names:
        commands = " and ".join(f"nbgrader generate_assignment {name}" for name in sorted(names))
        told = f"nbgrader does not know {' and '.join(sorted(names))} yet. In the course, type: "
        raise HpoTutorError(told + commands)


def _autograde(course: Path, handed_in: Sequence[Handed], progress: bool) -> dict[Handed, str]:
    """Grade what is not graded; return why, for each submission that could not be."""
    from hpotutor.course._autograde import Grader

    grader, failed = Grader(course), {}
    for number, (name, student) in enumerate(handed_in, start=1):
        with _gradebook(course) as book:
            before = _submission(book, course, name, student)
            again = before is not None and not _is_graded(before)  # was interrupted
        began = time.monotonic()
        why = grader.grade(name, student, again=again)
        if why is not None:
            failed[name, student] = why
        if progress:
            fresh = f"graded, {time.monotonic() - began:.0f} s"
            told = f"not graded: {why}" if why else fresh if again or not before else "up to date"
            print(f"{number}/{len(handed_in)} {student}: {name}, {told}", file=sys.stderr)
    return failed


def _submission(book: Any, course: Path, name: str, student: str) -> Any:
    """Return what nbgrader knows of a submission that it finished, or began; or nothing."""
    from nbgrader.api import MissingEntry

    if not (course / "autograded" / student / name).is_dir():
        return None  # nbgrader removes what failed, and leaves 0 in its records
    try:
        return book.find_submission(name, student)
    except MissingEntry:
        return None


def _is_graded(submission: Any) -> bool:
    """Return whether every cell that can be graded without a person was."""
    return all(
        grade.auto_score is not None
        for notebook in submission.notebooks
        for by_hand in [{cell.name for cell in notebook.notebook.solution_cells}]
        for grade in notebook.grades
        if grade.cell.cell_type == "code" and grade.name not in by_hand
    )


def _marks(
    course: Path, handed_in: Sequence[Handed], ungraded: dict[Handed, str]
) -> tuple[pd.DataFrame, list[str]]:
    import pandas as pd

    with _gradebook(course) as book:
        of = {a.name: a.max_score for a in book.assignments}
        students = sorted({s.id for s in book.students} | {student for _, student in handed_in})
        rows: dict[str, dict[str, float]] = {student: {} for student in students}
        remarks: dict[str, list[str]] = {student: [] for student in students}
        for student, name in itertools.product(students, of):
            submission = _submission(book, course, name, student)
            if submission is not None and (name, student) not in ungraded:
                rows[student][name] = submission.score
                remarks[student] += _mishaps(course, name, student)
                if submission.needs_manual_grade:
                    remarks[student].append(_BY_HAND.format(student=student, name=name))
            elif why := ungraded.get((name, student)):
                remarks[student].append(_UNGRADED.format(student=student, name=name, why=why))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(of), dtype=float)
    unknown = table.index.isin([student for _, student in ungraded])
    table["total"] = table.sum(axis="columns").mask(unknown)
    table["of"] = sum(of.values())
    table["remark"] = [" ".join(remarks[student]) for student in table.index]
    return table.rename_axis("student"), [said for each in remarks.values() for said in each]


def _mishaps(course: Path, name: str, student: str) -> list[str]:
    """Return a sentence for each kind of mishap in a graded submission, with its cells."""
    from hpotutor.course._autograde import MISHAPS

    found: dict[str, list[str]] = {}
    for path in sorted((course / "autograded" / student / name).glob("*.ipynb")):
        for number, cell in enumerate(read_notebook(path)["cells"], start=1):
            about = cell["metadata"].get("nbgrader", {})
            for ename in {output.get("ename") for output in cell.get("outputs", [])} & set(MISHAPS):
                found.setdefault(ename, []).append(about.get("grade_id") or f"cell {number}")
    return [
        f"{student}'s {name}: {MISHAPS[ename].format(cells=', '.join(found[ename]))}"
        for ename in MISHAPS
        if ename in found
    ]

"""The table of marks, with a small gradebook and a grader that stand in for nbgrader's."""

from __future__ import annotations

import errno
import json
import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pandas as pd
import pytest

from hpotutor.course import _autograde
from hpotutor.course import nbgrader as classroom
from hpotutor.course.nbgrader import grade
from hpotutor.errors import HpoTutorError, MissingExtra
from tests.messages import refused

NAN = float("nan")


class MissingEntryError(ValueError):
    """Nothing is known of a submission."""


class Book:
    """A gradebook: what assignments are worth, who is in the course, and what was graded."""

    def __init__(self) -> None:
        self.of = {"grids": 3.0, "pipes": 2.0}
        self.known: list[str] = []
        self.submissions: dict[tuple[str, str], SimpleNamespace] = {}

    def __enter__(self) -> Book:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    @property
    def assignments(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name=name, max_score=most) for name, most in self.of.items()]

    @property
    def students(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(id=student) for student in self.known]

    def find_submission(self, name: str, student: str) -> SimpleNamespace:
        if (name, student) not in self.submissions:
            raise MissingEntryError(name)
        return self.submissions[name, student]


def cell(name: str, auto: float | None, kind: str = "code") -> SimpleNamespace:
    about = SimpleNamespace(cell_type=kind)
    return SimpleNamespace(name=name, auto_score=auto, cell=about)


def submission(score: float, *grades: SimpleNamespace, by_hand: tuple[str, ...] = ()):
    solutions = [SimpleNamespace(name=name) for name in by_hand]
    notebook = SimpleNamespace(notebook=SimpleNamespace(solution_cells=solutions), grades=grades)
    return SimpleNamespace(score=score, needs_manual_grade=bool(by_hand), notebooks=[notebook])


class Course:
    """A course, what its grader will say of each submission, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.book = folder, Book()
        self.says: dict[tuple[str, str], str] = {}
        self.asked: list[tuple[str, str, bool]] = []
        for name in self.book.of:
            (folder / "source" / name).mkdir(parents=True)
        (folder / "nbgrader_config.py").write_text("")
        (folder / "gradebook.db").write_text("")

    def hand_in(self, student: str, name: str, score: float | None = None, why: str = "") -> None:
        """Put a submission there, and what will come of it: a score, or why there is none."""
        (self.folder / "submitted" / student / name).mkdir(parents=True)
        self.book.known = sorted({*self.book.known, student})
        if why:
            self.says[name, student] = why
            self.book.submissions[name, student] = submission(0.0)  # as nbgrader leaves it
        elif score is not None:
            self.graded(student, name, submission(score, cell("q1", score)))

    def graded(self, student: str, name: str, known: SimpleNamespace, *cells: dict) -> None:
        folder = self.folder / "autograded" / student / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": cells}))
        self.book.submissions[name, student] = known

    def grade(self, name: str, student: str, *, again: bool) -> str | None:
        self.asked.append((name, student, again))
        return self.says.get((name, student))


@pytest.fixture
def course(tmp_path, monkeypatch) -> Course:
    """Return a course of two assignments in which nobody has handed in anything."""
    course = Course(tmp_path / "course")
    package, api = ModuleType("nbgrader"), ModuleType("nbgrader.api")
    package.__spec__ = ModuleSpec("nbgrader", None)
    vars(api).update(MissingEntry=MissingEntryError)
    monkeypatch.setitem(sys.modules, "nbgrader", package)
    monkeypatch.setitem(sys.modules, "nbgrader.api", api)
    monkeypatch.setattr(classroom, "_gradebook", {course.folder: course.book}.__getitem__)
    monkeypatch.setattr(_autograde, "Grader", {course.folder: course}.__getitem__)
    return course


def test_a_row_a_student_and_a_column_an_assignment(course) -> None:
    course.hand_in("bob", "grids", 2)
    course.hand_in("ada", "pipes", 1)
    course.hand_in("ada", "grids", 3)
    course.book.known.append("cyd")  # in the course, and handed in nothing
    table, remarks = grade(course.folder)
    wanted = pd.DataFrame(
        {
            "grids": [3.0, 2.0, NAN],
            "pipes": [1.0, NAN, NAN],
            "total": [4.0, 2.0, 0.0],
            "of": 5.0,
            "remark": "",
        },
        index=pd.Index(["ada", "bob", "cyd"], name="student"),
    )
    pd.testing.assert_frame_equal(table, wanted)
    assert remarks == []
    assert (course.folder / "marks.csv").read_text().splitlines() == [
        "student,grids,pipes,total,of,remark",
        "ada,3.0,1.0,4.0,5.0,",
        "bob,2.0,,2.0,5.0,",
        "cyd,,,0.0,5.0,",
    ]


def test_who_nbgrader_does_not_know_yet_has_a_row(course) -> None:
    course.hand_in("ada", "grids", why="it holds no notebook")
    course.book.known.clear()
    table, _ = grade(course.folder)
    assert table.index.tolist() == ["ada"]
    assert table[["grids", "pipes", "total"]].dtypes.eq(float).all()  # though none has a mark


def test_what_was_not_graded_has_no_mark_and_no_total(course) -> None:
    course.hand_in("ada", "grids", why="its folder holds no notebook")
    course.hand_in("ada", "pipes", 1)
    course.hand_in("bob", "grids", 3)
    # of an earlier grading that went well, before this version was handed in
    course.graded("ada", "grids", submission(3.0, cell("q1", 3.0)))
    table, remarks = grade(course.folder)
    assert table.loc["ada", ["grids", "total"]].isna().all()
    assert (table.loc["ada", "pipes"], table.loc["bob", "total"]) == (1, 3)
    (remark,) = remarks
    assert table["remark"].tolist() == [remark, ""]
    assert remark.startswith("ada's grids was not graded, so it has no mark: its folder holds no")
    assert "submitted/ada/grids" in remark


def test_what_waits_for_a_person_is_told(course) -> None:
    course.hand_in("ada", "grids", 3)
    course.hand_in("ada", "pipes")
    course.graded("ada", "pipes", submission(1.0, cell("essay", None), by_hand=("essay",)))
    table, remarks = grade(course.folder)
    assert table.loc["ada", "total"] == 4
    assert remarks == ["ada's pipes has cells to grade by hand, which count 0 until then."]
    assert course.asked[1] == ("pipes", "ada", False)  # a person's cell is no reason to run again


ERROR = {"output_type": "error", "evalue": "", "traceback": []}


def code(*enames: str, grade_id: str = "") -> dict:
    about = {"nbgrader": {"grade_id": grade_id}} if grade_id else {}
    outputs = [{**ERROR, "ename": ename} for ename in enames]
    return {"cell_type": "code", "source": "", "metadata": about, "outputs": outputs}


def test_each_kind_of_mishap_is_a_sentence_with_its_cells(course) -> None:
    course.hand_in("ada", "grids")
    text = {"cell_type": "markdown", "source": "", "metadata": {}}
    stream = {**code(grade_id="q4"), "outputs": [{"output_type": "stream", "text": "KernelEnded"}]}
    cells = [
        text,
        code("AnswerLost", grade_id="q2-mark"),
        code("KernelEnded", "KernelEnded", grade_id="q2"),
        code("KernelEnded"),
        code("AssertionError", grade_id="q3-mark"),
        stream,
    ]
    course.graded("ada", "grids", submission(2.0, cell("q1", 2.0)), *cells)
    table, remarks = grade(course.folder)
    ended, lost = remarks
    assert ended.startswith("ada's grids: q2, cell 4 ended the kernel")
    assert lost.startswith("ada's grids: q2-mark got 0")
    assert table.loc["ada", "remark"] == f"{ended} {lost}"
    assert table.loc["ada", "total"] == 2  # and the mark counts all the same


@pytest.mark.parametrize(
    ("known", "again", "told"),
    [
        (submission(3.0, cell("q1", 3.0)), False, "up to date"),
        (submission(3.0, cell("q1", 3.0), cell("text", None, "markdown")), False, "up to date"),
        (submission(0.0, cell("q1", 3.0), cell("q2", None)), True, "graded, 0 s"),
        (submission(0.0, cell("q1", None), by_hand=("q2",)), True, "graded, 0 s"),
        (None, False, "graded, 0 s"),
    ],
    ids=["finished", "with a text", "interrupted", "interrupted, and by hand", "never begun"],
)
def test_what_an_interrupted_grading_left_is_graded_again(
    course, capsys, monkeypatch, known, again, told
) -> None:
    monkeypatch.setattr(classroom.time, "monotonic", lambda: 7.0)
    course.hand_in("ada", "grids")
    if known:
        course.graded("ada", "grids", known)
    grade(course.folder, progress=True)
    assert course.asked == [("grids", "ada", again)]
    assert capsys.readouterr().err == f"1/1 ada: grids, {told}\n"


@pytest.mark.parametrize("folder", [True, False])
def test_half_a_trace_of_a_grading_is_none(course, capsys, folder) -> None:
    course.hand_in("ada", "grids", 3)
    if folder:  # and nothing in the gradebook
        course.book.submissions.clear()
    else:
        (course.folder / "autograded" / "ada" / "grids" / "grids.ipynb").unlink()
        (course.folder / "autograded" / "ada" / "grids").rmdir()
    table, _ = grade(course.folder, progress=True)
    assert table.loc["ada"].isna()["grids"]
    assert "1/1 ada: grids, graded, " in capsys.readouterr().err


def test_progress_counts_submissions_and_is_silent_by_default(course, capsys, monkeypatch) -> None:
    ticks = iter(range(100, 1000, 4))
    monkeypatch.setattr(classroom.time, "monotonic", lambda: next(ticks))
    course.hand_in("bob", "grids")
    course.hand_in("ada", "pipes", why="it is damaged")
    course.hand_in("ada", "grids", 1)
    grade(course.folder)
    assert capsys.readouterr().err == ""
    grade(course.folder, progress=True)
    assert capsys.readouterr().err.splitlines() == [
        "1/3 ada: grids, up to date",
        "2/3 bob: grids, graded, 4 s",
        "3/3 ada: pipes, not graded: it is damaged",
    ]


def test_only_assignments_of_the_course_are_graded(course) -> None:
    (course.folder / "source" / "notes.txt").write_text("")
    for name in ("poems", "notes.txt"):
        (course.folder / "submitted" / "ada" / name).mkdir(parents=True)
    with refused("Nothing was handed in yet", "submitted/STUDENT/grids/", error=HpoTutorError):
        grade(course.folder)
    course.hand_in("ada", "pipes", 2)
    assert grade(course.folder)[0].loc["ada", "total"] == 2
    assert [name for name, _, _ in course.asked] == ["pipes"]


def test_a_course_without_assignments_says_where_one_would_go(course) -> None:
    for name in course.book.of:
        (course.folder / "source" / name).rmdir()
    with refused("Nothing was handed in yet", "submitted/STUDENT/ASSIGNMENT/", error=HpoTutorError):
        grade(course.folder)


def test_what_nbgrader_does_not_know_is_to_be_generated_first(course) -> None:
    course.hand_in("ada", "pipes", 2)
    course.hand_in("ada", "grids", 3)
    del course.book.of["pipes"]
    with refused(
        "does not know pipes yet.*type: nbgrader generate_assignment pipes$", error=HpoTutorError
    ):
        grade(course.folder)
    (course.folder / "gradebook.db").unlink()
    with refused(
        "know grids and pipes yet",
        "nt grids and nbgrader generate_assignment pipes$",
        error=HpoTutorError,
    ):
        grade(course.folder)
    assert course.asked == [] and not (course.folder / "marks.csv").exists()


def test_a_folder_with_a_config_alone_is_no_course(course) -> None:
    course.hand_in("ada", "pipes", 2)
    inner = course.folder / "source" / "pipes"
    (inner / "nbgrader_config.py").write_text("")
    grade(inner)
    assert (course.folder / "marks.csv").is_file()
    with refused("is no course", error=HpoTutorError):
        grade(course.folder.parent)


def test_without_nbgrader_nothing_is_graded(course, monkeypatch) -> None:
    course.hand_in("ada", "pipes", 2)
    monkeypatch.setattr(classroom.importlib.util, "find_spec", lambda name: None)
    with refused("nbgrader is not installed. Type: python -m pip install", error=MissingExtra):
        grade(course.folder)
    assert course.asked == []


def test_marks_that_cannot_be_written_are_told(course, monkeypatch) -> None:
    course.hand_in("ada", "pipes", 2)

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(classroom, "write_whole", full)
    with pytest.raises(HpoTutorError, match=r"marks.csv could not be written \(No space.*safe in"):
        grade(course.folder)

"""A course from lessons, through real nbgrader, to a table of marks.

One assignment with the exercises of all lessons stands in for an assignment a lesson: the cells
are the same, and one kernel runs them all. With HPOTUTOR_SLOW=1 the challenges are among them, and
every lesson is graded whole, too.
"""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hpotutor.cli import main
from hpotutor.course import nbgrader as classroom
from hpotutor.course.assignment import assignment_of, points_of
from hpotutor.course.lessons import all_lessons, read_notebook
from hpotutor.course.nbgrader import assign, grade
from hpotutor.errors import HpoTutorError, MissingExtra
from hpotutor.exercises import exercises_of, lessons, progress_file

nbgrader_api = pytest.importorskip("nbgrader.apps", reason="the extra classroom is not installed")

NAME = "02_grid_search"
# A challenge replays a whole search; all of them take minutes, three times over.
SLOW = os.environ.get("HPOTUTOR_SLOW") == "1"
EXERCISES = {
    exercise.id.replace(".", "-"): exercise
    for name in all_lessons()
    if f"lesson_{name[:2]}" in lessons()
    for exercise in exercises_of(int(name[:2]))
    if SLOW or not exercise.challenge
}


def api(course: Path) -> nbgrader_api.NbGraderAPI:
    """Return nbgrader's commands, led by the file that ``assign`` wrote."""
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
    config.CourseDirectory.root = str(course)
    return nbgrader_api.NbGraderAPI(config=config)


def grade_id_of(cell: dict) -> str:
    return cell["metadata"].get("nbgrader", {}).get("grade_id", "")


def everything() -> dict:
    """Return the exercises of all lessons as one assignment."""
    lessons_made = [
        assignment_of(read_notebook(path), exercises_of(int(name[:2])), only=True)
        for name, path in all_lessons().items()
        if f"lesson_{name[:2]}" in lessons()
    ]
    every = [cell for made in lessons_made for cell in made["cells"]]
    cells = [cell for cell in every if grade_id_of(cell).removesuffix("-mark") in {"", *EXERCISES}]
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number}"
    return lessons_made[0] | {"cells": cells}


def hand_in(course: Path, student: str, answers: dict[str, str], lesson: str = NAME) -> None:
    """Put a student's notebook where nbgrader collects it, some cells answered."""
    notebook = read_notebook(course / "release" / lesson / f"{lesson}.ipynb")
    for cell in notebook["cells"]:
        grade_id = grade_id_of(cell)
        if grade_id in answers:
            source = "".join(cell["source"])
            name = "agreement_of" if "agreement_of" in source else "answer"
            cell["source"] = answers[grade_id] + (f"\n{name} = answer" if name != "answer" else "")
    folder = course / "submitted" / student / lesson
    folder.mkdir(parents=True)
    (folder / f"{lesson}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def set_up(patch: pytest.MonkeyPatch, course: Path) -> None:
    """Have nbgrader's kernels run this Python and this package, and keep no record outside."""
    patch.setenv("PATH", os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"])
    patch.delenv("MPLBACKEND", raising=False)
    patch.setenv("PYTHONPATH", str(Path(classroom.__file__).parents[2]))
    patch.setenv(progress_file.VARIABLE, str(course / "progress.json"))


@pytest.fixture(scope="module")
def graded(tmp_path_factory) -> tuple[Path, pd.DataFrame, list[str]]:
    """Return a course after grading: all right, nothing done, and all wrong."""
    course = tmp_path_factory.mktemp("course")
    with pytest.MonkeyPatch.context() as patch:
        set_up(patch, course)
        assign([NAME], course, only=True)
        source = course / "source" / NAME / f"{NAME}.ipynb"
        source.write_text(json.dumps(everything()), encoding="utf-8")
        made = api(course).generate_assignment(NAME)
        assert made["success"], made
        hand_in(course, "solved", {i: e.solution_source for i, e in EXERCISES.items()})
        hand_in(course, "stub", {})
        hand_in(course, "wrong", {i: e.wrong_answers[-1].source for i, e in EXERCISES.items()})
        patch.setattr(classroom, "_autograde", in_process)
        marks, remarks = grade(course)
    return course, marks, remarks


def in_process(course: Path, name: str, students: list[str]) -> list[str]:
    """Grade as the command does, without starting nbgrader anew for it."""
    done = [api(course).autograde(name, student) for student in students]
    assert all(result["success"] for result in done), done
    return []


def outputs(course: Path, student: str) -> dict[str, list[dict]]:
    notebook = read_notebook(course / "autograded" / student / NAME / f"{NAME}.ipynb")
    return {
        grade_id_of(cell): cell["outputs"]
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade")
    }


def test_solved_gets_all_and_a_stub_nothing(graded) -> None:
    course, marks, remarks = graded
    of = points_of(tuple(EXERCISES.values()))
    assert remarks == []
    assert (marks.loc["solved", NAME], marks.loc["solved", "of"]) == (of, of)
    assert marks.loc["stub", "total"] == 0
    stored = pd.read_csv(course / "marks.csv", index_col="student")
    pd.testing.assert_frame_equal(stored, marks, check_dtype=False)


@pytest.mark.skipif(not SLOW, reason="every cell of every lesson, twice: set HPOTUTOR_SLOW=1")
@pytest.mark.parametrize("lesson", all_lessons())
def test_a_whole_lesson_is_graded(lesson, tmp_path, monkeypatch) -> None:
    set_up(monkeypatch, tmp_path)
    asked = exercises_of(int(lesson[:2]))
    assert assign([lesson], tmp_path) == {lesson: points_of(asked)}
    made = api(tmp_path).generate_assignment(lesson)
    assert made["success"], made
    answers = {exercise.id.replace(".", "-"): exercise.solution_source for exercise in asked}
    hand_in(tmp_path, "solved", answers, lesson)
    hand_in(tmp_path, "stub", {}, lesson)
    marks, remarks = grade(tmp_path)
    assert remarks == []
    assert marks["total"].to_dict() == {"solved": points_of(asked), "stub": 0}
    for student in marks.index:
        notebook = read_notebook(tmp_path / "autograded" / student / lesson / f"{lesson}.ipynb")
        told = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
        assert [output for output in told if output.get("name") == "stderr"] == [], student


def test_wrong_answers_lose_their_points_and_hear_why(graded) -> None:
    course, marks, _ = graded
    assert marks.loc["wrong", "total"] == 0
    for grade_id, shown in outputs(course, "wrong").items():
        (error,) = [output["evalue"] for output in shown if output["output_type"] == "error"]
        # What is printed can reach the notebook in several pieces.
        told = ["".join(piece["text"]) for piece in shown if piece["output_type"] == "stream"]
        exercise = EXERCISES[grade_id.removesuffix("-mark")]
        assert exercise.wrong_answers[-1].says in error, grade_id
        assert "".join(told).strip().endswith(error), grade_id


def test_feedback_is_nbgraders_own(graded) -> None:
    course = graded[0]
    made = api(course).generate_feedback(NAME)
    assert made["success"], made
    page = (course / "feedback" / "wrong" / NAME / f"{NAME}.html").read_text(encoding="utf-8")
    for exercise in EXERCISES.values():
        assert exercise.title in page, exercise.id


def test_export_is_nbgraders_own(graded, monkeypatch) -> None:
    course, marks, _ = graded
    monkeypatch.chdir(course)
    command = [sys.executable, "-m", "nbgrader", "export", "--to", "grades.csv"]
    subprocess.run(command, check=True, capture_output=True)
    grades = pd.read_csv("grades.csv", index_col="student_id")["score"]
    assert grades.to_dict() == marks["total"].to_dict()


def test_no_graded_cell_writes_to_stderr(graded) -> None:
    course, marks, _ = graded
    for student in marks.index:
        for grade_id, shown in outputs(course, student).items():
            assert [o for o in shown if o.get("name") == "stderr"] == [], (student, grade_id)


def test_what_a_student_gets_has_no_solution(graded) -> None:
    course = graded[0]
    released = (course / "release" / NAME / f"{NAME}.ipynb").read_text(encoding="utf-8")
    assert "SOLUTION" not in released and "HIDDEN" not in released
    assert "verdict.points" not in released
    last_lines = {e.solution_source.splitlines()[-1] for e in EXERCISES.values()}
    cells = {"".join(cell["source"]) for cell in json.loads(released)["cells"]}
    assert not any(e.solution_source in cell for e in EXERCISES.values() for cell in cells)
    assert len(last_lines) > 5
    for grade_id, exercise in EXERCISES.items():
        assert exercise.statement in cells, grade_id


# ── grade ────────────────────────────────────────────────────────────────────────────────────


def test_grade_says_what_is_missing(tmp_path, monkeypatch) -> None:
    with pytest.raises(HpoTutorError, match="is no course"):
        grade(tmp_path)
    assign(["02"], tmp_path)
    with pytest.raises(HpoTutorError, match="Nothing was handed in yet"):
        grade(tmp_path)
    (tmp_path / "submitted" / "someone" / NAME).mkdir(parents=True)
    refused = classroom.subprocess.CompletedProcess([], 1, "", "ERROR: No such assignment")
    monkeypatch.setattr(classroom.subprocess, "run", lambda *given, **named: refused)
    with pytest.raises(HpoTutorError, match=f"nbgrader generate_assignment {NAME}"):
        grade(tmp_path)
    monkeypatch.setattr(classroom.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install"):
        grade(tmp_path)


def test_a_submission_that_cannot_be_graded_is_a_remark(tmp_path, monkeypatch) -> None:
    (tmp_path / "gradebook.db").touch()
    (tmp_path / "autograded" / "one" / NAME).mkdir(parents=True)
    refused = classroom.subprocess.CompletedProcess([], 1, "", "ERROR: a traceback")
    monkeypatch.setattr(classroom.subprocess, "run", lambda *given, **named: refused)
    (remark,) = classroom._autograde(tmp_path, NAME, ["one", "two"])
    assert remark.startswith(f"two's {NAME} could not be graded")
    with pytest.raises(HpoTutorError, match="a traceback"):
        classroom._autograde(tmp_path, NAME, ["one"])


def test_the_command_prints_the_table(graded, monkeypatch, capsys) -> None:
    course, marks, _ = graded
    (course / "submitted" / "late" / "no_such_lesson").mkdir(parents=True, exist_ok=True)
    monkeypatch.setattr(classroom, "_autograde", lambda *given: ["One could not be graded."])
    assert main(["grade", str(course)]) == 1
    said = capsys.readouterr()
    assert "solved" in said.out and f"{marks.loc['solved', 'of']:g}" in said.out
    assert said.err == "One could not be graded.\n"


def test_marks_that_cannot_be_written_are_safe(graded, monkeypatch) -> None:
    course = graded[0]
    before = (course / "marks.csv").read_bytes()

    def read_only(path, content):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(classroom, "_autograde", lambda *given: [])
    monkeypatch.setattr(classroom, "write_whole", read_only)
    with pytest.raises(HpoTutorError, match="Read-only.*safe in gradebook.db"):
        grade(course)
    assert (course / "marks.csv").read_bytes() == before

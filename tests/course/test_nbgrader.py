"""A course from lessons, through real nbgrader, to a table of marks.

One assignment with the exercises of all lessons stands in for an assignment a lesson: the cells
are the same, and one kernel runs them all. With HPOTUTOR_SLOW=1 the challenges are among them, and
every lesson is graded whole, too.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import shutil
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
from tests.messages import refused

nbgrader_api = pytest.importorskip("nbgrader.apps", reason="the extra classroom is not installed")
Gradebook = pytest.importorskip("nbgrader.api").Gradebook

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
        marks, remarks = grade(course)
    return course, marks, remarks


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
    stored = pd.read_csv(course / "marks.csv", index_col="student", keep_default_na=False)
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
    set_up(monkeypatch, tmp_path)
    with refused("is no course.*hpotutor grade \\.", error=HpoTutorError):
        grade(tmp_path)
    assign(["02"], tmp_path)
    with refused("Nothing was handed in yet", error=HpoTutorError):
        grade(tmp_path)
    (tmp_path / "submitted" / "someone" / NAME).mkdir(parents=True)
    with refused(f"nbgrader generate_assignment {NAME}", error=HpoTutorError):
        grade(tmp_path)
    assert not (tmp_path / "gradebook.db").exists()
    monkeypatch.setattr(classroom.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install"):
        grade(tmp_path)


# ── grade, when things go wrong ──────────────────────────────────────────────────────────────


HANGS = """\
import time
while True:
    try:
        time.sleep(1)
    except BaseException:
        pass"""
DIES_IN_THE_CHECK = """\
class Mine(list):
    def __iter__(self):
        import os
        os._exit(1)
    __len__ = __eq__ = __getitem__ = lambda self, *given: self.__iter__()
answer = Mine()"""
THIRD = "lesson_02-q3"


def handed_out(course: Path, path: str, text: str | None = None) -> None:
    """Put a file into what was handed in: a text, or what was handed out."""
    file = course / "submitted" / path
    file.parent.mkdir(parents=True)
    release = course / "release" / NAME / f"{NAME}.ipynb"
    file.write_text(release.read_text("utf-8") if text is None else text, encoding="utf-8")


@pytest.fixture(scope="module")
def mishaps(tmp_path_factory) -> tuple[Path, pd.DataFrame, list[str], str]:
    """Return a course of submissions in which all kinds of things go wrong."""
    course = tmp_path_factory.mktemp("mishaps")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(io.StringIO()) as told:
        set_up(patch, course)
        assign([NAME], course, only=True)
        config = course / "nbgrader_config.py"
        config.write_text(config.read_text().replace("timeout = 180", "timeout = 25"))
        made = api(course).generate_assignment(NAME)
        assert made["success"], made
        right = {i: e.solution_source for i, e in EXERCISES.items() if i.startswith("lesson_02")}
        hand_in(course, "dies", right | {THIRD: "import os\nos._exit(3)"})
        hand_in(course, "dies_checked", right | {THIRD: DIES_IN_THE_CHECK})
        hand_in(course, "hangs", right | {THIRD: HANGS})
        hand_in(course, "slow", right | {THIRD: "import time\ntime.sleep(999)"})
        hand_in(course, "deleted", right)
        deleted = course / "submitted" / "deleted" / NAME / f"{NAME}.ipynb"
        notebook = read_notebook(deleted)
        kept = [cell for cell in notebook["cells"] if grade_id_of(cell) != f"{THIRD}-mark"]
        other = {"kernelspec": {"name": "conda-mine", "display_name": "m", "language": "python"}}
        deleted.write_text(json.dumps(notebook | {"cells": kept, "metadata": other}))
        handed_out(course, f"broken/{NAME}/{NAME}.ipynb", "{ no notebook")
        handed_out(course, f"renamed/{NAME}/mine.ipynb")
        handed_out(course, f"empty/{NAME}/notes.txt", "I forgot.")
        hand_in(course, "killed", right)  # as a grading that was killed leaves it
        shutil.copytree(course / "submitted" / "killed", course / "autograded" / "killed")
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
            book.update_or_create_student("killed")
            book.update_or_create_submission(NAME, "killed")
        marks, remarks = grade(course, progress=True)
    return course, marks, remarks, told.getvalue()


@pytest.mark.parametrize("student", ["broken", "renamed", "empty"])
def test_what_was_not_graded_is_no_zero(mishaps, student) -> None:
    course, marks, remarks, told = mishaps
    assert marks.loc[student, [NAME, "total"]].isna().all()
    stored = pd.read_csv(course / "marks.csv", index_col="student")
    assert stored.loc[student, [NAME, "total"]].isna().all()
    why = {"broken": "not appear to be JSON", "renamed": "mine.ipynb is not the name"}
    for text in (stored.loc[student, "remark"], " ".join(remarks), told):
        assert why.get(student, "its folder holds no notebook") in text
    assert f"submitted/{student}/{NAME}" in stored.loc[student, "remark"]


@pytest.mark.parametrize(
    ("student", "cell", "says"),
    [
        ("dies", THIRD, "ended the kernel"),
        ("dies_checked", f"{THIRD}-mark", "ended the kernel"),
        ("hangs", THIRD, "could not be stopped"),
        ("slow", THIRD, "ran out of time"),
    ],
)
def test_an_answer_spoils_only_itself_and_is_named(mishaps, student, cell, says) -> None:
    _, marks, _, _ = mishaps
    lesson = {i: e.points for i, e in EXERCISES.items() if i.startswith("lesson_02")}
    assert marks.loc[student, "total"] == sum(lesson.values()) - lesson[THIRD] > 0
    assert f"{student}'s {NAME}: {cell} " in marks.loc[student, "remark"]
    assert says in marks.loc[student, "remark"]


@pytest.mark.parametrize("student", ["deleted", "killed"])
def test_a_deleted_test_and_a_killed_grading_cost_nothing(mishaps, student) -> None:
    _, marks, _, _ = mishaps
    right = sum(e.points for i, e in EXERCISES.items() if i.startswith("lesson_02"))
    assert marks.loc[student, "total"] == right
    assert marks.loc[student, "remark"] == ""


def test_progress_is_a_line_a_submission(mishaps) -> None:
    _, marks, _, told = mishaps
    lines = told.splitlines()
    assert [line.split(":")[0] for line in lines] == [
        f"{number}/{len(marks)} {student}" for number, student in enumerate(marks.index, start=1)
    ]


def test_the_command_prints_the_table(mishaps, monkeypatch, capsys) -> None:
    course, marks, remarks, _ = mishaps
    monkeypatch.chdir(course / "source" / NAME)  # anywhere inside
    assert main(["grade"]) == 1
    said = capsys.readouterr()
    rows = {line.split()[0]: line.split()[1:] for line in said.out.splitlines()[2:-1]}
    assert rows["broken"][:2] == ["-", "-"]
    assert rows["dies"][1] == f"{marks.loc['dies', 'total']:g}"
    assert said.err.splitlines()[len(marks) :] == remarks  # a second time the same is said


def test_all_graded_is_a_good_status(graded, capsys) -> None:
    assert main(["grade", str(graded[0])]) == 0
    said = capsys.readouterr()
    assert "solved" in said.out and "-: not handed in" in said.out
    assert all(line.endswith(", up to date") for line in said.err.splitlines()) and said.err


def test_an_interrupt_ends_the_grading(mishaps, monkeypatch) -> None:
    def interrupted(app):
        raise KeyboardInterrupt

    monkeypatch.setattr("nbgrader.converters.autograde.Autograde.start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        grade(mishaps[0])


def test_marks_that_cannot_be_written_are_safe(graded, monkeypatch) -> None:
    course = graded[0]
    before = (course / "marks.csv").read_bytes()

    def read_only(path, content):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(classroom, "write_whole", read_only)
    with pytest.raises(HpoTutorError, match="Read-only.*safe in gradebook.db"):
        grade(course)
    assert (course / "marks.csv").read_bytes() == before

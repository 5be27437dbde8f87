"""INSTRUCTORS.md, typed line by line, leads from an empty folder to marks."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from hpotutor.cli import main
from hpotutor.course.nbgrader import assign
from hpotutor.errors import HpoTutorError
from hpotutor.exercises import progress_file
from tests.messages import refused

LESSON = "02_grid_search"


def blocks(root: Path) -> list[list[str]]:
    """Return the lines to type of each block, without their comments."""
    text = (root / "INSTRUCTORS.md").read_text(encoding="utf-8")
    found = re.findall(r"^```\n(.*?)^```", text, re.M | re.S)
    return [[line.split("  #")[0].strip() for line in block.splitlines()] for block in found]


def typed(line: str, folder: Path) -> Path:
    """Do what a line says in a folder; return the folder in which it leaves a shell."""
    words = line.split()
    if words[0] == "cd":
        assert (folder / words[1]).is_dir(), f"{line}: there is no such folder"
        return folder / words[1]
    assert words[0] in ("hpotutor", "nbgrader"), line
    if words[1] == "assign":
        words.append("--exercises-only")  # the lesson around them takes minutes
    command = [sys.executable, "-m", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, (line, done.stdout, done.stderr)
    return folder


def students_hand_in(course: Path) -> None:
    shutil.copytree(course / "release" / LESSON, course / "submitted" / "ada" / LESSON)


def test_line_by_line(root, tmp_path, monkeypatch) -> None:
    pytest.importorskip("nbgrader", reason="the extra classroom is not installed")
    path = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", path, prepend=os.pathsep)  # as in an active environment
    monkeypatch.setenv("PYTHONPATH", str(root))
    monkeypatch.setenv(progress_file.VARIABLE, str(tmp_path / "progress.json"))
    install, before, after = blocks(root)
    assert all(line.startswith("python -m ") for line in install)  # a test of packaging does it
    folder = tmp_path
    for line in before:
        folder = typed(line, folder)
    students_hand_in(folder)
    for line in after:
        folder = typed(line, folder)
    assert folder == tmp_path / "course"
    marks = pd.read_csv(folder / "marks.csv", index_col="student")
    assert marks.loc["ada", "total"] == 0  # nothing was answered
    assert (folder / "feedback" / "ada" / LESSON / f"{LESSON}.html").is_file()
    grades = pd.read_csv(folder / "grades.csv")
    assert list(grades["student_id"]) == ["ada"] * len(grades)


@pytest.fixture
def course(tmp_path) -> Path:
    assign(["02"], tmp_path / "course", only=True)
    return tmp_path / "course"


@pytest.mark.parametrize(
    ("inside", "named"),
    [(".", []), (".", ["."]), (".", ["course"]), ("source", []), (f"source/{LESSON}", ["."])],
)
def test_a_course_is_found_from_inside(course, monkeypatch, capsys, inside, named) -> None:
    monkeypatch.chdir(course / inside)
    assert main(["grade", *named]) == 1
    assert "Nothing was handed in yet" in capsys.readouterr().err  # so it was found


def test_what_is_no_course_says_where_to_go(course, monkeypatch, capsys) -> None:
    for place, named in [(course, "other"), (course.parent, "cuorse"), (course.parent, ".")]:
        monkeypatch.chdir(place)
        assert main(["grade", named]) == 1
        said = capsys.readouterr().err
        assert "is no course" in said and "type: hpotutor grade ." in said
        assert "hpotutor assign 02" not in said


def test_no_course_inside_a_course(course, monkeypatch) -> None:
    monkeypatch.chdir(course)
    with refused("inside the course course. Type --to \\. inside it"):
        assign(["03"], "course")
    assert not (course / "course").exists()
    (course / "archive").mkdir()
    assign(["03"], "archive")  # a folder that is there is meant
    assign(["03"], ".")
    assert (course / "source" / "03_random_search").is_dir()
    with refused("inside the course", error=HpoTutorError):
        assign(["03"], "source/course")

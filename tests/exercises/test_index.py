"""The page of all lessons: points as they are, what comes next, and nothing of a learner's lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpotutor.course.workspace import write_page
from hpotutor.exercises import index_page, lesson_00
from hpotutor.exercises.engine import answer_of
from hpotutor.exercises.index import write_index
from hpotutor.exercises.index_page import Listed, next_lesson, refresh_pages

HEADER = """# Lesson 00 · Start here

**The question:** what is a hyperparameter?

**Minutes:** 35, and 20 for the exercises · **Before this:** nothing
"""
RIGHT = {"right": True}
TRIED = {**index_page.EMPTY, "attempts": 1}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return a learner's folder in which notebooks run."""
    monkeypatch.delenv("HPOTUTOR_PROGRESS", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_lesson_is_listed_and_opens(folder, root):
    assert write_page(folder) == "index.md"
    text = (folder / "index.md").read_text(encoding="utf-8")
    for path in (root / "notebooks").glob("[0-9]*.ipynb"):
        (row,) = [line for line in text.splitlines() if line.startswith("|") and path.name in line]
        assert row.count("|") == 5, row
        question, minutes, points = row.split(" | ")[1:]
        assert question.endswith("?") and minutes[0].isdigit() and points.startswith("0 of ")


def test_a_right_answer_is_on_the_page_at_once(folder):
    write_index(folder, {"00_start_here": HEADER})
    assert "what is a hyperparameter? | 35 + 20 | 0 of 6 |" in (folder / "index.md").read_text()
    assert lesson_00.q1.check(answer_of(lesson_00.q1.solution_source))
    text = (folder / "index.md").read_text()
    assert "1 of 6 |" in text and "exercises 2, 3, 4 are open" in text
    write_index(folder, {"00_start_here": HEADER})  # a new start
    assert (folder / "index.md").read_text() == text


def test_progress_may_be_kept_elsewhere(folder, monkeypatch):
    (folder / "kept").mkdir()
    monkeypatch.setenv("HPOTUTOR_PROGRESS", str(folder / "kept"))
    lesson_00.q1.check(answer_of(lesson_00.q1.solution_source))
    write_index(folder, {"00_start_here": HEADER})
    assert "1 of 6 |" in (folder / "index.md").read_text()


def test_a_page_that_somebody_changed_or_wrote_stays(folder):
    (folder / "index.md").write_text("# Mine\n")
    assert write_index(folder, {"00_start_here": HEADER}) == "index-2.md"
    assert write_index(folder, {"00_start_here": HEADER}) == "index-2.md"
    changed = (folder / "index-2.md").read_text().replace("# Your", "# My")
    (folder / "index-2.md").write_text(changed)
    lesson_00.q1.check(answer_of(lesson_00.q1.solution_source))
    assert write_index(folder, {"00_start_here": HEADER}) == "index-3.md"
    assert (folder / "index.md").read_text() == "# Mine\n"
    assert (folder / "index-2.md").read_text() == changed
    assert "`index-3.md`" in (folder / "index-3.md").read_text()


@pytest.mark.parametrize("ends", ["\r\n", "\n\n"])
def test_other_line_ends_are_no_change(folder, ends):
    write_index(folder, {"00_start_here": HEADER})
    text = (folder / "index.md").read_text().replace("\n", ends)
    (folder / "index.md").write_bytes(text.encode())
    assert write_index(folder, {"00_start_here": HEADER}) == "index.md"


@pytest.mark.parametrize(
    "last", ["", "{}", "[1]", '{"mark": 1}', "{", '{"lessons": 1, "mark": ""}']
)
def test_a_damaged_page_is_somebodys_own(folder, last):
    (folder / "index.md").write_text(f"text\n<!-- hpotutor {last} -->\n")
    refresh_pages(folder)
    assert write_index(folder, {"00_start_here": HEADER}) == "index-2.md"


def test_a_check_survives_a_page_that_cannot_be_written(folder, monkeypatch):
    write_index(folder, {"00_start_here": HEADER})

    def fails(path, content):
        raise OSError("read-only")

    monkeypatch.setattr(index_page, "write_whole", fails)
    assert lesson_00.q1.check(answer_of(lesson_00.q1.solution_source))
    assert write_page(folder) == ""


def test_the_next_lesson_lies_ahead_until_nothing_does():
    a, b, c = (Listed(f"0{n}_x", "X", "", "", {f"l{n}.q1": 1, f"l{n}.q2": 1}) for n in range(3))
    assert next_lesson([a, b, c], {}) is a
    assert next_lesson([a, b, c], {"l1.q1": TRIED}) is b  # where one has begun, not the gap in a
    assert next_lesson([a, b, c], {"l1.q1": RIGHT, "l1.q2": RIGHT}) is c
    done = dict.fromkeys(["l1.q1", "l1.q2", "l2.q1", "l2.q2"], RIGHT)
    assert next_lesson([a, b, c], done) is a
    assert next_lesson([a, b, c], {**done, "l0.q1": RIGHT, "l0.q2": RIGHT}) is None
    assert "Every exercise is solved." in index_page.page([b], done)


def test_nothing_ends_the_last_line_early(folder):
    write_index(folder, {"00_start_here": HEADER.replace("Start here", "a --> b")})
    last = (folder / "index.md").read_text().splitlines()[-1]
    assert last.count("-->") == 1
    kept = json.loads(last.removeprefix("<!-- hpotutor ").removesuffix(" -->"))
    assert kept["lessons"][0]["title"] == "a --> b"

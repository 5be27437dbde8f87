"""The learner's own record: its file, its table, and the page of all lessons made from it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import Timeout

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.exercises import exercises_of, index, index_page, lessons, progress_file
from hpotutor.exercises.index_page import Listed, page, refresh_pages, write_page
from hpotutor.exercises.progress import Progress
from hpotutor.exercises.progress_file import EMPTY, progress_path, read, record
from tests.messages import refused


@pytest.fixture(autouse=True)
def path(tmp_path, monkeypatch) -> Path:
    """Return the progress file of notebooks in this folder."""
    monkeypatch.delenv(progress_file.VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / progress_file.FILE


# ── the file ─────────────────────────────────────────────────────────────────────────────────


def test_what_was_done_adds_up(path) -> None:
    assert read() == ({}, "")
    record("b.q1", attempt=True)
    record("a.q1", hints=2)
    assert record("b.q1", attempt=True, right=True) == ""
    assert record("b.q1", hints=1, solution=True) == ""
    assert record("a.q1", hints=1) == ""
    record("a.q2")
    entries = {
        "a.q1": EMPTY | {"hints": 2},
        "a.q2": EMPTY,
        "b.q1": {"right": True, "attempts": 2, "hints": 1, "solution": False},
    }
    assert read() == (entries, "")
    # people and versions compare the file: two lines differ where one thing was done
    told = json.dumps({"version": 2, "exercises": entries}, indent=1, sort_keys=True)
    assert path.read_text() == told
    assert EMPTY == {"right": False, "attempts": 0, "hints": 0, "solution": False}


@pytest.mark.parametrize(
    ("entry", "mended"),
    [
        (3, EMPTY),
        ({}, EMPTY),
        ({"right": 1, "attempts": True, "hints": "2", "solution": None}, EMPTY),
        ({"right": True, "attempts": 2.0, "hints": 3}, EMPTY | {"right": True, "hints": 3}),
        ({"solution": True, "more": 1}, EMPTY | {"solution": True}),
    ],
)
def test_a_damaged_entry_keeps_what_makes_sense(path, entry, mended) -> None:
    path.write_text(json.dumps({"version": 2, "exercises": {"a.q1": entry}}))
    assert read() == ({"a.q1": mended}, "")


@pytest.mark.parametrize(
    ("version", "name"), [(1, "lesson_14.q2"), (2, "lesson_11.q2"), (None, "lesson_11.q2")]
)
def test_only_an_old_file_is_numbered_anew(path, version, name) -> None:
    path.write_text(json.dumps({"version": version, "exercises": {"lesson_11.q2": EMPTY}}))
    assert list(read()[0]) == [name]


def test_a_file_nested_without_end_is_damaged(path) -> None:
    path.write_text("[" * 100_000)
    assert read() == ({}, "(hpotutor_progress.json is damaged; the next check starts a new one.)")


def test_a_file_that_cannot_be_read_is_told(path, monkeypatch) -> None:
    def refuses(self, **_):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuses)
    assert read() == ({}, "(hpotutor_progress.json could not be read: Permission denied.)")


def test_another_notebook_that_holds_it_costs_a_remark(path, monkeypatch) -> None:
    asked = []

    def held(lock, timeout):
        asked.append((lock, timeout))
        raise Timeout(str(lock))

    monkeypatch.setattr(progress_file, "FileLock", held)
    said = record("a.q1", right=True)
    assert said.startswith("(Your progress could not be saved in hpotutor_progress.json: another")
    assert "environment variable HPOTUTOR_PROGRESS" in said
    assert asked == [(Path(".hpotutor_progress.json.lock"), 2)]  # seconds, then it goes on
    assert not path.exists()


def test_the_variable_names_a_file_or_a_folder(tmp_path, monkeypatch) -> None:
    name = progress_file.FILE
    assert progress_path() == Path(name) and progress_path("mine") == Path("mine") / name
    monkeypatch.setenv("HOME", str(tmp_path))
    for given, path in [
        ("~/own.json", tmp_path / "own.json"),
        (str(tmp_path), tmp_path / name),
        ("kept/own.json", Path("mine/kept/own.json")),
        ("", Path("mine") / name),
    ]:
        monkeypatch.setenv(progress_file.VARIABLE, given)
        assert progress_path("mine") == path
    monkeypatch.setenv(progress_file.VARIABLE, "new/folder/own.json")
    assert record("a.q1", right=True) == ""
    assert read()[0] == {"a.q1": EMPTY | {"right": True}}
    (tmp_path / "mine").mkdir()
    assert read("mine") == ({}, "")


def test_damaged_files_are_kept_one_by_one(path) -> None:
    for number in (1, 2, 3):
        path.write_text(f"damaged {number}")
        said = record("a.q1", attempt=True)
        kept = path.with_name(f"hpotutor_progress.damaged-{number}.json")
        assert kept.read_text() == f"damaged {number}"
        assert said.startswith(f"(Your progress file was damaged. It is kept as {kept.name};")
    assert read() == ({"a.q1": EMPTY | {"attempts": 1}}, "")


# ── the table ────────────────────────────────────────────────────────────────────────────────


def test_the_table_has_a_row_an_exercise() -> None:
    record("lesson_02.q1", attempt=True, right=True)
    record("lesson_02.q2", attempt=True, hints=2)
    record("lesson_02.q3", solution=True)
    table = ht.progress(2)
    every = exercises_of(2)
    assert table.frame.index.tolist() == [f"2.{number}" for number in range(1, len(every) + 1)]
    assert table.frame.index.name == "exercise"
    assert table.frame.loc["2.1"].tolist() == [every[0].title, every[0].points, "right", 1, 0, ""]
    assert table.frame.loc["2.2"].tolist()[2:] == ["not yet", 1, 2, ""]
    assert table.frame.loc["2.3"].tolist()[2:] == ["not attempted", 0, 0, "seen first"]
    left = ", ".join(table.frame.index[1:])
    points = sum(exercise.points for exercise in every)
    told = f"1 of {len(every)} exercises right, {every[0].points} of {points} points."
    assert table.summary == f"{told} Still open: {left}."
    whole = ht.progress()
    assert len(whole.frame) == sum(len(exercises_of(name)) for name in lessons())
    assert whole.summary.startswith("1 of ") and "Still open" not in whole.summary
    assert whole.remark == ""


def frame(*states: str) -> pd.DataFrame:
    index = pd.Index([f"2.{number}" for number in range(1, len(states) + 1)], name="exercise")
    return pd.DataFrame({"points": [3] * len(states), "state": list(states)}, index=index)


def test_a_table_shows_itself() -> None:
    done = Progress(frame("right", "right"))
    assert done.summary == "2 of 2 exercises right, 6 of 6 points."
    assert repr(done) == f"{done.summary}\n\n{done.frame.to_string()}"
    page = done._repr_html_()
    assert page.startswith(f'<p>{done.summary}</p><table class="dataframe">') and page.endswith(
        "</table>"
    )
    open_ = Progress(frame("not yet", "right", "not attempted"), "(a < b)")
    assert open_.summary == "1 of 3 exercises right, 3 of 9 points. Still open: 2.1, 2.3."
    assert repr(open_).endswith("\n\n(a < b)")
    assert open_._repr_html_().endswith("</table><p>(a &lt; b)</p>")


@pytest.mark.parametrize("lesson", [2, "2", "02", "lesson_02", np.int64(2)])
def test_a_lesson_is_named_in_any_way(lesson) -> None:
    every = exercises_of(lesson)
    assert [one.id for one in every] == [f"lesson_02.q{n}" for n in range(1, len(every) + 1)]


@pytest.mark.parametrize("lesson", [99, "99", 2.5, True, "two", None, "", "engine"])
def test_what_is_no_lesson_is_refused(lesson) -> None:
    with refused("lesson=", "'lesson_02'", error=ArgumentError):
        exercises_of(lesson)


def test_all_lessons_are_there_in_order() -> None:
    assert lessons() == tuple(f"lesson_{number:02d}" for number in range(15))


# ── the page ─────────────────────────────────────────────────────────────────────────────────

A = Listed("00_a", "A", "Why?", "5 + 5", {"lesson_00.q1": 2, "lesson_00.q2": 1})
B = Listed("01_b", "B", "How?", "7", {f"lesson_01.q{n}": n for n in (1, 2, 3)})
C = Listed("02_c", "C", "", "", {})
RIGHT = {"right": True}


def rows(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("|")][2:]


def test_the_page_says_how_far_and_what_next() -> None:
    text = page([A, B, C], {"lesson_01.q1": RIGHT, "lesson_00.q1": RIGHT})
    lines = text.splitlines()
    assert lines[:4] == [
        "# Your course",
        "",
        "**3 of 9 points.** Next: [01 · B](01_b.ipynb), where exercises 2, 3 are open.",
        "",
    ]
    assert lines[4].startswith("| lesson ")
    assert rows(text) == [
        "| [00 · A](00_a.ipynb) | Why? | 5 + 5 | 2 of 3 |",
        "| **[01 · B](01_b.ipynb)** (next) | How? | 7 | 1 of 6 |",
        "| [02 · C](02_c.ipynb) |  |  |  |",
    ]
    assert "`ht.progress(1)` lists the exercises of lesson 1" in text
    assert "`index.md` again" in text and "`mine.md` again" in page([A], {}, "mine.md")


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        ({}, "**0 of 9 points.** Next: [00 · A](00_a.ipynb)."),
        (
            {"lesson_00.q2": RIGHT},
            "**1 of 9 points.** Next: [00 · A](00_a.ipynb), where exercise 1 is open.",
        ),
        (
            dict.fromkeys((*A.points, *B.points), RIGHT),
            "**9 of 9 points.** Every exercise is solved.",
        ),
    ],
)
def test_the_top_line_tells_where_to_go_on(entries, told) -> None:
    text = page([A, B, C], entries)
    assert text.splitlines()[2] == told
    if "Every" in told:
        assert "(next)" not in text and "ht.progress(0)" in text


@pytest.mark.parametrize("done", ["attempts", "hints", "solution"])
def test_a_lesson_is_begun_by_whatever_was_done(done) -> None:
    entry = EMPTY | {done: type(EMPTY[done])(1)}
    assert B.is_begun({"lesson_01.q3": entry}) and not A.is_begun({"lesson_01.q3": entry})
    assert not B.is_begun({"lesson_01.q3": EMPTY})
    assert "Next: [01 · B](01_b.ipynb)." in page([A, B], {"lesson_01.q3": entry})


def test_a_check_brings_every_page_of_the_folder_up_to_date(tmp_path) -> None:
    for name in ("index.md", "index-2.md", "other.md"):
        write_page(tmp_path / name, [A])
    (tmp_path / "index-3.md").write_text("mine")
    before = (tmp_path / "other.md").read_text()
    record("lesson_00.q1", right=True)
    refresh_pages(tmp_path)
    for name in ("index.md", "index-2.md"):
        text = (tmp_path / name).read_text()
        assert "**2 of 3 points.**" in text and f"open\n  `{name}` again" in text
        assert index_page.listed_in(tmp_path / name) == [A]
    assert (tmp_path / "other.md").read_text() == before
    assert (tmp_path / "index-3.md").read_text() == "mine"


HEADER = "# Lesson 2 · Grids\n\n**The question:** what?\n\n**Minutes:** {}\n"


@pytest.mark.parametrize(
    ("header", "row"),
    [
        (HEADER.format("20, and 15 for"), "[02 · Grids](02_c.ipynb)** (next) | what? | 20 + 15 | "),
        (HEADER.format("20 or so"), "[02 · Grids](02_c.ipynb)** (next) | what? | 20 | "),
        ("Some text\n# Lesson 2 · Grids", "[02 · Grids](02_c.ipynb)** (next) |  |  | "),
        ("Some text", "[02 · 02_c](02_c.ipynb)** (next) |  |  | "),
    ],
)
def test_a_lessons_row_is_what_its_first_cell_says(tmp_path, header, row) -> None:
    assert (
        index.write_index(tmp_path, {"99_later": "# Lesson 99 · Later", "02_c": header})
        == "index.md"
    )
    later, grids = rows((tmp_path / "index.md").read_text(encoding="utf-8"))
    points = sum(exercise.points for exercise in exercises_of(2))
    assert grids == f"| **{row}0 of {points} |"
    assert later == "| [99 · Later](99_later.ipynb) |  |  |  |"  # without exercises

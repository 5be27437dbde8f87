"""Lessons are found where they came, and by whatever name somebody types."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hpotutor.course import lessons
from hpotutor.course.lessons import find_lesson, lessons_folder, read_notebook, source_of
from hpotutor.errors import ArgumentError, HpoTutorError
from tests.messages import refused


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """Return the folder that the package is in."""
    monkeypatch.setattr(lessons, "_PROJECT", tmp_path)
    return tmp_path


def put(folder: Path, *names: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / name).write_text("{}")


def test_a_checkout_has_its_lessons_and_its_settings(project) -> None:
    put(project / "notebooks", "00_start_here.ipynb")
    assert lessons.checkout() is None
    put(project, "pyproject.toml")
    assert lessons.checkout() == project
    (project / "notebooks" / "00_start_here.ipynb").unlink()
    (project / "notebooks").rmdir()
    assert lessons.checkout() is None


def test_lessons_come_with_a_checkout_or_with_the_package(project) -> None:
    with refused("did not come with this copy", error=HpoTutorError):
        lessons_folder()
    put(project / "notebooks", "mine.ipynb")  # some other project's
    put(project / "hpotutor" / "lessons", "00_start_here.ipynb", "notes.md", "2_b.ipynb")
    put(project / "hpotutor" / "lessons", "10_b.ipynb", "02_a.ipynb")
    assert lessons_folder() == project / "hpotutor" / "lessons"
    assert list(lessons.all_lessons()) == ["00_start_here", "02_a", "10_b"]
    put(project / "notebooks", "00_start_here.ipynb")
    assert lessons_folder() == project / "notebooks"


@pytest.mark.parametrize("typed", ["2", "02", "002", "lesson_02", "02_a", "02_a.ipynb"])
def test_a_lesson_is_found_however_it_is_typed(project, typed) -> None:
    put(project / "notebooks", "00_start_here.ipynb", "02_a.ipynb", "12_b.ipynb")
    assert find_lesson(typed) == "02_a"


@pytest.mark.parametrize("typed", ["77", "-2", "a", "ipynb.02_a", ""])
def test_what_is_no_lesson_is_told(project, typed) -> None:
    put(project / "notebooks", "00_start_here.ipynb", "02_a.ipynb")
    with refused(f"lesson='{typed}'", "'02_a'", error=ArgumentError):
        find_lesson(typed)


CELL = {"cell_type": "code", "source": ["a\n", "b"]}


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"\xff",
        b"[]",
        b"{}",
        b"3",
        b'{"cells": 3}',
        b'{"cells": [3]}',
        json.dumps({"cells": [CELL, {"cell_type": "code"}]}).encode(),
        json.dumps({"cells": [{"source": ""}, CELL]}).encode(),
    ],
)
def test_what_is_no_notebook_is_told_by_its_name(tmp_path, content) -> None:
    (tmp_path / "a.ipynb").write_bytes(content)
    with refused(r"a\.ipynb cannot be read as a notebook: ", error=HpoTutorError):
        read_notebook(tmp_path / "a.ipynb")
    with refused(r"b\.ipynb cannot be read as a notebook: ", error=HpoTutorError):
        read_notebook(tmp_path / "b.ipynb")


def test_a_notebook_is_read_as_it_is(tmp_path) -> None:
    notebook = {"cells": [CELL, CELL | {"source": "ä"}], "metadata": {"mine": 1}}
    (tmp_path / "a.ipynb").write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
    assert read_notebook(tmp_path / "a.ipynb") == notebook
    assert [source_of(cell) for cell in notebook["cells"]] == ["a\nb", "ä"]

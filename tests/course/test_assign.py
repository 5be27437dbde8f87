"""What `hpotutor assign` writes, and that it never writes over an instructor's work."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from hpotutor.cli import main
from hpotutor.course import nbgrader as classroom
from hpotutor.course._notes import fingerprint
from hpotutor.course.assignment import points_of
from hpotutor.course.lessons import all_lessons, read_notebook
from hpotutor.course.nbgrader import assign
from hpotutor.errors import HpoTutorError
from hpotutor.exercises import exercises_of, lessons
from tests.messages import refused

NAME = "02_grid_search"


def test_assign_says_what_it_made(tmp_path, capsys) -> None:
    course = tmp_path / "course"
    assert main(["assign", "2", "00_start_here", "02", "--to", str(course)]) == 0
    told = capsys.readouterr().out
    assert f"{NAME}: {points_of(exercises_of(2))} points" in told
    for name in (NAME, "00_start_here"):
        assert f"nbgrader generate_assignment {name}\n" in told
    assert f"cd {course}\n" in told
    made = sorted(path.name for path in (course / "source").iterdir())
    assert made == ["00_start_here", NAME]
    before = (course / "source" / NAME / f"{NAME}.ipynb").read_bytes()
    assert assign(["02"], course) == {NAME: points_of(exercises_of(2))}
    assert (course / "source" / NAME / f"{NAME}.ipynb").read_bytes() == before


def test_inside_the_course_no_way_into_it_is_told(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["assign", "02", "--to", ".", "--exercises-only"]) == 0
    told = capsys.readouterr().out.partition("Next, type:\n")[2].split("\n")
    assert [line.strip() for line in told] == ["nbgrader generate_assignment 02_grid_search", ""]


@pytest.mark.parametrize("only", [True, False])
def test_assignments_are_valid_notebooks(tmp_path, only) -> None:
    import nbformat

    names = [name for name in all_lessons() if f"lesson_{name[:2]}" in lessons()]
    assign(names, tmp_path, only=only)
    for name in names:
        notebook = nbformat.read(tmp_path / "source" / name / f"{name}.ipynb", as_version=4)
        nbformat.validate(notebook)
        assert not any(cell.get("outputs") for cell in notebook.cells)
        graded = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade")]
        points = sum(cell.metadata.nbgrader.points for cell in graded)
        assert points == points_of(exercises_of(int(name[:2])))
        # A graded cell that ends in a bare number would be partial credit.
        assert all("assert" in c.source.splitlines()[-2] for c in graded)


def test_an_instructors_changes_are_never_overwritten(tmp_path, capsys) -> None:
    assign(["00", "02"], tmp_path)
    changed = tmp_path / "source" / NAME / f"{NAME}.ipynb"
    other = tmp_path / "source" / "00_start_here" / "00_start_here.ipynb"
    changed.write_text(changed.read_text(encoding="utf-8").replace("grid", "lattice"))
    (tmp_path / "nbgrader_config.py").write_text("mine = True\n")
    before = changed.read_bytes(), other.read_bytes()
    assert main(["assign", "00", "02", "--to", str(tmp_path), "--exercises-only"]) == 1
    assert (
        f"source/{NAME}/{NAME}.ipynb in the course was changed by hand" in capsys.readouterr().err
    )
    assert (changed.read_bytes(), other.read_bytes()) == before
    assign(["00"], tmp_path, only=True)  # unchanged, so it follows
    assert other.read_bytes() != before[1]
    assert (tmp_path / "nbgrader_config.py").read_text() == "mine = True\n"


def source_in(course: Path) -> Path:
    return course / "source" / NAME / f"{NAME}.ipynb"


def more_points(notebook: dict) -> None:
    marking_cells(notebook)[0]["metadata"]["nbgrader"]["points"] = 2


def unlocked(notebook: dict) -> None:
    marking_cells(notebook)[0]["metadata"]["nbgrader"]["locked"] = False


def renamed(notebook: dict) -> None:
    marking_cells(notebook)[0]["metadata"]["nbgrader"]["grade_id"] = "mine"


def unmarked(notebook: dict) -> None:
    del marking_cells(notebook)[0]["metadata"]["nbgrader"]


def by_hand(notebook: dict) -> None:
    about = {"grade": True, "solution": True, "locked": False, "task": False, "points": 3}
    about |= {"schema_version": 3, "grade_id": "explain"}
    notebook["cells"][0]["metadata"]["nbgrader"] = about


def reordered(notebook: dict) -> None:
    notebook["cells"][-4:] = notebook["cells"][-2:] + notebook["cells"][-4:-2]


def shortened(notebook: dict) -> None:
    del notebook["cells"][-2:]


def lengthened(notebook: dict) -> None:
    notebook["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "Mine."})


def tagged(notebook: dict) -> None:
    notebook["cells"][-1]["metadata"]["tags"] = ["skip-execution"]


def task(notebook: dict) -> None:
    about = {"grade": False, "solution": False, "locked": False, "task": True, "points": 3}
    notebook["cells"][0]["metadata"]["nbgrader"] = about | {"grade_id": "a-task"}


CHANGES = [more_points, unlocked, renamed, unmarked, by_hand, reordered, shortened, lengthened]
CHANGES += [task]


def marking_cells(notebook: dict) -> list[dict]:
    marked = [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader")]
    return [cell for cell in marked if cell["metadata"]["nbgrader"]["grade"]]


def edit(course: Path, change) -> bytes:
    notebook = read_notebook(source_in(course))
    change(notebook)
    source_in(course).write_text(json.dumps(notebook), encoding="utf-8")
    return source_in(course).read_bytes()


@pytest.mark.parametrize("change", CHANGES)
def test_settings_are_changes_too(tmp_path, capsys, change) -> None:
    assign(["02"], tmp_path, only=True)
    before = edit(tmp_path, change)
    assert main(["assign", "02", "--to", str(tmp_path), "--exercises-only"]) == 1
    said = capsys.readouterr().err
    assert f"source/{NAME}/{NAME}.ipynb in the course was changed by hand" in said
    assert "and stays" in said and f"--to {tmp_path.name}-new" in said
    with refused("changed by hand", error=HpoTutorError):
        assign(["02"], tmp_path)  # another version
    assert source_in(tmp_path).read_bytes() == before


def pictured(notebook: dict) -> None:
    notebook["cells"][0]["attachments"] = {"mine.png": {"image/png": ""}}


@pytest.mark.parametrize("change", [tagged, pictured])
def test_a_tag_or_a_picture_is_a_change(tmp_path, change) -> None:
    assign(["02"], tmp_path, only=True)
    before = edit(tmp_path, change)
    with pytest.raises(HpoTutorError, match="changed by hand"):
        assign(["02"], tmp_path)
    assert source_in(tmp_path).read_bytes() == before


def opened_and_saved(notebook: dict) -> None:
    """Change what JupyterLab and its *Create Assignment* change by themselves."""
    notebook["metadata"] = {"kernelspec": {"name": "other"}, "widgets": {"state": {}}}
    notebook["metadata"]["language_info"] = {"version": "3.13.1"}
    for number, cell in enumerate(notebook["cells"]):
        cell["id"] = f"new-{number}"
        cell["source"] = cell["source"].splitlines(keepends=True)
        cell["metadata"] |= {"collapsed": True, "scrolled": False, "editable": True}
        if cell["cell_type"] == "code":
            cell["execution_count"] = number
    for cell in marking_cells(notebook):
        about = cell["metadata"]["nbgrader"]
        about |= {"points": float(about["points"]), "checksum": "1", "cell_type": "code"}
    for cell in notebook["cells"]:
        about = cell["metadata"].setdefault("nbgrader", {"grade_id": f"cell-{cell['id']}"})
        for flag in ("grade", "solution", "locked", "task"):
            about.setdefault(flag, False)
        about.setdefault("points", 0 if about["solution"] else None)
        cell["metadata"].setdefault("tags", [])
        if cell["cell_type"] == "markdown":
            cell["attachments"] = {}


@pytest.mark.parametrize("only", [True, False])
def test_a_course_that_was_only_opened_and_saved_follows(tmp_path, only) -> None:
    course, fresh = tmp_path / "course", tmp_path / "fresh"
    assign(["02"], course, only=only)
    edit(course, opened_and_saved)
    assign(["02"], course, only=not only)
    assign(["02"], fresh, only=not only)
    assert source_in(course).read_bytes() == source_in(fresh).read_bytes()


def test_points_of_a_task_and_of_a_mark_are_changes_of_others_too(tmp_path) -> None:
    """What is marked by hand, or was given no points, follows while nobody changes it."""

    def written(points: object, flag: str) -> bytes:
        about = {"grade_id": "a", "points": points, flag: True}
        cell = {"cell_type": "markdown", "source": "", "metadata": {"nbgrader": about}}
        return json.dumps({"cells": [cell]}).encode()

    def seen(points: object, flag: str) -> str:
        return fingerprint(written(points, flag), settings=True)

    for flag in ("task", "grade"):
        assert seen(3, flag) == seen(3.0, flag) != seen(2, flag)
        assert seen(None, flag) == seen(0, flag) != seen(1, flag)
    assert seen(3, "solution") == seen(2, "solution")  # which nbgrader does not read


def test_a_course_without_notes_counts_as_changed(tmp_path) -> None:
    assign(["02"], tmp_path)
    (tmp_path / classroom.NOTES).write_text("[]")
    before = source_in(tmp_path).read_bytes()
    assign(["02"], tmp_path)  # but what is as it would be written may stay
    assert source_in(tmp_path).read_bytes() == before
    (tmp_path / classroom.NOTES).write_text("[]")
    with pytest.raises(HpoTutorError, match="changed by hand"):
        assign(["02"], tmp_path, only=True)


def test_a_full_disk_loses_nothing(tmp_path, monkeypatch) -> None:
    assign(["02"], tmp_path)
    path = tmp_path / "source" / NAME / f"{NAME}.ipynb"
    before = path.read_bytes()

    def full(self, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(HpoTutorError, match="No space left on device.*as it was"):
        assign(["02"], tmp_path, only=True)
    assert path.read_bytes() == before
    assert list(tmp_path.rglob("*.part")) == []


def test_what_cannot_be_looked_into_is_not_written_over(tmp_path) -> None:
    source_in(tmp_path).mkdir(parents=True)
    with pytest.raises(HpoTutorError, match=f"^source/{NAME}/{NAME}.ipynb in the course was chan"):
        assign(["02"], tmp_path)
    (tmp_path / "other").write_text("a file")
    with pytest.raises(HpoTutorError, match="The course cannot be written"):
        assign(["02"], tmp_path / "other")
    assert (tmp_path / "other").read_text() == "a file"


def test_a_course_is_written_as_jupyter_would(tmp_path) -> None:
    assign(["02"], tmp_path / "of" / "mine")
    text = source_in(tmp_path / "of" / "mine").read_text(encoding="utf-8")
    notebook = json.loads(text)
    assert "·" in text and text.splitlines()[1] == ' "cells": ['  # so saving it changes few lines
    assert text == json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    config = (tmp_path / "of" / "mine" / "nbgrader_config.py").read_text(encoding="utf-8")
    assert "c.Execute.timeout = 180\n" in config and config.endswith("\n")


def test_bad_lessons_are_told() -> None:
    with refused("'02_gird_search'.*Did you mean '02_grid_search'"):
        assign(["02_gird_search"], "nowhere")
    with refused("hpotutor assign 02 03 --to course"):
        assign([], "nowhere")
    assert not Path("nowhere").exists()

"""A learner's lessons survive every upgrade, a full disk and a read-only folder."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest

from hpotutor.cli import main
from hpotutor.course import lessons
from hpotutor.course import workspace as copies
from hpotutor.course.workspace import NOTES, bring_up_to_date
from hpotutor.errors import HpoTutorError


def lesson(text: str, **metadata: object) -> bytes:
    output = {"output_type": "stream", "name": "stdout", "text": ["one\n", "two\n"]}
    cell = {"cell_type": "code", "source": [text], "outputs": [output], "metadata": metadata}
    above = {"cell_type": "markdown", "source": "Text.", "metadata": metadata}
    return json.dumps({"cells": [above, cell], "metadata": metadata}).encode()


@pytest.fixture
def shipped(tmp_path, monkeypatch):
    """Return a function that ships a new version of the package with these lessons."""
    package = tmp_path / "package"
    package.mkdir()

    def ship(**texts: str) -> None:
        for name, text in texts.items():
            (package / f"{name}.ipynb").write_bytes(lesson(text))
        found = {path.stem: path for path in sorted(package.glob("*.ipynb"))}
        monkeypatch.setattr(copies, "all_lessons", lambda: found)

    ship(a="a1", b="b1")
    return ship


@pytest.fixture
def mine(tmp_path) -> Path:
    return tmp_path / "mine"


def told(folder: Path) -> list[str]:
    return [str(change) for change in bring_up_to_date(folder)]


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.name != NOTES}


def test_new_lessons_are_added_and_unedited_ones_follow(shipped, mine):
    assert told(mine) == ["added a.ipynb", "added b.ipynb"]
    assert told(mine) == []
    shipped(b="b2", c="c1")
    assert told(mine) == ["updated b.ipynb", "added c.ipynb"]
    assert contents(mine) == {
        "a.ipynb": lesson("a1"),
        "b.ipynb": lesson("b2"),
        "c.ipynb": lesson("c1"),
    }


def test_an_edited_lesson_survives_three_upgrades(shipped, mine):
    bring_up_to_date(mine)
    edited, noted = lesson("a1 and my answer"), lesson("notes in the new version")
    (mine / "a.ipynb").write_bytes(edited)
    assert told(mine) == []  # no new version, nothing to say
    shipped(a="a2")
    assert told(mine) == ["a.ipynb is yours and stays; the new version is in a.new.ipynb"]
    assert told(mine) == []
    shipped(a="a3")
    assert told(mine) == ["a.ipynb is yours and stays; the new version is in a.new.ipynb"]
    assert contents(mine)["a.new.ipynb"] == lesson("a3")
    (mine / "a.new.ipynb").write_bytes(noted)
    shipped(a="a4")
    assert told(mine) == ["a.ipynb is yours and stays; the new version is in a.new-2.ipynb"]
    after = contents(mine)
    assert (after["a.ipynb"], after["a.new.ipynb"]) == (edited, noted)
    assert after["a.new-2.ipynb"] == lesson("a4")


def test_saving_alone_is_no_edit_and_running_is(shipped, mine):
    bring_up_to_date(mine)
    saved = lesson("a1", language_info={"version": "3.12"}, tags=["theirs"])
    (mine / "a.ipynb").write_bytes(saved)
    ran = lesson("b1").replace(b"two", b"three")
    (mine / "b.ipynb").write_bytes(ran)
    shipped(a="a2", b="b2")
    assert told(mine)[0] == "updated a.ipynb"
    assert contents(mine)["b.ipynb"] == ran


PAGE = {"text/plain": "one\ntwo", "text/html": ["<p>\n", "one"]}
STREAM = {"output_type": "stream", "name": "stdout", "text": "one\ntwo"}
ERROR = {"output_type": "error", "ename": "KeyError", "evalue": "'a'", "traceback": ["..."]}
RESULT = {"output_type": "execute_result", "data": PAGE, "metadata": {}, "execution_count": 1}


@pytest.mark.parametrize(
    ("was", "now", "yours"),
    [
        (STREAM, STREAM | {"text": ["one\n", "two"]}, False),
        (STREAM, STREAM | {"text": "one\nthree"}, True),
        (ERROR, ERROR | {"traceback": []}, False),
        (ERROR, ERROR | {"evalue": "'b'"}, True),
        (ERROR, ERROR | {"ename": "IndexError"}, True),
        (RESULT, RESULT | {"execution_count": 2, "metadata": {"needs": "light"}}, False),
        (RESULT, RESULT | {"data": dict(reversed(PAGE.items()))}, False),
        (RESULT, RESULT | {"data": PAGE | {"text/html": "<p>\none"}}, False),
        (RESULT, RESULT | {"data": PAGE | {"text/plain": "one\nthree"}}, True),
        (RESULT, RESULT | {"data": {"text/plain": "one\ntwo"}}, True),
    ],
)
def test_an_output_is_an_edit_when_it_shows_something_else(tmp_path, monkeypatch, was, now, yours):
    def written(path: Path, output: dict, source: object = "x") -> Path:
        cell = {"cell_type": "code", "source": source, "outputs": [output], "metadata": {}}
        path.write_text(json.dumps({"cells": [cell], "metadata": {}}))
        return path

    shipped = written(tmp_path / "shipped.ipynb", was)
    monkeypatch.setattr(copies, "all_lessons", lambda: {"a": shipped})
    bring_up_to_date(tmp_path / "mine")
    written(tmp_path / "mine" / "a.ipynb", now, ["x"])
    written(shipped, was, "y")
    (change,) = bring_up_to_date(tmp_path / "mine")
    assert change.kind == ("beside" if yours else "updated")


def test_a_folder_is_made_with_those_around_it(shipped, mine):
    assert len(told(mine / "of" / "mine")) == 2


def test_a_new_version_that_equals_an_edit_is_no_news(shipped, mine):
    bring_up_to_date(mine)
    (mine / "a.ipynb").write_bytes(lesson("a2"))
    shipped(a="a2")
    assert told(mine) == []
    assert set(contents(mine)) == {"a.ipynb", "b.ipynb"}


def test_a_third_version_is_put_beside_two_that_are_taken(shipped, mine):
    bring_up_to_date(mine)
    (mine / "a.ipynb").write_bytes(lesson("mine"))
    for name in ("a.new.ipynb", "a.new-2.ipynb"):
        (mine / name).write_bytes(b"mine, too")
    shipped(a="a2")
    assert told(mine) == ["a.ipynb is yours and stays; the new version is in a.new-3.ipynb"]


def test_a_deleted_lesson_comes_back_fresh(shipped, mine):
    bring_up_to_date(mine)
    (mine / "a.ipynb").unlink()
    assert told(mine) == ["added a.ipynb"]


@pytest.mark.parametrize("damage", [None, b"", b"[]", b'{"a": 1}', b"\xff"])
def test_without_notes_all_there_counts_as_edited(shipped, mine, damage):
    bring_up_to_date(mine)
    (mine / "a.ipynb").write_bytes(b"not even a notebook")
    (mine / NOTES).unlink()
    if damage is not None:
        (mine / NOTES).write_bytes(damage)
    assert told(mine) == ["a.ipynb is yours and stays; the new version is in a.new.ipynb"]
    assert contents(mine)["a.ipynb"] == b"not even a notebook"
    shipped(b="b2")  # as it was shipped, so known again
    assert told(mine) == ["updated b.ipynb"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS])
def test_a_full_disk_or_a_read_only_folder_loses_nothing(shipped, mine, monkeypatch, capsys, code):
    bring_up_to_date(mine)
    (mine / "a.ipynb").write_bytes(lesson("mine"))
    shipped(a="a2", b="b2")
    before = contents(mine)

    def fails(self, content):
        with self.open("wb") as file:
            file.write(content[:10])  # what a full disk leaves
        raise OSError(code, "It cannot be")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", fails)
        assert main(["lab", str(mine), "--copy-only"]) == 1
    said = capsys.readouterr().err
    assert "cannot be written (It cannot be)" in said and "hpotutor lab FOLDER" in said
    assert contents(mine) == before
    assert len(told(mine)) == 2  # and the next start makes good


@pytest.mark.parametrize("page", ["# My own index\n", None], ids=["their own index", "ours"])
def test_a_folder_of_an_older_version_keeps_all_that_is_its_owners(
    root, shipped, mine, monkeypatch, page
):
    pytest.importorskip("jupyterlab.labapp")
    home, layouts = mine.parent / "home", mine / ".hpotutor_lab"
    for name in ("JUPYTER_CONFIG_PATH", "JUPYTERLAB_WORKSPACES_DIR", "HPOTUTOR_PROGRESS"):
        monkeypatch.setenv(name, "")  # to be put back
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setattr("jupyterlab.labapp.main", lambda options: None)
    shipped(**{"00_start_here": "older"})
    opened = [["lab", str(mine), "--no-browser"], ["progress"], ["lab", str(mine), "--no-browser"]]
    main(opened[0])
    entry = {"right": True, "attempts": 3, "hints": 1, "solution": False}
    progress = {"version": 2, "exercises": {"lesson_00.q1": entry}}
    settings = home / ".jupyter" / "lab" / "user-settings" / "@jupyterlab" / "theirs"
    theirs = {
        mine / "a.ipynb": lesson("a1, and an answer"),
        mine / "hpotutor_progress.json": json.dumps(progress).encode(),
        mine / "sub" / "own.ipynb": lesson("their own"),
        mine / "data.csv": b"1,2\n",
        next(layouts.iterdir()): b"the tabs they had open",
        settings: b'{"theme": "dark"}',
    }
    theirs |= {mine / "index.md": page.encode()} if page else {}
    for path, content in theirs.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    shipped(**{"00_start_here": "today's", "a": "a2", "b": "b2"})
    for command in opened:
        monkeypatch.chdir(mine)
        assert main(command) == 0
    assert {path: path.read_bytes() for path in theirs} == theirs
    assert (mine / "b.ipynb").read_bytes() == lesson("b2")  # nobody's but ours, so it follows
    assert "1 of 6" in (mine / ("index-2.md" if page else "index.md")).read_text()


def test_a_file_in_the_folders_place_is_told(tmp_path):
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(HpoTutorError, match="cannot be written"):
        bring_up_to_date(tmp_path / "taken")
    assert (tmp_path / "taken").read_text() == "mine"


def test_by_default_the_copy_is_ignored_by_git(root, tmp_path, monkeypatch):
    assert copies.default_folder() == root / "my_lessons"
    assert "my_lessons/" in (root / ".gitignore").read_text().splitlines()
    monkeypatch.setattr(lessons, "_PROJECT", tmp_path / "site-packages")
    monkeypatch.chdir(tmp_path)
    assert copies.default_folder() == tmp_path / "my_lessons"

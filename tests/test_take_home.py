"""A cell to take home runs by itself: copied into an empty file, in an empty folder, without ht."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hpotutor.course.lessons import all_lessons, read_notebook, source_of

TAG = "take-home"  # among a cell's tags, in its metadata
HAVE_ONE = {f"{n:02d}" for n in (*range(10), 13, 14)}  # lessons that must have such a cell


def take_home_cells(path: Path) -> list[str]:
    """Return the sources of a lesson's cells that are there to be taken home."""
    cells = read_notebook(path)["cells"]
    return [source_of(cell) for cell in cells if TAG in cell["metadata"].get("tags", [])]


CELLS = {name: cells for name, path in all_lessons().items() if (cells := take_home_cells(path))}
EACH = [pytest.param(c, id=f"{name}-{n}") for name, cs in CELLS.items() for n, c in enumerate(cs)]


def names_of_the_course(source: str) -> set[str]:
    """Return what a program uses of this package, by whatever name."""
    nodes = list(ast.walk(ast.parse(source)))
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    used |= {name.name for node in nodes if isinstance(node, ast.Import) for name in node.names}
    return {name for name in used if name == "ht" or name.split(".")[0] == "hpotutor"}


def run(source: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program as the only file of a folder, in a process that knows nothing of the course."""
    (folder / "mine.py").write_text(source, encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HPOTUTOR", "PYTHON"))}
    environment |= {"MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONUTF8": "1"}
    command = [sys.executable, "mine.py"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8"
    )


def test_lessons_have_one() -> None:
    assert HAVE_ONE <= {name[:2] for name in CELLS}


@pytest.mark.parametrize("source", EACH)
def test_cell_runs_in_an_empty_file(source: str, tmp_path: Path) -> None:
    assert not names_of_the_course(source)
    ended = run(source, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip(), "it should print what it found"


@pytest.mark.parametrize("line", ["import hpotutor", "from hpotutor.plots import x", "ht.load(1)"])
def test_names_of_the_course_are_found(line: str) -> None:
    assert names_of_the_course(f"import keras\n{line}")
    assert not names_of_the_course("import keras\nwidth, height = 1, 2")


def test_what_the_lesson_defined_is_not_there(tmp_path: Path) -> None:
    ended = run("print(np.mean([1]))", tmp_path)
    assert ended.returncode == 1 and "NameError" in ended.stderr

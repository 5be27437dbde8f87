"""The lessons' files are publishable, and tools/notebooks.py sees it when they are not."""

from __future__ import annotations

import copy
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks

LESSONS = notebooks.lessons()


def test_there_are_lessons() -> None:
    assert "02_grid_search" in {path.stem for path in LESSONS}


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_lesson_is_publishable(path: Path) -> None:
    assert notebooks.check(path) == []


@pytest.fixture
def lesson() -> nbformat.NotebookNode:
    """Return a small clean lesson that has been run."""
    outputs = [new_output("stream", name="stdout", text="2\n")]
    cells = [
        new_markdown_cell("Keep /home/anna/data out of your code."),
        new_code_cell("print(1 + 1)", outputs=outputs, execution_count=1),
        new_code_cell("x = 1", execution_count=2),
    ]
    return notebooks.clean(new_notebook(cells=cells))


def test_clean_lesson_has_no_problem(lesson: nbformat.NotebookNode) -> None:
    assert notebooks.problems(lesson, size=1000) == []


def out(kind: str, **fields: object) -> nbformat.NotebookNode:
    return new_output(kind, **fields)


BAD_OUTPUTS = {
    "fails with ValueError: no": out("error", ename="ValueError", evalue="no", traceback=[]),
    "stderr": out("stream", name="stderr", text="UserWarning: x"),
    "/home/anna": out("stream", name="stdout", text="saved to /home/anna/runs"),
    "/tmp/x": out("display_data", data={"text/html": "<b>/tmp/x</b>"}),
    "a widget without its state": out("display_data", data={notebooks.WIDGET_VIEW: {}}),
    "C:\\\\Users": out("execute_result", data={"text/plain": "'C:\\\\Users\\\\anna'"}),
}


@pytest.mark.parametrize("problem", BAD_OUTPUTS)
def test_bad_output_is_found(lesson: nbformat.NotebookNode, problem: str) -> None:
    lesson.cells[2].outputs = [BAD_OUTPUTS[problem]]
    (found,) = notebooks.problems(lesson, size=1000)
    assert found.startswith("Cell 3 ") and problem in found


@pytest.mark.parametrize(
    "text", ["see https://example.org/home/x", "a/tmp/x", "score 3/4", "runs/usr/x.log", "w: 2"]
)
def test_harmless_output_passes(lesson: nbformat.NotebookNode, text: str) -> None:
    lesson.cells[2].outputs = [out("stream", name="stdout", text=text)]
    assert notebooks.problems(lesson, size=1000) == []


def test_other_faults_are_found(lesson: nbformat.NotebookNode) -> None:
    assert "MB" in notebooks.problems(lesson, size=1_200_000)[0]
    for change, word in [
        (lambda nb: nb.metadata.pop("kernelspec"), "kernelspec"),
        (lambda nb: nb.metadata.update(widgets={}), "widgets"),
        (lambda nb: nb.cells[1].update(execution_count=None), "execution count None"),
        (lambda nb: nb.cells[2].update(execution_count=7), "execution count 7"),
        (lambda nb: nb.cells[2].update(source=" "), "empty"),
        (lambda nb: nb.cells[2].update(id="0a1b2c3d"), "ids"),
        (lambda nb: nb.cells[2].metadata.update(execution={}), "time stamps"),
    ]:
        changed = copy.deepcopy(lesson)
        change(changed)
        (found,) = notebooks.problems(changed, size=1000)
        assert word in found


def test_clean_keeps_what_matters_and_drops_the_rest() -> None:
    pieces = [out("stream", name="stdout", text=text) for text in ("one ", "two\n")]
    figure = out("display_data", data={"text/plain": "<Axes at 0x7f1>", "image/png": "QUJD"})
    view = {notebooks.WIDGET_VIEW: {"model_id": "1"}}
    widget = out("display_data", data={"text/plain": "Run", **view})
    table = out("display_data", data={"text/html": '<style>#T_0a1b2_row0</style><b id="T_0a1b2">'})
    cell = new_code_cell("print()", outputs=[*pieces, figure, widget, table], execution_count=1)
    cell.metadata.update(tags=["nbval-check-output"], execution={"started": "now"})
    dirty = new_notebook(
        cells=[cell], metadata={"widgets": {"a": 1}, "language_info": {"name": "x"}}
    )
    cleaned = notebooks.clean(dirty)
    assert set(cleaned.metadata) == {"kernelspec", "language_info"}
    (cell,) = cleaned.cells
    assert cell.metadata == {"tags": ["nbval-check-output"]}
    assert [output.get("text") for output in cell.outputs] == ["one two\n", None, None, None]
    shown = [output.data for output in cell.outputs[1:]]
    assert shown[:2] == [{"text/plain": "<Axes>", "image/png": "QUJD"}, {"text/plain": "Run"}]
    assert shown[2]["text/html"] == '<style>#T_001_row0</style><b id="T_001">'
    assert cell.execution_count == 1
    assert nbformat.writes(notebooks.clean(copy.deepcopy(cleaned))) == nbformat.writes(cleaned)


def write(folder: Path, *sources: str) -> Path:
    path = folder / "09_lesson.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell(source) for source in sources]), path)
    return path


def test_run_executes_cleans_and_repeats(tmp_path: Path, capfd: pytest.CaptureFixture) -> None:
    left_over = tmp_path / "runs" / "search.log"
    left_over.parent.mkdir()
    left_over.touch()
    path = write(
        tmp_path, "import os, hpotutor\nos.path.exists('runs')", "open('new', 'w').close()"
    )
    assert notebooks.run(path) == []
    first = path.read_bytes()
    assert notebooks.check(path) == []
    shown = nbformat.read(path, as_version=4).cells[0].outputs[0].data["text/plain"]
    assert shown == "False"  # it ran in a fresh copy of its folder ...
    assert not (tmp_path / "new").exists()  # ... and left nothing here
    assert notebooks.run(path) == []
    assert path.read_bytes() == first
    assert "WARNING" not in capfd.readouterr().err  # what the kernel says of its sockets


def test_run_leaves_a_failing_lesson_alone(tmp_path: Path) -> None:
    path = write(tmp_path, "1 / 0")
    before = path.read_bytes()
    (problem,) = notebooks.run(path)
    assert "ZeroDivisionError" in problem
    with pytest.raises(CellExecutionError):
        notebooks.execute(path)
    assert path.read_bytes() == before


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    path = write(tmp_path, "1")
    assert notebooks.main(["check", str(path)]) == 1
    assert "execution count None" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        notebooks.main(["check", "no_such_lesson"])
    assert "no_such_lesson is not a lesson" in capsys.readouterr().err

"""An answer that ends the kernel is left out, and nothing else: with a kernel that stands in."""

from __future__ import annotations

import subprocess
import sys
import warnings
from types import ModuleType, SimpleNamespace

import pytest
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from hpotutor.course import _autograde


class Kernel:
    """What runs a notebook: each cell's source says what becomes of the kernel."""

    def __init__(self) -> None:
        self.runs: list[list[str]] = []
        self.started: dict = {}

    def preprocess(self, nb, resources, km=None):
        self.runs.append([])
        self.setup_kernel(km=km)
        for index, cell in enumerate(nb.cells):
            nb.cells[index], resources = self.preprocess_cell(cell, resources, index)
        return nb, resources

    def setup_kernel(self, **kwargs):
        self.started = kwargs
        if kwargs["km"] == "broken":
            raise DeadKernelError("Kernel didn't respond")

    def preprocess_cell(self, cell, resources, index):
        self.runs[-1].append(cell.source)
        if cell.source == "dies":
            raise DeadKernelError("Kernel died")
        if cell.source == "hangs":
            raise CellTimeoutError("A cell timed out")
        return cell, resources


class Run(_autograde.LeavingOut, Kernel):
    """A run that leaves out what ends the kernel."""


@pytest.fixture(autouse=True)
def stand_in(monkeypatch) -> None:
    """Tell apart nbgrader's kinds of cells, whether it is installed or not."""
    utils = ModuleType("nbgrader.utils")
    kind = lambda name: lambda cell: bool(cell.metadata.get("nbgrader", {}).get(name))  # noqa: E731
    vars(utils).update(is_solution=kind("solution"), is_grade=kind("grade"))
    package = ModuleType("nbgrader")
    vars(package).update(utils=utils)
    monkeypatch.setitem(sys.modules, "nbgrader", package)
    monkeypatch.setitem(sys.modules, "nbgrader.utils", utils)


def answer(source: str) -> NotebookNode:
    return new_code_cell(source, metadata={"nbgrader": {"solution": True, "grade": False}})


def mark(source: str) -> NotebookNode:
    return new_code_cell(source, metadata={"nbgrader": {"solution": False, "grade": True}})


def said(cell: NotebookNode) -> list[str]:
    return [output.ename for output in cell.outputs]


def test_what_ends_nothing_is_run_once() -> None:
    run, nb = Run(), new_notebook(cells=[new_code_cell("a"), answer("b"), mark("c")])
    assert run.preprocess(nb, {"mine": 1}) == (nb, {"mine": 1})
    assert run.runs == [["a", "b", "c"]]
    assert [said(cell) for cell in nb.cells] == [[], [], []]


@pytest.mark.parametrize("ends", ["dies", "hangs"])
def test_an_answer_that_ends_the_kernel_costs_its_own_marks(ends) -> None:
    cells = [answer("a"), mark("a is right"), answer(ends), mark("b is right")]
    cells += [new_code_cell("plain"), answer("c"), mark("c is right")]
    run, nb = Run(), new_notebook(cells=cells)
    run.preprocess(nb, {})
    # a second time, on a new kernel: all but the answer and what marks it
    assert run.runs == [
        ["a", "a is right", ends],
        ["a", "a is right", "plain", "c", "c is right"],
    ]
    kinds = [said(cell) for cell in nb.cells]
    assert kinds == [[], [], ["KernelEnded"], ["AnswerLost"], [], [], []]
    (output,) = nb.cells[2].outputs
    assert output.evalue.startswith("This cell ended the kernel, or could not be stopped")
    assert output.traceback == [f"KernelEnded: {output.evalue}"]


def test_what_marks_no_answer_is_run() -> None:
    run, nb = Run(), new_notebook(cells=[mark("a"), new_code_cell("dies"), mark("b")])
    run.preprocess(nb, {})
    assert run.runs[-1] == ["a", "b"]
    assert [said(cell) for cell in nb.cells] == [[], ["KernelEnded"], []]


def test_two_such_answers_cost_two() -> None:
    cells = [answer("dies"), mark("a"), answer("b"), mark("b too"), answer("hangs"), mark("c")]
    run, nb = Run(), new_notebook(cells=cells)
    run.preprocess(nb, {})
    assert run.runs[-1] == ["b", "b too"]
    kinds = [said(cell) for cell in nb.cells]
    assert kinds == [["KernelEnded"], ["AnswerLost"], [], [], ["KernelEnded"], ["AnswerLost"]]


def test_a_mark_that_ends_the_kernel_leaves_the_next_one() -> None:
    cells = [answer("a"), mark("dies"), mark("more of a"), answer("b"), mark("c")]
    run, nb = Run(), new_notebook(cells=cells)
    run.preprocess(nb, {})
    assert run.runs[-1] == ["a", "more of a", "b", "c"]
    assert [said(cell) for cell in nb.cells] == [[], ["KernelEnded"], [], [], []]


def test_a_second_run_of_the_same_grader_begins_anew() -> None:
    run = Run()
    run.preprocess(new_notebook(cells=[answer("dies"), mark("a")]), {})
    nb = new_notebook(cells=[answer("b"), mark("c")])
    run.preprocess(nb, {})
    assert run.runs[-1] == ["b", "c"] and [said(cell) for cell in nb.cells] == [[], []]


def test_a_text_that_is_left_out_stays_a_text() -> None:
    essay = new_markdown_cell("mine", metadata={"nbgrader": {"solution": False, "grade": True}})
    run, nb = Run(), new_notebook(cells=[answer("dies"), essay])
    run.preprocess(nb, {})
    assert nb.cells[1] == essay and "outputs" not in nb.cells[1]


def test_a_kernel_that_does_not_start_is_told() -> None:
    run = Run()
    with pytest.raises(DeadKernelError, match="didn't respond"):
        run.preprocess(new_notebook(cells=[answer("a")]), {}, "broken")
    assert len(run.runs) == 1  # no second try, which would not end


def test_a_kernels_notices_stay_out_of_the_progress() -> None:
    run = Run()
    run.preprocess(new_notebook(), {}, km="given")
    assert run.started == {"km": "given", "stderr": subprocess.DEVNULL}


class Api:
    """What autogrades, and says how it went."""

    def __init__(self, **done: object) -> None:
        self.done, self.asked = done, []

    def autograde(self, name: str, student: str, force: bool) -> dict:
        self.asked.append((name, student, force))
        return self.done


LOG = """\
[INFO] Converting notebook one
[ERROR] There was an error processing assignment: grids
Traceback (most recent call last):
  ...
nbformat.reader.NotJSONError: Notebook does not appear to be JSON: '{ no notebook'
"""
GIVES_UP = "nbgrader.converters.base.NbGraderException: Please see the error log\n"


@pytest.mark.parametrize(
    ("log", "error", "why"),
    [
        (LOG, GIVES_UP, "NotJSONError: Notebook does not appear to be JSON: '{ no notebook'"),
        (f"KeyError: first\n{LOG}", "", "NotJSONError: Notebook does not appear to be JSON: "
         "'{ no notebook'"),
        (f"ValueError: {'x' * 300}\n", GIVES_UP, f"ValueError: {'x' * 188}"),
        ("[INFO] a\n", "[ERROR] It just failed\n\n", "[ERROR] It just failed"),
        ("", "No notebooks were matched by *", "its folder holds no notebook"),
        (
            "Skipping unknown notebook: /course/a/mine.ipynb\n"
            "Skipping unknown notebook: /course/a/yours.ipynb\n" + LOG,
            GIVES_UP,
            "mine.ipynb, yours.ipynb is not the name under which the notebook was handed out",
        ),
    ],
    ids=["an error", "the last one", "a long one", "no error", "nothing there", "other names"],
)  # fmt: skip
def test_why_it_could_not_be_graded_is_one_line(log, error, why) -> None:
    assert grader(Api(success=False, log=log, error=error)).grade("a", "ada", again=False) == why


def grader(api: Api) -> _autograde.Grader:
    """Return a grader on other tools: its own are nbgrader's."""
    made = _autograde.Grader.__new__(_autograde.Grader)
    made._nbgrader = api
    return made


@pytest.fixture(autouse=True)
def sqlalchemy(monkeypatch) -> None:
    """Stand in for what comes with nbgrader."""
    exc = SimpleNamespace(SAWarning=UserWarning)
    monkeypatch.setitem(sys.modules, "sqlalchemy", SimpleNamespace(exc=exc))
    monkeypatch.setitem(sys.modules, "sqlalchemy.exc", exc)


@pytest.mark.parametrize("again", [True, False])
def test_what_was_graded_needs_no_reason(again) -> None:
    api = Api(success=True)
    assert grader(api).grade("a", "ada", again=again) is None
    assert api.asked == [("a", "ada", again)]


def test_only_nbgraders_own_warnings_are_silenced() -> None:
    class Noisy(Api):
        def autograde(self, *asked: object, **more: object) -> dict:
            for kind in (UserWarning, FutureWarning):
                warnings.warn("so it is", kind, stacklevel=1)
            return {"success": True}

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        grader(Noisy()).grade("a", "ada", again=False)
    assert [warning.category for warning in told] == [FutureWarning]


def test_an_error_without_a_log_is_told_too() -> None:
    api = Api(success=False, error="OSError: it is closed")
    assert grader(api).grade("a", "ada", again=True) == "OSError: it is closed"


def test_ctrl_c_ends_the_grading() -> None:
    with pytest.raises(KeyboardInterrupt):
        grader(Api(success=False, error="Traceback\nKeyboardInterrupt\n")).grade(
            "a", "ada", again=False
        )

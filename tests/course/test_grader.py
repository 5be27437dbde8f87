"""A course that asks for a sum, through real nbgrader: what the grader itself adds to it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from pathlib import Path

import pandas as pd
import pytest

from hpotutor.course import nbgrader as classroom
from hpotutor.course._autograde import Grader
from hpotutor.course.lessons import read_notebook
from hpotutor.course.nbgrader import grade

apps = pytest.importorskip("nbgrader.apps", reason="the extra classroom is not installed")
NAME = "sum"


def sum_notebook() -> dict:
    """Return an assignment that asks for a sum, for two points, and imports nothing."""
    about = {"schema_version": 3, "grade_id": "q1", "solution": True, "grade": False}
    about |= {"locked": False, "task": False}
    checked = about | {"grade_id": "q1-mark", "solution": False, "grade": True, "locked": True}
    cells = [
        {"source": "### BEGIN SOLUTION\nanswer = 3\n### END SOLUTION", "metadata": about},
        {"source": "assert answer == 3", "metadata": checked | {"points": 2}},
    ]
    for cell in cells:
        cell["metadata"] = {"nbgrader": cell["metadata"]}
        cell |= {"id": cell["metadata"]["nbgrader"]["grade_id"], "cell_type": "code"}
        cell |= {"outputs": [], "execution_count": None}
    kernel = {"kernelspec": {"name": "python3", "display_name": "", "language": "python"}}
    return {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}


@pytest.fixture(scope="module")
def sums(tmp_path_factory) -> tuple[Path, pd.DataFrame, str]:
    """Return a course after grading, and what was told: a right sum, without its test."""
    course = tmp_path_factory.mktemp("sums")
    (course / "source" / NAME).mkdir(parents=True)
    (course / "source" / NAME / "sum.ipynb").write_text(json.dumps(sum_notebook()))
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stderr(io.StringIO()) as told:
        patch.setenv("PATH", os.path.dirname(sys.executable), prepend=os.pathsep)
        patch.setenv("PYTHONPATH", str(Path(classroom.__file__).parents[2]))
        patch.chdir(tmp_path_factory.mktemp("elsewhere"))
        config = Grader(course)._nbgrader.config
        made = apps.NbGraderAPI(config=config).generate_assignment(NAME)
        assert made["success"], made
        notebook = read_notebook(course / "release" / NAME / "sum.ipynb")
        del notebook["cells"][1]
        notebook["cells"][0]["source"] = "answer = 3"
        other = {"name": "conda-mine", "display_name": "Mine", "language": "python"}
        notebook["metadata"]["kernelspec"] = other
        (course / "submitted" / "ada" / NAME).mkdir(parents=True)
        file = course / "submitted" / "ada" / NAME / "sum.ipynb"
        file.write_text(json.dumps(notebook), encoding="utf-8")
        marks, _ = grade(course, progress=True)
    return course, marks, told.getvalue()


def test_a_deleted_test_and_a_kernel_of_another_name_cost_nothing(sums) -> None:
    _, marks, told = sums
    (mark,) = marks.itertuples()
    assert (mark.Index, mark.total, mark.of, mark.remark) == ("ada", 2, 2, "")
    assert told.startswith("1/1 ada: sum, graded, ")


def test_what_was_graded_is_not_graded_again(sums, capsys) -> None:
    course, marks, _ = sums
    again, _ = grade(course, progress=True)
    pd.testing.assert_frame_equal(again, marks)
    assert capsys.readouterr().err == "1/1 ada: sum, up to date\n"


def test_what_an_instructor_sets_is_kept(tmp_path) -> None:
    config = "c = get_config()\nc.Execute.kernel_name = 'mine'\n"
    config += "c.OverwriteCells.add_missing_cells = False\n"
    (tmp_path / "nbgrader_config.py").write_text(config)
    config = Grader(tmp_path)._nbgrader.config
    (execute,) = [one for one in config.Autograde.autograde_preprocessors if is_execute(one)]
    assert execute(config=config).kernel_name == "mine"
    assert config.OverwriteCells.add_missing_cells is False
    own = "c = get_config()\nc.Autograde.autograde_preprocessors = ['mine.Own']\n"
    (tmp_path / "nbgrader_config.py").write_text(own)
    config = Grader(tmp_path)._nbgrader.config
    assert config.Autograde.autograde_preprocessors == ["mine.Own"]


def is_execute(preprocessor: type) -> bool:
    return preprocessor.__name__ == "Execute"

"""A cell to take home runs by itself: copied into an empty file, in an empty folder, without ht.

What it finds is another matter: its lesson runs it in full, and shows that. Here a network, of
Keras or scikit-learn, is trained for two epochs at most, and TensorFlow does not rewrite its
graphs, which takes longer than it saves with networks so small. All else runs as it stands.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from hpotutor.course.lessons import all_lessons, read_notebook, source_of

TAG = "take-home"  # among a cell's tags, in its metadata
HAVE_ONE = {f"{n:02d}" for n in (*range(11), 12, 13, 14)}  # lessons that must have such a cell


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


# Runs a file in each folder that it is told, as `python mine.py` does, and says how that ended: in
# a child of a process that has imported Keras, which takes longer than most cells, and with the
# few epochs that this module's docstring tells of.
SERVER = """
import os, runpy, sys, traceback
import keras, tensorflow
from sklearn.neural_network import MLPClassifier

keras_fit, sklearn_fit = keras.Model.fit, MLPClassifier.fit

def keras_briefly(network, *given, **named):
    if "epochs" in named:
        named["epochs"] = min(named["epochs"], 2)
    return keras_fit(network, *given, **named)

def sklearn_briefly(network, x, y):
    network.max_iter = min(network.max_iter, 2)
    return sklearn_fit(network, x, y)

keras.Model.fit, MLPClassifier.fit = keras_briefly, sklearn_briefly
tensorflow.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
for line in sys.stdin:
    folder = line.rstrip()
    child = os.fork()
    if child == 0:
        os.chdir(folder)
        for number, name in ((1, "stdout"), (2, "stderr")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT), number)
        sys.argv, sys.path[0], status = ["mine.py"], folder, 0
        try:
            runpy.run_path("mine.py", run_name="__main__")
        except BaseException as error:
            status = 1
            traceback.print_exc()
        sys.stdout.flush()
        os._exit(status)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


class Ended(NamedTuple):
    """How a program ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="module")
def run() -> Iterator[Callable[[str, Path], Ended]]:
    """Return a function that runs a program as the only file of a folder.

    In a process that knows nothing of the course.
    """
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("HPOTUTOR", "PYTHON"))}
    environment |= {"MPLBACKEND": "Agg", "CUDA_VISIBLE_DEVICES": "-1", "PYTHONUTF8": "1"}
    environment |= {"TF_NUM_INTRAOP_THREADS": "1"}  # the other tests use the other processors
    forks = hasattr(os, "fork")
    command = [sys.executable, *(("-c", SERVER) if forks else ("mine.py",))]
    given = {"env": environment, "text": True, "encoding": "utf-8"}

    def alone(source: str, folder: Path) -> Ended:
        (folder / "mine.py").write_text(source, encoding="utf-8")
        ended = subprocess.run(command, cwd=folder, capture_output=True, **given)
        return Ended(ended.returncode, ended.stdout, ended.stderr)

    if not forks:
        yield alone
        return
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with tempfile.TemporaryDirectory() as empty:
        with subprocess.Popen(command, cwd=empty, **pipes, **given) as server:

            def forked(source: str, folder: Path) -> Ended:
                (folder / "mine.py").write_text(source, encoding="utf-8")
                server.stdin.write(f"{folder}\n")
                server.stdin.flush()
                status = int(server.stdout.readline())
                told = [(folder / name).read_text("utf-8") for name in ("stdout", "stderr")]
                return Ended(status, *told)

            yield forked
            server.stdin.close()


def test_lessons_have_one() -> None:
    assert HAVE_ONE <= {name[:2] for name in CELLS}


@pytest.mark.parametrize("source", EACH)
def test_cell_runs_in_an_empty_file(source: str, run: Callable, tmp_path: Path) -> None:
    assert not names_of_the_course(source)
    ended = run(source, tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.strip(), "it should print what it found"


@pytest.mark.parametrize("line", ["import hpotutor", "from hpotutor.plots import x", "ht.load(1)"])
def test_names_of_the_course_are_found(line: str) -> None:
    assert names_of_the_course(f"import keras\n{line}")
    assert not names_of_the_course("import keras\nwidth, height = 1, 2")


def test_what_the_lesson_defined_is_not_there(run: Callable, tmp_path: Path) -> None:
    ended = run("print(np.mean([1]))", tmp_path)
    assert ended.returncode == 1 and "NameError" in ended.stderr

"""Make an environment to test in: with Colab's versions, or with the newest releases.

    python tools/environments.py colab FOLDER [--test]    what Colab has, and what a lesson adds
    python tools/environments.py newest FOLDER [--test]   the newest that the ranges allow

It is made with the Python that runs this; Colab's own is 3.12 or 3.13. `--test` then runs the
package's tests and lessons 00 to 05 in it. Only the standard library is used.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Colab in August 2026. What is not here is what Colab lacks, or has in a version that is free.
COLAB = {
    "tensorflow-cpu": "2.20.0",  # the same TensorFlow as Colab's, without the libraries of a GPU
    "keras": "3.13.2",
    "scikit-learn": "1.6.1",
    "numpy": "2.1.3",
    "pandas": "2.2.3",
    "matplotlib": "3.10.0",
    "ipywidgets": "7.7.1",
    "ipython": "7.34.0",
    "hyperopt": "0.3.0",
}
# Checks of the tree itself and of newer tools than Colab's, which say nothing about a lesson.
NOT_THERE = ("test_packaging", "test_start", "test_style", "test_nbgrader", "browser", "robustness")
LESSONS = ("00", "01", "02", "03", "04", "05")


def python_of(folder: Path) -> Path:
    """Return an environment's Python."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def install_commands(kind: str, python: Path, constraints: Path) -> list[list[str]]:
    """Return the pip commands that fill an environment.

    Parameters
    ----------
    kind : {"colab", "newest"}
    python : Path
        The environment's Python.
    constraints : Path
        The file with Colab's versions; the second step must not move what the first installed.
    """
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if kind == "newest":
        return [[*pip, "--upgrade", "--editable", f"{ROOT}[cpu,lab,test,classroom]"]]
    pins = [f"{name}=={version}" for name, version in COLAB.items()]
    # Without the extra lab, as on Colab: a newer JupyterLab and kernel would ask for more.
    return [
        [*pip, *pins, "ipykernel<7"],
        [*pip, "--constraint", str(constraints), "--editable", f"{ROOT}[cpu,test]"],
    ]


def make(kind: str, folder: Path) -> Path:
    """Make an environment and return its Python.

    Raises
    ------
    subprocess.CalledProcessError
        If pip cannot install it.
    """
    venv.create(folder, with_pip=True, clear=True)
    python = python_of(folder.resolve())
    with tempfile.TemporaryDirectory() as scratch:
        constraints = Path(scratch) / "colab.txt"
        constraints.write_text("".join(f"{n}=={v}\n" for n, v in COLAB.items()))
        for command in install_commands(kind, python, constraints):
            subprocess.run(command, check=True)
    return python


def test_command(python: Path, tests: list[Path], lessons: list[Path]) -> list[str]:
    """Return the command that runs the package's tests and the first lessons.

    Lessons run without comparing what they print: other versions round and word it otherwise.
    """
    chosen = [path for path in tests if not {path.stem, path.parent.name} & set(NOT_THERE)]
    first = [path for path in lessons if path.name[:2] in LESSONS]
    return [str(python), "-m", "pytest", *map(str, [*chosen, *first])]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the tests' status, or 0."""
    parser = argparse.ArgumentParser(description="Make an environment to test in.")
    parser.add_argument("kind", choices=["colab", "newest"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--test", action="store_true", help="run the tests in it, too")
    chosen = parser.parse_args(arguments)
    try:
        python = make(chosen.kind, chosen.folder)
    except subprocess.CalledProcessError as error:
        print(f"pip could not make the environment (status {error.returncode}).", file=sys.stderr)
        return 1
    print(f"ready: {python}")
    if not chosen.test:
        return 0
    tests = sorted((ROOT / "tests").rglob("test_*.py"))
    lessons = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
    return subprocess.run(test_command(python, tests, lessons), cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())

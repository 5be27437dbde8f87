"""Imports go down, without circles; and a planted upward import is caught."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the package in a folder."""
    command = (
        "import sys; from importlinter.cli import lint_imports; "
        "sys.exit(lint_imports(no_cache=True, no_logo=True))"
    )
    return subprocess.run(
        [sys.executable, "-c", command],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "NO_COLOR": "1"},
        capture_output=True,
        text=True,
    )


def test_every_contract_holds(root: Path) -> None:
    shown = lint(root)
    assert shown.returncode == 0, shown.stdout + shown.stderr


@pytest.mark.parametrize(
    ("file", "planted", "contract"),
    [
        ("space/space.py", "from hpotutor.study.recorder import Recorder\n", "Imports go down"),
        ("plots/style.py", "def late():\n    import hpotutor.widgets\n", "Imports go down"),
        (
            "study/journal.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
            "    from hpotutor.study.recorder import Recorder\n",
            "No circles among files",
        ),
        ("analysis/statistics.py", "import tensorflow\n", "TensorFlow stays below"),
    ],
    ids=["at the top", "inside a function", "for a type hint", "TensorFlow"],
)
def test_a_planted_import_is_caught(
    file: str, planted: str, contract: str, root: Path, tmp_path: Path
) -> None:
    shutil.copytree(
        root / "hpotutor", tmp_path / "hpotutor", ignore=shutil.ignore_patterns("*.npz", "*.pyc")
    )
    shutil.copy(root / "pyproject.toml", tmp_path)
    module = tmp_path / "hpotutor" / file
    module.write_text(module.read_text(encoding="utf-8") + "\n\n" + planted, encoding="utf-8")
    shown = lint(tmp_path)
    assert shown.returncode == 1, shown.stdout + shown.stderr
    broken = [line for line in shown.stdout.splitlines() if " BROKEN" in line]
    assert any(line.startswith(contract) for line in broken), shown.stdout

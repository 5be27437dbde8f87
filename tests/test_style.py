"""Modules and lessons are formatted and pass the linter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    "command", [["format", "--check", "--diff"], ["check"]], ids=["format", "lint"]
)
def test_ruff_finds_nothing(root: Path, command: list[str]) -> None:
    arguments = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
    shown = subprocess.run(arguments, cwd=root, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout + shown.stderr


def test_type_hints_hold(root: Path) -> None:
    arguments = [sys.executable, "-m", "mypy", "--no-error-summary"]
    shown = subprocess.run(arguments, cwd=root, capture_output=True, text=True)
    assert shown.returncode == 0, shown.stdout + shown.stderr

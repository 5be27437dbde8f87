"""The hooks before a commit need no network, and each calls a tool that is there."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
HOOKS = {hook["id"]: hook for repo in CONFIG["repos"] for hook in repo["hooks"]}


def test_hooks_are_local() -> None:
    assert [repo["repo"] for repo in CONFIG["repos"]] == ["local"]
    assert {hook["language"] for hook in HOOKS.values()} == {"system"}
    assert set(HOOKS) == {"format", "lint", "lessons", "layers", "drawing", "types"}


@pytest.mark.parametrize("name", HOOKS)
def test_each_entry_runs(name: str) -> None:
    python, *arguments = shlex.split(HOOKS[name]["entry"])
    assert python == "python"
    asked = [sys.executable, *arguments, "--help"]
    shown = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True)
    assert shown.returncode == 0 and "usage" in shown.stdout.lower(), shown.stderr


def test_hooks_look_at_the_files_that_they_are_for() -> None:
    assert re.search(HOOKS["lessons"]["files"], "notebooks/02_grid_search.ipynb")
    for name in ("layers", "drawing", "types"):
        assert re.search(HOOKS[name]["files"], "hpotutor/search/random.py")
        assert not re.search(HOOKS[name]["files"], "tests/search/test_random.py")

"""The drawing of the package's folders shows today's imports, and an import more is noticed."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools import architecture


@pytest.fixture
def copy(root: Path, tmp_path: Path) -> Path:
    """Copy what the drawing is made from."""
    shutil.copytree(
        root / "hpotutor", tmp_path / "hpotutor", ignore=shutil.ignore_patterns("*.npz", "*.pyc")
    )
    for name in ("pyproject.toml", "tools/architecture.py", "docs/architecture.svg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


def run(project: Path, *words: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "tools/architecture.py", *words]
    return subprocess.run(command, cwd=project, capture_output=True, text=True)


def test_the_drawing_is_up_to_date() -> None:
    assert architecture.main(["--check"]) == 0


def test_a_new_import_is_noticed_and_drawn(copy: Path) -> None:
    assert run(copy, "--check").returncode == 0
    with (copy / "hpotutor/models/layers.py").open("a") as module:
        module.write("\n\ndef planted():\n    import hpotutor.datasets.loader\n")
    checked = run(copy, "--check")
    assert checked.returncode == 1
    assert "out of date" in checked.stdout and "models imports datasets." in checked.stdout
    assert run(copy).returncode == 0 and run(copy, "--check").returncode == 0


def test_an_import_upward_is_not_drawn(copy: Path) -> None:
    with (copy / "hpotutor/plots/style.py").open("a") as module:
        module.write("\n\ndef planted():\n    import hpotutor.search.random\n")
    before = (copy / "docs/architecture.svg").read_bytes()
    drawn = run(copy)
    assert drawn.returncode == 1 and "plots imports search" in drawn.stderr
    assert (copy / "docs/architecture.svg").read_bytes() == before


def test_a_missing_edge_and_a_missing_drawing_are_noticed(root: Path, tmp_path: Path) -> None:
    kept = (root / "docs/architecture.svg").read_text(encoding="utf-8")
    changed = tmp_path / "changed.svg"
    changed.write_text(kept.replace("fused imports models.", "fused imports no other folder."))
    assert architecture.main(["--check", "--file", str(changed)]) == 1
    assert architecture.main(["--check", "--file", str(tmp_path / "none.svg")]) == 1


def test_the_same_imports_give_the_same_drawing() -> None:
    levels, edges = architecture.floors(), architecture.imports()
    first = architecture.draw(levels, edges)
    assert first == architecture.draw(levels, edges)
    assert architecture.stored(first) == architecture.description(levels, edges)
    assert 'role="img"' in first and "<title>" in first

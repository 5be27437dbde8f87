"""The mutation run: which changes it tries, which tests for each, and what it says of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytest.importorskip("mutmut", reason="mutation runs need the extra mutants")
pytest.importorskip("coverage", reason="mutation runs need the extra mutants")
pytest.importorskip("resource", reason="a process is forked for each change, which Windows cannot")

from tools import mutants as tool
from tools.mutants import mutants_of, sample
from tools.mutation_runs import Job

MODULE = '''"""A module."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    SIZE = 5

__all__ = ["fits"]
LIMIT = 3


def fits(size: "int" = 1, *, name: str = "it") -> bool:
    """Say whether it fits: 1 does."""
    if size < 0:
        raise ValueError(f"{name} is {size + 1}", 7)
    return size + 1 <= LIMIT


def forgotten(size):
    return not size
'''
TESTS = """from package.some import fits


def test_fits():
    assert fits(1)


def test_does_not_fit():
    assert not fits(5)
"""
EQUIVALENT = """
[[equivalent]]
module = "package/some.py"
function = "fits"
was = "if size < 0:"
now = "if size < 1:"
reason = "a reason"

[[equivalent]]
module = "package/some.py"
function = "fits"
was = "if size < 0:"
now = "this change is not made"
reason = "another"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in {
        "package/__init__.py": "",
        "package/some.py": MODULE,
        "tests/package/test_some.py": TESTS,
        "tools/mutants_equivalent.toml": EQUIVALENT,
        "pyproject.toml": '[tool.hpotutor.mutants]\npackage = "package"\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def changes(project: Path) -> list[str]:
    return [each.now for each in mutants_of(project, "package/some.py")]


def test_comparisons_numbers_and_constants_are_changed(project: Path) -> None:
    made = changes(project)
    for change in ("return size + 1 < LIMIT", "return size - 1 <= LIMIT", "LIMIT = 4"):
        assert change in made
    assert 'def fits(size: "int" = 2, *, name: str = "it") -> bool:' in made
    assert "return size" in made


def test_texts_hints_errors_and_lists_of_names_stay(project: Path) -> None:
    lines = MODULE.splitlines()
    untouched = [1, 3, 5, 6, 8, 13, 15]
    changed = {each.line for each in mutants_of(project, "package/some.py")}
    assert [lines[n - 1] for n in untouched if n in changed] == []


def test_each_change_is_a_module_that_differs_in_what_is_told(project: Path) -> None:
    for each in mutants_of(project, "package/some.py"):
        compile(each.source, each.module, "exec")
        assert each.was in MODULE and each.now in each.source


def test_a_larger_sample_holds_the_smaller_one_wherever_the_lines_are(project: Path) -> None:
    everything = mutants_of(project, "package/some.py")
    few = {each.key for each in sample(everything, 3, seed=1)}
    assert len(few) == 3
    assert few < {each.key for each in sample(everything, 6, seed=1)}
    assert few != {each.key for each in sample(everything, 3, seed=2)}
    (project / "package/some.py").write_text("# a line above\n" + MODULE)
    assert few == {each.key for each in sample(mutants_of(project, "package/some.py"), 3, seed=1)}


def test_a_modules_own_tests_come_first_then_the_quick_ones(project: Path) -> None:
    mutant = next(m for m in mutants_of(project, "package/some.py") if m.line == 16)
    seconds = {"t.py::slow": 9.0, "t.py::b": 2.0, "t.py::a": 1.0, "users.py::quick": 0.1}

    def touching(lines: dict[int, list[str]]) -> tuple[list[str], bool]:
        return tool.touching(mutant, lines, seconds.__getitem__, ["t.py"])

    everything = ["t.py::a", "t.py::b", "t.py::slow", "users.py::quick"]
    assert touching({16: list(seconds), 20: ["t.py::other"]}) == (everything, True)
    assert touching({14: ["t.py::a"], 20: ["t.py::other"]}) == (["t.py::a"], False)
    assert touching({20: ["t.py::other"]}) == ([], False)


def test_slow_tests_run_only_where_no_other_touches() -> None:
    tests = {name: {"seconds": seconds} for name, seconds in {"slow": 9, "a": 1, "b": 2}.items()}
    assert tool.within_seconds(["slow", "a", "b"], tests, most=20, slow=5) == ["a", "b"]
    assert tool.within_seconds(["slow"], tests, most=20, slow=5) == ["slow"]
    assert tool.within_seconds(["a", "b", "slow"], tests, most=3) == ["a", "b"]


def run(project: Path, *more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, tool.__file__, "package/some.py", f"--root={project}", *more]
    return subprocess.run(command, capture_output=True, text=True, cwd=project)


def test_what_survives_is_told_stored_and_tried_again_once_a_test_is_there(project: Path) -> None:
    (project / "benchmarks/results").mkdir(parents=True)
    done = run(project, "--store", "--at-least=95")
    assert done.returncode == 1, done.stderr
    assert "no such change: package/some.py: this change is not made" in done.stdout
    just = "- return size + 1 <= LIMIT\n+ return size + 1 < LIMIT\n"
    assert f"{just}  2 tests touch it" in done.stdout
    assert "in forgotten\n- return not size\n+ return size\n  no test touches it" in done.stdout
    stored = json.loads((project / "benchmarks/results/mutants.json").read_text())
    (row,) = stored["modules"]
    (equivalent,) = row["equivalent"]
    assert equivalent["reason"] == "a reason"
    assert row["noticed"] + row["survived"] + row["untouched"] + 1 == row["tried"] == row["changes"]
    assert stored["folders"]["package"]["interval"][0] < row["noticed"] / (row["tried"] - 1)

    tests = project / "tests/package/test_some.py"
    tests.write_text(TESTS + "\n\ndef test_just():\n    assert fits(2) and not fits(3)\n")
    again = run(project)
    assert just not in again.stdout
    survivors = row["survived"] + row["untouched"]  # and the equivalent one
    assert f"{row['changes']} changes, {survivors + 1 - row['untouched']} of" in again.stdout
    assert (project / "package/some.py").read_text() == MODULE
    table = again.stdout[again.stdout.index("module  ") :]
    assert run(project, "--jobs=0").stdout.endswith(table), "what was found is told without a run"


def loop_for_ever() -> None:
    while True:
        pass


def end_at_once() -> None:
    os._exit(3)


@pytest.mark.parametrize(
    ("run", "by"), [(loop_for_ever, "the time limit"), (end_at_once, "the process's end")]
)
def test_a_change_that_never_ends_or_ends_python_is_noticed(tmp_path: Path, run, by: str) -> None:
    job = Job(tmp_path / "copy", 1.0, run)
    while (answer := job.result()) is None:
        pass
    assert answer == {"outcome": "noticed", "by": by}


def test_the_weekly_run_takes_the_core(root: Path) -> None:
    workflow = yaml.safe_load((root / ".github/workflows/weekly.yml").read_text())
    commands = " ".join(step.get("run", "") for step in workflow["jobs"]["mutants"]["steps"])
    assert "tools/mutants.py" in commands
    core = tool.Settings(root).core
    assert list(tool.modules_of(root, core)), "the core is there"


def test_each_equivalent_change_has_a_reason(root: Path) -> None:
    for entry in tool.Settings(root).equivalent:
        assert set(entry) == {"module", "function", "was", "now", "reason"}
        assert (root / entry["module"]).is_file(), entry

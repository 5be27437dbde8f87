"""The script that makes environments, and the workflows that call the same scripts as a person."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from packaging.requirements import Requirement


@pytest.fixture(scope="module")
def script(root: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("environments", root / "tools/environments.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_colabs_versions_are_the_lower_bounds(script, root) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["cpu"]]
    bounds = {}
    for requirement in map(Requirement, lines):
        (bounds[requirement.name],) = [
            s.version for s in requirement.specifier if s.operator == ">="
        ]
    named = {name: version for name, version in script.COLAB.items() if name != "ipython"}
    assert script.COLAB["ipython"] == "7.34.0"
    assert {n: re.sub(r"^2\.20\.0$", "2.20", v) for n, v in named.items()} == {
        name: bounds[name] for name in named
    }


def test_the_second_step_moves_nothing(script, monkeypatch, tmp_path) -> None:
    ran, constraints = [], []

    def run(command, check):
        ran.append(command)
        if "--constraint" in command:
            constraints.append(Path(command[command.index("--constraint") + 1]).read_text())

    monkeypatch.setattr(script.venv, "create", lambda folder, **named: None)
    monkeypatch.setattr(script.subprocess, "run", run)
    script.make("colab", tmp_path / "colab")
    first, second = ran
    assert "numpy==2.1.3" in first and "tensorflow-cpu==2.20.0" in first
    assert "numpy==2.1.3\n" in constraints[0] and second[-1].endswith("[cpu,test]")
    script.make("newest", tmp_path / "newest")
    assert "--upgrade" in ran[2] and len(ran) == 3


def test_a_failed_install_is_a_sentence_and_a_status(script, monkeypatch, capsys) -> None:
    def make(kind, folder):
        raise subprocess.CalledProcessError(3, ["pip"])

    monkeypatch.setattr(script, "make", make)
    assert script.main(["colab", "somewhere"]) == 1
    assert "status 3" in capsys.readouterr().err


def test_the_first_lessons_and_the_packages_tests_run_there(script, root) -> None:
    tests = sorted((root / "tests").rglob("test_*.py"))
    lessons = sorted((root / "notebooks").glob("*.ipynb"))
    command = script.test_command(Path(sys.executable), tests, lessons)
    names = [Path(part).stem for part in command]
    assert {"test_space", "test_exercises", "00_start_here", "05_optimizer_choice"} <= set(names)
    assert not {"test_packaging", "test_panels", "test_kills", "06_hyperband"} & set(names)


@pytest.mark.parametrize("name", ["tests", "weekly"])
def test_workflows_call_scripts_that_are_there(root: Path, name: str) -> None:
    workflow = yaml.safe_load((root / ".github" / "workflows" / f"{name}.yml").read_text())
    commands = [
        step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step
    ]
    assert commands
    for command in commands:
        words = [word for word in command.split() if "/" in word or word.endswith(".py")]
        scripts = [word for word in words if not word.startswith("build/")]
        assert [word for word in scripts if not (root / word).is_file()] == [], command


def test_every_system_and_python_is_tested(root: Path) -> None:
    workflow = yaml.safe_load((root / ".github/workflows/tests.yml").read_text())
    matrix = workflow["jobs"]["tests"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    systems = {system.split("-")[0] for system in matrix["system"]}
    assert systems == {"ubuntu", "windows", "macos"}

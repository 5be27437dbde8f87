"""The files that say what is installed agree with each other and with the package."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import hpotutor

# Colab in August 2026, where a lesson must install only what is missing and move nothing.
COLAB = {
    "numpy": "2.1.3",
    "pandas": "2.2.3",
    "scikit-learn": "1.6.1",
    "matplotlib": "3.10.0",
    "keras": "3.13.2",
    "hyperopt": "0.3.0",
    "ipywidgets": "7.7.1",
    "tensorflow": "2.20",
    "tensorflow-cpu": "2.20",
}

# jsonschema 4.25 and later builds grammars of internet addresses with these wherever a notebook is
# read: more than a second in each process of JupyterLab and of the tests.
SLOW_TO_IMPORT = {"lark", "rfc3987-syntax"}


@pytest.fixture(scope="module")
def project(root: Path) -> dict:
    with (root / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]


@pytest.fixture(scope="module")
def pins(root: Path) -> dict[str, str]:
    lines = (root / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if not line.startswith("#"))


def requirements(project: dict, *extras: str) -> list[Requirement]:
    lists = [project["dependencies"], *(project["optional-dependencies"][e] for e in extras)]
    return [Requirement(line) for lines in lists for line in lines]


def every_requirement(project: dict) -> list[Requirement]:
    return requirements(project, *project["optional-dependencies"])


def test_lower_bounds_are_colabs_versions(project: dict) -> None:
    bounds = {}
    elsewhere = set(project["optional-dependencies"]) - {"lab"}  # Colab is a notebook itself
    for requirement in requirements(project, *elsewhere):
        (lower,) = [s.version for s in requirement.specifier if s.operator == ">="]
        bounds[requirement.name] = lower
    assert {name: bounds[name] for name in COLAB} == COLAB


def test_tensorflow_is_not_among_the_base_dependencies(project: dict) -> None:
    names = {requirement.name for requirement in requirements(project)}
    assert "tensorboard" in names  # KerasTuner imports it and does not declare it
    assert not names & {"tensorflow", "tensorflow-cpu"}


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("win32", "AMD64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
        ("darwin", "x86_64", "tensorflow"),
    ],
)
def test_cpu_extra_picks_one_tensorflow(
    project: dict, system: str, machine: str, expected: str
) -> None:
    place = {"sys_platform": system, "platform_machine": machine}
    extra = [Requirement(line) for line in project["optional-dependencies"]["cpu"]]
    assert [r.name for r in extra if r.marker and r.marker.evaluate(place)] == [expected]


def test_constraints_hold_names_and_versions_only(root: Path) -> None:
    lines = (root / "constraints.txt").read_text().splitlines()
    pinned = [line for line in lines if not line.startswith("#")]
    assert [line for line in pinned if not re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line)] == []
    names = [line.split("==")[0] for line in pinned]
    assert names == sorted(set(names))
    assert not re.search(r"://|\bwww\.", "\n".join(lines))


def test_constraints_lie_in_the_ranges(project: dict, pins: dict[str, str]) -> None:
    outside = [
        f"{requirement} has {pins.get(canonicalize_name(requirement.name))}"
        for requirement in every_requirement(project)
        if pins.get(canonicalize_name(requirement.name), "0") not in requirement.specifier
    ]
    assert outside == []


def closure(wanted: list[Requirement]) -> Iterator[str]:
    """Yield the name of every installed distribution that some requirements lead to."""
    seen: set[tuple[str, str]] = set()
    todo = [(r, "") for r in wanted]
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        for extra in {"", *requirement.extras}:
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            try:
                lines = metadata.requires(name) or []
            except metadata.PackageNotFoundError:
                continue  # an extra that is not installed here
            yield name
            todo += [(Requirement(line), extra) for line in lines]


def test_constraints_cover_all_that_gets_installed(project: dict, pins: dict[str, str]) -> None:
    installed = set(closure(every_requirement(project)))
    assert {"tornado", "protobuf", "pyzmq"} <= installed  # the walk went below the first floor
    newer = Version(metadata.version("jsonschema")) >= Version("4.25")  # not what is pinned
    assert installed - set(pins) == (SLOW_TO_IMPORT if newer else set())


def test_constraints_leave_out_what_slows_every_start(pins: dict[str, str]) -> None:
    assert set(pins) & SLOW_TO_IMPORT == set()
    assert Version(pins["jsonschema"]) < Version("4.25")


def test_conda_environment_is_the_packages(root: Path, project: dict, pins: dict[str, str]) -> None:
    environment = yaml.safe_load((root / "environment.yml").read_text())
    *conda, pip = environment["dependencies"]
    assert conda == ["python=3.12", "pip"]
    expected = {
        r.name
        + (f"[{','.join(sorted(r.extras))}]" if r.extras else "")
        + f"=={pins[r.name]}"
        + (f"; {r.marker}" if r.marker else "")
        for r in requirements(project, "cpu", "lab")
    }
    assert {line.replace("'", '"') for line in pip["pip"]} == expected


def test_binder_has_the_same_environment(root: Path) -> None:
    binder = (root / "binder" / "environment.yml").read_bytes()
    assert binder == (root / "environment.yml").read_bytes()


def test_each_dependency_says_what_it_is_for(root: Path) -> None:
    conda = re.findall(r"^\s+- ([^:\n]+[=\w].*)$", (root / "environment.yml").read_text(), re.M)
    packages = [line for line in conda if "==" in line or line.split("=")[0] in ("python", "pip")]
    text = (root / "pyproject.toml").read_text()
    tables = text[text.index("dependencies = [") : text.index("[project.urls]")]
    listed = re.findall(r"^    (\".*)$", tables, re.M)
    assert len(packages) >= 18
    assert len(listed) >= 30
    assert [line for line in packages + listed if not re.search(r" # ?\w|# \.\.\.", line)] == []


def test_import_is_light() -> None:
    heavy = ["tensorflow", "keras", "sklearn", "optuna", "pandas", "matplotlib"]
    code = f"import hpotutor, sys; print([m for m in {heavy} if m in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (shown.stdout.strip(), shown.stderr) == ("[]", "")


def test_wheel_is_a_whole_course(root: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", tmp_path]
    built = subprocess.run([*command, root], capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"hpotutor-{hpotutor.__version__}-py3-none-any.whl"
    assert wheel.stat().st_size <= 15e6
    packed = set(zipfile.ZipFile(wheel).namelist())
    modules = (
        p
        for p in (root / "hpotutor").rglob("*.py*")
        if p.suffix in (".py", ".pyi") and ".ipynb" not in str(p)
    )
    expected = {p.relative_to(root).as_posix() for p in modules}
    tables = (root / "hpotutor" / "tabular" / "tables").glob("*.npz")
    expected |= {f"hpotutor/tabular/tables/{p.name}" for p in tables}
    expected |= {"hpotutor/datasets/data/diabetes.csv", "hpotutor/datasets/data/README.md"}
    texts = (p for p in (root / "hpotutor").rglob("*") if p.suffix in (".txt", ".html", ".csv"))
    expected |= {p.relative_to(root).as_posix() for p in texts}  # what figures and reports say
    assert {"hpotutor/plots/readings/race.txt", "hpotutor/space/dialects/calls.txt"} <= expected
    expected |= {"hpotutor/glossary.md", "hpotutor/course/texts/hand_in.md"}
    expected |= {f"hpotutor/lessons/{p.name}" for p in (root / "notebooks").glob("*.ipynb")}
    jupyter = (root / "hpotutor" / "course" / "jupyter").rglob("*.json")
    expected |= {p.relative_to(root).as_posix() for p in jupyter}
    expected |= {"hpotutor/lessons/tune.py", "hpotutor/datasets/data/own_project.json"}
    expected |= {"hpotutor/datasets/data/fronts.json"}
    assert expected - packed == set()
    inside = {name.split("/")[0] for name in packed}
    assert inside == {"hpotutor", f"hpotutor-{hpotutor.__version__}.dist-info"}


def test_citation_names_this_version(root: Path, project: dict) -> None:
    citation = yaml.safe_load((root / "CITATION.cff").read_text())
    assert Version(str(citation["version"])) == Version(hpotutor.__version__)
    assert citation["license"] == project["license"] == "BSD-3-Clause"
    assert citation["authors"] == project["authors"]


@pytest.mark.skipif(os.name == "nt", reason="shell scripts for Linux")
@pytest.mark.parametrize("script", [".ci/run", "binder/postBuild"])
def test_scripts_can_be_run(root: Path, script: str) -> None:
    assert os.access(root / script, os.X_OK)
    assert subprocess.run(["bash", "-n", str(root / script)]).returncode == 0


def test_ci_runs_the_test_command(root: Path) -> None:
    lines = (root / ".ci" / "run").read_text().splitlines()
    assert lines[-1] == "python3 start.py test"
    assert "set -euo pipefail" in lines

"""What is installed and what this machine gives, against what the lessons need, and how to mend it.

Versions are read from what is installed, without importing it: a broken TensorFlow must not keep
the doctor from saying so.
"""

import math
import os
import platform
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from hpotutor import _system as machine

State = Literal["fine", "note", "problem"]

_HERE = Path(__file__).resolve().parents[1]
_EXTRAS = ("tensorflow", "lab")  # those that a lesson uses
_NOTEBOOK = ("jupyterlab", "ipykernel")
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")
# Modules whose loaded version is compared with the installed one; tf-nightly and such differ.
_LOADED = {"numpy": "numpy", "pandas": "pandas", "scipy": "scipy", "scikit-learn": "sklearn"}
_LOADED |= {"matplotlib": "matplotlib", "keras": "keras", "optuna": "optuna"}
_HIDING = "hpotutor numpy pandas scipy sklearn matplotlib keras tensorflow keras_tuner".split()
_HIDING += "scikeras hyperopt optuna random statistics types".split()

KERNEL_BYTES = 1.2e9  # a lesson's kernel, TensorFlow and figures included
FREE_DISK = 200e6  # logs, a learner's copy of the lessons, MNIST


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at, what was found, and what to do; no remedy if it is fine.

    A note may slow a lesson down or change what it prints; a problem stops one.
    """

    state: State
    about: str
    told: str
    remedy: str = ""

    def __str__(self) -> str:
        remedy = f". {self.remedy}" if self.remedy else ""
        return f"{self.state:8} {self.about}: {self.told}{remedy}"


@dataclass(frozen=True, repr=False)
class Report:
    """What :func:`check` found: a line for each; as the last line of a cell those not fine."""

    findings: tuple[Finding, ...]

    @property
    def problems(self) -> tuple[Finding, ...]:
        """What would stop a lesson."""
        return tuple(f for f in self.findings if f.state == "problem")

    def __bool__(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), self.summary])

    def __repr__(self) -> str:
        return "\n".join([*(str(f) for f in self.findings if f.state != "fine"), self.summary])

    @property
    def summary(self) -> str:
        """How it stands, in a sentence."""
        count = len(self.problems)
        if count:
            thing = "1 thing has" if count == 1 else f"{count} things have"
            return f"{thing} to be mended before the lessons run."
        return "Everything the lessons need is here."


def check() -> Report:
    """Look at versions, memory, processors, folder and kernel; TensorFlow is not imported.

    Report: true if a lesson can run. As the last line of a cell it shows what is not fine, and what
    to type; ``print(ht.check())`` shows all.

    Examples
    --------
    >>> import hpotutor as ht
    >>> ht.check().summary
    'Everything the lessons need is here.'
    """
    parts = (_where(), _python(), _packages(), _kernel(), _memory(), _folder(), _hidden())
    return Report(tuple(finding for part in parts for finding in part))


def _where() -> Iterator[Finding]:
    count = machine.cores()
    there = f"{machine.environment()}, {platform.system()} on {platform.machine()}, {count} core"
    yield Finding("fine", "runs on", there + ("s" if count > 1 else ""))


def _python() -> Iterator[Finding]:
    from packaging.specifiers import SpecifierSet

    from hpotutor import __version__

    version = platform.python_version()
    about = f"Python {version}, hpotutor {__version__}"
    wanted = _wanted()[1]
    if SpecifierSet(wanted).contains(version, prereleases=True):
        yield Finding("fine", about, f"tested with Python {wanted or 'of any version'}")
    else:
        remedy = "Install Python 3.12, then start again with `python3.12 start.py`"
        yield Finding("problem", about, f"the lessons need Python {wanted}", remedy)


def _wanted() -> tuple[list[str], str]:
    """Return all requirements, an extra's too, and the range of Pythons.

    A checkout's ``pyproject.toml`` comes first: what is installed may be from before a change.
    """
    try:
        with (_HERE.parent / "pyproject.toml").open("rb") as file:
            project = tomllib.load(file)["project"]
    except (OSError, ValueError, KeyError):
        project = {}
    if project.get("name") == "hpotutor":
        used = [line for extra in _EXTRAS for line in project["optional-dependencies"][extra]]
        return [*project["dependencies"], *used], project["requires-python"]
    try:
        lines = metadata.requires("hpotutor") or []
        python = metadata.metadata("hpotutor")["Requires-Python"]
    except metadata.PackageNotFoundError:  # a copied folder; nothing says what it needs
        return [], ""
    ends = tuple(f"extra == '{extra}'" for extra in _EXTRAS)
    kept = (line.replace('"', "'") for line in lines)
    return [r for r in kept if "extra ==" not in r or r.endswith(ends)], python


def _tested() -> dict[str, str]:
    """Return the newest versions that the tests ran with."""
    for path in (_HERE / "constraints.txt", _HERE.parent / "constraints.txt"):
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        return dict(line.split("==") for line in lines if "==" in line and line[0] != "#")
    return {}


def _packages() -> Iterator[Finding]:
    lines, _ = _wanted()
    if not lines:
        told = "this copy of the package does not say which versions it needs"
        yield Finding("note", "versions", told, "Install it with pip, or keep pyproject.toml")
    tested = _tested()
    for line in lines:
        # Colab brings its own notebook, with a kernel that is older and must stay.
        if machine.environment() != "Colab" or not line.startswith(_NOTEBOOK):
            yield from _package(line.split(";")[0].strip(), tested)


def _package(line: str, tested: dict[str, str]) -> Iterator[Finding]:
    from packaging.requirements import Requirement
    from packaging.version import Version

    requirement = Requirement(line)
    name, wanted = requirement.name, str(requirement.specifier)
    names = _TENSORFLOWS if name == "tensorflow" else (name,)
    there = {each: version for each in names if (version := _version(each))}
    # JupyterLab is one way to open a lesson among others.
    serious: State = "note" if name in _NOTEBOOK else "problem"
    if not there:
        yield Finding(serious, name, f"not installed ({wanted} is needed)", _install(line))
        return
    if len(there) > 1:
        both = " and ".join(there)
        remedy = f"Uninstall both, then: {_install(line)}"
        yield Finding("note", name, f"{both} overwrite each other's files", remedy)
    found, version = next(iter(there.items()))
    loaded = getattr(sys.modules.get(_LOADED.get(found, "")), "__version__", "")
    tested_series = Version(tested.get(found, version)).release[:2]
    if not requirement.specifier.contains(version, prereleases=True):
        yield Finding(serious, found, f"{version} ({wanted} is needed)", _install(line))
    elif loaded and loaded != version:
        told = f"{loaded} is loaded, but {version} is installed"
        yield Finding("problem", found, told, "Restart the kernel")
    elif Version(version).release[:2] > tested_series:
        told = f"{version}; the newest that was tested is {tested[found]}"
        remedy = f"If a lesson fails: {_install(f'{found}=={tested[found]}')}"
        yield Finding("note", found, told, remedy)
    else:
        yield Finding("fine", found, f"{version} ({wanted})")


def _version(name: str) -> str:
    try:
        return metadata.version(name) or ""
    except metadata.PackageNotFoundError:
        return ""


def _install(requirement: str) -> str:
    if _in_kernel():
        return f'Run: %pip install "{requirement}" and restart the kernel'
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    return f'Type: {python} -m pip install "{requirement}"'


def _in_kernel() -> bool:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel")


def _same(one: str, other: str) -> bool:
    """Compare folders as they are spelled: environments' Pythons link to one and the same."""
    return os.path.normcase(os.path.abspath(one)) == os.path.normcase(os.path.abspath(other))


def _kernel() -> Iterator[Finding]:
    if machine.environment() in ("Colab", "Binder"):
        return
    if _in_kernel():
        active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or sys.prefix
        if _same(active, sys.prefix):
            yield Finding("fine", "kernel", "runs in the environment that Jupyter started in")
        else:
            told = "runs in another environment than `!pip` and `!python` reach"
            yield Finding("note", "kernel", told, "Type %pip where you would type !pip")
        return
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        python = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (ImportError, KeyError, OSError, ValueError, IndexError):
        return  # no such kernel, or no Jupyter: the line on ipykernel says so already
    mine, its = os.path.dirname(sys.executable), os.path.dirname(python)
    if os.path.isabs(python) and not _same(mine, its):
        told = f"`python3` in Jupyter starts another Python, {python}"
        remedy = "Type: jupyter kernelspec remove python3 (this Python's own then takes its place)"
        yield Finding("problem", "kernel", told, remedy)
    else:
        yield Finding("fine", "kernel", "`python3` in Jupyter starts this Python")


def _memory() -> Iterator[Finding]:
    total, free = machine.memory()
    if math.isnan(total):
        yield Finding("note", "memory", "could not be read", "Have 2 GB free for a lesson")
        return
    told = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free"
    need = f"a lesson takes up to {KERNEL_BYTES / 1e9:.1f} GB"
    if total < KERNEL_BYTES:
        yield Finding("problem", "memory", f"{told}; {need}", "Use a larger machine, or Colab")
    elif free < KERNEL_BYTES:
        remedy = "Close other programs, and kernels that you are done with"
        yield Finding("note", "memory", f"{told}; {need}", remedy)
    else:
        yield Finding("fine", "memory", told)


def _folder() -> Iterator[Finding]:
    error, free = machine.unwritable("."), machine.free_disk(".")
    if error is not None:
        told = f"cannot be written ({error.strerror})"
        remedy = "Open the lessons in a folder of yours: hpotutor lab FOLDER"
        yield Finding("problem", "this folder", told, remedy)
    elif free < FREE_DISK:
        told = f"{free / 1e6:.0f} MB are free on its disk"
        yield Finding("note", "this folder", told, f"Free {FREE_DISK / 1e6:.0f} MB")
    else:
        yield Finding("fine", "this folder", "can be written")


def _hidden() -> Iterator[Finding]:
    for name in _HIDING:
        if Path(f"{name}.py").is_file():
            told = f"it hides the library {name} from every notebook beside it"
            remedy = "Give it another name and restart the kernel"
            yield Finding("problem", f"the file {name}.py here", told, remedy)

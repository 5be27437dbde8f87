"""What is installed and what this machine gives, against what the lessons need, and how to mend it.

Versions are read from what is installed, without importing it: a broken TensorFlow must not keep
the doctor from saying so.
"""

import contextlib
import math
import os
import platform
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from hpotutor import _system as machine

_HERE = Path(__file__).resolve().parents[1]
_EXTRAS = ("tensorflow", "lab")  # those that a lesson uses
_NOTEBOOK = ("jupyterlab", "ipykernel", "ipywidgets>=8")  # the last goes with the first
_TENSORFLOWS = ("tensorflow", "tensorflow-cpu", "tensorflow-intel", "tensorflow-macos")
# The loaded version of these is compared with the installed one; tf-nightly and such differ.
_LOADED = "numpy pandas scipy scikit-learn matplotlib keras optuna".split()
_HIDING = "hpotutor numpy pandas scipy sklearn matplotlib keras tensorflow keras_tuner".split()
_HIDING += "scikeras hyperopt optuna random statistics types".split()

KERNEL_BYTES = 1.2e9  # a lesson's kernel, TensorFlow and figures included
FREE_DISK = 200e6  # logs, a learner's copy of the lessons, MNIST


class Finding(NamedTuple):
    """What was looked at and found, and what to do; a problem stops a lesson, a note does not."""

    state: Literal["fine", "note", "problem"]
    about: str
    told: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.state:8} {self.about}: {self.told}{'. ' if self.remedy else ''}{self.remedy}"


_fine, _note, _problem = (partial(Finding, state) for state in ("fine", "note", "problem"))


@dataclass(frozen=True, repr=False)
class Report:
    """What :func:`check` found: a line for each; as the last line of a cell those not fine."""

    findings: tuple[Finding, ...]

    def __bool__(self) -> bool:
        return all(finding.state != "problem" for finding in self.findings)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.findings), self.summary])

    def __repr__(self) -> str:
        return str(Report(tuple(f for f in self.findings if f.state != "fine")))

    @property
    def summary(self) -> str:
        """How it stands, in a sentence."""
        if self:
            return "Everything the lessons need is here."
        count = sum(finding.state == "problem" for finding in self.findings)
        thing = "1 thing has" if count == 1 else f"{count} things have"
        return f"{thing} to be mended before the lessons run."


def check() -> Report:
    """Look at versions, memory, processors, folder and kernel; TensorFlow is not imported.

    Report: true if a lesson can run. A cell's last line shows what is not fine, ``print`` all.

    Examples
    --------
    >>> import hpotutor as ht
    >>> ht.check().summary
    'Everything the lessons need is here.'
    """
    count = machine.cores()
    there = f"{machine.environment()}, {platform.system()} on {platform.machine()}, {count} core"
    where = _fine("runs on", there + ("s" if count > 1 else ""))
    found = (where, _python(), *_packages(), _kernel(), _memory(), _folder(), *_hidden())
    return Report(tuple(finding for finding in found if finding))


def _python() -> Finding:
    from packaging.specifiers import SpecifierSet

    from hpotutor import __version__

    version, (_, wanted) = platform.python_version(), _wanted()
    about = f"Python {version}, hpotutor {__version__}"
    if SpecifierSet(wanted).contains(version, prereleases=True):
        return _fine(about, f"tested with Python {wanted or 'of any version'}")
    remedy = "Install Python 3.12, then start again with `python3.12 start.py`"
    return _problem(about, f"the lessons need Python {wanted}", remedy)


def _wanted() -> tuple[list[str], str]:
    """Return all requirements and the range of Pythons; a checkout's own, if it is one."""
    try:
        project = tomllib.loads((_HERE.parent / "pyproject.toml").read_text("utf-8"))["project"]
    except (OSError, ValueError, KeyError):
        project = {}
    if project.get("name") == "hpotutor":
        used = [line for extra in _EXTRAS for line in project["optional-dependencies"][extra]]
        return [*project["dependencies"], *used], project["requires-python"]
    try:
        lines = [line.replace('"', "'") for line in metadata.requires("hpotutor") or []]
        python = metadata.metadata("hpotutor")["Requires-Python"]
    except metadata.PackageNotFoundError:  # a copied folder; nothing says what it needs
        return [], ""
    ends = tuple(f"extra == '{extra}'" for extra in _EXTRAS)
    return [line for line in lines if "extra ==" not in line or line.endswith(ends)], python


def _tested() -> dict[str, str]:
    """Return the newest versions that the tests ran with."""
    for path in (_HERE / "constraints.txt", _HERE.parent / "constraints.txt"):
        if path.is_file():
            lines = path.read_text(encoding="utf-8").splitlines()
            return dict(line.split("==") for line in lines if "==" in line and line[0] != "#")
    return {}


def _packages() -> Iterator[Finding]:
    lines, _ = _wanted()
    if not lines:
        told = "this copy of the package does not say which versions it needs"
        yield _note("versions", told, "Install it with pip, or keep pyproject.toml")
    tested = _tested()
    for line in lines:
        # Colab brings its own notebook, with a kernel that is older and must stay.
        if machine.environment() != "Colab" or not line.startswith(_NOTEBOOK):
            yield from _package(line.split(";")[0].strip(), tested)


def _package(line: str, tested: dict[str, str]) -> Iterator[Finding]:
    from packaging.requirements import Requirement
    from packaging.version import Version

    requirement, install = Requirement(line), _install(line)
    name, wanted = requirement.name, str(requirement.specifier)
    names = _TENSORFLOWS if name == "tensorflow" else (name,)
    there: dict[str, str] = {}
    for each in names:
        with contextlib.suppress(metadata.PackageNotFoundError):
            there[each] = metadata.version(each)
    # JupyterLab is one way to open a lesson among others.
    lacking = _note if name in _NOTEBOOK else _problem
    if not there:
        yield lacking(name, f"not installed ({wanted} is needed)", install)
        return
    if len(there) > 1:
        told = f"{' and '.join(there)} overwrite each other's files"
        yield _note(name, told, f"Uninstall both, then: {install}")
    found, version = next(iter(there.items()))
    module = sys.modules.get("sklearn" if found == "scikit-learn" else found)
    loaded = getattr(module, "__version__", "") if found in _LOADED else ""
    newest = tested.get(found, version)
    if not requirement.specifier.contains(version, prereleases=True):
        yield lacking(found, f"{version} ({wanted} is needed)", install)
    elif loaded and loaded != version:
        told = f"{loaded} is loaded, but {version} is installed"
        yield _problem(found, told, "Restart the kernel")
    elif Version(version).release[:2] > Version(newest).release[:2]:
        remedy = f"If a lesson fails: {_install(f'{found}=={newest}')}"
        yield _note(found, f"{version}; the newest that was tested is {newest}", remedy)
    else:
        yield _fine(found, f"{version} ({wanted})")


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


def _kernel() -> Finding | None:
    if machine.environment() in ("Colab", "Binder"):
        return None
    if _in_kernel():
        active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX") or sys.prefix
        if _same(active, sys.prefix):
            return _fine("kernel", "runs in the environment that Jupyter started in")
        told = "runs in another environment than `!pip` and `!python` reach"
        return _note("kernel", told, "Type %pip where you would type !pip")
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        python = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except (ImportError, KeyError, OSError, ValueError, IndexError):
        return None  # no such kernel, or no Jupyter: the line on ipykernel says so already
    if not os.path.isabs(python) or _same(*map(os.path.dirname, (sys.executable, python))):
        return _fine("kernel", "`python3` in Jupyter starts this Python")
    told = f"`python3` in Jupyter starts another Python, {python}"
    remedy = "Type: jupyter kernelspec remove python3 (this Python's own then takes its place)"
    return _problem("kernel", told, remedy)


def _memory() -> Finding:
    total, free = machine.memory()
    if math.isnan(total):
        return _note("memory", "could not be read", "Have 2 GB free for a lesson")
    told = f"{free / 1e9:.1f} of {total / 1e9:.1f} GB free"
    if free >= KERNEL_BYTES:
        return _fine("memory", told)
    told += f"; a lesson takes up to {KERNEL_BYTES / 1e9:.1f} GB"
    if total < KERNEL_BYTES:
        return _problem("memory", told, "Use a larger machine, or Colab")
    return _note("memory", told, "Close other programs, and kernels that you are done with")


def _folder() -> Finding:
    error, free = machine.unwritable("."), machine.free_disk(".")
    if error is not None:
        remedy = "Open the lessons in a folder of yours: hpotutor lab FOLDER"
        return _problem("this folder", f"cannot be written ({error.strerror})", remedy)
    if free < FREE_DISK:
        told = f"{free / 1e6:.0f} MB are free on its disk"
        return _note("this folder", told, f"Free {FREE_DISK / 1e6:.0f} MB")
    return _fine("this folder", "can be written")


def _hidden() -> Iterator[Finding]:
    for name in _HIDING:
        if Path(f"{name}.py").is_file():
            told = f"it hides the library {name} from every notebook beside it"
            remedy = "Give it another name and restart the kernel"
            yield _problem(f"the file {name}.py here", told, remedy)

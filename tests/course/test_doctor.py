"""The doctor finds what is wrong, says what to type, and needs nothing that may be broken."""

from __future__ import annotations

import errno
import json
import math
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

import hpotutor as ht
from hpotutor import _system as machine
from hpotutor.cli import main
from hpotutor.course import doctor
from hpotutor.course.doctor import Finding, Report


@pytest.fixture
def installed(monkeypatch):
    """Return versions that stand in for what is installed; empty means not installed."""
    changed: dict[str, str] = {}
    real = metadata.version

    def version(name: str) -> str:
        if changed.get(name) == "":
            raise metadata.PackageNotFoundError(name)
        return changed.get(name) or real(name)

    monkeypatch.setattr(doctor.metadata, "version", version)
    return changed


def found(about: str) -> Finding:
    (finding,) = [f for f in ht.check().findings if f.about == about]
    assert bool(finding.remedy) is (finding.state != "fine")  # what is to be done is always told
    return finding


def test_this_environment_is_fine(capsys):
    assert main(["doctor"]) == 0
    told = capsys.readouterr().out
    lines = told.splitlines()
    assert lines[-1] == "Everything the lessons need is here."
    assert all(line.split()[0] in ("fine", "note") for line in lines[:-1])
    assert f"numpy: {metadata.version('numpy')} (>=2.1.3)" in told
    assert "memory:" in told and "this folder: can be written" in told


def test_it_imports_nothing_heavy():
    code = (
        "import sys, hpotutor as ht; ht.check(); "
        "print([m for m in ('tensorflow', 'keras', 'numpy', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.stdout.strip(), done.stderr) == ("[]", "")


def test_an_old_version_is_a_problem_and_a_status(installed, capsys):
    installed["optuna"] = "4.8.0"
    assert main(["doctor"]) == 1
    told = capsys.readouterr().out
    (line,) = [line for line in told.splitlines() if line.startswith("problem")]
    assert "optuna: 4.8.0 (<6,>=5.0 is needed)" in line
    assert line.endswith('-m pip install "optuna>=5.0,<6"')
    assert told.splitlines()[-1] == "1 thing has to be mended before the lessons run."


def test_in_a_kernel_it_says_what_a_cell_takes(installed, monkeypatch):
    monkeypatch.setattr(doctor, "_in_kernel", lambda: True)
    installed["keras-tuner"] = ""
    finding = found("keras-tuner")
    assert finding.state == "problem"
    assert finding.remedy.startswith('Run: %pip install "keras-tuner>=1.4.8"')


@pytest.mark.parametrize(
    ("versions", "state", "told"),
    [
        ({"tensorflow": "2.20.0", "tensorflow-cpu": ""}, "fine", "2.20.0"),
        ({"tensorflow": "2.20.0", "tensorflow-cpu": "2.21.0"}, "note", "overwrite"),
        ({"tensorflow": "", "tensorflow-cpu": ""}, "problem", "not installed"),
        ({"tensorflow": "2.19.1", "tensorflow-cpu": ""}, "problem", "2.19.1"),
    ],
)
def test_either_tensorflow_will_do(installed, versions, state, told):
    installed.update({"tensorflow-intel": "", "tensorflow-macos": "", **versions})
    findings = [f for f in ht.check().findings if f.about.startswith("tensorflow")]
    assert (findings[0].state, told in findings[0].told) == (state, True)
    assert findings[0].remedy.endswith('"tensorflow>=2.20"') == (state != "fine")


def test_a_newer_series_than_tested_is_a_note(installed, monkeypatch):
    monkeypatch.delitem(sys.modules, "keras", raising=False)  # another test may have loaded it
    installed["keras"] = "3.99.0"
    finding = found("keras")
    assert finding.state == "note"
    assert f"the newest that was tested is {doctor._tested()['keras']}" in finding.told
    assert 'pip install "keras==' in finding.remedy


def test_a_moved_library_wants_a_restart(installed, monkeypatch):
    loaded = SimpleNamespace(__version__="2.1.2")  # another than any that is tested
    monkeypatch.setitem(sys.modules, "numpy", loaded)
    finding = found("numpy")
    assert (finding.state, finding.remedy) == ("problem", "Restart the kernel")
    assert finding.told.startswith("2.1.2 is loaded, but")


def test_jupyterlab_is_only_one_way(installed):
    installed["jupyterlab"] = ""
    assert found("jupyterlab").state == "note"
    assert ht.check()


def test_colabs_own_notebook_is_left_alone(installed, monkeypatch):
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release")
    installed.update({"jupyterlab": "", "ipykernel": "6.17.1", "ipywidgets": "7.7.1"})
    report = ht.check()
    assert report and "Colab" in report.findings[0].told
    assert not {"jupyterlab", "ipykernel", "kernel"} & {f.about for f in report.findings}


def test_another_python_is_a_problem(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.10.4")
    finding = found(f"Python 3.10.4, hpotutor {ht.__version__}")
    assert finding.state == "problem" and ">=3.11" in finding.told and "start.py" in finding.remedy


def test_an_installed_package_knows_its_ranges(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "_HERE", tmp_path / "site-packages")
    lines = ["numpy>=2.1.3", "tensorflow>=2.20; extra == 'tensorflow'", "x>=1; extra == 'test'"]
    lines += ['tensorflow-cpu>=2.20; (sys_platform != "darwin") and extra == "cpu"']
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: lines)
    monkeypatch.setattr(doctor.metadata, "metadata", lambda name: {"Requires-Python": ">=3.11"})
    assert doctor._wanted() == (lines[:2], ">=3.11")
    assert doctor._tested() == {}


def test_a_copied_folder_is_a_note(monkeypatch, tmp_path):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "_HERE", tmp_path / "copied")
    monkeypatch.setattr(doctor.metadata, "requires", missing)
    assert found("versions").state == "note"
    assert ht.check()


@pytest.mark.parametrize(
    ("total", "free", "state"),
    [(1e9, 9e8, "problem"), (2e9, 1e9, "note"), (2e9, 1.5e9, "fine"), (math.nan,) * 2 + ("note",)],
)
def test_memory_is_weighed(monkeypatch, total, free, state):
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(total, free))
    assert found("memory").state == state


def test_a_full_or_read_only_folder_is_told(monkeypatch):
    monkeypatch.setattr(machine, "free_disk", lambda folder: 1e6)
    assert (found("this folder").state, found("this folder").remedy) == ("note", "Free 200 MB")
    error = OSError(errno.EROFS, "Read-only file system")
    monkeypatch.setattr(machine, "unwritable", lambda folder: error)
    assert "Read-only file system" in found("this folder").told
    assert "hpotutor lab" in found("this folder").remedy


def test_a_file_that_hides_a_library_is_a_problem(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("keras.py").write_text("")
    assert found("the file keras.py here").state == "problem"


def test_a_kernel_of_another_python_is_a_problem(monkeypatch, tmp_path):
    folder = tmp_path / "kernels" / "python3"
    folder.mkdir(parents=True)
    other = tmp_path / "elsewhere" / "python3"
    spec = {"argv": [str(other), "-m", "ipykernel_launcher"], "display_name": "Python 3"}
    (folder / "kernel.json").write_text(json.dumps(spec))
    assert found("kernel").state == "fine"
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    finding = found("kernel")
    assert finding.state == "problem" and str(other) in finding.told
    assert "kernelspec remove python3" in finding.remedy
    shutil.rmtree(folder)
    assert found("kernel").state == "fine"


@pytest.mark.parametrize(("inside", "state"), [(True, "fine"), (False, "note")])
def test_a_kernel_beside_its_terminal_is_a_note(monkeypatch, tmp_path, inside, state):
    monkeypatch.setattr(doctor, "_in_kernel", lambda: True)
    monkeypatch.setenv("VIRTUAL_ENV", sys.prefix if inside else str(tmp_path))
    assert found("kernel").state == state


def test_a_cell_shows_only_what_is_not_fine():
    report = Report((Finding("fine", "a", "b"), Finding("note", "c", "d", "Do e")))
    assert repr(report).splitlines() == [
        "note     c: d. Do e",
        "Everything the lessons need is here.",
    ]
    assert len(str(report).splitlines()) == 3
    assert report and not Report((Finding("problem", "a", "b"), Finding("problem", "a", "b")))


# ── what it says, and at which limits ────────────────────────────────────────────────────────


@pytest.mark.parametrize(("cores", "says"), [(1, "1 core"), (2, "2 cores")])
def test_the_first_line_says_where_it_runs(monkeypatch, cores, says):
    monkeypatch.setattr(machine, "cores", lambda: cores)
    monkeypatch.setattr(machine, "environment", lambda: "JupyterHub")
    where = ht.check().findings[0]
    assert (where.state, where.about) == ("fine", "runs on")
    assert where.told.startswith("JupyterHub, ") and where.told.endswith(f", {says}")


def test_the_last_line_counts_what_is_to_be_mended():
    findings = [Finding("problem", "a", "b"), Finding("note", "c", "d"), Finding("fine", "e", "f")]
    assert Report(tuple(findings)).summary == "1 thing has to be mended before the lessons run."
    findings.append(Finding("problem", "g", "h"))
    told = "2 things have to be mended before the lessons run."
    assert Report(tuple(findings)).summary == str(Report(tuple(findings))).splitlines()[-1] == told


def test_a_python_that_is_not_released_is_one(monkeypatch):
    monkeypatch.setattr(doctor.platform, "python_version", lambda: "3.13.0rc1")
    assert found(f"Python 3.13.0rc1, hpotutor {ht.__version__}").state == "fine"


PROJECT = '[project]\nname = "{}"\nrequires-python = ">=3.9"\ndependencies = ["numpy>=1"]\n'
PROJECT += "[project.optional-dependencies]\ntensorflow = ['x']\nlab = ['y', 'z']\ntest = ['t']\n"


@pytest.fixture
def package(monkeypatch, tmp_path) -> Path:
    """Return where the package is, installed by a wheel that asks for nothing."""
    monkeypatch.setattr(doctor, "_HERE", tmp_path / "hpotutor")
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: None)
    monkeypatch.setattr(doctor.metadata, "metadata", lambda name: {"Requires-Python": ">=3.11"})
    (tmp_path / "hpotutor").mkdir()
    return tmp_path / "hpotutor"


@pytest.mark.parametrize("text", ["", "[project]", PROJECT.format("other"), "[", "[tool]\na = 1"])
def test_somebody_elses_project_says_nothing_of_ours(package, text):
    (package.parent / "pyproject.toml").write_text(text)
    assert doctor._wanted() == ([], ">=3.11")
    finding = found("versions")
    assert finding.state == "note" and "which versions" in finding.told


def test_a_checkout_knows_what_lessons_need(package):
    (package.parent / "pyproject.toml").write_text(PROJECT.format("hpotutor"))
    assert doctor._wanted() == (["numpy>=1", "x", "y", "z"], ">=3.9")
    assert not [f for f in ht.check().findings if f.about == "versions"]


def test_this_checkout_does_without_what_is_installed(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: None)
    abouts = {finding.about for finding in ht.check().findings}
    assert "numpy" in abouts and "versions" not in abouts


def test_the_versions_that_were_tested_come_with_the_package(package):
    text = "# as of today==now\n\nkeras==3.10.1\n--index-url x\noptuna==5.0.0\n"
    (package.parent / "constraints.txt").write_text(text)
    assert doctor._tested() == {"keras": "3.10.1", "optuna": "5.0.0"}
    (package / "constraints.txt").write_text("keras==3.11.0")
    assert doctor._tested() == {"keras": "3.11.0"}


@pytest.mark.parametrize(
    ("version", "state"),
    [
        ("3.9.9", "fine"),
        ("3.10.2", "fine"),
        ("3.11.0", "note"),
        ("4.0.0", "note"),
        ("3.8.0", "problem"),
        ("3.10.0rc1", "fine"),
    ],
)
def test_a_version_is_compared_by_its_series(installed, monkeypatch, version, state):
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    installed["keras"] = version
    (finding,) = doctor._package("keras>=3.9,<5", {"keras": "3.10.1"})
    assert (finding.state, finding.about) == (state, "keras")
    assert finding.told.startswith(version)
    (finding,) = doctor._package("keras>=3.8", {})  # nobody said what was tested
    assert finding.state == "fine"


@pytest.mark.parametrize(
    ("requirement", "module", "loaded", "state"),
    [
        ("scikit-learn>=1", "sklearn", "1.2.0", "problem"),
        ("scikit-learn>=1", "sklearn", "1.5.0", "fine"),
        ("pandas>=1", "pandas", None, "fine"),  # such as one that only begins to be imported
        ("tensorflow>=1", "tensorflow", "1.6.0-dev", "fine"),  # of a nightly build
    ],
)
def test_what_is_loaded_is_what_is_installed(
    installed, monkeypatch, requirement, module, loaded, state
):
    installed.update({"scikit-learn": "1.5.0", "pandas": "1.5.0", "tensorflow": "1.5.0"})
    installed.update({"tensorflow-cpu": "", "tensorflow-intel": "", "tensorflow-macos": ""})
    stand_in = SimpleNamespace(__version__=loaded) if loaded else SimpleNamespace()
    monkeypatch.setitem(sys.modules, module, stand_in)
    (finding,) = doctor._package(requirement, {})
    assert finding.state == state
    if state == "problem":
        assert finding.told == "1.2.0 is loaded, but 1.5.0 is installed"


@pytest.mark.parametrize(
    ("name", "state"),
    [("jupyterlab", "note"), ("ipykernel", "note"), ("optuna", "problem")],
)
def test_an_old_notebook_is_a_note(installed, name, state):
    installed[name] = "0.1"
    (finding,) = doctor._package(f"{name}>=1", {})
    assert (finding.state, finding.told) == (state, "0.1 (>=1 is needed)")
    installed[name] = ""
    (finding,) = doctor._package(f"{name}>=1", {})
    assert (finding.state, finding.told) == (state, "not installed (>=1 is needed)")


def test_two_tensorflows_are_told_and_the_first_is_looked_at(installed):
    installed.update({"tensorflow": "2.1", "tensorflow-cpu": "2.2", "tensorflow-intel": ""})
    installed["tensorflow-macos"] = ""
    both, first = doctor._package("tensorflow>=2", {})
    assert (both.state, both.about) == ("note", "tensorflow")
    assert both.told == "tensorflow and tensorflow-cpu overwrite each other's files"
    assert both.remedy.startswith("Uninstall both, then: ")
    assert (first.about, first.told) == ("tensorflow", "2.1 (>=2)")


def test_a_python_in_a_folder_with_a_blank_is_quoted(installed, monkeypatch):
    installed["optuna"] = ""
    monkeypatch.setattr(sys, "executable", "/my own/python")
    assert found("optuna").remedy.startswith('Type: "/my own/python" -m pip install "optuna')
    monkeypatch.setattr(sys, "executable", "/mine/python")
    assert found("optuna").remedy.startswith("Type: /mine/python -m pip install ")


@pytest.mark.parametrize(
    ("shell", "remedy"),
    [(SimpleNamespace(kernel=1), "Run: %pip"), (SimpleNamespace(), "Type: "), (None, "Type: ")],
    ids=["a notebook", "ipython", "python"],
)
def test_it_knows_whether_it_is_asked_in_a_cell(installed, monkeypatch, shell, remedy):
    installed["optuna"] = ""
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    assert found("optuna").remedy.startswith(remedy)
    monkeypatch.delitem(sys.modules, "IPython")
    assert found("optuna").remedy.startswith("Type: ")


# ── the kernel ───────────────────────────────────────────────────────────────────────────────


def about_kernel() -> list[str]:
    return [finding.state for finding in ht.check().findings if finding.about == "kernel"]


@pytest.mark.parametrize(
    ("names", "state"),
    [({}, "fine"), ({"CONDA_PREFIX": "other"}, "note"), ({"VIRTUAL_ENV": "other"}, "note")],
)
def test_an_environment_is_conda_or_a_virtual_one(monkeypatch, names, state):
    monkeypatch.setattr(doctor, "_in_kernel", lambda: True)
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    for name, value in names.items():
        monkeypatch.setenv(name, value)
    assert about_kernel() == [state]


def test_a_folder_may_be_spelled_in_other_ways(monkeypatch):
    monkeypatch.setattr(doctor, "_in_kernel", lambda: True)
    monkeypatch.setenv("VIRTUAL_ENV", f"{sys.prefix}/bin/..")
    assert about_kernel() == ["fine"]


@pytest.mark.parametrize("name", ["COLAB_RELEASE_TAG", "BINDER_SERVICE_HOST"])
def test_hosts_choose_their_own_kernel(monkeypatch, name):
    monkeypatch.setenv(name, "x")
    assert about_kernel() == []


def test_without_jupyter_there_is_no_kernel_to_tell_of(monkeypatch):
    monkeypatch.setitem(sys.modules, "jupyter_client.kernelspec", None)
    assert about_kernel() == []


@pytest.mark.parametrize("python", ["python", "python3.12"])
def test_a_kernel_of_whatever_python_comes_first_is_ours(monkeypatch, tmp_path, python):
    (tmp_path / "kernels" / "python3").mkdir(parents=True)
    spec = json.dumps({"argv": [python, "-m", "ipykernel_launcher"], "display_name": "Python 3"})
    (tmp_path / "kernels" / "python3" / "kernel.json").write_text(spec)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    assert about_kernel() == ["fine"]


# ── memory, folder, files ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("total", "free", "state", "told"),
    [
        (4e9, 1.2e9, "fine", "1.2 of 4.0 GB free"),
        (1.2e9, 1.1e9, "note", "1.1 of 1.2 GB free; a lesson takes up to 1.2 GB"),
        (1.1e9, 0.5e9, "problem", "0.5 of 1.1 GB free; a lesson takes up to 1.2 GB"),
        (math.nan, 9e9, "note", "could not be read"),
    ],
)
def test_a_lesson_takes_so_much_memory(monkeypatch, total, free, state, told):
    monkeypatch.setattr(machine, "memory", lambda: machine.Memory(total, free))
    assert (found("memory").state, found("memory").told) == (state, told)


@pytest.mark.parametrize(
    ("free", "state", "told"),
    [(200e6, "fine", "can be written"), (199e6, "note", "199 MB are free on its disk")],
)
def test_a_lesson_takes_so_much_disk(monkeypatch, free, state, told):
    monkeypatch.setattr(machine, "free_disk", lambda folder: free)
    assert (found("this folder").state, found("this folder").told) == (state, told)


def test_every_library_of_a_lesson_can_be_hidden(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    names = "numpy pandas sklearn matplotlib keras optuna hpotutor random statistics".split()
    for name in [*names, "mine"]:
        Path(f"{name}.py").write_text("")
    (tmp_path / "types.py").mkdir()  # a folder of that name is no module
    problems = [finding for finding in doctor._hidden() if finding.state == "problem"]
    assert all("another name" in f.remedy for f in problems)
    assert {f.about for f in problems} == {f"the file {name}.py here" for name in names}

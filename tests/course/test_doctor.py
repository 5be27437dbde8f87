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

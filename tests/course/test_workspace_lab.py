"""`hpotutor lab` brings a copy up to date, then hands over to JupyterLab."""

from __future__ import annotations

import pytest

from hpotutor import cli
from hpotutor.course import workspace as copies
from hpotutor.course import workspace as lab


@pytest.fixture
def opened(monkeypatch, tmp_path) -> list:
    calls: list = []

    def open_lab(folder, arguments):
        calls.append((str(folder), arguments))
        return 7

    monkeypatch.setattr(lab, "open_lab", open_lab)
    monkeypatch.setattr(copies, "default_folder", lambda: tmp_path / "default")
    return calls


@pytest.mark.parametrize(
    ("typed", "folder", "passed"),
    [
        ([], "default", []),
        (["mine"], "mine", []),
        (["--port", "9000"], "default", ["--port", "9000"]),
        (["mine", "--no-browser", "--port", "9"], "mine", ["--no-browser", "--port", "9"]),
    ],
)
def test_options_reach_jupyterlab(opened, monkeypatch, tmp_path, capsys, typed, folder, passed):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["lab", *typed]) == 7
    (call,) = opened
    assert call[0].endswith(folder) and call[1] == passed
    assert (tmp_path / folder / "00_start_here.ipynb").exists()
    said = capsys.readouterr().out
    assert "added 00_start_here.ipynb" in said and "Your lessons are in" in said


def test_it_can_stop_after_copying(opened, tmp_path):
    assert cli.main(["lab", str(tmp_path / "x"), "--copy-only"]) == 0
    assert opened == []


def test_only_lab_takes_foreign_options(capsys):
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--port", "9000"])
    assert "unrecognized arguments: --port 9000" in capsys.readouterr().err


def test_jupyterlab_listens_here_only(tmp_path):
    command = lab.lab_command(tmp_path, ["--ServerApp.ip=0.0.0.0"])
    assert f"--ServerApp.root_dir={tmp_path.resolve()}" in command
    assert command.index("--ServerApp.ip=127.0.0.1") < command.index("--ServerApp.ip=0.0.0.0")


def test_a_missing_jupyterlab_is_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["lab", str(tmp_path)]) == 1
    assert 'pip install "jupyterlab>=4.2"' in capsys.readouterr().err


def test_an_interrupt_waits_for_jupyterlabs_own_status(monkeypatch, tmp_path):
    class Process:
        def __init__(self, command):
            self.waited = 0

        def wait(self):
            self.waited += 1
            if self.waited == 1:
                raise KeyboardInterrupt
            return 3

    monkeypatch.setattr(lab.subprocess, "Popen", Process)
    assert lab.open_lab(tmp_path) == 3

"""`hpotutor lab` brings a copy up to date, then is JupyterLab, which nothing outlives."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from hpotutor import cli
from hpotutor.course import workspace as copies
from hpotutor.course import workspace as lab


@pytest.fixture
def opened(monkeypatch, tmp_path) -> list:
    calls: list = []

    def open_lab(folder, arguments):
        calls.append((str(folder), arguments))
        sys.exit(7)

    monkeypatch.setattr(lab, "open_lab", open_lab)
    monkeypatch.setattr(copies, "default_folder", lambda: tmp_path / "default")
    return calls


@pytest.mark.parametrize(
    ("typed", "folder", "passed"),
    [
        ([], "default", []),
        (["mine"], "mine", []),
        (
            ["03", "--no-browser"],
            "default",
            ["--LabApp.default_url=/lab/tree/03_random_search.ipynb", "--no-browser"],
        ),
        (["--port", "9000"], "default", ["--port", "9000"]),
        (["mine", "--no-browser", "--port", "9"], "mine", ["--no-browser", "--port", "9"]),
    ],
)
def test_options_reach_jupyterlab(opened, monkeypatch, tmp_path, capsys, typed, folder, passed):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        cli.main(["lab", *typed])
    assert ended.value.code == 7
    (call,) = opened
    assert call[0].endswith(folder) and call[1] == passed
    assert (tmp_path / folder / "00_start_here.ipynb").exists()
    said = capsys.readouterr().out
    assert "added 00_start_here.ipynb" in said and "Your lessons are in" in said


def test_a_lesson_that_is_not_there_is_no_folder(opened, capsys):
    assert cli.main(["lab", "77"]) == 1
    assert "77" in capsys.readouterr().err and opened == []


def test_it_can_stop_after_copying(opened, tmp_path):
    assert cli.main(["lab", str(tmp_path / "x"), "--copy-only"]) == 0
    assert opened == []
    assert "(00_start_here.ipynb)" in (tmp_path / "x" / "index.md").read_text(encoding="utf-8")


def test_only_lab_takes_foreign_options(capsys):
    with pytest.raises(SystemExit):
        cli.main(["doctor", "--port", "9000"])
    assert "unrecognized arguments: --port 9000" in capsys.readouterr().err


def test_jupyterlab_listens_here_only_unless_it_is_told_otherwise(tmp_path):
    options = lab.lab_arguments(tmp_path, ["--port", "9"], "index.md")
    assert f"--ServerApp.root_dir={tmp_path.resolve()}" in options
    assert "--ServerApp.ip=127.0.0.1" in options
    assert "--LabApp.default_url=/lab/tree/index.md" in options
    for given in ("--ip=0.0.0.0", "--ServerApp.ip=0.0.0.0"):  # Jupyter refuses to be told twice
        assert [o for o in lab.lab_arguments(tmp_path, [given]) if "ip=" in o] == [given]
    page = "--LabApp.default_url=/lab/tree/03_random_search.ipynb"
    assert [o for o in lab.lab_arguments(tmp_path, [page]) if "default_url" in o] == [page]


def test_the_layout_is_the_folders_own(tmp_path, monkeypatch):
    pytest.importorskip("jupyterlab")
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "theirs")
    monkeypatch.setenv("JUPYTERLAB_WORKSPACES_DIR", str(tmp_path / "theirs"))
    lab.lay_out(tmp_path)
    assert list(tmp_path.iterdir()) == []  # they have said where
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0] == "theirs"
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR")
    lab.lay_out(tmp_path)
    (layout,) = (tmp_path / ".hpotutor_lab").iterdir()
    layout.write_text("moved by its owner")
    monkeypatch.delenv("JUPYTERLAB_WORKSPACES_DIR")
    lab.lay_out(tmp_path)
    assert layout.read_text() == "moved by its owner"


def test_a_missing_jupyterlab_is_a_sentence(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert cli.main(["lab", str(tmp_path)]) == 1
    assert 'pip install "jupyterlab>=4.2"' in capsys.readouterr().err


# ── real JupyterLab, ended ───────────────────────────────────────────────────────────────────


def the_command(folder: Path, root: Path) -> list[str]:
    return [sys.executable, "-m", "hpotutor"]


def start_py(folder: Path, root: Path) -> list[str]:
    """Return a start of start.py in a project whose environment is the one that runs this."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    for name in ("start.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(root / name, folder)
    stamp = "import start; start.write_stamp(start.fingerprint())"
    subprocess.run([sys.executable, "-c", stamp], cwd=folder, check=True)
    return [sys.executable, str(folder / "start.py")]


def start_kernel(address: str, deadline: float) -> None:
    """Ask a server for a kernel; it writes down its address a moment before it listens."""
    while True:
        try:
            return urllib.request.urlopen(address, data=b"{}", timeout=60).close()
        except urllib.error.URLError:
            assert time.monotonic() < deadline
            time.sleep(0.1)


@contextmanager
def running(command: list[str], folder: Path, root: Path) -> Iterator[tuple]:
    """Start JupyterLab with a kernel; yield its starter, its address, and all that runs there."""
    runtime = folder / "runtime"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    with (folder / "log").open("w") as log:
        started = subprocess.Popen(
            [*command, "lab", str(folder / "mine"), "--no-browser", "--ServerApp.port_retries=999"],
            env={**kept, "PYTHONPATH": str(root), "JUPYTER_RUNTIME_DIR": str(runtime)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # A background job inherits an ignored Ctrl-C; a learner's terminal does not.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        family = [psutil.Process(started.pid)]
        try:
            deadline = time.monotonic() + 180
            while not (servers := list(runtime.glob("jpserver-*.json"))):
                assert started.poll() is None, (folder / "log").read_text()
                assert time.monotonic() < deadline, (folder / "log").read_text()
                time.sleep(0.1)
            server = json.loads(servers[0].read_text())
            address = f"{server['url']}api/kernels?token={server['token']}"
            start_kernel(address, deadline)
            family += family[0].children(recursive=True)
            yield started, server, family
        finally:
            for process in family:
                if process.is_running():
                    process.kill()
            started.wait()


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals; Windows knows an end by force alone")
@pytest.mark.parametrize(
    ("starter", "name"),
    [
        (the_command, "SIGTERM"),
        (the_command, "SIGHUP"),
        (the_command, "SIGINT"),
        (the_command, "SIGKILL"),
        (start_py, "SIGKILL"),  # it becomes the command, which the others are sent to above
    ],
)
def test_nothing_outlives_its_starter(tmp_path, root, starter, name) -> None:
    pytest.importorskip("jupyterlab")
    with running(starter(tmp_path, root), tmp_path, root) as (started, server, family):
        assert len(family) > 1  # there is a kernel
        assert server["pid"] == started.pid  # JupyterLab is no child that could be left
        started.send_signal(getattr(signal, name))
        started.wait(60)
        left = psutil.wait_procs(family, timeout=30)[1]
        assert left == []
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(server["url"], timeout=5)

"""JupyterLab, started by `hpotutor lab`, is that very process, and nothing outlives it."""

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
        (the_command, "SIGHUP"),  # which it answers by a SIGTERM to itself
        (the_command, "SIGINT"),
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

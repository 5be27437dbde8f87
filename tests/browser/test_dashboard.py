"""Optuna's dashboard on a stored study, started as docs/tracking.md says, seen in a browser."""

from __future__ import annotations

import re
import shlex
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import optuna
import pytest

pytest.importorskip("optuna_dashboard", reason="No dashboard: pip install -e '.[dashboard]'.")

WAIT = 300.0  # seconds, on the busiest machine


@pytest.fixture(scope="module")
def dashboard(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of a server that shows a study of three trials."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "runs").mkdir()
    place = f"sqlite:///{(folder / 'runs' / 'study.db').as_posix()}"
    study = optuna.create_study(study_name="tracked", storage=place, direction="maximize")
    study.optimize(lambda trial: trial.suggest_float("learning_rate", 0, 1), n_trials=3)
    page = (root / "docs" / "tracking.md").read_text(encoding="utf-8")
    (typed,) = re.findall(r"```bash\n(.*?)\n```", page, re.S)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    name, *arguments = shlex.split(typed.replace("8080", str(port)))
    assert name == "optuna-dashboard"
    command = [sys.executable, "-c", "from optuna_dashboard._cli import main; main()", *arguments]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, cwd=folder, **quiet) as server:
        try:
            deadline = time.monotonic() + WAIT
            while not _listens(port) and time.monotonic() < deadline and server.poll() is None:
                threading.Event().wait(0.1)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def test_the_dashboard_shows_the_study_and_asks_nobody_else(dashboard: str, browser: Any) -> None:
    page, asked = browser.new_page(), set()
    page.set_default_timeout(1000 * WAIT)
    page.on("request", lambda request: asked.add(urlsplit(request.url).hostname))
    try:
        page.goto(f"{dashboard}/dashboard")
        page.get_by_text("tracked").first.click()
        page.get_by_text("Best Trial (number=").first.wait_for()
        page.get_by_text("Params = [learning_rate:").first.wait_for()
    finally:
        page.close()
    assert asked - {None} == {"127.0.0.1"}

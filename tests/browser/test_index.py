"""A first evening with `hpotutor lab`, as a learner sees it: the first page, a lesson, a point."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.browser.notebook import without_node

IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
PATIENCE = 300_000  # milliseconds, on a machine that has much else to do


@contextlib.contextmanager
def opened(home: Path, root: Path) -> Iterator[str]:
    """Be `hpotutor lab` with an empty home folder; yield the address that it opens."""
    runtime = home / "runtime"
    for old in runtime.glob("jpserver-*"):
        old.unlink()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    own = {"HOME": str(home), "PYTHONPATH": str(root), "JUPYTER_RUNTIME_DIR": str(runtime)}
    own["PATH"] = without_node()
    with (home / "log").open("w") as log:
        command = [sys.executable, "-m", "hpotutor", "lab", str(home / "mine"), "--no-browser"]
        server = subprocess.Popen(
            [*command, "--ServerApp.port_retries=999"], env=kept | own, stdout=log, stderr=log
        )
        try:
            yield _address(server, runtime, home / "log")
        finally:
            family = [*psutil.Process(server.pid).children(recursive=True)]
            server.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.wait(60)
            for process in [server, *(one for one in family if one.is_running())]:
                process.kill()


def _address(server: subprocess.Popen, runtime: Path, log: Path) -> str:
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline and server.poll() is None:
        for line in log.read_text().splitlines():
            if "/lab/tree/" in line and "token=" in line and list(runtime.glob("jpserver-*.json")):
                return line[line.index("http") :].strip()
        time.sleep(0.1)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def index(page: Any) -> Any:
    """Wait for the page of all lessons; return it."""
    shown = page.locator(".jp-MarkdownViewer:visible")
    shown.locator("table").wait_for(timeout=PATIENCE)
    return shown


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    made = browser.new_page()
    made.set_viewport_size({"width": 1280, "height": 900})
    made.set_default_timeout(60_000)
    yield made
    made.close()


def test_from_the_first_page_to_a_point_and_after_a_restart(
    page: Any, tmp_path: Path, root: Path
) -> None:
    pytest.importorskip("jupyterlab")
    with opened(tmp_path, root) as address:
        page.goto(address, timeout=PATIENCE)
        shown = index(page)
        assert "0 of 6" in shown.locator("tr", has_text="00 · Start here").inner_text()
        assert page.locator(".Toastify__toast").count() == 0  # no question about news
        names = page.locator(".jp-DirListing-itemText")
        cut = (
            "all => all.filter(one => one.scrollWidth > one.clientWidth).map(one => one.innerText)"
        )
        assert names.count() >= 13 and names.evaluate_all(cut) == []
        shown.get_by_role("link", name="00 · Start here").first.click()
        page.wait_for_selector(IDLE, timeout=PATIENCE)
        contents = page.locator(".jp-TableOfContents:visible")
        contents.get_by_text("1. What tuning is worth").wait_for()
        answer(page)
        page.locator(".lm-TabBar-tab", has_text="index.md").locator(
            ".lm-TabBar-tabCloseIcon"
        ).click()
        page.locator(".jp-DirListing-item", has_text="index.md").dblclick()
        assert "1 of 6" in index(page).locator("tr", has_text="00 · Start here").inner_text()
        page.goto("about:blank")
    with opened(tmp_path, root) as address:
        page.goto(address, timeout=PATIENCE)
        shown = index(page)
        assert "1 of 6" in shown.locator("tr", has_text="00 · Start here").inner_text()
        assert "exercises 2, 3, 4 are open" in shown.inner_text()
    theirs = [file for file in (tmp_path / ".jupyter").rglob("*") if "lab" in file.parts]
    assert theirs == []  # settings and layouts of the learner's own are as they were
    kept = json.loads((tmp_path / "mine" / "hpotutor_progress.json").read_text())
    assert kept["exercises"]["lesson_00.q1"]["right"]


def answer(page: Any) -> None:
    """Write the answer to the lesson's first exercise into its cell, and check it."""
    # JupyterLab 4.2 has nothing in the page but the cells in sight, so go where the exercise is.
    contents = page.locator(".jp-TableOfContents:visible")
    contents.get_by_text("Exercise 0.1").click()
    cell = page.locator(".jp-CodeCell", has_text="exercises.q1.check(answer)")
    cell.scroll_into_view_if_needed()
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+A")
    given = "exercises.q1.check(64 * 32 + 32 + 32 * 10 + 10)"
    # A cell that is run as soon as the lesson is shown may be lost: this one needs no other.
    page.keyboard.insert_text(f"from hpotutor.exercises import lesson_00 as exercises; {given}")
    page.keyboard.press("Shift+Enter")
    page.locator(".jp-OutputArea-output", has_text="Right.").first.wait_for(timeout=PATIENCE)

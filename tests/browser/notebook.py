"""A notebook open in the browser, and the hands and eyes that a test needs on its panel."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# Nothing but the server on this machine is reached, not even through a proxy.
_FLAGS = [
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-proxy-server",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
# Else JupyterLab asks, over the page, whether it may fetch news; and takes cells out of the page
# that are not in sight.
_SETTINGS = {
    "apputils-extension/notification": '{"fetchNews": "false"}',
    "notebook-extension/tracker": '{"windowingMode": "none"}',
}
_IDLE = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
# Keeps in mind what a panel shows: its picture and its reading.
_SEE = """panel => {
    const line = panel.querySelector('[role=status]');
    return {picture: panel.querySelector('img').getAttribute('src'),
        reading: line ? line.textContent : ''};
}"""
_REMEMBER = f"panel => {{ window.seen = ({_SEE})(panel); }}"
# Waits until the parts named are not what they were, and then until all is quiet: nothing has
# moved for a while and the kernel rests. Answers what is missing; nothing, if all went well. It
# looks from within the page: a busy machine is spared a journey through three processes a look.
_REST = f"""async (panel, [parts, quiet, patience]) => {{
    const began = performance.now();
    let last = {{}}, since = began;
    while (true) {{
        const now = ({_SEE})(panel), time = performance.now();
        const busy = !document.querySelector('{_IDLE}') || now.reading.startsWith('Training');
        if (busy || now.picture !== last.picture || now.reading !== last.reading) since = time;
        last = now;
        const same = parts.filter(part => now[part] === window.seen[part]);
        if (!same.length && time - since >= quiet) return [];
        if (time - began > patience) return [...same.map(part => 'another ' + part),
            ...(time - since < quiet ? ['rest'] : []), 'it reads: ' + now.reading];
        await new Promise(go => setTimeout(go, 30));
    }}
}}"""
# Notes every height that the panel takes on from now on.
_WATCH = """panel => {
    if (window.watching) window.watching.disconnect();
    window.heights = [];
    window.watching = new ResizeObserver(() => {
        window.heights.push(panel.getBoundingClientRect().height);
    });
    window.watching.observe(panel);
}"""
# What JupyterLab itself says about files that a fresh server does not have yet, and the kernel
# when JupyterLab asks it for widgets before a cell has imported ipywidgets.
_HARMLESS = re.compile(
    r"status of 40[34]|favicon|ResizeObserver loop|preload|net::ERR_|WebSocket connection"
)
_TOO_EARLY = b"No such comm"
# A traceback, and what Python writes to stderr when something is wrong.
_FAULT = re.compile(
    rb'"msg_type": ?"error"|"status": ?"error"|"name": ?"stderr".*(Traceback|Error|Warning)', re.S
)
# To this machine's own server, whatever proxy the environment names.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def notebook_of(cells: Sequence[str]) -> Any:
    """Return a notebook of code cells."""
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return made


class NoBrowser(Exception):
    """There is no Chromium here, or none that starts."""


@contextlib.contextmanager
def open_browser() -> Iterator[Any]:
    """Run a headless Chromium: the one named, the system's, or Playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        named = os.environ.get("HPOTUTOR_CHROMIUM")
        found = named or next(filter(None, map(shutil.which, _BROWSERS)), None)
        found = found or playwright.chromium.executable_path
        if not Path(found).exists():
            raise NoBrowser("No Chromium on this machine.")
        try:
            launched = playwright.chromium.launch(
                executable_path=found, args=_FLAGS, timeout=180_000
            )
        except Error as error:
            raise NoBrowser(f"Chromium does not start ({str(error).splitlines()[0]}).") from error
        try:
            # One context: a second page has JupyterLab's files from the first one's cache.
            yield launched.new_context(viewport={"width": 1150, "height": 1150})
        finally:
            launched.close()


class Lab:
    """Where a JupyterLab server is, and the folder that it shows."""

    def __init__(self, folder: Path, url: str, token: str) -> None:
        self.folder, self.url, self.token = folder, url, token
        self.pictures = folder.parent / "pictures"

    def get(self, path: str) -> bytes:
        """Return what the server answers."""
        return self._ask("GET", path)

    def delete(self, path: str) -> None:
        """Have the server remove something."""
        self._ask("DELETE", path)

    def _ask(self, method: str, path: str) -> bytes:
        address = f"{self.url}{path}?token={self.token}"
        request = urllib.request.Request(address, method=method)
        with _DIRECT.open(request, timeout=60) as answer:
            return answer.read()


def without_node() -> str:
    """Return the PATH less its folders with a Node.js.

    JupyterLab would start it, time and again, to ask for settings that only its builds need.
    """
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return os.pathsep.join(one for one in folders if not shutil.which("node", path=one))


@contextlib.contextmanager
def open_lab(home: Path, root: Path) -> Iterator[Lab]:
    """Run a JupyterLab server that keeps everything in ``home`` and imports from ``root``."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    lab = Lab(home / "notebooks", f"http://127.0.0.1:{port}", secrets.token_hex(16))
    lab.folder.mkdir()
    lab.pictures.mkdir()
    for name, setting in _SETTINGS.items():
        file = home / "jupyterlab_settings_dir" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True)
        file.write_text(setting)
    names = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTERLAB_SETTINGS_DIR",
             "JUPYTERLAB_WORKSPACES_DIR", "IPYTHONDIR")  # fmt: skip
    paths = {name: str(home / name.lower()) for name in names}
    command = [
        sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
        f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={lab.folder}", f"--IdentityProvider.token={lab.token}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
    ]  # fmt: skip
    with open(home / "server.log", "w") as log:
        environment = {**os.environ, **paths, "PYTHONPATH": str(root), "PATH": without_node()}
        server = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        try:
            _wait_for(lab, server, home / "server.log")
            yield lab
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def _wait_for(lab: Lab, server: subprocess.Popen, log: Path) -> None:
    for _ in range(900):
        if server.poll() is not None:
            break
        with contextlib.suppress(OSError):
            lab.get("/api/status")
            return
        time.sleep(0.2)
    raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}")


class Notebook:
    """One notebook with its kernel, from opening to shutting down."""

    def __init__(self, browser: Any, lab: Any, name: str, notebook: Any) -> None:
        self.lab, self.name = lab, name
        nbformat.write(notebook, lab.folder / f"{name}.ipynb")
        self.complaints: list[str] = []
        self.page = browser.new_page()
        self.page.set_default_timeout(60_000)
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page: {error}"))
        self.page.on("websocket", lambda socket: socket.on("framereceived", self._frame))
        self.page.goto(f"{lab.url}/doc/tree/{name}.ipynb?token={lab.token}", timeout=300_000)
        self.page.wait_for_selector(_IDLE, timeout=300_000)
        self._wait(self._kernel_is_idle, "the kernel did not start")

    def _console(self, message: Any) -> None:
        if message.type == "error" and not _HARMLESS.search(message.text):
            self.complaints.append(f"console: {message.text}")

    def _frame(self, payload: str | bytes) -> None:
        """Note errors and stderr, also those that no cell is there to show."""
        data = payload if isinstance(payload, bytes) else payload.encode()
        if _FAULT.search(data) and _TOO_EARLY not in data:
            self.complaints.append(f"kernel: {data[-800:].decode(errors='replace')}")

    def run(self, number: int = 0) -> None:
        """Run one cell and wait until it has ended."""
        cell = self.page.locator(".jp-CodeCell").nth(number)
        prompt = cell.locator(".jp-InputPrompt").first
        before = prompt.inner_text()

        def started() -> bool:
            if prompt.inner_text() != before:
                return True
            # A notebook that has just been opened may overlook the first key. The wait is long:
            # a second key would run the cell twice.
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            for _ in range(200):
                self.page.wait_for_timeout(50)
                if prompt.inner_text() != before:
                    return True
            return False

        self._wait(started, "the cell did not start")
        self._wait(lambda: re.search(r"\[\d+\]", prompt.inner_text()), "the cell did not end")

    def _kernel_is_idle(self) -> bool:
        for session in json.loads(self.lab.get("/api/sessions")):
            if session["path"] == f"{self.name}.ipynb":
                kernel = session["kernel"]
                return kernel["execution_state"] == "idle" and kernel["connections"] > 0
        return False

    def _wait(self, done: Callable[[], object], what: str, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not done():
            if time.monotonic() > deadline:
                self.page.screenshot(path=self.lab.pictures / f"{self.name}_stuck.png")
                raise AssertionError(f"{what} in {seconds} s; heard: {self.complaints}")
            self.page.wait_for_timeout(50)

    def panel(self, number: int = 0) -> Panel:
        """Return the panel under a cell."""
        output = self.page.locator(".jp-CodeCell").nth(number).locator(".jp-OutputArea-output")
        place = output.locator(".widget-vbox").first
        place.locator("img").wait_for()
        return Panel(self, place)

    def close(self) -> None:
        """Shut the kernel down and close the page."""
        self.page.close()
        for session in json.loads(self.lab.get("/api/sessions")):
            if session["path"] == f"{self.name}.ipynb":
                self.lab.delete(f"/api/sessions/{session['id']}")


class Panel:
    """A widget's panel in the page."""

    def __init__(self, notebook: Notebook, place: Any) -> None:
        self.notebook, self.page, self.place = notebook, notebook.page, place
        self.parts = ["picture", "reading"]  # what has to change when a control is moved

    def controls(self) -> list[str]:
        """Return what every control shows."""
        return self.place.locator("input, select").evaluate_all(
            "all => all.map(one => one.type == 'checkbox' ? String(one.checked) : one.value)"
        )

    def answers(self, act: Callable[[], object], what: str) -> None:
        """Do something to the panel, and wait until its ``parts`` have followed."""
        self.place.evaluate(_REMEMBER)
        act()
        missing = self.place.evaluate(_REST, [self.parts, 120, 60_000])
        assert not missing, f"{what}: a minute went by without {missing}"

    def settle(self) -> None:
        """Wait until nothing changes any more."""
        missing = self.place.evaluate(_REST, [[], 120, 120_000])
        assert not missing, f"the panel never came to rest: {missing}"

    def watch_height(self) -> None:
        """Begin to note the panel's height whenever it changes."""
        self.place.evaluate(_WATCH)

    def heights(self) -> list[float]:
        """Return the heights noted since `watch_height`."""
        return self.page.evaluate("() => window.heights")

    def picture(self, name: str) -> None:
        """Keep a screenshot."""
        self.place.screenshot(path=self.notebook.lab.pictures / f"{name}.png")

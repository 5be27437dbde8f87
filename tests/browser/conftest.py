"""A JupyterLab server and a headless Chromium for the browser tests of a module.

Not of a session: as long as Playwright runs, no other test of the process could run an event loop.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_ENABLE = (
    "To run the browser tests, install Chromium (Debian: apt-get install chromium; elsewhere: "
    "python -m playwright install chromium; or name a Chrome with HPOTUTOR_CHROMIUM=/its/path) "
    "and pip install -e '.[lab,test]'."
)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a headless Chromium; skip where there is none."""
    pytest.importorskip("playwright.sync_api", reason=f"No Playwright. {_ENABLE}")
    from tests.browser.notebook import NoBrowser, open_browser

    with contextlib.ExitStack() as stack:
        try:
            launched = stack.enter_context(open_browser())
        except NoBrowser as error:
            pytest.skip(f"{error} {_ENABLE}")
        yield launched


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Iterator[Any]:
    """Return a running JupyterLab server with settings and notebooks of its own."""
    pytest.importorskip("jupyterlab", reason=f"No JupyterLab. {_ENABLE}")
    from tests.browser.notebook import open_lab

    with open_lab(tmp_path_factory.mktemp("lab"), root) as running:
        yield running

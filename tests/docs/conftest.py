"""The site's sources, staged once, and the playground alone in a browser."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Return a page with the playground and nothing of the theme around it."""
    from tools.site.playground import stage_alone

    return stage_alone(root / "docs" / "_static", tmp_path_factory.mktemp("playground"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Return a headless Chromium; skip where there is none."""
    pytest.importorskip("playwright.sync_api", reason="No Playwright.")
    from tests.browser.notebook import NoBrowser, open_browser

    with contextlib.ExitStack() as stack:
        try:
            launched = stack.enter_context(open_browser())
        except NoBrowser as error:
            pytest.skip(str(error))
        yield launched

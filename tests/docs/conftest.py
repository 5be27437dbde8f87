"""The site's sources, staged once, and the playground alone in a browser."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

_STYLE = (
    '<meta charset="utf-8"><title>Playground</title><link rel="stylesheet" href="{0}/site.css">'
)


@pytest.fixture(scope="module")
def playground(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Path:
    """Return a page with the playground and nothing of the theme around it."""
    from tools.site.playground import stage_tables

    folder = tmp_path_factory.mktemp("playground")
    static = folder / "_static"
    static.mkdir()
    for file in (root / "docs" / "_static").rglob("*.*"):
        to = static / file.relative_to(root / "docs" / "_static")
        to.parent.mkdir(exist_ok=True)
        to.write_bytes(file.read_bytes())
    stage_tables(static)
    page = (static / "playground" / "page.html").read_text(encoding="utf-8")
    head = _STYLE.format("_static")
    body = f"<body><main><h1>Playground</h1>{page}</main></body>"
    text = f'<!doctype html><html lang="en"><head>{head}</head>{body}</html>'
    (folder / "playground.html").write_text(text, encoding="utf-8")
    return folder / "playground.html"


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

"""What the documents for contributors point to is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md"])
def test_paths_exist(root: Path, name: str) -> None:
    document = root / name
    text = re.sub(r"^```.*?^```$", "", document.read_text(encoding="utf-8"), flags=re.M | re.S)
    folders = "hpotutor|tests|tools|notebooks|benchmarks|docs"
    paths = re.findall(rf"`(?:python )?((?:{folders})/[\w./-]*)", text)
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert links
    missing = [path for path in paths if not (root / path).exists()]
    missing += [link for link in links if not (document.parent / link).exists()]
    assert not missing

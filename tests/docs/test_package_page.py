"""What docs/package.md tells a reader to type runs, with fewer trials and epochs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris


def test_blocks_of_the_page_run(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    iris = load_iris(as_frame=True)
    iris.data.assign(species=iris.target_names[iris.target]).to_csv(tmp_path / "my.csv")
    monkeypatch.chdir(tmp_path)
    text = (root / "docs" / "package.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    assert len(blocks) == 2
    scope: dict[str, Any] = {}
    for block in blocks:
        quick = re.sub(r"\b(trials|epochs)=\d+", r"\1=1", block)
        assert quick != block
        exec(quick, scope)
    assert set(scope["found"].best_params) == {"learning_rate", "units"}
    units = scope["found"].best_params["units"]
    assert scope["found"].best_model().layers[1].units == units  # it is the reader's network
    assert (tmp_path / "mine.log").exists()

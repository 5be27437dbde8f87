"""What the tests of the take-home project share."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import optuna
import pytest

TUNE = Path(__file__).resolve().parents[2] / "notebooks" / "tune.py"


@pytest.fixture
def tune(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return tune.py as a module, in an empty folder, with few rows."""
    spec = importlib.util.spec_from_file_location("tune", TUNE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.chdir(tmp_path)
    rows = [(x[:128], y[:128]) for x, y in module.load()]
    monkeypatch.setattr(module, "load", lambda: rows)
    monkeypatch.setattr(optuna.logging.get_logger("optuna"), "disabled", True)
    return module

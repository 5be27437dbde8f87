"""What docs/tracking.md has a learner type: run as it stands, and read by the tools themselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import optuna
import pytest


def block(root: Path, wanted: str) -> str:
    """Return the page's code that holds a text."""
    page = (root / "docs" / "tracking.md").read_text(encoding="utf-8")
    (found,) = (code for code in re.findall(r"```python\n(.*?)```", page, re.S) if wanted in code)
    return found


def run(code: str, folder: Path, **names: Any) -> dict[str, Any]:
    """Execute a block in a folder, as a script would, and return what it defined."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(code, "docs/tracking.md", "exec"), names)
    return names


# ── TensorBoard ──────────────────────────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def tracked(root: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, optuna.Study]:
    """Return the folder of events and the study that the page's first block leaves."""
    pytest.importorskip("tensorboard", reason="TensorBoard is not installed.")
    folder = tmp_path_factory.mktemp("project")
    study = run(block(root, "hp.KerasCallback"), folder)["study"]
    return folder / "runs" / "tensorboard", study


def test_each_trial_has_a_folder_with_its_hyperparameters(tracked) -> None:
    from tensorboard.backend.event_processing.plugin_event_multiplexer import EventMultiplexer
    from tensorboard.plugins.hparams.metadata import (
        SESSION_START_INFO_TAG,
        parse_session_start_info_plugin_data,
    )

    events, study = tracked
    reader = EventMultiplexer().AddRunsFromDirectory(str(events)).Reload()
    assert len(study.trials) == 3 and study.trials[0].params["units"] == 32
    for trial in study.trials:
        run_name = f"trial_{trial.number:03d}"
        kept = reader.SummaryMetadata(run_name, SESSION_START_INFO_TAG).plugin_data.content
        shown = parse_session_start_info_plugin_data(kept).hparams
        assert {name: value.number_value for name, value in shown.items()} == trial.params
        curve = reader.Tensors(f"{run_name}/validation", "epoch_accuracy")
        assert [event.step for event in curve] == [0, 1, 2]

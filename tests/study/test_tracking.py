"""What docs/tracking.md has a learner type: run as it stands, and read by the tools themselves."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
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


# ── MLflow ───────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def at_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Refuse every connection that leaves this machine, and return those that were tried."""
    tried: list[object] = []
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "::1", "localhost"):
            return connect(self, address)
        tried.append(address)
        raise OSError("this test has no network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    yield tried


def test_mlflow_holds_a_run_a_trial_and_calls_nobody(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_home: list[object]
) -> None:
    # Set before, so that the block's own line is undone after the test.
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    pytest.importorskip("mlflow", reason="No MLflow: pip install -e '.[tracking]'.")

    def objective(trial: optuna.Trial) -> float:
        x = trial.suggest_float("x", 0, 1)
        if trial.number == 1:
            raise ValueError
        for epoch in range(3):
            trial.report(x * epoch, epoch)
            if trial.number == 2 and epoch == 1:
                raise optuna.TrialPruned
        return x

    optuna.logging.set_verbosity(optuna.logging.CRITICAL)
    study = optuna.create_study(direction="maximize")
    study.optimize(objective, n_trials=3, catch=ValueError)
    (tmp_path / "runs").mkdir()
    names = run(block(root, "mlflow.start_run"), tmp_path, study=study)
    assert sum(map(bool, block(root, "mlflow.start_run").splitlines())) <= 15
    client = names["mlflow"].MlflowClient(f"sqlite:///{(tmp_path / 'runs/mlflow.db').as_posix()}")
    experiment = client.get_experiment_by_name("tracked").experiment_id
    runs = {run.info.run_name: run for run in client.search_runs([experiment])}
    assert set(runs) == {"trial 0", "trial 1", "trial 2"}
    for trial in study.trials:
        kept = runs[f"trial {trial.number}"]
        assert float(kept.data.params["x"]) == trial.params["x"]
        assert kept.data.tags["state"] == trial.state.name
        metrics = client.get_metric_history(kept.info.run_id, "val_accuracy")
        assert {m.step: m.value for m in metrics} == trial.intermediate_values
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "FAIL", "PRUNED"]
    assert not at_home
    assert sorted(path.name for path in tmp_path.iterdir()) == ["runs"]

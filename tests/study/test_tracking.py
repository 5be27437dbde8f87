"""What docs/tracking.md has a learner type: run as it stands, and read by the tools themselves."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import optuna
import pytest

WAIT = 600.0  # seconds, on the busiest machine


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


def typed(root: Path, program: str) -> list[str]:
    """Return what the page says to type after a program's name, as a list of arguments."""
    page = (root / "docs" / "tracking.md").read_text(encoding="utf-8")
    (found,) = re.findall(rf"`{program} ([^`]+)`", page)
    return shlex.split(found)


@contextlib.contextmanager
def server(folder: Path, *command: str) -> Iterator[Callable[..., Any]]:
    """Run a server on a free port of this machine; yield a function that asks it for JSON.

    The server has processes of its own, and all of them are ended: it is the first of a session.
    """
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = folder / "server.log"
    started = [sys.executable, "-m", *command, "--port", str(port)]
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def ask(path: str, **sent: Any) -> Any:
        asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
        if sent:
            asked.data = json.dumps(sent).encode()
            asked.add_header("Content-Type", "application/json")
        with opener.open(asked, timeout=WAIT) as answer:
            return json.load(answer)

    with (
        log.open("wb") as told,
        subprocess.Popen(
            started, cwd=folder, stdout=told, stderr=told, start_new_session=True
        ) as process,
    ):
        try:
            until(lambda: _listens(port) or process.poll() is not None)
            assert process.poll() is None, log.read_text(encoding="utf-8")
            yield ask
        finally:
            _end(process)


def _end(process: subprocess.Popen) -> None:
    """End a server and what it has started."""
    if not hasattr(os, "killpg"):
        process.terminate()
        return
    for kind in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, kind)
            process.wait(WAIT)


def _listens(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def until(met: Callable[[], bool]) -> None:
    """Wait for a condition, however long a busy machine needs."""
    deadline = time.monotonic() + WAIT
    while not met():
        assert time.monotonic() < deadline, "It did not happen."
        threading.Event().wait(0.1)


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


def test_tensorboard_shows_each_trial_with_its_hyperparameters(root: Path, tracked) -> None:
    events, study = tracked
    arguments = typed(root, "tensorboard")
    assert arguments[1] == events.relative_to(events.parents[1]).as_posix()
    command = ["tensorboard.main", *arguments, "--host", "127.0.0.1"]
    wanted = {f"trial_{trial.number:03d}": trial for trial in study.trials}
    filled = {"experimentName": "", "allowedStatuses": ["STATUS_SUCCESS"], "sliceSize": 100}
    with server(events.parents[1], *command) as ask:

        def rows() -> dict[str, dict]:
            found = ask("/data/plugin/hparams/session_groups", **filled)
            return {
                row["sessions"][0]["name"]: row["hparams"] for row in found.get("sessionGroups", [])
            }

        def curve(run: str) -> list[float]:
            place = f"/data/plugin/scalars/scalars?tag=epoch_accuracy&run={run}/validation"
            with contextlib.suppress(urllib.error.HTTPError):  # a curve that is not read yet
                return [value for _, _, value in ask(place)]
            return []

        # It reads one file after the other, while it already answers.
        until(lambda: {f"{run}/validation" for run in wanted} <= set(ask("/data/runs")))
        until(lambda: rows() == {run: trial.params for run, trial in wanted.items()})
        for run, trial in wanted.items():
            scores = list(trial.intermediate_values.values())
            until(lambda run=run, scores=scores: curve(run) == pytest.approx(scores, abs=1e-6))


# ── MLflow ───────────────────────────────────────────────────────────────────────────────────
def test_mlflow_keeps_each_trial_and_its_server_shows_them(root: Path, tracked) -> None:
    mlflow = pytest.importorskip("mlflow", reason="No MLflow: pip install -e '.[tracking]'.")
    events, study = tracked
    folder = events.parents[1]
    with contextlib.chdir(folder):
        names = run(block(root, "mlflow"), folder, study=study)
        failed = optuna.trial.create_trial(state=optuna.trial.TrialState.FAIL)
        names["track"](study, failed)
        kept = mlflow.MlflowClient()
        experiment = kept.get_experiment_by_name("tracked")
        runs = {run.info.run_name: run for run in kept.search_runs([experiment.experiment_id])}
        for trial in study.trials:
            shown = runs.pop(f"trial {trial.number}")
            assert shown.data.params == {name: str(v) for name, v in trial.params.items()}
            curve = kept.get_metric_history(shown.info.run_id, "val_accuracy")
            assert {point.step: point.value for point in curve} == trial.intermediate_values
        (left,) = runs.values()
        assert left.data.metrics == {} and left.data.tags["state"] == "FAIL"
    with server(folder, "mlflow", *typed(root, "mlflow")) as ask:
        (found,) = ask(
            "/api/2.0/mlflow/experiments/search", filter="name = 'tracked'", max_results=9
        )["experiments"]
        listed = ask("/api/2.0/mlflow/runs/search", experiment_ids=[found["experiment_id"]])
        assert len(listed["runs"]) == len(study.trials) + 1

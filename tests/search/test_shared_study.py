"""Several processes on one Optuna study, without Dask: what docs/scaling.md tells learners."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

pytest.importorskip("sqlalchemy")
OBJECTIVE = """
import pathlib, sys, time

def objective(trial):
    x = trial.suggest_float("x", 0, 1)
    if sys.argv[1] == "stuck":
        pathlib.Path("stuck").write_text(str(trial.number))
        time.sleep(600)
    time.sleep(0.1)
    return x

"""


def script(root):
    """Return the page's own program, with a quicker heart."""
    text = (root / "docs" / "scaling.md").read_text(encoding="utf-8")
    code = re.search(r"```python\n# worker.py.*?```", text, re.DOTALL).group()
    code = code.removeprefix("```python").removesuffix("```")
    for slow, quick in (
        ("heartbeat_interval=60", "heartbeat_interval=1"),
        ("grace_period=180", "grace_period=3"),
        ("Callback(40", "Callback(12"),
    ):
        assert slow in code
        code = code.replace(slow, quick)
    return OBJECTIVE + code


def start(folder, how):
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "worker.py", how], cwd=folder, stderr=subprocess.DEVNULL
    )


def heartbeats(path):
    """Return how many trials have shown that they live; before that, none can be missed."""
    with closing(sqlite3.connect(path)) as database:
        return database.execute("SELECT COUNT(*) FROM trial_heartbeats").fetchone()[0]


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX systems")
def test_a_killed_process_loses_nothing_but_its_place(tmp_path, root):
    (tmp_path / "worker.py").write_text(script(root))
    doomed = start(tmp_path, "stuck")
    said = Path(tmp_path, "stuck")
    while not said.exists() or not said.read_text() or not heartbeats(tmp_path / "study.db"):
        assert doomed.poll() is None
        time.sleep(0.05)
    os.kill(doomed.pid, signal.SIGKILL)
    doomed.wait()
    time.sleep(4)  # a heart that is not heard any more
    assert start(tmp_path, "well").wait() == 0
    study = optuna.load_study(study_name="digits", storage=f"sqlite:///{tmp_path}/study.db")
    dead = study.trials[int(said.read_text())]
    complete = study.get_trials(states=(TrialState.COMPLETE,))
    assert dead.state is TrialState.FAIL
    assert len(complete) == 12
    assert [t.params for t in complete].count(dead.params) == 1, "it was tried again"

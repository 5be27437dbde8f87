"""The take-home project of lesson 11 keeps what is finished, whatever happens to it."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import optuna
import pytest
from optuna.trial import TrialState

TUNE = Path(__file__).resolve().parents[2] / "notebooks" / "tune.py"

# Runs tune.py as `python tune.py ...` does, and kills it after the second epoch of the trial of a
# number: no waiting, so that a slow machine changes nothing.
DEADLY = """
import sys
import psutil
import tune

class Deadly(tune.Prune):
    def on_epoch_end(self, epoch, logs=None):
        super().on_epoch_end(epoch, logs)
        if self.trial.number == 1 and epoch == 1:
            psutil.Process().kill()

rows = [(x[:128], y[:128]) for x, y in tune.load()]
tune.load = lambda: rows
tune.Prune = Deadly
tune.main()
"""


class Saved:
    """Stands in for a network."""

    def save(self, path: str) -> None:
        Path(path).write_text("network")


def start(module: ModuleType, monkeypatch: pytest.MonkeyPatch, trials: int, *more: str) -> None:
    monkeypatch.setattr(sys, "argv", ["tune.py", "--trials", str(trials), *more])
    module.main()


def kept() -> list[optuna.trial.FrozenTrial]:
    from optuna.storages.journal import JournalFileBackend

    storage = optuna.storages.JournalStorage(JournalFileBackend("tuning/study.log"))
    return optuna.load_study(study_name="signals", storage=storage).trials


def states() -> list[str]:
    return [trial.state.name for trial in kept()]


def test_a_failing_trial_ends_itself_only(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from tensorflow.errors import ResourceExhaustedError

    accidents = {1: OSError("the disk is full"), 3: ResourceExhaustedError(None, None, "no memory")}

    def fit(params: dict, seed: int, epochs: int, rows: list, more: list = ()) -> tuple:
        if seed in accidents:
            raise accidents[seed]
        return Saved(), 0.5 + seed / 100

    monkeypatch.setattr(tune, "fit", fit)
    start(tune, monkeypatch, 5)
    assert states() == ["COMPLETE", "FAIL", "COMPLETE", "FAIL", "COMPLETE"]
    assert "trial 4, 0.540" in capsys.readouterr().out
    start(tune, monkeypatch, 5)  # the two that are missing
    assert states().count("COMPLETE") == 5
    assert {path.name for path in Path("tuning").glob("*.keras")} == {
        f"trial-{trial.number}.keras" for trial in kept() if trial.state == TrialState.COMPLETE
    }


def test_an_error_in_the_default_stops_at_once(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tune, "build", lambda params: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        start(tune, monkeypatch, 5)
    assert states() == ["FAIL"]


def test_an_interrupt_loses_nothing_finished(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    interrupted = [2]

    def fit(params: dict, seed: int, epochs: int, rows: list, more: list = ()) -> tuple:
        if seed in interrupted:
            raise KeyboardInterrupt
        return Saved(), 0.5

    monkeypatch.setattr(tune, "fit", fit)
    with pytest.raises(KeyboardInterrupt):
        start(tune, monkeypatch, 4)
    before = [trial for trial in kept() if trial.state == TrialState.COMPLETE]
    assert len(before) == 2 and before[0].params == tune.DEFAULT
    start(tune, monkeypatch, 4)
    assert states().count("COMPLETE") == 4
    assert kept()[:2] == before


def test_a_training_that_goes_to_nan_is_pruned(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = tune.fit

    def fit(params: dict, seed: int, epochs: int, rows: list, more: list = ()) -> tuple:
        if seed == 1:
            return real(params, seed, epochs, rows, more)
        return Saved(), 0.5

    def build(params: dict) -> object:
        keras = tune.keras
        model = keras.Sequential([keras.Input((40, 1)), tune.layers.Flatten()])
        model.add(tune.layers.Dense(10, activation="softmax"))
        wild = keras.optimizers.SGD(float("inf"))
        model.compile(wild, "sparse_categorical_crossentropy", metrics=["accuracy"])
        return model

    monkeypatch.setattr(tune, "fit", fit)
    monkeypatch.setattr(tune, "build", build)
    start(tune, monkeypatch, 3, "--epochs", "2")
    assert states() == ["COMPLETE", "PRUNED", "COMPLETE"]


def test_killed_between_epochs_and_run_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    """What follows the search, ``--seeds``, is in test_tune_others.py."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tune.py").write_text(TUNE.read_text(encoding="utf-8"), encoding="utf-8")
    paths = os.pathsep.join(filter(None, [str(TUNE.parents[1]), os.environ.get("PYTHONPATH")]))
    options = ["--trials", "2", "--epochs", "2"]
    killed = subprocess.run(
        [sys.executable, "-c", DEADLY, *options],
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
    )
    assert killed.returncode != 0
    assert states() == ["COMPLETE", "RUNNING"]
    (first, begun) = kept()
    monkeypatch.setattr(sys, "argv", ["tune.py", *options])
    runpy.run_path("tune.py", run_name="__main__")
    assert kept()[0] == first
    assert states() == ["COMPLETE", "FAIL", "COMPLETE"]
    assert kept()[2].params == begun.params
    assert capsys.readouterr().out.startswith("Best of 3: trial ")
    assert (tmp_path / "tuning" / f"trial-{first.number}.keras").exists()


def test_it_is_short() -> None:
    lines = TUNE.read_text(encoding="utf-8").splitlines()
    assert len(lines) < 120
    assert not [line for line in lines if line.startswith(("import hpotutor", "from hpotutor"))]

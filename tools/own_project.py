"""Train what lesson 11 shows and does not train itself, and store it beside the data sets.

    python tools/own_project.py [study] [curves] [pruning]

``study`` runs notebooks/tune.py once, 40 trials, and opens the seal with 5 seeds. ``curves`` trains
24 random settings of its space without pruning. ``pruning`` replays pruners over them. Each resumes
where it was stopped; all three take about half an hour of one core.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import os
import sys
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

import numpy as np
import optuna

FILE = ROOT / "hpotutor" / "datasets" / "data" / "own_project.json"
SCRATCH = ROOT / "runs" / "own_project"
TRIALS, EPOCHS, SEEDS = 40, 30, 5
SETTINGS, LENGTH = 24, 20  # trained to their end, for so many epochs
ORDERS = 1000  # of the settings: what a pruner saves depends on who comes first


def tune_py() -> Any:
    """Return notebooks/tune.py as a module; TensorFlow gets one thread, the networks are small."""
    os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_ENABLE_ONEDNN_OPTS="0")
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)
    spec = importlib.util.spec_from_file_location("tune", ROOT / "notebooks" / "tune.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def store(**parts: Any) -> None:
    """Put parts into the file; what else it holds stays."""
    held = json.loads(FILE.read_text()) if FILE.exists() else {}
    lines = [f'"{name}": {json.dumps(part)}' for name, part in sorted({**held, **parts}.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def short(values: Any) -> list[float]:
    """Return numbers to four digits after the point: a score on 1,000 rows has three."""
    return [round(float(value), 4) for value in values]


def study() -> None:
    """Run tune.py as a learner would, and store its trials and what it printed of sealed rows."""
    tune, printed = tune_py(), io.StringIO()
    command = ["tune.py", "--trials", str(TRIALS), "--epochs", str(EPOCHS), "--seeds", str(SEEDS)]
    with mock.patch.object(sys, "argv", command), contextlib.chdir(SCRATCH):
        with contextlib.redirect_stdout(printed), recorded(tune) as sealed:
            tune.main()
        assert len(sealed) == 2 * SEEDS, sealed
        file = "tuning/study.log"
        backend = tune.JournalFileBackend(file, lock_obj=tune.JournalFileOpenLock(file))
        storage = optuna.storages.JournalStorage(backend)
        ended = optuna.load_study(study_name="signals", storage=storage).trials
    print(printed.getvalue())
    trials = [
        {
            "params": t.params,
            "state": t.state.name,
            "curve": short(t.intermediate_values.values()),
        }
        for t in ended
    ]
    store(trials=trials, default=short(sealed[:SEEDS]), tuned=short(sealed[SEEDS:]))


@contextlib.contextmanager
def recorded(tune: Any) -> Any:
    """Note each accuracy that `evaluate` returns: those of the sealed rows, first the default's."""
    evaluate, found = tune.keras.Model.evaluate, []

    def noting(self: Any, *args: Any, **kwargs: Any) -> Any:
        value = evaluate(self, *args, **kwargs)
        if args:  # `fit` names what it hands over, after each epoch
            found.append(value["accuracy"])
        return value

    with mock.patch.object(tune.keras.Model, "evaluate", noting):
        yield found


def curves() -> None:
    """Train random settings of tune.py's space in full, and store each epoch's score."""
    tune = tune_py()
    rows, file = tune.load(), SCRATCH / "curves.jsonl"
    done = file.read_text().splitlines() if file.exists() else []
    drawn = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    for number in range(SETTINGS):
        params = tune.suggest(drawn.ask())
        if number < len(done):
            continue
        heard = Curve(tune.keras)
        tune.fit(params, number, LENGTH, rows, [heard.callback])
        done.append(json.dumps({"params": params, "curve": short(heard.scores)}))
        with file.open("a") as stream:
            stream.write(done[-1] + "\n")
        print(number, max(heard.scores), flush=True)
    store(curves=[json.loads(line) for line in done])


class Curve:
    """Notes the validation accuracy after each epoch."""

    def __init__(self, keras: Any) -> None:
        self.scores: list[float] = []
        self.callback = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda epoch, logs: self.scores.append(logs["val_accuracy"])
        )


PRUNERS = {
    "median": lambda: optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3),
    "upper quarter": lambda: optuna.pruners.PercentilePruner(
        25.0, n_startup_trials=5, n_warmup_steps=3
    ),
    "Hyperband": lambda: optuna.pruners.HyperbandPruner(min_resource=2, max_resource=LENGTH),
}


def pruning() -> None:
    """Replay each pruner over the curves in many orders; store epochs trained and scores lost.

    A random search does not look at scores, so that its trials are the same with and without a
    pruner: the comparison is in pairs.
    """
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    whole = [trained["curve"] for trained in json.loads(FILE.read_text())["curves"]]
    found = {}
    for name, make in PRUNERS.items():
        pairs = []
        for seed in range(ORDERS if name == "median" else ORDERS // 50):
            order = np.random.default_rng(seed).permutation(SETTINGS)
            run = [whole[place] for place in order]
            epochs, best = (
                replay(run, make(), f"{name} {seed}") if name != "median" else median(run)
            )
            lost = max(max(curve) for curve in run) - best
            pairs.append((1 - epochs / sum(map(len, run)), lost))
        saved, lost = np.transpose(pairs)
        found[name] = {"saved": short(saved), "lost": short(lost)}
        print(f"{name}: saved {saved.mean():.3f}, lost {lost.mean():.4f}, {np.mean(lost > 0):.2f}")
    store(pruning=found)


def replay(run: list[list[float]], pruner: Any, name: str) -> tuple[int, float]:
    """Return the epochs trained and the best score of a search with Optuna's pruner."""
    study = optuna.create_study(direction="maximize", pruner=pruner, study_name=name)
    epochs, best = 0, 0.0
    for curve in run:
        trial, state = study.ask(), optuna.trial.TrialState.COMPLETE
        for epoch, score in enumerate(curve, start=1):
            epochs += 1
            trial.report(score, epoch)
            if trial.should_prune():
                state = optuna.trial.TrialState.PRUNED
                break
        pruned = state == optuna.trial.TrialState.PRUNED
        best = best if pruned else max(best, *curve)
        study.tell(trial, None if pruned else max(curve), state=state)
    return epochs, best


def median(run: list[list[float]], startup: int = 5, warmup: int = 3) -> tuple[int, float]:
    """Do what `replay` does with Optuna's median pruner, a hundred times as fast."""
    epochs, complete = 0, []
    for curve in run:
        tops = np.maximum.accumulate(curve)
        for epoch in range(len(curve)):
            epochs += 1
            if len(complete) >= startup and epoch + 1 >= warmup:
                if tops[epoch] < np.median([other[epoch] for other in complete]):
                    break
        else:
            complete.append(curve)
    return epochs, max(map(max, complete))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Train and store what lesson 11 shows.")
    jobs = {job.__name__: job for job in (study, curves, pruning)}
    parser.add_argument("jobs", nargs="*", choices=[*jobs, []], help="by default all three")
    asked = parser.parse_args().jobs or list(jobs)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    for name in asked:
        jobs[name]()


if __name__ == "__main__":
    main()

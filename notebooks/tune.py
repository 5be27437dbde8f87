"""Tune a convolutional network for signals with Keras and Optuna: python tune.py --trials 50

Stop or kill it when you like: the same command goes on with what is finished, in the folder
`tuning`. For a project of your own change what stands above `Prune`.
"""

import argparse
import importlib.resources
import os

import keras
import numpy as np
import optuna
from keras import callbacks, layers
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FixedTrial, TrialState
from scipy import stats

SCORE, DIRECTION = "accuracy", "maximize"  # what Keras prints after an epoch, with val_
DEFAULT = {"learning_rate": 1e-3, "layers": 1, "filters": 16, "kernel_size": 3}
DEFAULT |= {"batch_norm": False, "dropout": 0.0}


def load():
    """Return (x, y) of the training, the validation and the sealed test rows."""
    with np.load(importlib.resources.files("hpotutor") / "datasets/data/signals.npz") as data:
        x, y = data["x"].astype("float32")[..., np.newaxis], data["y"].astype("int64")
    order = np.random.default_rng(0).permutation(4000)  # the last 1,000 are the published test
    return [(x[rows], y[rows]) for rows in (order[:3000], order[3000:], slice(4000, 5000))]


def suggest(trial):
    return {
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True),
        "layers": trial.suggest_int("layers", 1, 3),
        "filters": trial.suggest_int("filters", 8, 32, step=8),
        "kernel_size": trial.suggest_int("kernel_size", 3, 7, step=2),
        "batch_norm": trial.suggest_categorical("batch_norm", [False, True]),
        "dropout": trial.suggest_float("dropout", 0.0, 0.5, step=0.1),
    }


def build(params):
    stack = [keras.Input((40, 1))]
    for _ in range(params["layers"]):
        stack.append(layers.Conv1D(params["filters"], params["kernel_size"], 2, "same"))
        stack += [layers.BatchNormalization()] if params["batch_norm"] else []
        stack.append(layers.Activation("relu"))
    stack += [layers.Flatten(), layers.Dropout(params["dropout"]), layers.Dense(10, "softmax")]
    model = keras.Sequential(stack)
    adam = keras.optimizers.Adam(params["learning_rate"], clipnorm=1.0)
    model.compile(adam, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Prune(callbacks.Callback):
    """Report each epoch to the study, and end a training that the pruner gives up."""

    def __init__(self, trial):
        super().__init__()
        self.trial = trial

    def on_epoch_end(self, epoch, logs=None):
        self.trial.report(logs[f"val_{SCORE}"], step=epoch + 1)
        if self.trial.should_prune() or not np.isfinite(logs["loss"]):
            raise optuna.TrialPruned(f"epoch {epoch + 1}, loss {logs['loss']:.3g}")


def fit(params, seed, epochs, rows, more=()):
    """Train one network; return it as it was after its best epoch, with that epoch's score."""
    keras.utils.set_random_seed(seed)
    model = build(params)
    best = callbacks.EarlyStopping(f"val_{SCORE}", 0, epochs, 0, DIRECTION[:3], None, True)
    told = {"epochs": epochs, "verbose": 0, "validation_data": rows[1]}
    model.fit(*rows[0], batch_size=64, callbacks=[callbacks.TerminateOnNaN(), best, *more], **told)
    return model, float(best.best)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=50, help="how many shall be finished")
    parser.add_argument("--epochs", type=int, default=30, help="of one training")
    parser.add_argument("--minutes", type=float, default=600, help="begin no trial after so many")
    parser.add_argument("--seeds", type=int, default=0, help="open the seal: trainings a setting")
    asked, rows, file = parser.parse_args(), load(), "tuning/study.log"
    os.makedirs("tuning", exist_ok=True)
    backend = JournalFileBackend(file, lock_obj=JournalFileOpenLock(file))
    pruner = optuna.pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=3)
    kept = {"study_name": "signals", "storage": optuna.storages.JournalStorage(backend)}
    study = optuna.create_study(direction=DIRECTION, pruner=pruner, load_if_exists=True, **kept)
    for trial in study.get_trials(states=[TrialState.RUNNING]):  # its process was killed
        study.tell(trial.number, state=TrialState.FAIL)
        study.enqueue_trial(trial.params)

    def objective(trial):
        model, score = fit(suggest(trial), trial.number, asked.epochs, rows, [Prune(trial)])
        model.save(f"tuning/trial-{trial.number}.keras")
        return score

    finished = {"states": [TrialState.COMPLETE, TrialState.PRUNED]}
    if not study.get_trials(**finished):
        suggest(FixedTrial(DEFAULT))  # an error if a knob is missing
        study.enqueue_trial(DEFAULT)
        study.optimize(objective, 1)  # without `catch`: an error in the default is a bug
    left = max(0, asked.trials - len(study.get_trials(**finished)))
    study.optimize(objective, left, 60 * asked.minutes, catch=(Exception,))
    best, scores = study.best_trial, []
    print(f"Best of {len(study.trials)}: trial {best.number}, {best.value:.3f}, {best.params}")
    if asked.seeds > 1:  # more seeds than one: the winner's may have been a lucky one
        for params in map(suggest, map(FixedTrial, (DEFAULT, best.params))):
            models = [fit(params, 100 + seed, asked.epochs, rows)[0] for seed in range(asked.seeds)]
            scores += [[m.evaluate(*rows[2], verbose=0, return_dict=True)[SCORE] for m in models]]
            print(f"sealed rows: {np.mean(scores[-1]):.3f}, by seed {np.round(scores[-1], 3)}")
        gain = stats.ttest_ind(*scores[::-1], equal_var=False).confidence_interval()
        print(f"Tuned against default: {gain.low:+.3f} to {gain.high:+.3f} (95%).")


if __name__ == "__main__":
    main()

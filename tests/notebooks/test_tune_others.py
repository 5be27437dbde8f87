"""tune.py as lesson 11 says to change it: a table with categories, images, a sequence.

The three are of the kinds of Keras's own examples: several inputs and layers that learn from rows;
a data set in batches with layers that augment it and a layer class of one's own; an LSTM whose
score is better when it is low.
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import optuna
import pytest
from keras import layers
from optuna.storages.journal import JournalFileBackend

RNG = np.random.default_rng(0)


def run(module: ModuleType, monkeypatch: pytest.MonkeyPatch, *more: str) -> optuna.Study:
    """Run the file's command line for two trials, and return its study."""
    monkeypatch.setattr(sys, "argv", ["tune.py", "--trials", "2", "--epochs", "2", *more])
    module.main()
    return kept()


def kept() -> optuna.Study:
    storage = optuna.storages.JournalStorage(JournalFileBackend("tuning/study.log"))
    return optuna.load_study(study_name="signals", storage=storage)


def change(module: ModuleType, monkeypatch: pytest.MonkeyPatch, **names: Any) -> None:
    """Put what stands above `Prune` in place of the file's own."""
    for name, value in names.items():
        monkeypatch.setattr(module, name, value)


def rate(trial: Any) -> dict[str, float]:
    return {"learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)}


def test_a_table_with_categories(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    words, asked = ["fixed", "normal", "reversible"], []

    @functools.cache
    def load() -> list[tuple]:
        asked.append("rows")
        parts = []
        for count in (96, 48, 48):
            age, thal = RNG.normal(50, 9, count), RNG.choice(words, count)
            parts.append(({"age": age, "thal": thal.astype(object)}, (age > 50).astype(int)))
        return parts

    def suggest(trial: Any) -> dict[str, Any]:
        wide = trial.suggest_categorical("size", ["narrow", "wide"]) == "wide"
        return {**rate(trial), "units": 16 if wide else 4}

    def build(params: dict) -> keras.Model:
        inputs = {"age": keras.Input((1,), name="age")}
        inputs["thal"] = keras.Input((1,), name="thal", dtype="string")
        normalize = layers.Normalization()
        normalize.adapt(load()[0][0]["age"][:, np.newaxis])
        coded = layers.StringLookup(vocabulary=words, output_mode="one_hot")(inputs["thal"])
        joined = layers.concatenate([normalize(inputs["age"]), coded])
        hidden = layers.Dense(params["units"], "relu")(joined)
        model = keras.Model(inputs, layers.Dense(1, "sigmoid")(hidden))
        adam = keras.optimizers.Adam(params["learning_rate"])
        model.compile(adam, "binary_crossentropy", metrics=["accuracy"])
        return model

    default = {"learning_rate": 1e-2, "size": "narrow"}
    change(tune, monkeypatch, load=load, suggest=suggest, build=build, DEFAULT=default)
    study = run(tune, monkeypatch, "--seeds", "2")
    assert study.trials[0].params == default
    assert [trial.state.name for trial in study.trials] == ["COMPLETE", "COMPLETE"]
    assert asked == ["rows"]
    printed = capsys.readouterr().out
    assert printed.count("sealed rows:") == 2 and "Tuned against default:" in printed


@keras.saving.register_keras_serializable("tests")
class Double(layers.Layer):
    """A layer of one's own."""

    def call(self, x: Any) -> Any:
        return 2 * x


def test_images_in_batches_with_augmentation(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tensorflow as tf

    def load() -> list[tuple]:
        x = RNG.random((96, 12, 12, 3)).astype("float32") * 255
        y = (x.mean(axis=(1, 2, 3)) > 127.5).astype(int)
        return [(tf.data.Dataset.from_tensor_slices((x, y)).batch(32),) for _ in range(3)]

    def suggest(trial: Any) -> dict[str, Any]:
        return {**rate(trial), "turn": trial.suggest_float("turn", 0.0, 0.2)}

    def build(params: dict) -> keras.Model:
        given = keras.Input((12, 12, 3))
        x = layers.RandomRotation(params["turn"])(layers.RandomFlip("horizontal")(given))
        x = Double()(layers.Conv2D(4, 3, activation="relu")(layers.Rescaling(1 / 255)(x)))
        output = layers.Dense(1, "sigmoid")(layers.GlobalAveragePooling2D()(x))
        model = keras.Model(given, output)
        adam = keras.optimizers.Adam(params["learning_rate"])
        model.compile(adam, "binary_crossentropy", metrics=["accuracy"])
        return model

    rows = load()
    default = {"learning_rate": 1e-3, "turn": 0.1}
    change(tune, monkeypatch, load=lambda: rows, suggest=suggest, build=build, DEFAULT=default)
    study = run(tune, monkeypatch)
    best = study.best_trial
    model = keras.models.load_model(Path("tuning") / f"trial-{best.number}.keras")
    again = model.evaluate(*rows[1], verbose=0, return_dict=True)["accuracy"]
    assert again == pytest.approx(best.value, abs=1e-6)


def test_a_sequence_whose_score_shall_be_low(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = RNG.normal(size=(96, 10, 1)).astype("float32")
    rows = [(x, x.mean(axis=1))] * 3

    def build(params: dict) -> keras.Model:
        model = keras.Sequential([keras.Input((10, 1)), layers.LSTM(4), layers.Dense(1)])
        model.compile(keras.optimizers.Adam(params["learning_rate"]), "mse", metrics=["mae"])
        return model

    names = {"SCORE": "mae", "DIRECTION": "minimize", "DEFAULT": {"learning_rate": 1e-3}}
    change(tune, monkeypatch, load=lambda: rows, suggest=rate, build=build, **names)
    study = run(tune, monkeypatch)
    assert study.direction == optuna.study.StudyDirection.MINIMIZE
    for trial in study.get_trials(states=[optuna.trial.TrialState.COMPLETE]):
        assert trial.value == pytest.approx(min(trial.intermediate_values.values()))


def test_a_default_without_a_knob_is_refused_before_the_first_epoch(
    tune: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    lacking = {name: value for name, value in tune.DEFAULT.items() if name != "filters"}
    change(tune, monkeypatch, DEFAULT=lacking)
    with pytest.raises(ValueError, match="filters"):
        run(tune, monkeypatch)
    assert kept().trials == []

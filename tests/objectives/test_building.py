"""Builders of one's own: what they are handed, what is wrong with them, and their callbacks."""

from __future__ import annotations

import functools
import types

import numpy as np
import pytest

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.objectives.building import Unfit, build_network, check_model, rows_for
from tests.messages import refused

KNOBS = {"units": 3}


@pytest.fixture(scope="module")
def iris():
    return ht.load("iris")


def arrays(*shape, classes=2, name="mine"):
    """Return a small data set with rows of a shape."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % classes
    return ht.load((rng.normal(size=(40, *shape)) + y.reshape(-1, *[1] * len(shape)), y))


IMAGES, COLORED, SEQUENCES = arrays(6, 6), arrays(4, 5, 3), arrays(12, 2)


def network(shape, *units, loss="sparse_categorical_crossentropy", activation="softmax"):
    layers = [keras.layers.Flatten(), *map(keras.layers.Dense, units[:-1])]
    layers.append(keras.layers.Dense(units[-1], activation=activation))
    model = keras.Sequential([keras.Input(shape), *layers] if shape else layers)
    model.compile("adam", loss=loss)
    return model


# ── what a builder is handed ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("builder", "handed"),
    [
        (lambda n_features, n_classes, units: (n_features, n_classes, units), (36, 2, 3)),
        (lambda n, k, units: (n, k, units), (36, 2, 3)),
        (lambda n, k, /, units: (n, k, units), (36, 2, 3)),
        (lambda n_classes, n_features, units=1: (n_classes, n_features, units), (2, 36, 3)),
        (lambda *sizes, **knobs: (*sizes, *knobs.items()), (36, 2, ("seed", 7), ("units", 3))),
        (lambda n, k, *, seed, units: (n, k, seed, units), (36, 2, 7, 3)),
        (lambda n, k, units, seed=None: (n, k, seed, units), (36, 2, 7, 3)),
        (lambda n, k, seed, units: (n, k, seed, units), (36, 2, 7, 3)),
        (lambda n, k, **knobs: knobs, {"seed": 7, "units": 3}),
        (lambda image_shape, n_classes, units: (image_shape, n_classes), ((6, 6, 1), 2)),
        (lambda input_shape, units=1: (input_shape, units), ((6, 6), 3)),
        (lambda units, *, sequence_shape, n_classes: (sequence_shape, n_classes), ((6, 6), 2)),
        (functools.partial(lambda n, k, seed, units: (n, k, seed), seed=1), (36, 2, 1)),
        (functools.partial(lambda n, k, **knobs: knobs, seed=1), {"seed": 1, "units": 3}),
        (functools.partial(lambda shape, n_classes, units: (shape, n_classes), 9), (9, 2)),
    ],
)  # fmt: skip
def test_a_builder_is_handed_what_it_asks_for(builder, handed):
    assert build_network(builder, IMAGES, 7, 36, KNOBS) == handed


def test_a_builder_of_which_python_cannot_tell_what_it_takes_is_handed_everything():
    class Unsigned:
        __signature__ = "unknown"

        def __call__(self, *sizes, **knobs):
            return sizes, knobs

    handed = build_network(Unsigned(), IMAGES, 7, 36, KNOBS)
    assert handed == ((36, 2), {"seed": 7, "units": 3})


def test_hyperparameters_that_do_not_fit_are_named():
    def make(n_features, n_classes, units, rate=0.1): ...

    with refused(r"(?s)^make: .*units is given no value.*unit is not .*'units'"):
        build_network(make, IMAGES, 0, 36, {"unit": 3})
    with refused(r"learning_rat is not.*'learning_rate'.*batch_size"):
        build_network(ht.build_mlp, IMAGES, 0, 36, {"learning_rat": 3})


def test_a_shape_that_the_rows_do_not_have_ends_the_search(iris):
    with refused(r"asks for image_shape.*'iris' have shape \(4,\).*height", error=Unfit):
        ht.TrainObjective(iris, epochs=1, build=ht.build_cnn).evaluate({})
    with pytest.raises(Unfit, match=r"asks for sequence_shape.*\(4, 5, 3\).*\(rows, steps, c"):
        ht.TrainObjective(COLORED, epochs=1, build=ht.build_conv1d).evaluate({})


@pytest.mark.parametrize(
    ("data", "shape", "seen"),
    [
        (IMAGES, (36,), (36,)),
        (IMAGES, (6, 6), (6, 6)),
        (IMAGES, (6, 6, 1), (6, 6, 1)),
        (COLORED, (4, 5, 3), (4, 5, 3)),
        (COLORED, (None, None, 3), (4, 5, 3)),
        (SEQUENCES, (12, 2), (12, 2)),
        (SEQUENCES, (None, 2), (12, 2)),
        (SEQUENCES, None, (24,)),
    ],
)
def test_a_model_sees_rows_in_the_shape_of_its_input(data, shape, seen):
    model = types.SimpleNamespace(input_shape=(None, *shape)) if shape else network(None, 2)
    rows = rows_for(model, lambda n, k: None, data, data.x_train)
    assert rows.shape == (len(data.x_train), *seen)


def test_rows_with_fewer_columns_than_the_shape_of_the_data_are_told():
    model = types.SimpleNamespace(input_shape=(None, 12, 2))
    with pytest.raises(
        ht.errors.ArgumentError, match=r"has shape \(None, 12, 2\), and the rows of"
    ):
        rows_for(model, lambda n, k: None, SEQUENCES, SEQUENCES.x_train[:, 1:])


def test_a_model_without_an_input_sees_what_its_builder_asked_for():
    rows = rows_for(network(None, 2), lambda input_shape: None, SEQUENCES, SEQUENCES.x_train)
    assert rows.shape[1:] == (12, 2)


def test_rows_of_another_shape_are_a_failed_trial():
    objective = ht.TrainObjective(IMAGES, epochs=1, build=lambda n, k, width: network((width,), 2))
    failed = objective.evaluate({"width": 5})
    assert failed.status == "failed"
    assert "(None, 5)" in failed.reason and "(None, 36) or (None, 6, 6)" in failed.reason


@pytest.mark.parametrize(("data", "build"), [(COLORED, ht.build_cnn), (SEQUENCES, ht.build_conv1d)])
def test_images_and_sequences_of_ones_own_are_trained_on(data, build):
    objective = ht.TrainObjective(data, epochs=1, build=build)
    assert objective.evaluate({"filters": 2, "units": 4, "kernel_size": 3}).status == "complete"


# ── what no hyperparameters can mend ─────────────────────────────────────────────────────────


def unflattened(units):
    """Return a network that says something for each step of a sequence of any length."""
    layers = [keras.Input((None, 4)), keras.layers.Dense(units, activation="softmax")]
    model = keras.Sequential(layers)
    model.compile("adam", "sparse_categorical_crossentropy")
    return model


def rescaled():
    """Return a network whose last layer has no activation."""
    layers = [keras.Input((4,)), keras.layers.Dense(1), keras.layers.Rescaling(2.0)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    return model


SPARSE = r"Dense\(n_classes, activation='softmax'\).*'sparse_categorical_crossentropy'"
WRONG = {
    "nothing": (lambda: None, 3, r"returned None \(is a return missing\?\)"),
    "no model": (lambda: 3, 3, "returned a int.*compiled Keras model"),
    "not compiled": (lambda: keras.Sequential([keras.Input((4,))]), 3, f"not compiled.*{SPARSE}"),
    "one-hot loss": (
        lambda: network((4,), 3, loss="categorical_crossentropy"), 3,
        f"loss='categorical_crossentropy' takes one-hot labels.*3 classes.*{SPARSE}",
    ),
    "one-hot object": (
        lambda: network((4,), 3, loss=keras.losses.CategoricalCrossentropy()), 3,
        "the loss categoricalcrossentropy takes one-hot",
    ),
    "binary for three": (
        lambda: network((4,), 3, loss="binary_crossentropy"), 3, f"no classes apart.*{SPARSE}",
    ),
    "one unit for three": (
        lambda: network((4,), 1, loss="binary_crossentropy", activation="sigmoid"),
        3,
        f"1 outputs tells no.*{SPARSE}",
    ),
    "binary with two units": (
        lambda: network((4,), 2, loss="binary_crossentropy"), 2,
        r"with 2 outputs.*Dense\(1, activation='sigmoid'\) with 'binary_crossentropy'",
    ),
    "too few units": (lambda: network((4,), 2), 3, f"2 outputs, and.*3 classes.*{SPARSE}"),
    "softmax of one": (
        lambda: network((4,), 3, 1, loss="binary_crossentropy"), 2, "always 1.*'sigmoid'",
    ),
    "no Flatten": (lambda: unflattened(2), 3, f"2 outputs, and.*3 classes.*{SPARSE}"),
    "amounts for classes": (lambda: network((4,), 3, loss="mse"), 3, f"loss='mse'.*{SPARSE}"),
    "classes for amounts": (
        lambda: network((4,), 2), 0, r"is for classes.*regression.*'mean_squared_error'",
    ),
    "many amounts": (
        lambda: network((4,), 2, loss="mse", activation=None), 0, "2 outputs.*one amount",
    ),
}  # fmt: skip


def rows_of(classes):
    x = np.random.default_rng(1).normal(size=(60, 4))
    return ht.load((x, np.arange(60) % classes if classes else x[:, 0]))


@pytest.mark.parametrize(("make", "classes", "said"), WRONG.values(), ids=WRONG.keys())
def test_what_cannot_learn_is_told_before_the_first_epoch(make, classes, said):
    with pytest.raises(Unfit, match=rf"(?s){said}") as caught:
        check_model(make(), rows_of(classes), varied=False)
    assert ("sigmoid" in str(caught.value)) is (classes == 2)  # one unit is for two classes alone


@pytest.mark.parametrize(
    ("make", "classes"),
    [
        (lambda: network((4,), 3), 3),
        (lambda: network((4,), 5), 3),
        (lambda: network((4,), 1, loss="binary_crossentropy", activation="sigmoid"), 2),
        (lambda: network((4,), 1, loss="mse", activation="sigmoid"), 2),
        (lambda: network((4,), 3, loss=lambda y, p: keras.ops.mean(p)), 3),
        (lambda: network((4,), 1, loss="huber", activation=None), 0),
        (lambda: network(None, 3), 3),
        (lambda: network((4,), 3, loss="of_nobody"), 3),  # Keras tells
        (rescaled, 0),
        (lambda: ht.build_mlp(4, 2, output="softmax"), 2),
    ],
)
def test_what_can_learn_is_left_alone(make, classes):
    check_model(make(), rows_of(classes), varied=False)


@pytest.mark.parametrize("library", ["optuna", "scikit-learn", "hyperopt", "keras_tuner"])
def test_every_library_ends_at_the_first_trial(library, iris):
    asked = []

    def build(n_features, n_classes, units):
        asked.append(units)
        return network((n_features,), n_classes, loss="categorical_crossentropy")

    space, objective = ht.SearchSpace(units=ht.integers(1, 9)), ht.TrainObjective(iris, build=build)
    with refused("loss='categorical_crossentropy' .*Type.*sparse_categorical_crossentropy"):
        ht.random_search(objective, space, trials=3, library=library, progress=False)
    assert len(asked) == 1


def test_a_loss_that_the_search_chooses_is_a_failed_trial(iris):
    def build(n_features, n_classes, loss):
        return network((n_features,), n_classes, loss=loss)

    objective = ht.TrainObjective(iris, epochs=1, build=build)
    assert "one-hot" in objective.evaluate({"loss": "categorical_crossentropy"}).reason
    assert objective.evaluate({"loss": "sparse_categorical_crossentropy"}).status == "complete"


def test_a_model_is_no_builder(iris):
    with refused("build=.*a function that returns a model"):
        ht.TrainObjective(iris, build=network((4,), 3))
    with pytest.raises(Unfit, match="build= returned None"):
        ht.TrainObjective(iris, build=lambda n, k: None).evaluate({})


# ── callbacks ────────────────────────────────────────────────────────────────────────────────


def saving(folder):
    """Return a factory that keeps a table a trial."""
    return lambda trial, params: [keras.callbacks.CSVLogger(folder / f"{trial}_{params['units']}")]


def test_each_trial_has_callbacks_of_its_own_through_a_resumed_search(iris, tmp_path):
    space = ht.SearchSpace(units=ht.integers(2, 60))
    for trials in (1, 3):
        objective = ht.TrainObjective(iris, epochs=1, callbacks=saving(tmp_path))
        result = ht.random_search(
            objective, space, trials=trials, log=tmp_path / "search.log", progress=False
        )
    kept = sorted(path.name for path in tmp_path.glob("?_*"))
    assert kept == [f"{n}_{e.params['units']}" for n, e in enumerate(result.evaluations)]


def test_callbacks_are_told_their_fold_and_change_the_training(iris):
    told = []

    def slower(trial, params, fold):
        told.append((trial, fold))
        return [keras.callbacks.LearningRateScheduler(lambda epoch: 0.0)]

    objective = ht.TrainObjective(iris, epochs=2, folds=2, callbacks=slower)
    losses = objective.evaluate(KNOBS).curve["val_loss"]
    assert told == [(0, 0), (0, 1)]
    assert losses[0] == losses[1]


def test_an_estimate_leaves_it_to_the_first_trial_to_tell_what_is_wrong(iris):
    objective = ht.TrainObjective(iris, build=lambda n, k: None)
    assert objective.seconds_for(1) is None
    assert objective.trial == 0


def test_callbacks_that_cannot_be_are_refused(iris):
    callback = keras.callbacks.TerminateOnNaN()
    with refused(r"callbacks=\[.*new ones for each trial.*lambda trial"):
        ht.TrainObjective(iris, callbacks=[callback])
    with refused("calls no callbacks. Type engine='keras'"):
        ht.TrainObjective(iris, callbacks=saving("."), engine="fused")
    with refused("callbacks= returned None .is a return missing.*Type for instance"):
        ht.TrainObjective(iris, callbacks=lambda trial, params: None).evaluate(KNOBS)
    assert "callbacks" not in ht.TrainObjective(iris).describe()


def test_a_network_says_the_same_to_a_report_as_to_its_search():
    """One that takes pictures, and gives logits."""
    data = ht.load("digits")

    def build(image_shape, n_classes, seed=0):
        layers = keras.layers
        model = keras.Sequential(
            [keras.Input(image_shape), layers.Flatten(), layers.Dense(n_classes)]
        )
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        model.compile("adam", loss)
        return model

    objective = ht.TrainObjective(data, build=build, epochs=2, metric="neg_log_loss")
    value = objective.evaluate({}).value
    said = objective.predict(objective.train({}), data.x_val)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)
    assert objective.measured.of(data.y_val, said) == pytest.approx(value, abs=1e-6)

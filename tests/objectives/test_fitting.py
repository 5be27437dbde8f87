"""One network watched while it is fitted: curves, ends, callbacks, scores; nothing is trained."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import expit, softmax

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.objectives import _fitting
from hpotutor.objectives._fitting import _callbacks, _prepare, _said, _watcher, fit_network
from hpotutor.objectives.building import Unfit
from hpotutor.objectives.scoring import Fit, Split
from tests.messages import refused

SPLIT = Split(np.zeros((6, 2)), np.zeros(6), np.arange(8.0).reshape(4, 2), np.zeros(4), np.zeros(4))


@pytest.fixture(scope="module")
def iris():
    return ht.load("iris")


class Says:
    """A network that says its rows again, and notes how many it was given at once."""

    stop_training = False
    loss = "mse"

    def __init__(self, from_logits=None, columns=2):
        self.sizes, self.columns, self.fitted = [], columns, {}
        if from_logits is not None:
            self.loss = SimpleNamespace(from_logits=from_logits)

    def __call__(self, x, training):
        assert training is False
        self.sizes.append(len(x))
        return x[:, : self.columns]

    def fit(self, x, y, **settings):
        self.fitted = {"x": x, "y": y, **settings}


def objective(**changes):
    told = {"metric": "mine", "direction": "maximize", "early_stopping": None, "build": None}
    told |= {"picks_epoch": False, "callbacks": None, "trial": 0, "seed": 3, "defaults": {}}
    told["measured"] = SimpleNamespace(of=lambda truth, outputs: float(truth.sum() + outputs.sum()))
    return SimpleNamespace(**(told | changes))


# ── what a network says ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("rows", [1, 1023, 1024, 1025, 2500])
def test_all_rows_are_said_in_their_order(rows):
    x, model = np.arange(2.0 * rows).reshape(rows, 2), Says()
    assert np.array_equal(_said(model, x), x)
    assert sum(model.sizes) == rows and max(model.sizes) <= 1024


def test_logits_become_probabilities_of_one_class_or_of_many():
    x = np.array([[0.5, -1.0], [2.0, 3.0]])
    assert np.array_equal(_said(Says(False), x), x)
    assert np.allclose(_said(Says(True), x), softmax(x, axis=1))
    assert np.allclose(_said(Says(True, 1), x), expit(x[:, :1]))
    steps = np.arange(6.0).reshape(2, 1, 3)  # the classes stand in the last axis
    assert np.allclose(_said(Says(True), steps), softmax(steps, axis=2))


@pytest.mark.parametrize("several", [[1, 2], (1, 2), {"a": 1, "b": 2}])
def test_several_outputs_are_told(several):
    with pytest.raises(ValueError, match="the model has 2 outputs, and a score needs one"):
        _said(lambda x, training: several, np.zeros((3, 2)))


# ── what is watched ──────────────────────────────────────────────────────────────────────────
def watch(one, logs, on_epoch=None, model=None, split=SPLIT):
    """Let the watcher see epochs until it stops; return the fit, and the logs as it left them."""
    fit, model = Fit(), model or Says()
    watcher = _watcher(keras, fit, one, split, on_epoch)[0]
    watcher.set_model(model)
    seen = []
    for epoch, told in enumerate(logs):
        seen.append(dict(told))
        watcher.on_epoch_end(epoch, seen[-1])
        if model.stop_training:
            break
    return fit, seen


LOGS = [{"loss": 3.0, "val_loss": 2.0}, {"loss": 2.0, "val_loss": 1.0}, {"loss": 1.0}]


def test_a_curve_has_what_keras_reports_and_a_score_where_somebody_listens():
    fit, seen = watch(objective(), LOGS)
    assert fit.curve == {"loss": [3.0, 2.0, 1.0], "val_loss": [2.0, 1.0]} and seen == LOGS
    assert (fit.status, fit.reason) == ("complete", "")
    heard = []
    fit, seen = watch(objective(), LOGS, lambda *told: bool(heard.append(told)))
    assert fit.curve["mine"] == [28.0] * 3 and seen[0]["mine"] == 28.0
    assert heard == [(1, 28.0), (2, 28.0), (3, 28.0)]
    assert watch(objective(picks_epoch=True), LOGS)[0].curve["mine"] == [28.0] * 3


@pytest.mark.parametrize(
    ("metric", "build", "asked"),
    [
        ("val_loss", None, False),
        ("val_loss", len, False),
        ("val_accuracy", None, False),
        ("val_accuracy", len, True),
        ("mine", None, True),
    ],
)
def test_what_our_own_builders_report_is_not_computed_again(metric, build, asked):
    told = [{"loss": 1.0, "val_loss": 1.0, metric: 0.5}]
    model = Says()
    fit, _ = watch(objective(metric=metric, build=build, picks_epoch=True), told, model=model)
    assert fit.curve[metric] == [28.0 if asked else 0.5] and bool(model.sizes) is asked
    # Accuracy is in every curve, whoever listens.
    model = Says()
    watch(objective(metric=metric, build=build), told, model=model)
    assert bool(model.sizes) is (metric == "val_accuracy" and asked)


def test_without_rows_to_validate_on_nothing_is_scored():
    split = Split(np.zeros((6, 2)), np.zeros(6), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    fit, _ = watch(objective(picks_epoch=True), [{"loss": 1.0}], split=split)
    assert fit.curve == {"loss": [1.0]}


@pytest.mark.parametrize("stop", [1, 2])
def test_a_search_stops_a_network(stop):
    fit, seen = watch(objective(), LOGS, lambda epoch, value: epoch == stop)
    assert (fit.status, fit.reason) == ("pruned", f"stopped by the search after epoch {stop}")
    assert len(seen) == fit.epochs == stop


@pytest.mark.parametrize(
    ("bad", "told"),
    [({"loss": math.nan}, "nan"), ({"loss": math.inf, "val_loss": 1.0}, "inf"),
     ({"loss": 1.0, "val_loss": math.nan}, "1.0")],
)  # fmt: skip
def test_a_loss_that_is_not_finite_ends_a_network(bad, told):
    heard = []
    fit, seen = watch(objective(), [LOGS[0], bad, LOGS[1]], lambda *one: bool(heard.append(one)))
    assert (fit.status, fit.reason) == ("diverged", f"the loss became {told} in epoch 2")
    assert len(seen) == fit.epochs == 2 and len(heard) == 1 and len(fit.curve["mine"]) == 1


def test_a_callback_that_ends_a_network_within_an_epoch_is_heard():
    model = Says()
    model.stop_training = True
    fit, seen = watch(objective(), LOGS, model=model)
    assert len(seen) == 1 and model.stop_training is True and fit.status == "complete"


def test_a_score_without_a_value_is_an_error():
    one = objective(measured=SimpleNamespace(of=lambda *_: math.nan), picks_epoch=True)
    with pytest.raises(ValueError, match="the metric 'mine' is nan for these predictions"):
        watch(one, LOGS)


@pytest.mark.parametrize(("direction", "mode"), [("maximize", "max"), ("minimize", "min")])
def test_a_network_stops_early_by_the_metric_and_keeps_its_best_weights(direction, mode):
    one = objective(early_stopping=4, direction=direction)
    watcher, stop = _watcher(keras, Fit(), one, SPLIT, None)  # the score is there before it looks
    assert isinstance(stop, keras.callbacks.EarlyStopping) and "Watch" in type(watcher).__name__
    assert (stop.monitor, stop.patience, stop.mode) == ("mine", 4, mode)
    assert stop.restore_best_weights is True and stop.min_delta == 0
    assert len(_watcher(keras, Fit(), objective(), SPLIT, None)) == 1


# ── callbacks ────────────────────────────────────────────────────────────────────────────────
def test_a_factory_is_told_the_trial_its_own_hyperparameters_and_a_fold_if_it_asks():
    told, params = [], {"units": 3}

    def make(trial, params):
        told.append((trial, params))
        params["units"] = 0
        return (keras.callbacks.Callback(),)

    def folded(trial, params, fold):
        told.append((trial, fold))
        return []

    found = _callbacks(keras, objective(callbacks=make, trial=5), params, 2)
    assert len(found) == 1 and type(found) is list
    assert told == [(5, {"units": 0})] and params == {"units": 3}
    assert _callbacks(keras, objective(callbacks=folded, trial=5), params, 2) == []
    assert told[1:] == [(5, 2)]
    for none in (objective(callbacks=make, trial=None), objective(callbacks=None)):
        assert _callbacks(keras, none, params, None) == []
    assert len(told) == 2
    callback = keras.callbacks.Callback()
    for made, said in ((None, "None"), (callback, "a Callback"), ([callback, 1], "a list")):
        with refused(f"^TrainObjective: callbacks= returned {said}", error=Unfit):
            _callbacks(keras, objective(callbacks=lambda *_, m=made: m), params, None)


# ── the whole ────────────────────────────────────────────────────────────────────────────────
class Clock:
    now = 5.0

    def perf_counter(self):
        return self.now


def fitted(monkeypatch, one, *, model=None, curve=None, raises=None, split=SPLIT, **more):
    """Run `fit_network` on a network that is not trained."""
    clock = Clock()
    monkeypatch.setattr(_fitting, "time", clock)

    def prepare(fit, objective, params, split):
        assert objective is one and params == {"units": 3}
        clock.now += 2.5
        fit.model = model or Says()
        fit.curve |= curve or {}
        if raises is not None:
            raise raises
        return split, {"batch_size": 7}

    monkeypatch.setattr(_fitting, "_prepare", prepare)
    return fit_network(one, {"units": 3}, 9, split, **more)


def test_a_network_is_fitted_for_its_epochs_and_scored_at_the_end(monkeypatch):
    model = Says()
    fit = fitted(monkeypatch, objective(), model=model)
    assert (fit.last, fit.status, fit.seconds) == (28.0, "complete", 2.5)
    assert (model.fitted["epochs"], model.fitted["verbose"]) == (9, 0)
    assert model.fitted["x"] is SPLIT.x and model.fitted["y"] is SPLIT.y
    assert model.fitted["batch_size"] == 7 and len(model.fitted["callbacks"]) == 2
    extra = objective(callbacks=lambda trial, params: [keras.callbacks.Callback()])
    fitted(monkeypatch, extra, model=model)
    assert len(model.fitted["callbacks"]) == 3
    told = []
    folded = objective(callbacks=lambda trial, params, fold: told.append((params, fold)) or [])
    fitted(monkeypatch, folded, fold=2)
    assert told == [({"units": 3}, 2)]
    heard = []
    fitted(monkeypatch, objective(), model=model, on_epoch=lambda *one: heard.append(one))
    watcher, _ = model.fitted["callbacks"]
    watcher.set_model(model)
    watcher.on_epoch_end(0, {"loss": 1.0})
    assert heard == [(1, 28.0)]
    assert fitted(monkeypatch, objective(), curve={"mine": [0.5]}).last is None
    empty = Split(np.zeros((6, 2)), np.zeros(6), np.zeros((0, 2)), np.zeros(0), np.zeros(0))
    assert fitted(monkeypatch, objective(), split=empty).last is None


def test_a_prediction_is_timed_on_256_rows_without_the_first_call(monkeypatch):
    model, asked = Says(), []

    def repeat(statement, number, repeat):
        statement()
        asked.append((number, repeat, model.sizes[-1]))
        return [90.0, 5.0, 1.0, 3.0, 2.0, 4.0]

    monkeypatch.setattr(_fitting.timeit, "repeat", repeat)
    assert fitted(monkeypatch, objective(), model=model).prediction == 3.0
    assert asked == [(1, 6, 256)]


def test_a_network_with_two_outputs_needs_no_score_to_be_timed(monkeypatch):
    class Two(Says):
        def __call__(self, x, training):
            return [super().__call__(x, training), x]

    fit = fitted(monkeypatch, objective(), model=Two(), curve={"mine": [0.5]})
    assert (fit.status, fit.reason) == ("complete", "") and fit.prediction > 0


def test_an_error_is_a_result_but_for_what_no_hyperparameter_mends(monkeypatch):
    fit = fitted(monkeypatch, objective(), raises=ValueError("no such layer"))
    assert (fit.status, fit.reason) == ("failed", "ValueError: no such layer")
    assert fit.last is None and fit.seconds == 2.5
    for error in (Unfit("never"), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            fitted(monkeypatch, objective(), raises=error)


def test_the_seed_is_drawn_anew_for_each_network(monkeypatch):
    seeds = []
    monkeypatch.setattr(keras.utils, "set_random_seed", seeds.append)
    for seed in (3, 3, 4):
        fitted(monkeypatch, objective(seed=seed))
    assert seeds == [3, 3, 4]


def test_rows_and_settings_are_handed_to_keras_as_they_were_asked(iris):
    def prepare(params, split, **settings):
        one, fit = ht.TrainObjective(iris, seed=3, **settings), Fit()
        shaped, told = _prepare(fit, one, params, split)
        assert one.proven and fit.model.count_params() == (4 + 1) * 5 + (5 + 1) * 3
        assert shaped.x.shape == split.x.shape and shaped.x_val.shape == split.x_val.shape
        alone = ht.build_mlp(4, 3, units=5, seed=3)
        assert np.array_equal(fit.model.get_weights()[0], alone.get_weights()[0])
        return told

    split = ht.TrainObjective(iris).splits()[0]
    told = prepare({"units": 5}, split)
    assert told["batch_size"] == 32 and told["validation_batch_size"] == 1024
    assert told["validation_data"][1] is split.y_val and "sample_weight" not in told
    told = prepare({"units": 5, "epochs": 3, "batch_size": np.int64(8)}, split)
    assert told["batch_size"] == 8 and type(told["batch_size"]) is int
    assert prepare({"units": 5}, split, defaults={"batch_size": None})["batch_size"] is None
    weighted = ht.TrainObjective(iris, class_weight="balanced").splits()[0]
    assert prepare({"units": 5}, weighted)["sample_weight"] is weighted.weight
    together = ht.TrainObjective(iris, folds=2).rows.together()
    assert prepare({"units": 5}, together)["validation_data"] is None
    with refused("^fit: batch_size=0"):
        prepare({"units": 5, "batch_size": 0}, split)


@pytest.mark.parametrize(("entry", "shape"), [(None, (3, 2)), ((6,), (6,))])
def test_rows_come_as_the_network_takes_them_or_else_as_its_builder_asked(entry, shape):
    x = np.random.default_rng(0).normal(size=(40, 3, 2))
    data = ht.load((x, np.arange(40) % 2))

    def build(input_shape, n_classes):
        layers = [keras.layers.Flatten(), keras.layers.Dense(n_classes, activation="softmax")]
        model = keras.Sequential([keras.Input(entry), *layers] if entry else layers)
        model.compile("adam", "sparse_categorical_crossentropy")
        return model

    one, fit, model = ht.TrainObjective(data, build=build), Fit(), Says()
    shaped, told = _prepare(fit, one, {}, one.splits()[0])
    assert shaped.x.shape[1:] == shaped.x_val.shape[1:] == shape
    assert told["validation_data"][0].shape == (len(data.x_val), *shape)
    if entry:
        model.input_shape = (None, *entry)
    said = one.predict(model, data.x_val)  # the first two along the second axis
    assert said.shape == (len(data.x_val), 2, *shape[1:])


def test_amounts_of_other_kinds_of_networks_are_in_their_own_unit_too():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.last = keras.layers.Dense(1)

        def call(self, x):
            return self.last(x)

    x = np.ones((5, 2), "float32")
    amounts = Split(x, np.zeros(5), x, np.zeros(5), np.zeros(5), center=100.0, spread=20.0)
    model, layers = Own(), [keras.Input((2, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
    said, steps = np.asarray(model(x)), keras.Sequential(layers)
    for one in (model, steps):
        one.compile("sgd", loss="mse")
    assert np.allclose(_fitting.in_own_unit(model, amounts)(x), said * 20 + 100, atol=1e-4)
    assert _fitting.in_own_unit(steps, amounts).input_shape == (None, 2, 1)


def test_a_network_says_amounts_in_their_own_unit():
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    entry = keras.Input((2,))
    made = [
        keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)]),
        keras.Model(entry, keras.layers.Dense(1)(entry)),
    ]
    amounts = Split(x, np.zeros(5), x, np.zeros(5), np.zeros(5), center=100.0, spread=20.0)
    for model in made:
        model.compile(keras.optimizers.SGD(0.125), loss="mae")
        scaled = _fitting.in_own_unit(model, amounts)
        expected = np.asarray(model(x)) * 20 + 100
        assert np.allclose(scaled(x), expected, atol=1e-4)
        held = model.layers if isinstance(model, keras.Sequential) else [model]
        assert scaled.layers[:-1] == held  # a summary shows the layers, not one network in another
        assert scaled.loss == "mae" and float(scaled.optimizer.learning_rate) == 0.125
        assert type(scaled.optimizer) is type(model.optimizer)
        assert _fitting.in_own_unit(model, SPLIT) is model

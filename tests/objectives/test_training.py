"""Training as an objective, with stand-ins for the training itself: budgets, folds, seeds, ends."""

from __future__ import annotations

import copy
import functools
import math
from types import SimpleNamespace

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.objectives import _fused, training
from hpotutor.objectives._fitting import is_ours
from hpotutor.objectives.scoring import Fit
from tests.messages import refused


@pytest.fixture(scope="module")
def iris():
    return ht.load("iris")


def own(n_features, n_classes, units=4, seed=0):
    """Return no network at all: it is never called here."""


class Fitted:
    """Stands for `fit_network`: notes what is asked, and gives the fits that it has, in turn."""

    def __init__(self, *fits):
        self.fits, self.asked = list(fits), []

    def __call__(self, objective, params, epochs, split, on_epoch=None, fold=None):
        told = {"params": params, "epochs": epochs, "rows": len(split.x), "fold": fold}
        told |= {"seed": objective.seed, "trial": objective.trial, "heard": on_epoch}
        self.asked.append({**told, "patience": objective.early_stopping})
        return copy.deepcopy(self.fits[len(self.asked) - 1])


def curve(*values, name="val_accuracy"):
    return {"loss": [1.0] * len(values), name: list(values)}


def fit_of(*values, **more):
    return Fit(curve(*values), **more)


@pytest.fixture
def fitted(monkeypatch):
    def make(*fits):
        one = Fitted(*fits)
        monkeypatch.setattr(training, "fit_network", one)
        monkeypatch.setattr(training, "in_own_unit", lambda model, split: (model, len(split.x)))
        return one

    return make


# ── one evaluation ───────────────────────────────────────────────────────────────────────────
def test_without_folds_one_network_is_trained_and_the_number_goes_on(iris, fitted):
    more = {"prediction": 0.125, "model": SimpleNamespace(count_params=lambda: 99)}
    asked = fitted(fit_of(0.5, 0.75, seconds=2.5, **more), *[fit_of(0.25)] * 3).asked
    objective = ht.TrainObjective(iris, epochs=7, seed=3)
    heard = functools.partial(int)
    found = objective.evaluate({"units": 8}, on_epoch=heard)
    assert (found.value, found.epochs, found.seconds, found.seed) == (0.75, 2, 2.5, 3)
    assert (found.status, found.reason, found.fold_values) == ("complete", "", ())
    assert found.prediction_seconds == 0.125
    assert (found.best_epoch, found.weights, found.curve) == (None, 99, curve(0.5, 0.75))
    assert asked[0] == {
        "params": {"units": 8}, "epochs": 7, "rows": len(iris.x_train), "fold": None, "seed": 3,
        "trial": 0, "heard": heard, "patience": None,
    }  # fmt: skip
    objective.evaluate({}, 4)
    assert (asked[1]["trial"], asked[1]["epochs"], asked[1]["heard"]) == (1, 4, None)
    objective.evaluate({"epochs": 2})
    objective.evaluate({"epochs": 2}, 1)
    assert [one["epochs"] for one in asked[2:]] == [2, 1] and objective.trial == 4
    objective.trial = None
    fitted(fit_of(0.5))
    assert objective.evaluate({}).value == 0.5 and objective.trial is None


def test_folds_are_trained_in_turn_and_averaged(iris, fitted):
    model = SimpleNamespace(count_params=lambda: 99)
    fits = [fit_of(0.5, 0.75, seconds=1.0), fit_of(0.25, seconds=2.0, model=model)]
    asked = fitted(*fits).asked
    found = ht.TrainObjective(iris, folds=2).evaluate({})
    assert [one["fold"] for one in asked] == [0, 1] and [one["trial"] for one in asked] == [0, 0]
    assert (found.value, found.fold_values) == (0.5, (0.75, 0.25))
    assert (found.epochs, found.seconds, found.weights) == (3, 3.0, 99)
    assert found.curve == {"loss": [1.0, 1.0], "val_accuracy": [0.375, 0.5]}
    assert found.best_epoch is None  # the last epoch is scored


@pytest.mark.parametrize(
    ("status", "after", "value"),
    [("failed", 1, None), ("diverged", 1, None), ("pruned", 2, 0.5), ("complete", 2, 0.5)],
)
def test_the_fold_that_ended_worst_gives_the_status(status, after, value, iris, fitted):
    fits = [fit_of(0.25, 0.25), fit_of(0.75, status=status, reason=f"it {status}")]
    for order in (fits, fits[::-1]):
        asked = fitted(*order).asked
        found = ht.TrainObjective(iris, folds=2).evaluate({})
        assert (found.status, found.reason) == (status, f"it {status}")
        assert len(asked) == (2 if order is fits else after)  # none is trained behind a failure
        assert found.value == value if value else math.isnan(found.value)
        assert len(found.fold_values) == (2 if value else 0)


def test_several_are_evaluated_one_after_the_other_and_told(iris, fitted):
    asked, told = fitted(fit_of(0.5), fit_of(0.75)).asked, []
    batch = [{"units": 3}, {"units": 4}]
    objective = ht.TrainObjective(iris)
    found = objective.evaluate_many(batch, 2, on_done=lambda *one: told.append(one))
    assert [e.params for e in found] == batch == [one["params"] for one in asked]
    assert [one["epochs"] for one in asked] == [2, 2] and told == list(enumerate(found))


def test_a_stack_answers_for_all_at_once_and_tells_as_it_goes(iris, monkeypatch):
    asked, told = [], []

    def train_stacked(objective, batch, epochs, answer, on_epoch=None):
        asked.append((list(batch), epochs, on_epoch))
        for index in reversed(range(len(batch))):
            answer(index, [fit_of(index / 4)])

    monkeypatch.setattr(_fused, "train_stacked", train_stacked)
    objective = ht.TrainObjective(iris, engine="fused")
    batch = [{"units": 3}, {"units": 4}]
    found = objective.evaluate_many(batch, 2, on_done=lambda *one: told.append(one))
    assert [e.value for e in found] == [0.0, 0.25] and [e.params for e in found] == batch
    assert told == [(1, found[1]), (0, found[0])] and asked == [(batch, 2, None)]
    assert len(objective.evaluate_many(batch)) == 2 and asked[1][1] is None
    heard = functools.partial(int)
    assert objective.evaluate(batch[1], 3, on_epoch=heard).params == batch[1]
    assert asked[2] == ([batch[1]], 3, heard)


def test_folds_are_drawn_with_the_seed(iris):
    def rows(seed):
        return [
            second.tolist() for _, second in ht.TrainObjective(iris, folds=3, seed=seed).rows.cut
        ]

    assert rows(0) == rows(0) != rows(1)


def test_of_two_failures_the_shorter_is_told(iris):
    objective = ht.TrainObjective(iris, folds=2)
    fits = [fit_of(0.5, 0.5, status="diverged", reason="late"),
            fit_of(0.5, status="diverged", reason="soon")]  # fmt: skip
    for order in (fits, fits[::-1]):
        assert objective._evaluation({}, order).reason == "soon"


@pytest.mark.parametrize(
    ("settings", "values", "value", "epoch"),
    [
        ({"score": "best"}, [[0.5, 0.75, 0.25], [0.5, 0.25]], 0.625, 2),
        ({"early_stopping": 2}, [[0.5, 0.75, 0.25], [0.5, 0.25]], 0.625, 2),
        ({"score": "best", "metric": "val_loss"}, [[3.0, 2.0, 1.0], [2.0, 3.0]], 1.5, 2),
        ({"score": "best"}, [[0.5, 0.5], [0.75, 0.5]], 0.625, 1),
        ({}, [[0.5, 0.75], [0.5, 0.25]], 0.5, None),
    ],
)
def test_the_best_epoch_of_each_fold_is_scored_where_it_is_asked_for(
    settings, values, value, epoch, iris
):
    objective = ht.TrainObjective(iris, folds=2, **settings)
    fits = [Fit(curve(*each, name=objective.metric)) for each in values]
    found = objective._evaluation({"a": 1}, fits)
    assert (found.value, found.best_epoch, found.params) == (value, epoch, {"a": 1})
    assert objective.picks_epoch is (epoch is not None)
    alone = ht.TrainObjective(iris, **settings)._evaluation({}, fits[:1])
    assert (alone.best_epoch, alone.fold_values) == (None, ())  # it stands in the curve
    failed = objective._evaluation({}, [Fit(status="failed")])
    assert failed.best_epoch is None and math.isnan(failed.value)


# ── budgets ──────────────────────────────────────────────────────────────────────────────────
def test_epochs_are_the_searchs_else_a_hyperparameter_else_the_defaults_else_the_own(iris):
    plain = ht.TrainObjective(iris, epochs=5)
    assert [plain.epochs_of({}, None), plain.epochs_of({"epochs": 3}, None)] == [5, 3]
    assert plain.epochs_of({"epochs": 3}, 2) == 2
    fixed = ht.TrainObjective(iris, epochs=5, defaults={"epochs": 4}, folds=3)
    assert [fixed.epochs_of({}, None), fixed.epochs_of({"epochs": 3}, None)] == [12, 9]
    assert plain.epochs_of({"epochs": 3.0}, None) == 3
    assert type(plain.epochs_of({"epochs": 3.0}, None)) is int
    for bad in (0, 2.5, "3", True):
        with refused(f"^TrainObjective: epochs={bad!r} "):
            plain.epochs_of({"epochs": bad}, None)
    assert ht.TrainObjective(iris).epochs_of({}, None) == 20


def test_the_price_is_measured_once_from_a_network_of_the_defaults(iris, monkeypatch):
    clock = SimpleNamespace(now=0.0)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr(training, "time", clock)
    asked = []

    def evaluate(self, params, epochs):
        asked.append((params, epochs, self.trial))
        clock.now += 100 if len(asked) == 1 else 4 + 2 * epochs  # TensorFlow's start
        return ht.Evaluation(params, 0.5)

    monkeypatch.setattr(ht.TrainObjective, "evaluate", evaluate)
    objective = ht.TrainObjective(iris, epochs=10)
    objective.trial = 7
    assert objective.seconds_for(None) == pytest.approx(24) and objective.trial == 7
    assert objective.seconds_for(3) == pytest.approx(10)
    assert asked == [({}, 1, None), ({}, 1, None), ({}, 3, None)]


@pytest.mark.parametrize(
    ("seconds", "price"),
    [((1, 1.0, 1.0), 0.985 + 0.05), ((1, 1.0, 1.004), 0.989 + 0.05), ((1, 1.0, 9.0), 40.0)],
)
def test_a_price_is_never_below_nothing(seconds, price, iris, monkeypatch):
    clock, spent = SimpleNamespace(now=0.0), iter(seconds)
    clock.perf_counter = lambda: clock.now
    monkeypatch.setattr(training, "time", clock)

    def evaluate(self, params, epochs):
        clock.now += next(spent)
        return ht.Evaluation(params, 0.5)

    monkeypatch.setattr(ht.TrainObjective, "evaluate", evaluate)
    assert ht.TrainObjective(iris).seconds_for(10) == pytest.approx(price)


def test_what_cannot_be_timed_has_no_price(iris, monkeypatch):
    assert ht.TrainObjective(iris, engine="fused").seconds_for(None) is None
    failed = ht.Evaluation({}, math.nan, status="failed")
    monkeypatch.setattr(ht.TrainObjective, "evaluate", lambda *asked: failed)
    objective = ht.TrainObjective(iris)
    assert objective.seconds_for(None) is None and objective.trial == 0

    def refuse(*asked):
        raise KeyboardInterrupt

    monkeypatch.setattr(ht.TrainObjective, "evaluate", refuse)
    with pytest.raises(KeyboardInterrupt):
        objective.seconds_for(None)
    assert objective.trial == 0


# ── trained again ────────────────────────────────────────────────────────────────────────────
def test_networks_are_trained_on_the_training_rows_with_each_seed(iris, fitted):
    models = [fit_of(0.5, model=n) for n in range(3)]
    asked, rows = fitted(*models).asked, len(iris.x_train)
    objective = ht.TrainObjective(iris, epochs=6, seed=9, folds=2)
    assert objective.train_seeds({"units": 3}, [4, 5], 2) == [(0, rows), (1, rows)]
    assert [(one["seed"], one["epochs"], one["trial"]) for one in asked] == [
        (4, 2, None),
        (5, 2, None),
    ]
    assert objective.train({"units": 3}) == (2, rows)
    last = asked[-1]
    assert (last["seed"], last["epochs"], last["trial"], last["fold"]) == (9, 6, 0, None)
    assert last["params"] == {"units": 3} and objective.seed == 9 and objective.trial == 0
    fitted(*models)
    assert objective.train_seeds({"epochs": 3}, [1])[0] == (0, rows)


def test_a_training_that_fails_is_told(iris, fitted):
    fitted(fit_of(0.5, model=1), fit_of(status="failed", reason="no such layer"))
    with pytest.raises(ht.errors.ArgumentError, match="^TrainObjective.train: no such layer$"):
        ht.TrainObjective(iris).train_seeds({}, [1, 2])
    fitted(fit_of(0.5, status="diverged", model=1))
    assert ht.TrainObjective(iris).train({})[0] == 1


def test_the_best_epoch_keeps_its_weights_and_stops_nothing(iris, fitted):
    asked = fitted(*[fit_of(0.5, model=1)] * 3).asked
    ht.TrainObjective(iris, epochs=6, score="best").train({})
    ht.TrainObjective(iris, epochs=6, early_stopping=2, score="best").train({})
    ht.TrainObjective(iris, epochs=6).train({})
    assert [one["patience"] for one in asked] == [6, 2, None]


@pytest.mark.parametrize(
    ("settings", "evaluation", "epochs", "together"),
    [
        ({}, {"curve": {"loss": [1.0] * 4}}, 4, False),
        ({}, {"curve": {}}, 6, False),
        ({}, {"params": {"epochs": 3}}, 3, False),
        ({"folds": 2}, {"curve": {"loss": [1.0] * 4}}, 4, True),
        ({"folds": 2, "score": "best"}, {"curve": curve(0.5, 0.75, 0.5), "best_epoch": 3}, 3, True),
        ({"folds": 2, "score": "best"}, {"curve": curve(0.5, 0.75, 0.5)}, 2, True),
        ({"folds": 2, "early_stopping": 1}, {"curve": curve(0.5, 0.75, 0.5)}, 2, True),
        ({"early_stopping": 1}, {"curve": curve(0.5, 0.75, 0.5)}, 3, False),
    ],
)
def test_the_winner_is_trained_as_it_was(settings, evaluation, epochs, together, iris, fitted):
    asked = fitted(fit_of(0.5, model=1)).asked
    objective = ht.TrainObjective(iris, epochs=6, seed=2, **settings)
    rows = len(iris.x_train) + (len(iris.x_val) if together else 0)
    done = ht.Evaluation(**{"params": {}, "value": 0.5, **evaluation})
    assert objective.retrain(done, 5) == (1, rows)
    (one,) = asked
    assert (one["epochs"], one["seed"], one["trial"], one["rows"]) == (epochs, 2, 5, rows)
    kept = None if together else settings.get("early_stopping")
    assert one["patience"] == kept and objective.early_stopping == settings.get("early_stopping")
    assert objective.trial == 0


# ── what the stack is asked, and what is told ────────────────────────────────────────────────
def test_the_stack_is_asked_for_the_fields_of_a_member(iris):
    def asked(**settings):
        objective = ht.TrainObjective(iris, engine="fused", epochs=6, **settings)
        return objective.request({"units": 8}, None)

    assert asked(seed=3) == {"seed": 3, "units": 8, "epochs": 6}
    given = asked(defaults={"units": 4, "batch_size": 16}, seed=3)
    assert given == {"seed": 3, "units": 8, "batch_size": 16, "epochs": 6}
    assert asked(early_stopping=2) == {
        "seed": 0, "units": 8, "epochs": 6, "patience": 2, "monitor": "val_accuracy",
        "restore_best": True,
    }  # fmt: skip
    best = asked(early_stopping=2, metric="f1_macro")
    assert (best["monitor"], best["monitor_mode"]) == ("f1_macro", "max")
    flipped = asked(early_stopping=2, metric=lambda y, s: 1.0, direction="minimize")
    assert flipped["monitor_mode"] == "min"
    assert "architecture" not in asked(build=ht.build_mlp)
    images = ht.load((np.random.default_rng(0).normal(size=(40, 6, 6)), np.arange(40) % 2))
    objective = ht.TrainObjective(images, engine="fused", build=ht.build_cnn)
    assert objective.request({}, 3) == {"seed": 0, "architecture": "conv", "epochs": 3}


def test_builders_of_this_package_are_known_however_they_are_bound(iris):
    for build in (None, ht.build_mlp, functools.partial(ht.build_mlp, units=3), ht.build_cnn):
        assert is_ours(build)
    for build in (own, functools.partial(own, units=3), len, SimpleNamespace()):
        assert not is_ours(build)
    assert ht.TrainObjective(iris, engine="fused", build=ht.build_mlp).batches is True
    assert ht.TrainObjective(iris, build=own).batches is False


@pytest.mark.parametrize(
    ("shape", "builders"),
    [((4,), ["build_mlp", "build_conv1d"]), ((6, 6), ["build_mlp", "build_conv1d", "build_cnn"]),
     ((4, 4, 3), ["build_mlp", "build_cnn"])],
)  # fmt: skip
def test_the_stack_trains_rows_of_the_shapes_that_a_builder_takes(shape, builders):
    data = ht.load((np.random.default_rng(0).normal(size=(40, *shape)), np.arange(40) % 2))
    for name in ("build_mlp", "build_conv1d", "build_cnn"):
        build = getattr(ht, name)
        if name in builders:
            assert ht.TrainObjective(data, engine="fused", build=build).build is build
        else:
            with refused(rf"build=ht.{name} cannot take rows of shape"):
                ht.TrainObjective(data, engine="fused", build=build)


def test_a_builder_that_is_bound_or_of_ones_own_is_for_keras(iris):
    def build_mlp(n_features, n_classes):
        """Return another network by the same name."""

    for build in (functools.partial(ht.build_mlp, units=3), build_mlp):
        with refused("Type engine='keras' for a model of yours"):
            ht.TrainObjective(iris, engine="fused", build=build)


def test_a_search_is_told_all_that_decides_an_answer(iris):
    def told(**settings):
        return ht.TrainObjective(iris, **settings).describe()

    assert told() == {
        "objective": "TrainObjective", "data": "iris", "rows": iris.fingerprint, "epochs": 20,
        "engine": "keras", "folds": None, "early_stopping": None, "metric": "val_accuracy",
        "score": "last", "build": "build_mlp", "defaults": {}, "seed": 0,
    }  # fmt: skip
    changed = [
        {"epochs": 3}, {"engine": "fused"}, {"folds": 3}, {"early_stopping": 4},
        {"metric": "f1_macro"}, {"score": "best"}, {"build": own}, {"defaults": {"units": 3}},
        {"seed": 1}, {"class_weight": "balanced"}, {"callbacks": own},
    ]  # fmt: skip
    for settings in changed:
        ((name, value),) = settings.items()
        assert told(**settings)[name] != told().get(name), name
        if name not in ("build", "callbacks"):
            assert told(**settings)[name] == value
        rest = told(**settings).keys() - told().keys()
        assert rest <= {name, "prepared"}


def test_bad_arguments_are_told_together():
    told = ("data=3", "epochs=0", "engine='torch'", "early_stopping=0", "score='first'", "seed=-1",
            "build=3", r"defaults=\[1\]", "callbacks=4", "device='tpu'")  # fmt: skip
    with refused("10 problems", *told):
        ht.TrainObjective(3, epochs=0, engine="torch", early_stopping=0, score="first", seed=-1,
                          build=3, defaults=[1], callbacks=4, device="tpu")  # fmt: skip
    with refused("^TrainObjective: seed=-1 is not allowed"):
        ht.TrainObjective(ht.load("iris"), seed=-1, folds=3)

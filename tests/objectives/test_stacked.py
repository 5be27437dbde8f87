"""How an objective asks the stack, with a stand-in for the stack: who answers for which fold."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.objectives import _fused
from hpotutor.objectives.metrics import Metric
from hpotutor.objectives.scoring import Split
from tests.messages import refused


@pytest.fixture(scope="module")
def iris():
    return ht.load("iris")


class Stack:
    """Stands for `train_many`: notes what it is asked, and ends each member as it was told to."""

    def __init__(self, *ends):
        self.ends, self.members, self.settings, self.sets, self.heard = list(ends), [], {}, (), []

    def __call__(self, *given, on_done, **settings):
        *self.sets, self.members = given
        self.settings = settings
        for place, end in self.ends:
            if callable(end):
                self.heard.append(settings["on_epoch"](place, end()))
                continue
            told = {"curve": {}, "status": "complete", "seconds": 0.5, "epochs": 1, "outputs": None}
            on_done(place, SimpleNamespace(**(told | end)))


def ask(monkeypatch, stack, objective, batch, **more):
    monkeypatch.setattr(_fused, "train_many", stack)
    answers = {}
    _fused.train_stacked(objective, batch, None, answers.__setitem__, **more)
    return answers


def curve(*values, name="val_accuracy"):
    return {"loss": [1.0] * len(values), name: list(values)}


def test_each_request_is_answered_by_its_own_network(iris, monkeypatch):
    stack = Stack((1, {"curve": curve(0.5)}), (0, {"curve": curve(0.25, 0.75), "seconds": 2.0}))
    objective = ht.TrainObjective(iris, engine="fused", epochs=7, seed=3)
    answers = ask(monkeypatch, stack, objective, [{"units": 4}, {"units": 9}])
    (first,), (second,) = answers[0], answers[1]
    assert (first.curve, first.seconds, first.status) == (curve(0.25, 0.75), 2.0, "complete")
    assert second.curve == curve(0.5) and second.last is None and list(answers) == [1, 0]
    assert [(m.units, m.epochs, m.seed) for m in stack.members] == [(4, 7, 3), (9, 7, 3)]
    x, y, x_val, y_val = stack.sets
    split = objective.splits()[0]
    assert x is split.x and y is split.y and x_val is split.x_val and y_val is split.y_val
    assert stack.settings == {"n_classes": 3, "device": "cpu", "input_shape": (4, 1)}


def test_epochs_of_the_search_and_the_shape_of_a_row_go_to_the_stack(iris, monkeypatch):
    stack = Stack()
    objective = ht.TrainObjective(iris, engine="fused", build=ht.build_conv1d)
    monkeypatch.setattr(_fused, "train_many", stack)
    answers = {}
    _fused.train_stacked(objective, [{"filters": 4}], 2, answers.__setitem__)
    assert answers == {}  # none has failed
    ((member,), told) = stack.members, stack.settings
    assert (member.architecture, member.epochs, told["input_shape"]) == ("conv", 2, (4, 1))


def test_what_the_stack_cannot_train_is_a_failure_and_the_others_go_on(iris, monkeypatch):
    stack = Stack((0, {"curve": curve(0.5)}))
    objective = ht.TrainObjective(iris, engine="fused")
    answers = ask(monkeypatch, stack, objective, [{"unitz": 4}, {"units": 9}])
    assert answers[0][0].status == "failed" and "unitz" in answers[0][0].reason
    assert answers[1][0].curve == curve(0.5) and len(stack.members) == 1
    none = Stack()
    assert list(ask(monkeypatch, none, objective, [{"unitz": 4}])) == [0] and none.settings == {}


@pytest.mark.parametrize(
    ("status", "told", "reason"),
    [
        ("complete", "complete", ""),
        ("diverged", "diverged", "the loss was not finite after epoch 4"),
        ("stopped", "pruned", "stopped by the search after epoch 4"),
    ],
)
def test_how_a_network_ended_is_told(status, told, reason, iris, monkeypatch):
    stack = Stack((0, {"curve": curve(0.5), "status": status, "epochs": 4}))
    answers = ask(monkeypatch, stack, ht.TrainObjective(iris, engine="fused"), [{}])
    assert (answers[0][0].status, answers[0][0].reason) == (told, reason)


def test_folds_are_members_of_one_stack_and_answered_together(iris, monkeypatch):
    ends = [(3, 0.4), (0, 0.1), (2, 0.3), (1, 0.2)]
    stack = Stack(*((place, {"curve": curve(value)}) for place, value in ends))
    objective = ht.TrainObjective(iris, engine="fused", folds=2, class_weight="balanced")
    answers = ask(monkeypatch, stack, objective, [{"units": 4}, {"units": 9}])
    values = {n: [fit.curve["val_accuracy"][0] for fit in fits] for n, fits in answers.items()}
    assert values == {0: [0.1, 0.2], 1: [0.3, 0.4]} and list(answers) == [1, 0]
    x, y, x_val, y_val = stack.sets
    assert x_val is y_val is None
    weight = stack.settings["sample_weight"]
    for member, split in zip(stack.members, objective.splits() * 2, strict=True):
        assert np.array_equal(x[member.rows], split.x) and np.array_equal(y[member.rows], split.y)
        assert np.array_equal(x[member.val_rows], split.x_val)
        assert np.array_equal(y[member.val_rows], split.y_val)
        assert np.array_equal(weight[member.rows], split.weight)


def test_a_search_hears_one_network_or_the_mean_of_its_folds(iris, monkeypatch):
    told = []

    def on_epoch(epoch, value):
        told.append((epoch, value))
        return epoch == 2

    alone = Stack((1, lambda: [curve(0.5)]), (2, lambda: [curve(0.5, 0.75)]), (0, {}))
    objective = ht.TrainObjective(iris, engine="fused")
    ask(monkeypatch, alone, objective, [{}], on_epoch=on_epoch)
    assert told == [(1, 0.5), (2, 0.75)] and alone.heard == [False, True]
    assert "on_epoch" in alone.settings
    told.clear()
    both = Stack((1, lambda: [curve(0.5), curve(1.0)]), (0, {}), (2, lambda: [curve(0.5)]), (1, {}))
    folded = ht.TrainObjective(iris, engine="fused", folds=2)
    ask(monkeypatch, both, folded, [{}], on_epoch=on_epoch)
    assert told == [(1, 0.75)] and both.heard == [False, False]  # a fold is over: none is stopped
    deaf = Stack((0, {}))
    ask(monkeypatch, deaf, objective, [{}])
    assert "on_epoch" not in deaf.settings


# ── a metric of scikit-learn ─────────────────────────────────────────────────────────────────
def test_a_metric_is_scored_at_the_end_or_after_each_epoch(iris, monkeypatch):
    right = np.eye(3)[iris.y_val]
    asked = {"engine": "fused", "metric": "balanced_accuracy"}
    stack = Stack((0, {"outputs": right}))
    (fit,) = ask(monkeypatch, stack, ht.TrainObjective(iris, **asked), [{}])[0]
    assert fit.last == 1.0 and stack.settings["keep_outputs"] is True
    assert "scores" not in stack.settings
    for more in ({"score": "best"}, {"early_stopping": 2}):
        stack = Stack((0, {"curve": curve(0.5, 0.25, name="balanced_accuracy")}))
        (fit,) = ask(monkeypatch, stack, ht.TrainObjective(iris, **asked, **more), [{}])[0]
        assert fit.last is None and fit.status == "complete"
        assert list(stack.settings["scores"]) == ["balanced_accuracy"]
        assert stack.settings["n_classes"] == 3
        assert "keep_outputs" not in stack.settings
    stack = Stack((0, {"curve": curve(0.5, name="balanced_accuracy")}))
    ask(monkeypatch, stack, ht.TrainObjective(iris, **asked), [{}], on_epoch=lambda *_: False)
    assert "scores" in stack.settings


def test_a_network_without_a_score_failed_and_one_that_diverged_is_not_asked(iris, monkeypatch):
    def moody(y_true, y_score):
        if y_score[0, 0] > 5:
            raise RuntimeError("too sure")
        return math.nan if y_score[0, 0] > 1 else 0.5

    metric = {"metric": moody, "direction": "maximize"}
    objective = ht.TrainObjective(iris, engine="fused", **metric)
    said = np.full((len(iris.y_val), 3), 1 / 3)
    ends = (said, said * 6, said * 30, said * 6)
    stack = Stack(*((n, {"outputs": outputs}) for n, outputs in enumerate(ends)),
                  (4, {"status": "diverged"}))  # fmt: skip
    answers = ask(monkeypatch, stack, objective, [{"units": n} for n in range(1, 6)])
    *fits, again, diverged = [answers[n][0] for n in range(5)]
    assert [fit.status for fit in fits] == ["complete", "failed", "failed"]
    assert again.reason == fits[1].reason  # whatever went wrong with the one before
    assert (diverged.status, diverged.last) == ("diverged", None)
    assert fits[1].reason == "the metric 'moody' has no value"
    assert fits[2].reason == "RuntimeError: too sure" and fits[0].last == 0.5


@pytest.mark.parametrize(("direction", "worst"), [("maximize", -math.inf), ("minimize", math.inf)])
def test_a_score_that_fails_is_the_worst_there_is(direction, worst):
    def score(y_true, y_score):
        if y_score[0] > 7:
            raise ValueError("no")
        return float(y_score[0]) if y_true[0] == 1.0 else math.nan

    labels = [np.array([0.0]), np.array([1.0])]
    splits = [Split(None, None, None, y, y, center=2.0, spread=3.0) for y in labels]
    scorer = _fused._Scorer(Metric("mine", direction, score), splits)
    assert scorer(labels[1], np.array([[1.0]])) == 5.0 and scorer.why == ""
    assert scorer(labels[0], np.array([[1.0]])) == worst and scorer.why == ""
    assert scorer(labels[1], np.array([[2.0]])) == worst and scorer.why == "ValueError: no"
    assert scorer(labels[1], np.array([[1.0]])) == 5.0 and scorer.why == "ValueError: no"


# ── shapes, and networks to keep ─────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("shape", "build", "told"),
    [
        ((4,), None, (4, 1)),
        ((6, 5), None, (6, 5)),
        ((6, 5), ht.build_conv1d, (6, 5)),
        ((6, 5), ht.build_cnn, (6, 5, 1)),
        ((4, 5, 3), ht.build_cnn, (4, 5, 3)),
    ],
)
def test_the_stack_is_told_the_shape_of_a_row(shape, build, told):
    data = ht.load((np.random.default_rng(0).normal(size=(40, *shape)), np.arange(40) % 2))
    objective = ht.TrainObjective(data, engine="fused", build=build)
    found = _fused._settings(objective, data.x_train, None)
    assert found == {"n_classes": 2, "device": "cpu", "input_shape": told}
    assert _fused._settings(objective, data.x_train[:, 1:], None)["input_shape"] is None
    assert _fused._settings(objective, data.x_train, 3)["sample_weight"] == 3


def test_folds_of_other_widths_are_refused_and_equal_ones_stand_side_by_side():
    def fold(rows, held, width=2, weight=None):
        x, x_val = np.full((rows, width), rows), np.full((held, width), held)
        return Split(x, np.full(rows, 1), x_val, np.full(held, 2), np.full(held, 2), weight)

    (x, y, *none), parts, weight = _fused._side_by_side([fold(3, 1), fold(2, 4)])
    assert x[:, 0].tolist() == [3, 3, 3, 1, 2, 2, 4, 4, 4, 4] and none == [None, None]
    assert y.tolist() == [1, 1, 1, 2, 1, 1, 2, 2, 2, 2] and weight is None
    assert [(a.tolist(), b.tolist()) for a, b in parts] == [
        ([0, 1, 2], [3]),
        ([4, 5], [6, 7, 8, 9]),
    ]
    *_, weight = _fused._side_by_side([fold(2, 1, weight=[3, 4]), fold(1, 2, weight=[5])])
    assert weight.tolist() == [3, 4, 1, 5, 1, 1]
    *_, weight = _fused._side_by_side([fold(2, 1, weight=[3, 4])])
    assert weight.tolist() == [3, 4, 1]
    with refused("Type engine='keras'"):
        _fused._side_by_side([fold(3, 1), fold(2, 4, width=3)])


@pytest.mark.parametrize("folds", [None, 2])
def test_networks_that_are_kept_come_with_their_weights(folds, iris, monkeypatch):
    asked = []

    def train_many(*given, **settings):
        asked.append((given, settings))
        return [SimpleNamespace(to_keras=lambda n=n: n) for n in range(len(given[-1]))]

    monkeypatch.setattr(_fused, "train_many", train_many)
    settings = {"metric": "f1_macro", "folds": folds, "early_stopping": 2}
    settings["class_weight"] = {"setosa": 3}
    objective = ht.TrainObjective(iris, engine="fused", **settings)
    assert objective.train_seeds({"units": 3}, [4, 5], 7) == [0, 1]
    (*rows, requests), told = asked[0]
    split = objective.rows.fixed()
    assert all(np.array_equal(a, b) for a, b in zip(rows, split, strict=True))
    told_each = [(one["seed"], one["units"], one["epochs"]) for one in requests]
    assert told_each == [(4, 3, 7), (5, 3, 7)]
    assert np.array_equal(told["sample_weight"], split.weight)
    assert told["keep_weights"] is True and list(told["scores"]) == ["f1_macro"]
    assert told["scores"]["f1_macro"](split.y_val, np.eye(3)[split.y_val]) == 1.0
    objective.retrain(ht.Evaluation({}, 0.5, {"loss": [1.0], "f1_macro": [0.5]}))
    (*rows, requests), told = asked[1]
    assert (rows[2] is None) is (rows[3] is None) is (folds == 2)
    assert ("scores" in told) is (folds is None)
    ht.TrainObjective(iris, engine="fused", early_stopping=2).train({})
    assert "scores" not in asked[2][1] and asked[2][0][-1][0]["monitor"] == "val_accuracy"

"""Scores that the stack computes from predictions, and the predictions that it keeps."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, r2_score, roc_auc_score

from hpotutor import fused
from hpotutor.errors import DataError
from hpotutor.fused import Stack, StackData, train_many
from hpotutor.fused import program as fused_graph
from tests.messages import refused
from tests.stack_cases import assert_equal_curves, make_rows

# of each kind of output: scikit-learn's score of what `Model.predict` gives
SCORES = {
    0: ("val_r2", lambda y, outputs: r2_score(y, outputs[:, 0])),
    2: ("val_roc_auc", lambda y, outputs: roc_auc_score(y, outputs[:, 0])),
    3: ("val_balanced", lambda y, outputs: balanced_accuracy_score(y, outputs.argmax(axis=1))),
}


def train_scored(rows, asked, n_classes):
    """Train for two epochs with the score of so many classes, and keep weights and outputs."""
    name, score = SCORES[n_classes]
    kept = {"scores": {name: score}, "keep_weights": True, "keep_outputs": True}
    return train_many(*rows, asked, n_classes=n_classes, epochs=2, **kept)


@pytest.mark.parametrize("n_classes", list(SCORES))
def test_scores_are_scikit_learns_on_keras_predictions(n_classes):
    """Two networks of different length, one of them taken to Keras after each."""
    rows, (name, score) = make_rows(n_classes), SCORES[n_classes]
    asked = [{"units": 5, "epochs": epochs} for epochs in (1, 3)] + [{"units": 9, "seed": 2}]
    trained = train_scored(rows, asked, n_classes)
    for network in trained:
        outputs = network.to_keras().predict(rows[2], verbose=0)
        np.testing.assert_allclose(network.outputs, outputs, atol=1e-5)
        assert network.outputs.shape == outputs.shape
        assert len(network.curve[name]) == network.epochs
        assert network.curve[name][-1] == score(rows[3], network.outputs)
    assert trained[1].curve[name][0] == trained[0].curve[name][0]


@pytest.mark.parametrize("n_classes", [0, 3])
def test_each_member_is_scored_on_validation_rows_of_its_own(n_classes, monkeypatch):
    """Also where the rows are evaluated piece by piece, and the last piece is short."""
    monkeypatch.setattr(fused_graph, "EVALUATION_FLOATS", 16)
    fused.clear_programs()
    x, y, _, _ = make_rows(n_classes, rows=60)
    held = [np.arange(60)[::-2], np.arange(5, 24)]
    asked = [{"units": 4, "rows": np.arange(30), "val_rows": rows, "seed": 3} for rows in held]
    name, score = SCORES[n_classes]
    trained = train_scored((x, y, None, None), asked, n_classes)
    fused.clear_programs()
    for rows, network in zip(held, trained, strict=True):
        outputs = network.to_keras().predict(x[rows], verbose=0)
        np.testing.assert_allclose(network.outputs, outputs, atol=1e-5)
        assert network.curve[name][-1] == score(y[rows], network.outputs)


@pytest.mark.parametrize(("mode", "best"), [("max", np.argmax), ("min", np.argmin)])
def test_a_monitored_score_stops_and_restores(mode, best):
    """By its own direction: "auto" would take this name, with "loss" in it, for one to fall."""
    rows = make_rows(3)
    values = iter([0.5, 0.7, 0.4, 0.6, 0.45, 0.65, 0.55])
    asked = {"patience": 2, "restore_best": True, "monitor": "val_neg_log_loss"}
    (ours,) = train_many(
        *rows,
        [{"units": 5, "learning_rate": 0.1, "monitor_mode": mode, **asked}],
        n_classes=3,
        scores={"val_neg_log_loss": lambda y, outputs: next(values)},
        keep_weights=True,
        keep_outputs=True,
    )
    assert ours.best_epoch == best(ours.curve["val_neg_log_loss"]) + 1 == ours.epochs - 2
    outputs = ours.to_keras().predict(rows[2], verbose=0)  # of the restored epoch, as those kept
    np.testing.assert_allclose(ours.outputs, outputs, atol=1e-5)


def test_scores_change_no_training_and_cost_nothing_unasked():
    rows = make_rows(3)
    asked = [{"units": 5, "dropout": 0.2, "seed": seed} for seed in range(3)]
    plain = train_many(*rows, asked, n_classes=3, epochs=3)
    name, score = SCORES[3]
    scored = train_many(*rows, asked, n_classes=3, epochs=3, scores={name: score})
    for ours, other in zip(scored, plain, strict=True):
        assert ours.outputs is None
        del ours.curve[name]
        assert_equal_curves(ours.curve, other.curve, 0)
    assert not StackData(*rows, n_classes=3).shape([plain[0].member]).outputs


def test_a_stack_that_is_thinned_out_keeps_outputs_and_scores():
    rows = make_rows(2)
    name, score = SCORES[2]
    data = StackData(*rows, n_classes=2, scores={name: score}, keep_outputs=True)
    stack = Stack(data, [{"units": 5, "seed": seed} for seed in range(4)])
    assert stack.result(2).outputs is None  # before its first epoch
    stack.train(2)
    fewer = stack.select([2])
    np.testing.assert_array_equal(fewer.result(0).outputs, stack.result(2).outputs)
    fewer.train(1)
    stack.train(1)
    assert fewer.curves[0][name] == pytest.approx(stack.curves[2][name])


def test_only_living_members_are_scored():
    rows = make_rows(3)
    wild = {"units": 8, "optimizer": "sgd", "learning_rate": 1e30, "activation": "linear"}
    seen = []

    def score(y, outputs):
        seen.append(np.isfinite(outputs).all())
        return 0.5

    short, long = {"units": 8, "epochs": 1}, {"units": 8, "seed": 1}
    trained = train_many(
        *rows, [wild, short, long], n_classes=3, epochs=4, scores={"val_score": score}
    )
    assert trained[0].status == "diverged" and np.isnan(trained[0].curve["val_score"][-1])
    assert len(trained[0].curve["val_score"]) == trained[0].epochs
    assert all(seen) and len(seen) == trained[0].epochs - 1 + 1 + 4


# ── bad input ───────────────────────────────────────────────────────────────
def no_such_class(y, outputs):
    raise ZeroDivisionError("only one class")


@pytest.mark.parametrize(
    ("score", "words"),
    [
        (no_such_class, "failed: ZeroDivisionError: only one class"),
        (lambda y, outputs: np.nan, "returned nan. Let it return a number"),
        (lambda y, outputs: outputs, "failed: TypeError"),
        (lambda y: 1.0, "failed: TypeError.*takes 1 positional argument but 2 were given"),
    ],
)
def test_a_score_that_fails_names_itself_and_the_member(score, words):
    """Its place among those asked, not in the stack: the first two train in another."""
    spare = {"optimizer": "sgd", "units": 3}
    good = StackData(*make_rows(3), n_classes=3)

    def fails_later(y, outputs):
        return score(y, outputs) if len(calls) >= 2 else calls.append(1) or 0.5

    calls: list = []
    told = r"train_many: scores\['val_mine'\] of member 2, after epoch 1, " + words
    with refused(told):
        train_many(
            *make_rows(3),
            [spare, {**spare, "seed": 1}, {"optimizer": "adam", "units": 3}],
            n_classes=3,
            epochs=1,
            scores={"val_mine": fails_later},
            threads=1,  # which counts calls in one order
        )
    Stack(good, [spare]).train(1)  # the program is in order


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        ({"val_accuracy": max}, "val_accuracy.*names other than .*'val_accuracy'"),
        ({7: max}, "scores={7: "),
        ({"val_auc": "roc_auc"}, "val_auc.*functions of"),
    ],
)
def test_bad_scores(scores, words):
    with refused(words):
        train_many(*make_rows(3), [{}], n_classes=3, scores=scores)


def test_scores_need_validation_rows_and_monitors_a_curve():
    x, y, _, _ = make_rows(3)
    with refused("keep_outputs need validation rows. Type x_val and y_val"):
        train_many(x, y, None, None, [{}], n_classes=3, keep_outputs=True)
    asked = [{"patience": 2, "monitor": "val_r2"}]
    with refused("monitor='val_r2'.*'val_r3'"):
        train_many(x, y, x, y, asked, n_classes=3, scores={"val_r3": lambda y, outputs: 1.0})
    with refused(r"y_train holds the labels \[3\], outside the classes 0 to 2", error=DataError):
        train_many(x, y + 1, x, y, [{}], n_classes=3, scores={"val_r3": max})

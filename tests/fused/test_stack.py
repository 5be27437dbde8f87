"""A stack between its epochs: what ends a network, what is kept of it, what may be changed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpotutor.errors import ArgumentError
from hpotutor.fused import Member, Stack, StackData
from hpotutor.fused import stack as fused_stack
from tests.messages import refused
from tests.stack_cases import assert_equal_curves, assert_equal_weights, make_rows

pytestmark = pytest.mark.usefixtures("untraced")
ROWS = make_rows(3, rows=10)
DATA = {"n_classes": 3, "dtype": "float64"}


def stack_of(*asked: dict, **more) -> Stack:
    common = {"units": 3, "batch_size": 10}
    return Stack(StackData(*ROWS, **DATA, **more), [Member(**common | one) for one in asked])


def scored(values: list[float], *asked: dict) -> Stack:
    """Return a stack whose networks see these scores, epoch by epoch."""
    told = iter(np.repeat(values, len(asked)))
    return stack_of(
        *({"monitor": "val_s", **one} for one in asked),
        scores={"val_s": lambda y, outputs: next(told)}, keep_outputs=True,
    )  # fmt: skip


# ── what ends a network ──────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("asked", "ended", "best"),
    [
        ({"patience": 1}, 3, 2), ({"patience": 2}, 4, 2), ({"patience": 3}, 6, 5),
        ({"patience": 1, "monitor_mode": "min"}, 2, 1), ({"epochs": 2}, 2, 2), ({}, 6, 5),
        ({"patience": 2, "epochs": 3}, 3, 2),
    ],
)  # fmt: skip
def test_patience_counts_from_the_best_epoch(asked, ended, best):
    stack = scored([0.5, 0.7, 0.7, 0.6, 0.9, 0.8], asked)
    stack.train(6)
    assert len(stack.curves[0]["val_s"]) == ended and stack.best_epoch[0] == best
    result = stack.result(0)
    assert (result.epochs, result.best_epoch, result.status) == (ended, best, "complete")
    assert stack.live[0] == (ended == 6)


def test_the_best_epochs_weights_and_outputs_come_back():
    stack = scored([0.1, 0.9, 0.5, 0.4], {"patience": 2, "restore_best": True}, {"patience": 2})
    kept = []
    for _ in range(4):
        stack.train(1)
        kept.append([stack._row(k) for k in range(2)])
    for k, epoch in ((0, 1), (1, 3)):  # the second one keeps its last
        params, _, outputs = kept[epoch][k]
        np.testing.assert_array_equal(stack.result(k).outputs, outputs)
        assert_equal_weights(
            stack.get_weights(k),
            fused_stack.planner.unpack(params, np.zeros(0), stack.members[k], stack.shape), 0,
        )  # fmt: skip


def test_without_validation_rows_the_training_loss_is_watched():
    stack = Stack(StackData(*ROWS[:2], **DATA), [{"units": 3, "learning_rate": [0.0]}])
    stack.train(2)
    assert stack.best_epoch[0] == 1 and set(stack.curves[0]) == {"loss", "accuracy"}


def test_a_network_that_diverges_stops_with_what_it_was():
    with np.errstate(all="ignore"):
        stack = stack_of({"optimizer": "sgd", "learning_rate": 1e300, "activation": "linear"},
                         {"optimizer": "sgd"})  # fmt: skip
        stack.train(3)
    assert stack.status == ["diverged", "complete"] and stack.live.tolist() == [False, True]
    assert len(stack.curves[0]["loss"]) < 3 == len(stack.curves[1]["loss"]) == stack.epoch


def test_what_is_over_is_trained_no_further(monkeypatch):
    stack = stack_of({"epochs": 1}, {"epochs": 2})
    stack.train()
    assert stack.epoch == 1
    stack.train(9)
    assert stack.epoch == 2 and not stack.live.any()
    before = [list(curve["loss"]) for curve in stack.curves], list(stack.status)
    stack.stop(0, "late")
    assert before == ([curve["loss"] for curve in stack.curves], stack.status)


def test_each_living_network_pays_its_share_of_the_time(monkeypatch):
    clock = itertools.count(7)
    monkeypatch.setattr(fused_stack.time, "perf_counter", lambda: next(clock))
    stack = stack_of({"epochs": 1}, {"seed": 1})
    assert stack.seconds.tolist() == [0.5, 0.5]
    stack.train(3)
    assert stack.seconds.tolist() == [1, 3] and stack.result(1).seconds == 3


# ── what comes back ──────────────────────────────────────────────────────────────────────────
def test_a_result_says_all_about_its_network():
    stack = stack_of({"batch_size": 4, "seed": 5}, {"batch_size": 4}, keep_outputs=True)
    assert stack.result(0).epochs == 0 and stack.result(0).outputs is None
    stack.train(2)
    ours = stack.result(0)
    assert ours.member is stack.members[0] and (ours.n_features, ours.n_classes) == (4, 3)
    assert ours.curve == stack.curves[0] and ours.curve is not stack.curves[0]
    assert ours.curve["loss"] is not stack.curves[0]["loss"]
    assert len(ours.batch_losses) == 3 and ours.input_shape is None
    # the mean over rows: the last batch has two of ten
    assert ours.curve["loss"][-1] == pytest.approx(np.average(ours.batch_losses, weights=[4, 4, 2]))
    assert stack.result(1, keep_weights=False).weights is None
    assert_equal_weights(ours.weights, stack.get_weights(0), 0)
    logits = np.maximum(ROWS[2] @ ours.weights[0] + ours.weights[1], 0)
    logits = logits @ ours.weights[2] + ours.weights[3]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(ours.outputs, shares, atol=1e-6)
    assert ours.curve["val_accuracy"][-1] == np.mean(shares.argmax(axis=1) == ROWS[3])


def test_outputs_of_folds_are_as_many_as_their_rows():
    data = StackData(*ROWS[:2], **DATA, keep_outputs=True, evaluations={"test": ROWS[2:]})
    stack = Stack(data, [{"units": 3, "val_rows": rows} for rows in ([1], [4, 2, 5])])
    stack.train(1)
    for k, rows in enumerate(([1], [4, 2, 5])):
        shares = stack.result(k).outputs[np.arange(len(rows)), ROWS[1][rows]]
        assert stack.curves[k]["val_loss"] == [pytest.approx(-np.log(shares).mean())]
    kernel, bias, out, last = stack.get_weights(1)
    right = (np.maximum(ROWS[2] @ kernel + bias, 0) @ out + last).argmax(axis=1) == ROWS[3]
    assert stack.curves[1]["test_accuracy"] == [right.mean()]
    assert [stack.result(k).outputs.shape for k in range(2)] == [(1, 3), (3, 3)]
    unkept = Stack(
        StackData(*ROWS, **DATA, scores={"val_s": lambda y, out: len(out)}), [{"units": 3}]
    )
    unkept.train(1)
    assert unkept.curves[0]["val_s"] == [15.0]
    assert unkept.result(0).outputs is None


def test_a_failing_score_names_network_and_epoch():
    stack = scored([0.5, np.nan], {})
    stack.positions = [7]
    with refused(r"scores\['val_s'\] of member 7, after epoch 2, returned nan"):
        stack.train(2)


# ── rates by step ────────────────────────────────────────────────────────────────────────────
def moved(stack: Stack, k: int = 0) -> bool:
    """Train an epoch; say whether the network has changed."""
    before = stack.get_weights(k)
    stack.train(1)
    return any((a != b).any() for a, b in zip(before, stack.get_weights(k), strict=True))


def test_a_rate_a_step_goes_on_where_it_was():
    """One epoch of three steps that moves, then one that does not, then on with the last rate."""
    asked = {"batch_size": 4, "optimizer": "sgd"}
    stack = stack_of(asked, {**asked, "learning_rate": [0.1] * 3 + [0.0] * 3 + [0.1]})
    assert moved(stack, 1)
    chosen = stack.select([1])
    for one, k in ((stack, 1), (chosen, 0)):
        assert [moved(one, k) for _ in range(2)] == [False, True]
    chosen.change(0, learning_rate=[0.1] * 9 + [0.0])
    assert not moved(chosen), "new rates are counted from the first step, too"
    chosen.change(0, learning_rate=0.1)
    assert moved(chosen)


# ── between epochs ───────────────────────────────────────────────────────────────────────────
def test_select_takes_each_network_as_it_stands_and_twice_if_asked():
    stack = stack_of(
        {"epochs": 1}, {"seed": 1}, {"seed": 2, "restore_best": True}, keep_outputs=True
    )
    stack.train(1)
    stack.positions = [5, 6, 7]
    twice = stack.select([2, 0, np.int64(2)])
    assert twice.positions == [7, 5, 7] and twice.live.tolist() == [True, False, True]
    assert twice.shape.members == 3 and [m.seed for m in twice.members] == [2, 0, 2]
    assert twice.best_epoch.tolist() == [1, 1, 1] and twice.status == ["complete"] * 3
    for k, was in enumerate((2, 0, 2)):
        assert twice.curves[k] == stack.curves[was]
        assert_equal_weights(twice.get_weights(k), stack.get_weights(was), 0)
        np.testing.assert_array_equal(twice.batch_losses[k], stack.batch_losses[was])
        np.testing.assert_array_equal(twice.result(k).outputs, stack.result(was).outputs)
    twice.train(1)
    assert [len(curve["loss"]) for curve in twice.curves] == [2, 1, 2]
    assert twice.curves[0] == twice.curves[2]
    assert [len(curve["loss"]) for curve in stack.curves] == [1, 1, 1] and stack.epoch == 1
    assert stack.select([1, 2, 0, 1, 2]).shape.members == 6


def test_copy_takes_life_and_status_but_no_settings():
    stack = stack_of({"seed": 1}, {"seed": 2, "learning_rate": 0.5}, {"seed": 3, "epochs": 1})
    stack.train(1)
    stack.copy(1, 2)  # which was over
    assert stack.live.tolist() == [True, True, True]
    assert_equal_weights(stack.get_weights(2), stack.get_weights(1), 0)
    stack.stop(0)
    stack.copy(0, 1)
    assert stack.live.tolist() == [False, False, True]
    assert stack.status == ["stopped", "stopped", "complete"]
    assert [member.learning_rate for member in stack.members] == [0.001, 0.5, 0.001]
    with refused(r"Stack.copy: member 1 has units=\(3,\) and member 0 has \(4,\)\. Give both"):
        stack_of({"units": 4}, {}).copy(1, 0)


def test_change_takes_what_a_graph_is_fed():
    """Penalties on the hidden layer's kernel, for one of two networks that stand still."""
    stack = stack_of({"learning_rate": [0.0]}, {"learning_rate": [0.0], "seed": 1})
    stack.train(1)
    kernel = stack.get_weights(1)[0]
    stack.change(1, l1=0.1, l2=0.2)
    stack.train(1)
    (same, still), (plain, more) = (curve["val_loss"] for curve in stack.curves)
    assert same == still
    # penalties are rounded to float32, as Keras does
    penalty = 0.1 * np.abs(kernel).sum() + 0.2 * np.square(kernel).sum()
    assert more - plain == pytest.approx(penalty, rel=1e-6)
    stack.change(1, dropout=0.5)
    assert stack.members[1].dropout == 0.5 and stack.members[0].dropout == 0
    stack.train(1)
    losses = [curve["loss"] for curve in stack.curves]
    assert losses[0][2] == pytest.approx(losses[0][1]) and losses[1][2] != pytest.approx(
        losses[1][1]
    )
    for asked, changed in (("adamw", {"weight_decay": 0.1}), ("momentum", {"momentum": 0.1})):
        other = stack_of({"optimizer": asked})
        other.change(0, **changed)
        assert {name: getattr(other.members[0], name) for name in changed} == changed


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"units": 9}, "Stack.change: units is not a known name.*Known: learning_rate, momentum"),
        ({"dropout": 1.0}, "dropout=1.0 is not allowed"),
        ({"momentum": 0.5}, "Stack.change: plain SGD keeps no velocity.*optimizer='momentum'"),
    ],
)
def test_change_refuses_the_rest_and_leaves_the_stack_as_it_was(asked, says):
    stack = stack_of({"optimizer": "sgd"})
    before = stack.members
    with refused(says, error=ArgumentError):
        stack.change(0, **asked)
    assert stack.members == before


def test_a_stack_can_stand_in_a_larger_program():
    data = StackData(*ROWS, **DATA)
    members = [Member(units=3, batch_size=4, seed=n) for n in range(2)]
    larger = Stack(data, members, data.shape([*members, *members, members[0]]))
    assert larger.shape.members == 6
    own = Stack(data, members)
    for stack in (larger, own):
        stack.train(1)
    for k in range(2):
        assert_equal_curves(larger.curves[k], own.curves[k], 1e-12)

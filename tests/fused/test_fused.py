"""The stack trains each member as ``Model.fit`` would train it alone."""

from __future__ import annotations

import dataclasses
import itertools

import numpy as np
import pytest

import hpotutor as ht
from hpotutor import fused
from hpotutor._tensorflow import keras
from hpotutor.errors import DataError
from hpotutor.fused import Member, Stack, StackData, batch_order, train_many
from hpotutor.fused import planner as fused_plan
from hpotutor.fused import program as fused_graph
from hpotutor.models.layers import ACTIVATIONS, INITIALIZERS, OPTIMIZERS
from tests.messages import refused, texts
from tests.stack_cases import (
    EPOCHS,
    FEATURES,
    NEIGHBORS,
    PENALTIES,
    RATES,
    ROWS,
    as_keras,
    assert_equal_curves,
    assert_equal_weights,
    fit_keras,
    fit_side_by_side,
    make_rows,
)

LESSON_ACTIVATIONS = ("relu", "sigmoid", "tanh")


# ── equality with Keras ─────────────────────────────────────────────────────
@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_equals_fit_in_float64(optimizer, untraced, float64, fixed_order):
    """The product of depths, activations, penalties and outputs, dealt out, at 1e-8.

    An optimizer sees slopes, whatever the network: each case of the product and each other
    activation meets with one of the seven, and each optimizer with every level.
    """
    which = list(OPTIMIZERS).index(optimizer)
    levels = list(itertools.product((1, 2, 3), LESSON_ACTIVATIONS, PENALTIES, (2, 3)))
    others = [name for name in ACTIVATIONS if name not in LESSON_ACTIVATIONS]
    levels += [(2, name, PENALTIES[n % 3], 3) for n, name in enumerate(others)]
    cases = levels[which :: len(OPTIMIZERS)]
    rate = RATES.get(optimizer, 0.01)
    common = {"units": 3, "optimizer": optimizer, "learning_rate": rate, "batch_size": ROWS}
    members = [
        (Member(layers=layers, activation=activation, seed=n, **penalty, **common), n_classes)
        for n, (layers, activation, penalty, n_classes) in enumerate(cases)
    ]
    x = make_rows(2)[0]
    y = {n_classes: make_rows(n_classes)[1] for n_classes in (2, 3)}
    trained: list = [None] * len(members)
    for n_classes in (2, 3):
        chosen = [n for n, (_, classes) in enumerate(members) if classes == n_classes]
        asked = [members[n][0] for n in chosen]
        done = train_many(
            x,
            y[n_classes],
            None,
            None,
            asked,
            n_classes=n_classes,
            epochs=EPOCHS,
            dtype="float64",
            keep_weights=True,
        )
        for n, network in zip(chosen, done, strict=True):
            trained[n] = network
    history, models = fit_side_by_side(members, x, y)
    for network, model, (member, _) in zip(trained, models, members, strict=True):
        assert_equal_weights(network.weights, model.get_weights(), 1e-8)
        if not member.l1 and not member.l2:  # Keras tells an output's loss without its penalty
            np.testing.assert_allclose(
                network.curve["loss"], history[f"{model.name}_loss"], rtol=0, atol=1e-8
            )
    total = np.sum([network.curve["loss"] for network in trained], axis=0)  # with penalties
    np.testing.assert_allclose(total, history["loss"], rtol=0, atol=1e-8)


@pytest.mark.parametrize(("optimizer", "n_classes"), [("nesterov", 2), ("adamw", 3)])
def test_batch_norm_equals_fit(optimizer, n_classes, float64, fixed_order):
    rows = make_rows(n_classes)
    member = Member(
        layers=2,
        units=4,
        batch_norm=True,
        activation="tanh",
        l2=as_keras(0.01),
        optimizer=optimizer,
        learning_rate=0.05,
        batch_size=10,
        seed=2,
    )
    wider = dataclasses.replace(member, units=7, activation="sigmoid", seed=3)
    ours = train_many(
        *rows, [wider, member], n_classes=n_classes, epochs=3, dtype="float64", keep_weights=True
    )[1]
    history, model = fit_keras(member, rows, n_classes, epochs=3)
    assert_equal_curves(ours.curve, history, 1e-6)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-6)


@pytest.mark.parametrize("optimizer", ["momentum", "rmsprop", "adam"])
def test_float32_losses_equal_fit(optimizer, fixed_order):
    """Weights are not compared: see the note in ``fused``'s docstring."""
    rows = make_rows(3)
    member = Member(layers=2, units=8, optimizer=optimizer, learning_rate=0.01, batch_size=10)
    ours = train_many(*rows, [member], n_classes=3, epochs=EPOCHS)[0]
    history, _ = fit_keras(member, rows, 3)
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(ours.curve[name], history[name], rtol=0, atol=1e-4)


@pytest.mark.parametrize("initializer", list(INITIALIZERS))
def test_starts_from_the_weights_of_build_mlp(initializer):
    member = Member(layers=2, units=(5, 3), initializer=initializer, batch_norm=True, seed=7)
    x, y, _, _ = make_rows(3)
    stack = Stack(StackData(x, y, n_classes=3), [member])
    model = ht.build_mlp(FEATURES, 3, **member.network())
    assert_equal_weights(stack.get_weights(0), model.get_weights(), 0)


def test_schedule_equals_fit(float64, fixed_order):
    rows = make_rows(3)
    schedule = keras.optimizers.schedules.CosineDecay(0.01, 6, warmup_target=0.1, warmup_steps=3)
    member = Member(units=3, optimizer="sgd", learning_rate=schedule, batch_size=10)
    rates = [float(schedule(step)) for step in range(9)]
    listed = dataclasses.replace(member, learning_rate=rates)
    ours = train_many(*rows, [member, listed], n_classes=3, epochs=3, dtype="float64")
    history, _ = fit_keras(member, rows, 3, epochs=3)
    assert_equal_curves(ours[0].curve, history, 1e-8)
    assert_equal_curves(ours[1].curve, history, 1e-8)


def test_early_stopping_equals_keras(float64, fixed_order):
    rows = make_rows(3)
    member = Member(
        units=16, learning_rate=0.1, batch_size=10, patience=2, restore_best=True, seed=1
    )
    longer = Member(units=16, learning_rate=1e-4, batch_size=10)
    ours, other = train_many(
        *rows, [member, longer], n_classes=3, epochs=30, dtype="float64", keep_weights=True
    )
    stop = keras.callbacks.EarlyStopping("val_loss", patience=2, restore_best_weights=True)
    history, model = fit_keras(member, rows, 3, epochs=30, callbacks=[stop])
    assert ours.epochs == len(history["loss"]) < 30 == other.epochs
    assert ours.best_epoch == stop.best_epoch + 1
    assert_equal_weights(ours.weights, model.get_weights(), 1e-8)


def test_batches_are_drawn_anew_each_epoch_and_hold_every_row():
    first, second = batch_order(3, 0, 50), batch_order(3, 1, 50)
    assert sorted(first) == sorted(second) == list(range(50))
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, batch_order(4, 0, 50))


def test_to_keras_is_the_same_network():
    rows = make_rows(3)
    ours = train_many(*rows, [{"units": 6}], n_classes=3, epochs=2, keep_weights=True)[0]
    model = ours.to_keras()
    loss, accuracy = model.evaluate(rows[2], rows[3], verbose=0)
    assert loss == pytest.approx(ours.curve["val_loss"][-1], abs=1e-5)
    assert accuracy == pytest.approx(ours.curve["val_accuracy"][-1])
    assert_equal_weights(model.get_weights(), ours.weights, 0)


# ── members do not reach each other ─────────────────────────────────────────
@pytest.mark.parametrize(("activation", "dropout"), [("relu", 0.4), ("sigmoid", 0.0)])
def test_a_member_trains_as_if_alone(activation, dropout):
    """Width 8 in a stack of width 64, among others, equals a stack of one of width 8."""
    rows = make_rows(3)
    data = StackData(*rows, n_classes=3, dtype="float64")
    common = {"layers": 2, "batch_size": 10, "batch_norm": True}
    member = {"units": 8, "activation": activation, "dropout": dropout, "seed": 5, **common}
    alone = Stack(data, [member])
    among = Stack(data, [*({**other, **common} for other in NEIGHBORS), member])
    assert alone.shape.widths == (8, 8) and among.shape.widths == (64, 64)
    alone.train(3)
    among.train(3)
    assert_equal_curves(among.curves[3], alone.curves[0], 1e-10)
    assert_equal_weights(among.get_weights(3), alone.get_weights(0), 1e-10)


def test_a_diverged_member_is_frozen_and_disturbs_no_other():
    rows = make_rows(3)
    wild = {"units": 8, "optimizer": "sgd", "learning_rate": 1e30, "activation": "linear"}
    calm = {"units": 8, "optimizer": "sgd", "learning_rate": 0.1, "seed": 3}
    together = train_many(*rows, [wild, calm], n_classes=3, epochs=4)
    alone = train_many(*rows, [calm], n_classes=3, epochs=4)[0]
    assert together[0].status == "diverged"
    assert together[0].epochs == len(together[0].curve["loss"]) < 4
    assert not np.isfinite([together[0].curve["loss"][-1], together[0].curve["val_loss"][-1]]).all()
    assert together[1].status == "complete"
    assert_equal_curves(together[1].curve, alone.curve, 1e-6)


def test_small_memory_cuts_stacks_and_changes_nothing(monkeypatch):
    rows = make_rows(3)
    members = [{"units": 16, "seed": seed, "dropout": 0.2} for seed in range(7)]
    whole = train_many(*rows, members, n_classes=3, epochs=2, dtype="float64")
    made = []
    start = Stack.__init__

    def counted(self, *arguments):
        start(self, *arguments)
        made.append(len(self.members))

    monkeypatch.setattr(Stack, "__init__", counted)
    member = Member(units=16, dropout=0.2)
    shape = StackData(*rows, n_classes=3, dtype="float64").shape([member])
    one = fused_plan.member_bytes(shape, member.batch_size)
    cut = train_many(
        *rows, members, n_classes=3, epochs=2, dtype="float64", max_bytes=int(3.5 * one)
    )
    assert sorted(made) == [1, 3, 3]
    for ours, other in zip(cut, whole, strict=True):
        assert_equal_curves(ours.curve, other.curve, 1e-10)


# ── pause, copy, select, change ─────────────────────────────────────────────
def make_stack(**common) -> Stack:
    members = [{"units": 5, "learning_rate": r, "seed": n, **common} for n, r in enumerate((1, 2))]
    for member in members:
        member["learning_rate"] /= 100
    return Stack(StackData(*make_rows(3), n_classes=3, dtype="float64"), members)


def test_pause_and_another_stack_between_change_nothing():
    through, paused, other = make_stack(), make_stack(), make_stack()
    through.train(4)
    paused.train(1)
    other.train(2)  # of the same shape, so it takes over the program's variables
    paused.train(3)
    assert paused.program is other.program
    for k in range(2):
        assert_equal_curves(paused.curves[k], through.curves[k], 1e-12)


def test_select_promotes_members_with_their_optimizers_memory():
    through, first = make_stack(optimizer="momentum"), make_stack(optimizer="momentum")
    through.train(4)
    first.train(2)
    promoted = first.select([1])
    promoted.train(2)
    assert_equal_curves(promoted.curves[0], through.curves[1], 1e-12)
    assert len(first.curves[1]["loss"]) == 2


def test_copy_and_change_as_population_based_training_does():
    stack = make_stack(optimizer="momentum", batch_size=ROWS)
    stack.train(2)
    stack.copy(0, 1)
    assert_equal_weights(stack.get_weights(1), stack.get_weights(0), 0)
    stack.change(1, learning_rate=stack.members[0].learning_rate)
    stack.train(1)  # one batch holds all rows, so their order makes no difference
    assert_equal_weights(stack.get_weights(1), stack.get_weights(0), 1e-12)
    stack.change(1, learning_rate=0.5, dropout=0.3)
    stack.train(1)
    assert abs(stack.get_weights(1)[0] - stack.get_weights(0)[0]).max() > 1e-3


def test_a_copy_of_a_stopped_member_is_as_it_was_stopped():
    stack = make_stack()
    stack.train(1)
    stack.stop(0)
    stack.train(1)
    stack.copy(0, 1)
    assert_equal_weights(stack.get_weights(1), stack.get_weights(0), 0)


def test_a_range_test_is_as_long_as_it_is_told_whatever_its_members_say():
    rows, member = make_rows(3)[:2], {"units": 5, "batch_size": 6}
    _, plain = fused.range_test(*rows, [member], n_classes=3, high=0.1, epochs=3)
    _, short = fused.range_test(*rows, [{**member, "epochs": 1}], n_classes=3, high=0.1, epochs=3)
    np.testing.assert_array_equal(short, plain)
    assert np.isfinite(short).all()


def test_stop():
    stack = make_stack()
    stack.train(1)
    stack.stop(0)
    frozen = stack.get_weights(0)
    stack.train(2)
    assert_equal_weights(stack.get_weights(0), frozen, 0)
    assert [len(curve["loss"]) for curve in stack.curves] == [1, 3]
    assert [stack.result(k).status for k in range(2)] == ["stopped", "complete"]


def test_change_refuses_what_the_graph_fixes():
    stack = make_stack(optimizer="sgd")
    with refused("units is not a known name.*Known: learning_rate, momentum"):
        stack.change(0, units=9)
    with refused("plain SGD keeps no velocity.*Type optimizer='momentum'"):
        stack.change(0, momentum=0.9)
    with refused(r"member 0 has units=.* Give both the same units"):
        mixed = Stack(stack.data, [{"units": 4}, {"units": 5}])
        mixed.copy(0, 1)


# ── train_many ──────────────────────────────────────────────────────────────
def test_answers_come_in_the_order_asked_whatever_the_stacks(untraced):
    rows = make_rows(3)
    asked = [
        {"optimizer": "adam", "layers": 2, "units": 4, "seed": 1},
        {"optimizer": "sgd", "units": 6, "seed": 2},
        {"optimizer": "adam", "units": 5, "batch_size": 8, "seed": 3},
        {"optimizer": "adam", "layers": 2, "units": 9, "activation": "tanh", "seed": 4},
        {"optimizer": "sgd", "momentum": 0.5, "units": 6, "seed": 5},
    ]
    done = []
    trained = train_many(
        *rows, asked, n_classes=3, epochs=2, on_done=lambda n, network: done.append((n, network))
    )
    assert sorted(n for n, _ in done) == list(range(5))
    for n, (request, network) in enumerate(zip(asked, trained, strict=True)):
        assert all(getattr(network.member, name) == value for name, value in request.items())
        assert dict(done)[n] is network
        assert network.seconds > 0


def test_epochs_are_read_from_one_run(monkeypatch):
    rows = make_rows(3)
    asked = [{"units": 5, "epochs": epochs} for epochs in (2, 5, 3, 5)]
    separate = [
        train_many(*rows, [request], n_classes=3, dtype="float64", keep_weights=True)[0]
        for request in asked
    ]
    sizes = []
    start = Stack.__init__

    def counted(self, *arguments):
        start(self, *arguments)
        sizes.append(len(self.members))

    monkeypatch.setattr(Stack, "__init__", counted)
    together = train_many(*rows, asked, n_classes=3, dtype="float64", keep_weights=True)
    assert sizes == [1]
    for ours, other in zip(together, separate, strict=True):
        assert ours.epochs == other.epochs == ours.member.epochs
        assert_equal_curves(ours.curve, other.curve, 1e-12)
        assert_equal_weights(ours.weights, other.weights, 1e-12)


def test_more_evaluation_sets():
    rows = make_rows(3)
    sets = {"test": (rows[2], rows[3])}
    curve = train_many(*rows, [{"units": 5}], n_classes=3, epochs=2, evaluations=sets)[0].curve
    assert curve["test_loss"] == curve["val_loss"]
    assert curve["test_accuracy"] == curve["val_accuracy"]


def test_on_epoch_sees_all_curves_grow_together_and_can_stop():
    rows = make_rows(3)
    asked = [{"units": 5, "optimizer": name} for name in ("sgd", "adam", "rmsprop")]
    lengths = []

    def watch(epoch, curves):
        lengths.append([len(curve.get("loss", [])) for curve in curves])
        if epoch == 2:
            return [1]
        return epoch == 4

    trained = train_many(*rows, asked, n_classes=3, epochs=9, on_epoch=watch)
    assert lengths == [[1, 1, 1], [2, 2, 2], [3, 2, 3], [4, 2, 4]]
    assert [network.epochs for network in trained] == [4, 2, 4]
    assert {network.status for network in trained} == {"stopped"}


def test_a_known_shape_is_not_traced_again():
    used = []
    for rows, size in ((make_rows(3), 32), (make_rows(3, rows=31, seed=1), 8)):
        data = StackData(*rows, n_classes=3)
        members = [{"units": 5, "learning_rate": 0.1}, {"units": 5, "seed": 4}]
        stack = Stack(data, [{**member, "batch_size": size} for member in members])
        stack.train(2)
        used.append((stack.program, stack.program.epoch))
    assert used[0] == used[1]


@pytest.mark.parametrize("layers", [{}, {"dropout": 0.3, "batch_norm": True}])
def test_batch_sizes_share_a_program_and_change_nothing(layers):
    rows = make_rows(3)
    asked = [{"units": 5, "batch_size": size, **layers} for size in (7, 32, 16)]
    common = {"n_classes": 3, "epochs": 3, "dtype": "float64"}
    together = train_many(*rows, asked, **common)
    for member, ours in zip(asked, together, strict=True):
        fused.clear_programs()  # so this one has a program of its own
        (alone,) = train_many(*rows, [member], **common)
        assert_equal_curves(ours.curve, alone.curve, 1e-12)
    watched = train_many(*rows, asked, on_epoch=lambda epoch, curves: None, **common)
    assert len(fused_graph._programs) == 1
    for ours, other in zip(watched, together, strict=True):
        assert_equal_curves(ours.curve, other.curve, 1e-12)


def test_cached_programs_are_bounded(monkeypatch):
    monkeypatch.setattr(fused_graph, "CACHED_PROGRAMS", 2)
    data = StackData(*make_rows(3), n_classes=3)
    for units in (3, 4, 5):
        Stack(data, [{"units": units}])
    assert len(fused_graph._programs) == 2
    fused.clear_programs()
    assert not fused_graph._programs


def test_members_finish_at_different_times_in_a_shrinking_stack(monkeypatch):
    monkeypatch.setattr(fused_plan, "TRACE_SECONDS", 0.0)
    rows = make_rows(3)
    asked = [{"units": 5, "seed": n, "epochs": 1 + n} for n in range(6)]
    trained = train_many(*rows, asked, n_classes=3, dtype="float64")
    assert [network.epochs for network in trained] == [1, 2, 3, 4, 5, 6]
    last = train_many(*rows, asked[-1:], n_classes=3, dtype="float64")[0]
    assert_equal_curves(trained[-1].curve, last.curve, 1e-10)


def test_range_test_records_each_batch_and_where_it_breaks():
    rates, losses = fused.range_test(
        *make_rows(3)[:2],
        [{"units": 5, "batch_size": 6}, {"units": 5, "batch_size": 6, "optimizer": "sgd"}],
        n_classes=3,
        low=1e-5,
        high=1e3,
        epochs=5,
    )
    assert rates.shape == (20,) and losses.shape == (2, 20)
    np.testing.assert_allclose(rates[[0, -1]], [1e-5, 1e3])
    np.testing.assert_allclose(np.diff(np.log(rates)), np.log(1e8) / 19)
    start = losses[:, :8].mean(axis=1)
    assert (np.nanmax(losses[:, -4:], axis=1) > 2 * start).all()


# ── bad input ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ({"optimizer": "lion"}, ["optimizer='lion'", "'adam'", "engine='keras'"]),
        ({"optimiser": "adam"}, ["optimiser", "Did you mean 'optimizer'?"]),
        ({"filters": 16}, ["filters", "engine='keras'"]),
        ({"clipnorm": 1.0}, ["clipnorm", "engine='keras'"]),
        ({"units": 0, "dropout": 1.0}, ["2 problems", "units=0", "dropout=1.0"]),
        ({"units": (3, 4), "layers": 3}, ["units=(3, 4)", "layers=3"]),
        ({"learning_rate": [0.1, -1]}, ["learning_rate", "one rate a step"]),
        ({"rows": np.array([0, 99])}, ["rows", "row numbers from 0 to 23"]),
        ({"patience": 2, "monitor": "test_loss"}, ["monitor='test_loss'", "'val_loss'"]),
        ({"seed": None}, ["seed=None", "Type for instance seed="]),
    ],
)
def test_bad_members(request_, words):
    with refused(*texts(*words)):
        train_many(*make_rows(3), [{"units": 3}, request_], n_classes=3, epochs=1)


def test_a_fault_of_many_members_is_told_once():
    with refused("optimizer='lion'") as caught:
        train_many(*make_rows(3), [{"optimizer": "lion"}] * 50, n_classes=3)
    assert str(caught.value).count("lion") == 1


@pytest.mark.parametrize(
    ("change", "n_classes", "words"),
    [
        (
            lambda x, y, z: (x, y, z),
            2,
            r"y_train holds the labels \[2\], outside the classes 0 to 1",
        ),
        (lambda x, y, z: (x, y, z[:, :3]), 3, "x_val has 3 features and x_train has 4"),
        (
            lambda x, y, z: (x.reshape(-1, 2, 2), y, z),
            3,
            r"x_train has shape \(24, 2, 2\).*for convolutions with input_shape",
        ),
        (
            lambda x, y, z: (x, y[:5], z),
            3,
            r"y_train has shape \(5,\). Give 24 rows a y",
        ),
    ],
    ids=["labels", "features", "images", "lengths"],
)
def test_bad_rows(change, n_classes, words):
    x, y, x_val, y_val = make_rows(3)
    x, y, x_val = change(x, y, x_val)
    with refused(words, error=DataError):
        train_many(x, y, x_val, y_val, [{}], n_classes=n_classes)


def test_a_width_over_the_limit_names_the_memory():
    with refused(r"units=50000 .* takes [\d,]+ MB .* engine='keras'"):
        train_many(*make_rows(3), [{"units": 50000, "layers": 2}], n_classes=3)


def test_a_stack_refuses_members_that_cannot_share_a_graph():
    data = StackData(*make_rows(3), n_classes=3)
    with refused("2 kinds.*train_many"):
        Stack(data, [{"layers": 1}, {"layers": 2}])
    with refused(r"weights have the shapes \[\(4, 3\)\]; .* Type weights=model.get_weights"):
        Stack(data, [{"units": 3, "weights": [np.zeros((4, 3))]}])
    with refused(r"members=\[\] .*at least one"):
        Stack(data, [])
    with refused("keep_weights=True"):
        train_many(*make_rows(3), [{"units": 3}], n_classes=3, epochs=1)[0].to_keras()

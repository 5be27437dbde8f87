"""Regression losses and weights of rows: the stack trains as ``Model.fit`` does."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from hpotutor.errors import DataError
from hpotutor.fused import Member, Stack, StackData, range_test, train_many
from hpotutor.models.layers import LOSSES, OPTIMIZERS
from tests.messages import refused, texts
from tests.stack_cases import (
    EPOCHS,
    NEIGHBORS,
    PENALTIES,
    RATES,
    ROWS,
    assert_equal_curves,
    assert_equal_weights,
    fit_keras,
    fit_side_by_side,
    make_rows,
)

REGRESSION = ("mean_squared_error", "mean_absolute_error", "huber")
FLOAT64 = {"dtype": "float64", "keep_weights": True}


def row_weights(rows: int = ROWS) -> np.ndarray:
    """Return weights of rows, some of them 0."""
    return np.random.default_rng(5).uniform(-0.5, 3, rows).clip(0)


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_losses_and_weights_equal_fit(optimizer, untraced, float64, fixed_order):
    """Each loss without weights, with class weights (of classes) and with weights of rows.

    Half of them with each optimizer, and all of them with three optimizers or more.
    """
    x, targets = make_rows(2)[0], {n: make_rows(n)[1] for n in (0, 2, 3)}
    ones = np.ones(ROWS)
    of_classes = {n: np.array([0.2, 1.5, 4.0])[targets[n]] for n in (2, 3)}
    kinds = [(0, loss, w) for loss, w in itertools.product(REGRESSION, (ones, row_weights()))]
    kinds += [(n, None, w) for n in (2, 3) for w in (of_classes[n], row_weights())]
    which = list(OPTIMIZERS).index(optimizer)
    kinds = [kind for n, kind in enumerate(kinds) if (n + n // 2 + which) % 2 == 0]
    members, trained = [], []
    for seed, (n_classes, loss, weights) in enumerate(kinds):
        member = Member(
            layers=1 + seed % 2,
            units=3,
            activation=("tanh", "relu")[seed % 2],
            loss=loss,
            optimizer=optimizer,
            learning_rate=RATES.get(optimizer, 0.01),
            batch_size=ROWS,
            seed=seed,
            **PENALTIES[seed % 3],
        )
        members.append((member, n_classes))
        given = {"n_classes": n_classes, "epochs": EPOCHS, **FLOAT64}
        if weights is not ones:
            given["sample_weight"] = weights
        trained += train_many(x, targets[n_classes], None, None, [member], **given)
    history, models = fit_side_by_side(members, x, targets, [w for _, _, w in kinds])
    for network, model in zip(trained, models, strict=True):
        assert_equal_weights(network.weights, model.get_weights(), 1e-8)
    total = np.sum([network.curve["loss"] for network in trained], axis=0)
    np.testing.assert_allclose(total, history["loss"], rtol=0, atol=1e-8)


@pytest.mark.parametrize("n_classes", [0, 2])
def test_a_short_last_batch_with_weights_equals_fit(n_classes, float64, fixed_order):
    """Every curve of ``Model.fit``: its loss is weighted, accuracy and validation are not."""
    rows, weights = make_rows(n_classes), row_weights()
    member = Member(
        units=4, batch_norm=True, batch_size=10, loss=None if n_classes else "huber", seed=4
    )
    (ours,) = train_many(
        *rows, [member], n_classes=n_classes, epochs=3, sample_weight=weights, **FLOAT64
    )
    history, model = fit_keras(member, rows, n_classes, epochs=3, sample_weight=weights)
    assert_equal_curves(ours.curve, history, 1e-8)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-6)


def test_class_weights_are_weights_of_rows(float64, fixed_order):
    rows, of_classes = make_rows(3), {0: 0.2, 1: 1.5, 2: 4.0}
    member = Member(units=4, batch_size=10)
    weights = np.array([of_classes[label] for label in rows[1]])
    ours = train_many(*rows, [member], n_classes=3, epochs=2, sample_weight=weights, **FLOAT64)[0]
    history, _ = fit_keras(member, rows, 3, epochs=2, class_weight=of_classes)
    assert_equal_curves(ours.curve, history, 1e-8)


def test_folds_take_the_weights_of_their_own_rows(float64, fixed_order):
    x, y, _, _ = make_rows(0)
    weights = row_weights()
    folds = [(np.arange(21), np.arange(21, 24)), (np.arange(4, 24), np.arange(4))]
    members = [
        Member(units=4, batch_size=10, rows=rows, val_rows=held, loss="mae", seed=n)
        for n, (rows, held) in enumerate(folds)
    ]
    ours = train_many(
        x, y, None, None, members, n_classes=0, epochs=2, sample_weight=weights, **FLOAT64
    )
    for (rows, held), member, network in zip(folds, members, ours, strict=True):
        own = (x[rows], y[rows], x[held], y[held])
        history, _ = fit_keras(member, own, 0, epochs=2, sample_weight=weights[rows])
        assert_equal_curves(network.curve, history, 1e-8)


def test_ones_weigh_nothing():
    rows = make_rows(3)
    plain = train_many(*rows, [{"units": 5}], n_classes=3, epochs=2)[0]
    ones = train_many(*rows, [{"units": 5}], n_classes=3, epochs=2, sample_weight=np.ones(ROWS))[0]
    assert_equal_curves(ones.curve, plain.curve, 0)


@pytest.mark.parametrize("loss", list(LOSSES))
def test_to_keras_is_the_compiled_regressor(loss):
    rows = make_rows(0)
    (ours,) = train_many(*rows, [{"loss": loss}], n_classes=0, epochs=2, keep_weights=True)
    model = ours.to_keras()
    assert set(ours.curve) == {"loss", "val_loss"}
    assert (model.loss, model.output_shape) == (LOSSES[loss], (None, 1))
    evaluated = model.evaluate(rows[2], rows[3], verbose=0)
    assert evaluated == pytest.approx(ours.curve["val_loss"][-1], rel=1e-5)


# ── members do not reach each other ─────────────────────────────────────────
@pytest.mark.parametrize(
    ("n_classes", "loss", "dropout"),
    [(3, None, 0.4), *zip((0, 0, 0), REGRESSION, (0.0, 0.4, 0.0), strict=True)],
)
def test_a_member_trains_as_if_alone(n_classes, loss, dropout, untraced):
    """Whatever its loss, and with weights, a narrow member among others is a plain network."""
    data = StackData(
        *make_rows(n_classes), n_classes=n_classes, sample_weight=row_weights(), dtype="float64"
    )
    common = {"layers": 2, "batch_size": 10, "batch_norm": True, "loss": loss}
    member = {"units": 8, "activation": "sigmoid", "dropout": dropout, "seed": 5, **common}
    alone = Stack(data, [member])
    among = Stack(data, [*({**other, **common} for other in NEIGHBORS), member])
    alone.train(3)
    among.train(3)
    assert_equal_curves(among.curves[3], alone.curves[0], 1e-10)
    assert_equal_weights(among.get_weights(3), alone.get_weights(0), 1e-10)


def test_losses_are_sorted_into_stacks(untraced):
    rows = make_rows(0)
    asked = [{"units": 5, "loss": loss, "seed": n % 2} for n, loss in enumerate(REGRESSION * 2)]
    together = train_many(*rows, asked, n_classes=0, epochs=2, dtype="float64")
    for request, network in zip(asked, together, strict=True):
        (alone,) = train_many(*rows, [request], n_classes=0, epochs=2, dtype="float64")
        assert_equal_curves(network.curve, alone.curve, 1e-12)
    with refused("loss and in having val_rows.*3 kinds"):
        Stack(StackData(*rows, n_classes=0), asked)


def test_a_regression_diverges_alone():
    wild = {"units": 8, "optimizer": "sgd", "learning_rate": 1e20, "activation": "linear"}
    calm = {"units": 8, "optimizer": "sgd", "learning_rate": 0.01, "seed": 3}
    together = train_many(*make_rows(0), [wild, calm], n_classes=0, epochs=3)
    (alone,) = train_many(*make_rows(0), [calm], n_classes=0, epochs=3)
    assert [network.status for network in together] == ["diverged", "complete"]
    assert_equal_curves(together[1].curve, alone.curve, 1e-6)


def test_early_stopping_of_a_regression_restores_its_best_epoch():
    rows = make_rows(0)
    asked = {"units": 16, "learning_rate": 0.3, "patience": 2, "restore_best": True}
    (ours,) = train_many(*rows, [asked], n_classes=0, epochs=40, keep_weights=True)
    assert ours.best_epoch == np.argmin(ours.curve["val_loss"]) + 1 == ours.epochs - 2 < 38
    best = ours.to_keras().evaluate(rows[2], rows[3], verbose=0)
    assert best == pytest.approx(min(ours.curve["val_loss"]), rel=1e-5)


def test_range_test_of_a_regression():
    rates, losses = range_test(*make_rows(0)[:2], [{"units": 5, "batch_size": 6}], n_classes=0)
    assert losses.shape == (1, len(rates)) and losses[0, 0] > 0


# ── bad input ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("n_classes", "request_", "words"),
    [
        (0, {"loss": "hubr"}, ["loss='hubr'", "Did you mean 'huber'?"]),
        (0, {"output": "sigmoid"}, ["output='sigmoid'", "'auto' for n_classes=0"]),
        (0, {"patience": 2, "monitor": "val_accuracy"}, ["monitor='val_accuracy'", "'val_loss'"]),
        (3, {"loss": "huber"}, ["loss='huber'", "None for classes"]),
        (3, {"monitor_mode": "up"}, ["monitor_mode='up'", "'max'"]),
    ],
)
def test_bad_members(n_classes, request_, words):
    with refused(*texts(*words)):
        train_many(*make_rows(n_classes), [request_], n_classes=n_classes, epochs=1)


@pytest.mark.parametrize(
    ("y", "words"),
    [
        (np.array([1.0, np.nan, np.inf] * 8), "y_train has 16 of 24 values that are NaN or inf"),
        (np.array(["low", "high"] * 12), "y_train has the type <U4"),
        (np.zeros((24, 2)), r"y_.* has shape \(24, 2\)\. Give 24 rows a y of shape \(24,\)"),
    ],
)
def test_bad_targets(y, words):
    x, _, x_val, y_val = make_rows(0)
    with refused(words, error=DataError):
        train_many(x, y, x_val, y_val, [{}], n_classes=0)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.ones(5), r"sample_weight has shape \(5,\).*24 training rows"),
        (np.ones((24, 1)), r"sample_weight has shape \(24, 1\)"),
        (np.where(np.arange(24) == 3, -1.0, 1.0), r"sample_weight holds \[-1.0\]"),
        (np.where(np.arange(24) == 3, np.nan, 1.0), r"sample_weight holds \[nan\]"),
        (np.zeros(24), "sample_weight is 0 for every row"),
        (["heavy"] * 24, "sample_weight has shape .* type <U5"),
    ],
)
def test_bad_weights(weights, words):
    with refused(words, error=DataError):
        train_many(*make_rows(3), [{}], n_classes=3, sample_weight=weights)


def test_a_fold_whose_rows_all_weigh_nothing_is_refused():
    weights = np.r_[np.zeros(12), np.ones(12)]
    with refused("sample_weight is 0 for every row of a member: give it others"):
        train_many(*make_rows(3), [{"rows": np.arange(12)}], n_classes=3, sample_weight=weights)

"""The stack trains a convolutional network as ``Model.fit`` would train it alone."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.errors import DataError
from hpotutor.fused import Member, Stack, StackData, range_test, train_many
from hpotutor.fused.convolution import Convolution
from hpotutor.fused.planner import member_bytes
from hpotutor.models.layers import OPTIMIZERS
from tests.messages import refused, texts
from tests.stack_cases import PENALTIES, RATES, assert_equal_curves, assert_equal_weights

SEQUENCE, IMAGE = (12, 6), (6, 6, 2)  # the same 72 numbers
ROWS, EPOCHS = 24, 3


def make_rows(n_classes: int = 3, seed: int = 0) -> tuple:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(ROWS + 15, 72))
    y = np.argmax(x[:, : n_classes or 1], axis=1) if n_classes else x[:, 0] - x[:, 1] ** 2
    return x[:ROWS], y[:ROWS], x[ROWS:], y[ROWS:]


def build(shape: tuple, member: Member, n_classes: int = 3) -> keras.Model:
    builder = ht.build_conv1d if len(shape) < 3 else ht.build_cnn
    return builder(shape, n_classes, **member.network())


def train(shape: tuple, members: list, rows: tuple | None = None, **more) -> list:
    arguments = {"n_classes": 3, "epochs": EPOCHS, "dtype": "float64", "keep_weights": True, **more}
    return train_many(*(rows or make_rows()), members, input_shape=shape, **arguments)


def fit_keras(shape: tuple, member: Member, rows: tuple, n_classes: int = 3, **more) -> tuple:
    model = build(shape, member, n_classes)
    model.run_eagerly = True
    options = {"batch_size": member.batch_size, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    fit = model.fit(*rows[:2], validation_data=rows[2:], **options, **more)
    return fit.history, model


# ── equality with Keras ─────────────────────────────────────────────────────
# kernel_size, strides, padding, pooling, pool_size, layers, dense_layers: all levels meet, and
# with them borders that are filled on one side only, and places that nothing reads
GEOMETRIES = {
    "sgd": [(3, 1, "same", "max", 2, 1, 1), (2, 2, "valid", "average", 1, 2, 1)],
    "momentum": [(5, 2, "same", "average", 1, 2, 0), (3, 1, "valid", "max", 2, 1, 2)],
    "nesterov": [(4, 3, "valid", "max", 2, 1, 1), (3, 2, "same", "max", 1, 3, 0)],
    "rmsprop": [((5, 3, 3), 2, "same", "max", 1, 3, 0), (4, 1, "same", "average", 3, 1, 1)],
    "adam": [(2, (3, 1), "valid", "average", (1, 2), 2, 2), (3, 2, "valid", "max", 1, 1, 1)],
    "adamw": [(1, 1, "same", "max", 5, 1, 1), (2, (1, 2), "same", "max", (2, 1), 2, 0)],
    "adagrad": [(3, 1, "valid", "average", 2, 2, 1), (5, 4, "same", "average", 2, 1, 0)],
}
NAMES = ("kernel_size", "strides", "padding", "pooling", "pool_size", "layers", "dense_layers")


@pytest.mark.parametrize("optimizer", list(OPTIMIZERS))
def test_equals_fit_in_float64(optimizer, float64, fixed_order):
    """Two of a sequence and two of an image, as outputs of one model: one ``fit`` for four."""
    x, y, _, _ = make_rows()
    common = {"optimizer": optimizer, "learning_rate": RATES.get(optimizer, 0.01), "units": 4}
    asked, shapes, trained = [], [], []
    for n, (shape, geometry) in enumerate(
        zip((SEQUENCE, IMAGE), GEOMETRIES[optimizer], strict=True)
    ):
        fields = dict(zip(NAMES, geometry, strict=True)) | common
        members = [
            Member(
                architecture="conv",
                filters=2 + k,  # and doubled from block to block
                activation=("relu", "tanh", "sigmoid")[k - n],
                batch_size=ROWS // 2,
                seed=k,
                **fields,
                **penalty,
            )
            for k, penalty in enumerate(({}, PENALTIES[1 + (n + len(optimizer)) % 2]))
        ]
        trained += train(shape, members, (x, y, None, None))
        asked, shapes = asked + members, shapes + [shape] * 2
    models = [build(shape, member) for shape, member in zip(shapes, asked, strict=True)]
    for n, model in enumerate(models):
        model.name = f"net{n}"
    inputs = keras.Input((72,))
    joined = keras.Model(inputs, {model.name: model(inputs) for model in models})
    joined.compile(
        optimizer=type(models[0].optimizer).from_config(models[0].optimizer.get_config()),
        loss={model.name: model.loss for model in models},
        run_eagerly=True,
    )
    labels = {model.name: y for model in models}
    options = {"batch_size": ROWS // 2, "epochs": EPOCHS, "shuffle": False, "verbose": 0}
    history = joined.fit(x, labels, **options).history
    for network, model in zip(trained, models, strict=True):
        assert_equal_weights(network.weights, model.get_weights(), 1e-8)
        if not network.member.l1 and not network.member.l2:  # Keras tells it without its penalty
            told = history[f"{model.name}_loss"]
            np.testing.assert_allclose(network.curve["loss"], told, rtol=0, atol=1e-8)
    total = np.sum([network.curve["loss"] for network in trained], axis=0)
    np.testing.assert_allclose(total, history["loss"], rtol=0, atol=1e-8)


def test_batch_norm_short_batches_and_validation_equal_fit(float64, fixed_order):
    """A narrower member beside a wider one, in batches of 10, 10 and 4."""
    common = {"layers": 2, "batch_norm": True, "batch_size": 10, "architecture": "conv"}
    member = Member(filters=(3, 2), units=4, activation="softplus", l2=0.02, seed=2, **common)
    wider = Member(filters=7, units=9, activation="sigmoid", seed=3, **common)
    ours = train(IMAGE, [wider, member])[1]
    history, model = fit_keras(IMAGE, member, make_rows())
    assert_equal_curves(ours.curve, history, 1e-8)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-8)


def test_regression_with_weights_equals_fit(float64, fixed_order):
    rows, weight = make_rows(0), np.linspace(0.2, 2, ROWS)
    member = Member(architecture="conv", filters=3, loss="huber", batch_size=10)
    (ours,) = train(SEQUENCE, [member], rows, n_classes=0, sample_weight=weight)
    history, model = fit_keras(SEQUENCE, member, rows, 0, sample_weight=weight)
    assert_equal_curves(ours.curve, history, 1e-8)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-8)


@pytest.mark.parametrize("initializer", ["glorot_uniform", "he_normal"])
@pytest.mark.parametrize("shape", [SEQUENCE, IMAGE])
def test_starts_from_the_weights_of_the_builder(shape, initializer):
    asked = {"filters": (5, 3), "layers": 2, "units": (4, 2), "dense_layers": 2, "kernel_size": 2}
    member = Member(architecture="conv", batch_norm=True, initializer=initializer, seed=7, **asked)
    x, y, _, _ = make_rows()
    stack = Stack(StackData(x, y, n_classes=3, input_shape=shape), [member])
    assert_equal_weights(stack.get_weights(0), build(shape, member).get_weights(), 0)


def test_members_have_the_builders_fields_and_defaults():
    one, two = (inspect.signature(b).parameters for b in (ht.build_conv1d, ht.build_cnn))
    shared = [name for name in two if name in one and two[name].kind is two[name].KEYWORD_ONLY]
    assert {name: one[name].default for name in shared} == {n: two[n].default for n in shared}
    fields = set(vars(Member()))
    assert fields >= set(shared)
    plain = build(SEQUENCE, Member(architecture="conv"))
    assert plain.count_params() == ht.build_conv1d(SEQUENCE, 3).count_params()


def test_to_keras_is_the_same_network():
    rows = make_rows()
    asked = {"architecture": "conv", "filters": 3, "batch_norm": True, "pooling": "average"}
    for shape in ((72,), IMAGE):
        (ours,) = train(shape, [asked], dtype="float32")
        model = ours.to_keras()
        assert_equal_weights(model.get_weights(), ours.weights, 0)
        loss, accuracy = model.evaluate(*rows[2:], verbose=0)
        assert loss == pytest.approx(ours.curve["val_loss"][-1], abs=1e-5)
        assert accuracy == pytest.approx(ours.curve["val_accuracy"][-1])


def test_equal_maxima_pass_the_gradient_on_as_in_keras(float64, fixed_order):
    """Empty stretches of a signal give windows of equal numbers, as digits' borders do."""
    x, y, x_val, y_val = make_rows()
    x[:, 20:60] = 0
    member = Member(architecture="conv", layers=2, filters=3, pool_size=3, batch_size=ROWS)
    (ours,) = train((72, 1), [member], (x, y, x_val, y_val))
    history, model = fit_keras((72, 1), member, (x, y, x_val, y_val))
    assert_equal_curves(ours.curve, history, 1e-8)
    assert_equal_weights(ours.weights, model.get_weights(), 1e-8)


# ── members do not reach each other ─────────────────────────────────────────
@pytest.mark.parametrize("activation, dropout", [("relu", 0.0), ("sigmoid", 0.4)])
def test_a_member_trains_as_if_alone(activation, dropout, untraced):
    common = {"layers": 2, "batch_size": 10, "batch_norm": True, "architecture": "conv"}
    neighbors = [
        {"filters": 9, "units": 20, "activation": "softplus", "dropout": 0.5, "seed": 11},
        {"filters": 2, "units": 5, "activation": "tanh", "l1": 0.1, "l2": 0.1, "seed": 12},
    ]
    member = {"filters": (3, 5), "units": 4, "activation": activation, "dropout": dropout, **common}
    data = StackData(*make_rows(), n_classes=3, input_shape=IMAGE, dtype="float64")
    alone = Stack(data, [member])
    among = Stack(data, [*({**other, **common} for other in neighbors), member])
    assert alone.shape.widths == (3, 5, 4) and among.shape.widths == (12, 24, 24)
    alone.train(3)
    among.train(3)
    assert_equal_curves(among.curves[2], alone.curves[0], 1e-10)
    assert_equal_weights(among.get_weights(2), alone.get_weights(0), 1e-10)


def test_dropout_drops_hidden_units_only(untraced):
    """As in the builders: no hidden layer, nothing to drop."""
    common = {"architecture": "conv", "filters": 3, "seed": 1}
    hidden = train(SEQUENCE, [{**common, "dropout": rate} for rate in (0.0, 0.5)])
    none = train(SEQUENCE, [{**common, "dropout": rate, "dense_layers": 0} for rate in (0.0, 0.5)])
    assert hidden[0].curve["loss"] != hidden[1].curve["loss"]
    assert none[0].curve == none[1].curve


def test_geometries_share_no_stack_and_filters_do(untraced):
    asked = [
        {"filters": 3},
        {"filters": 5, "seed": 1},
        {"kernel_size": 2},
        {"units": 8},
        {"filters": 3, "pooling": "average"},
    ]
    asked = [{"architecture": "conv", **fields} for fields in asked]
    asked[3]["architecture"] = "dense"
    networks = train(SEQUENCE, asked)
    assert [network.member.architecture for network in networks].count("dense") == 1
    for request, network in zip(asked, networks, strict=True):
        (alone,) = train(SEQUENCE, [request])
        assert_equal_curves(network.curve, alone.curve, 1e-10)
    data = StackData(*make_rows(), n_classes=3, input_shape=SEQUENCE)
    assert Stack(data, asked[:2]).shape.widths == (6, 64)
    with refused(r"4 kinds.*train_many"):
        Stack(data, asked)


def test_folds_with_early_stopping_and_a_shrinking_stack_equal_their_own_training():
    x, y, x_val, y_val = make_rows()
    both, labels = np.concatenate([x, x_val]), np.concatenate([y, y_val])
    common = {"architecture": "conv", "filters": 4, "learning_rate": 0.05, "restore_best": True}
    asked = [{**common, "patience": p, "seed": p, "batch_size": 10} for p in (1, 3)]
    own = {"rows": np.arange(ROWS), "val_rows": np.arange(ROWS, ROWS + 15)}
    folds = [{**fields, **own} for fields in asked]
    ours = train(IMAGE, folds, (both, labels, None, None), epochs=12)
    theirs = train(IMAGE, asked, epochs=12)
    for fold, plain in zip(ours, theirs, strict=True):
        assert fold.epochs == plain.epochs and fold.best_epoch == plain.best_epoch
        assert_equal_curves(fold.curve, plain.curve, 1e-10)
        assert_equal_weights(fold.weights, plain.weights, 1e-10)


def test_a_range_test_of_convolutions():
    x, y, _, _ = make_rows()
    asked = [{"architecture": "conv", "filters": 2, "batch_size": 8}]
    rates, losses = range_test(x, y, asked, n_classes=3, epochs=2, input_shape=SEQUENCE)
    assert rates.shape == (6,) and np.isfinite(losses[0, :2]).all()


def test_places_of_an_image_run_row_by_row():
    block = Convolution(
        (3, 4), kernel_size=2, strides=2, padding="same", pooling="max", pool_size=1
    )
    assert block.convolved == (2, 2) == block.pooled
    assert block.taps.tolist() == [[0, 2, 8, 10], [1, 3, 9, 11], [4, 6, -1, -1], [5, 7, -1, -1]]


# ── an objective ────────────────────────────────────────────────────────────
def test_one_builder_serves_both_engines():
    """The same network from the same weights, in one batch, so that no order differs."""
    data = ht.load("digits")
    params = {"filters": 3, "strides": 2, "batch_size": len(data.x_train), "learning_rate": 0.01}
    stacked, fitted = (
        ht.TrainObjective(data, engine=engine, build=ht.build_cnn, epochs=2, metric="val_loss")
        for engine in ("fused", "keras")
    )
    assert stacked.evaluate(params).value == pytest.approx(fitted.evaluate(params).value, rel=1e-4)
    assert stacked.train(params).get_layer("block_1").strides == (2, 2)


def test_an_objective_refuses_what_no_stack_builds():
    data = ht.load("digits")
    assert ht.TrainObjective(data, engine="fused", epochs=1).evaluate({}).status == "complete"
    with refused(r"shape \(8, 8, 1\).*build=ht.build_cnn for images"):
        ht.TrainObjective(data, engine="fused", build=ht.build_conv1d)
    with refused("cannot use build= with others.*engine='keras'"):
        ht.TrainObjective(data, engine="fused", build=ht.build_regressor)


# ── bad input ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "fields, words",
    [
        ({"architecture": "cnn"}, ["architecture='cnn'", "'dense', 'conv'"]),
        ({"architecture": "dense", "filters": 8}, ["filters=8", "architecture='conv'"]),
        ({"kernel_size": 13, "padding": "valid"}, ["kernel_size=13", "at most 12"]),
        ({"kernel_size": 13}, ["kernel_size=13", "at most 12", "steps"]),
        ({"pool_size": 13}, ["pool_size=13", "at most 12"]),
        ({"layers": 5}, ["layers=5", "at most 3", "1 steps left", "kernel_size=3"]),
        ({"layers": 5, "kernel_size": 1}, ["layers=5", "at most 3", "pool_size=2"]),
        ({"filters": 0, "strides": 0}, ["2 problems", "filters=0", "strides=0"]),
        ({"filters": (3, 4), "layers": 1}, ["filters=(3, 4)", "layers=2"]),
        ({"padding": "full", "pooling": "avg"}, ["padding='full'", "pooling='avg'", "'average'"]),
        ({"dense_layers": -1}, ["dense_layers=-1"]),
        ({"units": (3, 4), "dense_layers": 1}, ["units=(3, 4)", "dense_layers=1"]),
    ],
)
def test_bad_members(fields, words):
    with refused(*texts(*words)):
        train(SEQUENCE, [{"architecture": "conv", **fields}])


def test_convolutions_need_the_shape_of_a_row():
    conv = {"architecture": "conv"}
    with refused(r"Type input_shape=\(steps, channels\)"):
        train(None, [conv])
    with refused(r"input_shape=\(7, 6\).*72 numbers.*\(72, 1\)", error=DataError):
        train((7, 6), [conv])
    for shape in ((), (3, 2, 3, 4), (72.0,), (0, 72), 72):
        with refused(r"input_shape=.*\(height, width, channels\)", error=DataError):
            train(shape, [conv])
    with refused(r"reshape\(len\(x\), -1\).*input_shape", error=DataError):
        x, y, _, _ = make_rows()
        train(IMAGE, [conv], (x.reshape(-1, *IMAGE), y, None, None))


def test_filters_over_the_limit_name_the_memory():
    with refused(r"filters=90000 .* takes [\d,]+ MB .* fewer filters"):
        train(IMAGE, [{"architecture": "conv", "filters": 90000}])
    data = StackData(*make_rows(), n_classes=3, input_shape=IMAGE)
    plain, patches = (
        member_bytes(data.shape([Member(architecture="conv", filters=1, kernel_size=size)]), 1000)
        for size in (1, 3)
    )
    assert patches - plain > 1000 * 4 * 36 * 2 * 8  # eight more taps of two channels at 36 places

"""What a request means: defaults as Keras has them, checks at their boundaries, seeds."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.fused import member as fused_member
from hpotutor.fused.member import (
    Member,
    as_members,
    batch_order,
    identity,
    initial_weights,
    rate_table,
)
from tests.messages import refused


# ── what follows from what is asked ──────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("asked", "momentum", "graph"),
    [
        ({"optimizer": "sgd"}, 0.0, "sgd"),
        ({"optimizer": "sgd", "momentum": 0.0}, 0.0, "sgd"),
        ({"optimizer": "sgd", "momentum": 0.3}, 0.3, "momentum"),
        ({"optimizer": "momentum"}, 0.9, "momentum"),
        ({"optimizer": "nesterov"}, 0.9, "nesterov"),
        ({"optimizer": "nesterov", "momentum": 0}, 0.0, "nesterov"),
        ({"optimizer": "adam"}, 0.0, "adam"),
    ],
)
def test_momentum_is_the_optimizers_unless_asked_for(asked, momentum, graph):
    member = Member(**asked)
    assert member.used_momentum == momentum and type(member.used_momentum) is float
    assert member.stack_optimizer == graph


def test_weight_decay_is_that_of_keras_for_adamw_alone():
    assert Member(optimizer="adamw").used_weight_decay == keras.optimizers.AdamW().weight_decay
    assert Member(optimizer="adamw", weight_decay=0).used_weight_decay == 0
    assert Member(optimizer="adamw", weight_decay=0.1).used_weight_decay == 0.1
    assert Member(optimizer="adam").used_weight_decay == 0


@pytest.mark.parametrize(
    ("output", "classes", "units"),
    [
        ("auto", 0, 1), ("auto", 2, 1), ("auto", 3, 3), ("softmax", 2, 2), ("softmax", 3, 3),
        ("sigmoid", 2, 1),
    ],
)  # fmt: skip
def test_outputs(output, classes, units):
    assert Member(output=output).n_outputs(classes) == units


def test_losses():
    names = {None: "mean_squared_error", "mse": "mean_squared_error", "mae": "mean_absolute_error"}
    for asked, name in names.items():
        assert Member(loss=asked).used_loss(0) == name
    assert Member().used_loss(2) == Member().used_loss(3) not in names.values()


@pytest.mark.parametrize(
    ("monitor", "mode", "rises"),
    [
        ("val_loss", "auto", False), ("loss", "auto", False), ("val_accuracy", "auto", True),
        ("val_loss", "max", True), ("val_accuracy", "min", False), ("f1", "auto", True),
    ],
)  # fmt: skip
def test_which_way_a_monitor_should_go(monitor, mode, rises):
    assert Member(monitor=monitor, monitor_mode=mode).rises is rises


def test_widths_and_lengths():
    assert Member().widths == (64,) == Member(layers=1).widths
    assert Member(layers=3, units=5).widths == (5, 5, 5)
    assert Member(units=(5, 7)).widths == (5, 7)
    conv = Member(architecture="conv", layers=2, filters=8, dense_layers=1, units=16)
    assert conv.widths == (8, 16, 16)  # filters double from block to block
    assert Member().length == 0 and Member(epochs=3).length == 3
    assert Member().convolutions((8, 8, 1)) == () and conv.convolutions(None) == ()
    assert len(conv.convolutions((8, 8, 1))) == 2


def test_defaults_are_those_of_the_builder():
    builder = inspect.signature(ht.build_mlp).parameters
    for name, value in vars(Member()).items():
        if name in builder and name not in ("layers", "seed"):
            assert builder[name].default == value, name


def test_what_no_builder_has_is_as_documented():
    own = {name: value for name, value in vars(Member()).items() if value is not None}
    for name in (*inspect.signature(ht.build_mlp).parameters, "architecture"):
        own.pop(name, None)
    assert own == {
        "batch_size": 32, "monitor": "val_loss", "monitor_mode": "auto", "restore_best": False
    }  # fmt: skip
    assert (Member().seed, Member().layers, Member().architecture) == (0, None, "dense")


@pytest.mark.parametrize(
    "asked",
    [
        {}, {"units": (3, 5)}, {"optimizer": "adamw", "weight_decay": 0.1},
        {"layer_rates": (1, 0.5)},
        {"parametrization": "mup", "base_units": 32, "units": 64},
        {"architecture": "conv", "filters": 8, "kernel_size": 3},
        {"epochs": 3, "batch_size": 7, "rows": np.arange(9), "val_rows": np.arange(3),
         "patience": 2, "restore_best": True, "monitor": "loss", "monitor_mode": "min",
         "weights": []},
    ],
)  # fmt: skip
def test_a_network_is_described_by_what_its_builder_takes(asked):
    member = Member(**asked)
    builder = ht.build_conv1d if member.architecture == "conv" else ht.build_mlp
    told = member.network()
    known = inspect.signature(builder).parameters
    assert set(told) <= set(known)
    assert {name for name in asked if name in known} <= set(told)
    assert told["seed"] == 0


@pytest.mark.parametrize("kind", [list, tuple, np.array])
def test_of_rates_by_step_a_network_has_the_last(kind):
    rate = Member(learning_rate=kind([0.1, 0.2, 0.05])).network()["learning_rate"]
    assert rate == 0.05 and type(rate) is float
    assert Member(learning_rate=0.3).network()["learning_rate"] == 0.3


# ── what is refused ──────────────────────────────────────────────────────────────────────────
def checked(*requests, n_classes=3, rows=20, input_shape=None):
    return as_members(requests, n_classes, rows, input_shape)


@pytest.mark.parametrize(
    "fine",
    [
        {"rows": [0, 19]}, {"val_rows": np.array([0])}, {"rows": np.arange(20, dtype=np.uint8)},
        {"learning_rate": [0.0]}, {"learning_rate": (0.1, 0)}, {"learning_rate": np.array([0.1])},
        {"batch_size": 1}, {"epochs": 1}, {"patience": 1}, {"epochs": None, "patience": None},
        {"monitor_mode": "max"}, {"momentum": 0.5, "optimizer": "sgd"}, {"units": 1},
    ],
)  # fmt: skip
def test_values_at_their_ends_are_fine(fine):
    [member] = checked(fine)
    assert all(getattr(member, name) is value for name, value in fine.items())


@pytest.mark.parametrize(
    "bad",
    [
        {"rows": [0, 20]}, {"rows": [-1, 0]}, {"val_rows": [20]}, {"rows": []}, {"rows": [[0, 1]]},
        {"rows": np.array([], int)},
        {"rows": [0.0, 1.0]}, {"val_rows": "all"}, {"learning_rate": []},
        {"learning_rate": [-0.1]}, {"learning_rate": ["fast"]}, {"learning_rate": [[1], [1, 2]]},
        {"learning_rate": np.array(0.1)}, {"learning_rate": [np.nan]}, {"learning_rate": [[0.1]]},
        {"learning_rate": [np.inf]},
        {"weight_decay": -1, "optimizer": "adamw"}, {"weight_decay": 0.1}, {"momentum": 0.5},
        {"momentum": 1.0, "optimizer": "sgd"}, {"l1": -1}, {"l2": -1}, {"batch_norm": 2},
        {"initializer": "ones"}, {"optimizer": "lion"},
        {"learning_rate": 0}, {"batch_size": 0}, {"batch_size": 1.5}, {"epochs": 0},
        {"patience": 0}, {"seed": -1}, {"monitor_mode": "up"}, {"architecture": "rnn"},
        {"units": 0}, {"activation": "step"}, {"dropout": -0.1}, {"loss": "mse"},
        {"output": "sigmoid"}, {"filters": 8}, {"dense_layers": 1}, {"parametrization": "ntk"},
        {"layer_rates": (1, 2, 3)},
    ],
)  # fmt: skip
def test_what_is_beyond_them_is_refused_by_name(bad):
    with refused("^train_many: ", f"{next(iter(bad))}=", "use engine='keras'"):
        checked({}, bad)


def test_a_convolution_needs_the_shape_of_a_row_and_standard_parameters():
    conv = {"architecture": "conv", "filters": 4, "kernel_size": 3, "layers": 1}
    assert len(checked(conv, input_shape=(16, 1))) == 1
    with refused("needs the shape of a row. Type input_shape="):
        checked(conv)
    with refused("parametrization='mup' .*'standard' with architecture='conv'"):
        checked(conv | {"parametrization": "mup"}, input_shape=(16, 1))
    with refused("kernel_size=0 "):
        checked(conv | {"kernel_size": 0}, input_shape=(16, 1))


def test_requests_are_members_or_dicts_of_their_fields():
    member = Member(units=3)
    assert checked(member)[0] is member
    assert checked({"units": 3})[0].widths == (3,)
    assert checked() == []
    with refused(r"members=\[3\]"):
        checked([3])
    with refused("Did you mean 'units'") as caught:
        checked({"unit": 3}, {"units": 0}, {"units": 0})
    assert str(caught.value).count("units=0") == 1


@pytest.mark.parametrize(
    ("bad", "instead"),
    [
        ({"batch_size": 0}, "batch_size=32"), ({"epochs": 0}, "epochs=20"),
        ({"learning_rate": [-1]}, "learning_rate=0.001"), ({"units": 0}, "units=64"),
        ({"rows": [20]}, r"rows=np.arange\(20\)"), ({"val_rows": []}, r"val_rows=np.arange\(20\)"),
    ],
)  # fmt: skip
def test_what_to_type_instead_is_told(bad, instead):
    with refused(
        rf"^train_many: .* is not allowed.* Type for instance {instead}\. The stack trains"
    ):
        checked(bad)


def test_what_the_stack_trains_is_told_once_and_last():
    with refused("3 problems", "units=0", "epochs=0", "batch_size=0.*use engine='keras'.$") as told:
        checked({"units": 0}, {"epochs": 0}, {"batch_size": 0})
    assert str(told.value).count("engine='keras'") == 1
    with refused("filters=3 .*None in a dense network.*Type for instance architecture='conv'"):
        checked({"filters": 3})


def test_scaling_is_checked_where_sizes_are_known():
    """One share a layer with a kernel, the output's last."""
    assert len(checked({"units": (3, 4), "layer_rates": (1, 1, 1)}, {"layer_rates": (0, 1)})) == 2
    conv = {"architecture": "conv", "filters": 4, "kernel_size": 3, "layers": 2, "units": 5}
    assert len(checked(conv | {"layer_rates": (1, 1, 1, 1)}, input_shape=(16, 1))) == 1
    for asked in ({"units": (3, 4)}, conv):
        with refused("layer_rates=.* numbers from 0 up"):
            checked(asked | {"layer_rates": (1, 1)}, input_shape=(16, 1))
        with refused("batch_norm=True is not allowed"):
            shares = (1,) * (3 if "architecture" not in asked else 4)
            checked(asked | {"layer_rates": shares, "batch_norm": True}, input_shape=(16, 1))
    with refused("^train_many: units=0") as caught:
        checked({"units": 0, "layer_rates": (1, 1, 1, 1)})
    assert "layer_rates" not in str(caught.value), "what follows from units=0 is not told"


# ── who trains to the same result ────────────────────────────────────────────────────────────
def test_members_with_equal_fields_are_one():
    rows = {"rows": np.arange(5), "val_rows": [5, 6], "learning_rate": [0.1, 0.2]}
    assert identity(Member(**rows)) == identity(Member(**{k: np.array(v) for k, v in rows.items()}))
    assert identity(Member(units=[3, 4])) == identity(Member(units=(3, 4)))
    assert hash(identity(Member(**rows)))
    assert identity(Member(epochs=2)) != identity(Member(epochs=3))
    assert identity(Member(epochs=2), with_epochs=False) == identity(Member(), with_epochs=False)


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 1}, {"units": 65}, {"rows": np.arange(5)}, {"val_rows": np.arange(5)},
        {"learning_rate": [0.001]}, {"dropout": 0.1}, {"patience": 1}, {"restore_best": True},
        {"batch_size": 31}, {"weights": []}, {"monitor": "loss"}, {"layer_rates": (1, 1)},
    ],
)  # fmt: skip
def test_members_that_differ_in_a_field_are_two(other):
    for with_epochs in (True, False):
        assert identity(Member(), with_epochs) != identity(Member(**other), with_epochs)


def test_rows_of_another_order_are_other_rows():
    one, two = (identity(Member(rows=np.array(rows))) for rows in ([0, 1], [1, 0]))
    assert one != two
    weights = [np.zeros(3)]
    assert identity(Member(weights=weights)) == identity(Member(weights=weights))
    assert identity(Member(weights=weights)) != identity(Member(weights=[np.zeros(3)]))
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 5, 0.5)
    assert identity(Member(learning_rate=schedule)) == identity(Member(learning_rate=schedule))


# ── what a seed decides ──────────────────────────────────────────────────────────────────────
def test_each_epoch_and_seed_has_its_own_order():
    orders = {
        tuple(batch_order(seed, epoch, 30).tolist()) for seed in range(3) for epoch in range(3)
    }
    assert len(orders) == 9
    assert all(sorted(order) == list(range(30)) for order in orders)
    with pytest.raises(ValueError, match="read-only"):
        batch_order(0, 0, 30)[0] = 1


def test_initial_weights_are_drawn_anew_for_each_caller():
    member = Member(units=(5, 6), batch_norm=True, seed=4)
    weights = initial_weights(member, 4, 3)
    shapes = [(4, 5), *[(5,)] * 5, (5, 6), *[(6,)] * 5, (6, 3), (3,)]
    assert [part.shape for part in weights] == shapes
    assert all(part.dtype == np.float32 for part in weights)
    # bias, then gamma, beta, and the moving mean and variance
    assert [float(part.mean()) for part in weights[1:6]] == [0, 1, 0, 0, 1]
    weights[3][:] = 7
    assert not weights[4].any() and not initial_weights(member, 4, 3)[3].any()
    other = initial_weights(Member(units=(5, 6), batch_norm=True, seed=5), 4, 3)
    assert not np.array_equal(weights[0], other[0])
    assert initial_weights(member, 4, 3, "float64")[0].dtype == np.float64


def test_given_weights_are_where_a_network_starts():
    given = initial_weights(Member(units=3), 4, 3)
    start = initial_weights(Member(units=3, weights=given), 4, 3)
    assert start is not given and all(a is b for a, b in zip(start, given, strict=True))


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        (0.5, [0.5, 0.5, 0.5]),
        ([0.1, 0.2, 0.3, 0.4], [0.1, 0.2, 0.3]),
        ((0.1, 0.2), [0.1, 0.2, 0.2]),
        (np.array([0.1, 0.2, 0.3]), [0.1, 0.2, 0.3]),
    ],
)
def test_rates_by_step(rate, expected):
    assert rate_table(rate, 3).tolist() == expected


def test_a_schedule_begins_with_its_first_step():
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, 2, 0.5)
    found = rate_table(schedule, 4)
    np.testing.assert_allclose(found, [float(schedule(step)) for step in range(4)], rtol=1e-6)
    assert found[0] == pytest.approx(0.1) and found.dtype == np.float64


def test_a_seed_gives_the_same_order_in_the_next_process():
    first = batch_order(3, 2, 30).tolist()
    batch_order.cache_clear()
    assert batch_order(3, 2, 30).tolist() == first


def test_draws_are_remembered_within_32_megabytes():
    """The same few seeds are asked for again and again; of a wide layer each draw is new."""
    remembered = fused_member._draw_again.cache_info().maxsize * fused_member.REMEMBERED_DRAW
    assert 4 * remembered == 2**25
    for inputs, again in ((2**12, True), (2**12 + 1, False)):
        one, two = (initial_weights(Member(units=2, seed=1), inputs, 2)[0] for _ in range(2))
        assert (one is two) == again
        np.testing.assert_array_equal(one, two)


def test_scaled_weights_are_the_plain_ones_times_a_factor():
    plain = initial_weights(Member(units=(8, 8), initializer="normal"), 4, 3)
    mup = Member(units=(8, 8), initializer="normal", parametrization="mup", base_units=2)
    scaled = initial_weights(mup, 4, 3)
    factors = [1, 1, 0.5, 1, 0.25, 1]
    for one, other, factor in zip(scaled, plain, factors, strict=True):
        np.testing.assert_allclose(one, other * factor, rtol=1e-6)


def test_weights_of_convolutions_have_the_shape_of_their_maps():
    conv = Member(architecture="conv", filters=2, layers=1, kernel_size=3, units=5)
    weights = initial_weights(conv, 16, 3, input_shape=(8, 2))
    assert [part.shape for part in weights] == [(3, 2, 2), (2,), (8, 5), (5,), (5, 3), (3,)]

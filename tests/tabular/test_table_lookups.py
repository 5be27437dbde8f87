"""A made-up table's levels, numbers and weights by hand; its file, and what damages it."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError, DataError
from hpotutor.tabular import _npz
from hpotutor.tabular import table as tables
from hpotutor.tabular.table import Axis, Table, existing, levels_at, open_table
from tests.messages import refused
from tests.small_table import branched_table, small_table
from tools.tables.store import save

TABLE = small_table()  # 96 configurations of an optimizer, a learning rate, units and dropout
BRANCHED = branched_table()  # 10: dense ones of 2 units, convolutions of 3 filters; 2 rates
KIND, UNITS, FILTERS, RATE = BRANCHED.axes


# ── numbers and hyperparameters ──────────────────────────────────────────────────────────────
def test_a_configuration_is_counted_once_whatever_does_not_exist_in_it():
    assert existing(BRANCHED.axes).tolist() == [0, 1] * 3 + [6, 7] * 3 + [*range(12, 18)] * 2
    assert BRANCHED.numbers.tolist() == [0, 1, 6, 7, *range(12, 18)]
    assert BRANCHED.places.tolist() == [0, 1] * 3 + [2, 3] * 3 + [*range(4, 10)] * 2
    assert BRANCHED.shape == (2, 2, 3, 2) and len(BRANCHED) == 10
    assert (BRANCHED.seeds, BRANCHED.epochs) == (2, 4)
    first, last = {"kind": "dense", "units": 4, "rate": 0.01}, {"kind": "conv", "filters": 8}
    assert BRANCHED.params_at(0) == first and BRANCHED.params_at(9) == last | {"rate": 0.1}
    assert levels_at(BRANCHED.axes, 11) == {"kind": "dense", "units": 8, "rate": 0.1}
    for number in range(10):
        assert BRANCHED.index_of(BRANCHED.params_at(number)) == number


def test_columns_have_the_values_and_nan_where_there_is_none():
    columns, nan = BRANCHED.columns(), math.nan
    assert list(columns) == ["kind", "units", "filters", "rate"]
    assert columns["kind"].tolist() == ["dense"] * 4 + ["conv"] * 6
    assert columns["units"] == pytest.approx([4, 4, 8, 8] + [nan] * 6, nan_ok=True)
    assert columns["filters"] == pytest.approx([nan] * 4 + [2, 2, 4, 4, 8, 8], nan_ok=True)
    assert columns["rate"].tolist() == [0.01, 0.1] * 5


def test_what_is_left_out_has_its_default():
    assert BRANCHED.index_of({}) == 2  # dense, 8 units, 0.01
    assert BRANCHED.index_of({"kind": "conv"}) == 6 and BRANCHED.index_of({"units": 4}) == 0
    assert BRANCHED.index_of({"rate": 0.1, "units": 5.6}) == 1
    assert BRANCHED.index_of({"units": np.int64(4), "kind": np.str_("dense")}) == 0


def test_all_that_a_table_does_not_have_is_told_with_what_it_has():
    with refused(
        "^the branched table: 3 problems",
        "filter is not a hyperparameter of this table. Did you mean 'filters'. "
        "It has kind, units, filters, rate. For others, train: ht.TrainObjective.",
        "units exists only when kind='dense'. Leave it out.",
        "rate=9 is not allowed. Allowed: 0.01, 0.1. Type for instance rate=0.1.",
    ):
        BRANCHED.index_of({"kind": "conv", "units": 4, "filter": 2, "rate": 9})


@pytest.mark.parametrize(
    ("params", "typed"),
    [
        ({"units": 1000}, "units=64"),
        ({"units": 1}, "units=8"),
        ({"units": "16"}, "units=16"),
        ({"units": "many"}, "units=32"),  # the default
        ({"units": True}, "units=32"),
        ({"units": None}, "units=32"),
        ({"dropout": 0.9}, "dropout=0.5"),
        ({"dropout": -0.9}, "dropout=0.0"),
        ({"optimizer": "sdg"}, "optimizer='sgd'"),
        ({"optimizer": "lion"}, "optimizer='adam'"),
        ({"optimizer": 3}, "optimizer='adam'"),
        ({"learning_rate": math.nan}, "learning_rate=0.001"),
    ],
)
def test_the_nearest_level_is_what_to_type(params, typed):
    with refused(f"Type for instance {typed}.$"):
        TABLE.index_of(params)


@pytest.mark.parametrize(
    "axis",
    [
        Axis("rate", (0.001, 0.01, 0.1), "log", 0.01),
        Axis("rate", (3e-4, 1e-3), "log", 1e-3),
        Axis("decay", (0.5, 1.0, 2.0), "log", 1.0),
        Axis("layers", (1, 2, 3), "linear", 2),
        Axis("layers", (2, 3), "linear", 2),
        Axis("units", (4, 8), "log", 8),
        Axis("dropout", (0.0, 0.2), "linear", 0.0),
    ],
)
def test_a_search_meets_each_level_about_equally_often(axis):
    space = ht.SearchSpace({axis.name: axis.distribution()})
    met = [axis.nearest(space.from_unit([(k + 0.5) / 3000])[axis.name]) for k in range(3000)]
    shares = np.bincount(met) / len(met)  # None, what is out of reach, would be an error
    assert shares == pytest.approx(1 / len(axis.levels), rel=0.03)
    assert {axis.nearest(space.from_unit([end])[axis.name]) for end in (0.0, 1.0)} == {
        0, len(axis.levels) - 1,
    }  # fmt: skip


def test_levels_without_an_order_in_between_are_offered_as_they_are():
    assert UNITS.distribution().choices == (4, 8)
    assert Axis("n", (1, 2, 4), "linear", 1).distribution().choices == (1, 2, 4)
    assert KIND.distribution().choices == ("dense", "conv")
    assert Axis("x", (0.0, 0.5), "linear", 0.0).distribution().choices == (0.0, 0.5)
    assert UNITS.condition() == "when kind='dense'" and KIND.condition() == ""
    assert UNITS.exists({"kind": "dense"}) and not UNITS.exists({"kind": "conv"})
    assert not UNITS.exists({}) and RATE.exists({})


# ── levels, reads and files ─────────────────────────────────────────────────────────────────
def test_values_are_read_at_the_nearest_level_up_to_half_a_step_beyond():
    units = Axis("units", (8, 16, 32), "log", 16)
    assert [units.nearest(value) for value in (8, 11, 12, 22, 23, 45, 5.7)] == [0, 0, 1, 1, 2, 2, 0]
    assert units.nearest(46) is None and units.nearest(5.6) is None
    assert units.nearest(0) is None and units.nearest(-8) is None and units.nearest("8") is None
    rate = Axis("dropout", (0.0, 0.2, 0.6), "linear", 0.2)
    assert [rate.nearest(value) for value in (-0.2, 0.09, 0.11, 0.39, 0.41, 0.8)] == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    assert rate.nearest(0.81) is None and rate.nearest(-0.21) is None
    assert rate.nearest(math.nan) is None and rate.nearest(math.inf) is None
    kind = Axis("kind", ("a", 1, True), "category", "a")
    assert kind.nearest(np.str_("a")) == 0 and kind.nearest(np.bool_(True)) == 2
    assert [kind.nearest(value) for value in ("a", 1, True, "b", 1.0)] == [0, 1, 2, None, None]


def test_what_a_search_may_try_of_an_axis():
    assert Axis("n", (1, 2, 3), "linear", 1).distribution() == ht.integers(1, 3)
    assert Axis("n", (1, 3), "linear", 1).distribution() == ht.choice(1, 3)
    assert Axis("n", (8, 16), "log", 8).distribution() == ht.choice(8, 16)
    log = Axis("r", (0.01, 0.1, 1.0), "log", 0.1).distribution()
    assert log.log and (log.low, log.high) == pytest.approx((0.00316, 3.16), rel=0.03)
    assert Axis("k", ("a", "b"), "category", "a").distribution() == ht.choice("a", "b")
    assert Axis("k", ("a", "b"), "category", "a").allowed() == "'a', 'b'"


def test_numbers_and_reads_at_their_ends():
    assert TABLE.params_at(0) | TABLE.params_at(95) == TABLE.params_at(95)
    for bad in (96, -1, 1.5):
        with pytest.raises(ArgumentError, match="a whole number from 0 to 95"):
            TABLE.params_at(bad)
    last = TABLE.read("val_accuracy", 95, 3, 27)
    assert last == TABLE.val_correct[95, 3, 26] / 200
    assert TABLE.read("val_loss", 95, None, 1) == pytest.approx(TABLE.val_loss[95, :, 0].mean())
    assert TABLE.val_accuracy[95, 3, 26] == pytest.approx(float(last))
    assert TABLE.test_accuracy[2, 1, 0] == pytest.approx(TABLE.test_correct[2, 1, 0] / 200)


@pytest.mark.parametrize(("run", "epochs", "died"), [(1, 4, 0), (1, 5, 5), (0, 9, 0), (None, 5, 5),
                                                     (None, 4, 0), (None, 27, 5)])  # fmt: skip
def test_a_run_died_in_the_epoch_in_which_its_loss_was_no_number(run, epochs, died):
    diverged = np.zeros_like(TABLE.diverged)
    diverged[7, 1], diverged[7, 2] = 5, 20
    table = dataclasses.replace(TABLE, diverged=diverged)
    assert table.died(7, run, epochs) == died
    assert table.died(8, run, epochs) == 0


def test_weights_are_counted_where_the_table_knows_enough():
    columns = TABLE.columns()
    dense = 65 * columns["units"] + (columns["units"] + 1) * 10
    assert TABLE.weights.tolist() == dense.tolist()
    two = dataclasses.replace(TABLE, about=TABLE.about | {"classes": 2})
    assert two.weights.tolist() == (66 * columns["units"] + 1).tolist()
    counted = dataclasses.replace(TABLE, parameters=np.arange(96, dtype=np.uint32))
    assert counted.weights.tolist() == list(range(96))
    assert dataclasses.replace(TABLE, about={"rows": TABLE.about["rows"]}).weights is None


def stored(path, form=1, **changes):
    about = np.frombuffer(json.dumps({"format": form}).encode(), np.uint8)
    arrays = {"about": about, "a": np.arange(3.0)} | changes
    checksum = np.frombuffer(bytes.fromhex(_npz.digest(arrays)), np.uint8)
    np.savez(path, checksum=checksum, **arrays)
    return path


def test_files_of_arrays_tell_what_is_wrong_with_them(tmp_path):
    fine = stored(tmp_path / "a.npz")
    about, arrays, checksum = _npz.read(fine, ["a"], 1, "make it")
    assert about == {"format": 1} and list(arrays) == ["a"] and len(checksum) == 64
    with pytest.raises(DataError, match=r"a.npz is damaged.*\(b missing\).*make it anew: make it"):
        _npz.read(fine, ["a", "b"], 1, "make it")
    with pytest.raises(DataError, match="of format 2, and this hpotutor reads format 1"):
        _npz.read(stored(tmp_path / "b.npz", form=2), ["a"], 1, "make it")
    texts = stored(tmp_path / "c.npz", b=np.arange(2))
    np.savez(texts, a=np.array([{}], object))
    with pytest.raises(DataError, match="something else than arrays of numbers"):
        _npz.read(texts, ["a"], 1, "make it")


def test_a_digest_is_of_names_types_shapes_and_contents():
    plain = {"a": np.arange(4), "b": np.zeros(2)}
    found = {
        _npz.digest(arrays)
        for arrays in (
            plain, {"a": np.arange(4), "c": np.zeros(2)}, plain | {"a": np.arange(4.0)},
            plain | {"a": np.arange(4).reshape(2, 2)}, plain | {"a": np.arange(4)[::-1]},
        )
    }  # fmt: skip
    assert len(found) == 5
    assert _npz.digest(plain) == _npz.digest(dict(reversed(plain.items())))


def test_a_table_is_shown_by_its_hyperparameters_and_without_its_numbers():
    assert repr(BRANCHED) == f"Table(name='branched', axes={BRANCHED.axes!r})"
    assert Axis("n", (1, 2), "linear", 1) == Axis("n", (1, 2), "linear", 1, None)


# ── curves ───────────────────────────────────────────────────────────────────────────────────
def test_curves_are_read_at_the_end_of_an_epoch():
    assert BRANCHED.read("val_accuracy", 3, 1, 2) == 0.36
    assert BRANCHED.read("test_accuracy", 3, None, 4) == pytest.approx(0.37)
    assert BRANCHED.read("val_correct", 3, 0, 1) == 31
    found = BRANCHED.read("val_accuracy", np.array([[0, 1], [2, 3]]), np.array([0, 1]), 4)
    assert found == pytest.approx(np.array([[0.04, 0.18], [0.24, 0.38]]))
    epochs = BRANCHED.read("val_accuracy", 3, None, np.arange(1, 5))
    assert epochs == pytest.approx([0.33, 0.34, 0.35, 0.36]) and epochs.dtype == float
    assert BRANCHED.val_accuracy[3, 1, 1] == np.float32(0.36)
    assert BRANCHED.test_accuracy[3, 1, 1] == np.float32(0.37)


def test_deaths_are_looked_up_for_arrays():
    diverged = BRANCHED.diverged.copy()
    diverged[3] = 2, 4
    table = dataclasses.replace(BRANCHED, diverged=diverged)
    assert table.died(np.array([3, 3, 2]), np.array([0, 1, 0]), 3).tolist() == [2, 0, 0]
    assert table.died(np.array([3, 3, 3]), 1, np.array([3, 4, 1])).tolist() == [0, 4, 0]
    assert table.died(np.array([3, 2]), None, np.array([4, 4])).tolist() == [2, 0]


# ── weights ──────────────────────────────────────────────────────────────────────────────────
AXES = (Axis("layers", (1, 3), "linear", 1), Axis("units", (4, 8), "log", 8))


def dense(axes=AXES, **about):
    """Return a table of four configurations of which the weights are not stored."""
    zeros = np.zeros((4, 1, 1), np.uint16)
    return Table("dense", axes, zeros, zeros, zeros, zeros, zeros[0], zeros, zeros, about)


def test_weights_of_dense_networks_are_counted_by_their_layers():
    # 5 features, 3 classes: 5 x 4 + 4 and 4 x 3 + 3; 3 layers have 4 x 4 + 4 twice in between.
    assert dense(features=5, classes=3).weights.tolist() == [39, 75, 79, 219]
    assert dense(features=5, classes=2).weights.tolist() == [29, 57, 69, 201]  # one output


@pytest.mark.parametrize("about", [{}, {"features": 5}, {"classes": 3}])
def test_weights_are_unknown_without_features_classes_or_units(about):
    assert dense(**about).weights is None
    widths = (AXES[0], AXES[1]._replace(name="width"))
    assert dense(widths, features=5, classes=3).weights is None


# ── files ────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("table", [TABLE, BRANCHED], ids=["flat", "branched"])
def test_a_table_comes_back_from_its_file(table, tmp_path):
    save(table, tmp_path / "one.npz")
    again = open_table(tmp_path / "one.npz")
    assert (again.name, again.axes) == (table.name, table.axes)
    assert again.about == table.about | {"format": 1} and len(again.checksum) == 64
    for field in dataclasses.fields(table):
        told, back = getattr(table, field.name), getattr(again, field.name)
        if isinstance(told, np.ndarray):
            np.testing.assert_array_equal(back, told)
            assert back.dtype == told.dtype or field.name == "epoch_seconds"
    assert (again.parameters is None) == (table.parameters is None)
    assert open_table(str(tmp_path / "one.npz")).params_at(9) == table.params_at(9)


def test_an_unknown_table_is_told_with_those_that_are_there(tmp_path, monkeypatch):
    built = "Or build it: python tools/tables/build.py digits."
    with refused("source='nine' is.*Allowed: 'digits', 'breast_cancer', 'signals'", built):
        open_table("nine")
    monkeypatch.setattr(tables, "FOLDER", tmp_path)
    with refused("Allowed: 'digits', 'breast_cancer', 'signals'", built):
        open_table("ten")
    save(BRANCHED, tmp_path / "signals.npz")
    with refused("source='digits' is.*Allowed: 'signals'. Type", built, error=ArgumentError):
        open_table.__wrapped__("digits")


def test_a_damaged_file_is_told_with_what_makes_it_anew(tmp_path):
    (tmp_path / "mine.npz").write_bytes(b"")
    with refused("^mine.npz is damaged", r"build.py mine\.$", error=DataError):
        open_table(tmp_path / "mine.npz")


def written(path, arrays, checksum=None):
    digest = checksum or _npz.digest(arrays)
    np.savez(path, checksum=np.frombuffer(bytes.fromhex(digest), np.uint8), **arrays)
    return path


def test_all_that_a_file_misses_is_named(tmp_path):
    about = np.frombuffer(json.dumps({"format": 7}).encode(), np.uint8)
    arrays = {"about": about, "a": np.arange(6.0).reshape(2, 3).T}
    found = _npz.read(written(tmp_path / "a.npz", arrays), ["a"], 7, "anew")
    assert found[0] == {"format": 7} and found[2] == _npz.digest(arrays)
    np.testing.assert_array_equal(found[1]["a"], arrays["a"])
    with refused(r"\(c, d missing\)\. Restore", error=DataError):
        _npz.read(tmp_path / "a.npz", ["d", "a", "c"], 7, "anew")
    np.savez(tmp_path / "b.npz", a=np.arange(3))
    with refused(r"\(about, checksum missing\)", error=DataError):
        _npz.read(tmp_path / "b.npz", ["a"], 7, "anew")
    changed = written(tmp_path / "c.npz", arrays, checksum=_npz.digest({"a": about}))
    with refused("its contents do not match its checksum", error=DataError):
        _npz.read(changed, ["a"], 7, "anew")
    np.save(tmp_path / "d.npy", np.arange(3))  # a lone array
    with refused(
        "^d.npy is damaged, or no such file at all", r"make it anew: so\.$", error=DataError
    ):
        _npz.read(tmp_path / "d.npy", ["a"], 7, "so")

"""The rows of a stack: what is checked, what is kept of them, what is said of bad ones."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from hpotutor.errors import ArgumentError, DataError
from hpotutor.fused import Member, StackData, Trained
from hpotutor.fused.member import initial_weights
from hpotutor.fused.planner import shape_of
from tests.messages import refused

X = np.arange(28.0).reshape(7, 4)
Y = np.array([0, 1, 2, 0, 1, 2, 0])
MEMBER = Member(units=2)


def data_of(x=X, y=Y, *val, n_classes=3, **more) -> StackData:
    return StackData(x, y, *val, n_classes=n_classes, **more)


# ── what is kept ─────────────────────────────────────────────────────────────────────────────
def test_rows_are_kept_as_they_were_given():
    data = data_of(X, Y, X[:3], Y[:3], evaluations={"test": (X[:2], Y[:2])}, dtype="float64")
    assert (data.rows, data.n_features, data.n_classes) == (7, 4, 3)
    np.testing.assert_array_equal(data.x, X)
    np.testing.assert_array_equal(data.y, Y)
    assert data.x.dtype == "float64" and data.y.dtype == "int32"
    assert [(name, len(y)) for name, (_, y) in data.evaluations.items()] == [
        ("val", 3),
        ("test", 2),
    ]
    assert data.weights is None and data.input_shape is None and not data.keep_outputs
    plain = data_of()
    assert plain.x.dtype == "float32" and plain.device == "cpu" and plain.evaluations == {}


def test_amounts_stay_amounts():
    data = data_of(y=Y + 0.5, n_classes=0, sample_weight=np.arange(7))
    np.testing.assert_array_equal(data.y, Y + 0.5)
    np.testing.assert_array_equal(data.weights, np.arange(7))
    assert data.y.dtype == data.weights.dtype == "float32"


@pytest.mark.parametrize(
    ("asked", "kept"),
    [((4,), (4, 1)), ((2, 2), (2, 2)), ((4, 1), (4, 1)), ((1, 2, 2), (1, 2, 2)), ([4], (4, 1)),
     (np.array([2, 2]), (2, 2))],
)  # fmt: skip
def test_the_shape_of_a_row_has_its_channels(asked, kept):
    found = data_of(input_shape=asked).input_shape
    assert found == kept and all(type(side) is int for side in found)


def test_a_program_is_told_what_the_rows_need():
    plain = data_of().shape([MEMBER])
    assert plain == shape_of([MEMBER], 3, 7, n_features=4, evaluations=0)
    told = data_of(
        X, Y, X, Y, evaluations={"test": (X, Y)}, sample_weight=np.ones(7), dtype="float64",
        keep_outputs=True,
    ).shape([MEMBER])  # fmt: skip
    assert told == dataclasses.replace(
        plain, evaluations=2, weighted=True, outputs=True, dtype="float64"
    )
    assert data_of(X, Y, X, Y, scores={"val_one": max}).shape([MEMBER]).outputs
    conv = Member(architecture="conv", filters=2, layers=1)
    assert data_of(input_shape=(4, 1)).shape([conv]).convolutions[0].sides == (4,)


def test_rows_of_its_own_come_before_the_shared_sets():
    data = data_of(evaluations={"test": (X, Y)})
    assert data.names([MEMBER]) == ["test"]
    assert data.names([Member(val_rows=[0])]) == ["val", "test"]
    assert data.measured(["val", "b"]) == [
        "loss", "accuracy", "val_loss", "val_accuracy", "b_loss", "b_accuracy"
    ]  # fmt: skip
    assert data_of(n_classes=0).measured(["val"]) == ["loss", "val_loss"]


def test_folds_are_padded_to_the_longest():
    members = [Member(val_rows=rows) for rows in ([3], np.array([6, 0, 2]), [1, 5])]
    folds = data_of(dtype="float64").folds(members)
    assert folds["rows"].numpy().tolist() == [[3, 0, 0], [6, 0, 2], [1, 5, 0]]
    assert folds["counts"].numpy().tolist() == [[1], [3], [2]]
    assert folds["counts"].dtype == "float64"


# ── what is refused ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"x": X[0]}, r"x_train has shape \(4,\) and type float64.*shape \(rows, features\)"),
        ({"x": X.astype(str)}, r"x_train has shape \(7, 4\) and type <U"),
        ({"y": Y[:6]}, r"y_train has shape \(6,\)\. Give 7 rows a y of shape \(7,\)"),
        ({"y": Y[:, np.newaxis]}, r"y_train has shape \(7, 1\)\. Give 7 rows"),
        ({"y": Y.astype(str)}, "y_train has the type <U"),
        ({"y": Y + 1}, r"y_train holds the labels \[3\], outside the classes 0 to 2"),
        ({"y": Y - 1}, r"y_train holds the labels \[-1\], outside"),
        ({"y": Y / 2}, r"y_train holds the labels \[0.5\], outside"),
        ({"y": np.arange(7), "n_classes": 1}, r"labels \[1, 2, 3, 4, 5\], outside"),
        ({"y": [1, 2, np.nan, 1, 1, np.inf, 3], "n_classes": 0}, "2 of 7 values that are NaN"),
        ({"evaluations": {"test": (X[:, :3], Y)}}, "x_test has 3 features and x_train has 4"),
        ({"evaluations": {"test": (X, Y[1:])}}, r"y_test has shape \(6,\)"),
        ({"input_shape": (3, 1)}, r"input_shape=\(3, 1\).*a shape of 4 numbers.*=\(4, 1\)"),
        ({"input_shape": (4, 0)}, r"input_shape=\(4, 0\).*\(28, 28, 1\)"),
        ({"input_shape": (1, 1, 2, 2)}, r"input_shape=\(1, 1, 2, 2\).*integers from 1 up"),
        ({"input_shape": 4}, "input_shape=4 is not allowed"),
        ({"input_shape": (4.0,)}, r"input_shape=\(4.0,\) is not allowed"),
        ({"sample_weight": np.ones(6)}, r"sample_weight has shape \(6,\).*7 training rows"),
        ({"sample_weight": ["1"] * 7}, "sample_weight has shape .* type <U1"),
        ({"sample_weight": -np.ones(7)}, r"holds \[-1.0, -1.0, -1.0, -1.0, -1.0\]\. Give finite"),
        ({"sample_weight": [1, 1, 1, np.inf, 1, 1, 1]}, r"sample_weight holds \[inf\]"),
        ({"sample_weight": [-1, 1, 0, 0, 0, 0, 0]}, r"sample_weight holds \[-1\]"),
        ({"sample_weight": np.zeros(7)}, "sample_weight is 0 for every row"),
    ],
)  # fmt: skip
def test_bad_rows_are_refused_by_name(given, says):
    with refused("^train_many: ", says, error=DataError) as caught:
        data_of(**given)
    assert "problems" not in str(caught.value), "this is the only one"


@pytest.mark.parametrize(
    "given",
    [
        {"y": Y > 0, "n_classes": 2}, {"y": Y.astype(float)}, {"y": Y - 9.5, "n_classes": 0},
        {"y": Y > 0, "n_classes": 0}, {"x": X.astype(np.uint8)}, {"x": X[:, :1]},
        {"sample_weight": Y > 1}, {"sample_weight": [0, 0, 0, 0, 0, 0, 1]}, {"y": Y.tolist()},
        {"x": X.tolist()}, {"n_classes": 4},
    ],
)  # fmt: skip
def test_rows_at_the_borders_are_fine(given):
    assert data_of(**given).rows == 7


def test_all_that_is_wrong_is_told_at_once():
    with refused(
        "4 problems", "y_train", "x_val has 3", "input_shape", "sample_weight", error=DataError
    ):
        data_of(X, Y + 1, X[:, :3], Y, input_shape=(5,), sample_weight=np.ones(3))
    with refused("2 problems", "dtype='int8'.*'float64'", "device='gpux'", error=ArgumentError):
        data_of(dtype="int8", device="gpux")
    with refused("^train_many: x_train has shape", error=DataError) as caught:
        data_of(X[0], Y, X, Y)  # with no features to compare with
    assert "x_val" not in str(caught.value)


@pytest.mark.parametrize("taken", ["loss", "accuracy", "val_loss", "test_accuracy", "val_accuracy"])
def test_a_score_cannot_take_a_curves_name(taken):
    with refused(f"scores=.*{taken}.*names other than 'loss'.*'val_score'", error=ArgumentError):
        data_of(scores={taken: max}, evaluations={"test": (X, Y)})
    with refused("scores=.*functions of"):
        data_of(scores={"val_mine": 3})


# ── what members monitor, and what is asked of outputs ───────────────────────────────────────
def test_only_what_is_used_must_be_measured():
    data = data_of(evaluations={"test": (X, Y)})
    data.check_measured([Member(monitor="nonsense")])
    for use in ({"patience": 1}, {"restore_best": True}):
        data.check_measured([Member(monitor="test_loss", **use)])
        with refused("train_many: monitor='val_loss'.*'test_accuracy'") as caught:
            data.check_measured([MEMBER, *[Member(monitor="val_loss", **use)] * 3])
        assert str(caught.value).count("monitor='val_loss' is") == 1
    own = [Member(val_rows=[0], patience=1, monitor="val_loss")]
    data.check_measured(own)
    scored = data_of(X, Y, X, Y, scores={"val_f1": max})
    scored.check_measured([Member(patience=1, monitor="val_f1")])


@pytest.mark.parametrize("asked", [{"scores": {"val_f1": max}}, {"keep_outputs": True}])
def test_outputs_are_of_validation_rows(asked):
    with refused("scores and keep_outputs need validation rows.*x_val.*val_rows"):
        data_of(**asked).check_measured([MEMBER])
    with refused("need validation rows"):
        data_of(evaluations={"test": (X, Y)}, **asked).check_measured([MEMBER])
    data_of(**asked).check_measured([Member(val_rows=[1])])
    data_of(X, Y, X, Y, **asked).check_measured([MEMBER])


def test_a_member_needs_a_row_that_weighs_something():
    data = data_of(sample_weight=[0, 0, 1, 0, 0, 0, 0])
    data.check_measured([MEMBER, Member(rows=[1, 2])])
    with refused("^train_many: sample_weight is 0 for every row of a member: give it others.$"):
        data.check_measured([Member(rows=[0, 1]), Member(rows=[3])])


# ── scores ───────────────────────────────────────────────────────────────────────────────────
def test_a_score_is_asked_for_the_members_own_rows():
    seen: list = []
    data = data_of(X, Y, X[:2], Y[:2], scores={"val_s": lambda y, out: seen.append(y) or out[0]})
    assert data.score("val_s", MEMBER, np.array([3]), "member 0") == 3.0
    assert data.score("val_s", Member(val_rows=[5, 0, 2]), [np.inf], "member 0") == np.inf
    assert [y.tolist() for y in seen] == [[0, 1], [2, 0, 2]]


def test_a_score_that_fails_is_told_with_its_cause():
    data = data_of(X, Y, X, Y, scores={"val_s": lambda y, out: 1 / out, "val_n": lambda y, o: o})
    with refused(r"train_many: scores\['val_s'\] of member 4 failed: ZeroDivisionError") as caught:
        data.score("val_s", MEMBER, 0, "member 4")
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    with refused(r"scores\['val_n'\] of it returned nan\. Let it return a number") as caught:
        data.score("val_n", MEMBER, np.nan, "it")
    assert caught.value.__cause__ is None


# ── a network that comes back ────────────────────────────────────────────────────────────────
def trained(member: Member, **more) -> Trained:
    return Trained(member, {}, 1, "complete", 0.0, 1, 4, 3, np.zeros(0), **more)


def test_a_network_becomes_the_keras_model_of_its_architecture():
    ours = trained(MEMBER, weights=[np.ones((4, 2)), np.zeros(2), np.ones((2, 3)), np.ones(3)])
    model = ours.to_keras()
    assert model.input_shape == (None, 4) and model.output_shape == (None, 3)
    assert all((a == b).all() for a, b in zip(model.get_weights(), ours.weights, strict=True))
    dense = dataclasses.replace(ours, input_shape=(4, 1)).to_keras()
    assert dense.count_params() == model.count_params(), "the rows' shape is for convolutions"
    assert ours.outputs is None and ours.input_shape is None


@pytest.mark.parametrize(("row", "kind"), [((4, 1), "Conv1D"), ((2, 2, 1), "Conv2D")])
def test_a_convolution_becomes_that_of_its_rows(row, kind):
    conv = Member(
        architecture="conv", layers=1, filters=1, kernel_size=2, pool_size=2, dense_layers=0
    )
    ours = trained(conv, weights=initial_weights(conv, 4, 3, input_shape=row), input_shape=row)
    assert kind in [type(layer).__name__ for layer in ours.to_keras().layers]


def test_a_networks_text_holds_no_arrays():
    weights = [np.ones((4, 2)), np.zeros(2), np.ones((2, 3)), np.ones(3)]
    ours = trained(MEMBER, weights=weights, outputs=np.ones(2))
    assert "status='complete'" in repr(ours) and "array" not in repr(ours)
    assert ours.to_keras().count_params() == 19, "though it has them"


def test_a_network_without_its_weights_says_how_to_keep_them():
    with refused("to_keras: the weights .* not kept. Type keep_weights=True", error=ArgumentError):
        trained(MEMBER).to_keras()

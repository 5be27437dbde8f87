"""The two calls for many networks: what they refuse, what they hand on, what a range test sees."""

from __future__ import annotations

import inspect

import numpy as np
import pytest

from hpotutor.errors import ArgumentError
from hpotutor.fused import Member, Stack, StackData, range_test, train_many
from hpotutor.fused.planner import MAX_BYTES, member_bytes
from tests.messages import refused
from tests.stack_cases import make_rows

pytestmark = pytest.mark.usefixtures("untraced")
ROWS = make_rows(3, rows=10)
ASKED = {"units": 3, "batch_size": 5, "optimizer": "sgd"}


# ── train_many ───────────────────────────────────────────────────────────────────────────────
def test_defaults_are_as_documented():
    told = {n: p.default for n, p in inspect.signature(train_many).parameters.items()}
    assert (told["epochs"], told["max_bytes"]) == (20, 2**28) == (20, MAX_BYTES)
    assert (told["dtype"], told["device"]) == ("float32", "cpu")
    assert not told["keep_weights"] and not told["keep_outputs"] and told["threads"] is None
    told = {n: p.default for n, p in inspect.signature(range_test).parameters.items()}
    assert (told["low"], told["high"], told["epochs"]) == (1e-6, 10.0, 2)


@pytest.mark.parametrize(
    ("bad", "instead"),
    [
        ({"epochs": 0}, "epochs=20"), ({"max_bytes": 0.5}, f"max_bytes={MAX_BYTES}"),
        ({"threads": 0}, "threads=2"), ({"max_bytes": None}, f"max_bytes={MAX_BYTES}"),
    ],
)  # fmt: skip
def test_numbers_that_are_none_are_refused(bad, instead):
    name = next(iter(bad))
    with refused(f"^train_many: {name}=.* from 1 up. Type for instance {instead}.$"):
        train_many(*ROWS, [ASKED], n_classes=3, **bad)


def test_members_are_checked_for_these_rows():
    with refused(r"^train_many: rows=\[9, 10\] .*row numbers from 0 to 9"):
        train_many(*ROWS, [{**ASKED, "rows": [9, 10]}], n_classes=3)
    with refused("^train_many: output='sigmoid' .* for 3 classes"):
        train_many(*ROWS, [{**ASKED, "output": "sigmoid"}], n_classes=3)


def test_nothing_asked_is_nothing_trained():
    assert train_many(*ROWS, [], n_classes=3) == []


def test_what_is_asked_reaches_the_networks():
    seen: list = []
    one, two, three = train_many(
        *ROWS, [{**ASKED, "epochs": 1}, ASKED, {**ASKED, "seed": 1}], n_classes=3, epochs=2,
        evaluations={"test": ROWS[2:]}, input_shape=(4, 1), dtype="float64", keep_weights=True,
        sample_weight=np.r_[np.zeros(9), 1.0], scores={"val_s": lambda y, out: 0.5}, threads=1,
        keep_outputs=True, on_done=lambda n, network: seen.append((n, network.epochs)),
    )  # fmt: skip
    assert seen == [(0, 1), (1, 2), (2, 2)]
    assert [network.epochs for network in (one, two, three)] == [1, 2, 2]
    assert set(one.curve) == {
        "loss", "accuracy", "val_loss", "val_accuracy", "test_loss", "test_accuracy", "val_s"
    }  # fmt: skip
    assert one.curve["test_loss"] == one.curve["val_loss"] and one.input_shape == (4, 1)
    assert two.outputs.shape == (15, 3) and two.weights[0].dtype == np.float64
    (plain,) = train_many(*ROWS, [ASKED], n_classes=3, epochs=1)
    assert plain.weights is None and plain.outputs is None
    assert plain.curve["loss"] != pytest.approx(one.curve["loss"]), "one row alone weighs"
    assert set(plain.curve) == {"loss", "accuracy", "val_loss", "val_accuracy"}


@pytest.mark.parametrize(("room", "threads"), [(1, 1), (1.5, 1), (2, 2), (9, 3)])
def test_as_many_stacks_at_a_time_as_there_is_room_for(room, threads, monkeypatch):
    """Of three networks that cannot share a stack."""
    seen: list = []
    monkeypatch.setattr("hpotutor.fused.api.run_jobs", lambda jobs, n, deliver: seen.append(n))
    asked = [Member(units=(8,) * layers) for layers in (1, 2, 3)]
    shape = StackData(*ROWS, n_classes=3).shape(asked[2:])
    most = int(room * member_bytes(shape, 32))
    train_many(*ROWS, asked, n_classes=3, max_bytes=most, threads=4)
    assert seen == [threads] and type(seen[0]) is int


def test_a_watcher_sees_what_each_has_so_far():
    seen: list = []

    def watch(epoch, curves):
        seen.append((epoch, [len(curve["val_loss"]) for curve in curves]))
        return np.array([0]) if epoch == 2 else None

    asked = [ASKED, {**ASKED, "seed": 1}]
    heard: list = []
    trained = train_many(
        *ROWS, asked, n_classes=3, epochs=3, on_epoch=watch, threads=1,
        on_done=lambda n, _: heard.append(n),
    )  # fmt: skip
    assert seen == [(1, [1, 1]), (2, [2, 2]), (3, [2, 3])] and heard == [0, 1]
    assert [network.status for network in trained] == ["stopped", "complete"]


# ── the range test ───────────────────────────────────────────────────────────────────────────
def test_a_range_test_sees_each_batch_before_its_step():
    """Networks that cannot move see the losses of where they start."""
    start = Stack(StackData(*ROWS[:2], n_classes=3, dtype="float64"), [ASKED])
    asked = [{**ASKED, "learning_rate": 5.0}, {**ASKED, "units": 2, "epochs": 9}]
    rates, losses = range_test(
        *ROWS[:2], asked, n_classes=3, low=1e-12, high=1e-11, epochs=3, dtype="float64"
    )
    assert rates.shape == (6,) and losses.shape == (2, 6)
    np.testing.assert_allclose(rates, np.geomspace(1e-12, 1e-11, 6))
    kernel, bias, out, last = start.get_weights(0)
    logits = np.maximum(ROWS[0] @ kernel + bias, 0) @ out + last
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    row_losses = -np.log(shares[np.arange(10), ROWS[1]])
    np.testing.assert_allclose(losses[0].reshape(3, 2).mean(axis=1), [row_losses.mean()] * 3)
    assert not np.allclose(losses[0], losses[1])


def test_after_a_network_has_diverged_there_is_no_loss():
    asked = [{**ASKED, "activation": "linear"}, {**ASKED, "optimizer": "adam"}]
    with np.errstate(all="ignore"):
        _, losses = range_test(*ROWS[:2], asked, n_classes=3, low=0.1, high=1e38, epochs=4)
    ends = np.isnan(losses[0])
    assert ends[-1] and not ends[0] and (np.diff(ends.astype(int)) >= 0).all()
    assert losses.shape == (2, 8) and not np.isinf(losses).any()


@pytest.mark.parametrize(
    ("low", "high"), [(0, 1), (-1, 1), (1, 1), (2, 1), (1, np.inf), (np.nan, 1)]
)
def test_a_range_runs_upward(low, high):
    told = f"^range_test: low={low} and high={high} must be numbers with 0 < low < high"
    with refused(told, error=ArgumentError):
        range_test(*ROWS[:2], [ASKED], n_classes=3, low=low, high=high)


@pytest.mark.parametrize("other", [{"batch_size": 3}, {"rows": np.arange(10)}])
def test_a_range_test_has_one_length(other):
    with refused("^range_test: its members need the same batch_size and all the rows."):
        range_test(*ROWS[:2], [ASKED, Member(**{**ASKED, **other})], n_classes=3)
    assert range_test(*ROWS[:2], [ASKED, {**ASKED, "batch_size": 6}], n_classes=3)[0].size == 4

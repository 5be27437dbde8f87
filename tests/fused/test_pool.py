"""Stacks on several threads: the same numbers, callbacks in one thread, nothing left behind."""

from __future__ import annotations

import _thread
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from types import SimpleNamespace

import numpy as np
import pytest

from hpotutor.fused import Member, Stack, StackData, planner, pool, set_threads, train_many
from tests.messages import refused, shown

EPOCHS = 3


def make_rows(rows: int = 30) -> tuple:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(rows + 15, 4))
    y = np.argmax(x[:, :3] + 0.3 * rng.normal(size=(rows + 15, 3)), axis=1)
    return x[:rows], y[:rows], x[rows:], y[rows:]


ROWS = make_rows()
ASKED = [
    {"units": 5 + n % 2, "dropout": n % 3 / 5, "batch_norm": n > 6, "seed": n, "epochs": 2 + n % 2}
    for n in range(10)
]


@pytest.fixture(autouse=True)
def cut_small(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Cut stacks of two, so that a few networks make many stacks; no thread may be left."""
    monkeypatch.setattr(planner, "SMALLEST_CUT", 2)
    monkeypatch.setattr(planner, "LARGEST_CUT", 2)
    monkeypatch.delenv(pool.VARIABLE, raising=False)
    yield
    set_threads(None)
    assert not [thread for thread in threading.enumerate() if "hpotutor" in thread.name]


def train(asked: list, **more) -> list:
    return train_many(*ROWS, asked, n_classes=3, epochs=EPOCHS, keep_weights=True, **more)


def results(stack: Stack) -> list:
    return [stack.result(k) for k in range(len(stack.members))]


def assert_same(ours: list, others: list) -> None:
    for one, other in zip(ours, others, strict=True):
        assert one.curve == other.curve
        assert one.status == other.status
        for mine, theirs in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(mine, theirs)


# ── the same numbers ────────────────────────────────────────────────────────
@pytest.fixture(scope="module")
def on_one_thread() -> tuple:
    """Return the networks of ``ASKED`` and the order in which they were finished."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(planner, "SMALLEST_CUT", 2)
        patch.setattr(planner, "LARGEST_CUT", 2)
        order: list = []
        return train(ASKED, threads=1, on_done=lambda n, _: order.append(n)), order


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_nothing(threads, on_one_thread):
    expected, expected_order = on_one_thread
    order, heard_in = [], set()

    def done(position, trained):
        order.append(position)
        heard_in.add(threading.current_thread())

    assert_same(train(ASKED, threads=threads, on_done=done), expected)
    assert order == expected_order
    assert heard_in == {threading.current_thread()}


def test_watched_threads_change_nothing(on_one_thread):
    seen = []

    def watch(epoch, curves):
        seen.append((epoch, threading.current_thread(), [len(c.get("loss", [])) for c in curves]))
        return [0] if epoch == 1 else None

    watched = train(ASKED, threads=3, on_epoch=watch)
    assert_same(watched[1:], on_one_thread[0][1:])
    assert watched[0].status == "stopped" and watched[0].epochs == 1
    assert {thread for _, thread, _ in seen} == {threading.current_thread()}
    assert seen[0][2] == [1] * len(ASKED)


def test_two_threads_run_one_trace_at_a_time():
    data = StackData(*ROWS, n_classes=3)

    def stack(seed):
        return Stack(data, [{"units": 5, "seed": seed}, {"units": 5, "seed": seed + 50}])

    alone, together = ([stack(seed) for seed in range(4)] for _ in range(2))
    for one in alone:
        one.train(6)
    with ThreadPoolExecutor(4) as executor:
        list(executor.map(lambda one: one.train(6), together))
    assert {one.program for one in together} == {alone[0].program}
    for one, other in zip(alone, together, strict=True):
        assert_same(results(one), results(other))


def test_the_cut_depends_on_the_members_alone(monkeypatch):
    monkeypatch.setattr(planner, "SMALLEST_CUT", 4)
    monkeypatch.setattr(planner, "LARGEST_CUT", 64)
    rng = np.random.default_rng(0)
    data = StackData(rng.normal(size=(100, 64)), np.arange(100) % 10, n_classes=10)

    def sizes(networks, units):
        asked = [Member(layers=2, units=units, seed=n, epochs=20) for n in range(networks)]
        stacks = planner.Planner(data.shape, 10, data.rows).plan(asked)
        assert len({shape for shape, _ in stacks}) == 1  # so one trace
        assert sorted(i for _, group in stacks for i in group) == list(range(networks))
        return [len(group) for _, group in stacks]

    assert sizes(16, 32) == [16]
    assert sizes(20, 32) == [10, 10]
    assert sizes(32, 32) == [16, 16]
    assert sizes(128, 32) == [32] * 4
    assert sizes(512, 32) == [32] * 16
    assert sizes(32, 256) == [8] * 4
    assert sizes(64, 2) == [64]


# ── what goes wrong in one thread ───────────────────────────────────────────
def spoil(monkeypatch, seed, action):
    """Let ``action`` happen where the network of this seed is trained."""
    train_epoch = Stack.train_epoch

    def spoiled(self):
        if seed in [member.seed for member in self.members]:
            action()
        train_epoch(self)

    monkeypatch.setattr(Stack, "train_epoch", spoiled)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_failing_stack_leaves_the_others_and_the_pool(threads, monkeypatch, on_one_thread):
    expected, order = on_one_thread
    failing, done = order[4], []

    def fail():
        raise MemoryError("no room")

    with monkeypatch.context() as patch:
        spoil(patch, failing, fail)
        with pytest.raises(MemoryError, match="no room"):
            train(ASKED, threads=threads, on_done=lambda n, network: done.append((n, network)))
    positions = [n for n, _ in done]
    assert positions == order[: len(positions)] and failing not in positions
    assert_same([network for _, network in done], [expected[n] for n in positions])
    assert_same(train(ASKED, threads=threads), expected)


def hears_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> bool:
    """Press Ctrl-C once in the midst of a training; say whether it was heard."""
    with monkeypatch.context() as patch, suppress(KeyboardInterrupt):
        spoil(patch, 3, _thread.interrupt_main)
        train(ASKED, threads=3)
        threading.Event().wait(1)  # the signal may come a moment later
        return False
    return True


def test_ctrl_c_ends_all_threads(monkeypatch, on_one_thread):
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # shells may ignore it
    try:
        # Python drops an interrupt that reaches it in a callback of its garbage collector.
        assert any(hears_ctrl_c(monkeypatch) for _ in range(10))
    finally:
        signal.signal(signal.SIGINT, before)
    assert_same(train(ASKED, threads=3), on_one_thread[0])


@pytest.mark.parametrize("way", ["on_done", "on_epoch"])
def test_a_callback_that_raises_ends_all_threads(way):
    def fail(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(ASKED, threads=3, **{way: fail})


def test_a_diverged_network_leaves_those_in_other_threads(on_one_thread):
    wild = {"units": 5, "optimizer": "sgd", "learning_rate": 1e30, "activation": "linear"}
    trained = train([*ASKED, wild], threads=3)
    assert trained[-1].status == "diverged"
    assert_same(trained[:-1], on_one_thread[0])


def test_an_interrupted_epoch_leaves_the_stack_as_it_was():
    data = StackData(*ROWS, n_classes=3)
    through, stopped = (Stack(data, [{"units": 5}]) for _ in range(2))
    through.train(4)
    stopped.train(2)
    program, weights = stopped.program, stopped.get_weights(0)

    def interrupted(*arguments):
        program.train_epoch(*arguments)
        raise KeyboardInterrupt

    stopped.program = SimpleNamespace(train_epoch=interrupted)
    with pytest.raises(KeyboardInterrupt):
        stopped.train(1)
    np.testing.assert_array_equal(stopped.get_weights(0)[0], weights[0])
    stopped.program = program
    stopped.train(2)
    assert_same(results(stopped), results(through))


# ── how many ────────────────────────────────────────────────────────────────
def count_threads(monkeypatch) -> list[int]:
    """Return a list that will hold how many threads each call of ``train_many`` takes."""
    seen: list[int] = []
    run = pool.run_jobs
    monkeypatch.setattr(
        "hpotutor.fused.api.run_jobs",
        lambda jobs, threads, deliver: (seen.append(threads), run(jobs, threads, deliver)),
    )
    return seen


def test_one_setting_for_all(monkeypatch):
    seen = count_threads(monkeypatch)
    asked = ASKED[:7]
    monkeypatch.setattr(pool, "cores", lambda: 3)
    train(asked)
    monkeypatch.setenv(pool.VARIABLE, "2")
    train(asked)
    set_threads(4)
    train(asked)
    train(asked, threads=1)
    train(asked[:1], threads=8)  # no more than there are stacks
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(get_worker=lambda: "worker"))
    train(asked)
    assert seen == [3, 2, 4, 1, 1, 1]


def test_stacks_side_by_side_stay_within_max_bytes(monkeypatch):
    seen = count_threads(monkeypatch)
    member = Member(units=16, dropout=0.2)
    shape = StackData(*ROWS, n_classes=3).shape([member])
    one = planner.member_bytes(shape, member.batch_size)
    asked = [{"units": 16, "dropout": 0.2, "seed": n} for n in range(8)]
    for room in (2, 4, 9):  # networks; a stack has two
        train(asked, threads=4, max_bytes=room * one)
    assert seen == [1, 2, 4]


@pytest.mark.parametrize("threads", [0, -1, 1.5, True, "two"])
def test_bad_threads(threads, monkeypatch):
    with refused(*shown({"threads": threads}), "a whole number from 1 up.*threads=2"):
        train(ASKED, threads=threads)
    with refused(*shown({"threads": threads}), "a whole number from 1 up"):
        set_threads(threads)
    monkeypatch.setenv(pool.VARIABLE, str(threads))
    with refused(f"{pool.VARIABLE}=.* a whole number from 1 up"):
        train(ASKED)

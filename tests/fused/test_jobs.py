"""What is trained once answers several requests; jobs side by side, and what ends them."""

from __future__ import annotations

import sys
import threading
import weakref
from types import SimpleNamespace

import numpy as np
import pytest

from hpotutor.fused import Member, Trained, jobs, pool
from hpotutor.fused.jobs import Job, gather_runs
from hpotutor.fused.planner import member_bytes, shape_of
from tests.messages import refused

ROWS = 30


class Counting:
    """As much of a stack as a job asks for: its networks count epochs, and end when told."""

    def __init__(self, members: list[Member], ends: dict[int, int] | None = None) -> None:
        self.members, self.epoch = list(members), 0
        self.shape = shape_of(members, 3, ROWS, n_features=4)
        self.live = np.ones(len(members), bool)
        self.curves: list[dict] = [{"loss": []} for _ in members]
        self.ends = ends or {}  # by seed
        self.trained_in: set = set()

    def train_epoch(self) -> None:
        self.epoch += 1
        self.trained_in.add(threading.current_thread())
        for k in np.flatnonzero(self.live):
            self.curves[k]["loss"].append(float(self.epoch))
            member = self.members[k]
            self.live[k] = self.epoch not in (member.epochs, self.ends.get(member.seed))

    def result(self, k: int, keep_weights: bool) -> Trained:
        curve = {"loss": list(self.curves[k]["loss"])}
        return Trained(
            self.members[k], curve, len(curve["loss"]), "complete", 0.0, 1, 4, 3, np.zeros(0),
            weights=[np.full(1, self.epoch)] if keep_weights else None,
        )  # fmt: skip

    def stop(self, k: int) -> None:
        self.live[k] = False

    def select(self, alive: list[int]) -> Counting:
        fewer = Counting([self.members[k] for k in alive], self.ends)
        fewer.epoch, fewer.live = self.epoch, self.live[alive]
        fewer.curves = [self.curves[k] for k in alive]
        return fewer


def job_of(*asked: dict, ends: dict | None = None, keep: bool = False, first: int = 0) -> Job:
    """Return a job for these requests, which stand from ``first`` on in what was asked."""
    runs = gather_runs([Member(**fields) for fields in asked])
    for run in runs:
        run.readings = {first + position: epochs for position, epochs in run.readings.items()}
    stack = Counting([run.member for run in runs], ends)
    job = Job(SimpleNamespace(rows=ROWS), stack.shape, runs, keep)
    job.stack = stack
    return job


def told(finished) -> list[tuple[int, int, str]]:
    """Return position, epochs and status of what was finished."""
    return [(position, network.epochs, network.status) for position, network in finished]


# ── which requests are one network ───────────────────────────────────────────────────────────
def test_requests_that_differ_in_their_length_alone_are_one_network():
    for lengths in ((2, 5, 3, 5), (5, 2)):
        (run,) = gather_runs([Member(units=5, epochs=epochs) for epochs in lengths])
        assert run.member.epochs == 5 and run.readings == dict(enumerate(lengths))
    two = gather_runs([Member(seed=seed, epochs=2) for seed in (0, 1, 0)])
    assert [run.readings for run in two] == [{0: 2, 2: 2}, {1: 2}]


@pytest.mark.parametrize("ends", [{"patience": 3}, {"restore_best": True}])
def test_where_the_length_decides_what_is_best_each_length_is_a_network(ends):
    runs = gather_runs([Member(epochs=epochs, **ends) for epochs in (2, 3, 2)])
    assert [run.readings for run in runs] == [{0: 2, 2: 2}, {1: 3}]


# ── one job ──────────────────────────────────────────────────────────────────────────────────
def test_each_request_is_answered_after_its_own_epochs():
    job = job_of({"epochs": 1}, {"epochs": 3}, {"seed": 1, "epochs": 2}, {"epochs": 3}, first=4)
    found = list(job.run())
    assert [told(each) for each in found] == [
        [(4, 1, "complete")],
        [(6, 2, "complete")],
        [(5, 3, "complete"), (7, 3, "complete")],
    ]
    for position, network in sum(found, []):
        assert network.member.epochs == network.epochs == len(network.curve["loss"])
        assert job.curves[position] == network.curve, "not that of the network that trains on"
        assert network.weights is None


def test_a_network_that_ends_early_answers_all_its_requests():
    job = job_of({"epochs": 5}, {"epochs": 9}, {"seed": 1, "epochs": 3}, ends={0: 2}, keep=True)
    found = list(job.run())
    assert [told(each) for each in found] == [
        [],
        [(0, 2, "complete"), (1, 2, "complete")],
        [(2, 3, "complete")],
    ]
    assert [network.member.epochs for _, network in found[1]] == [5, 9]
    assert all(network.weights == [2] for _, network in found[1])


def test_a_job_gives_its_memory_back():
    job = job_of({"epochs": 2})
    stack = weakref.ref(job.stack)
    for _ in job.run():
        pass
    assert stack() is None and not job.busy


def test_a_stack_is_called_by_what_was_asked(monkeypatch):
    """Its networks' positions in messages are those of the first request that each answers."""
    monkeypatch.setattr(jobs, "Stack", lambda data, members, shape: Counting(members))
    job = job_of({"epochs": 2}, {"seed": 1, "epochs": 2}, {"epochs": 3}, first=3)
    del job.stack
    assert job.stack.positions == [3, 4]
    assert [member.epochs for member in job.stack.members] == [3, 2]


def test_what_a_job_takes_grows_with_its_members_and_their_batch():
    two, four, wide = (
        job_of(*({"seed": seed, "batch_size": size} for seed in range(n)))
        for n, size in ((2, 32), (4, 32), (2, 64))
    )
    assert 2 * two.bytes == four.bytes and wide.bytes > two.bytes
    assert two.bytes == 2 * member_bytes(two.shape, 32)


def test_a_job_goes_on_in_a_smaller_stack_with_those_that_are_left():
    short = [{"units": 512, "seed": seed, "epochs": 1} for seed in range(2)]
    long = [{"units": 512, "seed": seed, "epochs": 10**6} for seed in (2, 3)]
    job = job_of(short[0], long[0], short[1], long[1])
    assert job.stack.shape.members == 4
    assert told(job.advance()) == [(0, 1, "complete"), (2, 1, "complete")]
    assert job.stack.shape.members == 2
    assert [member.seed for member in job.stack.members] == [2, 3]
    assert [list(run.readings) for run in job.runs] == [[1], [3]]
    assert job.advance() == [] and job.stack.epoch == 2
    assert told(job.stop({1, 3})) == [(1, 2, "stopped"), (3, 2, "stopped")]
    assert not job.busy


def test_a_stack_shrinks_for_what_is_left_of_the_longest_that_lives(monkeypatch):
    seen = []

    def look(shape, members, alive, rows, left):
        seen.append((alive, rows, left))
        return shape

    monkeypatch.setattr(jobs, "shrunk", look)
    lengths = {0: 2, 1: 9, 2: 4}
    job = job_of(*({"seed": n, "epochs": length} for n, length in lengths.items()), ends={1: 3})
    list(job.run())
    assert seen == [([0, 1, 2], ROWS, 8), ([1, 2], ROWS, 7), ([2], ROWS, 1)]


def test_a_network_trains_on_while_a_request_needs_it():
    job = job_of({"epochs": 5}, {"epochs": 6}, {"seed": 1, "epochs": 6})
    job.advance()
    assert told(job.stop({0, 77})) == [(0, 1, "stopped")]
    assert job.stack.live.all() and job.busy
    job.advance()
    assert told(job.stop({1})) == [(1, 2, "stopped")]
    assert job.stack.live.tolist() == [False, True] and job.busy
    assert [len(job.curves[n]["loss"]) for n in range(3)] == [1, 2, 2]
    assert told(job.stop({0, 1, 2})) == [(2, 2, "stopped")] and not job.busy


# ── several jobs ─────────────────────────────────────────────────────────────────────────────
class Steps:
    """A job that says in which thread it ran; ``first`` happens before its first epoch."""

    def __init__(self, position: int, epochs: float = 2, first=lambda: None) -> None:
        self.position, self.epochs, self.first, self.thread = position, epochs, first, None

    def run(self):
        self.thread = threading.current_thread()
        self.first()
        done = 0
        while done < self.epochs:
            done += 1
            np.sort(np.arange(10_000)[::-1])  # so that an epoch takes a moment
            yield [(self.position, done)] if done == self.epochs else []


@pytest.mark.parametrize(("threads", "number", "apart"), [(1, 3, 0), (4, 1, 0), (2, 2, 1)])
def test_a_single_job_or_thread_is_the_callers(threads, number, apart):
    steps, seen = [Steps(n) for n in range(number)], []
    pool.run_jobs(steps, threads, lambda *one: seen.append(one))
    assert seen == [(n, 2) for n in range(number)]
    assert all((one.thread is not threading.current_thread()) == apart for one in steps)


def test_jobs_run_at_once_and_are_heard_in_their_order():
    second_done = threading.Event()

    def wait() -> None:
        assert second_done.wait(60), "the second job waits for the first"

    steps = [Steps(0, first=wait), Steps(1, first=second_done.set)]
    seen: list = []
    pool.run_jobs(steps, 2, lambda *one: seen.append(one))
    assert seen == [(0, 2), (1, 2)]


def fail() -> None:
    raise MemoryError("no room")


def test_a_job_that_fails_ends_the_others_and_those_before_it_are_heard():
    endless = [Steps(n, epochs=np.inf) for n in range(2, 2000)]
    seen: list = []
    with pytest.raises(MemoryError, match="no room"):
        pool.run_jobs([Steps(0), Steps(1, first=fail), *endless], 2, lambda *one: seen.append(one))
    assert seen == [(0, 2)]
    assert sum(one.thread is not None for one in endless) < 1998, "those that wait never begin"


def test_a_listener_that_fails_ends_all():
    with pytest.raises(MemoryError, match="no room"):
        pool.run_jobs([Steps(0), Steps(1, epochs=np.inf)], 2, lambda *_: fail())


def test_ctrl_c_is_heard_between_two_short_waits():
    """On Windows a wait cannot be interrupted."""
    waits = []

    def get(timeout):
        waits.append(timeout)
        if len(waits) < 3:
            raise pool.Empty
        return "found"

    assert pool._next(SimpleNamespace(get=get)) == "found"
    assert len(waits) == 3 and all(0 < wait <= 1 for wait in waits)


def test_how_many_threads_says_what_to_type(monkeypatch):
    with refused(r"^set_threads: threads=0 .*Type for instance threads=2\.$"):
        pool.set_threads(0)
    monkeypatch.setenv(pool.VARIABLE, "2.5")
    with refused(rf"^train_many: {pool.VARIABLE}='2\.5' .*Type for instance {pool.VARIABLE}=2\.$"):
        pool.threads_for(None)
    monkeypatch.setenv(pool.VARIABLE, "12")
    assert pool.threads_for(None) == 12
    assert type(pool.threads_for(np.int64(3))) is int
    pool.set_threads(np.int64(5))
    try:
        assert pool.threads_for(None) == 5
    finally:
        pool.set_threads(None)


@pytest.mark.parametrize("error", [ValueError, AttributeError])
def test_a_process_that_is_no_worker_takes_its_cores(error, monkeypatch):
    """Dask may be imported, or on its way, in a process that is none of its workers."""

    def get_worker():
        raise error

    monkeypatch.delenv(pool.VARIABLE, raising=False)
    monkeypatch.setattr(pool, "cores", lambda: 3)
    monkeypatch.setitem(sys.modules, "distributed", SimpleNamespace(get_worker=get_worker))
    assert pool.threads_for(None) == 3
    monkeypatch.setattr(sys.modules["distributed"], "get_worker", lambda: "a worker")
    assert pool.threads_for(None) == 1
    monkeypatch.delitem(sys.modules, "distributed")
    assert pool.threads_for(None) == 3


# ── all of them watched ──────────────────────────────────────────────────────────────────────
def watch(answers: dict, threads: int = 1):
    """Train four networks of up to five epochs in two jobs; answer by epoch."""
    both = [
        job_of({"epochs": 2}, {"epochs": 5, "seed": 1}),
        job_of({"epochs": 5}, {"epochs": 5, "seed": 1}, first=2),
    ]
    stacks, lengths, done = [job.stack for job in both], [], {}

    def on_epoch(epoch, curves):
        lengths.append((epoch, [len(curve.get("loss", "")) for curve in curves]))
        return answers.get(epoch)

    pool.run_watched(both, threads, lambda n, network: done.update({n: network}), on_epoch, 5)
    ended = {n: (network.epochs, network.status) for n, network in sorted(done.items())}
    return lengths, ended, set().union(*(stack.trained_in for stack in stacks))


@pytest.mark.parametrize("threads", [1, 2])
def test_watched_curves_grow_together_until_each_is_done(threads):
    lengths, ended, trained_in = watch({}, threads)
    grown = [[1] * 4, [2] * 4, [2, 3, 3, 3], [2, 4, 4, 4], [2, 5, 5, 5]]
    assert lengths == [(n, [*row, 0]) for n, row in enumerate(grown, start=1)]
    assert ended == {n: (2 if n == 0 else 5, "complete") for n in range(4)}
    assert (threading.current_thread() in trained_in) == (threads == 1)


@pytest.mark.parametrize("all_", [True, np.True_, range(4), np.arange(4)])
def test_a_watcher_can_stop_all(all_):
    lengths, ended, _ = watch({1: all_})
    assert lengths == [(1, [1, 1, 1, 1, 0])]
    assert ended == dict.fromkeys(range(4), (1, "stopped"))


@pytest.mark.parametrize("some", [[0, 3], {0, 3}, np.array([0, 3])])
def test_a_watcher_can_stop_some(some):
    _, ended, _ = watch({1: some, 3: np.array([2]), 4: []})
    assert ended == {0: (1, "stopped"), 1: (5, "complete"), 2: (3, "stopped"), 3: (1, "stopped")}


@pytest.mark.parametrize("none", [None, False, np.False_, [], np.array([], int)])
def test_a_watcher_that_names_none_stops_none(none):
    assert watch({1: none}) == watch({})


def test_the_first_network_can_be_stopped_alone():
    """A single 0 in an array is no "no"."""
    assert watch({1: np.flatnonzero([True, False])})[1][0] == (1, "stopped")

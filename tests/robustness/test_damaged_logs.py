"""Logs and tables that were cut, flipped, shared, forged: told in words, and nothing finished lost.

``tests/test_log.py`` looks at each mend by itself; here every byte and many accidents are tried.
"""

from __future__ import annotations

import json
import os
import pickle
import random
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import DataError, LogError
from hpotutor.study import journal
from hpotutor.study.journal import repair
from hpotutor.study.storage import to_evaluation
from hpotutor.tabular.table import open_table
from tests.small_table import small_table
from tools.tables.store import save

SPACE = ht.SearchSpace(x=ht.uniform(-1, 1), kind=ht.choice("a", None))
TRIALS, FLIPS = 5, 100


def value_of(params):
    return params["x"] + (params["kind"] is None)


class Asked(ht.FunctionObjective):
    """Counts how often it is asked, and describes itself as the plain objective does."""

    def __init__(self):
        super().__init__(value_of)
        self.count = 0

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        self.count += 1
        return super().evaluate(params, epochs, on_epoch=on_epoch)


def search(path, objective=None, space=SPACE, **more):
    """Run a search as a method does, without a library's loop, which takes most of the time."""
    more = {"trials": TRIALS, "seed": 3, "progress": False, **more}
    asked = objective or Asked()
    with ht.Recorder(asked, space, method="mine", library="mine", log=path, **more) as recorder:
        for seed in range(TRIALS):
            recorder.evaluate(space.sample(seed))
    return recorder.result()


def trials_of(result):
    return [(e.params, e.value, e.status) for e in result.evaluations]


def resume(path):
    """Return the trials of the search gone on with, how many were asked, and what was warned of."""
    objective = Asked()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trials = trials_of(search(path, objective))
    return trials, objective.count, [str(one.message) for one in caught]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Return a finished log's bytes, and its trials."""
    path = tmp_path_factory.mktemp("whole") / "x.log"
    trials = trials_of(search(path))
    return path.read_bytes(), trials


@pytest.fixture(autouse=True)
def no_wait_for_the_disk(monkeypatch):
    """Syncing is not what is looked at here, and takes most of the time of a small search."""
    monkeypatch.setattr(journal.os, "fsync", lambda descriptor: None)


# ── damage ───────────────────────────────────────────────────────────────────────────────────
def test_cut_anywhere_and_at_many_bytes_of_its_last_record(whole, tmp_path):
    raw, expected = whole
    path = tmp_path / "x.log"
    ends = [place for place, byte in enumerate(raw) if byte == ord("\n")]
    cuts = {0, 1, *random.Random(0).sample(range(len(raw)), 40), *ends, *(end + 1 for end in ends)}
    last = {*range(ends[-2] + 1, len(raw) - 9, 3), *range(len(raw) - 9, len(raw) + 1)}
    for cut in sorted(cuts | last):
        path.write_bytes(raw[:cut])
        trials, asked, said = resume(path)
        assert trials == expected, cut
        # What only lacks its line end is whole.
        assert asked == sum(end > cut for end in ends[3:]), cut
        assert said == [], cut  # a kill leaves such a file; there is nothing to be told
        assert path.read_bytes().count(b"\n") == raw.count(b"\n")
    assert sorted(os.listdir(tmp_path)) == ["x.log"]


def test_flipped_at_random_bytes(whole, tmp_path):
    raw, expected = whole
    draw = random.Random(8)
    kept = {line for line in raw.splitlines() if b'"op_code":4' in line}
    for case in range(FLIPS):
        place = draw.randrange(len(raw) - 1)
        hurt = bytearray(raw)
        hurt[place] ^= draw.randrange(1, 256)
        path = tmp_path / f"{case}.log"
        path.write_bytes(bytes(hurt))
        intact = kept & set(bytes(hurt).splitlines())
        trials, asked, said = resume(path)
        assert trials == expected, case
        assert asked == len(kept) - len(intact), case
        line = raw[:place].count(b"\n") + 1
        assert len(said) == 1, (case, said)
        assert re.search(rf"was damaged: lines? {line}\b.* evaluated again", said[0]), said
        assert intact <= set(path.read_bytes().splitlines())
        assert (tmp_path / f"{case}.log.damaged").read_bytes() == bytes(hurt)
        assert resume(path) == (expected, 0, [])


def test_blocks_of_zeros_as_after_a_power_cut(whole, tmp_path):
    raw, expected = whole
    draw = random.Random(9)
    path = tmp_path / "x.log"
    for _ in range(20):
        start = draw.randrange(len(raw))
        end = min(start + draw.randrange(1, 400), len(raw))
        path.write_bytes(raw[:start] + bytes(end - start) + raw[end:])
        trials, asked, said = resume(path)
        assert trials == expected
        assert 0 <= asked <= TRIALS
        assert all("was damaged: line" in one for one in said)


def test_lines_twice_or_in_another_order(whole, tmp_path):
    """Every line is intact, and the file is not one that a search would write."""
    raw, expected = whole
    lines = raw.splitlines(keepends=True)
    draw = random.Random(10)
    path = tmp_path / "x.log"
    for _ in range(10):
        head, rest = lines[:3], lines[3:]
        draw.shuffle(rest)
        path.write_bytes(b"".join([*head, *rest, draw.choice(rest)]))
        trials, asked, said = resume(path)
        assert (trials, asked, said) == (expected, 0, [])


@pytest.mark.parametrize(
    "content",
    [b"\x00" * 4096, b"\xff\xfe", b"[]\n", b"null\n", b"{}\n", b'{"op_code":99}\n', b"\n\n\n"],
    ids=repr,
)
def test_what_never_was_a_log_is_left_alone(content, tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(content)
    with pytest.raises(LogError, match="x.log' is not the log of a search, and was left"):
        search(path)
    assert path.read_bytes() == content


# ── other searches and other writers ─────────────────────────────────────────────────────────
def test_a_log_of_another_search_is_left_alone(whole, tmp_path):
    raw, _ = whole
    path = tmp_path / "x.log"
    path.write_bytes(raw)
    other = ht.SearchSpace(x=ht.uniform(-1, 2), kind=ht.choice("a", None))
    with pytest.raises(LogError, match=r"(?s)belongs to another search.*'high': 1.0.*'high': 2.0"):
        search(path, space=other)
    with pytest.raises(LogError, match="objective.direction: 'maximize' in the log, 'minimize'"):
        search(path, ht.FunctionObjective(value_of, "minimize"))
    with pytest.raises(LogError, match="objective.table: None in the log, 'digits' in this call"):
        search(path, ht.TableObjective(quiet=True))
    assert path.read_bytes() == raw
    assert os.listdir(tmp_path) == ["x.log"]


def test_two_writers_in_one_process(tmp_path):
    """The second is told at once, and the first goes on."""
    path = tmp_path / "x.log"
    told = []

    def greedy(params):
        if not told:
            with pytest.raises(LogError, match="is in use by another search. Wait until") as caught:
                search(path, seed=4)
            told.append(caught.value)
        return params["x"]

    result = search(path, ht.FunctionObjective(greedy))
    assert len(result) == TRIALS and len(told) == 1
    assert repair(path) == []


WRITE = """
import os, sys, time
import hpotutor as ht
ht.random_search  # is imported once, before the three begin
space = ht.SearchSpace(x=ht.uniform(-1, 1))
def ask(params):
    time.sleep(0.02)
    return params["x"]
original = all(os.fork() for _ in range(2)) if hasattr(os, "fork") else True
try:
    result = ht.random_search(
        ht.FunctionObjective(ask), space, trials=20, log=sys.argv[1], progress=False)
    said = f"finished {len(result)}\\n"
except ht.errors.LogError as error:
    said = f"told {'is in use by another search' in str(error)}\\n"
os.write(1, said.encode())  # at once, so that lines of two processes are whole
if original and hasattr(os, "fork"):
    os.wait(), os.wait()
"""


def test_three_processes_begin_on_one_log(tmp_path):
    path = tmp_path / "x.log"
    command = [sys.executable, "-c", WRITE, str(path)]
    starts = 1 if hasattr(os, "fork") else 3
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(starts)]
    told = [process.communicate(timeout=120)[0] for process in started]
    said = "".join(told).splitlines()
    assert len(said) == 3
    # One that starts after another has ended finds all it wants in the log.
    assert set(said) <= {"finished 20", "told True"} and "finished 20" in said
    assert repair(path) == []
    assert path.read_bytes().count(b'"op_code":4') == 20


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write into any folder"
)
def test_a_folder_that_is_read_only(whole, tmp_path):
    path = tmp_path / "x.log"
    path.write_bytes(whole[0])
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    try:
        for log in (path, tmp_path / "new.log"):
            with pytest.raises(LogError, match="cannot be written. Name a file in a folder of"):
                search(log)
    finally:
        tmp_path.chmod(0o755)
    assert path.read_bytes() == whole[0]


def test_a_folder_that_the_system_calls_read_only(whole, tmp_path, monkeypatch):
    """What an administrator, too, meets on a mounted read-only disk."""
    path = tmp_path / "x.log"
    path.write_bytes(whole[0])
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    for log in (path, tmp_path / "new.log"):
        with pytest.raises(LogError, match="cannot be written. Name a file in a folder of"):
            search(log)
    assert path.read_bytes() == whole[0]


# ── clocks ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("step", [-3600.0, 3600.0, 0.0], ids=["backwards", "forwards", "standing"])
def test_a_clock_that_jumps(step, tmp_path, monkeypatch):
    """The clock on the wall may be set; budgets and order do not depend on it."""
    path = tmp_path / "x.log"
    wall = [time.time()]

    def jumping():
        wall[0] += step
        return wall[0]

    monkeypatch.setattr(time, "time", jumping)
    first = search(path, trials=3, max_seconds=1000)
    assert len(first) == 3 and "trials is spent" in first.stopped
    again, asked, said = resume(path)
    assert (asked, said) == (TRIALS - 3, [])
    assert again[:3] == trials_of(first)
    assert all(e.seconds >= 0 for e in search(path).evaluations)


# ── nothing in a file is ever run ────────────────────────────────────────────────────────────
class Bomb:
    """Leaves a trace when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (Path(self.path),))


def test_a_bomb_goes_off_when_it_is_unpickled(tmp_path):
    """So that the tests below would see it."""
    pickle.loads(pickle.dumps(Bomb(tmp_path / "trace")))
    assert (tmp_path / "trace").exists()


def bombs(trace):
    pickled = pickle.dumps(Bomb(trace), protocol=0)
    yield pickled
    yield pickle.dumps(Bomb(trace))
    yield f"__import__('pathlib').Path({str(trace)!r}).touch()\n".encode()


def test_a_log_is_never_run(whole, tmp_path):
    raw, expected = whole
    trace = tmp_path / "trace"
    path = tmp_path / "x.log"
    for bomb in bombs(trace):
        path.write_bytes(bomb)
        with pytest.raises(LogError, match="is not the log of a search, and was left as it is"):
            search(path)
        path.write_bytes(raw + bomb.replace(b"\n", b"") + b"\n")
        trials, asked, said = resume(path)
        assert (trials, asked, len(said)) == (expected, 0, 1)
    # Within a line that is intact, for any reader that would evaluate an attribute.
    lines = raw.splitlines(keepends=True)
    entry = json.loads(lines[-1])
    entry.pop("crc")
    entry["user_attrs"]["reason"] = f"__import__('pathlib').Path({str(trace)!r}).touch()"
    path.write_bytes(b"".join(lines[:-1]) + journal.seal(entry))
    assert resume(path)[0] == expected
    assert search(path).evaluations[-1].reason == entry["user_attrs"]["reason"]
    assert not trace.exists()


def test_a_table_is_never_run(tmp_path):
    trace = tmp_path / "trace"
    path = tmp_path / "x.npz"
    for bomb in bombs(trace):
        open_table.cache_clear()
        path.write_bytes(bomb)
        with pytest.raises(DataError, match=r"x.npz is damaged"):
            open_table(path)
    save(small_table(), path)
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    arrays["loss"] = np.array([Bomb(trace)], dtype=object)
    np.savez(path, **arrays)
    open_table.cache_clear()
    with pytest.raises(DataError, match="something else than arrays of numbers") as caught:
        open_table(path)
    assert "allow_pickle" not in str(caught.value)
    np.save(tmp_path / "lone.npy", np.arange(3))
    with pytest.raises(DataError, match="lone.npy is damaged, or no such file"):
        open_table(tmp_path / "lone.npy")
    assert not trace.exists()


def test_flips_in_a_table_are_noticed(tmp_path):
    honest = small_table()
    save(honest, tmp_path / "honest.npz")
    raw = (tmp_path / "honest.npz").read_bytes()
    checksum = open_table(tmp_path / "honest.npz").checksum
    draw = random.Random(11)
    told = 0
    for case in range(100):
        hurt = bytearray(raw)
        hurt[draw.randrange(len(raw))] ^= draw.randrange(1, 256)
        path = tmp_path / f"{case}.npz"
        path.write_bytes(bytes(hurt))
        try:
            table = open_table(path)
        except DataError as error:
            told += 1
            assert f"{case}.npz is damaged" in str(error)
        else:  # a byte that nothing reads, such as a time in the archive's directory
            assert table.checksum == checksum
            np.testing.assert_array_equal(table.val_correct, honest.val_correct)
    assert told >= 90


def test_every_trial_before_the_damage_is_read_back(whole, tmp_path):
    """The study of a mended log holds the same as before, for Optuna's own tools too."""
    raw, expected = whole
    path = tmp_path / "x.log"
    path.write_bytes(raw[:-40] + b"#" * 20 + raw[-20:])
    last = len(raw.splitlines())
    with pytest.warns(UserWarning, match=f"line {last} could not be read"):
        result = search(path, trials=TRIALS - 1)
    read = [to_evaluation(trial) for trial in result.study.trials]
    assert [(e.params, e.value, e.status) for e in read] == expected[:-1]

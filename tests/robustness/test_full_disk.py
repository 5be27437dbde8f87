"""A full disk: told in words, and nothing lost that was finished.

Everywhere on POSIX a limit on the size of files stands for it: a write is cut short where the limit
is, and the next one is refused. Where this process may mount, a real one of some kilobytes follows.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.course import workspace as copies
from hpotutor.errors import DataError, HpoTutorError, LogError
from hpotutor.exercises.lesson_02 import q1
from hpotutor.study.journal import repair
from hpotutor.tabular.table import Axis, open_table
from tests.search_cases import Asked
from tests.small_table import small_table
from tools.tables import build as table_build
from tools.tables.build import Spec
from tools.tables.store import save

resource = pytest.importorskip("resource", reason="limits on files are POSIX")
SPACE = ht.SearchSpace(x=ht.uniform(0, 1))
TRIALS = 6


@contextlib.contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file grow beyond a size, as on a disk with that much room."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Without this, the system would end the process instead of refusing the write.
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory):
    """Return a function that makes a folder with room for some kilobytes."""
    folders = []

    def make(kilobytes: int) -> Path:
        folder = tmp_path_factory.mktemp("disk")
        command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
        try:
            done = subprocess.run(command, capture_output=True, text=True)
        except OSError as error:
            pytest.skip(f"there is no command to mount a small disk with: {error}")
        if done.returncode:
            pytest.skip(f"this process may not mount a small disk: {done.stderr.strip()}")
        folders.append(folder)
        return folder

    yield make
    for folder in folders:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path, leave: int = 0) -> Path:
    """Fill a disk up but for some bytes, in pages of 4 KB as it counts them."""
    path = folder / "filler"
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    if leave:
        os.truncate(path, path.stat().st_size - leave)
    return path


# ── the log of a search ──────────────────────────────────────────────────────────────────────
def search(path, objective=None):
    asked = objective or Asked()
    with ht.Recorder(
        asked, SPACE, method="mine", library="mine", log=path, trials=TRIALS, progress=False
    ) as recorder:
        for number in range(TRIALS):
            recorder.evaluate({"x": number / TRIALS})
    return [e.value for e in recorder.result().evaluations]


@pytest.fixture(scope="module")
def expected(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "x.log"
    return search(path), path.read_bytes()


def test_a_log_on_a_full_disk(expected, tmp_path):
    """Wherever it ends, the log is whole lines, and the search goes on from the last of them."""
    values, raw = expected
    ends = [place for place, byte in enumerate(raw) if byte == ord("\n")]
    for size in range(0, len(raw), 61):
        if min(abs(size - end) for end in ends) < 16:  # a checksum has a digit more or less
            continue
        path = tmp_path / f"{size}.log"
        with largest_file(size), pytest.raises(LogError) as caught:
            search(path)
        assert "cannot be written (File too large)" in str(caught.value)
        assert "Make room, then run the same call again" in str(caught.value)
        kept = path.read_bytes() if path.exists() else b""
        assert kept == b"" or kept.endswith(b"\n"), size
        objective = Asked()
        assert search(path, objective) == values
        finished = max(sum(end < size for end in ends) - 3, 0)  # three lines tell what it is of
        assert objective.count == TRIALS - finished, size
        assert repair(path) == []


@pytest.mark.parametrize(
    ("method", "library"),
    [
        ("random", "optuna"),
        ("hyperband", "optuna"),
        ("random", "hyperopt"),
        ("random", "keras_tuner"),
    ],
)
def test_the_message_comes_alone_whatever_library_is_in_between(method, library, tmp_path, capfd):
    objective = ht.FunctionObjective(lambda params, epochs: params["x"], epochs=2)
    more = {"trials": 9, "library": library, "log": tmp_path / "x.log", "progress": False}
    with largest_file(3000), pytest.raises(LogError, match="Make room, then run the same call"):
        getattr(ht, f"{method}_search")(objective, SPACE, **more)
    told = capfd.readouterr().err
    assert "Traceback" not in told and "Trial" not in told and "exception" not in told
    assert len(getattr(ht, f"{method}_search")(objective, SPACE, **more)) == 9


def test_a_damaged_log_is_not_made_worse(expected, tmp_path):
    """There is no room for the file as it was beside the mended one."""
    values, raw = expected
    hurt = raw.replace(b"mine", b"mime", 1)
    path = tmp_path / "x.log"
    path.write_bytes(hurt)
    with (
        largest_file(100),
        pytest.raises(LogError, match="cannot be written .File too large"),
    ):
        search(path)
    assert path.read_bytes() == hurt
    assert os.listdir(tmp_path) == ["x.log"]
    with pytest.warns(UserWarning, match="was damaged: line"):
        assert search(path) == values


def test_a_log_on_a_small_disk(expected, small_disk):
    values, _ = expected
    folder = small_disk(64)
    path = folder / "x.log"
    filler = fill(folder, leave=4096)
    with pytest.raises(LogError, match="cannot be written .No space left on device"):
        for _ in range(20):  # until the page is full
            search(path)
            path.rename(folder / "other")
            path.write_bytes((folder / "other").read_bytes())
    assert repair(path) == [] or path.read_bytes() == b""
    filler.unlink()
    assert search(path) == values


# ── what a learner has solved ────────────────────────────────────────────────────────────────
def check_progress(path: Path, full: contextlib.AbstractContextManager, monkeypatch) -> None:
    """Check an answer on a full disk, and again when there is room."""
    monkeypatch.setenv("HPOTUTOR_PROGRESS", str(path))
    assert bool(q1.check(47)) is False
    before = path.read_bytes()
    with full:
        verdict = q1.check(48)
        assert verdict.status in ("right", "not yet")  # the answer is judged all the same
        assert "could not be saved" in verdict.note and "HPOTUTOR_PROGRESS" in verdict.note
    assert path.read_bytes() == before
    assert sorted(name for name in os.listdir(path.parent) if "part" in name) == []
    assert q1.check(48).note == ""
    assert json.loads(path.read_text())["exercises"][q1.id]["attempts"] == 2


def test_progress_on_a_full_disk(tmp_path, monkeypatch):
    check_progress(tmp_path / "progress.json", largest_file(10), monkeypatch)


def test_progress_on_a_small_disk(small_disk, monkeypatch):
    folder = small_disk(64)

    @contextlib.contextmanager
    def full():
        filler = fill(folder)
        yield
        filler.unlink()

    check_progress(folder / "progress.json", full(), monkeypatch)


# ── a learner's copy of the lessons ──────────────────────────────────────────────────────────
def lessons(folder: Path, version: int) -> dict[str, Path]:
    """Return two lessons of a version, one small and one of 50 KB."""
    found = {}
    for name, size in (("00_first", 10), ("01_second", 50_000)):
        path = folder / f"{name}-{version}.ipynb"
        cell = {"cell_type": "markdown", "source": f"{version}" * size}
        path.write_text(json.dumps({"cells": [cell]}))
        found[name] = path
    return found


def test_copies_on_a_full_disk(tmp_path, monkeypatch):
    source, mine = tmp_path / "source", tmp_path / "mine"
    source.mkdir()
    monkeypatch.setattr(copies, "all_lessons", lambda: lessons(source, 1))
    copies.bring_up_to_date(mine)
    before = {path.name: path.read_bytes() for path in mine.iterdir()}
    new = lessons(source, 2)
    monkeypatch.setattr(copies, "all_lessons", lambda: new)
    with (
        largest_file(5_000),
        pytest.raises(HpoTutorError, match="cannot be written .File too large.*Free the disk"),
    ):
        copies.bring_up_to_date(mine)
    after = {path.name: path.read_bytes() for path in mine.iterdir()}
    assert after.keys() == before.keys()
    assert after["00_first.ipynb"] == new["00_first"].read_bytes()  # finished, so it stays
    assert after["01_second.ipynb"] == before["01_second.ipynb"]
    assert [str(change) for change in copies.bring_up_to_date(mine)] == ["updated 01_second.ipynb"]


def test_a_learners_own_lesson_on_a_small_disk(tmp_path, small_disk, monkeypatch):
    folder = small_disk(128)
    monkeypatch.setattr(copies, "all_lessons", lambda: lessons(tmp_path, 1))
    copies.bring_up_to_date(folder)
    own = (folder / "01_second.ipynb").read_text().replace("1111", "mine", 1)
    (folder / "01_second.ipynb").write_text(own)
    new = lessons(tmp_path, 2)
    monkeypatch.setattr(copies, "all_lessons", lambda: new)
    filler = fill(folder, leave=16_384)
    with pytest.raises(HpoTutorError, match="No space left on device"):
        copies.bring_up_to_date(folder)
    assert (folder / "01_second.ipynb").read_text() == own
    filler.unlink()
    assert "is yours and stays" in str(copies.bring_up_to_date(folder)[-1])
    assert (folder / "01_second.ipynb").read_text() == own


# ── a table ──────────────────────────────────────────────────────────────────────────────────
AXES = (
    Axis("optimizer", ("sgd", "adam"), "category", "adam"),
    Axis("batch_size", (16, 32), "log", 32),
    Axis("layers", (1,), "linear", 1),
    Axis("units", (4,), "log", 4),
)


@pytest.fixture
def builds(monkeypatch):
    """Return a list to which the build of a table without training adds each chunk it makes."""
    made = []

    def train_chunk(spec, data, indices):
        made.append(indices.tolist())
        shape = (len(indices), 2, 300)
        rng = np.random.default_rng(indices[0])
        arrays = {
            name: rng.integers(0, 40, shape).astype(t) for name, t in table_build.CURVES.items()
        }
        return {**arrays, "diverged": np.zeros(shape[:2], np.uint8)}

    spec = Spec("iris", {"validation": 0.3, "test": 0.3}, AXES, seeds=2, epochs=300)
    monkeypatch.setitem(table_build.SPECS, "iris", spec)
    monkeypatch.setattr(table_build, "train_chunk", train_chunk)
    # Nothing is trained, so TensorFlow need not be loaded.
    monkeypatch.setattr(table_build, "versions", dict)
    stack = SimpleNamespace(clear_programs=lambda: None)
    monkeypatch.setitem(sys.modules, "hpotutor.fused", stack)
    return made


def test_a_build_on_a_full_disk(builds, tmp_path, monkeypatch):
    output, work = tmp_path / "iris.npz", tmp_path / "work"
    honest = table_build.build("iris", tmp_path / "honest.npz", tmp_path / "other")
    builds.clear()
    sizes = sorted(path.stat().st_size for path in (tmp_path / "other").iterdir())
    with (
        largest_file(sizes[0] - 1),
        pytest.raises(DataError, match="cannot be written .File too large.. Make room there"),
    ):
        table_build.build("iris", output, work)
    assert builds == []  # it is looked at before anything is trained
    monkeypatch.setattr(table_build, "unwritable", lambda folder: None)  # it fills up meanwhile
    with (
        largest_file(sizes[0] - 1),
        pytest.raises(DataError, match="npz cannot be written .File too large.*goes on from there"),
    ):
        table_build.build("iris", output, work)
    assert not output.exists() and not list(work.glob("*"))
    # Room for each chunk, and not for the table.
    size = (tmp_path / "honest.npz").stat().st_size
    assert sizes[-1] < size
    with largest_file(size - 1), pytest.raises(DataError, match="iris.npz cannot be written"):
        table_build.build("iris", output, work)
    assert not output.exists() and len(list(work.iterdir())) == 4
    builds.clear()
    assert table_build.build("iris", output, work).checksum == honest.checksum
    assert builds == []


def test_a_damaged_chunk_is_made_again(builds, tmp_path):
    honest = table_build.build("iris", tmp_path / "honest.npz", tmp_path / "work")
    chunk = sorted((tmp_path / "work").iterdir())[1]
    for content in (b"", b"garbage", chunk.read_bytes()[:-99]):
        chunk.write_bytes(content)
        builds.clear()
        again = table_build.build("iris", tmp_path / "again.npz", tmp_path / "work")
        assert again.checksum == honest.checksum and len(builds) == 1


def test_a_table_that_there_is_no_room_for_leaves_the_old_one(tmp_path):
    path = tmp_path / "x.npz"
    save(small_table(), path)
    before = path.read_bytes()
    with largest_file(1000), pytest.raises(DataError, match="x.npz cannot be written"):
        save(small_table(), path)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["x.npz"]


def test_a_table_on_a_small_disk(small_disk):
    folder = small_disk(256)
    path = folder / "x.npz"
    fill(folder, leave=16_384)
    with pytest.raises(DataError, match="x.npz cannot be written .No space left on device"):
        save(small_table(), path)
    (folder / "filler").unlink()
    save(small_table(), path)
    assert len(open_table(path)) == len(small_table())


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="/dev/full is of Linux")
def test_output_that_cannot_be_written_is_no_traceback():
    """``hpotutor table info digits > /dev/full``, as in a script on a full disk."""
    command = [sys.executable, "-m", "hpotutor", "table", "info", "digits"]
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert "No space left on device" in done.stderr

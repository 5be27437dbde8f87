"""A log as a file among others: links, other systems' line ends, other folders, other scripts."""

import codecs
import errno
import json
import os
import subprocess
import sys

import pytest

import hpotutor as ht
from hpotutor.errors import LogError
from hpotutor.study import _lock
from hpotutor.study.journal import repair
from tests.messages import refused
from tests.search_cases import Asked

SPACE = ht.SearchSpace(x=ht.uniform(-1, 1), units=ht.choice((64, 32), (16,)))


def search(path, trials=6, objective=None, **more):
    asked = objective or Asked()
    return ht.random_search(asked, SPACE, trials=trials, log=path, progress=False, **more)


def params_of(result):
    return [e.params for e in result.evaluations]


# ── line ends ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "changed",
    [
        lambda raw: raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"\n", b"\r"),
        lambda raw: raw.replace(b"\n", b"\r\n", 4),
        lambda raw: codecs.BOM_UTF8 + raw.replace(b"\n", b"\r\n"),
        lambda raw: raw.replace(b"\n", b"\r\n").rstrip(),
    ],
    ids=["windows", "old mac", "mixed", "with a mark", "without the last"],
)
def test_other_line_ends_cost_no_trial(changed, tmp_path, recwarn):
    path = tmp_path / "x.log"
    first = search(path)
    raw = path.read_bytes()
    path.write_bytes(changed(raw))
    assert params_of(ht.SearchResult.from_log(path)) == params_of(first)
    assert path.read_bytes() == changed(raw)
    objective = Asked()
    again = search(path, 8, objective)
    assert objective.count == 2 and params_of(again)[:6] == params_of(first)
    assert path.read_bytes().startswith(raw) and b"\r" not in path.read_bytes()
    assert len(recwarn) == 0 and os.listdir(tmp_path) == ["x.log"]


# ── locks ────────────────────────────────────────────────────────────────────────────────────
HOLD = """
import sys
import hpotutor as ht

def ask(params):
    print("running", flush=True)
    sys.stdin.readline()
    return 1.0

space = ht.SearchSpace(x=ht.uniform(-1, 1))
while path := sys.stdin.readline().rstrip():
    ht.random_search(ht.FunctionObjective(ask), space, trials=2, log=path, progress=False)
    print("done", flush=True)
"""


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    """Return a process that searches into each log that it is told, and waits in each trial."""
    folder = str(tmp_path_factory.mktemp("temporary"))
    environment = {**os.environ, "TMPDIR": folder, "TEMP": folder}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "bufsize": 1}
    with subprocess.Popen([sys.executable, "-c", HOLD], env=environment, **pipes) as process:
        yield process
        process.kill()


@pytest.mark.parametrize("way", ["same", "symlink", "hard link", "folder's link", "relative"])
def test_no_other_name_and_no_other_temporary_folder_lets_a_second_search_in(
    way, another, tmp_path
):
    path, other = tmp_path / "x.log", tmp_path / "y.log"
    path.touch()
    if way == "symlink":
        other.symlink_to(path)
    elif way == "hard link":
        os.link(path, other)
    elif way == "folder's link":
        (tmp_path / "there").symlink_to(tmp_path)
        other = tmp_path / "there" / "x.log"
    else:
        other = path if way == "same" else tmp_path / ".." / tmp_path.name / "x.log"
    another.stdin.write(f"{other}\n")
    assert another.stdout.readline() == "running\n"
    try:
        with refused("is in use by another search", error=LogError):
            search(path)
        assert len(ht.SearchResult.from_log(path)) == 0  # it may be looked at, meanwhile
    finally:
        another.stdin.write("\n\n")
        assert [another.stdout.readline() for _ in range(2)] == ["running\n", "done\n"]
    assert repair(path) == [] and path.read_bytes().count(b'"op_code":4') == 2


def test_a_log_is_free_after_its_search_and_mended_through_a_link(tmp_path):
    path, link = tmp_path / "x.log", tmp_path / "y.log"
    first = search(path)
    link.symlink_to(path)
    path.write_bytes(path.read_bytes()[:-20])
    objective = Asked()
    assert params_of(search(link, objective=objective)) == params_of(first)
    assert objective.count == 1 and link.is_symlink()
    assert params_of(search(path)) == params_of(first)


def test_where_there_are_no_locks_it_is_said(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(fcntl, "flock", refuse)
    with pytest.warns(UserWarning, match="cannot be locked where it is .Operation not supported"):
        assert len(search(tmp_path / "x.log")) == 6


class Windows:
    """`msvcrt.locking` as Windows does it: a byte that is locked is another's, from anywhere."""

    LK_NBLCK = 2

    def __init__(self):
        self.locked = {}

    def locking(self, held, mode, count):
        byte = (os.fstat(held).st_ino, os.lseek(held, 0, os.SEEK_CUR))
        assert (mode, count) == (self.LK_NBLCK, 1) and byte[1] >= os.fstat(held).st_size
        if self.locked.get(byte, held) != held:
            raise PermissionError(errno.EACCES, "Permission denied")
        self.locked[byte] = held

    def close(self, held):  # which ends its locks
        self.locked = {byte: by for byte, by in self.locked.items() if by != held}
        CLOSE(held)


CLOSE = os.close


def test_the_lock_of_windows(tmp_path, monkeypatch):
    system, path = Windows(), tmp_path / "x.log"
    monkeypatch.setattr(_lock, "msvcrt", system, raising=False)
    monkeypatch.setattr(_lock.sys, "platform", "win32")
    monkeypatch.setattr(_lock.os, "close", system.close)

    def replace(source, target, replace=os.replace):
        assert not system.locked  # an open file cannot be replaced there
        replace(source, target)

    monkeypatch.setattr(os, "replace", replace)
    first = _lock.FileLock(path)
    with pytest.raises(BlockingIOError):
        _lock.FileLock(path)
    first.replace(b"mended")
    assert path.read_bytes() == b"mended" and len(system.locked) == 1
    with pytest.raises(BlockingIOError):
        _lock.FileLock(path)
    first.release()
    _lock.FileLock(path).release()
    assert not system.locked


# ── what is no log ───────────────────────────────────────────────────────────────────────────
@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="devices as files are of POSIX")
def test_devices_and_folders_are_no_logs(tmp_path):
    for path, what in (
        ("/dev/null", "a device"),
        ("/dev/full", "a device"),
        (tmp_path, "a folder"),
    ):
        with refused(f"cannot be written: it is {what}. Name a file", error=LogError):
            search(path)
        with refused("from_log: .* cannot be read", error=LogError):
            ht.SearchResult.from_log(path)


@pytest.mark.parametrize("url", ["sqlite:///x.db", "postgresql://me@host/x", "redis://host:1/0"])
def test_a_database_is_no_log(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for call in (search, ht.SearchResult.from_log):
        with refused(r"a file's path.*\n.*from_optuna\(optuna.load_st"):
            call(url)
    assert os.listdir(tmp_path) == []
    assert len(search("c:x.log")) == 6  # as a file on a drive of Windows


# ── looked at from elsewhere ─────────────────────────────────────────────────────────────────
def test_a_log_is_looked_at_in_another_script_while_it_is_written(tmp_path):
    path = tmp_path / "x.log"
    seen = []

    class Looks(Asked):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            seen.append(ht.SearchResult.from_log(path))
            return super().evaluate(params, epochs, on_epoch=on_epoch)

    result = search(path, objective=Looks())
    assert [len(one) for one in seen] == list(range(6))
    read = ht.SearchResult.from_log(str(path))
    assert params_of(read) == params_of(result) and isinstance(read.best_params["units"], tuple)
    assert (read.best_value, read.direction) == (result.best_value, "maximize")
    assert [e.seconds for e in read.evaluations] == [0.1] * 6
    assert read.to_frame().equals(result.to_frame())
    assert read.study.best_value == result.best_value
    assert os.listdir(tmp_path) == ["x.log"]


def test_a_damaged_log_is_read_as_far_as_it_goes_and_left_as_it_is(tmp_path):
    path = tmp_path / "x.log"
    result = search(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines)[:-9])
    assert params_of(ht.SearchResult.from_log(path)) == params_of(result)[:-1]
    for place in (1, 4):  # what is searched, and a trial
        hurt = [*lines[:place], lines[place].replace(b'"', b"'", 1), *lines[place + 1 :]]
        path.write_bytes(b"".join(hurt))
        with pytest.warns(UserWarning, match=f"is damaged: line {place + 1} could not be read"):
            assert len(ht.SearchResult.from_log(path)) == 6 - (place == 4)
        assert path.read_bytes() == b"".join(hurt)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read .No such file"),
        (b"Chapter 1\n", "is not the log of a search"),
        (b"", "holds no search of hpotutor yet"),
        (json.dumps({"op_code": 0, "study_name": "mine", "directions": [1]}).encode(), "no search"),
    ],
)
def test_what_cannot_be_read_is_told(content, told, tmp_path):
    path = tmp_path / "x.log"
    if content is not None:
        path.write_bytes(content)
    with refused(told, error=LogError):
        ht.SearchResult.from_log(path)

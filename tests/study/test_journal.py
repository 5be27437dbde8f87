"""The journal line by line: what is intact, what is mended and told, and when it is synced."""

from __future__ import annotations

import json
import os
import re
from types import SimpleNamespace

import pytest

import hpotutor as ht
from hpotutor.errors import LogError
from hpotutor.study import journal
from hpotutor.study.journal import ReadJournal, SealedJournal, mend, repair, seal
from tests.messages import refused

SPACE = ht.SearchSpace(x=ht.uniform(0, 1))
FIRST = seal({"op_code": 0, "worker_id": "a", "study_name": "hpotutor", "directions": [1]})
NOTE = seal({"op_code": 2, "worker_id": "a", "study_id": 0, "user_attr": {"a": 1}})


def search(path, trials=4, direction="maximize"):
    objective = ht.FunctionObjective(lambda params: params["x"], direction)
    return ht.random_search(objective, SPACE, trials=trials, log=path, progress=False)


# ── which lines are intact ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("code", range(11))
def test_every_operation_of_optunas_journal_is_known(code):
    line = json.dumps({"op_code": code, "worker_id": "b"}).encode() + b"\n"
    assert mend(FIRST + line, "x") == (FIRST + line, [], "")


@pytest.mark.parametrize(
    "line",
    [
        {"op_code": 11},
        {"op_code": -1},
        {"op_code": True},
        {"op_code": "3"},
        {"op_code": 3.0},
        {"op_code": None},
        {"worker_id": "b"},
        {"op_code": 3, "wurker_id": "b"},
        [3],
        3,
        None,
    ],
)
def test_what_optuna_would_not_write_is_damage(line):
    told = "line 2 could not be read and was left out"
    damaged = json.dumps(line).encode() + b"\n"
    assert mend(FIRST + damaged + NOTE, "x") == (FIRST + NOTE, [told], "line 2")


def test_several_damaged_lines_are_counted_from_one():
    raw = b"?\n" + FIRST + NOTE[:-3] + b"\n" + NOTE + b"{}\n"
    kept, notes, lost = mend(raw, "x")
    assert kept == FIRST + NOTE and lost == "lines 1, 3, 5"
    assert notes == ["lines 1, 3, 5 could not be read and was left out"]


def test_a_line_that_was_cut_short_is_no_damage_and_is_told():
    kept, notes, lost = mend(FIRST + NOTE + NOTE[:20], "x")
    assert (kept, lost) == (FIRST + NOTE, "")
    assert notes == ["line 3 was cut short, as by a kill, and was dropped"]
    assert mend(FIRST + NOTE.rstrip(), "x") == (FIRST + NOTE, [], "")
    assert mend(b"", "x") == (b"", [], "")


def test_a_checksum_is_of_the_whole_line():
    entry = {"op_code": 2, "user_attr": {"crc": 1, "text": "ä"}}
    line = seal(entry)
    found = json.loads(line)
    assert found.pop("crc") > 0 and found == entry and line.endswith(b"}\n")
    for place in range(len(line) - 1):
        hurt = bytearray(line)
        hurt[place] ^= 1
        assert mend(FIRST + bytes(hurt) + NOTE, "x")[0] == FIRST + NOTE, place


def test_a_log_that_was_cut_in_its_first_line_is_begun_anew(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    first = path.read_bytes().partition(b"\n")[0]
    for end in range(len(first) + 1):
        assert repair_of(first[:end], path) == (["line 1 was cut"] if 0 < end < len(first) else [])
        if end % 20 == 1:
            path.write_bytes(first[:end])
            assert len(search(path)) == 4


def repair_of(raw, path):
    path.write_bytes(raw)
    return [note[:14] for note in repair(path)]


@pytest.mark.parametrize(
    "raw", [b"Chapter 1", b"Chapter 1\n", b"{}", b'{"op_code":1', b"\n\n", b" "]
)
def test_what_is_no_log_is_told_by_its_path_and_left(raw, tmp_path):
    path = tmp_path / "thesis.txt"
    path.write_bytes(raw)
    told = f"log='{path}' is not the log of a search, and was left as it is. Name another file."
    for call in (lambda: repair(path), lambda: search(path)):
        with refused(f"^{re.escape(told)}$", error=LogError):
            call()
    assert path.read_bytes() == raw and os.listdir(tmp_path) == ["thesis.txt"]


# ── what mending leaves ──────────────────────────────────────────────────────────────────────
def test_there_is_nothing_to_mend_where_there_is_no_log(tmp_path):
    assert repair(tmp_path / "x.log") == [] and os.listdir(tmp_path) == []


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_a_study_whose_name_is_lost_keeps_its_trials_and_its_direction(direction, tmp_path):
    path = tmp_path / "x.log"
    before = search(path, direction=direction)
    raw = path.read_bytes()
    path.write_bytes(b"?" + raw)
    told = (
        f"The log {str(path)!r} was damaged: line 1 could not be read. What was there is evaluated "
        "again; the other lines are kept. The file as it was is 'x.log.damaged'."
    )
    with pytest.warns(UserWarning, match=re.escape(told)):
        after = search(path, direction=direction)
    assert [e.params for e in after.evaluations] == [e.params for e in before.evaluations]
    assert after.study.direction.name.lower() == direction
    assert ht.SearchResult.from_log(path).best_params == before.best_params
    assert mend(path.read_bytes(), "x") == (path.read_bytes(), [], "")


def test_a_mended_log_is_written_by_whoever_holds_it(tmp_path):
    path, written = tmp_path / "x.log", []
    path.write_bytes(FIRST)
    assert repair(path, "maximize", written.append) == [] and written == []
    path.write_bytes(FIRST + b"{")
    assert len(repair(path, "maximize", written.append)) == 1
    assert written == [FIRST] and path.read_bytes() == FIRST + b"{"
    repair(path)
    assert path.read_bytes() == FIRST


# ── writing ──────────────────────────────────────────────────────────────────────────────────
class Clock:
    now = 0.0

    def monotonic(self):
        return self.now


def test_lines_are_written_at_once_and_synced_once_a_second(tmp_path, monkeypatch):
    clock, synced = Clock(), []
    monkeypatch.setattr(journal, "time", clock)
    monkeypatch.setattr(journal, "os", SimpleNamespace(fsync=synced.append))
    log = SealedJournal(str(tmp_path / "x.log"))
    counts = []
    for now in (0.0, 0.5, 0.99, 1.0, 1.5, 2.5):
        clock.now = now
        log.append_logs([{"op_code": 0}, {"op_code": 1}])
        counts.append(len(synced))
    assert counts == [1, 1, 1, 2, 2, 3]
    assert (tmp_path / "x.log").read_bytes() == 6 * (seal({"op_code": 0}) + seal({"op_code": 1}))
    log.sync()
    assert len(synced) == 4


def test_a_log_that_was_opened_to_be_read_is_never_written(tmp_path):
    path = tmp_path / "x.log"
    search(path)
    raw, result = path.read_bytes(), ht.SearchResult.from_log(path)
    with pytest.raises(LogError, match="was opened to be read. Run the same search"):
        result.study.set_user_attr("note", "mine")
    assert path.read_bytes() == raw


def test_the_lines_are_read_from_a_number_on():
    found = ReadJournal(FIRST + NOTE)
    assert [entry["op_code"] for entry in found.read_logs(0)] == [0, 2]
    assert [entry["op_code"] for entry in found.read_logs(1)] == [2]
    assert list(found.read_logs(2)) == []


# ── what is on the disk, and when ────────────────────────────────────────────────────────────
def test_what_is_synced_was_written_before(tmp_path, monkeypatch):
    path, sizes = tmp_path / "x.log", []
    monkeypatch.setattr(journal.os, "fsync", lambda file: sizes.append(os.fstat(file).st_size))
    SealedJournal(str(path)).append_logs([{"op_code": 2, "worker_id": "a"}])
    assert sizes == [path.stat().st_size] and sizes[0] > 0


def test_a_disk_that_cannot_even_be_cleaned_up_tells_why_it_was_full(tmp_path, monkeypatch):
    class Full:
        tell = staticmethod(lambda: 0)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def write(self, rest):
            raise OSError(28, "No space left on device")

        def truncate(self, end):
            raise OSError(5, "Input/output error")

    own = SealedJournal(str(tmp_path / "x.log"))
    monkeypatch.setattr(journal, "open", lambda *_, **__: Full(), raising=False)
    with pytest.raises(OSError, match="No space left"):
        own.append_logs([{"op_code": 2, "worker_id": "a"}])


def test_a_folder_that_is_gone_at_the_end_is_no_error(tmp_path):
    own = SealedJournal(str(tmp_path / "x.log"))
    own._file_path = str(tmp_path / "gone" / "x.log")
    own.sync()

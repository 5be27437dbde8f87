"""Optuna's journal file, made so that damage is noticed line by line and mended."""

import codecs
import contextlib
import functools
import itertools
import json
import math
import os
import re
import time
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from optuna.storages.journal import BaseJournalBackend, JournalFileBackend
from optuna.study import StudyDirection

from hpotutor._system import write_whole
from hpotutor.errors import LogError

STUDY_NAME = "hpotutor"
# The keys of Optuna's journal; a line with another one is damaged.
_KEYS = set(
    "op_code worker_id study_id study_name directions user_attr system_attr trial_id state value "
    "values params distributions user_attrs system_attrs intermediate_values intermediate_value "
    "datetime_start datetime_complete param_name param_value_internal distribution step".split()
)
_SEALED = re.compile(rb'(\{.*),"crc":(\d+)\}')
_CREATE_STUDY, _LAST_CODE = 0, 10  # the smallest and the largest operation of the journal
_SYNC_SECONDS = 1.0
_FIRST = b'{"op_code":0,'


class SealedJournal(JournalFileBackend):
    """Optuna's journal file whose lines end in checksums; :class:`Log` holds the lock."""

    _synced = -math.inf

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        """Write lines, all of them or none."""
        with open(self._file_path, "ab", buffering=0) as file:
            end = file.tell()
            try:
                rest = b"".join(seal(log) for log in logs)
                while rest:  # a disk that is nearly full takes a part, and refuses the next
                    rest = rest[file.write(rest) :]
            except OSError:
                with contextlib.suppress(OSError):  # leave no half-written line behind
                    file.truncate(end)
                raise
            # Only a power cut could lose what is not synced, and to sync costs milliseconds.
            if time.monotonic() - self._synced >= _SYNC_SECONDS:
                os.fsync(file.fileno())
                self._synced = time.monotonic()

    def sync(self) -> None:
        """Make sure that all lines are on the disk."""
        with contextlib.suppress(OSError), open(self._file_path, "ab") as file:
            os.fsync(file.fileno())


class ReadJournal(BaseJournalBackend):
    """The lines of a log, to be read only."""

    def __init__(self, content: bytes) -> None:
        self._entries = [json.loads(line) for line in content.splitlines()]

    def read_logs(self, log_number_from: int) -> list[dict[str, Any]]:
        return self._entries[log_number_from:]

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        raise LogError("This log was opened to be read. Run the same search on it to go on.")


def seal(entry: dict[str, Any]) -> bytes:
    """Return a journal entry as a line that ends in its checksum."""
    text = json.dumps(entry, separators=(",", ":")).encode()
    return text[:-1] + b',"crc":%d}\n' % zlib.crc32(text)


def repair(
    path: str | os.PathLike[str],
    direction: str = "maximize",
    replace: Callable[[bytes], None] | None = None,
) -> list[str]:
    """Mend a log in place, if there is one, and return a sentence for each thing mended.

    A last line that a killed write cut short is dropped. Any other that is damaged is named in a
    warning, and the file as it was kept. ``LogError`` if nothing in it is a line of a log.
    """
    path = Path(path)
    raw = path.read_bytes() if path.exists() else b""
    mended, notes, lost = mend(raw, str(path), direction)
    if lost:
        endings = (f".damaged-{n}" if n else ".damaged" for n in itertools.count())
        copies = (path.with_name(path.name + ending) for ending in endings)
        copy = next(candidate for candidate in copies if not candidate.exists())
        write_whole(copy, raw)
        warnings.warn(
            f"The log {str(path)!r} was damaged: {lost} could not be read. What was there is "
            f"evaluated again; the other lines are kept. The file as it was is {copy.name!r}.",
            stacklevel=2,
        )
    if mended != raw:
        # Not in the place of a link, but of what it leads to.
        (replace or functools.partial(write_whole, Path(os.path.realpath(path))))(mended)
    return notes


def mend(raw: bytes, name: str, direction: str = "maximize") -> tuple[bytes, list[str], str]:
    """Return a log's intact lines, a note for each thing mended, and which lines were damaged."""
    *lines, tail = re.split(rb"\r?\n|\r", raw.removeprefix(codecs.BOM_UTF8))
    if _intact(tail):  # only the end of the line is missing
        lines, tail = [*lines, tail], b""
    intact = [_intact(line) for line in lines]
    kept = list(itertools.compress(lines, intact))
    if raw and not kept and not _FIRST.startswith(raw[: len(_FIRST)]):
        told = "is not the log of a search, and was left as it is. Name another file."
        raise LogError(f"log={name!r} {told}")
    notes = []
    if tail:
        notes.append(f"line {len(lines) + 1} was cut short, as by a kill, and was dropped")
    numbers = [str(number) for number, fine in enumerate(intact, start=1) if not fine]
    lost = f"line{'s' * (len(numbers) > 1)} {', '.join(numbers)}" if numbers else ""
    if lost:
        notes.append(f"{lost} could not be read and was left out")
    if kept and not any(json.loads(line)["op_code"] == _CREATE_STUDY for line in kept):
        # Without the line that names the study, Optuna skips all others.
        named = {"op_code": _CREATE_STUDY, "worker_id": "", "study_name": STUDY_NAME}
        number = StudyDirection[direction.upper()].value
        kept.insert(0, seal({**named, "directions": [number]}).rstrip())
    return b"".join(line + b"\n" for line in kept), notes, lost


def _intact(line: bytes) -> bool:
    """Whether a line is as it was written."""
    sealed = _SEALED.fullmatch(line)
    if sealed:
        return zlib.crc32(sealed[1] + b"}") == int(sealed[2])
    try:  # Optuna and its dashboard write lines without a checksum
        entry = json.loads(line)
    except ValueError:
        return False
    known = isinstance(entry, dict) and type(entry.get("op_code")) is int
    return known and 0 <= entry["op_code"] <= _LAST_CODE and entry.keys() <= _KEYS

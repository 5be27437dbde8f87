"""Optuna's journal file, made so that damage is noticed line by line and mended."""

import contextlib
import itertools
import json
import math
import os
import re
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

from optuna.storages.journal import JournalFileBackend
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
    """Optuna's journal file whose every line ends in a checksum of itself.

    It takes no lock of its own: :class:`Log` holds one for the whole search, and one that a
    killed process leaves behind would make the next wait for half a minute.
    """

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
            # What is written outlives the process; only a power cut could lose what is not synced,
            # and to sync costs milliseconds.
            if time.monotonic() - self._synced >= _SYNC_SECONDS:
                os.fsync(file.fileno())
                self._synced = time.monotonic()

    def sync(self) -> None:
        """Make sure that all lines are on the disk."""
        with contextlib.suppress(OSError), open(self._file_path, "ab") as file:
            os.fsync(file.fileno())


def seal(entry: dict[str, Any]) -> bytes:
    """Return a journal entry as a line that ends in its checksum."""
    text = json.dumps(entry, separators=(",", ":")).encode()
    return text[:-1] + b',"crc":%d}\n' % zlib.crc32(text)


def repair(path: str | os.PathLike[str], direction: str = "maximize") -> list[str]:
    """Mend a log in place, if there is one, and return a sentence for each thing mended.

    A last line without an end is what a killed write leaves: it is dropped. Any other line that
    is not as it was written is left out and named in a warning, and the file as it was is kept
    beside it; every intact line stays. Where the line that names the study is lost, ``direction``
    makes another. ``LogError`` if nothing in the file is a line of a log.
    """
    path = Path(path)
    raw = path.read_bytes() if path.exists() else b""
    *lines, tail = raw.split(b"\n")
    if _intact(tail):  # only the end of the line is missing
        lines, tail = [*lines, tail], b""
    intact = [_intact(line) for line in lines]
    kept = list(itertools.compress(lines, intact))
    if raw and not kept and not _FIRST.startswith(raw[: len(_FIRST)]):
        raise LogError(
            f"log={str(path)!r} is not the log of a search, and was left as it is. Name another "
            "file."
        )
    notes = []
    if tail:
        notes.append(f"line {len(lines) + 1} was cut short, as by a kill, and was dropped")
    if not all(intact):
        numbers = [str(number) for number, fine in enumerate(intact, start=1) if not fine]
        listed = ("lines " if len(numbers) > 1 else "line ") + ", ".join(numbers)
        endings = (f".damaged-{n}" if n else ".damaged" for n in itertools.count())
        copies = (path.with_name(path.name + ending) for ending in endings)
        copy = next(candidate for candidate in copies if not candidate.exists())
        write_whole(copy, raw)
        notes.append(f"{listed} could not be read and was left out")
        warnings.warn(
            f"The log {str(path)!r} was damaged: {listed} could not be read. What was there is "
            f"evaluated again; the {len(kept)} intact lines are kept. The file as it was is "
            f"{copy.name!r}.",
            stacklevel=2,
        )
    if kept and not any(json.loads(line)["op_code"] == _CREATE_STUDY for line in kept):
        # Without the line that names the study, Optuna skips all others.
        named = {"op_code": _CREATE_STUDY, "worker_id": "", "study_name": STUDY_NAME}
        number = StudyDirection[direction.upper()].value
        kept.insert(0, seal({**named, "directions": [number]}).rstrip())
    mended = b"".join(line + b"\n" for line in kept)
    if mended != raw:
        write_whole(path, mended)
    return notes


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

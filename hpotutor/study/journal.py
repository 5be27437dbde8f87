"""Optuna's journal file, made so that damage is noticed line by line and mended."""

from __future__ import annotations

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

import optuna
from optuna.storages.journal import JournalFileBackend

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

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._synced = -math.inf

    def append_logs(self, logs: list[dict[str, Any]]) -> None:
        text = b"".join(seal(log) for log in logs)
        with open(self._path, "ab", buffering=0) as file:
            end = file.tell()
            try:
                rest = memoryview(text)
                while rest:  # a disk that is nearly full takes a part, and refuses the next
                    rest = rest[file.write(rest) :]
            except OSError:
                with contextlib.suppress(OSError):  # leave no half-written line behind
                    file.truncate(end)
                raise
            # What is written outlives the process; only a power cut could lose what is not synced,
            # and to sync costs milliseconds.
            now = time.monotonic()
            if now - self._synced >= _SYNC_SECONDS:
                os.fsync(file.fileno())
                self._synced = now

    def sync(self) -> None:
        """Make sure that all lines are on the disk."""
        with contextlib.suppress(OSError), open(self._path, "ab") as file:
            os.fsync(file.fileno())


def seal(entry: dict[str, Any]) -> bytes:
    """Return a journal entry as a line that ends in its checksum."""
    text = json.dumps(entry, separators=(",", ":")).encode()
    return text[:-1] + b',"crc":%d}\n' % zlib.crc32(text)


def repair(path: str | os.PathLike, direction: str = "maximize") -> list[str]:
    """Mend a log in place and tell what was wrong.

    A last line without an end is what a killed write leaves: it is dropped. Any other line that
    is not as it was written is left out and named in a warning, and the file as it was is kept
    beside it; every intact line stays.

    Parameters
    ----------
    path : str or path
        A journal file; one that does not exist is fine.
    direction : {"maximize", "minimize"}
        Of the study, should the line that names it be lost.

    Returns
    -------
    list of str
        A sentence for each thing mended.

    Raises
    ------
    LogError
        Nothing in the file is a line of a log.
    """
    path = Path(path)
    raw = path.read_bytes() if path.exists() else b""
    lines = raw.split(b"\n")
    torn = lines.pop()
    if torn and _intact(torn):  # only the end of the line is missing
        lines.append(torn)
    numbers = [number for number, line in enumerate(lines, start=1) if not _intact(line)]
    kept = [line for line in lines if _intact(line)]
    if raw and not kept and not _FIRST.startswith(raw[: len(_FIRST)]):
        raise LogError(
            f"log={str(path)!r} is not the log of a search, and was left as it is. Name another "
            "file."
        )
    notes = []
    if torn and torn not in kept:
        notes.append(f"line {len(lines) + 1} was cut short, as by a kill, and was dropped")
    if numbers:
        listed = ("lines " if len(numbers) > 1 else "line ") + ", ".join(map(str, numbers))
        copy = _unused(path.with_name(path.name + ".damaged"))
        _write(copy, raw)
        notes.append(f"{listed} could not be read and was left out")
        warnings.warn(
            f"The log {str(path)!r} was damaged: {listed} could not be read. What was there is "
            f"evaluated again; the {len(kept)} intact lines are kept. The file as it was is "
            f"{copy.name!r}.",
            stacklevel=2,
        )
    if kept and not any(json.loads(line)["op_code"] == _CREATE_STUDY for line in kept):
        kept.insert(0, _first_line(direction))
    mended = b"".join(line + b"\n" for line in kept)
    if mended != raw:
        whole = path.with_name(path.name + ".mending")
        _write(whole, mended)
        os.replace(whole, path)
    return notes


def _write(path: Path, content: bytes) -> None:
    """Write a file, or leave nothing of it behind."""
    try:
        path.write_bytes(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _first_line(direction: str) -> bytes:
    """Return the line that names the study, without which Optuna skips all others."""
    number = optuna.study.StudyDirection[direction.upper()].value
    entry = {"op_code": _CREATE_STUDY, "worker_id": "", "study_name": STUDY_NAME}
    return seal({**entry, "directions": [number]}).rstrip()


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


def _unused(path: Path) -> Path:
    """Return the path, or one with a number when there is such a file already."""
    candidates = (path.with_name(f"{path.name}-{n}") if n else path for n in itertools.count())
    return next(candidate for candidate in candidates if not candidate.exists())

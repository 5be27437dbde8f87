"""The log of a search: an Optuna study in an append-only file, or in memory."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.metadata
import itertools
import json
import math
import os
import re
import sys
import tempfile
import time
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock
import optuna
from optuna.storages import InMemoryStorage, JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from hpotutor.errors import LogError
from hpotutor.objective import Evaluation
from hpotutor.space import SearchSpace

STUDY_NAME = "hpotutor"
_STATES = {
    "complete": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "diverged": TrialState.FAIL,
    "failed": TrialState.FAIL,
}
# The keys of Optuna's journal; a line with another one is damaged.
_KEYS = set(
    "op_code worker_id study_id study_name directions user_attr system_attr trial_id state value "
    "values params distributions user_attrs system_attrs intermediate_values intermediate_value "
    "datetime_start datetime_complete param_name param_value_internal distribution step".split()
)
_SEALED = re.compile(rb'(\{.*),"crc":(\d+)\}')
_CREATE_STUDY = 0
_SYNC_SECONDS = 1.0
_FIRST = b'{"op_code":0,'
_RECORDED = ("optuna", "hyperopt", "keras-tuner", "scikit-learn", "scikeras", "keras", "numpy")


@functools.cache
def versions() -> dict[str, str]:
    """Return the installed version of Python and of every library that can shape a search."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in _RECORDED:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


class Log:
    """Trials of one search, each a single line that is either wholly written or not at all.

    Parameters
    ----------
    path : str or path, optional
        The journal file; in memory when None.
    header : dict
        What the search is: method, library, seed, space, objective, options.
    direction : {"maximize", "minimize"}
        For the study.
    space : SearchSpace
        The distributions that the trials carry.

    Raises
    ------
    LogError
        The file cannot be used: its folder is missing, it cannot be written, another process
        has it, or it belongs to another search.

    Notes
    -----
    The file is Optuna's journal
    (https://optuna.readthedocs.io/en/stable/reference/generated/optuna.storages.JournalStorage.html),
    so ``optuna-dashboard`` and ``optuna.load_study`` open it.
    """

    def __init__(
        self, path: str | os.PathLike | None, header: dict, direction: str, space: SearchSpace
    ) -> None:
        self.path = None if path is None else Path(path)
        self.space, self.header = space, _plain(header)
        self.direction = direction
        self.trials: list[FrozenTrial] = []
        self._added: list[FrozenTrial] = []
        self._study: optuna.Study | None = None
        self._lock: filelock.BaseFileLock | None = None
        self._journal: SealedJournal | None = None
        if self.path is not None:
            self.open()

    def open(self) -> None:
        """Take the file for this search alone, mend it if need be, and read its trials."""
        if self.path is None:
            return
        self._lock = _lock(self.path)
        try:
            if self._study is None:
                repair(self.path, self.direction)
                self._journal = SealedJournal(self.path)
                storage = JournalStorage(self._journal)
                self._study = _open_study(storage, self.direction)
            found = self._study.get_trials(deepcopy=False)
            self.trials = [trial for trial in found if trial.state.is_finished()]
            self._check_header()
        except LogError:
            self.close()
            raise
        except Exception as error:
            self.close()
            raise LogError(
                f"The log {str(self.path)!r} cannot be read ({type(error).__name__}: {error}). "
                "Give this search a log of its own; the file was left as it is."
            ) from error

    @property
    def study(self) -> optuna.Study:
        """The Optuna study; one in memory is made when somebody first asks for it."""
        if self.path is not None:
            return self._study
        # Optuna copies a trial several times on its way in: too dear to pay for each at once.
        if self._study is None:
            self._study = _open_study(InMemoryStorage(), self.direction)
            self._write_header()
        self._study.add_trials(self._added)
        self._added = []
        return self._study

    def _check_header(self) -> None:
        stored = self._study.user_attrs.get("hpotutor")
        lines = [] if stored is None else list(_differences(stored, self.header))
        if stored is None:
            # Lost to damage; every trial still carries its checksum.
            mark = self.mark
            marks = {trial.user_attrs.get("search", mark) for trial in self.trials}
            if marks - {mark}:
                lines = ["  what was searched: its description is damaged, its trials differ"]
        if lines:
            raise LogError(
                f"The log {str(self.path)!r} belongs to another search, and was left as it is. "
                f"It differs in:\n{chr(10).join(lines)}\n"
                "Give this search a log of its own, or repeat that one's arguments."
            )
        self._write_header()

    @functools.cached_property
    def mark(self) -> str:
        """A checksum of the header, which each trial carries too."""
        return f"{zlib.crc32(json.dumps(self.header, sort_keys=True).encode()):08x}"

    def _write_header(self) -> None:
        for name, value in (("hpotutor", self.header), ("versions", versions())):
            if self._study.user_attrs.get(name) != value:
                self._study.set_user_attr(name, value)

    def append(self, evaluation: Evaluation, **extra: Any) -> None:
        """Write one finished trial."""
        trial = to_trial(evaluation, self.space, search=self.mark, **extra)
        if self.path is None:
            self._added.append(trial)
            return
        size = self.path.stat().st_size
        try:
            self._study.add_trial(trial)
        except OSError as error:
            with contextlib.suppress(OSError):  # leave no half-written line behind
                os.truncate(self.path, size)
            raise LogError(
                f"The log {str(self.path)!r} cannot be written ({error.strerror or error}). All "
                "trials before this one are in it. Make room, then run the same call again: it "
                "goes on where it stopped."
            ) from error

    def close(self) -> None:
        """Let another search use the file."""
        if self._journal is not None and self._lock.is_locked:
            self._journal.sync()
        if self._lock is not None:
            self._lock.release()


def to_trial(evaluation: Evaluation, space: SearchSpace, **extra: Any) -> FrozenTrial:
    """Turn an evaluation into a finished Optuna trial.

    ``extra`` goes to the trial's user attributes beside the curve, seconds, epochs and status.
    """
    attributes = {
        "status": evaluation.status,
        "reason": evaluation.reason,
        "curve": evaluation.curve,
        "epochs": evaluation.epochs,
        "seconds": evaluation.seconds,
        "seed": evaluation.seed,
        "test_value": evaluation.test_value,
        **extra,
    }
    has_value = evaluation.status in ("complete", "pruned") and math.isfinite(evaluation.value)
    return optuna.trial.create_trial(
        state=_STATES[evaluation.status],
        value=evaluation.value if has_value else None,
        params=evaluation.params,
        distributions={name: space[name] for name in evaluation.params},
        user_attrs=attributes,
    )


def to_evaluation(trial: FrozenTrial) -> Evaluation:
    """Turn an Optuna trial, ours or anybody's, into an evaluation."""
    attributes = trial.user_attrs
    names = {state: status for status, state in reversed(_STATES.items())}
    value = trial.values[0] if trial.values else math.nan
    seconds = trial.duration.total_seconds() if trial.duration else 0.0
    return Evaluation(
        params=dict(trial.params),
        value=value,
        curve=attributes.get("curve", {}),
        epochs=attributes.get("epochs", 0),
        seconds=attributes.get("seconds", seconds),
        status=attributes.get("status", names.get(trial.state, "failed")),
        reason=attributes.get("reason", ""),
        seed=attributes.get("seed"),
        test_value=attributes.get("test_value"),
    )


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
            file.write(text)
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
        copy.write_bytes(raw)
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
        whole.write_bytes(mended)
        os.replace(whole, path)
    return notes


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
    return isinstance(entry, dict) and type(entry.get("op_code")) is int and entry.keys() <= _KEYS


def _unused(path: Path) -> Path:
    """Return the path, or one with a number when there is such a file already."""
    candidates = (path.with_name(f"{path.name}-{n}") if n else path for n in itertools.count())
    return next(candidate for candidate in candidates if not candidate.exists())


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna from announcing each study and trial on stderr."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def _open_study(storage: optuna.storages.BaseStorage, direction: str) -> optuna.Study:
    with quiet_optuna():
        # create_study(load_if_exists=True) would add a line to the journal each time.
        if STUDY_NAME in optuna.get_all_study_names(storage):
            return optuna.load_study(study_name=STUDY_NAME, storage=storage)
        return optuna.create_study(storage=storage, study_name=STUDY_NAME, direction=direction)


def _lock(path: Path) -> filelock.BaseFileLock:
    folder = path.parent
    if not folder.is_dir():
        raise LogError(
            f"log={str(path)!r}: there is no folder {str(folder)!r}. Create it, for instance with "
            f"pathlib.Path({str(folder)!r}).mkdir(parents=True), or name another file."
        )
    if path.is_dir() or not os.access(path if path.exists() else folder, os.W_OK):
        raise LogError(
            f"log={str(path)!r} cannot be written. Name a file in a folder of your own, for "
            "instance log='search.log'."
        )
    # The lock is the operating system's, so that it goes with a killed process.
    name = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:20]
    lock = filelock.FileLock(Path(tempfile.gettempdir()) / f"hpotutor-{name}.lock", timeout=0)
    try:
        return lock.acquire().lock
    except filelock.Timeout:
        raise LogError(
            f"log={str(path)!r} is in use by another search. Wait until that one ends, or give "
            "this one a log of its own."
        ) from None


def _plain(value: Any) -> Any:
    """Pass a header through JSON, so that it compares equal to the one read back."""
    return json.loads(json.dumps(value, default=str))


def _differences(stored: Any, asked: Any, name: str = "") -> Any:
    """Yield a line for each entry that differs between two headers."""
    if isinstance(stored, dict) and isinstance(asked, dict):
        for key in [*stored, *(key for key in asked if key not in stored)]:
            inner = f"{name}.{key}" if name else str(key)
            yield from _differences(stored.get(key), asked.get(key), inner)
    elif stored != asked:
        yield f"  {name}: {stored!r} in the log, {asked!r} in this call"

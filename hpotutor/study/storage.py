"""The log of a search: an Optuna study in an append-only file, or in memory."""

import contextlib
import errno
import functools
import json
import math
import os
import warnings
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.storages import InMemoryStorage, JournalStorage
from optuna.trial import FrozenTrial, TrialState

from hpotutor._system import versions
from hpotutor._validation import check_keeping
from hpotutor.errors import LogError, Problems
from hpotutor.objectives.base import Evaluation
from hpotutor.objectives.identity import is_older
from hpotutor.space.distributions import as_value
from hpotutor.space.space import SearchSpace
from hpotutor.space.transforms import clean, holds_tuples, labeled
from hpotutor.study._lock import FileLock
from hpotutor.study.journal import STUDY_NAME, ReadJournal, SealedJournal, mend, repair

_STATES = {"complete": TrialState.COMPLETE, "pruned": TrialState.PRUNED}
_STATES |= {"diverged": TrialState.FAIL, "failed": TrialState.FAIL}
# What a trial carries as user attributes, as Optuna has no place for it; the second, if any.
_ATTRIBUTES = ("status", "reason", "curve", "epochs", "seconds", "seed", "test_value")
_SELDOM = ("fold_values", "best_epoch", "repeated", "weights", "prediction_seconds")
# Of these, what a trial of somebody else's study may carry too.
_THEIRS = {"reason": str, "epochs": int, "seed": int}


class Log:
    """Trials of one search, each a single line that is either wholly written or not at all.

    The file is Optuna's journal, which ``optuna-dashboard`` and ``optuna.load_study`` open;
    ``path=None`` keeps all in memory. ``header`` says what the search is.

    LogError: the file cannot be used: its folder is missing, it cannot be written, another process
    has it, or it belongs to another search.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None,
        header: dict[str, Any],
        direction: str,
        space: SearchSpace,
    ) -> None:
        self.path = None if path is None else Path(path)
        # Through JSON, so that it compares equal to the one read back.
        text = json.dumps(
            header, default=lambda x: x.item() if isinstance(x, np.generic) else str(x)
        )
        self.space, self.header, self.direction = space, json.loads(text), direction
        self.trials: list[FrozenTrial] = []
        self._added: list[FrozenTrial] = []
        self._study: optuna.Study | None = None
        self._lock: FileLock | None = None
        self._journal: SealedJournal | None = None
        self.open()

    def open(self) -> None:
        """Take the file for this search alone, mend it if need be, and read its trials."""
        if self.path is None:
            return
        self._lock = _lock(self.path)
        try:
            if self._study is None:
                repair(self.path, self.direction, self._lock.replace)
                self._journal = SealedJournal(str(self.path))
                self._study = open_study(JournalStorage(self._journal), self.direction)
            found = self._study.get_trials(deepcopy=False)
            self.trials = [trial for trial in found if trial.state.is_finished()]
            self._check_header(self._study)
        except Exception as error:
            self.close()
            if isinstance(error, LogError):
                raise
            if isinstance(error, OSError):
                raise self._unwritten(error) from error
            raise LogError(
                f"The log {str(self.path)!r} cannot be read ({type(error).__name__}: {error}). "
                "Give this search a log of its own; the file was left as it is."
            ) from error

    @property
    def study(self) -> optuna.Study:
        """The Optuna study; one in memory is made when somebody first asks for it."""
        if self._study is None:
            self._study = open_study(InMemoryStorage(), self.direction)
            self._write_header(self._study)
        # Optuna copies a trial several times on its way in: too dear to pay for each at once.
        self._study.add_trials(self._added)
        self._added = []
        return self._study

    def _check_header(self, study: optuna.Study) -> None:
        stored = study.user_attrs.get("hpotutor")
        lines = [] if stored is None else list(_differences(stored, self.header))
        # Where it was lost to damage, every trial still carries its checksum.
        marks = {trial.user_attrs.get("search", self.mark) for trial in self.trials}
        if stored is None and marks - {self.mark}:
            lines = ["  what was searched: its description is damaged, its trials differ"]
        if lines:
            raise LogError(
                f"The log {str(self.path)!r} belongs to another search, and was left as it is. "
                f"It differs in:\n{chr(10).join(lines)}\n"
                "Give this search a log of its own, or repeat that one's arguments. With a log of "
                "its own and\n  start=ht.SearchResult.from_log("
                f"{str(self.path)!r})\nit tries first what was best there."
            )
        self._write_header(study)

    @functools.cached_property
    def mark(self) -> str:
        """A checksum of the header, which each trial carries too."""
        return f"{zlib.crc32(json.dumps(self.header, sort_keys=True).encode()):08x}"

    def _write_header(self, study: optuna.Study) -> None:
        for name, value in (("hpotutor", self.header), ("versions", versions())):
            if study.user_attrs.get(name) != value:
                study.set_user_attr(name, value)

    def append(self, evaluation: Evaluation, **extra: Any) -> None:
        """Write one finished trial."""
        trial = to_trial(evaluation, self.space, search=self.mark, **extra)
        if self.path is None:
            self._added.append(trial)
            return
        try:
            self.study.add_trial(trial)
        except OSError as error:
            raise self._unwritten(error) from error

    def _unwritten(self, error: OSError) -> LogError:
        return LogError(
            f"The log {str(self.path)!r} cannot be written ({error.strerror or error}). All "
            "trials that were finished before are in it. Make room, then run the same call again: "
            "it goes on where it stopped."
        )

    def close(self) -> None:
        """Let another search use the file."""
        if self._lock is not None:
            if self._journal is not None:
                self._journal.sync()
            self._lock.release()
            self._lock = None

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> "Log":
        """Return what a log holds now; nothing is locked, mended or written."""
        with Problems("from_log") as problems:
            check_keeping(problems, path, True)
        path = Path(path)
        try:
            if path.exists() and not path.is_file():
                raise OSError(errno.EINVAL, "it is a folder or a device")
            content, _, lost = mend(path.read_bytes(), str(path))
            storage = JournalStorage(ReadJournal(content))
            study = optuna.load_study(study_name=STUDY_NAME, storage=storage)
        except OSError as error:
            told = f"({error.strerror}). Type the path that log= got in the search."
            raise LogError(f"from_log: {str(path)!r} cannot be read {told}") from error
        except KeyError as error:
            raise LogError(
                f"from_log: {str(path)!r} holds no search of hpotutor yet. For a study of "
                "Optuna's own, type ht.SearchResult.from_optuna(optuna.load_study(...))."
            ) from error
        if lost:
            told = f"The log {str(path)!r} is damaged: {lost} could not be read."
            warnings.warn(told, stacklevel=3)
        trials = [trial for trial in study.get_trials(deepcopy=False) if trial.state.is_finished()]
        header = study.user_attrs.get("hpotutor", {})
        if "space" in header:
            space = SearchSpace.from_dict(header["space"])
        else:  # lost to damage: what the trials were drawn from
            space = SearchSpace({n: d for trial in trials for n, d in trial.distributions.items()})
        log = cls(None, header, study.direction.name.lower(), space)
        log.trials, log._study = trials, study
        return log


def to_trial(
    evaluation: Evaluation, space: Mapping[str, BaseDistribution], **extra: Any
) -> FrozenTrial:
    """Turn an evaluation into a finished Optuna trial; ``extra`` joins its user attributes."""
    held = {name: labeled(space[name], value) for name, value in evaluation.params.items()}
    kept = [*_ATTRIBUTES, *(name for name in _SELDOM if getattr(evaluation, name))]
    has_value = evaluation.status in ("complete", "pruned") and math.isfinite(evaluation.value)
    return optuna.trial.create_trial(
        state=_STATES[evaluation.status],
        value=evaluation.value if has_value else None,
        params={name: value for name, (_, value) in held.items()},
        distributions={name: distribution for name, (distribution, _) in held.items()},
        user_attrs={name: getattr(evaluation, name) for name in kept} | extra,
    )


def to_evaluation(trial: FrozenTrial, space: SearchSpace | None = None) -> Evaluation:
    """Turn an Optuna trial, ours or anybody's, into an evaluation; of ``space``, if it is ours."""
    names = {TrialState.COMPLETE: "complete", TrialState.PRUNED: "pruned"}
    found: dict[str, Any] = {
        "status": names.get(trial.state, "failed"),
        "reason": "Optuna recorded a failure" if trial.state is TrialState.FAIL else "",
        "seconds": trial.duration.total_seconds() if trial.duration else 0.0,
    }
    told = trial.user_attrs
    if {"status", "curve", "epochs", "seconds"} <= told.keys():  # ours
        found |= {name: told[name] for name in (*_ATTRIBUTES, *_SELDOM) if name in told}
    else:
        reported = [value for _, value in sorted(trial.intermediate_values.items())]
        found |= {"curve": {"value": reported} if reported else {}, "epochs": len(reported)}
        found |= {
            name: told[name] for name, kind in _THEIRS.items() if type(told.get(name)) is kind
        }
    found["fold_values"] = tuple(found.get("fold_values", ()))  # a list in JSON
    params = {name: as_value(value) for name, value in trial.params.items()}
    for name, distribution in ({} if space is None else space).items():
        if name in params and holds_tuples(distribution):  # they are held by their labels
            params[name] = clean(distribution, params[name])
    return Evaluation(params, trial.values[0] if trial.values else math.nan, **found)


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Keep Optuna from announcing each study and trial on stderr."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)


def open_study(storage: optuna.storages.BaseStorage, direction: str) -> optuna.Study:
    """Return a storage's one study; a new one if there is none."""
    with quiet_optuna():
        # create_study(load_if_exists=True) would add a line to the journal each time.
        if STUDY_NAME in optuna.get_all_study_names(storage):
            return optuna.load_study(study_name=STUDY_NAME, storage=storage)
        way = optuna.study.StudyDirection[direction.upper()]
        return optuna.create_study(storage=storage, study_name=STUDY_NAME, direction=way)


def _lock(path: Path) -> FileLock:
    folder = path.parent
    if not folder.is_dir():
        raise LogError(
            f"log={str(path)!r}: there is no folder {str(folder)!r}. Create it, for instance with "
            f"pathlib.Path({str(folder)!r}).mkdir(parents=True), or name another file."
        )
    if path.exists() and not path.is_file():
        raise _unwritable(path, f": it is {'a folder' if path.is_dir() else 'a device'}")
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise _unwritable(path)
    try:
        return FileLock(path)
    except BlockingIOError:
        told = "Wait until that one ends, or give this one a log of its own."
        raise LogError(f"log={str(path)!r} is in use by another search. {told}") from None
    except OSError as error:
        raise _unwritable(path, f" ({error.strerror})") from error


def _unwritable(path: Path, why: str = "") -> LogError:
    told = "Name a file in a folder of your own, for instance log='search.log'."
    return LogError(f"log={str(path)!r} cannot be written{why}. {told}")


def _differences(stored: Any, asked: Any, name: str = "") -> Iterator[str]:
    """Yield a line for each entry that differs between two headers."""
    if isinstance(stored, dict) and isinstance(asked, dict):
        for key in [*stored, *(key for key in asked if key not in stored)]:
            inner = f"{name}.{key}" if name else str(key)
            yield from _differences(stored.get(key), asked.get(key), inner)
    elif stored != asked and not is_older(stored, asked):
        if isinstance(asked, int | float) and stored == str(asked):
            return  # once, a NumPy number was written as text
        yield f"  {name}: {stored!r} in the log, {asked!r} in this call"

"""The rows of each training: folds, and what a row counts for; checked before anything trains."""

import re
import warnings
import zlib
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from sklearn.model_selection import TimeSeriesSplit
from sklearn.utils.class_weight import compute_sample_weight

from hpotutor._validation import is_number, is_whole
from hpotutor.datasets.dataset import Dataset, Fold
from hpotutor.datasets.splitting import is_splitter
from hpotutor.errors import Problems, did_you_mean
from hpotutor.objectives.scoring import Split

Cut: TypeAlias = list[tuple[np.ndarray, np.ndarray]]  # row numbers to train and to validate on


class Rows:
    """An objective's folds, or its validation part, and weights; what is bad is noted."""

    def __init__(
        self,
        problems: Problems,
        data: Dataset,
        folds: Any,
        seed: Any,
        class_weight: Any = None,
        sample_weight: Any = None,
    ) -> None:
        before = len(problems.lines)
        self.data, self.class_weight, self.sample_weight = data, class_weight, sample_weight
        self.folds = int(folds) if is_whole(folds) else folds
        self._y = data.y_known
        self._prepared: list[Split] = []
        cut = [] if folds is None else _check_folds(problems, folds, data, seed)
        self.cut = cut if len(problems.lines) == before else []
        train, rest = np.split(np.arange(len(self._y)), [len(data.y_train)])
        self._parts: Cut = self.cut or [(train, rest)]
        _check_class_weight(problems, class_weight, data)
        _check_sample_weight(problems, sample_weight, data)
        if len(problems.lines) > before:
            return
        for number, (first, _) in enumerate(self._parts, start=1):
            weight = self._weights(first)
            if weight is not None and not weight.sum() > 0:
                whose = f"fold {number} of {self.count}" if self.cut else "the training part"
                told = f"class_weight and sample_weight make each training row of {whose} count 0."
                problems.say(f"{told} Give some of them a weight above 0.")
                return

    @property
    def count(self) -> int:
        """How many networks are trained for one score."""
        return len(self.cut) or 1

    @property
    def truths(self) -> list[np.ndarray]:
        """Each fold's labels or amounts to validate on."""
        return [self._y[second] for _, second in self._parts]

    def splits(self) -> list[Split]:
        """Return the rows of each training, prepared by themselves alone, and only once."""
        if not self._prepared:
            folds = [self._split(first, self.data.fold(first, last)) for first, last in self.cut]
            self._prepared = folds or [self.fixed()]
        return self._prepared

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_prepared": []}  # another process prepares its own

    def fixed(self) -> Split:
        """Return the training rows and the validation rows that the data set has set apart."""
        data = self.data
        fold = Fold(data.x_train, data.y_train, data.x_val, data.y_val)
        return self._split(np.arange(len(data.y_train)), fold)

    def together(self) -> Split:
        """Return the rows of all folds to train on, prepared by themselves; none to validate on."""
        rows = np.unique(np.concatenate([part for pair in self._parts for part in pair]))
        x, y = self.data.fold(rows, rows)[:2]
        return self._split(rows, Fold(x, y, x[:0], y[:0]))

    def describe(self) -> dict[str, Any]:
        """Tell what decides an answer, where it is asked for."""
        told: dict[str, Any] = {} if self.folds is None else {"prepared": "by fold"}
        if is_splitter(self.folds):
            told["fold_rows"] = _checksum(*(part for pair in self.cut for part in pair))
        if isinstance(self.class_weight, Mapping):
            told["class_weight"] = {repr(k): float(v) for k, v in self.class_weight.items()}
        elif self.class_weight is not None:
            told["class_weight"] = self.class_weight
        if self.sample_weight is not None:
            told["sample_weight"] = _checksum(np.asarray(self.sample_weight, dtype=float))
        return told

    def _split(self, first: np.ndarray, fold: Fold) -> Split:
        weight = self._weights(first)
        if self.data.task == "classification":
            return Split(*fold, fold.y_val, weight)
        center, spread = float(fold.y.mean()), float(fold.y.std()) or 1.0
        y, y_val = ((amounts - center) / spread for amounts in (fold.y, fold.y_val))
        return Split(fold.x, y, fold.x_val, y_val, fold.y_val, weight, center, spread)

    def _weights(self, rows: np.ndarray) -> np.ndarray | None:
        """Return what each of these training rows counts for by them alone; None for all alike."""
        if self.class_weight is None and self.sample_weight is None:
            return None
        y, by_class = self._y[rows], self.class_weight
        if isinstance(by_class, Mapping):
            by_class = {n: by_class.get(self.data.classes[n], 1) for n in np.unique(y).tolist()}
        weight: np.ndarray = compute_sample_weight(by_class, y)  # 1 without
        if self.sample_weight is not None:
            weight = weight * np.asarray(self.sample_weight, float)[self.data.row_numbers[rows]]
        return weight


def name_of(folds: Any) -> Any:
    """Return a number of folds, or a splitter's own text without an object's address."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(folds)) if is_splitter(folds) else folds


def _checksum(*arrays: np.ndarray) -> str:
    total = 0
    for array in arrays:
        total = zlib.crc32(np.ascontiguousarray(array).tobytes(), total)
    return f"{total:08x}"


def _check_folds(problems: Problems, folds: Any, data: Dataset, seed: int) -> Cut:
    """Return the rows of each fold; none, and a note, where they cannot be cut."""
    shown, before = str(name_of(folds)), len(problems.lines)
    if is_whole(folds) and folds > 1:
        _check_number(problems, int(folds), data)
    elif not is_splitter(folds):
        splitter = "a splitter of scikit-learn such as KFold(5)"
        problems.add("folds", folds, f"a whole number from 2 up, or None, or {splitter}", "folds=3")
    elif isinstance(folds, TimeSeriesSplit) and not data.timed:
        problems.say(
            f"folds={shown} validates on what follows the training rows, and the rows of "
            f"{data.name!r} were shuffled. Type ht.load(..., time='date')."
        )
    if len(problems.lines) > before:
        return []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of groups that are not looked at: checked below
            asked = int(folds) if is_whole(folds) else folds
            cut, again = (data.fold_rows(asked, seed) for _ in range(2))
    except Exception as error:  # whatever a splitter raises
        hint = "ht.load(..., groups='patient')" if "groups" in str(error) else "another splitter"
        problems.say(f"folds={shown} cannot cut {data.name!r}: {error} Type {hint}.")
        return []
    sides = [[part for pair in one for part in pair] for one in (cut, again)]
    if len(cut) != len(again) or not all(map(np.array_equal, *sides)):
        told = "and trials could not be compared. Give it a random_state=0."
        problems.say(f"folds={shown} draws other rows each time it is asked, {told}")
    elif not cut:
        problems.say(f"folds={shown} gives no fold. Type for instance folds=3.")
    else:
        _check_cut(problems, cut, data, shown)
    return cut


def _check_number(problems: Problems, folds: int, data: Dataset) -> None:
    """Note more folds than classes, amounts or groups can be dealt to."""
    y = data.y_known
    most = len(y) // 2
    held = f"pairs of rows of {data.name!r}, and each fold needs one"
    if data.task == "classification":
        most = int(np.bincount(y).min())
        held = f"rows of the rarest class of {data.name!r}, so some fold would miss it"
    groups = folds if data.groups is None else len(np.unique(data.groups.astype(str)))
    for limit, what in ((most, held), (groups, "groups")):
        if folds > limit:
            few = f"Type folds={max(limit, 2)} or less."
            problems.say(f"folds={folds} is more than the {limit} {what}. {few}")


def _check_cut(problems: Problems, cut: Cut, data: Dataset, shown: str) -> None:
    """Note the first fold that nothing can be learned from, or that nothing can be scored on."""
    y = data.y_known
    groups = y if data.groups is None else data.groups.astype(str)
    for number, (first, second) in enumerate(cut, start=1):
        if max(first.max(initial=0), second.max(initial=0)) >= len(y):
            fault = f"rows beyond the {len(y)} to train and validate on (see data.row_numbers)"
        elif len(first) == 0 or len(second) == 0:
            fault = f"{len(first)} rows to train on and {len(second)} to validate on"
        elif len(np.intersect1d(first, second)):
            fault = "rows to validate on that it trains on"
        elif data.groups is not None and len(np.intersect1d(groups[first], groups[second])):
            fault = "rows of one group to train and to validate on"
        elif len(np.unique(y[first])) < 2:
            kind = "class" if data.n_classes else "amount"
            fault = f"training rows of one {kind} alone"
        else:
            continue
        told = f"{fault}. Type fewer folds, or another splitter."
        problems.say(f"folds={shown} gives fold {number} of {len(cut)} {told}")
        return


def _check_class_weight(problems: Problems, weight: Any, data: Dataset) -> None:
    """Note weights that are no weights of these classes."""
    example = f"class_weight={{{data.classes[-1]!r}: 5}}" if data.classes else ""
    if weight is None or (isinstance(weight, str) and weight == "balanced" and data.classes):
        return
    if data.task == "regression":
        problems.say(
            f"class_weight={weight!r} is for classes, and {data.name!r} is a regression. Type "
            "sample_weight=, one weight a row."
        )
    elif not isinstance(weight, Mapping):
        problems.add("class_weight", weight, "'balanced', or {label: weight}", example)
    else:
        for label in (one for one in weight if one not in data.classes):
            problems.say(
                f"class_weight has {label!r}, which is no label of {data.name!r}."
                f"{did_you_mean(label, data.classes)} Labels: "
                f"{', '.join(map(repr, data.classes))}. Type for instance {example}."
            )
        if not all(is_number(one) and 0 <= one < np.inf for one in weight.values()):
            problems.add("class_weight", weight, "numbers from 0 up, by label", example)
        elif not any(weight.get(label, 1) for label in data.classes):
            problems.add("class_weight", weight, "weights that are not all 0", example)


def _check_sample_weight(problems: Problems, weight: Any, data: Dataset) -> None:
    """Note weights that are no numbers, or not one for each row that was loaded."""
    if weight is None:
        return
    rows, instead = len(data.y_train) + len(data.y_val) + data.n_test, "frame['weight']"
    try:
        found = np.asarray(weight, dtype=float)
    except (TypeError, ValueError):
        found = np.zeros(0)
    if found.shape != (rows,):
        shape = f"shape {found.shape}" if found.size else "no numbers"
        problems.say(
            f"sample_weight has {shape}; it takes one number for each of the {rows} rows of "
            f"{data.name!r}, as they were loaded. Type for instance sample_weight={instead}."
        )
        return
    wrong = found[~((found >= 0) & (found < np.inf))][:3].tolist()
    if wrong:
        allowed = "finite numbers from 0 up"
        problems.add("sample_weight", wrong, allowed, f"sample_weight={instead}")

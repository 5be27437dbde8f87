"""A data set: prepared training and validation rows, and a sealed test set."""

import hashlib
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone

from hpotutor.datasets.columns import DATES, names_groups
from hpotutor.datasets.splitting import fold_rows
from hpotutor.errors import SealError


class Fold(NamedTuple):
    """Rows to train on and to validate on, prepared by what the first alone tell."""

    x: np.ndarray
    y: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray


@dataclass(eq=False, kw_only=True)
class Dataset:
    """Prepared rows to train and validate on, and a test set that is opened once.

    The rows are kept as they came, beside an unfitted transformer: whatever is trained on decides
    how the rest is scaled, filled and encoded, in :meth:`folds` too.

    Parameters
    ----------
    name : str
        Where the rows came from.
    task : {"classification", "regression"}
        What is predicted: one of ``classes``, or an amount.
    x_train, x_val : array, float32, shape (rows, features)
        Prepared with what the training rows alone told. Images and sequences are flat here.
    y_train, y_val : array, shape (rows,)
        int64 class numbers 0 to ``n_classes - 1``, or float64 amounts in their own unit.
    classes, feature_names : tuple
        The original label of each class number (none for a regression); a name for each feature.
    input_shape : tuple of int
        Of a row: (features,), (height, width), (steps, channels) or (height, width, channels).
    columns : pandas.DataFrame
        What each column of a table became, and why one was left out; else empty.
    preparation, transformer : object
        The fitted scikit-learn transformer, for rows that arrive later; and the same, unfitted.
    seed, note : int, str
        What the split was drawn with; what was decided for want of a word.
    row_numbers : array, shape (rows,)
        Where in the source the training rows stood, then the validation rows.

    Examples
    --------
    >>> import hpotutor as ht
    >>> data = ht.load("iris")
    >>> data.x_train.shape, data.x_val.shape, data.n_classes
    ((90, 4), (30, 4), 3)
    """

    name: str
    task: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    classes: tuple
    feature_names: tuple[str, ...]
    input_shape: tuple[int, ...]
    columns: pd.DataFrame
    preparation: Any
    transformer: Any
    seed: int
    note: str
    groups: np.ndarray | None
    timed: bool
    row_numbers: np.ndarray
    _test: tuple[np.ndarray, np.ndarray]
    _rest: Any
    _openings: int = 0

    @property
    def n_features(self) -> int:
        """Number of features, after preparation."""
        return self.x_train.shape[1]

    @property
    def n_classes(self) -> int:
        """Number of classes; 0 for a regression."""
        return len(self.classes)

    @property
    def n_test(self) -> int:
        """Number of sealed test rows; asking does not open the seal."""
        return len(self._test[1])

    @property
    def image_shape(self) -> tuple[int, int, int] | None:
        """(height, width, channels) of an image; None where a row is a list of features."""
        if len(self.input_shape) < 2:
            return None
        height, width, channels = (*self.input_shape, 1)[:3]
        return height, width, channels

    @property
    def openings(self) -> int:
        """How often the test set was opened; 0 while it is sealed."""
        return self._openings

    @property
    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any row of any part does."""
        digest = hashlib.sha256()
        for part in (self.x_train, self.y_train, self.x_val, self.y_val, *self._test):
            digest.update(np.ascontiguousarray(part).tobytes())
        return digest.hexdigest()[:12]

    @property
    def date_columns(self) -> list[str]:
        """The columns of a table that were left out because they hold dates."""
        return list(self.columns.index[self.columns["why"] == DATES])

    @property
    def y_known(self) -> np.ndarray:
        """Labels or amounts of the training rows, then of the validation rows."""
        return np.concatenate([self.y_train, self.y_val])

    def split_groups(self) -> dict[str, tuple[int, int]]:
        """Return how many values of ``groups``, or of columns like it, stand on both sides."""
        frame = self._rest if isinstance(self._rest, pd.DataFrame) else pd.DataFrame()
        named = {str(n): v for n, v in frame.items() if names_groups(str(n), v)}
        if self.groups is not None:
            named = {"groups": pd.Series(self.groups)}
        sides = np.arange(len(self.row_numbers)) < len(self.y_train)
        found = {n: (len({*v[sides]} & {*v[~sides]}), v.nunique()) for n, v in named.items()}
        return {name: counts for name, counts in found.items() if counts[0]}

    def folds(self, folds: Any, seed: int = 0) -> list[Fold]:
        """Cut the training and validation rows into folds, each prepared by its own training rows.

        ``folds`` is their number, or any splitter of scikit-learn. By number, they are stratified
        by class or by quantile; groups stay together; rows with a time are validated on what comes
        later than what was trained on. ``seed`` decides which rows go where. Why:
        https://scikit-learn.org/stable/common_pitfalls.html#data-leakage.

        Examples
        --------
        >>> import hpotutor as ht
        >>> [len(fold.y_val) for fold in ht.load("iris").folds(3)]
        [40, 40, 40]
        """
        return [self.fold(*parts) for parts in self.fold_rows(folds, seed)]

    def fold_rows(self, folds: Any, seed: int = 0) -> list[tuple[np.ndarray, np.ndarray]]:
        """Return which rows train and validate in each fold; the training rows count first."""
        return fold_rows(folds, self._rest, self.y_known, self.task, seed, self.groups, self.timed)

    def fold(self, first: np.ndarray, second: np.ndarray) -> Fold:
        """Return rows to train and to validate on, by their numbers, prepared by the first."""
        y = self.y_known
        fitted = clone(self.transformer).fit(take(self._rest, first))
        x, x_val = (prepared(fitted, take(self._rest, part)) for part in (first, second))
        return Fold(x, y[first], x_val, y[second])

    def open_test(self, *, again: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Break the seal and return the prepared test rows, ``x_test`` and ``y_test``, once.

        A test score is an honest estimate only for a choice that was made without it. ``again``
        opens a broken seal once more.

        SealError: the seal was broken before and ``again`` is false.

        Examples
        --------
        >>> import hpotutor as ht
        >>> x_test, y_test = ht.load("iris").open_test()
        The seal of the iris test set (30 rows) is now broken. What you tune from here on needs \
new data.
        """
        if self._openings and not again:
            raise SealError(
                f"The test set of {self.name!r} was opened before. A choice that has seen it "
                "cannot be judged by it. To look again, knowing that, type "
                "data.open_test(again=True)."
            )
        self._openings += 1
        if self._openings == 1:
            said = f"The seal of the {self.name} test set ({self.n_test} rows) is now broken. "
            print(said + "What you tune from here on needs new data.")
        else:
            print(f"Opening number {self._openings} of this test set: report it as such.")
        return self._test

    def __getattr__(self, name: str) -> Any:
        """Say what to type for the rows that are no attributes, as they are sealed."""
        if name in ("x_test", "y_test"):
            raise AttributeError(
                f"The data have no attribute {name!r}: the test rows are sealed. Compare on "
                "x_val and y_val, and at the very end type x_test, y_test = data.open_test()."
            )
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def _contents(self) -> str:
        """What a row has and what is predicted, in a few words."""
        goal = "regression" if self.task == "regression" else f"{self.n_classes} classes"
        return f"{self.n_features} features, {goal}"

    @property
    def _remarks(self) -> list[str]:
        """What a reader should know that they did not ask for."""
        left_out = ", ".join(self.columns.index[self.columns["became"] == "left out"])
        told = f"left out: {left_out} (see data.columns)" if left_out else ""
        return [remark for remark in (told, self.note) if remark]

    def __repr__(self) -> str:
        parts = f"{len(self.y_train)} + {len(self.y_val)} + {self.n_test} rows"
        return f"Dataset({'; '.join([f'{self.name}: {parts}, {self._contents}', *self._remarks])})"

    def _repr_html_(self) -> str:
        rows = [
            ("train", len(self.y_train), "networks learn from these"),
            ("validation", len(self.y_val), "hyperparameters are chosen on these"),
            ("test", self.n_test, "sealed" if not self._openings else "seal broken"),
        ]
        body = "".join(f"<tr><td>{n}</td><td>{k:,}</td><td>{t}</td></tr>" for n, k, t in rows)
        remarks = "".join(f"<p>{remark}</p>" for remark in self._remarks)
        head = f"<caption>{self.name}: {self._contents}</caption>"
        return f"<table>{head}<tr><th>part</th><th>rows</th><th></th></tr>{body}</table>{remarks}"


def take(x: Any, rows: np.ndarray) -> Any:
    """Return some rows of a data frame or an array."""
    return x.iloc[rows] if isinstance(x, pd.DataFrame) else x[rows]


def prepared(fitted: Any, x: Any) -> np.ndarray:
    """Return rows as the networks take them."""
    return np.asarray(fitted.transform(x), dtype="float32")

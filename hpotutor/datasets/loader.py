"""Data sets for the lessons: scaled training and validation rows, and a sealed test set."""

import contextlib
import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn import datasets as sklearn_datasets
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from hpotutor._validation import check_seed
from hpotutor.datasets._validation import (
    check_labels,
    check_shares,
    from_arrays,
    from_frame,
    read_csv,
)
from hpotutor.errors import DataError, Problems, SealError

_TABULAR: dict[str, Callable[[], Any]] = {
    "iris": sklearn_datasets.load_iris,
    "wine": sklearn_datasets.load_wine,
    "breast_cancer": sklearn_datasets.load_breast_cancer,
}
NAMES = (*_TABULAR, "digits", "mnist")
_SCALES = ("auto", "standard", "minmax", None)


@dataclass(eq=False)
class Dataset:
    """Scaled rows to train and validate on, and a test set that is opened once.

    Parameters
    ----------
    name : str
        Where the rows came from.
    x_train, x_val : numpy.ndarray
        float32, shape (rows, features), scaled with what the training rows alone told.
    y_train, y_val : numpy.ndarray
        int64, shape (rows,), class numbers 0 to ``n_classes - 1``.
    classes : tuple
        The original label of each class number.
    feature_names : tuple of str
        A name for each column.
    image_shape : tuple of int or None
        (height, width, channels) when a row is a flattened image.
    scaler : object
        The fitted scikit-learn scaler, for rows that arrive later.
    seed : int
        What the split was drawn with.

    Examples
    --------
    >>> import hpotutor as ht
    >>> data = ht.load("iris")
    >>> data.x_train.shape, data.x_val.shape, data.n_classes
    ((90, 4), (30, 4), 3)
    """

    name: str
    x_train: np.ndarray
    y_train: np.ndarray
    x_val: np.ndarray
    y_val: np.ndarray
    classes: tuple
    feature_names: tuple[str, ...]
    image_shape: tuple[int, int, int] | None
    scaler: Any
    seed: int
    _test: tuple[np.ndarray, np.ndarray] = field(repr=False)
    _openings: int = field(default=0, repr=False)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return self.x_train.shape[1]

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return len(self.classes)

    @property
    def n_test(self) -> int:
        """Number of sealed test rows; asking does not open the seal."""
        return len(self._test[1])

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

    def open_test(self, *, again: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """Break the seal and return the test rows, once.

        A test score is an honest estimate only for a choice that was made without it. Every
        further look makes it a second validation set.

        Parameters
        ----------
        again : bool, default False
            Open a broken seal once more, knowing that.

        Returns
        -------
        x_test, y_test : numpy.ndarray
            Shaped and scaled like the training rows.

        Raises
        ------
        SealError
            The seal was broken before and ``again`` is false.

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
            print(
                f"The seal of the {self.name} test set ({self.n_test} rows) is now broken. "
                "What you tune from here on needs new data."
            )
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

    def __repr__(self) -> str:
        parts = f"{len(self.y_train)} + {len(self.y_val)} + {self.n_test} rows"
        return (
            f"Dataset({self.name}: {parts}, {self.n_features} features, {self.n_classes} classes)"
        )

    def _repr_html_(self) -> str:
        rows = [
            ("train", len(self.y_train), "networks learn from these"),
            ("validation", len(self.y_val), "hyperparameters are chosen on these"),
            ("test", self.n_test, "sealed" if not self._openings else "seal broken"),
        ]
        body = "".join(f"<tr><td>{n}</td><td>{k:,}</td><td>{t}</td></tr>" for n, k, t in rows)
        return (
            f"<table><caption>{self.name}: {self.n_features} features, {self.n_classes} classes"
            f"</caption><tr><th>part</th><th>rows</th><th></th></tr>{body}</table>"
        )


def load(
    source: str | os.PathLike | pd.DataFrame | tuple,
    *,
    target: str | None = None,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    scale: str | None = "auto",
) -> Dataset:
    """Load a data set by name, from a CSV file, a data frame or a pair of arrays.

    Rows are split into train, validation and test parts, stratified by class. The scaler sees
    the training rows only.

    Parameters
    ----------
    source : str, path, pandas.DataFrame or (x, y)
        ``"iris"``, ``"wine"``, ``"breast_cancer"``, ``"digits"``, ``"mnist"``; a path that ends
        in ``.csv``; a data frame with a target column; or features and labels.
    target : str, optional
        The column to predict; needed for a CSV file or a data frame.
    validation, test : float, default 0.2
        Shares of all rows, between 0 and 1.
    seed : int, default 0
        Decides which rows go where.
    scale : {"auto", "standard", "minmax", None}
        ``"standard"`` gives each column mean 0 and standard deviation 1, ``"minmax"`` maps it to
        0 … 1, ``None`` leaves it. ``"auto"`` divides image pixels by their largest value and
        standardizes everything else.

    Returns
    -------
    Dataset

    Raises
    ------
    ArgumentError
        An argument is not allowed; all of them are named at once.
    DataError
        The rows cannot be used: missing or non-numeric values, one class, too few rows.

    Notes
    -----
    The built-in sets ship with scikit-learn
    (https://scikit-learn.org/stable/datasets/toy_dataset.html). ``"mnist"`` comes through
    Keras's own loader and needs a network the first time.

    Examples
    --------
    >>> import hpotutor as ht
    >>> ht.load("digits").image_shape
    (8, 8, 1)
    """
    problems = Problems("load")
    check_shares(problems, validation, test)
    check_seed(problems, seed)
    if scale not in _SCALES:
        problems.choice("scale", scale, _SCALES)
    is_csv = isinstance(source, os.PathLike) or str(source).lower().endswith(".csv")
    if isinstance(source, str) and not is_csv and source not in NAMES:
        problems.choice("source", source, NAMES)
    if not isinstance(source, str | os.PathLike | pd.DataFrame | tuple):
        problems.add(
            "source", source, "a name, a .csv path, a data frame or (x, y)", 'ht.load("digits")'
        )
    has_columns = is_csv or isinstance(source, pd.DataFrame)
    if target is not None and not has_columns:
        problems.say(
            f"target={target!r} names a column of a CSV file or a data frame. Leave it out here: "
            "the labels are known."
        )
    problems.raise_if_any()

    if isinstance(source, tuple):
        name, x, y, columns, shape = "arrays", *from_arrays(source), None
    elif isinstance(source, pd.DataFrame):
        name, x, y, columns, shape = "frame", *from_frame(source, target), None
    elif is_csv:
        frame = read_csv(source)
        name, x, y, columns, shape = Path(source).stem, *from_frame(frame, target), None
    else:
        name = str(source)
        x, y, columns, shape = _built_in(name)
    classes, numbers = check_labels(name, y, validation, test)
    return _split(name, x, numbers, classes, columns, shape, validation, test, seed, scale)


def _built_in(name: str) -> tuple:
    if name == "mnist":
        return _mnist()
    if name == "digits":
        bunch = sklearn_datasets.load_digits()
        return bunch.data, bunch.target, tuple(bunch.feature_names), (8, 8, 1)
    bunch = _TABULAR[name]()
    columns = tuple(str(column) for column in bunch.feature_names)
    return bunch.data, np.asarray(bunch.target_names)[bunch.target], columns, None


def _mnist() -> tuple:
    from hpotutor._tensorflow import keras

    try:
        with contextlib.redirect_stdout(io.StringIO()):  # Keras announces the download's address
            (x_a, y_a), (x_b, y_b) = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises whatever its downloader raised
        raise DataError(
            "MNIST could not be downloaded and no copy is cached on this machine "
            f"({type(error).__name__}). Type ht.load('digits') for a small image set that "
            "needs no download."
        ) from error
    x = np.concatenate([x_a, x_b]).reshape(-1, 28 * 28)
    columns = tuple(f"pixel_{row}_{col}" for row in range(28) for col in range(28))
    return x, np.concatenate([y_a, y_b]), columns, (28, 28, 1)


def _divide(x: np.ndarray, by: float) -> np.ndarray:
    return x / by


def _scaler(scale: str | None, x_train: np.ndarray, shape: tuple | None) -> Any:
    if scale == "auto" and shape is not None:
        # One factor for the whole picture: scaling each pixel by itself would blow up the noise
        # of the ones that are nearly always dark.
        return FunctionTransformer(_divide, kw_args={"by": float(np.abs(x_train).max()) or 1.0})
    if scale == "minmax":
        return MinMaxScaler()
    return StandardScaler() if scale in ("auto", "standard") else FunctionTransformer()


def _split(name, x, y, classes, columns, shape, validation, test, seed, scale) -> Dataset:
    rest_x, x_test, rest_y, y_test = train_test_split(
        x, y, test_size=test, stratify=y, random_state=seed
    )
    x_train, x_val, y_train, y_val = train_test_split(
        rest_x,
        rest_y,
        test_size=validation / (1 - test),
        stratify=rest_y,
        random_state=seed,
    )
    scaler = _scaler(scale, x_train, shape).fit(x_train)
    raw = (x_train, x_val, x_test)
    parts = [np.asarray(scaler.transform(part), dtype="float32") for part in raw]
    return Dataset(
        name=name,
        x_train=parts[0],
        y_train=y_train.astype("int64"),
        x_val=parts[1],
        y_val=y_val.astype("int64"),
        classes=classes,
        feature_names=columns,
        image_shape=shape,
        scaler=scaler,
        seed=int(seed),
        _test=(parts[2], y_test.astype("int64")),
    )

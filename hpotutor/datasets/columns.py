"""What becomes of each column: a number, a category, or left out, and the transformer for it.

The transformer is made of scikit-learn's own parts and is not fitted here: whoever trains fits it
on the rows that are trained on, so that nothing else tells it anything.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, StandardScaler

from hpotutor.errors import DataError, Problems

RARE = 0.01  # a category of fewer training rows, as a share, joins the other rare ones
MOST_CATEGORIES = 50  # columns that one category may become
_FEWEST = 10  # rows from which on a column can be said to count or name them
_MONTH = (
    r"(jan(uary)?|feb(ruary)?|mar(ch)?|apr(il)?|may|june?|july?|aug(ust)?|sept?(ember)?|"
    r"oct(ober)?|nov(ember)?|dec(ember)?)"
)
_DATE = re.compile(
    r"(?i)\s*(\d{4}[-/.]\d{1,2}([-/.]\d{1,2})?(\D.*)?"
    r"|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})(\D.*)?|\d{1,2}:\d{2}(:.*)?|\d{4}-?q[1-4]"
    rf"|(?=.*\d)(.*[\W\d_])?{_MONTH}([\W\d_].*)?)"
)
_LOOKS_LIKE_A_NAME = re.compile(
    r"((?i:.*[_ .-])?(?i:id|uuid|index|row|nr|no|key))|.*[a-z](ID|Id|Nr|No|Key)|(?i:unnamed.*)"
)
_NAMES_A_GROUP = re.compile(
    r"(?i)(.*[_ .-])?(patient|subject|participant|person|customer|client|user|household|family|"
    r"animal|student|school|hospital|session|device|machine)([_ .-].*)?"
)
DATES = "dates; derive numbers from them, such as the month or days since"
_NO_VALUE = ("", "?")  # of any text; those below of numbers written as text
_NO_NUMBER = (*_NO_VALUE, "-", "--", ".", "*", "na", "n/a", "nan", "null", "none", "unknown")
_SIGNS = re.compile(r"(?=.*[^\w\s.'-])[^\w\s]?\s*[-+]?\d[\d.,' ]*\s*[^\w\s]?")  # 1,234 12% $3.50
_TOO_LARGE = 1e38  # for float32
_SCALERS = {"auto": StandardScaler, "standard": StandardScaler, "minmax": MinMaxScaler}
_NO_CELL = (list, tuple, dict, set, np.ndarray, complex)


class Column(NamedTuple):
    """What a column became, and why."""

    name: str
    became: str
    why: str = ""


class Whole(TransformerMixin, BaseEstimator):
    """Scale images and sequences as a whole, not the noise of pixels that are nearly always dark.

    Each of so many ``channels`` to mean 0 and deviation 1; with 0, divide by the largest value.
    """

    def __init__(self, channels: int = 0) -> None:
        self.channels = channels

    def fit(self, x: np.ndarray, y: object = None) -> Whole:
        """Learn the scale from flat training rows."""
        if self.channels:
            values = x.reshape(-1, self.channels)
            deviation = values.std(axis=0)
            self.shift_, self.by_ = values.mean(axis=0), np.where(deviation > 0, deviation, 1.0)
        else:
            self.by_ = np.asarray(np.abs(x).max() or 1.0)
        return self

    def transform(self, x: np.ndarray) -> np.ndarray:
        """Return rows on that scale."""
        if not self.channels:
            return x / self.by_
        values = x.reshape(-1, self.channels)
        return ((values - self.shift_) / self.by_).reshape(x.shape)


def array_transformer(scale: str | None, x: np.ndarray, shape: tuple[int, ...]) -> Any:
    """Return the unfitted transformer of flat images or sequences of a shape."""
    if scale == "auto":
        signals = x.dtype.kind == "f" and bool((x < 0).any())
        return Whole(channels=shape[-1] if signals else 0)
    return _SCALERS[scale]() if scale else FunctionTransformer()


def describe(x: pd.DataFrame, y: np.ndarray, keep: Sequence[str]) -> list[Column]:
    """Return what becomes of each column; those to keep stay in whatever they look like."""
    problems = Problems("load")
    columns = [_column(name, x[name], y, name in keep, problems) for name in map(str, x.columns)]
    problems.raise_if_any(DataError)
    if all(column.became == "left out" for column in columns):
        reasons = "; ".join(f"{column.name}: {column.why}" for column in columns)
        raise DataError(f"load: no column is left to learn from. {reasons}. Give another.")
    return columns


def _column(name: str, values: pd.Series, y: np.ndarray, kept: bool, problems: Problems) -> Column:
    there = values.dropna()
    if not len(there):
        return Column(name, "left out", "it has no values")
    plain = there.dtype != object and not pd.api.types.is_complex_dtype(there)
    odd = [] if plain else [value for value in there if isinstance(value, _NO_CELL)]
    if odd:
        kind = "complex number" if isinstance(odd[0], complex) else type(odd[0]).__name__
        problems.say(
            f"column {name!r} holds {kind}s (for instance {odd[0]!r}). "
            "Make a column of numbers or words of it, or drop it."
        )
        return Column(name, "left out")
    if _is_date(there):
        if kept:
            problems.say(f"keep={[name]!r}: {name} holds {DATES}.")
        return Column(name, "left out", DATES)
    numbers = as_numbers(values)
    if numbers is not None and (numbers.abs() > _TOO_LARGE).any():
        problems.say(
            f"column {name!r} has infinite values, or some above {_TOO_LARGE:g}. Make them gaps, "
            f"which are filled: frame[{name!r}].where(frame[{name!r}].abs() < {_TOO_LARGE:g})."
        )
    why = "" if kept else _why_not(name, values, y, numbers)
    signs = ""
    if numbers is None and there.map(lambda value: bool(_SIGNS.fullmatch(str(value)))).all():
        signs = f"numbers with signs, such as {there.iloc[0]!r}; without these they have an order"
    if why:
        return Column(name, "left out", signs or f"{why}; keep=[{name!r}] keeps it")
    gaps = int(values.isna().sum())
    filled = f"{gaps} gaps, filled and marked" if gaps else signs
    if pd.api.types.is_bool_dtype(values):
        return Column(name, "yes or no", filled)
    return Column(name, "category" if numbers is None else "number", filled)


def _why_not(name: str, values: pd.Series, y: np.ndarray, numbers: pd.Series | None) -> str:
    """Return why a column should be left out; an empty string if it should not."""
    distinct = values.nunique(dropna=False)
    if distinct == 1:
        return "constant"
    if _repeats(values, y, numbers):
        return "repeats the target"
    if values.isna().any() and _repeats(values.isna(), y, None):
        return "its gaps repeat the target"
    if len(values) < _FEWEST or values.isna().any() or distinct < len(values):
        share = distinct / len(values)
        return "names the rows" if numbers is None and share > 0.9 and distinct > _FEWEST else ""
    if numbers is None:
        return "names the rows"
    steps = np.diff(numbers)
    rises = (steps > 0).all() or (steps < 0).all()
    counts = rises or numbers.max() - numbers.min() == len(numbers) - 1
    whole = (numbers == np.round(numbers)).all()
    if whole and counts:
        return "counts the rows"
    return "names the rows" if whole and _LOOKS_LIKE_A_NAME.fullmatch(name) else ""


def _repeats(values: pd.Series, y: np.ndarray, numbers: pd.Series | None) -> bool:
    """Whether a column and the target tell each other, value by value, where there is one."""
    there = values.notna().to_numpy()
    if there.sum() < _FEWEST and not there.all():
        return False
    ours, theirs = (pd.factorize(part[there])[0] for part in (values, pd.Series(y)))
    count = ours.max() + 1
    if count != theirs.max() + 1 or (count == 1 and not there.all()):
        return False
    pairs = len(np.unique(np.stack([ours, theirs]), axis=1).T)
    # Two unique columns always tell each other; then what rises or falls with it repeats it.
    if pairs != count or count < there.sum():
        return pairs == count
    if numbers is None or np.asarray(y).dtype.kind not in "fiu" or count < _FEWEST:
        return False
    steps = np.diff(numbers.to_numpy()[there][np.argsort(y[there])])
    return bool((steps > 0).all() or (steps < 0).all())


def _is_date(there: pd.Series) -> bool:
    if there.dtype.kind in "mM" or isinstance(there.dtype, pd.DatetimeTZDtype | pd.PeriodDtype):
        return True
    if pd.api.types.is_numeric_dtype(there):
        return False
    return bool(there.head(200).map(lambda value: bool(_DATE.fullmatch(str(value)))).all())


def without_blanks(x: pd.DataFrame) -> pd.DataFrame:
    """Return a table with gaps for empty texts and "?"; among numbers also for such as "n/a"."""

    def blanked(values: pd.Series) -> pd.Series:
        texts = values.map(lambda value: value.strip().lower() if isinstance(value, str) else value)
        number = pd.to_numeric(texts, errors="coerce").notna() | texts.isna()
        rest = texts[~number]
        almost = len(rest) < len(texts) - texts.isna().sum() and rest.isin(_NO_NUMBER).all()
        gap = texts.isin(_NO_NUMBER if almost else _NO_VALUE)
        return values.mask(gap) if gap.any() else values

    words = [name for name in x if x[name].dtype == object or pd.api.types.is_string_dtype(x[name])]
    return x.assign(**{name: blanked(x[name]) for name in words})


def names_groups(name: str, values: pd.Series) -> bool:
    """Return whether a column looks like the names of what several rows each belong to."""
    named = _NAMES_A_GROUP.fullmatch(name) or _LOOKS_LIKE_A_NAME.fullmatch(name)
    numbers = as_numbers(values)
    measured = numbers is not None and bool((numbers.dropna() % 1 != 0).any())  # as a mass index is
    return bool(named) and not measured and _FEWEST <= values.nunique() <= len(values) / 2


def as_numbers(values: pd.Series) -> pd.Series | None:
    """Return a column as numbers, gaps as NaN; None if it holds anything else."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return None
    try:
        return pd.to_numeric(values).astype(float)
    except (TypeError, ValueError):
        return None


def to_floats(frame: pd.DataFrame) -> pd.DataFrame:
    """Return columns of numbers, also those written as text, as floats; what is none is a gap."""
    return frame.apply(lambda values: pd.to_numeric(values, errors="coerce").astype(float))


def to_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """Return columns as text, gaps as NaN."""
    return frame.astype(object).map(lambda value: np.nan if pd.isna(value) else str(value))


def to_gaps(frame: pd.DataFrame) -> pd.DataFrame:
    """Return 1 where a column has a gap, else 0."""
    return frame.isna().astype(float)


def name_gaps(transformer: object, names: Sequence[str]) -> list[str]:
    """Return what the columns that mark the gaps are called."""
    return [f"missingindicator_{name}" for name in names]


def frame_transformer(x: pd.DataFrame, columns: Sequence[Column], scale: str | None) -> Any:
    """Return the unfitted transformer of a table, from what its columns are."""
    numbers = [column.name for column in columns if column.became in ("number", "yes or no")]
    words = [column.name for column in columns if column.became == "category"]
    gaps = [name for name in (*numbers, *words) if x[name].isna().any()]
    floats = FunctionTransformer(to_floats, feature_names_out="one-to-one")
    texts = FunctionTransformer(to_texts, feature_names_out="one-to-one")
    middle = SimpleImputer(strategy="median", keep_empty_features=True)
    scaler = [_SCALERS[scale]()] if scale else []
    fill = SimpleImputer(strategy="most_frequent", keep_empty_features=True)
    rare: Any = {"min_frequency": RARE, "max_categories": MOST_CATEGORIES}
    encoder = OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False, **rare)
    steps = [  # scikit-learn passes over one that has no columns
        ("numbers", make_pipeline(floats, middle, *scaler), numbers),
        ("categories", make_pipeline(texts, fill, encoder), words),
        ("gaps", FunctionTransformer(to_gaps, feature_names_out=name_gaps), gaps),
    ]
    return ColumnTransformer(steps, verbose_feature_names_out=False)

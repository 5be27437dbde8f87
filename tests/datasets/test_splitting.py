"""Groups stay together, time runs forward, folds are what scikit-learn cuts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import RepeatedStratifiedKFold, TimeSeriesSplit

import hpotutor as ht
from hpotutor.datasets.splitting import fold_rows
from hpotutor.errors import DataError
from tests.messages import refused

RNG = np.random.default_rng(0)
COUNT = 240


@pytest.fixture
def visits() -> pd.DataFrame:
    """Return rows of 40 patients, whose number is also their measurement."""
    patient = RNG.integers(0, 40, COUNT)
    return pd.DataFrame(
        {
            "who": patient,
            "measured": patient + RNG.normal(size=COUNT) / 100,
            "day": pd.Timestamp("2026-01-01") + pd.to_timedelta(RNG.permutation(COUNT), "D"),
            "ill": patient % 2,
        }
    )


def people(x: np.ndarray, data: ht.Dataset) -> set[int]:
    """Return whose rows these are."""
    column = list(data.feature_names).index("measured")
    scale = data.preparation.named_transformers_["numbers"][-1]
    values = x[:, column] * scale.scale_[column] + scale.mean_[column]
    return set(np.round(values).astype(int).tolist())


@pytest.mark.parametrize("target", ["ill", "day of stay"])
def test_no_group_is_in_two_parts(visits, target):
    visits["day of stay"] = RNG.normal(size=COUNT)
    table = visits[["who", "measured", target]]
    data = ht.load(table, target=target, groups="who")
    parts = [people(x, data) for x in (data.x_train, data.x_val, data.open_test()[0])]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])
    assert set().union(*parts) == set(visits["who"])
    assert "who" not in data.feature_names
    assert 0.1 < len(data.y_val) / COUNT < 0.3


def test_no_group_is_in_both_sides_of_a_fold(visits):
    data = ht.load(visits[["who", "measured", "ill"]], target="ill", groups="who")
    for fold in data.folds(4):
        assert len(fold.y) + len(fold.y_val) == len(data.y_train) + len(data.y_val)
    y = np.concatenate([data.y_train, data.y_val])
    for first, second in fold_rows(4, y, y, data.task, 0, data.groups):
        assert not set(data.groups[first]) & set(data.groups[second])


def test_folds_by_group_have_their_share_of_each_class():
    """Whole groups have one class: dealt out in their order, each fold would have one class too."""
    groups = np.repeat(np.arange(40), 3)
    ill = groups % 2
    cut = fold_rows(4, ill, ill, "classification", 0, groups)
    assert [ill[judged].mean() for _, judged in cut] == pytest.approx([0.5] * 4, abs=0.11)
    amounts = fold_rows(4, ill, groups + 0.5, "regression", 0, groups)
    assert [len(judged) for _, judged in amounts] == [30] * 4


FORMATS = ["%d %B %Y", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%Y%m%d", "%Y-%m-%dT%H:%M+0200"]


@pytest.mark.parametrize("text", [None, "period", "zone", *FORMATS])
def test_time_runs_forward(visits, text):
    days = (visits["day"] - visits["day"].min()).dt.days
    table = pd.DataFrame({"day": visits["day"], "measured": days + 0.5, "ill": visits["ill"]})
    if text == "period":
        table["day"] = table["day"].dt.to_period("D")
    elif text == "zone":  # summer time changes how far the texts are from UTC
        table["day"] = table["day"].dt.tz_localize("Europe/Rome").astype(str)
    elif text:
        table["day"] = table["day"].dt.strftime(text)
    data = ht.load(table, target="ill", time="day", scale=None)
    test = data.open_test()[0]
    assert data.x_train.max() < data.x_val.min() and data.x_val.max() < test.min()
    assert (len(data.y_train), len(data.y_val), len(test)) == (144, 48, 48)
    for fold in data.folds(3):
        assert fold.x.max() < fold.x_val.min()


def test_rows_of_one_moment_stay_together(visits):
    table = visits[["measured", "ill"]].assign(year=np.sort(RNG.integers(2000, 2010, COUNT)))
    data = ht.load(table.assign(copy=table["year"] + 0.5), target="ill", time="year", scale=None)
    column = list(data.feature_names).index("copy")
    years = [set(x[:, column]) for x in (data.x_train, data.x_val, data.open_test()[0])]
    assert not (years[0] & years[1] or years[1] & years[2])


def test_folds_take_any_splitter():
    data = ht.load("iris")
    assert len(data.folds(RepeatedStratifiedKFold(n_splits=3, n_repeats=2, random_state=0))) == 6
    sizes = [len(fold.y) for fold in data.folds(TimeSeriesSplit(4))]
    assert sizes == sorted(sizes)


def test_folds_are_the_same_for_a_seed():
    data = ht.load("wine")
    first, again, other = data.folds(3, seed=0), data.folds(3, seed=0), data.folds(3, seed=1)
    assert all(np.array_equal(a.x_val, b.x_val) for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0].y_val, other[0].y_val)


def test_arrays_take_groups_and_time_by_row():
    x, y = RNG.normal(size=(90, 2)), np.arange(90) % 3
    by_group = ht.load((x, y), groups=np.repeat(np.arange(15), 6))
    assert len(set(by_group.groups)) <= 12
    by_time = ht.load((x, y), time=np.arange(90)[::-1])
    assert np.array_equal(by_time.open_test()[1], y[:18][::-1])


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (["soon", "later"] * 30, "'soon', which cannot be read as a date"),
        ([f"{1 + n % 12:02d}/{1 + n // 12:02d}/2026" for n in range(60)], "the day first"),
        (["13/01/2026", "01/13/2026"] * 30, "the day first or the month"),
        (["2026-01-01", None] * 30, "30 rows have no time"),
        (["2026-01-01", "2026-01-02"] * 30, "the same time"),
        ([[1]] * 60, "cannot be put in order"),
    ],
)
def test_times_that_have_no_order_are_refused(time, message):
    table = pd.DataFrame({"x": RNG.normal(size=60), "when": time, "y": np.arange(60) % 2})
    with refused(message, error=DataError):
        ht.load(table, target="y", time="when")


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ([None, "a", "b", "c", "d"] * 12, "12 rows have no group"),
        ([0] * 45 + list(range(15)), "the group '0' has 77% of the rows"),
        ([0, 1] * 30, "groups has [12] different values. Give three or more"),
        ([[1]] * 60, "groups has [12] different values. Give three or more"),
        (np.arange(5), r"groups has shape \(5,\); give groups one entry a row, in shape \(60,\)"),
    ],
)
def test_groups_that_cannot_be_dealt_out_are_refused(groups, message):
    table = pd.DataFrame({"x": RNG.normal(size=60), "y": np.arange(60) % 2})
    with refused(message, error=DataError):
        ht.load(table, target="y", groups=groups if len(groups) < 60 else pd.Series(groups))


@pytest.mark.parametrize("folds", [1, "three", 60])
def test_folds_that_cannot_be_cut_are_refused(folds):
    with refused(f"folds={folds!r}"):
        ht.load("iris").folds(folds)

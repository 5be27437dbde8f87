"""What a data set tells of itself: its parts, its shape, its folds, its seal."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold, KFold
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import hpotutor as ht
from hpotutor.datasets.columns import Whole, array_transformer, describe, names_groups
from hpotutor.datasets.splitting import is_splitter, moments, split, strata
from hpotutor.errors import DataError
from tests.messages import refused

RNG = np.random.default_rng(0)


def pictures(*shape, rows=60):
    return ht.load((RNG.integers(0, 255, (rows, *shape)), np.arange(rows) % 2))


# ── what it tells ────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("shape", "image", "last"),
    [
        ((4,), None, None),
        ((8, 6), (8, 6, 1), "pixel_7_5"),
        ((8, 6, 1), (8, 6, 1), "pixel_7_5"),
        ((8, 6, 2), (8, 6, 2), "pixel_7_5_1"),
        ((8, 6, 3), (8, 6, 3), "pixel_7_5_2"),
    ],
)
def test_shapes_and_names_of_images(shape, image, last):
    data = pictures(*shape)
    assert data.image_shape == image and data.n_features == np.prod(shape)
    if last:
        names = data.feature_names
        assert names[-1] == last and len(set(names)) == data.n_features


@pytest.mark.parametrize(
    ("shape", "doubted"),
    [((3, 8, 8), True), ((4, 8, 5), True), ((5, 8, 8), False), ((3, 8, 4), False), ((3, 9), False)],
)
def test_channels_that_may_come_first(shape, doubted):
    assert ("moveaxis" in pictures(*shape).note) is doubted


def test_a_fingerprint_is_of_every_part():
    x, y = RNG.normal(size=(60, 3)), np.arange(60) % 2
    before = ht.load((x, y), scale=None)
    assert len(before.fingerprint) == 12 and int(before.fingerprint, 16) >= 0
    for row in (0, 30, 59):
        changed = x.copy()
        changed[row, 2] += 1
        assert ht.load((changed, y), scale=None).fingerprint != before.fingerprint
    parts = (before.x_train, before.y_train, before.x_val, before.y_val, *before._test)
    for part in parts:
        kept = part.copy()
        part[-1] += 1
        assert before.fingerprint != ht.load((x, y), scale=None).fingerprint
        part[...] = kept


def test_the_page_has_the_rows_of_each_part(capsys):
    data = ht.load("iris")
    page = data._repr_html_()
    for row in ("train</td><td>90<", "validation</td><td>30<", "test</td><td>30</td><td>sealed<"):
        assert f"<td>{row}" in page
    assert "<caption>iris: 4 features, 3 classes</caption>" in page and "<p>" not in page
    assert repr(data) == "Dataset(iris: 90 + 30 + 30 rows, 4 features, 3 classes)"
    assert data.openings == 0
    data.open_test()
    assert "seal broken" in data._repr_html_() and data.openings == 1
    capsys.readouterr()
    for number in (2, 3):
        data.open_test(again=True)
        told = capsys.readouterr().out
        assert told == f"Opening number {number} of this test set: report it as such.\n"
    with pytest.raises(AttributeError, match="the test rows are sealed"):
        _ = data.x_test
    with pytest.raises(AttributeError, match="no attribute 'x_tset'"):
        _ = data.x_tset


def test_remarks_are_said_where_there_are_any():
    table = pd.DataFrame({"a": RNG.normal(size=60), "same": 1, "grade": np.arange(60) % 6})
    data = ht.load(table, target="grade")
    assert "; left out: same (see data.columns); 6 whole numbers" in repr(data)
    assert data._repr_html_().count("<p>") == 2


# ── groups on both sides ─────────────────────────────────────────────────────────────────────
def test_values_on_both_sides_are_counted():
    table = pd.DataFrame({"x": RNG.normal(size=120), "y": np.arange(120) % 2})
    table["patient"] = np.arange(120) // 3
    data = ht.load(table, target="y")
    who = table["patient"].to_numpy()[data.row_numbers]
    train, val = set(who[: len(data.y_train)]), set(who[len(data.y_train) :])
    assert data.split_groups() == {"patient": (len(train & val), len(train | val))}
    assert len(train & val) > 0
    assert ht.load(table, target="y", groups="patient").split_groups() == {}


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("patient", np.arange(100) % 10, True),
        ("patient", np.arange(100) % 9, False),
        ("patient", np.arange(100) % 50, True),
        ("patient", np.arange(100) % 51, False),
        ("patient", np.arange(100) % 20 + 0.5, False),
        ("patient", np.r_[np.nan, np.arange(99) % 20], True),
        ("weight", np.arange(100) % 20, False),
        ("row_id", np.arange(100) % 20, True),
        ("patient", np.array([f"p{n % 20}" for n in range(100)]), True),
    ],
)
def test_what_looks_like_names_of_groups(name, values, told):
    assert names_groups(name, pd.Series(values)) is told


# ── columns at their boundaries ──────────────────────────────────────────────────────────────
def became(values, y=None, name="column", keep=()):
    """Return what becomes of a column beside a plain one."""
    values = pd.Series(values)
    y = np.arange(len(values)) % 2 if y is None else np.asarray(y)
    plain = np.random.default_rng(1).normal(size=len(values))
    found = describe(pd.DataFrame({"plain": plain, name: values}), y, keep)
    return found[1].became, found[1].why.partition(";")[0]


def test_ten_rows_are_the_fewest_that_can_be_counted():
    assert became(np.arange(10)) == ("left out", "counts the rows")
    assert became(np.arange(9)) == ("number", "")
    assert became(np.arange(10)[::-1]) == ("left out", "counts the rows")
    assert became(np.arange(10) * 3) == ("left out", "counts the rows")
    assert became(np.arange(10) + 0.5) == ("number", "")
    assert became(np.r_[np.arange(9), 8]) == ("number", "")
    mixed = np.random.default_rng(0).permutation(20)
    assert became(mixed) == ("left out", "counts the rows")
    assert became(mixed * 2) == ("number", "")
    assert became(mixed * 2, name="row_id") == ("left out", "names the rows")
    assert became(mixed * 2 + 0.5, name="row_id") == ("number", "")
    assert became(mixed + 100) == ("left out", "counts the rows")
    for once in (np.r_[np.arange(9), 20], np.r_[np.arange(9), 20][::-1]):  # after a row was dropped
        assert became(once) == ("left out", "counts the rows")


def test_texts_name_the_rows_where_nearly_every_one_differs():
    words = [f"w{n}" for n in range(20)]
    assert became(words) == ("left out", "names the rows")
    assert became([*words[:18], "w0", "w1"]) == ("category", "")  # nine tenths differ
    assert became([*words[:19], "w0"]) == ("left out", "names the rows")
    assert became([*words[:9], None]) == ("category", "1 gaps, filled and marked")
    assert became([*words[:19], None]) == ("left out", "names the rows")


def test_a_finer_column_than_the_target_does_not_repeat_it():
    city = np.array(["Rome", "Oslo", "Bern"] * 20)
    assert became(city, y=(city == "Bern").astype(int)) == ("category", "")
    assert became(city, y=np.array([{"Rome": 3, "Oslo": 1, "Bern": 2}[c] for c in city])) == (
        "left out",
        "repeats the target",
    )


def test_one_value_with_gaps_repeats_nothing():
    y = np.arange(60) % 2
    some = pd.Series(np.where((y == 1) & (np.arange(60) < 40), 7.0, np.nan))
    assert became(some, y=y)[0] == "number"
    assert became(pd.Series(np.where(y == 1, 7.0, np.nan)), y=y) == (
        "left out",
        "its gaps repeat the target",
    )


def test_ten_values_are_the_fewest_that_repeat_the_target_despite_gaps():
    y = np.arange(60) % 2
    for count, left_out in ((9, False), (10, True)):
        values = pd.Series(np.where(np.arange(60) < count, y + 3.0, np.nan))
        assert (became(values, y=y)[0] == "left out") is left_out


def test_what_rises_or_falls_with_amounts_repeats_them():
    y = np.random.default_rng(3).lognormal(size=40)
    assert became(np.log(y), y=y) == ("left out", "repeats the target")
    assert became(-(y**2), y=y) == ("left out", "repeats the target")
    assert became(y + np.random.default_rng(4).normal(size=40), y=y)[0] == "number"
    assert became(np.log(y), y=y, keep=["column"])[0] == "number"
    near = y + np.random.default_rng(4).normal(size=40) / 10  # no step of it is above 1
    assert became(near / near.max(), y=y)[0] == "number"
    assert became(np.log(y[:10]), y=y[:10]) == ("left out", "repeats the target")
    assert became(np.log(y[:9]), y=y[:9])[0] == "number"
    assert became([f"house {n}" for n in range(40)], y=y) == ("left out", "names the rows")


@pytest.mark.parametrize(
    "dates",
    [
        pd.to_timedelta(np.arange(60) % 7, "D"),
        pd.period_range("1960", periods=60, freq="Y"),
        pd.date_range("2026-01-01", periods=60, tz="Europe/Rome"),
        pd.date_range("2026-01-01", periods=60),
    ],
)
def test_times_and_durations_are_dates_whatever_their_type(dates):
    assert became(pd.Series(dates)) == ("left out", "dates")


def test_a_column_is_of_dates_by_its_first_two_hundred():
    days = pd.date_range("2026-01-01", periods=200).strftime("%Y-%m-%d").tolist()
    assert became([*days, "unknown", *days]) == ("left out", "dates")
    assert became([*days[:-1], "unknown", *days])[0] == "category"


def test_complex_numbers_are_no_cells():
    for kind in (complex, object):
        values = pd.Series(np.arange(20) + 1j).astype(kind)
        with refused("column 'column' holds complex numbers .for instance", error=DataError):
            became(values)


def test_numbers_beyond_float32_are_refused():
    fine = np.random.default_rng(0).normal(size=60)
    assert became(np.r_[fine[:-2], 1e38, -1e38])[0] == "number"
    for bad in (1.01e38, -1.01e38, np.inf, -np.inf):
        with refused("column 'column' has infinite values", error=DataError):
            became(np.r_[fine[:-1], bad])


def test_a_column_without_values_is_left_out():
    assert became([None] * 60) == ("left out", "it has no values")
    with refused("no column is left to learn from. a: constant", error=DataError):
        describe(pd.DataFrame({"a": [1] * 20}), np.arange(20) % 2, ())


def test_images_are_scaled_as_a_whole_and_signals_by_channel():
    dark = np.zeros((5, 4))
    assert (Whole().fit_transform(dark) == 0).all()
    assert Whole().fit_transform(np.array([[1.0, -4.0]])).tolist() == [[0.25, -1.0]]
    x = np.array([[1.0, 5.0, 3.0, 5.0]])  # two steps of two channels, of which one never changes
    assert Whole(2).fit_transform(x).tolist() == [[-1.0, 0.0, 1.0, 0.0]]
    assert Whole(2).fit(x).transform(x + 1).tolist() == [[0.0, 1.0, 2.0, 1.0]]
    assert Whole().fit(dark).transform(dark + 3).max() == 3, "rows that come later are brighter"
    shape = (2, 2)
    assert array_transformer("auto", x, shape).channels == 0
    assert array_transformer("auto", -x, shape).channels == 2
    assert array_transformer("auto", (-x).astype(int), shape).channels == 0
    assert array_transformer("auto", x * 0, shape).channels == 0, "nothing is below zero"
    assert array_transformer("auto", -x, (8, 5, 3)).channels == 3
    assert isinstance(array_transformer("minmax", x, shape), MinMaxScaler)
    assert isinstance(array_transformer("standard", x, shape), StandardScaler)
    assert array_transformer(None, x, shape).fit_transform(x) is x


# ── splits at their boundaries ───────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("rows", "each", "bins"), [(400, 10, 10), (99, 10, 9), (19, 10, 2), (100, 30, 3), (100, 3, 10)]
)
def test_amounts_are_cut_into_as_many_quantiles_as_the_rows_allow(rows, each, bins):
    y = np.random.default_rng(0).permutation(rows).astype(float)
    found = strata(y, "regression", each)
    assert len(np.unique(found)) == bins and np.ptp(np.bincount(found)) <= 1
    assert (np.diff(found[np.argsort(y)]) >= 0).all()
    assert strata(y, "classification") is y
    assert len(np.unique(strata(np.ones(40), "regression"))) == 4, "equal amounts too"


def test_moments_are_in_order_and_alike_for_what_comes_at_once():
    assert moments(np.array([30, 10, 20, 10])).tolist() == [2, 0, 1, 0]
    assert moments(np.array(["9", "10", "9"])).tolist() == [0, 1, 0]
    assert moments(np.array(["13/02/2026", "01/03/2026"])).tolist() == [0, 1]
    assert moments(np.array(["01.03.2026", "02.02.2026"])).tolist() == [1, 0]
    with refused("load: 2 rows have no time", error=DataError):
        moments(np.array([None, "2026-01-01", None], object))


def cut(time, validation=0.2, test=0.2):
    y = np.zeros(len(time))
    parts = split(y, "regression", validation, test, 0, time=np.asarray(time))
    return [np.asarray(time)[part].tolist() for part in parts]


def test_the_later_part_begins_where_the_time_changes():
    assert cut(range(10)) == [[0, 1, 2, 3, 4, 5], [6, 7], [8, 9]]
    assert cut([0, 1, 2, 3, 4, 5, 5, 6, 7, 8]) == [[0, 1, 2, 3, 4, 5, 5], [6], [7, 8]]
    assert cut([0, 1, 2, 3, 4, 5, 6, 7, 7, 8]) == [[0, 1, 2, 3, 4, 5], [6, 7, 7], [8]]
    assert cut([0, 0, *range(1, 9)], 0.5, 0.4) == [[0, 0], [1, 2, 3, 4], [5, 6, 7, 8]]
    assert cut(range(10), 0.3, 0.1) == [[0, 1, 2, 3, 4, 5], [6, 7, 8], [9]]
    with refused("too many rows have the same time", error=DataError):
        cut([0] * 8 + [1, 2])


def grouped(groups, validation=0.2, test=0.2, seed=0):
    groups = np.asarray(groups)
    y = np.arange(len(groups)) % 2
    return [
        groups[part] for part in split(y, "classification", validation, test, seed, groups=groups)
    ]


def test_a_group_may_fill_a_part_and_not_more():
    parts = grouped([0] * 60 + [1] * 20 + [2] * 20)
    assert [len(part) for part in parts] == [60, 20, 20]
    with refused(r"the group '0' has 62% .* \(training: 60%\)", error=DataError):
        grouped([0] * 62 + [1] * 19 + [2] * 19)
    for shares in ((0.5, 0.2), (0.2, 0.5)):
        large = grouped([0] * 50 + list(range(1, 51)), *shares)
        assert sum(len(set(part)) for part in large) == 51
        with refused("the group '0' has 51%", error=DataError):
            grouped([0] * 51 + list(range(1, 50)), *shares)
    with refused("groups has 2 different values", error=DataError):
        grouped([0] * 50 + [1] * 50)
    with refused("load: 3 rows have no group", error=DataError):
        grouped(np.array([None] * 3 + ["a", "b", "c"] * 9, object))


def test_parts_of_groups_have_about_their_shares_and_a_seed():
    groups = np.repeat(np.arange(40), 5)
    parts = grouped(groups, 0.3, 0.1)
    assert [len(part) for part in parts] == pytest.approx([120, 60, 20], abs=10)
    assert all((a == b).all() for a, b in zip(parts, grouped(groups, 0.3, 0.1), strict=True))
    assert set(grouped(groups, 0.3, 0.1, seed=1)[2]) != set(parts[2])


def test_parts_of_uneven_groups_are_near_their_shares_and_alike_in_classes():
    """Of each group all rows have the same class, and the groups have from 1 to 20 rows."""
    groups = np.repeat(np.arange(40), np.tile(np.arange(1, 21), 2))
    y = groups // 20
    for seed in range(3):
        parts = split(y, "classification", 0.2, 0.2, seed, groups=groups)
        assert [len(p) / len(y) for p in parts] == pytest.approx([0.6, 0.2, 0.2], abs=0.04)
        assert [y[p].mean() for p in parts] == pytest.approx([0.5] * 3, abs=0.12)


def test_a_class_that_few_groups_have_is_dealt_out_too():
    """The last of three classes is in three groups of thirty: some draws have no row of it."""
    groups = np.repeat(np.arange(30), 4)
    y = np.where(groups < 27, groups % 2, 2)
    parts = split(y, "classification", 0.2, 0.2, 0, groups=groups)
    assert sorted(np.concatenate(parts)) == list(range(120))


def test_shares_are_of_all_rows():
    for validation, test, sizes in ((0.3, 0.1, [60, 30, 10]), (0.1, 0.5, [40, 10, 50])):
        data = ht.load((RNG.normal(size=(100, 2)), np.arange(100) % 2),
                       validation=validation, test=test)  # fmt: skip
        assert [len(data.y_train), len(data.y_val), data.n_test] == sizes
    with refused("validation=0.4 and test=0.6 leave no rows to train on"):
        ht.load("iris", validation=0.4, test=0.6)


def test_folds_by_number_are_those_of_scikit_learn():
    x, y = RNG.normal(size=(90, 2)), np.arange(90) % 3
    for options, kind in (({}, "stratified"), ({"groups": np.repeat(np.arange(30), 3)}, "groups")):
        data = ht.load((x, y), **options)
        cuts = data.fold_rows(3)
        assert len(cuts) == 3 and sorted(np.concatenate([b for _, b in cuts])) == list(range(72))
        if kind == "groups":
            assert not any(set(data.groups[a]) & set(data.groups[b]) for a, b in cuts)
        else:
            assert all(np.ptp(np.bincount(data.y_known[b])) <= 1 for _, b in cuts)
    amounts = ht.load((x, x[:, 0]), groups=np.repeat(np.arange(30), 3))
    assert not any(set(amounts.groups[a]) & set(amounts.groups[b]) for a, b in amounts.fold_rows(4))
    assert len(ht.load((x, x[:, 0])).fold_rows(2)) == 2
    many = ht.load((RNG.normal(size=(200, 1)), RNG.normal(size=200))).fold_rows(20)
    assert [len(b) for _, b in many] == [8] * 20, "quantiles that each fold has its share of"
    for bad in (1, 0, 2.5, KFold, "3"):
        with refused("folds=.*a whole number from 2 up, or a splitter"):
            amounts.fold_rows(bad)
    assert is_splitter(KFold(3)) and not is_splitter(KFold) and not is_splitter(3)


class Halves:
    """A splitter that looks at what it is given."""

    def split(self, x, y, groups):
        self.seen = x, y, groups
        rows = np.arange(len(y))
        yield rows[::2], rows[1::2]

    def get_n_splits(self, *_):
        return 1


def test_a_splitter_is_given_rows_labels_and_groups():
    table = pd.DataFrame({"a": RNG.normal(size=60), "who": np.arange(60) // 3})
    data = ht.load(table.assign(y=np.arange(60) % 2), target="y", groups="who")
    halves = Halves()
    [fold] = data.folds(halves)
    x, y, groups = halves.seen
    assert x["a"].tolist() == table["a"][data.row_numbers].tolist()
    assert y.tolist() == (data.row_numbers % 2).tolist()
    assert groups.tolist() == (data.row_numbers // 3).tolist()
    assert fold.y_val.tolist() == y[1::2].tolist()
    for first, second in data.fold_rows(GroupKFold(3)):
        assert not set(groups[first]) & set(groups[second])


def test_the_seed_of_a_split_and_of_folds_is_zero_unless_given():
    data = ht.load("wine")
    assert (data.seed, data.fingerprint) == (0, ht.load("wine", seed=0).fingerprint)
    for call in (data.folds, data.fold_rows):
        plain, zero, other = call(3)[0][1], call(3, seed=0)[0][1], call(3, seed=1)[0][1]
        assert plain.tolist() == zero.tolist() != other.tolist()


# ── dates with the day or the month first ────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("dates", "order"),
    [
        (["13/01/2026", "02/03/2026", "01/02/2026"], [0, 2, 1]),  # a 13th month there is not
        (["01/13/2026", "02/03/2026", "03/02/2026"], [0, 1, 2]),
        (["01.13.2026", "02.03.2026", "03.02.2026"], [0, 1, 2]),  # dots, and yet the month is first
        (["13-01-26", "02-03-26", "01-02-26"], [0, 2, 1]),
        (["02.03.2026", "01.02.2026", "12.01.2026"], [2, 1, 0]),  # dots: the day is first
        (["2026-03-02", "2 March 2026", "2026-02-01"], [1, 1, 0]),
        (["10", "9", "11.5"], [1, 0, 2]),
    ],
)
def test_dates_are_read_by_what_some_row_decides(dates, order):
    assert moments(np.array(dates)).tolist() == order


@pytest.mark.parametrize(
    "dates",
    [
        ["12/01/2026", "02/03/2026"],  # 12 may be either
        ["01/12/2026", "02/03/2026"],
        ["02.03.2026", "01/02/2026"],  # dots are not all there is
        ["13/01/2026", "2026-02-03"],  # two ways to write a date
        ["02.03.2026", "2026-02-03"],
    ],
)
def test_dates_that_may_have_the_day_or_the_month_first_are_refused(dates):
    with refused(f"time has '{dates[0]}', which may have the day first", error=DataError):
        moments(np.array(dates))

"""What becomes of each column, and that preparation is told by the training rows alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from hpotutor.datasets.columns import without_blanks
from hpotutor.errors import DataError
from tests.messages import refused


@pytest.fixture
def shop() -> pd.DataFrame:
    """Return a table with a column of each kind."""
    rng = np.random.default_rng(0)
    count = 300
    table = pd.DataFrame(
        {
            "id": np.arange(count),
            "age": rng.integers(18, 80, count).astype(float),
            "income": rng.lognormal(10, 1, count),
            "city": rng.choice(["Rome", "Oslo", "Bern"], count, p=[0.6, 0.3, 0.1]),
            "member": rng.random(count) > 0.5,
            "since": pd.date_range("2020-01-01", periods=count).strftime("%Y-%m-%d"),
            "customer": [f"customer {n}" for n in range(count)],
            "country": "EU",
            "left": rng.choice(["yes", "no"], count),
        }
    )
    table["code"] = table["left"].map({"yes": 7, "no": 3})
    table.loc[:9, "city"] = [f"village {n}" for n in range(10)]
    table.loc[::7, "age"] = np.nan
    table.loc[::11, "city"] = None
    return table


def test_every_column_says_what_it_became(shop):
    columns = ht.load(shop, target="left").columns
    assert columns["became"].to_dict() == {
        "id": "left out",
        "age": "number",
        "income": "number",
        "city": "category",
        "member": "yes or no",
        "since": "left out",
        "customer": "left out",
        "country": "left out",
        "code": "left out",
    }
    why = columns["why"]
    assert why["id"] == "counts the rows; keep=['id'] keeps it"
    assert why["code"].startswith("repeats the target")
    assert why["country"].startswith("constant")
    assert why["customer"].startswith("names the rows")
    assert "month" in why["since"]
    assert why["age"] == "43 gaps, filled and marked"


def test_what_is_left_out_is_said_and_kept_when_asked_for(shop):
    assert "left out: id, since, customer, country, code" in repr(ht.load(shop, target="left"))
    assert ht.load(shop, target="left").date_columns == ["since"]
    kept = ht.load(shop, target="left", keep=["id", "code"])
    assert {"id", "code"} <= set(kept.feature_names)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("Unnamed: 0", np.arange(300)),
        ("nr", np.arange(300)[::-1] * 2),
        ("shuffled", np.random.default_rng(1).permutation(300) + 1000),
        ("from_text", [str(n) for n in range(300)]),
    ],
)
def test_whatever_counts_the_rows_is_left_out(shop, name, values):
    columns = ht.load(shop.assign(**{name: values}), target="left").columns
    assert columns.loc[name, "why"].startswith("counts the rows")


def test_a_measurement_is_not_taken_for_a_count(shop):
    rng = np.random.default_rng(2)
    table = shop.assign(height=rng.integers(0, 10**6, 300), year=rng.integers(1990, 2020, 300))
    became = ht.load(table, target="left").columns["became"]
    assert became["height"] == became["year"] == "number"


def test_a_multiple_of_an_amount_repeats_it(shop):
    table = shop.assign(price=shop["income"] * 2, cents=shop["income"] * 200)
    columns = ht.load(table, target="price").columns
    assert columns.loc["cents", "why"].startswith("repeats the target")


def test_rare_and_unseen_values_do_no_harm(shop):
    data = ht.load(shop, target="left")
    assert "city_infrequent_sklearn" in data.feature_names
    new = shop.drop(columns="left").head(1).assign(city="Atlantis")
    row = pd.Series(data.preparation.transform(new)[0], index=data.feature_names)
    assert row["city_infrequent_sklearn"] == 1 and row["city_Rome"] == 0


def test_gaps_that_come_later_are_filled(shop):
    data = ht.load(shop, target="left")
    new = shop.drop(columns="left").head(3).assign(income=np.nan, city=None)
    assert np.isfinite(data.preparation.transform(new)).all()


def test_numbers_written_as_text_are_numbers(shop):
    table = shop.assign(income=shop["income"].map("{:.2f}".format))
    data = ht.load(table, target="left")
    assert data.columns.loc["income", "became"] == "number"
    assert np.allclose(data.x_train, ht.load(shop, target="left").x_train, atol=1e-5)


def by_hand(values: np.ndarray, train: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Fill and scale a column by some rows, with scikit-learn alone."""
    fill = SimpleImputer(strategy="median").fit(values[train])
    scale = StandardScaler().fit(fill.transform(values[train]))
    return scale.transform(fill.transform(values[other]))[:, 0]


def test_a_fold_is_prepared_by_its_own_training_rows():
    """The column's scale differs from row to row, so that any other row would show."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=200) * np.geomspace(1, 1e4, 200)})
    table["a"] = table["a"].sample(frac=1, random_state=0).to_numpy()
    table.loc[::9, "a"] = np.nan
    table["y"] = np.arange(200) % 2
    data = ht.load(table, target="y")
    rest = data._rest[["a"]].to_numpy()
    y = np.concatenate([data.y_train, data.y_val])
    for number, fold in enumerate(data.folds(3, seed=1)):
        from sklearn.model_selection import StratifiedKFold

        cut = list(StratifiedKFold(3, shuffle=True, random_state=1).split(rest, y))[number]
        assert np.allclose(fold.x_val[:, 0], by_hand(rest, *cut), rtol=1e-5)
        assert np.array_equal(fold.y, y[cut[0]])
    train, val = np.arange(len(data.y_train)), np.arange(len(data.y_train), len(y))
    assert np.allclose(data.x_val[:, 0], by_hand(rest, train, val), rtol=1e-5)
    known, rows = data.row_numbers, table[["a"]].to_numpy()
    sealed = by_hand(rows, known[train], np.setdiff1d(np.arange(200), known))
    assert np.allclose(np.sort(data.open_test()[0][:, 0]), np.sort(sealed), rtol=1e-5)


def test_scales_of_numbers_leave_categories_alone(shop):
    for scale, low in (("minmax", 0), (None, 18)):
        data = ht.load(shop, target="left", scale=scale)
        column = data.x_train[:, data.feature_names.index("age")]
        assert column.min() == pytest.approx(low)
        assert set(np.unique(data.x_train[:, data.feature_names.index("city_Rome")])) == {0, 1}


@pytest.mark.parametrize(
    "text", ["%b %d, %Y", "%d %B %Y", "%d.%m.%y", "%H:%M", "%Y-%m-%dT%H:%M:%S", "%B %Y", "%Y/%m/%d"]
)
def test_dates_are_left_out_however_they_are_written(shop, text):
    dates = pd.date_range("2020-01-01", periods=300, freq="13h")
    table = shop.assign(since=dates.strftime(text), quarter=dates.to_period("Q"))
    columns = ht.load(table, target="left").columns
    assert columns.loc[["since", "quarter"], "why"].str.contains("derive numbers").all()
    with refused(r"keep=\['since'\]: since holds dates; derive numbers", error=DataError):
        ht.load(table, target="left", keep=["since"])


def test_versions_and_months_in_names_are_no_dates(shop):
    rng = np.random.default_rng(0)
    versions, words = ["1.2.3", "1.2.4", "10.0.1"], ["mark 5", "decor 12", "may be 1", "none 2"]
    table = shop.assign(v=rng.choice(versions, 300), w=rng.choice(words, 300))
    became = ht.load(table, target="left").columns["became"]
    assert became["v"] == became["w"] == "category"


@pytest.mark.parametrize("name", ["customer_id", "customerID", "PassengerId", "order no"])
def test_numbers_that_name_the_rows_are_left_out(shop, name):
    numbers = np.random.default_rng(1).choice(10**6, 300, replace=False)
    columns = ht.load(shop.assign(**{name: numbers}), target="left").columns
    assert columns.loc[name, "why"].startswith("names the rows")


def test_numbers_that_rise_with_the_rows_count_them(shop):
    """As an index does after rows were dropped."""
    rises = np.sort(np.random.default_rng(1).choice(10**6, 300, replace=False))
    columns = ht.load(shop.assign(old_place=rises), target="left").columns
    assert columns.loc["old_place", "why"].startswith("counts the rows")


def test_gaps_and_scales_do_not_hide_what_repeats_the_target(shop):
    shop["late"] = shop["code"].where(shop["code"].index % 50 > 0)  # the target, with gaps
    shop["refund"] = shop["income"].where(shop["left"] == "yes")  # there for one class alone
    why = ht.load(shop, target="left").columns["why"]
    assert why["late"].startswith("repeats the target")
    assert why["refund"].startswith("its gaps repeat the target")
    table = shop.assign(price=shop["income"] * 2, log_price=np.log(shop["income"]))
    why = ht.load(table, target="price").columns["why"]
    assert why["log_price"].startswith("repeats the target")


def test_numbers_with_signs_are_told(shop):
    rng = np.random.default_rng(0)
    shop["share"] = [f"{n}%" for n in rng.integers(0, 9, 300)]
    shop["paid"] = [f"1,{n:03d}" for n in range(300)]
    columns = ht.load(shop, target="left").columns
    assert columns.loc[["share", "paid"], "why"].str.startswith("numbers with signs").all()
    assert columns.loc["share", "became"] == "category"


def test_words_and_numbers_of_one_column_are_categories_together(shop):
    sizes = pd.Series([38, "M", 40.5, None, True] * 60, dtype=object)
    names = ht.load(shop.assign(size=sizes), target="left").feature_names
    assert {"size_38", "size_M", "size_40.5", "size_True", "missingindicator_size"} <= set(names)


def test_a_column_has_at_most_fifty_columns_of_categories():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"town": [f"town {n % 60}" for n in range(600)], "y": rng.random(600)})
    names = ht.load(table, target="y").feature_names
    assert len(names) == 50 and names[-1] == "town_infrequent_sklearn"


def test_a_column_without_values_among_the_training_rows_stays_a_feature():
    """As one that was measured late, in a fold that learns from early rows alone."""
    empty, full = np.full(30, np.nan), np.arange(30.0) % 7
    table = pd.DataFrame({"late": np.r_[empty, full], "plain": np.r_[full, full]})
    table["word"] = [None] * 30 + ["left", "right"] * 15
    table["day"], table["y"] = np.arange(60), np.tile([0, 1, 1], 20)
    data = ht.load(table, target="y", time="day", keep=["late", "word"])
    fold = data.fold(np.arange(20), np.arange(30, 40))
    assert fold.x.shape[1] == fold.x_val.shape[1] >= 5
    assert np.isfinite(fold.x).all() and (fold.x[:, 0] == 0).all()


# ── what stands for a gap ────────────────────────────────────────────────────────────────────
def test_gaps_are_marked_by_their_columns_names(shop):
    names = ht.load(shop, target="left").feature_names
    assert names[-2:] == ("missingindicator_age", "missingindicator_city")
    assert names[0] == "age", "a name is the column's own"


@pytest.mark.parametrize(
    ("values", "gaps"),
    [
        (["1", " N/A ", "2", "?"], 2),  # among numbers
        (["1", "3+", "none", "-"], 0),  # 3+ is no number, so that none may be a size
        (["1", "3+", " ", "?"], 2),  # these never are
        (["none", "unknown", "none", "na"], 0),  # words alone
        (["none", None, "unknown", None], 2),
        ([1, "-", 2.5, None], 2),
    ],
)
def test_what_stands_for_a_gap_depends_on_what_stands_around_it(values, gaps):
    table = pd.DataFrame({"size": pd.Series(values, dtype=object), "n": [1, 2, 3, 4]})
    found = without_blanks(table)
    assert int(found["size"].isna().sum()) == gaps
    kept = found["size"].dropna()
    assert kept.tolist() == [values[n] for n in kept.index], "the rest is as it was"
    assert found["n"].tolist() == [1, 2, 3, 4]

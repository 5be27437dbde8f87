"""CSV files as people have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix
from sklearn.datasets import load_diabetes, load_iris

import hpotutor as ht
from hpotutor.errors import DataError
from tests.messages import refused


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = rng.choice(["left, right", "up; down", "none"], 60)
    return pd.DataFrame({"a": rng.normal(size=60), "way": names, "y": np.arange(60) % 2})


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("decimal", [".", ","])
def test_separator_and_decimal_are_found_out(table, separator, decimal, tmp_path):
    path = tmp_path / "table.csv"
    table.to_csv(path, sep=separator, decimal=decimal, index=False)
    found = ht.load(path, target="y")
    if separator == decimal:  # quoted by pandas, and a text to any reader
        assert found.columns.loc["a", "why"].startswith("numbers with signs, such as '")
        return
    assert found.fingerprint == ht.load(table, target="y").fingerprint


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_name(table, tmp_path):
    path = tmp_path / "table.csv"
    text = table.to_csv(index=False).replace("\n", "\r\n")
    path.write_bytes(text.encode("utf-8-sig"))
    assert ht.load(path, target="y").feature_names[0] == "a"


def test_a_column_of_codes_with_commas_stays_text(tmp_path):
    path = tmp_path / "codes.csv"
    rows = [f'{n / 7:.3f};"{n % 3},{n % 5}x";{n % 2}' for n in range(60)]
    path.write_text("\n".join(["a;code;y", *rows]))
    data = ht.load(path, target="y")
    assert data.columns["became"].to_dict() == {"a": "number", "code": "category"}


# ── what a file may be ───────────────────────────────────────────────────────────────────────


def written(path, content: str | bytes, encoding: str = "utf-8"):
    """Write a file and return its path."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def lines(row, heading: str = "a;b;y", count: int = 60) -> str:
    """Return a table as text, a row for each number."""
    return "\n".join([heading, *(row(n) for n in range(count))])


def test_a_table_in_utf_16_and_one_with_another_ending_are_read(table, tmp_path):
    expected = ht.load(table, target="y").fingerprint
    text = table.to_csv(index=False, sep="\t")
    for name, encoding in (("table.txt", "utf-16"), ("table.tsv", "utf-8-sig")):
        path = written(tmp_path / name, text, encoding)
        assert ht.load(str(path), target="y").fingerprint == expected
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        path = written(tmp_path / "table.csv", mark + text.encode(encoding))
        assert ht.load(path, target="y").fingerprint == expected


@pytest.mark.parametrize("odd", ["7;8", "7;8;1;"])
def test_one_odd_row_does_not_hide_the_separator(tmp_path, odd):
    text = lines(lambda n: odd if n == 30 else f"{n * 7 % 11},5;{n * 13 % 7};{n % 2}")
    with refused(r"column 'y' has 1 rows without|Expected 3 fields", error=DataError):
        ht.load(written(tmp_path / "odd.csv", text), target="y")


def test_a_missing_target_is_answered_with_the_columns_of_any_file(table, tmp_path):
    for separator in ";|\t":
        path = written(tmp_path / "table.csv", table.to_csv(index=False, sep=separator))
        with refused("target='z' is no column.*Columns: a, way, y", error=DataError):
            ht.load(path, target="z")


def test_spaces_after_separators_are_no_part_of_names_or_values(tmp_path):
    text = "\n" + lines(lambda n: f"{n * 7 % 11}, word {n % 3}, {n % 2}", "a , b ,  y ")
    data = ht.load(written(tmp_path / "spaces.csv", text), target="y")
    assert data.feature_names[:2] == ("a", "b_word 0")


def test_a_field_more_than_the_heading_has_is_not_lost(tmp_path):
    trailing = lines(lambda n: f"{n * 7 % 11},{n * 13 % 7},{n % 2},", "a,b,y")
    assert ht.load(written(tmp_path / "1.csv", trailing), target="y").feature_names == ("a", "b")
    named = lines(lambda n: f"r{n},{n * 7 % 11},{n * 13 % 7},{n % 2}", "a,b,y")  # as R writes
    columns = ht.load(written(tmp_path / "2.csv", named), target="y").columns
    assert columns.loc["row names", "became"] == "left out"


@pytest.mark.parametrize("mark", ["?", " ", "-", "n/a"])
def test_what_stands_for_no_number_is_a_gap(tmp_path, mark):
    text = lines(lambda n: f"{mark if n % 9 == 0 else n * 7 % 11};{n * 13 % 7};{n % 2}")
    columns = ht.load(written(tmp_path / "gaps.csv", text), target="y").columns
    assert tuple(columns.loc["a"]) == ("number", "7 gaps, filled and marked")


def test_a_text_among_numbers_is_no_gap(tmp_path):
    text = lines(lambda n: f"{'3+' if n % 9 == 0 else n % 3};{n * 13 % 7};{n % 2}")
    data = ht.load(written(tmp_path / "sizes.csv", text), target="y")
    assert data.columns.loc["a", "became"] == "category" and "a_3+" in data.feature_names


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "No columns"),
        ("\n\n", "No columns"),
        ("a,b,y\n", "nothing to learn from"),
        ("Dear all,\nno table.\nBest, me, and, others\n", "cannot be read as a CSV"),
        ("<!DOCTYPE html>\n<html></html>", "a web page, XML or JSON"),
        ('[{"a": 1, "y": 2}]', "a web page, XML or JSON"),
        (b"PK\x03\x04 a spreadsheet", "pandas.read_excel"),
        (b"\x1f\x8b packed", "it is not text"),
        ("a,b,y\né,1,0\n".encode("latin-1"), r"not in UTF-8.*cp1252"),
        (b"\xff\xfeab,y\n1,0\n2,1\n", "not in UTF-8"),  # begins as UTF-16 by chance
        ("a,b,a,y\n1,2,3,0\n", "columns appear twice: a"),
        ("a;b;a;y\n1;2;3;0\n", "columns appear twice: a"),
        ("\n\na;b; a ;y\n1;2;3;0\n", "columns appear twice: a"),
        ("a,b,y\n1,2,3\n1,2,3,4,5\n", "Expected 3 fields in line 3, saw 5"),
    ],
)
def test_a_file_that_is_no_table_is_told_as_what_it_is(tmp_path, content, message):
    with refused("^load: |^'.*file.csv' cannot be read as a CSV table: ", message, error=DataError):
        ht.load(written(tmp_path / "file.csv", content), target="y")


def test_commas_in_headings_do_not_hide_the_separator(tmp_path):
    text = lines(lambda n: f"{n * 7 % 11},5;{n * 3 % 7},5;{n % 5};{n % 4};{n % 2}",
                 "size, mm;weight, g;price, EUR;depth, mm;y")  # fmt: skip
    data = ht.load(written(tmp_path / "units.csv", text), target="y")
    assert data.feature_names == ("size, mm", "weight, g", "price, EUR", "depth, mm")
    assert set(data.columns["became"]) == {"number"}


def test_columns_without_a_name_are_no_twins(tmp_path):
    text = lines(lambda n: f"{n};{n * 7 % 11 / 2};;{n % 2}", ";a;;y")
    columns = ht.load(written(tmp_path / "unnamed.csv", text), target="y").columns
    assert columns["became"].tolist() == ["left out", "number", "left out"]


def test_a_file_names_its_groups_and_times(tmp_path):
    text = lines(lambda n: f"{n % 9};{60 - n};{n * 7 % 11};{n % 2}", "who;day;a;y")
    path = written(tmp_path / "visits.csv", text)
    grouped = ht.load(path, target="y", groups="who")
    assert set(grouped.groups) < set(range(9)) and grouped.feature_names == ("a",)
    timed = ht.load(path, target="y", time="day")
    assert timed.timed and timed.row_numbers.tolist() == list(range(59, 11, -1))


def test_a_folder_is_no_table(tmp_path):
    with refused("cannot be read as a CSV table: [A-Z][a-z]", error=DataError):
        ht.load(tmp_path, target="y")


def test_an_address_says_what_to_type():
    with refused(r"pandas\.read_csv\(address\)", error=DataError):
        ht.load("https://example.org/table.csv", target="y")


# ── frames and arrays ────────────────────────────────────────────────────────────────────────


def test_a_frame_beside_labels_keeps_its_columns(table):
    x, y = table.drop(columns="y"), table["y"]
    expected = ht.load(table, target="y")
    for labels in (y, y.to_frame(), y.tolist(), pd.get_dummies(y)):
        data = ht.load((x, labels))
        assert data.feature_names == expected.feature_names
        assert (data.fingerprint, data.classes) == (expected.fingerprint, (0, 1))
    assert ht.load(x, target=y).fingerprint == expected.fingerprint
    names = pd.get_dummies(y.map({0: "no", 1: "yes"}))
    assert ht.load((x, names)).classes == ("no", "yes")


def test_labels_in_another_order_are_refused(table):
    with refused(r"y\.loc\[x\.index\]", error=DataError):
        ht.load((table[["a"]], table["y"].sample(frac=1, random_state=0)))


def test_nullable_categorical_and_sparse_columns_are_what_plain_ones_are(table):
    rng = np.random.default_rng(1)
    plain = table.assign(yes=rng.random(60) > 0.5, n=rng.integers(0, 9, 60).astype(float))
    plain.loc[::7, ["a", "way", "n"]] = np.nan
    expected = ht.load(plain, target="y").fingerprint
    assert ht.load(plain.convert_dtypes(), target="y").fingerprint == expected
    assert ht.load(plain.astype({"way": "category"}), target="y").fingerprint == expected
    sparse = plain.astype({"n": pd.SparseDtype(float)})
    assert ht.load(sparse, target="y").fingerprint == expected
    cells = table["way"].where(table.index % 9 > 0, "?").to_numpy(object)
    words = pd.arrays.SparseArray(cells, fill_value="none")
    expected = ht.load(table.assign(way=cells), target="y").fingerprint
    assert ht.load(table.assign(way=words), target="y").fingerprint == expected


def test_arrays_of_every_kind_are_taken():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    expected = ht.load((x, y)).fingerprint
    for same in (x.tolist(), x.astype(object), csr_matrix(x), np.char.mod("%.18e", x)):
        assert ht.load((same, y)).fingerprint == expected
    masked = ht.load((np.ma.masked_greater(x, 1.5), y))
    assert masked.columns["why"].str.contains("gaps").all()
    records = np.rec.fromarrays([*x.T, y], names="a,b,c,y")
    assert ht.load(records, target="y").fingerprint == expected


def test_what_scikit_learn_loads_is_taken_whole():
    iris = ht.load(load_iris())
    assert (iris.fingerprint, iris.classes) == (
        ht.load("iris").fingerprint,
        ht.load("iris").classes,
    )
    assert ht.load(load_iris(as_frame=True)).fingerprint == iris.fingerprint
    assert ht.load(load_diabetes()).feature_names[:2] == ("age", "sex")


def test_columns_that_are_no_columns_are_named(table):
    with refused("columns appear twice: a", error=DataError):
        ht.load(table.set_axis(["a", "a", "y"], axis="columns"), target="y")
    for value in ([1, 2], {"k": 1}, 1 + 2j):
        mixed = table.assign(odd=pd.Series([0] * 59 + [value], dtype=object))
        with refused(f"column 'odd' holds {type(value).__name__}", error=DataError):
            ht.load(mixed, target="y")
    with refused("column 'a' has infinite values", error=DataError):
        ht.load(table.assign(a=np.where(table["y"], np.inf, table["a"])), target="y")


def test_a_level_of_the_index_can_say_what_belongs_together(table):
    patients = table.assign(who=np.arange(60) // 4).set_index("who")
    data = ht.load(patients, target="y", groups="who")
    assert len(set(data.groups)) < 15 and "who" not in data.columns.index

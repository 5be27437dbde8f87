"""CSV files as people have them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import hpotutor as ht


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
    if separator == decimal:  # quoted by pandas, and a text to any reader
        return
    expected = ht.load(table, target="y")
    assert ht.load(path, target="y").fingerprint == expected.fingerprint


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

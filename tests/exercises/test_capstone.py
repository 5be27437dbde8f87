"""The capstone's opening cells take a learner's own table: its data cells, run on awkward ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import hpotutor as ht
from hpotutor.errors import DataError
from tests.messages import refused


def table() -> pd.DataFrame:
    """Return 90 rows of numbers with a text column and three classes in words."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(90, 3)), columns=["length", "width", "height"])
    frame["color"] = np.tile(["red", "green", "blue"], 30)
    frame["kind"] = np.repeat(["newt", "frog", "toad"], 30)
    return frame


def gaps(frame: pd.DataFrame) -> pd.DataFrame:
    frame.loc[:4, "width"] = np.nan
    frame.loc[5:6, "color"] = None
    frame.loc[7, "kind"] = None
    frame["mostly empty"] = [1.0] + [np.nan] * 89
    return frame


def names(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(name=[f"animal {n}" for n in range(90)])


def numbers(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(kind=frame["kind"].map({"newt": 0, "frog": 1, "toad": 5}), yes=True)


def two(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(kind=frame["kind"] == "newt")


TABLES = {  # rows that are left, and features
    "plain": (lambda frame: frame, 90, 6),
    "gaps": (gaps, 89, 10),  # a row without its class is left out; each gap is filled and marked
    "names": (names, 90, 6),
    "numbers": (numbers, 90, 6),  # "yes" is the same in all rows
    "two classes": (two, 90, 6),
}


def opening(root: Path, path: Path) -> dict:
    """Run the capstone up to its data, with another table in the first cell."""
    notebook = json.loads((root / "notebooks" / "14_capstone.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    imports, choice, *rest = cells
    data = rest[: 1 + next(k for k, source in enumerate(rest) if "ht.load(" in source)]
    assert "csv = ht.sample_csv()" in choice and 'target = "progression"' in choice
    place: dict = {}
    for source in (imports, choice, f"csv, target = {str(path)!r}, 'kind'", *data):
        exec(source, place)
    return place


@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("name", TABLES)
def test_a_table_of_ones_own(root, tmp_path, capsys, name, separator):
    change, rows, columns = TABLES[name]
    path = tmp_path / "animals.csv"
    change(table()).to_csv(path, index=False, sep=separator)
    data = opening(root, path)["data"]
    assert len(data.y_train) + len(data.y_val) + data.n_test == rows
    assert (data.n_features, data.name, data.openings) == (columns, "animals", 0)
    assert data.n_classes == (2 if name == "two classes" else 3)
    assert capsys.readouterr().err == ""


def test_what_cannot_be_learned_is_named(root, tmp_path):
    path = tmp_path / "animals.csv"
    table().rename(columns={"kind": "sort"}).to_csv(path, index=False)
    with pytest.raises(AssertionError, match="no column 'kind'. Columns: .*'sort'"):
        opening(root, path)
    table().assign(kind=np.linspace(0, 1, 90)).to_csv(path, index=False)
    amounts = ht.TrainObjective(opening(root, path)["data"])
    assert amounts.metric == "neg_root_mean_squared_error"  # an amount can be learned, too
    table().assign(kind=["rare"] + ["common"] * 89).to_csv(path, index=False)
    with refused("Too few: 'rare'", error=DataError):
        opening(root, path)

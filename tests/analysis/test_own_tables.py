"""Tables that are not the course's go from a file to a report without a cell of preparation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine, make_classification, make_friedman1

import hpotutor as ht

COUNT = 300
RNG = np.random.default_rng(0)
SPACE = ht.SearchSpace(learning_rate=ht.loguniform(1e-3, 1e-1), l2=ht.loguniform(1e-6, 1e-3))
SMALL = {"units": 8}


def mixed() -> tuple[pd.DataFrame, dict, dict]:
    """Numbers, words with rare and missing ones, yes and no, a date, an id, a constant."""
    income, city = RNG.lognormal(10, 1, COUNT), RNG.choice(["Rome", "Oslo", "Bern"], COUNT)
    table = pd.DataFrame({"id": np.arange(COUNT), "income": income, "city": city, "unit": "EUR"})
    table["member"] = RNG.random(COUNT) > 0.5
    table["since"] = pd.date_range("2020-01-01", periods=COUNT).strftime("%d.%m.%Y")
    table.loc[::9, "city"] = "?"
    table.loc[1:8, "city"] = [f"village {n}" for n in range(8)]
    table["left"] = np.where((income > np.median(income)) ^ (RNG.random(COUNT) > 0.9), "yes", "no")
    return table, {"target": "left"}, {}


def gaps() -> tuple[pd.DataFrame, dict, dict]:
    """Measurements, of which a seventh is missing."""
    table = load_wine(as_frame=True).frame
    holes = RNG.random(table.shape) < 1 / 7
    holes[:, -1] = False
    return table.mask(holes), {"target": "target"}, {"metric": "neg_log_loss"}


def amounts() -> tuple[pd.DataFrame, dict, dict]:
    """How far diabetes came within a year."""
    return load_diabetes(as_frame=True).frame, {"target": "target"}, {}


def rare() -> tuple[pd.DataFrame, dict, dict]:
    """Fifty-one rows, of which one is to be found."""
    x, y = make_classification(1530, 6, weights=[50 / 51], flip_y=0, random_state=0)
    table = pd.DataFrame(x).add_prefix("v").assign(fraud=np.where(y, "fraud", "fair"))
    asked = {"metric": "balanced_accuracy", "class_weight": "balanced"}
    return table, {"target": "fraud"}, asked


def groups() -> tuple[pd.DataFrame, dict, dict]:
    """Visits of 50 patients."""
    patient = np.repeat(np.arange(50), 6)
    table = pd.DataFrame({"patient": patient, "pulse": 60 + patient % 7 + RNG.normal(size=COUNT)})
    table["ill"] = (table["pulse"] > 63).map({True: "ill", False: "well"})
    return table, {"target": "ill", "groups": "patient"}, {"metric": "roc_auc", "folds": 3}


def time() -> tuple[pd.DataFrame, dict, dict]:
    """A demand, day by day, in no order."""
    x, y = make_friedman1(COUNT, noise=0.1, random_state=0)
    table = pd.DataFrame(x[:, :5]).add_prefix("x").assign(demand=y)
    table["day"] = pd.date_range("2024-01-01", periods=COUNT).strftime("%d/%m/%Y")
    shuffled = table.sample(frac=1, random_state=0)
    return shuffled, {"target": "demand", "time": "day"}, {"metric": "neg_mean_absolute_error"}


@pytest.mark.parametrize("make", [mixed, gaps, amounts, rare, groups, time])
def test_from_a_file_to_a_report(make, tmp_path: Path):
    table, loading, asked = make()
    path = tmp_path / f"{make.__name__}.csv"
    table.to_csv(path, index=False, sep=";", decimal=",")

    data = ht.load(path, **loading)
    objective = ht.TrainObjective(data, engine="fused", epochs=4, defaults=SMALL, **asked)
    result = ht.random_search(objective, SPACE, trials=3, progress=False)
    review = ht.review(SPACE, result)
    page = ht.report("Does tuning help?", data=data, space=SPACE, result=result, seeds=2,
                     method="random search", test=data.open_test(), review=review)  # fmt: skip

    text = str(page)
    metric = objective.metric.replace("val_", "")
    assert all(e.status == "complete" for e in result.evaluations)
    assert f"On {data.n_test} test rows its {metric} differs by" in text
    assert "for seeds and rows together, row by row" in text
    said = {
        mixed: ["left out: id: counts the rows", "since: dates", "unit: constant", "2 classes"],
        gaps: ["26 features", "higher is better", "an error with a minus before it"],
        amounts: ["regression, amounts from", "neg_root_mean_squared_error", "by quantile"],
        rare: ["2 classes (fair, fraud)", "class_weight balanced"],
        groups: ["no group in two of them", "folds 3"],
        time: ["one after the other in time", "regression"],
    }[make]
    for needed in said:
        assert needed in text, needed
    assert {finding.check for finding in review} & {"groups", "time", "rarity"} == (
        {"time"} if make is mixed else set()
    )
    for scores in page.scores.values():
        assert len(scores) == 2 and np.isfinite(scores).all()
    assert page.save(tmp_path / "report.html").read_text(encoding="utf-8").count("<circle") == 8

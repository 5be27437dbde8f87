"""Folds are prepared by their own training rows, in both engines, and groups stay together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from tests.messages import refused

PARAMS = {"units": 8, "learning_rate": 0.01, "batch_size": 16}


@pytest.fixture(scope="module")
def planted() -> ht.Dataset:
    """Return rows whose scale differs from fold to fold, so that a leak changes what is seen."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(150, 3)) * np.geomspace(1, 1e3, 150)[:, None]
    order = rng.permutation(150)
    return ht.load((x[order], (x[order, 0] > 0).astype(int)))


def test_a_fold_sees_what_scikit_learn_alone_would_give_it(planted):
    rest = planted._rest.to_numpy()
    y = np.concatenate([planted.y_train, planted.y_val])
    cut = StratifiedKFold(3, shuffle=True, random_state=0).split(rest, y)
    objective = ht.TrainObjective(planted, epochs=2, folds=3)
    for (x, y_fold, x_val, y_val), (first, second) in zip(objective.splits(), cut, strict=True):
        scaler = StandardScaler().fit(rest[first])
        assert np.allclose(x, scaler.transform(rest[first]), atol=1e-5)
        assert np.allclose(x_val, scaler.transform(rest[second]), atol=1e-5)
        assert np.array_equal(y_fold, y[first]) and np.array_equal(y_val, y[second])


def test_the_stack_trains_a_fold_as_it_would_train_it_alone(planted):
    asked = ht.TrainObjective(planted, epochs=3, folds=3, engine="fused").evaluate(PARAMS)
    alone = []
    for x, y, x_val, y_val in ht.TrainObjective(planted, epochs=3, folds=3).splits():
        (one,) = ht.fused.train_many(x, y, x_val, y_val, [PARAMS], n_classes=2, epochs=3)
        alone.append(one.curve["val_loss"])
    assert np.allclose(asked.curve["val_loss"], np.mean(alone, axis=0), rtol=1e-4)


def test_folds_of_other_widths_are_for_keras():
    rng = np.random.default_rng(1)
    table = pd.DataFrame({"a": rng.normal(size=120), "y": np.arange(120) % 2})
    table["town"] = ["here"] * 117 + ["b", "c", "d"]
    data = ht.load(table.sample(frac=1, random_state=0), target="y")
    widths = {fold.x.shape[1] for fold in data.folds(3)}
    if len(widths) == 1:
        pytest.skip("the towns fell into equal folds")
    with refused("a category is too rare .* Type engine='keras'"):
        ht.TrainObjective(data, epochs=1, folds=3, engine="fused").evaluate(PARAMS)
    built = []

    def build(n_features, n_classes, units, learning_rate):
        built.append(n_features)
        model = ht.build_mlp(n_features, n_classes, units=units, learning_rate=learning_rate)
        model.run_eagerly = True  # a few steps, which are not worth a graph
        return model

    objective = ht.TrainObjective(data, epochs=1, folds=3, build=build)
    assert objective.evaluate(PARAMS).status == "complete"
    assert built == [split.x.shape[1] for split in objective.splits()]


def test_more_folds_than_groups_are_refused():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(90, 2)), np.arange(90) % 2
    data = ht.load((x, y), groups=np.repeat(np.arange(6), 15))
    with refused(r"folds=9 is more than the \d groups. Type folds=\d or less"):
        ht.TrainObjective(data, folds=9)

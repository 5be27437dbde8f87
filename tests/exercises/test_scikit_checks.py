"""What checks ask of folds, pipelines and grids over them, at the limits of each question."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from hpotutor.exercises import engine, scikit_checks


def refusal(function, *arguments, **keywords) -> str:
    with pytest.raises(engine.NotYet) as caught:
        function(*arguments, **keywords)
    return str(caught.value)


class Folds:
    """Test folds by their rows."""

    def __init__(self, *tests: list[int]) -> None:
        self.tests = tests

    def split(self, x, y):
        assert len(x) == len(y)
        return [([], np.array(test)) for test in self.tests]


def test_each_row_is_tested_once_and_each_class_in_equal_shares() -> None:
    labels = np.repeat([0, 1], [10, 8])  # 3.33 and 2.67 a fold
    assert scikit_checks.equal_shares(StratifiedKFold(3), labels) is None
    assert scikit_checks.equal_shares(StratifiedKFold(2), labels, folds=2) is None
    said = refusal(scikit_checks.equal_shares, StratifiedKFold(4), labels)
    assert said == "3 folds are asked for, and this splitter cuts 4."
    assert "differ in how many rows" in refusal(scikit_checks.equal_shares, KFold(3), labels)


@pytest.mark.parametrize(
    ("folds", "says"),
    [
        (([0, 3], [1, 4], [2, 5]), None),
        (([0, 3, 1], [4], [2, 5]), None),  # one row more of a class is no matter
        (([0, 1, 2], [3, 4], [5]), "differ"),
        (([3], [1, 4, 0, 2], [5]), "differ"),
        (([0, 3], [1, 4], [2]), "in exactly one fold"),
        (([0, 3], [1, 4], [2, 5, 5]), "in exactly one fold"),
    ],
)
def test_shares_may_differ_by_a_row(folds, says) -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    if says is None:
        assert scikit_checks.equal_shares(Folds(*folds), labels) is None
    else:
        assert says in refusal(scikit_checks.equal_shares, Folds(*folds), labels)


def test_a_rare_class_is_in_one_fold_alone() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1, 2])
    assert scikit_checks.equal_shares(Folds([0, 3, 6], [1, 4], [2, 5]), labels) is None


class Network(ClassifierMixin, BaseEstimator):
    """Looks like the course's network: SciKeras's, and a classifier."""

    def __init__(self, units=8, epochs=1) -> None:
        self.units, self.epochs = units, epochs


class Wrapper(BaseEstimator):
    """Looks like SciKeras's own wrapper, which is not recognized."""


class Tagless(Wrapper):
    def __sklearn_tags__(self):
        raise AttributeError("no tags")


Network.__module__ = Wrapper.__module__ = "scikeras.wrappers"


def pipeline(*steps: object) -> Pipeline:
    return Pipeline([(f"s{number}", step) for number, step in enumerate(steps)])


def test_the_selector_stands_before_the_network() -> None:
    own = type("Own", (SelectKBest,), {})()
    assert scikit_checks.selector_name(pipeline(StandardScaler(), own, Network())) == "s1"
    for steps in (pipeline(StandardScaler(), Network()), pipeline(Network(), SelectKBest())):
        assert "No `SelectKBest` stands before" in refusal(scikit_checks.selector_name, steps)


def test_the_network_comes_last() -> None:
    steps = pipeline(StandardScaler(), SelectKBest(), Network())
    assert scikit_checks.network_last(steps) is None
    said = refusal(scikit_checks.network_last, pipeline(Network(), SelectKBest()))
    assert said.startswith(
        "The last step, `s1`, should be an `ht.KerasClassifier`; it is an object"
    )
    for network in (Wrapper(), Tagless()):
        said = refusal(scikit_checks.network_last, pipeline(SelectKBest(), network))
        assert said.startswith("SciKeras's own wrapper is not recognized")


def search(grid: object, *steps: tuple[str, object]) -> SimpleNamespace:
    steps = steps or (("scale", StandardScaler()), ("pick", SelectKBest()), ("net", Network()))
    return SimpleNamespace(estimator=Pipeline(list(steps)), param_grid=grid)


@pytest.mark.parametrize(
    "grid",
    [
        {"pick__k": [3, 5], "net__units": [8, 16]},
        [{"pick__k": [3, 5], "net__model__units": [8, 16], "net__epochs": [1]}],
        {"pick__k": [3, 5], "net__units": [8], "net__epochs": [1, 2], "scale__with_std": [True]},
    ],
)
def test_names_of_steps_are_known(grid) -> None:
    assert scikit_checks.pipeline_names(search(grid), "pick") is None


K, UNITS = {"pick__k": [3, 5]}, {"net__units": [8, 16]}


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        (K | {"units": [8]}, "`units`: it belongs to the step `net`, so it is called `net__units`"),
        (UNITS | {"k": [8]}, "`k`: it belongs to the step `pick`, so it is called `pick__k`"),
        (K | {"net__unit": [8]}, "does not know `net__unit`. Did you mean 'net__units'?"),
        (K | {"pick__model__k": [8]}, "does not know `pick__model__k`"),
        (K | {"net__model__model__units": [8]}, "does not know `net__model__model__units`"),
        (UNITS, "How many features are kept is not in the grid yet"),
        (K, "No hyperparameter of the network, the step `net`, is in the grid yet."),
        (
            K | {"scale__with_std": [True, False]},
            "No hyperparameter of the network, the step `net`",
        ),
        (K | {"net__units": [8]}, "`net__units` has one level"),
        (K | {"net__units": [8], "net__epochs": [1]}, "`net__units` has one level"),
        (UNITS | {"pick__k": [3]}, "`pick__k` has one level"),
    ],
)
def test_names_that_a_pipeline_does_not_know_are_told(grid, says) -> None:
    assert says in refusal(scikit_checks.pipeline_names, search(grid), "pick")


GRID = {"pick__k": [2, "all"], "net__units": [8, 16]}


def test_scaled_rows_reach_the_network_for_every_k() -> None:
    assert scikit_checks.scaled_inside(search(GRID), "pick") is None
    assert scikit_checks.scaled_inside(search(GRID | {"pick__k": [1, 30]}), "pick") is None
    after = (("pick", SelectKBest()), ("scale", StandardScaler()), ("net", Network()))
    assert scikit_checks.scaled_inside(search(GRID, *after), "pick") is None


@pytest.mark.parametrize("k", [0, 31])
def test_there_are_so_many_features(k) -> None:
    said = refusal(scikit_checks.scaled_inside, search(GRID | {"pick__k": [5, k]}), "pick")
    assert said == f"`pick__k` holds {k}, and these data have 30 features."
    said = refusal(scikit_checks.scaled_inside, search(GRID | {"pick__k": [2.5]}), "pick")
    assert "a number of features, without a fraction" in said


def test_raw_rows_and_steps_that_fail_are_told() -> None:
    raw = (("pick", SelectKBest()), ("net", Network()))
    said = refusal(scikit_checks.scaled_inside, search(GRID | {"pick__k": ["all"]}, *raw), "pick")
    assert said.startswith("What reaches the network is not scaled")

    def refuses(rows):
        raise ValueError("no such rows")

    failing = (("own", FunctionTransformer(refuses)), *raw)
    said = refusal(scikit_checks.scaled_inside, search(GRID, *failing), "pick")
    assert said.endswith("cannot be fitted to these rows. ValueError: no such rows")


def test_scaled_features_may_differ_by_a_factor_of_a_hundred() -> None:
    def spread(factor: float) -> SimpleNamespace:
        def widen(rows):
            return np.column_stack([np.arange(len(rows)), np.arange(len(rows)) * factor])

        own = ("own", FunctionTransformer(widen))
        return search({"pick__k": ["all"]}, own, ("pick", SelectKBest()), ("net", Network()))

    assert scikit_checks.scaled_inside(spread(99.0), "pick") is None
    assert "is not scaled" in refusal(scikit_checks.scaled_inside, spread(101.0), "pick")

"""Folds of any splitter, what rows count for, and a preparation that sees no validation row."""

import json
import pickle
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    PredefinedSplit,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
    TimeSeriesSplit,
)
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_class_weight

import hpotutor as ht
from hpotutor.errors import Problems
from hpotutor.objectives.rows import Rows, name_of
from tests.messages import refused

PARAMS = {"units": 6, "learning_rate": 0.03, "batch_size": 512}  # a batch holds all rows


@pytest.fixture(scope="module")
def rare():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(160, 3))
    return ht.load((x, np.where(x[:, 0] + rng.normal(size=160) > 1.3, "yes", "no")))


@pytest.fixture(scope="module")
def planted():
    """Return columns and a target whose scales differ from fold to fold."""
    rng = np.random.default_rng(0)
    scale = np.geomspace(1, 1e3, 150)[:, None]
    x = rng.normal(size=(150, 3)) * scale
    order = rng.permutation(150)
    return ht.load((x[order], (x[:, 0] + 5 * scale[:, 0])[order]))


def by_hand(data, cut, params, epochs):
    """Score each fold with scikit-learn and Keras alone."""
    from hpotutor._tensorflow import keras

    x, y = data._rest.to_numpy(), np.concatenate([data.y_train, data.y_val])
    scores = []
    for first, second in cut:
        scaler = StandardScaler().fit(x[first])
        center, spread = y[first].mean(), y[first].std()
        model = ht.build_mlp(
            x.shape[1], 0, units=params["units"], learning_rate=params["learning_rate"], seed=0
        )
        keras.utils.set_random_seed(0)
        rows = scaler.transform(x[first]).astype("float32")
        model.fit(rows, (y[first] - center) / spread, batch_size=512, epochs=epochs, verbose=0)
        predicted = model.predict(scaler.transform(x[second]).astype("float32"), verbose=0)[:, 0]
        scores.append(-mean_absolute_error(y[second], predicted * spread + center))
    return scores


def test_no_fold_sees_its_own_rows_in_columns_or_target(planted):
    splitter = KFold(2, shuffle=True, random_state=1)
    expected = by_hand(planted, splitter.split(np.zeros(120)), PARAMS, 3)
    for engine in ("keras", "fused"):
        objective = ht.TrainObjective(
            planted, epochs=3, folds=splitter, metric="neg_mean_absolute_error", engine=engine
        )
        found = objective.evaluate(PARAMS)
        assert found.fold_values == pytest.approx(expected, rel=1e-4)
        assert found.value == pytest.approx(np.mean(found.fold_values))
    assert np.ptp(expected) > 1  # folds that differ: one common scale would show


def test_amounts_are_folded_by_number_and_by_quantile(planted):
    objective = ht.TrainObjective(planted, epochs=2, folds=4, engine="fused")
    assert len(objective.evaluate(PARAMS).fold_values) == objective.rows.count == 4
    medians = [np.median(split.truth) for split in objective.splits()]
    assert np.ptp(medians) < np.std(planted.y_train) / 2
    with refused(r"folds=61 is more than the 60 pairs of rows"):
        ht.TrainObjective(planted, folds=61)


def test_each_repeats_score_is_kept_in_the_log_and_the_frame(rare, tmp_path):
    folds = RepeatedStratifiedKFold(n_splits=2, n_repeats=2, random_state=0)
    objective = ht.TrainObjective(rare, epochs=2, folds=folds, engine="fused", metric="roc_auc")
    assert objective.epochs_of({}, None) == 8
    space = ht.SearchSpace(units=ht.choice(2, 4))
    asked = {"trials": 2, "log": tmp_path / "w.log", "progress": False}
    first = ht.random_search(objective, space, **asked)
    again = ht.random_search(objective, space, **asked)
    for result in (first, again):
        table = result.to_frame()[["fold_1", "fold_2", "fold_3", "fold_4"]]
        assert np.allclose(table.mean(axis=1), result.to_frame()["value"])
    assert [e.fold_values for e in again.evaluations] == [e.fold_values for e in first.evaluations]
    plain = ht.random_search(ht.TrainObjective(rare, epochs=1, engine="fused"), space, trials=1,
                             log=tmp_path / "p.log", progress=False)  # fmt: skip
    assert not [name for name in plain.to_frame() if name.startswith("fold_")]
    assert "fold_values" not in (tmp_path / "p.log").read_text()
    assert "fold_values" in (tmp_path / "w.log").read_text()


def test_a_splitter_is_told_by_its_rows_too(rare):
    def told(folds):
        return json.dumps(ht.TrainObjective(rare, folds=folds).describe())

    class Own:
        def __init__(self, start):
            self.start = start

        def get_n_splits(self, x=None, y=None, groups=None):
            return 1

        def split(self, x, y=None, groups=None):
            rows = np.arange(len(y))
            yield rows[self.start :], rows[: self.start]

    assert told(KFold(3)) == told(KFold(3))
    assert "0x" not in told(Own(20)) == told(Own(20)) != told(Own(30))
    assert "fold_rows" not in told(3)


def test_rows_with_a_time_or_a_group_go_with_the_splitters_made_for_them():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(100, 2)), np.arange(100) % 2
    timed = ht.load((x, y), time=pd.date_range("2026-01-01", periods=100).to_numpy())
    for first, second in ht.TrainObjective(timed, folds=TimeSeriesSplit(3)).rows.cut:
        assert first.max() < second.min()
    grouped = ht.load((x, y), groups=np.repeat(np.arange(20), 5))
    for first, second in ht.TrainObjective(grouped, folds=GroupKFold(4)).rows.cut:
        assert not set(grouped.groups[first]) & set(grouped.groups[second])
    with refused(r"folds=KFold.*rows of one group to train and to validate on. Type fewer folds"):
        ht.TrainObjective(grouped, folds=KFold(3))


@pytest.mark.parametrize(
    ("folds", "said"),
    [
        (KFold, "a splitter of scikit-learn such as"),
        ("3", "a whole number from 2 up"),
        (KFold(3, shuffle=True), "draws other rows each time.*random_state=0"),
        (GroupKFold(3), "groups.*groups='patient'"),
        (TimeSeriesSplit(3), r"^TrainObjective: folds=TimeSer.*were shuffled.*time='date'"),
        (
            StratifiedKFold(500),
            r"folds=StratifiedKFold\(n_splits=500.*cannot cut 'arrays': .* Type another spl",
        ),
        (PredefinedSplit([-1] * 150 + [0] * 10), r"fold 1 of 1 rows beyond the 128"),
        (PredefinedSplit([0, 1] * 10), None),
        (ShuffleSplit(2, train_size=1, random_state=0), "training rows of one class alone"),
    ],
)
def test_folds_that_cannot_be_are_refused(rare, folds, said):
    if said is None:  # a splitter may leave rows out
        assert ht.TrainObjective(rare, folds=folds).rows.count == 2
        return
    with refused(said):
        ht.TrainObjective(rare, folds=folds)


# ── weights ──────────────────────────────────────────────────────────────────────────────────


def test_balanced_is_computed_from_each_folds_training_rows(rare):
    objective = ht.TrainObjective(rare, folds=3, class_weight="balanced")
    for split in objective.splits():
        classes = np.unique(split.y)
        expected = compute_class_weight("balanced", classes=classes, y=split.y)
        assert np.allclose(split.weight, expected[split.y])


def test_a_rows_weight_goes_with_the_row_as_it_was_loaded():
    x = np.random.default_rng(0).normal(size=(120, 1))
    data = ht.load((x, np.arange(120) % 2))
    objective = ht.TrainObjective(data, folds=2, sample_weight=x[:, 0] + 9)
    for split, (first, _) in zip(objective.splits(), objective.rows.cut, strict=True):
        assert np.array_equal(split.weight, data._rest.to_numpy()[first, 0] + 9)
    both = ht.TrainObjective(data, class_weight={1: 3}, sample_weight=np.full(120, 2.0))
    (split,) = both.splits()
    assert np.array_equal(split.weight, np.where(split.y == 1, 6.0, 2.0))


@pytest.mark.parametrize("folds", [None, 2])
def test_weights_train_alike_in_both_engines_and_score_unweighted(rare, folds):
    weight = np.random.default_rng(0).uniform(0, 3, 160)
    found = {}
    for engine in ("keras", "fused"):
        settings = {"class_weight": {"yes": 5}, "sample_weight": weight, "engine": engine}
        objective = ht.TrainObjective(rare, epochs=4, folds=folds, **settings)
        found[engine] = objective.evaluate(PARAMS)
    plain = ht.TrainObjective(rare, epochs=4, folds=folds, engine="fused").evaluate(PARAMS)
    for name in ("loss", "val_loss", "val_accuracy"):
        both = [found[engine].curve[name] for engine in found]
        assert np.allclose(*both, rtol=1e-4)
        assert name == "val_accuracy" or not np.allclose(both[0], plain.curve[name], rtol=1e-2)


def test_balanced_weights_find_a_rare_class(rare):
    asked = {"units": 8, "learning_rate": 0.02}
    found = {}
    for weight in (None, "balanced"):
        objective = ht.TrainObjective(rare, epochs=10, class_weight=weight, engine="fused")
        found[weight] = objective.train(asked).predict(rare.x_train, verbose=0)[:, 0] > 0.5
    model = LogisticRegression(class_weight="balanced").fit(rare.x_train, rare.y_train)
    share = model.predict(rare.x_train).mean()
    assert found[None].mean() < share - 0.1
    assert abs(found["balanced"].mean() - share) < 0.1


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"class_weight": {"no": 1, "yess": 2}}, "'yess'.*Did you mean 'yes'.*Labels: 'no', 'yes'"),
        ({"class_weight": {"no": -1}}, "numbers from 0 up, by label"),
        ({"class_weight": {"no": "1"}}, "numbers from 0 up, by label"),
        ({"class_weight": {"no": 0, "yes": 0}}, "weights that are not all 0"),
        ({"class_weight": "balance"}, "'balanced', or {label: weight}"),
        ({"class_weight": [1, 2]}, "'balanced', or {label: weight}"),
        ({"sample_weight": [1, 2]}, r"shape \(2,\).*each of the 160 rows"),
        ({"sample_weight": "weight"}, "has no numbers"),
        ({"sample_weight": np.full(160, -1)}, "finite numbers from 0 up"),
        ({"sample_weight": np.full(160, np.nan)}, "finite numbers from 0 up"),
        ({"sample_weight": np.zeros(160)}, "each training row of the training part count 0"),
        ({"sample_weight": np.zeros(160), "folds": 3}, "each training row of fold 1 of 3 count 0"),
    ],
)
def test_weights_that_cannot_be_are_refused(rare, settings, said):
    with refused(said):
        ht.TrainObjective(rare, **settings)


def test_amounts_have_no_class_weights(planted):
    with refused("class_weight='balanced' is for classes.*Type sample_weight="):
        ht.TrainObjective(planted, class_weight="balanced")


def test_weights_are_told_where_they_are_used(rare):
    plain = ht.TrainObjective(rare).describe()
    weights = [{"class_weight": "balanced"}, {"class_weight": {"yes": 2}},
               {"sample_weight": np.ones(160)}, {"sample_weight": np.arange(160)}]  # fmt: skip
    told = [json.dumps(ht.TrainObjective(rare, **asked).describe()) for asked in weights]
    assert len({json.dumps(plain), *told}) == 5
    assert not {"class_weight", "sample_weight", "fold_rows", "direction"} & set(plain)


def test_the_class_of_a_splitter_is_none():
    iris = ht.load("iris")
    for call in (lambda: iris.folds(KFold), lambda: ht.TrainObjective(iris, folds=KFold)):
        with refused(
            "folds=<class.*a splitter of scikit-learn such as|folds=<class.*from 2 up, or"
        ):
            call()


def test_folds_are_prepared_once():
    objective = ht.TrainObjective(ht.load("iris"), folds=3)
    assert objective.splits() is objective.splits()
    assert pickle.loads(pickle.dumps(objective.rows))._prepared == []


# ── rows by hand ─────────────────────────────────────────────────────────────────────────────
def cut_by(*pairs):
    """Return a splitter with these rows to train and to validate on."""

    class Own:
        def get_n_splits(self, x=None, y=None, groups=None):
            return len(pairs)

        def split(self, x, y=None, groups=None):
            yield from (
                (np.asarray(first, int), np.asarray(second, int)) for first, second in pairs
            )

    return Own()


def rows_of(data, folds=None, **weights):
    problems = Problems("x")
    return Rows(problems, data, folds, 0, **weights), problems.lines


def noise(rows):
    return np.random.default_rng(0).normal(size=(rows, 2))


@pytest.fixture(scope="module")
def twenty():
    """Return 16 rows to train and to validate on, of two classes in turn."""
    return ht.load((noise(20), np.arange(20) % 2))


def test_without_folds_the_parts_are_those_of_the_data(twenty):
    rows, lines = rows_of(twenty)
    assert lines == [] and (rows.count, rows.cut, rows.folds) == (1, [], None)
    (truth,) = rows.truths
    assert np.array_equal(truth, twenty.y_val)
    (split,) = rows.splits()
    assert np.array_equal(split.x, twenty.x_train) and np.array_equal(split.x_val, twenty.x_val)
    assert np.array_equal(split.y, twenty.y_train) and np.array_equal(split.truth, twenty.y_val)
    assert split.weight is None and not split.scaled and rows.describe() == {}


def test_all_rows_of_the_folds_together_are_trained_on_and_none_is_scored(twenty):
    rows, _ = rows_of(twenty, cut_by(([0, 1, 2], [3, 4]), ([3, 4, 5, 6], [1, 2])))
    assert rows.count == 2
    split = rows.together()
    assert split.weight is None
    weighted, _ = rows_of(twenty, rows.folds, sample_weight=np.arange(20))
    assert np.array_equal(weighted.together().weight, twenty.row_numbers[:7])
    assert np.array_equal(split.y, twenty.y_known[:7]) and len(split.x) == 7
    assert split.x_val.shape == (0, split.x.shape[1]) and len(split.y_val) == 0
    first, second = rows.truths
    assert np.array_equal(first, twenty.y_known[[3, 4]]) and len(second) == 2
    assert set(rows.describe()) == {"prepared", "fold_rows"}
    assert rows.describe()["prepared"] == "by fold" and len(rows.describe()["fold_rows"]) == 8


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ([0, 1, 2], [15], None),
        ([0, 1, 2, 15], [3], None),
        ([0, 1, 2], [16], "rows beyond the 16 to train and validate on (see data.row_numbers)"),
        ([0, 1, 2, 16], [3], "rows beyond the 16"),
        ([], [2], "0 rows to train on and 1 to validate on"),
        ([0, 1], [], "2 rows to train on and 0 to validate on"),
        ([0, 1, 2], [2], "rows to validate on that it trains on"),
    ],
)
def test_a_fold_is_looked_at_row_by_row(first, second, told, twenty):
    fine = ([0, 1, 2, 3, 4, 5, 6, 7], [8, 9])
    _, lines = rows_of(twenty, cut_by(fine, (first, second)))
    if told is None:
        assert lines == []
    else:
        (line,) = lines
        assert line.startswith("folds=<") and f"gives fold 2 of 2 {told}" in line
        assert line.endswith(". Type fewer folds, or another splitter.")


def test_training_rows_of_one_class_or_amount_are_refused(twenty):
    y = twenty.y_known
    same = np.flatnonzero(y == y[0])
    _, (line,) = rows_of(twenty, cut_by((same[:3], np.flatnonzero(y != y[0])[:2])))
    assert "gives fold 1 of 1 training rows of one class alone" in line
    amounts = ht.load((noise(40), np.r_[np.full(39, 5.0), 6.0]), task="regression")
    y = amounts.y_known
    same = np.flatnonzero(y == 5.0)
    _, (line,) = rows_of(amounts, cut_by((same[:3], same[3:5])))
    assert "training rows of one amount alone" in line


def test_a_splitter_without_a_fold_is_refused(twenty):
    _, (line,) = rows_of(twenty, cut_by())
    assert line.endswith("gives no fold. Type for instance folds=3.")


def test_as_many_folds_as_the_rarest_class_has_rows_and_no_more(twenty):
    rarest = int(np.bincount(twenty.y_known).min())
    assert rows_of(twenty, rarest)[1] == [] and rows_of(twenty, rarest)[0].count == rarest
    rows, (line,) = rows_of(twenty, rarest + 1)
    assert line == (
        f"folds={rarest + 1} is more than the {rarest} rows of the rarest class of 'arrays', so "
        f"some fold would miss it. Type folds={rarest} or less."
    )
    assert rows.cut == [] and rows.count == 1
    amounts = ht.load((noise(40), np.arange(40.0) / 3))
    half = len(amounts.y_known) // 2
    assert rows_of(amounts, half)[1] == [] and len(rows_of(amounts, half + 1)[1]) == 1
    for folds in (1, 0, -2, 2.0, True):
        assert "a whole number from 2 up, or None" in rows_of(twenty, folds)[1][0]
    assert rows_of(twenty, 2)[1] == [] and type(rows_of(twenty, np.int64(2))[0].folds) is int


def test_as_many_folds_as_there_are_groups_and_no_more():
    x, y = noise(60), np.arange(60) % 2
    data = ht.load((x, y), groups=np.repeat(list("abcdefghij"), 6))
    groups = len(np.unique(data.groups))
    assert rows_of(data, groups)[1] == []
    _, (line,) = rows_of(data, groups + 1)
    assert line == (
        f"folds={groups + 1} is more than the {groups} groups. Type folds={groups} or less."
    )


def test_amounts_are_standardized_by_the_training_rows_of_each_fold():
    data = ht.load((noise(40), 10.0 + np.arange(40.0) ** 1.5))
    y = data.y_known
    rows, _ = rows_of(data, cut_by(([0, 1, 2, 3], [4, 5])))
    (split,) = rows.splits()
    assert (split.center, split.spread) == (y[:4].mean(), y[:4].std())
    assert np.allclose(split.y, (y[:4] - y[:4].mean()) / y[:4].std())
    assert np.allclose(split.in_own_unit(split.y_val), y[4:6])
    assert np.array_equal(split.truth, y[4:6])
    assert split.x.shape == (4, 2) and split.x_val.shape == (2, 2)
    weight = np.arange(40) + 1
    (weighted,) = rows_of(data, rows.folds, sample_weight=weight)[0].splits()
    assert np.array_equal(weighted.weight, weight[data.row_numbers[:4]])
    assert (weighted.center, weighted.spread) == (split.center, split.spread)


def test_amounts_that_are_all_alike_are_only_moved():
    y, days = np.r_[np.full(30, 5.0), np.arange(10.0)], pd.date_range("2026-01-01", periods=40)
    data = ht.load((noise(40), y), time=days.to_numpy(), task="regression")
    split = rows_of(data)[0].fixed()
    assert (split.center, split.spread) == (5.0, 1.0) and not split.y.any()
    assert np.array_equal(split.y_val, split.truth - 5.0)


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({"class_weight": {0: 3}}, (3.0, 1.0)),
        ({"class_weight": {0: 0}}, (0.0, 1.0)),
        ({"class_weight": {0: 0.5, 1: 4}}, (0.5, 4.0)),
        ({"sample_weight": np.full(20, 2)}, (2.0, 2.0)),
        ({"sample_weight": [2] * 20, "class_weight": {1: 3}}, (2.0, 6.0)),
        ({"class_weight": {}}, (1.0, 1.0)),
        ({"sample_weight": [Fraction(1, 2)] * 20}, (0.5, 0.5)),
    ],
)
def test_what_a_row_counts_for(weights, expected, twenty):
    rows, lines = rows_of(twenty, **weights)
    assert lines == []
    (split,) = rows.splits()
    assert np.array_equal(split.weight, np.asarray(expected)[split.y])
    assert split.weight.dtype == float
    told = rows.describe()
    assert told.keys() == weights.keys()
    if weights.get("class_weight"):
        assert told["class_weight"] == {
            repr(k): float(v) for k, v in weights["class_weight"].items()
        }


def test_balanced_is_told_by_its_name(twenty):
    assert rows_of(twenty, class_weight="balanced")[0].describe() == {"class_weight": "balanced"}


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ({"class_weight": {0: np.inf}}, "numbers from 0 up, by label"),
        ({"class_weight": {0: True}}, "numbers from 0 up, by label"),
        ({"class_weight": {2: 1}}, "class_weight has 2, which is no label of 'arrays'."),
        ({"class_weight": "balance"}, "Type for instance class_weight={1: 5}."),
        ({"sample_weight": [np.inf] * 20}, "sample_weight=[inf, inf, inf] is not allowed."),
        ({"sample_weight": [-1, *[1] * 19]}, "sample_weight=[-1.0] is not allowed."),
        ({"sample_weight": [1] * 19}, "shape (19,); it takes one number for each of the 20 rows"),
        ({"sample_weight": np.ones((20, 1))}, "sample_weight has shape (20, 1);"),
    ],
)
def test_weights_that_are_none_are_told(weights, told, twenty):
    rows, lines = rows_of(twenty, **weights)
    assert len(lines) == 1 and told in lines[0]


def test_weights_may_be_zero_but_not_all_of_a_fold(twenty):
    weight = np.zeros(20)
    weight[twenty.row_numbers[0]] = 1e-9
    fold = ([0, 1, 2], [3])
    assert rows_of(twenty, cut_by(fold), sample_weight=weight)[1] == []
    _, (line,) = rows_of(twenty, cut_by(fold, ([1, 2, 3, 4], [0])), sample_weight=weight)
    assert "make each training row of fold 2 of 2 count 0. Give some of them" in line


def test_a_splitter_is_named_without_the_place_in_memory():
    assert name_of(3) == 3 and name_of(None) is None
    assert name_of(KFold(3)) == repr(KFold(3)) and " at 0x" not in name_of(cut_by())


def test_rows_and_weights_are_told_as_in_the_logs_of_older_versions(twenty):
    rows, _ = rows_of(twenty, cut_by(([0, 1, 2], [3, 4])), sample_weight=np.arange(20))
    told = rows.describe()
    assert (told["fold_rows"], told["sample_weight"]) == ("6c8f4e1c", "d239044d")

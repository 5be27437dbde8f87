"""Data sets: what is split, scaled, sealed and refused."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_iris, make_regression
from sklearn.utils import Bunch

import hpotutor as ht
from hpotutor.errors import ArgumentError, DataError, SealError
from tests.messages import refused

ROWS = {"iris": 150, "wine": 178, "breast_cancer": 569, "digits": 1797}


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"length": rng.normal(size=60), "width": rng.normal(size=60)})
    table["species"] = np.tile(["newt", "frog", "toad"], 20)
    return table


@pytest.mark.parametrize("name", ROWS)
def test_every_row_lands_in_exactly_one_part(name):
    data = ht.load(name)
    parts = (data.x_train, data.x_val, data.open_test()[0])
    assert sum(map(len, parts)) == ROWS[name]
    assert all(part.dtype == np.float32 for part in parts)
    assert set(data.y_train) == set(data.y_val) == set(range(data.n_classes))


def test_split_is_stratified_and_seeded():
    first, again, other = ht.load("digits"), ht.load("digits"), ht.load("digits", seed=1)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    shares = np.bincount(first.y_train) / len(first.y_train)
    assert np.abs(shares - np.bincount(first.y_val) / len(first.y_val)).max() < 0.01


def test_numpy_numbers_are_numbers(frame):
    data = ht.load("iris", seed=np.int64(1), validation=np.float32(0.25), test=np.float64(0.25))
    assert (type(data.seed), data.seed, data.n_test) == (int, 1, 38)
    assert ht.load("iris", seed=np.uint8(1)).fingerprint == ht.load("iris", seed=1).fingerprint
    unnamed = pd.DataFrame(frame.to_numpy()).astype({0: float, 1: float})
    assert ht.load(unnamed, target=np.int64(2)).n_classes == 3


def test_scaler_has_seen_training_rows_only():
    data = ht.load("breast_cancer")
    assert np.allclose(data.x_train.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(data.x_train.std(axis=0), 1, atol=1e-4)
    assert np.abs(data.x_val.mean(axis=0)).max() > 0.01


def test_scales():
    assert ht.load("digits").x_train.max() == 1.0
    assert ht.load("iris", scale="minmax").x_train.min() == 0.0
    assert ht.load("iris", scale=None).x_train.max() > 7


def test_labels_keep_their_names(frame):
    data = ht.load(frame, target="species")
    assert data.classes == ("frog", "newt", "toad")
    assert data.feature_names == ("length", "width")


def test_csv_and_arrays_agree_with_the_frame(frame, tmp_path):
    frame.to_csv(tmp_path / "pond.csv", index=False)
    from_csv = ht.load(tmp_path / "pond.csv", target="species")
    x, y = frame[["length", "width"]].to_numpy(), frame["species"].to_numpy()
    assert from_csv.name == "pond"
    assert np.allclose(from_csv.x_train, ht.load((x, y)).x_train)


def test_seal_is_broken_once(capsys):
    data = ht.load("wine")
    x_test, y_test = data.open_test()
    assert len(x_test) == len(y_test) == data.n_test
    assert "seal of the wine test set (36 rows) is now broken" in capsys.readouterr().out
    with refused(r"again=True", error=SealError):
        data.open_test()
    data.open_test(again=True)
    assert "number 2" in capsys.readouterr().out


def test_a_pickled_set_scales_new_rows_alike():
    data = ht.load("digits")
    copy = pickle.loads(pickle.dumps(data))
    rows = np.full((1, 64), 16.0)
    assert np.array_equal(copy.preparation.transform(rows), data.preparation.transform(rows))


def test_many_columns_are_named_up_to_twenty():
    wide = pd.DataFrame(np.zeros((3, 25))).add_prefix("c")
    with refused(r"Columns: c0, c1, .*, c19 and 5 more\.", error=DataError):
        ht.load(wide, target="y")
    with refused(r"Columns: c0, .*, c19\. Type for instance target='c19'", error=DataError):
        ht.load(wide.iloc[:, :20])


def test_whatever_becomes_a_data_frame_of_pandas_is_taken(frame):
    class Table:
        def to_pandas(self):
            return frame

    expected = ht.load(frame, target="species").fingerprint
    assert ht.load(Table(), target="species").fingerprint == expected


def test_columns_of_several_levels_are_named_by_a_tuple(frame):
    frame.columns = pd.MultiIndex.from_tuples([("size", "a"), ("size", "b"), ("kind", "")])
    data = ht.load(frame, target=("kind", ""))
    assert data.n_classes == 3 and data.n_features == 2


def test_a_class_that_groups_leave_out_of_a_part_is_named(frame):
    late = np.where(np.arange(60) < 50, "old", "new")
    with refused("the training part of 'frame' has no row of class 'new'", "seed", error=DataError):
        ht.load(frame.assign(species=late), target="species", time=np.arange(60))
    one = frame.assign(species=["a", "b", "c"] * 12 + ["c"] * 24)
    with refused("the validation part of .* no row of class 'a', 'b'", error=DataError):
        ht.load(one, target="species", time=np.arange(60))


def test_repr_tells_whether_the_seal_holds():
    data = ht.load("iris")
    assert "sealed" in data._repr_html_()
    data.open_test()
    assert "seal broken" in data._repr_html_()


def test_mnist_without_network_names_digits(monkeypatch):
    from hpotutor._tensorflow import keras

    def refuse():
        raise OSError("no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", refuse)
    with refused("MNIST could not be downloaded", r"Type ht\.load\('digits'\)", error=DataError):
        ht.load("mnist")


def test_mnist_from_a_cached_file(monkeypatch):
    from hpotutor._tensorflow import keras

    x = np.zeros((100, 28, 28), "uint8")
    x[:, 3, 4] = 255
    y = np.tile(np.arange(10, dtype="uint8"), 10)
    monkeypatch.setattr(keras.datasets.mnist, "load_data", lambda: ((x, y), (x, y)))
    data = ht.load("mnist")
    assert data.image_shape == (28, 28, 1)
    assert data.x_train.shape == (120, 784)
    assert data.x_train.max() == 1.0


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"source": "digit"}, "Did you mean 'digits'"),
        ({"source": 5}, "a name, a .csv path, a data frame"),
        ({"source": np.zeros((60, 2))}, "a name, a .csv path, a data frame"),
        ({"source": "iris", "validation": 0}, r"^load: validation=0 is not .* validation=0\.2\.$"),
        ({"source": "iris", "validation": 1}, "validation=1 is not allowed"),
        ({"source": "iris", "test": 1.0}, "^load: test=1.0 is not allowed"),
        ({"source": "iris", "seed": -1}, "seed=-1"),
        ({"source": "iris", "task": "regresion"}, "Did you mean 'regression'"),
        ({"source": "iris", "target": "species"}, "the labels are known"),
        ({"source": (np.zeros((60, 2)), np.arange(60) % 2), "target": "y"}, "the labels are known"),
        ({"source": "iris", "groups": "who"}, "groups is for data of your own; 'iris' has none"),
        ({"source": "iris", "time": "day"}, "time is for data of your own"),
        ({"source": "a.csv", "groups": "a", "time": "b"}, "groups and time split the rows in diff"),
        ({"source": "a.csv", "keep": "id"}, r"keep='id' is not allowed.*keep=\[\"id\"\]"),
        ({"source": "a.csv", "keep": ["id", 3]}, "keep="),
        ({"source": "iris", "test": True}, "test=True is not allowed"),
        ({"source": "iris", "validation": 0.5, "test": 0.5}, "leave no rows to train on"),
        ({"source": "iris", "scale": "standart"}, "Did you mean 'standard'"),
    ],
)
def test_bad_arguments(arguments, message):
    with refused(message):
        ht.load(**arguments)


def test_bad_arguments_are_all_named_at_once():
    with refused(r"(?s)3 problems.*source.*validation.*scale"):
        ht.load("digit", validation=-1, scale="x")


def test_bad_tables(frame, tmp_path):
    short = frame.rename(columns=str.upper)
    cases = {
        r"nothing to learn from, x is \(60, 0\)": (frame[["species"]], {"target": "species"}),
        r"nothing to learn from, x is \(0, 2\)": (frame[:0], {"target": "species"}),
        "the table has no columns": (frame[[]], {"target": "species"}),
        "target, groups and time name one column": (frame, {"target": "width", "groups": "width"}),
        "target=.'a', 'b'. is no column": (frame, {"target": ["a", "b"]}),
        "groups='who' is no column of the table. Columns: LENGTH, WIDTH, SPECIES.": (
            short,
            {"target": "SPECIES", "groups": "who"},
        ),
        "target is missing: name the column": (frame, {}),
        "Did you mean 'species'": (frame, {"target": "specis"}),
        "no file 'nowhere.csv'": ("nowhere.csv", {"target": "y"}),
    }
    for message, (source, keywords) in cases.items():
        with refused(message, error=DataError):
            ht.load(source, **keywords)
    (tmp_path / "empty.csv").write_text("")
    with refused("cannot be read as a CSV", error=DataError):
        ht.load(tmp_path / "empty.csv", target="y")
    with refused("keep=..lenght.. is no column to .*mean 'length'", error=ArgumentError):
        ht.load(frame, target="species", keep=["width", "lenght"])


def test_a_target_with_gaps_is_refused(frame):
    frame.loc[0, "species"] = None
    with refused("1 rows without a label", error=DataError):
        ht.load(frame, target="species")


def test_labels_that_are_no_classes():
    x = np.random.default_rng(0).normal(size=(40, 2))
    with refused("a single class", error=DataError):
        ht.load((x, np.ones(40)))
    with refused("are not classes", error=DataError):
        ht.load((x, np.linspace(0, 1, 40)), task="classification")
    with refused("each class needs 5 rows", error=DataError):
        ht.load((x, np.r_[np.zeros(38), 1, 1]))
    with refused(r"give y one entry a row, in shape \(40,\)", error=DataError):
        ht.load((x, np.zeros(39)))


@pytest.mark.parametrize("load", [load_diabetes, partial(make_regression, random_state=0)])
@pytest.mark.parametrize("column", [False, True])
def test_what_scikit_learn_calls_a_regression_is_one(load, column):
    x, y = load(return_X_y=True) if load is load_diabetes else load()
    data = ht.load((x, y[:, None] if column else y))
    assert data.task == "regression" and "regression" in repr(data)
    assert data.y_train.dtype == np.float64 and set(data.y_train) <= set(y)


def test_channels_that_come_first_are_doubted():
    y = np.arange(60) % 2
    assert "moveaxis" in repr(ht.load((np.ones((60, 3, 8, 8)), y)))
    assert ht.load((np.ones((60, 8, 8, 3)), y)).note == ""
    with refused("keep names columns of a table"):
        ht.load((np.ones((60, 8, 8)), y), keep=["a"])


def test_classes_are_told_from_amounts():
    x = np.random.default_rng(0).normal(size=(200, 2))
    assert ht.load((x, x[:, 0])).task == "regression"
    assert ht.load((x, np.arange(200))).task == "regression"
    assert ht.load((x, np.arange(200) % 2 == 0)).task == "classification"
    assert ht.load((x, np.arange(200) % 5)).note == ""
    assert "task='classification'" in ht.load((x, np.arange(200) % 25)).note
    grades = ht.load((x, np.arange(200) % 8))
    assert grades.task == "classification" and "task='regression'" in repr(grades)
    assert ht.load((x, np.arange(200) % 8), task="regression").task == "regression"


def test_amounts_keep_their_unit_and_are_split_by_quantiles():
    x = np.random.default_rng(0).normal(size=(400, 3))
    price = np.exp(x[:, 0]) * 1000
    data = ht.load((x, price))
    assert data.classes == () and data.n_classes == 0
    y_test = data.open_test()[1]
    parts = [np.median(part) for part in (data.y_train, data.y_val, y_test)]
    assert np.ptp(parts) < 0.05 * np.median(price)
    assert sorted(np.r_[data.y_train, data.y_val, y_test]) == sorted(price)
    assert "regression" in repr(data) and "regression" in data._repr_html_()


def test_one_hot_and_column_labels_are_taken_for_what_they_are():
    x = np.random.default_rng(0).normal(size=(60, 2))
    y = np.arange(60) % 3
    plain = ht.load((x, y))
    assert ht.load((x, np.eye(3)[y])).fingerprint == plain.fingerprint
    assert ht.load((x, y[:, None])).fingerprint == plain.fingerprint


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3), (40, 2)])
def test_images_and_sequences_keep_their_shape(shape):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 255, (60, *shape)), np.arange(60) % 2
    data = ht.load((x, y))
    assert data.input_shape == shape
    assert data.x_train.shape == (36, np.prod(shape))
    assert len(data.feature_names) == data.n_features == np.prod(shape)
    assert data.x_train.max() == 1.0  # divided by the largest pixel


def test_signals_are_standardized_by_channel():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 40, 2)) * [1, 1000] + [5, 0]
    data = ht.load((x, np.arange(60) % 2))
    channels = data.x_train.reshape(-1, 2)
    assert np.allclose(channels.mean(axis=0), 0, atol=1e-5)
    assert np.allclose(channels.std(axis=0), 1, atol=1e-5)


def test_each_value_of_a_color_image_has_a_name():
    pictures = np.random.default_rng(0).random((40, 4, 4, 3))
    names = ht.load((pictures, np.arange(40) % 2)).feature_names
    assert len(names) == len(set(names)) == 48 and names[:2] == ("pixel_0_0_0", "pixel_0_0_1")
    assert ht.load("digits").feature_names[:2] == ("pixel_0_0", "pixel_0_1")


# ── what scikit-learn's loaders return ───────────────────────────────────────────────────────
X = np.random.default_rng(0).normal(size=(60, 2))
THREE = np.arange(60) % 3


@pytest.mark.parametrize(
    ("y", "names", "classes"),
    [
        (THREE, ["a", "b", "c"], ("a", "b", "c")),
        (THREE, np.array(["a", "b", "c"]), ("a", "b", "c")),
        (THREE, None, (0, 1, 2)),
        (THREE + 1, ["a", "b", "c"], (1, 2, 3)),  # the names are of 0, 1, 2
        (THREE, ["a", "b"], (0, 1, 2)),
        (THREE % 2, ["a", "b", "c"], (0, 1)),
        (np.array(["x", "y", "z"])[THREE], ["a", "b", "c"], ("x", "y", "z")),
        (np.array(["x", "y", "z"])[THREE], ["species"], ("x", "y", "z")),  # as fetch_openml does
        (np.eye(2, dtype=int)[THREE % 2], ["a", "b"], (0, 1)),
    ],
)
def test_classes_of_a_bunch_have_the_names_that_fit_them(y, names, classes):
    data = ht.load(Bunch(data=X, target=y, target_names=names))
    assert data.classes == classes
    assert data.name == "bunch" and data.feature_names == ("feature_0", "feature_1")


def test_a_bunch_needs_data_and_a_target_and_takes_groups_and_times():
    for one in ({"data": X}, {"target": THREE}):
        with refused("a Bunch lacks data or target. Type ", error=DataError):
            ht.load(Bunch(**one))
    grouped = ht.load(load_iris(), groups=np.arange(150) % 30)
    assert set(grouped.groups) < set(range(30)) and not grouped.timed
    timed = ht.load(Bunch(data=X, target=THREE), time=np.arange(60))
    assert timed.timed and timed.row_numbers.tolist() == list(range(48))


def test_the_courses_sets_have_their_task_and_raise_no_doubt():
    assert ht.load("digits").note == ""
    assert ht.load("digits", task="regression").task == "regression"


# ── arrays ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ((X, THREE, THREE), "a tuple of 3 parts was given"),
        ((X,), "a tuple of 1 parts was given"),
        ((X[:, 0], THREE), r"x has shape \(60,\); a row an example"),
        ((np.zeros((60, 2, 2, 2, 2)), THREE), r"x has shape \(60, 2, 2, 2, 2\); a row"),
        ((np.zeros((0, 3)), []), r"nothing to learn from, x is \(0, 3\)"),
        ((np.zeros((60, 0)), THREE), r"nothing to learn from, x is \(60, 0\)"),
        ((np.zeros((60, 3, 0)), THREE), r"nothing to learn from, x is \(60, 3, 0\)"),
        (([[1, 2], [3]] * 30, THREE), "x is no array.*differ in length"),
        ((X, [[1], [1, 2]] * 30), "y is no array.*differ in length"),
        ((X, np.where(THREE == 1, None, "a")), "load: 20 rows of y have no label"),
        ((X, X), r"y has shape \(60, 2\); give y one entry a row, in shape \(60,\)"),
        ((X, (X > 0).astype(int)), r"y has shape \(60, 2\); give y one"),  # of several labels a row
        ((X, np.eye(3)[THREE] * 2), r"y has shape \(60, 3\); give y one"),
        ((X, np.eye(3)[THREE].astype(str)), r"y has shape \(60, 3\); give y one"),
        ((X, np.zeros((60, 1, 1))), r"y has shape \(60, 1, 1\); give y one"),
        ((np.full((60, 2, 2), "a"), THREE), "give images and sequences as numbers"),
        ((np.where(np.eye(60)[:, :2, None], np.nan, 1), THREE), "x has 2 missing or infinite"),
    ],
)
def test_arrays_that_cannot_be_learned_from_say_why(pair, message):
    with refused(message, error=DataError):
        ht.load(pair)


def test_labels_beside_a_frame_keep_their_order_unless_they_are_named_in_another(frame):
    x, y = frame[["length", "width"]], frame["species"]
    expected = ht.load((x, y)).fingerprint
    assert ht.load((x.set_axis(range(100, 160)), y)).fingerprint == expected
    assert ht.load((x, y[::-1].to_numpy()[::-1])).fingerprint == expected
    assert ht.load((x, np.eye(3)[np.arange(60) % 3] == 1)).fingerprint != expected
    records = x.to_records(index=False)
    assert ht.load((records, y.to_numpy())).fingerprint == expected
    for table in (x, records):
        assert ht.load((table, y), time=np.arange(60)).row_numbers.tolist() == list(range(48))
        assert set(ht.load((table, y), groups=np.arange(60) // 5).groups) < set(range(12))
    with refused("groups has the row labels of x in another order", error=DataError):
        ht.load((x, y), groups=pd.Series(np.arange(60) % 9)[::-1])


def test_pictures_of_yes_and_no_and_of_four_axes_are_taken():
    y = np.arange(60) % 2
    for shape in ((2, 2), (2, 3, 2)):
        pictures = np.random.default_rng(0).random((60, *shape)) > 0.5
        data = ht.load((pictures, y))
        assert data.input_shape == shape and set(np.unique(data.x_train)) == {0, 1}

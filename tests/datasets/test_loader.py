"""Data sets: what is split, scaled, sealed and refused."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, make_regression

import hpotutor as ht
from hpotutor.errors import DataError, SealError
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

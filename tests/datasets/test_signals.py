"""The signals are the published set, with its test part behind the seal."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused

DATA = Path(ht.__file__).parent / "datasets" / "data"


@pytest.fixture(scope="module")
def stored():
    with np.load(DATA / "signals.npz") as file:
        return file["x"], file["y"]


def test_the_file_has_the_checksum_that_its_readme_names(stored):
    x, y = stored
    assert x.shape == (5000, 40) and y.shape == (5000,)
    checksum = hashlib.sha256(x.tobytes() + y.tobytes()).hexdigest()
    assert checksum in (DATA / "README.md").read_text(encoding="utf-8")
    assert (DATA / "signals.npz").stat().st_size < 400_000


@pytest.mark.parametrize("seed", [0, 1])
def test_the_published_test_part_is_the_sealed_one_whatever_the_seed(stored, seed, capsys):
    data = ht.load("signals", seed=seed)
    assert (len(data.y_train), len(data.y_val), data.n_test) == (3000, 1000, 1000)
    x, y = data.open_test()
    np.testing.assert_array_equal(y, stored[1][4000:])
    assert np.corrcoef(x.ravel(), stored[0][4000:].astype(float).ravel())[0, 1] > 0.999999


def test_validation_rows_are_drawn_from_the_rest_by_class():
    data = ht.load("signals", validation=0.1)
    assert (len(data.y_train), len(data.y_val), data.n_test) == (3500, 500, 1000)
    assert data.input_shape == (40, 1) and data.x_train.shape == (3500, 40)
    shares = np.bincount(data.y_val) / 500, np.bincount(data.y_train) / 3500
    np.testing.assert_allclose(*shares, atol=0.002)
    assert ht.load("signals", seed=1).fingerprint != ht.load("signals").fingerprint


def test_another_share_of_test_rows_is_refused():
    with refused(r"test=0\.3 is not allowed.*test=0\.2"):
        ht.load("signals", test=0.3)


def test_logistic_regression_reaches_what_was_published():
    """32% in the paper; the signals are no table of features."""
    from sklearn.linear_model import LogisticRegression

    data = ht.load("signals")
    fitted = LogisticRegression(max_iter=300).fit(data.x_train, data.y_train)
    assert 0.25 < fitted.score(data.x_val, data.y_val) < 0.38

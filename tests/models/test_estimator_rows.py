"""What an estimator takes for rows, and what it says of them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import csc_array, dok_array
from sklearn.datasets import load_iris
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.errors import DataError

X, Y = load_iris(return_X_y=True)
X = StandardScaler().fit_transform(X).astype("float32")
QUICK = {"units": 16, "learning_rate": 0.05, "epochs": 1, "batch_size": 50, "random_state": 0}


class OnlyArray(list):
    """What is an array when it is asked for one, and no argument of NumPy's functions."""

    __array_function__ = None

    def __array__(self, dtype=None, copy=None):
        return np.array(list(self), dtype)


@pytest.mark.parametrize("kind", [csc_array, dok_array, OnlyArray])
def test_rows_of_every_kind_are_taken(kind):
    estimator = ht.KerasClassifier(**QUICK)
    estimator.initialize(kind(X), Y)
    assert np.allclose(estimator.predict_proba(kind(X)), estimator.predict_proba(X), atol=1e-5)


def test_rows_without_labels_are_refused_in_the_words_that_scikit_learn_looks_for():
    with pytest.raises(DataError, match="requires y to be passed"):
        ht.KerasClassifier(**QUICK).fit(X, None)


def test_a_network_of_one_output_says_a_number_a_row():
    network = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    network.compile("adam", "mae")
    estimator = ht.KerasClassifier(network)
    estimator.initialize(X, Y)
    said = estimator.predict_proba(X)
    assert said.shape == (150,) and np.allclose(said, np.asarray(network(X))[:, 0], atol=1e-6)

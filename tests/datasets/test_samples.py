"""The shipped table is what its script makes, and small, and can be loaded once encoded."""

import pandas as pd

import hpotutor as ht
from tools import sample_data


def test_the_file_is_what_the_script_makes():
    pd.testing.assert_frame_equal(pd.read_csv(ht.sample_csv()), sample_data.table())
    assert ht.sample_csv() == sample_data.FILE
    assert ht.sample_csv().stat().st_size < 100_000


def test_it_trains_after_encoding():
    frame = pd.get_dummies(pd.read_csv(ht.sample_csv()), columns=["sex"])
    data = ht.load(frame, target="progression")
    assert data.classes == ("fast", "slow") and data.n_features == 11
    assert len(data.y_train) + len(data.y_val) + data.n_test == 442

"""A small table built here: it goes on, agrees with the stack and with Keras, and is timed."""

from __future__ import annotations

import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.tabular.table import open_table
from tests.small_table import TINY_AXES
from tools.tables import build as table_build
from tools.tables import timing as table_time
from tools.tables.build import Spec, build
from tools.tables.verify import verify


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return a small table that was built here, the folder of its parts, and what it is of."""
    folder = tmp_path_factory.mktemp("tiny")
    patch = pytest.MonkeyPatch()
    spec = Spec("iris", {"validation": 0.3, "test": 0.3}, TINY_AXES, seeds=3, epochs=4)
    patch.setitem(table_build.SPECS, "iris", spec)
    patch.setattr(table_build, "_PARTS", 1)
    patch.setattr(table_time, "_CORNERS", {**table_time._CORNERS, "units": (4, 8)})
    patch.setitem(table_time._CORNERS, "batch_size", (16, 32))
    patch.setitem(table_time._CORNERS, "optimizer", ("sgd", "adam"))
    yield build("iris", folder / "iris.npz", folder / "work"), folder
    patch.undo()


def test_what_was_built_is_in_its_file(tiny):
    table, folder = tiny
    assert open_table(folder / "iris.npz").checksum == table.checksum != ""


def test_a_build_goes_on_where_it_stopped(tiny, monkeypatch, tmp_path):
    table, folder = tiny
    trained = []
    honest = table_build.train_chunk
    monkeypatch.setattr(
        table_build, "train_chunk", lambda *given: trained.append(given[2]) or honest(*given)
    )
    build("iris", tmp_path / "again.npz", folder / "work")
    assert trained == []
    sorted((folder / "work").glob("*.npz"))[2].unlink()
    again = build("iris", tmp_path / "again.npz", folder / "work")
    assert len(trained) == 1
    np.testing.assert_array_equal(again.val_correct, table.val_correct)


def test_a_run_is_what_the_stack_trains(tiny):
    table, _ = tiny
    data = table_build.SPECS["iris"].load()
    for index, seed in ((5, 0), (40, 2)):
        objective = ht.TrainObjective(data, epochs=4, engine="fused", seed=seed)
        trained = objective.evaluate(table.params_at(index))
        stored = table.val_accuracy[index, seed]
        np.testing.assert_allclose(trained.curve["val_accuracy"], stored, atol=1.5 / 45)
        np.testing.assert_allclose(
            trained.curve["val_loss"], table.val_loss[index, seed], rtol=5e-3
        )


def test_plain_keras_agrees_with_a_table(tiny):
    found = verify(tiny[0], sample=2)
    assert len(found.runs) == 2
    assert "2 runs trained again with Model.fit" in str(found)
    assert found.runs["table"].is_monotonic_increasing  # the sample is spread over the ranking


def test_measured_seconds_grow_with_the_steps(tiny, monkeypatch):
    # What is measured stands in here for a machine on which a step takes 1 ms.
    def fit_once(data, params):
        return 0.001 * math.ceil(len(data.y_train) / params["batch_size"]), 0.5

    monkeypatch.setattr(table_time, "fit_once", fit_once)
    table = table_time.measure("iris", tiny[1] / "iris.npz", repeats=1)
    sizes = table.columns()["batch_size"]
    np.testing.assert_allclose(table.epoch_seconds, 0.001 * np.ceil(60 / sizes), rtol=1e-5)
    np.testing.assert_allclose(table.start_seconds, 0.5)
    assert table.about["timing"] == "measured"


def test_a_real_fit_can_be_timed():
    epoch, start = table_time.fit_once(ht.load("iris"), {"batch_size": 32, "units": 4})
    assert 0 < epoch < start

"""What lesson 13 reads was stored for all that it promises, and settings translate."""

import json

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import HpoTutorError
from tools import small_to_big as tool

STORED = json.loads(tool.FILE.read_text(encoding="utf-8"))


def test_rates_against_width_and_batch_have_their_seeds():
    width, batch = STORED["width"], STORED["batch"]
    assert width["widths"] == [16, 32, 64, 128, 256, 512]
    for optimizer, kind in [("adam", "standard"), ("adam", "mup")]:
        losses = np.array(width[f"{optimizer} {kind}"]["loss"], float)
        assert losses.shape == (6, len(width["rates"][optimizer]), 8)
        means = np.nan_to_num(losses, nan=10).mean(axis=-1)
        best = means.argmin(axis=1)
        assert (0 < best).all() and (best < losses.shape[1] - 1).all()  # no best rate at an edge
    for optimizer in ("sgd", "adam"):
        shape = np.shape(batch[optimizer]["loss"])
        assert shape == (len(batch["sizes"]), len(batch[optimizer]["rates"][0]), 8)


def test_at_the_base_width_both_parametrizations_are_one():
    place = STORED["width"]["widths"].index(64)
    standard, mup = (STORED["width"][f"adam {kind}"]["loss"][place] for kind in ("standard", "mup"))
    assert standard == mup


def test_fine_tuning_and_races_are_stored_whole():
    assert len(STORED["tuning"]) == len(tool.WAYS) * len(tool.ROWS)
    assert {len(one["test"]) for one in STORED["tuning"].values()} == {20}
    for one in STORED["fidelity"].values():
        for against in ("hyperband", "random"):
            chances = np.array(one[f"regret, against {against}"])
            assert chances.shape == (len(tool.BUDGETS), 3)
            assert ((chances >= 0) & (chances <= 1)).all()


@pytest.mark.parametrize(("source", "target"), tool.STARTS.values())
def test_a_translated_setting_is_a_point_of_the_other_space(source, target):
    here, there = (ht.TableObjective(name, quiet=True).space for name in (source, target))
    rng = np.random.default_rng(0)
    for _ in range(50):
        there.check(tool._translated(here.sample(rng), there))


def test_a_translation_is_checked_at_all():
    with pytest.raises(HpoTutorError):
        ht.TableObjective("signals", quiet=True).space.check({"architecture": "dense"})

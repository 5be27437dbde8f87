"""What lesson 11 stores: the quick replay of the median pruner does what Optuna's pruner does."""

import json

import numpy as np
import pytest

from tools import own_project


@pytest.mark.parametrize("seed", range(4))
def test_the_quick_median_rule_is_optunas(seed):
    whole = [one["curve"] for one in json.loads(own_project.FILE.read_text())["curves"]]
    run = [whole[place] for place in np.random.default_rng(seed).permutation(len(whole))]
    slow = own_project.replay(run, own_project.PRUNERS["median"](), f"median {seed}")
    assert own_project.median(run) == slow
    assert slow[0] < sum(map(len, run))  # something was pruned


def test_what_is_stored_is_what_the_replay_gives():
    stored = json.loads(own_project.FILE.read_text())
    whole = [one["curve"] for one in stored["curves"]]
    run = [whole[place] for place in np.random.default_rng(0).permutation(len(whole))]
    epochs, best = own_project.median(run)
    assert stored["pruning"]["median"]["saved"][0] == round(1 - epochs / sum(map(len, run)), 4)
    assert stored["pruning"]["median"]["lost"][0] == round(max(map(max, run)) - best, 4)

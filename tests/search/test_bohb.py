"""Hyperband whose configurations are proposed by TPE, as in BOHB."""

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused

SPACE = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.loguniform(1e-3, 1), kind=ht.choice("a", "b"))


def value(params, epochs):
    away = abs(params["x"] - 0.3) + abs(np.log10(params["y"]) + 1) / 3 + (params["kind"] == "a")
    return -away * (1 + 1 / epochs)


def search(trials=150, **settings):
    objective = ht.FunctionObjective(value, epochs=9)
    return ht.hyperband_search(objective, SPACE, trials=trials, progress=False, **settings)


@pytest.mark.parametrize("library", ["plain", "optuna"])
def test_later_proposals_are_better_than_random_ones(library):
    def late(sampler):
        found = [search(seed=seed, library=library, sampler=sampler) for seed in range(4)]
        new = [list({str(e.params): e for e in one.evaluations}.values()) for one in found]
        return np.mean([value(e.params, 9) for one in new for e in one[len(one) // 2 :]])

    assert late("tpe") > late("random") + 0.2


def test_it_begins_as_hyperband_and_runs_the_same_brackets():
    plain, model = search(), search(sampler="tpe")
    first = 9 + 3 + 1  # the first bracket: nothing is known yet
    same = [e.params for e in plain.evaluations[:first]]
    assert [e.params for e in model.evaluations[:first]] == same
    assert [e.epochs for e in plain.evaluations] == [e.epochs for e in model.evaluations]


def test_what_it_starts_from_teaches_it():
    bad = [{"x": 0.6 + n / 20, "y": 0.002 * 1.3**n, "kind": "a"} for n in range(7)]
    known = [{"x": 0.3, "y": 0.1, "kind": "b"}, *bad]
    early = []
    for start in (known, None):
        found = [search(30, seed=seed, sampler="tpe", start=start) for seed in range(5)]
        new = [e for one in found for e in one.evaluations[8 * bool(start) :][:9]]
        early.append(np.mean([value(e.params, 9) for e in new]))
    assert early[0] > early[1]


@pytest.mark.parametrize("library", ["asha", "keras_tuner", "scikit-learn"])
def test_other_loops_propose_at_random(library):
    with refused("sampler='tpe' is for library='plain' or 'optuna'"):
        search(library=library, sampler="tpe")


def test_an_unknown_sampler_is_refused():
    with refused(r"sampler='tp'.*'random'.*'tpe'"):
        search(sampler="tp")

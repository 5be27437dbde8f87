"""What lesson 12 stores: searches that a learner would run, and what the file holds of them."""

import json

import numpy as np
import pytest

import hpotutor as ht
from tools.tables import fronts


@pytest.mark.parametrize("method", ["nsga2", "tpe"])
def test_it_searches_as_the_package_does(method):
    goals = fronts.goals_of("signals")
    asked, found = fronts.search(goals, method, seed=3, trials=25)
    objective = ht.TableObjective("signals", quiet=True, seed=3)
    result = ht.multi_objective_search(
        objective, objective.space, trials=25, sampler=method, seed=3, progress=False
    )
    assert [objective.index_of(e.params) for e in result.evaluations] == asked.astype(int).tolist()
    assert [e.value for e in result.evaluations] == pytest.approx(found.tolist())


@pytest.mark.parametrize("method", fronts.METHODS)
def test_the_file_holds_what_a_search_gives(method):
    stored = json.loads(fronts.FILE.read_text())[f"signals {method}"]
    found = fronts.volumes(goals := fronts.goals_of("signals"), fronts.search(goals, method, 2))
    for what, column in (("seen", 0), ("true", 1)):
        assert [of[2] for of in stored[what]] == [pair[column] for pair in found]


def test_many_searches_are_stored_and_luck_is_in_what_they_saw():
    for part in json.loads(fronts.FILE.read_text()).values():
        seen, true = np.array(part["seen"]), np.array(part["true"])
        assert seen.shape == true.shape and seen.shape[0] == len(part["budgets"]) == 3
        assert seen.shape[1] >= 100
        assert (np.diff(seen, axis=0) >= 0).all()  # a front only grows
        assert (seen.mean(axis=1) > true.mean(axis=1)).all()

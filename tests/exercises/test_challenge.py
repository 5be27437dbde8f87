"""Challenges replay a learner's search, keep to its budget, and say nothing on stderr."""

import numpy as np
import optuna
import pytest

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import NotYet


def draw(objective, seed):
    params = objective.space.sample(np.random.default_rng(seed))
    return objective.evaluate(params).params


def test_an_optuna_study_is_not_announced(capfd):
    def search(objective, seed):
        study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
        params = objective.space.suggest(study.ask())
        return objective.evaluate(params).params

    before = optuna.logging.get_verbosity()
    assert len(challenge.replays(search, trials=1, repeats=3).ranks) == 3
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr().err == ""


def test_who_spends_too_much_is_told_what():
    def greedy(objective, seed):
        return [draw(objective, seed + n) for n in range(3)][-1]

    with pytest.raises(NotYet, match="90 epochs; its budget is 2 trainings of 30, 60 in all"):
        challenge.replays(greedy, trials=2, repeats=2)


def test_who_never_looks_is_told_so():
    with pytest.raises(NotYet, match="never calls"):
        challenge.replays(lambda o, seed: o.space.sample(np.random.default_rng(seed)), trials=1)


def test_test_scores_stay_hidden():
    def peek(objective, seed):
        evaluation = objective.evaluate(objective.space.sample(np.random.default_rng(seed)))
        assert evaluation.test_value is None
        return evaluation.params

    assert len(challenge.replays(peek, trials=1, repeats=2).ranks) == 2


def test_the_same_end_for_every_seed_is_refused():
    outcome = challenge.Outcome(np.full(40, 0.01), np.full(40, 30))
    assert outcome.share_in_best() == 1.0
    with pytest.raises(NotYet, match="default_rng"):
        challenge.expect_draws(outcome)


@pytest.mark.parametrize(("share", "calls"), [(0.3, 20 + 3), (0.5, 60 + 3)])
def test_who_is_far_off_is_told_so_after_twenty_replays(share, calls):
    """A search that reaches less than half of what is asked; the first three are called twice."""
    asked, ranked = [], challenge.TableObjective("digits", quiet=True)
    best, worst = np.argsort(ranked.ranks())[[0, -1]]

    def search(objective, seed):
        asked.append(seed)
        at = best if (seed % 10) < 10 * share else worst
        return objective.evaluate(ranked.table.params_at(at), 1).params

    judged = {"needed": 0.8, "look_at": "Look.", "expect": challenge.expect_choice, "repeats": 60}
    replays = calls - 3
    with pytest.raises(NotYet, match=f"{share:.0%} of {replays} replays end .*80% are asked"):
        challenge.judge(search, trials=1, **judged)
    assert len(asked) == calls

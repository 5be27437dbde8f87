"""Challenges replay a learner's search, keep to its budget, and say nothing on stderr."""

import numpy as np
import optuna
import pytest

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import NotYet
from hpotutor.objectives.base import Evaluation
from hpotutor.search import random_search
from hpotutor.tabular.objective import TableObjective


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


def told_after(share, repeats):
    """Return what a search is told that reaches a share of tens, and how often it was called."""
    asked, ranked = [], challenge.TableObjective("digits", quiet=True)
    order = np.argsort(ranked.ranks())

    def search(objective, seed):
        asked.append(seed)
        at = order[seed] if (seed % 10) < 10 * share else order[-1 - seed]
        return objective.evaluate(ranked.table.params_at(at), 1).params

    judged = {"needed": 0.8, "look_at": "Look.", "expect": challenge.expect_draws}
    try:
        said = challenge.judge(search, trials=1, repeats=repeats, **judged).detail
    except NotYet as refusal:
        said = str(refusal)
    return said, len(asked) - 3  # the first three are called twice


@pytest.mark.parametrize(
    ("share", "replays"), [(0.0, 10), (0.1, 20), (0.5, 20), (0.6, 40), (0.7, 100)]
)
def test_who_is_far_off_is_told_so_early(share, replays):
    said, made = told_after(share, repeats=200)
    assert (made, said) == (
        replays,
        f"Only {share:.0%} of the first {replays} replays end among the best 5% of the table; "
        "80% are asked for. Look.",
    )


@pytest.mark.parametrize(("share", "replays"), [(0.8, 200), (0.9, 100), (1.0, 40)])
def test_who_is_far_beyond_is_told_so_early(share, replays):
    said, made = told_after(share, repeats=200)
    assert made == replays
    of, clear = ("200", "") if share == 0.8 else (f"the first {replays}", ", which is clear enough")
    assert said == f"{share:.0%} of {of} replays end among the best 5% of the table{clear}."


def test_all_replays_have_the_last_word():
    """Nearer to what is asked than chance: nothing is clear before the end."""
    said, made = told_after(0.7, repeats=25)
    assert made == 25 and said.startswith("Only 76% of 25 replays end")


def test_without_a_share_that_is_needed_no_replay_is_spared():
    assert len(challenge.replays(draw, trials=1, repeats=30).ranks) == 30
    assert len(challenge.replays(draw, trials=1, repeats=30, needed=0.99).ranks) == 10


# ── what many replays came to ────────────────────────────────────────────────────────────────


def outcome(*ranks: float) -> challenge.Outcome:
    return challenge.Outcome(np.array(ranks), np.full(len(ranks), 30))


def test_replays_must_differ_by_their_seed():
    challenge.expect_draws(outcome(*[0.1] * 38, 0.2, 0.3))  # 3 ends of 40
    with pytest.raises(NotYet, match="the draws do not depend on `seed`"):
        challenge.expect_draws(outcome(*[0.1] * 39, 0.2))


def test_a_search_may_not_choose_one_setting_whatever_it_measures():
    challenge.expect_choice(outcome(*[0.1] * 36, *np.arange(4)))  # 90 percent
    with pytest.raises(NotYet, match="whatever they measured"):
        challenge.expect_choice(outcome(*[0.1] * 37, *np.arange(3)))


def test_enough_replays_must_end_among_the_best():
    four = outcome(0.0, 0.04, 0.05, 0.5)
    assert four.share_in_best() == 0.5 and four.share_in_best(0.06) == 0.75
    said = challenge.verdict(four, needed=0.5, look_at="Look.")
    assert said.detail == "50% of 4 replays end among the best 5% of the table."
    with pytest.raises(NotYet) as caught:
        challenge.verdict(four, needed=0.8, look_at="Look.", best=0.1)
    assert str(caught.value) == (
        "Only 75% of 4 replays end among the best 10% of the table; 80% are asked for. Look."
    )


@pytest.mark.parametrize("repeats", [2, 3, 7])
def test_a_search_is_repeated_with_its_seed(repeats):
    asked = []

    def one(seed):
        asked.append(seed)
        return 10 * seed

    assert challenge.repeatable(one, repeats) == [10 * seed for seed in range(repeats)]
    twice = list(range(min(repeats, 3)))
    assert asked == [*twice, *twice, *range(len(twice), repeats)]


def test_a_search_that_forgets_its_seed_is_refused():
    ends = iter(range(99))
    with pytest.raises(NotYet, match="Called again with the same seed"):
        challenge.repeatable(lambda seed: next(ends), 5)


# ── the table that a search is given ─────────────────────────────────────────────────────────


class Table:
    """Two settings, and what was asked of them."""

    epochs, space = 10, {"a": 1}

    def __init__(self):
        self.asked = []

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        self.asked.append((params, epochs, on_epoch))
        return Evaluation(params, 0.5, epochs=epochs or self.epochs, test_value=0.9)

    def epochs_of(self, params, epochs):
        return params["a"] if epochs is None else epochs

    def describe(self):
        return {"name": "two"}


def test_a_table_counts_what_it_is_asked_for():
    table = Table()
    metered = challenge.MeteredTable(table)
    assert (metered.spent, metered.epochs, metered.space) == (0, 10, {"a": 1})
    evaluation = metered.evaluate({"a": np.int64(3)}, 4, on_epoch=print)
    assert (evaluation.value, evaluation.epochs, evaluation.test_value) == (0.5, 4, None)
    assert metered.spent == 4
    metered.evaluate({"a": 1})
    assert metered.spent == 14
    assert table.asked == [({"a": 3}, 4, print), ({"a": 1}, None, None)]
    assert type(table.asked[0][0]["a"]) is int
    metered.evaluate([1])  # the table itself says what is wrong
    assert table.asked[2][0] == [1]
    assert (metered.epochs_of({}, 3), metered.epochs_of({"a": 7}, None)) == (3, 7)
    assert metered.describe() == {"name": "two"}
    assert (metered.direction, metered.deterministic) == ("maximize", False)


def test_replays_are_ranked_by_what_they_choose():
    table = TableObjective("digits", quiet=True)
    best = table.space.sample(np.random.default_rng(3))

    def chooses(objective, seed):
        for number in range(2):
            params = objective.space.sample(np.random.default_rng(number))
            objective.evaluate(params, 15 if number else 7)
        return {**best, "units": np.int64(best["units"])}

    found = challenge.replays(chooses, trials=1, repeats=4)
    assert found.ranks.tolist() == [table.ranks()[table.index_of(best)]] * 4
    assert found.epochs.tolist() == [22] * 4


def test_a_search_may_give_back_its_result_and_use_up_its_budget():
    def searches(objective, seed):
        return random_search(objective, objective.space, trials=2, seed=seed, progress=False)

    found = challenge.replays(searches, trials=2, repeats=2)
    assert found.epochs.tolist() == [60] * 2
    assert len(set(found.ranks)) == 2


def test_scores_are_another_seeds_in_each_replay():
    table = TableObjective("digits", quiet=True)
    drawn = [table.space.sample(np.random.default_rng(number)) for number in range(60)]
    params = sorted(drawn, key=lambda one: table.ranks()[table.index_of(one)])[:6]  # hard to tell

    def same_ones(objective, seed):
        return max(params, key=lambda one: objective.evaluate(one).value)

    assert len(set(challenge.replays(same_ones, trials=6, repeats=8).ranks)) > 1


def test_without_a_number_there_are_200_replays_and_what_is_not_searched_has_a_value():
    def few(objective, seed):
        rate = float(np.random.default_rng(seed).choice([0.01, 0.1]))
        assert list(objective.space) == ["learning_rate"]
        return objective.evaluate({"learning_rate": rate}).params

    whole = TableObjective("digits", quiet=True).space.sample(np.random.default_rng(0))
    rest = {name: value for name, value in whole.items() if name != "learning_rate"}
    assert len(challenge.replays(few, trials=1, defaults=rest).ranks) == 200


@pytest.mark.parametrize("search", [3, lambda objective, seed: [objective.evaluate]])
def test_what_is_no_search_is_refused(search):
    with pytest.raises(NotYet, match=r"`search\(objective, seed\)`|returns the chosen"):
        challenge.replays(search, trials=1, repeats=2)

"""Exercise 14.5: Draw well, stop early, look twice."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

_TRIALS, _NEEDED = 40, 0.8


def _check_search(answer: object) -> Right:
    return challenge.judge(
        answer,
        trials=_TRIALS,
        expect=challenge.expect_choice,
        needed=_NEEDED,
        look_at="Where do your epochs go? Few of them are enough to drop a bad setting, and "
        "several trainings are needed to trust a good one.",
    )


_SEARCH = """
import numpy as np


def search_well(objective, seed):
    def scores(settings, epochs):
        values = [objective.evaluate(params, epochs=epochs).value for params in settings]
        return np.nan_to_num(values)

    def best(settings, values, keep):
        return [settings[k] for k in np.argsort(values)[::-1][:keep]]

    rng = np.random.default_rng(seed)
    tried = [objective.space.sample(rng) for _ in range({first})]
    tried = best(tried, scores(tried, {early}), {middle})
    tried = best(tried, scores(tried, {later}), {finalists})
    again = np.mean([scores(tried, 30) for _ in range({looks})], axis=0)
    return tried[int(np.argmax(again))]


answer = search_well
"""


def _search(first: int, early: int, middle: int, later: int, finalists: int, looks: int) -> str:
    return _SEARCH.format(
        first=first, early=early, middle=middle, later=later, finalists=finalists, looks=looks
    )


q5 = Exercise(
    lesson=14, number=5, title="Draw well, stop early, look twice", points=4, challenge=True,
    question="""
    Write `search_well(objective, seed)` for the digits table. Its budget is 1,200 epochs: 40
    trainings of full length (30 epochs), or more that are shorter.
    `objective.evaluate(params, epochs=5)` trains for 5 epochs; each call for the same setting has
    another seed, and a diverged training has the value NaN. `objective.space.sample(rng)` draws a
    setting. Return the `params` that you choose.

    It is replayed 200 times. At least 80% of the replays must end among the best 5% of the table.
    Lesson 06 alone is not enough, and lesson 09 alone is not either.
    """,
    expects="a function search_well(objective, seed) that returns the hyperparameters as a dict",
    checker=_check_search,
    hints=(
        "Spend a quarter of the epochs on 60 settings, 5 epochs each, and keep the best few.",
        "Keep half of the budget for the end: 4 finalists, 5 full trainings of each.",
        "In the end choose by the mean of those full trainings alone.",
    ),
    stub="def search_well(objective, seed): ...\n\n\nanswer = search_well",
    solution_source=_search(60, 5, 12, 15, 4, 5),
    why="You have spent a budget where it decides something. That is all that tuning is.",
    wrong_answers=(
        WrongAnswer(challenge.ONE_SETTING, "returns one setting that it knew", "no search"),
        WrongAnswer(_search(38, 30, 1, 1, 1, 1), "trains each once, in full", "Where do your"),
        WrongAnswer(_search(20, 30, 4, 1, 4, 4), "looks twice, at too few", "Where do your"),
        WrongAnswer(_search(80, 5, 20, 15, 13, 1), "stops early, looks once", "Where do your"),
        WrongAnswer(_search(60, 5, 12, 15, 8, 5), "spends too much", "its budget"),
    ),
)  # fmt: skip

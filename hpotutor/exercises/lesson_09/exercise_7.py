"""Exercise 9.7: A second look."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

_TRIALS, _NEEDED = 80, 0.8


def _check_search(answer: object) -> Right:
    return challenge.judge(
        answer,
        trials=_TRIALS,
        expect=challenge.expect_choice,
        needed=_NEEDED,
        look_at="Is the trial with the best single score good, or lucky? A second training of "
        "the same setting has another seed.",
    )


_SEARCH = """
import numpy as np


def search(objective, seed):
    rng = np.random.default_rng(seed)
    tried = [objective.space.sample(rng) for _ in range({first})]
    scores = np.nan_to_num([objective.evaluate(params).value for params in tried])
    finalists = np.argsort(scores)[::-1][:{finalists}]
    again = [
        [objective.evaluate(tried[k]).value for _ in range({looks})] for k in finalists
    ]
    return tried[finalists[int(np.argmax({rule}))]]


answer = search
"""


def _search(first: int, finalists: int, looks: int, rule: str = "np.mean(again, axis=1)") -> str:
    return _SEARCH.format(first=first, finalists=finalists, looks=looks, rule=rule)


q7 = Exercise(
    lesson=9, number=7, title="A second look", points=3, challenge=True,
    question="""
    Write `search(objective, seed)` for the digits table. It may train 80 networks with
    `objective.evaluate(params)` and returns the `params` it chooses. Each training of the same
    setting has another seed, so its `.value` differs. Draw settings with
    `objective.space.sample(rng)`; a diverged training has the value NaN.

    It is replayed 200 times. At least 80% of the replays must end among the best 5% of the table.
    Eighty different settings, each trained once, are not enough.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters as a dict",
    checker=_check_search,
    hints=(
        "Keep 20 of the 80 trainings for a second round.",
        "Train the best few of the first round again, several times each.",
        "Choose by the mean of the second round alone: the first one chose them for their luck.",
    ),
    stub="def search(objective, seed): ...\n\n\nanswer = search",
    solution_source=_search(60, 5, 4),
    why="Budget spent on knowing which of the finalists is good beats budget spent on more luck.",
    wrong_answers=(
        WrongAnswer(challenge.ONE_SETTING, "returns one setting that it knew", "no search"),
        WrongAnswer(_search(80, 1, 0, rule="[0.0]"), "trains each once", "good, or lucky"),
        WrongAnswer(_search(80, 5, 4), "spends more than 80", "its budget"),
        WrongAnswer(_search(10, 10, 7), "looks at too few settings", "replays end"),
    ),
)  # fmt: skip

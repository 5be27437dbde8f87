"""Exercise 5.5: Twelve trainings."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

_TRIALS, _NEEDED = 12, 0.8


def _check_search(answer: object) -> Right:
    return challenge.judge(
        answer,
        trials=_TRIALS,
        expect=challenge.expect_choice,
        needed=_NEEDED,
        look_at="Which optimizers and which learning rates are worth a trial at all, and do you "
        "return the best trial?",
    )


_SEARCH = """
import numpy as np

def search(objective, seed):
    rng = np.random.default_rng(seed)
    best, best_score = None, -1.0
    for trial in range({trials}):
        params = objective.space.sample(rng)
        {narrow}
        score = objective.evaluate(params).value
        if {better}:
            best, best_score = params, score
    return best

answer = search
"""


q5 = Exercise(
    lesson=5, number=5, title="Twelve trainings", points=3, challenge=True,
    question="""
    Write `search(objective, seed)`. It may train 12 networks with `objective.evaluate(params)`
    and returns the `params` it chooses. `objective.space` is the space of the digits table:
    optimizer (sgd, rmsprop, adam), learning rate (0.0001 to 1), batch size, layers, units,
    activation, dropout. What `params` does not name takes its default.

    It is replayed 200 times with other seeds. At least 80% of the replays must end among the
    best 5% of the table's 5,184 settings. Random search over everything does not get there.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters",
    checker=_check_search,
    hints=(
        "Draw with `objective.space.sample(rng)`, then overwrite what you already know.",
        "Fix the optimizer to one that forgives, and draw its learning rate from its good decade.",
        "More units rarely hurt on the digits (lesson 01), so trials with few units are wasted.",
    ),
    stub="""
    def search(objective, seed):
        ...

    answer = search
    """,
    solution_source=_SEARCH.format(
        trials=12,
        narrow=(
            'params["optimizer"] = "adam"\n'
            '        params["learning_rate"] = float(rng.choice([0.003, 0.01, 0.03]))\n'
            '        params["units"] = int(rng.choice([32, 64]))'
        ),
        better="score > best_score",
    ),
    why="A space that leaves out what you know to be bad is worth more than a cleverer search "
        "over all of it. Here that is an optimizer together with the range of its learning rate: "
        "neither does it alone.",
    wrong_answers=(
        WrongAnswer(challenge.ONE_SETTING, "returns one setting that it knew", "no search"),
    )
    + tuple(
        WrongAnswer(_SEARCH.format(trials=trials, narrow=narrow, better=better), because, says)
        for trials, narrow, better, because, says in (
            (12, "pass", "score > best_score", "searches everything", "replays end"),
            (12, 'params["optimizer"] = "adam"', "score > best_score",
             "narrows the optimizer and not its rate", "which learning rates"),
            (12, 'params["optimizer"] = "adam"', "True",
             "returns the last trial", "do you return the best trial"),
            (12, 'params |= {"optimizer": "sgd", "learning_rate": 0.01}', "score > best_score",
             "leaves SGD at Keras's default rate", "which learning rates"),
            (12, 'params["optimizer"] = "sgd"', "score > best_score",
             "takes the optimizer that is hardest to tune, and all of its rates",
             "replays end"),
            (40, 'params["optimizer"] = "adam"', "score > best_score",
             "spends more than the budget", "budget is 12"),
        )
    ),
)  # fmt: skip

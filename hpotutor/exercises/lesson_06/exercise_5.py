"""Exercise 6.5: Twenty trainings' worth of epochs."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

# On this table 20 random trials in full reach 0.63, and the shown solution 0.99.
_TRIALS, _NEEDED = 20, 0.85


def _check_search(answer: object) -> Right:
    return challenge.judge(
        answer,
        trials=_TRIALS,
        table="signals",
        expect=challenge.expect_draws,
        needed=_NEEDED,
        look_at="Did you look at many settings briefly, train several of the last ones in full, "
        "and choose among those?",
    )


_SEARCH = """
import numpy as np

def search(objective, seed):
    rng = np.random.default_rng(seed)
    survivors = [objective.space.sample(rng) for _ in range({count})]
    for epochs, keep in {rungs}:
        scores = [np.nan_to_num(objective.evaluate(p, epochs).value) for p in survivors]
        order = np.argsort({sign}np.array(scores))[:keep]
        survivors = [survivors[place] for place in order]
    return survivors[0]

answer = search
"""

q5 = Exercise(
    lesson=6, number=5, title="Twenty trainings' worth of epochs", points=4, challenge=True,
    question="""
    Write `search(objective, seed)`: within 800 epochs (20 full trainings of 40) it finds a setting
    of the signals table and returns it as a dict. `objective.space.sample(rng)` draws one;
    `objective.evaluate(params, epochs).value` is its score, or NaN. Every call trains again from
    the first epoch. Your function is called with 200 seeds; 85% of the searches must end among the
    table's best 5%. Random trainings in full do not get there.
    """,
    expects="a function search(objective, seed)",
    checker=_check_search,
    hints=(
        "Look at many settings for a few epochs; 20 random full trainings are too few.",
        "Start with about 130 settings for 1 epoch, and keep about one in three.",
        "Give the last rung several settings for all 40 epochs.",
    ),
    stub="""
    def search(objective, seed):
        ...

    answer = search
    """,
    solution_source=_SEARCH.format(
        count=130, rungs="[(1, 40), (3, 12), (13, 6), (40, 1)]", sign="-"
    ),
    why="The shown solution looks at 130 settings for the price of 20 trainings, and only 6 of "
        "them are trained in full.",
    wrong_answers=tuple(
        WrongAnswer(_SEARCH.format(count=count, rungs=rungs, sign=sign), because, says)
        for count, rungs, sign, because, says in (
            (20, "[(40, 1)]", "-", "trains all in full", "are asked"),
            (130, "[(1, 40), (3, 12), (13, 6), (40, 1)]", "", "keeps the worst", "are asked"),
            (250, "[(4, 1)]", "-", "spends too much", "its budget"),
            (27, "[(1, 1)]", "-", "decides after one epoch", "are asked"),
        )
    ),
)  # fmt: skip

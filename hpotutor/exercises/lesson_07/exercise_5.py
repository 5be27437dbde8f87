"""Exercise 7.5: Breed the signals."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

_TRIALS, _SHARE, _NEEDED = 40, 0.01, 0.65


def _check_search(answer: object) -> Right:
    return challenge.judge(
        answer,
        trials=_TRIALS,
        table="signals",
        expect=challenge.expect_draws,
        needed=_NEEDED,
        best=_SHARE,
        look_at="Who founds the population, and do the good ones have children?",
    )


_SEARCH = """
import numpy as np

def search(objective, seed):
    rng, space = np.random.default_rng(seed), objective.space
    genes, scores = [], []
    while len(genes) < {trials}:
        if len(genes) < {founders}:
            founder = space.sample(rng)
            {known}
            child = space.to_unit(founder)
        else:
            pairs = [rng.choice(len(genes), 5, replace=False) for _ in range(2)]
            mother, father = (genes[max(drawn, key=lambda i: scores[i])] for drawn in pairs)
            child = np.where(rng.random(len(space)) < 0.5, mother, father)
            changed = rng.random(len(space)) < 1 / len(space)
            child = np.where(changed, rng.random(len(space)), child)
        score = objective.evaluate(space.from_unit(child)).value
        genes.append(child)
        scores.append(score if np.isfinite(score) else 0.0)
    return space.from_unit(genes[{chosen}])

answer = search
"""
_ONE = """
def search(objective, seed):
    params = {"architecture": "conv", "layers": 3, "filters": 16, "kernel_size": 3}
    params |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 64}
    objective.evaluate(params)
    return params

answer = search
"""
_KNOWN = 'founder |= {"optimizer": "adam", "learning_rate": rng.choice([0.003, 0.01, 0.03])}'
_BEST = "int(np.argmax(scores))"

q5 = Exercise(
    lesson=7, number=5, title="Breed the signals", points=3, challenge=True,
    question="""
    Write `search(objective, seed)`. It may train 40 networks with `objective.evaluate(params)`
    and returns the `params` it chooses. `objective.space` is the one of the signals table;
    `space.to_unit(params)` gives genes, `space.from_unit(genes)` turns genes into params, and
    leaves out what the architecture does not have.

    It is replayed 200 times. At least 65% of the replays must end among the best 1% of the
    table, which score above 0.86. A diverged training has the value NaN: it must not win. You
    may use what you know about this table from earlier lessons, as ranges to draw from. On new
    data you would not know it.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters",
    checker=_check_search,
    hints=(
        "Nobody says that the founders must be drawn from everything: lesson 05 says which "
        "optimizer forgives a wide range of rates.",
        "Draw with `space.sample(rng)`, then fix the optimizer, and its learning rate's decade.",
        "Then breed: two tournaments, crossover, mutation. Return the best of all that you saw.",
    ),
    stub="""
    def search(objective, seed):
        ...

    answer = search
    """,
    solution_source=_SEARCH.format(trials=40, founders=15, known=_KNOWN, chosen=_BEST),
    why="Founders that carry what you know save the generations that would have to find it. In 40 "
        "trainings they do most of the work; the breeding adds a little.",
    wrong_answers=(
        WrongAnswer(_ONE, "returns one setting that it knew", "depend on `seed`"),
    )
    + tuple(
        WrongAnswer(_SEARCH.format(trials=trials, founders=founders, known=known, chosen=chosen),
                    because, says)
        for trials, founders, known, chosen, because, says in (
            (40, 40, "pass", _BEST, "breeds nobody: random search", "replays end"),
            (60, 15, _KNOWN, _BEST, "spends more than the budget", "its budget"),
            (40, 15, _KNOWN, "0", "returns the first founder", "replays end"),
        )
    ),
)  # fmt: skip

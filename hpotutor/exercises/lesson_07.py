"""Lesson 07, genetic algorithms: what a generation costs, selection, crossover, mutation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, answer_of, right, wrong

# ── 7.1 ──────────────────────────────────────────────────────────────────────────────────────


def _check_cost(answer: object) -> Right:
    trained = checks.whole_number(answer, "a number of trainings", low=0)
    if trained == 12 * 6:
        wrong("The elite of each generation has its scores already. Who has to be trained?")
    if trained == 12 * 5:
        wrong("Count the generations again, and ask who of each has not been trained yet.")
    if trained == 9 * 6:
        wrong("In the first generation nobody has a score yet.")
    if trained == 9 * 5:
        wrong("These are the children. The first generation was trained too.")
    if trained != 57:
        wrong("Add up the first generation, and the new ones of each later generation.")
    return right("12 founders, and 9 children in each of 5 generations.")


q1 = Exercise(
    lesson=7,
    number=1,
    title="What generations cost",
    points=1,
    question="""
    A genetic algorithm has a population of 12 and an elite of 3. After the first generation come
    5 more. How many networks does it train?
    """,
    expects="a whole number of trainings",
    checker=_check_cost,
    hints=(
        "Who has no score yet in the first generation, and who in the second?",
        "An elite keeps its scores: each later generation trains the population minus the elite.",
    ),
    solution_source="""
    population, elite, later = 12, 3, 5
    answer = population + later * (population - elite)
    """,
    why="Trainings are the bill, so compare methods by trainings and never by generations.",
    wrong_answers=(
        WrongAnswer("answer = 72", because="trains the elite again", says="scores already"),
        WrongAnswer("answer = 60", because="counts 5 whole generations", says="generations again"),
        WrongAnswer("answer = 45", because="forgets the founders", says="first generation"),
        WrongAnswer("answer = 54", because="has an elite from the start", says="nobody"),
    ),
)

# ── 7.2 ──────────────────────────────────────────────────────────────────────────────────────

_SCORES = np.array([0.62, 0.71, 0.55, 0.80, 0.40, 0.66, 0.75, 0.91, 0.58, 0.69])
_DRAWS = 2000


def _check_select(answer: object) -> Right:
    what = "a function select(scores, tournament, rng)"
    rng, chosen = np.random.default_rng(7), []
    for _ in range(_DRAWS):
        one = checks.call(answer, _SCORES.copy(), 3, rng, what=what)
        if isinstance(one, float | np.floating):
            wrong("Return the winner's place in `scores`, a whole number, and not its score.")
        chosen.append(checks.whole_number(one, "a place in `scores`", 0, len(_SCORES) - 1))
    share = np.bincount(chosen, minlength=len(_SCORES)) / _DRAWS
    best, worst = share[_SCORES.argmax()], share[_SCORES.argmin()]
    if max(chosen) < 3:
        wrong("The winner's place among the three drawn is not its place in `scores`.")
    if best > 0.9:
        wrong("The best of all always wins. Only those who were drawn take part.")
    if worst > 0.15:
        wrong("The lowest score wins most often. Higher is better.")
    if best < 0.2:
        wrong("Good and bad win equally often. Of those drawn, the best should win.")
    if not 0.23 < best < 0.35 or worst > 0.01:
        wrong(f"With tournaments of 3 among 10 the best wins in {best:.0%}; about 30% is right.")
    if all(answer(_SCORES, 1, rng) == answer(_SCORES, 1, rng) for _ in range(20)):
        wrong("With `tournament=1` anyone may win. Use the argument `tournament`.")
    return right(f"The best of ten wins {best:.0%} of the tournaments of three.")


_SELECT = """
import numpy as np

def select(scores, tournament, rng):
    {body}

answer = select
"""

_SELECT_STUB = """
def select(scores, tournament, rng):
    ...

answer = select
"""

q2 = Exercise(
    lesson=7,
    number=2,
    title="Selection",
    points=2,
    question="""
    Write `select(scores, tournament, rng)`: draw `tournament` individuals at random and return
    the place, in the array `scores`, of the one with the highest score.
    """,
    expects="a function select(scores, tournament, rng)",
    checker=_check_select,
    hints=(
        "`rng.choice(len(scores), tournament, replace=False)` draws places.",
        "`max(drawn, key=...)` or `drawn[...]` with `scores[drawn].argmax()` finds the winner.",
    ),
    stub=_SELECT_STUB,
    solution_source=_SELECT.format(
        body="drawn = rng.choice(len(scores), tournament, replace=False)\n"
        "    return int(drawn[scores[drawn].argmax()])"
    ),
    why="The tournament's size is the pressure: 1 is pure chance, all of them is no chance at all.",
    wrong_answers=tuple(
        WrongAnswer(_SELECT.format(body=body), because=because, says=says)
        for body, because, says in (
            ("return int(scores.argmax())", "takes the best of all", "always wins"),
            ("return int(rng.integers(len(scores)))", "does not look at scores", "equally often"),
            (
                "drawn = rng.choice(len(scores), tournament, replace=False)\n"
                "    return int(scores[drawn].argmax())",
                "returns the place in the tournament",
                "among the three",
            ),
            (
                "drawn = rng.choice(len(scores), tournament, replace=False)\n"
                "    return int(drawn[scores[drawn].argmin()])",
                "takes scores for losses",
                "Higher is better",
            ),
            (
                "drawn = rng.choice(len(scores), tournament, replace=False)\n"
                "    return scores[drawn].max()",
                "returns the score",
                "not its score",
            ),
        )
    ),
)

# ── 7.3 and 7.4 ──────────────────────────────────────────────────────────────────────────────


def _genes(value: object, length: int) -> np.ndarray:
    items = checks.sequence(value, "a child, one gene for each hyperparameter", length=length)
    return np.array([checks.number(gene, "a gene, a number") for gene in items])


def _check_cross(answer: object) -> Right:
    mother, father = np.linspace(0, 0.4, 6), np.linspace(0.5, 1, 6)
    rng, rows = np.random.default_rng(3), []
    what = "a function cross(mother, father, rng)"
    for _ in range(500):
        parents = mother.copy(), father.copy()
        child = _genes(checks.call(answer, *parents, rng, what=what), 6)
        if (parents[0] != mother).any() or (parents[1] != father).any():
            wrong("Your function changes a parent, who may have other children. Make a new array.")
        if not np.all((child == mother) | (child == father)):
            wrong("Some gene is neither the mother's nor the father's at that place.")
        rows.append(child == mother)
    kinds, shares = len({tuple(row) for row in rows}), np.mean(rows, axis=0)
    if kinds == 1:
        wrong("All children are alike. Chance should decide.")
    if kinds == 2:
        wrong("Each child is a copy of one parent. Toss a coin for each *gene*.")
    if kinds < 32:
        wrong("Neighboring genes stay together. Toss a coin of its own for each gene.")
    if not np.all((0.4 < shares) & (shares < 0.6)):
        wrong("One parent gives more genes than the other; half and half is asked for.")
    return right("Every gene is a coin toss of its own.")


_CROSS = """
import numpy as np

def cross(mother, father, rng):
    {body}

answer = cross
"""

_CROSS_STUB = """
def cross(mother, father, rng):
    ...

answer = cross
"""

q3 = Exercise(
    lesson=7,
    number=3,
    title="Crossover",
    points=1,
    question="""
    Write `cross(mother, father, rng)`: a new array in which each gene is the mother's or the
    father's at the same place, with equal probability.
    """,
    expects="a function cross(mother, father, rng)",
    checker=_check_cross,
    hints=(
        "`rng.random(len(mother)) < 0.5` tosses one coin for each gene.",
        "`np.where(coins, ...)` takes from one array or from the other.",
    ),
    stub=_CROSS_STUB,
    solution_source=_CROSS.format(
        body="coins = rng.random(len(mother)) < 0.5\n    return np.where(coins, mother, father)"
    ),
    why="Crossover helps when good genes are good whatever the others are; else it breaks teams.",
    wrong_answers=tuple(
        WrongAnswer(_CROSS.format(body=body), because=because, says=says)
        for body, because, says in (
            ("return (mother + father) / 2", "mixes the parents' values", "neither"),
            (
                "return mother if rng.random() < 0.5 else father",
                "tosses one coin",
                "copy of one parent",
            ),
            (
                "cut = rng.integers(1, len(mother))\n"
                "    return np.concatenate([mother[:cut], father[cut:]])",
                "cuts at one point",
                "Neighboring",
            ),
            (
                "coins = rng.random(len(mother)) < 0.5\n"
                "    mother[coins] = father[coins]\n    return mother",
                "overwrites the mother",
                "changes a parent",
            ),
        )
    ),
)


def _check_mutate(answer: object) -> Right:
    before, rng, rows = np.linspace(0.1, 0.9, 8), np.random.default_rng(5), []
    what = "a function mutate(genes, rate, rng)"
    for _ in range(800):
        own = before.copy()
        after = _genes(checks.call(answer, own, 0.25, rng, what=what), 8)
        if (own != before).any():
            wrong("Your function changes the array it was given. Make a new one.")
        if after.min() < 0 or after.max() > 1:
            wrong("A gene left the range from 0 to 1, where no hyperparameter lies.")
        rows.append(after != before)
    moved = np.sum(rows, axis=1)
    if not moved.any():
        wrong("Nothing ever changes.")
    if set(moved.tolist()) <= {0, 8}:
        wrong("All genes change together, or none. Decide for each gene.")
    if moved.min() == moved.max():
        wrong("The same number of genes changes each time. Decide for each gene by `rate`.")
    share = moved.mean() / 8
    if not 0.2 < share < 0.3:
        wrong(f"With `rate=0.25` your function changes {share:.0%} of the genes.")
    return right("Each gene changes with the probability asked for.")


_MUTATE = """
import numpy as np

def mutate(genes, rate, rng):
    {body}

answer = mutate
"""

_MUTATE_STUB = """
def mutate(genes, rate, rng):
    ...

answer = mutate
"""

q4 = Exercise(
    lesson=7,
    number=4,
    title="Mutation",
    points=1,
    question="""
    Write `mutate(genes, rate, rng)`: a new array in which each gene, with probability `rate`, is
    drawn again between 0 and 1. The others stay.
    """,
    expects="a function mutate(genes, rate, rng)",
    checker=_check_mutate,
    hints=(
        "Two arrays of random numbers: one decides which genes change, one holds the new genes.",
        "`np.where(rng.random(len(genes)) < rate, ..., genes)` keeps the rest.",
    ),
    stub=_MUTATE_STUB,
    solution_source=_MUTATE.format(
        body="changed = rng.random(len(genes)) < rate\n"
        "    return np.where(changed, rng.random(len(genes)), genes)"
    ),
    why="Without mutation a value that no founder had can never appear.",
    wrong_answers=tuple(
        WrongAnswer(_MUTATE.format(body=body), because=because, says=says)
        for body, because, says in (
            (
                "return rng.random(len(genes)) if rng.random() < rate else genes.copy()",
                "changes the whole chromosome",
                "change together",
            ),
            (
                "changed = rng.random(len(genes)) > rate\n"
                "    return np.where(changed, rng.random(len(genes)), genes)",
                "turns the rate round",
                "of the genes",
            ),
            (
                "changed = rng.random(len(genes)) < rate\n"
                "    return np.where(changed, genes + rng.normal(0, 1, len(genes)), genes)",
                "steps out of the range",
                "left the range",
            ),
            (
                "genes[rng.random(len(genes)) < rate] = rng.random()\n    return genes",
                "overwrites the parent",
                "changes the array",
            ),
        )
    ),
)

_PIECES = (q2, q3, q4)


def pieces(*answers: Any) -> list[Callable[..., Any]]:
    """Return select, cross and mutate: the learner's where they are right, else the solutions'."""
    return [
        answer if exercise.judge(answer) else answer_of(exercise.solution_source)
        for exercise, answer in zip(_PIECES, answers, strict=True)
    ]


# ── 7.5 ──────────────────────────────────────────────────────────────────────────────────────

_TRIALS, _NEEDED = 40, 0.8


def _check_search(answer: object) -> Right:
    return challenge.verdict(
        challenge.replays(answer, trials=_TRIALS),
        needed=_NEEDED,
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
_KNOWN = 'founder |= {"optimizer": "adam", "learning_rate": rng.choice([0.003, 0.01, 0.03])}'
_BEST = "int(np.argmax(scores))"

q5 = Exercise(
    lesson=7,
    number=5,
    title="Breed the digits",
    points=3,
    challenge=True,
    question="""
    Write `search(objective, seed)`. It may train 40 networks with `objective.evaluate(params)`
    and returns the `params` it chooses. `objective.space` has seven hyperparameters;
    `space.to_unit(params)` gives their genes, `space.from_unit(genes)` turns genes into params.

    It is replayed 200 times. At least 80% of the replays must end among the best 5% of the
    table. A diverged training has the value NaN: it must not win. You may use what you know about
    this table from earlier lessons. On new data you would not know it.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters",
    checker=_check_search,
    hints=(
        "Nobody says that the founders must be drawn from everything: which ones do you know?",
        "Draw with `space.sample(rng)`, then fix the optimizer, and its learning rate's decade.",
        "Then breed: two tournaments, crossover, mutation. Return the best of all that you saw.",
    ),
    stub="""
    def search(objective, seed):
        ...

    answer = search
    """,
    solution_source=_SEARCH.format(trials=40, founders=15, known=_KNOWN, chosen=_BEST),
    why="Founders that carry what you know save the generations that would have to find it.",
    wrong_answers=tuple(
        WrongAnswer(
            _SEARCH.format(trials=trials, founders=founders, known=known, chosen=chosen),
            because=because,
            says=says,
        )
        for trials, founders, known, chosen, because, says in (
            (40, 40, "pass", _BEST, "breeds nobody: random search", "of 200 replays end"),
            (60, 15, _KNOWN, _BEST, "spends more than the budget", "its budget"),
            (40, 15, _KNOWN, "0", "returns the first founder", "of 200 replays end"),
        )
    ),
)

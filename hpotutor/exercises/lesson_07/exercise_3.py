"""Exercise 7.3: Crossover."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_CHILD = "a child, one gene for each hyperparameter", "a gene, a number"


def _check_cross(answer: object) -> Right:
    rows = _from_mother(answer, genes=6, count=2000)
    kinds, shares = len({tuple(row) for row in rows}), np.mean(rows, axis=0)
    if kinds == 1:
        wrong("All children are alike. Chance should decide: toss coins with `rng`.")
    if kinds == 2:
        wrong("Each child is a copy of one parent. Toss a coin for each *gene*.")
    if kinds > 2 and len(set(np.sum(rows, axis=1).tolist())) == 1:
        wrong("Every child has equally many genes of its mother. Toss a coin for each gene.")
    if kinds < 32:
        wrong("Neighboring genes stay together. Toss a coin of its own for each gene.")
    for gene, share in enumerate(shares):
        if share in (0, 1):
            wrong(f"Gene {gene} always comes from the same parent. Toss a coin for it, too.")
    if kinds < 48:  # of 64
        wrong("Some coins decide for two genes. Toss a coin of its own for each gene.")
    if not (np.all((0.44 < shares) & (shares < 0.56)) and 0.475 < shares.mean() < 0.525):
        wrong("One parent gives more genes than the other; half and half is asked for.")
    _from_mother(answer, genes=3, count=20)
    return right("Every gene is a coin toss of its own.")


def _from_mother(answer: object, genes: int, count: int) -> list[np.ndarray]:
    """Return which genes so many children have of their mother."""
    mother, father = np.linspace(0, 0.4, genes), np.linspace(0.5, 1, genes)
    what = "a function cross(mother, father, rng)"
    rows = []
    for given in checks.draws(answer, mother, father, count=count, what=what):
        child = checks.numbers(given, *_CHILD, genes)
        if not np.all((child == mother) | (child == father)):
            wrong("Some gene is neither the mother's nor the father's at that place.")
        rows.append(child == mother)
    return rows


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
    lesson=7, number=3, title="Crossover", points=1,
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
        WrongAnswer(_CROSS.format(body=body), because, says)
        for body, because, says in (
            ("return (mother + father) / 2", "mixes the parents' values", "neither"),
            ("return mother if rng.random() < 0.5 else father",
             "tosses one coin", "copy of one parent"),
            ("cut = rng.integers(1, len(mother))\n"
             "    return np.concatenate([mother[:cut], father[cut:]])",
             "cuts at one point", "Neighboring"),
            ("coins = rng.random(len(mother)) < 0.5\n"
             "    mother[coins] = father[coins]\n    return mother",
             "overwrites the mother", "changes `mother`"),
            ("coins = np.random.random(len(mother)) < 0.5\n"
             "    return np.where(coins, mother, father)",
             "draws from NumPy's global generator", "from no other"),
            ("coins = np.random.default_rng(0).random(len(mother)) < 0.5\n"
             "    return np.where(coins, mother, father)",
             "tosses the same coins each time", "with `rng`"),
            ("coins = rng.random(len(mother)) < 0.7\n    return np.where(coins, mother, father)",
             "prefers the mother", "half and half"),
            ("coins = np.append(True, rng.random(len(mother) - 1) < 0.5)\n"
             "    return np.where(coins, mother, father)",
             "leaves out the first gene", "Gene 0"),
        )
    ),
)  # fmt: skip

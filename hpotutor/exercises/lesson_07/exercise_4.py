"""Exercise 7.4: Mutation."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_CHILD = "a child, one gene for each hyperparameter", "a gene, a number"


def _check_mutate(answer: object) -> Right:
    before, rng, rows, drawn = np.linspace(0.1, 0.9, 8), np.random.default_rng(5), [], []
    what = "a function mutate(genes, rate, rng)"
    for _ in range(800):
        own = before.copy()
        after = checks.numbers(checks.call(answer, own, 0.25, rng, what=what), *_CHILD, 8)
        if (own != before).any():
            wrong("Your function changes the array it was given. Make a new one.")
        if after.min() < 0 or after.max() > 1:
            wrong("A gene left the range from 0 to 1, where no hyperparameter lies.")
        rows.append(after != before)
        drawn.append(after[after != before])
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
    _check_drawn(drawn, np.concatenate([before[row] for row in rows]))
    return right("Each gene changes with the probability asked for.")


def _check_drawn(drawn: list[np.ndarray], old: np.ndarray) -> None:
    """Refuse new genes that are not drawn evenly from 0 to 1, each for itself."""
    new = np.concatenate(drawn)
    if any(len(np.unique(genes)) < len(genes) for genes in drawn):
        wrong("Genes that change together get the same value. Draw one for each.")
    if np.ptp(new) < 0.9:
        wrong(
            f"All new genes lie between {new.min():.2f} and {new.max():.2f}; any number from 0 to "
            "1 should be possible. The coins that decide cannot be the new genes as well: those "
            "that decide for a change are all below `rate`."
        )
    if np.corrcoef(old, new)[0, 1] > 0.3:
        wrong("New genes lie near the old ones. Draw them anew, from 0 to 1.")


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
    lesson=7, number=4, title="Mutation", points=1,
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
        WrongAnswer(_MUTATE.format(body=body), because, says)
        for body, because, says in (
            ("coins = rng.random(len(genes))\n    return np.where(coins < rate, coins, genes)",
             "takes the coins for the new genes", "coins that decide"),
            ("coins = rng.random(len(genes))\n"
             "    return np.where(coins < rate, rng.random(), genes)",
             "draws one number for all", "same value"),
            ("return rng.random(len(genes)) if rng.random() < rate else genes.copy()",
             "changes the whole chromosome", "change together"),
            ("changed = rng.random(len(genes)) > rate\n"
             "    return np.where(changed, rng.random(len(genes)), genes)",
             "turns the rate round", "of the genes"),
            ("changed = rng.random(len(genes)) < rate\n"
             "    return np.where(changed, genes + rng.normal(0, 1, len(genes)), genes)",
             "steps out of the range", "left the range"),
            ("genes[rng.random(len(genes)) < rate] = rng.random()\n    return genes",
             "overwrites the parent", "changes the array"),
        )
    ),
)  # fmt: skip

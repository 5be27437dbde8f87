"""Exercise 7.4: Mutation."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_CHILD = "a child, one gene for each hyperparameter", "a gene, a number"


def _check_mutate(answer: object) -> Right:
    before = np.linspace(0.1, 0.9, 8)
    after = _mutated(answer, before, rate=0.25, count=800)
    rows = after != before
    moved = rows.sum(axis=1)
    if not moved.any():
        wrong("Nothing ever changes.")
    if moved.min() == len(before):
        wrong("All genes change each time, whatever `rate` is. Decide for each gene.")
    if (rows == rows[0]).all():
        wrong("The same genes change each time. Let `rng` decide.")
    if set(moved.tolist()) <= {0, 8}:
        wrong("All genes change together, or none. Decide for each gene.")
    if moved.min() == moved.max():
        wrong("The same number of genes changes each time. Decide for each gene by `rate`.")
    _check_rates(answer, before, rows)
    _check_drawn(before, after)
    return right("Each gene changes with the probability asked for.")


def _mutated(answer: object, genes: np.ndarray, rate: float, count: int) -> np.ndarray:
    """Return so many mutated copies of a chromosome."""
    what = "a function mutate(genes, rate, rng)"
    drawn = checks.draws(answer, genes, rate, count=count, what=what)
    after = np.array([checks.numbers(one, *_CHILD, len(genes)) for one in drawn])
    if after.min() < 0 or after.max() > 1:
        wrong("A gene left the range from 0 to 1, where no hyperparameter lies.")
    return after


def _check_rates(answer: object, before: np.ndarray, rows: np.ndarray) -> None:
    """Refuse a rate that is written down, and a gene with a rate of its own."""
    shares = rows.mean(axis=0)
    if shares.min() == 0:
        wrong(f"Gene {shares.argmin()} never changes. Decide for each gene, the first one too.")
    if not 0.2 < shares.mean() < 0.3:
        wrong(f"With `rate=0.25` your function changes {shares.mean():.0%} of the genes.")
    if shares.min() < 0.17 or shares.max() > 0.33:
        wrong("Some genes change more often than others. Decide for each gene by `rate`.")
    for rate, low, high in ((0.0, 0.0, 0.0), (0.7, 0.62, 0.78), (1.0, 1.0, 1.0)):
        share = np.mean(_mutated(answer, before[:5], rate, count=60) != before[:5])
        if not low <= share <= high:
            wrong(f"With `rate={rate:g}` your function changes {share:.0%} of the genes.")


def _check_drawn(before: np.ndarray, after: np.ndarray) -> None:
    """Refuse new genes that are not drawn evenly from 0 to 1, each for itself."""
    drawn = [one[one != before] for one in after]
    old, new = np.concatenate([before[one != before] for one in after]), np.concatenate(drawn)
    if any(len(np.unique(genes)) < len(genes) for genes in drawn):
        wrong("Genes that change together get the same value. Draw one for each.")
    if len(np.unique(new)) <= len(before):
        wrong("A gene that changes gets the same new value every time. Draw it with `rng`.")
    if np.ptp(new) < 0.9:
        wrong(
            f"All new genes lie between {new.min():.2f} and {new.max():.2f}; any number from 0 to "
            "1 should be possible. The coins that decide cannot be the new genes as well: those "
            "that decide for a change are all below `rate`."
        )
    if np.corrcoef(old, new)[0, 1] > 0.3:
        wrong("New genes lie near the old ones. Draw them anew, from 0 to 1.")
    # The largest distance between the shares below each number and the even ones (Kolmogorov).
    if np.abs(np.sort(new) - (np.arange(len(new)) + 0.5) / len(new)).max() > 0.05:
        wrong("Some new genes are drawn more often than others. Draw them evenly from 0 to 1.")


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
             "overwrites the parent", "changes `genes`"),
            ("changed = np.random.random(len(genes)) < rate\n"
             "    return np.where(changed, rng.random(len(genes)), genes)",
             "draws from NumPy's global generator", "from no other"),
            ("changed = rng.random(len(genes)) < 0.25\n"
             "    return np.where(changed, rng.random(len(genes)), genes)",
             "writes the rate down", "With `rate=0`"),
            ("changed = rng.random(len(genes)) < rate\n"
             "    changed[0] = False\n"
             "    return np.where(changed, rng.random(len(genes)), genes)",
             "leaves out the first gene", "Gene 0 never changes"),
            ("changed = rng.random(len(genes)) < rate\n"
             "    new = np.random.default_rng(0).random(len(genes))\n"
             "    return np.where(changed, new, genes)",
             "draws the same new genes each time", "same new value every time"),
            ("changed = rng.random(len(genes)) < rate\n"
             "    return np.where(changed, rng.beta(2, 2, len(genes)), genes)",
             "prefers the middle", "evenly"),
        )
    ),
)  # fmt: skip

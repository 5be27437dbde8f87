"""Exercise 7.2: Selection."""

from typing import Any

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_SCORES = np.array([0.62, 0.71, 0.55, 0.80, 0.40, 0.66, 0.75, 0.91, 0.58, 0.69])
_DRAWS = 2000


def _check_select(answer: Any) -> Right:
    chosen = _places(answer, _SCORES, 3, _DRAWS)
    share = np.bincount(chosen, minlength=len(_SCORES)) / _DRAWS
    best, worst = share[_SCORES.argmax()], share[_SCORES.argmin()]
    if max(chosen) < 3:
        wrong("The winner's place among the three drawn is not its place in `scores`.")
    if len(set(chosen)) == 1 and best < 1:
        wrong("The same place wins every tournament. Draw with `rng`, the generator given.")
    if best > 0.9:
        wrong("The best of all always wins. Only those who were drawn take part.")
    if worst > 0.15:
        wrong("The lowest score wins most often. Higher is better.")
    if best < 0.2:
        wrong("Good and bad win equally often. Of those drawn, the best should win.")
    if not 0.23 < best < 0.35 or worst > 0.01:
        wrong(f"With tournaments of 3 among 10 the best wins in {best:.0%}; about 30% is right.")
    _check_sizes(answer)
    return right(f"The best of ten wins {best:.0%} of the tournaments of three.")


def _places(answer: object, scores: np.ndarray, tournament: int, count: int) -> list[int]:
    """Return the places that win so many tournaments."""
    what = "a function select(scores, tournament, rng)"
    drawn = checks.draws(answer, scores, tournament, count=count, what=what)
    if any(isinstance(one, float | np.floating) for one in drawn):
        wrong("Return the winner's place in `scores`, a whole number, and not its score.")
    return [checks.whole_number(one, "a place in `scores`", 0, len(scores) - 1) for one in drawn]


def _check_sizes(answer: object) -> None:
    """Refuse a size of tournament or a number of scores that is written down, and a fixed place."""
    alone = np.bincount(_places(answer, _SCORES, 1, 500), minlength=len(_SCORES)) / 500
    if alone[_SCORES.argmax()] > 0.2:
        wrong("With `tournament=1` anyone may win. Use the argument `tournament`.")
    if alone.min() < 0.04:
        wrong(f"Place {alone.argmin()} is never drawn, or hardly ever. Draw from all places alike.")
    large = np.mean(np.equal(_places(answer, _SCORES, 6, 500), _SCORES.argmax()))
    if not 0.4 < large < 0.7:
        wrong(
            f"With tournaments of 6 among 10 the best wins in {large:.0%}; about 60% is right. Use "
            "the argument `tournament`."
        )
    few = _places(answer, -_SCORES[:4], 2, 60)
    if len(set(few)) < 3:
        wrong("Among 4 scores, all below 0, nearly the same place wins always.")


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
    lesson=7, number=2, title="Selection", points=2,
    question="""
    Write `select(scores, tournament, rng)`: draw `tournament` different individuals at
    random and return the place, in the array `scores`, of the one with the highest score.
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
        WrongAnswer(_SELECT.format(body=body), because, says)
        for body, because, says in (
            ("return int(scores.argmax())", "takes the best of all", "always wins"),
            ("return int(rng.integers(len(scores)))", "does not look at scores", "equally often"),
            ("drawn = rng.choice(len(scores), tournament, replace=False)\n"
             "    return int(scores[drawn].argmax())",
             "returns the place in the tournament", "among the three"),
            ("drawn = rng.choice(len(scores), tournament, replace=False)\n"
             "    return int(drawn[scores[drawn].argmin()])",
             "takes scores for losses", "Higher is better"),
            ("drawn = rng.choice(len(scores), tournament, replace=False)\n"
             "    return scores[drawn].max()", "returns the score", "not its score"),
            ("drawn = np.random.choice(len(scores), tournament, replace=False)\n"
             "    return int(drawn[scores[drawn].argmax()])",
             "draws from NumPy's global generator", "from no other"),
            ("drawn = np.random.default_rng().choice(len(scores), tournament, replace=False)\n"
             "    return int(drawn[scores[drawn].argmax()])",
             "draws from a generator of its own", "from no other"),
            ("drawn = 1 + rng.choice(len(scores) - 1, tournament, replace=False)\n"
             "    return int(drawn[scores[drawn].argmax()])",
             "counts places from 1", "Place 0 is never drawn"),
            ("drawn = rng.choice(len(scores), 3, replace=False)\n"
             "    return int(drawn[scores[drawn].argmax()])",
             "fixes the size of a tournament", "Use the argument"),
            ("drawn = rng.choice(len(scores), tournament, replace=False)\n"
             "    winner = drawn[scores[drawn].argmax()]\n"
             "    scores[winner] = 0\n"
             "    return int(winner)",
             "strikes the winner off the scores", "changes `scores`"),
        )
    ),
)  # fmt: skip

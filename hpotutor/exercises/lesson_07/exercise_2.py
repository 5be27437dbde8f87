"""Exercise 7.2: Selection."""

from typing import Any

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_SCORES = np.array([0.62, 0.71, 0.55, 0.80, 0.40, 0.66, 0.75, 0.91, 0.58, 0.69])
_DRAWS = 2000


def _check_select(answer: Any) -> Right:
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
    alone = [answer(_SCORES, 1, rng) for _ in range(500)]
    if np.mean(np.equal(alone, _SCORES.argmax())) > 0.2:
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
    lesson=7, number=2, title="Selection", points=2,
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
        )
    ),
)  # fmt: skip

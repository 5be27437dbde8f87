"""Exercise 12.1: Who is dominated?"""

from typing import Any

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_WHAT = "a function is_dominated(point, others)"
# A point (accuracy, weights), others, whether it is dominated, and what to say if not so.
_CASES: tuple[Any, ...] = (
    ((0.8, 900), [(0.9, 500)], True, "(0.9, 500) is better in both goals, so it dominates."),
    ((0.9, 500), [(0.8, 900)], False, "(0.8, 900) is worse in both goals, and dominates nothing."),
    ((0.8, 500), [(0.9, 900), (0.7, 100)], False,
     "(0.9, 900) has more weights, and (0.7, 100) is less accurate: neither dominates (0.8, 500)."),
    ((0.8, 500), [(0.8, 400)], True,
     "(0.8, 400) is as accurate with fewer weights: that is enough to dominate."),
    ((0.8, 500), [(0.9, 500)], True,
     "(0.9, 500) is more accurate with as many weights: that is enough to dominate."),
    ((0.8, 500), [(0.8, 500), (0.7, 500), (0.8, 600)], False,
     "An equal point does not dominate: it is better in no goal."),
    ((0.8, 900), [(0.7, 100), (0.9, 500)], True, "One of the others is enough to dominate."),
    ((0.8, 900), [(0.9, 500), (0.7, 100)], True, "One of the others is enough to dominate."),
    ((0.8, 900), [], False, "Where there are no others, nothing dominates."),
)  # fmt: skip


def _check_dominated(answer: object) -> Right:
    for point, others, expected, why in _CASES:
        found = checks.call(answer, point, others, what=_WHAT)
        said = bool(checks.expect(found, (bool, np.bool_), "True or False"))
        if said != expected:
            wrong(f"is_dominated({point}, {others}) should be {expected}. {why}")
    return right("As good in every goal and better in one: that is all.")


_BODY = """
def is_dominated(point, others):
    accuracy, weights = point
    for other_accuracy, other_weights in others:
        as_good = {as_good}
        if as_good and {better}:
            return True
    return False

answer = is_dominated
"""
_GOOD = {
    "as_good": "other_accuracy >= accuracy and other_weights <= weights",
    "better": "(other_accuracy, other_weights) != (accuracy, weights)",
}

q1 = Exercise(
    lesson=12, number=1, title="Who is dominated?", points=1,
    question="""
    Write `is_dominated(point, others)`. A point is a pair (accuracy, weights): the more accurate
    and the fewer weights, the better. Return True if one of the `others` is at least as good as
    `point` in both goals and better in one of them, else False.
    """,
    expects=_WHAT,
    checker=_check_dominated,
    hints=(
        "Ask of each of the others: is it at least as good in both goals?",
        "Of two equal points none dominates the other.",
        "`>=` for the accuracy and `<=` for the weights, and the pairs must not be equal.",
    ),
    stub="""
    def is_dominated(point, others): ...

    answer = is_dominated
    """,
    solution_source=_BODY.format(**_GOOD),
    why="What no other one dominates is efficient; all efficient settings together are the front.",
    wrong_answers=tuple(
        WrongAnswer(_BODY.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("as_good", "other_accuracy > accuracy and other_weights < weights",
             "wants both to be better", "as accurate with fewer weights"),
            ("as_good", "other_accuracy >= accuracy or other_weights <= weights",
             "takes one goal for enough", "neither dominates"),
            ("as_good", "other_accuracy >= accuracy and other_weights >= weights",
             "takes more weights for better", "better in both"),
            ("as_good", "other_accuracy >= accuracy", "forgets the weights", "neither dominates"),
            ("better", "True", "lets equals dominate", "An equal point"),
        )
    )
    + (
        WrongAnswer(_BODY.format(**_GOOD).replace("return True", "return 1"),
                    "returns a number", "True or False"),
    ),
)  # fmt: skip

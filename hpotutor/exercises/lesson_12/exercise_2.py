"""Exercise 12.2: The area under a front."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.study import hypervolume

_WHAT = "a function area(points, corner)"
_WAYS = ["maximize", "minimize"]
_CORNER = (0.1, 4.0)
# Points (accuracy, log10 of the weights), and what an answer forgot that goes wrong here.
_CASES = (
    ([(0.6, 3.0)], "One point covers a rectangle: from its accuracy down to the corner's, from "
     "its size up to the corner's."),
    ([(0.6, 3.0), (0.9, 3.5)], "Where two rectangles overlap, the area counts once."),
    ([(0.9, 3.5), (0.6, 3.0)], "The points may come in any order."),
    ([(0.6, 3.0), (0.9, 3.5), (0.5, 3.2)], "A dominated point adds nothing."),
    ([(0.6, 3.0), (0.7, 3.0), (0.9, 3.5)], "Of two points of one size only the better counts."),
    ([(0.6, 3.0), (0.05, 2.0)], "A point that is worse than the corner in accuracy adds nothing."),
    ([(0.6, 3.0), (0.95, 4.5)], "A point that is larger than the corner adds nothing."),
    ([(0.05, 2.0)], "Where no point is better than the corner in both goals, the area is 0."),
)  # fmt: skip


def _check_area(answer: object) -> Right:
    for corner in (_CORNER, (0.2, 3.9)):
        for points, why in _CASES:
            found = checks.call(answer, points, corner, what=_WHAT)
            value = checks.number(found, "one number")
            expected = hypervolume(points, corner, _WAYS)
            if abs(value - expected) > 1e-9:
                wrong(
                    f"area({points}, {corner}) should be {expected:.3g}; yours is {value:.3g}. "
                    f"{why}"
                )
    return right("Each point adds the strip that none before it covered.")


_BODY = """
def area(points, corner):
    worst, largest = corner
    total, best = 0.0, worst
    for size, accuracy in sorted((size, accuracy) for accuracy, size in points):
        if {inside}:
            total += {strip}
            best = accuracy
    return total

answer = area
"""
_GOOD = {
    "inside": "size < largest and accuracy > best",
    "strip": "(accuracy - best) * (largest - size)",
}

q2 = Exercise(
    lesson=12, number=2, title="The area under a front", points=2,
    question="""
    Write `area(points, corner)`: the hypervolume of a list of points (accuracy, size), with the
    accuracy to rise and the size to fall, seen from `corner`, a pair of the same kind. That is the
    area between the front of the points and the corner. What is not better than the corner in both
    goals adds nothing. Take the sizes as they are: no logarithm.
    """,
    expects=_WHAT,
    checker=_check_area,
    hints=(
        "Draw two points and the corner: each covers a rectangle, and the rectangles overlap.",
        "Go through the points by size, the smallest first, and keep the best accuracy so far.",
        "A point above the best so far adds a strip: its gain in accuracy, times how far its size "
        "is below the corner's.",
    ),
    stub="""
    def area(points, corner): ...

    answer = area
    """,
    solution_source=_BODY.format(**_GOOD),
    why="The number rises with every new efficient point, and depends on corner and scales.",
    wrong_answers=tuple(
        WrongAnswer(_BODY.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("strip", "(accuracy - worst) * (largest - size)", "adds whole rectangles", "overlap"),
            ("strip", "(accuracy - best) * size", "measures from 0", "rectangle"),
            ("inside", "size < largest", "adds dominated points", "dominated"),
            ("inside", "accuracy > best", "counts beyond the corner", "larger than the corner"),
            ("inside", "size > largest and accuracy > best", "turns the size round", "rectangle"),
        )
    )
    + (
        WrongAnswer(
            _BODY.format(**_GOOD).replace(
                "sorted((size, accuracy) for accuracy, size in points)",
                "((size, accuracy) for accuracy, size in points)",
            ),
            "takes the points as they come", "any order",
        ),
        WrongAnswer(
            _BODY.format(**_GOOD).replace("total, best = 0.0, worst", "total, best = 0.0, 0.0"),
            "forgets the corner's accuracy", "down to the corner",
        ),
    ),
)  # fmt: skip

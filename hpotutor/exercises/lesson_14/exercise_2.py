"""Exercise 14.2: How many rows?"""

import math

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_rows(answer: object) -> Right:
    what = "`rows_needed(accuracy, difference)`"
    for accuracy, difference in ((0.9, 0.02), (0.75, 0.03), (0.98, 0.01), (0.9, 0.03)):
        exact = 2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2
        got = checks.number(checks.call(answer, accuracy, difference, what=what), "a count of rows")
        if got != int(got):
            wrong(f"{got:.5g} rows cannot be had. Round up to a whole number.")
        if got == math.ceil(exact) + 1:
            wrong(
                f"{int(got) - 1:,} rows are enough, and you say {int(got):,}. Round up, no further."
            )
        if abs(got - math.ceil(exact)) > 1:
            margin = 1.96 * math.sqrt(2 * accuracy * (1 - accuracy) / max(got, 1))
            wrong(
                f"Near an accuracy of {accuracy} you ask for {int(got):,} rows. With so many, the "
                f"margin of section 3 is {margin:.2g}, and it should be {difference}."
            )
        if got < exact:
            wrong("Round up: one row less is not enough.")
    return right("Near 0.9, two points need 1,729 validation rows, one point four times as many.")


def _rows(expression: str) -> str:
    body = f"def rows_needed(accuracy, difference):\n    return {expression}"
    return f"import math\n\n\n{body}\n\n\nanswer = rows_needed"


q2 = Exercise(
    lesson=14, number=2, title="How many rows?", points=2,
    question="""
    Write `rows_needed(accuracy, difference)`: the smallest number of rows with which the margin
    above is no larger than the difference that you want to see. Round up.
    """,
    expects="a function rows_needed(accuracy, difference) that returns a whole number",
    checker=_check_rows,
    hints=(
        "Set the margin equal to the difference, square both sides, and solve for n.",
        "`math.ceil` rounds up.",
    ),
    stub="def rows_needed(accuracy, difference): ...\n\n\nanswer = rows_needed",
    solution_source=_rows("math.ceil(2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
    why="Before a search for a gain of one point, count whether your rows can show one point.",
    wrong_answers=(
        WrongAnswer(_rows("math.ceil(accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
                    "forgets that both shares have noise", "you ask for 865 rows"),
        WrongAnswer(_rows("math.ceil(2 * accuracy * (1 - accuracy) * 1.96 / difference)"),
                    "forgets the square", "and it should be 0.02"),
        WrongAnswer(_rows("2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2"),
                    "does not round", "Round up to a whole number"),
        WrongAnswer(_rows("round(2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
                    "rounds to the nearest", "one row less"),
        WrongAnswer(_rows("math.floor(2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
                    "rounds down", "one row less"),
        WrongAnswer(_rows("1 + math.ceil(2 * accuracy * (1 - accuracy)"
                          " * (1.96 / difference) ** 2)"),
                    "adds one to be safe", "no further"),
    ),
)  # fmt: skip

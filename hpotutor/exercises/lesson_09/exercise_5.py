"""Exercise 9.5: How many for a difference?"""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_repeats(answer: object) -> Right:
    what = "`repeats(difference, std)`"
    for difference, std in ((0.01, 0.01), (0.005, 0.01), (0.002, 0.006)):
        exact = 2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2
        got = checks.number(
            checks.call(answer, difference, std, what=what), "a number of trainings"
        )
        if got != int(got):
            wrong(f"{got:.3g} trainings cannot be made. Round up to a whole number.")
        if got == np.ceil(exact) + 1:
            wrong(f"{int(got) - 1:,} are enough, and you say {int(got):,}. Round up, no further.")
        if abs(got - np.ceil(exact)) > 1:
            factor = "half" if abs(2 * got - exact) < 2 else "not"
            wrong(
                f"For a difference of {difference} and a standard deviation of {std} you say "
                f"{int(got):,}. That is {factor} what the formula of section 5 gives: about "
                f"{int(np.ceil(exact)):,}. Mind the factor 2 and the square."
            )
        if got < exact:
            wrong("Round up: one training less than needed is not enough.")
    return right("16 of each for one standard deviation, 63 for half of one.")


def _repeats(expression: str) -> str:
    body = f"def repeats(difference, std):\n    return {expression}"
    return f"import math\n\n\n{body}\n\n\nanswer = repeats"


q5 = Exercise(
    lesson=9, number=5, title="How many for a difference?", points=2,
    question="""
    Write `repeats(difference, std)`: how many trainings of each setting are needed, by the formula
    of section 5, to find such a difference in 80% of the studies. Round up.
    """,
    expects="a function repeats(difference, std) that returns a whole number",
    checker=_check_repeats,
    hints=(
        "Only the ratio of the two numbers enters, squared.",
        "`math.ceil` rounds up.",
    ),
    stub="def repeats(difference, std): ...\n\n\nanswer = repeats",
    solution_source=_repeats("math.ceil(2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2)"),
    why="If that is too many, the honest result is: no difference was found at this budget.",
    wrong_answers=(
        WrongAnswer(_repeats("math.ceil((1.96 + 0.84) ** 2 * (std / difference) ** 2)"),
                    "forgets that both settings have noise", "half what the formula"),
        WrongAnswer(_repeats("math.ceil(2 * (1.96 + 0.84) ** 2 * std / difference)"),
                    "forgets to square the ratio", "the square"),
        WrongAnswer(_repeats("2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2"),
                    "does not round", "Round up"),
        WrongAnswer(_repeats("int(2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2)"),
                    "rounds down", "one training less"),
        WrongAnswer(_repeats("math.ceil(2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2) + 1"),
                    "adds one to be safe", "no further"),
    ),
)  # fmt: skip

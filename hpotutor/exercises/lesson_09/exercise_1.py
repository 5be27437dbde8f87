"""Exercise 9.1: Which number?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_REPORTS = ("best validation", "mean validation", "test of the winner", "best test")


def _check_report(answer: object) -> Right:
    chosen = checks.option(answer, _REPORTS)
    if chosen == "best validation":
        wrong("These rows chose the winner, so its score on them was partly chosen for its luck.")
    if chosen == "mean validation":
        wrong("That is what the average setting of the space scores. Which setting will be used?")
    if chosen == "best test":
        wrong("Whoever takes the best of 50 test scores has chosen by the test rows.")
    return right("Rows that chose nothing judge the one network that is used.")


q1 = Exercise(
    lesson=9, number=1, title="Which number?", points=1,
    question="""
    A search trained 50 networks, chose one by its validation score, and has a test set that
    nobody has looked at. Which number says what the chosen network will do on new rows? Answer
    with one of

    - `"best validation"`: the highest of the 50 validation scores,
    - `"mean validation"`: the mean of the 50 validation scores,
    - `"test of the winner"`: the test score of the chosen network,
    - `"best test"`: the highest of the 50 test scores.
    """,
    expects="one of the four names, as a string",
    checker=_check_report,
    hints=(
        "Ask of each number: did the same rows have a say in what was chosen?",
        "Taking a maximum is choosing.",
    ),
    solution_source='answer = "test of the winner"',
    why="A score is honest when its rows had no part in any choice before it.",
    wrong_answers=(
        WrongAnswer('answer = "best validation"', "chose by it", "chose the winner"),
        WrongAnswer('answer = "mean validation"', "averages", "average setting"),
        WrongAnswer('answer = "best test"', "chooses by test rows", "test rows"),
    ),
)  # fmt: skip

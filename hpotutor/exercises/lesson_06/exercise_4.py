"""Exercise 6.4: When is it safe to look?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_bloomer(answer: object) -> Right:
    epochs = checks.whole_number(answer, "1, 3, 9 or 27")
    if epochs not in (1, 3, 9, 27):
        wrong(f"The rungs stand at 1, 3, 9 and 27 epochs; there is none at {epochs}.")
    if epochs < 9:
        wrong(f"After {epochs} C is last of the three, and only one continues.")
    if epochs == 27:
        wrong("27 keeps it too, but an earlier first rung does as well, at a lower price.")
    return right("After 9 epochs C leads, so a bracket that first looks there keeps it.")


q4 = Exercise(
    lesson=6, number=4, title="When is it safe to look?", points=1,
    question="""
    Validation accuracy of three configurations:

    | epochs | 1 | 3 | 9 | 27 |
    |---|---|---|---|---|
    | A | 0.70 | 0.80 | 0.85 | 0.86 |
    | B | 0.60 | 0.75 | 0.82 | 0.84 |
    | C | 0.20 | 0.50 | 0.90 | 0.95 |

    A bracket starts with all three and keeps one. What is the smallest number of epochs on the
    first rung with which C survives?
    """,
    expects="1, 3, 9 or 27",
    checker=_check_bloomer,
    hints=(
        "Only the first look matters here: two of three are stopped there.",
        "Read the columns: in which is C the highest?",
    ),
    solution_source="answer = 9",
    why="C is a late bloomer. Hyperband runs brackets that look late because of such curves.",
    wrong_answers=(
        WrongAnswer("answer = 1", "trusts the first epoch", "last of the three"),
        WrongAnswer("answer = 3", "looks too early", "last of the three"),
        WrongAnswer("answer = 27", "pays for everything", "lower price"),
    ),
)  # fmt: skip

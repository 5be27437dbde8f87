"""Exercise 12.6: What a weighted sum cannot find."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_NAMES = ("A", "B", "C", "D", "E", "F")
_WHAT = "a list of letters"


def _check_letters(answer: object) -> Right:
    items = checks.sequence(answer, _WHAT, ordered=False)
    chosen = {checks.option(item, _NAMES, "one of the letters") for item in items}
    if "F" in chosen:
        wrong("F is dominated by E, which is cheaper and better: it is not efficient at all.")
    if chosen & {"A", "E"}:
        wrong(
            "A is the cheapest and E the most accurate: where the weight is very large or nearly "
            "0, a sum finds them."
        )
    if "C" in chosen:
        wrong("C lies above the line from A to E: with a weight of 0.1 it has the highest sum.")
    if chosen != {"B", "D"}:
        wrong(
            "One is missing. For each efficient setting, look at the line between two others, one "
            "on each side of it: what lies below such a line is never the highest."
        )
    return right("Both are efficient, and both lie below a line between two others.")


q6 = Exercise(
    lesson=12, number=6, title="What a weighted sum cannot find", points=1,
    question="""
    | setting | A | B | C | D | E | F |
    |---|---|---|---|---|---|---|
    | cost | 1 | 2 | 3 | 4 | 5 | 6 |
    | accuracy | 0.50 | 0.60 | 0.80 | 0.82 | 0.90 | 0.85 |

    A search maximizes `accuracy - w * cost`, with a weight `w` above 0. Which *efficient* settings
    does it never find, whatever `w` is? Answer with a list of letters, such as `["A", "F"]`.
    """,
    expects=_WHAT,
    checker=_check_letters,
    hints=(
        "First leave out what is dominated.",
        "Draw accuracy against cost. All points with the same sum lie on a straight line.",
        "The line from A to C passes 0.65 at cost 2.",
    ),
    solution_source='answer = ["B", "D"]',
    why="A sum finds corners of the outer hull only; a limit on the cost finds all of them.",
    wrong_answers=(
        WrongAnswer('answer = ["B"]', "misses one", "One is missing"),
        WrongAnswer('answer = ["D"]', "misses the other", "One is missing"),
        WrongAnswer('answer = ["B", "D", "F"]', "adds a dominated one", "F is dominated"),
        WrongAnswer('answer = ["B", "C", "D"]', "adds a corner", "with a weight of 0.1"),
        WrongAnswer('answer = ["A", "B"]', "adds an end", "the cheapest"),
    ),
)  # fmt: skip

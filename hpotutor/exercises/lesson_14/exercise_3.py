"""Exercise 14.3: Which ranges to move."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_KNOBS = ("learning_rate", "units", "dropout", "layers", "optimizer")
_TO_MOVE = {"learning_rate", "layers"}
_WHY_NOT = {
    "units": "one of the five lies at an end, and four do not",
    "dropout": "there is nothing below 0 to look at",
    "optimizer": "choices have no order, so they have no end",
}


def _check_ends(answer: object) -> Right:
    what = "a list of hyperparameter names"
    listed = checks.sequence(answer, what, ordered=False)
    names = {checks.option(name, _KNOBS, "one of the names") for name in listed}
    for name, reason in _WHY_NOT.items():
        if name in names:
            wrong(f"Look at `{name}` again: {reason}.")
    if names != _TO_MOVE:
        wrong("One more range has its best trials at an end that could be moved.")
    return right("Both may go on beyond the end that was tried.")


q3 = Exercise(
    lesson=14, number=3, title="Which ranges to move", points=1,
    question="""
    After 60 trials, these are the five best:

    | hyperparameter | range | five best trials |
    |---|---|---|
    | learning_rate | 0.0001 to 0.1, log | 0.07, 0.09, 0.05, 0.08, 0.06 |
    | units | 8 to 128 | 40, 112, 16, 72, 128 |
    | dropout | 0 to 0.5 | 0.02, 0.01, 0.05, 0.00, 0.03 |
    | layers | 1 to 2 | 2, 2, 2, 2, 2 |
    | optimizer | sgd, adam | adam, adam, adam, adam, adam |

    Which ranges would you move before you search again? Answer with a list of names.
    """,
    expects='a list of names, such as ["units"]',
    checker=_check_ends,
    hints=(
        "One trial at an end is chance; five are not.",
        "Some ends cannot be moved. What would lie beyond them?",
    ),
    solution_source='answer = ["learning_rate", "layers"]',
    why="A search answers inside its ranges only, and says nothing of what lies outside.",
    wrong_answers=(
        WrongAnswer('answer = ["learning_rate"]', "overlooks it", "One more range"),
        WrongAnswer('answer = ["learning_rate", "dropout", "layers"]',
                    "wants to go below 0", "nothing below 0"),
        WrongAnswer('answer = ["learning_rate", "units", "layers"]',
                    "takes one trial for a crowd", "one of the five"),
        WrongAnswer('answer = ["learning_rate", "layers", "optimizer"]',
                    "gives categories an end", "no order"),
    ),
)  # fmt: skip

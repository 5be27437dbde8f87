"""Exercise 1.3: A walk that gets stuck."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown

_RATES, _SIZES = (0.01, 0.1, 1.0), (16, 64, 256)
_MAP = {0.01: (0.93, 0.85, 0.60), 0.1: (0.96, 0.94, 0.88), 1.0: (0.70, 0.97, 0.95)}


def _check_walk(answer: object) -> Right:
    names = ("learning_rate", "batch_size", "missed")
    end = checks.mapping(answer, "a dict with the learning rate, the batch size and what is missed",
                         names=names)  # fmt: skip
    values = {name: checks.number(end[name], f"a number for `{name}`") for name in names}
    rate, size = values["learning_rate"], values["batch_size"]
    if rate not in _RATES or size not in _SIZES:
        wrong(f"The map has no learning rate {shown(rate)} with batch size {shown(size)}.")
    if (rate, size) == (1.0, 64):
        wrong(
            "That is the best cell of the map, but this walk does not get there: it never leaves "
            "the first column while it looks for a learning rate."
        )
    if (rate, size) == (0.01, 16):
        wrong("Batch size 16 is best in the row of 0.01, but the learning rate is turned first.")
    if (rate, size) != (0.1, 16):
        wrong(
            "Stay in the column of batch size 16 and take its best learning rate. Then stay in "
            "that row and take its best batch size."
        )
    missed = values["missed"]
    if not checks.near(abs(missed), 0.01, share=0.001):
        wrong(
            "The end of the walk is right. What is missed is the best value of the whole map minus "
            f"the value there; you wrote {shown(missed)}."
        )
    return right("In its row and in its column it is the best, so neither knob alone gets away.")


q3 = Exercise(
    lesson=1, number=3, title="A walk that gets stuck", points=2,
    question="""
    Validation accuracies of nine settings:

    | learning rate | batch size 16 | batch size 64 | batch size 256 |
    |---|---|---|---|
    | 0.01 | 0.93 | 0.85 | 0.60 |
    | 0.1 | 0.96 | 0.94 | 0.88 |
    | 1.0 | 0.70 | 0.97 | 0.95 |

    Start at learning rate 0.01 and batch size 16. Turn the learning rate first and keep its best
    value; then turn the batch size and keep its best. Where do you end, and by how much do you
    miss the best cell of the map?
    """,
    expects="a dict with the learning rate, the batch size and what is missed",
    checker=_check_walk,
    hints=(
        "The first turn moves you up and down in the column of batch size 16.",
        "The second turn moves you along the row of the learning rate that you have found.",
        "Compare the value where you end with the largest of the nine.",
    ),
    stub='answer = {"learning_rate": ..., "batch_size": ..., "missed": ...}',
    solution_source="""
    column = {0.01: 0.93, 0.1: 0.96, 1.0: 0.70}
    rate = max(column, key=column.get)
    row = {16: 0.96, 64: 0.94, 256: 0.88}
    size = max(row, key=row.get)
    answer = {"learning_rate": rate, "batch_size": size, "missed": 0.97 - row[size]}
    """,
    why="A knob's best value depends on where the others stand. A search that moves several at "
        "once can cross such a map diagonally; one knob at a time cannot.",
    wrong_answers=tuple(
        WrongAnswer(
            f"answer = {{'learning_rate': {rate}, 'batch_size': {size}, 'missed': {missed}}}",
            because, says,
        )
        for rate, size, missed, because, says in (
            (1.0, 64, 0.0, "takes the best cell at a glance", "does not get there"),
            (0.01, 16, 0.04, "turns the batch size first, and stops there", "turned first"),
            (0.1, 64, 0.03, "takes the middle", "Stay in the column"),
            (0.1, 16, 0.03, "compares with the start", "The end of the walk is right"),
            (0.1, 32, 0.01, "invents a level", "no learning rate"),
        )
    ),
)  # fmt: skip

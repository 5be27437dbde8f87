"""Exercise 6.2: The price of a bracket."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_epochs(answer: object) -> Right:
    epochs = checks.whole_number(answer, "the number of epochs, a whole number")
    remarks = {
        40: "40 is how many trainings there are. How long is each of them?",
        81: "81 is the price if each training continues from the rung below. Or you left out a "
        "rung. Here each rung starts again, and there are four.",
        82: "The last configuration starts again as well: 27 epochs, not 1.",
        729: "729 trains all 27 configurations to the end. Most of them stop early.",
    }
    if epochs in remarks:
        wrong(remarks[epochs])
    if epochs != 108:
        wrong(f"{epochs:,} is not it. Multiply configurations by epochs on each rung, then add.")
    return right("27 epochs on each of four rungs.")


q2 = Exercise(
    lesson=6, number=2, title="The price of a bracket", points=1,
    question="""
    A bracket trains 27 configurations for 1 epoch, the best 9 for 3, the best 3 for 9, and the
    best one for 27. Every rung starts again from the first epoch. How many epochs is that in all?
    """,
    expects="the number of epochs, a whole number",
    checker=_check_epochs,
    hints=(
        "There are four rungs.",
        "A rung costs configurations times epochs.",
        "The first costs 27 × 1, the second 9 × 3.",
    ),
    solution_source="""
    answer = 27 * 1 + 9 * 3 + 3 * 9 + 1 * 27
    """,
    why="Each rung costs the same: 27 configurations are seen for the price of 4 full trainings.",
    wrong_answers=(
        WrongAnswer("answer = 27 * 27", "trains all to the end", "stop early"),
        WrongAnswer("answer = 27 + 9 + 3 + 1", "counts trainings", "How long"),
        WrongAnswer("answer = 27 * 3", "forgets the last rung", "left out"),
        WrongAnswer("answer = 27 * 1 + 9 * 2 + 3 * 6 + 1 * 18",
                    "continues each training", "continues from the rung below"),
        WrongAnswer("answer = 27 * 1 + 9 * 2 + 3 * 6 + 1 * 9",
                    "takes the wrong epochs", "Multiply configurations"),
    ),
)  # fmt: skip

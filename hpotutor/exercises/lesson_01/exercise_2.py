"""Exercise 1.2: Count the steps."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_STEPS = {16: 68 * 20, 32: 34 * 20, 256: 5 * 20}


def _check_steps(answer: object) -> Right:
    counts = checks.mapping(answer, "a dict from batch size to number of steps", names=_STEPS)
    steps = {size: checks.whole_number(counts[size], "a number of steps") for size in _STEPS}
    per_epoch = {size: count // 20 for size, count in _STEPS.items()}
    if steps == per_epoch:
        wrong("These are the steps of one epoch. The network trains for 20.")
    if all(steps[size] in (1077 // size * 20, 1077 * 20 // size) for size in _STEPS):
        wrong(
            "Rows are left over at the end of each epoch. Keras does not drop them: they make one "
            "more batch, a smaller one."
        )
    if len(set(steps.values())) == 1:
        wrong("These are all equal. The batch size decides how many batches make an epoch.")
    for size, count in _STEPS.items():
        if steps[size] != count:
            few = "few" if steps[size] < count else "many"
            wrong(
                f"{steps[size]:,} steps are too {few} for a batch size of {size}: how many batches "
                "do 1,077 rows make, the last and smaller one included?"
            )
    return right("68, 34 and 5 steps an epoch.")


q2 = Exercise(
    lesson=1, number=2, title="Count the steps", points=1,
    question="""
    The digits have 1,077 training rows. A network trains on them for 20 epochs: how many times are
    its weights moved with a batch size of 16, of 32, and of 256? An epoch's last batch
    holds the rows that are left over.
    """,
    expects="a dict from batch size to number of steps",
    checker=_check_steps,
    hints=(
        "Each batch moves the weights once.",
        "1,077 rows in batches of 256 are 4 full batches, and one of the 53 rows left over.",
        "`math.ceil(rows / batch_size)` is the number of steps in one epoch.",
    ),
    stub="answer = {16: ..., 32: ..., 256: ...}",
    solution_source="""
    import math

    answer = {size: math.ceil(1077 / size) * 20 for size in (16, 32, 256)}
    """,
    why=(
        "At equal epochs, 16 rows a batch make nearly 14 times as many steps as 256: compare batch "
        "sizes at one learning rate, and you compare a long training with a short one."
    ),
    wrong_answers=(
        WrongAnswer("answer = {16: 68, 32: 34, 256: 5}", "one epoch", "of one epoch"),
        WrongAnswer("answer = {16: 1340, 32: 660, 256: 80}",
                    "drops the rows that are left over", "left over"),
        WrongAnswer("answer = {16: 1346, 32: 673, 256: 84}",
                    "divides all rows of all epochs at once", "left over"),
        WrongAnswer("answer = {16: 20, 32: 20, 256: 20}", "a step an epoch", "equal"),
        WrongAnswer("answer = {16: 320, 32: 640, 256: 5120}",
                    "multiplies the batch size by the epochs", "too few"),
    ),
)  # fmt: skip

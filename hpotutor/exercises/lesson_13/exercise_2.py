"""Exercise 13.2: Eight times the batch."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_LINEAR, _ROOT = 0.05 * 8, 0.05 * 8**0.5


def _check_rates(answer: object) -> Right:
    what = "two learning rates, (linear, root)"
    linear, root = checks.numbers(answer, what, "a learning rate", length=2)
    if checks.near(linear, _ROOT) and checks.near(root, _LINEAR):
        wrong("Both are right, in the wrong order: the linear rule first.")
    if checks.near(linear, 0.05 / 8):
        wrong("A larger batch has *less* noise, so its steps may be longer, not shorter.")
    if not checks.near(linear, _LINEAR):
        wrong(f"{linear:.3g} is not the linear rule: the rate grows by the factor of the batch.")
    if checks.near(root, 0.05 * 256**0.5) or checks.near(root, (0.05 * 8) ** 0.5):
        wrong("The root is of the *factor* alone: 256 rows are how many times 32?")
    if not checks.near(root, _ROOT, 0.02):
        wrong(f"{root:.3g} is not the root rule: the rate grows by the root of that factor.")
    return right("The two differ by a factor of nearly three. Section 2 measures which one holds.")


q2 = Exercise(
    lesson=13, number=2, title="Eight times the batch", points=1,
    question="""
    SGD with batches of 32 rows does best at a learning rate of 0.05. You go to batches of 256.
    Which rate does the linear rule ask for, and which the square-root rule? Give both, the linear
    one first, and leave the arithmetic to Python: `0.05 * ...`.
    """,
    expects="two learning rates, (linear, root)",
    checker=_check_rates,
    hints=(
        "By what factor does the batch grow?",
        "The linear rule multiplies the rate by this factor, the other one by its root.",
    ),
    solution_source="""
    # 256 rows are 8 times 32
    answer = (0.05 * 8, 0.05 * 8**0.5)
    """,
    why="The linear rule keeps the sum of the steps of an epoch, the root rule their noise.",
    wrong_answers=(
        WrongAnswer("answer = (0.05 * 8**0.5, 0.05 * 8)", "swaps them", "wrong order"),
        WrongAnswer("answer = (0.05 / 8, 0.05 / 8**0.5)", "divides", "longer, not shorter"),
        WrongAnswer("answer = (0.05 * 256, 0.05 * 16)", "takes the batch", "the linear rule"),
        WrongAnswer("answer = (0.4, 0.05 * 256**0.5)", "roots the batch", "of the *factor*"),
        WrongAnswer("answer = (0.4, 0.2)", "guesses", "the root rule"),
    ),
)  # fmt: skip

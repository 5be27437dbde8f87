"""Exercise 5.1: The first step."""

import math

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_GRADIENTS = (0.001, 0.1, 10.0, -1000.0)
_RATE = 0.01
_SHARE = {"sgd": 2e-4, "adam": 2e-3}  # an ε of Adam's is not quite nothing


def _check_first_steps(answer: object) -> Right:
    chosen = checks.mapping(
        answer, "a dict with a list of 4 changes for each optimizer", ("sgd", "adam")
    )
    changes = {}
    for name, values in chosen.items():
        items = checks.sequence(values, f"the 4 changes that {name} makes", length=4)
        changes[name] = [checks.number(value, "the change of a weight") for value in items]
    expected = {
        "sgd": [-_RATE * gradient for gradient in _GRADIENTS],
        "adam": [-_RATE * math.copysign(1, gradient) for gradient in _GRADIENTS],
    }
    for name in ("sgd", "adam"):
        found, right_ones = changes[name], expected[name]
        if checks.all_near(found, right_ones, _SHARE[name]):
            continue
        if checks.all_near(found, [-value for value in right_ones]):
            wrong(f"The signs of `{name}` are turned round: a step goes *against* the gradient.")
        if checks.all_near(
            [abs(value) for value in found], [abs(value) for value in right_ones], 0.02
        ):
            wrong(f"The lengths of `{name}` are right. The last gradient is negative.")
        if name == "sgd":
            wrong("SGD changes a weight by minus the learning rate times its gradient.")
        if checks.all_near(found, expected["sgd"]):
            wrong("Adam divides by the root of `s`, so that it does not step as far as SGD does.")
        ratio = abs(found[0]) / _RATE
        if checks.near(ratio, 0.1 / math.sqrt(0.001), 0.02):
            wrong("At step 1 `m` is only 0.1 g and `s` only 0.001 g². The hats undo just that.")
        wrong(
            "For Adam write down `m`, `s`, both with hats, for one gradient g at step 1. "
            "What is left of g?"
        )
    return right("SGD's steps differ by a factor of a million, Adam's not at all.")


q1 = Exercise(
    lesson=5, number=1, title="The first step", points=2,
    question="""
    Before the first step, four weights have the gradients 0.001, 0.1, 10 and −1000. The learning
    rate is 0.01. By how much does each weight *change* in the first step of SGD, and of Adam
    (β₁ = 0.9, β₂ = 0.999, ε too small to matter)? Give a dict with a list of four changes for each.
    """,
    expects="a dict with a list of 4 changes for each optimizer",
    checker=_check_first_steps,
    hints=(
        "SGD first: minus the learning rate times the gradient, four times.",
        "Adam at step 1: m = 0.1 g and s = 0.001 g²; the hats divide by 0.1 and by 0.001.",
        "m̂ / √ŝ is then g / |g|: plus one or minus one.",
    ),
    stub='answer = {"sgd": ..., "adam": ...}',
    solution_source="""
    gradients = [0.001, 0.1, 10, -1000]
    sgd, adam = [], []
    for g in gradients:
        sgd.append(-0.01 * g)
        m_hat = (0.1 * g) / (1 - 0.9)
        s_hat = (0.001 * g**2) / (1 - 0.999)
        adam.append(-0.01 * m_hat / s_hat**0.5)
    answer = {"sgd": sgd, "adam": adam}
    """,
    why="Adam's learning rate is nearly the length of a step, whatever the loss is scaled by; "
        "SGD's is not. That is why one number for Adam travels further between problems.",
    wrong_answers=tuple(
        WrongAnswer(f'answer = {{"sgd": {sgd}, "adam": {adam}}}', because, says)
        for sgd, adam, because, says in (
            ([1e-5, 1e-3, 0.1, -10], [0.01, 0.01, 0.01, -0.01], "walks up the gradient", "against"),
            ([-1e-5, -1e-3, -0.1, 10], [-0.01, -0.01, -0.01, -0.01],
             "forgets that Adam keeps the sign", "last gradient is negative"),
            ([-1e-5, -1e-3, -0.1, 10], [-0.0316, -0.0316, -0.0316, 0.0316],
             "leaves out the bias correction", "hats"),
            ([-1e-5, -1e-3, -0.1, 10], [-1e-5, -1e-3, -0.1, 10], "takes Adam for SGD", "divides"),
            ([-0.001, -0.1, -10, 1000], [-0.01, -0.01, -0.01, 0.01],
             "leaves out the learning rate", "learning rate times"),
        )
    ),
)  # fmt: skip

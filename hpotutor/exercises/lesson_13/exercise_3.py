"""Exercise 13.3: Shares of the learning rate."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_shares(answer: object) -> Right:
    for units, base in ((512, 64), (32, 64), (100, 20)):
        found = checks.call(answer, units, base, what="a function shares(units, base)")
        first, inner, last = checks.numbers(found, "a list of three numbers", "a share", length=3)
        wider = units / base
        if checks.near(first, 1 / wider):
            wrong(
                "The first layer's inputs are the data's columns. Their number does not grow with "
                "the units, so its rate stays."
            )
        if checks.near(inner, wider):
            wrong("More inputs add up to more: the rate must shrink as the width grows.")
        if not checks.near(first, 1):
            wrong(
                f"The first layer has as many inputs as ever; yours gets {first:.3g} of the rate."
            )
        if checks.near(inner, wider**-0.5):
            wrong(
                "The root is for the initial sizes. Adam's steps all point the same way, and sum."
            )
        if not checks.near(inner, 1 / wider):
            wrong(
                f"With {units} units in place of {base}, a unit of the second layer has "
                f"{wider:.3g} times the inputs; yours gets {inner:.3g} of the rate."
            )
        if not checks.near(last, 1 / wider):
            wrong(f"The output layer has the same inputs as an inner one; yours gets {last:.3g}.")
    return right("At the base width nothing changes, and the wider the network, the more it does.")


_CODE = """
def shares(units, base):
    wider = units / base
    return {returned}

answer = shares
"""

q3 = Exercise(
    lesson=13, number=3, title="Shares of the learning rate", points=2,
    question="""
    Write `shares(units, base)`: under Adam and μP, the share of the learning rate of the kernel of
    the first layer, of a layer between two hidden ones, and of the output layer, as a list of
    three. Every hidden layer has `units` units, and the rate was tuned with `base`.
    """,
    expects="a function shares(units, base)",
    checker=_check_shares,
    hints=(
        "What counts is by how much the *inputs* of a layer have grown.",
        "The first layer reads the data, the other two read hidden units.",
        "A layer with eight times the inputs gets an eighth of the rate.",
    ),
    stub="""
    def shares(units, base):
        ...

    answer = shares
    """,
    solution_source=_CODE.format(returned="[1, 1 / wider, 1 / wider]"),
    why="Adam moves each weight by about the rate. Eight times the inputs sum to eight times it.",
    wrong_answers=tuple(
        WrongAnswer(_CODE.format(returned=code), because, says)
        for code, because, says in (
            ("[1 / wider, 1 / wider, 1 / wider]", "scales the first", "data's columns"),
            ("[1, wider, wider]", "grows", "must shrink"),
            ("[1, wider**-0.5, wider**-0.5]", "takes the root", "initial sizes"),
            ("[1, 1, 1 / wider]", "is SGD's inner layer", "times the inputs"),
            ("[1, 1 / wider, 1]", "leaves the output", "output layer"),
            ("[wider, 1, 1 / wider]", "is SGD's", "as many inputs as ever"),
        )
    ),
)  # fmt: skip

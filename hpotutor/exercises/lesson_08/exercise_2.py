"""Exercise 8.2: A knob that is not always there."""

from typing import Any

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_condition(answer: object) -> Right:
    space = checks.search_space(answer, ("optimizer", "momentum", "learning_rate"))
    rng = np.random.default_rng(0)
    drawn: list[dict[str, Any]] = [space.sample(rng) for _ in range(200)]
    names = {point["optimizer"] for point in drawn}
    if names != {"sgd", "adam"}:
        wrong(f"The optimizers should be 'sgd' and 'adam'; yours are {sorted(names)}.")
    having = {point["optimizer"] for point in drawn if "momentum" in point}
    if having != {"sgd"}:
        whom = " and ".join(sorted(having)) or "nothing"
        verb = "have" if len(having) > 1 else "has"
        wrong(f"In your space {whom} {verb} a momentum. It should exist for SGD alone.")
    if any(point["optimizer"] == "sgd" and "momentum" not in point for point in drawn):
        wrong("SGD should always have a momentum.")
    if not all("learning_rate" in point for point in drawn):
        wrong("Both optimizers have a learning rate. It needs no condition.")
    _expect_range(space, "momentum", 0.0, 0.99)
    if not checks.log_scaled(space, "learning_rate"):
        wrong("A learning rate belongs on a log scale.")
    _expect_range(space, "learning_rate", 1e-4, 1e-1)
    return right("Trials with Adam are not told apart by a momentum that does nothing.")


def _expect_range(space: Any, name: str, low: float, high: float) -> None:
    """Refuse a hyperparameter that is not drawn from all of a range."""
    domain = space[name]
    if not hasattr(domain, "high"):
        wrong(f"`{name}` should be drawn from a range, {low:g} to {high:g}, not from a list.")
    if not (checks.near(domain.low, low, 1e-6) and checks.near(domain.high, high, 1e-6)):
        wrong(
            f"`{name}` should be drawn from {low:g} to {high:g}; yours reaches from "
            f"{domain.low:g} to {domain.high:g}."
        )


_CONDITION = """
import hpotutor as ht

space = ht.SearchSpace(
    optimizer=ht.choice("sgd", "adam"),
    momentum={momentum},
    learning_rate={rate},
)
answer = space
"""


def _condition(
    momentum: str = 'ht.when(ht.uniform(0.0, 0.99), optimizer="sgd")',
    rate: str = "ht.loguniform(1e-4, 1e-1)",
) -> str:
    return _CONDITION.format(momentum=momentum, rate=rate)


q2 = Exercise(
    lesson=8, number=2, title="A knob that is not always there", points=2,
    question="""
    Adam takes no momentum, SGD does. Make an `ht.SearchSpace` with `optimizer` ("sgd" or "adam"),
    `momentum` (0 to 0.99, for SGD alone) and `learning_rate` (0.0001 to 0.1, on the scale that
    suits it).
    """,
    expects="an `ht.SearchSpace(...)`",
    checker=_check_condition,
    hints=(
        "`ht.when(distribution, name=value)` makes a hyperparameter conditional.",
        "Section 1 has one for the second layer's width.",
        "A learning rate varies by factors: lesson 02 says which scale suits that.",
    ),
    solution_source=_condition(),
    why="A model that sees a useless knob vary learns noise, and pays trials for it.",
    wrong_answers=(
        WrongAnswer(_condition(momentum="ht.uniform(0.0, 0.99)"), "has no condition", "alone"),
        WrongAnswer(_condition(momentum='ht.when(ht.uniform(0.0, 0.99), optimizer="adam")'),
                    "gives it to Adam", "SGD alone"),
        WrongAnswer(_condition(rate="ht.uniform(1e-4, 1e-1)"), "is linear", "log scale"),
        WrongAnswer(_condition(momentum='ht.when(ht.uniform(0.0, 0.9), optimizer="sgd")'),
                    "stops at the usual momentum", "from 0 to 0.99"),
        WrongAnswer(_condition(rate="ht.loguniform(1e-4, 1.0)"),
                    "adds a decade", "from 0.0001 to 0.1"),
        WrongAnswer(_condition(rate='ht.when(ht.loguniform(1e-4, 1e-1), optimizer="sgd")'),
                    "makes both depend on the optimizer", "no condition"),
    ),
)  # fmt: skip

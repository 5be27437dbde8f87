"""Exercise 5.4: A fair race."""

import math
from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# What a range must hold: where the lesson's networks are within a few hundredths of their best.
_GOOD = {"sgd": (0.1, 1.0), "adam": (0.003, 0.03)}
_MOST_DECADES = 2.0


def _check_spaces(answer: object) -> Right:
    spaces = checks.mapping(answer, "a dict with a space for each optimizer", _GOOD)
    decades = {}
    for name, (low, high) in _GOOD.items():
        space = checks.search_space(spaces[name], ("learning_rate",))
        domain: Any = space["learning_rate"]
        if not hasattr(domain, "high"):
            wrong(f"For `{name}` give a range, `ht.loguniform(low, high)`, not single values.")
        if not checks.log_scaled(space, "learning_rate"):
            wrong(
                f"The range of `{name}` is linear: nine tenths of its trials fall in its last "
                "decade. Draw learning rates on a log scale."
            )
        decades[name] = math.log10(domain.high / domain.low)
        if domain.low > 1.01 * low or domain.high < 0.99 * high:
            wrong(
                f"`{name}` gets {domain.low:.3g} to {domain.high:.3g}. Look where its curve in "
                "section 3 is high: a part of that is missing, so it cannot show its best."
            )
        if decades[name] > _MOST_DECADES + 0.01:
            wrong(
                f"`{name}` gets {decades[name]:.2g} decades, and 2 are allowed. Most of its trials "
                "would go where nothing learns."
            )
    if abs(decades["sgd"] - decades["adam"]) > 0.05:
        wide = max(decades, key=decades.__getitem__)
        wrong(
            f"`{wide}` has the wider range, so the same number of trials searches it less densely. "
            "Give both the same number of decades."
        )
    return right("Each can show its best, and a trial is worth the same to both.")


q4 = Exercise(
    lesson=5, number=4, title="A fair race", points=2,
    question="""
    Somebody compares SGD and Adam on the digits with `ht.loguniform(1e-4, 1e-2)` for both, and
    declares Adam the winner. Write the two spaces of a fairer comparison: for each optimizer a
    `SearchSpace` with nothing but `learning_rate`, wide enough to hold the good rates of that
    optimizer in the figure of section 3, at most 2 decades, and as many decades for one as for
    the other.
    """,
    expects="a dict with a space for each optimizer",
    checker=_check_spaces,
    hints=(
        "A decade is a factor of 10. Both spaces need a log scale.",
        "SGD's curve is high from 0.1 to 1, Adam's from 0.003 to 0.03.",
        "Two decades each are enough, but not the same two.",
    ),
    stub='answer = {"sgd": ..., "adam": ...}',
    solution_source="""
    answer = {
        "sgd": ht.SearchSpace(learning_rate=ht.loguniform(0.03, 3)),
        "adam": ht.SearchSpace(learning_rate=ht.loguniform(0.0005, 0.05)),
    }
    """,
    why="Equal ranges look fair and are not: a learning rate means something else to each "
        "optimizer. Report the ranges you searched, or your ranking says nothing.",
    wrong_answers=tuple(
        WrongAnswer(f'answer = {{"sgd": {sgd}, "adam": {adam}}}', because, says)
        for sgd, adam, because, says in (
            ("ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-2))",
             "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-2))",
             "gives both the range that suits one", "`sgd` gets"),
            ("ht.SearchSpace(learning_rate=ht.loguniform(0.01, 1))",
             "ht.SearchSpace(learning_rate=ht.loguniform(0.01, 1))",
             "gives both the range that suits the other", "`adam` gets"),
            ("ht.SearchSpace(learning_rate=ht.uniform(0.03, 3))",
             "ht.SearchSpace(learning_rate=ht.uniform(0.0005, 0.05))",
             "draws on a linear scale", "linear"),
            ("ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1))",
             "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1))",
             "takes everything", "decades, and 2"),
            ("ht.SearchSpace(learning_rate=ht.loguniform(0.1, 1))",
             "ht.SearchSpace(learning_rate=ht.loguniform(0.0005, 0.05))",
             "searches one twice as densely", "wider range"),
            ("ht.SearchSpace(learning_rate=ht.choice(0.1, 0.3, 1.0))",
             "ht.SearchSpace(learning_rate=ht.choice(0.001, 0.01, 0.03))",
             "gives a grid", "give a range"),
        )
    ),
)  # fmt: skip

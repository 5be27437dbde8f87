"""Exercise 12.4: Choose one."""

import pandas as pd

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_WHAT = "a function choose(front, budget, margin)"
# Differences of these numbers have no rounding.
_FRONT = pd.DataFrame(
    {
        "trial": [31, 4, 17, 22, 9],
        "weights": [400, 900, 2_000, 5_000, 11_000],
        "value": [0.5, 0.625, 0.8125, 0.875, 0.9375],
    }
)
_CASES = (
    (12_000, 0.0, 9, "Without a margin it is the best that the budget allows."),
    (12_000, 0.25, 17, "Of those that are good enough, the one with the fewest weights is wanted."),
    (12_000, 0.0625, 22, "One that is just `margin` below the best is still good enough."),
    (5_000, 0.25, 4, "The margin counts from the best *inside the budget*."),
    (5_000, 0.0, 22, "A setting with just as many weights as the budget is inside it."),
    (4_999, 0.0, 17, "With more weights than the budget a setting is out, however good."),
    (500, 0.3, 31, "Where one setting is inside the budget, it is that one."),
)


def _check_choice(answer: object) -> Right:
    for more, order in ((0, _FRONT.index), (100, _FRONT.index[::-1])):
        front = _FRONT.loc[order].set_axis([f"row {n}" for n in range(len(_FRONT))])
        front["trial"] += more
        for budget, margin, expected, why in _CASES:
            found = checks.call(answer, front.copy(), budget, margin, what=_WHAT)
            number = checks.whole_number(
                found.iloc[0] if isinstance(found, pd.Series) and len(found) == 1 else found,
                "the number in the column `trial`",
            )
            if number != expected + more:
                wrong(
                    f"With a budget of {budget:,} and a margin of {margin} it is trial "
                    f"{expected + more}; yours is {number}. {why}"
                )
    return right("As small as the margin allows, within what you can pay.")


_BODY = """
def choose(front, budget, margin):
    inside = front[{inside}]
    good = inside[inside["value"] >= {edge}]
    return good.loc[{pick}, "trial"]

answer = choose
"""
_GOOD = {
    "inside": 'front["weights"] <= budget',
    "edge": 'inside["value"].max() - margin',
    "pick": 'good["weights"].idxmin()',
}

q4 = Exercise(
    lesson=12, number=4, title="Choose one", points=2,
    question="""
    Write `choose(front, budget, margin)`. `front` is a frame with the columns `trial`, `weights`
    and `value` (an accuracy). Of the settings with at most `budget` weights, those are good enough
    whose value is at most `margin` below the best of them. Return the `trial` of the good enough
    one with the fewest weights.
    """,
    expects=_WHAT,
    checker=_check_choice,
    hints=(
        "First keep the rows inside the budget, and forget the others.",
        "Then keep the rows whose value is at least the best of those, minus the margin.",
        "`good['weights'].idxmin()` is the label of a row.",
    ),
    stub="""
    def choose(front, budget, margin): ...

    answer = choose
    """,
    solution_source=_BODY.format(**_GOOD),
    why="A margin as wide as the luck of a training keeps you from paying for luck with weights.",
    wrong_answers=tuple(
        WrongAnswer(_BODY.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("inside", 'front["weights"] < budget', "leaves out the border", "just as many"),
            ("inside", 'front["weights"] > 0', "ignores the budget", "inside the budget"),
            ("edge", 'front["value"].max() - margin', "counts from all", "inside the budget"),
            ("edge", 'inside["value"].max()', "ignores the margin", "fewest weights"),
            ("pick", 'good["value"].idxmax()', "takes the best", "fewest weights"),
            ("pick", 'good["weights"].idxmax()', "takes the largest", "fewest weights"),
        )
    ),
)  # fmt: skip

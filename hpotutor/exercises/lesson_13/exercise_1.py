"""Exercise 13.1: How much of what can carry does?"""

import numpy as np
from scipy.stats import spearmanr

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_carried(answer: object) -> Right:
    rng = np.random.default_rng(0)
    for noise, less in ((0.2, 0.6), (0.6, 0.3)):
        full = rng.normal(size=50) ** 3
        again = full + noise * rng.normal(size=50)
        cheap = less * full + rng.normal(size=50)
        found = checks.call(
            answer, cheap, full, again, what="a function carried(cheap, full, again)"
        )
        value = checks.number(found, "one number")
        with_cheap, ceiling = (spearmanr(full, other).statistic for other in (cheap, again))
        if checks.near(value, with_cheap / ceiling, 1e-6):
            continue
        scores = [np.corrcoef(full, other)[0, 1] for other in (cheap, again)]
        if checks.near(value, scores[0] / scores[1], 1e-6):
            wrong("This correlates the scores. Correlate their ranks: only the order matters.")
        if checks.near(value, with_cheap, 1e-6):
            wrong("This is the rank correlation itself. What share is it of the ceiling?")
        if checks.near(value, with_cheap / spearmanr(cheap, again).statistic, 1e-6):
            wrong("The ceiling compares the two *full* trainings, `full` and `again`.")
        if checks.near(value, ceiling / with_cheap, 1e-6):
            wrong("This is turned round: divide by the ceiling.")
        if checks.near(value, with_cheap * ceiling, 1e-6):
            wrong("A share of the ceiling is a ratio: divide by it.")
        wrong(
            f"{value:.3g} is not it. Take the rank correlation of `cheap` with `full`, and divide "
            "it by that of `again` with `full`."
        )
    return right("1 would mean: the cheap training tells as much as a second full one.")


_CODE = """
from scipy.stats import spearmanr

def carried(cheap, full, again):
    ceiling = spearmanr({ceiling}).statistic
    return {returned}

answer = carried
"""
_GOOD = {"ceiling": "full, again", "returned": "spearmanr(cheap, full).statistic / ceiling"}

q1 = Exercise(
    lesson=13, number=1, title="How much of what can carry does?", points=2,
    question="""
    Write `carried(cheap, full, again)`: three arrays with a score for each setting, from a cheap
    training, from a full one, and from a full one with another seed. Return the rank correlation
    (Spearman's) of `cheap` with `full`, as a share of the ceiling: that of `again` with `full`.
    """,
    expects="a function carried(cheap, full, again)",
    checker=_check_carried,
    hints=(
        "`scipy.stats.spearmanr(a, b).statistic` is a rank correlation.",
        "The ceiling is what two full trainings agree in.",
        "You need two rank correlations, and divide one by the other.",
    ),
    stub="""
    def carried(cheap, full, again):
        ...

    answer = carried
    """,
    solution_source=_CODE.format(**_GOOD),
    why="No proxy should be blamed for the luck that two full trainings do not share either.",
    wrong_answers=(
        WrongAnswer(
            "import numpy as np\n\ndef carried(cheap, full, again):\n"
            "    first, second = np.corrcoef(cheap, full)[0, 1], np.corrcoef(again, full)[0, 1]\n"
            "    return first / second\n\nanswer = carried",
            "correlates scores", "correlates the scores",
        ),
    )
    + tuple(
        WrongAnswer(_CODE.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("returned", "spearmanr(cheap, full).statistic", "forgets the ceiling", "What share"),
            ("ceiling", "cheap, again", "takes another ceiling", "two *full* trainings"),
            ("returned", "ceiling / spearmanr(cheap, full).statistic", "inverts", "turned round"),
            ("returned", "spearmanr(cheap, full).statistic * ceiling", "multiplies", "a ratio"),
            ("returned", "spearmanr(cheap, full).statistic - ceiling", "subtracts", "is not it"),
        )
    ),
)  # fmt: skip

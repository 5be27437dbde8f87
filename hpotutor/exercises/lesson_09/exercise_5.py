"""Exercise 9.5: How many for a difference?"""

import math

import numpy as np
from scipy import stats

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_NEAR = 0.01  # of power; an answer by simulation is not exact


def _power(n: int, effect: float) -> float:
    """Return how probable it is that a t test finds a difference of ``effect`` times the std."""
    freedom, shift = 2 * n - 2, effect * np.sqrt(n / 2)
    critical = stats.t.ppf(0.975, freedom)
    tails = stats.nct.sf(critical, freedom, shift), stats.nct.cdf(-critical, freedom, shift)
    return float(sum(tails))


def _check_repeats(answer: object) -> Right:
    what = "`repeats(difference, std)`"
    for difference, std in ((0.02, 0.006), (0.01, 0.006), (0.01, 0.01), (0.06, 0.006)):
        effect = difference / std
        got = checks.number(
            checks.call(answer, difference, std, what=what), "a number of trainings"
        )
        if got != int(got):
            wrong(f"{got:.3g} trainings cannot be made. Round up to a whole number.")
        formula = 2 * (1.96 + 0.84) ** 2 / effect**2
        case = f"For a difference of {difference} and a standard deviation of {std} you say"
        if got < 2:
            wrong(f"{case} {int(got)}. One training of each setting has no scatter: 2 at least.")
        if _power(int(got), effect) < 0.8 - _NEAR:
            known = "That is what the formula says: go on from there. "
            why = known if got == max(2, math.ceil(formula)) else ""
            wrong(
                f"{case} {int(got):,}. {why}A t test with so many finds the difference in "
                f"{_power(int(got), effect):.0%} of the studies, and 80% are asked for."
            )
        if got > 2 and _power(int(got) - 1, effect) > 0.8 + _NEAR:
            wrong(
                f"{case} {int(got):,}. Fewer are enough: {int(got) - 1:,} find the difference in "
                f"{_power(int(got) - 1, effect):.0%} of the studies. Count up, and stop at 80%."
            )
    return right("17 of each for one standard deviation; few trainings cost one or two more.")


_REPEATS = """
import math

import numpy as np
from scipy import stats


def power(n, effect):
    scores = np.random.default_rng(0).normal(size=(2, 20_000, n))
    scores[0] += effect
    return np.mean(stats.ttest_ind(*scores, axis=1).pvalue < 0.05)


def repeats(difference, std):
    n = {start}
    while power(n, {effect}) < {share}:
        n += 1
    return {result}


answer = repeats
"""
_FORMULA = "math.ceil(2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2)"


def _repeats(
    start: str = "2", effect: str = "difference / std", share: str = "0.8", result: str = "n"
) -> str:
    return _REPEATS.format(start=start, effect=effect, share=share, result=result)


q5 = Exercise(
    lesson=9, number=5, title="How many for a difference?", points=2,
    question="""
    Write `repeats(difference, std)`: the smallest number of trainings of each setting with which a
    t test finds such a difference in at least 80% of the studies. You may call `power(n, effect)`
    from section 5, and count up.
    """,
    expects="a function repeats(difference, std) that returns a whole number",
    checker=_check_repeats,
    hints=(
        "The effect is the difference in units of the standard deviation: `difference / std`.",
        "Begin with n = 2, and count up while the power is below 0.8.",
    ),
    stub="def repeats(difference, std): ...\n\n\nanswer = repeats",
    solution_source=_repeats(),
    why="If that is too many, the honest result is: no difference was found at this budget.",
    wrong_answers=(
        WrongAnswer(_repeats(result=f"max(2, {_FORMULA})"),
                    "takes the standard deviation as known", "what the formula says"),
        WrongAnswer(_repeats(result=_FORMULA.replace("2 * ", "", 1)),
                    "forgets that both settings have noise", "2 at least"),
        WrongAnswer(_repeats(effect="std / difference").replace("20_000", "200"),
                    "turns the effect upside down", "Fewer are enough"),
        WrongAnswer(_repeats(result="n - 1"), "stops one too early", "of the studies"),
        WrongAnswer(_repeats(share="0.5"), "asks for half of the studies", "of the studies"),
        WrongAnswer(_repeats(result="n + 2"), "adds two to be safe", "Fewer are enough"),
        WrongAnswer(_repeats(result="n + 0.5"), "is no whole number", "Round up"),
    ),
)  # fmt: skip

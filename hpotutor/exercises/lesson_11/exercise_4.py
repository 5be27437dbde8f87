"""Exercise 11.4: Better, worse, or neither."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_WORDS = ("better", "worse", "no difference shown")
_SEED_NOISE = np.array([-6, 4, -3, 7, 0, -5, 6, -2, 3, -4]) / 100
_SMALL = np.array([1, -1, 2, 0, -2, 1, 0, -1, 1, -1]) / 1000
# What differs, the margin, the right word, and what to look at when it is missed.
_CASES = (
    (0.020 + _SMALL, 0.005, "better", "The same seeds trained both: look at the differences, seed "
     "by seed, and not at each one's own spread"),
    (0.020 + _SMALL, 0.030, "no difference shown", "The margin is larger than the difference"),
    (0.020 + 2 * _SEED_NOISE, 0.001, "no difference shown", "The differences themselves vary more "
     "than that from seed to seed"),
    (-0.020 + _SMALL, 0.005, "worse", "A difference can be negative"),
    (0.011 + _SEED_NOISE / 5, 0.010, "no difference shown", "Both kinds of chance are at work, and "
     "together they make the interval wider than each alone"),
)  # fmt: skip


def _check_decide(answer: object) -> Right:
    what = "`decide(chosen, default, margin)`"
    default = 0.80 + _SEED_NOISE
    for differences, margin, expected, look in _CASES:
        got = checks.call(answer, default + differences, default, margin, what=what)
        word = checks.option(got, _WORDS, "one of the three verdicts")
        if word != expected:
            wrong(
                f"For a mean difference of {differences.mean():+.3f} and a margin of {margin} you "
                f"say {word!r}. {look}."
            )
    return right("Seeds and rows both count, and the seeds are compared pair by pair.")


_DECIDE = """
import numpy as np


def decide(chosen, default, margin):
    differences = np.array(chosen) - np.array(default)
    mean = differences.mean()
    by_seed = {by_seed}
    half = {half}
    if mean > half:
        return "better"
    return "worse" if mean < -half else "no difference shown"


answer = decide
"""
_BY_SEED = "1.96 * differences.std(ddof=1) / np.sqrt(len(differences))"


def _decide(by_seed: str = _BY_SEED, half: str = "np.sqrt(by_seed**2 + margin**2)") -> str:
    return _DECIDE.format(by_seed=by_seed, half=half)


q4 = Exercise(
    lesson=11, number=4, title="Better, worse, or neither", points=2,
    question="""
    Write `decide(chosen, default, margin)`. It gets two arrays of test accuracies, entry k of both
    trained with seed k, and the margin of section 3 for the test rows. The chance of the seeds is
    1.96 standard deviations of the **differences**, over the root of their number. The two chances
    together are the root of the sum of their squares.

    Return `"better"` or `"worse"` if the mean difference lies beyond both together, and
    `"no difference shown"` otherwise.
    """,
    expects="a function decide(chosen, default, margin) that returns one of three texts",
    checker=_check_decide,
    hints=(
        "`differences = np.array(chosen) - np.array(default)`, and their `.std(ddof=1)`.",
        "`half = np.sqrt(by_seed**2 + margin**2)`; compare the mean with `half` and `-half`.",
    ),
    stub="def decide(chosen, default, margin): ...\n\n\nanswer = decide",
    solution_source=_decide(),
    why="A verdict that allows for neither seeds nor rows is a coin toss in good clothes.",
    wrong_answers=(
        WrongAnswer(_decide(half="0.0"), "compares means", "margin is larger"),
        WrongAnswer(_decide(half="by_seed"), "ignores the rows", "margin is larger"),
        WrongAnswer(_decide(half="margin"), "ignores the seeds", "vary more than that"),
        WrongAnswer(_decide(by_seed="1.96 * np.array(chosen).std(ddof=1)"),
                    "ignores the pairs", "seed by seed"),
        WrongAnswer(_decide(half="max(by_seed, margin)"),
                    "takes the larger of the two", "together they make"),
    ),
)  # fmt: skip

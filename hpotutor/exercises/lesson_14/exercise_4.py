"""Exercise 14.4: Better, worse, or neither."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_WORDS = ("better", "worse", "no difference shown")

# How many seeds, how much the differences vary, the margin, and the mean difference as a share of
# what both kinds of chance come to. Just inside and just outside is where the mistakes show.
_CASES = tuple(
    (seeds, spread, margin, share)
    for seeds, spread, margin in ((10, 0.001, 0.005), (5, 0.02, 0.002), (20, 0.03, 0.013))
    for share in (1.01, 0.99, -1.01, -0.99, 0.97, 1.5)
)


def _half(differences: np.ndarray, margin: float) -> float:
    by_seed = 1.96 * differences.std(ddof=1) / np.sqrt(len(differences))
    return float(np.hypot(by_seed, margin))


# How a mistake makes the interval, from what was chosen, the differences and the margin.
_MISTAKES = (
    (lambda c, d, m: 0.0, "You look at the sign of the mean difference alone"),
    (lambda c, d, m: _half(d, 0), "The margin of the test rows is larger than the difference"),
    (lambda c, d, m: m, "The differences themselves vary more than that from seed to seed"),
    (lambda c, d, m: _half(d, 0) + m, "Two chances together are the root of the sum of their "
     "squares, and not their sum"),
    (lambda c, d, m: max(_half(d, 0), m), "Both kinds of chance are at work, and together they "
     "make the interval wider than each alone"),
    (lambda c, d, m: float(np.hypot(_half(d, 0) * np.sqrt(len(d)), m)), "The mean of many seeds "
     "varies less than one: divide by the root of their number"),
    (lambda c, d, m: float(np.hypot(_half(d, 0) * np.sqrt(len(d) / 10), m)), "Divide by the root "
     "of the number of seeds that are given, which is not always 10"),
    (lambda c, d, m: float(np.hypot(_half(d, 0) * np.sqrt(1 - 1 / len(d)), m)), "The standard "
     "deviation of a sample is `.std(ddof=1)`"),
    (lambda c, d, m: _half(c, m), "The same seeds trained both: look at the differences, seed by "
     "seed, and not at each one's own spread"),
)  # fmt: skip


def _check_decide(answer: object) -> Right:
    what = "`decide(chosen, default, margin)`"
    asked = []
    for seeds, spread, margin, share in _CASES:
        rng = np.random.default_rng(seeds)
        default, noise = rng.normal(0.8, 0.05, seeds), rng.normal(0, spread, seeds)
        noise -= noise.mean()
        asked.append((default, noise + share * _half(noise, margin), margin))
    for sign in (1, -1):  # exactly at the end, where nothing is rounded
        asked.append((np.full(6, 0.5), np.full(6, sign * 0.25), 0.25))
    said = [
        checks.option(
            checks.call(answer, default + differences, default, margin, what=what),
            _WORDS, "one of the three verdicts",
        )
        for default, differences, margin in asked
    ]  # fmt: skip
    expected = [_word(differences, _half(differences, margin)) for _, differences, margin in asked]
    if said == expected:
        return right("Seeds and rows both count, and the seeds are compared pair by pair.")
    missed = next(k for k, word in enumerate(said) if word != expected[k])
    _, differences, margin = asked[missed]
    told = (
        f"For {len(differences)} seeds, a mean difference of {differences.mean():+.4f} and a "
        f"margin of {margin} you say {said[missed]!r}. "
    )
    for interval, look in _MISTAKES:
        if said == [_word(d, interval(default + d, d, m)) for default, d, m in asked]:
            wrong(f"{told}{look}.")
    if missed >= len(_CASES):
        wrong(f"{told}The mean lies exactly at the end of the interval, and not beyond it.")
    if "worse" not in said:
        wrong(f"{told}A difference can be negative.")
    return wrong(f"{told}Both kinds of chance together come to {_half(differences, margin):.4f}.")


def _word(differences: np.ndarray, half: float) -> str:
    if abs(differences.mean()) <= half:
        return "no difference shown"
    return "better" if differences.mean() > 0 else "worse"


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
    lesson=14, number=4, title="Better, worse, or neither", points=2,
    question="""
    Write `decide(chosen, default, margin)`. It gets two arrays of test accuracies, entry k of both
    trained with seed k, and the margin of section 3 for the test rows. The chance of the seeds is
    1.96 standard deviations (`ddof=1`) of the **differences**, over the root of their number. The
    two chances together are the root of the sum of their squares.

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
        WrongAnswer(_decide(half="0.0"), "compares means", "the sign"),
        WrongAnswer(_decide(half="by_seed"), "ignores the rows", "margin of the test rows"),
        WrongAnswer(_decide(half="margin"), "ignores the seeds", "vary more than that"),
        WrongAnswer(_decide(by_seed="1.96 * np.array(chosen).std(ddof=1) / np.sqrt(len(chosen))"),
                    "ignores the pairs", "seed by seed"),
        WrongAnswer(_decide(half="max(by_seed, margin)"),
                    "takes the larger of the two", "together they make"),
        WrongAnswer(_decide(half="by_seed + margin"), "adds the two up", "not their sum"),
        WrongAnswer(_decide(by_seed="1.96 * differences.std(ddof=1)"),
                    "takes the mean to vary as one seed does", "root of their number"),
        WrongAnswer(_decide(by_seed=_BY_SEED.replace("len(differences)", "10")),
                    "writes the number of seeds down", "not always 10"),
        WrongAnswer(_decide(by_seed=_BY_SEED.replace("ddof=1", "")),
                    "takes the sample for the whole", "ddof=1"),
        WrongAnswer(_decide().replace("mean > half", "mean >= half"),
                    "takes the end for beyond it", "exactly at the end"),
        WrongAnswer(_decide().replace('"worse" if mean < -half else ', ""),
                    "looks for gains alone", "can be negative"),
    ),
)  # fmt: skip

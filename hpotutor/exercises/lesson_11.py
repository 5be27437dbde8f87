"""Lesson 11, the capstone: mend a plan, count rows, read ends, decide, and search well."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# ── 11.1 ─────────────────────────────────────────────────────────────────────────────────────

_PLAN_TRIALS = 30


def _check_plan(answer: object) -> Right:
    from hpotutor.reviewing import review

    space = checks.search_space(answer)
    for name in ("units", "dropout"):
        if name not in space:
            wrong(f"`{name}` is what your colleague wants to know about: keep it.")
    bounds = {name: _bounds(space, name) for name in ("units", "dropout")}
    if bounds["units"][0] > 16 or bounds["units"][1] < 512:
        wrong("`units` should still reach from 8 or 16 up to 512 or more.")
    if bounds["dropout"][1] < 0.4 or bounds["dropout"][0] > 0.1:
        wrong("`dropout` should still reach from 0 to about 0.5.")
    found = review(space, trials=_PLAN_TRIALS)
    if len(found):
        first = found.findings[0]
        more = f" ({len(found) - 1} more.)" if len(found) > 1 else ""
        wrong(f"`ht.review(space, trials={_PLAN_TRIALS})` says: {first.found} {first.reason}{more}")
    return right("Fewer knobs, scales that fit, and the learning rate among them.")


def _bounds(space: Any, name: str) -> tuple[float, float]:
    """Return the lowest and the highest value of a number or of a choice of numbers."""
    values = getattr(space[name], "choices", None)
    if values is None:
        return space[name].low, space[name].high
    numbers = [checks.number(value, f"a choice of numbers for `{name}`") for value in values]
    return min(numbers), max(numbers)


_PLAN = """
import hpotutor as ht

answer = ht.SearchSpace(
    {lines}
)
"""
_RATE = "learning_rate=ht.loguniform(1e-4, 1e-1)"
_UNITS = "units=ht.integers(8, 1024, log=True)"
_DROPOUT = "dropout=ht.uniform(0.0, 0.5)"


def _plan(*lines: str) -> str:
    return _PLAN.format(lines=",\n    ".join(lines) + ",")


q1 = Exercise(
    lesson=11,
    number=1,
    title="Mend a plan",
    points=2,
    question="""
    A colleague wants to know how `units` and `dropout` should be set, and has 30 trials for this:

    ```python
    ht.SearchSpace(
        units=ht.integers(8, 1024),
        dropout=ht.uniform(0.0, 0.5),
        activation=ht.choice("relu", "tanh"),
        batch_size=ht.choice(16, 32, 64),
        l2=ht.uniform(0.0, 0.01),
    )
    ```

    Write the space that you would search instead. Keep `units` and `dropout` with their ranges, and
    leave `ht.review(space, trials=30)` nothing to find.
    """,
    expects="an `ht.SearchSpace(...)`",
    checker=_check_plan,
    hints=(
        "Show the review of your colleague's space: it says what to type.",
        "With 30 trials there is room for 3 knobs. One of them is not in the list above.",
    ),
    solution_source=_plan(_RATE, _UNITS, _DROPOUT),
    why="What is left out of a space is fixed, not gone: fix it where you can live with it.",
    wrong_answers=(
        WrongAnswer(_plan(_UNITS, _DROPOUT), because="forgets the rate", says="not tuned"),
        WrongAnswer(
            _plan("learning_rate=ht.uniform(1e-4, 1e-1)", _UNITS, _DROPOUT),
            because="draws the rate on a linear scale",
            says="linear scale",
        ),
        WrongAnswer(
            _plan(_RATE, _UNITS, _DROPOUT, 'activation=ht.choice("relu", "tanh")'),
            because="keeps too many knobs",
            says="30 trials for 4",
        ),
        WrongAnswer(
            _plan(_RATE, "units=ht.integers(8, 1024)", _DROPOUT),
            because="leaves the units linear",
            says="units is drawn on a linear scale",
        ),
        WrongAnswer(
            _plan(_RATE, "units=ht.integers(8, 64)", _DROPOUT),
            because="cuts the range to please the review",
            says="reach from 8",
        ),
    ),
)

# ── 11.2 ─────────────────────────────────────────────────────────────────────────────────────


def _check_rows(answer: object) -> Right:
    what = "`rows_needed(accuracy, difference)`"
    for accuracy, difference in ((0.9, 0.02), (0.75, 0.03), (0.98, 0.01)):
        exact = 2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2
        got = checks.number(checks.call(answer, accuracy, difference, what=what), "a count of rows")
        if got != int(got):
            wrong(f"{got:.5g} rows cannot be had. Round up to a whole number.")
        if abs(got - math.ceil(exact)) > 1:
            margin = 1.96 * math.sqrt(2 * accuracy * (1 - accuracy) / max(got, 1))
            wrong(
                f"Near an accuracy of {accuracy} you ask for {int(got):,} rows. With so many, the "
                f"margin of section 3 is {margin:.2g}, and it should be {difference}."
            )
        if got < exact:
            wrong("Round up: one row less is not enough.")
    return right("Near 0.9, two points need 1,729 validation rows, one point four times as many.")


def _rows(expression: str) -> str:
    body = f"def rows_needed(accuracy, difference):\n    return {expression}"
    return f"import math\n\n\n{body}\n\n\nanswer = rows_needed"


q2 = Exercise(
    lesson=11,
    number=2,
    title="How many rows?",
    points=2,
    question="""
    Write `rows_needed(accuracy, difference)`: the smallest number of rows with which the margin
    above is no larger than the difference that you want to see. Round up.
    """,
    expects="a function rows_needed(accuracy, difference) that returns a whole number",
    checker=_check_rows,
    hints=(
        "Set the margin equal to the difference, square both sides, and solve for n.",
        "`math.ceil` rounds up.",
    ),
    stub="def rows_needed(accuracy, difference): ...\n\n\nanswer = rows_needed",
    solution_source=_rows("math.ceil(2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
    why="Before a search for a gain of one point, count whether your rows can show one point.",
    wrong_answers=(
        WrongAnswer(
            _rows("math.ceil(accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
            because="forgets that both shares have noise",
            says="you ask for 865 rows",
        ),
        WrongAnswer(
            _rows("math.ceil(2 * accuracy * (1 - accuracy) * 1.96 / difference)"),
            because="forgets the square",
            says="and it should be 0.02",
        ),
        WrongAnswer(
            _rows("2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2"),
            because="does not round",
            says="Round up to a whole number",
        ),
        WrongAnswer(
            _rows("math.floor(2 * accuracy * (1 - accuracy) * (1.96 / difference) ** 2)"),
            because="rounds down",
            says="one row less",
        ),
    ),
)

# ── 11.3 ─────────────────────────────────────────────────────────────────────────────────────

_KNOBS = ("learning_rate", "units", "dropout", "layers", "optimizer")
_TO_MOVE = {"learning_rate", "layers"}
_WHY_NOT = {
    "units": "one of the five lies at an end, and four do not",
    "dropout": "there is nothing below 0 to look at",
    "optimizer": "choices have no order, so they have no end",
}


def _check_ends(answer: object) -> Right:
    what = "a list of hyperparameter names"
    names = {checks.option(n, _KNOBS, "one of the names") for n in checks.sequence(answer, what)}
    for name, reason in _WHY_NOT.items():
        if name in names:
            wrong(f"Look at `{name}` again: {reason}.")
    if names != _TO_MOVE:
        wrong("One more range has its best trials at an end that could be moved.")
    return right("Both may go on beyond the end that was tried.")


q3 = Exercise(
    lesson=11,
    number=3,
    title="Which ranges to move",
    points=1,
    question="""
    After 60 trials, these are the five best:

    | hyperparameter | range | five best trials |
    |---|---|---|
    | learning_rate | 0.0001 to 0.1, log | 0.07, 0.09, 0.05, 0.08, 0.06 |
    | units | 8 to 128 | 40, 112, 16, 72, 128 |
    | dropout | 0 to 0.5 | 0.02, 0.01, 0.05, 0.00, 0.03 |
    | layers | 1 to 2 | 2, 2, 2, 2, 2 |
    | optimizer | sgd, adam | adam, adam, adam, adam, adam |

    Which ranges would you move before you search again? Answer with a list of names.
    """,
    expects='a list of names, such as ["units"]',
    checker=_check_ends,
    hints=(
        "One trial at an end is chance; five are not.",
        "Some ends cannot be moved. What would lie beyond them?",
    ),
    solution_source='answer = ["learning_rate", "layers"]',
    why="A search answers inside its ranges only, and says nothing of what lies outside.",
    wrong_answers=(
        WrongAnswer('answer = ["learning_rate"]', because="overlooks it", says="One more range"),
        WrongAnswer(
            'answer = ["learning_rate", "dropout", "layers"]',
            because="wants to go below 0",
            says="nothing below 0",
        ),
        WrongAnswer(
            'answer = ["learning_rate", "units", "layers"]',
            because="takes one trial for a crowd",
            says="one of the five",
        ),
        WrongAnswer(
            'answer = ["learning_rate", "layers", "optimizer"]',
            because="gives categories an end",
            says="no order",
        ),
    ),
)

# ── 11.4 ─────────────────────────────────────────────────────────────────────────────────────

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
    lesson=11,
    number=4,
    title="Better, worse, or neither",
    points=2,
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
        WrongAnswer(_decide(half="0.0"), because="compares means", says="margin is larger"),
        WrongAnswer(_decide(half="by_seed"), because="ignores the rows", says="margin is larger"),
        WrongAnswer(
            _decide(half="margin"), because="ignores the seeds", says="vary more than that"
        ),
        WrongAnswer(
            _decide(by_seed="1.96 * np.array(chosen).std(ddof=1)"),
            because="ignores the pairs",
            says="seed by seed",
        ),
        WrongAnswer(
            _decide(half="max(by_seed, margin)"),
            because="takes the larger of the two",
            says="together they make",
        ),
    ),
)

# ── 11.5 ─────────────────────────────────────────────────────────────────────────────────────

_TRIALS, _NEEDED = 40, 0.8


def _check_search(answer: object) -> Right:
    return challenge.verdict(
        challenge.replays(answer, trials=_TRIALS),
        needed=_NEEDED,
        look_at="Where do your epochs go? Few of them are enough to drop a bad setting, and "
        "several trainings are needed to trust a good one.",
    )


_SEARCH = """
import numpy as np


def search_well(objective, seed):
    def scores(settings, epochs):
        values = [objective.evaluate(params, epochs=epochs).value for params in settings]
        return np.nan_to_num(values)

    def best(settings, values, keep):
        return [settings[k] for k in np.argsort(values)[::-1][:keep]]

    rng = np.random.default_rng(seed)
    tried = [objective.space.sample(rng) for _ in range({first})]
    tried = best(tried, scores(tried, {early}), {middle})
    tried = best(tried, scores(tried, {later}), {finalists})
    again = np.mean([scores(tried, 30) for _ in range({looks})], axis=0)
    return tried[int(np.argmax(again))]


answer = search_well
"""


def _search(first: int, early: int, middle: int, later: int, finalists: int, looks: int) -> str:
    return _SEARCH.format(
        first=first, early=early, middle=middle, later=later, finalists=finalists, looks=looks
    )


q5 = Exercise(
    lesson=11,
    number=5,
    title="Draw well, stop early, look twice",
    points=4,
    challenge=True,
    question="""
    Write `search_well(objective, seed)` for the digits table. Its budget is 1,200 epochs: 40
    trainings of full length (30 epochs), or more that are shorter.
    `objective.evaluate(params, epochs=5)` trains for 5 epochs; each call for the same setting has
    another seed, and a diverged training has the value NaN. `objective.space.sample(rng)` draws a
    setting. Return the `params` that you choose.

    It is replayed 200 times. At least 80% of the replays must end among the best 5% of the table.
    Lesson 06 alone is not enough, and lesson 09 alone is not either.
    """,
    expects="a function search_well(objective, seed) that returns the hyperparameters as a dict",
    checker=_check_search,
    hints=(
        "Spend a quarter of the epochs on 60 settings, 5 epochs each, and keep the best few.",
        "Keep half of the budget for the end: 4 finalists, 5 full trainings of each.",
        "In the end choose by the mean of those full trainings alone.",
    ),
    stub="def search_well(objective, seed): ...\n\n\nanswer = search_well",
    solution_source=_search(60, 5, 12, 15, 4, 5),
    why="You have spent a budget where it decides something. That is all that tuning is.",
    wrong_answers=(
        WrongAnswer(
            _search(38, 30, 1, 1, 1, 1), because="trains each once, in full", says="Where do your"
        ),
        WrongAnswer(
            _search(20, 30, 4, 1, 4, 4), because="looks twice, at too few", says="Where do your"
        ),
        WrongAnswer(
            _search(80, 5, 20, 15, 13, 1), because="stops early, looks once", says="Where do your"
        ),
        WrongAnswer(_search(60, 5, 12, 15, 8, 5), because="spends too much", says="its budget"),
    ),
)

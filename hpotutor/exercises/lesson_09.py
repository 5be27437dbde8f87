"""Lesson 09, honest numbers: which score to report, luck, a seal, repeats, a report."""

from __future__ import annotations

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# ── 9.1 ──────────────────────────────────────────────────────────────────────────────────────

_REPORTS = ("best validation", "mean validation", "test of the winner", "best test")


def _check_report(answer: object) -> Right:
    chosen = checks.option(answer, _REPORTS)
    if chosen == "best validation":
        wrong("These rows chose the winner, so its score on them was partly chosen for its luck.")
    if chosen == "mean validation":
        wrong("That is what the average setting of the space scores. Which setting will be used?")
    if chosen == "best test":
        wrong("Whoever takes the best of 50 test scores has chosen by the test rows.")
    return right("Rows that chose nothing judge the one network that is used.")


q1 = Exercise(
    lesson=9,
    number=1,
    title="Which number?",
    points=1,
    question="""
    A search trained 50 networks, chose one by its validation score, and has a test set that
    nobody has looked at. Which number says what the chosen network will do on new rows? Answer
    with one of

    - `"best validation"`: the highest of the 50 validation scores,
    - `"mean validation"`: the mean of the 50 validation scores,
    - `"test of the winner"`: the test score of the chosen network,
    - `"best test"`: the highest of the 50 test scores.
    """,
    expects="one of the four names, as a string",
    checker=_check_report,
    hints=(
        "Ask of each number: did the same rows have a say in what was chosen?",
        "Taking a maximum is choosing.",
    ),
    solution_source='answer = "test of the winner"',
    why="A score is honest when its rows had no part in any choice before it.",
    wrong_answers=(
        WrongAnswer('answer = "best validation"', because="chose by it", says="chose the winner"),
        WrongAnswer('answer = "mean validation"', because="averages", says="average setting"),
        WrongAnswer('answer = "best test"', because="chooses by test rows", says="test rows"),
    ),
)

# ── 9.2 ──────────────────────────────────────────────────────────────────────────────────────

# Expected largest of n standard normal numbers, by numerical integration of the order statistic.
_LARGEST = {1: 0.0, 10: 1.5388, 100: 2.5076}
_DRAWS = 1500


def _check_excess(answer: object) -> Right:
    what = "`excess(noise, trials, rng)`"
    for trials, expected in _LARGEST.items():
        rng = np.random.default_rng(trials)
        drawn = [
            checks.number(checks.call(answer, 0.02, trials, rng, what=what), "a number")
            for _ in range(_DRAWS)
        ]
        mean = float(np.mean(drawn))
        if len(set(drawn)) == 1:
            wrong("It gives the same each time. Draw fresh luck from `rng` in every call.")
        if mean > 0.5:
            wrong("That is a score. The excess is how far the highest score lies above 0.9.")
        if abs(mean - 0.02 * expected) > 0.0025:
            wrong(
                f"With noise 0.02 and {trials} trials your excess is {mean:.3f} on average; "
                f"it should be about {0.02 * expected:.3f}. Every trial has luck of its own, "
                "normally distributed, and the search takes the highest."
            )
    return right(
        "With noise 0.02 the best of 10 looks 0.031 too good, the best of 100 0.050: with equal "
        "settings, all of the gain is luck."
    )


q2 = Exercise(
    lesson=9,
    number=2,
    title="All luck",
    points=2,
    question="""
    Imagine that all settings are equal: each has a true accuracy of 0.9, and a training adds luck
    that is normally distributed with standard deviation `noise`. Write
    `excess(noise, trials, rng)`: play one search of so many trials with `rng`, a NumPy generator,
    and return how far its best score lies above 0.9.
    """,
    expects="a function excess(noise, trials, rng)",
    checker=_check_excess,
    hints=(
        "`rng.normal(0.9, noise, trials)` are the scores of one search.",
        "The search reports their maximum.",
    ),
    stub="def excess(noise, trials, rng): ...\n\n\nanswer = excess",
    solution_source="""
    def excess(noise, trials, rng):
        return rng.normal(0.9, noise, trials).max() - 0.9


    answer = excess
    """,
    why="Before you praise a search, ask what it would have found had there been nothing to find.",
    wrong_answers=(
        WrongAnswer(
            "def excess(noise, trials, rng):\n"
            "    return rng.normal(0.9, noise, trials).max()\n\n\nanswer = excess",
            because="returns the score",
            says="above 0.9",
        ),
        WrongAnswer(
            "def excess(noise, trials, rng):\n"
            "    return rng.normal(0, noise, trials).mean()\n\n\nanswer = excess",
            because="averages instead of choosing",
            says="takes the highest",
        ),
        WrongAnswer(
            "def excess(noise, trials, rng):\n    return rng.normal(0, noise)\n\n\nanswer = excess",
            because="plays one trial",
            says="Every trial",
        ),
        WrongAnswer(
            "import numpy as np\n\n\ndef excess(noise, trials, rng):\n"
            "    rng = np.random.default_rng(0)\n"
            "    return rng.normal(0, noise, trials).max()\n\n\nanswer = excess",
            because="draws the same luck each time",
            says="same each time",
        ),
    ),
)

# ── 9.3 ──────────────────────────────────────────────────────────────────────────────────────


def _check_split(answer: object) -> Right:
    what = "`split(n, seed)`"
    first = _parts(answer, 100, 0, what)
    if first != _parts(answer, 100, 0, what):
        wrong("The same seed gives other rows the second time: a seal that moves is no seal.")
    if first == _parts(answer, 100, 1, what):
        wrong("Another seed gives the same rows. Shuffle with `np.random.default_rng(seed)`.")
    for n in (10, 101):
        _parts(answer, n, 3, what)
    return right("Four parts, no row in two of them, and each with one task.")


def _parts(answer: object, n: int, seed: int, what: str) -> list[list[int]]:
    result = checks.call(answer, n, seed, what=what)
    parts = [
        [
            checks.whole_number(row, "a row number", 0, n - 1)
            for row in checks.sequence(part, "rows")
        ]
        for part in checks.sequence(result, "train, stop, choose, judge: four lists", length=4)
    ]
    every = [row for part in parts for row in part]
    if len(set(every)) < len(every):
        wrong("A row stands in two parts: it would choose and judge, or train and stop.")
    if len(every) < n:
        wrong(f"Of {n} rows {n - len(every)} are in no part.")
    if len(parts[0]) < max(map(len, parts[1:])):
        wrong("The training part should be the largest.")
    return parts


_SPLIT = """
import numpy as np


def split(n, seed):
    rows = {rows}
    a, b, c = {cuts}
    return {parts}


answer = split
"""
_SHUFFLED = "np.random.default_rng(seed).permutation(n)"
_CUTS, _FOUR = "n * 4 // 10, n * 6 // 10, n * 8 // 10", "rows[:a], rows[a:b], rows[b:c], rows[c:]"


def _split(rows: str = _SHUFFLED, cuts: str = _CUTS, parts: str = _FOUR) -> str:
    return _SPLIT.format(rows=rows, cuts=cuts, parts=parts)


q3 = Exercise(
    lesson=9,
    number=3,
    title="One task for each row",
    points=2,
    question="""
    Write `split(n, seed)`. It returns four arrays of row numbers from 0 to n - 1: rows that train,
    rows that stop the training, rows that choose the setting, rows that judge it. Each row has one
    task, all rows are used, the training part is the largest, and the rows are shuffled by the
    seed.
    """,
    expects="a function split(n, seed) that returns four arrays of row numbers",
    checker=_check_split,
    hints=(
        "`np.random.default_rng(seed).permutation(n)` shuffles the numbers from 0 to n - 1.",
        "Cut it at three places: `rows[:a], rows[a:b], rows[b:c], rows[c:]`.",
    ),
    stub="def split(n, seed): ...\n\n\nanswer = split",
    solution_source=_split(),
    why="Stopping, choosing and judging are three looks; rows that serve two of them flatter you.",
    wrong_answers=(
        WrongAnswer(
            _split(parts="rows[:a], rows[a:c], rows[a:c], rows[c:]"),
            because="stops and chooses by the same rows",
            says="two parts",
        ),
        WrongAnswer(_split(rows="np.arange(n)"), because="does not shuffle", says="Another seed"),
        WrongAnswer(
            _split(rows="np.random.default_rng().permutation(n)"),
            because="ignores the seed",
            says="moves",
        ),
        WrongAnswer(
            _split(parts="rows[:a], rows[a:b], rows[b:c], rows[c:-1]"),
            because="loses a row",
            says="in no part",
        ),
    ),
)

# ── 9.4 ──────────────────────────────────────────────────────────────────────────────────────


def _check_nested(answer: object) -> Right:
    what = "`nested_score(inner, sealed)`"
    for settings, folds, seed in ((6, 3, 0), (8, 5, 1)):
        rng = np.random.default_rng(seed)
        inner, sealed = rng.uniform(0.6, 1.0, (2, settings, folds))
        got = checks.number(checks.call(answer, inner.copy(), sealed.copy(), what=what), "a score")
        everyone = np.arange(folds)
        expected = sealed[inner.argmax(axis=0), everyone].mean()
        if np.isclose(got, expected):
            continue
        if np.isclose(got, sealed.max(axis=0).mean()):
            wrong("You choose by the sealed folds: whoever chooses by them cannot judge by them.")
        if np.isclose(got, sealed[inner.mean(axis=1).argmax()].mean()):
            wrong(
                "You choose one setting for all folds. Its mean inner score has seen rows that "
                "are sealed in another fold: let each fold choose for itself."
            )
        if np.isclose(got, sealed.mean(axis=1).max()):
            wrong("That is one search on the outer folds: the same folds choose and judge.")
        if np.isclose(got, inner.max(axis=0).mean()):
            wrong("That is how the chosen settings did in the inner search, which chose them.")
        wrong(
            f"With {settings} settings and {folds} folds your score is {got:.4f}; it should be "
            f"{expected:.4f}. For each fold: choose a setting by `inner`, read it in `sealed`."
        )
    return right("Each fold chooses without its sealed rows, and is judged on them.")


def _nested(expression: str) -> str:
    body = f"def nested_score(inner, sealed):\n    return {expression}"
    return f"import numpy as np\n\n\n{body}\n\n\nanswer = nested_score"


q4 = Exercise(
    lesson=9,
    number=4,
    title="Judge the recipe",
    points=2,
    question="""
    Two NumPy arrays have a row for each setting and a column for each outer fold.
    `inner[s, f]` is the mean accuracy of setting s in the inner search of fold f.
    `sealed[s, f]` is the accuracy of setting s on the sealed rows of fold f. Write
    `nested_score(inner, sealed)`, which returns the score of nested cross-validation.
    """,
    expects="a function nested_score(inner, sealed) that returns a number",
    checker=_check_nested,
    hints=(
        "Each outer fold chooses on its own: by which of the two arrays?",
        "`inner.argmax(axis=0)` is the chosen setting of every fold.",
        "Read the chosen setting of fold f in column f of `sealed`, and take the mean.",
    ),
    stub="def nested_score(inner, sealed): ...\n\n\nanswer = nested_score",
    solution_source=_nested("np.mean([sealed[s, f] for f, s in enumerate(inner.argmax(axis=0))])"),
    why="The score belongs to the recipe: search, then train. No single setting has it.",
    wrong_answers=(
        WrongAnswer(
            _nested("sealed.max(axis=0).mean()"), because="chooses by sealed rows", says="sealed"
        ),
        WrongAnswer(
            _nested("sealed[inner.mean(axis=1).argmax()].mean()"),
            because="chooses one setting for all folds",
            says="for itself",
        ),
        WrongAnswer(
            _nested("sealed.mean(axis=1).max()"), because="does not nest", says="the same folds"
        ),
        WrongAnswer(
            _nested("inner.max(axis=0).mean()"),
            because="reports what chose",
            says="inner search",
        ),
    ),
)

# ── 9.5 ──────────────────────────────────────────────────────────────────────────────────────


def _check_repeats(answer: object) -> Right:
    what = "`repeats(difference, std)`"
    for difference, std in ((0.01, 0.01), (0.005, 0.01), (0.002, 0.006)):
        exact = 2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2
        got = checks.number(
            checks.call(answer, difference, std, what=what), "a number of trainings"
        )
        if got != int(got):
            wrong(f"{got:.3g} trainings cannot be made. Round up to a whole number.")
        if abs(got - np.ceil(exact)) > 1:
            factor = "half" if abs(2 * got - exact) < 2 else "not"
            wrong(
                f"For a difference of {difference} and a standard deviation of {std} you say "
                f"{int(got):,}. That is {factor} what the formula of section 5 gives: about "
                f"{int(np.ceil(exact)):,}. Mind the factor 2 and the square."
            )
        if got < exact:
            wrong("Round up: one training less than needed is not enough.")
    return right("16 of each for one standard deviation, 63 for half of one.")


def _repeats(expression: str) -> str:
    body = f"def repeats(difference, std):\n    return {expression}"
    return f"import math\n\n\n{body}\n\n\nanswer = repeats"


q5 = Exercise(
    lesson=9,
    number=5,
    title="How many for a difference?",
    points=2,
    question="""
    Write `repeats(difference, std)`: how many trainings of each setting are needed, by the formula
    of section 5, to find such a difference in 80% of the studies. Round up.
    """,
    expects="a function repeats(difference, std) that returns a whole number",
    checker=_check_repeats,
    hints=(
        "Only the ratio of the two numbers enters, squared.",
        "`math.ceil` rounds up.",
    ),
    stub="def repeats(difference, std): ...\n\n\nanswer = repeats",
    solution_source=_repeats("math.ceil(2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2)"),
    why="If that is too many, the honest result is: no difference was found at this budget.",
    wrong_answers=(
        WrongAnswer(
            _repeats("math.ceil((1.96 + 0.84) ** 2 * (std / difference) ** 2)"),
            because="forgets that both settings have noise",
            says="half what the formula",
        ),
        WrongAnswer(
            _repeats("math.ceil(2 * (1.96 + 0.84) ** 2 * std / difference)"),
            because="forgets to square the ratio",
            says="the square",
        ),
        WrongAnswer(
            _repeats("2 * (1.96 + 0.84) ** 2 * (std / difference) ** 2"),
            because="does not round",
            says="Round up",
        ),
    ),
)

# ── 9.6 ──────────────────────────────────────────────────────────────────────────────────────

_MISSING = {"b", "c", "e"}


def _check_missing(answer: object) -> Right:
    letters = {
        checks.option(letter, tuple("abcde"), "one of the letters a to e")
        for letter in checks.sequence(answer, "a list of letters")
    }
    for letter, why in (("a", "the budget is said: 200 trials"), ("d", "the method is named")):
        if letter in letters:
            wrong(f"Look at ({letter}) again: {why}.")
    if letters != _MISSING:
        left = len(_MISSING - letters)
        wrong(
            f"There {'is one' if left == 1 else f'are {left}'} more that the report does not say."
        )
    return right("No seeds, no space, and the same rows chose and judged.")


q6 = Exercise(
    lesson=9,
    number=6,
    title="Read a report",
    points=1,
    question="""
    *"We tuned our network with random search, 200 trials. The best trial reaches 98.1% on the
    held-out rows that we used to compare trials; the baseline with its default settings reaches
    97.6%."*

    What is missing or wrong? Answer with a list of letters.

    - `"a"`: how many trials were made
    - `"b"`: the space that was searched
    - `"c"`: a score on rows that did not choose
    - `"d"`: the method
    - `"e"`: more than one seed, and an interval
    """,
    expects='a list of letters, such as ["a", "d"]',
    checker=_check_missing,
    hints=(
        "Go through the five one by one, and look for the words in the report.",
        "Which rows chose the best trial, and which rows gave the 98.1%?",
    ),
    solution_source='answer = ["b", "c", "e"]',
    why=(
        "The report also compares 200 trials with none: a baseline deserves the budget that you "
        "gave yourself."
    ),
    wrong_answers=(
        WrongAnswer('answer = ["b", "e"]', because="trusts the rows that chose", says="one more"),
        WrongAnswer('answer = ["c"]', because="stops at the first", says="2 more"),
        WrongAnswer('answer = ["a", "b", "c", "e"]', because="overlooks it", says="200 trials"),
    ),
)

# ── 9.7 ──────────────────────────────────────────────────────────────────────────────────────

_TRIALS, _NEEDED = 80, 0.8


def _check_search(answer: object) -> Right:
    return challenge.verdict(
        challenge.replays(answer, trials=_TRIALS),
        needed=_NEEDED,
        look_at="Is the trial with the best single score good, or lucky? A second training of "
        "the same setting has another seed.",
    )


_SEARCH = """
import numpy as np


def search(objective, seed):
    rng = np.random.default_rng(seed)
    tried = [objective.space.sample(rng) for _ in range({first})]
    scores = np.nan_to_num([objective.evaluate(params).value for params in tried])
    finalists = np.argsort(scores)[::-1][:{finalists}]
    again = [
        [objective.evaluate(tried[k]).value for _ in range({looks})] for k in finalists
    ]
    return tried[finalists[int(np.argmax({rule}))]]


answer = search
"""


def _search(first: int, finalists: int, looks: int, rule: str = "np.mean(again, axis=1)") -> str:
    return _SEARCH.format(first=first, finalists=finalists, looks=looks, rule=rule)


q7 = Exercise(
    lesson=9,
    number=7,
    title="A second look",
    points=3,
    challenge=True,
    question="""
    Write `search(objective, seed)` for the digits table. It may train 80 networks with
    `objective.evaluate(params)` and returns the `params` it chooses. Each training of the same
    setting has another seed, so its `.value` differs. Draw settings with
    `objective.space.sample(rng)`; a diverged training has the value NaN.

    It is replayed 200 times. At least 80% of the replays must end among the best 5% of the table.
    Eighty different settings, each trained once, are not enough.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters as a dict",
    checker=_check_search,
    hints=(
        "Keep 20 of the 80 trainings for a second round.",
        "Train the best few of the first round again, several times each.",
        "Choose by the mean of the second round alone: the first one chose them for their luck.",
    ),
    stub="def search(objective, seed): ...\n\n\nanswer = search",
    solution_source=_search(60, 5, 4),
    why="Budget spent on knowing which of the finalists is good beats budget spent on more luck.",
    wrong_answers=(
        WrongAnswer(
            _search(80, 1, 0, rule="[0.0]"), because="trains each once", says="good, or lucky"
        ),
        WrongAnswer(_search(80, 5, 4), because="spends more than 80", says="its budget"),
        WrongAnswer(_search(10, 10, 7), because="looks at too few settings", says="of 200 replays"),
    ),
)

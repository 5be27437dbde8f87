"""Exercise 12.5: A threshold is chosen, too."""

import numpy as np
from sklearn.metrics import f1_score, precision_recall_curve

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_WHAT = "a function tuned(y_val, p_val, y_test, p_test)"


def _rows(seed: int, rows: int, shift: float) -> tuple[np.ndarray, np.ndarray]:
    """Return classes, one in eight of them 1, and probabilities between hundredths."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < 0.12).astype(int)
    logit = 1.1 * rng.normal(size=rows) + 2.2 * y - shift
    return y, np.floor(100 / (1 + np.exp(-logit))) / 100 + 0.005


def _best_f1(y: np.ndarray, p: np.ndarray, thresholds: np.ndarray) -> float:
    """Return the highest F1 of some thresholds, all of them looked at in one go."""
    precision, recall, places = precision_recall_curve(y, p)
    f1 = 2 * precision * recall / np.maximum(precision + recall, 1e-12)
    return float(f1[np.searchsorted(places, thresholds)].max())


def _check_threshold(answer: object) -> Right:
    for seed in range(3):
        (y_val, p_val), (y_test, p_test) = _rows(seed, 400, 2.6), _rows(seed + 10, 300, 1.2)
        found = checks.call(answer, y_val, p_val, y_test, p_test, what=_WHAT)
        pair = checks.numbers(found, "two numbers, the threshold and its F1 on test rows",
                              "a number", 2)  # fmt: skip
        threshold, reported = pair
        best = _best_f1(y_val, p_val, p_val)
        here = f1_score(y_val, p_val >= threshold, zero_division=0)
        there = f1_score(y_test, p_test >= threshold, zero_division=0)
        if here < best - 1e-9:
            tops = [_best_f1(y_test, p_test, ones) for ones in (p_test, p_val)]
            if min(abs(np.subtract(tops, there))) < 1e-9:
                wrong(
                    "This threshold is the best one for the test rows. Rows that choose cannot "
                    "judge: choose by `y_val` and `p_val`."
                )
            wrong(
                f"With your threshold {threshold:.3g} the F1 on validation rows is {here:.3g}; "
                f"another one gives {best:.3g}. A row counts as class 1 where its probability is "
                "at least the threshold."
            )
        if abs(reported - there) > 1e-9:
            if abs(reported - here) < 1e-9:
                wrong(
                    "The F1 that you return is that of the validation rows, which chose the "
                    "threshold. Report that of the test rows."
                )
            wrong(f"With your threshold the F1 on test rows is {there:.3g}, not {reported:.3g}.")
    return right("Validation rows chose, and test rows judged what they chose.")


_BODY = """
import numpy as np
from sklearn.metrics import f1_score

def tuned(y_val, p_val, y_test, p_test):
    thresholds = {thresholds}
    best = max(thresholds, key=lambda t: f1_score({chosen_by}))
    return best, f1_score({judged_by})

answer = tuned
"""
_GOOD = {
    "thresholds": "np.unique(p_val)",
    "chosen_by": "y_val, p_val >= t",
    "judged_by": "y_test, p_test >= best",
}

q5 = Exercise(
    lesson=12, number=5, title="A threshold is chosen, too", points=2,
    question="""
    A network gives each row a probability of class 1, and a row counts as class 1 where that is at
    least a threshold. Write `tuned(y_val, p_val, y_test, p_test)`: choose the threshold with the
    highest F1 (`sklearn.metrics.f1_score`), and return it with the F1 that you would report.
    `y` are the true classes (0 or 1), `p` the probabilities, of validation and of test rows.
    """,
    expects=_WHAT,
    checker=_check_threshold,
    hints=(
        "Which rows may choose, and which may judge?",
        "Only the probabilities that occur on validation rows can be turning points.",
        "`max(thresholds, key=...)` with the F1 of the validation rows as the key.",
    ),
    stub="""
    def tuned(y_val, p_val, y_test, p_test): ...

    answer = tuned
    """,
    solution_source=_BODY.format(**_GOOD),
    why="A threshold is a hyperparameter like any other: the rows that choose it flatter it.",
    wrong_answers=tuple(
        WrongAnswer(_BODY.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("chosen_by", "y_test, p_test >= t", "chooses by test rows", "Rows that choose"),
            ("judged_by", "y_val, p_val >= best", "reports validation rows", "Report that of"),
            ("chosen_by", "y_val, p_val < t", "turns the classes round", "another one gives"),
            ("thresholds", "[0.5]", "keeps a half", "another one gives"),
            ("judged_by", "y_test, p_test >= 0.5", "judges another threshold", "the F1 on test"),
        )
    )
    + (
        WrongAnswer(
            _BODY.format(**{**_GOOD, "chosen_by": "y_test, p_test >= t",
                            "thresholds": "np.unique(p_test)"}),
            "takes everything from test rows", "Rows that choose",
        ),
    ),
)  # fmt: skip

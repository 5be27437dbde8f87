"""Exercise 6.1: Do the orders agree?"""

import numpy as np
from scipy.stats import spearmanr

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_agreement(answer: object) -> Right:
    rng = np.random.default_rng(0)
    early = rng.random(40)
    cases = [(early, np.exp(9 * early), 1.0), (early, -(early**3), -1.0)]
    for first, last, expected in cases:
        found = checks.call(answer, first, last, what="a function agreement(early, late)")
        value = checks.number(found, "one number between -1 and 1")
        if abs(value) > 1 + 1e-9:
            wrong(f"A correlation lies between -1 and 1; yours is {value:.3g}.")
        if abs(value - expected) > 1e-6:
            if expected < 0:
                wrong(
                    f"When the order is exactly reversed, it should be -1; yours is {value:.3g}. "
                    "Does your function look at direction?"
                )
            wrong(
                f"When both have exactly the same order, it should be 1; yours is {value:.3g}. "
                "Compare the ranks, not the scores."
            )
    mixed = rng.permutation(early)
    ties = np.round(early, 1), np.round(early + 0.4 * mixed, 1)
    for first, last in ((early, mixed), ties):
        value = checks.number(checks.call(answer, first, last), "one number between -1 and 1")
        if abs(value - float(spearmanr(first, last).statistic)) > 1e-6:
            if first is ties[0]:
                wrong(
                    f"Where some scores are equal, {value:.3g} is not the correlation of the "
                    "ranks: equal scores share the mean of their ranks."
                )
            wrong(
                f"For two orders that partly agree, {value:.3g} is not the correlation of the "
                "ranks."
            )
    return right("Only the order counts, which is all that halving looks at.")


q1 = Exercise(
    lesson=6, number=1, title="Do the orders agree?", points=1,
    question="""
    Write `agreement(early, late)`: the rank correlation (Spearman's) of two arrays of scores, one
    number between -1 and 1.
    """,
    expects="a function agreement(early, late)",
    checker=_check_agreement,
    hints=(
        "Rank correlation is the ordinary correlation of the ranks.",
        "`scipy.stats.spearmanr` computes it.",
        "`spearmanr(early, late).statistic` is the number.",
    ),
    stub="""
    def agreement(early, late):
        ...

    answer = agreement
    """,
    solution_source="""
    from scipy.stats import spearmanr

    def agreement(early, late):
        return spearmanr(early, late).statistic

    answer = agreement
    """,
    why="Successive halving never uses how much better a score is, only which is better.",
    wrong_answers=tuple(
        WrongAnswer(f"import numpy as np\n\ndef agreement(early, late):\n    return {code}\n\n"
                    "answer = agreement", because, says)
        for code, because, says in (
            ("np.corrcoef(early, late)[0, 1]", "correlates the scores", "ranks, not the scores"),
            ("np.mean(np.argsort(early) == np.argsort(late))", "counts matches", "direction"),
            ("abs(np.corrcoef(early.argsort().argsort(), late.argsort().argsort())[0, 1])",
             "drops the sign", "direction"),
            ("np.sum(early * late)", "adds products", "between -1 and 1"),
            ("np.corrcoef(early.argsort().argsort(), late.argsort().argsort())[0, 1]",
             "gives equal scores different ranks", "equal scores share"),
        )
    ),
)  # fmt: skip

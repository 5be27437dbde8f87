"""Lesson 06, Hyperband: what a short training tells, and what stopping early costs."""

from __future__ import annotations

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# ── 6.1 ──────────────────────────────────────────────────────────────────────────────────────


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
    value = checks.number(checks.call(answer, early, mixed), "one number between -1 and 1")
    ranks = [np.argsort(np.argsort(part)) for part in (early, mixed)]
    if abs(value - np.corrcoef(*ranks)[0, 1]) > 1e-6:
        wrong(f"For two orders that partly agree, {value:.3g} is not the correlation of the ranks.")
    return right("Only the order counts, which is all that halving looks at.")


q1 = Exercise(
    lesson=6,
    number=1,
    title="Do the orders agree?",
    points=1,
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
        WrongAnswer(
            f"import numpy as np\n\ndef agreement(early, late):\n    return {code}\n\n"
            "answer = agreement",
            because=because,
            says=says,
        )
        for code, because, says in (
            ("np.corrcoef(early, late)[0, 1]", "correlates the scores", "ranks, not the scores"),
            ("np.mean(np.argsort(early) == np.argsort(late))", "counts matches", "direction"),
            ("abs(np.corrcoef(early.argsort().argsort(), late.argsort().argsort())[0, 1])",
             "drops the sign", "direction"),
            ("np.sum(early * late)", "adds products", "between -1 and 1"),
        )
    ),
)  # fmt: skip

# ── 6.2 ──────────────────────────────────────────────────────────────────────────────────────


def _check_epochs(answer: object) -> Right:
    epochs = checks.whole_number(answer, "the number of epochs, a whole number")
    remarks = {
        40: "40 is how many trainings there are. How long is each of them?",
        81: "81 is the price if each training continues from the rung below. Or you left out a "
        "rung. Here each rung starts again, and there are four.",
        82: "The last configuration starts again as well: 27 epochs, not 1.",
        729: "729 trains all 27 configurations to the end. Most of them stop early.",
    }
    if epochs in remarks:
        wrong(remarks[epochs])
    if epochs != 108:
        wrong(f"{epochs:,} is not it. Multiply configurations by epochs on each rung, then add.")
    return right("27 epochs on each of four rungs.")


q2 = Exercise(
    lesson=6,
    number=2,
    title="The price of a bracket",
    points=1,
    question="""
    A bracket trains 27 configurations for 1 epoch, the best 9 for 3, the best 3 for 9, and the
    best one for 27. Every rung starts again from the first epoch. How many epochs is that in all?
    """,
    expects="the number of epochs, a whole number",
    checker=_check_epochs,
    hints=(
        "There are four rungs.",
        "A rung costs configurations times epochs.",
        "The first costs 27 × 1, the second 9 × 3.",
    ),
    solution_source="""
    answer = 27 * 1 + 9 * 3 + 3 * 9 + 1 * 27
    """,
    why="Each rung costs the same: 27 configurations are seen for the price of 4 full trainings.",
    wrong_answers=(
        WrongAnswer("answer = 27 * 27", because="trains all to the end", says="stop early"),
        WrongAnswer("answer = 27 + 9 + 3 + 1", because="counts trainings", says="How long"),
        WrongAnswer("answer = 27 * 3", because="forgets the last rung", says="left out"),
        WrongAnswer(
            "answer = 27 * 1 + 9 * 2 + 3 * 6 + 1 * 18",
            because="continues each training",
            says="continues from the rung below",
        ),
        WrongAnswer(
            "answer = 27 * 1 + 9 * 2 + 3 * 6 + 1 * 9",
            because="takes the wrong epochs",
            says="Multiply configurations",
        ),
    ),
)

# ── 6.3 ──────────────────────────────────────────────────────────────────────────────────────


def _check_halving(answer: object) -> Right:
    asked: list[tuple[int, int]] = []
    late = {4: 0.99}  # worst after an epoch, best at the end

    def train(params: dict, epochs: int) -> float:
        name = params["x"]
        asked.append((name, epochs))
        if name == 7:
            return float("nan")
        if name in late:
            return late[name] if epochs >= 9 else 0.0
        return name / 30 + epochs / 100

    candidates = [{"x": x} for x in (3, 8, 1, 7, 4, 6, 0, 5, 2)]
    found = checks.call(answer, train, candidates, [1, 3, 9], what="successive_halving")
    chosen = checks.expect(found, dict, "one configuration, a dict")
    counts = [sum(epochs == rung for _, epochs in asked) for rung in (1, 3, 9)]
    if counts[0] != 9:
        wrong(f"The first rung trains all 9 candidates for 1 epoch; yours trains {counts[0]}.")
    if counts == [9, 9, 9]:
        wrong("Every candidate reaches every rung: nobody is stopped.")
    if counts != [9, 3, 1]:
        wrong(
            f"With eta=3, 9 candidates become 3 and then 1; yours trains {counts} on the rungs. "
            "Keep `len(survivors) // eta`, but at least one."
        )
    second = {name for name, epochs in asked if epochs == 3}
    if 7 in second and 8 in second:
        wrong("Candidate 7 diverged (NaN) and was promoted. NaN counts as the worst score.")
    if second != {8, 6, 5}:
        wrong(f"After rung one 8, 6 and 5 are best; yours promotes {sorted(second)}.")
    if chosen != {"x": 8}:
        wrong(f"The survivor is {{'x': 8}}; yours returns {chosen}.")
    return right("9, 3, 1, and a diverged training never continues.")


_STUB = """
import numpy as np

def successive_halving(train, candidates, rungs, eta=3):
    ...  # the first survivors are all candidates
    for epochs in rungs:
        ...  # train every survivor for that many epochs; a NaN score becomes -inf
        ...  # find the places of the best len(survivors) // eta, but at least one
        ...  # only those survive
    return ...  # the best of the last rung

answer = successive_halving
"""

_HALVING = """
import numpy as np

def successive_halving(train, candidates, rungs, eta=3):
    survivors = list(candidates)
    for epochs in rungs:
        scores = np.array([train(params, epochs) for params in survivors])
        {clean}
        order = {order}
        keep = {keep}
        survivors = [survivors[place] for place in order[:keep]]
    return {returned}

answer = successive_halving
"""
_GOOD = {
    "clean": "scores = np.where(np.isnan(scores), -np.inf, scores)",
    "order": "np.argsort(-scores)",
    "keep": "max(1, len(survivors) // eta)",
    "returned": "survivors[0]",
}

q3 = Exercise(
    lesson=6,
    number=3,
    title="Successive halving by hand",
    points=2,
    question="""
    Complete `successive_halving(train, candidates, rungs, eta=3)`. `train(params, epochs)` returns
    a score, higher is better, or NaN if the training diverged. On each rung train every survivor,
    then keep the best `len(survivors) // eta`, but at least one. Return the best of the last rung.
    """,
    expects="a function successive_halving(train, candidates, rungs, eta=3)",
    checker=_check_halving,
    hints=(
        "NaN is neither above nor below anything: replace it before you sort.",
        "`np.argsort(-scores)` gives places in the list, best first.",
        "`max(1, len(survivors) // eta)` is how many continue.",
    ),
    stub=_STUB,
    solution_source=_HALVING.format(**_GOOD),
    why="This loop is all there is to it. Hyperband only runs it with several starting rungs.",
    wrong_answers=tuple(
        WrongAnswer(_HALVING.format(**{**_GOOD, part: code}), because=because, says=says)
        for part, code, because, says in (
            ("order", "np.argsort(scores)", "keeps the worst", "are best"),
            ("keep", "len(survivors)", "stops nobody", "nobody is stopped"),
            ("keep", "max(1, len(survivors) // 2)", "ignores eta", "at least one"),
            ("clean", "scores = np.where(np.isnan(scores), np.inf, scores)",
             "promotes what diverged", "NaN counts as the worst"),
            ("returned", "scores.max()", "returns the score", "a dict"),
        )
    ),
)  # fmt: skip

# ── 6.4 ──────────────────────────────────────────────────────────────────────────────────────


def _check_bloomer(answer: object) -> Right:
    epochs = checks.whole_number(answer, "1, 3, 9 or 27")
    if epochs not in (1, 3, 9, 27):
        wrong(f"The rungs stand at 1, 3, 9 and 27 epochs; there is none at {epochs}.")
    if epochs < 9:
        wrong(f"After {epochs} C is last of the three, and only one continues.")
    if epochs == 27:
        wrong("27 keeps it too, but an earlier first rung does as well, at a lower price.")
    return right("After 9 epochs C leads, so a bracket that first looks there keeps it.")


q4 = Exercise(
    lesson=6,
    number=4,
    title="When is it safe to look?",
    points=1,
    question="""
    Validation accuracy of three configurations:

    | epochs | 1 | 3 | 9 | 27 |
    |---|---|---|---|---|
    | A | 0.70 | 0.80 | 0.85 | 0.86 |
    | B | 0.60 | 0.75 | 0.82 | 0.84 |
    | C | 0.20 | 0.50 | 0.90 | 0.95 |

    A bracket starts with all three and keeps one. What is the smallest number of epochs on the
    first rung with which C survives?
    """,
    expects="1, 3, 9 or 27",
    checker=_check_bloomer,
    hints=(
        "Only the first look matters here: two of three are stopped there.",
        "Read the columns: in which is C the highest?",
    ),
    solution_source="answer = 9",
    why="C is a late bloomer. Hyperband runs brackets that look late because of such curves.",
    wrong_answers=(
        WrongAnswer("answer = 1", because="trusts the first epoch", says="last of the three"),
        WrongAnswer("answer = 3", because="looks too early", says="last of the three"),
        WrongAnswer("answer = 27", because="pays for everything", says="lower price"),
    ),
)

# ── 6.5 ──────────────────────────────────────────────────────────────────────────────────────

_TRIALS, _NEEDED = 20, 0.65


def _check_search(answer: object) -> Right:
    outcome = challenge.replays(answer, trials=_TRIALS)
    challenge.expect_draws(outcome)
    return challenge.verdict(
        outcome,
        needed=_NEEDED,
        look_at="Did you look at many settings briefly, and at the last few for long?",
    )


_SEARCH = """
import numpy as np

def search(objective, seed):
    rng = np.random.default_rng(seed)
    survivors = [objective.space.sample(rng) for _ in range({count})]
    for epochs, keep in {rungs}:
        scores = [np.nan_to_num(objective.evaluate(p, epochs).value) for p in survivors]
        order = np.argsort({sign}np.array(scores))[:keep]
        survivors = [survivors[place] for place in order]
    return survivors[0]

answer = search
"""

q5 = Exercise(
    lesson=6,
    number=5,
    title="Twenty trainings' worth of epochs",
    points=4,
    challenge=True,
    question="""
    Write `search(objective, seed)`: within 600 epochs (20 full trainings of 30) it finds a setting
    of the digits table and returns it as a dict. `objective.space.sample(rng)` draws one;
    `objective.evaluate(params, epochs).value` is its score, or NaN. Every call trains again from
    the first epoch. Your function is called with 200 seeds; 65% of the searches must end among the
    table's best 5%.
    """,
    expects="a function search(objective, seed)",
    checker=_check_search,
    hints=(
        "Look at many settings for a few epochs; 20 random full trainings are too few.",
        "Start with about 130 settings for 1 epoch, and keep about one in three.",
        "Give the last rung several settings for all 30 epochs.",
    ),
    stub="""
    def search(objective, seed):
        ...

    answer = search
    """,
    solution_source=_SEARCH.format(
        count=130, rungs="[(1, 40), (3, 12), (10, 7), (30, 1)]", sign="-"
    ),
    why="The budget of 20 full trainings looked at 130 settings, and only 7 were trained in full.",
    wrong_answers=tuple(
        WrongAnswer(_SEARCH.format(count=count, rungs=rungs, sign=sign), because=because, says=says)
        for count, rungs, sign, because, says in (
            (20, "[(30, 1)]", "-", "trains all in full", "are asked"),
            (130, "[(1, 40), (3, 12), (10, 7), (30, 1)]", "", "keeps the worst", "are asked"),
            (200, "[(4, 1)]", "-", "spends too much", "its budget"),
            (27, "[(1, 1)]", "-", "decides after one epoch", "are asked"),
        )
    ),
)

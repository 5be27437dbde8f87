"""Exercise 6.3: Successive halving by hand."""

from functools import partial
from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown


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
    _check_last_rung(answer)
    return right("9, 3, 1, and a diverged training never continues.")


def _check_last_rung(answer: Any) -> None:
    """Refuse an eta that is written down, and the best score of any rung instead of the last."""
    asked: list[tuple[int, int]] = []

    def train(params: dict, epochs: int) -> float:
        asked.append((params["x"], epochs))
        # Below 0, as losses with their sign turned are; the last rung turns the order round.
        if (params["x"], epochs) in ((10, 1), (15, 2)):
            return float("nan")
        return params["x"] / 100 - 1 if epochs == 1 else -params["x"] / 100 - 1

    candidates = [{"x": x} for x in (13, 17, 11, 18, 16, 14, 10, 15, 12)]
    chosen = checks.call(partial(answer, eta=2), train, candidates, [1, 2])
    counts = [sum(epochs == rung for _, epochs in asked) for rung in (1, 2)]
    if counts != [9, 4]:
        wrong(f"With eta=2, 9 candidates become 4; yours trains {counts} on the rungs.")
    if (10, 2) in asked or chosen == {"x": 15}:
        wrong(
            "Scores may be below 0, and a NaN that counts as 0 is then the best. NaN counts as the "
            "worst score of all, `-inf`."
        )
    if chosen == {"x": 18}:
        wrong("This returns the best score of an early rung; the last rung decides.")
    if chosen != {"x": 16}:
        wrong(f"The best of the last rung is {{'x': 16}} here; yours returns {shown(chosen)}.")


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

_ANY_RUNG = (
    _HALVING.format(**_GOOD)
    .replace("survivors = list(candidates)", "survivors, seen = list(candidates), []")
    .replace("order =", "seen += zip(scores, survivors, strict=True)\n        order =")
    .replace("return survivors[0]", "return max(seen, key=lambda pair: pair[0])[1]")
)

q3 = Exercise(
    lesson=6, number=3, title="Successive halving by hand", points=2,
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
    wrong_answers=(
        WrongAnswer(_ANY_RUNG, "takes the best score of any rung", "early rung"),
    )
    + tuple(
        WrongAnswer(_HALVING.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("order", "np.argsort(scores)", "keeps the worst", "are best"),
            ("keep", "len(survivors)", "stops nobody", "nobody is stopped"),
            ("keep", "max(1, len(survivors) // 2)", "ignores eta", "at least one"),
            ("keep", "max(1, len(survivors) // 3)", "writes eta down", "With eta=2"),
            ("keep", "-(-len(survivors) // eta)", "rounds up", "9 candidates become 4"),
            ("clean", "scores = np.where(np.isnan(scores), np.inf, scores)",
             "promotes what diverged", "NaN counts as the worst"),
            ("returned", "scores.max()", "returns the score", "a dict"),
            ("clean", "scores = np.nan_to_num(scores)", "counts NaN as 0", "below 0"),
        )
    ),
)  # fmt: skip

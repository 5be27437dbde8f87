"""Exercise 4.1: Three lines."""

from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.search_probes import SearchProbe, score_of


def _check_loop(answer: object) -> Right:
    for trials in (6, 3):
        _check_trials(answer, trials)
    return right("Suggest, train, observe.")


def _check_trials(answer: object, trials: int) -> None:
    witness = SearchProbe()
    best = _call(answer, witness, trials)
    if not witness.suggested:
        wrong("This never asks `search.suggest()` where to try next.")
    if not witness.asked:
        wrong("This never trains: `train(params)` gives the score of a suggestion.")
    if not witness.told:
        wrong("The search is never told a score: without `observe` it learns nothing.")
    if len(witness.asked) != trials:
        wrong(f"With trials={trials} this trains {len(witness.asked)} times.")
    if len(witness.told) != trials:
        wrong(f"{trials} trials were trained, and the search was told of {len(witness.told)}.")
    # A fresh suggestion for each trial: the witness gives another one when asked too early.
    if witness.asked != [0.001 * (1 + n) for n in range(trials)]:
        wrong(
            "Ask for a suggestion, train it, tell the score, and only then ask again: here a "
            "suggestion was made before the score of the last one was known, or not trained."
        )
    if any(not checks.near(value, score_of(rate)) for rate, value in witness.told):
        wrong("The score that the search is told is not the one that `train` gave.")
    best = checks.mapping(best, "the best params found, a dict", ["learning_rate"])
    top = max(witness.told, key=lambda pair: pair[1])[0]
    if not checks.near(checks.number(best["learning_rate"], "a learning rate"), top):
        wrong("This gives a point that is not the best one: the last one is seldom the best.")


def _call(answer: object, witness: SearchProbe, trials: int) -> Any:
    what = "a function `loop(search, train, trials)`"
    return checks.call(checks.function(answer, what), witness, witness.evaluate, trials, what=what)


q1 = Exercise(
    lesson=4, number=1, title="Three lines", points=2,
    question="""
    Write the loop. `search` is an `ht.GaussianProcessSearch`, `train(params)` returns a score
    (higher is better), `trials` says how often. Return the best params that were found:
    `search.incumbent` holds them.
    """,
    expects="a function `loop(search, train, trials)`",
    checker=_check_loop,
    hints=(
        "Each round of the `for` loop has three lines: suggest, train, observe.",
        "`search.observe(params, value)` takes the params first, then their score.",
        "`search.incumbent` holds the best params observed.",
    ),
    stub="""
    def loop(search, train, trials):
        ...


    answer = loop
    """,
    solution_source="""
    def loop(search, train, trials):
        for _ in range(trials):
            params = search.suggest()
            value = train(params)
            search.observe(params, value)
        return search.incumbent


    answer = loop
    """,
    why="Every library in this lesson runs these three lines for you. Suggest all points first, "
        "and nothing of what the first ones taught can help the later ones.",
    wrong_answers=tuple(
        WrongAnswer("def loop(search, train, trials):\n"
                    + "\n".join(f"    {line}" for line in body.split("\n")) + "\nanswer = loop",
                    because, says)
        for body, because, says in (
            ("for _ in range(trials):\n    params = search.suggest()\n    train(params)\n"
             "return params", "forgets to tell the search", "learns nothing"),
            ("points = [search.suggest() for _ in range(trials)]\nfor params in points:\n"
             "    search.observe(params, train(params))\nreturn search.incumbent",
             "suggests everything before it trains", "only then ask again"),
            ("for _ in range(trials):\n    params = search.suggest()\n"
             "    search.observe(params, train(params))\nreturn params",
             "returns the last point instead of the best", "not the best one"),
            ("for _ in range(trials):\n    params = search.suggest()\n"
             "    search.observe(params, -train(params))\nreturn search.incumbent",
             "tells a loss, as Hyperopt wants it", "not the one that"),
            ("params = search.suggest()\nfor _ in range(trials):\n"
             "    search.observe(params, train(params))\nreturn search.incumbent",
             "asks once and trains the same point again", "only then ask again"),
            ("for _ in range(6):\n    params = search.suggest()\n"
             "    search.observe(params, train(params))\nreturn search.incumbent",
             "writes the number of trials down", "With trials=3"),
        )
    ),
)  # fmt: skip

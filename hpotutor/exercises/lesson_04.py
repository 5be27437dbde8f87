"""Lesson 04, Bayesian optimization: acquisition, the loop, reading libraries' answers, leaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from hpotutor.errors import HpoTutorError
from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import kind, reason, shown
from hpotutor.exercises.probes import RowsProbe
from hpotutor.exercises.search_probes import (
    ACCURACY,
    NetworkProbe,
    SearchProbe,
    TrialProbe,
    score_of,
)

# ── 4.1 ──────────────────────────────────────────────────────────────────────────────────────


def _check_loop(answer: object) -> Right:
    witness, trials = SearchProbe(), 6
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
    return right("Suggest, train, observe.")


def _call(answer: object, witness: SearchProbe, trials: int) -> Any:
    what = "a function `loop(search, train, trials)`"
    return checks.call(_named(answer, what), witness, witness.evaluate, trials, what=what)


def _named(answer: object, what: str) -> Callable[..., Any]:
    """Return a function that a check may call by position, whatever it raises."""
    if not callable(answer) or isinstance(answer, type):
        wrong(f"This should be {what}; it is {kind(answer)}: `{shown(answer)}`.")
    return answer


q1 = Exercise(
    lesson=4,
    number=1,
    title="Three lines",
    points=2,
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
    why=(
        "Every library in this lesson runs these three lines for you. Suggest all points first, "
        "and nothing of what the first ones taught can help the later ones."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            "def loop(search, train, trials):\n"
            + "\n".join(f"    {line}" for line in body.split("\n"))
            + "\nanswer = loop",
            because=because,
            says=says,
        )
        for body, because, says in (
            (
                "for _ in range(trials):\n    params = search.suggest()\n    train(params)\n"
                "return params",
                "forgets to tell the search",
                "learns nothing",
            ),
            (
                "points = [search.suggest() for _ in range(trials)]\nfor params in points:\n"
                "    search.observe(params, train(params))\nreturn search.incumbent",
                "suggests everything before it trains",
                "only then ask again",
            ),
            (
                "for _ in range(trials):\n    params = search.suggest()\n"
                "    search.observe(params, train(params))\nreturn params",
                "returns the last point instead of the best",
                "not the best one",
            ),
            (
                "for _ in range(trials):\n    params = search.suggest()\n"
                "    search.observe(params, -train(params))\nreturn search.incumbent",
                "tells a loss, as Hyperopt wants it",
                "not the one that",
            ),
            (
                "params = search.suggest()\nfor _ in range(trials):\n"
                "    search.observe(params, train(params))\nreturn search.incumbent",
                "asks once and trains the same point again",
                "only then ask again",
            ),
        )
    ),
)

# ── 4.2 ──────────────────────────────────────────────────────────────────────────────────────

_RULES = ("probability of improvement", "expected improvement", "upper confidence bound")
_PICKS = dict(zip(_RULES, "ABC", strict=True))
_REMARKS = {
    ("probability of improvement", "B"): (
        "Probability of improvement does not ask how large the gain is. B beats 0.90 a "
        "little more than one time in three; how often does A?"
    ),
    ("probability of improvement", "C"): (
        "C has little chance to beat 0.90: its mean is more than one standard deviation below."
    ),
    ("expected improvement", "A"): (
        "A nearly always gains, and hardly anything: 0.005 on average. B loses more often, which "
        "costs nothing, and gains far more when it wins."
    ),
    ("expected improvement", "C"): (
        "C could gain most, but it wins too rarely: mean and spread count together."
    ),
    ("upper confidence bound", "A"): (
        "A's mean and twice its standard deviation are 0.907. Work the same out for the others."
    ),
    ("upper confidence bound", "B"): (
        "B's mean and twice its standard deviation are 0.95. Work the same out for C."
    ),
}


def _check_rules(answer: object) -> Right:
    what = "a dict from the three rules to the letter each one picks"
    chosen = checks.mapping(answer, what, _RULES)
    for rule in _RULES:
        letter = checks.option(chosen[rule], ["A", "B", "C"], "one of the three candidates")
        if letter != _PICKS[rule]:
            wrong(_REMARKS[rule, letter])
    return right("A is likely, B is worth it, C is unknown.")


q2 = Exercise(
    lesson=4,
    number=2,
    title="Three rules, three choices",
    points=1,
    question="""
    The best score so far is 0.90. The surrogate believes this of three candidates:

    | candidate | mean | standard deviation |
    |---|---|---|
    | A | 0.905 | 0.001 |
    | B | 0.89 | 0.03 |
    | C | 0.78 | 0.10 |

    Which one does each rule pick? No trade-off dial (`xi=0`), and `kappa=2`.
    """,
    expects="a dict from the three rules to the letter each one picks",
    checker=_check_rules,
    hints=(
        "Upper confidence bound is the easy one: mean + 2 × standard deviation.",
        "Probability of improvement asks only whether 0.90 is beaten, not by how much.",
        "`ht.expected_improvement(mean, std, best=0.90, xi=0)` takes lists, and works it out.",
    ),
    stub="""
    answer = {
        "probability of improvement": ...,
        "expected improvement": ...,
        "upper confidence bound": ...,
    }
    """,
    solution_source="""
    mean, std = [0.905, 0.89, 0.78], [0.001, 0.03, 0.10]
    values = {
        "probability of improvement": ht.probability_of_improvement(mean, std, 0.90, xi=0),
        "expected improvement": ht.expected_improvement(mean, std, 0.90, xi=0),
        "upper confidence bound": ht.upper_confidence_bound(mean, std, kappa=2),
    }
    answer = {rule: "ABC"[value.argmax()] for rule, value in values.items()}
    """,
    why=(
        "The surrogate is the same in all three; the acquisition function decides how much an "
        "unknown place is worth."
    ),
    wrong_answers=tuple(
        WrongAnswer(f"answer = dict(zip({_RULES!r}, {letters!r}))", because=because, says=says)
        for letters, because, says in (
            ("AAA", "takes the highest mean everywhere", "hardly anything"),
            ("CCC", "takes the largest spread everywhere", "little chance"),
            ("BBC", "confuses a likely gain with a large one", "how often does A"),
            ("ACC", "takes expected improvement for a bound", "wins too rarely"),
            ("ABB", "forgets to double the standard deviation", "for C"),
        )
    ),
)

# ── 4.3 ──────────────────────────────────────────────────────────────────────────────────────

_MEANT = {"hidden_units": 12, "optimizer": "rmsprop", "learning_rate": 0.01}


def _check_translation(answer: object) -> Right:
    what = "a dict with the values that the network is built with"
    chosen = checks.mapping(answer, what, list(_MEANT))
    if isinstance(chosen["optimizer"], int | float | np.number):
        wrong(
            f"`optimizer` is still `{shown(chosen['optimizer'])}`: for `hp.choice`, `fmin` gives "
            "the place in the list, not what stands there."
        )
    optimizer = checks.option(chosen["optimizer"], ["sgd", "adam", "rmsprop"], "an optimizer")
    if optimizer != "rmsprop":
        wrong("Places in a Python list count from 0. What stands at place 2?")
    rate = checks.number(chosen["learning_rate"], "a learning rate")
    if checks.near(rate, 1):
        wrong("`learning_rate` is an `hp.choice` too, so that 1 is a place, and no learning rate.")
    if not checks.near(rate, 0.01):
        wrong("Places in a Python list count from 0. Which learning rate stands at place 1?")
    units = chosen["hidden_units"]
    if checks.whole_number(units, "a number of units") != 12:
        wrong("`hp.quniform` is no list: 12.0 is a value and no place.")
    if not isinstance(units, int | np.integer):
        wrong(
            f"`{shown(units)}` is a float, and `Dense` wants a whole number of units. This is the "
            "trap of `hp.quniform`."
        )
    return right("Two places looked up, one float made whole.")


q3 = Exercise(
    lesson=4,
    number=3,
    title="Read Hyperopt's answer",
    points=1,
    question="""
    A colleague runs Hyperopt on this space:

    ```python
    space = {
        "hidden_units": hp.quniform("hidden_units", 5, 20, 1),
        "optimizer": hp.choice("optimizer", ["sgd", "adam", "rmsprop"]),
        "learning_rate": hp.choice("learning_rate", [0.001, 0.01, 0.1]),
    }
    ```

    `fmin` returns `{"hidden_units": 12.0, "learning_rate": 1, "optimizer": 2}`. With which values
    should the final network be built, each of a type that Keras takes?
    """,
    expects="a dict with the values that the network is built with",
    checker=_check_translation,
    hints=(
        "Which of the three are places in a list?",
        "Lists count from 0: place 1 is the second entry.",
        "`Dense(12.0)` is refused. Make it an `int`.",
    ),
    stub='answer = {"hidden_units": ..., "optimizer": ..., "learning_rate": ...}',
    solution_source="""
    optimizers, rates = ["sgd", "adam", "rmsprop"], [0.001, 0.01, 0.1]
    answer = {"hidden_units": int(12.0), "optimizer": optimizers[2], "learning_rate": rates[1]}
    """,
    why=(
        "Whoever copies `fmin`'s answer into a report reports a learning rate of 1. "
        "`space_eval(space, best)` looks the places up for you."
    ),
    wrong_answers=(
        WrongAnswer(
            'answer = {"hidden_units": 12.0, "learning_rate": 1, "optimizer": 2}',
            because="copies the answer as it is",
            says="the place in the list",
        ),
        WrongAnswer(
            'answer = {"hidden_units": 12, "learning_rate": 0.001, "optimizer": "adam"}',
            because="counts from 1",
            says="count from 0",
        ),
        WrongAnswer(
            'answer = {"hidden_units": 12, "learning_rate": 1, "optimizer": "rmsprop"}',
            because="takes a place for a learning rate",
            says="no learning rate",
        ),
        WrongAnswer(
            'answer = {"hidden_units": 12.0, "learning_rate": 0.01, "optimizer": "rmsprop"}',
            because="leaves the float",
            says="`Dense` wants",
        ),
        WrongAnswer(
            'answer = {"hidden_units": 17, "learning_rate": 0.01, "optimizer": "rmsprop"}',
            because="takes 12 for a place that counts from 5",
            says="no place",
        ),
    ),
)

# ── 4.4 ──────────────────────────────────────────────────────────────────────────────────────

_MODELED = {"000 Hyperopt": 0, "001 Hyperopt": 80, "003 Optuna": 0}
_BUDGETS = {"000 Hyperopt": 10, "001 Hyperopt": 100, "003 Optuna": 10}


def _check_modeled(answer: object) -> Right:
    chosen = checks.mapping(answer, "a dict from programs to numbers of trials", list(_MODELED))
    for name, expected in _MODELED.items():
        count = checks.whole_number(chosen[name], f"a number of trials for {name}", low=0)
        if count == expected:
            continue
        if count > _BUDGETS[name]:
            wrong(f"{name} makes {_BUDGETS[name]} trials in all.")
        if count == _BUDGETS[name]:
            wrong(f"The first trials of {name} are drawn at random. How many are left?")
        if name == "001 Hyperopt" and count == 90:
            wrong("10 is what Optuna draws at random first; Hyperopt draws more.")
        wrong(f"{count} is not the number for {name}: its trials minus its random start.")
    return right("Two of the three programs never use their model at all.")


q4 = Exercise(
    lesson=4,
    number=4,
    title="How much of it was Bayesian?",
    points=1,
    question="""
    Left at its defaults, Hyperopt's `tpe.suggest` draws 20 trials at random before it asks its
    model, Optuna's `TPESampler` 10. The programs of the articles make 10 trials (000, Hyperopt),
    100 trials (001, Hyperopt) and 10 trials (003, Optuna). How many trials of each did the model
    choose?
    """,
    expects="a dict from programs to numbers of trials",
    checker=_check_modeled,
    hints=(
        "Take the random start from the number of trials.",
        "A program with fewer trials than its random start is random search to the end.",
    ),
    stub='answer = {"000 Hyperopt": ..., "001 Hyperopt": ..., "003 Optuna": ...}',
    solution_source="""
    answer = {
        "000 Hyperopt": max(10 - 20, 0),
        "001 Hyperopt": max(100 - 20, 0),
        "003 Optuna": max(10 - 10, 0),
    }
    """,
    why="A budget below the random start buys random search under another name.",
    wrong_answers=(
        WrongAnswer(
            'answer = {"000 Hyperopt": 10, "001 Hyperopt": 100, "003 Optuna": 10}',
            because="thinks that every trial is modeled",
            says="drawn at random",
        ),
        WrongAnswer(
            'answer = {"000 Hyperopt": 0, "001 Hyperopt": 90, "003 Optuna": 0}',
            because="takes Optuna's default for Hyperopt's",
            says="draws more",
        ),
        WrongAnswer(
            'answer = {"000 Hyperopt": 5, "001 Hyperopt": 80, "003 Optuna": 0}',
            because="guesses a share",
            says="minus its random start",
        ),
        WrongAnswer(
            'answer = {"000 Hyperopt": -10, "001 Hyperopt": 80, "003 Optuna": 0}',
            because="forgets that there are no negative trials",
            says="from 0 up",
        ),
    ),
)

# ── 4.5 ──────────────────────────────────────────────────────────────────────────────────────

_ROWS = ("training", "validation", "test")
_SCORED = {
    "000 Hyperopt": "test",
    "001 Hyperopt": "training",
    "003 Optuna": "training",
    "003 KerasTuner": "validation",
}


def _check_leaks(answer: object) -> Right:
    chosen = checks.mapping(answer, "a dict from programs to the rows that score", list(_SCORED))
    for name, rows in _SCORED.items():
        found = checks.option(chosen[name], _ROWS, "one of the three kinds of rows")
        if found == rows:
            continue
        if name == "003 Optuna":
            wrong(
                "003 Optuna: `fit` holds a fifth of `x_train` out, and then `evaluate` is given "
                "all of `x_train`. What are most of those rows?"
            )
        if name == "003 KerasTuner":
            wrong(
                '003 KerasTuner: the objective is `"val_accuracy"`, and `search` is called with '
                "`validation_split=0.2`."
            )
        wrong(f"{name}: look at what `model.evaluate` is given, and what `model.fit` was given.")
    return right("Three of the four programs choose by rows that should not choose.")


q5 = Exercise(
    lesson=4,
    number=5,
    title="Find the leak",
    points=1,
    question="""
    Which rows score the trials in each program of the articles: `"training"`, `"validation"` or
    `"test"`? The lines that matter:

    ```python
    # 000 Hyperopt
    model.fit(X_train, y_train, epochs=50, batch_size=10, verbose=0)
    _, accuracy = model.evaluate(X_test, y_test, verbose=0)
    # 001 Hyperopt
    history = model.fit(X, y, epochs=100, batch_size=16, verbose=0)
    loss, accuracy = model.evaluate(X, y, verbose=0)
    # 003 Optuna
    model.fit(x_train, y_train, epochs=5, validation_split=0.2, verbose=0)
    _, accuracy = model.evaluate(x_train, y_train, verbose=0)
    # 003 KerasTuner, with objective="val_accuracy"
    tuner.search(x_train, y_train, epochs=10, validation_split=0.2)
    ```
    """,
    expects="a dict from programs to the rows that score",
    checker=_check_leaks,
    hints=(
        "Compare the arguments of `fit` with those of `evaluate`.",
        "A validation set that is made and then not used does not help.",
        "For KerasTuner the name of the objective says it.",
    ),
    stub="""
    answer = {
        "000 Hyperopt": ...,
        "001 Hyperopt": ...,
        "003 Optuna": ...,
        "003 KerasTuner": ...,
    }
    """,
    solution_source="""
    answer = {
        "000 Hyperopt": "test",
        "001 Hyperopt": "training",
        "003 Optuna": "training",
        "003 KerasTuner": "validation",
    }
    """,
    why=(
        "The search maximizes whatever you return. Returned training accuracy rewards learning by "
        "heart; returned test accuracy uses up the rows that should have judged the result."
    ),
    wrong_answers=tuple(
        WrongAnswer(f"answer = dict(zip({tuple(_SCORED)!r}, {rows!r}))", because=because, says=says)
        for rows, because, says in (
            (
                ("test", "training", "validation", "validation"),
                "sees validation_split and reads no further",
                "all of `x_train`",
            ),
            (
                ("validation", "training", "training", "validation"),
                "takes a test set for a validation set",
                "000 Hyperopt",
            ),
            (
                ("test", "validation", "training", "validation"),
                "takes X for other rows than those of fit",
                "001 Hyperopt",
            ),
            (
                ("test", "training", "training", "training"),
                "overlooks the name of the objective",
                "val_accuracy",
            ),
        )
    ),
)

# ── 4.6 ──────────────────────────────────────────────────────────────────────────────────────


def _check_objective(answer: object) -> Right:
    what = "a function `objective(trial, build, data)`"
    function = _named(answer, what)
    for at in (0.25, 0.75):
        probe, trial, built = RowsProbe(), TrialProbe(at), []

        def build(*arguments: Any, **params: Any) -> Any:
            if arguments or set(params) != {"units", "learning_rate"}:
                wrong("Call it as `build(units=..., learning_rate=...)`.")
            built.append(params)  # noqa: B023
            return NetworkProbe(probe)  # noqa: B023

        value = checks.call(function, trial, build, probe.data, what=what)
        _check_declared(trial)
        if not built:
            wrong("This never calls `build(units=..., learning_rate=...)`.")
        if built[-1] != trial.params:
            wrong(
                f"The network was built with `{shown(built[-1])}`, and the trial suggested "
                f"`{shown(trial.params)}`."
            )
        probe.refuse_misuse()
        value = checks.number(value, "the validation accuracy, a number")
        if checks.near(value, -ACCURACY):
            wrong('The study has `direction="maximize"`: return the accuracy itself, not minus it.')
        if checks.near(value, NetworkProbe.LOSS):
            wrong("This returns the loss; `evaluate` gives the loss first and the accuracy second.")
        if not checks.near(value, ACCURACY):
            wrong(f"The validation accuracy was {ACCURACY}; this returns {shown(value)}.")
    return right("A log scale, the two names of the network, and rows it has not learned from.")


def _check_declared(trial: TrialProbe) -> None:
    declared = trial.declared
    checks.mapping(declared, "two hyperparameters that the trial suggests",
                   ("units", "learning_rate"))  # fmt: skip
    sort, low, high, log = declared["learning_rate"]
    if sort != "float":
        wrong("A learning rate is a number from a range: `trial.suggest_float`.")
    if not (checks.near(low, 1e-4) and checks.near(high, 1e-1)):
        wrong(f"The learning rate should reach from 1e-4 to 1e-1; this is {low:.3g} to {high:.3g}.")
    if not log:
        wrong(
            "On a linear scale nine of ten learning rates lie above 0.01. `suggest_float` has a "
            "keyword for the log scale."
        )
    sort, low, high, how = declared["units"]
    if sort != "int" or (low, high) != (32, 512) or how != (False, 32):
        wrong('As in the article: `trial.suggest_int("units", 32, 512, step=32)`.')


_ARTICLE_003 = """
def objective(trial, build, data):
    units = trial.suggest_int("units", 32, 512, step=32)
    learning_rate = {rate}
    model = build(units=units, learning_rate=learning_rate)
    model.fit(data.x_train, data.y_train, epochs=5{split}, verbose=0)
    _, accuracy = model.evaluate({rows}, verbose=0)
    return accuracy


answer = objective
"""
_LOG_RATE = 'trial.suggest_float("learning_rate", 1e-4, 1e-1, log=True)'
_MENDED = {"rate": _LOG_RATE, "split": "", "rows": "data.x_val, data.y_val"}

q6 = Exercise(
    lesson=4,
    number=6,
    title="Mend it",
    points=2,
    question="""
    Write article 003's Optuna objective as it should be. `trial` is an Optuna trial, `data` a data
    set of this course, and `build(units=..., learning_rate=...)` returns a compiled Keras network.

    Suggest `units` from 32 to 512 in steps of 32 and `learning_rate` from 1e-4 to 1e-1 on a log
    scale, train for 5 epochs on the training rows, and return the validation accuracy.
    """,
    expects="a function `objective(trial, build, data)`",
    checker=_check_objective,
    hints=(
        "Which rows may the network learn from, and which may score it?",
        "`trial.suggest_float(name, low, high, log=True)` replaces `suggest_loguniform`.",
        "`model.evaluate(data.x_val, data.y_val, verbose=0)` gives loss and accuracy.",
    ),
    stub="""
    def objective(trial, build, data):
        ...


    answer = objective
    """,
    solution_source=_ARTICLE_003.format(**_MENDED),
    why=(
        "The objective is the only thing a search believes. An hour of checking it is worth more "
        "than a better sampler."
    ),
    wrong_answers=tuple(
        WrongAnswer(_ARTICLE_003.format(**{**_MENDED, **change}), because=because, says=says)
        for change, because, says in (
            (
                {"rows": "data.x_train, data.y_train"},
                "scores on the training rows, as the article does",
                "learned from",
            ),
            (
                {"rows": "*data.open_test()"},
                "scores on the test rows, as article 000 does",
                "test set",
            ),
            (
                {"rate": 'trial.suggest_loguniform("learning_rate", 1e-4, 1e-1)'},
                "keeps the deprecated call",
                "deprecated",
            ),
            (
                {"rate": 'trial.suggest_float("learning_rate", 1e-4, 1e-1)'},
                "forgets the log scale",
                "linear scale",
            ),
            (
                {"split": ", validation_split=0.2"},
                "cuts the validation set twice",
                "second validation set",
            ),
        )
    )
    + (
        WrongAnswer(
            _ARTICLE_003.format(**_MENDED).replace("return accuracy", "return -accuracy"),
            because="minimizes, as Hyperopt does",
            says="maximize",
        ),
        WrongAnswer(
            _ARTICLE_003.format(**_MENDED).replace("_, accuracy", "accuracy, _"),
            because="takes the loss for the accuracy",
            says="the loss first",
        ),
    ),
)

# ── 4.7, the challenge ───────────────────────────────────────────────────────────────────────

_TRIALS, _REPEATS, _NEEDED = 50, 100, 0.75
_FIRST_LOOK = 20  # replays that show a search which is far off


def _check_search(answer: object) -> Right:
    what = "a function `search(objective, seed)` that returns the chosen params"
    function = _named(answer, what)

    def careful(objective: Any, seed: int) -> Any:
        try:
            return function(objective, seed)
        except HpoTutorError as error:
            return wrong(f"`search` stopped at seed {seed}. {reason(error)}")

    first = challenge.replays(careful, trials=_TRIALS, repeats=_FIRST_LOOK)
    share = first.share_in_best()
    if share < 0.35:
        wrong(
            f"Of {_FIRST_LOOK} replays {share:.0%} end in the best 5% of the table. That is worse "
            "than random search: does the study maximize, and do you return the best params?"
        )
    return challenge.verdict(
        challenge.replays(careful, trials=_TRIALS, repeats=_REPEATS),
        needed=_NEEDED,
        look_at="Does a trial learn from the ones before it?",
    )


_SEARCH = """
import optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)


def search(objective, seed):
    def score(trial):
        params = objective.space.suggest(trial)
        value = objective.evaluate(params).value
        return value if value == value else 0.0  # a diverged network has no score

    sampler = optuna.samplers.TPESampler(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(score, n_trials=50)
    return study.best_params


answer = search
"""
_RANDOM = """
import numpy as np


def search(objective, seed):
    rng = np.random.default_rng(seed)
    points = [objective.space.sample(rng) for _ in range(50)]
    values = [objective.evaluate(params).value for params in points]
    return {chosen}


answer = search
"""

q7 = Exercise(
    lesson=4,
    number=7,
    title="Better than luck",
    points=3,
    challenge=True,
    question="""
    Write `search(objective, seed)`. It may train 50 networks on the digits table
    (`objective.evaluate(params).value` is the validation accuracy, NaN for a network that
    diverged; `objective.space` is the space) and returns the params it would take.

    The check replays it with 100 seeds. At least 75% of the replays have to end among the best
    5% of the table. Plain random search does not get there. Allow it half a minute.
    """,
    expects="a function `search(objective, seed)` that returns the chosen params",
    checker=_check_search,
    hints=(
        "`objective.space.suggest(trial)` makes an Optuna trial into params.",
        "A study with `TPESampler(seed=seed)`; it has to maximize.",
        "`study.optimize(score, n_trials=50)`, and `study.best_params` at the end. Turn NaN into "
        "0, or Optuna counts the trial as failed.",
    ),
    stub="""
    def search(objective, seed):
        ...


    answer = search
    """,
    solution_source=_SEARCH,
    why=(
        "Judged over many seeds a method shows what it is worth. It can rise further: keep ten "
        "trainings back, and train the best five settings twice more: one score is partly luck."
    ),
    wrong_answers=(
        WrongAnswer(
            _RANDOM.format(chosen="points[int(np.nanargmax(values))]"),
            because="searches at random",
            says="learn from the ones before",
        ),
        WrongAnswer(
            _RANDOM.format(chosen="points[-1]"),
            because="returns the last trial instead of the best",
            says="worse than random search",
        ),
        WrongAnswer(
            _SEARCH.replace("n_trials=50", "n_trials=60"),
            because="spends more than the budget",
            says="its budget",
        ),
        WrongAnswer(
            _SEARCH.replace('direction="maximize", ', ""),
            because="leaves Optuna's default, which minimizes",
            says="does the study maximize",
        ),
        WrongAnswer(
            "def search(objective, seed):\n    return objective.space.sample(seed)\n"
            "answer = search",
            because="never trains a network",
            says="without having looked",
        ),
    ),
)

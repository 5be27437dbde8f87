"""Lesson 08, the libraries: a space in Optuna, a condition, stopping, finishing, a search."""

from __future__ import annotations

import numpy as np
import optuna

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.log import quiet_optuna

# ── 8.1 ──────────────────────────────────────────────────────────────────────────────────────

_EXPECTED = {
    "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
    "units": optuna.distributions.IntDistribution(16, 128, step=16),
    "optimizer": optuna.distributions.CategoricalDistribution(["sgd", "adam"]),
}


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_suggest(answer: object) -> Right:
    trial = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask()
    params = checks.call(answer, trial, what="`suggest(trial)`")
    checks.mapping(params, "a dict of hyperparameters", _EXPECTED)
    for name, expected in _EXPECTED.items():
        got = trial.distributions.get(name)
        if got is None:
            wrong(f"Nothing was asked of the trial under the name {name!r}.")
        if type(got) is not type(expected):
            wrong(
                f"`{name}` is a {_kind(got)} in your function, and a {_kind(expected)} in the "
                "space. Each kind has a `suggest_` of its own."
            )
        if getattr(got, "log", False) != getattr(expected, "log", False):
            scale = "a log scale" if expected.log else "a linear scale"
            wrong(f"`{name}` should be drawn on {scale}.")
        if got != expected:
            wrong(f"`{name}` should be {expected}; yours is {got}.")
        if params[name] != trial.params[name]:
            wrong(f"The dict holds another `{name}` than the trial suggested.")
    return right("The same names, kinds, bounds and scales as in the space.")


def _kind(distribution: object) -> str:
    name = type(distribution).__name__
    return {"FloatDistribution": "float", "IntDistribution": "whole number"}.get(name, "choice")


_SUGGEST = """
def suggest(trial):
    return {{
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 1e-1{log}),
        "units": trial.{units},
        "optimizer": trial.suggest_categorical("optimizer", {optimizers}),
    }}


answer = suggest
"""


def _suggest(
    log: str = ", log=True",
    units: str = 'suggest_int("units", 16, 128, step=16)',
    optimizers: str = '["sgd", "adam"]',
) -> str:
    return _SUGGEST.format(log=log, units=units, optimizers=optimizers)


q1 = Exercise(
    lesson=8,
    number=1,
    title="Say it in Optuna",
    points=2,
    question="""
    Write `suggest(trial)` for this space. It returns a dict with the three names.

    ```python
    ht.SearchSpace(
        learning_rate=ht.loguniform(1e-4, 1e-1),
        units=ht.integers(16, 128, step=16),
        optimizer=ht.choice("sgd", "adam"),
    )
    ```
    """,
    expects="a function suggest(trial) that returns a dict",
    checker=_check_suggest,
    hints=(
        "`trial.suggest_float`, `trial.suggest_int`, `trial.suggest_categorical`.",
        "The log scale and the step are keyword arguments.",
    ),
    stub="def suggest(trial): ...\n\n\nanswer = suggest",
    solution_source=_suggest(),
    why="A space that changes a little in translation is another space, and another result.",
    wrong_answers=(
        WrongAnswer(_suggest(log=""), because="forgets the log scale", says="log scale"),
        WrongAnswer(
            _suggest(units='suggest_float("units", 16, 128, step=16)'),
            because="makes a float of a whole number",
            says="whole number",
        ),
        WrongAnswer(
            _suggest(units='suggest_int("units", 16, 128)'),
            because="forgets the step",
            says="step=16",
        ),
        WrongAnswer(
            _suggest(optimizers='["sgd", "rmsprop", "adam"]'),
            because="adds a choice",
            says="rmsprop",
        ),
    ),
)

# ── 8.2 ──────────────────────────────────────────────────────────────────────────────────────


def _check_condition(answer: object) -> Right:
    space = checks.search_space(answer, ("optimizer", "momentum", "learning_rate"))
    rng = np.random.default_rng(0)
    drawn = [space.sample(rng) for _ in range(200)]
    names = {point["optimizer"] for point in drawn}
    if names != {"sgd", "adam"}:
        wrong(f"The optimizers should be 'sgd' and 'adam'; yours are {sorted(names)}.")
    having = {point["optimizer"] for point in drawn if "momentum" in point}
    if having != {"sgd"}:
        whom = " and ".join(sorted(having)) or "nothing"
        verb = "have" if len(having) > 1 else "has"
        wrong(f"In your space {whom} {verb} a momentum. It should exist for SGD alone.")
    if any(point["optimizer"] == "sgd" and "momentum" not in point for point in drawn):
        wrong("SGD should always have a momentum.")
    momenta = [point["momentum"] for point in drawn if "momentum" in point]
    if min(momenta) < 0 or max(momenta) > 0.99 or max(momenta) - min(momenta) < 0.8:
        wrong("The momentum should be drawn from 0 to 0.99.")
    if not checks.log_scaled(space, "learning_rate"):
        wrong("A learning rate belongs on a log scale.")
    return right("Trials with Adam are not told apart by a momentum that does nothing.")


_CONDITION = """
import hpotutor as ht

space = ht.SearchSpace(
    optimizer=ht.choice("sgd", "adam"),
    momentum={momentum},
    learning_rate={rate},
)
answer = space
"""


def _condition(
    momentum: str = 'ht.when(ht.uniform(0.0, 0.99), optimizer="sgd")',
    rate: str = "ht.loguniform(1e-4, 1e-1)",
) -> str:
    return _CONDITION.format(momentum=momentum, rate=rate)


q2 = Exercise(
    lesson=8,
    number=2,
    title="A knob that is not always there",
    points=2,
    question="""
    Adam takes no momentum, SGD does. Make an `ht.SearchSpace` with `optimizer` ("sgd" or "adam"),
    `momentum` (0 to 0.99, for SGD alone) and `learning_rate` (0.0001 to 0.1, on the scale that
    suits it).
    """,
    expects="an `ht.SearchSpace(...)`",
    checker=_check_condition,
    hints=(
        "`ht.when(distribution, name=value)` makes a hyperparameter conditional.",
        "Section 1 has one for the second layer's width.",
        "A learning rate varies by factors: lesson 02 says which scale suits that.",
    ),
    solution_source=_condition(),
    why="A model that sees a useless knob vary learns noise, and pays trials for it.",
    wrong_answers=(
        WrongAnswer(
            _condition(momentum="ht.uniform(0.0, 0.99)"), because="has no condition", says="alone"
        ),
        WrongAnswer(
            _condition(momentum='ht.when(ht.uniform(0.0, 0.99), optimizer="adam")'),
            because="gives it to Adam",
            says="SGD alone",
        ),
        WrongAnswer(
            _condition(rate="ht.uniform(1e-4, 1e-1)"), because="is linear", says="log scale"
        ),
    ),
)

# ── 8.3 ──────────────────────────────────────────────────────────────────────────────────────

_LIBRARIES = ("scikit-learn", "Optuna", "Hyperopt", "KerasTuner")
_FILES = {
    "Optuna": "storage",
    "Hyperopt": "trials_save_file",
    "KerasTuner": "directory",
}


def _check_kernel(answer: object) -> Right:
    files = checks.mapping(answer, "a dict from a library to the name of its argument")
    named = {}
    for library, argument in files.items():
        name = checks.option(library, _LIBRARIES, "one of the four libraries")
        named[name] = checks.expect(argument, str, f"the name of an argument of {name}").strip()
    if "scikit-learn" in named:
        wrong("scikit-learn's searches write no file while they run, and memory died.")
    for name, argument in named.items():
        if argument == _FILES[name]:
            continue
        if argument in ("study", "trials", "oracle"):
            wrong(f"For {name} you name what lived in memory. That died with the kernel.")
        wrong(
            f"{name} does not write its trials because of `{argument}`. Section 3 names the "
            "argument, below the table of what was kept."
        )
    missing = [name for name in _FILES if name not in named]
    if missing:
        left = "1 more library" if len(missing) == 1 else f"{len(missing)} more libraries"
        wrong(f"There is a file for {left}. Section 3 names them below its table.")
    return right("Three can continue, if their file was named before the search began.")


_STUB_FILES = """
answer = {{
{rows}
}}
"""


def _kernel(**changes: str | None) -> str:
    files = {name: argument for name, argument in (_FILES | changes).items() if argument}
    rows = "\n".join(f'    "{name}": "{argument}",' for name, argument in files.items())
    return _STUB_FILES.format(rows=rows)


q3 = Exercise(
    lesson=8,
    number=3,
    title="The kernel died",
    points=2,
    question="""
    Four searches ran all night: with "scikit-learn", "Optuna", "Hyperopt" and "KerasTuner". Then
    the kernel *died*, and all its memory with it. Which of the searches can continue, and what
    must have been set before? Answer with a dict: for each library that can continue, the name of
    the argument that names its file, as in `{"Library": "argument"}`.
    """,
    expects="a dict from names of libraries to names of arguments, all strings",
    checker=_check_kernel,
    hints=(
        "What is kept in memory is lost. What is kept in a file is not.",
        "The text below the table of section 3 names the argument of each library that has one.",
    ),
    solution_source=_kernel(),
    why="Before a long search, find out what it leaves behind, and name the file.",
    wrong_answers=(
        WrongAnswer(
            _kernel(**{"scikit-learn": "cv_results_"}),
            because="takes an attribute in memory for a file",
            says="no file",
        ),
        WrongAnswer(_kernel(Optuna="study"), because="died with the kernel", says="in memory"),
        WrongAnswer(_kernel(Hyperopt="trials"), because="died with the kernel", says="in memory"),
        WrongAnswer(_kernel(KerasTuner=None), because="forgets one", says="1 more library"),
        WrongAnswer(
            _kernel(KerasTuner="overwrite"), because="names another argument", says="Section 3"
        ),
    ),
)

# ── 8.4 ──────────────────────────────────────────────────────────────────────────────────────


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_finish(answer: object) -> Right:
    for done, total in ((3, 8), (8, 8), (9, 8)):
        _finish_one(answer, done, total)
    return right("It makes up for what is missing, and no more.")


def _finish_one(answer: object, done: int, total: int) -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=done)
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    calls = []

    def objective(trial: optuna.Trial) -> float:
        calls.append(trial.number)
        if len(calls) > 50:
            wrong("It never ends. Stop when the study has what it needs.")
        return trial.suggest_float("x", 0, 1)

    checks.call(answer, study, objective, total, what="`finish(study, objective, total)`")
    missing = max(0, total - done)
    if len(calls) != missing:
        wrong(
            f"A study with {done} complete trials and a failed one was to be brought to {total} "
            f"complete ones. Your function trains {len(calls)}; it should train {missing}."
        )


def _finish(count: str) -> str:
    return f"""
import optuna


def finish(study, objective, total):
    complete = study.get_trials(states=[optuna.trial.TrialState.COMPLETE])
    study.optimize(objective, n_trials={count})
    return study


answer = finish
"""


q4 = Exercise(
    lesson=8,
    number=4,
    title="Finish what was stopped",
    points=2,
    question="""
    Write `finish(study, objective, total)`: it runs an Optuna study until it has `total` complete
    trials, and returns the study. Some may be there already; failed trials do not count; a study
    that has enough is left alone.
    """,
    expects="a function finish(study, objective, total)",
    checker=_check_finish,
    hints=(
        "`study.trials` holds failed trials too.",
        "`study.get_trials(states=[optuna.trial.TrialState.COMPLETE])` holds the complete ones.",
        "`n_trials` of `study.optimize` is how many *more* to run; it must not be negative.",
    ),
    stub="def finish(study, objective, total): ...\n\n\nanswer = finish",
    solution_source=_finish("max(0, total - len(complete))"),
    why="With a storage on disk these lines make any search safe to stop.",
    wrong_answers=(
        WrongAnswer(_finish("total"), because="starts again", says="it should train 5"),
        WrongAnswer(
            _finish("max(0, total - len(study.trials))"),
            because="counts the failed one",
            says="trains 4",
        ),
        WrongAnswer(
            _finish("max(1, total - len(complete))"),
            because="trains one where none is needed",
            says="it should train 0",
        ),
    ),
)

# ── 8.5 ──────────────────────────────────────────────────────────────────────────────────────

_TRIALS, _REPEATS, _NEEDED = 25, 100, 0.75


def _check_search(answer: object) -> Right:
    return challenge.verdict(
        challenge.replays(answer, trials=_TRIALS, repeats=_REPEATS),
        needed=_NEEDED,
        look_at="Twenty-five trials are few: which parts of the space can you leave out by what "
        "the lessons found?",
    )


_SEARCH = """
import optuna


def search(objective, seed):
    sampler = optuna.samplers.RandomSampler(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for _ in range({trials}):
        trial = study.ask()
        params = {{
            "optimizer": trial.suggest_categorical("optimizer", ["rmsprop", "adam"]),
            "learning_rate": trial.suggest_float("learning_rate", {rates}),
            "batch_size": trial.suggest_categorical("batch_size", [16, 32, 64]),
            "layers": trial.suggest_int("layers", 1, 2),
            "units": trial.suggest_categorical("units", [32, 64]),
            "activation": "relu",
            "dropout": trial.suggest_categorical("dropout", [0.0, 0.2]),
        }}
        value = objective.evaluate(params).value
        study.tell(trial, value if value == value else 0.0)
    return {{"activation": "relu", **study.{chosen}}}


answer = search
"""


def _search(
    trials: int = 25, rates: str = "1e-3, 2e-2, log=True", chosen: str = "best_params"
) -> str:
    return _SEARCH.format(trials=trials, rates=rates, chosen=chosen)


q5 = Exercise(
    lesson=8,
    number=5,
    title="Ask and tell",
    points=3,
    challenge=True,
    question="""
    Write `search(objective, seed)` for the digits table, with Optuna's `study.ask()` and
    `study.tell(trial, value)`. It may train 25 networks with `objective.evaluate(params)` and
    returns the `params` it chooses. You may leave out parts of the table's space
    (`objective.space`), but `params` needs all seven names. A diverged training has the value NaN,
    which Optuna does not take.

    It is replayed 100 times. At least 75% of the replays must end among the best 5% of the table.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters as a dict",
    checker=_check_search,
    hints=(
        "`objective.space.suggest(trial)` suggests from all of the space; that is not enough.",
        "Which learning rates, optimizers and widths won in the lessons before? You may use what "
        "you know. On new data you would not know it.",
        "Fix the activation, and let Optuna choose among the better half of the rest.",
    ),
    stub="def search(objective, seed): ...\n\n\nanswer = search",
    solution_source=_search(),
    why="What you know about the problem saves more trials than a cleverer sampler.",
    wrong_answers=(
        WrongAnswer(_search(trials=40), because="spends more than 25", says="its budget"),
        WrongAnswer(
            _search(rates="1e-1, 1.0, log=True"),
            because="searches where networks diverge",
            says="of 100 replays",
        ),
        WrongAnswer(
            _search(chosen="trials[0].params"),
            because="returns the first and not the best",
            says="of 100 replays",
        ),
    ),
)

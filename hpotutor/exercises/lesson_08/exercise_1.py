"""Exercise 8.1: Say it in Optuna."""

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.search_probes import same_distribution, trial_probe
from hpotutor.study.storage import quiet_optuna

_EXPECTED = {
    "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1e-1, log=True),
    "units": optuna.distributions.IntDistribution(16, 128, step=16),
    "optimizer": optuna.distributions.CategoricalDistribution(["sgd", "adam"]),
}


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_suggest(answer: object) -> Right:
    for seed in (0, 1):
        _check_trial(answer, trial_probe(seed))
    return right("The same names, kinds, bounds and scales as in the space.")


def _check_trial(answer: object, trial: optuna.Trial) -> None:
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
            scale = "a log scale" if getattr(expected, "log", False) else "a linear scale"
            wrong(f"`{name}` should be drawn on {scale}.")
        if not same_distribution(got, expected):
            wrong(f"`{name}` should be {expected}; yours is {got}.")
        if params[name] != trial.params[name]:
            wrong(f"The dict holds another `{name}` than the trial suggested.")
    for name in trial.distributions:
        if name not in _EXPECTED:
            wrong(f"The trial is asked for `{name}` too, which is not in the space.")


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
    lesson=8, number=1, title="Say it in Optuna", points=2,
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
        WrongAnswer(_suggest(log=""), "forgets the log scale", "log scale"),
        WrongAnswer(_suggest(units='suggest_float("units", 16, 128, step=16)'),
                    "makes a float of a whole number", "whole number"),
        WrongAnswer(_suggest(units='suggest_int("units", 16, 128)'), "forgets the step", "step=16"),
        WrongAnswer(_suggest(optimizers='["sgd", "rmsprop", "adam"]'), "adds a choice", "rmsprop"),
        WrongAnswer(_suggest(units='suggest_int("units", 16, 144, step=16)'),
                    "goes one step too far", "128"),
        WrongAnswer(_suggest(log=", log=True) + 0 * trial.suggest_float('momentum', 0, 1"),
                    "asks for more than the space has", "`momentum` too"),
    ),
)  # fmt: skip

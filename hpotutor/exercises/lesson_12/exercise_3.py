"""Exercise 12.3: Two goals and a limit."""

from typing import Any

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown
from hpotutor.study.storage import quiet_optuna

_WHAT = "a function objective(trial, train)"
_SPACE: dict[str, Any] = {
    "units": optuna.distributions.IntDistribution(8, 512, log=True),
    "learning_rate": optuna.distributions.FloatDistribution(1e-4, 1.0, log=True),
}
_LIMIT = 5_000
_WAYS: list[Any] = ["maximize", "minimize"]


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def _check_objective(answer: object) -> Right:
    over = {}
    for weights in (5_000, 5_001, 400, 60_000):
        asked: list[tuple] = []

        def train(units: int, rate: float, weights: int = weights, asked: list = asked) -> tuple:
            asked.append((units, rate))
            return 0.75, weights

        study = optuna.create_study(directions=_WAYS, sampler=optuna.samplers.RandomSampler(seed=3))
        trial = study.ask()
        found = checks.call(answer, trial, train, what=_WHAT)
        ended = study.trials[0]
        _check_space(ended)
        if asked != [(ended.params["units"], ended.params["learning_rate"])]:
            wrong(f"`train` should be called once, as train(units, learning_rate); got {asked}.")
        values = checks.sequence(found, "two values, the accuracy and the weights", 2)
        if values != [0.75, weights]:
            wrong(
                f"Where train returns (0.75, {weights}), the objective returns {shown(values)}. "
                'The study has the directions ["maximize", "minimize"]: accuracy first, then '
                "weights, each as it is."
            )
        over[weights] = _constraint(ended)
    if over[5_000] > 0 or over[400] > 0:
        wrong(
            f"5,000 weights are allowed, and 400 too. Your constraint says {over[5_000]:g} and "
            f"{over[400]:g}: above 0 means that the limit is broken."
        )
    if over[5_001] <= 0 or over[60_000] <= 0:
        wrong(
            f"5,001 weights are too many, and 60,000 too. Your constraint says {over[5_001]:g} and "
            f"{over[60_000]:g}: 0 or less means that the limit is kept."
        )
    if over[60_000] <= over[5_001]:
        wrong(
            "The constraint says the same of 5,001 and 60,000 weights. Say by how much the limit "
            "is broken: then a sampler learns which way to go."
        )
    return right("The sampler hears both goals, and how far each trial is beyond the limit.")


def _check_space(trial: optuna.trial.FrozenTrial) -> None:
    """Refuse a space that is not the one asked for."""
    if set(trial.params) != set(_SPACE):
        wrong(f"The trial suggests {sorted(trial.params)}; it should be units and learning_rate.")
    for name, asked in _SPACE.items():
        found: Any = trial.distributions[name]
        if type(found) is not type(asked):
            wrong(f"{name} should be {'a whole number' if name == 'units' else 'a float'}.")
        if not getattr(found, "log", False):
            wrong(f"{name} should be drawn on a log scale.")
        if found != asked:
            wrong(f"{name} should go from {asked.low} to {asked.high}; yours is {found}.")


def _constraint(trial: optuna.trial.FrozenTrial) -> float:
    """Return the one constraint that a trial was given."""
    given = [v for k, v in trial.system_attrs.items() if k.startswith("constraints:")]
    if len(given) != 1:
        wrong(
            f"The trial was given {len(given)} constraints, and one is asked for: "
            "`trial.set_constraint(name, value)`."
        )
    return float(given[0])


_BODY = """
def objective(trial, train):
    units = trial.suggest_int("units", 8, 512, log=True)
    rate = trial.suggest_float("learning_rate", {rates})
    accuracy, weights = train(units, rate)
    {tell}
    return {returned}

answer = objective
"""
_GOOD = {
    "rates": "1e-4, 1.0, log=True",
    "tell": 'trial.set_constraint("weights", weights - 5_000)',
    "returned": "accuracy, weights",
}

q3 = Exercise(
    lesson=12, number=3, title="Two goals and a limit", points=2,
    question="""
    Write an objective for a study with `directions=["maximize", "minimize"]`.
    `objective(trial, train)` suggests `units`, a whole number from 8 to 512, and
    `learning_rate`, from 0.0001 to 1, both on a log scale. `train(units, learning_rate)` returns
    the accuracy and the number of weights. Return both goals in the order of the directions, and
    tell Optuna with `trial.set_constraint` that at most 5,000 weights are allowed: by how much a
    trial has too many.
    """,
    expects=_WHAT,
    checker=_check_objective,
    hints=(
        "An objective with several goals returns a tuple.",
        "A constraint is kept where its value is 0 or less.",
        "The value is the number of weights minus the limit.",
    ),
    stub="""
    def objective(trial, train): ...

    answer = objective
    """,
    solution_source=_BODY.format(**_GOOD),
    why="NSGA-II and TPE prefer a trial that keeps the limit, then one that misses it less.",
    wrong_answers=tuple(
        WrongAnswer(_BODY.format(**{**_GOOD, part: code}), because, says)
        for part, code, because, says in (
            ("returned", "weights, accuracy", "turns the goals round", "accuracy first"),
            ("returned", "accuracy", "returns one goal", "two values"),
            ("returned", "accuracy, -weights", "minimizes the wrong way", "each as it is"),
            ("tell", 'trial.set_constraint("weights", 5_000 - weights)', "turns the limit round",
             "are allowed"),
            ("tell", 'trial.set_constraint("weights", float(weights > 5_000))',
             "says only whether", "by how much"),
            ("tell", 'trial.set_constraint("weights", weights)', "forgets the limit", "allowed"),
            ("tell", 'trial.set_user_attr("weights", weights)', "tells no constraint",
             "0 constraints"),
            ("tell", "if weights > 5_000: raise ValueError", "fails instead", "0 constraints"),
            ("rates", "1e-4, 1.0", "takes a linear scale", "log scale"),
            ("rates", "1e-3, 1.0, log=True", "takes another range", "should go from"),
        )
    ),
)  # fmt: skip

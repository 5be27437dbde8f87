"""Exercise 4.7: Better than luck."""

from typing import Any

from hpotutor.errors import HpoTutorError
from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, wrong
from hpotutor.exercises.messages import reason

_TRIALS, _REPEATS, _BEST, _NEEDED = 50, 100, 0.01, 0.7


def _check_search(answer: object) -> Right:
    what = "a function `search(objective, seed)` that returns the chosen params"
    function = checks.function(answer, what)

    def careful(objective: Any, seed: int) -> Any:
        try:
            return function(objective, seed)
        except HpoTutorError as error:
            return wrong(f"`search` stopped at seed {seed}. {reason(error)}")

    outcome = challenge.replays(
        careful, trials=_TRIALS, repeats=_REPEATS, table="signals", needed=_NEEDED, best=_BEST
    )
    share = outcome.share_in_best(_BEST)
    if share < 0.1:
        wrong(
            f"Of {len(outcome.ranks)} replays {share:.0%} end in the best 1% of the table. "
            "That is worse than random search: does the study maximize, and do you return the "
            "best params?"
        )
    challenge.expect_choice(outcome)
    return challenge.verdict(
        outcome,
        needed=_NEEDED,
        best=_BEST,
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
_ONE_SETTING = """
def search(objective, seed):
    params = {"architecture": "conv", "layers": 3, "filters": 16, "kernel_size": 3}
    params |= {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 64}
    objective.evaluate(params)
    return params


answer = search
"""

q7 = Exercise(
    lesson=4, number=7, title="Better than luck", points=3, challenge=True,
    question="""
    Write `search(objective, seed)`. It may train 50 networks on the signals table
    (`objective.evaluate(params).value` is the validation accuracy, NaN for a network that
    diverged; `objective.space` is the space) and returns the params it would take.

    The check replays it with 100 seeds. At least 70% of the replays have to end among the best
    1% of the table, which score above 0.86. Random search gets there in four of ten. The check
    takes a while.
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
    why="Judged over many seeds a method shows what it is worth. It can rise further: keep ten "
        "trainings back, and train the best five settings twice more: one score is partly luck.",
    wrong_answers=(
        WrongAnswer(_RANDOM.format(chosen="points[int(np.nanargmax(values))]"),
                    "searches at random", "learn from the ones before"),
        WrongAnswer(_ONE_SETTING, "returns one setting that it knew", "no search"),
        WrongAnswer(_RANDOM.format(chosen="points[-1]"),
                    "returns the last trial instead of the best", "worse than random search"),
        WrongAnswer(_SEARCH.replace("n_trials=50", "n_trials=60"),
                    "spends more than the budget", "its budget"),
        WrongAnswer(_SEARCH.replace('direction="maximize", ', ""),
                    "leaves Optuna's default, which minimizes", "does the study maximize"),
        WrongAnswer("def search(objective, seed):\n    return objective.space.sample(seed)\n"
                    "answer = search", "never trains a network", "without having looked"),
    ),
)  # fmt: skip

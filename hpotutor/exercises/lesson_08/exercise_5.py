"""Exercise 8.5: Ask and tell."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

_TRIALS, _REPEATS, _NEEDED = 25, 100, 0.75


def _check_search(answer: object) -> Right:
    outcome = challenge.replays(answer, trials=_TRIALS, repeats=_REPEATS)
    challenge.expect_choice(outcome)
    return challenge.verdict(
        outcome,
        needed=_NEEDED,
        look_at="Does your study maximize? And twenty-five trials are few: which parts of the "
        "space can you leave out by what the lessons found?",
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
    lesson=8, number=5, title="Ask and tell", points=3, challenge=True,
    question="""
    Write `search(objective, seed)` for the digits table, with Optuna's `study.ask()` and
    `study.tell(trial, value)`. It may train 25 networks with `objective.evaluate(params)` and
    returns the `params` it chooses. You may leave out parts of the table's space
    (`objective.space`). A diverged training has the value NaN; Optuna counts it as failed and
    learns nothing from it, so tell it 0.

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
        WrongAnswer(challenge.ONE_SETTING, "returns one setting that it knew", "no search"),
        WrongAnswer(_search(trials=40), "spends more than 25", "its budget"),
        WrongAnswer(_search(rates="1e-1, 1.0, log=True"),
                    "searches where networks diverge", "of 100 replays"),
        WrongAnswer(_search().replace('direction="maximize", ', ""),
                    "forgets that Optuna minimizes", "Does your study maximize"),
        WrongAnswer(_search(chosen="trials[0].params"),
                    "returns the first and not the best", "of 100 replays"),
    ),
)  # fmt: skip

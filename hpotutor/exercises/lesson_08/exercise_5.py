"""Exercise 8.5: Ask and tell."""

from hpotutor.exercises import challenge
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer

_TRIALS, _REPEATS, _NEEDED = 25, 100, 0.8


def _check_search(answer: object) -> Right:
    return challenge.judge(
        answer,
        trials=_TRIALS,
        repeats=_REPEATS,
        table="signals",
        expect=challenge.expect_choice,
        needed=_NEEDED,
        look_at="Does your study maximize? And random draws from everything are not enough: take "
        "a sampler that learns, or leave out parts of the space that you know to be bad.",
    )


_SEARCH = """
import optuna


def search(objective, seed):
    sampler = optuna.samplers.{sampler}(seed=seed)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    tried = []
    for _ in range({trials}):
        trial = study.ask()
        tried.append(objective.space.suggest(trial))
        value = objective.evaluate(tried[-1]).value
        study.tell(trial, value if value == value else 0.0)
    return tried[{chosen}]


answer = search
"""
_ONE = """
def search(objective, seed):
    network = {"architecture": "conv", "layers": 3, "filters": 16, "kernel_size": 3}
    params = network | {"optimizer": "sgd", "learning_rate": 0.3, "batch_size": 32}
    objective.evaluate(params)
    return params


answer = search
"""


def _search(
    sampler: str = "TPESampler", trials: int = 25, chosen: str = "study.best_trial.number"
) -> str:
    return _SEARCH.format(sampler=sampler, trials=trials, chosen=chosen)


q5 = Exercise(
    lesson=8, number=5, title="Ask and tell", points=3, challenge=True,
    question="""
    Write `search(objective, seed)` for the signals table, with Optuna's `study.ask()` and
    `study.tell(trial, value)`. It may train 25 networks with `objective.evaluate(params)` and
    returns the `params` it chooses. `objective.space.suggest(trial)` suggests from all of the
    table's space; you may leave out parts of it. A diverged training has the value NaN; Optuna
    counts it as failed and learns nothing from it, so tell it 0.

    It is replayed 100 times. At least 80% of the replays must end among the best 5% of the table.
    Random draws from all of the space are not enough.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters as a dict",
    checker=_check_search,
    hints=(
        "Ask, suggest, evaluate, tell; and keep what you tried, to return the best of it.",
        "A sampler with the seed given: `optuna.samplers.TPESampler(seed=seed)`.",
        "You may also fix what you know, for instance the architecture. On new data you would not "
        "know it.",
    ),
    stub="def search(objective, seed): ...\n\n\nanswer = search",
    solution_source=_search(),
    why="Where much is at stake, a sampler that learns needs fewer trials than chance does.",
    wrong_answers=(
        WrongAnswer(_ONE, "returns one setting that it knew", "no search"),
        WrongAnswer(_search(trials=40), "spends more than 25", "its budget"),
        WrongAnswer(_search(sampler="RandomSampler"), "draws from everything", "replays end"),
        WrongAnswer(_search().replace('direction="maximize", ', ""),
                    "forgets that Optuna minimizes", "Does your study maximize"),
        WrongAnswer(_search(chosen="0"), "returns the first and not the best", "replays end"),
    ),
)  # fmt: skip

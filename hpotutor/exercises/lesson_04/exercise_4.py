"""Exercise 4.4: How much of it was Bayesian?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

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
    lesson=4, number=4, title="How much of it was Bayesian?", points=1,
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
        WrongAnswer('answer = {"000 Hyperopt": 10, "001 Hyperopt": 100, "003 Optuna": 10}',
                    "thinks that every trial is modeled", "drawn at random"),
        WrongAnswer('answer = {"000 Hyperopt": 0, "001 Hyperopt": 90, "003 Optuna": 0}',
                    "takes Optuna's default for Hyperopt's", "draws more"),
        WrongAnswer('answer = {"000 Hyperopt": 5, "001 Hyperopt": 80, "003 Optuna": 0}',
                    "guesses a share", "minus its random start"),
        WrongAnswer('answer = {"000 Hyperopt": -10, "001 Hyperopt": 80, "003 Optuna": 0}',
                    "forgets that there are no negative trials", "from 0 up"),
    ),
)  # fmt: skip

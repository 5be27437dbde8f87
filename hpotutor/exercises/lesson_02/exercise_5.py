"""Exercise 2.5: A grid within a budget."""

import math

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_BUDGET, _FOLDS, _OPTIMIZERS = 144, 3, 3


def _check_budget(answer: object) -> Right:
    names = ("learning_rate", "units", "dropout")
    chosen = checks.mapping(answer, "a dict from names to numbers of levels", names)
    levels = {
        name: checks.whole_number(chosen[name], f"the number of levels of `{name}`", low=1)
        for name in names
    }
    for name, count in levels.items():
        if count == 1:
            wrong(f"With 1 level `{name}` is fixed, not searched. Give it at least 2.")
    combinations = math.prod(levels.values()) * _OPTIMIZERS
    trainings = combinations * _FOLDS + 1
    if trainings > _BUDGET:
        refit = " It is the refit that breaks the budget." if trainings == _BUDGET + 1 else ""
        wrong(
            f"{combinations:,} combinations in 3 folds and the refit are {trainings:,} trainings, "
            f"and the budget is {_BUDGET}.{refit}"
        )
    if levels["learning_rate"] <= max(levels["units"], levels["dropout"]):
        wrong(
            "The learning rate should have more levels than the others: lesson 01 found that the "
            "score depends on it most."
        )
    return right(
        f"{combinations} combinations in 3 folds and the refit are {trainings} of {_BUDGET} "
        "trainings."
    )


q5 = Exercise(
    lesson=2, number=5, title="A grid within a budget", points=3, challenge=True,
    question="""
    You can afford 144 trainings, and this space:

    ```python
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(1e-4, 1e-1),
        units=ht.integers(8, 128, step=8),
        dropout=ht.uniform(0.0, 0.5),
        optimizer=ht.choice("sgd", "rmsprop", "adam"),
    )
    ```

    All 3 optimizers stay. Choose how many levels `learning_rate`, `units` and `dropout` get, as
    you would pass them in `space.grid(levels=...)`, so that `GridSearchCV` with 3 folds and its
    refit stays within the budget, each gets at least 2, and the learning rate, which matters
    most, gets more than the others.
    """,
    expects="a dict from names to numbers of levels",
    checker=_check_budget,
    hints=(
        "Take off the refit first, then divide by the folds: so many combinations fit.",
        "143 // 3 is 47 combinations, and 3 optimizers take a factor of 3: 15 are left.",
        "Begin with 2 levels each, and see what the learning rate can still have.",
    ),
    stub='answer = {"learning_rate": ..., "units": ..., "dropout": ...}',
    solution_source="""
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(1e-4, 1e-1),
        units=ht.integers(8, 128, step=8),
        dropout=ht.uniform(0.0, 0.5),
        optimizer=ht.choice("sgd", "rmsprop", "adam"),
    )
    answer = {"learning_rate": 3, "units": 2, "dropout": 2}
    assert space.grid_size(answer) * 3 + 1 <= 144
    """,
    why="144 trainings, and yet only 3 learning rates are tried: four hyperparameters are already "
        "many for a grid. Lesson 03 spends the same budget on 48 different learning rates.",
    wrong_answers=(
        WrongAnswer('answer = {"learning_rate": 4, "units": 2, "dropout": 2}',
                    "forgets the refit", "refit"),
        WrongAnswer('answer = {"learning_rate": 4, "units": 4, "dropout": 3}',
                    "counts combinations, and forgets the folds", "433 trainings"),
        WrongAnswer('answer = {"learning_rate": 7, "units": 2, "dropout": 1}',
                    "fixes a hyperparameter to make room", "fixed, not searched"),
        WrongAnswer('answer = {"learning_rate": 2, "units": 2, "dropout": 3}',
                    "spends the levels where they matter less", "lesson 01"),
        WrongAnswer('answer = {"learning_rate": [1e-4, 1e-2, 1e-1], "units": 2, "dropout": 2}',
                    "gives levels instead of how many", "number of levels"),
        WrongAnswer('answer = {"learning_rate": 3, "units": 2, "dropout": 2, "optimizer": 3}',
                    "counts the levels of a choice, which are all there anyway",
                    "not one of the names"),
    ),
)  # fmt: skip

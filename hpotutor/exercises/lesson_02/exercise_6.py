"""Exercise 2.6: A grid that finds the best 5%."""

import math

import numpy as np
from sklearn.model_selection import ParameterGrid

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, wrong
from hpotutor.objectives.base import Objective
from hpotutor.tabular.objective import TableObjective

_POINTS, _NEEDED = 24, 0.8


def _check_grid(answer: object) -> Right:
    space = TableObjective("digits", quiet=True).space
    grid = checks.param_grid(answer, space.names)
    points = math.prod(map(len, grid.values()))
    if points > _POINTS:
        wrong(f"Your grid has {points:,} points, and {_POINTS} trainings are all you have.")
    if points == 1:
        wrong("A grid of one point searches nothing: it says what you knew before.")
    combinations = [checks.in_space(space, point) for point in ParameterGrid(grid)]

    def search(objective: Objective, seed: int) -> dict:
        scores = [objective.evaluate(point).value for point in combinations]
        return combinations[int(np.argmax(np.nan_to_num(scores)))]

    return challenge.verdict(
        challenge.replays(search, trials=_POINTS, needed=_NEEDED),
        needed=_NEEDED,
        look_at="Which hyperparameters did lesson 01 find to matter most, and around which values?",
    )


def _grid(**changed: object) -> str:
    """Return an answer's source: the solution's grid with other levels for some names."""
    levels = {
        "optimizer": ["adam", "rmsprop"],
        "learning_rate": [0.003, 0.01],
        "batch_size": [32],
        "layers": [1, 2],
        "units": [64],
        "activation": ["relu"],
        "dropout": [0.0, 0.2, 0.5],
        **changed,
    }
    lines = [
        f'    "{name}": {str(values).replace(chr(39), chr(34))},' for name, values in levels.items()
    ]
    return "\n".join(["answer = {", *lines, "}"])


q6 = Exercise(
    lesson=2, number=6, title="A grid that finds the best 5%", points=3, challenge=True,
    question="""
    The course trained each of 5,184 settings of the digits five times and stored the scores: the
    *table*. To search it trains nothing. `ht.TableObjective("digits").space` shows its seven
    hyperparameters. Write a grid of at most 24 points: a dict with a list of levels for each of
    the seven.

    It is searched 200 times, each time with other seeds, and ends at the setting that scored best
    in it. At least 80% of the searches must end among the best 5% of the table's settings.
    """,
    expects="a dict from the seven names to lists of levels",
    checker=_check_grid,
    hints=(
        "A list of one level is allowed. Which hyperparameters can you fix by what you know?",
        "Take `relu` and wide layers for granted; try more than one optimizer or learning rate.",
        "Adam and RMSprop like learning rates between 0.001 and 0.01 here.",
    ),
    stub="""
    answer = {
        "optimizer": ...,
        "learning_rate": ...,
        "batch_size": ...,
        "layers": ...,
        "units": ...,
        "activation": ...,
        "dropout": ...,
    }
    """,
    solution_source=_grid(),
    why="A small grid works when you know where to put it. Levels are best spent on what you do "
        "not know yet.",
    wrong_answers=(
        WrongAnswer(_grid(batch_size=[16, 32]), "has too many points", "48 points"),
        WrongAnswer(_grid(optimizer=["sgd", "rmsprop", "adam"], learning_rate=[0.3, 1.0],
                          layers=[1], units=[32, 64], dropout=[0.0, 0.2]),
                    "puts the learning rates too high", "replays end"),
        WrongAnswer(_grid(optimizer=["sgd", "rmsprop", "adam"], learning_rate=[0.0001, 0.0003],
                          units=[8, 16], dropout=[0.2]),
                    "puts the learning rates too low", "replays end"),
        WrongAnswer(_grid(units=[256]), "leaves the table", "units"),
        WrongAnswer(_grid(optimizer=["adam"], learning_rate=[0.01], layers=[1], dropout=[0.0]),
                    "writes down one setting", "one point"),
        WrongAnswer('answer = {"learning_rate": [0.003, 0.01], "optimizer": ["adam"]}',
                    "forgets hyperparameters", "layers"),
    ),
)  # fmt: skip

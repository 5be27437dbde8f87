"""Exercise 4.3: Read Hyperopt's answer."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown

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
    lesson=4, number=3, title="Read Hyperopt's answer", points=1,
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
    why="Whoever copies `fmin`'s answer into a report reports a learning rate of 1. "
        "`space_eval(space, best)` looks the places up for you.",
    wrong_answers=(
        WrongAnswer('answer = {"hidden_units": 12.0, "learning_rate": 1, "optimizer": 2}',
                    "copies the answer as it is", "the place in the list"),
        WrongAnswer('answer = {"hidden_units": 12, "learning_rate": 0.001, "optimizer": "adam"}',
                    "counts from 1", "count from 0"),
        WrongAnswer('answer = {"hidden_units": 12, "learning_rate": 1, "optimizer": "rmsprop"}',
                    "takes a place for a learning rate", "no learning rate"),
        WrongAnswer('answer = {"hidden_units": 12.0, "learning_rate": 0.01, '
                    '"optimizer": "rmsprop"}',
                    "leaves the float", "`Dense` wants"),
        WrongAnswer('answer = {"hidden_units": 17, "learning_rate": 0.01, "optimizer": "rmsprop"}',
                    "takes 12 for a place that counts from 5", "no place"),
    ),
)  # fmt: skip

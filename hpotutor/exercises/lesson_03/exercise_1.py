"""Exercise 3.1: What can be drawn."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_settings(answer: object) -> Right:
    settings = checks.whole_number(answer, "the number of different settings, a whole number")
    remarks = {
        128: "`randint(5, 20)` stops before 20, as Python's `range(5, 20)` does.",
        8: "Those are the settings of the three lists. What does `hidden_units` multiply them by?",
        10: "10 is how many are drawn. How many are there to draw from?",
        30: "30 is how many networks are trained for them. How many settings are there?",
        31: "31 is how many networks are trained. How many settings are there?",
        21: "Every value meets every value of the others: the numbers multiply.",
        22: "Every value meets every value of the others: the numbers multiply.",
        112: "From 5 up to and including 19: that is one more than 19 - 5.",
    }
    if settings in remarks:
        wrong(remarks[settings])
    if settings != 120:
        few = "few" if settings < 120 else "many"
        wrong(f"{settings:,} is too {few}. Multiply how many values each of the four can take.")
    return right("2 x 2 x 2 from the lists, times 15 whole numbers from 5 to 19.")


q1 = Exercise(
    lesson=3, number=1, title="What can be drawn", points=1,
    question="""
    This is the space of article 001:

    ```python
    param_dist = {
        "batch_size": [16, 32],
        "epochs": [50, 100],
        "hidden_units": randint(5, 20),
        "optimizer": ["adam", "rmsprop"],
    }
    ```

    `n_iter=10` draws ten settings from it. How many different settings could be drawn?
    """,
    expects="the number of different settings, a whole number",
    checker=_check_settings,
    hints=(
        "Count the values of each of the four, then multiply.",
        "`scipy.stats.randint(low, high)` draws from `low` up to `high - 1`.",
        "5, 6, ... 19 are 15 numbers.",
    ),
    solution_source="""
    hidden_units = len(range(5, 20))
    answer = 2 * 2 * 2 * hidden_units
    """,
    why="Ten draws see a twelfth of this space. What you pay is the number of draws, which you "
        "choose, and no longer the number of combinations.",
    wrong_answers=(
        WrongAnswer("answer = 2 * 2 * 2 * 16", "counts 20 as one of them", "range"),
        WrongAnswer("answer = 8", "leaves out what has no list", "hidden_units"),
        WrongAnswer("answer = 10", "counts the draws", "draw from"),
        WrongAnswer("answer = 2 + 2 + 2 + 15", "adds the values", "multiply"),
        WrongAnswer("answer = 10 * 3", "counts the trainings", "networks"),
        WrongAnswer("answer = 1000", "guesses", "too many"),
    ),
)  # fmt: skip

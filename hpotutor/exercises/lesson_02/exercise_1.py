"""Exercise 2.1: Count the trainings."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_fits(answer: object) -> Right:
    fits = checks.whole_number(answer, "the number of trainings, a whole number")
    remarks = {
        8: "8 levels stand in the grid, but every level meets every level of the others.",
        16: "16 is how many combinations there are. How often is each of them trained?",
        17: "16 combinations and one more. How often does `cv=3` train each combination?",
        24: "The numbers of levels multiply; 2 + 2 + 2 + 2 adds them.",
        25: "The numbers of levels multiply; 2 + 2 + 2 + 2 adds them.",
        48: "48 is the cross-validation. What does `refit=True`, the default, do after it?",
        51: "The refit trains on all rows at once, so it is one training and not one per fold.",
        64: "Each combination is trained once per fold; the refit is for the best one only.",
    }
    if fits in remarks:
        wrong(remarks[fits])
    if fits != 49:
        few = "few" if fits < 49 else "many"
        wrong(f"{fits:,} is too {few}. Count combinations, then folds, then what comes at the end.")
    return right("16 combinations, 3 folds each, and one refit of the best on all rows.")


q1 = Exercise(
    lesson=2, number=1, title="Count the trainings", points=1,
    question="""
    This grid searches the breast cancer network with `GridSearchCV(network, param_grid, cv=3)`
    and leaves every other argument at its default:

    ```python
    param_grid = {
        "optimizer": ["adam", "rmsprop"],
        "initializer": ["uniform", "normal"],
        "batch_size": [10, 20],
        "epochs": [50, 100],
    }
    ```

    How many times is a network trained from scratch before `fit` returns?
    """,
    expects="the number of trainings, a whole number",
    checker=_check_fits,
    hints=(
        "Every level meets every level of the other hyperparameters.",
        "`cv=3` trains each combination three times, each time without another third of the rows.",
        "`refit=True` is the default: at the end, the best combination is trained once more.",
    ),
    solution_source="""
    combinations = 2 * 2 * 2 * 2
    folds = 3
    refit = 1
    answer = combinations * folds + refit
    """,
    why="One more hyperparameter with two levels would nearly double it, whether or not that "
        "hyperparameter matters. Do this sum before you start a grid.",
    wrong_answers=(
        WrongAnswer("answer = 2 * 2 * 2 * 2", "forgets the folds", "combinations"),
        WrongAnswer("answer = 16 * 3", "forgets the refit", "refit"),
        WrongAnswer("answer = (2 + 2 + 2 + 2) * 3", "adds the levels", "multiply"),
        WrongAnswer("answer = (16 + 1) * 3", "refits in every fold", "all rows"),
        WrongAnswer("answer = 100", "guesses", "too many"),
    ),
)  # fmt: skip

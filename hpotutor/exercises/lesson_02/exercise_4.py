"""Exercise 2.4: Three decades in four levels."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown


def _check_levels(answer: object) -> Right:
    grid = checks.param_grid(answer, names=("learning_rate", "batch_size"))
    rates = [checks.number(rate, "a learning rate") for rate in grid["learning_rate"]]
    if min(rates) <= 0:
        wrong(
            "A learning rate of 0 or less moves no weight downhill. If you wrote exponents, "
            "write the rates themselves: `1e-4`, not `-4`."
        )
    if len(rates) != 4:
        wrong(f"4 learning rates are asked for, and there are {len(rates)}.")
    if not (checks.near(min(rates), 1e-4) and checks.near(max(rates), 1e-1)):
        wrong(
            "The learning rates should reach from 0.0001 to 0.1; "
            f"these reach from {min(rates):.3g} to {max(rates):.3g}."
        )
    if not checks.log_spaced(rates):
        top = sum(rate > 0.0101 for rate in rates)
        wrong(
            f"{top} of these 4 learning rates lie above 0.01, in the last of three decades. On a "
            "log scale each is the one before times the same factor."
        )
    sizes = [checks.whole_number(size, "a batch size", low=1) for size in grid["batch_size"]]
    if sorted(sizes) != [16, 32, 64]:
        wrong(f"The batch sizes asked for are 16, 32 and 64; these are {shown(sorted(sizes))}.")
    return right("One learning rate a decade.")


q4 = Exercise(
    lesson=2, number=4, title="Three decades in four levels", points=1,
    question="""
    Write a `param_grid` for `GridSearchCV` with two hyperparameters: `learning_rate`, 4 levels
    from 0.0001 to 0.1, evenly spaced on a log scale, and `batch_size` with 16, 32 and 64.
    """,
    expects="a dict from hyperparameter names to lists of levels",
    checker=_check_levels,
    hints=(
        "On a log scale neighbors have the same ratio, not the same difference.",
        "From 0.0001 to 0.1 are three factors of 10. Four levels have three steps between them.",
        "`np.logspace(-4, -1, 4)` takes exponents of 10 and gives the values.",
    ),
    stub='answer = {"learning_rate": ..., "batch_size": ...}',
    solution_source="""
    answer = {"learning_rate": [1e-4, 1e-3, 1e-2, 1e-1], "batch_size": [16, 32, 64]}
    """,
    why="Good learning rates differ by factors, so that a grid with equal differences spends "
        "nearly all its trainings in one decade.",
    wrong_answers=(
        WrongAnswer("""
            import numpy as np
            answer = {"learning_rate": np.linspace(1e-4, 1e-1, 4), "batch_size": [16, 32, 64]}
            """, "spaces the learning rates on a linear scale", "factor"),
        WrongAnswer('answer = {"learning_rate": [-4, -3, -2, -1], "batch_size": [16, 32, 64]}',
                    "gives exponents for values", "exponents"),
        WrongAnswer('answer = {"learning_rte": [1e-4, 1e-3, 1e-2, 1e-1], '
                    '"batch_size": [16, 32, 64]}',
                    "misspells a name", "Did you mean 'learning_rate'?"),
        WrongAnswer('answer = {"learning_rate": [1e-4, 1e-3, 1e-2, 1e-1], "batch_size": 16}',
                    "gives one level without a list", "should stand in a list"),
        WrongAnswer('answer = {"learning_rate": [1e-3, 1e-2, 1e-1], "batch_size": [16, 32, 64]}',
                    "takes three decades for three levels", "4 learning rates"),
        WrongAnswer('answer = {"learning_rate": ht.loguniform(1e-4, 1e-1), '
                    '"batch_size": [16, 32, 64]}',
                    "gives a range to draw from, as random search wants it",
                    "should stand in a list"),
    ),
)  # fmt: skip

"""Exercise 4.5: Find the leak."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_ROWS = ("training", "validation", "test")
_SCORED = {
    "000 Hyperopt": "test",
    "001 Hyperopt": "training",
    "003 Optuna": "training",
    "003 KerasTuner": "validation",
}


def _check_leaks(answer: object) -> Right:
    chosen = checks.mapping(answer, "a dict from programs to the rows that score", list(_SCORED))
    for name, rows in _SCORED.items():
        found = checks.option(chosen[name], _ROWS, "one of the three kinds of rows")
        if found == rows:
            continue
        if name == "003 Optuna":
            wrong(
                "003 Optuna: `fit` holds a fifth of `x_train` out, and then `evaluate` is given "
                "all of `x_train`. What are most of those rows?"
            )
        if name == "003 KerasTuner":
            wrong(
                '003 KerasTuner: the objective is `"val_accuracy"`, and `search` is called with '
                "`validation_split=0.2`."
            )
        wrong(f"{name}: look at what `model.evaluate` is given, and what `model.fit` was given.")
    return right("Three of the four programs choose by rows that should not choose.")


q5 = Exercise(
    lesson=4, number=5, title="Find the leak", points=1,
    question="""
    Which rows score the trials in each program of the articles: `"training"`, `"validation"` or
    `"test"`? The lines that matter:

    ```python
    # 000 Hyperopt
    model.fit(X_train, y_train, epochs=50, batch_size=10, verbose=0)
    _, accuracy = model.evaluate(X_test, y_test, verbose=0)
    # 001 Hyperopt
    history = model.fit(X, y, epochs=100, batch_size=16, verbose=0)
    loss, accuracy = model.evaluate(X, y, verbose=0)
    # 003 Optuna
    model.fit(x_train, y_train, epochs=5, validation_split=0.2, verbose=0)
    _, accuracy = model.evaluate(x_train, y_train, verbose=0)
    # 003 KerasTuner, with objective="val_accuracy"
    tuner.search(x_train, y_train, epochs=10, validation_split=0.2)
    ```
    """,
    expects="a dict from programs to the rows that score",
    checker=_check_leaks,
    hints=(
        "Compare the arguments of `fit` with those of `evaluate`.",
        "A validation set that is made and then not used does not help.",
        "For KerasTuner the name of the objective says it.",
    ),
    stub="""
    answer = {
        "000 Hyperopt": ...,
        "001 Hyperopt": ...,
        "003 Optuna": ...,
        "003 KerasTuner": ...,
    }
    """,
    solution_source="""
    answer = {
        "000 Hyperopt": "test",
        "001 Hyperopt": "training",
        "003 Optuna": "training",
        "003 KerasTuner": "validation",
    }
    """,
    why="The search maximizes whatever you return. Returned training accuracy rewards learning by "
        "heart; returned test accuracy uses up the rows that should have judged the result.",
    wrong_answers=tuple(
        WrongAnswer(f"answer = dict(zip({tuple(_SCORED)!r}, {rows!r}))", because, says)
        for rows, because, says in (
            (("test", "training", "validation", "validation"),
             "sees validation_split and reads no further", "all of `x_train`"),
            (("validation", "training", "training", "validation"),
             "takes a test set for a validation set", "000 Hyperopt"),
            (("test", "validation", "training", "validation"),
             "takes X for other rows than those of fit", "001 Hyperopt"),
            (("test", "training", "training", "training"),
             "overlooks the name of the objective", "val_accuracy"),
        )
    ),
)  # fmt: skip

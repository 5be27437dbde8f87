"""Exercise 0.4: Which rows may judge?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right
from hpotutor.exercises.probes import ACCURACIES, RowsProbe

_EPOCHS = 5


def _check_score(answer: object) -> Right:
    for accuracy in ACCURACIES:
        probe = RowsProbe(accuracy)
        value = checks.call(answer, probe.model, probe.data, what="a function score(model, data)")
        probe.refuse_misuse()
        probe.expect_accuracy(value, _EPOCHS)
    return right("It learns from the training rows and is judged on the validation rows.")


q4 = Exercise(
    lesson=0, number=4, title="Which rows may judge?", points=2,
    question="""
    Write `score(model, data)`: train the compiled Keras `model` for 5 epochs on the right rows of
    `data`, and return the accuracy by which you would compare hyperparameters.
    `model.evaluate(x, y, verbose=0)` returns the loss and the accuracy.
    """,
    expects="a function score(model, data)",
    checker=_check_score,
    hints=(
        "Which of the three heaps is there to be learned from, and which for comparing?",
        "`data` has `x_train`, `y_train`, `x_val` and `y_val`; the test rows stay sealed.",
        "`loss, accuracy = model.evaluate(...)` takes the two apart.",
    ),
    stub="""
    def score(model, data):
        ...

    answer = score
    """,
    solution_source="""
    def score(model, data):
        model.fit(data.x_train, data.y_train, epochs=5, verbose=0)
        loss, accuracy = model.evaluate(data.x_val, data.y_val, verbose=0)
        return accuracy

    answer = score
    """,
    why="Two of the five articles score on rows that they trained on, and a third on its test "
        "set; a search then rewards the wrong thing, and it does so diligently.",
    wrong_answers=tuple(
        WrongAnswer(f"def score(model, data):\n{body}\nanswer = score", because, says)
        for body, because, says in (
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return model.evaluate(data.x_train, data.y_train)[1]",
             "scores on the training rows", "learned from"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return model.evaluate(*data.open_test())[1]",
             "opens the test set to compare", "opens the test set"),
            ("    model.fit(data.x_val, data.y_val, epochs=5)\n"
             "    return model.evaluate(data.x_val, data.y_val)[1]",
             "trains on the validation rows", "trains on the validation rows"),
            ("    return model.evaluate(data.x_val, data.y_val)[1]",
             "forgets to train", "never calls `model.fit`"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return model.evaluate(data.x_val, data.y_val)",
             "returns the loss as well", "the accuracy alone"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return max(model.evaluate(data.x_val, data.y_val))",
             "takes the larger of loss and accuracy", "This is the loss"),
            ("    model.fit(data.x_train, data.y_train)\n"
             "    return model.evaluate(data.x_val, data.y_val)[1]",
             "leaves the epochs to Keras, which takes one", "number of epochs is 1."),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return model.evaluate(data.x_val, data.y_test)[1]",
             "takes the test rows for an attribute", "the test rows are sealed"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    print(model.evaluate(data.x_val, data.y_val)[1])",
             "prints for returning", "gives None"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return 1 - model.evaluate(data.x_val, data.y_val)[1]",
             "returns the share of errors", "1 minus the accuracy"),
            ("    accuracy = model.evaluate(data.x_val, data.y_val)[1]\n"
             "    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return accuracy",
             "scores before it trains", "before the training"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    model.evaluate(data.x_val, data.y_val)\n"
             "    return 0.95",
             "writes down what it saw once", "what was measured"),
            ("    model.fit(data.x_train, data.y_train, epochs=5)\n"
             "    return model.evaluate(data.x_val, data.y_train)[1]",
             "takes the labels of other rows", "labels of the rows"),
            ("    model.fit(data.x_train[:100], data.y_train[:100], epochs=5)\n"
             "    return model.evaluate(data.x_val[:3], data.y_val[:3])[1]",
             "saves time with a few rows", "only some of the rows"),
        )
    ),
)  # fmt: skip

"""Lesson 00, start here: what is learned, what is chosen, and which rows may judge."""

from __future__ import annotations

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.probes import RowsProbe

# ── 0.1 ──────────────────────────────────────────────────────────────────────────────────────


def _check_parameters(answer: object) -> Right:
    count = checks.whole_number(answer, "the number of parameters, a whole number")
    remarks = {
        106: "64, 32 and 10 are sizes of layers; the numbers learned sit between the layers. "
        "Every input is joined to every unit.",
        42: "These are the biases alone. How many weights join one layer to the next?",
        2048: "These are the first layer's weights. Two layers learn, and each unit has a bias.",
        2080: "This is the first layer with its biases. The output layer learns too.",
        2368: "These are all weights. Each unit also learns a bias.",
        2400: "The 10 output units have a bias each, too.",
        2378: "The 32 hidden units have a bias each, too.",
        20480: "64 inputs meet 32 units, and those 32 meet 10: two products, and then a sum.",
    }
    if count in remarks:
        wrong(remarks[count])
    if count != 2410:
        few = "few" if count < 2410 else "many"
        wrong(f"{count:,} is too {few}. Count the weights of each layer, then its biases.")
    return right("64 × 32 + 32 in the first layer, 32 × 10 + 10 in the second.")


q1 = Exercise(
    lesson=0,
    number=1,
    title="Count what it learned",
    points=1,
    question="""
    The network has 64 inputs, 32 hidden units and 10 output units. Every unit of a layer has a
    **weight** for each of its inputs, and one number of its own, its **bias**. How many numbers
    did training find?
    """,
    expects="the number of parameters, a whole number",
    checker=_check_parameters,
    hints=(
        "Take one hidden unit first: how many inputs does it weigh, and what else does it have?",
        "64 weights and 1 bias for each of 32 units. The output layer is built alike.",
        "`model.count_params()` counts them for you; do the sum once by hand.",
    ),
    solution_source="""
    hidden = 64 * 32 + 32
    output = 32 * 10 + 10
    answer = hidden + output
    """,
    why="You chose about ten things, and training found thousands: that is the division of labor.",
    wrong_answers=(
        WrongAnswer("answer = 64 * 32 + 32 * 10", because="forgets the biases", says="bias"),
        WrongAnswer("answer = 64 + 32 + 10", because="adds sizes of layers", says="sizes"),
        WrongAnswer("answer = 64 * 32 * 10", because="multiplies all sizes", says="two products"),
        WrongAnswer("answer = 64 * 32 + 32", because="forgets a layer", says="output layer"),
        WrongAnswer("answer = 5000", because="guesses", says="too many"),
    ),
)

# ── 0.2 ──────────────────────────────────────────────────────────────────────────────────────

_KINDS = ("parameter", "hyperparameter", "result")
_SORTED = {
    "learning rate": (
        "hyperparameter",
        "Training uses the learning rate in every step and never changes it. Who wrote it down?",
    ),
    "bias of an output unit": (
        "parameter",
        "A bias starts at zero and is moved by every training step, just as a weight is.",
    ),
    "number of hidden units": (
        "hyperparameter",
        "The number of units is fixed before the first step: it says how many weights there are.",
    ),
    "validation accuracy": (
        "result",
        "Validation accuracy is neither set by you nor moved by training steps: it is measured.",
    ),
    "number of epochs": (
        "hyperparameter",
        "Somebody has to say when to stop. Training itself does not find that out.",
    ),
    "weight from pixel 7 to unit 3": (
        "parameter",
        "A weight is what training is for: each step moves it a little.",
    ),
}


def _check_sorted(answer: object) -> Right:
    kinds = checks.mapping(answer, "a dict from each name to its kind", names=_SORTED)
    chosen = {name: checks.option(kind, _KINDS, "a kind") for name, kind in kinds.items()}
    missed = [name for name in _SORTED if chosen[name] != _SORTED[name][0]]
    if missed:
        count = f"{len(_SORTED) - len(missed)} of {len(_SORTED)} are right. "
        wrong(f"{count}Look at `{missed[0]}`. {_SORTED[missed[0]][1]}")
    return right("All six.")


q2 = Exercise(
    lesson=0,
    number=2,
    title="Learned, chosen or measured?",
    points=1,
    question="""
    Sort six things: write `"parameter"` for what training finds, `"hyperparameter"` for what is
    chosen before it, and `"result"` for what is measured afterwards.
    """,
    expects="a dict from each name to its kind",
    checker=_check_sorted,
    hints=(
        "Ask of each: who sets it, and does a training step change it?",
        "Weights and biases are parameters, and nothing else here is.",
    ),
    stub="""
    answer = {
        "learning rate": ...,
        "bias of an output unit": ...,
        "number of hidden units": ...,
        "validation accuracy": ...,
        "number of epochs": ...,
        "weight from pixel 7 to unit 3": ...,
    }
    """,
    solution_source="""
    answer = {
        "learning rate": "hyperparameter",
        "bias of an output unit": "parameter",
        "number of hidden units": "hyperparameter",
        "validation accuracy": "result",
        "number of epochs": "hyperparameter",
        "weight from pixel 7 to unit 3": "parameter",
    }
    """,
    why="A search turns hyperparameters, training turns parameters, and results tell them apart.",
    wrong_answers=tuple(
        WrongAnswer(
            f"answer = {dict(zip(_SORTED, kinds, strict=True))!r}",
            because=because,
            says=says,
        )
        for kinds, because, says in (
            (
                ("hyperparameter", "hyperparameter", "hyperparameter", "result")
                + ("hyperparameter", "parameter"),
                "takes a bias for a setting",
                "starts at zero",
            ),
            (
                ("hyperparameter", "parameter", "hyperparameter", "hyperparameter")
                + ("hyperparameter", "parameter"),
                "takes a score for a setting",
                "measured",
            ),
            (
                ("parameter", "parameter", "parameter", "result", "parameter", "parameter"),
                "calls every number a parameter",
                "3 of 6 are right",
            ),
            (
                ("hyperparamter", "parameter", "hyperparameter", "result")
                + ("hyperparameter", "parameter"),
                "misspells a kind",
                "Did you mean 'hyperparameter'?",
            ),
        )
    ),
)

# ── 0.3 ──────────────────────────────────────────────────────────────────────────────────────

_READINGS = ("underfitting", "learning well", "overfitting", "diverging")
_CURVES = {
    "A": (
        "overfitting",
        "Its training loss falls all the way. What does its validation loss do after epoch 10?",
    ),
    "B": (
        "diverging",
        "Its training loss ends higher than it began: the steps lead away from the valley.",
    ),
    "C": (
        "underfitting",
        "Both of its losses are still high, and both still fall: it has not finished learning.",
    ),
    "D": (
        "learning well",
        "Both of its losses have come down, they have settled, and they are close together.",
    ),
}


def _check_curves(answer: object) -> Right:
    read = checks.mapping(answer, "a dict from A, B, C and D to readings", names=_CURVES)
    chosen = {name: checks.option(text, _READINGS, "a reading") for name, text in read.items()}
    missed = [name for name in _CURVES if chosen[name] != _CURVES[name][0]]
    if missed:
        wrong(f"{len(_CURVES) - len(missed)} of 4 are right. Look at {missed[0]} again. "
              f"{_CURVES[missed[0]][1]}")  # fmt: skip
    return right("All four.")


q3 = Exercise(
    lesson=0,
    number=3,
    title="Read four learning curves",
    points=2,
    question="""
    Four networks, each trained for 40 epochs; its training / validation loss on the way:

    | network | epoch 1 | epoch 10 | epoch 40 |
    |---|---|---|---|
    | A | 1.9 / 1.9 | 0.3 / 0.5 | 0.01 / 0.9 |
    | B | 2.4 / 2.6 | 3.9 / 3.5 | 7.0 / 8.1 |
    | C | 2.3 / 2.3 | 2.1 / 2.1 | 1.6 / 1.6 |
    | D | 1.5 / 1.2 | 0.2 / 0.2 | 0.1 / 0.1 |

    Say of each whether it is `"underfitting"`, `"learning well"`, `"overfitting"` or
    `"diverging"`.
    """,
    expects="a dict from A, B, C and D to readings",
    checker=_check_curves,
    hints=(
        "First look at the training loss: is it low at the end, high, or higher than before?",
        "Where it is low, look at the validation loss: has it stayed near, or turned up?",
    ),
    stub='answer = {"A": ..., "B": ..., "C": ..., "D": ...}',
    solution_source="""
    answer = {
        "A": "overfitting",
        "B": "diverging",
        "C": "underfitting",
        "D": "learning well",
    }
    """,
    why="Each reading asks for another cure, so read the curve before you turn anything.",
    wrong_answers=(
        WrongAnswer(
            'answer = {"A": "learning well", "B": "diverging", "C": "underfitting", '
            '"D": "overfitting"}',
            because="looks at the training loss only",
            says="Look at A again. Its training loss falls all the way",
        ),
        WrongAnswer(
            'answer = {"A": "overfitting", "B": "overfitting", "C": "underfitting", '
            '"D": "learning well"}',
            because="takes every rising validation loss for overfitting",
            says="higher than it began",
        ),
        WrongAnswer(
            'answer = {"A": "overfitting", "B": "diverging", "C": "learning well", '
            '"D": "learning well"}',
            because="takes a small gap for learning well",
            says="not finished learning",
        ),
        WrongAnswer(
            'answer = {"A": "overfit", "B": "diverging", "C": "underfitting", '
            '"D": "learning well"}',
            because="uses another word",
            says="Choose among",
        ),
    ),
)

# ── 0.4 ──────────────────────────────────────────────────────────────────────────────────────


def _check_score(answer: object) -> Right:
    probe = RowsProbe()
    value = checks.call(answer, probe.model, probe.data, what="a function score(model, data)")
    probe.refuse_misuse()
    if isinstance(value, list | tuple | dict):
        wrong(
            "`evaluate` gives the loss and then the accuracy; return the accuracy alone, "
            "as one number."
        )
    checks.number(value, "one number, the validation accuracy")
    return right("It learns from the training rows and is judged on the validation rows.")


q4 = Exercise(
    lesson=0,
    number=4,
    title="Which rows may judge?",
    points=2,
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
    why=(
        "Two of the five articles score on rows that they trained on, and a third on its test "
        "set; a search then rewards the wrong thing, and it does so diligently."
    ),
    wrong_answers=tuple(
        WrongAnswer(f"def score(model, data):\n{body}\nanswer = score", because=because, says=says)
        for body, because, says in (
            (
                "    model.fit(data.x_train, data.y_train, epochs=5)\n"
                "    return model.evaluate(data.x_train, data.y_train)[1]",
                "scores on the training rows",
                "learned from",
            ),
            (
                "    model.fit(data.x_train, data.y_train, epochs=5)\n"
                "    return model.evaluate(*data.open_test())[1]",
                "opens the test set to compare",
                "opens the test set",
            ),
            (
                "    model.fit(data.x_val, data.y_val, epochs=5)\n"
                "    return model.evaluate(data.x_val, data.y_val)[1]",
                "trains on the validation rows",
                "trains on the validation rows",
            ),
            (
                "    return model.evaluate(data.x_val, data.y_val)[1]",
                "forgets to train",
                "never calls `model.fit`",
            ),
            (
                "    model.fit(data.x_train, data.y_train, epochs=5)\n"
                "    return model.evaluate(data.x_val, data.y_val)",
                "returns the loss as well",
                "the accuracy alone",
            ),
            (
                "    model.fit(data.x_train, data.y_train, epochs=5)\n"
                "    print(model.evaluate(data.x_val, data.y_val)[1])",
                "prints for returning",
                "gives None",
            ),
        )
    ),
)

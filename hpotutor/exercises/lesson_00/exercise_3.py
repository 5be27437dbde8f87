"""Exercise 0.3: Read four learning curves."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_READINGS = ("underfitting", "learning well", "overfitting", "diverging")
# How the course's figures say the same.
_ALSO = {"underfit": "underfitting", "fits": "learning well", "overfit": "overfitting"}
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
    words = {
        n: _ALSO.get(w.strip().lower(), w) if isinstance(w, str) else w for n, w in read.items()
    }
    chosen = {name: checks.option(word, _READINGS, "a reading") for name, word in words.items()}
    missed = [name for name in _CURVES if chosen[name] != _CURVES[name][0]]
    if missed:
        wrong(f"{len(_CURVES) - len(missed)} of 4 are right. Look at {missed[0]} again. "
              f"{_CURVES[missed[0]][1]}")  # fmt: skip
    return right("All four.")


q3 = Exercise(
    lesson=0, number=3, title="Read four learning curves", points=2,
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
        WrongAnswer('answer = {"A": "learning well", "B": "diverging", "C": "underfitting", '
                    '"D": "overfitting"}', "looks at the training loss only",
                    "Look at A again. Its training loss falls all the way"),
        WrongAnswer('answer = {"A": "overfitting", "B": "overfitting", "C": "underfitting", '
                    '"D": "learning well"}',
                    "takes every rising validation loss for overfitting", "higher than it began"),
        WrongAnswer('answer = {"A": "overfitting", "B": "diverging", "C": "learning well", '
                    '"D": "learning well"}',
                    "takes a small gap for learning well", "not finished learning"),
        WrongAnswer('answer = {"A": "memorizing", "B": "diverging", "C": "underfitting", '
                    '"D": "learning well"}', "uses another word", "Choose among"),
    ),
)  # fmt: skip

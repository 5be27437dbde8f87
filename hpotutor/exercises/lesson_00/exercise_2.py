"""Exercise 0.2: Learned, chosen or measured?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

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
    lesson=0, number=2, title="Learned, chosen or measured?", points=1,
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
        WrongAnswer(f"answer = {dict(zip(_SORTED, kinds, strict=True))!r}", because, says)
        for kinds, because, says in (
            (("hyperparameter", "hyperparameter", "hyperparameter", "result")
             + ("hyperparameter", "parameter"), "takes a bias for a setting", "starts at zero"),
            (("hyperparameter", "parameter", "hyperparameter", "hyperparameter")
             + ("hyperparameter", "parameter"), "takes a score for a setting", "measured"),
            (("parameter", "parameter", "parameter", "result", "parameter", "parameter"),
             "calls every number a parameter", "3 of 6 are right"),
            (("hyperparamter", "parameter", "hyperparameter", "result")
             + ("hyperparameter", "parameter"),
             "misspells a kind", "Did you mean 'hyperparameter'?"),
        )
    ),
)  # fmt: skip

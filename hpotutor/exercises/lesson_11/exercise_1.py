"""Exercise 11.1: Three piles."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_PILES = ("scientific", "nuisance", "fixed")
_SORTED = {
    "layers": "scientific",
    "learning_rate": "nuisance",
    "dropout": "nuisance",
    "weight_decay": "nuisance",
    "activation": "fixed",
    "kernel_size": "fixed",
    "batch_size": "fixed",
    "epochs": "fixed",
}
_FIXED = {
    "activation": "An earlier round has found what suits one layer and three.",
    "kernel_size": "You are content with an answer for 5. Write that limit beside the result.",
    "batch_size": "It is chosen so that it fills the device. It decides how fast, not how well.",
    "epochs": "Nothing improves after 30, whatever the layers. More would cost and change nothing.",
}


def _check_piles(answer: object) -> Right:
    piles = checks.mapping(answer, "a dict from each knob to its pile", _SORTED)
    chosen = {knob: checks.option(pile, _PILES, "a pile") for knob, pile in piles.items()}
    if chosen["layers"] != "scientific":
        wrong("The question asks about `layers`. What a round measures is its scientific knob.")
    for knob, pile in chosen.items():
        if pile == _SORTED[knob]:
            continue
        if pile == "scientific":
            wrong(
                f"`{knob}` may matter, but this round does not ask about it. One question a round, "
                "or nobody can say what the difference comes from."
            )
        if pile == "fixed":
            wrong(
                f"With `{knob}` fixed, the comparison is fair only to the number of layers for "
                "which its value happens to be good. The best value moves with the layers."
            )
        wrong(f"`{knob}` need not be searched in this round. {_FIXED[knob]}")
    return right("One is asked about, three follow it, and four stay where they are.")


def _piles(**changes: str) -> str:
    rows = "\n".join(f'    "{knob}": "{pile}",' for knob, pile in (_SORTED | changes).items())
    return f"answer = {{\n{rows}\n}}"


q1 = Exercise(
    lesson=11, number=1, title="Three piles", points=2,
    question="""
    The question of the next round: *do three convolutional layers classify better than one?* Sort
    eight knobs into `"scientific"`, `"nuisance"` and `"fixed"`, by what is known:

    - `layers`: 1 or 3
    - `learning_rate`, `dropout`, `weight_decay`: their best values differ from one number of layers
      to the other; all three can be searched
    - `activation`: ReLU was best for one layer and for three in an earlier round
    - `kernel_size`: 5 so far; an answer that holds for 5 is enough for you
    - `batch_size`: 64 fills your device
    - `epochs`: after 30 neither network has ever improved
    """,
    expects="a dict from the eight names to the names of piles",
    checker=_check_piles,
    hints=(
        "Scientific is what the question names.",
        "Of the others ask: does its best value move when `layers` does? Then it is searched anew "
        "for each of the two.",
    ),
    stub="answer = {\n" + "\n".join(f'    "{knob}": ...,' for knob in _SORTED) + "\n}",
    solution_source=_piles(),
    why="A comparison is fair when each side had the same chance to find its own best settings.",
    wrong_answers=tuple(
        WrongAnswer(_piles(**changes), because, says)
        for changes, because, says in (
            ({"learning_rate": "fixed"}, "keeps the rate of one layer for both", "fair only"),
            ({"weight_decay": "fixed", "dropout": "fixed"}, "saves on nuisances",
             "`dropout` fixed"),
            ({"learning_rate": "scientific"}, "takes the most important for the question",
             "does not ask"),
            ({"layers": "fixed"}, "fixes what is asked about", "asks about `layers`"),
            ({"batch_size": "nuisance"}, "searches the batch size for its score", "how fast"),
            ({"kernel_size": "nuisance"}, "searches all that may matter", "Write that limit"),
            ({"epochs": "nuisance"}, "searches what is enough already", "change nothing"),
        )
    ),
)  # fmt: skip

"""Exercise 13.5: Rates for a body and a head."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_rates(answer: object) -> Right:
    for layers, frozen, body in ((4, 1, 0.1), (5, 3, 0.02), (3, 0, 0.5), (4, 3, 0.3)):
        found = checks.call(
            answer, layers, frozen, body, what="a function layer_rates(layers, frozen, body)"
        )
        rates = checks.numbers(found, "a list of rates, one a layer", "a share of the rate")
        asked = (
            f"with {layers} layers, {frozen} of them frozen, and {body} for the rest of the body"
        )
        if len(rates) != layers:
            wrong(f"There should be {layers} rates {asked}; yours has {len(rates)}.")
        if rates[-1] != 1:
            wrong("The head is new and has everything to learn: the last rate is 1.")
        if list(rates[:frozen]) != [0] * frozen:
            wrong(f"The *first* {frozen} layers are frozen, with a rate of 0 {asked}.")
        if not checks.all_near(rates[frozen:-1], [body] * (layers - frozen - 1)):
            wrong(f"Between the frozen layers and the head the rate is {body} {asked}.")
    return right("`ht.build_conv1d(..., layer_rates=...)` takes just this.")


_CODE = """
def layer_rates(layers, frozen, body):
    return {returned}

answer = layer_rates
"""
_GOOD = "[0] * frozen + [body] * (layers - frozen - 1) + [1]"

q5 = Exercise(
    lesson=13, number=5, title="Rates for a body and a head", points=2,
    question="""
    Write `layer_rates(layers, frozen, body)`: a list with a share of the learning rate for each of
    so many layers. The first `frozen` layers stay as they are (0), the head, which is the last
    layer, learns at the full rate (1), and those between at `body`. At most `layers - 1` layers
    are frozen.
    """,
    expects="a function layer_rates(layers, frozen, body)",
    checker=_check_rates,
    hints=(
        "The list has three parts: frozen, body, head.",
        "`[0] * 3` is `[0, 0, 0]`, and lists are joined by `+`.",
        "How many layers are neither frozen nor the head?",
    ),
    stub="""
    def layer_rates(layers, frozen, body):
        ...

    answer = layer_rates
    """,
    solution_source=_CODE.format(returned=_GOOD),
    why="How many layers are frozen, and the body's share, are the two knobs that this list holds.",
    wrong_answers=tuple(
        WrongAnswer(_CODE.format(returned=code), because, says)
        for code, because, says in (
            ("[0] * frozen + [body] * (layers - frozen)", "forgets the head", "to learn"),
            ("[0] * frozen + [body] * (layers - frozen) + [1]", "has one too many", "should be 4"),
            ("[1] + [body] * (layers - frozen - 1) + [0] * frozen", "is reversed", "last rate"),
            ("[body] * (layers - frozen - 1) + [0] * frozen + [1]", "freezes the late", "*first*"),
            ("[0] * frozen + [1] * (layers - frozen)", "has one rate", "Between the frozen"),
        )
    ),
)  # fmt: skip

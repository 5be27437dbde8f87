"""Exercise 0.1: Count what it learned."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


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
    lesson=0, number=1, title="Count what it learned", points=1,
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
        WrongAnswer("answer = 64 * 32 + 32 * 10", "forgets the biases", "bias"),
        WrongAnswer("answer = 64 + 32 + 10", "adds sizes of layers", "sizes"),
        WrongAnswer("answer = 64 * 32 * 10", "multiplies all sizes", "two products"),
        WrongAnswer("answer = 64 * 32 + 32", "forgets a layer", "output layer"),
        WrongAnswer("answer = 5000", "guesses", "too many"),
    ),
)  # fmt: skip

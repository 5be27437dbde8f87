"""Exercise 5.2: Write momentum."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown

# weight, velocity, gradient, learning rate, momentum
_STEPS = (
    (1.0, 0.0, 2.0, 0.1, 0.9),
    (0.5, -0.3, 0.0, 0.1, 0.9),
    (-2.0, 0.4, -1.5, 0.05, 0.8),
    (3.0, 0.7, 1.0, 0.2, 0.0),
)


def _check_momentum(answer: object) -> Right:
    for weight, velocity, gradient, rate, momentum in _STEPS:
        asked = (weight, velocity, gradient, rate, momentum)
        what = "a function step(weight, velocity, gradient, learning_rate, momentum)"
        pair = checks.sequence(
            checks.call(answer, *asked, what=what), "two numbers, (weight, velocity)", length=2
        )
        found = tuple(checks.number(value, "a weight or a velocity") for value in pair)
        new = momentum * velocity - rate * gradient
        expected = (weight + new, new)
        if checks.all_near(found, expected, 1e-6):
            continue
        said = f"`step{asked}` gives {shown(tuple(round(value, 4) for value in found))}. "
        if checks.all_near(list(found), list(expected[::-1])):
            wrong(said + "Return the weight first, then the velocity.")
        averaged = momentum * velocity - (1 - momentum) * rate * gradient
        if checks.near(found[1], averaged):
            wrong(said + "A factor of 1 − momentum makes an average, as Adam does; this rule sums.")
        if checks.near(found[1], momentum * velocity + rate * gradient):
            wrong(said + "The gradient points uphill, and the velocity should turn away from it.")
        if checks.near(found[1], momentum * velocity + gradient):
            wrong(
                said + "This velocity leaves out the learning rate, as PyTorch's does. In the "
                "lesson's rule, which is Keras's, it is part of the velocity."
            )
        if checks.near(found[1], new):
            wrong(said + "The velocity is right. The weight moves by the *new* velocity.")
        wrong(said + f"The new velocity should be {new:.3g}: momentum × velocity − η × gradient.")
    return right("With momentum 0 it is SGD.")


q2 = Exercise(
    lesson=5, number=2, title="Write momentum", points=2,
    question="""
    Write `step(weight, velocity, gradient, learning_rate, momentum)`: one step of the momentum
    rule in the table above, for a single weight. Return the new weight and the new velocity.
    """,
    expects="a function step(weight, velocity, gradient, learning_rate, momentum)",
    checker=_check_momentum,
    hints=(
        "First the velocity: keep a share `momentum` of the old one, then add SGD's step to it.",
        "SGD's step is minus the learning rate times the gradient.",
        "Then `weight + velocity`, with the new velocity.",
    ),
    stub="""
    def step(weight, velocity, gradient, learning_rate, momentum):
        ...

    answer = step
    """,
    solution_source="""
    def step(weight, velocity, gradient, learning_rate, momentum):
        velocity = momentum * velocity - learning_rate * gradient
        return weight + velocity, velocity

    answer = step
    """,
    why="Momentum 0 is SGD, so a search that tunes momentum too can reach all that SGD reaches; "
        "it only needs more trials to find it.",
    wrong_answers=tuple(
        WrongAnswer(f"""
            def step(weight, velocity, gradient, learning_rate, momentum):
                {first}
                return {second}
            answer = step
            """, because, says)
        for first, second, because, says in (
            ("new = momentum * velocity - learning_rate * gradient", "weight + velocity, new",
             "moves by the old velocity", "*new* velocity"),
            ("velocity = momentum * velocity + learning_rate * gradient",
             "weight + velocity, velocity", "walks uphill", "uphill"),
            ("velocity = momentum * velocity - (1 - momentum) * learning_rate * gradient",
             "weight + velocity, velocity", "averages as Adam does", "this rule sums"),
            ("velocity = momentum * velocity + gradient",
             "weight - learning_rate * velocity, velocity",
             "writes the rule of another library", "PyTorch"),
            ("velocity = momentum * velocity - learning_rate * gradient",
             "velocity, weight + velocity", "returns them in the other order", "weight first"),
            ("velocity = -learning_rate * gradient", "weight + velocity, velocity",
             "forgets the old velocity", "momentum × velocity"),
        )
    ),
)  # fmt: skip

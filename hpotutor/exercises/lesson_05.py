"""Lesson 05, optimizers: their steps, a schedule in steps, fair ranges, and a tuned search."""

from __future__ import annotations

import math

import numpy as np

from hpotutor.exercises import challenge, checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import shown

# ── 5.1 ──────────────────────────────────────────────────────────────────────────────────────

_GRADIENTS = (0.001, 0.1, 10.0, -1000.0)
_RATE = 0.01


def _check_first_steps(answer: object) -> Right:
    chosen = checks.mapping(
        answer, "a dict with a list of 4 changes for each optimizer", ("sgd", "adam")
    )
    changes = {}
    for name, values in chosen.items():
        items = checks.sequence(values, f"the 4 changes that {name} makes", length=4)
        changes[name] = [checks.number(value, "the change of a weight") for value in items]
    expected = {
        "sgd": [-_RATE * gradient for gradient in _GRADIENTS],
        "adam": [-_RATE * math.copysign(1, gradient) for gradient in _GRADIENTS],
    }
    for name in ("sgd", "adam"):
        found, right_ones = changes[name], expected[name]
        if _alike(found, right_ones):
            continue
        if _alike(found, [-value for value in right_ones]):
            wrong(f"The signs of `{name}` are turned round: a step goes *against* the gradient.")
        if _alike([abs(value) for value in found], [abs(value) for value in right_ones]):
            wrong(f"The lengths of `{name}` are right. The last gradient is negative.")
        if name == "sgd":
            wrong("SGD changes a weight by minus the learning rate times its gradient.")
        if _alike(found, expected["sgd"]):
            wrong("Adam divides by the root of `s`, so that it does not step as far as SGD does.")
        ratio = abs(found[0]) / _RATE
        if checks.near(ratio, 0.1 / math.sqrt(0.001), 0.02):
            wrong("At step 1 `m` is only 0.1 g and `s` only 0.001 g². The hats undo just that.")
        wrong(
            "For Adam write down `m`, `s`, both with hats, for one gradient g at step 1. "
            "What is left of g?"
        )
    return right("SGD's steps differ by a factor of a million, Adam's not at all.")


def _alike(found: list[float], expected: list[float]) -> bool:
    return all(checks.near(a, b, 0.02) for a, b in zip(found, expected, strict=True))


q1 = Exercise(
    lesson=5,
    number=1,
    title="The first step",
    points=2,
    question="""
    Before the first step, four weights have the gradients 0.001, 0.1, 10 and −1000. The learning
    rate is 0.01. By how much does each weight *change* in the first step of SGD, and of Adam
    (β₁ = 0.9, β₂ = 0.999, ε too small to matter)? Give a dict with a list of four changes for each.
    """,
    expects="a dict with a list of 4 changes for each optimizer",
    checker=_check_first_steps,
    hints=(
        "SGD first: minus the learning rate times the gradient, four times.",
        "Adam at step 1: m = 0.1 g and s = 0.001 g²; the hats divide by 0.1 and by 0.001.",
        "m̂ / √ŝ is then g / |g|: plus one or minus one.",
    ),
    stub='answer = {"sgd": ..., "adam": ...}',
    solution_source="""
    gradients = [0.001, 0.1, 10, -1000]
    sgd, adam = [], []
    for g in gradients:
        sgd.append(-0.01 * g)
        m_hat = (0.1 * g) / (1 - 0.9)
        s_hat = (0.001 * g**2) / (1 - 0.999)
        adam.append(-0.01 * m_hat / s_hat**0.5)
    answer = {"sgd": sgd, "adam": adam}
    """,
    why=(
        "Adam's learning rate is nearly the length of a step, whatever the loss is scaled by; "
        "SGD's is not. That is why one number for Adam travels further between problems."
    ),
    wrong_answers=tuple(
        WrongAnswer(f'answer = {{"sgd": {sgd}, "adam": {adam}}}', because=because, says=says)
        for sgd, adam, because, says in (
            (
                [1e-5, 1e-3, 0.1, -10],
                [0.01, 0.01, 0.01, -0.01],
                "walks up the gradient",
                "against",
            ),
            (
                [-1e-5, -1e-3, -0.1, 10],
                [-0.01, -0.01, -0.01, -0.01],
                "forgets that Adam keeps the sign",
                "last gradient is negative",
            ),
            (
                [-1e-5, -1e-3, -0.1, 10],
                [-0.0316, -0.0316, -0.0316, 0.0316],
                "leaves out the bias correction",
                "hats",
            ),
            (
                [-1e-5, -1e-3, -0.1, 10],
                [-1e-5, -1e-3, -0.1, 10],
                "takes Adam for SGD",
                "divides",
            ),
            (
                [-0.001, -0.1, -10, 1000],
                [-0.01, -0.01, -0.01, 0.01],
                "leaves out the learning rate",
                "learning rate times",
            ),
        )
    ),
)

# ── 5.2 ──────────────────────────────────────────────────────────────────────────────────────

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
        if _alike(list(found), list(expected)):
            continue
        said = f"`step{asked}` gives {shown(tuple(round(value, 4) for value in found))}. "
        if _alike(list(found), list(expected[::-1])):
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
    lesson=5,
    number=2,
    title="Write momentum",
    points=2,
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
    why=(
        "Momentum 0 is SGD, so a search that tunes momentum too can reach all that SGD reaches; "
        "it only needs more trials to find it."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            f"""
            def step(weight, velocity, gradient, learning_rate, momentum):
                {first}
                return {second}
            answer = step
            """,
            because=because,
            says=says,
        )
        for first, second, because, says in (
            (
                "new = momentum * velocity - learning_rate * gradient",
                "weight + velocity, new",
                "moves by the old velocity",
                "*new* velocity",
            ),
            (
                "velocity = momentum * velocity + learning_rate * gradient",
                "weight + velocity, velocity",
                "walks uphill",
                "uphill",
            ),
            (
                "velocity = momentum * velocity - (1 - momentum) * learning_rate * gradient",
                "weight + velocity, velocity",
                "averages as Adam does",
                "this rule sums",
            ),
            (
                "velocity = momentum * velocity + gradient",
                "weight - learning_rate * velocity, velocity",
                "writes the rule of another library",
                "PyTorch",
            ),
            (
                "velocity = momentum * velocity - learning_rate * gradient",
                "velocity, weight + velocity",
                "returns them in the other order",
                "weight first",
            ),
            (
                "velocity = -learning_rate * gradient",
                "weight + velocity, velocity",
                "forgets the old velocity",
                "momentum × velocity",
            ),
        )
    ),
)

# ── 5.3 ──────────────────────────────────────────────────────────────────────────────────────

_RUNS = ((0.1, 1077, 32, 10), (2.0, 100, 7, 6))


def _check_schedule(answer: object) -> Right:
    for peak, rows, batch_size, epochs in _RUNS:
        asked = f"`schedule({peak}, {rows}, {batch_size}, {epochs})`"
        what = "a function schedule(peak, rows, batch_size, epochs)"
        value = checks.call(answer, peak, rows, batch_size, epochs, what=what)
        rates = np.array(
            [
                checks.number(rate, "a learning rate", low=0)
                for rate in checks.sequence(value, "one learning rate a step")
            ]
        )
        per_epoch = -(-rows // batch_size)
        _right_length(asked, len(rates), rows, batch_size, epochs)
        warm = rates[:per_epoch]
        if rates.max() > 1.02 * peak:
            wrong(f"{asked} rises to {rates.max():.3g}, above the peak.")
        if rates[0] > 0.5 * peak:
            wrong(f"{asked} starts at {rates[0]:.3g}: the first epoch should lead up to the peak.")
        if np.any(np.diff(warm) <= 0):
            wrong(f"{asked} should rise at every step of the first epoch, {per_epoch} steps.")
        if rates[: per_epoch + 1].max() < 0.95 * peak:
            wrong(f"{asked} reaches {rates.max():.3g}; it should be at the peak after one epoch.")
        down = rates[per_epoch:]
        if np.any(np.diff(down) > 1e-9):
            wrong(f"{asked} rises again after the first epoch. Half a cosine only falls.")
        if down[-1] > 0.02 * peak:
            wrong(f"{asked} ends at {down[-1]:.3g}; the last step should be close to 0.")
        middle = down[len(down) // 4] / peak
        if not 0.8 < middle < 0.9:
            wrong(
                f"A quarter of the way down {asked} stands at {middle:.0%} of the peak; half a "
                "cosine, (1 + cos(π t)) / 2, stands at 85%."
            )
    return right("It counts steps, warms up for an epoch and comes to rest.")


def _right_length(asked: str, found: int, rows: int, batch_size: int, epochs: int) -> None:
    if found == epochs:
        wrong(f"{asked} gives {found} rates, one an epoch. Keras asks a schedule at every *step*.")
    per_epoch = -(-rows // batch_size)
    if found == epochs * (rows // batch_size):
        wrong(
            f"{asked} gives {found} rates. {rows} rows in batches of {batch_size} leave a "
            "remainder, and it makes a step of its own."
        )
    if found != epochs * per_epoch:
        wrong(f"{asked} gives {found} rates; {epochs} epochs have {epochs * per_epoch} steps.")


_SCHEDULE = """
import numpy as np

def schedule(peak, rows, batch_size, epochs):
    per_epoch = {per_epoch}
    warm = peak * np.arange(1, per_epoch + 1) / per_epoch
    t = np.arange(1, (epochs - 1) * per_epoch + 1) / ((epochs - 1) * per_epoch)
    {body}

answer = schedule
"""


q3 = Exercise(
    lesson=5,
    number=3,
    title="A schedule counts steps",
    points=2,
    question="""
    Write `schedule(peak, rows, batch_size, epochs)`: a list or array with the learning rate of
    every training step. During the first epoch it rises in a straight line to `peak`; from there
    it falls to 0 along half a cosine, `peak * (1 + cos(π t)) / 2`, with t from 0 to 1.
    """,
    expects="a function schedule(peak, rows, batch_size, epochs)",
    checker=_check_schedule,
    hints=(
        "How many steps has an epoch, if the last batch may be smaller than the others?",
        "`-(-rows // batch_size)` rounds up. One epoch of steps warms up, the rest fall.",
        "`np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])`, with t as long as the rest.",
    ),
    stub="""
    def schedule(peak, rows, batch_size, epochs):
        ...

    answer = schedule
    """,
    solution_source=_SCHEDULE.format(
        per_epoch="-(-rows // batch_size)",
        body="return np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])",
    ),
    why=(
        "A schedule that counts epochs as steps is over after a few batches, without an error; "
        "plot the learning rates before you train with them."
    ),
    wrong_answers=(
        *(
            WrongAnswer(
                _SCHEDULE.format(per_epoch=per_epoch, body=body), because=because, says=says
            )
            for per_epoch, body, because, says in (
                (
                    "rows // batch_size",
                    "return np.concatenate([warm, peak * (1 + np.cos(np.pi * t)) / 2])",
                    "forgets the smaller last batch",
                    "remainder",
                ),
                (
                    "-(-rows // batch_size)",
                    "t = np.arange(epochs * per_epoch) / (epochs * per_epoch)\n"
                    "    return peak * (1 + np.cos(np.pi * t)) / 2",
                    "leaves out the warm-up",
                    "lead up to the peak",
                ),
                (
                    "-(-rows // batch_size)",
                    "return np.concatenate([warm, peak * (1 + np.cos(2 * np.pi * t)) / 2])",
                    "takes a whole cosine",
                    "rises again",
                ),
                (
                    "-(-rows // batch_size)",
                    "return np.concatenate([warm, peak * np.cos(np.pi * t / 4)])",
                    "does not come down to 0",
                    "close to 0",
                ),
                (
                    "-(-rows // batch_size)",
                    "return np.concatenate([warm, peak * (1 - t)])",
                    "falls in a straight line",
                    "half a cosine",
                ),
            )
        ),
        WrongAnswer(
            """
            import numpy as np
            def schedule(peak, rows, batch_size, epochs):
                t = np.arange(epochs) / epochs
                return peak * (1 + np.cos(np.pi * t)) / 2
            answer = schedule
            """,
            because="counts epochs",
            says="every *step*",
        ),
    ),
)

# ── 5.4 ──────────────────────────────────────────────────────────────────────────────────────

# What a range must hold: where the lesson's networks are within a few hundredths of their best.
_GOOD = {"sgd": (0.1, 1.0), "adam": (0.003, 0.03)}
_MOST_DECADES = 3.0


def _check_spaces(answer: object) -> Right:
    spaces = checks.mapping(answer, "a dict with a space for each optimizer", _GOOD)
    decades = {}
    for name, (low, high) in _GOOD.items():
        space = checks.search_space(spaces[name], ("learning_rate",))
        domain = space["learning_rate"]
        if not hasattr(domain, "high"):
            wrong(f"For `{name}` give a range, `ht.loguniform(low, high)`, not single values.")
        if not checks.log_scaled(space, "learning_rate"):
            wrong(
                f"The range of `{name}` is linear: nine tenths of its trials fall in its last "
                "decade. Draw learning rates on a log scale."
            )
        decades[name] = math.log10(domain.high / domain.low)
        if domain.low > 1.01 * low or domain.high < 0.99 * high:
            wrong(
                f"`{name}` gets {domain.low:.3g} to {domain.high:.3g}. Look where its curve in "
                "section 3 is high: a part of that is missing, so it cannot show its best."
            )
        if decades[name] > _MOST_DECADES + 0.01:
            wrong(
                f"`{name}` gets {decades[name]:.2g} decades, and 3 are allowed. Most of its trials "
                "would go where nothing learns."
            )
    if abs(decades["sgd"] - decades["adam"]) > 0.05:
        wide = max(decades, key=decades.get)
        wrong(
            f"`{wide}` has the wider range, so the same number of trials searches it less densely. "
            "Give both the same number of decades."
        )
    return right("Each can show its best, and a trial is worth the same to both.")


q4 = Exercise(
    lesson=5,
    number=4,
    title="A fair race",
    points=2,
    question="""
    Somebody compares SGD and Adam on the digits with `ht.loguniform(1e-4, 1e-2)` for both, and
    declares Adam the winner. Write the two spaces of a fairer comparison: for each optimizer a
    `SearchSpace` with nothing but `learning_rate`, wide enough to hold the good rates of that
    optimizer in the figure of section 3, at most 3 decades, and as many decades for one as for
    the other.
    """,
    expects="a dict with a space for each optimizer",
    checker=_check_spaces,
    hints=(
        "A decade is a factor of 10. Both spaces need a log scale.",
        "SGD's curve is high from 0.1 to 1, Adam's from 0.003 to 0.03.",
        "Two decades each are enough, but not the same two.",
    ),
    stub='answer = {"sgd": ..., "adam": ...}',
    solution_source="""
    answer = {
        "sgd": ht.SearchSpace(learning_rate=ht.loguniform(0.03, 3)),
        "adam": ht.SearchSpace(learning_rate=ht.loguniform(0.0005, 0.05)),
    }
    """,
    why=(
        "Equal ranges look fair and are not: a learning rate means something else to each "
        "optimizer. Report the ranges you searched, or your ranking says nothing."
    ),
    wrong_answers=tuple(
        WrongAnswer(f'answer = {{"sgd": {sgd}, "adam": {adam}}}', because=because, says=says)
        for sgd, adam, because, says in (
            (
                "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-2))",
                "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-2))",
                "gives both the range that suits one",
                "`sgd` gets",
            ),
            (
                "ht.SearchSpace(learning_rate=ht.loguniform(0.01, 1))",
                "ht.SearchSpace(learning_rate=ht.loguniform(0.01, 1))",
                "gives both the range that suits the other",
                "`adam` gets",
            ),
            (
                "ht.SearchSpace(learning_rate=ht.uniform(0.03, 3))",
                "ht.SearchSpace(learning_rate=ht.uniform(0.0005, 0.05))",
                "draws on a linear scale",
                "linear",
            ),
            (
                "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1))",
                "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1))",
                "takes everything",
                "decades, and 3",
            ),
            (
                "ht.SearchSpace(learning_rate=ht.loguniform(0.1, 1))",
                "ht.SearchSpace(learning_rate=ht.loguniform(0.0005, 0.05))",
                "searches one twice as densely",
                "wider range",
            ),
            (
                "ht.SearchSpace(learning_rate=ht.choice(0.1, 0.3, 1.0))",
                "ht.SearchSpace(learning_rate=ht.choice(0.001, 0.01, 0.03))",
                "gives a grid",
                "give a range",
            ),
        )
    ),
)

# ── 5.5 ──────────────────────────────────────────────────────────────────────────────────────

_TRIALS, _NEEDED = 12, 0.6


def _check_search(answer: object) -> Right:
    return challenge.verdict(
        challenge.replays(answer, trials=_TRIALS),
        needed=_NEEDED,
        look_at="Which optimizers and which learning rates are worth a trial at all, and do you "
        "return the best trial?",
    )


_SEARCH = """
import numpy as np

def search(objective, seed):
    rng = np.random.default_rng(seed)
    best, best_score = None, -1.0
    for trial in range({trials}):
        params = objective.space.sample(rng)
        {narrow}
        score = objective.evaluate(params).value
        if {better}:
            best, best_score = params, score
    return best

answer = search
"""


q5 = Exercise(
    lesson=5,
    number=5,
    title="Twelve trainings",
    points=3,
    challenge=True,
    question="""
    Write `search(objective, seed)`. It may train 12 networks with `objective.evaluate(params)`
    and returns the `params` it chooses. `objective.space` is the space of the digits table:
    optimizer (sgd, rmsprop, adam), learning rate (0.0001 to 1), batch size, layers, units,
    activation, dropout.

    It is replayed 200 times with other seeds. At least 60% of the replays must end among the
    best 5% of the table's 5,184 settings. Random search over everything does not get there.
    """,
    expects="a function search(objective, seed) that returns the chosen hyperparameters",
    checker=_check_search,
    hints=(
        "Draw with `objective.space.sample(rng)`, then overwrite what you already know.",
        "Fix the optimizer to one that forgives, and draw its learning rate from its good decade.",
        "More units rarely hurt on the digits (lesson 01), so trials with few units are wasted.",
    ),
    stub="""
    def search(objective, seed):
        ...

    answer = search
    """,
    solution_source=_SEARCH.format(
        trials=12,
        narrow=(
            'params["optimizer"] = "adam"\n'
            '        params["learning_rate"] = float(rng.choice([0.003, 0.01, 0.03]))\n'
            '        params["units"] = int(rng.choice([32, 64]))'
        ),
        better="score > best_score",
    ),
    why=(
        "A space that leaves out what you know to be bad is worth more than a cleverer search "
        "over all of it; the optimizer matters less than the range of its learning rate."
    ),
    wrong_answers=tuple(
        WrongAnswer(
            _SEARCH.format(trials=trials, narrow=narrow, better=better), because=because, says=says
        )
        for trials, narrow, better, because, says in (
            (12, "pass", "score > best_score", "searches everything", "of 200 replays end"),
            (
                12,
                'params["optimizer"] = "adam"',
                "True",
                "returns the last trial",
                "do you return the best trial",
            ),
            (
                12,
                'params |= {"optimizer": "sgd", "learning_rate": 0.01}',
                "score > best_score",
                "leaves SGD at Keras's default rate",
                "which learning rates",
            ),
            (
                12,
                'params["optimizer"] = "sgd"',
                "score > best_score",
                "takes the optimizer that is hardest to tune, and all of its rates",
                "of 200 replays end",
            ),
            (
                40,
                'params["optimizer"] = "adam"',
                "score > best_score",
                "spends more than the budget",
                "budget is 12",
            ),
        )
    ),
)

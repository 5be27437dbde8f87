"""Exercise 3.3: How many trials."""

import math

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# Share of the space, chance, and how many trials that takes.
_RULES = (
    (0.05, 0.95, 59),
    (0.01, 0.95, 299),
    (0.1, 0.9, 22),
    (0.05, 0.5, 14),
    (0.5, 0.5, 1),
    (0.5, 0.75, 2),
)


def _check_trials(answer: object) -> Right:
    for best, chance, expected in _RULES:
        got = checks.call(answer, best, chance, what="a function trials_needed(best, chance)")
        trials = checks.number(got, "a number of trials")
        asked = f"`trials_needed({best}, {chance})` gives {trials:.4g}. "
        exact = math.log(1 - chance) / math.log(1 - best)
        if trials == expected:
            continue
        if trials < 0:
            wrong(asked + "Logarithms of numbers below 1 are negative; divide one by another.")
        if checks.near(trials, exact, 1e-6):
            wrong(asked + "A trial is run or not: round up to a whole one.")
        if trials == math.floor(exact):
            wrong(asked + f"That many give a chance of {1 - (1 - best) ** trials:.4g}, just short.")
        if trials == expected + 1:
            wrong(
                asked + f"One trial fewer gives a chance of {1 - (1 - best) ** expected:.4g} "
                "already."
            )
        if checks.near(trials, math.log(1 - best) / math.log(1 - chance), 0.01) or trials == 1:
            wrong(asked + "All trials miss with probability (1 - best) to the power of trials.")
        if checks.near(trials, 1 / best, 0.06) or checks.near(trials, chance / best, 0.06):
            wrong(
                asked + f"After that many, the chance that all of them missed is still "
                f"{(1 - best) ** trials:.2g}."
            )
        wrong(
            asked + f"The chance that {trials:.4g} trials all miss is {(1 - best) ** trials:.2g}."
        )
    return right("One miss has probability 1 - best; n misses in a row have its n-th power.")


q3 = Exercise(
    lesson=3, number=3, title="How many trials", points=2,
    question="""
    Write `trials_needed(best, chance)`: the smallest number of random trials, a whole number, for
    which the chance that at least one of them is among the best `best` of the space is `chance` or
    more. `best` is a share: 0.05 means the best 5%. `trials_needed(0.05, 0.95)` is 59. Then call
    it for the best 1%.
    """,
    expects="a function trials_needed(best, chance)",
    checker=_check_trials,
    hints=(
        "What is the chance that one trial misses? That two do? That n do?",
        "Look for the smallest n with `(1 - best) ** n <= 1 - chance`.",
        "Taking logarithms, n is `log(1 - chance) / log(1 - best)`, rounded up.",
    ),
    stub="""
    def trials_needed(best, chance):
        ...

    answer = trials_needed
    """,
    solution_source="""
    import math

    def trials_needed(best, chance):
        return math.ceil(math.log(1 - chance) / math.log(1 - best))

    answer = trials_needed
    """,
    why="The number of knobs is nowhere in it: 59 trials are enough for 2 knobs and for 20. For "
        "the best 1% they are not: that takes 299.",
    wrong_answers=tuple(
        WrongAnswer("import math\n\ndef trials_needed(best, chance):\n    return " + body
                    + "\n\nanswer = trials_needed", because, says)
        for body, because, says in (
            ("math.ceil(1 / best)", "takes 20 trials for the best of 20", "all of them missed"),
            ("math.log(1 - chance) / math.log(1 - best)", "does not round", "round up"),
            ("int(math.log(1 - chance) / math.log(1 - best))", "rounds down", "just short"),
            ("math.ceil(math.log(1 - best) / math.log(1 - chance))", "swaps them", "power"),
            ("math.ceil(math.log(chance) / math.log(best))", "takes hits for misses", "power"),
            ("math.ceil(chance / best)", "adds up the chances", "all of them missed"),
            ("math.ceil(math.log(1 - chance))", "stops half way", "divide"),
            ("math.floor(math.log(1 - chance) / math.log(1 - best)) + 1",
             "goes up where the number is whole already", "One trial fewer"),
        )
    ),
)  # fmt: skip

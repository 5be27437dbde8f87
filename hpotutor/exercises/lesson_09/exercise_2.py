"""Exercise 9.2: All luck."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

# Noise, trials n, and the expected largest of n standard normal numbers, by numerical integration
# of the order statistic.
_LARGEST = ((0.02, 1, 0.0), (0.02, 10, 1.5388), (0.02, 100, 2.5076), (0.2, 10, 1.5388))
_DRAWS = 1500


def _check_excess(answer: object) -> Right:
    what = "`excess(noise, trials, rng)`"
    for noise, trials, expected in _LARGEST:
        drawn = [
            checks.number(one, "a number")
            for one in checks.draws(answer, noise, trials, count=_DRAWS, what=what)
        ]
        mean = float(np.mean(drawn))
        if len(set(drawn)) == 1:
            wrong("It gives the same each time. Draw fresh luck from `rng` in every call.")
        if mean > 0.5:
            wrong("That is a score. The excess is how far the highest score lies above 0.9.")
        if abs(mean - noise * expected) > 0.1 * noise:
            wrong(
                f"With noise {noise} and {trials} trials your excess is {mean:.3f} on average; "
                f"it should be about {noise * expected:.3f}. Every trial has luck of its own, "
                "normally distributed, and the search takes the highest."
            )
    return right(
        "With noise 0.02 the best of 10 looks 0.031 too good, the best of 100 0.050: with equal "
        "settings, all of the gain is luck."
    )


q2 = Exercise(
    lesson=9, number=2, title="All luck", points=2,
    question="""
    Imagine that all settings are equal: each has a true accuracy of 0.9, and a training adds luck
    that is normally distributed with standard deviation `noise`. Write
    `excess(noise, trials, rng)`: play one search of so many trials with `rng`, a NumPy generator,
    and return how far its best score lies above 0.9.
    """,
    expects="a function excess(noise, trials, rng)",
    checker=_check_excess,
    hints=(
        "`rng.normal(0.9, noise, trials)` are the scores of one search.",
        "The search reports their maximum.",
    ),
    stub="def excess(noise, trials, rng): ...\n\n\nanswer = excess",
    solution_source="""
    def excess(noise, trials, rng):
        return rng.normal(0.9, noise, trials).max() - 0.9


    answer = excess
    """,
    why="Before you praise a search, ask what it would have found had there been nothing to find.",
    wrong_answers=(
        WrongAnswer("def excess(noise, trials, rng):\n"
                    "    return rng.normal(0.9, noise, trials).max()\n\n\nanswer = excess",
                    "returns the score", "above 0.9"),
        WrongAnswer("def excess(noise, trials, rng):\n"
                    "    return rng.normal(0, noise, trials).mean()\n\n\nanswer = excess",
                    "averages instead of choosing", "takes the highest"),
        WrongAnswer("def excess(noise, trials, rng):\n"
                    "    return rng.normal(0, noise)\n\n\nanswer = excess",
                    "plays one trial", "Every trial"),
        WrongAnswer("import numpy as np\n\n\ndef excess(noise, trials, rng):\n"
                    "    rng = np.random.default_rng(0)\n"
                    "    return rng.normal(0, noise, trials).max()\n\n\nanswer = excess",
                    "draws the same luck each time", "same each time"),
        WrongAnswer("import numpy as np\n\n\ndef excess(noise, trials, rng):\n"
                    "    return np.random.normal(0, noise, trials).max()\n\n\nanswer = excess",
                    "draws from NumPy's global generator", "from no other"),
        WrongAnswer("def excess(noise, trials, rng):\n"
                    "    return rng.normal(0, 0.02, trials).max()\n\n\nanswer = excess",
                    "writes the noise down", "With noise 0.2"),
    ),
)  # fmt: skip

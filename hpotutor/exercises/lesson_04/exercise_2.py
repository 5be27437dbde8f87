"""Exercise 4.2: Three rules, three choices."""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_RULES = ("probability of improvement", "expected improvement", "upper confidence bound")
_PICKS = dict(zip(_RULES, "ABC", strict=True))
_REMARKS = {
    ("probability of improvement", "B"): (
        "Probability of improvement does not ask how large the gain is. B beats 0.90 a "
        "little more than one time in three; how often does A?"
    ),
    ("probability of improvement", "C"): (
        "C has little chance to beat 0.90: its mean is more than one standard deviation below."
    ),
    ("expected improvement", "A"): (
        "A nearly always gains, and hardly anything: 0.005 on average. B loses more often, which "
        "costs nothing, and gains far more when it wins."
    ),
    ("expected improvement", "C"): (
        "C could gain most, but it wins too rarely: mean and spread count together."
    ),
    ("upper confidence bound", "A"): (
        "A's mean and twice its standard deviation are 0.907. Work the same out for the others."
    ),
    ("upper confidence bound", "B"): (
        "B's mean and twice its standard deviation are 0.95. Work the same out for C."
    ),
}


def _check_rules(answer: object) -> Right:
    what = "a dict from the three rules to the letter each one picks"
    chosen = checks.mapping(answer, what, _RULES)
    for rule in _RULES:
        letter = checks.option(chosen[rule], ["A", "B", "C"], "one of the three candidates")
        if letter != _PICKS[rule]:
            wrong(_REMARKS[rule, letter])
    return right("A is likely, B is worth it, C is unknown.")


q2 = Exercise(
    lesson=4, number=2, title="Three rules, three choices", points=1,
    question="""
    The best score so far is 0.90. The surrogate believes this of three candidates:

    | candidate | mean | standard deviation |
    |---|---|---|
    | A | 0.905 | 0.001 |
    | B | 0.89 | 0.03 |
    | C | 0.78 | 0.10 |

    Which one does each rule pick? No trade-off dial (`xi=0`), and `kappa=2`.
    `ht.expected_improvement(mean, std, best=0.90, xi=0)` works the second one out.
    """,
    expects="a dict from the three rules to the letter each one picks",
    checker=_check_rules,
    hints=(
        "Upper confidence bound is the easy one: mean + 2 × standard deviation.",
        "Probability of improvement asks only whether 0.90 is beaten, not by how much.",
        "`ht.expected_improvement(mean, std, best=0.90, xi=0)` takes lists, and works it out.",
    ),
    stub="""
    answer = {
        "probability of improvement": ...,
        "expected improvement": ...,
        "upper confidence bound": ...,
    }
    """,
    solution_source="""
    mean, std = [0.905, 0.89, 0.78], [0.001, 0.03, 0.10]
    values = {
        "probability of improvement": ht.probability_of_improvement(mean, std, 0.90, xi=0),
        "expected improvement": ht.expected_improvement(mean, std, 0.90, xi=0),
        "upper confidence bound": ht.upper_confidence_bound(mean, std, kappa=2),
    }
    answer = {rule: "ABC"[value.argmax()] for rule, value in values.items()}
    """,
    why="The surrogate is the same in all three; the acquisition function decides how much an "
        "unknown place is worth.",
    wrong_answers=tuple(
        WrongAnswer(f"answer = dict(zip({_RULES!r}, {letters!r}))", because, says)
        for letters, because, says in (
            ("AAA", "takes the highest mean everywhere", "hardly anything"),
            ("CCC", "takes the largest spread everywhere", "little chance"),
            ("BBC", "confuses a likely gain with a large one", "how often does A"),
            ("ACC", "takes expected improvement for a bound", "wins too rarely"),
            ("ABB", "forgets to double the standard deviation", "for C"),
        )
    ),
)  # fmt: skip

"""Exercise 10.4: May somebody go up?"""

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong


def _check_promote(answer: object) -> Right:
    what = "`promote(scores, promoted)`"
    cases: tuple[tuple[list[float], set[int], set[int]], ...] = (  # who may go up
        ([0.5, 0.9], set(), set()),
        ([0.5, 0.9, 0.7], set(), {1}),
        ([0.5, 0.9, 0.7], {1}, set()),
        ([0.5, 0.9, 0.7, 0.95, 0.1, 0.2], {1}, {3}),
        ([0.5, 0.9, 0.7, 0.95, 0.1, 0.2], {3}, {1}),
        ([0.5, 0.9, 0.7, 0.95, 0.1, 0.2], {0, 1}, {3}),
        ([0.5, 0.9, 0.7, 0.95, 0.1, 0.2], {1, 3}, set()),
        ([0.5, 0.9, 0.7, 0.6, 0.1, 0.2, 0.3, 0.4], {1, 2}, set()),
        ([0.5, 0.9, 0.7, 0.6, 0.1, 0.2, 0.3, 0.4, 0.0], set(), {1, 2, 3}),
        ([0.1, 0.9, 0.9, 0.2, 0.1, 0.2], {1}, {2}),
        ([-0.5, -0.9, -0.7], set(), {0}),
    )
    for scores, promoted, expected in cases:
        got = checks.call(answer, scores, promoted, what=what)
        got = checks.whole_number(got, "a place in the list, or -1", -1, len(scores) - 1)
        told = f"With scores {scores} and promoted {promoted or '{}'}"
        if not expected and got >= 0:
            if len(scores) < 3:
                wrong(f"{told} nobody goes up: one in 3 of {len(scores)} is none. Return -1.")
            wrong(f"{told} nobody goes up: the best third is up already. Return -1.")
        if expected and got < 0:
            wrong(f"{told} somebody in the best third is still waiting. You return -1.")
        if expected and got not in expected:
            wrong(f"{told} your choice is {got}, which is not among the waiting best third.")
    return right("No rung has to be full: whoever is good enough so far goes up.")


_PROMOTE = """
def promote(scores, promoted):
    order = sorted(range(len(scores)), key=lambda k: {key})
    for k in order[:{count}]:
        if {fresh}:
            return k
    return -1


answer = promote
"""
_RULE = {"key": "-scores[k]", "count": "len(scores) // 3", "fresh": "k not in promoted"}

q4 = Exercise(
    lesson=10, number=4, title="May somebody go up?", points=2,
    question="""
    Write the rule of asynchronous halving for one rung, with eta = 3. `promote(scores, promoted)`
    gets the list of scores that came in so far (higher is better), and the set of places in that
    list that were promoted before. It returns the place of one that belongs to the best third so
    far (`len(scores) // 3` of them) and was not promoted yet, or -1 if there is nobody.
    """,
    expects="a function promote(scores, promoted) that returns a place in the list, or -1",
    checker=_check_promote,
    hints=(
        "Sort the places by their scores, best first.",
        "Look only at the first `len(scores) // 3` of them.",
        "Return the first that is not in `promoted`; after the loop, -1.",
    ),
    stub="def promote(scores, promoted): ...\n\n\nanswer = promote",
    solution_source=_PROMOTE.format(**_RULE),
    why="A promotion may prove hasty as more scores come in. That is the price of not waiting.",
    wrong_answers=tuple(
        WrongAnswer(_PROMOTE.format(**{**_RULE, part: code}), because, says)
        for part, code, because, says in (
            ("key", "scores[k]", "promotes the worst", "best third"),
            ("count", "max(1, len(scores) // 3)", "never waits for three", "one in 3"),
            ("fresh", "True", "promotes twice", "up already"),
            ("count", "int(len(scores) > 2)", "looks at the best alone", "still waiting"),
            ("count", "round(len(scores) / 3)", "rounds a third up", "one in 3"),
            ("count", "len(scores) // 3 + len(promoted)", "goes on below the best third",
             "up already"),
        )
    )
    + (
        WrongAnswer(_PROMOTE.format(**_RULE).replace("return k", "promoted.add(k); return k"),
                    "notes the promotion in the set that it was given", "changes `promoted`"),
    ),
)  # fmt: skip

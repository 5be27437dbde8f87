"""Exercise 14.1: Mend a plan."""

from typing import Any

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_PLAN_TRIALS = 30


def _check_plan(answer: object) -> Right:
    from hpotutor.analysis.reviewing import review

    space = checks.search_space(answer)
    for name in ("units", "dropout"):
        if name not in space:
            wrong(f"`{name}` is what your colleague wants to know about: keep it.")
    bounds = {name: _bounds(space, name) for name in ("units", "dropout")}
    if bounds["units"][0] > 16 or bounds["units"][1] < 512:
        wrong("`units` should still reach from 8 or 16 up to 512 or more.")
    if bounds["dropout"][1] < 0.4 or bounds["dropout"][0] > 0.01:
        wrong("`dropout` should still reach from 0 to about 0.5.")
    if bounds["units"][0] < 8 or bounds["units"][1] > 1024:
        wrong("`units` should stay within your colleague's range, from 8 to 1024.")
    if bounds["dropout"][1] > 0.5:
        wrong("`dropout` should stay within your colleague's range, up to 0.5.")
    if "learning_rate" in space:
        low, high = _bounds(space, "learning_rate")
        if not (1e-6 <= low <= 1e-3 and 1e-2 <= high <= 10):
            wrong(
                f"Learning rates from {low:g} to {high:g} miss those that train such networks, or "
                "are mostly useless. Cover at least 0.001 to 0.01, with some room on both sides."
            )
    found = review(space, trials=_PLAN_TRIALS)
    if len(found):
        first = found.findings[0]
        more = f" ({len(found) - 1} more.)" if len(found) > 1 else ""
        wrong(f"`ht.review(space, trials={_PLAN_TRIALS})` says: {first.found} {first.reason}{more}")
    return right("Fewer knobs, scales that fit, and the learning rate among them.")


def _bounds(space: Any, name: str) -> tuple[float, float]:
    """Return the lowest and the highest value of a number or of a choice of numbers."""
    values = getattr(space[name], "choices", None)
    if values is None:
        return space[name].low, space[name].high
    numbers = [checks.number(value, f"a choice of numbers for `{name}`") for value in values]
    return min(numbers), max(numbers)


_PLAN = """
import hpotutor as ht

answer = ht.SearchSpace(
    {lines}
)
"""
_RATE = "learning_rate=ht.loguniform(1e-4, 1e-1)"
_UNITS = "units=ht.integers(8, 1024, log=True)"
_DROPOUT = "dropout=ht.uniform(0.0, 0.5)"


def _plan(*lines: str) -> str:
    return _PLAN.format(lines=",\n    ".join(lines) + ",")


q1 = Exercise(
    lesson=14, number=1, title="Mend a plan", points=2,
    question="""
    A colleague wants to know how `units` and `dropout` should be set, and has 30 trials for this:

    ```python
    ht.SearchSpace(
        units=ht.integers(8, 1024),
        dropout=ht.uniform(0.0, 0.5),
        activation=ht.choice("relu", "tanh"),
        batch_size=ht.choice(16, 32, 64),
        l2=ht.uniform(0.0, 0.01),
    )
    ```

    Write the space that you would search instead. Keep `units` and `dropout` with their ranges, and
    leave `ht.review(space, trials=30)` nothing to find.
    """,
    expects="an `ht.SearchSpace(...)`",
    checker=_check_plan,
    hints=(
        "Show the review of your colleague's space: it says what to type.",
        "With 30 trials there is room for 3 knobs. One of them is not in the list above.",
    ),
    solution_source=_plan(_RATE, _UNITS, _DROPOUT),
    why="What is left out of a space is fixed, not gone: fix it where you can live with it.",
    wrong_answers=(
        WrongAnswer(_plan(_UNITS, _DROPOUT), "forgets the rate", "not tuned"),
        WrongAnswer(_plan("learning_rate=ht.uniform(1e-4, 1e-1)", _UNITS, _DROPOUT),
                    "draws the rate on a linear scale", "linear scale"),
        WrongAnswer(_plan(_RATE, _UNITS, _DROPOUT, 'activation=ht.choice("relu", "tanh")'),
                    "keeps too many knobs", "30 trials for 4"),
        WrongAnswer(_plan(_RATE, "units=ht.integers(8, 1024)", _DROPOUT),
                    "leaves the units linear", "units is drawn on a linear scale"),
        WrongAnswer(_plan(_RATE, "units=ht.integers(8, 64)", _DROPOUT),
                    "cuts the range to please the review", "reach from 8"),
        WrongAnswer(_plan("learning_rate=ht.loguniform(10.0, 1000.0)", _UNITS, _DROPOUT),
                    "takes any range for the rate", "Learning rates from 10"),
    ),
)  # fmt: skip

"""Exercise 3.4: What 59 trials bound."""

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong

_TRUE = {"a": True, "b": False, "c": False, "d": True, "e": False}
_REMARKS = {
    "a": "Statement a is the rule itself: it speaks of the 59 settings that were drawn.",
    "b": (
        "About b: among 59 settings a good one can stand, and another one can be luckier on the "
        "validation rows. Which of the two is kept?"
    ),
    "c": (
        "About c: the rule counts settings that are better; it says nothing of how much better "
        "they are."
    ),
    "d": "About d: is the number of knobs anywhere in `1 - 0.95 ** 59`?",
    "e": (
        "About e: if most of the wider space is useless, a setting can be among its best 5% and "
        "be poor."
    ),
}


def _check_statements(answer: object) -> Right:
    what = "a dict from the letters a to e to True or False"
    judged = checks.mapping(answer, what, tuple(_TRUE))
    for letter, value in judged.items():
        checks.expect(value, (bool, np.bool_), f"True or False for {letter}")
    mistaken = [letter for letter, value in judged.items() if bool(value) != _TRUE[letter]]
    if mistaken:
        right_ones = len(_TRUE) - len(mistaken)
        wrong(f"{right_ones} of 5 are right. {_REMARKS[min(mistaken)]}")
    return right("The rule bounds a rank among what was drawn, and no score.")


q4 = Exercise(
    lesson=3, number=4, title="What 59 trials bound", points=2,
    question="""
    A friend draws 59 random settings from a search space of 4 knobs, trains each once, and keeps
    the one with the best validation accuracy. Which of these statements follow?
    Write `True` for one that follows, `False` for one that does not.

    - **a** With a chance of about 95%, at least one of the 59 is among the best 5% of the space.
    - **b** With a chance of about 95%, the one that is kept is among the best 5% of the space.
    - **c** With a chance of about 95%, its accuracy is within 0.05 of the best there is.
    - **d** Statement a would hold for a space of 14 knobs as well.
    - **e** Had the friend drawn learning rates up to 1,000, a setting among the best 5% would be
      worth as much.
    """,
    expects="a dict from the letters a to e to True or False",
    checker=_check_statements,
    hints=(
        "The rule counts settings. Does a statement speak of scores?",
        "Each setting was trained once: what it scored is partly luck.",
        "Two of the five follow.",
    ),
    stub='answer = {"a": ..., "b": ..., "c": ..., "d": ..., "e": ...}',
    solution_source="""
    answer = {"a": True, "b": False, "c": False, "d": True, "e": False}
    """,
    why="59 trials in a sensible space are a good start. In a careless one they are 59 trials, "
        "and the rule holds all the same.",
    wrong_answers=tuple(
        WrongAnswer("answer = " + repr(dict(zip("abcde", values, strict=True))), because, says)
        for values, because, says in (
            ((True, True, False, True, False), "takes the best score for the best", "luckier"),
            ((True, False, True, True, False), "takes a rank for a score", "how much better"),
            ((True, False, False, False, False), "fears many knobs", "number of knobs"),
            ((True, False, False, True, True), "thinks a rank is worth the same", "useless"),
            ((True,) * 5, "believes all of it", "2 of 5 are right"),
            ((False, False, False, False, False), "believes nothing", "the rule itself"),
        )
    ),
)  # fmt: skip

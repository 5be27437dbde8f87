"""An answer that ignores one of its arguments is refused: it goes on with the first one it got."""

import copy
import inspect

import numpy as np
import pytest

from hpotutor.exercises import exercises_of, lessons
from hpotutor.exercises.engine import answer_of

CASES = [
    (exercise, place, name)
    for lesson in lessons()
    for exercise in exercises_of(lesson)
    if "def " in exercise.solution_source and not exercise.challenge
    for place, name in enumerate(inspect.signature(answer_of(exercise.solution_source)).parameters)
]
DATA = (int, float, np.ndarray, list, dict, set, tuple)


def ignoring(solution, place):
    """Return the solution with one argument that stays what it was in the first call."""
    first = []

    def answer(*arguments, **keywords):
        given = list(arguments)
        name, parameter = list(inspect.signature(solution).parameters.items())[place]
        value = given[place] if place < len(given) else keywords.get(name, parameter.default)
        if not first:
            first.append(copy.deepcopy(value) if isinstance(value, DATA) else value)
        if place < len(given):
            given[place] = first[0]
        elif name in keywords:
            keywords[name] = first[0]
        return solution(*given, **keywords)

    return answer


@pytest.mark.parametrize(
    ("exercise", "place", "name"), CASES, ids=[f"{one.label}-{name}" for one, _, name in CASES]
)
def test_no_argument_can_be_ignored(exercise, place, name):
    verdict = exercise.judge(ignoring(answer_of(exercise.solution_source), place))
    assert verdict.status == "not yet", f"`{name}` decides nothing"

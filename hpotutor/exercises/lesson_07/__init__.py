"""Lesson 07, genetic algorithms: what a generation costs, selection, crossover, mutation."""

from collections.abc import Callable
from typing import Any

from hpotutor.exercises.engine import answer_of
from hpotutor.exercises.lesson_07.exercise_1 import q1
from hpotutor.exercises.lesson_07.exercise_2 import q2
from hpotutor.exercises.lesson_07.exercise_3 import q3
from hpotutor.exercises.lesson_07.exercise_4 import q4
from hpotutor.exercises.lesson_07.exercise_5 import q5

__all__ = ["pieces", "q1", "q2", "q3", "q4", "q5"]


def pieces(*answers: Any) -> list[Callable[..., Any]]:
    """Return select, cross and mutate: the learner's where they are right, else the solutions'."""
    return [
        answer if exercise.judge(answer) else answer_of(exercise.solution_source)
        for exercise, answer in zip((q2, q3, q4), answers, strict=True)
    ]

"""Lesson 10, scaling out: what workers bring, what they cost, and what happens when one dies."""

from hpotutor.exercises.lesson_10.exercise_1 import q1
from hpotutor.exercises.lesson_10.exercise_2 import q2
from hpotutor.exercises.lesson_10.exercise_3 import q3
from hpotutor.exercises.lesson_10.exercise_4 import q4
from hpotutor.exercises.lesson_10.exercise_5 import q5
from hpotutor.exercises.lesson_10.exercise_6 import q6

__all__ = ["q1", "q2", "q3", "q4", "q5", "q6"]

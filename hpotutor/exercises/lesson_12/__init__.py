"""Lesson 12, several goals: fronts, what they cover, limits, and how to choose from them."""

from hpotutor.exercises.lesson_12.exercise_1 import q1
from hpotutor.exercises.lesson_12.exercise_2 import q2
from hpotutor.exercises.lesson_12.exercise_3 import q3
from hpotutor.exercises.lesson_12.exercise_4 import q4
from hpotutor.exercises.lesson_12.exercise_5 import q5
from hpotutor.exercises.lesson_12.exercise_6 import q6

__all__ = ["q1", "q2", "q3", "q4", "q5", "q6"]

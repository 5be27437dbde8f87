"""Lesson 02, grid search: what a grid costs, how to write one, and two ways to be misled by it."""

from hpotutor.exercises.lesson_02.exercise_1 import q1
from hpotutor.exercises.lesson_02.exercise_2 import q2
from hpotutor.exercises.lesson_02.exercise_3 import q3
from hpotutor.exercises.lesson_02.exercise_4 import q4
from hpotutor.exercises.lesson_02.exercise_5 import q5
from hpotutor.exercises.lesson_02.exercise_6 import q6

__all__ = ["q1", "q2", "q3", "q4", "q5", "q6"]

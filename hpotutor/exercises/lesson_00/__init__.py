"""Lesson 00, start here: what is learned, what is chosen, and which rows may judge."""

from hpotutor.exercises.lesson_00.exercise_1 import q1
from hpotutor.exercises.lesson_00.exercise_2 import q2
from hpotutor.exercises.lesson_00.exercise_3 import q3
from hpotutor.exercises.lesson_00.exercise_4 import q4

__all__ = ["q1", "q2", "q3", "q4"]

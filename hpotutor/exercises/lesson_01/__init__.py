"""Lesson 01, manual tuning: when to stop, what a batch size changes, and a search by hand."""

from hpotutor.exercises.lesson_01.exercise_1 import q1
from hpotutor.exercises.lesson_01.exercise_2 import q2
from hpotutor.exercises.lesson_01.exercise_3 import q3
from hpotutor.exercises.lesson_01.exercise_4 import q4

__all__ = ["q1", "q2", "q3", "q4"]

"""Lesson 13, tune small, train big: what carries from a cheap training to a dear one."""

from hpotutor.exercises.lesson_13.exercise_1 import q1
from hpotutor.exercises.lesson_13.exercise_2 import q2
from hpotutor.exercises.lesson_13.exercise_3 import q3
from hpotutor.exercises.lesson_13.exercise_4 import q4
from hpotutor.exercises.lesson_13.exercise_5 import q5

__all__ = ["q1", "q2", "q3", "q4", "q5"]

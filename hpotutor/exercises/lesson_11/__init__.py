"""Lesson 11, your own project: the loop, a training that may fail, what is kept, what is next."""

from hpotutor.exercises.lesson_11.exercise_1 import q1
from hpotutor.exercises.lesson_11.exercise_2 import q2
from hpotutor.exercises.lesson_11.exercise_3 import q3
from hpotutor.exercises.lesson_11.exercise_4 import q4
from hpotutor.exercises.lesson_11.exercise_5 import q5
from hpotutor.exercises.lesson_11.exercise_6 import q6

__all__ = ["q1", "q2", "q3", "q4", "q5", "q6"]

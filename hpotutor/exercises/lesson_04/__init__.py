"""Lesson 04, Bayesian optimization: acquisition, the loop, reading libraries' answers, leaks."""

from hpotutor.exercises.lesson_04.exercise_1 import q1
from hpotutor.exercises.lesson_04.exercise_2 import q2
from hpotutor.exercises.lesson_04.exercise_3 import q3
from hpotutor.exercises.lesson_04.exercise_4 import q4
from hpotutor.exercises.lesson_04.exercise_5 import q5
from hpotutor.exercises.lesson_04.exercise_6 import q6
from hpotutor.exercises.lesson_04.exercise_7 import q7

__all__ = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]

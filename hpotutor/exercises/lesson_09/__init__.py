"""Lesson 09, honest numbers: which score to report, luck, a seal, repeats, a report."""

from hpotutor.exercises.lesson_09.exercise_1 import q1
from hpotutor.exercises.lesson_09.exercise_2 import q2
from hpotutor.exercises.lesson_09.exercise_3 import q3
from hpotutor.exercises.lesson_09.exercise_4 import q4
from hpotutor.exercises.lesson_09.exercise_5 import q5
from hpotutor.exercises.lesson_09.exercise_6 import q6
from hpotutor.exercises.lesson_09.exercise_7 import q7

__all__ = ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]

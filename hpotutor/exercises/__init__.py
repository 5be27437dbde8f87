"""Exercises: a folder a lesson, a module an exercise.

In a notebook ``from hpotutor.exercises import lesson_02 as exercises``; then ``exercises.q1`` has
``check(answer)``, ``hint()`` and ``solution()``. To write one, read `engine.py`, which tells how
an exercise is declared, then any ``lesson_02/exercise_1.py``; add a file beside it and name it in
that folder's ``__init__``; a new lesson's folder is named in `__init__.pyi` here. Checks share
`checks.py` and the probes; `progress.py` shows how far a learner has come, `catalog.py` finds
lessons and exercises. Leans on all below it but `widgets`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

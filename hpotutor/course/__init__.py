"""What makes notebooks a course: claims, lessons, the learner's folder, the doctor, nbgrader.

Begin with `lessons.py` (where the lessons are). `workspace.py` keeps a learner's own copy up to
date; `assignment.py` makes a lesson an assignment, `nbgrader.py` writes and grades a course of
them; `_notes.py` tells whose a change is. `doctor.py` says what is missing, `claims.py` keeps what
the lessons measured of the articles' claims, `words.py` explains its words. Leans on `exercises`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

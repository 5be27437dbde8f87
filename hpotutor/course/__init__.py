"""What makes notebooks a course: claims, lessons, the learner's folder, the doctor, nbgrader.

Begin with `lessons.py` (where the lessons are); `workspace.py` keeps a learner's own copy up to
date and opens JupyterLab on it, `doctor.py` says what is missing;
`assignment.py` and `nbgrader.py` make and grade assignments; `claims.py` keeps what the lessons
measured. Leans on `exercises`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

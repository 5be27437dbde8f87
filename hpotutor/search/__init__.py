"""Search methods, one file each; every one leads a library's own loop through the recorder.

Begin with `random.py`, the shortest; `grid.py`, `manual.py`, `bayesian.py`, `gp.py`,
`hyperband.py`, `asha.py` and `genetic.py` are built alike. `backends.py` holds the loops of
scikit-learn, Optuna, Hyperopt and KerasTuner, `_parallel.py` those for a cluster. To add a
method, write a file and name it here and in `hpotutor/__init__.pyi`. Leans on `study` and
`parallel`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""Search methods, one file each; every one leads a library's own loop through the recorder.

Begin with `random.py`, the shortest; `grid.py`, `bayesian.py`, `hyperband.py` and `genetic.py` are
built alike, on `gp.py` and `asha.py`, and `manual.py` lets you choose. `_method.py` holds what they
share, `backends.py` the loops of scikit-learn, Optuna, Hyperopt and KerasTuner, `_parallel.py`
those for a cluster. To add a method, write a file with a function under `@search_method` and a
loop for each library, and name it in `__init__.pyi`, here and in `hpotutor/`. Leans on `study` and
`parallel`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

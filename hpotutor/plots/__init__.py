"""The course's figures: each draws on an axes and returns a one-sentence `Reading`.

Every figure is a file with a pair: ``<figure>_info(...)`` computes what is to be seen, as plain
data, and ``<figure>``, made by the decorator in `_figure.py`, draws that; its title and its
sentence stand in ``readings/``. Begin with `_history.py`. Colors and sizes stand in `style.py`,
which of them a figure takes in its own file; how numbers are written in `formatting.py`, how
arguments are read in `_trials.py`. A file begins with an underscore because it holds a function of
the same name. Leans on `study`, for Optuna studies alone. A new figure is a new such file, named in
`__init__.pyi`.

A study is drawn as it is: its slices are `validation_curve(study, knob)`, its intermediate values
`learning_curves(study)`; on which ends of its ranges the best trials lie says `hpotutor.review`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""What a search leaves: the recorder, its log, and the result.

Begin with `recorder.py`, the one door through which every evaluation of every method passes: it
keeps the budget and the progress, and a killed search goes on there. `storage.py` is the log, an
Optuna study on the file of `journal.py`; `result.py` reads it; `importers.py` turns the studies of
other libraries into results. Leans on `space` and `objectives`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

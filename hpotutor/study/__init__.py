"""What a search leaves: the recorder, its log, and the result.

Begin with `recorder.py`, the one door through which every evaluation of every method passes: a
killed search goes on there (`evaluate`; on a cluster, `recall`), and `_budget.py` tells it what
may still be spent. `storage.py` is the log, an Optuna study on the file of `journal.py`,
held by `_lock.py`; `result.py` reads it; `importers.py` turns the searches of other libraries into
results, and is where another library's would be added. Leans on `space` and `objectives`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

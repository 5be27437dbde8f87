"""What is learned from: `load` returns a `Dataset` with its preparation and its sealed test part.

Begin with `loader.py` (`load`) and `dataset.py` (what it returns). `reading.py` reads files, frames
and arrays; `columns.py` says what becomes of each column and makes the transformer; `targets.py`
tells classes from amounts; `splitting.py` deals the rows out, by class, quantile, group or time.
`samples.py` finds the table that ships for practice, in `data/`. Leans on nothing but `errors`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""What is learned from: `load` returns a `Dataset` with its preparation and its sealed test part.

Begin with `loader.py`. Files and arrays are read and refused in `_validation.py`; `samples.py`
finds the table that ships for practice, in `data/`. Leans on nothing but `errors`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""The course's figures: each draws on an axes and returns a one-sentence `Reading`.

Every figure is a file with a pair: ``<figure>_info(...)`` computes what is to be seen, as plain
data, and ``<figure>(..., ax=None)`` draws it. Colors, sizes and number formats stand in `style.py`.
A file begins with an underscore because it holds a function of the same name. Leans on nothing but
`errors`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

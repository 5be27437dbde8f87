"""The shipped benchmark: every configuration of a space, trained beforehand.

Begin with `objective.py` (`TableObjective` answers a search from a table); `table.py` opens the
files of `tables/`, `histories.py` replays thousands of searches as arrays, `comparison.py` races
methods (`compare`), `simulator.py` puts them on a clock with many workers. Tables are built by
`tools/tables/`, which does not ship. Leans on `study` and `search`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""The same trials on the workers of a Dask cluster.

Begin with `dask_objective.py` (an objective whose evaluations are trained elsewhere);
`dask_pool.py` keeps each worker at one training and begins it again when the worker dies.
Leans on `objectives`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

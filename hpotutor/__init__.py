"""hpotutor: a course on hyperparameter tuning for deep learning, and its helper package.

`import hpotutor as ht`; the names that a lesson types are listed in `__init__.pyi`, each loaded
on first use, so that importing the package takes a fraction of a second and no TensorFlow. A
folder is a thing that a learner could name. From the ground up, each leaning only on those before
it: `space`, `datasets`; `models`, `fused`; `objectives`, `parallel`, `study`; `plots`, `search`,
`tabular`, `analysis`; `widgets`, `exercises`, `course`. To see how a search works, read
`study/recorder.py`, then `search/random.py`.
"""

from hpotutor._startup import attach

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = attach(__name__, __file__)
__all__.append("__version__")

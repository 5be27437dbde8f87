"""What one trial means: hyperparameters go in, an `Evaluation` comes out.

Begin with `base.py` (`Objective`, `Evaluation`, `FunctionObjective`); `training.py` trains
networks, through Keras (`_fitting.py`, after `building.py` has called and checked the builder) or
the stack (`_fused.py`), on the folds and weights of `rows.py`; `metrics.py` scores what they
predict; `identity.py` tells a log which function it answers for. Leans on `models` and `fused`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

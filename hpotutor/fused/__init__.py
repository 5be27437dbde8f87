"""Many networks trained as one stack: the same training as `Model.fit`, far cheaper a network.

Begin with `api.py` (`train_many`), then `stack.py` (one group of networks, trained epoch by epoch)
and `program.py` (the traced graph; `optimizers.py` stacks Keras's own, `convolution.py` unfolds
sequences and images, `shape.py` says what a trace fixes). `member.py` describes a network and
`knobs.py` feeds its numbers, `planner.py` decides who shares a stack, `jobs.py` is a stack on its
way and `pool.py` the threads that run several, `data.py` holds rows and results, `losses.py` what
judges them. Leans on `models.layers` and `_tensorflow`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""Networks: Keras models by name of their hyperparameters, alone and as scikit-learn estimators.

Begin with `builders.py` (`build_mlp`), then `convolutions.py`; `layers.py` has the parts, the
tables of activations, initializers, optimizers and losses, and the checks of a network's arguments
(what a learning rate that is not allowed is told; what a badly planned range is told stands in
`analysis`); `sklearn.py` wraps any function that builds a network for scikit-learn's own searches.
Leans on `_tensorflow`, `_validation` and `errors`. A new activation, initializer, optimizer or
loss is a line in a table of `layers.py`; a new hyperparameter is an argument of the builders, from
where the estimators, which read signatures, have it too.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

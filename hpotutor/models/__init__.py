"""Networks: Keras models by name of their hyperparameters, alone and as scikit-learn estimators.

Begin with `builders.py` (`build_mlp` and its siblings); `layers.py` has the parts, the tables of
activations, initializers and optimizers, and the checks of a network's arguments; `sklearn.py`
wraps the builders for scikit-learn's own searches. Leans on `_tensorflow` and `errors`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

from . import layers as layers
from .builders import build_cnn as build_cnn
from .builders import build_mlp as build_mlp
from .builders import build_regressor as build_regressor
from .sklearn import KerasClassifier as KerasClassifier
from .sklearn import KerasRegressor as KerasRegressor

from . import layers as layers
from .builders import build_mlp as build_mlp
from .builders import build_regressor as build_regressor
from .convolutions import build_cnn as build_cnn
from .convolutions import build_conv1d as build_conv1d
from .sklearn import KerasClassifier as KerasClassifier
from .sklearn import KerasRegressor as KerasRegressor

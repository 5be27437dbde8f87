from .base import Evaluation as Evaluation
from .base import FunctionObjective as FunctionObjective
from .base import Objective as Objective
from .training import TrainObjective as TrainObjective

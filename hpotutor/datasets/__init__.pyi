from .dataset import Dataset as Dataset
from .dataset import Fold as Fold
from .loader import load as load
from .samples import sample_csv as sample_csv

from .loader import Dataset as Dataset
from .loader import load as load
from .samples import sample_csv as sample_csv

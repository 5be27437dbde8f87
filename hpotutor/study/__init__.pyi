from .recorder import Recorder as Recorder
from .result import SearchResult as SearchResult
from .storage import Log as Log

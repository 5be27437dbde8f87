from .dominance import efficient as efficient
from .dominance import hypervolume as hypervolume
from .front import FrontResult as FrontResult
from .recorder import Recorder as Recorder
from .result import SearchResult as SearchResult
from .storage import Log as Log

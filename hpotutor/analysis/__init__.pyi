from . import statistics as statistics
from .reporting import Report as Report
from .reporting import report as report
from .reviewing import Review as Review
from .reviewing import review as review

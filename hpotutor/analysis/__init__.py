"""What a search's numbers say: intervals and verdicts, the review of a plan, the report.

Begin with `statistics.py`. `reviewing.py` (`review`) reads a plan or a finished search; what it
finds, a bad learning rate for instance, is told in `_review_checks.py`. `reporting.py` (`report`)
lays a search out on one page, drawn in `_report_html.py`. Leans on `study`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

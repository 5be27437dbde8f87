"""What a search's numbers say: intervals and verdicts, the review of a plan, the report.

Begin with `statistics.py`. `reviewing.py` (`review`) reads a plan or a finished search; what it
says, of a bad learning rate for instance, stands in `_review_checks.py`, a function a check, and
there a new check goes. `reporting.py` (`report`) fills in what stands on a search's page. How
both look, as text, as Markdown and as HTML, is in `templates/`. Leans on `study`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""What the widgets that browse a stored table share."""

from __future__ import annotations

from hpotutor.errors import Problems
from hpotutor.tabular.objective import TableObjective


def stored(call: str, objective: object) -> TableObjective:
    """Return a table's objective, opened by name where a name is given.

    Raises
    ------
    ArgumentError
        For anything else, and for a table that is not there.
    """
    if isinstance(objective, str):
        return TableObjective(objective, quiet=True)
    if not isinstance(objective, TableObjective):
        problems = Problems(call)
        problems.add("objective", objective, "a table's name, or a TableObjective",
                     f'{call}("digits")')  # fmt: skip
        problems.raise_if_any()
    return objective

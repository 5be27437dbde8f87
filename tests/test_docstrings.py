"""What `help` shows of docstrings that are short in the source."""

from __future__ import annotations

import hpotutor as ht
from hpotutor._docstrings import complete


class Halver:
    """Halves numbers."""

    def halve(self, n: int) -> float:
        """Return half of it.

        ArgumentError: for a text, or
        for a list.

        pandas.DataFrame: a row a number.

        Examples
        --------
        >>> Halver().halve(3)
        1.5
        """
        return n / 2


def test_paragraphs_become_sections_once() -> None:
    complete(Halver)
    complete(Halver)
    assert Halver.__doc__ == "Halves numbers."
    assert Halver.halve.__doc__ == (
        "Return half of it.\n\nReturns\n-------\npandas.DataFrame\n    A row a number.\n\n"
        "Raises\n------\nArgumentError\n    For a text, or\n    for a list.\n\n"
        "Examples\n--------\n>>> Halver().halve(3)\n1.5\n"
    )


def test_public_names_are_complete_when_they_are_loaded() -> None:
    for shown in (ht.compare, ht.TableObjective, ht.plots.race, ht.widgets.knob_panel):
        assert "\n\nRaises\n------\nArgumentError\n    " in shown.__doc__

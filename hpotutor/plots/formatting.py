"""How figures write values: numbers, times, counts, axis labels, and the sentence under each."""

import functools
import html
import math
from pathlib import Path
from typing import Any, SupportsFloat

import matplotlib
import numpy as np
from numpy.typing import ArrayLike

from hpotutor._system import templates

_UNITS = {
    "batch_size": "rows per batch",
    "dropout": "share of units",
    "epochs": "passes over the training rows",
    "layers": "hidden layers",
    "units": "per hidden layer",
}


class Reading(str):
    """The sentence that belongs under a figure.

    It is an ordinary string. As the last line of a notebook cell it shows the open figures
    first and then itself, so that the sentence stands *under* the picture.

    Examples
    --------
    >>> Reading("Best value: 0.97.").upper()
    'BEST VALUE: 0.97.'
    """

    __slots__ = ()

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self), quote=False)}</p>"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        # The inline backend shows figures when a cell has ended, which is after the cell's
        # value: left alone, the sentence would stand above the picture it explains.
        if "inline" in matplotlib.get_backend().lower():
            from matplotlib_inline.backend_inline import flush_figures

            flush_figures()
        display({"text/plain": str(self), "text/html": self._repr_html_()}, raw=True)


def knob_label(name: str, log: bool = False) -> str:
    """Return an axis label: the knob as typed in code, its unit, and the scale."""
    notes = [_UNITS[name]] if name in _UNITS else []
    notes += ["log scale"] if log else []
    return f"{name} ({', '.join(notes)})" if notes else name


def score_label(values: ArrayLike, score: str | None) -> str:
    """Return ``score``, or a guess at what the values of an objective are."""
    if score is not None:
        return score
    found = np.asarray(values, dtype=float)
    found = found[np.isfinite(found)]
    shares = found.size > 0 and found.min() >= 0 and found.max() <= 1
    return "validation accuracy" if shares else "objective value"


def number(x: float) -> str:
    """Write ``x`` with at most 3 significant digits; a whole number in full."""
    x = float(x)
    if not math.isfinite(x):
        return str(x)
    if x == round(x) and abs(x) < 1e9:
        return f"{int(x):,}"
    if 1e-5 <= abs(x) < 1e-3:
        return f"{float(f'{x:.3g}'):.7f}".rstrip("0")
    if 1000 <= abs(x) < 1e9:
        return f"{float(f'{x:.3g}'):,.0f}"
    return f"{x:.3g}"


def show(value: object) -> str:
    """Write a hyperparameter's value: numbers by `number`, anything else as it prints."""
    if isinstance(value, bool) or not isinstance(value, SupportsFloat):
        return str(value)
    return number(float(value))


def duration(seconds: float) -> str:
    """Write a time in the unit that a person would use."""
    for size, unit in ((365.25 * 86400, "years"), (86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= size:
            shown = number(float(f"{seconds / size:.3g}"))
            return f"{shown} {unit[:-1] if shown == '1' and unit.endswith('s') else unit}"
    return f"{number(float(f'{seconds:.3g}'))} s"


def counted(n: int, noun: str) -> str:
    """Write a count with its noun: "1 trial", "1,200 trials"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def words(figure: str, **told: Any) -> tuple[str, str]:
    """Return a figure's title and reading: its template in ``readings/``, filled in."""
    page = readings(Path(__file__).parent / "readings").get_template(f"{figure}.txt").render(told)
    title, reading = page.split("\n---\n")
    return " ".join(title.split()), " ".join(reading.split())


@functools.cache
def readings(folder: Path) -> Any:
    """Return the templates of a folder, which can write values as the functions here do."""
    filters = {"number": number, "show": show, "duration": duration, "counted": counted}
    return templates(folder, {**filters, "percent": lambda share: f"{round(100 * share)}%"})

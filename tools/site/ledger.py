"""The claims ledger: what the articles say, and what the lessons measured of it."""

from __future__ import annotations

import re
from pathlib import Path

from hpotutor.course.claims import CLAIMS, claims_ledger

_ABOUT = """# Claims ledger

This course grew out of five articles on tuning, numbered 000 to 004. These are their claims, and
what the lessons' stored runs measured of each.

- **000** shows grid search and Bayesian optimization, and compares the two.
- **001** goes from manual tuning to grid search, random search and Bayesian optimization, on iris.
- **002** explains hyperparameters, grid search, random search and Bayesian optimization.
- **003** is about TensorFlow: methods as far as genetic algorithms, KerasTuner and Optuna.
- **004** goes through common hyperparameters, search strategies, SGD to Adam, and practical tips.

How to read a line: two methods are compared by many searches of each, and a *pair* is one search of
the one against one search of the other. "0.6 (0.57 … 0.62) of the pairs" says that the first method
found the better setting in 60 of 100 pairs, with the 95% interval in parentheses; 0.5 is level.
*Published* is a figure of the literature, where one is given. A verdict *holds*, holds *partly*,
*does not hold*, or is *open* where the intervals do not decide. In a notebook, `ht.claims_ledger()`
shows this as a table, and lesson 09 reads it.
"""


def claims_page(folder: Path, lessons: dict[str, str]) -> str:
    """Return the ledger as MyST.

    Parameters
    ----------
    folder : Path
        Where the executed lessons are.
    lessons : dict of str
        The lessons' file names by number.
    """
    parts = [_ABOUT]
    for number, rows in claims_ledger(folder).groupby("number"):
        heading, sources = CLAIMS[int(number)]
        parts += [f"## {number}. {heading}", f"Said by {', '.join(sources.split())}."]
        for row in rows.to_dict("records"):
            parts.append(_measured(row, lessons))
    return "\n\n".join(parts) + "\n"


def _measured(row: dict[str, str], lessons: dict[str, str]) -> str:
    if row["lesson"] not in lessons:
        return "*No lesson has measured it.*"
    link = f"[lesson {row['lesson']}](lessons/{lessons[row['lesson']]}.ipynb)"
    because = f" {_md(row['because'])}" if row["because"] else ""
    return "\n".join(
        [
            f"{row['verdict'].capitalize()}{because} ({link})",
            f": Measured: {_md(row['measured'])}.",
            "",
            f"  Published: {_md(row['published'])}.",
        ]
    )


def _md(text: object) -> str:
    """Return a text as Markdown shows it, letter by letter."""
    plain = re.sub(r"\s+", " ", str(text or "")).strip().rstrip(".")
    return re.sub(r"([\\*_<>`\[\]$|])", r"\\\1", plain)

"""Importance of hyperparameters: how much of the scores' variation each accounts for."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from hpotutor._validation import is_number
from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import read
from hpotutor.plots.formatting import words
from hpotutor.plots.style import BLACK, BLUE, SIZES, finish


def importance_info(importances: object) -> pd.DataFrame:
    """Sort importances, and mark the knobs that hardly matter.

    Parameters
    ----------
    importances : dict from name to float, SearchResult or optuna Study
        Shares of the variance; a SearchResult is asked for its ``importances()``.

    DataFrame: columns knob, share, cumulative, idle (a share below 5%); largest first.
    ``attrs["left_out"]`` names what is not in every complete trial, and has no share.

    ArgumentError: for an empty dict, or shares that are negative or not finite.

    Examples
    --------
    >>> importance_info({"units": 0.2, "learning_rate": 0.78, "seed": 0.02})["knob"].tolist()
    ['learning_rate', 'units', 'seed']
    """
    importances = read(importances)
    shares: Any = importances.importances() if hasattr(importances, "importances") else importances
    problems = Problems("importance")
    fine = isinstance(shares, Mapping) and len(shares) > 0
    if not fine or not all(is_number(s) and 0 <= s < math.inf for s in shares.values()):
        problems.add("importances", shares, "a dict from knob to a share from 0 up",
                     "importance(result.importances())")  # fmt: skip
    problems.raise_if_any()
    table = pd.DataFrame({"knob": list(shares), "share": [float(s) for s in shares.values()]})
    table = table.sort_values("share", ascending=False, kind="stable").reset_index(drop=True)
    table["cumulative"] = table["share"].cumsum()
    table["idle"] = table["share"] < 0.05
    searched = getattr(importances, "space", ())
    table.attrs["left_out"] = [name for name in searched if name not in shares]
    return table


@figure(importance_info, lambda table: (7.0, 1.5 + 0.38 * len(table)))
def importance(table: pd.DataFrame, ax: Axes) -> str:
    """Draw a bar for each hyperparameter's share in the variation of the scores.

    One that is not in every complete trial has no share, and is named as left out.

    Reading: what matters most, and what hardly matters.
    """
    for place, row in enumerate(table.itertuples()):
        ax.barh(place, row.share, edgecolor=BLACK, height=0.62,
                color="white" if row.idle else BLUE, hatch="///" if row.idle else None)  # fmt: skip
        text = f"{100 * row.share:.0f}%" + (" (hardly matters)" if row.idle else "")
        ax.annotate(text, (row.share, place), (6, 0), textcoords="offset points",
                    va="center", fontsize=SIZES["small"])  # fmt: skip
    ax.set_yticks(range(len(table)), table["knob"])
    ax.invert_yaxis()
    ax.set_xlim(0, max(1.22 * table["share"].max(), 0.01))
    x = "importance (share of the variance of the scores)"
    absent = ", ".join(table.attrs["left_out"])
    title, reading = words("importance", table=table, absent=absent)
    x += f"\nleft out, as not in every trial: {absent}" if absent else ""
    finish(ax, title=title, x=x, y="hyperparameter", grid="x")
    return reading

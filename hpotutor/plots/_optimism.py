"""Optimism: the gap between a winner's validation and test score, and how it grows."""

import itertools
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import numbers
from hpotutor.plots.formatting import number, words
from hpotutor.plots.style import BLUE, GRAYS, SIZES, VERMILLION, finish


def optimism_info(
    validation: object, test: object, *, trials: Sequence[int] | None = None
) -> pd.DataFrame:
    """Choose by validation among the first n trials, and see what the choice is worth.

    Parameters
    ----------
    validation, test : array, shape (repeats, trials)
        Scores of the same trials on both sets, higher is better; a row per repeated search.
    trials : sequence of int, optional
        The numbers of trials to look at; by default 1, 2, 5, 10, … up to all.

    DataFrame: columns trials, validation and test (means over the repeats of the chosen trial's
    scores), gap (their difference), added (the gap minus the gap at 1 trial, where nobody chose:
    one set of rows may be easier than the other), low, high (of the gap: the middle
    80% of the repeats). ``attrs["repeats"]`` counts the repeats.

    ArgumentError: for shapes that differ, missing values, or a number of trials that is not there.

    Examples
    --------
    >>> table = optimism_info([[0.8, 0.9]], [[0.8, 0.7]], trials=[1, 2])
    >>> table["gap"].round(3).tolist()
    [0.0, 0.2]
    """
    problems = Problems("optimism")
    instead = "optimism(validation, test)"
    validation = np.atleast_2d(numbers(problems, "validation", validation, instead))
    test = np.atleast_2d(numbers(problems, "test", test, instead))
    if validation.shape != test.shape or validation.ndim != 2 or validation.size == 0:
        allowed = f"the shape of validation, {validation.shape}"
        problems.add("test", test.shape, allowed, instead)
    elif not (np.isfinite(validation).all() and np.isfinite(test).all()):
        problems.say("validation and test must not hold missing values: leave failed trials out.")
    most = validation.shape[1]
    round_numbers = [m * 10**e for e in range(9) for m in (1, 2, 5) if m * 10**e < most]
    given = [*round_numbers, most] if trials is None else trials
    steps = [int(n) for n in np.ravel(numbers(problems, "trials", given, "trials=[1]"))]
    if not steps or min(steps) < 1 or max(steps) > most:
        problems.add("trials", trials, f"numbers from 1 to {most}", f"trials=[1, {most}]")
    problems.raise_if_any()
    rows = []
    everyone = np.arange(len(validation))
    unchosen = float((validation[:, 0] - test[:, 0]).mean())
    for n in steps:
        chosen = validation[:, :n].argmax(axis=1)
        scores = validation[everyone, chosen], test[everyone, chosen]
        gap = scores[0] - scores[1]
        low, high = np.percentile(gap, [10, 90])
        means = scores[0].mean(), scores[1].mean(), gap.mean(), gap.mean() - unchosen
        rows.append((n, *means, low, high))
    columns = ["trials", "validation", "test", "gap", "added", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["repeats"] = len(validation)
    return table


@figure(optimism_info)
def optimism(table: pd.DataFrame, ax: Axes, *, score: str = "accuracy") -> str:
    """Draw the winner's validation and test score against the number of trials.

    Reading: how the gap grows.
    """
    if len(table) > 1 and table["trials"].max() >= 10:
        ax.set_xscale("log")
    logarithmic = ax.get_xscale() == "log"
    n = table["trials"]
    ax.fill_between(n, table["test"], table["validation"], facecolor="none", hatch="//",
                    edgecolor=GRAYS["gap"], lw=0, label="the gap")  # fmt: skip
    ax.plot(n, table["validation"], color=VERMILLION, marker="o",
            label="the winner on validation rows, which chose it")  # fmt: skip
    ax.plot(n, table["test"], color=BLUE, marker="s", ls="--",
            label="the same winner on test rows")  # fmt: skip
    last = table.iloc[-1]
    middle = (last["validation"] + last["test"]) / 2
    ax.annotate(number(last["gap"]), (last["trials"], middle), (6, 0), textcoords="offset points",
                va="center", fontsize=SIZES["small"], annotation_clip=False)  # fmt: skip
    if len(n) <= 12:
        near = [k > follower / 1.3 for k, follower in itertools.pairwise(n)]
        near = [*near, False] if logarithmic else [False] * len(n)
        # A number close to the next one would be written over it.
        ax.set_xticks(n, ["" if hides else f"{k:,}" for k, hides in zip(n, near, strict=True)])
        ax.set_xticks([], minor=True)
    scale = ", log scale" if logarithmic else ""
    title, reading = words("optimism", table=table)
    finish(ax, title=title, x=f"trials in the search (count{scale})", y=score)
    ax.legend()
    return reading

"""Is one setting better than another? Over seeds, and over the rows that happened to be drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy import stats

from hpotutor.errors import Problems
from hpotutor.intervals import Estimate
from hpotutor.review_parts import accuracy_margin

WHO = ("chosen", "default")


class Verdict(NamedTuple):
    """Whether one setting is better than another, with a cautious interval."""

    difference: float
    low: float
    high: float

    @property
    def word(self) -> str:
        """One of "better", "worse", "no difference shown"."""
        if self.low > 0:
            return "better"
        return "worse" if self.high < 0 else "no difference shown"

    def __str__(self) -> str:
        return f"{self.word}: {self.difference:+.3f} ({self.low:+.3f} … {self.high:+.3f})"


def mean_interval(values: Sequence[float], confidence: float = 0.95) -> Estimate:
    """Return the mean over seeds with its t interval.

    Parameters
    ----------
    values : sequence of float
        One score a seed, at least two.
    confidence : float, default 0.95

    Examples
    --------
    >>> print(mean_interval([0.8, 0.9, 0.7]))
    0.8 (0.552 … 1.05)
    """
    scores = np.asarray(values, dtype=float)
    spread = scores.std(ddof=1) / math.sqrt(len(scores))
    half = float(stats.t.ppf((1 + confidence) / 2, len(scores) - 1) * spread)
    mean = float(scores.mean())
    return Estimate(mean, mean - half, mean + half)


def verdict(chosen: Sequence[float], default: Sequence[float], rows: int) -> Verdict:
    """Compare two settings over the same seeds, on the same rows.

    Parameters
    ----------
    chosen, default : sequence of float
        Accuracies; entry k of both was trained with seed k.
    rows : int
        How many rows each was judged on.

    Returns
    -------
    Verdict
        The interval adds two sources of chance: seeds, and which rows were drawn. For the rows it
        takes both settings to err independently, which is cautious: on the same rows they do not.

    Raises
    ------
    ArgumentError
        For scores that are not shares, fewer than two, or not as many of both.

    Examples
    --------
    >>> print(verdict([0.91, 0.92, 0.93], [0.80, 0.80, 0.82], rows=2000))
    better: +0.113 (+0.088 … +0.139)
    """
    problems = Problems("verdict")
    check_scores(problems, "scores", dict(zip(WHO, (chosen, default), strict=True)))
    if isinstance(rows, bool) or not isinstance(rows, int) or rows < 1:
        problems.add("rows", rows, "a whole number from 1 up", "rows=len(y_test)")
    problems.raise_if_any()
    seeds = mean_interval(np.subtract(chosen, default))
    by_seed = seeds.value - seeds.low
    by_rows = accuracy_margin(float(np.mean([*chosen, *default])), rows)
    half = math.hypot(by_seed, by_rows)
    return Verdict(seeds.value, seeds.value - half, seeds.value + half)


def check_scores(problems: Problems, name: str, scores: object) -> None:
    """Note scores that are not accuracies of both settings over the same seeds."""
    instead = f'{name}={{"chosen": [0.91, 0.92], "default": [0.90, 0.89]}}'
    if not isinstance(scores, Mapping) or set(scores) != set(WHO):
        problems.add(name, scores, 'a dict with "chosen" and "default"', instead)
        return
    lists = [np.asarray(scores[who]) for who in WHO]
    numbers = all(part.ndim == 1 and part.dtype.kind in "fiu" for part in lists)
    if not numbers or not all(((part >= 0) & (part <= 1)).all() for part in lists):
        problems.add(name, scores, "accuracies from 0 to 1, one a seed", instead)
    elif len(lists[0]) != len(lists[1]) or len(lists[0]) < 2:
        problems.add(name, scores, "two seeds or more, as many of both", instead)

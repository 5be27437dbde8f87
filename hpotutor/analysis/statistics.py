"""How sure a number is: means over seeds, two settings on the same rows, repeats of searches.

From the simple to the composed: an interval for one mean, the margin that the rows leave, the
verdict that adds both; then bootstrap intervals over the repeats of whole searches.
"""

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from hpotutor._validation import check_count
from hpotutor.errors import Problems

WHO = ("chosen", "default")
_Z = 1.96  # standard deviations of a normal distribution that hold 95%
_RESAMPLES = 400  # of a bootstrap
_PAIRED_RESAMPLES = 200  # each scores all networks again


class Estimate(NamedTuple):
    """A number with its interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} … {self.high:.3g})"


def mean_interval(values: ArrayLike, confidence: float = 0.95) -> Estimate:
    """Return the mean of one score a seed, of at least two, with its t interval.

    Examples
    --------
    >>> print(mean_interval([0.8, 0.9, 0.7]))
    0.8 (0.552 … 1.05)
    """
    scores = np.asarray(values, dtype=float)
    mean = float(scores.mean())
    half = float(stats.t.ppf((1 + confidence) / 2, len(scores) - 1) * stats.sem(scores))
    return Estimate(mean, mean - half, mean + half)


def accuracy_margin(accuracy: float, rows: int) -> float:
    """Return the difference between two accuracies that chance alone exceeds 5 times in 100.

    The binomial model of Bouthillier et al. (2021, https://arxiv.org/abs/2103.03098), for two
    networks near one ``accuracy`` (0 to 1) that err independently on as many ``rows``.

    Examples
    --------
    >>> round(accuracy_margin(0.9, 100), 3)
    0.083
    """
    # One row right or wrong is the least that n rows can show, also at an accuracy of 1.
    share = min(max(accuracy, 1 / (2 * rows)), 1 - 1 / (2 * rows))
    return _Z * math.sqrt(2 * share * (1 - share) / rows)


class Verdict(NamedTuple):
    """Whether one setting is better than another, with a cautious interval of the difference."""

    difference: float
    low: float
    high: float
    direction: str = "maximize"

    @property
    def word(self) -> str:
        """One of "better", "worse", "no difference shown"."""
        if self.low <= 0 <= self.high:
            return "no difference shown"
        return "better" if (self.low > 0) == (self.direction == "maximize") else "worse"

    def __str__(self) -> str:
        return f"{self.word}: {self.difference:+.3f} ({self.low:+.3f} … {self.high:+.3f})"


def verdict(chosen: Sequence[float], default: Sequence[float], rows: int) -> Verdict:
    """Compare two settings over the same seeds, by their accuracies on the same rows.

    Entry k of both was trained with seed k, and judged on so many ``rows``.

    Verdict: the interval adds two sources of chance: seeds, and which rows were drawn. For the rows
    it takes both settings to err independently, which is cautious: on the same rows they do not.

    ArgumentError: for scores that are not shares, fewer than two, or not as many of both.

    Examples
    --------
    >>> print(verdict([0.91, 0.92, 0.93], [0.80, 0.80, 0.82], rows=2000))
    better: +0.113 (+0.088 … +0.139)
    """
    with Problems("verdict") as problems:
        check_scores(problems, "scores", dict(zip(WHO, (chosen, default), strict=True)))
        check_count(problems, "rows", rows, example="len(y_test)")
    by_rows = accuracy_margin(float(np.mean([*chosen, *default])), int(rows))
    return _verdict(chosen, default, by_rows)


def paired_verdict(
    score: Callable[[np.ndarray, np.ndarray], float],
    y_true: np.ndarray,
    chosen: Sequence[np.ndarray],
    default: Sequence[np.ndarray],
    direction: str = "maximize",
    seed: int = 0,
) -> Verdict:
    """Compare two settings over the same seeds by what they said about the same rows.

    ``score(y_true, outputs)`` gives a number; entry k of both, of shape (rows, ...), is what the
    network with seed k said.

    Verdict: the interval adds two sources of chance: seeds, and which rows were drawn, by a
    bootstrap that draws the same rows for both (Efron and Tibshirani 1993,
    https://doi.org/10.1201/9780429246593). What both find hard widens it for neither.

    Examples
    --------
    >>> y = np.arange(400) % 2
    >>> wrong = np.arange(400) < 40
    >>> accuracy = lambda y, said: float((y == said).mean())
    >>> said = [np.where(wrong, 1 - y, y)] * 3
    >>> print(paired_verdict(accuracy, y, [y] * 3, said))
    better: +0.100 (+0.071 … +0.129)
    """
    rng = np.random.default_rng(seed)

    def scores(said: Sequence[np.ndarray], rows: Any = slice(None)) -> list[float]:
        return [score(y_true[rows], outputs[rows]) for outputs in said]

    drawn = []
    for _ in range(_PAIRED_RESAMPLES):
        rows = rng.integers(0, len(y_true), len(y_true))
        with contextlib.suppress(ValueError):  # a draw without a class that the score needs
            drawn.append(np.mean(scores(chosen, rows)) - np.mean(scores(default, rows)))
    by_rows = _Z * float(np.nanstd(drawn)) if drawn else math.inf
    return _verdict(scores(chosen), scores(default), by_rows, direction)


def _verdict(
    chosen: Sequence[float], default: Sequence[float], by_rows: float, direction: str = "maximize"
) -> Verdict:
    """Add what the seeds leave open to what the rows do."""
    mean, low, _ = mean_interval(np.subtract(chosen, default))
    half = math.hypot(mean - low, by_rows)
    return Verdict(mean, mean - half, mean + half, direction)


def check_scores(problems: Problems, name: str, scores: object, *, shares: bool = True) -> None:
    """Note scores that are not those of both settings over the same seeds; accuracies if shares."""
    instead = f'{name}={{"chosen": [0.91, 0.92], "default": [0.90, 0.89]}}'
    if not isinstance(scores, Mapping) or set(scores) != set(WHO):
        problems.add(name, scores, 'a dict with "chosen" and "default"', instead)
        return
    lists = [np.asarray(scores[who]) for who in WHO]
    numbers = all(part.ndim == 1 and part.dtype.kind in "fiu" for part in lists)
    low, high = (0, 1) if shares else (-np.finfo(float).max, np.finfo(float).max)
    if not numbers or not all(((part >= low) & (part <= high)).all() for part in lists):
        allowed = "accuracies from 0 to 1, one a seed" if shares else "finite numbers, one a seed"
        problems.add(name, scores, allowed, instead)
    elif not len(lists[0]) == len(lists[1]) >= 2:
        problems.add(name, scores, "two seeds or more, as many of both", instead)


def win_share(a: np.ndarray, b: np.ndarray, confidence: float = 0.95, seed: int = 0) -> Estimate:
    """Return how probable it is that a value of ``a`` is above one of ``b``; ties count half.

    ``confidence`` and ``seed`` are of the bootstrap interval. Bouthillier et al. (2021),
    https://arxiv.org/abs/2103.03098, judge methods so.

    Examples
    --------
    >>> win_share(np.array([1, 2]), np.array([1, 0])).value
    0.875
    """
    rng = np.random.default_rng(seed)
    order = np.argsort(b)
    # Where each of ``a`` stands among ``b``: a resample changes how many stand there, not where.
    below, up_to = (np.searchsorted(b, a, side=side, sorter=order) for side in ("left", "right"))

    def share(from_a: np.ndarray, from_b: np.ndarray) -> float:
        lower = np.concatenate([[0], np.cumsum(np.bincount(from_b, minlength=len(b))[order])])
        return float((lower[below] + lower[up_to])[from_a].mean() / 2 / len(b))

    draws = ((rng.integers(0, len(x), len(x)) for x in (a, b)) for _ in range(_RESAMPLES))
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile([share(*drawn) for drawn in draws], tails)
    return Estimate(share(np.arange(len(a)), np.arange(len(b))), float(low), float(high))


def summarize(
    values: np.ndarray, statistic: str = "median", confidence: float = 0.95, seed: int = 0
) -> np.ndarray:
    """Return a statistic of each column and its percentile bootstrap interval.

    ``values`` have shape (repeats, columns), the result (3, columns): statistic, lower end, upper
    end. NaN stands for a repeat that has nothing yet, and counts as the worst. ``statistic`` is the
    ``"median"`` or ``"iqm"``, the mean of the middle half: Agarwal et al. (2021),
    https://arxiv.org/abs/2108.13264, recommend it.

    Examples
    --------
    >>> summarize(np.arange(101.0)[:, None]).ravel()[0].item()
    50.0
    """
    ordered = np.sort(values, axis=0)  # NaN last
    weights, resampled = _rank_weights(len(values), statistic, seed)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low, high = np.quantile(_weighted(resampled, ordered), tails, axis=0, method="nearest")
    return np.stack([_weighted(weights[None], ordered)[0], low, high])


def _rank_weights(size: int, statistic: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of each rank in a statistic, and in its bootstrap resamples.

    The ranks that a resample draws decide it: the same draws serve every column, by one product.
    """
    rng = np.random.default_rng(seed)
    drawn = np.sort(rng.integers(0, size, (_RESAMPLES, size)), axis=1)
    share = 0.25 if statistic == "iqm" else (size - 1) // 2 / size
    first = int(share * size)
    middle = slice(first, size - first)
    weights = np.zeros(size)
    weights[middle] = 1 / len(weights[middle])
    resampled = np.zeros((_RESAMPLES, size))
    rows = np.arange(_RESAMPLES)[:, None]
    np.add.at(resampled, (rows, drawn[:, middle]), weights[middle])
    return weights, resampled


def _weighted(weights: np.ndarray, ordered: np.ndarray) -> np.ndarray:
    """Return weighted sums in which what has no weight does not count, even if infinite."""
    odd = ~np.isfinite(ordered)
    total = weights @ np.where(odd, 0.0, ordered)
    touched = (weights > 0).astype(float) @ odd > 0
    return np.where(touched, np.inf, total)

"""Bootstrap intervals over the repeats of searches: medians, middle means, who beats whom."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_RESAMPLES = 400


class Estimate(NamedTuple):
    """A number with its bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} ({self.low:.3g} … {self.high:.3g})"


def summarize(
    values: np.ndarray, statistic: str = "median", confidence: float = 0.95, seed: int = 0
) -> np.ndarray:
    """Return a statistic of each column and its percentile bootstrap interval.

    Parameters
    ----------
    values : array, shape (repeats, columns)
        NaN stands for a repeat that has nothing yet; it counts as the worst.
    statistic : {"median", "iqm"}
        The median, or the mean of the middle half.
    confidence : float, default 0.95
    seed : int, default 0
        Of the resamples.

    Returns
    -------
    array, shape (3, columns)
        Statistic, lower end, upper end.

    Notes
    -----
    Agarwal et al. (2021), https://arxiv.org/abs/2108.13264, recommend the interquartile mean: it
    uses more of the repeats than the median and is as little moved by outliers.

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


def win_share(a: np.ndarray, b: np.ndarray, confidence: float = 0.95, seed: int = 0) -> Estimate:
    """Return how probable it is that a value of ``a`` is above one of ``b``; ties count half.

    Parameters
    ----------
    a, b : array, shape (repeats,)
    confidence : float, default 0.95
    seed : int, default 0

    Notes
    -----
    Bouthillier et al. (2021), https://arxiv.org/abs/2103.03098, judge methods by it.

    Examples
    --------
    >>> win_share(np.array([1, 2]), np.array([1, 0])).value
    0.875
    """
    rng = np.random.default_rng(seed)
    drawn = [_wins(rng.choice(a, len(a)), rng.choice(b, len(b))) for _ in range(_RESAMPLES)]
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Estimate(_wins(a, b), float(low), float(high))


def _rank_weights(size: int, statistic: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weight of each rank in a statistic, and in its bootstrap resamples.

    A resample of sorted values is decided by the ranks it draws, so that the same draws serve
    every column, and a statistic of ranks becomes one matrix product.
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


def _wins(a: np.ndarray, b: np.ndarray) -> float:
    """Return the share of pairs in which ``a`` is higher, ties counting half."""
    ordered = np.sort(b)
    below = np.searchsorted(ordered, a, side="left")
    up_to = np.searchsorted(ordered, a, side="right")
    return float((below + up_to).mean() / 2 / len(b))

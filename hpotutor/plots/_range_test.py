"""Learning-rate range test: the loss while the learning rate rises, and where to look."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import numbers
from hpotutor.plots.formatting import number, words
from hpotutor.plots.style import BLACK, BLUE, GRAY, GREEN, VERMILLION, finish


class RangeTest(NamedTuple):
    """``low`` to ``high`` is the region to search; ``bursts`` is None if the loss never rose."""

    learning_rate: np.ndarray
    loss: np.ndarray
    smoothed: np.ndarray
    low: float
    high: float
    steepest: float
    bursts: float | None


def range_test_info(learning_rate: object, loss: object) -> RangeTest:
    """Smooth the loss, and find where it falls and where it bursts.

    Parameters
    ----------
    learning_rate : array, shape (steps,)
        The learning rate of each step, positive and rising.
    loss : array, shape (steps,)
        The training loss of each step.

    RangeTest: the loss is smoothed over a 15th of all steps, centered, which does not shift
    the fall. From ``low`` to ``high`` the smoothed loss does the middle 80% of its fall. At
    ``bursts`` it has climbed back by half of that fall, or is no number any more.

    ArgumentError: for learning rates that do not rise, different lengths, or a loss that never
    falls.

    References
    ----------
    Smith (2017), Cyclical Learning Rates, section 3.3, https://arxiv.org/abs/1506.01186

    Examples
    --------
    >>> rates = [1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    >>> found = range_test_info(rates, [2.3, 2.2, 1.0, 0.5, 9.0])
    >>> found.steepest, found.bursts
    (0.01, 1.0)
    """
    problems = Problems("range_test")
    rate = numbers(problems, "learning_rate", learning_rate, "learning_rate=rates")
    loss = numbers(problems, "loss", loss, "loss=losses")
    if rate.ndim != 1 or len(rate) < 4 or (rate <= 0).any() or (np.diff(rate) <= 0).any():
        problems.add("learning_rate", learning_rate, "at least 4 positive, rising numbers",
                     "learning_rate=numpy.geomspace(1e-5, 1, 100)")  # fmt: skip
    if loss.shape != rate.shape:
        problems.add("loss", loss.shape, f"the shape of learning_rate, {rate.shape}", "loss=losses")
    problems.raise_if_any()
    finite = int(np.argmin(np.isfinite(loss))) if not np.isfinite(loss).all() else len(loss)
    # Rolling medians, which a burst cannot drag along; then their steps are evened out.
    near: dict[str, Any] = {"window": max(1, len(rate) // 15), "center": True, "min_periods": 1}
    medians = pd.Series(loss[:finite]).rolling(**near).median()
    smoothed = medians.rolling(**near).mean().to_numpy()
    bottom = int(np.argmin(smoothed)) if finite else 0
    start = float(smoothed[: max(1, bottom)].max()) if finite else np.nan
    drop = start - smoothed[bottom] if finite else 0.0
    if not drop > 0:
        problems.say("The loss never falls: start from a smaller learning rate.")
    problems.raise_if_any()
    fall = smoothed[: bottom + 1]
    low = int(np.flatnonzero(fall >= start - 0.1 * drop)[-1])
    high = int(np.flatnonzero(fall <= start - 0.9 * drop)[0])
    steps = np.diff(fall) / np.diff(np.log(rate[: bottom + 1]))
    steepest = int(np.argmin(steps)) + 1
    after = np.flatnonzero(smoothed[bottom:] > smoothed[bottom] + 0.5 * drop)
    bursts = float(rate[bottom + after[0]]) if after.size else None
    if bursts is None and finite < len(loss):
        bursts = float(rate[finite])
    padded = np.concatenate([smoothed, np.full(len(loss) - finite, np.nan)])
    ends = float(rate[low]), float(rate[max(high, low)])
    return RangeTest(rate, loss, padded, *ends, float(rate[steepest]), bursts)


@figure(range_test_info)
def range_test(info: RangeTest, ax: Axes) -> str:
    """Draw the loss against the rising learning rate, and the region worth searching.

    Reading: the region, and where training bursts.
    """
    ax.set_xscale("log")
    title, reading = words("range_test", info=info)
    ax.axvspan(info.low, info.high, facecolor=GREEN, alpha=0.16, lw=0)
    ends = f"{number(info.low)} to {number(info.high)}"
    ax.axvspan(info.low, info.high, facecolor="none", edgecolor=GREEN, hatch="..", lw=0,
               alpha=0.6, label=f"search here: {ends}")  # fmt: skip
    ax.plot(info.learning_rate, info.loss, color=GRAY, lw=0.7, alpha=0.8, label="each batch")
    ax.plot(info.learning_rate, info.smoothed, color=BLUE, lw=2.2, label="smoothed")
    height = np.interp(info.steepest, info.learning_rate, info.smoothed)
    ax.plot(info.steepest, height, marker="v", ms=10, color=BLACK, ls="", zorder=4,
            label=f"falls fastest: {number(info.steepest)}")  # fmt: skip
    if info.bursts is not None:
        ax.axvline(info.bursts, color=VERMILLION, ls="--", lw=1.6,
                   label=f"bursts: {number(info.bursts)}")  # fmt: skip
    seen = info.smoothed[np.isfinite(info.smoothed)]
    until = int(np.argmin(seen)) + 1
    top = seen[:until].max()
    room = top - seen.min()
    ax.set_ylim(seen.min() - 0.2 * room, top + 0.6 * room)
    finish(ax, title=title, x="learning_rate (log scale)", y="training loss")
    ax.legend()
    return reading

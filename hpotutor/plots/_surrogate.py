"""A surrogate model over one hyperparameter, and where its acquisition function points."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from hpotutor.errors import Problems
from hpotutor.plots import style
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import numbers
from hpotutor.plots.formatting import knob_label, number, words
from hpotutor.plots.style import SIZES, headline, label, panel, star

_WIDTH = 1.96  # half the band in standard deviations: it holds 95%
_NARROW = 0.1  # of the scores' spread: a band that leaves little to learn


class Surrogate(NamedTuple):
    """Where the search stands and where it goes next.

    ``reason`` is "exploits" when the surrogate's mean at ``next_x`` beats the incumbent, else
    "explores", or "refines" where the band is narrow. ``covered`` is the share of the truth inside
    the band, NaN without a truth. The arrays are what was given.
    """

    next_x: float
    next_mean: float
    next_std: float
    reason: str
    incumbent_x: float
    incumbent_y: float
    covered: float
    regret: float
    x: np.ndarray
    mean: np.ndarray
    std: np.ndarray
    observed_x: np.ndarray
    observed_y: np.ndarray
    acquisition: np.ndarray
    truth: np.ndarray | None


def surrogate_info(
    x: ArrayLike,
    mean: ArrayLike,
    std: ArrayLike,
    observed_x: ArrayLike,
    observed_y: ArrayLike,
    *,
    acquisition: ArrayLike,
    next_x: float | None = None,
    truth: ArrayLike | None = None,
) -> Surrogate:
    """Find the incumbent and the next trial, and compare the surrogate with the truth.

    Parameters
    ----------
    x : array, shape (n,)
        Values of the knob, ascending, at which the next four are given.
    mean, std : array, shape (n,)
        The surrogate's prediction and its standard deviation.
    observed_x, observed_y : array, shape (trials,)
        The trials made so far; higher is better.
    acquisition : array, shape (n,)
        Higher means "try here next".
    next_x : float, optional
        The next trial; by default where the acquisition is highest.
    truth : array, shape (n,), optional
        The true curve, where it is known.

    Surrogate: ``regret`` is the true optimum minus the incumbent's score; NaN without a truth.

    ArgumentError: for arrays of different lengths, or no trial.

    Examples
    --------
    >>> model = [0, 1, 2], [0.5, 0.9, 0.6], [0.1, 0.2, 0.1]
    >>> found = surrogate_info(*model, [0, 2], [0.5, 0.6], acquisition=[0.0, 0.3, 0.1])
    >>> found.next_x, found.reason, found.incumbent_x
    (1.0, 'exploits', 2.0)
    """
    problems = Problems("surrogate")
    given = {"x": x, "mean": mean, "std": std, "observed_x": observed_x, "observed_y": observed_y}
    read = {name: numbers(problems, name, each, f"{name}=array") for name, each in given.items()}
    x, mean, std, observed_x, observed_y = read.values()
    checked = {"mean": mean, "std": std, "acquisition": acquisition, "truth": truth}
    for name, each in checked.items():
        if each is not None and np.shape(each) != x.shape:
            problems.add(name, np.shape(each), f"the shape of x, {x.shape}", f"{name}=array")
    if observed_x.shape != observed_y.shape or observed_x.size == 0:
        allowed, instead = "as many values as observed_y, at least one", "observed_y=[0.9]"
        problems.add("observed_x", observed_x, allowed, f"observed_x=[0.01], {instead}")
    problems.raise_if_any()
    goal = np.asarray(acquisition, dtype=float)
    true = None if truth is None else np.asarray(truth, dtype=float)
    next_x = float(x[int(np.argmax(goal))]) if next_x is None else next_x
    at_mean, at_std = (float(np.interp(next_x, x, a)) for a in (mean, std))
    best = int(np.argmax(observed_y))
    narrow = _WIDTH * at_std < _NARROW * np.ptp(observed_y)
    reason = "exploits" if at_mean > observed_y[best] else "refines" if narrow else "explores"
    covered = regret = float("nan")
    if true is not None:
        covered = float((np.abs(true - mean) <= _WIDTH * std + 1e-12).mean())
        regret = float(true.max() - observed_y[best])
    incumbent = float(observed_x[best]), float(observed_y[best])
    return Surrogate(float(next_x), at_mean, at_std, reason, *incumbent, covered, regret,
                     x, mean, std, observed_x, observed_y, goal, true)  # fmt: skip


@figure(surrogate_info, (7.2, 5.0))
def surrogate(
    info: Surrogate,
    ax: Axes,
    *,
    acquisition_name: str = "expected improvement",
    terms: Mapping[str, ArrayLike] | None = None,
    knob: str = "x",
    log: bool = False,
    score: str = "validation accuracy",
    y_range: tuple[float, float] | None = None,
) -> str:
    """Draw the surrogate with its band, the trials, and the acquisition in a panel beneath.

    Parameters
    ----------
    acquisition_name : str, default "expected improvement"
        The label of the lower panel.
    terms : dict of str to array, shape (n,), optional
        What the acquisition is the sum of, drawn as lines into its panel.
    knob : str, default "x"
        The hyperparameter on the horizontal axis.
    log : bool, default False
        Whether that axis is logarithmic.
    y_range : (float, float), optional
        Fixes the vertical axis, so that successive steps can be compared.

    Reading: where the next trial goes, and why.
    """
    main, below = panel(ax, (0.0, 0.36, 1.0, 0.52)), panel(ax, (0.0, 0.0, 1.0, 0.26))
    _draw_model(main, info)
    label(main, x="", y=score)
    low = info.acquisition.min()
    below.fill_between(info.x, low, info.acquisition, color=style.GREEN, alpha=0.3, lw=0)
    below.plot(info.x, info.acquisition, color=style.GREEN, lw=1.5)
    for index, (name, values) in enumerate((terms or {}).items()):
        below.plot(info.x, values, color=style.BLACK, ls=("--", ":")[index % 2], label=name)
    below.axvline(info.next_x, color=style.VERMILLION, lw=1.4, ls="--")
    label(below, x=knob_label(knob, log), y=acquisition_name.replace(" ", "\n"))
    for part in (main, below):
        part.set(xscale="log" if log else "linear", xlim=(info.x[0], info.x[-1]))
    main.tick_params(labelbottom=False, which="both")
    main.set_ylim(y_range)
    main.legend(fontsize=SIZES["dense"], ncols=3, loc="lower left", bbox_to_anchor=(0, 1))
    if terms:
        below.legend(fontsize=SIZES["dense"], ncols=3, loc="lower right", bbox_to_anchor=(1, 1))
    title, reading = words("surrogate", info=info, knob=knob, score=score)
    headline(ax, title)
    return reading


def _draw_model(ax: Axes, info: Surrogate) -> None:
    low, high = info.mean - _WIDTH * info.std, info.mean + _WIDTH * info.std
    band = f"mean ± {number(_WIDTH)} sd"
    ax.fill_between(info.x, low, high, color=style.BLUE, alpha=0.18, lw=0, label=band)
    ax.plot(info.x, info.mean, color=style.BLUE, label="surrogate's mean")
    if info.truth is not None:
        ax.plot(info.x, info.truth, color=style.GRAY, ls=(0, (2, 2)), lw=1.5, label="truth")
    ax.plot(info.observed_x, info.observed_y, "o", ms=7, color=style.BLACK, mec="white",
            zorder=4, label="trials so far")  # fmt: skip
    star(ax, (info.incumbent_x, info.incumbent_y), "best so far")
    ax.axvline(info.next_x, color=style.VERMILLION, lw=1.4, ls="--", label="next trial", zorder=3)

"""A surrogate model over one hyperparameter, and where its acquisition function points."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots._trials import DIRECTIONS, knob_label, numbers
from hpotutor.plots.style import (
    BLACK,
    BLUE,
    GREEN,
    GREY,
    VERMILLION,
    YELLOW,
    Reading,
    counted,
    headline,
    house_style,
    label,
    new_axes,
    number,
    panel,
    show,
)


class Surrogate(NamedTuple):
    """Where the search stands and where it goes next.

    ``reason`` is "exploits" when the surrogate's mean at ``next_x`` beats the incumbent, else
    "explores". ``covered`` is the share of the truth inside the band, NaN without a truth.
    """

    next_x: float
    next_mean: float
    next_std: float
    reason: str
    incumbent_x: float
    incumbent_y: float
    covered: float
    regret: float


def surrogate_info(
    x: object,
    mean: object,
    std: object,
    observed_x: object,
    observed_y: object,
    *,
    acquisition: object | None = None,
    next_x: float | None = None,
    truth: object | None = None,
    width: float = 1.96,
    direction: str = "maximize",
) -> Surrogate:
    """Find the incumbent and the next trial, and compare the surrogate with the truth.

    Parameters
    ----------
    x : array, shape (n,)
        Values of the knob, ascending, at which the next four are given.
    mean, std : array, shape (n,)
        The surrogate's prediction and its standard deviation.
    observed_x, observed_y : array, shape (trials,)
        The trials made so far.
    acquisition : array, shape (n,), optional
        Higher means "try here next".
    next_x : float, optional
        The next trial; by default where the acquisition, or else the mean, is best.
    truth : array, shape (n,), optional
        The true curve, where it is known.
    width : float, default 1.96
        Half the band in standard deviations (1.96: 95%).
    direction : {"maximize", "minimize"}, default "maximize"
        Which score is better.

    Returns
    -------
    Surrogate
        ``regret`` is the true optimum minus the incumbent's score; NaN without a truth.

    Raises
    ------
    ArgumentError
        For arrays of different lengths, or no trial.

    Examples
    --------
    >>> found = surrogate_info([0, 1, 2], [0.5, 0.9, 0.6], [0.1, 0.2, 0.1], [0, 2], [0.5, 0.6])
    >>> found.next_x, found.reason, found.incumbent_x
    (1.0, 'exploits', 2.0)
    """
    problems = Problems("surrogate")
    problems.choice("direction", direction, DIRECTIONS)
    x, mean, std, observed_x, observed_y = (
        numbers(problems, name, value, f"{name}=array")
        for name, value in (("x", x), ("mean", mean), ("std", std),
                            ("observed_x", observed_x), ("observed_y", observed_y))
    )  # fmt: skip
    for name, array in (("mean", mean), ("std", std), ("acquisition", acquisition),
                        ("truth", truth)):  # fmt: skip
        if array is not None and np.shape(array) != x.shape:
            problems.add(name, np.shape(array), f"the shape of x, {x.shape}", f"{name}=array")
    if observed_x.shape != observed_y.shape or observed_x.size == 0:
        problems.add("observed_x", observed_x, "as many values as observed_y, at least one",
                     "observed_x=[0.01], observed_y=[0.9]")  # fmt: skip
    problems.raise_if_any()
    sign = 1.0 if direction == "maximize" else -1.0
    if next_x is None:
        goal = sign * mean if acquisition is None else np.asarray(acquisition, dtype=float)
        next_x = float(x[int(np.argmax(goal))])
    at_mean, at_std = (float(np.interp(next_x, x, a)) for a in (mean, std))
    best = int(np.argmax(sign * observed_y))
    reason = "exploits" if sign * at_mean > sign * observed_y[best] else "explores"
    covered = regret = float("nan")
    if truth is not None:
        truth = np.asarray(truth, dtype=float)
        covered = float((np.abs(truth - mean) <= width * std + 1e-12).mean())
        regret = float((sign * truth).max() - sign * observed_y[best])
    incumbent = float(observed_x[best]), float(observed_y[best])
    return Surrogate(float(next_x), at_mean, at_std, reason, *incumbent, covered, regret)


def surrogate(
    x: object,
    mean: object,
    std: object,
    observed_x: object,
    observed_y: object,
    *,
    acquisition: object | None = None,
    acquisition_name: str = "expected improvement",
    next_x: float | None = None,
    truth: object | None = None,
    width: float = 1.96,
    direction: str = "maximize",
    knob: str = "x",
    log: bool = False,
    score: str = "validation accuracy",
    y_range: tuple[float, float] | None = None,
    ax: Axes | None = None,
) -> Reading:
    """Draw the surrogate with its band, the trials, and the acquisition beneath.

    Parameters
    ----------
    x, mean, std, observed_x, observed_y, acquisition, next_x, truth, width, direction
        See `surrogate_info`.
    acquisition_name : str, default "expected improvement"
        The label of the lower panel.
    knob : str, default "x"
        The hyperparameter on the horizontal axis.
    log : bool, default False
        Whether that axis is logarithmic.
    score : str, default "validation accuracy"
        What the values are.
    y_range : (float, float), optional
        Fixes the vertical axis, so that successive steps can be compared.
    ax : matplotlib Axes, optional
        Where to draw; it is divided into panels. A new figure by default.

    Returns
    -------
    Reading
        Where the next trial goes, and why.
    """
    info = surrogate_info(
        x, mean, std, observed_x, observed_y, acquisition=acquisition, next_x=next_x,
        truth=truth, width=width, direction=direction,
    )  # fmt: skip
    x, mean, std = (np.asarray(a, dtype=float) for a in (x, mean, std))
    with house_style():
        ax = new_axes(ax, (7.2, 5.0))
        two = acquisition is not None
        main = panel(ax, (0.0, 0.34, 1.0, 0.66) if two else (0.0, 0.0, 1.0, 1.0))
        _draw_model(main, info, x, mean, std, observed_x, observed_y, truth, width)
        named = knob_label(knob, log)
        label(main, x="" if two else named, y=score)
        panels = [main]
        if two:
            below = panel(ax, (0.0, 0.0, 1.0, 0.26))
            below.fill_between(x, np.min(acquisition), acquisition, color=GREEN, alpha=0.3, lw=0)
            below.plot(x, acquisition, color=GREEN, lw=1.5)
            below.axvline(info.next_x, color=VERMILLION, lw=1.4, ls="--")
            label(below, x=named, y=acquisition_name.replace(" ", "\n"))
            panels.append(below)
        for part in panels:
            part.set_xscale("log" if log else "linear")
            part.set_xlim(x[0], x[-1])
        if two:
            main.tick_params(labelbottom=False, which="both")
        if y_range is not None:
            main.set_ylim(y_range)
        main.legend(fontsize=8.5, loc="best", ncols=2)
        headline(ax, _title(info, knob, len(np.atleast_1d(observed_x))))
    return Reading(_sentence(info, knob, score, width))


def _draw_model(
    ax: Axes,
    info: Surrogate,
    x: np.ndarray,
    mean: np.ndarray,
    std: np.ndarray,
    observed_x: object,
    observed_y: object,
    truth: object | None,
    width: float,
) -> None:
    ax.fill_between(x, mean - width * std, mean + width * std, color=BLUE, alpha=0.18, lw=0,
                    label=f"mean ± {number(width)} sd")  # fmt: skip
    ax.plot(x, mean, color=BLUE, label="surrogate's mean")
    if truth is not None:
        ax.plot(x, truth, color=GREY, ls=(0, (2, 2)), lw=1.5, label="truth")
    ax.plot(observed_x, observed_y, ls="", marker="o", ms=7, color=BLACK, mec="white", zorder=4,
            label="trials so far")  # fmt: skip
    ax.plot(info.incumbent_x, info.incumbent_y, marker="*", ms=16, ls="", color=YELLOW,
            mec=BLACK, zorder=5, label="best so far")  # fmt: skip
    ax.axvline(info.next_x, color=VERMILLION, lw=1.4, ls="--", label="next trial", zorder=3)


def _title(info: Surrogate, knob: str, trials: int) -> str:
    place = f"{knob}={show(_short(info.next_x))}"
    done = counted(trials, "trial")
    if info.reason == "exploits":
        return f"After {done} it exploits: {place} promises {number(info.next_mean)}"
    return f"After {done} it explores: {place} is uncertain, ± {number(info.next_std)}"


def _short(x: float) -> float:
    return float(f"{x:.3g}")


def _sentence(info: Surrogate, knob: str, score: str, width: float) -> str:
    text = (
        f"The next trial goes to {knob}={show(_short(info.next_x))}, where the surrogate expects "
        f"{score} {number(info.next_mean)} ± {number(info.next_std)} (best so far "
        f"{number(info.incumbent_y)}): it {info.reason}"
    )
    if np.isfinite(info.covered):
        text += (
            f"; the band holds {round(100 * info.covered)}% of the true curve, and the best so "
            f"far is {number(abs(info.regret))} from its optimum"
        )
    return text + "."

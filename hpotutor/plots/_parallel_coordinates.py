"""Parallel coordinates: each trial a line through its hyperparameters."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import (
    complete,
    is_numeric,
    knobs_of,
    levels_of,
    log_due,
    need_columns,
    opened,
)
from hpotutor.plots.formatting import number, score_label, show, words
from hpotutor.plots.style import BLUE, GRAY, GRAYS, SIZES, headline, label


class ParallelCoordinates(NamedTuple):
    """``positions`` (trials, knobs) lie in 0..1; ``top`` marks the best trials.

    ``spread`` is the part of each knob's range that these fill, ``shared`` what they agree on.
    """

    positions: pd.DataFrame
    top: np.ndarray
    scores: np.ndarray
    ticks: dict[str, list[tuple[float, str]]]
    spread: dict[str, float]
    agreed: str
    shared: str


def parallel_coordinates_info(
    result: object, *, direction: str | None = None
) -> ParallelCoordinates:
    """Scale every knob to 0 … 1, mark the best tenth of finished trials, and what they share.

    The knobs are all columns that are no bookkeeping.

    ArgumentError: for fewer than 2 knobs, or fewer than 3 finished trials.

    Examples
    --------
    >>> frame = pd.DataFrame({"units": [8, 16, 24, 32], "layers": [1, 3, 2, 2],
    ...                       "value": [0.1, 0.2, 0.8, 0.9]})
    >>> parallel_coordinates_info(frame).shared
    'layers=2'
    """
    problems, frame, sign = opened("parallel_coordinates", result, direction)
    names = knobs_of(frame)
    if len(names) < 2:
        problems.say(f"Too few columns are knobs, {names}: give at least 2.")
    if need_columns(problems, frame, value="value") and complete(frame).sum() < 3:
        problems.say("Fewer than 3 trials have finished, too few to compare: run more.")
    problems.raise_if_any()
    done = frame[complete(frame)].reset_index(drop=True)
    scores = done["value"].to_numpy(dtype=float)
    count = max(2, round(0.1 * len(done)))
    chosen = np.zeros(len(done), dtype=bool)
    chosen[np.argsort(-sign * scores, kind="stable")[:count]] = True
    scaled = {name: _scaled(done[name]) for name in names}
    positions = pd.DataFrame({name: place for name, (place, _) in scaled.items()})
    spread = {name: float(np.ptp(positions.loc[chosen, name].dropna())) for name in names
              if positions.loc[chosen, name].notna().any()}  # fmt: skip
    agreed = min(spread, key=lambda name: spread[name])
    ticks = {name: marks for name, (_, marks) in scaled.items()}
    shared = _shared(done.loc[chosen, agreed])
    return ParallelCoordinates(positions, chosen, scores, ticks, spread, agreed, shared)


@figure(parallel_coordinates_info, lambda info: (max(6.4, 1.55 * info.positions.shape[1]), 4.2))
def parallel_coordinates(info: ParallelCoordinates, ax: Axes, *, score: str | None = None) -> str:
    """Draw each trial as a line through its knobs, the best ones on top.

    Reading: what the best trials have in common.
    """
    score = score_label(info.scores, score)
    names = list(info.positions.columns)
    n, total = int(info.top.sum()), len(info.top)
    for top, text, color, width, marker in (
        (False, f"other {total - n} trials", GRAYS["others"], 0.8, ""),
        (True, f"best {n} of {total} trials", BLUE, 2.2, "o"),
    ):
        lines = _separated(info, top)
        ax.plot(range(len(names)), lines.T, color=color, lw=width, ls="-", marker=marker, ms=5,
                zorder=1 + 2 * top, label=[text, *[None] * (len(lines) - 1)])  # fmt: skip
    for place, name in enumerate(names):
        ax.axvline(place, color=GRAY, lw=1, zorder=2)
        for height, text in info.ticks[name]:
            ax.text(place + 0.04, height, text, fontsize=SIZES["small"], va="center", zorder=5,
                    bbox={"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.6})  # fmt: skip
    ax.set(ylim=(-0.06, 1.06), xlim=(-0.2, len(names) - 0.5), yticks=[])
    ax.set_xticks(range(len(names)), names)
    ax.spines[:].set_visible(False)
    label(ax, x="hyperparameter", y="low to high, each on its own scale", grid=None)
    title, reading = words("parallel_coordinates", info=info, score=score)
    headline(ax, title)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    return reading


def _scaled(values: pd.Series) -> tuple[pd.Series, list[tuple[float, str]]]:
    """Return positions in 0..1 and a few (position, text) ticks."""
    levels = levels_of(values)
    if not is_numeric(values) or len(levels) <= 5:
        step = 1.0 / max(len(levels) - 1, 1)
        place = {level: n * step if len(levels) > 1 else 0.5 for n, level in enumerate(levels)}
        return values.map(place), [(place[level], show(level)) for level in levels]
    numbers = values.astype(float)
    low, high = float(levels[0]), float(levels[-1])
    place, middle = (numbers - low) / (high - low), (low + high) / 2
    if log_due(levels):
        place, middle = np.log(numbers / low) / np.log(high / low), np.sqrt(low * high)
    return place, [(0.0, show(low)), (0.5, show(float(middle))), (1.0, show(high))]


def _separated(info: ParallelCoordinates, best: bool) -> np.ndarray:
    """Return the lines of one group, those on shared levels pulled slightly apart."""
    places = info.positions.to_numpy(dtype=float)
    shift = np.linspace(-0.02, 0.02, len(places))[:, None]
    few = np.array([len(np.unique(column[np.isfinite(column)])) <= 6 for column in places.T])
    return (places + shift * few)[info.top if best else ~info.top]


def _shared(values: pd.Series) -> str:
    levels = levels_of(values)
    if len(levels) == 1:
        return f"{values.name}={show(levels[0])}"
    if is_numeric(values):
        return f"{number(levels[0])} to {number(levels[-1])}"
    return " or ".join(show(level) for level in levels)

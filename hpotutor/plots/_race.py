"""Best-so-far race of several methods, with intervals over many repeats."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import numbers, sign_of
from hpotutor.plots.formatting import counted, score_label, words
from hpotutor.plots.style import SIZES, finish, look, set_height

_AGAINST = {"trials": "trials", "epochs": "epochs of training", "seconds": "seconds (s)"}
_STEPS = 120


class Race(NamedTuple):
    """``bands`` has method, x, median, low, high; ``final`` holds each repeat's last best.

    ``wins`` is how often the leader ends above each other method (ties count half).
    """

    bands: pd.DataFrame
    final: dict[str, np.ndarray]
    leader: str
    wins: dict[str, float]
    at: float
    against: str


def race_info(
    values: Mapping[str, ArrayLike],
    *,
    cost: Mapping[str, ArrayLike] | None = None,
    against: str = "trials",
    direction: str = "maximize",
) -> Race:
    """Compute the best so far of every method, and between what the middle 80% of runs lie.

    Parameters
    ----------
    values : dict from method to array, shape (repeats, trials)
        The value of each trial, or the best so far; NaN where a trial failed.
    cost : dict from method to array, shape (repeats, trials) or (trials,), optional
        What each method had spent after each trial. By default 1, 2, 3, …
    against : {"trials", "epochs", "seconds"}, default "trials"
        What ``cost`` counts; it names the horizontal axis.

    Race: compared at the largest cost that every run of every method has reached.

    ArgumentError: for shapes that do not fit, or epochs and seconds without cost.

    Examples
    --------
    >>> found = race_info({"a": [[1, 3, 2], [2, 2, 4]], "b": [[0, 1, 1], [1, 1, 5]]})
    >>> found.final["a"].tolist(), found.leader, found.wins
    ([3.0, 4.0], 'a', {'b': 0.5})
    """
    problems = Problems("race")
    if problems.choice("against", against, _AGAINST) and against != "trials" and cost is None:
        problems.add("cost", cost, f"what each method had spent in {against}", "cost={...}")
    sign = sign_of(problems, direction)
    allowed = "a dict from method to an array (repeats, trials)", 'race({"random": values})'
    if not isinstance(values, Mapping):
        problems.add("values", values, *allowed).raise_if_any()
    if cost is not None and not isinstance(cost, Mapping):
        problems.add("cost", cost, "a dict from method to an array", 'cost={"random": epochs}')
    given = {m: numbers(problems, f"values[{m!r}]", v, "[[0.8, 0.9]]") for m, v in values.items()}
    best = {str(method): _best_so_far(sign * scores) for method, scores in given.items()}
    if not best or any(b.ndim != 2 or b.size == 0 for b in best.values()):
        problems.add("values", given, *allowed)
    spent = {} if problems.lines else _spent(problems, best, cost)
    problems.raise_if_any()
    at = min(float(s[:, -1].min()) for s in spent.values())
    start = max(float(s[:, 0].max()) for s in spent.values())
    trial = np.arange(1, int(at) + 1, dtype=float)
    x = trial if cost is None else np.linspace(min(start, at), at, _STEPS)
    rows, final = [], {}
    for method, curves in best.items():
        # The best so far holds until the next trial is paid for.
        last = [np.searchsorted(each, x, side="right") - 1 for each in spent[method]]
        placed = np.take_along_axis(curves, np.clip(last, 0, None), axis=1)
        low, median, high = sign * np.percentile(placed, [10, 50, 90], axis=0)
        low, high = np.minimum(low, high), np.maximum(low, high)
        band = {"method": method, "x": x, "median": median, "low": low, "high": high}
        rows.append(pd.DataFrame(band))
        final[method] = sign * placed[:, -1]
    leader = max(final, key=lambda m: (sign * np.median(final[m]), sign * np.mean(final[m])))
    wins = {}
    for method in (m for m in final if m != leader):
        pairs = np.sign(sign * final[leader][:, None] - sign * final[method])
        wins[method] = float(((pairs + 1) / 2).mean())
    return Race(pd.concat(rows, ignore_index=True), final, leader, wins, at, against)


@figure(race_info)
def race(info: Race, ax: Axes, *, direction: str, score: str | None = None) -> str:
    """Draw the median best so far of every method, with the band of its middle runs.

    Reading: who leads at the end, and how often it beats the second.
    """
    score = score_label(np.concatenate(list(info.final.values())), score)
    for index, (method, band) in enumerate(info.bands.groupby("method", sort=False)):
        style = look(index)
        runs = len(info.final[method])
        name = method if runs == 1 else f"{method} ({counted(runs, 'run')})"
        ax.plot(band["x"], band["median"], drawstyle="steps-post", **style.pen, ms=6, label=name,
                markevery=(index * 2, max(1, len(band) // 6)))  # fmt: skip
        if runs > 1:
            ax.fill_between(band["x"], band["low"], band["high"], step="post",
                            color=style.color, alpha=0.14, lw=0)  # fmt: skip
            for edge in ("low", "high"):
                ax.plot(band["x"], band[edge], drawstyle="steps-post", color=style.color,
                        ls=style.linestyle, lw=0.7)  # fmt: skip
    _zoom(ax, info.bands, direction)
    medians = {method: np.median(runs) for method, runs in info.final.items()}
    title, reading = words("race", info=info, score=score, medians=medians)
    finish(ax, title=title, x=_AGAINST[info.against], y=f"best {score} so far")
    note = "median; band: middle 80% of runs" if max(map(len, info.final.values())) > 1 else None
    ax.legend(title=note, title_fontsize=SIZES["small"], alignment="left", ncols=3,
              loc="upper left", bbox_to_anchor=(0, -0.13))  # fmt: skip
    return reading


def _zoom(ax: Axes, bands: pd.DataFrame, direction: str) -> None:
    """Cut off the first tenth of the race, which would squeeze its finish into a line."""
    start, end = bands["x"].min(), bands["x"].max()
    late = bands[bands["x"] >= start + 0.1 * (end - start)]
    low, high = bands["low"].min(), bands["high"].max()
    room = 0.2 * np.ptp(late["median"])
    if direction == "maximize":
        low = max(low, late["median"].min() - room)
    else:
        high = min(high, late["median"].max() + room)
    set_height(ax, low, high, 0.06)


def _best_so_far(scores: np.ndarray) -> np.ndarray:
    scores = scores[None] if scores.ndim == 1 else scores
    if scores.ndim != 2:
        return scores
    scores = np.where(np.isfinite(scores), scores, -np.inf)
    best = np.maximum.accumulate(scores, axis=1)
    # Before its first finished trial a run has nothing; it is shown at the worst value seen.
    worst = best[np.isfinite(best)].min() if np.isfinite(best).any() else 0.0
    return np.where(np.isfinite(best), best, worst)


def _spent(problems: Problems, best: dict, cost: Mapping | None) -> dict[str, np.ndarray]:
    spent = {}
    for method, curves in best.items():
        given = np.arange(1.0, curves.shape[1] + 1)
        if cost is not None:
            given = np.asarray(cost.get(method, ()), dtype=float)
        if given.shape in (curves.shape, curves.shape[1:]):
            spent[method] = np.broadcast_to(given, curves.shape)
        else:
            problems.add(f"cost[{method!r}]", given.shape, f"the shape {curves.shape}",
                         "numpy.cumsum(epochs, axis=1)")  # fmt: skip
    return spent

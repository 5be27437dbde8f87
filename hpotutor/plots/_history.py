"""History of a search: every trial in order, and the best so far."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import FOLDS, complete, need_scores, opened
from hpotutor.plots.formatting import score_label, words
from hpotutor.plots.style import BLACK, BLUE, ORANGE, SKY, VERMILLION, finish, star, whole_ticks

_LOST = {"failed": ("X", VERMILLION), "diverged": ("v", ORANGE), "pruned": ("d", "white")}


class History(NamedTuple):
    """``trials`` has trial (its number), value, status, best_so_far, and scores of folds if any.

    ``best`` is a trial's number.
    """

    trials: pd.DataFrame
    best: int
    best_value: float
    since: int
    counts: dict[str, int]


def history_info(result: object, *, direction: str | None = None) -> History:
    """Compute the incumbent after every trial.

    History: ``since`` counts the trials after the best one.

    ArgumentError: for an unknown column, or when no trial has finished.

    Examples
    --------
    >>> found = history_info(pd.DataFrame({"value": [0.5, 0.9, 0.7]}))
    >>> found.best, found.since, found.trials["best_so_far"].tolist()
    (1, 1, [0.5, 0.9, 0.9])
    """
    problems, frame, sign = opened("history", result, direction)
    need_scores(problems, frame)
    problems.raise_if_any()
    done = complete(frame)
    scores = np.where(done, sign * frame["value"].astype(float), -np.inf)
    incumbent = np.maximum.accumulate(scores)
    status = frame["status"] if "status" in frame else np.where(done, "complete", "failed")
    columns = {
        "trial": frame["trial"] if "trial" in frame else np.arange(len(frame)),
        "value": frame["value"].astype(float),
        "status": status,
        "best_so_far": np.where(np.isfinite(incumbent), sign * incumbent, np.nan),
    }
    trials = pd.DataFrame(columns).join(frame.filter(regex=FOLDS))
    best = int(np.argmax(scores))
    counts = trials["status"].value_counts().to_dict()
    return History(trials, int(trials["trial"].iloc[best]), float(sign * scores[best]),
                   len(frame) - best - 1, counts)  # fmt: skip


@figure(history_info)
def history(info: History, ax: Axes, *, score: str | None = None) -> str:
    """Draw every trial's value in order, the best so far as a stair, failed trials marked.

    The scores of single folds, where there are any, stand as bars above and below their mean.

    Reading: when the best trial was found, and how many trials were lost.
    """
    trials = info.trials
    done = complete(trials)
    score = score_label(trials["value"][done], score)
    for column in trials.filter(regex=FOLDS):
        name = "its folds" if column == "fold_1" else None
        ax.plot(trials["trial"], trials[column], ls="", marker="_", ms=6, color="0.5", label=name)
    ax.plot(trials["trial"][done], trials["value"][done], ls="", marker="o", ms=5.5,
            color=SKY, mec=BLUE, label="trial")  # fmt: skip
    ax.step(trials["trial"], trials["best_so_far"], where="post", color=BLUE, lw=2,
            label="best so far")  # fmt: skip
    star(ax, (info.best, info.best_value), f"best: trial {info.best}")
    floor = ax.get_xaxis_transform()
    for status, (marker, color) in _LOST.items():
        where = trials["trial"][(trials["status"] == status) & ~done]
        if len(where):
            ax.plot(where, np.full(len(where), 0.03), ls="", marker=marker, ms=8, color=color,
                    mec=BLACK, transform=floor, clip_on=False,
                    label=f"{status} (no score)")  # fmt: skip
    ax.margins(x=0.02)
    whole_ticks(ax)
    first = trials["best_so_far"].dropna().iloc[0]
    title, reading = words("history", info=info, score=score, first=first)
    finish(ax, title=title, x="trial (in the order they ran)", y=score)
    ax.legend()
    return reading

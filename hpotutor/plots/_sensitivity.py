"""Learning-rate sensitivity: how wide is each optimizer's range of good learning rates."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor._validation import check_number
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import complete, is_numeric, need_scores, opened
from hpotutor.plots.formatting import knob_label, number, score_label, words
from hpotutor.plots.style import SIZES, finish, look, set_height, ticks_at


def sensitivity_info(
    result: object,
    *,
    knob: str = "learning_rate",
    by: str = "optimizer",
    tolerance: float = 0.01,
    direction: str | None = None,
) -> pd.DataFrame:
    """Measure, for each optimizer, its best learning rate and how far one may stray from it.

    Of trials that share both, such as seeds, the mean counts.

    Parameters
    ----------
    knob : str, default "learning_rate"
        A knob with positive numbers.
    by : str, default "optimizer"
        What the lines are.
    tolerance : float, default 0.01
        A level within this distance of its optimizer's best is good.

    DataFrame: A row per line: its name, best, best_at, low and high (the unbroken range of good
    levels around the best), decades (log10 of high / low); widest first. ``attrs["lines"]`` holds
    the table that is drawn: a row a level, a column a line.

    ArgumentError: for unknown columns, a knob that is not positive, or no finished trial.

    Examples
    --------
    >>> frame = pd.DataFrame({"learning_rate": [0.001, 0.01, 0.1] * 2,
    ...                       "optimizer": ["adam"] * 3 + ["sgd"] * 3,
    ...                       "value": [0.95, 0.95, 0.5, 0.3, 0.8, 0.94]})
    >>> sensitivity_info(frame)[["optimizer", "best_at", "decades"]].values.tolist()
    [['adam', 0.001, 1.0], ['sgd', 0.1, 0.0]]
    """
    problems, frame, sign = opened("sensitivity", result, direction)
    check_number(problems, "tolerance", tolerance, example=0.01)
    if need_scores(problems, frame, knob=knob, by=by):
        if not is_numeric(frame[knob]) or not (frame[knob] > 0).all():
            problems.add("knob", knob, "a column of positive numbers", 'knob="learning_rate"')
    problems.raise_if_any()
    done = frame[complete(frame)]
    lines = done.pivot_table(index=knob, columns=by, values="value", sort=False)
    # Levels where everything failed stay as gaps: a range of good levels ends there.
    lines = lines.reindex(sorted(frame[knob].unique()))
    rows = []
    for name in lines.columns:
        scores = sign * lines[name].to_numpy(dtype=float)
        levels = lines.index.to_numpy(dtype=float)
        best = int(np.nanargmax(scores))
        bad = np.flatnonzero(~(scores >= scores[best] - tolerance - 1e-12))
        low = bad[bad < best].max(initial=-1) + 1
        high = bad[bad > best].min(initial=len(scores)) - 1
        width = float(np.log10(levels[high] / levels[low]))
        rows.append((name, sign * scores[best], levels[best], levels[low], levels[high], width))
    columns = [by, "best", "best_at", "low", "high", "decades"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values("decades", ascending=False, kind="stable").reset_index(drop=True)
    table.attrs["lines"] = lines.to_dict()
    return table


@figure(sensitivity_info, (7.4, 4.2))
def sensitivity(
    table: pd.DataFrame, ax: Axes, *, knob: str, tolerance: float, score: str | None = None
) -> str:
    """Draw the score against the learning rate for each optimizer, its good range thick.

    Reading: the width of each optimizer's good range, in decades.
    """
    by, lines = str(table.columns[0]), pd.DataFrame(table.attrs["lines"])
    score = score_label(lines.to_numpy(), score)
    ax.set_xscale("log")
    by_name = table.set_index(by)
    spans = {name: number(round(span, 2)) for name, span in by_name["decades"].items()}
    widths = {n: f"{span} decade{'' if span == '1' else 's'}" for n, span in spans.items()}
    for index, name in enumerate(lines.columns):
        style, row = look(index), by_name.loc[name]
        ax.plot(lines.index, lines[name], lw=1.4, ms=5, label=f"{name}: {widths[name]}",
                **style.pen)  # fmt: skip
        good = lines.loc[row["low"] : row["high"], name]
        ax.plot(good.index, good, color=style.color, lw=5, alpha=0.35, solid_capstyle="round")
        ax.plot(row["best_at"], row["best"], mec="black", ms=10, zorder=4, **style.pen)
    ticks_at(ax, list(lines.index))
    _zoom(ax, lines.to_numpy(dtype=float), table["best"], tolerance)
    rows, about = by_name.iterrows(), {"by": by, "knob": knob, "tolerance": tolerance}
    title, reading = words("sensitivity", table=table, rows=rows, widths=widths, **about)
    finish(ax, title=title, x=knob_label(knob, True), y=score)
    # Beside the curves there is no room that stays free.
    ax.legend(title=f"within {number(tolerance)} of its best", title_fontsize=SIZES["small"],
              alignment="left", loc="center left", bbox_to_anchor=(1.01, 0.5))  # fmt: skip
    return reading


def _zoom(ax: Axes, scores: np.ndarray, best: pd.Series, tolerance: float) -> None:
    """Show the differences among good scores; how bad the bad ones are matters little."""
    low, high = np.nanmin(scores), np.nanmax(scores)
    depth = max(14 * tolerance, 3 * np.ptp(best))
    if depth > 0 and abs(high - best.max()) < 1e-12:
        low = max(low, best.min() - depth)
    elif depth > 0:
        high = min(high, best.max() + depth)
    set_height(ax, low, high, 0.05)

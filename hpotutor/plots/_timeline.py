"""Time line of a cluster: which worker trained what, and who waited."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import opened
from hpotutor.plots.formatting import words
from hpotutor.plots.style import BLACK, finish, look


class Timeline(NamedTuple):
    """``workers`` has worker, tasks, busy (seconds), share; times are in seconds.

    ``speed_up`` is the work of all tasks divided by the time taken, ``busy`` the share of the
    workers' time in which they worked; ``tasks`` is what was given, with kind and busy.
    """

    workers: pd.DataFrame
    makespan: float
    work: float
    busy: float
    speed_up: float
    kinds: list
    n_workers: int
    tasks: pd.DataFrame


def timeline_info(tasks: object, *, workers: int | None = None) -> Timeline:
    """Measure how busy the workers of a cluster were.

    Parameters
    ----------
    tasks : DataFrame
        A row per task: worker, start and end in seconds, and kind (what the color shows, such
        as "rung 0" or "killed") where wanted.
    workers : int, optional
        How many workers there were; by default those that had a task.

    ArgumentError: for missing columns, a task that ends before it starts, or fewer workers than had
    tasks.

    Examples
    --------
    >>> tasks = pd.DataFrame({"worker": [0, 1, 0], "start": [0, 0, 2], "end": [2, 1, 4]})
    >>> found = timeline_info(tasks)
    >>> found.makespan, found.speed_up, found.busy
    (4.0, 1.25, 0.625)
    """
    problems, frame, _ = opened("timeline", tasks, "maximize", tasks=("worker", "start", "end"))
    if not (frame["end"] >= frame["start"]).all():
        problems.say("A task ends before it starts, or has no time: check start and end.")
    seen = int(frame["worker"].nunique())
    if workers is not None and workers < seen:
        problems.add("workers", workers, f"at least the {seen} that had a task", f"workers={seen}")
    problems.raise_if_any()
    count = seen if workers is None else workers
    frame = frame if "kind" in frame else frame.assign(kind="task")
    frame["busy"] = frame["end"] - frame["start"]
    makespan = float(frame["end"].max() - frame["start"].min())
    table = frame.groupby("worker")["busy"].agg(tasks="size", busy="sum").reset_index()
    table["share"] = table["busy"] / makespan if makespan > 0 else 1.0
    work = float(table["busy"].sum())
    speed_up = work / makespan if makespan > 0 else float(count)
    kinds = list(pd.unique(frame["kind"]))
    return Timeline(table, makespan, work, speed_up / count, speed_up, kinds, count, frame)


@figure(timeline_info, lambda info: (7.4, min(6.0, 1.7 + 0.3 * min(info.n_workers, 14))))
def timeline(info: Timeline, ax: Axes, *, title: str | None = None) -> str:
    """Draw a bar for every task, a row for every worker.

    Parameters
    ----------
    title : str, optional
        Put before the message, such as "Synchronous".

    Reading: time taken, speed-up, and the share of time in which workers waited.
    """
    frame, few = info.tasks, info.n_workers <= 40
    rows = {worker: place for place, worker in enumerate(info.workers["worker"])}
    units = ((86400, "days"), (3600, "hours"), (60, "minutes"), (1, "seconds"))
    size, unit = next((one for one in units if info.makespan >= 2 * one[0]), units[-1])
    begin = frame["start"].min()
    for index, kind in enumerate(info.kinds):
        style, part = look(index), frame[frame["kind"] == kind]
        left = (part["start"] - begin) / size
        ax.barh(part["worker"].map(rows), part["busy"] / size, left=left,
                height=0.82 if few else 1.0, color=style.color, alpha=0.75, edgecolor="white",
                hatch=style.hatch if few else None, linewidth=0.8 if few else 0.1,
                label=str(kind))  # fmt: skip
    end = info.makespan / size
    ax.axvline(end, color=BLACK, lw=1.2, ls="--")
    ax.set(xlim=(0, end * 1.02 if end else 1), ylim=(info.n_workers - 0.4, -0.6))
    if info.n_workers <= 14:
        ax.set_yticks(list(rows.values()), [str(worker) for worker in rows])
    message, reading = words("timeline", info=info)
    text = f"{title}: {message[0].lower()}{message[1:]}" if title else message
    finish(ax, title=text, x=f"time since the start ({unit})", y="worker", grid="x")
    if len(info.kinds) > 1:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return reading

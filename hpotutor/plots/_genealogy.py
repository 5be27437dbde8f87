"""Genealogy of a genetic algorithm: generations, and the family tree of the best."""

from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from hpotutor.plots._figure import figure
from hpotutor.plots._trials import opened, plain
from hpotutor.plots.formatting import counted, score_label, words
from hpotutor.plots.style import BLACK, BLUE, GRAYS, ORANGE, SIZES, finish, star, whole_ticks

_COLUMNS = ("generation", "individual", "parents", "value")


class Genealogy(NamedTuple):
    """``generations`` has generation, size, median, best; ``ancestors`` excludes the best."""

    generations: pd.DataFrame
    best: object
    best_value: float
    ancestors: set
    founders: set
    places: dict
    parents: dict


def genealogy_info(population: object, *, upto: int | None = None) -> Genealogy:
    """Trace the best individual's ancestors, and summarize each generation.

    Parameters
    ----------
    population : DataFrame
        A row per individual: generation (from 0), individual (a name used once), parents (a
        sequence of names, empty for founders), value (higher is better).
    upto : int, optional
        Look at generations up to this one only; by default at all.

    Genealogy: ``founders`` are the ancestors in the first generation; ``places`` maps an individual
    to (generation, value), ``parents`` to the names of its parents.

    ArgumentError: for missing columns, names used twice, or parents that nobody is.

    Examples
    --------
    >>> table = pd.DataFrame({"generation": [0, 0, 1], "individual": [1, 2, 3],
    ...                       "parents": [(), (), (1, 2)], "value": [0.5, 0.6, 0.8]})
    >>> found = genealogy_info(table)
    >>> found.best, sorted(found.ancestors), found.generations["best"].tolist()
    (3, [1, 2], [0.6, 0.8])
    """
    problems, frame, _ = opened("genealogy", population, "maximize", population=_COLUMNS)
    if frame["individual"].duplicated().any():
        problems.say("An individual's name is used twice: number them over all generations.")
    known = set(frame["individual"])
    orphans = sorted({str(p) for parents in frame["parents"] for p in parents if p not in known})
    if orphans:
        problems.say(f"Parents that nobody is: {', '.join(orphans[:5])}. Give them rows.")
    if upto is not None:
        frame = frame[frame["generation"] <= upto]
        if frame.empty:
            problems.add("upto", upto, "a generation in the table", "upto=0")
    problems.raise_if_any()
    frame = frame.assign(value=frame["value"].astype(float))
    frame = frame[np.isfinite(frame["value"])]
    parents = dict(zip(frame["individual"], frame["parents"], strict=True))
    best = plain(frame.loc[frame["value"].idxmax(), "individual"])
    ancestors: set = set()
    young = {best}
    while young := {p for child in young for p in parents.get(child, ())} - ancestors:
        ancestors |= young
    by_generation = frame.groupby("generation")["value"]
    generations = by_generation.agg(size="size", median="median", best="max").reset_index()
    where = zip(frame["generation"], frame["value"], strict=True)
    places = dict(zip(frame["individual"], where, strict=True))
    first = frame["generation"].min()
    founders = {a for a in ancestors if a in places and places[a][0] == first}
    return Genealogy(generations, best, places[best][1], ancestors, founders, places, parents)


@figure(genealogy_info, (7.4, 4.4))
def genealogy(info: Genealogy, ax: Axes, *, score: str | None = None) -> str:
    """Draw individuals by generation and value, with lines from parents to children.

    Reading: how far the population rose, and from how many founders the best descends.
    """
    family = info.ancestors | {info.best}
    score = score_label([value for _, value in info.places.values()], score)
    lines: dict[bool, list] = {True: [], False: []}
    for child, parents in info.parents.items():
        for parent in parents:
            if parent in info.places:
                ends = [info.places[parent], info.places[child]]
                lines[child in family and parent in family].append(ends)
    for inside, text, color, width in (
        (False, "parent to child", GRAYS["kinship"], 0.8),
        (True, "in the family of the best", ORANGE, 2.0),
    ):
        if lines[inside]:
            ax.add_collection(LineCollection(lines[inside], label=text, colors=color,
                                             linewidths=width, zorder=1 + inside))  # fmt: skip
    edge = _edge(info, family)
    for inside, text, color, rim, marker in (
        (False, "individual", "white", GRAYS["outline"], "o"),
        (True, "ancestor of the best", ORANGE, BLACK, "s"),
    ):
        dots = [place for who, place in info.places.items() if (who in info.ancestors) == inside
                and place[1] >= edge]  # fmt: skip
        if dots:
            ax.plot(*zip(*dots, strict=True), ls="", label=text, zorder=3, color=color, mec=rim,
                    marker=marker, ms=5 + inside)  # fmt: skip
    middle = info.generations
    ax.plot(middle["generation"], middle["median"], color=BLUE, ls="--", lw=2,
            label="median of the generation", zorder=2)  # fmt: skip
    star(ax, info.places[info.best], "best", size=17)
    _draw_edge(ax, info, edge)
    ax.set_xlim(middle["generation"].min() - 0.4, middle["generation"].max() + 0.4)
    whole_ticks(ax)
    title, reading = words("genealogy", info=info, score=score)
    finish(ax, title=title, x="generation", y=score)
    ax.legend(fontsize=SIZES["dense"], ncols=3, loc="upper left", bbox_to_anchor=(0, -0.14))
    return reading


def _edge(info: Genealogy, family: set) -> float:
    """Return where the axis ends below, so that the family fills it."""
    best = info.best_value
    everyone = [value for _, value in info.places.values()]
    kept = [info.places[who][1] for who in family if who in info.places]
    kept += list(info.generations["median"][-1:]) if info.ancestors else everyone
    return best - min(1.5 * max(best - min(kept), 0.01), 1.05 * (best - min(everyone)) + 1e-9)


def _draw_edge(ax: Axes, info: Genealogy, edge: float) -> None:
    """End the axis there, and mark how many lie beyond."""
    beyond = [g for g, value in info.places.values() if value < edge]
    if beyond:
        text = f"{counted(len(beyond), 'individual')} beyond the axis"
        ax.plot(beyond, [edge] * len(beyond), marker="v", ls="", ms=5,
                zorder=3, color=GRAYS["outline"], label=text)  # fmt: skip
    room = 0.08 * (info.best_value - edge)
    ax.set_ylim(edge - room, info.best_value + room)

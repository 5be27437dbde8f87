"""A race of search methods at equal budget: one seed or all, validation or test."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hpotutor.errors import ArgumentError
from hpotutor.plots import race
from hpotutor.plots.formatting import counted, number
from hpotutor.plots.style import finish, look
from hpotutor.tabular.comparison import Comparison, compare
from hpotutor.tabular.objective import TableObjective
from hpotutor.widgets._base import Knob, menu, switch
from hpotutor.widgets._browse import BrowsingPanel, stored

_SCORES = {"validation": "best", "test": "test"}
_SHOWN = ("all seeds", "one seed")


class MethodRace(BrowsingPanel):
    """A panel in which search methods race at equal budget; ``comparison`` is what it shows.

    Parameters
    ----------
    objective : Comparison, TableObjective or str, default "digits"
        What `hpotutor.compare` returned; or a table, on which ``methods`` are compared first.
    methods : sequence of str, default ("grid", "random")
        As in `hpotutor.compare`.
    trials : int, default 60
        The largest budget, in trainings of full length.
    repeats : int, default 300

    ArgumentError: for anything but these, or a method that is not there.

    Examples
    --------
    >>> panel = method_race("digits", trials=20, repeats=50)
    >>> panel.set(score="test", budget=10)
    >>> panel.reading
    'The network that was best on validation rows has, in the median, on test rows: ...'
    >>> panel.close()
    """

    name = "the best score so far of every method against what it has spent"
    size = (8.4, 4.4)

    def __init__(
        self,
        objective: Comparison | TableObjective | str = "digits",
        *,
        methods: Sequence[str] = ("grid", "random"),
        trials: int = 60,
        repeats: int = 300,
        goal: str | None = None,
    ) -> None:
        if isinstance(objective, Comparison):
            self.comparison = objective
        else:
            table = stored("method_race", objective)
            methods = [methods] if isinstance(methods, str) else list(methods)
            self.comparison = compare(methods, table, trials=trials, repeats=repeats)
        most = self.comparison.trials
        self.repeats = min(len(found.best) for found in self.comparison.replays.values())
        controls = {
            "score": menu("score", _SCORES, "validation"),
            "against": menu("budget counted in", ["trials", "epochs", "seconds"], "trials"),
            "shown": menu("show", _SHOWN, _SHOWN[0]),
            "budget": Knob("budget (trainings)", most, 2, most),
            "seed": Knob("the one seed", 0, 0, self.repeats - 1),
        }
        controls |= {f"run_{name}": switch(name, True) for name in self.comparison.methods}
        super().__init__(controls, goal=goal)

    def draw(self, figure: Figure) -> str:
        """Draw the chosen methods up to the budget."""
        now, found = self.settings, self.comparison.replays
        chosen = [name for name in found if now[f"run_{name}"]]
        if not chosen:
            raise ArgumentError("method_race: Nobody runs: tick a method.")
        everyone = now["shown"] == _SHOWN[0]
        rows = slice(None) if everyone else slice(now["seed"], now["seed"] + 1)
        values, cost = {}, {}
        for name in chosen:
            spent = found[name].trials[rows]
            keep = max(int((spent <= now["budget"] + 1e-9).sum(axis=1).max()), 1)
            values[name] = getattr(found[name], _SCORES[now["score"]])[rows, :keep]
            cost[name] = getattr(found[name], now["against"])[rows, :keep]
        ax = figure.add_axes((0.09, 0.26, 0.88, 0.61))
        if now["score"] == "validation":
            reading: str = race(
                values, cost=cost, against=now["against"],
                direction=self.comparison.objective.direction, score="validation score", ax=ax,
            )  # fmt: skip
        else:
            reading = _draw_test(ax, values, cost, now["against"])
        who = counted(self.repeats, "seed") if everyone else f"seed {now['seed']}"
        return f"{reading} Shown: {who}, up to {counted(now['budget'], 'training')}."


def _draw_test(ax: Axes, values: dict, cost: dict, against: str) -> str:
    """Draw the test score of each run's incumbent; unlike the best so far it may fall."""
    ends = {}
    for index, (name, scores) in enumerate(values.items()):
        style, spent = look(index), np.median(cost[name], axis=0)
        low, middle, high = np.nanpercentile(scores, [10, 50, 90], axis=0)
        ax.plot(spent, middle, **style.pen, markevery=max(1, len(spent) // 6),
                drawstyle="steps-post", label=name)  # fmt: skip
        if len(scores) > 1:
            ax.fill_between(spent, low, high, step="post", color=style.color, alpha=0.14, lw=0)
        ends[name] = float(middle[-1])
    first = max(ends, key=ends.__getitem__)
    ax.set_ylim(min(np.nanpercentile(scores[:, -1], 5) for scores in values.values()) - 0.05, None)
    unit = " (s)" if against == "seconds" else ""
    finish(ax, title=f"On test rows {first} ends highest, with {number(round(ends[first], 4))}",
           x=f"{against}{unit}", y="test accuracy of the best so far")  # fmt: skip
    ax.legend(fontsize=9, loc="lower right")
    listed = ", ".join(f"{name} {number(round(end, 4))}" for name, end in ends.items())
    told = "The network that was best on validation rows has, in the median, on test rows"
    return f"{told}: {listed}."


method_race = MethodRace

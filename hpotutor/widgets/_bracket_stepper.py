"""Successive halving rung by rung, with the late bloomers that it stops."""

import itertools
from collections.abc import Sequence

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hpotutor.plots import brackets
from hpotutor.plots.formatting import counted
from hpotutor.plots.style import headline
from hpotutor.search.hyperband import Bracket, Rung, hyperband_brackets
from hpotutor.widgets._base import Knob, menu, switch
from hpotutor.widgets._browse import TablePanel

_REDRAWS = 400
_MOST_RUNGS = 5
_ETA = 3


def halving_info(curves: np.ndarray, bracket: Bracket) -> pd.DataFrame:
    """Return a row per trial and rung that it reaches: rung, trial, epochs, value.

    ``curves``, of shape (trials, epochs), holds the score after each epoch, higher is better; the
    first trials fill the lowest rung.
    """
    alive, rows = np.arange(len(curves)), []
    for place, rung in enumerate(bracket.rungs):
        alive = alive[: rung.configurations]
        values = curves[alive, rung.epochs - 1]
        rows += [(place, int(t), rung.epochs, v) for t, v in zip(alive, values, strict=True)]
        alive = alive[np.argsort(-values, kind="stable")]
    return pd.DataFrame(rows, columns=["rung", "trial", "epochs", "value"])


def survival_info(curves: np.ndarray, bracket: Bracket, seed: int = 0) -> float:
    """Return how often the trial that ends best of those drawn reaches the highest rung.

    Trials are drawn 400 times from ``curves``, of shape (configurations, epochs).
    """
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(curves), (_REDRAWS, bracket.rungs[0].configurations))
    alive = np.broadcast_to(np.arange(drawn.shape[1]), drawn.shape)
    for rung, following in itertools.pairwise(bracket.rungs):
        values = curves[np.take_along_axis(drawn, alive, 1), rung.epochs - 1]
        order = np.argsort(-values, axis=1, kind="stable")[:, : following.configurations]
        alive = np.take_along_axis(alive, order, 1)
    ends = curves[drawn, bracket.rungs[-1].epochs - 1]
    best_kept = np.take_along_axis(ends, alive, 1).max(axis=1)
    return float(np.mean(best_kept >= ends.max(axis=1)))


def _brackets(settings: dict) -> list[Bracket]:
    return hyperband_brackets(settings["max_epochs"], settings["eta"])


def _chosen(settings: dict) -> Bracket:
    return _brackets(settings)[-1 - settings["bracket"]]


class BracketStepper(TablePanel):
    """A panel that climbs the rungs of a bracket, on stored learning curves.

    Its buttons are methods too: ``step()``, ``back()``, ``start_over()``.

    Examples
    --------
    >>> panel = bracket_stepper("digits")
    >>> panel.step()
    >>> panel.settings["rung"], panel.reading[:9]
    (2, 'Bracket 3')
    >>> panel.close()
    """

    call = "bracket_stepper"
    name = "trials from rung to rung, most of them stopped, and the late bloomers among them"
    size = (8.6, 4.6)
    buttons = {"Step": "step", "Back": "back"}

    def knobs(self) -> dict[str, widgets.Widget]:
        most = self.objective.table.epochs
        lengths = [n for n in (9, 16, 27, 81) if n <= most] or [most]
        longest = max(n for n in lengths if n <= 27)
        first = hyperband_brackets(longest, _ETA)[0].s
        return {
            "max_epochs": menu("longest training", lengths, longest),
            "eta": menu("eta (keep one in)", [2, 3, 4], _ETA),
            "rung": Knob("rungs shown", 1, 1, _MOST_RUNGS),
            "bracket": Knob("bracket", first, 0, _MOST_RUNGS - 1),
            "seed": Knob("seed of the draw", 0, 0, 99),
            "bloomers": switch("show what the stopped ones would have become", False),
        }

    @property
    def settings(self) -> dict:
        """The value of each control; other settings may have fewer brackets, those fewer rungs."""
        now = super().settings
        now["bracket"] = min(now["bracket"], len(_brackets(now)) - 1)
        now["rung"] = min(now["rung"], len(_chosen(now).rungs))
        return now

    def set(self, **values: object) -> None:
        """Set several controls, and draw once; `refresh` finds out what the bracket allows."""
        with self.hold():
            self.controls["bracket"].limit(_MOST_RUNGS - 1)
            self.controls["rung"].limit(_MOST_RUNGS)
        super().set(**values)

    def refresh(self) -> None:
        """Let the knobs end where brackets and rungs end, and draw."""
        if not self._holds:
            with self.hold():
                self.controls["bracket"].limit(len(_brackets(self.settings)) - 1)
                self.controls["rung"].limit(len(self.bracket.rungs))
        super().refresh()

    def step(self) -> None:
        """Climb one rung; above the last, show what the stopped ones would have become."""
        rung = self.controls["rung"]
        if rung.value < len(self.bracket.rungs):
            rung.value += 1
        else:
            self.set(bloomers=True)

    def back(self) -> None:
        """Go back one step."""
        if self.controls["bloomers"].value:
            self.set(bloomers=False)
        else:
            self.controls["rung"].slider.value -= 1  # which ends at 1

    @property
    def bracket(self) -> Bracket:
        """The bracket that is shown, by its number in the paper: 0 has a single rung."""
        return _chosen(self.settings)

    def draw(self, figure: Figure) -> str:
        """Draw the rungs climbed so far, and say how often the best one survives."""
        now, rungs, stored_table = self.settings, self.bracket.rungs, self.objective.table
        # One stored run of each configuration, of shape (configurations, epochs).
        curves = stored_table.val_accuracy[:, now["seed"] % stored_table.seeds].astype(float)
        rng = np.random.default_rng(now["seed"])
        drawn = curves[rng.integers(0, len(curves), rungs[0].configurations)]
        table = halving_info(drawn, self.bracket)
        ends = drawn[:, rungs[-1].epochs - 1]
        climbed = len(rungs) if now["bloomers"] else now["rung"]
        shown = table[table["rung"] < climbed]
        stops = [rung.epochs for rung in rungs]
        onward = {t: {stop: run[stop - 1] for stop in stops} for t, run in enumerate(drawn)}
        ax = figure.add_axes((0.09, 0.13, 0.88, 0.8))
        reading: str = brackets(shown, final=onward if now["bloomers"] else None, ax=ax)
        # The frame of the whole bracket from the first step on, so that the eye can follow.
        part = ax.child_axes[0]
        part.set_xticks(stops, [str(stop) for stop in stops])
        part.set_xlim(stops[0] / 1.4, stops[-1] * 1.4)
        low, high = min(table["value"].min(), ends.min()), max(table["value"].max(), ends.max())
        room = max(high - low, 0.05)  # there may be a single trial
        part.set_ylim(low - 0.08 * room, high + 0.14 * room)
        if climbed < len(rungs):
            _mark_climb(ax, rungs, climbed)
        told = {"climbed": climbed, "rungs": rungs, "redraws": _REDRAWS}
        told["best"] = shown.loc[shown["rung"] == climbed - 1, "value"].max()
        return self.words(reading=reading, kept=survival_info(curves, self.bracket), **told)


def _mark_climb(ax: Axes, rungs: Sequence[Rung], climbed: int) -> None:
    """Write over the figure, and into its legend, what holds while the bracket goes on."""
    here, following = rungs[climbed - 1], rungs[climbed]
    legend = ax.child_axes[0].get_legend()
    texts = legend.get_texts() if legend else []
    for text, now in zip(texts[1:], ("still in the race", "best of this rung"), strict=True):
        text.set_text(now)
    goes = "goes" if following.configurations == 1 else "go"
    chosen = f"the best {following.configurations} of {here.configurations} {goes} on"
    epochs, more = (counted(rung.epochs, "epoch") for rung in (here, following))
    headline(ax, f"After {epochs}: {chosen}, to {more}")


bracket_stepper = BracketStepper

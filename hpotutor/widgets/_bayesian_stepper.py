"""Bayesian optimization step by step, and a game against it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from hpotutor.errors import Problems
from hpotutor.plots import style, surrogate
from hpotutor.plots.formatting import counted, knob_label
from hpotutor.search.gp import ACQUISITIONS
from hpotutor.tabular.table import NAMES
from hpotutor.widgets import _surrogate_steps as steps
from hpotutor.widgets._base import Knob, menu, switch
from hpotutor.widgets._browse import BrowsingPanel

_ACQUISITIONS = [name.replace("_", " ") for name in ACQUISITIONS]
_WATCH, _PLAY = "watch it step", "play against it"
_MOST_TRIALS = 25


class BayesianStepper(BrowsingPanel):
    """A panel that steps a Gaussian process through a search over learning rates.

    ``places`` are the trials after the two that everybody starts with. In the game, the process
    answers each of yours with one of its own. The buttons are methods too: ``step()``, ``back()``,
    ``try_place()``, ``start_over()``.

    Parameters
    ----------
    truth : {"digits", "breast_cancer", "signals"}, optional
        The table whose curve is to be found; by default a made-up one with two humps.
    fixed : dict, optional
        With a table, values of the other hyperparameters.

    ArgumentError: for a table that is not there.

    Examples
    --------
    >>> panel = bayesian_stepper()
    >>> for _ in range(8):
    ...     panel.step()
    >>> panel.reading
    'The next trial goes to learning_rate=..., where the surrogate expects ...'
    >>> panel.close()
    """

    name = "trials, the surrogate with its band, and the acquisition below"
    size = (8.6, 5.0)
    buttons = {"Step": "step", "Back": "back", "Try your place": "try_place"}
    kept = ("places",)

    def __init__(
        self,
        truth: str | None = None,
        *,
        fixed: Mapping[str, Any] | None = None,
        goal: str | None = None,
    ) -> None:
        problems = Problems("bayesian_stepper")
        if truth is not None:
            problems.choice("truth", truth, NAMES)
        elif fixed:
            problems.add("fixed", fixed, "left out unless truth names a table", 'truth="digits"')
        problems.raise_if_any()
        self.curve = curve = steps.curve_info(truth, fixed or {})
        self.places: list[float] = []
        ends = float(curve.places[0]), float(curve.places[-1])
        middle = float(f"{curve.places[len(curve.places) // 2]:.2g}")
        spread = float(np.ptp(curve.truth))
        controls = {
            "mode": menu("mode", [_WATCH, _PLAY], _WATCH),
            "acquisition": menu("acquisition", _ACQUISITIONS, "expected improvement"),
            "exploration": Knob("exploration", 1.0, 0.0, 5.0, step=0.25),
            "length": Knob("kernel length", 0.15, 0.02, 1.0, step=0.02),
            "noise": Knob("noise of a trial", 0.0, 0.0, float(f"{0.3 * spread:.1g}")),
            "seed": Knob("seed of the start", 0, 0, 50),
            "place": Knob("your learning_rate", middle, *ends, log=True),
            "fit": switch("fit the kernel length to the trials", False),
            "truth": switch("show the true curve", True),
        }
        super().__init__(controls, goal=goal)

    def step(self) -> None:
        """Make the trial that the acquisition points at (in the game: yours, at your place)."""
        if self.controls["mode"].value == _PLAY:
            self.try_place()
        elif len(self.places) < _MOST_TRIALS:
            self.places.append(self._believe(self._tried()).next_place)
            self.refresh()

    def back(self) -> None:
        """Take the last trial back."""
        if self.places:
            self.places.pop()
            self.refresh()

    def try_place(self) -> None:
        """Make a trial where your slider stands."""
        if len(self.places) < _MOST_TRIALS:
            self.places.append(self.controls["place"].value)
            self.refresh()

    def start_over(self) -> None:
        """Forget the trials, and set every control as it was at first."""
        self.places = []
        super().start_over()

    def _moved(self, change: dict) -> None:
        if change["owner"] is self.controls["mode"]:
            with self.hold():
                self.places = []
                self.controls["truth"].value = change["new"] == _WATCH
        super()._moved(change)

    def _tried(self) -> list[float]:
        return [*steps.start_places(self.curve, self.settings["seed"]), *self.places]

    def _scores(self, tried: Sequence[float], luck: int = 0) -> list[float]:
        """Return the trials' scores; two players share the start, not each other's luck."""
        noise, seed = self.settings["noise"], self.settings["seed"]
        return [
            steps.trial_score(self.curve, place, n + (luck if n > 1 else 0), seed, noise)
            for n, place in enumerate(tried)
        ]

    def _believe(self, tried: Sequence[float], luck: int = 0) -> steps.Step:
        now = self.settings
        return steps.step_info(
            self.curve, tried, self._scores(tried, luck),
            acquisition=now["acquisition"].replace(" ", "_"), exploration=now["exploration"],
            length=None if now["fit"] else now["length"], noise=now["noise"],
        )  # fmt: skip

    def rival(self) -> tuple[list[float], list[float]]:
        """Return places and scores of the process that plays against you, as many as yours."""
        tried = steps.start_places(self.curve, self.settings["seed"])
        for _ in self.places:
            tried.append(self._believe(tried, luck=1000).next_place)
        return tried, self._scores(tried, luck=1000)

    def draw(self, figure: Figure) -> str:
        """Draw the surrogate after the trials so far, or the game."""
        now, curve, tried = self.settings, self.curve, self._tried()
        low, high = curve.truth.min(), curve.truth.max()
        room = 0.25 * (high - low)
        y_range = (low - room, high + room)
        if now["mode"] == _PLAY:
            return self._draw_game(figure, y_range)
        belief = self._believe(tried)
        ax = figure.add_axes((0.12, 0.12, 0.86, 0.78))
        reading = surrogate(
            curve.places, belief.mean, belief.std, tried, self._scores(tried),
            acquisition=belief.acquisition, next_x=belief.next_place,
            acquisition_name=now["acquisition"], y_range=y_range,
            truth=curve.truth if now["truth"] else None,
            knob="learning_rate", log=True, ax=ax,
        )  # fmt: skip
        main: Any = ax.child_axes[0]
        main.plot(
            now["place"], y_range[0], marker="^", ms=9, color=style.BLACK, clip_on=False, zorder=6
        )
        return self.words(reading=reading, belief=belief)

    def _draw_game(self, figure: Figure, y_range: tuple[float, float]) -> str:
        now, curve, tried = self.settings, self.curve, self._tried()
        scores = self._scores(tried)
        rival, answers = self.rival()
        main, below = figure.subplots(
            2, 1, height_ratios=[2, 1],
            gridspec_kw={"left": 0.1, "right": 0.98, "top": 0.92, "bottom": 0.11, "hspace": 0.42},
        )  # fmt: skip
        if now["truth"]:
            main.plot(curve.places, curve.truth, color=style.GRAY, ls=(0, (2, 2)),
                      label="true curve")  # fmt: skip
            main.plot(rival, answers, ls="", marker="s", color=style.BLUE, label="its trials")
        main.plot(tried, scores, ls="", marker="o", ms=8, color=style.BLACK, mec="white",
                  label="your trials")  # fmt: skip
        best = int(np.argmax(scores))
        style.star(main, (tried[best], scores[best]), "your best", zorder=2)
        main.axvline(now["place"], color=style.VERMILLION, ls="--", lw=1.4, label="your slider")
        main.set(xscale="log", ylim=y_range)
        main.set_xlim(curve.places[0], curve.places[-1])
        counts = np.arange(1, len(tried) + 1)
        yours, its = np.maximum.accumulate(scores), np.maximum.accumulate(answers)
        below.plot(counts, yours, ds="steps-post", color=style.BLACK, marker="o", label="you")
        below.plot(counts, its, ds="steps-post", color=style.BLUE, marker="s", ls="--",
                   label="the process")  # fmt: skip
        below.set_xlim(0.8, max(10, len(tried)) + 0.2)
        title = "Both start from the same two trials; put your slider somewhere and try it"
        if self.places:
            gap = yours[-1] - its[-1]
            ahead = "you lead" if gap > 0 else "the process leads" if gap < 0 else "a tie"
            title = f"After {counted(len(self.places), 'trial')} each {ahead}"
        style.finish(
            main, title=title, x=knob_label("learning_rate", True), y="validation accuracy"
        )
        style.label(below, x="trials", y="best so far")
        for ax in (main, below):
            ax.legend(fontsize=8.5, loc="best", ncols=2)
        told = {"yours": yours[-1], "its": its[-1], "highest": curve.truth.max()}
        return self.words(belief=None, title=title, **told)


bayesian_stepper = BayesianStepper

"""Manual search: you choose, the session trains, and you may guess before you see."""

from __future__ import annotations

import html
import math
import os
from dataclasses import dataclass
from typing import Any

import pandas as pd

from hpotutor._validation import is_number
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Evaluation, Objective
from hpotutor.space.distributions import plain
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult


def manual_search(
    objective: Objective, space: SearchSpace, *, log: str | os.PathLike[str] | None = None
) -> ManualSession:
    """Open a session in which you choose each point yourself.

    A hyperparameter that you leave out keeps the objective's default. ``log`` is a file to keep the
    trials in; points that it holds are not trained again.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(-1, 1))
    >>> session = ht.manual_search(ht.FunctionObjective(lambda p: 1 - p["x"] ** 2), space)
    >>> session.try_(x=0.5, guess=0.8)
    1. x=0.5: 0.75 (your guess 0.8 was 0.05 too high). Best so far.
    >>> session.try_(x=1.0)
    2. x=1.0: 0. The best so far is 0.75, in trial 1.
    >>> session.result().best_params
    {'x': 0.5}
    """
    recorder = Recorder(
        objective, space, method="manual", library="you", log=log, max_failures=None
    )
    recorder.log.close()  # between trials, another session may use the file
    return ManualSession(recorder)


@dataclass(frozen=True)
class Attempt:
    """One trial of a manual session, as a row to look at."""

    number: int
    evaluation: Evaluation
    guess: float | None
    best_number: int | None
    best_value: float

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.evaluation.params.items())
        return f"{self.number}. {shown}: {self._outcome()}{self._guessed()}. {self._best()}"

    def _repr_html_(self) -> str:
        cells = {"trial": self.number, **self.evaluation.params, "value": self._outcome()}
        if self.guess is not None:
            cells["guess"] = f"{self.guess:.3g}"
        row = pd.DataFrame([{name: str(value) for name, value in cells.items()}])
        guessed = f"{self._guessed().strip(' ()')}. ".lstrip(". ")
        table = row.to_html(index=False, border=0)
        return f"{table}<p>{html.escape(guessed + self._best())}</p>"

    def _outcome(self) -> str:
        done, found = self.evaluation, math.isfinite(self.evaluation.value)
        return f"{done.value:.3g}" if found else f"{done.status} ({done.reason})"

    def _guessed(self) -> str:
        if self.guess is None or not math.isfinite(self.evaluation.value):
            return ""
        off = self.guess - self.evaluation.value
        way = "too high" if off > 0 else "too low"
        miss = f"was {abs(off):.2g} {way}" if abs(off) >= 5e-4 else "was right"
        return f" (your guess {self.guess:.3g} {miss})"

    def _best(self) -> str:
        if self.best_number is None:
            return "No trial has a value yet."
        if self.best_number == self.number:
            return "Best so far."
        return f"The best so far is {self.best_value:.3g}, in trial {self.best_number}."


class ManualSession:
    """Points of your own choice, each trained, logged and shown; see :func:`manual_search`."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self.guesses: list[float | None] = []

    def try_(self, *, guess: float | None = None, **params: Any) -> Attempt:
        """Train with these hyperparameters, given by name, and show what came out.

        ``guess`` is what you expect, to be kept beside the value. Guess before you look.

        ArgumentError: a name or a value is not in the space, or the guess is not a number.
        """
        with Problems("try_") as problems:
            if guess is not None and not (is_number(guess) and math.isfinite(guess)):
                problems.add("guess", guess, "a number", "guess=0.9")
            try:
                params = self._recorder.space.clean(params)
            except ArgumentError as error:
                problems.say(str(error).removeprefix("clean: "))
        guess, log = plain(guess), self._recorder.log
        log.open()
        try:
            evaluation = self._recorder.evaluate(params, note={"guess": guess})
        finally:
            log.close()
        self.guesses.append(guess)
        best = self._recorder.best_so_far
        trials = enumerate(self._recorder.evaluations, 1)
        found = (n for n, e in trials if e.status == "complete" and e.value == best)
        number, value = next(found, None), math.nan if best is None else best
        return Attempt(len(self.guesses), evaluation, guess, number, value)

    def result(self) -> SearchResult:
        """Return the trials of this session, in the order tried."""
        return self._recorder.result()

    def to_frame(self) -> pd.DataFrame:
        """Return a row a trial, with your guesses."""
        frame = self.result().to_frame()
        if not frame.empty:
            frame.insert(frame.columns.get_loc("value") + 1, "guess", self.guesses)
        return frame

    def __repr__(self) -> str:
        return f"ManualSession({len(self.guesses)} trials)"

    def _repr_html_(self) -> str:
        return self.result()._repr_html_()

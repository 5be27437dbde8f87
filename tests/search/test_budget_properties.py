"""Any method, budget, seed and moment of an interrupt: never over, never less than fits, resumed.

The clock is the objective's own: a trial takes a second an epoch, whatever the machine does.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hpotutor as ht
from hpotutor.objectives.base import Objective
from hpotutor.study import _budget, journal
from tests.search_cases import CASES, Case, seen

FULL = 4  # epochs of a training of full length
SPACE = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.integers(0, 9), kind=ht.choice("a", "b", "c"))
EXPENSIVE = ("gp", "keras_tuner")
SLOW = Case("bayesian", "keras_tuner", (("startup", 7),))  # its model takes seconds a trial


class Timed(Objective):
    """Scores by a formula and moves the clock; interrupts once, where it is told to."""

    epochs, local, metric = FULL, False, "value"

    def __init__(self, batches: bool, interrupt: int | None = None) -> None:
        self.batches, self.interrupt = batches, interrupt
        self.clock = 0.0
        self.begun: list[float] = []  # by the clock, for each training

    def evaluate(
        self, params: dict, epochs: int | None = None, *, on_epoch: Any = None
    ) -> ht.Evaluation:
        if len(self.begun) == self.interrupt:
            self.interrupt = None
            raise KeyboardInterrupt
        self.begun.append(self.clock)
        top = params["x"] * (1 - params["x"]) + params["y"] / 20 + (params["kind"] == "b")
        curve: list[float] = []
        for epoch in range(1, (epochs or FULL) + 1):
            curve.append(top - 0.5**epoch)
            if on_epoch is not None and on_epoch(epoch, curve[-1]):
                break
        self.clock += len(curve)
        ended = len(curve) == (epochs or FULL)
        return ht.Evaluation(
            params, curve[-1], {"value": curve}, len(curve), seconds=float(len(curve)),
            status="complete" if ended else "pruned",
        )  # fmt: skip

    def describe(self) -> dict[str, str]:
        return {"objective": "Timed"}


BUDGETS = st.one_of(
    st.fixed_dictionaries({"trials": st.integers(1, 9)}),
    st.fixed_dictionaries({"trials": st.just(99), "max_epochs": st.integers(1, 30)}),
    st.fixed_dictionaries({"trials": st.just(99), "max_seconds": st.integers(1, 30)}),
    st.fixed_dictionaries(
        {"trials": st.integers(1, 9), "max_epochs": st.integers(1, 30),
         "max_seconds": st.integers(1, 30)}
    ),
)  # fmt: skip


@pytest.mark.filterwarnings("ignore::DeprecationWarning:keras_tuner")
@pytest.mark.parametrize("case", CASES, ids=str)
def test_budgets_hold_and_an_interrupted_search_ends_as_another_would(case, monkeypatch):
    monkeypatch.setattr(journal.os, "fsync", lambda descriptor: None)

    @settings(max_examples=2 if case == SLOW else 4 if case.library in EXPENSIVE else 8)
    @given(BUDGETS, st.integers(0, 2**31), st.integers(0, 9), st.booleans())
    def check(budget, seed, interrupt, batches):
        if case == SLOW:  # up to the point from which on it learns
            budget = {**budget, "trials": min(budget["trials"], 7)}

        def search(objective, log=None):
            clock = SimpleNamespace(monotonic=lambda: objective.clock)
            monkeypatch.setattr(_budget, "time", clock)
            monkeypatch.setattr("hpotutor.study.recorder.time", clock)
            return case.search(objective, SPACE, seed=seed, log=log, **budget)

        whole = Timed(batches)
        result = search(whole)
        _holds(budget, result, whole)
        with tempfile.TemporaryDirectory() as folder:
            log = Path(folder, "x.log")
            first = Timed(batches, interrupt)
            search(first, log)
            second = Timed(batches)
            assert seen(search(second, log)) == seen(result)
            assert len(first.begun) + len(second.begun) == len(whole.begun)

    check()


def _holds(budget: dict, result: ht.SearchResult, objective: Timed) -> None:
    """Check that what was spent is within the budget, and that nothing more would have fitted."""
    spent = sum(e.epochs for e in result.evaluations)
    assert len(result) <= budget["trials"]
    assert spent <= budget.get("max_epochs", spent)
    seconds = budget.get("max_seconds")
    assert seconds is None or all(begun < seconds for begun in objective.begun)
    if "no further point" in result.stopped:
        return
    full = len(result) == budget["trials"]
    no_epochs = "max_epochs" in budget and spent + FULL > budget["max_epochs"]
    no_time = seconds is not None and objective.clock >= seconds
    assert full or no_epochs or no_time, result.stopped

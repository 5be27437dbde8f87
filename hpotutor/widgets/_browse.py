"""Panels whose picture follows from their settings: pictures are kept, and drawn ahead."""

import asyncio
import contextlib
from typing import Any

import ipywidgets as widgets

from hpotutor.errors import HpoTutorError, Problems
from hpotutor.plots.style import DRAWING
from hpotutor.tabular.objective import TableObjective
from hpotutor.widgets._base import Knob, Panel

# Pictures kept of each panel, some 60 kB each.
_KEPT = 40
# How many stops of the slider are drawn ahead, and seconds of rest before each of them.
_AHEAD, _REST = 2, 0.15


class BrowsingPanel(Panel):
    """A panel for looking at one setting after another.

    While a learner looks at a figure, the slider's next stops are drawn, in the direction in which
    it moved last. That asks of `draw` that it reads `settings` and nothing else but `memory`.
    """

    # That of the cells: it waits while one is running.
    _loop: asyncio.AbstractEventLoop | None = None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._pictures: dict[str, tuple[bytes, str]] = {}
        self._asked: dict = {}  # the setting that is drawn ahead
        self._last_move: tuple[str, int] | None = None
        self._plan: asyncio.TimerHandle | None = None
        with contextlib.suppress(RuntimeError):  # a script or a test, and nobody who looks
            self._loop = asyncio.get_running_loop()
        super().__init__(*args, **kwargs)

    @property
    def settings(self) -> dict:
        """The value of each control by name."""
        with DRAWING:
            return {**super().settings, **self._asked}

    def render(self) -> tuple[bytes, str]:
        """Return picture and reading of the settings, drawn now or before."""
        state = repr(self.memory())
        kept = self._pictures.pop(state, None)
        self._pictures[state] = kept or super().render()
        if len(self._pictures) > _KEPT:
            del self._pictures[next(iter(self._pictures))]
        return self._pictures[state]

    def refresh(self) -> None:
        """Show figure and reading of the settings, then draw the slider's next stops."""
        super().refresh()
        if not self._holds:
            self._draw_later(1)

    def close(self) -> None:
        """Draw nothing more, and free everything."""
        self._draw_later(None)
        super().close()

    def _moved(self, change: dict) -> None:
        if not self._holds:
            owner = change["owner"]
            name = next(name for name, control in self.controls.items() if control is owner)
            with DRAWING:
                move = name, 1 if isinstance(owner, Knob) and change["new"] > change["old"] else -1
                self._last_move = move if isinstance(owner, Knob) else None
        super()._moved(change)

    def _draw_later(self, stops: int | None) -> None:
        """Draw so many stops ahead after a rest, instead of what was planned; None is nothing."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._make_plan, stops)

    def _make_plan(self, stops: int | None) -> None:
        if self._plan is not None:
            self._plan.cancel()
        self._plan = None
        if self._loop is not None and stops is not None and self._last_move is not None:
            self._plan = self._loop.call_later(_REST, self._draw_ahead, stops)

    def _draw_ahead(self, stops: int) -> None:
        self._plan = None
        with DRAWING:
            if self._last_move is None:
                return
            name, direction = self._last_move
            value = self.controls[name].ahead(direction * stops)
            if value is None:
                return
            self._asked = {name: value}
            try:
                with contextlib.suppress(HpoTutorError):  # it is said when the learner gets there
                    self.render()
            finally:
                self._asked = {}
        if stops < _AHEAD:
            self._make_plan(stops + 1)


def stored(call: str, objective: TableObjective | str) -> TableObjective:
    """Return a table's objective, opened by name where a name is given; refuse anything else."""
    if isinstance(objective, str):
        return TableObjective(objective, quiet=True)
    if not isinstance(objective, TableObjective):
        told = ("objective", objective, "a table's name, or a TableObjective", f'{call}("digits")')
        Problems(call).add(*told).raise_if_any()
    return objective


class TablePanel(BrowsingPanel):
    """A panel for looking at a stored table, which derives from this and writes `knobs`."""

    taken = (
        'objective : TableObjective or str, default "digits"\n    The table whose stored trainings '
        f"are shown; an ArgumentError for anything but a table.\n{BrowsingPanel.taken}"
    )
    call = ""  # what it is called by

    def __init__(
        self, objective: TableObjective | str = "digits", *, goal: str | None = None
    ) -> None:
        self.objective = stored(self.call, objective)
        super().__init__(self.knobs(), goal=goal)

    def knobs(self) -> dict[str, widgets.Widget]:
        """Return the controls."""
        raise NotImplementedError

"""What the widgets share: controls that carry a name, and the panel around a figure.

Only what ipywidgets 7.7.1 and 8 have in common is used. A figure is shown as a PNG in a box of
fixed size: one message a redraw, no flicker, and the page keeps its height.
"""

from __future__ import annotations

import contextlib
import copy
import html
import io
import itertools
import math
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import traitlets
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from hpotutor._docstrings import sections_of, written
from hpotutor.errors import HpoTutorError
from hpotutor.plots.formatting import number, readings
from hpotutor.plots.style import DRAWING, house_style

_DPI = 100
# Titles stay where they are: to look for a free place takes a fifth of the drawing.
_TITLE: dict[Any, Any] = {"axes.titley": 1.0}
# Who is on show in which cell, so that a cell that runs again takes over from its earlier self.
_ON_SHOW: dict[tuple, Panel] = {}


class Knob(widgets.HBox):
    """A number box with a label (sliders have no accessible name), and a slider that follows it.

    Whole numbers make a knob of whole numbers. ``step`` is the distance of the slider's stops: by
    default 1 for whole numbers, 0.05 powers of ten on a ``log`` scale, else a hundredth of the
    range. Unless ``live``, the value changes once the slider is let go.
    """

    value = traitlets.Any()

    def __init__(
        self,
        label: str,
        value: float,
        low: float,
        high: float,
        *,
        step: float | None = None,
        log: bool = False,
        live: bool = True,
    ) -> None:
        whole = all(isinstance(number, int) for number in (value, low, high)) and not log
        self.stops = _stops(low, high, step, log, whole)
        # The slider holds the number of a stop, and the box the value. A slider of values would
        # round what was typed to its own steps, and send that back. Where stops are 1 apart the
        # two are the same, and the slider tells the value to those who listen to it.
        self._first = int(low) if whole and step in (None, 1) else 0
        self.slider = widgets.IntSlider(
            value=self._stop_at(value), min=self._first, max=self._first + len(self.stops) - 1,
            readout=False, continuous_update=live, layout=widgets.Layout(width="190px"),
        )  # fmt: skip
        kind = widgets.BoundedIntText if whole else widgets.BoundedFloatText
        self.box = kind(value=value, min=low, max=high, description=label,
                        style={"description_width": "138px"},
                        layout=widgets.Layout(width="236px"))  # fmt: skip
        self._box_step = None if log else step or (1 if whole else 0.01)
        super().__init__([self.box, self.slider], value=value)
        self._set_box_step()
        self.slider.observe(self._slid, names="value")
        self.box.observe(lambda change: self.set_trait("value", change["new"]), names="value")
        self.observe(self._set, names="value")

    def limit(self, high: int) -> None:
        """Set another upper end of a knob of whole numbers; what lies beyond moves to it."""
        self.stops = list(range(self._first, high + 1))
        self.slider.max = self.box.max = high

    def ahead(self, steps: int) -> float | None:
        """Return the value so many stops of the slider further up, None beyond its ends."""
        place = self._stop_at(self.value) - self._first + steps
        return self.stops[place] if 0 <= place < len(self.stops) else None

    def _stop_at(self, value: float) -> int:
        distances = [abs(stop - value) for stop in self.stops]
        return self._first + distances.index(min(distances))

    def _set_box_step(self) -> None:
        """Set what an arrow key in the box adds: on a log scale, a tenth of the value's size."""
        self.box.step = self._box_step or 10.0 ** (math.floor(math.log10(self.value)) - 1)

    def _slid(self, change: dict) -> None:
        if change["new"] != self._stop_at(self.value):
            self.value = self.stops[change["new"] - self._first]

    def _set(self, change: dict) -> None:
        self.box.value = change["new"]
        self.slider.value = self._stop_at(change["new"])
        self._set_box_step()


def _stops(low: float, high: float, step: float | None, log: bool, whole: bool) -> list[float]:
    """Return the values at which a slider can stop, both ends among them."""
    stops: list[float]
    if whole:
        stops = list(range(int(low), int(high), int(step or 1)))
    elif log:
        powers = np.arange(math.log10(low), math.log10(high), step or 0.05)
        stops = [float(f"{10.0**power:.3g}") for power in powers]
    else:
        stops = [float(f"{v:.6g}") for v in np.arange(low, high, step or (high - low) / 100)]
    return [*(stop for stop in stops if stop < high), high]


def menu(label: str, options: Iterable, value: object) -> widgets.Dropdown:
    """Return a drop-down list with a label, wide enough for the longest choice."""
    width = max(236, 186 + 7 * max(len(str(option)) for option in options))
    return widgets.Dropdown(options=list(options), value=value, description=label,
                            style={"description_width": "138px"},
                            layout=widgets.Layout(width=f"{width}px"))  # fmt: skip


def switch(label: str, value: bool) -> widgets.Checkbox:
    """Return a checkbox with a label."""
    layout = widgets.Layout(width="auto", margin="2px 18px 2px 4px")
    return widgets.Checkbox(value=value, description=label, indent=False, layout=layout)


def button(label: str, press: Callable[[], object]) -> widgets.Button:
    """Return a button that calls ``press``."""
    made = widgets.Button(description=label, layout=widgets.Layout(width="auto"))
    made.on_click(lambda _: press())
    return made


def listed(params: Mapping[str, object]) -> str:
    """Return settings as a learner would type them."""
    values = {name: number(v) if isinstance(v, float) else v for name, v in params.items()}
    return ", ".join(f"{name}={value}" for name, value in values.items())


def row(*parts: widgets.Widget) -> widgets.Box:
    """Return parts side by side, in as many lines as the page's width needs."""
    return widgets.Box(list(parts), layout=widgets.Layout(flex_flow="row wrap", width="100%"))


class Panel(widgets.VBox):
    """Controls, a figure of fixed size that follows them, and its reading in words.

    A widget derives from it, passes its controls and writes `draw`. What a learner has set is
    kept when the cell runs again (see `memory`), and `close` frees everything. ``reading`` is
    what the figure says, in words. Whatever derives from it documents its ``taken`` parameters.

    Parameters
    ----------
    controls : dict from name to widget
        Each has a ``value``; the figure is drawn anew when one changes.
    name : str, optional
        What the figure shows, for readers who cannot see it; the class's own by default.
    goal : str, optional
        What to try, shown above the controls.
    """

    taken = "goal : str, optional\n    What to try, shown above the controls."
    name = ""  # what the figure shows, for readers who cannot see it
    size = (7.4, 4.0)  # of the figure in inches, 100 pixels each
    lines = 4  # of the longest reading
    buttons: Mapping[str, str] = {}  # from what stands on each, before "Start over", to a method
    kept: tuple[str, ...] = ()  # attributes that go along when the cell runs again

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        sections = sections_of(cls)
        sections["Parameters"] = f"{sections.get('Parameters', '')}\n{cls.taken}".strip()
        cls.__doc__ = written(sections)

    def __init__(
        self, controls: Mapping[str, widgets.Widget], *, name: str = "", goal: str | None = None
    ) -> None:
        self.controls, self.name = dict(controls), name or self.name
        self._start = self.settings
        self._holds = 0
        self.picture = b""
        self._canvas = FigureCanvasAgg(Figure(figsize=self.size, dpi=_DPI))
        width, height = (f"{round(_DPI * inches)}px" for inches in self.size)
        # Not `widgets.Image`: it has no way to give the picture a text for those who hear it.
        fixed = widgets.Layout(width=width, height=height, min_height=height, flex="0 0 auto")
        self.image = widgets.HTML(layout=fixed)
        # Room for the longest reading, so that it moves nothing below it.
        room = f"{10 + 19 * self.lines}px"
        self.line = widgets.HTML(layout=widgets.Layout(width=width, min_height=room))
        methods = {**self.buttons, "Start over": "start_over"}
        presses = [button(label, getattr(self, name)) for label, name in methods.items()]
        rows = [*self.arrange(), row(*presses), self.image, self.line]
        if goal:
            rows.insert(0, widgets.HTML(f"<b>Goal:</b> {html.escape(goal)}"))
        super().__init__(rows)
        for control in self.controls.values():
            control.observe(self._moved, names="value")
        with self.hold():
            self._take_over()
        self.refresh()

    def draw(self, figure: Figure) -> str:
        """Draw the present state on an empty ``figure``; return its reading."""
        raise NotImplementedError

    def arrange(self) -> list[widgets.Widget]:
        """Return the controls in rows: lists to choose from, knobs, switches."""
        kinds = (widgets.Dropdown, Knob, widgets.Checkbox)
        grouped = [[c for c in self.controls.values() if isinstance(c, kind)] for kind in kinds]
        return [row(*group) for group in grouped if group]

    def memory(self) -> dict:
        """Return what the panel takes along when its cell runs again."""
        kept = {name: copy.copy(getattr(self, name)) for name in self.kept}
        return {"settings": self.settings, **kept}

    def recall(self, memory: dict) -> None:
        """Take over what `memory` returned."""
        for name in self.kept:
            setattr(self, name, memory[name])
        self.set(**memory["settings"])

    def start_over(self) -> None:
        """Set every control as it was at first."""
        self.set(**self._start)

    @property
    def settings(self) -> dict:
        """The value of each control by name."""
        return {name: control.value for name, control in self.controls.items()}

    def set(self, **values: object) -> None:
        """Set several controls, and draw once."""
        with self.hold():
            for name, value in values.items():
                self.controls[name].value = value
        self.refresh()

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Draw nothing inside the ``with`` block."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1

    def refresh(self) -> None:
        """Draw the figure and its reading anew."""
        if self._holds:
            return
        with DRAWING:
            try:
                self.picture, reading = self.render()
            except HpoTutorError as error:  # say why it cannot be drawn, and keep the picture
                self.say(f"This setting does not work: {error}")
                return
            self.show()
            self.say(reading)  # last: what is read out is already to be seen

    def render(self) -> tuple[bytes, str]:
        """Draw; return the picture as PNG, and its reading."""
        # A new figure is quicker than to clear the last one; the canvas knows how wide texts are.
        figure = self._canvas.figure = Figure(figsize=self.size, dpi=_DPI)
        figure.set_canvas(self._canvas)
        with house_style(), rc_context(_TITLE):
            reading = self.draw(figure)
        for ax in figure.axes:
            for part in (ax, *ax.child_axes):
                part.minorticks_off()  # on a log scale they take as long as all the rest
        png = io.BytesIO()
        self._canvas.print_png(png, pil_kwargs={"compress_level": 1})
        return png.getvalue(), reading

    def show(self) -> None:
        """Send the picture as it is."""
        width, height = (round(_DPI * inches) for inches in self.size)
        text = html.escape(f"Figure: {self.name}. The text below says what it shows.")
        source = f"data:image/png;base64,{b64encode(self.picture).decode()}"
        self.image.value = (
            f'<img alt="{text}" width="{width}" height="{height}" decoding="sync" '
            f'style="max-width:none" src="{source}">'
        )

    def words(self, **told: object) -> str:
        """Return what is to be read below the figure, by the template of the panel's module."""
        name = type(self).__module__.rpartition("._")[2]
        page = readings(Path(__file__).parent / "readings").get_template(f"{name}.txt")
        return " ".join(page.render(now=self.settings, **told).split())

    def say(self, text: str) -> None:
        """Write the reading under the figure."""
        self.reading = str(text)
        shown = html.escape(self.reading, quote=False).replace("\n", "<br>")
        self.line.value = f'<p role="status" style="margin:0;line-height:1.4">{shown}</p>'

    def close(self) -> None:
        """Free the panel and every part of it, here and in the browser."""
        if self.comm is None:  # closed before, or what it was asked for was refused
            return
        for key in [key for key, panel in _ON_SHOW.items() if panel is self]:
            del _ON_SHOW[key]
        for child in self.children:
            free(child)
        self.layout.close()
        super().close()

    def __repr__(self) -> str:
        # All that a viewer without widgets, such as GitHub, shows in the panel's place.
        return f"{type(self).__name__}: run this cell to use its controls."

    def _moved(self, _: dict) -> None:
        self.refresh()

    def _take_over(self) -> None:
        """Take the place of the panel that an earlier run of this cell made, with its state."""
        cell, run = _running_cell()
        if cell is None:
            return
        self._run = run
        keys = ((cell, type(self).__name__, place) for place in itertools.count())
        key = next(key for key in keys if key not in _ON_SHOW or _ON_SHOW[key]._run != run)
        earlier = _ON_SHOW.pop(key, None)
        _ON_SHOW[key] = self
        if earlier is not None:
            # Another call in an edited cell asks for something else: it gets what it asks for.
            if earlier._start == self._start:
                self.recall(earlier.memory())
            earlier.close()


def free(widget: widgets.Widget) -> None:
    """Close a widget, what is in it, and what says how it looks."""
    for child in getattr(widget, "children", ()):
        free(child)
    for piece in (getattr(widget, "style", None), widget.layout):
        if isinstance(piece, widgets.Widget):
            piece.close()
    widget.close()


def _running_cell() -> tuple[object, object]:
    """Return what names the notebook cell that is running, and this run of it; else None."""
    from IPython import get_ipython

    shell = get_ipython()
    if not hasattr(shell, "get_parent"):
        return None, None
    message = shell.get_parent()
    # JupyterLab names the cell; elsewhere its text has to do.
    cell = message.get("metadata", {}).get("cellId") or message.get("content", {}).get("code")
    return cell, message.get("header", {}).get("msg_id")

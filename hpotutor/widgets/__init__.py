"""The course's widgets: controls around the figures of `hpotutor.plots`.

Each is a panel: controls above, the figure, and its reading in words below. Put the call last
in a cell, or show it with ``display``. Names are loaded on first use.
"""

from __future__ import annotations

import importlib

_WIDGETS = (
    "bayesian_stepper",
    "bracket_stepper",
    "cluster",
    "generation_stepper",
    "grid_arithmetic",
    "grid_vs_random",
    "knob_panel",
    "method_race",
    "optimizer_race",
    "winners_curse",
)
# As in `hpotutor.plots`, a file's underscore leaves the plain name to the function in it.
_HOME = {**{widget: f"_{widget}" for widget in _WIDGETS}, "Panel": "_parts"}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Load a widget on first use (PEP 562)."""
    if name not in _HOME:
        from hpotutor.errors import did_you_mean

        hint = did_you_mean(name, _HOME)
        raise AttributeError(f"module 'hpotutor.widgets' has no attribute {name!r}.{hint}")
    value = getattr(importlib.import_module(f"hpotutor.widgets.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

"""The course's figures: each draws on an axes and returns a one-sentence `Reading`.

Every figure is a pair: ``<figure>_info(...)`` computes what is to be seen, as plain data, and
``<figure>(..., ax=None)`` draws it. Names are loaded on first use.
"""

from __future__ import annotations

import importlib

_FIGURES = (
    "brackets",
    "genealogy",
    "grid_cost",
    "heat_map",
    "history",
    "importance",
    "learning_curves",
    "optimism",
    "parallel_coordinates",
    "paths",
    "projections",
    "race",
    "range_test",
    "sensitivity",
    "surrogate",
    "timeline",
    "validation_curve",
)
# A file begins with an underscore because it holds a function of the same name: importing the
# file `heat_map` would put the module where a lesson expects the function.
_HOME = {
    **{figure: f"_{figure}" for figure in _FIGURES},
    **{f"{figure}_info": f"_{figure}" for figure in _FIGURES},
    "Reading": "_style",
    "house_style": "_style",
}

__all__ = sorted(_HOME)


def __getattr__(name: str) -> object:
    """Load a figure on first use (PEP 562)."""
    if name not in _HOME:
        from hpotutor.errors import did_you_mean

        hint = did_you_mean(name, _HOME)
        raise AttributeError(f"module 'hpotutor.plots' has no attribute {name!r}.{hint}")
    value = getattr(importlib.import_module(f"hpotutor.plots.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

"""The course's widgets: controls around the figures of `hpotutor.plots`.

Each is a panel: controls above, the figure, and its reading in words below. Put the call last in a
cell, or show it with ``display``. Begin with `_base.py` (`Panel`) and `_browse.py` (panels that
draw ahead); then a file a widget, such as `_cluster.py`. To add one, derive a class that names its
controls and writes `draw`, give it its public name below, and list that in `__init__.pyi`. Leans on
`plots`, `tabular`, `search` and `fused`.
"""

from hpotutor._startup import attach

__getattr__, __dir__, __all__ = attach(__name__, __file__)

"""Two goals at once: set limits on weights and accuracy, and see which settings remain."""

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hpotutor.plots import pareto_front
from hpotutor.plots.style import BLACK, star
from hpotutor.widgets._base import Knob, listed, menu
from hpotutor.widgets._browse import TablePanel

_BY = ("one training", "the mean of all trainings", "test rows, the mean")


class FrontExplorer(TablePanel):
    """A panel that shows which settings of a table keep a limit on weights and one on accuracy.

    Examples
    --------
    >>> panel = front_explorer("signals")
    >>> panel.set(weights=5_000, accuracy=0.85)
    >>> panel.reading
    'With at most 5,000 weights and at least 0.85 ...'
    >>> panel.close()
    """

    call = "front_explorer"
    name = "accuracy against number of weights, the front, and two limits"
    size = (8.0, 4.6)

    def knobs(self) -> dict[str, widgets.Widget]:
        low, high = (float(end(self.objective.table.weights)) for end in (np.min, np.max))
        return {
            "judged_by": menu("accuracy of", _BY, _BY[1]),
            "weights": Knob("weights at most", high, low, high, log=True),
            "accuracy": Knob("accuracy at least", 0.5, 0.0, 1.0, step=0.01),
        }

    def draw(self, figure: Figure) -> str:
        """Draw the table with its front and the limits; say what remains."""
        now, table = self.settings, self.objective.table
        run, rows = (0 if now["judged_by"] == _BY[0] else None), np.arange(len(table))
        curve = "test_accuracy" if now["judged_by"] == _BY[2] else "val_accuracy"
        value = table.read(curve, rows, run, self.objective.epochs)
        ax = figure.add_axes((0.09, 0.23, 0.88, 0.65))
        pareto_front(pd.DataFrame({"weights": table.weights, "value": value}), ax=ax)
        for line, at in ((ax.axvline, now["weights"]), (ax.axhline, now["accuracy"])):
            line(at, color=BLACK, ls=":", lw=1.4)
        remain = (table.weights <= now["weights"] + 0.5) & (value >= now["accuracy"] - 1e-9)
        if not remain.any():
            return self.words(remain=0)
        best = int(np.lexsort((-table.weights, np.where(remain, value, -1)))[-1])
        star(ax, (table.weights[best], value[best]))
        told = {"value": value[best], "smallest": table.weights[remain].min()}
        told |= {"settings": listed(table.params_at(best)), "table": table, "best": best}
        return self.words(remain=remain.sum(), **told)


front_explorer = FrontExplorer

"""A cluster that searches: workers, waiting for each other or not, stragglers."""

import ipywidgets as widgets
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hpotutor.plots import timeline
from hpotutor.plots.formatting import counted
from hpotutor.search.hyperband import hyperband_brackets
from hpotutor.tabular import simulator
from hpotutor.tabular.objective import TableObjective
from hpotutor.widgets._base import Knob, menu
from hpotutor.widgets._browse import TablePanel

_WORKERS = (1, 2, 4, 8, 16, 32, 64)
_METHODS = ("synchronous halving", "asynchronous halving", "random search")


def cluster_info(
    objective: TableObjective, *, method: str, workers: int, jobs: int, stragglers: float, seed: int
) -> pd.DataFrame:
    """Return the table of what simulated workers did, and ``kind`` of each job."""
    scheduler: simulator.Scheduler = simulator.RandomScheduler(objective, seed)
    if method == "asynchronous halving":
        scheduler = simulator.AsynchronousHalving(objective, seed=seed)
    elif method == "synchronous halving":
        bracket = hyperband_brackets(objective.epochs)[0]
        scheduler = simulator.SynchronousHalving(objective, bracket, seed)
    found = simulator.simulate(
        scheduler, objective, workers=workers, jobs=jobs, stragglers=stragglers, seed=seed
    )
    return found.assign(kind=[counted(n, "epoch") for n in found["epochs"]])


class Cluster(TablePanel):
    """A panel that simulates a search on many workers, with stored costs.

    Examples
    --------
    >>> panel = cluster("digits")
    >>> panel.set(workers=16, method="asynchronous halving")
    >>> panel.reading
    "60 tasks worth ... took 16 workers ..."
    >>> panel.close()
    """

    call, name = "cluster", "which worker trained what, and who waited"
    size = (8.6, 4.4)

    def knobs(self) -> dict[str, widgets.Widget]:
        return {
            "method": menu("method", _METHODS, _METHODS[0]),
            "workers": menu("workers", _WORKERS, 8),
            "jobs": Knob("trainings", 60, 10, 200, step=10),
            "stragglers": Knob("stragglers (spread)", 0.0, 0.0, 1.5, step=0.1),
            "seed": Knob("seed", 0, 0, 99),
        }

    def draw(self, figure: Figure) -> str:
        """Draw the time line, and say what came out of it."""
        now = self.settings
        found = cluster_info(self.objective, **now)
        # By epochs, so that colors mean the same from setting to setting.
        found = found.sort_values(["epochs", "start"], kind="stable")
        ax = figure.add_axes((0.07, 0.14, 0.76, 0.72))
        reading = timeline(found, workers=now["workers"], ax=ax)
        full = found[found["epochs"] == found["epochs"].max()]
        known = np.isfinite(full["value"].max())
        when = full.loc[full["value"].idxmax(), "end"] if known else np.nan
        return self.words(reading=reading, full=full, when=when)


cluster = Cluster

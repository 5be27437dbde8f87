"""The winner's curse: how far the best validation score lies above the test score."""

import ipywidgets as widgets
import numpy as np
from matplotlib.figure import Figure

from hpotutor.plots import optimism, optimism_info
from hpotutor.tabular.objective import TableObjective
from hpotutor.widgets._base import Knob, menu
from hpotutor.widgets._browse import TablePanel

_SEARCHES = 400
_FROM = ("all configurations", "the best tenth", "one configuration, trained again")


def scores_info(
    objective: TableObjective, *, trials: int, rows: int, drawn_from: str = _FROM[0], seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return validation and test accuracies of 400 random searches, each of shape (400, trials).

    The validation set has so many of the table's ``rows``, drawn for each trial on its own, since
    a table keeps how many rows were right and not which.
    """
    table, at = objective.table, objective.epochs - 1
    rng = np.random.default_rng(seed)
    order = np.argsort(objective.ranks())
    tenth = len(order) // 10
    pools = (order, order[: max(1, tenth)], order[tenth : tenth + 1])
    pool = pools[_FROM.index(drawn_from)]
    chosen = pool[rng.integers(0, len(pool), (_SEARCHES, trials))]
    runs = rng.integers(0, table.seeds, chosen.shape)
    stored_rows, test_rows = (table.about["rows"][name] for name in ("validation", "test"))
    correct = table.val_correct[chosen, runs, at].astype(int)
    drawn = rng.hypergeometric(correct, stored_rows - correct, rows)
    return drawn / rows, table.test_correct[chosen, runs, at] / test_rows


class WinnersCurse(TablePanel):
    """A panel that shows how choosing the best of many makes a score too good.

    Examples
    --------
    >>> panel = winners_curse("digits")
    >>> panel.set(trials=50, rows=50)
    >>> panel.reading
    'Chosen among 50 trials, the winner scores ...'
    >>> panel.close()
    """

    call = "winners_curse"
    name = "validation and test score of the winner against the number of trials"
    size = (8.0, 4.3)

    def knobs(self) -> dict[str, widgets.Widget]:
        most = self.objective.table.about["rows"]["validation"]
        return {
            "drawn_from": menu("trials drawn from", _FROM, _FROM[0]),
            "trials": Knob("trials", 100, 2, 300, step=2),
            "rows": Knob("validation rows", min(100, most), 20, most),
            "seed": Knob("seed", 0, 0, 99),
        }

    def draw(self, figure: Figure) -> str:
        """Draw the winner's scores on both sets, and say how far they are apart."""
        now = self.settings
        validation, test = scores_info(self.objective, **now)
        ax = figure.add_axes((0.09, 0.14, 0.86, 0.74))
        reading = optimism(validation, test, ax=ax)
        last = optimism_info(validation, test, trials=[now["trials"]]).iloc[0]
        return self.words(reading=reading, last=last)


winners_curse = WinnersCurse

"""Challenges: a learner's whole search, replayed many times on a table and judged by rank.

One lucky run proves nothing, so the function an answer holds is called with a fresh seed for each
replay, and what counts is the share of replays that end in the table's best few percent.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Right, right, wrong
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params
from hpotutor.study.storage import quiet_optuna
from hpotutor.tabular.objective import TableObjective


class Outcome(NamedTuple):
    """What many replays of a search came to.

    ``ranks`` is the share of better configurations in each replay, ``epochs`` what each spent.
    """

    ranks: np.ndarray
    epochs: np.ndarray

    def share_in_best(self, best: float = 0.05) -> float:
        """Return the share of replays that end among the ``best`` share of the table."""
        return float(np.mean(self.ranks < best))


def expect_draws(outcome: Outcome) -> None:
    """Refuse a search that ends the same whatever its seed."""
    if len(np.unique(outcome.ranks)) <= len(outcome.ranks) // 20:
        wrong(
            "Nearly all replays choose the same setting, so the draws do not depend on `seed`. "
            "Draw with `rng = np.random.default_rng(seed)`."
        )


def verdict(outcome: Outcome, *, needed: float, look_at: str) -> Right:
    """Return "right" when enough replays end among the best 5%, else raise with what to look at.

    Parameters
    ----------
    outcome : Outcome
    needed : float
        The share of replays, from 0 to 1.
    look_at : str
        A sentence for a learner whose search is not there yet.
    """
    share = outcome.share_in_best(0.05)
    said = f"{share:.0%} of {len(outcome.ranks)} replays end among the best 5% of the table"
    if share < needed:
        wrong(f"Only {said}; {needed:.0%} are asked for. {look_at}")
    return right(f"{said}.")


class MeteredTable(Objective):
    """A table that counts the epochs it was asked for, and keeps its test scores to itself."""

    direction, deterministic = "maximize", False

    def __init__(self, table: TableObjective) -> None:
        self._table = table
        self.epochs, self.space, self.spent = table.epochs, table.space, 0

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        evaluation = self._table.evaluate(params, epochs, on_epoch=on_epoch)
        self.spent += evaluation.epochs
        return replace(evaluation, test_value=None)

    def epochs_of(self, params: Params, epochs: int | None) -> int:
        return self._table.epochs_of(params, epochs)

    def describe(self) -> dict[str, Any]:
        return self._table.describe()


@quiet_optuna()  # a graded cell that writes to stderr gets no points
def replays(
    search: object,
    *,
    trials: int,
    repeats: int = 200,
    table: str = "digits",
    defaults: Params | None = None,
) -> Outcome:
    """Call a learner's search once a seed and rank what it chose.

    Parameters
    ----------
    search : callable
        ``search(objective, seed)``, which returns the chosen hyperparameters as a dict, or a
        ``SearchResult``. ``objective.space`` is the table's space.
    trials : int
        Budget, in trainings of full length.
    repeats : int, default 200
    table : str, default "digits"
    defaults : dict, optional
        Hyperparameters that are not searched.

    Returns
    -------
    Outcome

    Examples
    --------
    >>> import numpy as np
    >>> def first(objective, seed):
    ...     params = objective.space.sample(np.random.default_rng(seed))
    ...     return objective.evaluate(params).params
    >>> len(replays(first, trials=1, repeats=3).ranks)
    3
    """
    ranked = TableObjective(table, defaults=defaults, quiet=True)
    by_index, ranks, spent = ranked.ranks(), [], []
    for seed in range(repeats):
        noisy = TableObjective(ranked.table, seed=seed, defaults=defaults, quiet=True)
        objective = MeteredTable(noisy)
        chosen = checks.call(search, objective, seed, what="`search(objective, seed)`")
        params = getattr(chosen, "best_params", chosen)
        checks.expect(params, dict, "a search that returns the chosen hyperparameters as a dict")
        if not objective.spent:
            wrong(
                "Your search never calls `objective.evaluate(params)`, so it chooses without "
                "having looked."
            )
        if objective.spent > trials * ranked.epochs:
            wrong(
                f"With seed {seed} your search trains for {objective.spent:,} epochs; its budget "
                f"is {trials} trainings of {ranked.epochs}, {trials * ranked.epochs:,} in all."
            )
        ranks.append(by_index[ranked.index_of(params)])
        spent.append(objective.spent)
    return Outcome(np.array(ranks), np.array(spent))

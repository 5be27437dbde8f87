"""Challenges: a learner's whole search, replayed many times on a table and judged by rank.

One lucky run proves nothing, so the function an answer holds is called with a fresh seed for each
replay, and what counts is the share of replays that end in the table's best few percent.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Right, right, wrong
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params
from hpotutor.study.storage import quiet_optuna
from hpotutor.tabular.objective import TableObjective

# A wrong answer that several challenges declare: what a learner has seen to be good, and no search.
ONE_SETTING = """
def search(objective, seed):
    known = {"optimizer": "adam", "learning_rate": 0.01, "batch_size": 32, "layers": 1}
    params = {**known, "units": 64, "activation": "relu", "dropout": 0.0}
    objective.evaluate(params)
    return params


answer = search
"""
FIRST_LOOK = 20  # replays, after which a search that is far off is told so


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
    if len(np.unique(outcome.ranks)) <= len(outcome.ranks) / 20:
        wrong(
            "Nearly all replays choose the same setting, so the draws do not depend on `seed`. "
            "Draw with `rng = np.random.default_rng(seed)`."
        )


def repeatable(one: Callable[[int], Any], repeats: int) -> list:
    """Return how a search ends with the seeds 0, 1, 2 ...

    One that ends otherwise when it is called again with a seed it has had is refused.

    Parameters
    ----------
    one : callable
        Runs the search with a seed and returns how it ended.
    repeats : int
        How many seeds.
    """
    first, again = ([one(seed) for seed in range(min(3, repeats))] for _ in range(2))
    if first != again:
        wrong(
            "Called again with the same seed and the same scores, your search does something else. "
            "Draw from `np.random.default_rng(seed)` and from no other generator."
        )
    return first + [one(seed) for seed in range(len(first), repeats)]


def expect_choice(outcome: Outcome) -> None:
    """Refuse a search that chooses one setting, whatever it has measured."""
    if np.unique(outcome.ranks, return_counts=True)[1].max() > 0.9 * len(outcome.ranks):
        wrong(
            "Nearly all replays choose the same setting, whatever they measured. That is an answer "
            "that was known before and no search: let the trainings decide."
        )


def expect_hope(outcome: Outcome, *, needed: float, look_at: str, best: float = 0.05) -> None:
    """Refuse a search of which a first look shows that it is far off; arguments as ``verdict``."""
    if outcome.share_in_best(best) < needed / 2:
        verdict(outcome, needed=needed, look_at=look_at, best=best)


def verdict(outcome: Outcome, *, needed: float, look_at: str, best: float = 0.05) -> Right:
    """Return "right" when enough replays end among the best few, else raise with what to look at.

    Parameters
    ----------
    outcome : Outcome
    needed : float
        The share of replays, from 0 to 1.
    look_at : str
        A sentence for a learner whose search is not there yet.
    best : float, default 0.05
        How many count as best, a share of the table.
    """
    share = outcome.share_in_best(best)
    said = f"{share:.0%} of {len(outcome.ranks)} replays end among the best {best:.0%} of the table"
    if share < needed:
        wrong(f"Only {said}; {needed:.0%} are asked for. {look_at}")
    return right(f"{said}.")


class MeteredTable(Objective):
    """A table that counts the epochs it was asked for, and keeps its test scores to itself.

    Its values may be NumPy's: ``rng.choice(["sgd", "adam"])`` gives a string of NumPy's.
    """

    direction, deterministic = "maximize", False

    def __init__(self, table: TableObjective) -> None:
        self._table = table
        self.epochs, self.space = table.epochs, table.space
        self._spent = 0

    @property
    def spent(self) -> int:
        """How many epochs were trained; a search cannot set it back."""
        return self._spent

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        if isinstance(params, Mapping):
            params = checks.plain(params)
        evaluation = self._table.evaluate(params, epochs, on_epoch=on_epoch)
        self._spent += evaluation.epochs
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
    first_look: Callable[[Outcome], object] | None = None,
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
    first_look : callable, optional
        Called with the outcome of the first 20 replays; it may refuse the search, which spares the
        others.

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

    def one(seed: int) -> tuple[int, int]:
        """Return the number of the setting chosen, and the epochs that were spent."""
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
        return ranked.index_of(checks.plain(params)), objective.spent

    def outcome(ends: list[tuple[int, int]]) -> Outcome:
        chosen, spent = np.array(ends).T
        return Outcome(ranked.ranks()[chosen], spent)

    ends = repeatable(one, min(FIRST_LOOK, repeats))
    if first_look is not None:
        first_look(outcome(ends))
    return outcome(ends + [one(seed) for seed in range(len(ends), repeats)])


def judge(
    search: object,
    *,
    trials: int,
    needed: float,
    look_at: str,
    expect: Callable[[Outcome], None],
    best: float = 0.05,
    repeats: int = 200,
    table: str = "digits",
) -> Right:
    """Replay a search and return the verdict; one that is far off is told so after a first look.

    Parameters
    ----------
    search, trials, repeats, table
        As in ``replays``.
    needed, look_at, best
        As in ``verdict``.
    expect : callable
        ``expect_draws`` or ``expect_choice``.
    """
    asked: dict[str, Any] = {"needed": needed, "look_at": look_at, "best": best}
    look = partial(expect_hope, **asked)
    outcome = replays(search, trials=trials, repeats=repeats, table=table, first_look=look)
    expect(outcome)
    return verdict(outcome, **asked)

"""Challenges: a learner's whole search, replayed many times on a table and judged by rank.

One lucky run proves nothing, so the function an answer holds is called with a fresh seed for each
replay, and what counts is the share of replays that end in the table's best few percent. Where
that share is clear before all replays are made, the others are spared.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
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
LOOK_AFTER = 10  # replays, and after each ten more, to see whether the verdict is clear
_CLEAR = 3.3  # standard errors


class Outcome(NamedTuple):
    """What many replays of a search came to.

    ``ranks`` is the share of better configurations in each replay, ``epochs`` what each spent,
    ``planned`` how many replays there may be; 0 stands for as many as there are.
    """

    ranks: np.ndarray
    epochs: np.ndarray
    planned: int = 0

    def share_in_best(self, best: float = 0.05) -> float:
        """Return the share of replays that end among the ``best`` share of the table."""
        return float(np.mean(self.ranks < best))

    def is_clear(self, needed: float, best: float = 0.05) -> bool:
        """Return whether the replays to come would not put the share on the other side.

        That is so if it differs from ``needed`` by far more than chance makes the share of so
        many replays differ from that of all. The first ten can only show that none succeeds.

        Examples
        --------
        >>> Outcome(np.full(20, 0.5), np.full(20, 30), planned=200).is_clear(0.8)
        True
        >>> Outcome(np.full(20, 0.01), np.full(20, 30), planned=200).is_clear(0.8)
        False
        """
        made, share = len(self.ranks), self.share_in_best(best)
        if made <= LOOK_AFTER < self.planned and share > 0:
            return False
        chance = needed * (1 - needed) * (1 / made - 1 / max(self.planned, made))
        return bool(abs(share - needed) > _CLEAR * math.sqrt(chance))


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
    made = len(outcome.ranks)
    of = f"the first {made}" if made < outcome.planned else f"{made}"
    said = f"{share:.0%} of {of} replays end among the best {best:.0%} of the table"
    if share < needed:
        wrong(f"Only {said}; {needed:.0%} are asked for. {look_at}")
    return right(f"{said}, which is clear enough." if made < outcome.planned else f"{said}.")


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
    needed: float = math.nan,
    best: float = 0.05,
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
    needed, best : float, optional
        As in ``verdict``. With ``needed`` there are no more replays than make it clear.

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
    shares = ranked.ranks()

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
        return Outcome(shares[chosen], spent, planned=repeats)

    return replay_until_clear(one, outcome, repeats=repeats, needed=needed, best=best)


def replay_until_clear(
    one: Callable[[int], Any],
    outcome: Callable[[list], Outcome],
    *,
    repeats: int,
    needed: float,
    best: float = 0.05,
) -> Outcome:
    """Return the outcome of a search with the seeds 0, 1, 2 ...

    Parameters
    ----------
    one : callable
        Runs the search with a seed and returns how it ended.
    outcome : callable
        Makes a list of such ends into an ``Outcome``.
    repeats, needed, best
        As in ``replays``.
    """
    ends = repeatable(one, min(LOOK_AFTER, repeats))
    while len(ends) < repeats and not outcome(ends).is_clear(needed, best):
        ends += [one(seed) for seed in range(len(ends), min(len(ends) + LOOK_AFTER, repeats))]
    return outcome(ends)


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
    """Replay a search until the verdict is clear, and return it.

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
    outcome = replays(
        search,
        trials=trials,
        repeats=repeats,
        table=table,
        needed=needed,
        best=best,
    )
    expect(outcome)
    return verdict(outcome, **asked)

"""Methods compared at equal budget over many repeats, with intervals instead of one lucky run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from hpotutor._validation import check_count, check_seed, check_share, is_number
from hpotutor.analysis.statistics import Estimate, summarize, win_share
from hpotutor.errors import Problems, SearchFailed
from hpotutor.study.result import SearchResult
from hpotutor.tabular import histories
from hpotutor.tabular.histories import History, Replay
from hpotutor.tabular.objective import TableObjective

Search = str | History | Callable[..., Any]
WHAT = ("best", "test", "regret")
AGAINST = ("trials", "epochs", "seconds")
_POINTS = 60


def compare(
    searches: Mapping[str, Search] | Sequence[str],
    objective: TableObjective,
    *,
    trials: int = 50,
    repeats: int = 1000,
    seed: int = 0,
    statistic: str = "median",
    confidence: float = 0.95,
) -> Comparison:
    """Run several methods on a table many times, at equal budget.

    Repeats, intervals and the probability that one method beats another follow Bouthillier et al.
    (2021), "Accounting for variance in machine learning benchmarks",
    https://arxiv.org/abs/2103.03098, and Agarwal et al. (2021), "Deep reinforcement learning at
    the edge of the statistical precipice", https://arxiv.org/abs/2108.13264. Test scores stand
    beside validation scores because the latter were used to choose.

    Parameters
    ----------
    searches : dict of str to search, or sequence of str
        What to compare, by name. A search is ``"random"`` or ``"grid"``, replayed afresh; the
        name of a stored method such as ``"tpe"`` (``hpotutor table info digits`` lists them); a
        :class:`hpotutor.tabular.histories.History`; or a function
        ``search(objective, space, trials, seed)`` that returns a ``SearchResult``, which
        is called ``repeats`` times.
    objective : TableObjective
    trials : int, default 50
        Budget, in trainings of full length. A method that trains some networks for less gets
        as many as the same number of epochs allows.
    repeats, seed : int, default 1000 and 0
        Of each method; repeat r has seed ``seed + r``.
    statistic : {"median", "iqm"}
        What sums the repeats up: the median, or the mean of the middle half.
    confidence : float, default 0.95
        Of the bootstrap intervals.

    ArgumentError: an argument is not allowed, a method has no history; all of them at once.

    Examples
    --------
    >>> race = compare(["grid", "random"], TableObjective("digits"), trials=32, repeats=200)
    >>> list(race.summary().index)
    ['grid', 'random']
    """
    problems = Problems("compare")
    named: Mapping[str, Search] = {}
    if isinstance(searches, Mapping):
        named = searches
    elif isinstance(searches, Sequence) and not isinstance(searches, str):
        named = {name: name for name in searches}
    if not named:
        allowed = "names of methods, or a dict of them"
        problems.add("searches", searches, allowed, 'searches=["grid", "random"]')
    if not isinstance(objective, TableObjective):
        problems.add("objective", objective, "a table", 'ht.TableObjective("digits")')
    check_count(problems, "trials", trials, example=50)
    check_count(problems, "repeats", repeats, example=50)
    problems.choice("statistic", statistic, ("median", "iqm"))
    check_share(problems, "confidence", confidence, 0.95, inside=True)
    check_seed(problems, seed)
    problems.raise_if_any()
    trials, repeats, seed = int(trials), int(repeats), int(seed)
    plan = _Plan(objective, trials, repeats, seed)
    replays = {
        str(label): _cut(histories.replay(objective, plan.history(search, problems)), trials)
        for label, search in named.items()
    }
    problems.raise_if_any()
    return Comparison(replays, objective, trials, statistic, confidence, seed)


class _Plan(NamedTuple):
    """What every search of a comparison gets."""

    objective: TableObjective
    trials: int
    repeats: int
    seed: int

    def history(self, search: Search, problems: Problems) -> History:
        """Return the history of one search, however it is named."""
        objective, trials, repeats, seed = self
        if isinstance(search, History):
            return search
        if search in ("random", "grid"):
            make = histories.random_history if search == "random" else histories.grid_history
            return make(objective, trials=trials, repeats=repeats, seed=seed)
        if callable(search):
            return histories.history_of(objective, [self._run(search, r) for r in range(repeats)])
        stored = histories.stored_history(objective, search)
        there, full = len(stored.index), stored.epochs[0].sum() / objective.epochs
        if there < repeats or full < trials:
            problems.say(
                f"{search!r} is stored for {there} repeats of {full:.0f} trainings. "
                f"Type repeats={min(repeats, there)}, trials={min(trials, int(full))}, or give a "
                "function that searches."
            )
        return History(*(part[:repeats] for part in stored))

    def _run(self, search: Callable[..., Any], repeat: int) -> Any:
        seed = self.seed + repeat
        objective = self.objective.afresh(**({"seed": seed} if self.objective.noise else {}))
        try:
            found = search(objective, objective.space, trials=self.trials, seed=seed)
        except SearchFailed as error:  # a short one may meet nothing but what diverges
            found = error.result
        if not isinstance(found, SearchResult):
            problems, allowed = Problems("compare"), "a function that returns a SearchResult"
            typed = "return ht.random_search(...)"
            problems.add("searches", found, allowed, typed).raise_if_any()
        return found


def _cut(found: Replay, trials: int) -> Replay:
    """Return a replay without the evaluations that no repeat could afford, the others ended."""
    keep = found.trials <= trials + 1e-9
    width = max(int(keep.sum(axis=1).max()), 1)
    last = np.maximum(keep.sum(axis=1) - 1, 0)[:, None]
    place = np.minimum(np.arange(width), last)
    return Replay(*(np.take_along_axis(part, place, axis=1) for part in found))


@dataclass(frozen=True, eq=False, repr=False)
class Comparison:
    """What several methods reached with a budget, over many repeats; see :func:`compare`."""

    replays: dict[str, Replay]  # by method; each array has shape (repeats, evaluations)
    objective: TableObjective
    trials: int  # the budget, in trainings of full length
    statistic: str  # "median" or "iqm"
    confidence: float
    seed: int  # of the bootstrap

    @property
    def methods(self) -> list[str]:
        """The names, in the order given."""
        return list(self.replays)

    def values(self) -> dict[str, np.ndarray]:
        """Return each method's best so far, shape (repeats, evaluations); for plots.race."""
        return {name: found.best for name, found in self.replays.items()}

    def cost(self, against: str = "trials") -> dict[str, np.ndarray]:
        """Return what each method had spent after each evaluation; for plots.race."""
        self._check("best", against)
        return {name: getattr(found, against) for name, found in self.replays.items()}

    def at(
        self, budget: float | None = None, what: str = "regret", against: str = "trials"
    ) -> dict[str, np.ndarray]:
        """Return what every repeat had reached when a budget was spent, by method.

        Each array has shape (repeats,), and NaN where nothing was finished by then. The ``budget``
        is in "trials", "epochs" or "seconds" (``against``), by default all that every repeat of
        every method spent. ``what`` is "best", the best validation score so far, "test", the test
        accuracy of that network, or "regret", how far it stays behind the table's best one.
        """
        self._check(what, against, budget=budget)
        if budget is None:  # the largest one that every repeat of every method can be judged at
            ends = [getattr(found, against)[:, -1].min() for found in self.replays.values()]
            budget = self.trials if against == "trials" else min(ends)
        points = np.array([float(budget)])
        return {name: _sample(f, what, against, points)[:, 0] for name, f in self.replays.items()}

    def curves(self, what: str = "regret", against: str = "trials") -> pd.DataFrame:
        """Return the statistic over the repeats, with its interval, as the budget is spent.

        pandas.DataFrame: columns method, ``against``, value, low, high.
        """
        self._check(what, against)
        parts = []
        for name, found in self.replays.items():
            spent = getattr(found, against)
            points = np.linspace(np.max(spent[:, 0]), np.min(spent[:, -1]), _POINTS)
            if against == "trials":
                points = np.unique(np.floor(points))
            value, low, high = self._summarize(_sample(found, what, against, points))
            columns = {"method": name, against: points, "value": value, "low": low, "high": high}
            parts.append(pd.DataFrame(columns))
        return pd.concat(parts, ignore_index=True)

    def summary(self, budget: float | None = None, against: str = "trials") -> pd.DataFrame:
        """Return a row a method: validation, test and regret with intervals, and what it cost.

        pandas.DataFrame: columns best, test and regret, each followed by the ends of its interval,
        as in ``best_low`` and ``best_high``; epochs and seconds, the median spent in all.
        """
        frame = pd.DataFrame(index=pd.Index(self.methods, name="method"))
        for what in WHAT:
            reached = self.at(budget, what, against)
            rows = [self._summarize(reached[name][:, None])[:, 0] for name in self.methods]
            frame[[what, f"{what}_low", f"{what}_high"]] = np.array(rows)
        for name in ("epochs", "seconds"):
            spent = [getattr(found, name)[:, -1] for found in self.replays.values()]
            frame[name] = [float(np.median(total)) for total in spent]
        return frame

    def probability(
        self,
        a: str,
        b: str,
        budget: float | None = None,
        what: str = "regret",
        against: str = "trials",
    ) -> Estimate:
        """Return how probable it is that a run of ``a`` beats a run of ``b``; ties count half.

        Examples
        --------
        >>> race = compare(["grid", "random"], TableObjective("digits"), repeats=100)
        >>> race.probability("random", "random").value
        0.5
        """
        with Problems("probability") as problems:
            problems.choice("a", a, self.methods)
            problems.choice("b", b, self.methods)
        reached = self.at(budget, what, against)
        sign = -1 if self._lower_is_better(what) else 1
        first, second = (np.nan_to_num(sign * reached[name], nan=-np.inf) for name in (a, b))
        return win_share(first, second, self.confidence, self.seed)

    def budget_to(
        self, target: float, what: str = "regret", against: str = "trials"
    ) -> pd.DataFrame:
        """Return what each method spends until it reaches a target; arguments as in :meth:`at`.

        pandas.DataFrame: A row a method: ``reached``, the share of repeats that did within the
        budget, and ``median`` with ``low`` and ``high``, the cost; infinite where most repeats did
        not.
        """
        self._check(what, against, target=target)
        lower, rows = self._lower_is_better(what), []
        for found in self.replays.values():
            values = getattr(found, what)
            hit = values <= target if lower else values >= target
            first = hit.argmax(axis=1)[:, None]
            spent = np.take_along_axis(getattr(found, against), first, axis=1)[:, 0]
            spent = np.where(hit.any(axis=1), spent, np.inf)
            center, low, high = self._summarize(spent[:, None], "median")[:, 0]
            rows.append((float(hit.any(axis=1).mean()), center, low, high))
        return pd.DataFrame(rows, index=self.methods, columns=["reached", "median", "low", "high"])

    def __repr__(self) -> str:
        return f"Comparison({', '.join(self.methods)}; budget of {self.trials} trainings)"

    def _repr_html_(self) -> str:
        rows = self.summary()
        shown = pd.DataFrame(index=rows.index)
        for what in WHAT:
            ends = rows[[what, f"{what}_low", f"{what}_high"]].to_numpy()
            shown[what] = [str(Estimate(*row)) for row in ends]
        for name in ("epochs", "seconds"):
            shown[name] = rows[name].map("{:,.0f}".format)
        repeats = max(len(found.best) for found in self.replays.values())
        caption = (
            f"{self.statistic.capitalize()} of {repeats:,} repeats after {self.trials} trainings, "
            f"with {self.confidence:.0%} bootstrap intervals."
        )
        return f"<p>{caption}</p>{shown.to_html(border=0)}"

    # ── statistics ───────────────────────────────────────────────────────────────────────────
    def _check(self, what: str, against: str, **numbers: object) -> None:
        with Problems("Comparison") as problems:
            for name, value in numbers.items():
                if value is not None and not is_number(value):
                    problems.add(name, value, "a number", f"{name}=0.05")
            problems.choice("what", what, WHAT)
            problems.choice("against", against, AGAINST)

    def _lower_is_better(self, what: str) -> bool:
        return what == "regret" or (what == "best" and self.objective.direction == "minimize")

    def _summarize(self, values: np.ndarray, statistic: str | None = None) -> np.ndarray:
        return summarize(values, statistic or self.statistic, self.confidence, self.seed)


def _sample(found: Replay, what: str, against: str, points: np.ndarray) -> np.ndarray:
    """Return what each repeat had reached at each budget, shape (repeats, points)."""
    values, spent = getattr(found, what), getattr(found, against)
    ended = np.apply_along_axis(np.searchsorted, 1, spent, points + 1e-9, side="right")
    reached = np.take_along_axis(values, np.maximum(ended - 1, 0), axis=1)
    return np.where(ended > 0, reached, np.nan)

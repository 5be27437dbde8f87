"""A stored table as an objective: the same questions as training, answered in microseconds."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from hpotutor._validation import check_count, is_whole
from hpotutor.errors import Problems
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params
from hpotutor.space.distributions import when
from hpotutor.space.space import SearchSpace
from hpotutor.tabular.table import Table, open_table

_METRICS = {"val_accuracy": "maximize", "val_loss": "minimize"}


class Optimum(NamedTuple):
    """The best configuration of a table: its number, hyperparameters and mean scores."""

    index: int  # type: ignore[assignment] # the number, not tuple's method
    params: Params
    value: float
    test_value: float


class TableObjective(Objective):
    """Look an evaluation up in a table of real trainings instead of training.

    ``Evaluation.seconds`` is what plain ``Model.fit`` would have taken, and ``test_value`` is what
    the network got on the test rows. Klein and Hutter (2019), https://arxiv.org/abs/1905.04970.

    Parameters
    ----------
    table : {"digits", "breast_cancer", "signals"}, path or Table
        Which table.
    seed : int or "mean", default 0
        With ``noise=True``, what decides which stored run each evaluation meets. With
        ``noise=False``, the number of the stored run that always answers. ``"mean"`` is the mean
        of all stored runs, which has no noise: the truth, as far as the table knows it.
    noise : bool, default True
        Each evaluation meets one of the stored runs at random, as a training with a new seed
        would. Which one depends on ``seed``, on the configuration, and on how often it was asked
        for with this number of epochs: not on the order of the questions, so that a search
        repeats, and a longer training of the same configuration goes on from the shorter one.
    metric : {"val_accuracy", "val_loss"}
        What is scored after the last epoch; accuracy is maximized, loss minimized.
    epochs : int, optional
        Budget of one evaluation, unless ``epochs`` is itself one of the hyperparameters; all
        that are stored by default.
    defaults : dict, optional
        Hyperparameters that the search leaves alone. What neither names has the table's default.
    quiet : bool, default False
        Do not say when a value lies between the table's levels, or is left out.

    Attributes
    ----------
    space : SearchSpace
        All that the table holds.
    table : Table

    ArgumentError: an argument is not allowed; all of them are named at once.

    DataError: the table's file is damaged.

    Examples
    --------
    >>> objective = TableObjective("digits", seed="mean")
    >>> evaluation = objective.evaluate(objective.best().params)
    >>> evaluation.value == objective.best().value, len(evaluation.curve["val_loss"])
    (True, 30)
    """

    epochs: int

    def __init__(
        self,
        table: str | os.PathLike[str] | Table = "digits",
        *,
        seed: int | str = 0,
        noise: bool = True,
        metric: str = "val_accuracy",
        epochs: int | None = None,
        defaults: Params | None = None,
        quiet: bool = False,
    ) -> None:
        problems = Problems("TableObjective")
        if not isinstance(table, str | os.PathLike | Table):
            problems.add("table", table, "a table, its name or its file", '"digits"').raise_if_any()
        self.table = table if isinstance(table, Table) else open_table(os.fspath(table))
        problems.choice("noise", noise, (False, True))
        if defaults is not None and not isinstance(defaults, Mapping):
            problems.add("defaults", defaults, "a dict", 'defaults={"units": 64}')
        noisy = bool(noise) and seed != "mean"
        runs = self.table.seeds
        if seed != "mean" and not (is_whole(seed) and 0 <= seed < (2**32 if noisy else runs)):
            allowed = "a whole number from 0 to 4294967295" if noisy else f"0 to {runs - 1}"
            problems.add("seed", seed, f"{allowed}, or 'mean'", "seed=0")
        problems.choice("metric", metric, _METRICS)
        _check_epochs(problems, self.table.epochs if epochs is None else epochs, self.table)
        problems.raise_if_any()
        self.seed = seed if isinstance(seed, str) else int(seed)
        self.noise, self.metric = noisy, metric
        self.deterministic = not noisy
        self.direction = _METRICS[metric]
        self.epochs = self.table.epochs if epochs is None else int(epochs)
        self.defaults, self.quiet = dict(defaults or {}), quiet
        conditions = [dict([a.when]) for a in self.table.axes if a.when and a.name in self.defaults]
        for condition in [{}, *conditions]:
            self._nearest(condition)
        self.space = SearchSpace(self._free())
        self._asked: dict[tuple[int, int], int] = {}
        self._said: set[str] = set()

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        budget = self.epochs_of(params, epochs)
        index = self.index_of(params)
        run = self._draw(index, budget)
        died = int(self.table.died(index, run, budget))
        status, reason, spent = "complete", "", budget
        if died:
            status, reason, spent = "diverged", f"a loss was not finite in epoch {died}", died
        healthy = np.arange(1, died or budget + 1)  # the epochs that have numbers
        names = ("loss", "val_loss", "val_accuracy")
        curve = {n: self.table.read(n, index, run, healthy).tolist() for n in names}
        if on_epoch is not None:
            for epoch, value in enumerate(curve[self.metric], start=1):
                if on_epoch(epoch, value):
                    status, spent = "pruned", epoch
                    reason = f"stopped by the search after epoch {epoch}"
                    curve = {name: entries[:epoch] for name, entries in curve.items()}
                    break
        value, test_value = math.nan, None
        if status != "diverged":
            value = curve[self.metric][-1]
            test_value = float(self.table.read("test_accuracy", index, run, spent))
        seconds = self.seconds_of(index, spent)
        ended, known = (status, reason, run, test_value), self.table.weights
        weights = None if known is None else int(known[index])
        return Evaluation(dict(params), value, curve, spent, seconds, *ended, weights=weights)

    def _free(self) -> dict[str, Any]:
        """Return what the search is left, with the conditions that are still open."""
        found: dict[str, Any] = {}
        for axis in self.table.axes:
            free = axis.name not in self.defaults
            if axis.when is not None and axis.when[0] not in self.defaults:
                if free:
                    found[axis.name] = when(axis.distribution(), **dict([axis.when]))
            elif free and axis.exists(self.defaults):
                found[axis.name] = axis.distribution()
        return found

    def describe(self) -> dict[str, Any]:
        about = {"table": self.table.name, "checksum": self.table.checksum[:12]}
        return {"objective": "TableObjective", **about, **self._settings()}

    def afresh(self, **changes: Any) -> TableObjective:
        """Return an objective with these settings, some changed, that was asked nothing yet."""
        return TableObjective(self.table, quiet=True, **{**self._settings(), **changes})

    def _settings(self) -> dict[str, Any]:
        names = ("seed", "noise", "metric", "epochs", "defaults")
        return {name: getattr(self, name) for name in names}

    # ── what the table knows and a search does not ──────────────────────────
    @property
    def truth(self) -> np.ndarray:
        """The mean of all runs after the last epoch of the budget, shape (configurations,)."""
        return self._means()[self.metric == "val_loss"]

    def ranks(self) -> np.ndarray:
        """Return for each configuration the share of configurations that are better.

        By the mean of all runs; where accuracies are equal, the lower validation loss is better.
        The best one has 0; a configuration below 0.05 is among the best 5%. Each counts as often
        as a random search meets it, which differs where hyperparameters have conditions.
        """
        scores, losses = self._means()
        keys = (losses, -scores) if self.metric == "val_accuracy" else (-scores, losses)
        order, met = np.lexsort(keys), np.bincount(self.table.places)
        better = np.empty_like(met)
        better[order] = np.cumsum(met[order]) - met[order]
        return better / met.sum()

    def rank(self, params: Mapping[str, Any]) -> float:
        """Return the share of configurations that are better than the one nearest to ``params``."""
        return float(self.ranks()[self.index_of(params)])

    def best(self) -> Optimum:
        """Return the best configuration, by the mean of all runs."""
        index = int(np.argmin(self.ranks()))
        test_value = float(self.table.read("test_accuracy", index, None, self.epochs))
        return Optimum(index, self.table.params_at(index), float(self.truth[index]), test_value)

    def index_of(self, params: Mapping[str, Any]) -> int:
        """Return the number of the configuration nearest to ``params``; say if it is another."""
        index = self._nearest({name: value for name, value in params.items() if name != "epochs"})
        if not self.quiet:
            self._say(params, index)
        return index

    def _nearest(self, params: Mapping[str, Any]) -> int:
        """Return the number nearest to ``params``; a default holds where its name exists."""
        asked = {**self.defaults, **params}
        known = {axis.name: axis.default for axis in self.table.axes} | asked
        idle = {axis.name for axis in self.table.axes if not axis.exists(known)} - set(params)
        return self.table.index_of({n: value for n, value in asked.items() if n not in idle})

    def seconds_of(self, index: int, epochs: int) -> float:
        """Return what plain ``Model.fit`` would take for a configuration."""
        table = self.table
        return float(table.start_seconds[index] + epochs * table.epoch_seconds[index])

    # ── looking up ──────────────────────────────────────────────────────────
    def epochs_of(self, params: Params, epochs: int | None) -> int:
        with Problems("TableObjective") as problems:
            if not isinstance(params, Mapping):
                problems.add("params", params, "a dict of names and values", "space.sample(seed=0)")
            else:
                budget: Any = params.get("epochs", self.epochs) if epochs is None else epochs
                _check_epochs(problems, budget, self.table)
        return int(budget)

    def _draw(self, index: int, budget: int) -> int | None:
        """Return the number of the run that answers; None for the mean of all."""
        if not self.noise:
            return None if isinstance(self.seed, str) else self.seed
        times = self._asked.get((index, budget), 0)
        self._asked[index, budget] = times + 1
        return int(draw_runs(self.seed, index, times, self.table.seeds))

    def _means(self) -> tuple[np.ndarray, np.ndarray]:
        """Return accuracy and loss at the end of the budget; a diverged run has the worst."""
        every = np.arange(len(self.table))
        losses = self.table.read("val_loss", every, None, self.epochs)
        scores = self.table.read("val_accuracy", every, None, self.epochs)
        return scores, np.nan_to_num(losses, nan=np.inf)

    def _say(self, params: Mapping[str, Any], index: int) -> None:
        """Tell, once for each hyperparameter, what was read in place of what was asked."""
        met, name_of = self.table.params_at(index), self.table.name
        said = self._said | set(self.defaults)
        new = [axis for axis in self.table.axes if axis.name in met and axis.name not in said]
        missing = [axis.name for axis in new if axis.name not in params]
        between = [a for a in new if a.name in params and params[a.name] != met[a.name]]
        if missing:
            taken = ", ".join(f"{name}={met[name]!r}" for name in missing)
            print(f"The {name_of} table takes its defaults for what is left out: {taken}.")
        for axis in between:
            print(f"The {name_of} table reads {axis.name} at the nearest of {axis.allowed()}.")
        self._said.update(missing, (axis.name for axis in between))


def draw_runs(seed: Any, index: Any, times: Any, runs: int) -> np.ndarray:
    """Return which of the stored runs answers, evenly spread and the same on every machine.

    An integer hash of numbers or arrays, so that a million draws need no loop: the finalizer of
    splitmix64 (Steele, Lea and Flood 2014, https://doi.org/10.1145/2660193.2660195).
    """
    with np.errstate(over="ignore"):
        state = np.asarray(seed, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
        for part in (index, times):
            state = (state ^ np.asarray(part, np.uint64)) + np.uint64(0x9E3779B97F4A7C15)
            state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            state ^= state >> np.uint64(31)
    return state % np.uint64(runs)


def _check_epochs(problems: Problems, epochs: object, table: Table) -> None:
    """Note an epoch budget that is no count, or beyond what is stored."""
    if check_count(problems, "epochs", epochs) and is_whole(epochs) and epochs > table.epochs:
        allowed = f"up to {table.epochs} epochs, as many as the {table.name} table holds"
        problems.add("epochs", epochs, allowed, f"epochs={table.epochs}")

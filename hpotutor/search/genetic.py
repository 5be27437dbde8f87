"""Genetic search: good points have children, which inherit and vary."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution

from hpotutor._validation import check_count, check_share
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.parallel.dask_objective import on_workers
from hpotutor.search.backends import (
    check_library,
    experimental,
    optuna_study,
)
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult

# A child equal to one that was evaluated tells nothing; after so many attempts it is let be.
_ATTEMPTS = 20


def genetic_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int,
    seed: int = 0,
    library: str = "plain",
    population: int = 10,
    elite: int = 2,
    tournament: int = 3,
    crossover: float = 0.9,
    mutation: float | None = None,
    regularized: bool = False,
    log: str | os.PathLike | None = None,
    client: Any = None,
    max_seconds: float | None = None,
    max_epochs: int | None = None,
    progress: bool = True,
) -> SearchResult:
    """Evaluate points, let the better ones have children, and so on from generation to generation.

    Parameters
    ----------
    objective : Objective
        What is asked, for instance ``ht.TrainObjective(data)``.
    space : SearchSpace
        Which hyperparameters, and their ranges.
    trials : int
        How many evaluations, over all generations.
    seed : int, default 0
        Of the first generation and of all that follows.
    library : {"plain", "optuna"}
        Whose loop runs: our readable one, or ``NSGAIISampler``.
    population : int, default 10
        Size of a generation.
    elite : int, default 2
        How many of the best live on unchanged, at no cost. With ``"plain"``.
    tournament : int, default 3
        A parent is the best of so many drawn at random. With ``"plain"``.
    crossover : float, default 0.9
        How probable it is that a child has two parents.
    mutation : float, optional
        How probable it is that a hyperparameter of a child changes; by default one in as many as
        there are hyperparameters.
    regularized : bool, default False
        With ``"plain"``: regularized evolution instead, where each child is a mutated copy of a
        tournament's winner and takes the place of the oldest.
    log : str or path, optional
        A file to keep the trials in; the same call on it goes on where it was cut.
    client : "local" or distributed.Client, optional
        Train on the workers of a Dask cluster; ``"local"`` starts one on this machine.
    max_seconds, max_epochs : number, optional
        Further budgets.
    progress : bool, default True
        Say what it will cost, and show a bar.

    Returns
    -------
    SearchResult

    Raises
    ------
    ArgumentError
        An unknown library, a bad budget or setting.

    Notes
    -----
    Deb, Pratap, Agarwal and Meyarivan (2002), A fast and elitist multiobjective genetic algorithm:
    NSGA-II, https://doi.org/10.1109/4235.996017. Real, Aggarwal, Huang and Le (2019), Regularized
    evolution for image classifier architecture search, https://arxiv.org/abs/1802.01548.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(-1, 1), kind=ht.choice("a", "b"))
    >>> objective = ht.FunctionObjective(lambda p: -abs(p["x"]) + (p["kind"] == "b"))
    >>> result = ht.genetic_search(objective, space, trials=40, progress=False)
    >>> result.best_params["kind"], result.best_value > 0.9
    ('b', True)
    """
    problems = Problems("genetic_search")
    check_library(problems, library, LOOPS)
    check_count(problems, "trials", trials, 1, 30)
    fine = check_count(problems, "population", population, 2, 10)
    if check_count(problems, "elite", elite, 0, 2) and fine and elite >= population:
        problems.add("elite", elite, f"less than population={population}", "elite=2")
    check_count(problems, "tournament", tournament, 1, 3)
    check_share(problems, "crossover", crossover, 0.9)
    if mutation is not None:
        check_share(problems, "mutation", mutation, 0.2)
    if regularized and library != "plain":
        problems.say("regularized=True needs library='plain'.")
    settings = Settings(population, elite, tournament, crossover, mutation)
    with (
        on_workers(objective, client, "genetic_search") as target,
        Recorder(
            target,
            space,
            method="genetic",
            library=library,
            seed=seed,
            trials=trials if not problems.lines else None,
            max_epochs=max_epochs,
            max_seconds=max_seconds,
            log=log,
            progress=progress,
            options={**vars(settings), "regularized": bool(regularized)},
            problems=problems,
        ) as recorder,
    ):
        loop = _regularized if regularized else LOOPS[library]
        loop(recorder, settings, seed)
    return recorder.result()


@dataclass(frozen=True)
class Settings:
    """What the loops need to know besides the recorder."""

    population: int
    elite: int
    tournament: int
    crossover: float
    mutation: float | None


@dataclass(frozen=True)
class Individual:
    """Genes, one number in [0, 1] for each hyperparameter, and the score they gave."""

    genes: np.ndarray
    score: float


def select(population: list[Individual], tournament: int, rng: np.random.Generator) -> Individual:
    """Return the best of a few drawn at random: selection."""
    drawn = rng.choice(len(population), size=min(tournament, len(population)), replace=False)
    return max((population[index] for index in drawn), key=lambda individual: individual.score)


def cross(mother: np.ndarray, father: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return genes taken from either parent with equal probability: uniform crossover."""
    return np.where(rng.random(len(mother)) < 0.5, mother, father)


def mutate(
    genes: np.ndarray, space: SearchSpace, rate: float, rng: np.random.Generator
) -> np.ndarray:
    """Return genes of which some moved: a step on a number's scale, another draw of a category."""
    steps = np.clip(genes + rng.normal(0.0, 0.2, len(genes)), 0.0, 1.0)
    draws = rng.random(len(genes))
    unordered = [isinstance(space[name], CategoricalDistribution) for name in space]
    changed = np.where(unordered, draws, steps)
    return np.where(rng.random(len(genes)) < rate, changed, genes)


def _plain(recorder: Recorder, settings: Settings, seed: int) -> None:
    """A generational genetic algorithm with elitism; it ends when the budget does."""
    space, rng = recorder.space, np.random.default_rng(seed)
    nursery = _Nursery(space)
    generation = _score(recorder, [rng.random(len(space)) for _ in range(settings.population)])
    rate = _rate(settings, space)

    def child(parents: list[Individual]) -> np.ndarray:
        genes = select(parents, settings.tournament, rng).genes
        if rng.random() < settings.crossover:
            genes = cross(genes, select(parents, settings.tournament, rng).genes, rng)
        return mutate(genes, space, rate, rng)

    while True:
        nursery.remember(generation)
        elite = sorted(generation, key=lambda one: one.score, reverse=True)[: settings.elite]
        children = settings.population - len(elite)
        born = [nursery.new(child, generation) for _ in range(children)]
        generation = elite + _score(recorder, born)


def _regularized(recorder: Recorder, settings: Settings, seed: int) -> None:
    """Regularized evolution: the oldest dies, however good it is."""
    space, rng = recorder.space, np.random.default_rng(seed)
    nursery = _Nursery(space)
    alive = _score(recorder, [rng.random(len(space)) for _ in range(settings.population)])
    nursery.remember(alive)
    rate = _rate(settings, space)

    def child(parents: list[Individual]) -> np.ndarray:
        return mutate(select(parents, settings.tournament, rng).genes, space, rate, rng)

    while True:
        born = _score(recorder, [nursery.new(child, alive)])
        nursery.remember(born)
        alive = alive[1:] + born


class _Nursery:
    """Remembers which points were evaluated, so that children are new."""

    def __init__(self, space: SearchSpace) -> None:
        self.space = space
        self._seen: set[tuple] = set()

    def remember(self, population: list[Individual]) -> None:
        self._seen |= {self._point(individual.genes) for individual in population}

    def new(
        self, make: Callable[[list[Individual]], np.ndarray], parents: list[Individual]
    ) -> np.ndarray:
        """Return a child that is none of those seen, if a few attempts yield one."""
        for _ in range(_ATTEMPTS):
            genes = make(parents)
            if self._point(genes) not in self._seen:
                break
        self._seen.add(self._point(genes))
        return genes

    def _point(self, genes: np.ndarray) -> tuple:
        return tuple(self.space.from_unit(genes).items())


def _rate(settings: Settings, space: SearchSpace) -> float:
    return settings.mutation if settings.mutation is not None else 1 / len(space)


def _score(recorder: Recorder, genes: list[np.ndarray]) -> list[Individual]:
    """Evaluate a generation, all at once where that is cheaper."""
    points = [recorder.space.from_unit(one) for one in genes]
    recorder.prefetch(points)
    scores = [recorder.score(recorder.evaluate(params)) for params in points]
    return [Individual(one, score) for one, score in zip(genes, scores, strict=True)]


def _optuna(recorder: Recorder, settings: Settings, seed: int) -> None:
    """Ask NSGA-II for a generation at a time, as its parents do not depend on their siblings."""
    from optuna.samplers import NSGAIISampler

    sampler = experimental(
        NSGAIISampler,
        population_size=settings.population,
        crossover_prob=settings.crossover,
        mutation_prob=settings.mutation,
        seed=seed,
    )
    with optuna_study(sampler) as study:
        while True:
            asked = [study.ask() for _ in range(settings.population)]
            points: list[dict[str, Any]] = [recorder.space.suggest(trial) for trial in asked]
            recorder.prefetch(points)
            for trial, params in zip(asked, points, strict=True):
                study.tell(trial, recorder.score(recorder.evaluate(params)))


LOOPS: dict[str, Callable[[Recorder, Settings, int], None]] = {
    "plain": _plain,
    "optuna": _optuna,
}

"""Genetic search: good points have children, which inherit and vary."""

from dataclasses import dataclass
from typing import Any, Unpack

import numpy as np
from optuna.distributions import CategoricalDistribution
from optuna.samplers import NSGAIISampler

from hpotutor._validation import check_count, check_share
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.search._method import Shared, run_search, search_method
from hpotutor.search.backends import Loop, Options, experimental, optuna_study, run_generations
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult

_ATTEMPTS = 20  # to have a child that equals none evaluated, which would tell nothing


@search_method
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
    **shared: Unpack[Shared],
) -> SearchResult:
    """Evaluate points, let the better ones have children, and so on from generation to generation.

    Parameters
    ----------
    library : {"plain", "optuna"}
        Whose loop runs: our readable one, or ``NSGAIISampler``.
    population, elite : int, default 10 and 2
        Size of a generation; with ``"plain"``, how many of the best live on, at no cost.
    tournament : int, default 3
        With ``"plain"``: a parent is the best of so many drawn at random.
    crossover : float, default 0.9
        How probable it is that a child has two parents.
    mutation : float, optional
        How probable it is that a hyperparameter of a child changes; by default one in as many as
        there are hyperparameters.
    regularized : bool, default False
        With ``"plain"``: regularized evolution instead, where each child is a mutated copy of a
        tournament's winner and takes the place of the oldest.

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
    check_count(problems, "trials", trials, 1, 30)
    fine = check_count(problems, "population", population, 2, 10)
    if check_count(problems, "elite", elite, 0, 2) and fine and elite >= population:
        problems.add("elite", elite, f"less than population={population}", "elite=2")
    check_count(problems, "tournament", tournament, 1, 3)
    check_share(problems, "crossover", crossover, 0.9)
    if mutation is not None:
        check_share(problems, "mutation", mutation, 0.2)
    if regularized and library != "plain":
        problems.say("regularized=True needs library='plain'. Type that, or leave it out.")
    options: Options = {"population": population, "elite": elite, "tournament": tournament}
    options |= {"crossover": crossover, "mutation": mutation, "regularized": bool(regularized)}
    return run_search(LOOPS, problems, objective, space, trials, seed, library, options, **shared)


@dataclass(frozen=True)
class Individual:
    """Genes, one number in [0, 1] for each hyperparameter, and the score they gave."""

    genes: np.ndarray
    score: float


def select(population: list[Individual], tournament: int, rng: np.random.Generator) -> Individual:
    """Return the best of a few drawn at random: selection."""
    drawn = rng.choice(len(population), size=min(tournament, len(population)), replace=False)
    return max((population[int(index)] for index in drawn), key=lambda individual: individual.score)


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


def _plain(recorder: Recorder, seed: int, options: Options) -> None:
    """A generational genetic algorithm with elitism, or regularized evolution, without an end."""
    space, rng = recorder.space, np.random.default_rng(seed)
    rate = 1 / len(space) if options["mutation"] is None else options["mutation"]

    def child(parents: list[Individual]) -> np.ndarray:
        genes = select(parents, options["tournament"], rng).genes
        if not options["regularized"] and rng.random() < options["crossover"]:
            genes = cross(genes, select(parents, options["tournament"], rng).genes, rng)
        return mutate(genes, space, rate, rng)

    def new_child(parents: list[Individual]) -> np.ndarray:
        """Return a child that is none of those seen, if a few attempts yield one."""
        for _ in range(_ATTEMPTS):
            genes = child(parents)
            if point(genes) not in seen:
                break
        seen.add(point(genes))
        return genes

    def point(genes: np.ndarray) -> tuple[tuple[str, Any], ...]:
        return tuple(space.from_unit(genes).items())

    size, started = options["population"], recorder.started
    alive = [Individual(space.to_unit(one.params), recorder.score(one)) for one in started][:size]
    alive += _score(recorder, [rng.random(len(space)) for _ in range(size - len(alive))])
    seen = {point(individual.genes) for individual in alive}
    while True:
        if options["regularized"]:  # the oldest dies, however good it is
            elite, children = alive[1:], [new_child(alive)]
        else:
            elite = sorted(alive, key=lambda one: one.score, reverse=True)[: options["elite"]]
            children = [new_child(alive) for _ in range(size - len(elite))]
        alive = elite + _score(recorder, children)


def _score(recorder: Recorder, genes: list[np.ndarray]) -> list[Individual]:
    """Evaluate a generation, all at once where that is cheaper."""
    points = [recorder.space.from_unit(one) for one in genes]
    recorder.prefetch(points)
    scores = [recorder.score(recorder.evaluate(params)) for params in points]
    return [Individual(one, score) for one, score in zip(genes, scores, strict=True)]


def _optuna(recorder: Recorder, seed: int, options: Options) -> None:
    shares = {f"{name}_prob": options[name] for name in ("crossover", "mutation")}
    size = options["population"]
    sampler = experimental(NSGAIISampler, population_size=size, seed=seed, **shares)
    with optuna_study(sampler) as study:
        run_generations(study, recorder, size)


LOOPS: dict[str, Loop] = {"plain": _plain, "optuna": _optuna}

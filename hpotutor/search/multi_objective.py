"""Search with several goals: a score, and what it costs in weights, seconds or epochs."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Unpack

from optuna.samplers import NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import TrialState

from hpotutor._validation import check_count, is_number
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Evaluation, Objective
from hpotutor.search._method import Shared, run_search, search_method
from hpotutor.search.backends import Options, optuna_study, run_generations
from hpotutor.space.space import SearchSpace
from hpotutor.study.front import GOALS, FrontResult, beyond, measured
from hpotutor.study.recorder import Recorder

# Each with how many trials it is asked for at a time.
SAMPLERS: dict[str, Callable[[int, int], tuple[Any, int]]] = {
    "nsga2": lambda seed, size: (NSGAIISampler(population_size=size, seed=seed), size),
    "tpe": lambda seed, size: (TPESampler(seed=seed), 1),
    "random": lambda seed, size: (RandomSampler(seed=seed), size),
}


@search_method
def multi_objective_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int,
    goals: Sequence[str] = ("value", "weights"),
    limits: Mapping[str, float] | None = None,
    sampler: str = "nsga2",
    population: int = 10,
    seed: int = 0,
    **shared: Unpack[Shared],
) -> FrontResult:
    """Search for the settings that no other one dominates; the result has a ``front``.

    Parameters
    ----------
    goals : sequence of {"value", "weights", "seconds", "epochs", "prediction_seconds"}
        The score, which goes the objective's way, and costs, of which less is better. The sampler
        is told a cost's logarithm: what is compared by factors. Seconds are of this machine, and
        noisy; those of a prediction are for 256 rows, see :class:`hpotutor.Evaluation`.
    limits : dict, optional
        Constraints: the most of a cost, or the worst score, that a setting of the front may have,
        such as ``{"weights": 5_000}``. The sampler learns by how much a trial misses them.
    sampler : {"nsga2", "tpe", "random"}, default "nsga2"
        Of Optuna.
    population : int, default 10
        Size of a generation of NSGA-II.

    Notes
    -----
    Deb, Pratap, Agarwal and Meyarivan (2002), A fast and elitist multiobjective genetic algorithm:
    NSGA-II, https://doi.org/10.1109/4235.996017. Weights are known of tables and of networks that
    ``ht.TrainObjective`` trains with Keras, a prediction's seconds of these. A log keeps all costs.

    Examples
    --------
    >>> import hpotutor as ht
    >>> objective = ht.TableObjective("signals", quiet=True)
    >>> call = {"trials": 30, "limits": {"weights": 3_000}, "progress": False}
    >>> result = ht.multi_objective_search(objective, objective.space, **call)
    >>> bool(result.front["weights"].max() <= 3_000)
    True
    """
    problems = Problems("multi_objective_search")
    check_count(problems, "trials", trials, 1, 30)
    check_count(problems, "population", population, 2, 10)
    problems.choice("sampler", sampler, SAMPLERS)
    if not isinstance(goals, list | tuple) or not len({*goals} & {*GOALS}) == len(goals) > 1:
        told = f"two or more of {', '.join(GOALS)}", 'goals=("value", "weights")'
        problems.add("goals", goals, *told)
    limits = {} if limits is None else limits
    numbers = isinstance(limits, Mapping) and all(map(is_number, limits.values()))
    if not numbers or not {*limits} <= {*GOALS}:
        told = f"a dict from some of {', '.join(GOALS)} to numbers", 'limits={"weights": 5_000}'
        problems.add("limits", limits, *told)
    options: Options = {"sampler": sampler, "population": population, "goals": goals}
    asked = (problems, objective, space, trials, seed, "optuna", {**options, "limits": limits})
    return FrontResult(run_search({"optuna": _optuna}, *asked, **shared), goals, limits)


def _optuna(recorder: Recorder, seed: int, options: Options) -> None:
    sampler, size = SAMPLERS[options["sampler"]](seed, options["population"])
    goals, limits = options["goals"], options["limits"]
    costs = {*goals, *limits} - {"value"}

    def tell(study: Any, recorder: Recorder, trial: Any, evaluation: Evaluation) -> None:
        """Tell what a trial gave; one that diverged has the worst score, and its costs."""
        unknown = [name for name in costs if math.isnan(measured(evaluation, name))]
        if unknown and evaluation.status == "complete":
            raise ArgumentError(
                f"multi_objective_search: this objective does not tell {unknown[0]}. Type "
                "ht.TrainObjective(data) with engine='keras', or goals=('value', 'seconds')."
            )
        for name, over in beyond(evaluation, limits, recorder.objective.direction).items():
            trial.set_constraint(name, over)
        if unknown:
            study.tell(trial, state=TrialState.FAIL)
            return
        told = {name: math.log10(max(measured(evaluation, name), 1e-9)) for name in costs}
        told["value"] = recorder.score(evaluation)
        study.tell(trial, [told[goal] for goal in goals])

    ways = ["maximize" if goal == "value" else "minimize" for goal in goals]
    with optuna_study(sampler, ways=ways) as study:
        run_generations(study, recorder, size, tell)

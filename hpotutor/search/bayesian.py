"""Bayesian search: a model of what was seen so far chooses the next point."""

from typing import Any, Unpack

import numpy as np
from optuna.samplers import TPESampler

from hpotutor._validation import check_count, check_number
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.parallel.dask_objective import WorkerObjective
from hpotutor.search import backends
from hpotutor.search._method import Shared, run_search, search_method
from hpotutor.search._parallel import observe_on_workers, optimize_on_workers
from hpotutor.search.backends import Options
from hpotutor.search.gp import ACQUISITIONS, GaussianProcessSearch
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult


@search_method
def bayesian_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int,
    seed: int = 0,
    library: str = "optuna",
    startup: int | None = None,
    acquisition: str = "expected_improvement",
    xi: float = 0.01,
    kappa: float = 2.0,
    **shared: Unpack[Shared],
) -> SearchResult:
    """Evaluate points that a model of the earlier ones finds promising.

    Parameters
    ----------
    library : {"optuna", "hyperopt", "keras_tuner", "gp"}
        Whose loop runs. Optuna and Hyperopt model good and bad points by tree-structured Parzen
        estimators; KerasTuner and ``"gp"``, which is :class:`hpotutor.GaussianProcessSearch`, model
        the value by a Gaussian process. With a ``client``, Optuna and ``"gp"`` keep all workers
        busy; Hyperopt and KerasTuner ask for one trial at a time.
    startup : int, optional
        Random points before the model is asked: by default 10 (Optuna), 20 (Hyperopt), 3 for each
        hyperparameter (KerasTuner), 2 more than there are hyperparameters (gp).
    acquisition, xi, kappa : str and float
        For ``"gp"``: see :class:`hpotutor.GaussianProcessSearch`.

    Notes
    -----
    Bergstra, Bardenet, Bengio and Kégl (2011), Algorithms for hyper-parameter optimization,
    https://papers.nips.cc/paper/4443-algorithms-for-hyper-parameter-optimization (TPE).

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(-1, 1))
    >>> objective = ht.FunctionObjective(lambda params: -abs(params["x"] - 0.3))
    >>> result = ht.bayesian_search(objective, space, trials=12, library="gp", progress=False)
    >>> round(result.best_params["x"], 1)
    0.3
    """
    problems = Problems("bayesian_search")
    check_count(problems, "trials", trials, 1, 30)
    check_count(problems, "startup", startup, 1, 10, optional=True)
    problems.choice("acquisition", acquisition, ACQUISITIONS)
    options: Options = {"startup": startup}
    if library == "gp":
        options |= {"acquisition": acquisition, "xi": xi, "kappa": kappa}
        check_number(problems, "xi", xi, example=0.01)
        check_number(problems, "kappa", kappa, example=2)
    return run_search(LOOPS, problems, objective, space, trials, seed, library, options, **shared)


def _optuna(recorder: Recorder, seed: int, options: Options) -> None:
    startup = options["startup"] or 10
    if isinstance(recorder.objective, WorkerObjective):
        # What the log holds is told, not drawn again: other draws must follow it.
        optimize_on_workers(recorder, tpe_constant_liar([seed, recorder.resumed], startup))
    else:
        backends.run_optuna(recorder, TPESampler(seed=seed, n_startup_trials=startup), learn=True)


def tpe_constant_liar(seed: list[int], startup: int) -> Any:
    """Return Optuna's TPE for several trials at once: those on their way are taken for bad ones."""
    word = np.random.SeedSequence(seed).generate_state(1).item()
    settings = {"seed": word, "n_startup_trials": startup, "constant_liar": True}
    return backends.experimental(TPESampler, **settings)


def _hyperopt(recorder: Recorder, seed: int, options: Options) -> None:
    backends.run_hyperopt(recorder, "tpe", seed, n_startup_jobs=options["startup"] or 20)


def _keras_tuner(recorder: Recorder, seed: int, options: Options) -> None:
    counts = {"max_trials": recorder.trials, "num_initial_points": options["startup"]}
    backends.run_keras_tuner(recorder, "BayesianOptimizationOracle", seed, **counts)


def _gp(recorder: Recorder, seed: int, options: Options) -> None:
    search = GaussianProcessSearch(recorder.space, seed=seed, **options)
    if isinstance(recorder.objective, WorkerObjective):
        observe_on_workers(recorder, search)
        return
    for evaluation in recorder.started:
        search.observe(evaluation.params, recorder.score(evaluation))
    for _ in range(recorder.trials or 0):
        params = search.suggest()
        # The recorder's score is higher for better, and finite for a network that diverged.
        search.observe(params, recorder.score(recorder.evaluate(params)))


LOOPS = {"optuna": _optuna, "hyperopt": _hyperopt, "keras_tuner": _keras_tuner, "gp": _gp}

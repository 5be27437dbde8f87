"""Bayesian search: a model of what was seen so far chooses the next point."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from hpotutor._validation import check_count
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.parallel.dask_objective import WorkerObjective, on_workers
from hpotutor.search._parallel import observe_on_workers, optimize_on_workers
from hpotutor.search.backends import (
    check_library,
    experimental,
    minimize,
    optimize,
    tune,
)
from hpotutor.search.gp import ACQUISITIONS, GaussianProcessSearch
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult


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
    log: str | os.PathLike | None = None,
    client: Any = None,
    max_seconds: float | None = None,
    max_epochs: int | None = None,
    progress: bool = True,
) -> SearchResult:
    """Evaluate points that a model of the earlier ones finds promising.

    Parameters
    ----------
    objective : Objective
        What is asked, for instance ``ht.TrainObjective(data)``.
    space : SearchSpace
        Which hyperparameters, and their ranges.
    trials : int
        How many points.
    seed : int, default 0
        Of the random points at the start, and of the model.
    library : {"optuna", "hyperopt", "keras_tuner", "gp"}
        Whose loop runs. Optuna and Hyperopt model good and bad points by tree-structured Parzen
        estimators; KerasTuner and ``"gp"``, which is :class:`hpotutor.GaussianProcessSearch`, model
        the value by a Gaussian process.
    startup : int, optional
        Random points before the model is asked: by default 10 (Optuna), 20 (Hyperopt), 3 for each
        hyperparameter (KerasTuner), 2 more than there are hyperparameters (gp).
    acquisition, xi, kappa : str and float
        For ``"gp"``: see :class:`hpotutor.GaussianProcessSearch`.
    log : str or path, optional
        A file to keep the trials in; the same call on it goes on where it was cut.
    client : "local" or distributed.Client, optional
        Train on the workers of a Dask cluster; ``"local"`` starts one on this machine. Optuna and
        ``"gp"`` then keep all workers busy; Hyperopt and KerasTuner ask for one trial at a time.
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
        An unknown library, a bad budget.

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
    check_library(problems, library, LOOPS)
    check_count(problems, "trials", trials, 1, 30)
    if startup is not None:
        check_count(problems, "startup", startup, 1, 10)
    problems.choice("acquisition", acquisition, ACQUISITIONS)
    options: dict[str, Any] = {"startup": startup}
    if library == "gp":
        options |= {"acquisition": acquisition, "xi": xi, "kappa": kappa}
    with (
        on_workers(objective, client, "bayesian_search") as target,
        Recorder(
            target,
            space,
            method="bayesian",
            library=library,
            seed=seed,
            trials=trials if not problems.lines else None,
            max_epochs=max_epochs,
            max_seconds=max_seconds,
            log=log,
            progress=progress,
            options=options,
            problems=problems,
        ) as recorder,
    ):
        LOOPS[library](recorder, trials, seed, options)
    return recorder.result()


def _optuna(recorder: Recorder, trials: int, seed: int, options: dict[str, Any]) -> None:
    from optuna.samplers import TPESampler

    startup = options["startup"] or 10
    if isinstance(recorder.objective, WorkerObjective):
        # What the log holds is told, not drawn again: other draws must follow it.
        optimize_on_workers(recorder, liar([seed, recorder.resumed], startup))
    else:
        optimize(recorder, TPESampler(seed=seed, n_startup_trials=startup), trials)


def liar(seed: int | list[int], startup: int = 10) -> Any:
    """Return Optuna's TPE for several trials at once: those on their way are taken for bad ones."""
    from optuna.samplers import TPESampler

    word = int(np.random.SeedSequence(seed).generate_state(1)[0])
    return experimental(TPESampler, seed=word, n_startup_trials=startup, constant_liar=True)


def _hyperopt(recorder: Recorder, trials: int, seed: int, options: dict[str, Any]) -> None:
    import hyperopt

    startup = options["startup"] or 20
    minimize(recorder, partial(hyperopt.tpe.suggest, n_startup_jobs=startup), trials, seed)


def _keras_tuner(recorder: Recorder, trials: int, seed: int, options: dict[str, Any]) -> None:
    from keras_tuner.oracles import BayesianOptimizationOracle

    startup = options["startup"]
    oracle = partial(BayesianOptimizationOracle, max_trials=trials, num_initial_points=startup)
    tune(recorder, oracle, seed)


def _gp(recorder: Recorder, trials: int, seed: int, options: dict[str, Any]) -> None:
    search = GaussianProcessSearch(recorder.space, seed=seed, **options)
    if isinstance(recorder.objective, WorkerObjective):
        observe_on_workers(recorder, search)
        return
    for _ in range(trials):
        params = search.suggest()
        # The recorder's score is higher for better, and finite for a network that diverged.
        search.observe(params, recorder.score(recorder.evaluate(params)))


LOOPS: dict[str, Callable[[Recorder, int, int, dict[str, Any]], None]] = {
    "optuna": _optuna,
    "hyperopt": _hyperopt,
    "keras_tuner": _keras_tuner,
    "gp": _gp,
}

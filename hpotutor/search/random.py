"""Random search: points drawn independently, or spread evenly by a quasi-random sequence."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable
from functools import partial
from typing import Any

from hpotutor._validation import check_count
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.parallel.dask_objective import on_workers
from hpotutor.search.backends import (
    LABELS,
    ONE_SPLIT,
    ROWS,
    TrialEstimator,
    check_library,
    experimental,
    minimize,
    optimize,
    run_ahead,
    tune,
)
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult


def random_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int,
    seed: int = 0,
    library: str = "scikit-learn",
    quasi: bool = False,
    log: str | os.PathLike | None = None,
    client: Any = None,
    max_seconds: float | None = None,
    max_epochs: int | None = None,
    progress: bool = True,
) -> SearchResult:
    """Evaluate points drawn at random.

    Parameters
    ----------
    objective : Objective
        What is asked, for instance ``ht.TrainObjective(data)``.
    space : SearchSpace
        Which hyperparameters, and what each is drawn from.
    trials : int
        How many points.
    seed : int, default 0
        Of the draws.
    library : {"scikit-learn", "optuna", "hyperopt", "keras_tuner"}
        Whose loop runs: ``RandomizedSearchCV``, ``RandomSampler``, ``rand.suggest`` or
        ``kt.RandomSearch``'s oracle.
    quasi : bool, default False
        With Optuna: a scrambled Sobol sequence, which leaves smaller gaps and clusters.
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
        An unknown library, a bad budget.

    Notes
    -----
    Bergstra and Bengio (2012), Random search for hyper-parameter optimization,
    https://jmlr.org/papers/v13/bergstra12a.html. Where all hyperparameters have finitely many
    values, scikit-learn and KerasTuner draw no point twice, and stop when there are no more.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(-1, 1))
    >>> objective = ht.FunctionObjective(lambda params: -abs(params["x"]))
    >>> result = ht.random_search(objective, space, trials=20, seed=1, progress=False)
    >>> len(result), result.best_value > -0.2
    (20, True)
    """
    problems = Problems("random_search")
    check_library(problems, library, LOOPS)
    check_count(problems, "trials", trials, 1, 30)
    if quasi and library != "optuna":
        problems.say("quasi=True is a sequence of Optuna's. Type library='optuna' with it.")
    if not isinstance(quasi, bool):
        problems.add("quasi", quasi, "True or False", "quasi=True")
    with (
        on_workers(objective, client, "random_search") as target,
        Recorder(
            target,
            space,
            method="random",
            library=library,
            seed=seed,
            trials=trials if not problems.lines else None,
            max_epochs=max_epochs,
            max_seconds=max_seconds,
            log=log,
            progress=progress,
            options={"quasi": bool(quasi)},
            problems=problems,
        ) as recorder,
    ):
        loop = _quasi if quasi else LOOPS[library]
        run_ahead(recorder, lambda asked: loop(asked, trials, seed))
    return recorder.result()


def _scikit_learn(recorder: Recorder, trials: int, seed: int) -> None:
    from sklearn.model_selection import RandomizedSearchCV

    search = RandomizedSearchCV(
        TrialEstimator(recorder),
        recorder.space.to_scipy(),
        n_iter=trials,
        random_state=seed,
        cv=ONE_SPLIT,
        refit=False,
        error_score="raise",
    )
    with warnings.catch_warnings():
        # It runs the whole space when that is smaller than what was asked for.
        warnings.filterwarnings("ignore", "The total space of parameters", UserWarning)
        search.fit(ROWS, LABELS)


def _optuna(recorder: Recorder, trials: int, seed: int) -> None:
    from optuna.samplers import RandomSampler

    optimize(recorder, RandomSampler(seed=seed), trials)


def _quasi(recorder: Recorder, trials: int, seed: int) -> None:
    from optuna.samplers import QMCSampler

    sampler = experimental(QMCSampler, qmc_type="sobol", scramble=True, seed=seed)
    optimize(recorder, sampler, trials)


def _hyperopt(recorder: Recorder, trials: int, seed: int) -> None:
    import hyperopt

    minimize(recorder, hyperopt.rand.suggest, trials, seed)


def _keras_tuner(recorder: Recorder, trials: int, seed: int) -> None:
    from keras_tuner.oracles import RandomSearchOracle

    tune(recorder, partial(RandomSearchOracle, max_trials=trials), seed)


LOOPS: dict[str, Callable[[Recorder, int, int], None]] = {
    "scikit-learn": _scikit_learn,
    "optuna": _optuna,
    "hyperopt": _hyperopt,
    "keras_tuner": _keras_tuner,
}

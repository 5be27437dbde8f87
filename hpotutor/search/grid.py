"""Grid search: every combination of a few levels of each hyperparameter."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Objective
from hpotutor.parallel.dask_objective import on_workers
from hpotutor.search.backends import (
    LABELS,
    ONE_SPLIT,
    ROWS,
    TrialEstimator,
    check_library,
    optimize,
    run_ahead,
    tune,
)
from hpotutor.space.distributions import choice, when
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult

LARGEST_GRID = 100_000


def grid_search(
    objective: Objective,
    space: SearchSpace,
    *,
    levels: int | Mapping[str, int] | None = None,
    trials: int | None = None,
    seed: int = 0,
    library: str = "scikit-learn",
    log: str | os.PathLike | None = None,
    client: Any = None,
    max_seconds: float | None = None,
    max_epochs: int | None = None,
    progress: bool = True,
) -> SearchResult:
    """Evaluate every combination of a few levels of each hyperparameter.

    Parameters
    ----------
    objective : Objective
        What is asked, for instance ``ht.TrainObjective(data)``.
    space : SearchSpace
        Which hyperparameters, and their ranges.
    levels : int or mapping of str to int, optional
        Levels for each number, evenly spaced on its scale. Without it a range of integers gives
        all its values and a range of floats five.
    trials : int, optional
        Stop after this many points; all of them by default.
    seed : int, default 0
        Order of the points with Optuna; the others go through them in order.
    library : {"scikit-learn", "optuna", "keras_tuner"}
        Whose loop runs: ``GridSearchCV``, ``GridSampler`` or ``kt.GridSearch``.
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
        A grid of more than 100,000 points, an unknown library, a bad budget.

    Notes
    -----
    The documentation of the loops:
    https://scikit-learn.org/stable/modules/grid_search.html#exhaustive-grid-search,
    https://optuna.readthedocs.io/en/stable/reference/samplers/generated/optuna.samplers.GridSampler.html,
    https://keras.io/keras_tuner/api/tuners/grid/.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(-1, 1), kind=ht.choice("a", "b"))
    >>> objective = ht.FunctionObjective(lambda p: -p["x"] ** 2 + (p["kind"] == "b"))
    >>> ht.grid_search(objective, space, levels=3, progress=False).best_params
    {'x': 0.0, 'kind': 'b'}
    """
    problems = Problems("grid_search")
    check_library(problems, library, LOOPS)
    count = _count(problems, space, levels) if isinstance(space, SearchSpace) else 0
    if library == "optuna" and isinstance(space, SearchSpace) and space.conditions:
        problems.say(
            "Optuna's GridSampler has no conditions; it would ask for the same point several "
            "times. Type library='scikit-learn' or 'keras_tuner', or leave out ht.when."
        )
    with (
        on_workers(objective, client, "grid_search") as target,
        Recorder(
            target,
            space,
            method="grid",
            library=library,
            seed=seed,
            trials=count if trials is None and count else trials,
            max_epochs=max_epochs,
            max_seconds=max_seconds,
            log=log,
            progress=progress,
            options={"levels": dict(levels) if isinstance(levels, Mapping) else levels},
            problems=problems,
        ) as recorder,
    ):
        run_ahead(recorder, lambda asked: LOOPS[library](asked, levels, seed))
    return recorder.result()


def _count(problems: Problems, space: SearchSpace, levels: Any) -> int:
    try:
        count = space.grid_size(levels)
    except ArgumentError as error:
        problems.say(str(error))
        return 0
    if count > LARGEST_GRID:
        problems.say(
            f"this grid has {count:,} points, more than {LARGEST_GRID:,}. Give fewer levels, for "
            "instance levels=3, or drop hyperparameters; ht.random_search needs no grid."
        )
    return count


def _scikit_learn(recorder: Recorder, levels: Any, seed: int) -> None:
    from sklearn.model_selection import GridSearchCV

    grid = recorder.space.to_sklearn_grid(levels)
    search = GridSearchCV(
        TrialEstimator(recorder), grid, cv=ONE_SPLIT, refit=False, error_score="raise"
    )
    search.fit(ROWS, LABELS)


def _optuna(recorder: Recorder, levels: Any, seed: int) -> None:
    from optuna.samplers import GridSampler

    grid = recorder.space.grid(levels)
    optimize(recorder, GridSampler(grid, seed=seed), trials=recorder.space.grid_size(levels))


def _keras_tuner(recorder: Recorder, levels: Any, seed: int) -> None:
    from keras_tuner.oracles import GridSearchOracle

    tune(recorder, GridSearchOracle, seed, space=_on_grid(recorder.space, levels))


def _on_grid(space: SearchSpace, levels: Any) -> SearchSpace:
    """Return the space with the grid's values in the place of ranges, conditions kept."""
    narrowed: dict[str, Any] = {}
    for name, values in space.grid(levels).items():
        conditions = {
            parent: [value for value in allowed if value in _values_left(narrowed, parent)]
            for parent, allowed in space.conditions.get(name, {}).items()
        }
        if all(conditions.values()):  # otherwise no point of the grid has it
            axis = choice(*values)
            narrowed[name] = when(axis, **conditions) if conditions else axis
    return SearchSpace(narrowed)


def _values_left(narrowed: Mapping[str, Any], name: str) -> tuple:
    """Return the values that a hyperparameter still has; none if it was left out."""
    axis = narrowed.get(name)
    return getattr(getattr(axis, "distribution", axis), "choices", ())


LOOPS: dict[str, Callable[[Recorder, Any, int], None]] = {
    "scikit-learn": _scikit_learn,
    "optuna": _optuna,
    "keras_tuner": _keras_tuner,
}

"""Grid search: every combination of a few levels of each hyperparameter."""

from collections.abc import Mapping
from typing import Any, Unpack

from optuna.samplers import GridSampler

from hpotutor._validation import check_count
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Objective
from hpotutor.search import backends
from hpotutor.search._method import Shared, run_search, search_method
from hpotutor.search.backends import Options
from hpotutor.space.distributions import choice, plain, when
from hpotutor.space.space import SearchSpace
from hpotutor.space.transforms import labeled
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult

LARGEST_GRID = 100_000


@search_method
def grid_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int | None = None,
    seed: int = 0,
    library: str = "scikit-learn",
    levels: int | Mapping[str, int] | None = None,
    **shared: Unpack[Shared],
) -> SearchResult:
    """Evaluate every combination of a few levels of each hyperparameter.

    Parameters
    ----------
    trials : int, optional
        Stop after this many points; all of them by default.
    seed : int, default 0
        Order of the points with Optuna; the others go through them in order.
    library : {"scikit-learn", "optuna", "keras_tuner"}
        Whose loop runs: ``GridSearchCV``, ``GridSampler`` or ``kt.GridSearch``.
    levels : int or mapping of str to int, optional
        Levels for each number, evenly spaced on its scale. Without it a range of integers gives
        all its values and a range of floats five. More than 100,000 points are refused.

    Notes
    -----
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
    check_count(problems, "trials", trials, 1, 30, optional=True)
    if isinstance(levels, Mapping):
        levels = {name: plain(count) for name, count in levels.items()}
    count = 0
    try:
        count = space.grid_size(levels) if isinstance(space, SearchSpace) else 0
    except ArgumentError as error:
        problems.say(str(error))
    if count > LARGEST_GRID:
        problems.say(
            f"this grid has {count:,} points, more than {LARGEST_GRID:,}. Give fewer levels, for "
            "instance levels=3, or drop hyperparameters; ht.random_search needs no grid."
        )
    if library == "optuna" and isinstance(space, SearchSpace) and space.conditions:
        problems.say(
            "Optuna's GridSampler has no conditions; it would ask for the same point several "
            "times. Type library='scikit-learn' or 'keras_tuner', or leave out ht.when."
        )
    options, whole = {"levels": levels}, trials is None
    asked = (LOOPS, problems, objective, space, (count or None) if whole else trials, seed, library)
    return run_search(*asked, options, ahead=True, whole=whole, **shared)


def _scikit_learn(recorder: Recorder, seed: int, options: Options) -> None:
    from sklearn.model_selection import GridSearchCV

    grid = recorder.space.to_sklearn_grid(options["levels"])
    backends.run_scikit_learn(recorder, GridSearchCV, grid)


def _optuna(recorder: Recorder, seed: int, options: Options) -> None:
    space = recorder.space
    grid = {
        name: [labeled(space[name], value)[1] for value in values]
        for name, values in space.grid(options["levels"]).items()
    }
    backends.run_optuna(recorder, GridSampler(grid, seed=seed))


def _keras_tuner(recorder: Recorder, seed: int, options: Options) -> None:
    """Ask for the space with the grid's values in the place of ranges, conditions kept."""
    space = recorder.space
    narrowed: dict[str, Any] = {}
    left: dict[str, Any] = {}  # the values of those that are not left out
    for name, values in space.grid(options["levels"]).items():
        conditions = {
            parent: [value for value in allowed if value in left.get(parent, ())]
            for parent, allowed in space.conditions.get(name, {}).items()
        }
        if all(conditions.values()):  # otherwise no point of the grid has it
            left[name], axis = values, choice(*values)
            narrowed[name] = when(axis, **conditions) if conditions else axis
    backends.run_keras_tuner(recorder, "GridSearchOracle", seed, SearchSpace(narrowed))


LOOPS = {"scikit-learn": _scikit_learn, "optuna": _optuna, "keras_tuner": _keras_tuner}

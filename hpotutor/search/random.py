"""Random search: points drawn independently, or spread evenly by a quasi-random sequence."""

from typing import Unpack

from optuna.samplers import QMCSampler, RandomSampler

from hpotutor._validation import check_count
from hpotutor.errors import Problems
from hpotutor.objectives.base import Objective
from hpotutor.search import backends
from hpotutor.search._method import Shared, run_search, search_method
from hpotutor.search.backends import Loop, Options
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult


@search_method
def random_search(
    objective: Objective,
    space: SearchSpace,
    *,
    trials: int,
    seed: int = 0,
    library: str = "scikit-learn",
    quasi: bool = False,
    **shared: Unpack[Shared],
) -> SearchResult:
    """Evaluate points drawn at random.

    Parameters
    ----------
    library : {"scikit-learn", "optuna", "hyperopt", "keras_tuner"}
        Whose loop runs: ``RandomizedSearchCV``, ``RandomSampler``, ``rand.suggest`` or
        ``kt.RandomSearch``'s oracle.
    quasi : bool, default False
        With Optuna: a scrambled Sobol sequence, which leaves smaller gaps and clusters.

    Notes
    -----
    Bergstra and Bengio (2012), Random search for hyper-parameter optimization,
    https://jmlr.org/papers/v13/bergstra12a.html. KerasTuner draws no point twice and stops when
    there are no more, and so does scikit-learn where every hyperparameter is an ``ht.choice``.

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
    check_count(problems, "trials", trials, 1, 30)
    if quasi and library != "optuna":
        problems.say("quasi=True is a sequence of Optuna's. Type library='optuna' with it.")
    problems.choice("quasi", quasi, (True, False))
    asked = (LOOPS, problems, objective, space, trials, seed, library, {"quasi": bool(quasi)})
    return run_search(*asked, ahead=True, **shared)


def _scikit_learn(recorder: Recorder, seed: int, options: Options) -> None:
    from sklearn.model_selection import RandomizedSearchCV

    points, settings = recorder.space.to_scipy(), {"n_iter": recorder.trials, "random_state": seed}
    backends.run_scikit_learn(recorder, RandomizedSearchCV, points, **settings)


def _optuna(recorder: Recorder, seed: int, options: Options) -> None:
    sampler = RandomSampler(seed=seed)
    if options["quasi"]:
        sampler = backends.experimental(QMCSampler, qmc_type="sobol", scramble=True, seed=seed)
    backends.run_optuna(recorder, sampler)


LOOPS: dict[str, Loop] = {
    "scikit-learn": _scikit_learn,
    "optuna": _optuna,
    "hyperopt": lambda recorder, seed, _: backends.run_hyperopt(recorder, "rand", seed),
    "keras_tuner": lambda recorder, seed, _: backends.run_keras_tuner(
        recorder, "RandomSearchOracle", seed, max_trials=recorder.trials
    ),
}

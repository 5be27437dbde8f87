"""What the search methods share: which library is asked for, and how each meets the recorder."""

from __future__ import annotations

import functools
import importlib.util
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import optuna
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from hpotutor.errors import MissingExtra, Problems, StopSearch
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params
from hpotutor.space.converters import carrier
from hpotutor.space.space import SearchSpace
from hpotutor.space.transforms import ALL, grid_axis, labeled
from hpotutor.study.journal import STUDY_NAME
from hpotutor.study.recorder import Recorder
from hpotutor.study.storage import quiet_optuna

_EXTRAS = ("hyperopt", "keras_tuner")  # the other libraries come with the package
Options = dict[str, Any]
# ``loop(recorder, seed, options)``: how a library, given its options, leads the recorder.
Loop = Callable[[Any, int, Options], None]


def check_library(problems: Problems, library: str, offered: Collection[str]) -> None:
    """Note a library that the method does not have; raise for one that is not installed."""
    there = [n for n in offered if n not in _EXTRAS or importlib.util.find_spec(n) is not None]
    if problems.choice("library", library, offered) and library not in there:
        typed = f"pip install {library.replace('_', '-')}"
        raise MissingExtra(
            f"{problems.call}: library={library!r} is not installed. Type: {typed}. Installed for "
            f"this method: {', '.join(map(repr, there))}."
        )


class BrokenSearch(StopSearch):
    """Takes an error that no trial is to blame for through a library's loop; it is the cause."""


def ask(recorder: Recorder, *question: Any, **more: Any) -> Evaluation:
    """Evaluate for a library that would take an error for a failing trial, and print it."""
    try:
        return recorder.evaluate(*question, **more)
    except Exception as error:
        raise BrokenSearch from error


class DryRunRecorder:
    """Stands in for a recorder to learn what a method will ask; it answers 0 to everything."""

    def __init__(self, objective: Objective, space: SearchSpace, trials: int | None) -> None:
        self.objective, self.space, self.trials = objective, space, trials
        self.asked: list[Any] = []
        self.started: list[Evaluation] = []

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        if self.trials is not None and len(self.asked) >= self.trials:
            raise StopSearch
        return self.answer(self.space.clean(params), epochs, on_epoch)

    def answer(self, params: Params, epochs: int | None, on_epoch: OnEpoch | None) -> Evaluation:
        """Note a question that the budget allows, and answer it."""
        self.asked.append(params)
        return Evaluation(params, 0.0)

    def score(self, evaluation: Evaluation) -> float:
        return 0.0

    def prefetch(self, batch: Iterable[Params], epochs: int | None = None) -> None:
        """Do nothing: whatever is asked is answered at once."""


class TrialEstimator(BaseEstimator):
    """An estimator whose ``fit`` evaluates what was set, for ``epochs_resource`` epochs if set."""

    epochs_resource: int | None = None

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder
        self.chosen: Params = {}

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"recorder": self.recorder, "epochs_resource": self.epochs_resource}

    def set_params(self, **params: Any) -> TrialEstimator:
        self.epochs_resource = params.pop("epochs_resource", self.epochs_resource)
        self.chosen.update(params)
        return self

    def __sklearn_clone__(self) -> TrialEstimator:
        return TrialEstimator(self.recorder)  # a copy would copy the recorder, and the log

    def fit(self, x: Any, y: Any) -> TrialEstimator:
        evaluation = self.recorder.evaluate(self.chosen, self.epochs_resource)
        self.score_ = self.recorder.score(evaluation)
        return self

    def score(self, x: Any, y: Any) -> float:
        return self.score_


def run_scikit_learn(
    recorder: Recorder, search: Callable[..., Any], points: Any, **settings: Any
) -> None:
    """Let a search of scikit-learn lead the recorder over a grid or distributions."""
    both = np.array([0, 1])  # rows and a split, which it wants; the recorder brings its own
    settings |= {"cv": [(both, both)], "refit": False, "error_score": "raise"}
    started = search(TrialEstimator(recorder), points, **settings)
    with warnings.catch_warnings():  # a space smaller than what was asked for is run as a whole
        warnings.filterwarnings("ignore", "The total space of parameters")
        started.fit(np.zeros((2, 1)), both)


def in_batches(search: Any) -> Any:
    """Return a halving search of scikit-learn that shows each rung to the recorder first."""

    class Batches(search):
        # scikit-learn reads the signature: since 1.9 it may pass its callbacks' context too.
        @functools.wraps(search._run_search)
        def _run_search(self, evaluate_candidates: Callable[..., Any], **context: Any) -> None:
            def show(candidates: list[Params], *arguments: Any, **keywords: Any) -> Any:
                epochs = candidates[0]["epochs_resource"]
                batch = [{k: v for k, v in c.items() if k != "epochs_resource"} for c in candidates]
                self.estimator.recorder.prefetch(batch, epochs)
                return evaluate_candidates(candidates, *arguments, **keywords)

            super()._run_search(show, **context)

    return Batches


@contextmanager
def optuna_study(sampler: Any, pruner: Any = None, ways: Any = ("maximize",)) -> Iterator[Any]:
    """Yield a study that maximizes, the sampler's memory only; Optuna is silent meanwhile."""
    with quiet_optuna():  # Hyperband's brackets are drawn with the name
        parts = {"study_name": STUDY_NAME, "sampler": sampler, "pruner": pruner}
        yield optuna.create_study(directions=ways, **parts)


def tell_score(study: Any, recorder: Recorder, trial: Any, evaluation: Evaluation) -> None:
    """Tell a study the score of a trial."""
    study.tell(trial, recorder.score(evaluation))


def tell_optuna(
    study: Any, recorder: Recorder, evaluations: Iterable[Evaluation], tell: Any = tell_score
) -> None:
    """Let a study hear of evaluations as if it had asked for them."""
    space = recorder.space
    for evaluation in evaluations:
        params = evaluation.params.items()
        study.enqueue_trial({name: labeled(space[name], value)[1] for name, value in params})
        trial = study.ask()
        space.suggest(trial)
        tell(study, recorder, trial, evaluation)


def run_generations(study: Any, recorder: Recorder, size: int, tell: Any = tell_score) -> None:
    """Ask a study for so many at a time, whose parents do not depend on their siblings."""
    tell_optuna(study, recorder, recorder.started, tell)
    while True:
        asked = [study.ask() for _ in range(size)]
        points = [recorder.space.suggest(trial) for trial in asked]
        recorder.prefetch(points)
        for trial, params in zip(asked, points, strict=True):
            tell(study, recorder, trial, recorder.evaluate(params))


def run_optuna(recorder: Recorder, sampler: Any, *, learn: bool = False) -> None:
    """Let ``Study.optimize`` lead the recorder; a sampler that learns hears of the start."""

    def objective(trial: Any) -> float:
        return recorder.score(ask(recorder, recorder.space.suggest(trial)))

    with optuna_study(sampler) as study:
        tell_optuna(study, recorder, recorder.started if learn else [])
        study.optimize(objective, n_trials=recorder.trials)


def experimental(make: Callable[..., Any], **arguments: Any) -> Any:
    """Make an Optuna object without its remark that it is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return make(**arguments)


def run_hyperopt(recorder: Recorder, algorithm: str, seed: int, **settings: Any) -> None:
    """Let Hyperopt's ``fmin`` lead the recorder, by an algorithm's name and settings."""
    import hyperopt

    def loss(params: Params) -> float:
        return -recorder.score(ask(recorder, params))

    trials = hyperopt.Trials()
    for evaluation in recorder.started:
        [number] = trials.new_trial_ids(1)
        values = _hyperopt_values(recorder.space, evaluation.params)
        numbers = {name: [number] * len(value) for name, value in values.items()}
        told = {"tid": number, "cmd": None, "workdir": None, "idxs": numbers, "vals": values}
        result = {"status": hyperopt.STATUS_OK, "loss": -recorder.score(evaluation)}
        [trial] = trials.new_trial_docs([number], [None], [result], [told])
        trials.insert_trial_doc(trial | {"state": hyperopt.JOB_STATE_DONE})
    trials.refresh()
    suggest = functools.partial(getattr(hyperopt, algorithm).suggest, **settings)
    asked = {"algo": suggest, "max_evals": recorder.trials, "trials": trials}
    quiet = {"show_progressbar": False, "verbose": False}
    rng = np.random.default_rng(seed)
    hyperopt.fmin(loss, recorder.space.to_hyperopt(), rstate=rng, **asked, **quiet)


def _hyperopt_values(space: SearchSpace, params: Params) -> dict[str, list[Any]]:
    """Return what ``Trials`` hold of a point: indices of options, nothing of what is inactive."""
    carriers = {carrier(space, name) for name in space.conditions}
    found: dict[str, list[Any]] = {name: [] for name in space}
    for name, value in params.items():
        distribution: Any = space[name]
        if name in carriers or hasattr(distribution, "choices"):
            value = grid_axis(distribution, ALL).index(value)
        elif step := getattr(distribution, "step", None):
            value -= distribution.low if distribution.low % step else 0  # see the space's text
        found[name] = [value]
    return found


def run_keras_tuner(
    recorder: Recorder, oracle: str, seed: int, space: SearchSpace | None = None, **settings: Any
) -> None:
    """Let a tuner ask its oracle, by name, and the recorder in turn, until it has had enough."""
    import keras_tuner as kt

    declare = (space or recorder.space).declare

    class Tuner(kt.engine.base_tuner.BaseTuner):
        """KerasTuner's loop, with the recorder in the place of a network."""

        def run_trial(self, trial: Any, *arguments: Any, **keywords: Any) -> dict[str, float]:
            chosen = trial.hyperparameters
            epochs = chosen.values.get("tuner/epochs")  # where Hyperband's oracle hides its rung
            return {"score": recorder.score(ask(recorder, declare(chosen), epochs))}

        def save(self) -> None:
            """Save nothing: the log does it, and the folder is gone after the search."""

    # It takes 0 for any seed and counts up from others: neighboring seeds would share most points.
    spread = np.random.SeedSequence(seed).generate_state(1).item() // 2 + 1
    goal = kt.Objective("score", "max")
    asked = getattr(kt.oracles, oracle)(objective=goal, seed=spread, **settings)
    with tempfile.TemporaryDirectory(prefix="hpotutor-") as folder:
        tuner = Tuner(asked, hypermodel=declare, directory=folder)
        with warnings.catch_warnings():  # of every length scale that reaches a bound
            warnings.simplefilter("ignore", ConvergenceWarning)
            tuner.search(verbose=0)

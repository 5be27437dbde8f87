"""What the search methods share: which library is asked for, and how each meets the recorder."""

from __future__ import annotations

import functools
import importlib.util
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning

from hpotutor.errors import MissingExtra, Problems, StopSearch
from hpotutor.objectives.base import Evaluation, OnEpoch, Params
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder

_IMPORTS = {
    "scikit-learn": "sklearn",
    "optuna": "optuna",
    "hyperopt": "hyperopt",
    "keras_tuner": "keras_tuner",
}
# scikit-learn wants rows and a split, although the recorder brings its own.
ROWS = np.zeros((2, 1))
LABELS = np.array([0, 1])
ONE_SPLIT = [(np.array([0, 1]), np.array([0, 1]))]

Loop = Callable[[Any], None]


def check_library(problems: Problems, library: object, offered: Iterable[str]) -> None:
    """Note a library that the method does not have; raise for one that is not installed."""
    offered = tuple(offered)
    if not problems.choice("library", library, offered) or installed(library):
        return
    others = ", ".join(repr(name) for name in offered if installed(name))
    raise MissingExtra(
        f"{problems.call}: library={library!r} is not installed. Type: "
        f"pip install {library.replace('_', '-')}. Installed for this method: {others}."
    )


def installed(library: str) -> bool:
    """Whether a library can be imported; our own methods always can."""
    module = _IMPORTS.get(library)
    return module is None or importlib.util.find_spec(module) is not None


# ── asking ahead ─────────────────────────────────────────────────────────────────────────────


class Rehearsal:
    """Stands in for a recorder to learn what a method will ask; it answers 0 to everything."""

    def __init__(self, recorder: Recorder) -> None:
        self.objective, self.space = recorder.objective, recorder.space
        self.trials = recorder.trials
        self.asked: list[Params] = []

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        if self.trials is not None and len(self.asked) >= self.trials:
            raise StopSearch
        self.asked.append(self.space.clean(params))
        return Evaluation(self.asked[-1], 0.0)

    def score(self, evaluation: Evaluation) -> float:
        return 0.0

    def prefetch(self, batch: Iterable[Params], epochs: int | None = None) -> None:
        """Do nothing: this is what finds the batch."""


def run_ahead(recorder: Recorder, loop: Loop) -> None:
    """Run the loop of a method that ignores scores, its points evaluated as one batch if it pays.

    The loop runs twice then: for its questions, and again for the recorder's answers.
    """
    if recorder.objective.batches:
        rehearsal = Rehearsal(recorder)
        try:
            loop(rehearsal)
        except StopSearch:
            pass
        recorder.prefetch(rehearsal.asked)
    loop(recorder)


# ── scikit-learn ─────────────────────────────────────────────────────────────────────────────


class TrialEstimator(BaseEstimator):
    """A scikit-learn estimator whose ``fit`` is one evaluation of the recorder.

    Its parameters are whatever the search sets, so that scikit-learn's own searches drive it.
    ``epochs_resource``, where set, is the budget of a successive halving.
    """

    def __init__(self, recorder: Recorder | None = None) -> None:
        self.recorder = recorder
        self.chosen: dict[str, Any] = {}
        self.epochs_resource: int | None = None

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        return {"recorder": self.recorder, "epochs_resource": self.epochs_resource}

    def set_params(self, **params: Any) -> TrialEstimator:
        self.epochs_resource = params.pop("epochs_resource", self.epochs_resource)
        self.chosen.update(params)
        return self

    def __sklearn_clone__(self) -> TrialEstimator:
        # A copy would copy the recorder, and with it the log.
        return TrialEstimator(self.recorder)

    def fit(self, x: Any, y: Any = None) -> TrialEstimator:
        evaluation = self.recorder.evaluate(self.chosen, self.epochs_resource)
        self.score_ = self.recorder.score(evaluation)
        return self

    def score(self, x: Any, y: Any = None) -> float:
        return self.score_


def in_batches(search: type) -> type:
    """Return a halving search of scikit-learn that shows each rung to the recorder first."""

    class Batches(search):
        # scikit-learn reads the signature: since 1.9 it may pass its callbacks' context too.
        @functools.wraps(search._run_search)
        def _run_search(self, evaluate_candidates: Callable, **context: Any) -> None:
            def show(candidates: list[Params], *arguments: Any, **keywords: Any) -> Any:
                epochs = candidates[0]["epochs_resource"]
                batch = [dict(params) for params in candidates]
                for params in batch:
                    del params["epochs_resource"]
                self.estimator.recorder.prefetch(batch, epochs)
                return evaluate_candidates(candidates, *arguments, **keywords)

            super()._run_search(show, **context)

    return Batches


# ── Optuna ───────────────────────────────────────────────────────────────────────────────────


@contextmanager
def optuna_study(sampler: Any, pruner: Any = None) -> Iterator[Any]:
    """Yield a study in memory that maximizes, and keep Optuna silent meanwhile.

    It is the sampler's memory only; the search's log is another study. Its name is fixed because
    Hyperband's brackets are drawn with it.
    """
    import optuna

    from hpotutor.study.journal import STUDY_NAME
    from hpotutor.study.storage import quiet_optuna

    with quiet_optuna():
        yield optuna.create_study(
            study_name=STUDY_NAME, direction="maximize", sampler=sampler, pruner=pruner
        )


def optimize(recorder: Recorder, sampler: Any, trials: int) -> None:
    """Let ``Study.optimize`` lead the recorder."""

    def objective(trial: Any) -> float:
        return recorder.score(recorder.evaluate(recorder.space.suggest(trial)))

    with optuna_study(sampler) as study:
        study.optimize(objective, n_trials=trials)


def experimental(make: Callable[..., Any], **arguments: Any) -> Any:
    """Make an Optuna object without its remark that it is experimental."""
    import optuna

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return make(**arguments)


# ── Hyperopt ─────────────────────────────────────────────────────────────────────────────────


def minimize(recorder: Recorder, algorithm: Callable, trials: int, seed: int) -> None:
    """Let Hyperopt's ``fmin`` lead the recorder."""
    import hyperopt

    def loss(params: Params) -> float:
        return -recorder.score(recorder.evaluate(params))

    hyperopt.fmin(
        loss,
        recorder.space.to_hyperopt(),
        algo=algorithm,
        max_evals=trials,
        rstate=np.random.default_rng(seed),
        trials=hyperopt.Trials(),
        return_argmin=False,
        show_progressbar=False,
        verbose=False,
    )


def tune(
    recorder: Recorder, make_oracle: Callable[..., Any], seed: int, space: SearchSpace | None = None
) -> None:
    """Let a tuner ask its oracle and the recorder in turn, until the oracle has had enough.

    Parameters
    ----------
    recorder : Recorder
        Answers.
    make_oracle : callable
        Called with ``objective=`` and ``seed=``.
    seed : int
        Of the search.
    space : SearchSpace, optional
        What the oracle sees, where that is not the recorder's own space.
    """
    import keras_tuner as kt

    declare = (space or recorder.space).declare
    failures: list[Exception] = []

    class Tuner(kt.engine.base_tuner.BaseTuner):
        """KerasTuner's loop, with the recorder in the place of a network."""

        def run_trial(self, trial: Any, *arguments: Any, **keywords: Any) -> dict[str, float]:
            chosen = trial.hyperparameters
            # Hyperband's oracle hides its rung among the hyperparameters.
            epochs = chosen.values.get("tuner/epochs")
            try:
                evaluation = recorder.evaluate(declare(chosen), epochs)
            except Exception as error:
                # KerasTuner would take it for a failing trial and go on.
                failures.append(error)
                raise StopSearch from error
            return {"score": recorder.score(evaluation)}

        def save(self) -> None:
            """Save nothing: the log does it, and the folder is gone after the search."""

    oracle = make_oracle(objective=kt.Objective("score", "max"), seed=_spread(seed))
    with tempfile.TemporaryDirectory(prefix="hpotutor-") as folder:
        tuner = Tuner(oracle, hypermodel=declare, directory=folder, overwrite=True)
        try:
            with warnings.catch_warnings():
                # Its Gaussian process remarks on every length scale that reaches a bound.
                warnings.simplefilter("ignore", ConvergenceWarning)
                tuner.search(verbose=0)
        except StopSearch:
            if failures:
                raise failures[0] from None
            raise


def _spread(seed: int) -> int:
    """Return a seed for KerasTuner, which takes 0 for "any" and counts upwards from the others.

    With neighboring seeds two searches would share most of their points.
    """
    return int(np.random.SeedSequence(seed).generate_state(1)[0]) // 2 + 1

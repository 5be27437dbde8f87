"""How a KerasTuner oracle leads the recorder."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from hpotutor.errors import StopSearch
from hpotutor.record import Recorder
from hpotutor.space import SearchSpace


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

"""One network built, fitted and watched with Keras: what ``engine="keras"`` does for a trial."""

import gc
import inspect
import time
from typing import Any

import numpy as np

from hpotutor._validation import check_count
from hpotutor.errors import Problems
from hpotutor.objectives.base import OnEpoch, Params
from hpotutor.objectives.scoring import Fit, Split


def fit_network(
    objective: Any, params: Params, epochs: int, split: Split, on_epoch: OnEpoch | None
) -> Fit:
    """Build and fit one network; an error of the build or the fit is a result, not a crash.

    ``objective`` is a ``TrainObjective``.
    """
    start = time.perf_counter()
    from hpotutor._tensorflow import keras
    from hpotutor.models.builders import build_mlp

    x, y, x_val, y_val = split
    build = objective.build or build_mlp
    knobs = {**objective.defaults, **params}
    knobs.pop("epochs", None)
    batch_size = knobs.pop("batch_size", 32)
    fit = Fit()
    # The one place where a global generator is touched: Keras draws batches from it.
    keras.utils.set_random_seed(objective.seed)
    try:
        problems = Problems("fit")
        # Keras would quietly replace some batch sizes by its own.
        check_count(problems, "batch_size", batch_size, optional=True)
        problems.raise_if_any()
        if build is build_mlp:
            knobs.setdefault("seed", objective.seed)
            problems = Problems("build_mlp")
            known = [n for n in inspect.signature(build_mlp).parameters if not n.startswith("n_")]
            problems.unknown([n for n in knobs if n not in known], [*known, "batch_size"])
            problems.raise_if_any()
        fit.model = build(x.shape[1], objective.data.n_classes, **knobs)
        fit.model.fit(
            x,
            y,
            batch_size=None if batch_size is None else int(batch_size),
            epochs=epochs,
            validation_data=(x_val, y_val),
            validation_batch_size=1024,
            verbose=0,
            callbacks=_watcher(keras, fit, objective, on_epoch),
        )
    except Exception as error:  # a bad hyperparameter must not end the search
        fit.status, fit.reason = "failed", f"{type(error).__name__}: {error}"
    if fit.status == "complete" and objective.metric not in fit.curve:
        fit.status = "failed"
        fit.reason = (
            f"the model reports {', '.join(fit.curve) or 'nothing'}, and {objective.metric!r} is "
            "scored; compile it with metrics=['accuracy']"
        )
    keras.backend.clear_session(free_memory=False)
    gc.collect(0)
    fit.seconds = time.perf_counter() - start
    return fit


def _watcher(keras: Any, fit: Fit, objective: Any, on_epoch: OnEpoch | None) -> list[Any]:
    """Return the callbacks that keep the curve, stop a diverged network, and listen to a search."""

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            for name, value in logs.items():
                fit.curve.setdefault(name, []).append(float(value))
            losses = [fit.curve[name][-1] for name in ("loss", "val_loss") if name in fit.curve]
            if not np.isfinite(losses).all():
                fit.status = "diverged"
                fit.reason = f"the loss became {losses[0]} in epoch {epoch + 1}"
                self.model.stop_training = True
            elif on_epoch is not None and on_epoch(epoch + 1, logs[objective.metric]):
                fit.status, fit.reason = "pruned", f"stopped by the search after epoch {epoch + 1}"
                self.model.stop_training = True

    if objective.early_stopping is None:
        return [Watch()]
    stopping = keras.callbacks.EarlyStopping(
        objective.metric,
        mode=objective.direction[:3],
        patience=objective.early_stopping,
        restore_best_weights=True,
    )
    return [Watch(), stopping]

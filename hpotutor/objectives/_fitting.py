"""One network built, fitted and watched with Keras: what ``engine="keras"`` does for a trial."""

import gc
import inspect
import time
from typing import Any

import numpy as np
from scipy.special import expit, softmax

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
            callbacks=_watcher(keras, fit, objective, split, on_epoch),
            **({} if split.weight is None else {"sample_weight": split.weight}),
        )
        if fit.status == "complete" and objective.metric not in fit.curve:
            fit.last = _finite(objective.metric, _score(objective, fit.model, split))
    except Exception as error:  # a bad hyperparameter must not end the search
        fit.status, fit.reason = "failed", f"{type(error).__name__}: {error}"
    keras.backend.clear_session(free_memory=False)
    gc.collect(0)
    fit.seconds = time.perf_counter() - start
    return fit


def _watcher(
    keras: Any, fit: Fit, objective: Any, split: Split, on_epoch: OnEpoch | None
) -> list[Any]:
    """Return the callbacks that keep the curve, stop a diverged network, and listen to a search."""
    metric = objective.metric
    # What our own builders report is what predictions would give, at no cost.
    reported = metric == "val_loss" or (metric == "val_accuracy" and _is_ours(objective.build))
    heard = on_epoch is not None or objective.picks_epoch or metric == "val_accuracy"

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            losses = [logs[name] for name in ("loss", "val_loss") if name in logs]
            finite = bool(np.isfinite(losses).all())
            if finite and heard and not reported:  # into the logs, where callbacks find it
                logs[metric] = _finite(metric, _score(objective, self.model, split))
            for name, value in logs.items():
                fit.curve.setdefault(name, []).append(float(value))
            if not finite:
                fit.status = "diverged"
                fit.reason = f"the loss became {losses[0]} in epoch {epoch + 1}"
                self.model.stop_training = True
            elif on_epoch is not None and on_epoch(epoch + 1, logs[metric]):
                fit.status, fit.reason = "pruned", f"stopped by the search after epoch {epoch + 1}"
                self.model.stop_training = True

    if objective.early_stopping is None:
        return [Watch()]
    stopping = keras.callbacks.EarlyStopping(
        metric,
        mode=objective.direction[:3],
        patience=objective.early_stopping,
        restore_best_weights=True,
    )
    return [Watch(), stopping]


def _is_ours(build: Any) -> bool:
    function = getattr(build, "func", build)
    return build is None or getattr(function, "__module__", "").startswith("hpotutor.models.")


def _score(objective: Any, model: Any, split: Split) -> float:
    """Score what a network predicts for the validation rows."""
    outputs = split.in_own_unit(_outputs_of(model, split.x_val))
    return float(objective.measured.of(split.truth, outputs))


def _outputs_of(model: Any, x: np.ndarray) -> Any:
    """Return what ``model.predict`` does, sooner; and probabilities where it gives logits."""
    parts = [model(x[start : start + 1024], training=False) for start in range(0, len(x), 1024)]
    if isinstance(parts[0], list | tuple | dict):
        raise ValueError(f"the model has {len(parts[0])} outputs, and a score needs one")
    outputs = np.concatenate([np.asarray(part) for part in parts])
    if not getattr(model.loss, "from_logits", False):
        return outputs
    return expit(outputs) if outputs.shape[-1] == 1 else softmax(outputs, axis=-1)


def _finite(metric: str, value: float) -> float:
    if not np.isfinite(value):
        raise ValueError(f"the metric {metric!r} is {value} for these predictions")
    return value


def in_own_unit(model: Any, split: Split) -> Any:
    """Return a network that says amounts in their own unit; a classifier stays as it is."""
    from hpotutor._tensorflow import keras

    if not split.scaled:
        return model
    layers = model.layers if isinstance(model, keras.Sequential) else [model]
    last = keras.layers.Rescaling(split.spread, split.center, name="own_unit")
    scaled = keras.Sequential([keras.Input(split.x.shape[1:]), *layers, last])
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    scaled.compile(optimizer=optimizer, loss=model.loss)
    return scaled

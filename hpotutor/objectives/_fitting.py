"""One network built, fitted and watched with Keras: what ``engine="keras"`` does for a trial."""

import dataclasses
import gc
import time
import timeit
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from hpotutor._validation import require_count
from hpotutor.objectives.base import OnEpoch, Params
from hpotutor.objectives.building import Unfit, build_network, check_model, rows_for, signature_of
from hpotutor.objectives.scoring import Fit, Split

CALLBACKS = "callbacks=lambda trial, params: [keras.callbacks.CSVLogger(f'{trial}.csv')]"


def fit_network(
    objective: Any,
    params: Params,
    epochs: int,
    split: Split,
    on_epoch: OnEpoch | None = None,
    fold: int | None = None,
) -> Fit:
    """Fit one network of a ``TrainObjective``; an error is a result, but ``Unfit`` is raised."""
    start = time.perf_counter()
    from hpotutor._tensorflow import keras
    from hpotutor.models.layers import made_first

    fit = Fit()
    # The one place where a global generator is touched: Keras draws batches from it.
    keras.utils.set_random_seed(objective.seed)
    try:
        shaped, settings = _prepare(fit, objective, params, split)
        callbacks = _watcher(keras, fit, objective, shaped, on_epoch)
        callbacks += [*_callbacks(keras, objective, params, fold), made_first(shaped.y)]
        fit.model.fit(shaped.x, shaped.y, epochs=epochs, callbacks=callbacks, verbose=0, **settings)
        scored = objective.metric in fit.curve or not len(shaped.x_val)
        if fit.status == "complete" and not scored:
            fit.last = _score(objective, fit.model, shaped)
        rows = np.resize(shaped.x, (256, *shaped.x.shape[1:]))  # from the first again, if fewer
        net, of = fit.model, keras.tree.map_structure  # for a graphics card, and each output
        took = timeit.repeat(lambda: of(np.asarray, net(rows, training=False)), number=1, repeat=6)
        fit.prediction = float(np.median(took[1:]))  # TensorFlow prepares in the first
    except Unfit:
        raise
    except Exception as error:  # a bad hyperparameter must not end the search
        fit.status, fit.reason = "failed", f"{type(error).__name__}: {error}"
    finally:
        keras.backend.clear_session(free_memory=False)
        gc.collect(0)
    fit.seconds = time.perf_counter() - start
    return fit


def _prepare(fit: Fit, objective: Any, params: Params, split: Split) -> tuple[Split, Any]:
    """Build a network that can learn, and return rows in its input's shape and how to fit it."""
    from hpotutor.models.builders import build_mlp

    build, data = objective.build or build_mlp, objective.data
    knobs = {**objective.defaults, **params}
    knobs.pop("epochs", None)
    batch_size = knobs.pop("batch_size", 32)
    # Keras would quietly replace some batch sizes by its own.
    require_count("fit", "batch_size", batch_size)
    model = build_network(build, data, objective.seed, split.x.shape[1], knobs)
    texts = [value for value in params.values() if isinstance(value, str)]
    chosen = getattr(model, "loss", None) in texts  # another hyperparameter gives another loss
    check_model(model, data, varied=objective.proven or chosen)
    objective.proven, fit.model = True, model
    x, x_val = (rows_for(model, build, data, rows) for rows in (split.x, split.x_val))
    settings: Any = {"batch_size": batch_size and int(batch_size), "validation_batch_size": 1024}
    settings["validation_data"] = (x_val, split.y_val) if len(x_val) else None
    if split.weight is not None:
        settings["sample_weight"] = split.weight
    return dataclasses.replace(split, x=x, x_val=x_val), settings


def _callbacks(keras: Any, objective: Any, params: Params, fold: int | None) -> list[Any]:
    """Return what the objective's factory makes for a trial, or for a fold of it."""
    make = objective.callbacks
    if make is None or objective.trial is None:
        return []
    told = {"fold": fold} if "fold" in signature_of(make).parameters else {}
    made, kind = make(objective.trial, dict(params), **told), keras.callbacks.Callback
    if not isinstance(made, list | tuple) or not all(isinstance(one, kind) for one in made):
        shown = "None (is a return missing?)" if made is None else f"a {type(made).__name__}"
        instead = f"It must return a list of Keras callbacks. Type for instance {CALLBACKS}."
        raise Unfit(f"TrainObjective: callbacks= returned {shown}. {instead}")
    return list(made)


def _watcher(
    keras: Any, fit: Fit, objective: Any, split: Split, on_epoch: OnEpoch | None
) -> list[Any]:
    """Return the callbacks that keep the curve, stop a diverged network, and listen to a search."""
    metric = objective.metric
    # What our own builders report is what predictions would give, at no cost.
    reported = metric == "val_loss" or (metric == "val_accuracy" and is_ours(objective.build))
    heard = on_epoch is not None or objective.picks_epoch or metric == "val_accuracy"

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
            losses = [logs[name] for name in ("loss", "val_loss") if name in logs]
            finite = bool(np.isfinite(losses).all())
            if finite and heard and not reported and len(split.x_val):
                logs[metric] = _score(objective, self.model, split)  # callbacks find it there
            for name, value in logs.items():
                fit.curve.setdefault(name, []).append(float(value))
            if not finite:
                fit.status = "diverged"
                fit.reason = f"the loss became {losses[0]} in epoch {epoch + 1}"
            elif on_epoch is not None and on_epoch(epoch + 1, logs[metric]):
                fit.status, fit.reason = "pruned", f"stopped by the search after epoch {epoch + 1}"
            self.model.stop_training |= fit.status != "complete"

    if objective.early_stopping is None:
        return [Watch()]
    patience, mode = objective.early_stopping, objective.direction[:3]
    stop = keras.callbacks.EarlyStopping
    return [Watch(), stop(metric, patience=patience, mode=mode, restore_best_weights=True)]


def is_ours(build: Any) -> bool:
    """Whether the builder is one of this package, however it is bound."""
    function = getattr(build, "func", build)
    return build is None or str(getattr(function, "__module__", "")).startswith("hpotutor.models.")


def _score(objective: Any, model: Any, split: Split) -> float:
    """Score what a network predicts for the validation rows; ``ValueError`` without a value."""
    value = float(objective.measured.of(split.truth, split.in_own_unit(_said(model, split.x_val))))
    if not np.isfinite(value):
        raise ValueError(f"the metric {objective.metric!r} is {value} for these predictions")
    return value


def predict(objective: Any, model: Any, x: np.ndarray) -> Any:
    """Return what a network of an objective says of flat rows; probabilities for logits."""
    return _said(model, rows_for(model, objective.build, objective.data, x))


def _said(model: Any, x: np.ndarray) -> Any:
    """Return what ``model.predict`` does, sooner; and probabilities where it gives logits."""
    parts = [model(x[start : start + 1024], training=False) for start in range(0, len(x), 1024)]
    if isinstance(parts[0], list | tuple | dict):
        raise ValueError(f"the model has {len(parts[0])} outputs, and a score needs one")
    outputs = np.concatenate([np.asarray(part) for part in parts])
    if not getattr(model.loss, "from_logits", False):
        return outputs
    return expit(outputs) if outputs.shape[-1] == 1 else softmax(outputs, axis=-1)


def in_own_unit(model: Any, split: Split) -> Any:
    """Return a network that says amounts in their own unit; a classifier stays as it is."""
    from hpotutor._tensorflow import keras

    if not split.scaled:
        return model
    layers = model.layers if isinstance(model, keras.Sequential) else [model]
    last = keras.layers.Rescaling(split.spread, split.center, name="own_unit")
    shape = getattr(model, "input_shape", split.x.shape)[1:]
    scaled = keras.Sequential([keras.Input(shape), *layers, last])
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    scaled.compile(optimizer=optimizer, loss=model.loss)
    return scaled

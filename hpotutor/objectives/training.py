"""Real training as an objective: each trial builds a network, fits it and scores it."""

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hpotutor._validation import check_count, check_seed, is_seed, require_count
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives._fitting import CALLBACKS, fit_network, in_own_unit, is_ours, predict
from hpotutor.objectives.base import Evaluation, Objective, OnDone, OnEpoch, Params
from hpotutor.objectives.identity import identify
from hpotutor.objectives.metrics import REPORTED, Metric, read_metric
from hpotutor.objectives.rows import Rows, name_of
from hpotutor.objectives.scoring import Curve, Fit, Split, mean_curve

# what a stack trains: by builder, the entries that the shape of a row may have
_STACKED = {"build_mlp": (1, 2, 3), "build_conv1d": (1, 2), "build_cnn": (2, 3)}
_BUILD, _DEFAULTS = "build=ht.build_mlp", 'defaults={"batch_size": 16}'
_ENDS = ("failed", "diverged", "pruned", "complete")  # of a training, from the worst to the best


class TrainObjective(Objective):
    """Train a network with the given hyperparameters and score it on validation rows.

    Parameters
    ----------
    data : Dataset
        What :func:`hpotutor.load` returned. Its test set stays sealed. The amounts of a regression
        are standardized by the training rows; losses are of these, scores in the own unit.
    epochs : int, default 20
        Training length, unless ``epochs`` is itself one of the hyperparameters.
    engine : {"keras", "fused"}, default "keras"
        ``"keras"`` calls ``Model.fit`` for each network. ``"fused"`` trains many as one stack: the
        same mathematics for the networks of ``build_mlp``, ``build_conv1d`` and ``build_cnn``, at a
        small part of the time.
    folds : int or splitter, optional
        Score by the mean over this many folds of the training rows, followed by the validation
        rows, each prepared by its own training rows; see :meth:`Dataset.folds`.
    early_stopping : int, optional
        Patience in epochs: stop when the metric has not improved for so long, and score the best
        epoch. The rows that decide when to stop are then the rows that score, which flatters.
    metric : str or callable, optional
        What is scored: "val_accuracy", "val_loss", the name of a scorer of scikit-learn such as
        "balanced_accuracy" or "r2", what ``make_scorer`` returns, or a function ``(y_true,
        y_score) -> float`` of labels or amounts and the amounts that are predicted, or
        probabilities: of the second class, or (rows, classes). By default "val_accuracy", for a
        regression "neg_root_mean_squared_error". It is scored after each epoch, and stands in the
        curve, where a search or early stopping listens or ``score="best"``; at the end otherwise.
    direction : {"maximize", "minimize"}, optional
        Of a function as ``metric``; scikit-learn's are maximized, the loss is minimized.
    score : {"last", "best"}, default "last"
        Which epoch counts. ``"best"`` picks the luckiest.
    build : callable, optional
        ``build(n_features, n_classes, **hyperparameters, seed=...)`` returning a compiled Keras
        model, with ``n_classes=0`` for a regression; :func:`hpotutor.build_mlp` by default. Instead
        of ``n_features`` it may ask by name for ``input_shape``, ``image_shape`` or
        ``sequence_shape``. The model is given rows in the shape of its input.
    defaults : dict, optional
        Hyperparameters that the search leaves alone, for instance ``{"batch_size": 16}``.
    seed : int, default 0
        Every trial draws its initial weights, batches and dropout with it.
    class_weight : dict or "balanced", optional
        What the loss of a training row counts for, by its label; labels left out count 1.
        "balanced" makes classes count alike. Scores and validation losses stay unweighted.
    sample_weight : array, shape (rows,), optional
        The same by row: one number for each that was loaded, in the order of the source.
    callbacks : callable, optional
        With ``engine="keras"``: ``callbacks(trial, params)`` returning new Keras callbacks for each
        trial, by its number from 0, and each fold, whose number one that takes ``fold`` is told.
        Where each epoch is scored, they find the metric in their ``logs``.
    device : {"cpu", "gpu"}, default "cpu"
        Where ``engine="fused"`` trains.

    ArgumentError: arguments are not allowed; or, at the first network, ``build`` can never work.

    Examples
    --------
    >>> import hpotutor as ht
    >>> objective = ht.TrainObjective(ht.load("iris"), epochs=3)
    >>> evaluation = objective.evaluate({"learning_rate": 0.01, "units": 8})
    >>> evaluation.status, len(evaluation.curve["val_loss"])
    ('complete', 3)
    """

    def __init__(
        self,
        data: Dataset,
        *,
        epochs: int = 20,
        engine: str = "keras",
        folds: Any = None,
        early_stopping: int | None = None,
        metric: str | Callable[..., float] | None = None,
        direction: str | None = None,
        score: str = "last",
        build: Callable[..., Any] | None = None,
        defaults: Params | None = None,
        seed: int = 0,
        class_weight: Mapping[Any, float] | str | None = None,
        sample_weight: Any = None,
        callbacks: Callable[..., list[Any]] | None = None,
        device: str = "cpu",
    ) -> None:
        problems, fused = Problems("TrainObjective"), engine == "fused"
        if not isinstance(data, Dataset):
            problems.add("data", data, "what ht.load returns", 'data=ht.load("digits")')
        check_count(problems, "epochs", epochs)
        check_count(problems, "early_stopping", early_stopping, optional=True)
        problems.choice("engine", engine, ("keras", "fused"))
        problems.choice("score", score, ("last", "best"))
        if problems.choice("device", device, ("cpu", "gpu")) and device == "gpu" and not fused:
            problems.say("device='gpu' is for engine='fused'; for Keras, leave device out.")
        model, making = hasattr(build, "fit") and not isinstance(build, type), "a function that"
        new = f"{making} makes new ones for each trial, as they keep what they saw"
        for name, value, fine, allowed, instead in (
            ("build", build, callable(build) and not model, f"{making} returns a model", _BUILD),
            ("callbacks", callbacks, callable(callbacks), new, CALLBACKS),
            ("defaults", defaults, isinstance(defaults, Mapping), "a dict", _DEFAULTS),
        ):
            if value is not None and not fine:
                problems.add(name, value, allowed, instead)
        check_seed(problems, seed)
        if build is not None and fused:
            _check_stacked(problems, build, data)
        if callbacks is not None and fused:
            problems.say("engine='fused' calls no callbacks. Type engine='keras'.")
        measured: Metric | None = None
        if isinstance(data, Dataset):
            drawn = seed if is_seed(seed) else 0
            self.rows = Rows(problems, data, folds, drawn, class_weight, sample_weight)
            measured = read_metric(problems, metric, direction, data.task, data.classes)
            if measured is not None:
                measured.check(problems, self.rows.truths)
        problems.raise_if_any()
        assert measured is not None
        self.data, self.engine, self.folds = data, engine, self.rows.folds
        self.epochs: int = int(epochs)
        self.early_stopping = None if early_stopping is None else int(early_stopping)
        self.measured, self.metric, self.direction = measured, measured.name, measured.direction
        self.score, self.build, self.callbacks = score, build, callbacks
        self.device, self.proven = device, False  # a network of the builder was fit to be trained
        self.defaults, self.seed, self.batches = dict(defaults or {}), int(seed), fused
        self._price: tuple[float, float] | None = None

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        if self.engine == "fused":
            return self._evaluate_stacked([params], epochs, on_epoch)[0]
        if on_epoch is not None and self.rows.cut:
            why = "folds are trained one after the other, so a search cannot stop them after an "
            why += "epoch. Type folds=None, or engine='fused'."
            raise ArgumentError(f"TrainObjective: {why}")
        fits: list[Fit] = []
        budget = self._budget(params, epochs)
        for fold, split in enumerate(self.splits()):
            told = {"fold": fold} if self.rows.cut else {}
            fits.append(fit_network(self, params, budget, split, on_epoch, **told))
            if fits[-1].status in ("failed", "diverged"):
                break
        answer = self._evaluation(params, fits)
        if self.trial is not None:
            self.trial += 1
        return answer

    def evaluate_many(
        self, batch: Sequence[Params], epochs: int | None = None, *, on_done: OnDone | None = None
    ) -> list[Evaluation]:
        if self.engine != "fused":
            return super().evaluate_many(batch, epochs, on_done=on_done)
        return self._evaluate_stacked(batch, epochs, None, on_done)

    def _evaluate_stacked(
        self, batch: Sequence[Params], epochs: Any, on_epoch: OnEpoch | None, on_done: Any = None
    ) -> list[Evaluation]:
        """Evaluate on stacks; what they cannot train is a failure, and the others go on."""
        from hpotutor.objectives._fused import train_stacked

        answers: dict[int, Evaluation] = {}

        def answer(index: int, fits: list[Fit]) -> None:
            answers[index] = self._evaluation(batch[index], fits)
            if on_done is not None:
                on_done(index, answers[index])

        train_stacked(self, batch, epochs, answer, on_epoch)
        return [answers[index] for index in range(len(batch))]

    def request(self, params: Params, epochs: int | None) -> Params:
        """Return what the stack is asked for: the fields of a member."""
        epochs = self._budget(params, epochs)
        conv = self.build is not None and self.build.__name__ != "build_mlp"
        member = {"architecture": "conv"} if conv else {}
        request = {"seed": self.seed, **member, **self.defaults, **params, "epochs": epochs}
        if self.early_stopping is not None:
            mode = {} if self.metric in REPORTED else {"monitor_mode": self.direction[:3]}
            request |= {"patience": self.early_stopping, "monitor": self.metric, **mode}
            request["restore_best"] = True
        return request

    def _evaluation(self, params: Params, fits: Sequence[Fit]) -> Evaluation:
        """Score the trainings of all folds; the one that ended worst gives the status."""
        curves = [fit.curve for fit in fits]
        end = min(fits, key=lambda fit: (_ENDS.index(fit.status), fit.epochs))
        value, curve, scores = math.nan, mean_curve(curves), []
        if end.status in ("complete", "pruned"):
            scores = [fit.score(self.metric, self.direction, best=self.picks_epoch) for fit in fits]
            value = float(np.mean(scores))
        epochs, seconds = sum(fit.epochs for fit in fits), sum(fit.seconds for fit in fits)
        outcome = end.status, end.reason, self.seed
        told: dict[str, Any] = {"fold_values": tuple(scores)} if self.rows.cut else {}
        if hasattr(fits[-1].model, "count_params"):
            told["weights"] = fits[-1].model.count_params()
        told["prediction_seconds"] = fits[-1].prediction
        if self.rows.cut and scores and self.picks_epoch:
            told["best_epoch"] = round(np.mean([self._best_epoch(one) for one in curves]))
        return Evaluation(dict(params), value, curve, epochs, seconds, *outcome, **told)

    def _best_epoch(self, curve: Curve) -> int:
        pick = np.argmax if self.direction == "maximize" else np.argmin
        return int(pick(curve[self.metric])) + 1

    @property
    def picks_epoch(self) -> bool:
        """Whether the best epoch is scored, so that each has to be."""
        return self.score == "best" or self.early_stopping is not None

    def train(self, params: Params, epochs: int | None = None) -> Any:
        """Train on the training rows with these hyperparameters and return the Keras model.

        Without folds, it is the one that :meth:`evaluate` scored, from the same seed. That of a
        regression predicts in the target's own unit. ``callbacks`` get the next number.
        """
        rows, budget = self.rows.fixed(), self._budget(params, epochs)
        return self._trained(params, budget, rows, [self.seed])[0]

    def train_seeds(
        self, params: Params, seeds: Sequence[int], epochs: int | None = None
    ) -> list[Any]:
        """Train as :meth:`train` with each of some seeds, on the stack all at once; no callbacks.

        list: a Keras model for each seed.
        """
        again = copy.copy(self)
        again.trial = None
        return again._trained(params, self._budget(params, epochs), self.rows.fixed(), seeds)

    def retrain(self, evaluation: Evaluation, trial: int | None = None) -> Any:
        """Train an evaluated network once more, as it was, and return the Keras model.

        For the epochs that it had, with the same seed, early stopping and callbacks, for which
        ``trial`` is its number; if the best epoch was scored, with that one's weights. With folds,
        on the rows of all of them together, as long as their mean, or that of their best epochs.
        """
        epochs = len(evaluation.curve.get("loss", ())) or self._budget(evaluation.params, None)
        again = copy.copy(self)
        again.trial, split = trial, self.rows.fixed()
        if self.rows.cut:
            if self.picks_epoch:
                epochs = evaluation.best_epoch or self._best_epoch(evaluation.curve)
            again.early_stopping, again.score, split = None, "last", self.rows.together()
        return again._trained(evaluation.params, epochs, split, [self.seed])[0]

    def _trained(
        self, params: Params, epochs: int, split: Split, seeds: Sequence[int]
    ) -> list[Any]:
        """Train on some rows; the weights are those of the epoch that is scored."""
        each = [copy.copy(self) for _ in seeds]
        for one, seed in zip(each, seeds, strict=True):
            one.seed = seed
            if self.score == "best" and self.early_stopping is None:
                one.early_stopping = epochs  # keeps the best weights, and stops nothing
        if self.engine == "fused":
            from hpotutor.objectives._fused import train_all

            return train_all(each[0], split, [one.request(params, epochs) for one in each])
        fits = [fit_network(one, params, epochs, split) for one in each]
        if failed := [fit.reason for fit in fits if fit.status == "failed"]:
            raise ArgumentError(f"TrainObjective.train: {failed[0]}")
        return [in_own_unit(fit.model, split) for fit in fits]

    def predict(self, model: Any, x: np.ndarray) -> np.ndarray:
        """Return what a network of this objective says of flat rows; probabilities for logits."""
        said: np.ndarray = predict(self, model, x)
        return said

    def describe(self) -> dict[str, Any]:
        return {
            "objective": "TrainObjective",
            "data": self.data.name,
            "rows": self.data.fingerprint,
            "epochs": self.epochs,
            "engine": self.engine,
            "folds": name_of(self.folds),
            "early_stopping": self.early_stopping,
            **self.measured.describe(),
            "score": self.score,
            "build": "build_mlp" if self.build is None else identify(self.build, "build"),
            "defaults": self.defaults,
            "seed": self.seed,
            **self.rows.describe(),
            **({"callbacks": identify(self.callbacks, "callbacks")} if self.callbacks else {}),
            **({"device": self.device} if self.device != "cpu" else {}),
        }

    def seconds_for(self, epochs: int | None) -> float | None:
        """Estimate one evaluation's seconds from a network of the defaults, timed once."""
        if self.engine == "fused":
            return None
        if self._price is None:
            trial, self.trial = self.trial, None
            try:
                took = []
                for spent in (1, 1, 3):  # TensorFlow's start, in the first, is no part of it
                    start = time.perf_counter()
                    if self.evaluate({}, spent).status == "failed":
                        return None
                    took.append(time.perf_counter() - start)
            except ArgumentError:  # the first trial tells
                return None
            finally:
                self.trial = trial
            per_epoch = max((took[2] - took[1]) / 2, 0.005)
            self._price = (max(took[2] - 3 * per_epoch, 0.0), per_epoch)
        return self._price[0] + self._price[1] * self._budget({}, epochs)

    def epochs_of(self, params: Params, epochs: int | None) -> int:
        return self._budget(params, epochs) * self.rows.count

    def _budget(self, params: Params, epochs: int | None) -> int:
        """Return the epochs to train: what the search asks, else a hyperparameter, else ours."""
        asked: Any = {**self.defaults, **params}.get("epochs") if epochs is None else epochs
        if isinstance(asked, float) and asked.is_integer():
            asked = int(asked)
        require_count("TrainObjective", "epochs", asked)
        return self.epochs if asked is None else int(asked)

    def splits(self) -> list[Split]:
        """Return the rows of the one training, or of each fold's; see :class:`Split`."""
        return self.rows.splits()


def _check_stacked(problems: Problems, build: Any, data: object) -> None:
    """Note a builder whose networks no stack trains, or not on rows of this shape."""
    name = getattr(build, "__name__", "")
    if not is_ours(build) or name not in _STACKED:
        problems.say(
            "engine='fused' trains the networks of ht.build_mlp, ht.build_conv1d and ht.build_cnn; "
            "it cannot use build= with others. Type engine='keras' for a model of yours."
        )
    elif isinstance(data, Dataset) and len(data.input_shape) not in _STACKED[name]:
        problems.say(
            f"build=ht.{name} cannot take rows of shape {data.input_shape}. Type "
            "build=ht.build_conv1d for (steps, channels), build=ht.build_cnn for images."
        )

"""Real training as an objective: each trial builds a network, fits it and scores it."""

import copy
import math
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from hpotutor._validation import check_count, check_seed, is_whole
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives._fitting import fit_network
from hpotutor.objectives._subprocess import TrainingProcess
from hpotutor.objectives.base import Evaluation, Objective, OnDone, OnEpoch, Params
from hpotutor.objectives.identity import identify
from hpotutor.objectives.scoring import Fit, Split, cut_folds, fixed_split, mean_curve, value_of

_ENDS = ("failed", "diverged", "pruned", "complete")  # of a training, from the worst to the best


class TrainObjective(Objective):
    """Train a network with the given hyperparameters and score it on validation rows.

    Parameters
    ----------
    data : Dataset
        What :func:`hpotutor.load` returned. Its test set stays sealed.
    epochs : int, default 20
        Training length, unless ``epochs`` is itself one of the hyperparameters.
    engine : {"keras", "fused"}, default "keras"
        ``"keras"`` calls ``Model.fit`` for each network. ``"fused"`` trains many networks as one
        stack: the same mathematics for dense networks, at a small part of the time.
    folds : int, optional
        Score by the mean over this many stratified folds of the training and validation rows
        together, each prepared by its own training rows, instead of the one validation part.
    early_stopping : int, optional
        Patience in epochs: stop when the metric has not improved for so long, and score the best
        epoch. The rows that decide when to stop are then the rows that score, which flatters.
    metric : {"val_accuracy", "val_loss"}
        What is scored; accuracy is maximized, loss minimized.
    score : {"last", "best"}, default "last"
        Which epoch counts. ``"best"`` picks the luckiest.
    build : callable, optional
        ``build(n_features, n_classes, **hyperparameters, seed=...)`` returning a compiled Keras
        model; :func:`hpotutor.build_mlp` by default.
    defaults : dict, optional
        Hyperparameters that the search leaves alone, for instance ``{"batch_size": 16}``.
    seed : int, default 0
        Every trial draws its initial weights, batches and dropout with it.
    process_every : int, optional
        With ``engine="keras"``: train in a process of its own, a fresh one after so many trials.
        Keras leaves some megabytes behind with each network; this gives them back. The answers are
        the same.

    Raises
    ------
    ArgumentError
        An argument is not allowed; all of them are named at once.

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
        folds: int | None = None,
        early_stopping: int | None = None,
        metric: str = "val_accuracy",
        score: str = "last",
        build: Callable[..., Any] | None = None,
        defaults: Params | None = None,
        seed: int = 0,
        process_every: int | None = None,
    ) -> None:
        problems = Problems("TrainObjective")
        if not isinstance(data, Dataset):
            problems.add("data", data, "what ht.load returns", 'data=ht.load("digits")')
        check_count(problems, "epochs", epochs)
        check_count(problems, "early_stopping", early_stopping, optional=True)
        check_count(problems, "process_every", process_every, optional=True)
        problems.choice("engine", engine, ("keras", "fused"))
        problems.choice("metric", metric, ("val_accuracy", "val_loss"))
        problems.choice("score", score, ("last", "best"))
        if build is not None and not callable(build):
            problems.add("build", build, "a function that returns a model", "build=ht.build_mlp")
        if defaults is not None and not isinstance(defaults, Mapping):
            problems.add("defaults", defaults, "a dict", 'defaults={"batch_size": 16}')
        check_seed(problems, seed)
        if build is not None and engine == "fused":
            problems.say(
                "engine='fused' trains dense networks of its own; it cannot use build=. "
                "Type engine='keras' for a model of yours."
            )
        if process_every is not None and engine == "fused":
            problems.say("engine='fused' leaves nothing behind. Leave process_every out.")
        if isinstance(data, Dataset) and data.task == "regression":
            problems.say(
                f"{data.name!r} is a regression, and TrainObjective trains classifiers. Cut the "
                "target into classes, for instance with pandas.qcut(y, 4)."
            )
        elif folds is not None and isinstance(data, Dataset):
            _check_folds(problems, folds, data)
        problems.raise_if_any()
        self.data, self.engine = data, engine
        self.epochs: int = int(epochs)
        self.folds = None if folds is None else int(folds)
        self.early_stopping = None if early_stopping is None else int(early_stopping)
        self.metric, self.score, self.build = metric, score, build
        self.defaults, self.seed = dict(defaults or {}), int(seed)
        self.direction = "maximize" if metric == "val_accuracy" else "minimize"
        self.batches = engine == "fused"
        self._price: tuple[float, float] | None = None
        self.process: TrainingProcess | None = None
        if process_every is not None:
            self.process = TrainingProcess(copy.copy(self), int(process_every))

    def evaluate(
        self, params: Params, epochs: int | None = None, *, on_epoch: OnEpoch | None = None
    ) -> Evaluation:
        if self.engine == "fused":
            return self._evaluate_stacked([params], epochs, on_epoch=on_epoch)[0]
        if on_epoch is not None and self.folds:
            raise ArgumentError(
                "TrainObjective: folds are trained one after the other, so a search cannot stop "
                "them after an epoch. Type folds=None, or engine='fused'."
            )
        if self.process is not None:
            return self.process.evaluate(params, epochs, on_epoch)
        fits: list[Fit] = []
        for split in self.splits():
            fits.append(fit_network(self, params, self._budget(params, epochs), split, on_epoch))
            if fits[-1].status in ("failed", "diverged"):
                break
        return self._evaluation(params, fits)

    def evaluate_many(
        self, batch: Sequence[Params], epochs: int | None = None, *, on_done: OnDone | None = None
    ) -> list[Evaluation]:
        if self.engine == "fused":
            return self._evaluate_stacked(batch, epochs, on_done=on_done)
        return super().evaluate_many(batch, epochs, on_done=on_done)

    def _evaluate_stacked(
        self,
        batch: Sequence[Params],
        epochs: int | None,
        *,
        on_epoch: OnEpoch | None = None,
        on_done: OnDone | None = None,
    ) -> list[Evaluation]:
        """Evaluate on stacks; what they cannot train is a failure, and the others go on."""
        from hpotutor.objectives._fused import StackedTraining

        answers: dict[int, Evaluation] = {}

        def answer(index: int, fits: list[Fit]) -> None:
            answers[index] = self._evaluation(batch[index], fits)
            if on_done is not None:
                on_done(index, answers[index])

        stacked = StackedTraining(self.data, self.folds, self.seed, answer)
        for index, params in enumerate(batch):
            try:
                stacked.add(index, self._request(params, epochs))
            except ArgumentError as error:
                answer(index, [Fit(status="failed", reason=str(error))])
        stacked.train(on_epoch, self.metric)
        return [answers[index] for index in range(len(batch))]

    def _request(self, params: Params, epochs: int | None) -> Params:
        """Return what the stack is asked for: the fields of a member."""
        epochs = self._budget(params, epochs)
        request = {"seed": self.seed, **self.defaults, **params, "epochs": epochs}
        if self.early_stopping is not None:
            stopping = {"patience": self.early_stopping, "monitor": self.metric}
            request |= {**stopping, "restore_best": True}
        return request

    def _evaluation(self, params: Params, fits: Sequence[Fit]) -> Evaluation:
        """Score the trainings of all folds; the one that ended worst gives the status."""
        curves = [fit.curve for fit in fits]
        end = min(fits, key=lambda fit: (_ENDS.index(fit.status), fit.epochs))
        best = self.score == "best" or self.early_stopping is not None
        value, curve = math.nan, mean_curve(curves)
        if end.status in ("complete", "pruned"):
            value = value_of(curves, self.metric, self.direction, best=best)
        epochs, seconds = sum(fit.epochs for fit in fits), sum(fit.seconds for fit in fits)
        outcome = end.status, end.reason, self.seed
        return Evaluation(dict(params), value, curve, epochs, seconds, *outcome)

    def train(self, params: Params, epochs: int | None = None) -> Any:
        """Train on the training rows with these hyperparameters and return the Keras model.

        The model is the one that :meth:`evaluate` scored, trained again from the same seed.
        """
        if self.engine == "fused":
            from hpotutor.objectives._fused import train_one

            return train_one(self.data, self._request(params, epochs))
        fit = fit_network(self, params, self._budget(params, epochs), fixed_split(self.data), None)
        if fit.model is None:
            raise ArgumentError(f"TrainObjective.train: {fit.reason}")
        return fit.model

    def describe(self) -> dict[str, Any]:
        settings = ("epochs", "engine", "folds", "early_stopping", "metric", "score")
        return {
            "objective": "TrainObjective",
            "data": self.data.name,
            "rows": self.data.fingerprint,
            **{name: getattr(self, name) for name in settings},
            "build": "build_mlp" if self.build is None else identify(self.build, "build"),
            "defaults": self.defaults,
            "seed": self.seed,
            **({} if self.folds is None else {"prepared": "by fold"}),
        }

    def seconds_for(self, epochs: int | None) -> float | None:
        """Estimate one evaluation's seconds from a network of the defaults, timed once."""
        if self.engine == "fused":
            return None
        if self._price is None:
            self.evaluate({}, 1)  # TensorFlow's own start is no part of the price
            first, second = self._timed(1), self._timed(3)
            per_epoch = max((second - first) / 2, 0.005)
            self._price = (max(second - 3 * per_epoch, 0.0), per_epoch)
        start, per_epoch = self._price
        return start + per_epoch * self._budget({}, epochs)

    def _timed(self, epochs: int) -> float:
        start = time.perf_counter()
        self.evaluate({}, epochs)
        return time.perf_counter() - start

    def epochs_of(self, params: Params, epochs: int | None) -> int:
        return self._budget(params, epochs) * (self.folds or 1)

    def _budget(self, params: Params, epochs: int | None) -> int:
        """Return the epochs to train: what the search asks, else a hyperparameter, else ours."""
        asked: Any = {**self.defaults, **params}.get("epochs") if epochs is None else epochs
        if isinstance(asked, float) and asked.is_integer():
            asked = int(asked)
        problems = Problems("TrainObjective")
        check_count(problems, "epochs", asked, optional=True)
        problems.raise_if_any()
        return self.epochs if asked is None else int(asked)

    def splits(self) -> list[Split]:
        """Return (x, y, x_val, y_val) of the fixed validation part, or of each fold."""
        if not self.folds:
            return [fixed_split(self.data)]
        return cut_folds(self.data, self.folds, self.seed)


def _check_folds(problems: Problems, folds: object, data: Dataset) -> None:
    if not is_whole(folds) or folds < 2:
        problems.add("folds", folds, "a whole number from 2 up, or None", "folds=3")
        return
    smallest = int(np.bincount(np.concatenate([data.y_train, data.y_val])).min())
    if folds > smallest:
        problems.say(
            f"folds={folds} is more than the {smallest} rows of the rarest class of "
            f"{data.name!r}, so some fold would miss it. Type folds={max(smallest, 2)} or less."
        )
    groups = folds if data.groups is None else len(np.unique(data.groups.astype(str)))
    if folds > groups:
        problems.say(f"folds={folds} is more than the {groups} groups. Type folds={groups}.")

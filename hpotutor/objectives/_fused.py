"""How :class:`hpotutor.TrainObjective` asks the stack instead of ``Model.fit``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from hpotutor.errors import ArgumentError
from hpotutor.fused.api import Member, Stack, StackData, Trained, as_members, train_many
from hpotutor.objectives.base import Evaluation, OnDone, OnEpoch, Params

if TYPE_CHECKING:
    from hpotutor.objectives.training import TrainObjective

Rows = list[tuple[np.ndarray | None, np.ndarray | None]]


def evaluate_fused(
    objective: TrainObjective,
    batch: Sequence[Params],
    epochs: int | None = None,
    *,
    on_epoch: OnEpoch | None = None,
    on_done: OnDone | None = None,
) -> list[Evaluation]:
    """Evaluate a batch on stacks; see :meth:`hpotutor.TrainObjective.evaluate_many`.

    A request that the stack cannot train is a failed evaluation; the others go on. Folds are
    members of the same stack.
    """
    rows = _rows(objective)
    answers: list[Evaluation | None] = [None] * len(batch)
    members: list[Member] = []
    owners: list[int] = []
    for index, params in enumerate(batch):
        try:
            asked = [_member(objective, params, epochs, *part) for part in rows]
        except ArgumentError as error:
            answers[index] = _failed(objective, params, str(error))
            if on_done is not None:
                on_done(index, answers[index])
            continue
        members += asked
        owners += [index] * len(asked)
    finished: dict[int, list[Trained]] = {index: [] for index in owners}

    def keep(position: int, trained: Trained) -> None:
        index = owners[position]
        finished[index].append(trained)
        if len(finished[index]) == len(rows):
            answers[index] = _evaluation(objective, batch[index], finished[index])
            if on_done is not None:
                on_done(index, answers[index])

    if on_epoch is not None and members:
        _train_watched(objective, members, on_epoch, keep)
    elif members:
        train_many(*_sets(objective), members, n_classes=objective.data.n_classes, on_done=keep)
    return answers


def train_fused(objective: TrainObjective, params: Params, epochs: int | None) -> Any:
    """Train one network on the training rows and return it as an ordinary Keras model."""
    data = objective.data
    member = _member(objective, params, epochs, None, None)
    trained = train_many(
        data.x_train,
        data.y_train,
        data.x_val,
        data.y_val,
        [member],
        n_classes=data.n_classes,
        keep_weights=True,
    )
    return trained[0].to_keras()


def _sets(objective: TrainObjective) -> tuple:
    """Return the rows to train on and the shared validation rows; with folds there are none."""
    data = objective.data
    if not objective.folds:
        return data.x_train, data.y_train, data.x_val, data.y_val
    x = np.concatenate([data.x_train, data.x_val])
    return x, np.concatenate([data.y_train, data.y_val]), None, None


def _rows(objective: TrainObjective) -> Rows:
    """Return each fold's (rows, val_rows), the same as the keras engine's."""
    if not objective.folds:
        return [(None, None)]
    x, y, _, _ = _sets(objective)
    folds = StratifiedKFold(objective.folds, shuffle=True, random_state=objective.seed)
    return list(folds.split(x, y))


def _member(
    objective: TrainObjective,
    params: Params,
    epochs: int | None,
    rows: np.ndarray | None,
    val_rows: np.ndarray | None,
) -> Member:
    knobs = {**objective.defaults, **params, "epochs": objective.budget(params, epochs)}
    knobs.setdefault("seed", objective.seed)
    if objective.early_stopping is not None:
        knobs.update(patience=objective.early_stopping, monitor=objective.metric, restore_best=True)
    request = {**knobs, "rows": rows, "val_rows": val_rows}
    total = len(objective.data.y_train) + (len(objective.data.y_val) if objective.folds else 0)
    return as_members([request], objective.data.n_classes, total)[0]


def _train_watched(
    objective: TrainObjective, members: list[Member], on_epoch: OnEpoch, keep: Any
) -> None:
    """Train one request's folds together, and ask after each epoch whether to stop."""
    data = StackData(*_sets(objective), n_classes=objective.data.n_classes)
    stack = Stack(data, members)
    pruned = False

    def watch(epoch: int, curves: list[dict[str, list[float]]]) -> bool:
        nonlocal pruned
        if stack.live.all():
            scores = [curve[objective.metric][-1] for curve in curves]
            pruned = bool(on_epoch(epoch, float(np.mean(scores))))
        return pruned

    stack.train(members[0].epochs, watch)
    for position, trained in enumerate(stack.results()):
        if pruned:
            trained.status = "stopped"
        keep(position, trained)


def _evaluation(objective: TrainObjective, params: Params, folds: Sequence[Trained]) -> Evaluation:
    from hpotutor.objectives.training import mean_curve

    statuses = {trained.status for trained in folds}
    status = next((s for s in ("diverged", "stopped") if s in statuses), "complete")
    curves = [trained.curve for trained in folds]
    reasons = {
        "diverged": f"the loss was not finite after epoch {min(t.epochs for t in folds)}",
        "stopped": f"stopped by the search after epoch {folds[0].epochs}",
        "complete": "",
    }
    return Evaluation(
        params=dict(params),
        value=math.nan if status == "diverged" else objective.value_of(curves),
        curve=mean_curve(curves),
        epochs=sum(trained.epochs for trained in folds),
        seconds=sum(trained.seconds for trained in folds),
        status="pruned" if status == "stopped" else status,
        reason=reasons[status],
        seed=objective.seed,
    )


def _failed(objective: TrainObjective, params: Params, reason: str) -> Evaluation:
    return Evaluation(
        params=dict(params), value=math.nan, status="failed", reason=reason, seed=objective.seed
    )

"""Exercise 11.3: The pruning callback."""

from typing import Any

import optuna

from hpotutor.exercises import checks
from hpotutor.exercises.engine import (
    Exercise,
    NotAttempted,
    NotYet,
    Right,
    WrongAnswer,
    not_attempted,
    right,
    wrong,
)
from hpotutor.exercises.messages import kind, reason, shown

# Scores after each epoch, and the epoch after which the trial is told to stop, or None.
_RUNS = (
    ([0.3, 0.5, 0.4, 0.45], None),
    ([0.0, 0.2, 0.6, 0.6, 0.5], None),
    ([0.4, 0.3, 0.2, 0.1], 2),
    ([0.1, 0.2], 0),
    ([0.2, 0.7, 0.1], None),
    ([0.5, 0.3, 0.2], None),
)
_HIGHER = 2.0  # the loss falls while the accuracy rises: one of them is to be reported


class _Trial:
    """Stands in for a trial: notes what is reported, and says when to stop."""

    def __init__(self, stop: int | None) -> None:
        self.reported: list[tuple[Any, Any]] = []
        self.number, self.stop, self.asked = 7, stop, 0

    def report(self, value: Any, step: Any) -> None:
        self.reported.append((value, step))

    def should_prune(self) -> bool:
        self.asked += 1
        return len(self.reported) - 1 == self.stop


class _Model:
    """Stands in for the network: its weights are the epoch that they come from."""

    def __init__(self) -> None:
        self.weights_now: Any = "no epoch"
        self.stop_training = False

    def get_weights(self) -> list:
        return [self.weights_now]

    def set_weights(self, weights: Any) -> None:
        if not isinstance(weights, list) or len(weights) != 1:
            wrong(
                f"`self.model.set_weights` got `{shown(weights)}`, which `get_weights` never gave."
            )
        self.weights_now = weights[0]


def _check_callback(answer: object) -> Right:
    if not isinstance(answer, type):
        wrong(f"This should be the class `Watch` itself; it is {kind(answer)}.")
    if not any(
        base.__name__ == "Callback" and "keras" in base.__module__ for base in answer.__mro__
    ):
        wrong("Keras calls callbacks only: `class Watch(keras.callbacks.Callback)`.")
    if "on_epoch_end" not in vars(answer):
        not_attempted(f"`{answer.__name__}` has no `on_epoch_end` yet. Write it for")
    for scores, stop in _RUNS:
        _one_run(answer, scores, stop)
    return right("Every epoch reported, pruned when told, and the best epoch's weights at the end.")


def _one_run(answer: Any, scores: list[float], stop: int | None) -> None:
    trial, model = _Trial(stop), _Model()
    ended = _train(answer, trial, model, scores)
    reported = trial.reported
    epochs = len(scores) if stop is None else stop + 1
    said = f"After the epochs 0 to {epochs - 1} of a trial, "
    if not reported:
        wrong("Nothing is reported. The pruner hears of a trial by `trial.report(value, epoch)`.")
    if any(checks.number(value, "a number to report") >= _HIGHER for value, _ in reported):
        wrong('This reports the loss. The study maximizes `logs["val_accuracy"]`.')
    if not trial.asked:
        wrong("This never asks `trial.should_prune()`.")
    if ended == "on" and stop is not None:
        wrong(
            "`trial.should_prune()` said yes, and the training went on. Raise "
            "`optuna.TrialPruned`: that ends it, and tells the study."
        )
    steps = [checks.whole_number(step, "the epoch of a report") for _, step in reported]
    if steps != list(range(epochs))[: len(steps)]:
        wrong(f"{said}it has reported for the epochs {steps}. Report under the epoch Keras gives.")
    if ended == "pruned" and (stop is None or len(reported) != epochs):
        wrong("This prunes a trial that `trial.should_prune()` wanted to go on.")
    got = [value for value, _ in reported]
    if len(got) != epochs or not checks.all_near(got, scores[:epochs], 1e-6):
        wrong(f"{said}`{shown(got)}` was reported; the validation accuracy was {scores[:epochs]}.")
    if trial.asked < epochs:
        wrong("Ask `trial.should_prune()` after every epoch, and after its report.")
    best = scores.index(max(scores))
    if stop is None and model.weights_now != best:
        wrong(
            f"After a training with the validation accuracies {scores} the network should have the "
            f"weights of epoch {best}; it has those of {_of(model.weights_now)}."
        )


def _of(weights: Any) -> str:
    return weights if isinstance(weights, str) else f"epoch {shown(weights)}"


def _train(answer: Any, trial: _Trial, model: _Model, scores: list[float]) -> str:
    """Call a callback as `model.fit` does; return "on", or "pruned"."""
    try:
        callback = answer(trial)
        callback.set_model(model)
        callback.on_train_begin({})
        for epoch, score in enumerate(scores):
            callback.on_epoch_begin(epoch, {})
            model.weights_now = epoch
            logs = {"accuracy": 0.95, "loss": 3.0, "val_accuracy": score, "val_loss": 4 - score}
            callback.on_epoch_end(epoch, logs)
            if model.stop_training:
                wrong(
                    "`stop_training` ends the training, but then the objective returns a score, "
                    "and the study counts a trial cut short as complete. Raise "
                    "`optuna.TrialPruned`."
                )
        callback.on_train_end({})
    except optuna.TrialPruned:
        return "pruned"
    except (NotYet, NotAttempted):
        raise
    except Exception as error:
        wrong(f"A training with this callback stopped. {reason(error)}")
    return "on"


_WATCH = """
import keras
import optuna


class Watch(keras.callbacks.Callback):
    def __init__(self, trial):
        super().__init__()
        self.trial = trial
        self.scores = []

    def on_epoch_end(self, epoch, logs=None):
        {score}
        if not self.scores or score > max(self.scores):
            self.weights = self.model.get_weights()
        self.scores.append(score)
        {report}
        {prune}

    def on_train_end(self, logs=None):
        {end}


answer = Watch
"""
_PARTS = {
    "score": 'score = logs["val_accuracy"]',
    "report": "self.trial.report(score, epoch)",
    "prune": "if self.trial.should_prune():\n            raise optuna.TrialPruned()",
    "end": "self.model.set_weights(self.weights)",
}


def _watch(**changes: str) -> str:
    return _WATCH.format(**_PARTS | changes)


q3 = Exercise(
    lesson=11, number=3, title="The pruning callback", points=3,
    question="""
    Write a Keras callback `Watch(trial)`. After each epoch it reports the validation accuracy to
    the trial, under the number that Keras gives the epoch, and raises `optuna.TrialPruned` if
    `trial.should_prune()` says so. And unlike the lesson's callback it keeps what was best: when a
    training ends by itself, the network shall have the weights of its best epoch (the earliest, if
    several are equal). In a callback, `self.model` is the network; `get_weights()` and
    `set_weights(weights)` are its methods.
    """,
    expects="a class that inherits from `keras.callbacks.Callback`",
    checker=_check_callback,
    hints=(
        'Keras calls `on_epoch_end(self, epoch, logs=None)`; `logs["val_accuracy"]` is the score.',
        "Keep `self.model.get_weights()` whenever the score is higher than all before.",
        "`on_train_end(self, logs=None)` is the place to give the weights back.",
    ),
    stub="""
    import keras
    import optuna


    class Watch(keras.callbacks.Callback):
        ...


    answer = Watch
    """,
    solution_source=_watch(),
    why="With it, any network of yours can be pruned, and hands in its best epoch.",
    wrong_answers=tuple(
        WrongAnswer(_watch(**changes), because, says)
        for changes, because, says in (
            ({"report": "pass"}, "asks without a report", "Nothing is reported"),
            ({"prune": "pass"}, "reports and never asks", "never asks"),
            ({"prune": "self.trial.should_prune()"}, "asks and does not act", "went on"),
            ({"prune": _PARTS["prune"].replace("raise optuna.TrialPruned()",
                                               "self.model.stop_training = True")},
             "ends the training only", "counts a trial cut short"),
            ({"score": 'score = logs["val_loss"]'}, "reports the loss", "reports the loss"),
            ({"score": 'score = logs["accuracy"]'}, "reports the training rows", "was reported"),
            ({"report": "self.trial.report(score, epoch + 1)"}, "counts from 1",
             "the epoch Keras gives"),
            ({"end": "pass"}, "keeps the weights and forgets them", "weights of epoch"),
            ({"end": "self.model.set_weights(self.model.get_weights())"},
             "gives the last weights back", "weights of epoch"),
            ({"prune": "if self.trial.should_prune() or score < max(self.scores):\n"
              "            raise optuna.TrialPruned()"}, "has rules of its own", "wanted to go on"),
        )
    )
    + (
        WrongAnswer(_watch().replace("score > max(", "score >= max("),
                    "takes the latest of equals", "weights of epoch 2; it has those of epoch 3"),
        WrongAnswer(_watch().replace("(keras.callbacks.Callback)", "").replace(
                        "        super().__init__()\n", ""),
                    "is no callback", "Keras calls callbacks only"),
    ),
)  # fmt: skip

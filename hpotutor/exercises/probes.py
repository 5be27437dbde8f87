"""Stand-ins that tell a check which rows a learner's function trained on and scored on."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpotutor.datasets.dataset import Dataset
from hpotutor.datasets.loader import load
from hpotutor.exercises import checks
from hpotutor.exercises.engine import wrong
from hpotutor.exercises.messages import shown

# What the stand-in for a network "measures" apart from its validation accuracy; no two numbers
# can be taken for each other, nor for what is left to 1.
TRAINED = {"loss": 0.11, "accuracy": 0.97, "val_loss": 0.74}
UNTRAINED = {"loss": 2.3, "accuracy": 0.21, "val_loss": 2.4, "val_accuracy": 1 / 6}
ACCURACIES = (4 / 6, 5 / 6)  # of 6 validation rows


class RowsProbe:
    """A data set and a model that remember how they were used.

    A check hands both to the learner's function instead of real ones, so that it judges the
    procedure, takes milliseconds, and needs no TensorFlow. ::

        for accuracy in ACCURACIES:  # two, so that none can be written down
            probe = RowsProbe(accuracy)
            value = checks.call(answer, probe.model, probe.data)
            probe.refuse_misuse()
            probe.expect_accuracy(value)

    Parameters
    ----------
    accuracy : float
        What the trained network gets on the validation rows.

    Attributes
    ----------
    data : Dataset
        30 rows: 18 to train, 6 to validate, 6 sealed.
    model : ProbeModel
        Has ``fit``, ``evaluate`` and ``predict`` as a compiled Keras model has.

    Examples
    --------
    >>> probe = RowsProbe()
    >>> _ = probe.model.fit(probe.data.x_train, probe.data.y_train, epochs=5)
    >>> _ = probe.model.evaluate(probe.data.x_val, probe.data.y_val)
    >>> probe.model.fitted_on, probe.model.scored_on
    (['training'], ['validation'])
    """

    def __init__(self, accuracy: float = ACCURACIES[0]) -> None:
        # Other rows for another accuracy, so that none can be kept from one probe to the next.
        rows = np.random.default_rng(round(60 * accuracy)).normal(size=(30, 2))
        self.data: Dataset = load((rows, np.arange(30) % 2))
        self.model = ProbeModel(self.data, accuracy)
        self._fingerprint = self.data.fingerprint

    def refuse_misuse(self) -> None:
        """Refuse a function that looked at test rows or scored on rows it had trained on."""
        model = self.model
        if self.data.fingerprint != self._fingerprint:
            wrong("This writes into `data`, whose rows others still need. Work on a copy.")
        if "test" in model.fitted_on or "test" in model.scored_on or self.data._openings:
            wrong(
                "This opens the test set. A choice that has seen it cannot be judged by it; "
                "tune on `data.x_val`."
            )
        if not model.fitted_on:
            wrong("This never calls `model.fit`.")
        if "validation" in model.fitted_on:
            wrong("This trains on the validation rows, so they can no longer judge.")
        if "training" in model.scored_on:
            wrong(
                "This scores on the rows that the network learned from, which rewards learning "
                "them by heart. Score on `data.x_val`."
            )
        if "other" in model.fitted_on or "other" in model.scored_on:
            wrong("This uses rows that are not in the `data` which the function is given.")
        if "validation" not in model.scored_on:
            wrong("This never scores the network on the validation rows, `data.x_val`.")
        if model.in_part:
            wrong(f"`{model.in_part[0]}` is given only some of the rows. Use all of that part.")
        if model.mislabeled:
            wrong(
                f"`{model.mislabeled[0]}` needs the labels of the rows that it is given, in their "
                "order: `data.y_train` for `data.x_train`, `data.y_val` for `data.x_val`."
            )

    def expect_accuracy(self, value: Any, epochs: int) -> None:
        """Refuse what is not the validation accuracy after so many epochs."""
        if isinstance(value, list | tuple | dict):
            wrong(
                "`evaluate` gives the loss and then the accuracy; return the accuracy alone, "
                "as one number."
            )
        value = checks.number(value, "one number, the validation accuracy")
        accuracy = self.model.accuracy
        if any(checks.near(value, one) for one in UNTRAINED.values()):
            wrong("This was measured before the training. Call `model.fit` first.")
        if checks.near(value, TRAINED["loss"]) or checks.near(value, TRAINED["val_loss"]):
            wrong(
                "This is the loss: `evaluate` gives the loss first and the accuracy second. A "
                "search that looks for the highest number would then choose the worst network."
            )
        if checks.near(value, TRAINED["accuracy"]):
            wrong(
                "This is the accuracy on the training rows, which rewards learning them by heart."
            )
        if checks.near(value, 1 - accuracy):
            wrong("This is 1 minus the accuracy, the share of errors: return the accuracy itself.")
        if checks.near(value, -accuracy):
            wrong("The highest number is to win: return the accuracy itself, not minus it.")
        if self.model.epochs != epochs:
            wrong(f"Train for {epochs} epochs; here the number of epochs is {self.model.epochs}.")
        if not checks.near(value, accuracy, 1e-6):
            wrong(
                f"After {epochs} epochs the validation accuracy was {accuracy:.3g}; this returns "
                f"{shown(round(value, 4))}. Return what was measured at the end."
            )


class ProbeModel:
    """Looks like a compiled Keras model and notes whose rows it is given.

    The arguments have Keras's names and stand in Keras's order.
    """

    def __init__(self, data: Dataset, accuracy: float) -> None:
        # In this order, so that training and test rows stacked together count as test rows.
        parts = {
            "test": data._test,
            "validation": (data.x_val, data.y_val),
            "training": (data.x_train, data.y_train),
        }
        self._parts = {part: set(_keys(rows)) for part, (rows, _) in parts.items()}
        self._labels = {
            key: int(label)
            for rows, labels in parts.values()
            for key, label in zip(_keys(rows), labels, strict=True)
        }
        self.accuracy = accuracy
        self.fitted_on: list[str] = []
        self.epochs = 0
        self.scored_on: list[str] = []
        self.mislabeled: list[str] = []
        self.in_part: list[str] = []
        self.validation_split = 0.0

    def fit(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: Any = "auto",
        callbacks: Any = None,
        validation_split: float = 0.0,
        validation_data: Any = None,
        **_: Any,
    ) -> History:
        """Note whose rows they are; the history holds made-up numbers, which end highest."""
        self.fitted_on.append(self._whose(x))
        self._compare("model.fit", x, y)
        self.epochs += int(epochs)
        self.validation_split = validation_split
        names = ["loss", "accuracy"]
        if validation_data is not None:
            self.scored_on.append(self._whose(validation_data[0]))
            self._compare("model.fit", *validation_data[:2])
            names += ["val_loss", "val_accuracy"]
        end = self._measured()
        left = np.arange(int(epochs))[::-1] / 50
        return History({n: (end[n] + left * (1 if "loss" in n else -1)).tolist() for n in names})

    def evaluate(
        self,
        x: Any = None,
        y: Any = None,
        batch_size: int | None = None,
        verbose: Any = "auto",
        sample_weight: Any = None,
        steps: int | None = None,
        callbacks: Any = None,
        return_dict: bool = False,
        **_: Any,
    ) -> list[float] | dict[str, float]:
        """Note whose rows they are; loss and accuracy are made up."""
        self.scored_on.append(self._whose(x))
        self._compare("model.evaluate", x, y)
        measured = self._measured()
        loss, accuracy = measured["val_loss"], measured["val_accuracy"]
        return {"loss": loss, "accuracy": accuracy} if return_dict else [loss, accuracy]

    def predict(self, x: Any, *_: Any, **__: Any) -> np.ndarray:
        """Note whose rows they are; as many predictions are right as the accuracy says."""
        self.scored_on.append(self._whose(x))
        labels = np.array([self._labels.get(key, 0) for key in _keys(x)])
        right = np.arange(len(labels)) < round(self._measured()["val_accuracy"] * len(labels))
        return np.where(right == (labels == 1), 0.9, 0.1)[:, None]

    def _measured(self) -> dict[str, float]:
        return {**TRAINED, "val_accuracy": self.accuracy} if self.epochs else UNTRAINED

    def _whose(self, x: Any) -> str:
        given = set(_keys(x))
        return next((part for part, rows in self._parts.items() if given & rows), "other")

    def _compare(self, method: str, x: Any, y: Any) -> None:
        """Note rows that are not all of their part, and labels that are not their own."""
        if set(_keys(x)) not in self._parts.values():
            self.in_part.append(method)
        own = [self._labels.get(key) for key in _keys(x)]
        if y is None or np.ravel(y).tolist() != own:
            self.mislabeled.append(method)


def _keys(rows: Any) -> list[tuple[float, ...]]:
    return [tuple(row) for row in np.asarray(rows, dtype=float).round(6).tolist()]


class History:
    """Looks like what ``model.fit`` returns."""

    def __init__(self, history: dict[str, list[float]]) -> None:
        self.history = history

"""Stand-ins that tell a check which rows a learner's function trained on and scored on."""

from __future__ import annotations

from typing import Any

import numpy as np

from hpotutor.datasets.loader import Dataset, load
from hpotutor.exercises.engine import wrong

# What the stand-in for a network "measures": four numbers that nobody can take for each other.
MEASURED = {"loss": 0.1, "accuracy": 0.9, "val_loss": 0.7, "val_accuracy": 0.5}


class RowsProbe:
    """A data set and a model that remember how they were used.

    A check hands both to the learner's function instead of real ones, so that it judges the
    procedure, takes milliseconds, and needs no TensorFlow. ::

        probe = RowsProbe()
        checks.call(answer, probe.model, probe.data)
        probe.refuse_misuse()

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

    def __init__(self) -> None:
        rows = np.arange(60, dtype=float).reshape(30, 2)
        self.data: Dataset = load((rows, np.arange(30) % 2))
        self.model = ProbeModel(self.data)

    def refuse_misuse(self) -> None:
        """Refuse a function that looked at test rows or scored on rows it had trained on."""
        model = self.model
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
        if "other" in model.scored_on:
            wrong("This scores on rows that are not in the `data` which the function is given.")
        if "validation" not in model.scored_on:
            wrong("This never scores the network on the validation rows, `data.x_val`.")


class ProbeModel:
    """Looks like a compiled Keras model and notes whose rows it is given."""

    def __init__(self, data: Dataset) -> None:
        # In this order, so that training and test rows stacked together count as test rows.
        parts = {"test": data._test[0], "validation": data.x_val, "training": data.x_train}
        self._parts = {part: _as_set(rows) for part, rows in parts.items()}
        self.fitted_on: list[str] = []
        self.epochs = 0
        self.scored_on: list[str] = []

    def fit(
        self, x: Any, y: Any = None, *, validation_data: Any = None, epochs: int = 1, **_: Any
    ) -> History:
        """Note whose rows they are; the history holds made-up numbers."""
        self.fitted_on.append(self._whose(x))
        names = ["loss", "accuracy"]
        if validation_data is not None:
            self.scored_on.append(self._whose(validation_data[0]))
            names += ["val_loss", "val_accuracy"]
        self.epochs += int(epochs)
        return History({name: [MEASURED[name]] * int(epochs) for name in names})

    def evaluate(
        self, x: Any, y: Any = None, *, return_dict: bool = False, **_: Any
    ) -> list[float] | dict[str, float]:
        """Note whose rows they are; loss and accuracy are made up."""
        self.scored_on.append(self._whose(x))
        loss, accuracy = MEASURED["val_loss"], MEASURED["val_accuracy"]
        return {"loss": loss, "accuracy": accuracy} if return_dict else [loss, accuracy]

    def predict(self, x: Any, **_: Any) -> np.ndarray:
        """Note whose rows they are; every probability is a half."""
        self.scored_on.append(self._whose(x))
        return np.full((len(x), 1), 0.5)

    def _whose(self, x: Any) -> str:
        given = _as_set(x)
        return next((part for part, rows in self._parts.items() if given & rows), "other")


def _as_set(rows: Any) -> set[tuple[float, ...]]:
    return {tuple(row) for row in np.asarray(rows, dtype=float).round(6).tolist()}


class History:
    """Looks like what ``model.fit`` returns."""

    def __init__(self, history: dict[str, list[float]]) -> None:
        self.history = history

"""Trials, curves and races that the tests of figures draw."""

from __future__ import annotations

import numpy as np
import pandas as pd

EPOCHS = np.arange(1, 21)


class Result:
    """Stands for a SearchResult: a table, curves, a direction."""

    direction = "minimize"

    def __init__(self, frame: pd.DataFrame, curves: list | None = None) -> None:
        self.frame, self._curves = frame, curves or []

    def to_frame(self) -> pd.DataFrame:
        return self.frame

    def curves(self) -> list:
        return self._curves

    def importances(self) -> dict[str, float]:
        return {"units": 0.25, "learning_rate": 0.75}


def run(turn: int | None = None, top: float = 0.95) -> dict[str, list[float]]:
    """Return a learning curve; with ``turn`` its validation loss rises after that epoch."""
    loss = 2.0 * np.exp(-EPOCHS / 3)
    rise = 0.1 * np.maximum(0, EPOCHS - turn) if turn else 0
    return {
        "loss": list(loss),
        "val_loss": list(loss + 0.1 + rise),
        "accuracy": list(top * (1 - np.exp(-EPOCHS / 3))),
        "val_accuracy": list(0.9 * top * (1 - np.exp(-EPOCHS / 3))),
    }


def guessing(falls_to: float) -> dict[str, list[float]]:
    """Return the curve of a network with the accuracy of guessing, whose validation turns up."""
    loss = [5.0, 2.5, 2.45, 2.4, 2.4, falls_to]
    val_loss = [4.0, 2.3, 2.6, 2.7, 2.8, 3.0]
    return {"loss": loss, "val_loss": val_loss, "accuracy": [0.1] * 6, "val_accuracy": [0.1] * 6}


def trials(n: int = 40) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(
        {
            "trial": range(n),
            "learning_rate": 10 ** rng.uniform(-4, -1, n),
            "units": rng.choice([8, 16, 32, 64], n),
            "optimizer": rng.choice(["sgd", "adam", "rmsprop"], n),
            "value": rng.uniform(0.5, 0.98, n),
            "status": "complete",
            "epochs": 20,
            "seconds": 1.5,
            "seed": 0,
        }
    )
    frame.loc[3, ["value", "status"]] = [np.nan, "failed"]
    frame.loc[5, ["value", "status"]] = [np.nan, "diverged"]
    frame.loc[8, "status"] = "pruned"
    return frame


def grid_frame() -> pd.DataFrame:
    rows = [(a, b, v) for (a, b), v in zip(
        [(a, b) for b in (1, 2, 3) for a in (0.001, 0.01, 0.1)],
        [0.5, 0.6, 0.5, 0.7, 0.9, 0.6, 0.5, 0.8, np.nan], strict=True,
    )]  # fmt: skip
    frame = pd.DataFrame(rows, columns=["learning_rate", "layers", "value"])
    frame["status"] = np.where(frame["value"].isna(), "diverged", "complete")
    return frame


def rungs() -> pd.DataFrame:
    rows = []
    for rung, (epochs, alive) in enumerate(((1, range(9)), (3, (0, 1, 2)), (9, (1,)))):
        rows += [(rung, t, epochs, 0.5 + 0.1 * rung + 0.01 * t) for t in alive]
    return pd.DataFrame(rows, columns=["rung", "trial", "epochs", "value"])


def family() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "generation": [0, 0, 0, 1, 1, 2],
            "individual": [0, 1, 2, 3, 4, 5],
            "parents": [(), (), (), (0, 1), (1, 1), (3,)],
            "value": [0.5, 0.6, 0.4, 0.7, 0.65, 0.8],
        }
    )


def tasks() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "worker": ["a", "b", "a", "c"],
            "start": [0.0, 0.0, 60.0, 0.0],
            "end": [60.0, 90.0, 200.0, 30.0],
            "kind": ["rung 0", "rung 0", "rung 1", "killed"],
        }
    )


def gaussian(n: int = 50) -> dict:
    x = np.linspace(0, 1, n)
    return {"x": x, "mean": np.sin(3 * x), "std": 0.1 + 0 * x,
            "observed_x": [0.1, 0.9], "observed_y": np.sin([0.3, 2.7]),
            "acquisition": np.sin(3 * x)}  # fmt: skip


def bowl(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    return x**2 + 10 * y**2


PATHS = {"sgd": [(1.0, 1.0), (0.5, 0.2), (0.05, 0.0)], "adam": [(1.0, 1.0), (1.5, 1.0)]}
RATES = np.geomspace(1e-5, 1, 60)
LOSS = 2.3 - 1.8 / (1 + np.exp(-3 * (np.log10(RATES) + 2.5))) + np.where(RATES > 0.3, 9, 0)
REPLAY = np.random.default_rng(0).uniform(0.8, 0.9, (30, 12))

FRONT = pd.DataFrame({"weights": [9, 90, 900], "seconds": [3, 2, 1], "value": [0.8, 0.7, 0.9]})

"""Train a sample of a table again with plain Keras, and say how well it agrees.

python tools/tables/verify.py digits [--sample 50] [--seed 0] [--save]
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from tqdm.auto import tqdm

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor import setup

setup()  # as in the lessons; before TensorFlow is imported

from hpotutor._tensorflow import keras
from hpotutor._validation import check_seed
from hpotutor.cli import exit_status
from hpotutor.errors import DataError, Problems
from hpotutor.objectives.training import TrainObjective
from hpotutor.tabular.table import Table, open_table
from tools.tables.spec import spec_of, versions


class Agreement(NamedTuple):
    """How fresh trainings agree with a table.

    Parameters
    ----------
    runs : pandas.DataFrame
        A row a run: its configuration's number, the seed, ``table``, the mean validation accuracy
        of the stored runs, and ``keras``, that of the fresh one.
    rank_correlation : float
        Spearman's, between the two, over all runs.
    upper_half : float
        The same over the better half by the table, where differences are small.
    difference : float
        Mean absolute difference between the fresh run and a stored run of the same configuration.
    spread : float
        Mean absolute difference between two stored runs of the same configuration: what the seed
        alone does.
    """

    runs: pd.DataFrame
    rank_correlation: float
    upper_half: float
    difference: float
    spread: float

    def __str__(self) -> str:
        middle = (self.runs["keras"] - self.runs["table"]).quantile([0.1, 0.5, 0.9])
        return (
            f"{len(self.runs)} runs trained again with Model.fit.\n"
            f"Rank correlation with the table: {self.rank_correlation:.3f} "
            f"({self.upper_half:.3f} within the better half).\n"
            f"Validation accuracy, mean absolute difference from a stored run: "
            f"{self.difference:.4f}; between two stored runs: {self.spread:.4f}.\n"
            "Fresh run minus the table's mean: "
            f"10% below {middle[0.1]:+.4f}, half below {middle[0.5]:+.4f}, "
            f"90% below {middle[0.9]:+.4f}."
        )


def verify(table: Table, *, sample: int = 50, seed: int = 0) -> Agreement:
    """Train a stratified sample of a table's configurations with plain ``Model.fit``.

    Parameters
    ----------
    table : Table
        Of one of the data sets that tables are built of.
    sample : int, default 50
        How many runs; the configurations are drawn evenly over the table's ranking.
    seed : int, default 0
        Of the drawing.

    Returns
    -------
    Agreement

    Raises
    ------
    ArgumentError
        The table is of an unknown data set, or the sample is not from 2 to its size.
    DataError
        The rows are not those that the table was trained on.

    Notes
    -----
    ``Model.fit`` draws its batches in an order of its own, so that the fresh runs are new seeds:
    they should differ from the stored ones as these differ from each other.
    """
    spec = spec_of("verify", table.name)
    problems = Problems("verify")
    if isinstance(sample, bool) or not isinstance(sample, int) or not 2 <= sample <= len(table):
        problems.add("sample", sample, f"a whole number from 2 to {len(table)}", "sample=50")
    check_seed(problems, seed)
    problems.raise_if_any()
    data = spec.load()
    if data.fingerprint != table.about["data"]["rows"]:
        raise DataError(
            f"The rows of {table.name!r} here are not those that the table was trained on; "
            "scikit-learn may have changed them or their split. Type python tools/tables/build.py "
            f"{table.name}."
        )
    rng = np.random.default_rng(seed)
    stored = table.val_accuracy[:, :, -1]
    strata = np.array_split(np.argsort(stored.mean(axis=1), kind="stable"), sample)
    rows = []
    for stratum in tqdm(strata, unit="run", desc=f"verifying {table.name}"):
        index, run = int(rng.choice(stratum)), int(rng.integers(table.seeds))
        objective = TrainObjective(data, epochs=table.epochs, seed=run, build=network)
        evaluation = objective.evaluate(spec.network_at(index))
        # A network that diverged answers no better than chance; the table counts it as 0.
        rows.append((index, run, stored[index].mean(), np.nan_to_num(evaluation.value)))
    runs = pd.DataFrame(rows, columns=["configuration", "seed", "table", "keras"])
    return agreement(runs, stored)


def network(
    input_shape: tuple[int, ...],
    n_classes: int,
    *,
    architecture: str = "dense",
    layers: int = 1,
    units: int = 64,
    filters: int = 16,
    kernel_size: int = 3,
    strides: int = 2,
    pool_size: int = 1,
    dense_layers: int = 0,
    activation: str = "relu",
    dropout: float = 0.0,
    optimizer: str = "adam",
    learning_rate: float = 1e-3,
    seed: int | None = None,
) -> keras.Model:
    """Write a network of a table down with Keras alone, without this package's builders."""
    if architecture == "conv" and (pool_size, dense_layers) != (1, 0):
        raise DataError("The tables have networks of convolutions without pooling or hidden layer.")
    keras.utils.set_random_seed(0 if seed is None else seed)
    blocks: list[keras.layers.Layer] = [keras.Input(input_shape)]
    for layer in range(layers):
        if architecture == "conv":
            width = filters * 2**layer
            blocks.append(keras.layers.Conv1D(width, kernel_size, strides, "same"))
            blocks.append(keras.layers.Activation(activation))
        else:
            blocks.append(keras.layers.Dense(units, activation))
            blocks.append(keras.layers.Dropout(dropout))
    if architecture == "conv":
        blocks.append(keras.layers.Flatten())
    else:
        blocks.insert(1, keras.layers.Flatten())
    two = n_classes == 2
    output = ("sigmoid", "binary") if two else ("softmax", "sparse_categorical")
    blocks.append(keras.layers.Dense(1 if two else n_classes, output[0]))
    model = keras.Sequential(blocks)
    makers = {"sgd": keras.optimizers.SGD, "rmsprop": keras.optimizers.RMSprop}
    maker = makers.get(optimizer, keras.optimizers.Adam)
    model.compile(maker(learning_rate), output[1] + "_crossentropy", metrics=["accuracy"])
    return model


def agreement(runs: pd.DataFrame, stored: np.ndarray) -> Agreement:
    """Sum fresh runs up against the stored ones, an array (configurations, seeds)."""
    chosen = stored[runs["configuration"]]
    upper = runs[runs["table"] >= runs["table"].median()]
    fresh = runs["keras"].to_numpy()[:, None]
    pairs = np.abs(chosen[:, :, None] - chosen[:, None, :])
    others = chosen.shape[1] * (chosen.shape[1] - 1)
    return Agreement(
        runs,
        float(spearmanr(runs["table"], runs["keras"]).statistic),
        float(spearmanr(upper["table"], upper["keras"]).statistic),
        float(np.abs(chosen - fresh).mean()),
        float((pairs.sum(axis=(1, 2)) / others).mean()),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Train a sample again with plain Keras.")
    parser.add_argument("name", help="digits, breast_cancer or signals")
    parser.add_argument("--sample", type=int, default=50, help="how many runs")
    parser.add_argument("--seed", type=int, default=0, help="decides which runs")
    parser.add_argument("--save", action="store_true", help="keep it under benchmarks/results")
    chosen = parser.parse_args(arguments)
    table = open_table(chosen.name)
    found = verify(table, sample=chosen.sample, seed=chosen.seed)
    print(found)
    if chosen.save:
        kept = {"table": table.checksum, "versions": versions(), "seed": chosen.seed}
        kept |= {
            "found": str(found).splitlines(),
            "runs": found.runs.astype({"table": float}).round(4).to_dict("records"),
        }
        path = ROOT / "benchmarks" / "results" / f"verify_{table.name}.json"
        path.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    sys.exit(exit_status(main))

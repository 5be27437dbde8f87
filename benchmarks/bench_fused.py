"""The stack against what a learner would do instead.

Run ``python benchmarks/bench_fused.py`` for everything (about an hour on two cores),
``--quick`` for a few minutes with fewer repeats and smaller grids, or name some of: digits
threads jax conv grids live scaling seeds; jax only where it is installed (see ``_jax_stack.py``).
Writes ``benchmarks/results/fused_<name>.json`` and the
scaling figure.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
import timeit
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any

if "--serve" in sys.argv:  # before TensorFlow counts the cores
    os.sched_setaffinity(0, map(int, sys.argv[sys.argv.index("--serve") + 1].split(",")))

import numpy as np
from _timing import RESULTS, alternate, median, save, seconds_of
from scikeras.wrappers import KerasClassifier
from scipy.stats import ks_2samp, ttest_rel
from sklearn.datasets import load_breast_cancer, load_iris
from sklearn.model_selection import GridSearchCV, ParameterGrid, StratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import StandardScaler

import hpotutor as ht
from hpotutor._system import cores
from hpotutor._tensorflow import keras, tf
from hpotutor.fused import StackData, as_members, clear_programs, train_many

# The grids of the two articles: (rows, network, grid).
IRIS = {"batch_size": [16, 32], "epochs": [50, 100], "optimizer": ["adam", "rmsprop"]}
CANCER = {**IRIS, "batch_size": [10, 20], "initializer": ["uniform", "normal"]}


def digits() -> tuple:
    """Return the digits' training and validation rows."""
    data = ht.load("digits")
    return data.x_train, data.y_train, data.x_val, data.y_val


def fit_one(rows: tuple, epochs: int, seed: int = 0, **network: Any) -> float:
    """Train one network with ``Model.fit`` and return its last validation accuracy."""
    x, y, x_val, y_val = rows
    keras.utils.set_random_seed(seed)
    model = ht.build_mlp(x.shape[1], 10, seed=seed, **network)
    fit = model.fit(x, y, epochs=epochs, validation_data=(x_val, y_val), verbose=0)
    keras.backend.clear_session(free_memory=False)
    return fit.history["val_accuracy"][-1]


def fit_stack(rows: tuple, epochs: int, networks: int, **network: Any) -> list[float]:
    """Train that network with so many seeds as one stack."""
    asked = [{"seed": seed, **network} for seed in range(networks)]
    trained = train_many(*rows, asked, n_classes=10, epochs=epochs)
    return [one.curve["val_accuracy"][-1] for one in trained]


# ── 1. digits, 64 -> 32 -> 32 -> 10 ─────────────────────────────────────────
SMALL = {"layers": 2, "units": 32}


def bench_digits(quick: bool) -> dict:
    """Adam, batch 32, 20 epochs: per network, tracing included on both sides."""
    rows = digits()
    ways = {"fit": lambda: fit_one(rows, 20, **SMALL)}
    for networks in (32, 128):
        known = partial(fit_stack, rows, 20, networks, **SMALL)
        ways[f"{networks} networks, first call"] = lambda known=known: (clear_programs(), known())
        ways[f"{networks} networks, known shape"] = known
    fit_stack(rows, 1, 2, layers=1)  # the first trace of a process also loads code
    seconds = alternate(ways, 3 if quick else 5)
    one = median(seconds["fit"])
    print(f"{'digits, ' + counted_cores():34}{'seconds':>9}{'ms/network':>12}{'times less':>12}")
    print(f"{'Model.fit, one network':34}{one:9.2f}{1e3 * one:12.1f}{1:12}")
    ratios = {}
    for name in list(ways)[1:]:
        total, networks = median(seconds[name]), int(name.split()[0])
        ratios[name] = round(one * networks / total, 1)
        print(f"{name:34}{total:9.2f}{1e3 * total / networks:12.1f}{ratios[name]:12.0f}")
    return {"cores": cores(), "seconds": seconds, "times_less_per_network": ratios}


def counted_cores() -> str:
    """Return how many cores this process may use, in words."""
    return f"{cores()} core{'s' * (cores() > 1)}"


def bench_threads(quick: bool) -> dict:
    """One core against two: a process a core count, as ``taskset`` would start it; in turns."""
    permitted = sorted(os.sched_getaffinity(0))[:2]
    if len(permitted) < 2:
        raise SystemExit("threads: this process may use one core only; two are compared here.")
    counts = (8, 32, 64, 128) if quick else (8, 32, 64, 128, 512)
    seconds: dict[str, dict[str, list[float]]] = {str(k): {"1": [], "2": []} for k in counts}
    with ExitStack() as stack:
        workers = {
            str(n): stack.enter_context(_bound_to(permitted[:n]))
            for n in range(1, len(permitted) + 1)
        }
        for k in counts:
            for worker in workers.values():
                _ask(worker, k, 1)  # the trace
            for _ in range(3 if quick else 5):
                for n, worker in workers.items():
                    seconds[str(k)][n].append(_ask(worker, k, 20))
    print(f"{'networks':>10}{'1 core':>12}{'2 cores':>12}   ms a network, known shape")
    ratios = {}
    for k, ways in seconds.items():
        one, two = (1e3 * median(ways[n]) / int(k) for n in ("1", "2"))
        ratios[k] = round(one / two, 2)
        print(f"{k:>10}{one:12.1f}{two:12.1f}   {ratios[k]:.2f} times as fast")
    return {"seconds": seconds, "times_as_fast": ratios}


@contextmanager
def _bound_to(permitted: list[int]) -> Iterator[subprocess.Popen]:
    """Start this file as a process that may use these cores and trains what it is asked for."""
    command = [sys.executable, __file__, "--serve", ",".join(map(str, permitted))]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.stdin.close()


def _ask(process: subprocess.Popen, networks: int, epochs: int) -> float:
    process.stdin.write(f"{networks} {epochs}\n")
    process.stdin.flush()
    return float(process.stdout.readline())


def serve() -> None:
    """Answer each line "networks epochs" with the seconds that their training took."""
    rows = digits()
    for line in sys.stdin:
        networks, epochs = map(int, line.split())
        print(seconds_of(partial(fit_stack, rows, epochs, networks, **SMALL)), flush=True)


def bench_jax(quick: bool) -> dict:
    """The same training in JAX, its compilation of some seconds told apart, as ours is."""
    from _jax_stack import JaxStack

    rows, report = digits(), {}
    fit_stack(rows, 1, 2, layers=1)
    JaxStack(rows, (64, 4, 10), 1).fit(2)
    print(f"{'networks':>10}{'stack':>12}{'JAX':>12}{'first calls':>24}   ms a network")
    for k in (8, 32, 128) if quick else (8, 32, 128, 512):
        made: dict[str, JaxStack] = {}

        def compiled(k: int = k, made: dict = made) -> None:
            made["jax"] = JaxStack(rows, (64, 32, 32, 10), 20)
            made["jax"].fit(k)

        known = partial(fit_stack, rows, 20, k, **SMALL)
        ways = {
            "stack, first call": lambda known=known: (clear_programs(), known()),
            "JAX, first call": compiled,
            "stack, known shape": known,
            "JAX, known shape": lambda k=k, made=made: made["jax"].fit(k),
        }
        seconds = alternate(ways, 3 if quick else 5)
        cells = {name: 1e3 * median(values) / k for name, values in seconds.items()}
        first_ours, first_jax, ours, jax = cells.values()
        print(f"{k:>10}{ours:12.1f}{jax:12.1f}{first_ours:12.1f}{first_jax:12.1f}")
        report[str(k)] = {"seconds": seconds, "ms_per_network": cells}
    return report


# ── 2. convolutions on signals ──────────────────────────────────────────────
WAVES = {"layers": 3, "filters": (25, 25, 25), "kernel_size": 5, "strides": 2, "pool_size": 1}


def signals() -> tuple:
    """Return the training and validation rows of the signals, 40 points each."""
    data = ht.load("signals")
    return data.x_train, data.y_train, data.x_val, data.y_val


def bench_conv(quick: bool) -> dict:
    """32 networks of three layers of 25 filters, Adam, batch 32, 10 epochs; a known shape."""
    rows = signals()
    asked = [{**WAVES, "architecture": "conv", "seed": seed} for seed in range(32)]

    def fit_alone() -> None:
        x, y, x_val, y_val = rows
        model = ht.build_conv1d((40,), 10, seed=0, **WAVES)
        model.fit(x, y, epochs=10, validation_data=(x_val, y_val), verbose=0)
        keras.backend.clear_session(free_memory=False)

    together = partial(train_many, *rows, asked, n_classes=10, epochs=10, input_shape=(40,))
    together()
    fit_alone()
    seconds = alternate({"fit": fit_alone, "32 networks": together}, 3 if quick else 5)
    one, all_of_them = median(seconds["fit"]), median(seconds["32 networks"])
    ratio = round(32 * one / all_of_them, 1)
    bound = products_alone(rows, asked, epochs=10)
    print(f"convolutions: fit {1e3 * one:.0f} ms, stack {1e3 * all_of_them / 32:.1f} ms a network,")
    print(
        f"  {ratio:.0f} times less, on {counted_cores()}; the training's matrix products alone take"
    )
    print(f"  {1e3 * bound:.0f} ms a network on one core, as TensorFlow multiplies them")
    report = {"cores": cores(), "seconds": seconds, "times_less_per_network": ratio}
    return {**report, "products_alone": {"one core, seconds a network": bound}}


def products_alone(rows: tuple, asked: list[dict], epochs: int) -> float:
    """Return the seconds that a network's products take on one core, in batches of 32, in stacks.

    Each layer has three: forward, for its kernel, for its input (but for the first layer). What
    the stack does besides, from gathering patches to the optimizer, is not in it.
    """
    members, batch, repeats = 16, 32, 200
    data = StackData(*rows, n_classes=10, input_shape=(40,))
    one = as_members(asked[:1], 10, data.rows, data.input_shape)
    shape = data.shape(one)
    seconds = 0.0
    for layer, block in enumerate(shape.convolutions):
        *reach, filters = shape.kernels_of(one[0].widths)[layer]
        patches = tf.random.normal((members, math.prod(reach), block.places * batch))
        weights = tf.random.normal((members, math.prod(reach), filters))
        slopes = tf.random.normal((members, filters, block.places * batch))
        products = [
            partial(tf.matmul, weights, patches, transpose_a=True),
            partial(tf.matmul, patches, slopes, transpose_b=True),
            partial(tf.matmul, weights, slopes),
        ]
        for product in products[: 3 if layer else 2]:
            timer = timeit.Timer(product)
            timer.timeit(repeats)
            seconds += median(timer.repeat(5, repeats)) / repeats
    return seconds / members * epochs * -(-data.rows // batch)


# ── 3. the articles' grids ──────────────────────────────────────────────────
def iris() -> tuple:
    """Return article 001's rows and network: 4 -> 10 -> 3."""
    x, y = load_iris(return_X_y=True)
    return x.astype("float32"), y, {"layers": 1, "units": 10}


def cancer() -> tuple:
    """Return article 000's rows, scaled, and network: 30 -> 64 -> 32 -> 1."""
    x, y = load_breast_cancer(return_X_y=True)
    return (
        StandardScaler().fit_transform(x).astype("float32"),
        y,
        {"layers": 2, "units": (64, 32)},
    )


def grid_with_scikit_learn(x: np.ndarray, y: np.ndarray, network: dict, grid: dict) -> float:
    """Search with ``GridSearchCV(KerasClassifier)``, SciKeras's own, and return the best score."""
    sizes = {"n_features": x.shape[1], "n_classes": len(np.unique(y))}
    knobs = {f"model__{name}": value for name, value in {**sizes, **network}.items()}
    estimator = KerasClassifier(ht.build_mlp, verbose=0, **knobs)
    trained = ("batch_size", "epochs")
    grid = {n if n in trained else f"model__{n}": values for n, values in grid.items()}
    folds = StratifiedKFold(3)  # today's scikit-learn does not take SciKeras's for a classifier
    search = GridSearchCV(estimator, grid, cv=folds, refit=False, error_score="raise")
    return float(search.fit(x, y).best_score_)


def grid_with_stack(x: np.ndarray, y: np.ndarray, network: dict, grid: dict) -> float:
    """Search the same folds with the stack and return the best score."""
    clear_programs()
    folds = list(StratifiedKFold(3).split(x, y))
    points = list(ParameterGrid(grid))
    asked = [
        {**network, **point, "rows": rows, "val_rows": val_rows}
        for point in points
        for rows, val_rows in folds
    ]
    trained = train_many(x, y, None, None, asked, n_classes=len(np.unique(y)))
    scores = [one.curve["val_accuracy"][-1] for one in trained]
    return float(np.reshape(scores, (len(points), -1)).mean(axis=1).max())


def bench_grids(quick: bool) -> dict:
    """Start to best score; the stack forgets its traces before each repeat."""
    report = {}
    print(f"{'grid':22}{'fits':>6}{'GridSearchCV':>14}{'stack':>9}{'times less':>12}{'best':>15}")
    for name, load, grid in (("iris", iris, IRIS), ("breast cancer", cancer, CANCER)):
        x, y, network = load()
        if quick:
            grid = {**grid, "epochs": [value // 10 for value in grid["epochs"]]}
        scores: dict[str, float] = {}

        def search(way: str, action: Callable, scores=scores, args=(x, y, network, grid)) -> None:
            scores[way] = action(*args)

        slow = [seconds_of(partial(search, "GridSearchCV", grid_with_scikit_learn))]
        fast = [seconds_of(partial(search, "stack", grid_with_stack)) for _ in range(5)]
        fits = 3 * len(ParameterGrid(grid))
        ratio = median(slow) / median(fast)
        best = f"{scores['GridSearchCV']:.3f}/{scores['stack']:.3f}"
        print(f"{name:22}{fits:6}{median(slow):14.1f}{median(fast):9.2f}{ratio:12.0f}{best:>15}")
        report[name] = {
            "fits": fits,
            "grid": grid,
            "GridSearchCV": slow,
            "stack": fast,
            "times_less": round(ratio, 1),
            "best_score": scores,
        }
    return report


# ── 4. what a live widget waits for ─────────────────────────────────────────
def bench_live(quick: bool) -> dict:
    """16 networks, 15 epochs, digits: seconds to the first curves and to all of them."""
    from hpotutor.fused import Stack

    data = StackData(*digits(), n_classes=10)
    asked = [{"units": 32, "learning_rate": 10 ** (-n / 4), "seed": n} for n in range(16)]

    def run() -> tuple[float, float]:
        start = time.perf_counter()
        stack = Stack(data, asked)
        stack.train_epoch()
        first = time.perf_counter() - start
        stack.train(14)
        return first, time.perf_counter() - start

    clear_programs()
    traced = run()
    known = [run() for _ in range(5 if quick else 9)]
    first, whole = (median(list(part)) for part in zip(*known, strict=True))
    print(f"16 networks, 15 epochs: first curves after {first:.2f} s, all after {whole:.2f} s")
    print(f"  in the first run, trace included, {traced[0]:.2f} and {traced[1]:.2f} s")
    return {"first_run": traced, "known_shape": known, "first_curves": first, "all": whole}


# ── 5. how the cost grows ───────────────────────────────────────────────────
def fit_scikit_learn(rows: tuple, width: int, epochs: int) -> None:
    """Train the same network with ``MLPClassifier`` (Adam, batch 32, no validation)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that so few epochs have not converged
        MLPClassifier(
            (width,), batch_size=32, max_iter=epochs, n_iter_no_change=epochs, random_state=0
        ).fit(rows[0], rows[1])


def bench_scaling(quick: bool) -> dict:
    """Seconds an epoch per network, for K networks of a width; known shapes."""
    rows, epochs = digits(), 2 if quick else 5
    counts = (1, 8, 32, 128) if quick else (1, 8, 32, 128, 512)
    widths = (32, 128) if quick else (32, 128, 512)
    repeats = 3 if quick else 5
    table: dict[str, dict[str, float]] = {}
    print(f"{'ms an epoch per network':26}" + "".join(f"{k:>10}" for k in counts) + "   MLPClas.")
    for width in widths:
        cells = {}
        for k in counts:
            fit_stack(rows, 1, k, units=width)
            runs = [seconds_of(partial(fit_stack, rows, epochs, k, units=width))]
            budget = 0 if runs[0] > 10 else repeats - 1  # a long run is its own average
            runs += [
                seconds_of(partial(fit_stack, rows, epochs, k, units=width)) for _ in range(budget)
            ]
            cells[str(k)] = 1e3 * median(runs) / k / epochs
        alone = [seconds_of(partial(fit_scikit_learn, rows, width, epochs)) for _ in range(repeats)]
        cells["MLPClassifier"] = 1e3 * median(alone) / epochs
        table[str(width)] = cells
        print(f"width {width:<20}" + "".join(f"{value:10.2f}" for value in cells.values()))
    _draw_scaling(table, counts)
    return {"ms_per_epoch_per_network": table}


def _draw_scaling(table: dict, counts: tuple) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    colors = ("#0072B2", "#D55E00", "#009E73")
    alone = 3 * counts[-1]  # scikit-learn's network stands beside the stacks, on its own
    for (width, cells), color, marker in zip(table.items(), colors, "os^", strict=False):
        values = [cells[str(k)] for k in counts]
        ax.loglog(counts, values, color=color, marker=marker)
        ax.plot(alone, cells["MLPClassifier"], color=color, marker=marker, markerfacecolor="white")
        ax.annotate(
            f"{width} units",
            (counts[-1], values[-1]),
            (0, 7),
            textcoords="offset points",
            ha="right",
        )
    ax.axvline(counts[-1] * 3**0.5, color="0.6", linewidth=0.8)
    ax.set_xticks([*counts, alone], [*map(str, counts), "scikit-learn's\nMLPClassifier"])
    ax.minorticks_off()
    ax.set_yticks([0.5, 1, 2, 5, 10, 20], ["0.5", "1", "2", "5", "10", "20"])
    ax.set_xlabel("networks in the stack")
    ax.set_ylabel("milliseconds an epoch per network")
    ax.set_title("In a stack of 32 a network costs a fraction of what it costs alone")
    RESULTS.mkdir(exist_ok=True)
    figure.savefig(RESULTS / "fused_scaling.png", dpi=110)
    plt.close(figure)


# ── 6. the same distribution of scores ──────────────────────────────────────
def bench_seeds(quick: bool) -> dict:
    """Validation accuracy over seeds: stack against plain Keras, two-sample and paired.

    A seed means the same initial weights on both sides. Those of a hundred seeds can be lucky
    together: other seeds for Keras would measure that luck too.
    """
    rows, seeds, epochs = digits(), 20 if quick else 100, 5 if quick else 10
    network = {"units": 32, "dropout": 0.2}
    ours = fit_stack(rows, epochs, seeds, **network)
    theirs = [fit_one(rows, epochs, seed=seed, **network) for seed in range(seeds)]
    test, pairs = ks_2samp(ours, theirs), ttest_rel(ours, theirs)
    both = [f"{np.mean(scores):.4f} ± {np.std(scores):.4f}" for scores in (ours, theirs)]
    low, high = pairs.confidence_interval()
    print(f"{seeds} seeds: stack {both[0]}, Keras {both[1]}")
    print(f"Kolmogorov-Smirnov {test.statistic:.3f}, p = {test.pvalue:.2f}")
    print(f"stack minus Keras, seed by seed: {low:.4f} to {high:.4f} (95%), p = {pairs.pvalue:.2f}")
    return {
        "stack": ours,
        "keras": theirs,
        "ks_statistic": float(test.statistic),
        "p_value": float(test.pvalue),
        "difference_95": [float(low), float(high)],
        "paired_p_value": float(pairs.pvalue),
    }


BENCHMARKS = {
    "digits": bench_digits,
    "threads": bench_threads,
    "jax": bench_jax,
    "conv": bench_conv,
    "grids": bench_grids,
    "live": bench_live,
    "scaling": bench_scaling,
    "seeds": bench_seeds,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"some of: {' '.join(BENCHMARKS)}")
    parser.add_argument("--quick", action="store_true", help="fewer repeats, smaller sizes")
    parser.add_argument("--serve", metavar="CORES", help="for the threads benchmark's own use")
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    everything = [name for name in BENCHMARKS if name != "jax" or find_spec("jax")]
    for name in options.names or everything:
        record = BENCHMARKS[name](options.quick)
        save(f"fused_{name}", {"quick": options.quick, **record})


if __name__ == "__main__":
    main()

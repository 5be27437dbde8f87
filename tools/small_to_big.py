"""Train and replay what lesson 13 shows and does not compute itself, and store it.

    python tools/small_to_big.py [width] [batch] [carry] [tuning] [fidelity] [start]

``width`` and ``batch`` train networks over learning rates, ``carry`` random settings on fewer
rows and with fewer units, ``tuning`` fine-tunes, ``fidelity`` races histories of the tables,
``start`` searches a table from the best of another. Each resumes where it was stopped; all take
about an hour of one core.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

import numpy as np

import hpotutor as ht
from hpotutor.analysis.statistics import win_share
from hpotutor.errors import StopSearch
from hpotutor.search import bayesian
from hpotutor.tabular import histories as stored
from tools.tables import histories
from tools.tables.store import whole

FILE = ROOT / "hpotutor" / "datasets" / "data" / "small_to_big.json"
SCRATCH = ROOT / "runs" / "small_to_big"
WIDTHS, SEEDS = (16, 32, 64, 128, 256, 512), 8
WIDTH_RATES = {"adam": range(-10, -3), "sgd": range(-5, 2)}  # powers of two
BATCHES = (8, 16, 32, 64, 128, 256, 512)
BATCH_RATES = {"sgd": range(-7, 2), "adam": range(-12, -3)}  # three powers more above 64 rows
SETTINGS = 60  # drawn for the rankings


def store(**parts: Any) -> None:
    """Put parts into the file; what else it holds stays."""
    held = json.loads(FILE.read_text()) if FILE.exists() else {}
    lines = [f'"{name}": {json.dumps(part)}' for name, part in sorted({**held, **parts}.items())]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8", newline="\n")


def once(name: str, compute: Callable[[], Any]) -> Any:
    """Return what was computed under this name, now or in an earlier run."""
    path = SCRATCH / f"{name}.npy"
    if not path.exists():
        found = np.asarray(compute())
        with whole(path) as file:
            np.save(file, found)
        print(name, found.shape, flush=True)
    return np.load(path)


def trained(data: Any, members: Sequence[dict], epochs: int, **more: Any) -> list[list[float]]:
    """Train networks; return (last training loss, last validation accuracy) of each."""
    rows = (data.x_train, data.y_train, data.x_val, data.y_val)
    done = ht.fused.train_many(
        *rows, members, n_classes=data.n_classes, epochs=epochs, threads=1, **more
    )
    pairs = [(one.curve["loss"], one.curve["val_accuracy"]) for one in done]
    return [
        [loss[-1], accuracy[-1]] if one.status != "diverged" else [float("nan"), 0.1]
        for one, (loss, accuracy) in zip(done, pairs, strict=True)
    ]


def short(values: Any) -> Any:
    """Return numbers to four significant digits, None where a training diverged."""
    if np.ndim(values):
        return [short(value) for value in values]
    return float(f"{values:.4g}") if np.isfinite(values) else None


# ── the learning rate against the width, and against the batch ───────────────────────────────
def width() -> None:
    """Train two hidden layers of 16 to 512 units over learning rates, in both parametrizations."""
    data, found = ht.load("signals"), {}
    for optimizer, kind in itertools.product(WIDTH_RATES, ("standard", "mup")):
        rates = [2.0**power for power in WIDTH_RATES[optimizer]]
        rows = []
        for units in WIDTHS:
            fixed = {"units": (units, units), "optimizer": optimizer, "batch_size": 64}
            fixed |= {"parametrization": kind, "base_units": 64}
            members = [
                dict(**fixed, learning_rate=rate, seed=seed)
                for rate, seed in itertools.product(rates, range(SEEDS))
            ]
            one = once(f"width-{optimizer}-{kind}-{units}", lambda m=members: trained(data, m, 4))
            rows.append(one.reshape(len(rates), SEEDS, 2))
        losses, accuracies = np.moveaxis(rows, -1, 0)  # (widths, rates, seeds)
        found[f"{optimizer} {kind}"] = {"loss": short(losses), "accuracy": short(accuracies)}
    rates = {name: [2.0**power for power in powers] for name, powers in WIDTH_RATES.items()}
    store(width={"widths": WIDTHS, "rates": rates, **found})


def batch() -> None:
    """Train networks for 8 epochs at batch sizes 8 to 512, over learning rates."""
    data, found = ht.load("signals"), {}
    for optimizer, powers in BATCH_RATES.items():
        rates = [[2.0 ** (p + 3 * (size > 64)) for p in powers] for size in BATCHES]
        rows = []
        for size, tried in zip(BATCHES, rates, strict=True):
            fixed = {"units": 64, "optimizer": optimizer, "batch_size": size}
            members = [
                dict(**fixed, learning_rate=rate, seed=seed)
                for rate, seed in itertools.product(tried, range(SEEDS))
            ]
            one = once(f"batch-{optimizer}-{size}", lambda m=members: trained(data, m, 8))
            rows.append(one.reshape(len(tried), SEEDS, 2))
        losses, accuracies = np.moveaxis(rows, -1, 0)
        found[optimizer] = {"rates": rates, "loss": short(losses), "accuracy": short(accuracies)}
    store(batch={"sizes": BATCHES, **found})


# ── does the ranking carry? ──────────────────────────────────────────────────────────────────
def carry() -> None:
    """Train random settings in full, and on fewer rows, with fewer units, for fewer epochs."""
    data, rng = ht.load("signals"), np.random.default_rng(0)
    space = ht.SearchSpace(
        learning_rate=ht.loguniform(3e-4, 1.0),
        optimizer=ht.choice("sgd", "momentum", "adam", "rmsprop"),
        layers=ht.integers(1, 3),
        activation=ht.choice("relu", "tanh", "sigmoid"),
        dropout=ht.uniform(0.0, 0.5),
        l2=ht.loguniform(1e-6, 1e-2),
    )
    settings = [space.sample(rng) for _ in range(SETTINGS)]
    order, rows = rng.permutation(len(data.y_train)), len(data.y_train)
    epochs = 12

    def curves(units: int, part: int, seed: int, long: int) -> np.ndarray:
        own = None if part == 1 else np.sort(order[: rows // part])
        members = [dict(**s, units=units, seed=seed, rows=own) for s in settings]
        given = (data.x_train, data.y_train, data.x_val, data.y_val, members)
        done = ht.fused.train_many(*given, n_classes=data.n_classes, epochs=long, threads=1)
        found = np.full((SETTINGS, long), 0.1)
        for place, one in enumerate(done):
            if one.status != "diverged":
                found[place] = one.curve["val_accuracy"]
        return found

    full = [
        once(f"carry-full-{seed}", lambda s=seed: curves(64, 1, s, epochs)) for seed in (0, 1, 2)
    ]
    parts = {"full": [one[:, -1] for one in full]}
    for n in (1, 2, 4, 8):
        parts[f"{n} epochs"] = [full[0][:, n - 1]]  # of the same trainings, and of others
        parts[f"{n} epochs, other seed"] = [full[1][:, n - 1]]
    for part in (2, 5, 10, 20):
        name = f"carry-rows-{part}"
        parts[f"1/{part} of the rows"] = [
            once(name, lambda p=part: curves(64, p, 1, epochs))[:, -1]
        ]
    for units in (32, 16, 8, 4):
        name = f"carry-units-{units}"
        parts[f"{units} units"] = [once(name, lambda u=units: curves(u, 1, 1, epochs))[:, -1]]
    store(carry={name: short(values) for name, values in parts.items()})


# ── fine-tuning ──────────────────────────────────────────────────────────────────────────────
PAIRS, DRAWS = 5, 4  # of new kinds, each the two that no body has seen; draws of rows of each
ROWS = {5: 40, 20: 40, 100: 15}  # a class, and for how many epochs
BODY = {"architecture": "conv", "layers": 2, "filters": 8, "kernel_size": 5, "units": 32}
WAYS = {  # rates by layer, and the learning rates that are tried
    "from scratch": ((1, 1, 1, 1), (0.001, 0.003, 0.01, 0.03)),
    "frozen": ((0, 0, 0, 1), (0.003, 0.01, 0.03, 0.1)),
    "one rate": ((1, 1, 1, 1), (0.0003, 0.001, 0.003, 0.01)),
    "two rates": ((0.1, 0.1, 0.1, 1), (0.003, 0.01, 0.03, 0.1)),
}


def tuning() -> None:
    """Train on eight kinds of signals; learn the other two from few rows, in four ways."""
    scores: dict[tuple[str, int], list[np.ndarray]] = {}
    for pair in range(PAIRS):
        for asked, found in _tuned(ht.load("signals"), pair).items():
            scores.setdefault(asked, []).append(found)
    found = {}
    for (way, rows), parts in scores.items():
        whole = np.concatenate(parts, axis=1)  # (rates, repeats, (validation, test))
        best = int(whole[..., 0].mean(axis=1).argmax())  # by validation rows
        test = short(whole[best, :, 1])
        found[f"{way}, {rows}"] = {"rate": WAYS[way][1][best], "test": test}
    store(tuning=found)


def _tuned(data: Any, pair: int) -> dict[tuple[str, int], np.ndarray]:
    """Return each way's scores for one pair of new kinds, (rates, draws, 2)."""
    parts = ((data.x_train, data.y_train), (data.x_val, data.y_val), data.open_test(again=True))
    old = [part[y // 2 != pair] for x, y in parts[:2] for part in (x, y - 2 * (y // 2 > pair))]
    new = [(x[y // 2 == pair], y[y // 2 == pair] % 2) for x, y in parts]
    (x, y), (x_val, y_val), test = new
    given = {"n_classes": 8, "epochs": 20, "input_shape": data.input_shape, "threads": 1}
    body: list[np.ndarray] = []
    results = {}
    for (rows, epochs), (way, (layer_rates, rates)) in itertools.product(
        ROWS.items(), WAYS.items()
    ):

        def compute(
            rate: float, rows: int = rows, epochs: int = epochs, way: str = way,
            layer_rates: tuple = layer_rates,
        ) -> list[list[float]]:  # fmt: skip
            if not body:
                first = [{**BODY, "learning_rate": 0.003, "seed": pair}]
                body.extend(ht.fused.train_many(*old, first, keep_weights=True, **given)[0].weights)
            members = []
            for draw in range(DRAWS):
                rng, seed = np.random.default_rng([pair, draw]), 100 + 10 * pair + draw
                own = [rng.permutation(np.flatnonzero(y == kind))[:rows] for kind in (0, 1)]
                network = {**BODY, "seed": seed, "layer_rates": layer_rates, "learning_rate": rate}
                if way != "from scratch":
                    head = ht.build_conv1d(data.input_shape, 2, seed=seed, **_built(BODY))
                    network["weights"] = body[:-2] + head.get_weights()[-2:]
                members.append({**network, "rows": np.sort(np.concatenate(own)), "batch_size": 8})
            more = {**given, "n_classes": 2, "epochs": epochs, "evaluations": {"test": test}}
            done = ht.fused.train_many(x, y, x_val, y_val, members, **more)
            return [[d.curve[f"{on}_accuracy"][-1] for on in ("val", "test")] for d in done]

        name = f"tuning-{pair}-{way.replace(' ', '-')}-{rows}"
        results[way, rows] = np.array(
            [once(f"{name}-{rate:g}", lambda f=compute, r=rate: f(r)) for rate in rates]
        )  # (rates, draws, (validation, test))
    return results


def _built(network: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in network.items() if name != "architecture"}


# ── searches on tables ───────────────────────────────────────────────────────────────────────
TABLES = ("digits", "signals", "breast_cancer")
BUDGETS = (300, 1000, 3000)  # epochs


def fidelity() -> None:
    """Race BOHB against Hyperband and random search: repeats as the histories have them."""
    found = {}
    for name in TABLES:
        objective = ht.TableObjective(name, quiet=True)
        # As many repeats as tools/tables/histories.py NAME --methods bohb has finished.
        searches = {"bohb": stored.stored_history(objective, "bohb")}
        repeats = len(searches["bohb"].index)
        searches |= {"hyperband": "hyperband", "random": "random"}
        most = int(3000 / objective.epochs)
        race = ht.compare(searches, objective, trials=most)
        one: dict[str, Any] = {"repeats": repeats}
        for other, what in itertools.product(("hyperband", "random"), ("regret", "best")):
            chances = [race.probability("bohb", other, n, what, "epochs") for n in BUDGETS]
            one[f"{what}, against {other}"] = short([list(chance) for chance in chances])
        spent = np.unique(np.geomspace(150, 3000, 16).round())
        one["epochs"] = short(spent)
        for method in race.methods:
            regrets = [race.at(n, "regret", "epochs")[method] for n in spent]
            one[f"regret, {method}"] = short([float(np.median(regret)) for regret in regrets])
        found[name] = one
    store(fidelity=found)


STARTS = {  # where the five settings come from, and where they are tried first
    "breast_cancer to digits": ("breast_cancer", "digits"),
    "signals to digits": ("signals", "digits"),
    "digits to breast_cancer": ("digits", "breast_cancer"),
    "digits to signals": ("digits", "signals"),
}
TRIALS, SEARCHES = 30, 100


def start() -> None:
    """Search with TPE from the five best of 50 random trials on another table, and without."""
    found = {}
    for name, (source, target) in STARTS.items():
        objective = ht.TableObjective(target, quiet=True)
        asked = once(f"start-{source}-{target}", lambda s=source, t=target: _searches(s, t))
        cold = once(f"start-none-{target}", lambda t=target: _searches(None, t))
        regret = objective.best().value - objective.truth
        at = (1, 5, 10, 20, 30)
        one: dict[str, Any] = {"trials": at}
        ends = {
            kind: _chosen(objective, runs, at) for kind, runs in (("warm", asked), ("cold", cold))
        }
        chances = [_ahead(regret[w], regret[c]) for w, c in zip(*ends.values(), strict=True)]
        one["ahead"] = short([list(chance) for chance in chances])
        one |= {kind: short([np.median(regret[n]) for n in index]) for kind, index in ends.items()}
        found[name] = one
    store(start=found)


def _ahead(warm: np.ndarray, cold: np.ndarray) -> Any:
    return win_share(-warm, -cold)


def _chosen(objective: Any, asked: np.ndarray, at: Sequence[int]) -> list[np.ndarray]:
    """Return which configuration each search held for best after so many trials."""
    index, value = asked[..., 0].astype(int), asked[..., 1]
    return [
        np.take_along_axis(index, value[:, :n].argmax(axis=1)[:, None], axis=1)[:, 0] for n in at
    ]


def _searches(source: str | None, target: str) -> np.ndarray:
    """Return (index, score) of each trial of each search, (searches, trials, 2)."""
    found = []
    for seed in range(SEARCHES):
        recorder = Scores(ht.TableObjective(target, seed=seed, quiet=True), TRIALS)
        first = _best_of(source, recorder.space, seed) if source else []
        recorder.started = [recorder.evaluate(params) for params in first]
        with contextlib.suppress(StopSearch):
            bayesian.LOOPS["optuna"](recorder, seed, {"startup": None})
        found.append(recorder.scored[:TRIALS])
    return np.array(found)


class Scores(histories.TracingRecorder):
    """Notes each score besides what was asked."""

    def answer(self, *question: Any) -> Any:
        evaluation = super().answer(*question)
        index = self.asked[-1][0]
        self.scored = [*getattr(self, "scored", []), (index, np.nan_to_num(evaluation.value))]
        return evaluation


def _best_of(source: str, space: Any, seed: int) -> list[dict[str, Any]]:
    """Return the five best of 50 random trials on a table, in the words of another's space."""
    objective = ht.TableObjective(source, seed=1000 + seed, quiet=True)
    rng = np.random.default_rng([1000, seed])
    drawn = [objective.space.sample(rng) for _ in range(50)]
    scores = [np.nan_to_num(objective.evaluate(params).value) for params in drawn]
    return [_translated(drawn[n], space) for n in np.argsort(scores)[::-1][:5]]


def _translated(params: dict[str, Any], space: Any) -> dict[str, Any]:
    """Return a setting in the words of another space, with usual values where it has none."""
    usual = {"architecture": "dense", "activation": "relu", "units": 64, "dropout": 0.0}
    known = {n: value for n, value in {**usual, **params}.items() if n in space}
    if known.get("architecture") == "dense":  # the knobs of a convolution do not exist
        known = {n: value for n, value in known.items() if n not in ("filters", "kernel_size")}
    for name, least in (("layers", 2), ("batch_size", 32)):
        if name == "layers" and "activation" in space:
            known[name] = min(known[name], least)
        elif name == "batch_size" and "architecture" in space:
            known[name] = max(known[name], least)
    return known


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Compute and store what lesson 13 shows.")
    jobs = {job.__name__: job for job in (width, batch, carry, tuning, fidelity, start)}
    parser.add_argument("jobs", nargs="*", choices=[*jobs, []], help="by default all")
    asked = parser.parse_args().jobs or list(jobs)
    SCRATCH.mkdir(parents=True, exist_ok=True)
    ht.setup()
    for name in asked:
        jobs[name]()


if __name__ == "__main__":
    main()

"""What the recorder adds to a trial, beside what each library's own loop costs.

Run ``python benchmarks/bench_recorder.py``; writes ``benchmarks/results/recorder.json``. The
objective is a function that takes no time, so that all that is left is overhead.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import hpotutor as ht

RESULTS = Path(__file__).parent / "results"
REPEATS = 7
SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-4, 1e-1),
    units=ht.integers(8, 128, step=8),
    optimizer=ht.choice("sgd", "adam"),
)
# Method, library, trials: KerasTuner's Gaussian process takes seconds a trial.
LIBRARIES = [
    ("random", "scikit-learn", 200),
    ("random", "optuna", 200),
    ("random", "hyperopt", 200),
    ("random", "keras_tuner", 100),
    ("bayesian", "optuna", 200),
    ("bayesian", "hyperopt", 200),
    ("bayesian", "gp", 30),
    ("bayesian", "keras_tuner", 12),
    ("genetic", "plain", 200),
    ("genetic", "optuna", 200),
]


def value(params: dict) -> float:
    return params["learning_rate"] * params["units"]


def recorder_alone(log: Callable[[int], str | None], trials: int = 300) -> dict[str, float]:
    """Return the milliseconds that one ``Recorder.evaluate`` takes, wall clock and processor.

    The smallest of some repeats: the one that other programs disturbed least.
    """
    objective = ht.FunctionObjective(value)
    points = [SPACE.sample(seed) for seed in range(trials)]
    wall, processor = [], []
    for repeat in range(REPEATS):
        with ht.Recorder(
            objective, SPACE, method="bench", library="none", log=log(repeat), progress=False
        ) as recorder:
            start, start_processor = time.perf_counter(), time.process_time()
            for params in points:
                recorder.evaluate(params)
            processor.append((time.process_time() - start_processor) / trials * 1e3)
            wall.append((time.perf_counter() - start) / trials * 1e3)
    return {"wall": round(min(wall), 3), "processor": round(min(processor), 3)}


def whole_search(method: str, library: str, trials: int) -> float:
    """Return the milliseconds a trial of a whole search in memory."""
    search = getattr(ht, f"{method}_search")
    objective = ht.FunctionObjective(value)
    search(objective, SPACE, trials=min(trials, 8), library=library, progress=False)  # warm
    times = []
    for _ in range(REPEATS if trials >= 30 else 1):
        start = time.perf_counter()
        search(objective, SPACE, trials=trials, library=library, progress=False)
        times.append((time.perf_counter() - start) / trials * 1e3)
    return min(times)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        memory = recorder_alone(lambda repeat: None)
        logged = recorder_alone(lambda repeat: f"{folder}/{repeat}.log")
    report = {"recorder_ms": {"in memory": memory, "with a log": logged}}
    print(f"Milliseconds a trial{'wall':>18}{'processor':>12}")
    for name, taken, limit in (("in memory", memory, 0.5), ("with a log", logged, 3)):
        print(
            f"  recorder, {name:18}{taken['wall']:8.3f}{taken['processor']:12.3f}   (limit {limit})"
        )
    print("Library's own loop (a whole search in memory less the recorder)")
    report["library_ms"] = {}
    for method, library, trials in LIBRARIES:
        own = whole_search(method, library, trials) - memory["wall"]
        report["library_ms"][f"{method}, {library}"] = round(own, 3)
        print(f"  {method + ', ' + library:29}{own:9.3f}   ({trials} trials)", flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "recorder.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Memory of 200 real trials in one process, with Keras and with the stack.

Run ``python benchmarks/bench_memory.py``; writes ``benchmarks/results/memory.json``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
WAYS = {
    "keras": {},
    "fused": {"engine": "fused"},
}

CHILD = """
import json, os, sys
import psutil
import hpotutor as ht

trials, settings = int(sys.argv[1]), json.loads(sys.argv[2])
me = psutil.Process()
space = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-4, 1e-1),
    units=ht.integers(8, 64, step=8),
    layers=ht.integers(1, 2),
    optimizer=ht.choice("sgd", "adam", "rmsprop"),
)
objective = ht.TrainObjective(ht.load("digits"), epochs=2, **settings)
sizes = []

original = ht.Recorder._count
def count(self, key, evaluation):
    original(self, key, evaluation)
    sizes.append(me.memory_info().rss / 1e6)

ht.Recorder._count = count
ht.random_search(objective, space, trials=trials, library="optuna", progress=False)
print(json.dumps(sizes))
"""


def measure(trials: int, settings: dict) -> list[float]:
    """Return megabytes after each trial."""
    command = [sys.executable, "-c", CHILD, str(trials), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    trials = parser.parse_args().trials
    report = {}
    print(f"{'':10}{'first':>9}{'last':>9}{'MB/trial':>10}{'largest':>9}")
    for name, settings in WAYS.items():
        sizes = measure(trials, settings)
        growth = (sizes[-1] - sizes[len(sizes) // 5]) / (len(sizes) * 0.8)
        report[name] = {
            "trials": trials,
            "first_mb": round(sizes[0]),
            "last_mb": round(sizes[-1]),
            "mb_per_trial": round(growth, 2),
            "largest_mb": round(max(sizes)),
        }
        print(f"{name:10}{sizes[0]:9.0f}{sizes[-1]:9.0f}{growth:10.2f}{max(sizes):9.0f}")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "memory.json").write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

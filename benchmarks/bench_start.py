"""What TensorFlow's start settings are worth: a stack and one ``Model.fit`` under each.

Run ``python benchmarks/bench_start.py`` (five minutes); writes ``benchmarks/results/start.json``.
"""

from __future__ import annotations

import os
import subprocess
import sys

from _timing import median, save

WAYS = {
    "hpotutor: 1 thread an operation, oneDNN": {},
    "1 thread an operation, no oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "TensorFlow's threads, oneDNN": {"TF_NUM_INTRAOP_THREADS": "0"},
    "TensorFlow's threads, no oneDNN": {
        "TF_NUM_INTRAOP_THREADS": "0",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    },
}

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from _timing import seconds_of
from bench_fused import digits, fit_one, fit_stack

rows, network = digits(), {"layers": 2, "units": 32}
fit_stack(rows, 1, 32, **network)
fit_one(rows, 1, **network)
print(seconds_of(lambda: fit_stack(rows, 10, 32, **network)))
print(seconds_of(lambda: fit_one(rows, 10, **network)))
"""


def main(repeats: int = 5) -> None:
    seconds = {name: {"stack": [], "fit": []} for name in WAYS}
    for _ in range(repeats):
        for name, variables in WAYS.items():
            done = subprocess.run(
                [sys.executable, "-c", CHILD, os.path.dirname(os.path.abspath(__file__))],
                env={**os.environ, **variables},
                capture_output=True,
                text=True,
                check=True,
            )
            stack, fit = map(float, done.stdout.split())
            seconds[name]["stack"].append(stack)
            seconds[name]["fit"].append(fit)
    print(f"{'seconds of 10 epochs on digits':42}{'32 networks, stacked':>22}{'one Model.fit':>15}")
    for name, both in seconds.items():
        print(f"{name:42}{median(both['stack']):22.2f}{median(both['fit']):15.2f}")
    save("start", {"epochs": 10, "seconds": seconds})


if __name__ == "__main__":
    main()

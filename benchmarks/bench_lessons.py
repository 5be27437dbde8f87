"""Seconds and memory of each lesson, and whether it prints the same again, in any order.

Run ``python benchmarks/bench_lessons.py [ROUNDS]`` on an otherwise idle machine (three rounds of
twelve lessons take well over half an hour); writes ``benchmarks/results/lessons.json``, anew after
each lesson, so that stopping it loses nothing. The first round goes through the lessons in order,
the others shuffle them. The goals on two cores: at most 60 s and 1.2 GB a lesson, and the same
text in all cells tagged ``nbval-check-output``.

Seconds differ from machine to machine. So each round also times what a lesson is made of, a
20-epoch ``Model.fit`` of a small network on the digits, in a process of its own.
"""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import psutil
from _timing import median, save

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import notebooks  # noqa: E402

ONE_FIT = """
import time
import hpotutor as ht

data = ht.load("digits")

def fit():
    network = ht.build_mlp(64, 10, seed=0)
    network.fit(data.x_train, data.y_train, epochs=20, batch_size=32, verbose=0)

fit()  # the first one pays for loading
start = time.perf_counter()
fit()
print(time.perf_counter() - start)
"""


class Memory(threading.Thread):
    """Watches what the processes started from here hold together, in MB; ``peak`` is the most."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak, self._over = 0.0, threading.Event()

    def run(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.2):
            held = 0
            for process in me.children(recursive=True):
                with contextlib.suppress(psutil.NoSuchProcess):  # it has ended since
                    held += process.memory_info().rss
            self.peak = max(self.peak, held / 1e6)

    def stop(self) -> float:
        """End the thread and return the peak."""
        self._over.set()
        self.join()
        return self.peak


def tagged(notebook: nbformat.NotebookNode) -> list[str]:
    """Return the text under each cell whose output the tests compare."""
    cells = [c for c in notebook.cells if "nbval-check-output" in c.metadata.get("tags", [])]
    return ["".join(sorted(t for out in c.outputs for t in notebooks.texts(out))) for c in cells]


def measure(path: Path) -> tuple[float, float, list[str]]:
    """Execute a lesson in a new kernel; return its seconds, its megabytes and its tagged text."""
    memory = Memory()
    memory.start()
    start = time.perf_counter()
    notebook = notebooks.execute(path)
    seconds = time.perf_counter() - start
    return seconds, memory.stop(), tagged(notebooks.clean(notebook))


def seconds_of_one_fit() -> float:
    """Return how long one small ``Model.fit`` takes in a fresh process, loading left out."""
    command = [sys.executable, "-c", ONE_FIT]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(rounds: int = 3) -> None:
    """Print a line a lesson, and keep the figures."""
    paths = notebooks.lessons()
    stored = {path.stem: tagged(nbformat.read(path, as_version=4)) for path in paths}
    found: dict[str, dict] = {name: {"seconds": [], "mb": [], "same": []} for name in stored}
    fits: list[float] = []
    for number in range(rounds):
        fits.append(round(seconds_of_one_fit(), 2))
        for path in paths if number == 0 else random.Random(number).sample(paths, len(paths)):
            seconds, megabytes, said = measure(path)
            mine = found[path.stem]
            mine["seconds"].append(round(seconds, 1))
            mine["mb"].append(round(megabytes))
            mine["same"].append(said == stored[path.stem])
            ratio = seconds / median(fits)
            print(f"{path.stem:26}{seconds:7.1f} s{ratio:7.1f} fits{megabytes:8.0f} MB  "
                  f"tagged outputs {'the same' if mine['same'][-1] else 'DIFFER'}",
                  flush=True)  # fmt: skip
            save("lessons", {"one_fit_seconds": fits, "lessons": found})


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))

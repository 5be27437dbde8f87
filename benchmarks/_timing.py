"""What the benchmarks share: timing a pair of ways in one run, and keeping the figures."""

from __future__ import annotations

import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import hpotutor

hpotutor.setup()  # as in the lessons; processes that a benchmark starts do so, too

RESULTS = Path(__file__).parent / "results"


def seconds_of(action: Callable[[], Any]) -> float:
    """Return the wall-clock seconds of one call."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def alternate(ways: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Time each way so many times, turn by turn, so that a busy minute hits all of them."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, action in ways.items():
            seconds[name].append(seconds_of(action))
    return seconds


def median(values: list[float]) -> float:
    """Return the middle value."""
    return statistics.median(values)


def save(name: str, record: dict[str, Any]) -> None:
    """Write ``results/<name>.json`` with the machine and the versions beside the figures."""
    machine = {
        "date": time.strftime("%Y-%m-%d"),
        "cores": os.cpu_count(),
        "processor": platform.machine(),
        "python": platform.python_version(),
        **{library: version(library) for library in ("keras", "numpy", "scikit-learn")},
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine, **record}, indent=2) + "\n")

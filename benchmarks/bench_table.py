"""The table against its promises, and against the training that it stands for.

Run ``python benchmarks/bench_table.py``, or with ``--quick`` without the training; writes
``benchmarks/results/table.json``. Of several repeats the fastest counts.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from functools import partial

from _timing import save, seconds_of

import hpotutor as ht
from hpotutor.tabular.comparison import compare
from hpotutor.tabular.histories import open_histories, random_history, replay

REPEATS = 5
# In a process of its own: what opening takes beyond the imports of any use of the package.
OPENING = """
import time
import numpy, pandas, optuna, psutil, hpotutor
from hpotutor.tabular import histories as replay
from hpotutor.tabular import table
memory = psutil.Process().memory_info
before = memory().rss
start = time.perf_counter()
opened = table.open_table("digits")
middle = time.perf_counter()
replay.open_histories(opened)
end = time.perf_counter()
after = memory().rss
print(middle - start, end - start, (after - before) / 1e6)
"""


def opening() -> list[float]:
    """Return seconds to open the table, seconds with the traces, and megabytes of both."""
    runs = []
    for _ in range(REPEATS):
        child = [sys.executable, "-c", OPENING]
        ran = subprocess.run(child, capture_output=True, text=True, check=True)
        runs.append([float(number) for number in ran.stdout.split()])
    return [min(column) for column in zip(*runs, strict=True)]


def many_random_searches(objective: ht.TableObjective) -> None:
    """Replay 10,000 random searches of 100 trials."""
    replay(objective, random_history(objective, trials=100, repeats=10_000))


def compare_and_draw(objective: ht.TableObjective) -> None:
    """Compare five methods over 1,000 repeats and draw the race."""
    stored = list(open_histories(objective.table)[0]["methods"])
    methods = ["grid", "random", *stored][:5]
    race = compare(methods, objective, trials=40, repeats=1000)
    race.summary()
    ht.plots.race(race.values(), cost=race.cost("epochs"), against="epochs")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="leave out the training")
    quick = parser.parse_args().quick
    objective = ht.TableObjective("digits", quiet=True)
    table, both, megabytes = opening()
    timed = {
        "10,000 random searches of 100 trials, s": (partial(many_random_searches, objective), 1),
        "5 methods x 1,000 repeats compared and drawn, s": (
            partial(compare_and_draw, objective),
            5,
        ),
    }
    rows = [
        ("opening the table, s", table, 0.2),
        ("opening table and traces, s", both, 0.3),
        ("memory of table and traces, MB", megabytes, 100),
    ]
    for name, (action, limit) in timed.items():
        rows.append((name, min(seconds_of(action) for _ in range(REPEATS)), limit))
    best = partial(objective.evaluate, objective.best().params)
    rows.append(("one evaluation looked up, s", min(seconds_of(best) for _ in range(200)), None))
    if not quick:
        trained = ht.TrainObjective(ht.load("digits"), epochs=objective.epochs)
        fit = partial(trained.evaluate, objective.best().params)
        rows.append(("the same trained, s", min(seconds_of(fit) for _ in range(3)), None))
    for name, value, limit in rows:
        promised = f"   (limit {limit})" if limit is not None else ""
        print(f"{name:50}{value:10.5f}{promised}")
    save("table", {name: round(value, 6) for name, value, _ in rows})


if __name__ == "__main__":
    main()

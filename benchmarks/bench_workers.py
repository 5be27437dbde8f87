"""Two workers against one on real trainings, what a scheduler adds to a trial, and a prediction.

Run ``python benchmarks/bench_workers.py`` on an otherwise idle machine; writes
``benchmarks/results/workers.json``. ``--small`` only shows that it runs, and writes nothing.
The goals: 40 trainings at least 1.6 times as fast on two workers as on one, less than 10 ms of
overhead per trial at 1,000 trivial trials, and a simulated clock that foretells the two workers.
"""

from __future__ import annotations

import heapq
import sys
from collections.abc import Sequence

import distributed
from _timing import alternate, median, save, seconds_of

import hpotutor as ht

SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-3, 1e-1),
    units=ht.integers(16, 64, step=16),
    optimizer=ht.choice("sgd", "rmsprop", "adam"),
)


def cluster(workers: int) -> distributed.Client:
    """Return a client of a new cluster on this machine, with TensorFlow loaded on its workers."""
    local = distributed.LocalCluster(
        n_workers=workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        silence_logs=50,
    )
    client = distributed.Client(local)
    client.run(_warm)
    return client


def _warm() -> None:
    from hpotutor._tensorflow import keras

    keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(1)])


def foretold(seconds: Sequence[float], workers: int) -> float:
    """Return when the last training ends if each goes to the worker that is free first."""
    free = [0.0] * workers
    for one in seconds:
        heapq.heappush(free, heapq.heappop(free) + one)
    return max(free)


def trainings(count: int, epochs: int, repeats: int) -> dict:
    """Time a random search of real Keras trainings on one worker and on two."""
    objective = ht.TrainObjective(ht.load("digits"), epochs=epochs)
    clients = {workers: cluster(workers) for workers in (1, 2)}
    found = {}

    def search(workers: int, trials: int = count) -> None:
        found[workers] = ht.random_search(
            objective, SPACE, trials=trials, client=clients[workers], progress=False
        )

    for workers in clients:
        search(workers, trials=2 * workers)  # each worker builds its first graph
    taken = alternate({w: lambda w=w: search(w) for w in clients}, repeats)
    for client in clients.values():
        client.cluster.close()
    # From what each training took on two workers, which share memory and caches.
    there = [evaluation.seconds for evaluation in found[2].evaluations]
    one, two = median(taken[1]), median(taken[2])
    return {
        "trainings": count,
        "epochs": epochs,
        "one_worker_seconds": [round(s, 2) for s in taken[1]],
        "two_workers_seconds": [round(s, 2) for s in taken[2]],
        "speed_up": round(one / two, 2),
        "foretold_two_workers_seconds": round(foretold(there, 2), 2),
        "equal_scores": [e.value for e in found[1].evaluations]
        == [e.value for e in found[2].evaluations],
    }


def overhead(trials: int, repeats: int) -> dict:
    """Return the milliseconds that a trial of no work takes, here and on two workers."""
    objective = ht.FunctionObjective(lambda params, epochs: params["units"], epochs=9)
    client = cluster(2)
    ways = {
        "random": lambda **k: ht.random_search(objective, SPACE, **k),
        "asha": lambda **k: ht.hyperband_search(objective, SPACE, library="asha", **k),
    }
    report = {}
    for name, search in ways.items():
        search(trials=10, client=client, progress=False)
        for place, where in (("in this process", None), ("two workers", client)):
            taken = [
                seconds_of(lambda s=search, w=where: s(trials=trials, client=w, progress=False))
                for _ in range(repeats)
            ]
            report[f"{name}, {place}"] = round(min(taken) / trials * 1e3, 2)
    client.cluster.close()
    return {"trials": trials, "ms_per_trial": report}


def main() -> None:
    small = "--small" in sys.argv[1:]
    trained = trainings(*((4, 2, 1) if small else (40, 20, 3)))
    print(f"{trained['trainings']} trainings: {trained['speed_up']} times as fast on two workers")
    print(f"  (goal 1.6; foretold {trained['foretold_two_workers_seconds']} s, "
          f"took {trained['two_workers_seconds']} s)")  # fmt: skip
    added = overhead(*((50, 1) if small else (1000, 3)))
    for name, milliseconds in added["ms_per_trial"].items():
        print(f"  {name:26}{milliseconds:8.2f} ms a trial   (limit 10)")
    if not small:
        save("workers", {"speed": trained, "overhead": added})


if __name__ == "__main__":
    main()

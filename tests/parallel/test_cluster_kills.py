"""``kill -9`` of a worker, or of the scheduler, while a search runs on a Dask cluster."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

import hpotutor as ht
from hpotutor.study.storage import to_evaluation
from tests.clusters import local_client
from tests.search_cases import CASES, Case

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX systems"
)
SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-3, 1e-1),
    units=ht.integers(2, 8, step=2),
    optimizer=ht.choice("sgd", "adam"),
)
TRIALS = 6  # KerasTuner: no more than its random start, whose model would take seconds a trial
KILLS = 20


class Noted:
    """A slow function that writes down each call, before it works on it."""

    def __init__(self, path, seconds=0.03):
        self.path, self.seconds = str(path), seconds

    def __call__(self, params, epochs):
        line = json.dumps([sorted(params.items()), epochs]) + "\n"
        with open(
            self.path, "a"
        ) as file:  # one short write, so that lines of two workers are whole
            file.write(line)
        time.sleep(self.seconds)
        return params["learning_rate"] * params["units"] - 0.5**epochs

    def lines(self):
        """Return every call so far."""
        try:
            with open(self.path) as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []


@pytest.fixture(scope="module")
def client():
    with local_client(3) as connected:
        yield connected


class Killer(threading.Thread):
    """Kills one process as soon as so many calls were made, unless told to stop before."""

    def __init__(self, pid, noted, calls):
        super().__init__()
        self.pid, self.noted, self.calls = pid, noted, calls
        self.enough = threading.Event()
        self.killed = False

    def run(self):
        while not self.enough.is_set():
            if len(self.noted.lines()) >= self.calls:
                os.kill(self.pid, signal.SIGKILL)
                self.killed = True
                return
            time.sleep(0.003)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.enough.set()
        self.join()


def search(case, noted, folder, client):
    objective = ht.FunctionObjective(noted, epochs=4)
    log = folder / f"{case}.log"
    return case.search(objective, SPACE, trials=TRIALS, log=log, client=client)


def test_every_search_survives_the_death_of_a_worker(client, tmp_path):
    cases = [CASES[i % len(CASES)] for i in range(max(KILLS, len(CASES)))]
    killed = 0
    for case in cases:
        draw = random.Random(str(case))
        noted = Noted(tmp_path / f"{case}.calls")
        client.wait_for_workers(2, timeout=60)
        victim = draw.choice(list(client.run(os.getpid).values()))
        with Killer(victim, noted, draw.randint(1, TRIALS - 1)) as killer:
            result = search(case, noted, tmp_path, client)
        killed += killer.killed
        assert len(result) == TRIALS, case
        assert {e.status for e in result.evaluations} <= {"complete", "pruned"}, case
        # An Optuna pruner hears of each epoch, so one training is several calls there.
        assert max(Counter(noted.lines()).values()) <= 2, case
        logged = [to_evaluation(trial).params for trial in result.study.trials]
        assert sorted(map(str, logged)) == sorted(str(e.params) for e in result.evaluations), case
        before = len(noted.lines())
        again = search(case, noted, tmp_path, client)  # all of it is read from the log
        assert len(noted.lines()) == before, case
        assert [e.params for e in again.evaluations] == [e.params for e in result.evaluations], case
    assert killed >= KILLS


@pytest.fixture(scope="module")
def connect(tmp_path_factory):
    """Return a function that starts a scheduler with two workers, and connects to it."""
    import dask

    processes = []

    def start(kind, *options):
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        processes.append(process)
        return process

    def both():
        file = tmp_path_factory.mktemp("cluster") / "scheduler.json"
        here = ["--host", "127.0.0.1", "--scheduler-file", str(file), "--no-dashboard"]
        scheduler = start("scheduler", "--port", "0", *here)
        while not file.exists():
            assert scheduler.poll() is None
            time.sleep(0.05)
        for _ in range(2):  # without a nanny, which would be a process more
            start("worker", *here, "--nthreads", "1", "--no-nanny")
        client = distributed.Client(scheduler_file=str(file))
        client.wait_for_workers(2, timeout=60)
        return scheduler, client

    with dask.config.set({"distributed.comm.timeouts.connect": "3s"}):
        yield both
    for process in processes:
        process.terminate()
        process.wait()


@pytest.mark.parametrize(
    "case", [Case("hyperband", "asha"), Case("random", "scikit-learn")], ids=str
)
def test_without_its_scheduler_a_search_ends_in_words_and_goes_on(connect, tmp_path, case):
    scheduler, client = connect()
    noted = Noted(tmp_path / "calls", seconds=0.1)
    with Killer(scheduler.pid, noted, 5):
        found = search(case, noted, tmp_path, client)
    assert 0 < len(found) < TRIALS
    assert "connection to the Dask scheduler is lost" in found.stopped
    client.close()
    found = search(case, noted, tmp_path, None)
    assert len(found) == TRIALS
    assert max(Counter(noted.lines()).values()) <= 2

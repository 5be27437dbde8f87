"""``kill -9`` in the middle of a search, at random moments: nothing that finished is lost."""

import json
import multiprocessing
import random
import signal
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

import hpotutor as ht
from tests.search_cases import CASES, seen

pytestmark = pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="SIGKILL and fork servers are POSIX"
)
SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-3, 1e-1),
    units=ht.integers(2, 8, step=2),
    optimizer=ht.choice("sgd", "adam"),
)
TRIALS = 8


class Noted:
    """A slow function that writes down each call before it works on it."""

    def __init__(self, path):
        self.path = path

    def __call__(self, params, epochs):
        with open(self.path, "a") as file:
            file.write(json.dumps([sorted(params.items()), epochs]) + "\n")
        time.sleep(0.004)
        return params["learning_rate"] * params["units"] - 0.5**epochs

    def calls(self):
        """Return how often each call was made."""
        path = Path(self.path)
        return Counter(path.read_text().splitlines() if path.exists() else [])


def child(case, folder):
    """Run one search and write what it found; the whole life of a process."""
    noted = Noted(f"{folder}/calls")
    objective = ht.FunctionObjective(noted, epochs=4)
    result = case.search(objective, SPACE, trials=TRIALS, log=f"{folder}/search.log")
    Path(folder, "result.json").write_text(json.dumps(seen(result)))


@cache
def server():
    """Return a server that forks children with all libraries imported, so that each is quick."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(
        [
            "hyperopt",
            "keras_tuner",
            "optuna",
            "sklearn.model_selection",
            "hpotutor.objectives.training",
        ]
        + [f"hpotutor.search.{name}" for name in ("bayesian", "genetic", "hyperband", "random")]
    )
    return context


def start(case, folder):
    folder.mkdir(exist_ok=True)
    process = server().Process(target=child, args=(case, str(folder)))
    process.start()
    return process


def finish(case, folder):
    start(case, folder).join()
    # Not the exit code: a process that starts in one thread takes those of another thread's.
    result = folder / "result.json"
    assert result.exists(), f"{case} did not come to its end"
    return json.loads(result.read_text())


def kill_and_resume(case, seed, folder):
    """Return the resumed search, how often it was asked what, and whether the kill hit it."""
    draw = random.Random(f"{case} {seed}")
    calls = Path(folder, "calls")
    process = start(case, folder)
    enough = draw.randint(1, TRIALS - 1)
    while process.is_alive() and (not calls.exists() or calls.read_text().count("\n") < enough):
        time.sleep(0.001)
    time.sleep(draw.uniform(0, 0.008))
    process.kill()  # unless it has ended meanwhile
    process.join()
    hit = not (folder / "result.json").exists()
    return finish(case, folder), Noted(calls).calls(), hit


def test_killed_searches_end_as_uninterrupted_ones(tmp_path):
    """Each method and library is killed once, which makes 20 kills over the matrix."""
    assert len(CASES) >= 20

    def check(case):
        whole = finish(case, tmp_path / f"{case} whole")
        calls = Noted(tmp_path / f"{case} whole" / "calls").calls()
        resumed, repeated, hit = kill_and_resume(case, 0, tmp_path / f"{case} killed")
        assert resumed == whole, case
        assert set(repeated) == set(calls), case
        twice = repeated - calls
        # The trial in flight may have been asked about several epochs of the same parameters.
        assert len({json.dumps(json.loads(call)[0]) for call in twice}) <= 1, (case, twice)
        assert all(count == 1 for count in twice.values()), (case, twice)
        return hit

    with ThreadPoolExecutor(2) as pool:
        hits = list(pool.map(check, CASES))
    assert sum(hits) >= 18, "too many searches ended before they were killed"


def test_killed_again_and_again(tmp_path):
    case = next(case for case in CASES if case.library == "gp")
    folder = tmp_path / "search"
    whole = finish(case, tmp_path / "whole")
    for seed in range(5):
        resumed, _, _ = kill_and_resume(case, seed, folder)
        assert resumed == whole
        (folder / "result.json").unlink()
        # Back to half of the log, cut within a line, as if killed there.
        log = folder / "search.log"
        log.write_bytes(log.read_bytes()[: -len(log.read_bytes()) // 2])

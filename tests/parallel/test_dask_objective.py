"""Searches on a Dask cluster: the same answers, and nothing lost when a worker dies."""

import os
import signal
import time
from pathlib import Path

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.parallel.dask_objective import WorkerObjective, on_workers
from hpotutor.parallel.dask_pool import DaskPool
from hpotutor.study.storage import to_evaluation
from tests.clusters import local_client
from tests.messages import refused

distributed = pytest.importorskip("distributed")

SPACE = ht.SearchSpace(x=ht.uniform(-1, 1), n=ht.integers(1, 4))


def bowl(params, epochs=9):
    return -(params["x"] ** 2) - 0.1 * params["n"] - 1 / epochs


@pytest.fixture(scope="module")
def client():
    with local_client(2) as connected:
        yield connected


SEARCHES = {
    "grid": lambda **k: ht.grid_search(levels=3, **k),
    "random": lambda **k: ht.random_search(trials=12, **k),
    "quasi": lambda **k: ht.random_search(trials=8, quasi=True, library="optuna", **k),
    "genetic": lambda **k: ht.genetic_search(trials=12, **k),
    "hyperband": lambda **k: ht.hyperband_search(**k),
    "halving": lambda **k: ht.hyperband_search(library="scikit-learn", **k),
}


@pytest.mark.parametrize("search", SEARCHES)
def test_workers_give_the_same_trials(search, client):
    objective = ht.FunctionObjective(bowl, epochs=9)
    run = SEARCHES[search]
    alone = run(objective=objective, space=SPACE, seed=3, progress=False)
    spread = run(objective=objective, space=SPACE, seed=3, progress=False, client=client)
    assert [e.params for e in alone.evaluations] == [e.params for e in spread.evaluations]
    assert [e.value for e in alone.evaluations] == [e.value for e in spread.evaluations]


LEARNING = {
    "tpe": lambda **k: ht.bayesian_search(library="optuna", **k),
    "gp": lambda **k: ht.bayesian_search(library="gp", **k),
    "asha": lambda **k: ht.hyperband_search(library="asha", **k),
}


@pytest.mark.parametrize("search", LEARNING)
def test_a_search_that_learns_keeps_its_budget_and_goes_on(search, client, tmp_path):
    asked = {"space": SPACE, "seed": 0, "progress": False, "client": client}
    asked |= {"objective": ht.FunctionObjective(bowl, epochs=9), "log": tmp_path / "x.log"}
    first = LEARNING[search](trials=7, **asked)
    again = LEARNING[search](trials=20, **asked)
    assert (len(first), len(again)) == (7, 20)
    kept = [e.params for e in first.evaluations]
    assert [e.params for e in again.evaluations[:7]] == kept
    assert len({(str(e.params), e.epochs) for e in again.evaluations}) == 20
    assert again.stopped == "the budget of 20 trials is spent"


def test_epochs_bound_what_runs_at_once(client):
    result = ht.bayesian_search(
        ht.FunctionObjective(bowl, epochs=9),
        SPACE,
        trials=50,
        max_epochs=40,
        library="optuna",
        client=client,
        progress=False,
    )
    assert len(result) == 4
    assert "40 epochs" in result.stopped


@pytest.mark.parametrize("search", LEARNING)
def test_no_worker_is_idle_while_a_search_learns(search, client, tmp_path):
    def noting(params, epochs):
        start = time.time()
        time.sleep(0.8)  # longer than a suggestion of the Gaussian process
        (tmp_path / f"{start}").write_text(str(time.time()))
        return params["x"]

    LEARNING[search](
        objective=ht.FunctionObjective(noting, epochs=9), space=SPACE, trials=10, client=client
    )
    spans = [(float(path.name), float(path.read_text())) for path in tmp_path.iterdir()]
    together = [sum(a < end and start < b for a, b in spans) - 1 for start, end in spans]
    assert sum(count > 0 for count in together) >= 5


def test_results_train_in_this_process_afterwards(client):
    objective = ht.FunctionObjective(bowl)
    with on_workers(objective, client, "random_search") as spread:
        assert isinstance(spread, WorkerObjective)
        assert spread.workers == 2
        assert spread.local is objective
        assert spread.describe() == objective.describe()


def test_workers_ask_for_a_client_that_is_one():
    with refused("client='locl'.*Did you mean 'local'"):
        ht.random_search(ht.FunctionObjective(bowl), SPACE, trials=2, client="locl")


def test_a_cluster_on_this_machine_listens_on_loopback_only():
    psutil = pytest.importorskip("psutil")
    with on_workers(ht.FunctionObjective(bowl, epochs=9), "local", "random_search") as spread:
        assert spread.evaluate({"x": 0.5, "n": 1}).status == "complete"
        here = psutil.Process()
        heard = [
            connection.laddr.ip
            for process in (here, *here.children(recursive=True))
            for connection in process.net_connections()
            if connection.status == psutil.CONN_LISTEN
        ]
    assert len(heard) >= 3
    assert set(heard) == {"127.0.0.1"}


def test_a_stack_stays_where_it_pays(client, capsys):
    objective = ht.TrainObjective(ht.load("iris"), engine="fused", epochs=1)
    with on_workers(objective, client, "grid_search") as asked:
        assert asked is objective
    assert "stays in this one" in capsys.readouterr().out


def test_what_an_objective_raises_is_a_failed_trial(client):
    def picky(params):
        if params["x"] > 0.6:
            raise RuntimeError("too wide")
        return params["x"]

    result = ht.random_search(
        ht.FunctionObjective(picky), SPACE, trials=10, seed=0, client=client, progress=False
    )
    by_sign = {e.params["x"] > 0.6: e.status for e in result.evaluations}
    assert by_sign == {True: "failed", False: "complete"}


class Deadly:
    """Kills the worker that evaluates it when it meets one number for the first time(s)."""

    def __init__(self, folder, deaths):
        self.folder, self.deaths = Path(folder), deaths

    def __call__(self, params):
        path = self.folder / f"{params['k']}-{os.getpid()}-{time.monotonic_ns()}"
        path.touch()
        met = len(list(self.folder.glob(f"{params['k']}-*")))
        if params["k"] == 5 and met <= self.deaths:
            os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(0.02)
        return float(params["k"])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX systems")
@pytest.mark.parametrize(("deaths", "status"), [(1, "complete"), (9, "failed")])
def test_nothing_is_lost_when_a_worker_is_killed(client, tmp_path, deaths, status):
    space = ht.SearchSpace(k=ht.integers(0, 11))
    trained = tmp_path / "trained"
    trained.mkdir()
    objective = ht.FunctionObjective(Deadly(trained, deaths))
    result = ht.grid_search(
        objective, space, levels=12, log=tmp_path / "x.log", client=client, progress=False
    )
    assert len(result) == 12
    found = {e.params["k"]: e for e in result.evaluations}
    assert found[5].status == status
    assert status == "complete" or "worker processes died" in found[5].reason
    assert {k for k, e in found.items() if e.status == "complete"} >= set(range(12)) - {5}
    times = [len(list(trained.glob(f"{k}-*"))) for k in range(12)]
    assert max(times) <= 2
    logged = [to_evaluation(trial) for trial in result.study.trials]
    assert sorted(e.params["k"] for e in logged) == list(range(12))


class Slayer(Deadly):
    """Kills every worker that it meets with one of some numbers, after half a second."""

    def __call__(self, params):
        if params["k"] % 4 == 1:
            time.sleep(0.5)  # so that Dask could put others in line behind it
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(params)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 is for POSIX systems")
def test_a_trial_is_not_blamed_for_its_neighbors(client, tmp_path):
    objective = ht.FunctionObjective(Slayer(tmp_path, deaths=0))
    space = ht.SearchSpace(k=ht.integers(0, 7))
    result = ht.grid_search(objective, space, levels=8, client=client, progress=False)
    failed = {e.params["k"] for e in result.evaluations if e.status == "failed"}
    assert failed == {1, 5}
    trained = [len(list(tmp_path.glob(f"{k}-*"))) for k in range(8) if k not in failed]
    assert trained == [1] * 6


def test_scikit_learns_own_search_runs_on_the_same_cluster(client):
    import joblib
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    data = ht.load("iris")
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0, 10.0]}, cv=3)
    with joblib.parallel_config(backend="dask"):
        search.fit(data.x_train, data.y_train)
    assert search.best_score_ > 0.8


class Numbered(ht.FunctionObjective):
    def evaluate(self, params, epochs=None, *, on_epoch=None):
        return ht.Evaluation(params, float(self.trial))


def test_trials_on_workers_have_numbers_that_no_other_has(client, tmp_path):
    for trials in (3, 6):  # the second search goes on where the first one ended
        settings = {"trials": trials, "log": tmp_path / "search.log", "progress": False}
        result = ht.random_search(Numbered(bowl), SPACE, client=client, **settings)
    assert sorted(result.to_frame()["value"]) == list(range(6))
    asha = ht.hyperband_search(
        Numbered(bowl, epochs=4), SPACE, library="asha", trials=5, client=client, progress=False
    )
    assert sorted(asha.to_frame()["value"]) == list(range(5))


def test_workers_that_dasks_own_callback_forgets_are_not_dead(client, monkeypatch):
    monkeypatch.setattr(client, "scheduler_info", lambda **_: {"workers": {}})
    pool = DaskPool(client, ht.FunctionObjective(bowl))
    assert pool.size == 2
    pool.close()


def test_callbacks_and_weights_go_to_the_workers(tmp_path):
    def noting(trial, params):
        from hpotutor._tensorflow import keras

        path = tmp_path / f"{trial}_{params['units']}_{os.getpid()}"
        return [keras.callbacks.CSVLogger(path)]

    weights = {"class_weight": {"setosa": 9}, "sample_weight": np.linspace(0.1, 3, 150)}
    objective = ht.TrainObjective(ht.load("iris"), epochs=1, callbacks=noting, **weights)
    space = ht.SearchSpace(units=ht.integers(2, 60))
    settings = {"log": tmp_path / "search.log", "progress": False}
    with local_client(1) as client:  # so that TensorFlow is imported once
        for trials in (1, 2):  # the second search goes on where the first one ended
            result = ht.random_search(objective, space, trials=trials, client=client, **settings)
    asked = [(str(n), str(e.params["units"])) for n, e in enumerate(result.evaluations)]
    noted = sorted(path.name.split("_") for path in tmp_path.glob("*_*"))
    assert [(number, units) for number, units, _ in noted] == asked
    assert str(os.getpid()) not in {process for *_, process in noted}
    here = objective.evaluate(result.evaluations[0].params)
    assert result.evaluations[0].curve["loss"] == pytest.approx(here.curve["loss"], rel=1e-5)
    plain = ht.TrainObjective(objective.data, epochs=1).evaluate(here.params)
    assert plain.curve["loss"] != pytest.approx(here.curve["loss"], rel=0.1)

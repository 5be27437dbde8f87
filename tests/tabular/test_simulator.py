"""The simulated clock: stragglers, deaths, and methods that wait or do not."""

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.tabular.simulator import (
    AsynchronousHalving,
    Job,
    RandomScheduler,
    SynchronousHalving,
    simulate,
)
from tests.small_table import small_table


@pytest.fixture(scope="module")
def objective():
    return ht.TableObjective(small_table(), quiet=True)


def test_a_simulation_repeats(objective):
    def once():
        scheduler = AsynchronousHalving(objective, eta=2)
        return simulate(scheduler, objective, workers=3, jobs=30, stragglers=0.5, failures=0.1)

    assert once().equals(once())


def test_the_job_of_a_dead_worker_is_begun_again(objective):
    frame = simulate(
        RandomScheduler(objective), objective, workers=4, jobs=200, failures=0.2, seed=1
    )
    lost, kept = frame[frame["lost"]], frame[~frame["lost"]]
    assert len(kept) == 200
    assert 20 < len(lost) < 100
    assert lost["value"].isna().all()
    quiet = simulate(RandomScheduler(objective), objective, workers=4, jobs=200)
    counts = [f["configuration"].value_counts().sort_index() for f in (kept, quiet)]
    assert counts[0].equals(counts[1])
    extra = (lost["end"] - lost["start"]).sum()
    worked = (frame["end"] - frame["start"]).sum()
    assert worked - extra == pytest.approx((quiet["end"] - quiet["start"]).sum())


def test_stragglers_slow_half_of_the_jobs_down(objective):
    ends = {
        spread: simulate(
            RandomScheduler(objective), objective, workers=1, jobs=300, stragglers=spread
        )
        for spread in (0.0, 0.8)
    }
    durations = {spread: (f["end"] - f["start"]).to_numpy() for spread, f in ends.items()}
    ratio = durations[0.8] / durations[0.0]
    assert np.median(ratio) == pytest.approx(1.0, rel=0.2)
    assert np.std(np.log(ratio)) == pytest.approx(0.8, rel=0.15)


def test_asynchronous_workers_hardly_wait(objective):
    bracket = ht.hyperband_brackets(objective.epochs, 2)[0]

    def busy(scheduler):
        f = simulate(scheduler, objective, workers=8, jobs=150, stragglers=0.8)
        return (f["end"] - f["start"]).sum() / (8 * f["end"].max())

    waiting = busy(SynchronousHalving(objective, bracket))
    assert busy(AsynchronousHalving(objective, eta=2)) > max(0.8, 1.5 * waiting)


def test_training_anew_costs_the_epochs_below_too(objective):
    params = objective.table.params_at(3)

    class Two:
        jobs = [Job(params, 4, 1), Job(params, 1)]

        def ask(self):
            return self.jobs.pop() if self.jobs else None

        def tell(self, job, value):
            """Learn nothing."""

    frame = simulate(Two(), objective, jobs=2, retrain=True)
    assert frame["end"].max() == pytest.approx(
        objective.seconds_of(3, 1) + objective.seconds_of(3, 4)
    )


def test_bad_arguments_are_all_named(objective):
    with pytest.raises(ArgumentError, match=r"(?s)stragglers=-1.*failures=1"):
        simulate(RandomScheduler(objective), objective, jobs=5, stragglers=-1, failures=1)

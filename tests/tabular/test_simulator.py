"""The simulated clock: stragglers, deaths, and methods that wait or do not."""

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.tabular.simulator import (
    AsynchronousHalving,
    Hyperband,
    Job,
    RandomScheduler,
    SynchronousHalving,
    simulate,
)
from tests.messages import refused
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


# ── Hyperband and BOHB ───────────────────────────────────────────────────────────────────────
SAMPLERS = ("random", "tpe")


def clocked(objective, sampler, jobs=150, seed=0, **settings):
    plan = ht.hyperband_brackets(objective.epochs, 2)
    scheduler = Hyperband(objective, plan, seed, sampler)
    return simulate(scheduler, objective, jobs=jobs, **settings)


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("seed", [0, 1])
def test_one_worker_asks_what_the_search_asks(sampler, seed):
    def noisy():
        return ht.TableObjective(small_table(), quiet=True, seed=seed)

    asked = noisy()
    call = {"trials": 150, "eta": 2, "seed": seed, "sampler": sampler, "progress": False}
    result = ht.hyperband_search(asked, asked.space, **call)
    frame = clocked(noisy(), sampler, seed=seed)
    places = [asked.index_of(e.params) for e in result.evaluations]
    assert frame["configuration"].tolist() == places
    assert np.allclose(frame["value"], [e.value for e in result.evaluations])


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_many_workers_repeat_and_keep_to_the_budget(objective, sampler):
    def once():
        return clocked(objective, sampler, workers=16, stragglers=0.5, failures=0.1)

    frame = once()
    assert once().equals(frame)
    assert (~frame["lost"]).sum() == 150
    late = clocked(objective, sampler, jobs=None, seconds=frame["end"].max() / 2, workers=16)
    assert late["start"].max() < frame["end"].max() / 2


def test_a_model_draws_better_settings_than_luck():
    signals = ht.TableObjective("signals", quiet=True)

    def late(sampler):
        found = []
        for seed in range(4):
            scheduler = Hyperband(signals, seed=seed, sampler=sampler)
            run = simulate(scheduler, signals, jobs=200, workers=8)
            found.append(signals.truth[run["configuration"].iloc[100:]].mean())
        return np.mean(found)

    assert late("tpe") > late("random") + 0.02


def test_a_worker_that_would_wait_begins_the_next_bracket(objective):
    def busy(scheduler):
        f = simulate(scheduler, objective, workers=8, jobs=150, stragglers=0.8)
        return (f["end"] - f["start"]).sum() / (8 * f["end"].max())

    plan = ht.hyperband_brackets(objective.epochs, 2)
    waiting = busy(SynchronousHalving(objective, plan[0]))
    for sampler in SAMPLERS:
        assert busy(Hyperband(objective, plan, sampler=sampler)) > max(0.8, 1.5 * waiting)


def test_every_bracket_keeps_its_rungs(objective):
    plan = ht.hyperband_brackets(objective.epochs, 2)
    jobs = sum(rung.configurations for bracket in plan for rung in bracket.rungs)
    frame = clocked(objective, "tpe", jobs=jobs)
    wanted = [rung.epochs for b in plan for rung in b.rungs for _ in range(rung.configurations)]
    assert frame["epochs"].tolist() == wanted


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
    with refused(r"(?s)stragglers=-1.*failures=1"):
        simulate(RandomScheduler(objective), objective, jobs=5, stragglers=-1, failures=1)

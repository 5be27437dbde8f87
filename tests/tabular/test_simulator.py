"""The simulated clock: stragglers, deaths, and methods that wait or do not."""

import dataclasses
import math

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
from tests.small_table import branched_table, small_table


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


# ── the clock by hand ────────────────────────────────────────────────────────────────────────
BRANCHED = branched_table()  # 2 runs of 4 epochs; number n takes half a second, and n + 1 an epoch


class Listed:
    """Hands out a list of jobs, and keeps what it is told."""

    def __init__(self, *jobs):
        self.jobs = [Job(BRANCHED.params_at(number), *epochs) for number, *epochs in jobs]
        self.told = []

    def ask(self):
        return self.jobs.pop(0) if self.jobs else None

    def tell(self, job, value):
        self.told.append((BRANCHED.index_of(job.params), job.epochs, value))


def run(*jobs, table=BRANCHED, metric="val_accuracy", **settings):
    """Return what workers did, of run 1 of the table, and what the method was told."""
    asked = ht.TableObjective(table, seed=1, noise=False, metric=metric, quiet=True)
    listed = Listed(*jobs)
    return simulate(listed, asked, **{"jobs": 99, **settings}), listed.told


def test_one_worker_does_one_job_after_the_other():
    frame, told = run((3, 2), (0, 4), (3, 4, 2))
    assert frame.to_dict("list") == {
        "worker": [0, 0, 0], "start": [0.0, 8.5, 13.0], "end": [8.5, 13.0, 21.0],
        "value": [0.36, 0.08, 0.38], "test_value": [0.37, 0.09, 0.39], "epochs": [2, 4, 4],
        "configuration": [3, 0, 3], "lost": [False] * 3,
    }  # fmt: skip
    assert told == [(3, 2, 0.36), (0, 4, 0.08), (3, 4, 0.38)]
    anew, _ = run((3, 2), (0, 4), (3, 4, 2), retrain=True)
    assert anew["end"].tolist() == [8.5, 13.0, 29.5]


def test_who_is_free_first_gets_the_next_job():
    frame, told = run((1, 4), (0, 2), (0, 4), (1, 2), workers=2)
    assert frame[["worker", "start", "end", "configuration"]].to_numpy().tolist() == [
        [1, 0.0, 2.5, 0], [1, 2.5, 7.0, 0], [0, 0.0, 8.5, 1], [1, 7.0, 11.5, 1],
    ]  # fmt: skip
    assert [number for number, *_ in told] == [0, 0, 1, 1]  # when its time has come


def test_of_those_that_end_together_the_one_begun_first_is_heard_first():
    frame, told = run(*[(0, epochs) for epochs in (2, 2, 2, 2)], workers=3)
    assert frame["worker"].tolist() == [0, 1, 2, 0]
    assert frame["start"].tolist() == [0, 0, 0, 2.5]
    _, told = run((0, 4), (0, 2), (1, 2, 1), workers=2)  # 4.5 seconds, and 2.5 with 2 more
    assert [job[:2] for job in told] == [(0, 2), (0, 4), (1, 2)]


def test_no_job_begins_at_the_end_or_beyond_so_many():
    jobs = [(0, 2)] * 9  # 2.5 seconds each
    assert len(run(*jobs, seconds=5, jobs=None)[0]) == 2
    assert len(run(*jobs, seconds=5.01, jobs=None)[0]) == 3
    assert len(run(*jobs, jobs=4)[0]) == 4
    assert len(run(*jobs, jobs=4, seconds=5)[0]) == len(run(*jobs, jobs=2, seconds=50)[0]) == 2
    assert run(*jobs, seconds=3, jobs=None, workers=2)[0]["start"].tolist() == [0, 0, 2.5, 2.5]


def test_a_loss_is_told_as_a_score_and_what_diverged_as_the_worst():
    diverged = BRANCHED.diverged.copy()
    diverged[3, 1] = 2
    table = dataclasses.replace(BRANCHED, diverged=diverged)
    frame, told = run((3, 1), (3, 4), (2, 4), table=table, metric="val_loss")
    losses = BRANCHED.val_loss[3, 1, 0], math.nan, BRANCHED.val_loss[2, 1, 3]
    assert frame["value"].tolist() == pytest.approx(losses, nan_ok=True)
    assert [value for *_, value in told] == pytest.approx([-losses[0], -math.inf, -losses[2]])
    assert math.isnan(run((3, 4), table=table)[0]["test_value"].astype(float)[0])


def test_what_a_dead_worker_left_is_begun_again_before_anything_else():
    frame, told = run(*[(number, 4) for number in range(10)], failures=0.5, seed=3)
    lost = frame["lost"].tolist()
    assert 2 <= sum(lost) and not lost[-1]
    assert [number for number, *_ in told] == list(range(10))  # in their order: of one worker
    for row in frame[frame["lost"]].itertuples():
        whole = 0.5 + 4 * (row.configuration + 1)
        assert 0 < row.end - row.start < whole and math.isnan(row.value)
        assert math.isnan(row.test_value) and row.epochs == 4
        assert frame["configuration"][row.Index + 1] == row.configuration
    kept = frame[~frame["lost"]]
    took = (kept["end"] - kept["start"]).tolist()
    assert took == pytest.approx([0.5 + 4 * (number + 1) for number in range(10)])
    # Also after the end, and beyond so many jobs: what was begun is finished.
    frame, told = run(*[(0, 4)] * 9, failures=0.8, seed=1, seconds=0.1, jobs=1)
    assert frame["lost"].sum() >= 1 and len(told) == 1


def test_luck_is_of_the_seed_and_none_by_default():
    jobs = [(0, 4)] * 30
    calm, again, lucky, other = (
        run(*jobs, **more)[0]
        for more in ({}, {"seed": 1}, {"seed": 1, "stragglers": 0.5}, {"stragglers": 0.5})
    )
    assert calm.equals(again) and not calm["lost"].any()
    assert np.diff(calm["end"], prepend=0) == pytest.approx(4.5)
    assert not lucky.equals(other)
    assert other.equals(run(*jobs, stragglers=0.5, seed=0)[0])
    slowdown = np.log(np.diff(lucky["end"], prepend=0) / 4.5)
    assert abs(slowdown.mean()) < 0.3 and 0.3 < slowdown.std() < 0.7


def test_a_simulation_leaves_the_objective_as_it_was(objective):
    asked = objective.afresh()
    simulate(RandomScheduler(asked), asked, jobs=5)
    fresh, point = objective.afresh(), objective.table.params_at(3)
    assert [asked.evaluate(point).seed for _ in range(9)] == [
        fresh.evaluate(point).seed for _ in range(9)
    ]


# ── methods ──────────────────────────────────────────────────────────────────────────────────
def drawn(scheduler, count=6):
    """Return the first jobs that many free workers get."""
    return [scheduler.ask() for _ in range(count)]


def test_random_search_trains_in_full(objective):
    jobs = drawn(RandomScheduler(objective), 20)
    assert {(job.epochs, job.done) for job in jobs} == {(27, 0)}
    rng = np.random.default_rng(0)
    assert [job.params for job in jobs] == [objective.space.sample(rng) for _ in jobs]
    assert drawn(RandomScheduler(objective, seed=0), 20) == jobs
    assert drawn(RandomScheduler(objective, seed=1), 20) != jobs


def test_every_method_has_a_seed(objective):
    bracket = ht.hyperband_brackets(27)[1]
    for make in (
        lambda **seed: AsynchronousHalving(objective, **seed),
        lambda **seed: SynchronousHalving(objective, bracket, **seed),
        lambda **seed: Hyperband(objective, **seed),
    ):
        assert drawn(make()) == drawn(make(seed=0)) != drawn(make(seed=1))


def test_asynchronous_halving_begins_in_the_lowest_bracket_and_promotes_one_in_eta(objective):
    scheduler = AsynchronousHalving(objective)
    assert (scheduler.rungs, scheduler.eta) == ([1, 3, 9, 27], 3)
    assert AsynchronousHalving(objective, eta=2).rungs == [1, 3, 6, 13, 27]
    other = AsynchronousHalving(objective, ht.hyperband_brackets(27)[2], eta=2)
    assert (other.rungs, other.eta) == ([9, 27], 2)
    first = drawn(scheduler, 3)
    for score, job in enumerate(first):
        scheduler.tell(job, score)
    assert scheduler.ask() == Job(first[2].params, 3, 1)


def test_hyperband_waits_for_a_rung_or_goes_on_ahead(objective):
    plan = ht.hyperband_brackets(9)  # 9 for 1 epoch, 3 for 3, 1 for 9; then 5 for 3, 1 for 9; 3
    waiting = Hyperband(objective, plan, ahead=False)
    first = drawn(waiting, 9)
    assert {(job.epochs, job.done) for job in first} == {(1, 0)} and waiting.ask() is None
    for score, job in enumerate(first[:8]):
        waiting.tell(job, score)
    assert waiting.ask() is None
    waiting.tell(first[8], -1)
    promoted = drawn(waiting, 3)
    assert promoted == [Job(first[place].params, 3, 1) for place in (7, 6, 5)]
    assert waiting.ask() is None
    for score, job in zip((1, 1, 0), promoted, strict=True):
        waiting.tell(job, score)
    last = waiting.ask()
    assert last == Job(first[7].params, 9, 3)  # of equals the one that was told first
    waiting.tell(last, 0)
    following = drawn(waiting, 5)
    assert {(job.epochs, job.done) for job in following} == {(3, 0)} and waiting.ask() is None
    ahead = Hyperband(objective, plan)
    assert [job.epochs for job in drawn(ahead, 9 + 5 + 3 + 9)] == [1] * 9 + [3] * 5 + [9] * 3 + [
        1
    ] * 9
    late = Hyperband(objective)  # of its own brackets: 27 for 1 epoch, 12 for 3
    assert [job.epochs for job in drawn(late, 30)] == [1] * 27 + [3] * 3


def test_a_result_of_an_earlier_bracket_comes_first(objective):
    ahead = Hyperband(objective, ht.hyperband_brackets(9))
    first, second = drawn(ahead, 9), ahead.ask()
    for score, job in enumerate(first):
        ahead.tell(job, score)
    assert second.epochs == 3
    assert ahead.ask() == Job(first[8].params, 3, 1)


def test_one_bracket_again_and_again(objective):
    bracket = ht.hyperband_brackets(9)[1]
    scheduler, epochs = SynchronousHalving(objective, bracket), []
    for _ in range(12):
        job = scheduler.ask()
        epochs.append(job.epochs)
        scheduler.tell(job, 0.5)
    assert epochs == [3, 3, 3, 3, 3, 9] * 2
    assert len(drawn(scheduler, 5)) == 5 and scheduler.ask() is None


@pytest.mark.parametrize("name", ["workers", "seconds", "jobs"])
@pytest.mark.parametrize("value", [0, -1, "two", True, math.nan])
def test_limits_are_numbers_above_0(objective, name, value):
    allowed = "a whole number from 1 up" if name == "workers" else "a number above 0"
    told = f"simulate: {name}={value!r} is not allowed. Allowed: {allowed}. Type .* {name}=4"
    with refused(told):
        simulate(RandomScheduler(objective), objective, **{"jobs": 3, name: value})
    if name == "workers":
        for odd in (1.5, None):
            with refused(f"workers={odd}"):
                simulate(RandomScheduler(objective), objective, jobs=3, workers=odd)


def test_bad_arguments_are_all_named(objective):
    with refused("stragglers=-1.*from 0 up. .*stragglers=0.5", "failures=1.*below 1.*=0.05"):
        simulate(RandomScheduler(objective), objective, jobs=5, stragglers=-1, failures=1)
    with refused("without an end this would run for ever. Type jobs=100, or seconds=600"):
        simulate(RandomScheduler(objective), objective)

"""Searches that keep several workers busy, led by stand-ins that answer in any order."""

import math
from collections import Counter
from types import SimpleNamespace

import numpy as np
import optuna
import pytest

import hpotutor as ht
from hpotutor.search.bayesian import tpe_constant_liar
from tests.worker_cases import Spread, first, last

SPACE = ht.SearchSpace(x=ht.uniform(-1, 1), n=ht.integers(1, 4))
SEARCHES = {
    "tpe": lambda objective, **more: ht.bayesian_search(objective, SPACE, startup=4, **more),
    "gp": lambda objective, **more: ht.bayesian_search(
        objective, SPACE, **{"startup": 9} | more, library="gp"
    ),
    "asha": lambda objective, **more: ht.hyperband_search(objective, SPACE, library="asha", **more),
}
every = pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)


def bowl(params, epochs=9):
    return -((params["x"] - 0.3) ** 2) - 0.1 * params["n"] - 1 / epochs


def plain(function=bowl, direction="maximize", **more):
    return ht.FunctionObjective(function, direction, **{"epochs": 9} | more)


def led(search, count=2, which=first, objective=None, **more):
    """Return the workers and the result of a search that they train for."""
    spread = Spread(objective or plain(), count, which)
    result = search(spread, **{"trials": 9, "progress": False} | more)
    return spread.pool, result


def asked(result):
    return [(e.params, e.epochs) for e in result.evaluations]


# ── workers are busy, and no budget is passed ────────────────────────────────────────────────
@every
@pytest.mark.parametrize("count", [1, 3])
def test_every_worker_is_busy_to_the_end_and_each_trial_has_its_number(search, count):
    pool, result = led(search, count)
    assert len(result) == 9
    assert pool.busy == [count] * (9 - count) + list(range(count, 0, -1))
    assert [trial for _, _, trial in pool.begun] == list(range(9))
    assert result.stopped == "the budget of 9 trials is spent"
    assert pool.reached == 1


@every
def test_answers_that_overtake_others_are_told_for_what_was_asked(search):
    """The log has them in the order in which they came, each with its own value."""
    pool, result = led(search, 3, last)
    begun = [(params, epochs or 9) for params, epochs, _ in pool.begun]
    assert asked(result) != begun
    assert sorted(map(str, asked(result))) == sorted(map(str, begun))
    assert all(e.value == bowl(e.params, e.epochs) for e in result.evaluations)
    for params, _ in begun:
        assert {name: type(value) for name, value in params.items()} == {"x": float, "n": int}


@every
@pytest.mark.parametrize("most", [9, 40])
def test_epochs_of_what_runs_count_towards_the_budget(search, most):
    pool, result = led(search, 3, trials=99, max_epochs=most)
    assert most - 9 < sum(e.epochs for e in result.evaluations) <= most
    assert sum(epochs or 9 for _, epochs, _ in pool.begun) <= most
    assert result.stopped == (f"the budget of {most} epochs leaves no room for another trial")


def test_what_found_no_room_is_trained_when_others_end_early():
    """It is not asked for anew: the model's next question would be another one."""

    class EndsEarly(ht.FunctionObjective):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            return ht.Evaluation(params, bowl(params), epochs=1, seconds=0.0)

    objective = EndsEarly(bowl, epochs=9)
    pool, result = led(SEARCHES["tpe"], 3, trials=9, max_epochs=18, objective=objective)
    free, _ = led(SEARCHES["tpe"], 2, trials=9)
    assert len(result) == 9 and pool.busy[0] == 2
    assert pool.begun[:4] == free.begun[:4]
    assert [trial for _, _, trial in pool.begun] == list(range(9))


@every
def test_failures_in_a_row_end_it_once_the_other_worker_is_done(search):
    def broken(params, epochs):
        raise RuntimeError("no disk")

    with pytest.raises(ht.SearchFailed, match="4x RuntimeError: no disk") as caught:
        led(search, 2, objective=plain(broken))
    assert "3 trials failed in a row" in caught.value.result.stopped


def test_time_that_is_over_is_told_though_a_whole_training_would_not_fit_either(monkeypatch):
    clock = [0.0]

    def second(params, epochs):
        clock[0] += 1
        return bowl(params, epochs)

    watch = SimpleNamespace(monotonic=lambda: clock[0])
    monkeypatch.setattr("hpotutor.study._budget.time", watch)
    monkeypatch.setattr("hpotutor.study.recorder.time", watch)
    budgets = {"trials": 99, "max_seconds": 3, "max_epochs": 8}
    _, result = led(SEARCHES["asha"], 1, objective=plain(second), **budgets)
    assert [e.epochs for e in result.evaluations] == [1, 1, 1]
    assert result.stopped == "the budget of 3 seconds is spent"


# ── what the models hear ─────────────────────────────────────────────────────────────────────
def odd(params, epochs=9):
    return math.nan if params["n"] == 4 else -bowl(params, epochs)


START = [{"x": 0.25, "n": 2}, {"x": -0.5, "n": 4}]


@pytest.mark.parametrize(
    ("search", "function", "cuts", "more"),
    [
        ("gp", odd, [6], {"startup": 5, "start": START}),
        ("gp", bowl, [4, 6], {"startup": 5}),
        ("asha", odd, [7, 12], {}),
    ],
)
def test_one_worker_is_asked_what_a_search_without_workers_asks(
    search, function, cuts, more, tmp_path
):
    """One that begins with a start, has trials that diverge, or goes on from its log, too."""
    objective = plain(function, "minimize" if function is odd else "maximize")
    more |= {"seed": 3}
    alone = SEARCHES[search](objective, trials=cuts[-1], progress=False, **more)
    for trials in cuts:
        log = tmp_path / "x.log"
        _, result = led(SEARCHES[search], 1, objective=objective, trials=trials, log=log, **more)
    assert asked(result) == asked(alone)
    assert ("diverged" in {e.status for e in result.evaluations}) == (function is odd)


def of_optuna(count, trials, function, sampler, known=()):
    """Return what Optuna's own study is asked for, with so many trials under way at a time."""
    study = optuna.create_study(direction="maximize", sampler=sampler)
    for params in known:
        study.enqueue_trial(params)
        trial = study.ask()
        study.tell(trial, function(SPACE.suggest(trial)))
    begun, running = [], []
    while len(begun) < trials or running:
        while len(running) < count and len(begun) < trials:
            trial = study.ask()
            begun.append(SPACE.suggest(trial))
            running.append((trial, begun[-1]))
        trial, params = running.pop(0)
        study.tell(trial, function(params))
    return begun


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_workers_are_asked_what_optunas_sampler_asks(count, direction):
    sign = 1 if direction == "maximize" else -1
    objective = plain(lambda params, epochs: sign * bowl(params), direction)
    for known in ([], START):
        pool, _ = led(
            SEARCHES["tpe"], count, objective=objective, trials=12 + len(known), seed=5, start=known
        )
        word = int(np.random.SeedSequence([5, 0]).generate_state(1)[0])
        settings = {"seed": word, "n_startup_trials": 4, "constant_liar": True}
        sampler = optuna.samplers.TPESampler(**settings)
        expected = of_optuna(count, 12, bowl, sampler, known)
        assert [params for params, _, _ in pool.begun] == [*known, *expected]


def test_a_search_that_goes_on_draws_other_points_and_learns_from_the_log(tmp_path):
    log = tmp_path / "x.log"
    _, before = led(SEARCHES["tpe"], 2, trials=8, log=log)
    pool, result = led(SEARCHES["tpe"], 2, trials=14, log=log)
    assert asked(result)[:8] == asked(before)
    known = [params for params, _ in asked(before)]
    assert [trial for _, _, trial in pool.begun] == list(range(8, 14))
    expected = of_optuna(2, 6, bowl, tpe_constant_liar([0, 8], 4), known)
    assert [params for params, _, _ in pool.begun] == expected
    assert not [params for params in expected if params in known]


def test_the_gaussian_process_keeps_away_from_what_others_train():
    pool, _ = led(SEARCHES["gp"], 2, trials=4, seed=3, startup=3)
    search = ht.GaussianProcessSearch(SPACE, startup=3, seed=3)
    running = []
    for params, _, _ in pool.begun:
        if len(running) == 2:
            search.observe(done := running.pop(0), bowl(done))
        assert params == search.suggest(running)
        running.append(params)


# ── asynchronous halving ─────────────────────────────────────────────────────────────────────
def test_the_best_third_of_those_that_ended_go_on_whoever_is_free():
    pool, result = led(SEARCHES["asha"], 4, last, trials=30, seed=2)
    counts = Counter(epochs for _, epochs, _ in pool.begun)
    assert counts[1] > counts[3] > counts[9] > 0
    up = [e.params for e in result.evaluations if e.epochs == 3]
    low = [e for e in result.evaluations if e.epochs == 1]
    best = sorted(low, key=lambda e: -e.value)[: len(up)]
    assert best[0].params in up


def test_a_small_space_ends_when_what_is_under_way_has_ended():
    """Nothing new is left while others train; what they promote is trained all the same."""
    space = ht.SearchSpace(n=ht.integers(1, 6))
    objective = Spread(plain(lambda params, epochs: params["n"] * epochs), 4)
    result = ht.hyperband_search(objective, space, library="asha", trials=50, progress=False)
    assert sorted(e.params["n"] for e in result.evaluations if e.epochs == 1) == [1, 2, 3, 4, 5, 6]
    assert [e.params["n"] for e in result.evaluations if e.epochs == 3][-1] == 6
    assert "no further point" in result.stopped


@pytest.mark.parametrize("status", ["diverged", "failed"])
def test_what_has_no_value_is_never_promoted(status):
    def fragile(params, epochs):
        if params["n"] == 1:  # what would be best
            return math.nan if status == "diverged" else 1 / 0
        return -params["n"]

    pool, result = led(SEARCHES["asha"], 2, objective=plain(fragile), trials=30, max_failures=None)
    assert status in {e.status for e in result.evaluations}
    assert not [params for params, epochs, _ in pool.begun if epochs > 1 and params["n"] == 1]

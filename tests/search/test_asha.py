"""Asynchronous successive halving: one rule for the real search and for the simulated one."""

import math
from collections import Counter

import pytest

import hpotutor as ht
from hpotutor.search.asha import AsynchronousHalving, Job
from hpotutor.tabular.simulator import AsynchronousHalving as OnTable
from hpotutor.tabular.simulator import simulate
from tests.small_table import small_table

SPACE = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(1, 4))


def late(params, epochs):
    return params["x"] * (1 - 0.7**epochs) - 0.01 * params["n"]


OBJECTIVE = ht.FunctionObjective(late, epochs=9)


def asked(result):
    return [(e.params, e.epochs, e.value) for e in result.evaluations]


def search(**options):
    options = {"objective": OBJECTIVE, "space": SPACE, "progress": False} | options
    return ht.hyperband_search(library="asha", **options)


def follow(scores, eta=2, rungs=(1, 2, 4)):
    """Return the epochs that the rule asks for, one worker, new configurations' scores given."""
    rule, epochs, ranks = AsynchronousHalving(SPACE, rungs, eta=eta), [], {}
    new = iter(scores)
    while True:
        job = rule.ask()
        if job.done == 0:
            value = next(new, None)
            if value is None:
                return epochs
            ranks[job.params["x"]] = value
        epochs.append((ranks[job.params["x"]], job.epochs, job.done))
        rule.tell(job, ranks[job.params["x"]])


def test_the_rule_by_hand():
    found = follow([3, 5, 4, 9])
    assert found == [
        (3, 1, 0),
        (5, 1, 0),  # the best of 2 goes up
        (5, 2, 1),
        (4, 1, 0),
        (9, 1, 0),  # the best two of 4: 5 is up already, 9 goes
        (9, 2, 1),  # and is the best of the 2 on the second rung
        (9, 4, 2),
    ]


def test_what_diverged_is_never_promoted():
    found = follow([math.nan, math.nan, math.nan, 1, math.nan, math.inf])
    assert [job for job in found if job[1] > 1] == [(1, 2, 1)]


def test_what_is_not_finite_ranks_last():
    assert (3, 2, 1) in follow([math.inf, 3]), "3 is the best of two"
    assert (3, 2, 1) in follow([3, math.nan])
    assert (1, 2, 1) in follow([math.nan, -math.inf, 1, 1]) and (2, 4, 2) in follow([1, 2, 0, 2])


def test_of_equals_the_one_that_ended_first_goes_up():
    rule = AsynchronousHalving(SPACE, [1, 3], eta=3)
    jobs = [rule.ask() for _ in range(6)]
    for job in jobs[::-1]:
        rule.tell(job, 0.5)
    assert [rule.ask().params for _ in range(2)] == [jobs[5].params, jobs[4].params]
    assert rule.ask().epochs == 1, "two of six"


def test_one_in_three_and_the_seed_nought_by_default():
    default, told = (
        AsynchronousHalving(SPACE, [1, 3]),
        AsynchronousHalving(SPACE, [1, 3], eta=3, seed=0),
    )
    for value in range(12):
        job = default.ask()
        assert job == told.ask()
        for rule in (default, told):
            rule.tell(job, value)
    assert AsynchronousHalving(SPACE, [1, 3], seed=1).ask() != AsynchronousHalving(SPACE, [1]).ask()
    assert Job({"x": 0.5}, 3).done == 0


def test_what_was_recalled_is_neither_drawn_nor_promoted_again():
    space = ht.SearchSpace(n=ht.integers(1, 4))
    rule = AsynchronousHalving(space, [1, 3, 9], eta=2)
    for n in (1, 2, 3):
        rule.recall({"n": n}, 1, n)
    rule.recall({"n": 3}, 3, 3)
    assert rule.ask() == Job({"n": 4}, 1), "the one of three that may go up did"
    rule.tell(Job({"n": 4}, 1), 2.5)
    assert rule.ask() == Job({"n": 4}, 3, 1), "the second of four"
    assert rule.ask() is None
    rule.tell(Job({"n": 4}, 3), 4)
    assert rule.ask() == Job({"n": 4}, 9, 3)
    assert rule.ask() is None


def test_a_log_that_lost_a_line_is_recalled():
    """The lower rung of a configuration is missing; it is neither drawn nor trained again."""
    space = ht.SearchSpace(n=ht.integers(1, 2))
    rule = AsynchronousHalving(space, [1, 3], eta=2)
    rule.recall({"n": 2}, 3, 1.0)
    assert rule.ask() == Job({"n": 1}, 1) and rule.ask() is None


def test_what_a_space_has_not_is_not_looked_for_again(monkeypatch):
    space = ht.SearchSpace(n=ht.integers(1, 2))
    rule = AsynchronousHalving(space, [1, 3])
    assert [rule.ask() is None for _ in range(3)] == [False, False, True]
    monkeypatch.setattr(ht.SearchSpace, "sample", None)
    assert rule.ask() is None


def test_a_promotion_waits_for_the_rung_below():
    rule = AsynchronousHalving(SPACE, [1, 3], eta=3)
    jobs = [rule.ask() for _ in range(5)]  # five workers ask before anything is in
    assert {job.epochs for job in jobs} == {1}
    for value, job in enumerate(jobs[:3]):
        rule.tell(job, value)
    assert rule.ask() == Job(jobs[2].params, 3, 1)


def test_one_simulated_worker_asks_what_the_real_search_asks():
    def objective():
        return ht.TableObjective(small_table(), seed=2, quiet=True)

    real = ht.hyperband_search(
        objective(), objective().space, library="asha", eta=2, trials=40, seed=5, progress=False
    )
    table = objective()
    frame = simulate(OnTable(table, eta=2, seed=5), table, workers=1, jobs=40)
    assert [table.index_of(e.params) for e in real.evaluations] == frame["configuration"].tolist()
    assert [e.value for e in real.evaluations] == pytest.approx(frame["value"], nan_ok=True)


def test_by_default_it_spends_what_hyperband_spends():
    plain = ht.hyperband_search(OBJECTIVE, SPACE, progress=False)
    asynchronous = search()
    assert plain.cost.epochs - 9 < asynchronous.cost.epochs <= plain.cost.epochs
    counts = Counter(e.epochs for e in asynchronous.evaluations)
    assert counts[1] > counts[3] > counts[9] > 0


def test_a_bracket_says_where_the_lowest_rung_stands():
    assert {e.epochs for e in search(bracket=1, trials=12).evaluations} == {3, 9}


def test_a_small_space_is_searched_once():
    space = ht.SearchSpace(n=ht.integers(1, 6))
    objective = ht.FunctionObjective(lambda params, epochs: params["n"] * epochs, epochs=9)
    result = search(objective=objective, space=space, trials=50)
    assert len(result) < 50
    assert "no further point" in result.stopped
    assert sorted(e.params["n"] for e in result.evaluations if e.epochs == 1) == [1, 2, 3, 4, 5, 6]


def test_a_search_that_was_cut_goes_on_as_if_it_were_not(tmp_path):
    whole = search(trials=30, seed=4)
    for cut in (7, 18, 30):
        result = search(trials=cut, seed=4, log=tmp_path / "x.log")
    assert asked(result) == asked(whole)


def test_a_log_of_several_workers_is_continued_without_asking_twice(tmp_path):
    """The third draw of five never ended; the others are in the log out of order."""
    log = tmp_path / "x.log"
    rule = AsynchronousHalving(SPACE, [1, 3, 9])
    draws = [rule.ask().params for _ in range(5)]
    options = {"epochs": 9, "eta": 3, "bracket": None, "candidates": "random"}
    with ht.Recorder(
        OBJECTIVE, SPACE, method="hyperband", library="asha", log=log, progress=False,
        options=options,
    ) as recorder:  # fmt: skip
        for number in (1, 0, 4, 3):
            recorder.evaluate(draws[number], 1)
        recorder.evaluate(max(draws[:2] + draws[3:], key=lambda p: late(p, 1)), 3)
    result = search(trials=30, log=log)
    seen = Counter((tuple(e.params.items()), e.epochs) for e in result.evaluations)
    assert len(result) == 30
    assert set(seen.values()) == {1}
    assert [e for e in result.evaluations if e.epochs == 1][4].params == draws[2]

"""Brackets, halving and what proposes configurations, at their boundaries."""

import warnings
from types import SimpleNamespace

import optuna
import pytest

import hpotutor as ht
from hpotutor.search import backends
from hpotutor.search.hyperband import Proposals, Rung
from tests.messages import refused, shown

SPACE = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.uniform(0, 1), kind=ht.choice("a", "b"))


def value_of(params, epochs):
    return params["x"] * (1 - 0.5**epochs) - (params["kind"] == "a")


def search(epochs=9, **options):
    objective = ht.FunctionObjective(value_of, epochs=epochs)
    return ht.hyperband_search(objective, SPACE, progress=False, **options)


def asked(result):
    return [(e.params, e.epochs) for e in result.evaluations]


# ── brackets and halving ─────────────────────────────────────────────────────────────────────
def test_the_shortest_brackets():
    assert ht.hyperband_brackets(1) == [(0, ((1, 1),))]
    assert ht.hyperband_brackets(1, 2) == ht.hyperband_brackets(1)
    assert ht.hyperband_brackets(2, 2) == [(1, ((2, 1), (1, 2))), (0, ((2, 2),))]
    assert [bracket.s for bracket in ht.hyperband_brackets(8, 2)] == [3, 2, 1, 0]
    assert [bracket.s for bracket in ht.hyperband_brackets(7, 2)] == [2, 1, 0]
    assert ht.hyperband_brackets(9) == ht.hyperband_brackets(9, 3)
    rungs = [rung for bracket in ht.hyperband_brackets(10) for rung in bracket.rungs]
    assert [rung.epochs for rung in rungs] == [1, 3, 10, 3, 10, 10], "rounded down"
    assert {type(number) for rung in rungs for number in rung} == {int}


@pytest.mark.parametrize("power", [3, 5, 8])
def test_a_power_of_eta_has_all_its_rungs(power):
    """Where a logarithm in floating point would be off by one."""
    top = ht.hyperband_brackets(3**power)[0]
    assert [rung.epochs for rung in top.rungs] == [3**n for n in range(power + 1)]
    assert [rung.configurations for rung in top.rungs] == [3**n for n in range(power, -1, -1)]


def halve(values, rungs, calls=None):
    points = [{"n": n} for n in range(len(values))]

    def score(batch, epochs):
        if calls is not None:
            calls.append(([p["n"] for p in batch], epochs))
        return [values[p["n"]] for p in batch]

    return [p["n"] for p in ht.successive_halving(score, points, rungs)]


def test_the_highest_rung_comes_back_best_first():
    calls = []
    assert halve([1, 5, 3, 4, 2], [Rung(4, 1), Rung(3, 2)], calls) == [1, 3, 2]
    assert calls == [([0, 1, 2, 3], 1), ([1, 3, 2], 2)], "those beyond a rung are not trained"


def test_of_equals_the_one_drawn_first_goes_on():
    assert halve([2, 7, 7, 7], [Rung(4, 1), Rung(2, 2)]) == [1, 2]


@pytest.mark.parametrize("scores", [[1], [1, 2, 3], [[1, 2]], 1.0])
def test_a_score_for_each_candidate_is_needed(scores):
    with refused("a list of 2 numbers, one for each candidate"):
        ht.successive_halving(lambda batch, epochs: scores, [{"n": 1}, {"n": 2}], [Rung(2, 1)])


# ── the search ───────────────────────────────────────────────────────────────────────────────
def test_the_brackets_run_once_and_again_as_trials_allow():
    once = search()
    rungs = [rung for bracket in ht.hyperband_brackets(9) for rung in bracket.rungs]
    assert len(once) == sum(rung.configurations for rung in rungs) == 22
    twice = search(trials=40)
    assert asked(twice)[:22] == asked(once) and len(twice) == 40
    assert [e.epochs for e in twice.evaluations[22:31]] == [1] * 9
    new = [e.params for e in twice.evaluations[22:31]]
    assert not [params for params in new if params in [e.params for e in once.evaluations]]


def test_epochs_are_the_calls_or_the_objectives():
    assert max(e.epochs for e in search(epochs=9).evaluations) == 9
    assert max(e.epochs for e in search(epochs=3).evaluations) == 3
    objective = ht.FunctionObjective(value_of, epochs=9)
    found = ht.hyperband_search(objective, SPACE, epochs=1, progress=False)
    assert {e.epochs for e in found.evaluations} == {1}
    assert {e.epochs for e in search(eta=9).evaluations} == {1, 9}


def test_asha_stops_at_what_the_brackets_would_cost_unless_told_otherwise():
    """78 epochs for R = 9; any budget of the caller's own takes its place."""
    assert 78 - 9 < search(library="asha").cost.epochs <= 78
    assert len(search(library="asha", trials=90)) == 90
    assert search(library="asha", max_epochs=120).cost.epochs > 120 - 9


def test_only_one_bracket_where_that_is_asked_for():
    assert [e.epochs for e in search(bracket=0).evaluations] == [9, 9, 9]
    assert [e.epochs for e in search(bracket=1).evaluations] == [3] * 5 + [9]
    for bad in (3, -1):
        with refused(f"bracket={bad} .*Allowed: 2, 1, 0"):
            search(bracket=bad)


@pytest.mark.parametrize("library", ["optuna", "keras_tuner", "scikit-learn"])
def test_brackets_are_chosen_for_two_libraries_alone(library):
    with refused("bracket= is for library='plain' or 'asha'"):
        search(library=library, bracket=0)


@pytest.mark.parametrize(
    "bad", [{"epochs": 0}, {"eta": 1}, {"eta": 2.5}, {"trials": 0}, {"eta": 1, "epochs": 9}]
)
def test_counts_that_are_none_are_refused(bad):
    objective = ht.FunctionObjective(value_of, epochs=9)
    with refused("^hyperband_search: ", *shown(dict([next(iter(bad.items()))]))):
        ht.hyperband_search(objective, SPACE, progress=False, **bad)


def test_a_rung_is_one_batch_of_its_epochs():
    class Batches(ht.FunctionObjective):
        batches = True
        seen: list = []

        def evaluate_many(self, batch, epochs=None, *, on_done=None):
            self.seen.append((len(batch), epochs))
            return super().evaluate_many(batch, epochs, on_done=on_done)

    ht.hyperband_search(Batches(value_of, epochs=9), SPACE, bracket=2, progress=False)
    assert Batches.seen == [(9, 1), (3, 3), (1, 9)]


# ── what proposes configurations ─────────────────────────────────────────────────────────────
def started(count, sampler, **more):
    points = [{"x": 0.05 * n, "y": 0.5, "kind": "b"} for n in range(count)]
    return asked(search(trials=count + 9, start=points, sampler=sampler, **more))[count:]


def test_the_model_is_asked_once_it_has_three_more_than_there_are_hyperparameters():
    assert started(5, "tpe") == started(5, "random")
    assert started(6, "tpe") != started(6, "random")


def test_one_proposal_in_three_stays_random(monkeypatch):
    points = [{"x": 0.9 + 0.005 * n, "y": 0.5, "kind": "b"} for n in range(18)]
    objective = ht.FunctionObjective(value_of, epochs=81)
    drawn, sample = [], ht.SearchSpace.sample
    monkeypatch.setattr(ht.SearchSpace, "sample", lambda *a: drawn.append(sample(*a)) or drawn[-1])
    found = ht.hyperband_search(
        objective, SPACE, bracket=4, trials=18 + 81, start=points, sampler="tpe", progress=False
    ).evaluations[18:]
    first = [e.params for e in found]
    assert 81 / 3 - 13 < sum(params in first for params in drawn) < 81 / 3 + 13


def test_the_model_of_the_longest_trainings_proposes():
    """Short trainings that point elsewhere have no say once there are enough long ones."""

    def misleading(params, epochs):
        return params["x"] if epochs == 9 else -params["x"]

    space = ht.SearchSpace(x=ht.uniform(0, 1))
    objective = ht.FunctionObjective(misleading, epochs=9)
    points = [{"x": n / 20} for n in range(21)]
    xs = []
    for seed in range(3):
        found = ht.hyperband_search(
            objective, space, trials=21 + 22 + 9, start=points, sampler="tpe", progress=False,
            seed=seed,
        )  # fmt: skip
        xs += [e.params["x"] for e in found.evaluations[21 + 22 :]]
    assert sum(x > 0.6 for x in xs) > sum(x < 0.4 for x in xs)


def test_a_third_of_the_proposals_is_random():
    proposals = Proposals(SimpleNamespace(space=SPACE), 0, "tpe")
    with backends.optuna_study(optuna.samplers.RandomSampler(seed=1)) as study:
        proposals.studies = {9: study}
        for _ in range(len(SPACE) + 3):
            trial = study.ask()
            SPACE.suggest(trial)
            study.tell(trial, 0.0)
        known = len(study.trials)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert len(proposals.draw(600)) == 600
        assert 400 - 25 < len(study.trials) - known < 400 + 25
        assert {t.state.name for t in study.trials[known:]} == {"FAIL"}, "none is on its way"


def test_pruned_trials_are_as_many_as_were_asked_for():
    assert len(search(library="optuna", trials=30)) == 30
    objective = ht.FunctionObjective(value_of, epochs=9)
    found = ht.hyperband_search(objective, SPACE, epochs=3, library="optuna", progress=False)
    assert max(e.epochs for e in found.evaluations) == 3, "the call's epochs"


def test_a_seed_decides_what_the_model_proposes():
    assert started(8, "tpe") == started(8, "tpe")
    assert started(8, "tpe", seed=1) != started(8, "tpe")

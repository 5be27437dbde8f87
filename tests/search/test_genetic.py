"""Who has children, who lives on, and what a child inherits."""

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.search import genetic
from hpotutor.search.genetic import Individual, mutate, select
from tests.messages import refused

NAMES = [f"x{n}" for n in range(8)]
SPACE = ht.SearchSpace({name: ht.uniform(0, 1) for name in NAMES})
TOTAL = ht.FunctionObjective(lambda params: sum(params.values()))


def search(space=SPACE, objective=TOTAL, **options):
    return ht.genetic_search(objective, space, **{"progress": False} | options)


def points(result):
    return [tuple(e.params.values()) for e in result.evaluations]


@pytest.fixture
def parents(monkeypatch):
    """Return the populations that parents were chosen from, as scores."""
    seen = []

    def watch(population, tournament, rng):
        scores = [one.score for one in population]
        if not seen or seen[-1] != scores:
            seen.append(scores)
        return select(population, tournament, rng)

    monkeypatch.setattr(genetic, "select", watch)
    return seen


def population(*scores):
    return [Individual(np.array([0.5]), score) for score in scores]


def test_nobody_is_drawn_twice_for_a_tournament():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        assert select(population(1, 2), 2, rng).score == 2
        assert select(population(1, 2, 3), 2, rng).score >= 2
        assert select(population(1, 2, 3), 9, rng).score == 3


def test_everybody_may_win_a_tournament_of_one():
    rng = np.random.default_rng(0)
    assert {select(population(1, 2, 3), 1, rng).score for _ in range(60)} == {1, 2, 3}


def test_a_step_stops_at_the_ends_and_as_many_change_as_the_rate_says():
    rng = np.random.default_rng(0)
    space = ht.SearchSpace({f"x{n}": ht.uniform(0, 1) for n in range(4000)})
    low, high = np.zeros(4000), np.ones(4000)
    for genes in (low, high):
        child = mutate(genes, space, 1.0, rng)
        assert 0 <= child.min() <= child.max() <= 1
        assert (child == genes).mean() == pytest.approx(0.5, abs=0.05)
    for rate in (0.25, 0.75):
        child = mutate(np.full(4000, 0.5), space, rate, rng)
        assert (child != 0.5).mean() == pytest.approx(rate, abs=0.05)
        assert child.mean() == pytest.approx(0.5, abs=0.02)


def changes(result, size=10):
    """Return how many hyperparameters of each child are none of its forebears'."""
    rows = np.array(points(result))
    return [sum(value not in rows[:row, n] for n, value in enumerate(rows[row]))
            for row in range(size, len(rows))]  # fmt: skip


def test_without_a_rate_about_one_hyperparameter_of_a_child_changes():
    found = changes(search(trials=90))
    # One in eight each, and at least one of a child that is none of those seen.
    assert 0.7 < np.mean(found) < 1.4
    assert np.mean(changes(search(trials=50, mutation=1.0))) > 6
    assert sum(changes(search(trials=50, mutation=0))) == 0


def test_without_crossover_a_child_has_one_parent():
    first = set(points(search(trials=10)))
    copies = points(search(trials=30, crossover=0, mutation=0))
    assert set(copies) == first
    mixed = points(search(trials=30, crossover=1, mutation=0))
    assert len(set(mixed)) > 20


@pytest.mark.parametrize("crossover", [0, 1])
@pytest.mark.parametrize("regularized", [False, True])
def test_in_a_tournament_of_all_the_best_is_the_only_parent(crossover, regularized):
    options = {"population": 6, "elite": 1, "tournament": 6, "mutation": 0.1}
    options |= {"crossover": crossover, "regularized": regularized}
    rows = np.array(points(search(trials=7 if regularized else 11, **options)))
    best = rows[:6][rows[:6].sum(axis=1).argmax()]
    for child in rows[6:]:
        assert 0 < (child != best).sum() <= 4


def test_half_of_the_genes_are_the_mothers_where_there_are_two():
    """Two of a population of two, without a mutation, give children of both."""
    rows = np.array(points(search(trials=30, population=2, elite=0, crossover=1, mutation=0,
                                  tournament=1)))  # fmt: skip
    assert all(set(rows[2:, n]) <= set(rows[:2, n]) for n in range(8))
    assert not np.array_equal(rows[2], rows[0]) and not np.array_equal(rows[2], rows[1])


def test_regularized_children_are_mutated_copies_of_one_parent():
    found = search(trials=40, regularized=True, mutation=0.25, crossover=1.0)
    rows = np.array(points(found))
    shared = [max(np.sum(rows[:row] == rows[row], axis=1)) for row in range(10, 40)]
    assert np.mean(shared) > 4.5, "two of eight change; the rest is one parent's"
    assert set(points(search(trials=20, regularized=True, mutation=0))) == set(points(found)[:10])


def test_a_small_space_is_not_asked_twice_while_there_is_something_new():
    space = ht.SearchSpace(a=ht.integers(1, 6), b=ht.integers(1, 6))
    found = points(search(space, trials=20, mutation=0.8))
    assert len(set(found[10:])) == 10 and not set(found[10:]) & set(found[:10])


@pytest.mark.parametrize("elite", [0, 1, 3])
def test_the_best_of_a_generation_live_on(parents, elite):
    result = search(trials=4 + 3 * (4 - elite) + 1, population=4, elite=elite)
    values = [e.value for e in result.evaluations]
    generation = values[:4]
    assert parents[0] == generation
    for number, found in enumerate(parents[1:3], 1):
        start = 4 + (number - 1) * (4 - elite)
        born = values[start : start + 4 - elite]
        generation = sorted(generation, reverse=True)[:elite] + born
        assert found == generation


def test_a_start_is_the_first_generation(parents):
    known = [SPACE.sample(seed) for seed in range(6)]
    values = [sum(one.values()) for one in known]
    search(trials=8, population=4, start=known)
    assert parents[0] == pytest.approx(values[:4])
    parents.clear()
    result = search(trials=12, population=8, start=known)
    assert parents[0] == pytest.approx([e.value for e in result.evaluations[:8]])
    assert parents[0][:6] == pytest.approx(values)


def test_scores_go_the_objectives_way(parents):
    least = ht.FunctionObjective(lambda params: sum(params.values()), direction="minimize")
    result = search(trials=7, population=4, elite=2, objective=least)
    first = sorted(e.value for e in result.evaluations[:4])
    assert parents[1][:2] == pytest.approx([-first[0], -first[1]])


@pytest.mark.parametrize(
    "fine",
    [
        {"population": 2, "elite": 1},
        {"population": 2, "elite": 0, "tournament": 1},
        {"crossover": 0, "mutation": 0},
        {"crossover": 1, "mutation": 1},
    ],
)
def test_settings_at_their_ends_are_allowed(fine):
    assert len(search(trials=5, **fine)) == 5


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"elite": 4, "population": 4}, "elite=4 .*less than population=4"),
        ({"elite": -1}, "elite=-1"),
        ({"tournament": 0}, "tournament=0"),
        ({"population": 1}, "population=1"),
        ({"crossover": 1.001}, "crossover=1.001"),
        ({"mutation": -0.001}, "mutation=-0.001"),
        ({"regularized": True, "library": "optuna"}, "regularized=True needs library='plain'"),
        ({"trials": 0}, "trials=0"),
    ],
)
def test_settings_beyond_their_ends_are_refused(bad, message):
    with refused(message):
        search(**{"trials": 5} | bad)

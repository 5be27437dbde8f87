"""The methods written in this package, step by step, and what is special to each."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate
from scipy.stats import norm

import hpotutor as ht
from hpotutor.errors import LogError
from hpotutor.search.genetic import Individual, cross, mutate, select
from hpotutor.search.hyperband import Rung
from tests.messages import refused

LINE = ht.SearchSpace(x=ht.uniform(0, 1))


# ── acquisitions ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("mean", "std", "best", "xi"), [(0.8, 0.1, 0.9, 0.0), (1.2, 0.5, 0.9, 0.1), (-3, 2, -2.5, 0)]
)
def test_acquisitions_are_the_integrals_that_they_stand_for(mean, std, best, xi):
    def weighted(gain):
        return lambda value: gain(value) * norm.pdf(value, mean, std)

    far = mean + 12 * std
    improvement = integrate.quad(weighted(lambda v: v - best - xi), best + xi, far)[0]
    probability = integrate.quad(weighted(lambda v: 1.0), best + xi, far)[0]
    assert ht.expected_improvement(mean, std, best, xi) == pytest.approx(improvement)
    assert ht.probability_of_improvement(mean, std, best, xi) == pytest.approx(probability)
    assert ht.upper_confidence_bound(mean, std, 1.5) == pytest.approx(mean + 1.5 * std)


def test_acquisitions_where_nothing_is_uncertain():
    means, certain = np.array([0.5, 1.0]), np.zeros(2)
    assert ht.expected_improvement(means, certain, 0.9, 0.0).tolist() == pytest.approx([0, 0.1])
    assert ht.probability_of_improvement(means, certain, 0.9, 0.0).tolist() == [0, 1]


# ── Gaussian process ─────────────────────────────────────────────────────────────────────────


def observed(**settings):
    search = ht.GaussianProcessSearch(LINE, startup=3, **settings)
    for x in (0.1, 0.45, 0.5, 0.9):
        search.observe({"x": x}, math.sin(6 * x))
    return search


def test_posterior_goes_through_what_was_seen_and_is_unsure_elsewhere():
    search = observed(noise=0)
    seen, unseen = search.posterior([{"x": 0.5}]), search.posterior([{"x": 0.7}])
    assert seen.mean[0] == pytest.approx(math.sin(3), abs=1e-3)
    assert seen.std[0] < 1e-3 < 0.01 < unseen.std[0]
    noisy = observed(noise=0.5)
    assert noisy.posterior([{"x": 0.5}]).std[0] > 0.1
    assert search.posterior([{"x": x / 10} for x in range(11)]).mean.shape == (11,)


def test_suggestion_is_where_the_acquisition_is_largest():
    for acquisition in (
        "expected_improvement",
        "probability_of_improvement",
        "upper_confidence_bound",
    ):
        search = observed(acquisition=acquisition)
        suggestion = search.suggest()
        grid = [{"x": float(x)} for x in np.linspace(0, 1, 201)]
        assert search.acquire([suggestion])[0] >= search.acquire(grid).max() * 0.98
        assert search.suggest() == suggestion


def test_kappa_and_xi_turn_from_using_to_exploring():
    def uncertainty(**dials):
        search = observed(**dials)
        return search.posterior([search.suggest()]).std[0]

    bound = {"acquisition": "upper_confidence_bound"}
    assert uncertainty(**bound, kappa=0.0) < uncertainty(**bound, kappa=20.0)
    chance = {"acquisition": "probability_of_improvement"}
    assert uncertainty(**chance, xi=0.0) < uncertainty(**chance, xi=3.0)


def test_minimizing_mirrors_maximizing():
    up, down = observed(), ht.GaussianProcessSearch(LINE, startup=3, direction="minimize")
    for params, value in zip(up.points, up.values, strict=True):
        down.observe(params, -value)
    assert down.incumbent == up.incumbent
    assert down.suggest()["x"] == pytest.approx(up.suggest()["x"], abs=1e-6)


def test_values_that_are_not_finite_are_no_information():
    search = observed()
    search.observe({"x": 0.3}, math.nan)
    assert len(search.points) == 4
    with refused("nothing was observed"):
        ht.GaussianProcessSearch(LINE).posterior([{"x": 0.5}])


def test_a_finite_space_is_not_asked_twice_until_it_is_used_up():
    space = ht.SearchSpace(n=ht.integers(1, 6), kind=ht.choice("a", None))
    objective = ht.FunctionObjective(lambda p: p["n"] + (p["kind"] is None))
    result = ht.bayesian_search(
        objective, space, trials=16, library="gp", startup=2, progress=False
    )
    points = [tuple(e.params.items()) for e in result.evaluations]
    assert len(set(points)) == 12
    assert len(points) == 16


@pytest.mark.parametrize("library", ["gp", "optuna", "hyperopt"])
def test_models_beat_chance(library):
    space = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.loguniform(1e-4, 1))
    objective = ht.FunctionObjective(
        lambda p: -((p["x"] - 0.3) ** 2) - (math.log10(p["y"]) / 4 + 0.6) ** 2
    )

    def regret(search, **settings):
        runs = [
            search(objective, space, trials=25, seed=seed, progress=False, **settings).best_value
            for seed in range(3)
        ]
        return -np.median(runs)

    assert regret(ht.bayesian_search, library=library, startup=8) < regret(ht.random_search)


# ── Hyperband ────────────────────────────────────────────────────────────────────────────────


def test_brackets_are_those_of_the_paper():
    # Table 1 of Li et al. (2018): R = 81, eta = 3.
    paper = {
        4: [(81, 1), (27, 3), (9, 9), (3, 27), (1, 81)],
        3: [(34, 3), (11, 9), (3, 27), (1, 81)],
        2: [(15, 9), (5, 27), (1, 81)],
        1: [(8, 27), (2, 81)],
        0: [(5, 81)],
    }
    found = {b.s: [tuple(rung) for rung in b.rungs] for b in ht.hyperband_brackets(81, 3)}
    assert found == paper


@pytest.mark.parametrize("eta", [2, 3, 4])
@pytest.mark.parametrize("max_epochs", [1, 2, 10, 27, 100])
def test_every_bracket_ends_at_the_longest_training(max_epochs, eta):
    for bracket in ht.hyperband_brackets(max_epochs, eta):
        counts, epochs = zip(*bracket.rungs, strict=True)
        assert epochs[-1] == max_epochs
        assert min(epochs) >= 1
        assert list(counts) == sorted(counts, reverse=True)
        assert counts[-1] >= 1


def test_brackets_refuse_what_is_no_count():
    with refused(r"(?s)max_epochs=0.*eta=1"):
        ht.hyperband_brackets(0, 1)
    with pytest.raises(
        ht.errors.ArgumentError, match=r"instance max_epochs=27\.(?s:.*)instance eta=3\."
    ):
        ht.hyperband_brackets(0, 1)


def test_halving_keeps_the_best_of_each_rung():
    asked = []

    def score(batch, epochs):
        asked.append((len(batch), epochs))
        # x looks good early, y in the end.
        return [p["x"] if epochs == 1 else p["y"] for p in batch]

    points = [{"x": 3, "y": 1}, {"x": 2, "y": 5}, {"x": 1, "y": 9}, {"x": 0, "y": 0}]
    winners = ht.successive_halving(score, points, [Rung(4, 1), Rung(2, 3), Rung(1, 9)])
    assert winners == [{"x": 2, "y": 5}]
    assert asked == [(4, 1), (2, 3), (1, 9)]


def rungs_of(result):
    return [(e.epochs, e.params["x"]) for e in result.evaluations]


def test_one_bracket_is_successive_halving():
    objective = ht.FunctionObjective(lambda p, epochs: p["x"] * epochs, epochs=9)
    result = ht.hyperband_search(objective, LINE, bracket=2, progress=False)
    rungs = rungs_of(result)
    assert [epochs for epochs, _ in rungs] == [1] * 9 + [3] * 3 + [9]
    best = sorted((x for _, x in rungs[:9]), reverse=True)
    assert [x for _, x in rungs[9:]] == [*best[:3], best[0]]


def test_scikit_learn_runs_the_same_rungs():
    objective = ht.FunctionObjective(lambda p, epochs: p["x"] * epochs, epochs=9)
    result = ht.hyperband_search(objective, LINE, library="scikit-learn", progress=False)
    rungs = rungs_of(result)
    assert [epochs for epochs, _ in rungs] == [1] * 9 + [3] * 3 + [9]
    best = sorted((x for _, x in rungs[:9]), reverse=True)
    assert [x for _, x in rungs[9:12]] == best[2::-1] or {x for _, x in rungs[9:12]} == set(
        best[:3]
    )


def test_keras_tuner_rounds_up():
    objective = ht.FunctionObjective(lambda p, epochs: p["x"] * epochs, epochs=10)
    result = ht.hyperband_search(objective, LINE, library="keras_tuner", progress=False)
    assert {e.epochs for e in result.evaluations} == {2, 4, 10}


def test_hyperband_needs_epochs_to_deal_out():
    plain = ht.FunctionObjective(lambda p: p["x"])
    with refused("no epochs to deal out"):
        ht.hyperband_search(plain, LINE, progress=False)
    space = ht.SearchSpace(epochs=ht.integers(1, 9))
    with refused("Leave 'epochs' out"):
        ht.hyperband_search(plain, space, epochs=9, progress=False)
    with refused("bracket= is for library='plain' or 'asha'"):
        ht.hyperband_search(plain, LINE, epochs=9, library="optuna", bracket=1, progress=False)


# ── genetic ──────────────────────────────────────────────────────────────────────────────────


def test_selection_prefers_the_better():
    population = [Individual(np.array([n / 10]), float(n)) for n in range(10)]
    rng = np.random.default_rng(0)
    assert select(population, 10, rng).score == 9
    means = [np.mean([select(population, size, rng).score for _ in range(300)]) for size in (1, 3)]
    assert means[0] == pytest.approx(4.5, abs=0.6)
    assert means[1] > means[0] + 1


def test_crossover_takes_each_gene_from_a_parent():
    rng = np.random.default_rng(0)
    child = cross(np.zeros(1000), np.ones(1000), rng)
    assert set(child) == {0.0, 1.0}
    assert child.mean() == pytest.approx(0.5, abs=0.06)


def test_mutation_steps_along_scales_and_draws_categories():
    space = ht.SearchSpace(x=ht.uniform(0, 1), kind=ht.choice(*range(10)))
    rng = np.random.default_rng(0)
    genes = np.array([0.5, 0.55])
    assert mutate(genes, space, 0.0, rng).tolist() == genes.tolist()
    children = np.array([mutate(genes, space, 1.0, rng) for _ in range(500)])
    assert children[:, 0].std() == pytest.approx(0.2, abs=0.03)
    assert children[:, 1].std() == pytest.approx(1 / math.sqrt(12), abs=0.03)
    assert (children >= 0).all()
    assert (children <= 1).all()


def test_the_elite_lives_on_at_no_cost():
    objective = ht.FunctionObjective(lambda p: p["x"])
    result = ht.genetic_search(
        objective, LINE, trials=10 + 8 * 4, population=10, elite=2, progress=False
    )
    points = [e.params["x"] for e in result.evaluations]
    assert len(set(points)) == len(points)


def test_generations_become_better():
    space = ht.SearchSpace({f"x{n}": ht.uniform(0, 1) for n in range(4)})
    objective = ht.FunctionObjective(lambda p: sum(p.values()))
    for settings in ({}, {"regularized": True}, {"library": "optuna"}):
        result = ht.genetic_search(objective, space, trials=120, progress=False, **settings)
        values = [e.value for e in result.evaluations]
        assert np.mean(values[-20:]) > np.mean(values[:20]) + 0.3, settings


def test_the_oldest_dies_in_regularized_evolution(monkeypatch):
    from hpotutor.search import genetic

    ages = []

    def watch(population, tournament, rng):
        ages.append([one.score for one in population])
        return select(population, tournament, rng)

    monkeypatch.setattr(genetic, "select", watch)
    objective = ht.FunctionObjective(lambda p: p["x"])
    result = ht.genetic_search(
        objective, LINE, trials=9, population=4, regularized=True, progress=False
    )
    values = [e.value for e in result.evaluations]
    # The last child that was asked for is one that the budget no longer allowed.
    assert ages[-1] == values[5:9]


def test_settings_of_the_genetic_search_are_checked_together():
    objective = ht.FunctionObjective(lambda p: p["x"])
    words = ("population=1", "tournament=0", "crossover=2", "mutation=-1", "regularized=True needs")
    with refused(*words):
        ht.genetic_search(
            objective, LINE, trials=5, population=1, tournament=0, crossover=2, mutation=-1,
            library="optuna", regularized=True,
        )  # fmt: skip


KINDS = ht.SearchSpace(x=ht.uniform(0, 1), kind=ht.choice("a", "b", "c"))
LATER = [
    ("genetic", {"trials": 16, "population": 5}, [(0.865, "b"), (0.66, "c"), (0.948, "a")]),
    (
        "genetic",
        {"trials": 16, "population": 5, "regularized": True},
        [(0.282, "b"), (0.282, "c"), (0.704, "b")],
    ),
    ("hyperband", {}, [(0.036, "b"), (0.629, "b"), (0.497, "a")]),
    ("hyperband", {"trials": 22, "library": "asha"}, [(0.613, "a"), (0.036, "b"), (0.036, "b")]),
]


@pytest.mark.parametrize(("method", "options", "asked"), LATER)
def test_logs_of_earlier_versions_go_on(method, options, asked):
    """Which takes that a seed asks for the same as ever, late in a search, too."""

    def value_of(params, epochs):
        x = params["x"]
        return x * (1 - x) * (1 - 0.5**epochs) + (params["kind"] == "b")

    objective = ht.FunctionObjective(value_of, epochs=9)
    search = getattr(ht, f"{method}_search")
    found = search(objective, KINDS, seed=7, progress=False, **options).evaluations[-4:-1]
    assert [(round(e.params["x"], 3), e.params["kind"]) for e in found] == asked


# ── grid and random ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("library", ["scikit-learn", "optuna", "keras_tuner"])
def test_a_grid_is_each_combination_once(library):
    space = ht.SearchSpace(
        rate=ht.loguniform(1e-3, 1e-1), n=ht.integers(1, 3), kind=ht.choice("a", None, True)
    )
    objective = ht.FunctionObjective(lambda p: p["n"])
    result = ht.grid_search(objective, space, levels={"rate": 3}, library=library, progress=False)
    points = {tuple(e.params.items()) for e in result.evaluations}
    axes = [[("rate", r) for r in (1e-3, 1e-2, 1e-1)], [("n", n) for n in (1, 2, 3)]]
    axes.append([("kind", kind) for kind in ("a", None, True)])
    assert points == set(itertools.product(*axes))
    assert len(result) == 27


@pytest.mark.parametrize("library", ["scikit-learn", "keras_tuner"])
def test_a_conditional_grid_has_no_point_twice(library):
    space = ht.SearchSpace(
        layers=ht.integers(1, 3), units=ht.when(ht.integers(1, 9), layers=[2, 3])
    )
    objective = ht.FunctionObjective(lambda p: p["layers"])
    result = ht.grid_search(objective, space, levels=3, library=library, progress=False)
    points = {tuple(e.params.items()) for e in result.evaluations}
    assert len(points) == len(result) == 1 + 2 * 3


def test_a_grid_that_is_too_large_shows_its_count():
    space = ht.SearchSpace(a=ht.integers(1, 1000), b=ht.integers(1, 200))
    objective = ht.FunctionObjective(lambda p: p["a"])
    with refused(r"200,000 points.*levels=3"):
        ht.grid_search(objective, space)
    assert len(ht.grid_search(objective, space, levels=2, progress=False)) == 4
    with refused("levels=0 .*Type for instance levels="):
        ht.grid_search(objective, space, levels=0)


def test_quasi_random_points_leave_smaller_gaps():
    space = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.uniform(0, 1))
    objective = ht.FunctionObjective(lambda p: p["x"])

    def largest_gap(**settings):
        gaps = []
        for seed in range(5):
            result = ht.random_search(
                objective, space, trials=64, seed=seed, library="optuna", progress=False, **settings
            )
            xs = sorted(e.params["x"] for e in result.evaluations)
            gaps.append(max(np.diff([0, *xs, 1])))
        return np.median(gaps)

    assert largest_gap(quasi=True) < 0.7 * largest_gap()
    with refused("library='optuna' with it"):
        ht.random_search(objective, space, trials=3, quasi=True)


# ── manual ───────────────────────────────────────────────────────────────────────────────────


def hill():
    return ht.FunctionObjective(lambda p: 1 - (p["x"] - 0.5) ** 2)


def test_a_manual_session_shows_guess_and_best():
    session = ht.manual_search(hill(), LINE)
    assert repr(session.try_(x=0.5)) == "1. x=0.5: 1. Best so far."
    assert repr(session.try_(x=0.0, guess=0.7)) == (
        "2. x=0.0: 0.75 (your guess 0.7 was 0.05 too low). The best so far is 1, in trial 1."
    )
    page = session.try_(x=1.0, guess=0.75)._repr_html_()
    assert "your guess 0.75 was right" in page
    assert "<table" in page
    frame = session.to_frame()
    assert frame["value"].tolist() == [1.0, 0.75, 0.75]
    assert frame["guess"].tolist()[1:] == [0.7, 0.75]
    assert session.result().best_params == {"x": 0.5}


def test_a_manual_session_survives_any_number_of_failures():
    def fails(params):
        raise RuntimeError("no")

    session = ht.manual_search(ht.FunctionObjective(fails), LINE)
    for x in (0.1, 0.2, 0.3, 0.4, 0.5):
        row = repr(session.try_(x=x))
    assert row == "5. x=0.5: failed (RuntimeError: no). No trial has a value yet."


def test_a_manual_session_refuses_what_is_not_in_the_space():
    session = ht.manual_search(hill(), LINE)
    with refused(r"(?s)guess='high'.*Did you mean 'x'"):
        session.try_(xx=3, guess="high")
    with refused("x=3 .*from 0.0 to 1.0"):
        session.try_(x=3)
    assert len(session.result()) == 0


def test_a_manual_session_goes_on_with_its_log(tmp_path):
    path = tmp_path / "manual.log"
    first = ht.manual_search(hill(), LINE, log=path)
    first.try_(x=0.25, guess=0.9)
    # The cell is run again while the first session is still around.
    asked = []

    def noted(p):
        asked.append(p)
        return 1 - (p["x"] - 0.5) ** 2

    class Same(ht.FunctionObjective):
        def describe(self):
            return hill().describe()

    second = ht.manual_search(Same(noted), LINE, log=path)
    second.try_(x=0.25)
    second.try_(x=0.75)
    assert asked == [{"x": 0.75}]
    trial = second.result().study.trials[0]
    assert trial.user_attrs["guess"] == 0.9
    with refused("belongs to another search", error=LogError):
        ht.manual_search(ht.FunctionObjective(noted), LINE, log=path)

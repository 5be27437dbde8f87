"""Bayesian optimization by steps: what it asks for, and what its model believes."""

import math

import numpy as np
import pytest
from scipy.stats import norm
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

import hpotutor as ht
from hpotutor.errors import ArgumentError
from tests.messages import refused, shown

LINE = ht.SearchSpace(x=ht.uniform(0, 1))
PLANE = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.uniform(0, 1))
XS = (0.1, 0.45, 0.5, 0.9)
GRID = [{"x": float(x)} for x in np.linspace(0, 1, 21)]


def model(factor=1.0, space=LINE, xs=XS, **settings):
    """Return a search that has seen a sine."""
    search = ht.GaussianProcessSearch(space, **{"startup": 3} | settings)
    for x in xs:
        search.observe({"x": x}, factor * math.sin(6 * x))
    return search


# ── when the model is asked ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("count", "startup"), [(1, 4), (2, 4), (3, 5), (6, 8)])
def test_by_default_two_points_more_than_hyperparameters_and_four_at_least(count, startup):
    space = ht.SearchSpace({f"x{n}": ht.uniform(0, 1) for n in range(count)})
    assert ht.GaussianProcessSearch(space).startup == startup
    assert ht.GaussianProcessSearch(space, startup=1).startup == 1


@pytest.mark.parametrize("startup", [1, 3])
def test_values_matter_once_the_startup_is_over(startup):
    up, down = (ht.GaussianProcessSearch(LINE, startup=startup, seed=2) for _ in range(2))
    for step in range(startup):
        assert up.suggest() == down.suggest()
        up.observe({"x": 0.1 + 0.3 * step}, step)
        down.observe({"x": 0.1 + 0.3 * step}, -step)
    if startup > 1:
        assert up.suggest() != down.suggest()
    other = ht.GaussianProcessSearch(LINE, startup=startup + 1, seed=2)
    for point, value in zip(up.points, up.values, strict=True):
        other.observe(point, value)
    assert other.suggest() != up.suggest(), "one more is drawn at random"


def test_each_seed_has_its_own_points_and_asking_twice_changes_nothing():
    first = ht.GaussianProcessSearch(LINE, seed=1)
    assert first.suggest() == first.suggest() != ht.GaussianProcessSearch(LINE, seed=2).suggest()
    assert model(seed=1).suggest() == model(seed=1).suggest()


def test_random_points_of_a_small_space_differ():
    space = ht.SearchSpace(n=ht.integers(1, 4))
    search = ht.GaussianProcessSearch(space, startup=4)
    for _ in range(4):
        search.observe(search.suggest(), 0.0)
    assert sorted(point["n"] for point in search.points) == [1, 2, 3, 4]
    assert search.suggest()["n"] in (1, 2, 3, 4), "which is used up"


def test_the_model_asks_near_the_best_point_too():
    """Where the mean alone counts, the top of a hill is met closer than by 500 random points."""
    space = ht.SearchSpace({f"x{n}": ht.uniform(0, 1) for n in range(5)})
    search = ht.GaussianProcessSearch(space, acquisition="upper_confidence_bound", kappa=0)
    center = dict.fromkeys(space, 0.5)
    for point in [center, *map(space.sample, range(25))]:
        search.observe(point, -sum((value - 0.5) ** 2 for value in point.values()))
    assert math.dist(search.suggest().values(), center.values()) < 0.1


# ── points that are on their way ─────────────────────────────────────────────────────────────
def test_workers_that_ask_at_once_get_different_points():
    search = ht.GaussianProcessSearch(PLANE, seed=3)
    pending = []
    for _ in range(3):
        pending.append(search.suggest(pending))
    assert len({point["x"] for point in pending}) == 3
    search = model(space=LINE)
    first = search.suggest()
    second = search.suggest([first])
    assert abs(second["x"] - first["x"]) > 1e-3


def test_what_is_pending_is_taken_for_the_mean_and_forgotten():
    search, liar = model(), model()
    first = search.suggest()
    before = search.posterior(GRID)
    liar.observe(first, float(np.mean(liar.values)))
    assert search.suggest([first]) == liar.suggest()
    assert len(search.points) == len(search.values) == 4
    np.testing.assert_array_equal(search.posterior(GRID).mean, before.mean)


def test_what_is_pending_counts_as_startup():
    search = ht.GaussianProcessSearch(LINE, startup=2)
    search.observe({"x": 0.2}, 1.0)
    both = ht.GaussianProcessSearch(LINE, startup=2)
    both.observe({"x": 0.2}, 1.0)
    both.observe({"x": 0.8}, 1.0)
    assert search.suggest([{"x": 0.8}]) == both.suggest()


# ── what the model believes ──────────────────────────────────────────────────────────────────
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_model_is_the_one_that_the_text_names():
    """A Matérn kernel of 5/2 and noise, by scikit-learn with its own optimizer."""
    xs = np.linspace(0.02, 0.98, 12)
    kernel = ConstantKernel(1.0, (1e-2, 1e2)) * Matern([0.5], (0.05, 10), nu=2.5) + WhiteKernel(
        1e-3, (1e-6, 1.0)
    )
    there = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=2)
    there.fit(xs[:, None], np.sin(6 * xs))
    found = model(xs=[float(x) for x in xs]).posterior(GRID)
    mean, _ = there.predict([[point["x"]] for point in GRID], return_std=True)
    np.testing.assert_allclose(found.mean, mean, atol=5e-3)


def test_units_of_the_values_do_not_matter():
    one, ten = model(noise=0.1), model(10.0, noise=1.0)
    for part in ("mean", "std"):
        a, b = (getattr(search.posterior(GRID), part) for search in (one, ten))
        np.testing.assert_allclose(10 * a, b, rtol=1e-3, atol=1e-3)
    assert model(10.0).suggest() == model().suggest()


def test_what_was_measured_often_is_known_well_despite_its_noise():
    search = ht.GaussianProcessSearch(LINE, noise=0.3, startup=2)
    rng = np.random.default_rng(0)
    for _ in range(30):
        for x in (0.2, 0.8):
            search.observe({"x": x}, float(x + rng.normal(0, 0.3)))
    assert search.posterior([{"x": 0.2}]).std[0] < 0.1


def test_equal_values_are_no_trouble():
    search = ht.GaussianProcessSearch(LINE, startup=2)
    for x in (0.1, 0.5, 0.9):
        search.observe({"x": x}, 7.0)
    found = search.posterior(GRID)
    assert np.isfinite(found.std).all() and found.mean == pytest.approx(7.0, abs=1e-6)
    assert LINE.contains(search.suggest())


def test_every_observation_is_learned_from():
    search = model()
    before = search.posterior([{"x": 0.75}])
    search.observe({"x": 0.75}, 3.0)
    after = search.posterior([{"x": 0.75}])
    assert after.mean[0] > before.mean[0] + 1 and len(search.points) == 5
    search.observe({"x": 0.75}, -math.inf)
    assert len(search.points) == len(search.values) == 5


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("xi", [0.0, 0.5])
def test_acquisitions_compare_with_the_best_that_the_model_believes(direction, xi):
    sign = 1 if direction == "maximize" else -1
    chance = model(direction=direction, xi=xi, acquisition="probability_of_improvement")
    mean, std = chance.posterior(GRID)
    best = max(sign * chance.posterior(chance.points).mean)
    gain = sign * mean - best - xi * np.std(chance.values)
    np.testing.assert_allclose(chance.acquire(GRID), norm.cdf(gain / std), atol=1e-9)
    hope = model(direction=direction, xi=xi)
    expected = gain * norm.cdf(gain / std) + std * norm.pdf(gain / std)
    np.testing.assert_allclose(hope.acquire(GRID), expected, atol=1e-9)
    bound = model(direction=direction, kappa=1.5, acquisition="upper_confidence_bound")
    np.testing.assert_allclose(bound.acquire(GRID), sign * mean + 1.5 * std, atol=1e-9)


def test_defaults_of_the_dials_are_those_of_the_text():
    mean, std = np.array([0.8, 1.0]), np.array([0.1, 0.2])
    for function in (ht.expected_improvement, ht.probability_of_improvement):
        np.testing.assert_array_equal(function(mean, std, 0.9), function(mean, std, 0.9, 0.01))
    np.testing.assert_array_equal(
        ht.upper_confidence_bound(mean, std), ht.upper_confidence_bound(mean, std, 2.0)
    )
    search = ht.GaussianProcessSearch(LINE)
    assert (search.xi, search.kappa, search.seed) == (0.01, 2.0, 0)
    assert (search.acquisition, search.direction) == ("expected_improvement", "maximize")


def test_a_gain_of_nothing_is_no_improvement_where_all_is_known():
    assert ht.probability_of_improvement([0.9, 0.91], [0.0, 0.0], 0.9, 0.0).tolist() == [0, 1]
    assert ht.expected_improvement([0.9, 0.5], [0.0, 0.0], 0.9, 0.0).tolist() == [0, 0]


# ── points as the model sees them ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("distribution", "columns"),
    [
        (ht.uniform(0, 1), 1),
        (ht.integers(1, 9), 1),
        (ht.choice("a", "b"), 1),
        (ht.choice("a", "b", "c"), 3),
        (ht.choice(1, 2, 4), 1),
        (ht.choice(4, 1, 2), 3),
        (ht.choice(1, 2, "c"), 3),
        (ht.choice(1, "b", None, 4), 4),
    ],
)
def test_what_has_no_order_has_a_column_an_option(distribution, columns):
    space = ht.SearchSpace(k=distribution)
    search = ht.GaussianProcessSearch(space)
    rows = search._encode([space.sample(seed) for seed in range(9)])
    assert rows.shape == (9, columns) and rows.min() >= 0 and rows.max() <= 1
    if columns > 1:
        assert (rows.sum(axis=1) == 1).all()


def test_what_is_not_there_is_in_the_middle():
    space = ht.SearchSpace(
        kind=ht.choice("a", "b"),
        rate=ht.when(ht.loguniform(1e-4, 1), kind="b"),
        way=ht.when(ht.choice(None, "v", "w"), kind="b"),
    )
    rows = ht.GaussianProcessSearch(space)._encode(
        [{"kind": "a"}, {"kind": "b", "rate": 1e-1, "way": "v"}]
    )
    assert rows[0].tolist() == [0.25, 0.5, 0, 0, 0]
    assert rows[1].tolist() == pytest.approx([0.75, 0.75, 0, 1, 0])


# ── arguments ────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["xi", "kappa", "noise"])
def test_dials_are_numbers_from_zero_up(name):
    assert ht.GaussianProcessSearch(LINE, **{name: 0})
    for bad in (-0.01, math.inf, math.nan, "1"):
        with refused(*shown({name: bad}), "a number from 0 up"):
            ht.GaussianProcessSearch(LINE, **{name: bad})


def test_other_arguments_are_refused_together():
    bad = {"space": {"x": 1}, "acquisition": "ei", "direction": "up", "startup": 0, "seed": -1}
    with refused("5 problems", *shown(bad)):
        ht.GaussianProcessSearch(**bad)


def test_what_is_no_observation_is_refused_and_others_are_taken_as_plain_values():
    search = ht.GaussianProcessSearch(ht.SearchSpace(n=ht.integers(1, 9)))
    search.observe({"n": 3.0}, np.float32(0.5))
    assert search.points == [{"n": 3}] and type(search.points[0]["n"]) is int
    for bad in ("0.9", None):
        with refused("^observe: ", *shown({"value": bad}), "a number"):
            search.observe({"n": 3}, bad)
    for call in (lambda: search.observe({"n": 10}, 1.0), lambda: search.posterior([{"n": 10}])):
        with refused("n=10 .*from 1 to 9"):
            call()
    with refused("nothing was observed yet. Type search.observe"):
        _ = ht.GaussianProcessSearch(LINE).incumbent


def test_the_incumbent_is_the_best_of_its_direction():
    assert model().incumbent == {"x": 0.1}
    assert model(direction="minimize").incumbent == {"x": 0.9}


# ── as a search of its own ───────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("direction", "options"),
    [
        ("maximize", {"seed": 4}),
        ("minimize", {"startup": 2, "acquisition": "upper_confidence_bound", "kappa": 0.1}),
        ("maximize", {"startup": 2, "acquisition": "probability_of_improvement", "xi": 0.5}),
    ],
)
def test_the_search_takes_its_steps(direction, options):
    sign = 1 if direction == "maximize" else -1
    objective = ht.FunctionObjective(lambda p: sign * math.sin(6 * p["x"]), direction)
    steps = ht.GaussianProcessSearch(LINE, **options)
    call = {"trials": steps.startup + 2, "library": "gp", "progress": False}
    found = ht.bayesian_search(objective, LINE, **call, **options)
    for evaluation in found.evaluations:
        assert steps.suggest() == evaluation.params
        steps.observe(evaluation.params, sign * evaluation.value)
    assert len(steps.points) == call["trials"]


def test_a_known_noise_bounds_what_is_known_of_a_point():
    """Measured four times, a value is known to half the noise."""

    def known(noise, value_of):
        search = ht.GaussianProcessSearch(LINE, noise=noise)
        for x in (0.1, 0.9):
            for _ in range(4):
                search.observe({"x": x}, value_of(x))
        return search.posterior([{"x": 0.1}]).std[0]

    assert known(0.05, lambda x: x) == pytest.approx(0.025, rel=0.1)
    assert known(5, lambda x: 100 * x) == pytest.approx(2.5, rel=0.1)
    assert 0.01 < known(0.05, lambda x: 7) < 0.025, "all eight are of one value"


@pytest.mark.parametrize("best", [0.0, 1.0])
def test_beside_the_end_of_a_range_it_asks_within(best):
    search = ht.GaussianProcessSearch(LINE, acquisition="upper_confidence_bound", kappa=0)
    for x in (0.0, 0.25, 0.5, 0.75, 1.0):
        search.observe({"x": x}, -abs(x - best))
    assert LINE.contains(search.suggest()) and abs(search.suggest()["x"] - best) < 0.05


def test_what_is_refused_is_told_with_what_to_type():
    for bad, told in (
        ({"startup": 0}, "a whole number from 1 up. Type for instance startup=5."),
        ({"xi": -1}, "a number from 0 up. Type for instance xi=0.01."),
        ({"noise": -1}, "a number from 0 up. Type for instance noise=0.01."),
    ):
        with pytest.raises(ArgumentError) as caught:
            ht.GaussianProcessSearch(LINE, **bad)
        assert str(caught.value).endswith(told) and "problems" not in str(caught.value)

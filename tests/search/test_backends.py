"""A search is its library's own: its points are those that the library gives by itself."""

import functools
import warnings

import numpy as np
import optuna
import pytest
from optuna import pruners, samplers
from sklearn.model_selection import ParameterSampler

import hpotutor as ht
from hpotutor.search import backends
from hpotutor.study.journal import STUDY_NAME
from tests.messages import refused

SPACE = ht.SearchSpace(
    x=ht.uniform(-1, 2),
    rate=ht.loguniform(1e-3, 1),
    n=ht.integers(3, 11, step=4),
    kind=ht.choice("a", None, 2.5),
)
SMALL = ht.SearchSpace(n=ht.integers(1, 3), kind=ht.choice("a", "b"))


def value_of(params, epochs=1):
    away = (params.get("x", 0) - 0.3) ** 2 + (np.log10(params.get("rate", 1)) + 1) ** 2
    return -away + (params["kind"] is None) - params["n"] / 20 - 0.5**epochs


def points(result):
    return [evaluation.params for evaluation in result.evaluations]


def searched(method, space=SPACE, direction="maximize", **options):
    sign = 1 if direction == "maximize" else -1
    objective = ht.FunctionObjective(
        lambda params, epochs: sign * value_of(params, epochs), direction, epochs=9
    )
    return getattr(ht, f"{method}_search")(objective, space, progress=False, **options)


def of_optuna(sampler, trials, space=SPACE, pruner=None):
    """Return the points of Optuna's own loop, led by the function alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        study = optuna.create_study(direction="maximize", sampler=sampler(), pruner=pruner)
    asked = []

    def objective(trial):
        asked.append(space.suggest(trial))
        return value_of(asked[-1], 9)

    study.optimize(objective, n_trials=trials)
    return asked


# ── scikit-learn and Optuna ──────────────────────────────────────────────────────────────────
def test_random_search_is_that_of_scikit_learn():
    drawn = ParameterSampler(SPACE.to_scipy(), 9, random_state=3)
    assert points(searched("random", trials=9, seed=3)) == [SPACE.clean(one) for one in drawn]


@pytest.mark.parametrize(
    ("method", "options", "sampler"),
    [
        ("random", {}, samplers.RandomSampler),
        ("random", {"quasi": True},
         functools.partial(samplers.QMCSampler, qmc_type="sobol", scramble=True)),
        ("bayesian", {}, functools.partial(samplers.TPESampler, n_startup_trials=10)),
        ("bayesian", {"startup": 4}, functools.partial(samplers.TPESampler, n_startup_trials=4)),
        ("genetic", {"population": 5, "crossover": 0.4, "mutation": 0.5},
         functools.partial(samplers.NSGAIISampler, population_size=5, crossover_prob=0.4,
                           mutation_prob=0.5)),
        ("genetic", {"population": 4},
         functools.partial(samplers.NSGAIISampler, population_size=4, crossover_prob=0.9)),
    ],
)  # fmt: skip
def test_searches_are_those_of_optuna(method, options, sampler):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        expected = of_optuna(lambda: sampler(seed=3), 13)
    assert points(searched(method, trials=13, seed=3, library="optuna", **options)) == expected


def test_a_grid_comes_in_optunas_order():
    grid = {"n": [1, 2, 3], "kind": ["a", "b"]}
    for seed in (0, 5):
        expected = of_optuna(lambda seed=seed: samplers.GridSampler(grid, seed=seed), 6, SMALL)
        assert points(searched("grid", SMALL, library="optuna", seed=seed)) == expected


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_hyperband_is_that_of_optuna(sampler, direction):
    """Pruned where Optuna's pruner says so, as many trials as the first rungs hold."""
    make = {"random": samplers.RandomSampler, "tpe": samplers.TPESampler}[sampler]
    study = optuna.create_study(
        study_name=STUDY_NAME,  # Hyperband draws a trial's bracket from it
        direction="maximize",
        sampler=make(seed=4),
        pruner=pruners.HyperbandPruner(min_resource=1, max_resource=9, reduction_factor=2),
    )
    asked = []

    def objective(trial):
        params = SPACE.suggest(trial)
        for epoch in range(1, 10):
            trial.report(value_of(params, epoch), epoch)
            if trial.should_prune() and epoch < 9:
                asked.append((params, epoch))
                raise optuna.TrialPruned
        asked.append((params, 9))
        return value_of(params, 9)

    rungs = sum(bracket.rungs[0].configurations for bracket in ht.hyperband_brackets(9, 2))
    study.optimize(objective, n_trials=rungs)
    result = searched("hyperband", direction=direction, library="optuna", sampler=sampler,
                      seed=4, eta=2)  # fmt: skip
    assert len(result) == rungs
    assert [params for params, _ in asked] == points(result)
    assert [epochs for _, epochs in asked] == [e.epochs for e in result.evaluations]


# ── Hyperopt and KerasTuner ──────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("method", "options", "settings"),
    [
        ("random", {}, None),
        ("bayesian", {"startup": 4}, {"n_startup_jobs": 4}),
        ("bayesian", {}, {"n_startup_jobs": 20}),
    ],
)
def test_searches_are_those_of_hyperopt(method, options, settings):
    hyperopt = pytest.importorskip("hyperopt")
    asked = []

    def loss(params):
        asked.append(SPACE.clean(params))
        return -value_of(asked[-1], 9)

    algorithm = hyperopt.rand.suggest
    if settings:
        algorithm = functools.partial(hyperopt.tpe.suggest, **settings)
    trials = 4 + (settings or {"n_startup_jobs": 4})["n_startup_jobs"]
    hyperopt.fmin(
        loss, SPACE.to_hyperopt(), algorithm, trials, rstate=np.random.default_rng(3),
        verbose=False, show_progressbar=False,
    )  # fmt: skip
    found = searched(method, trials=trials, seed=3, library="hyperopt", **options)
    assert points(found) == asked


CONDITIONAL = ht.SearchSpace(
    layers=ht.integers(1, 3),
    odd=ht.integers(3, 11, step=2),
    far=ht.integers(4, 12, step=4),
    big=ht.integers(1, 64, log=True),
    units=ht.when(ht.integers(8, 64, step=8), layers=[2, 3]),
    kind=ht.choice("a", None, (1, 2)),
    rate=ht.when(ht.loguniform(1e-3, 1), kind=[None]),
)


def test_a_start_is_told_to_hyperopt_as_it_would_have_noted_it():
    """Its own function that reads what trials hold gives back each point."""
    hyperopt = pytest.importorskip("hyperopt")
    seen = set()
    for seed in range(30):
        params = CONDITIONAL.sample(seed)
        values = backends._hyperopt_values(CONDITIONAL, params)
        assert set(values) == set(CONDITIONAL)
        assert {name for name, value in values.items() if value} == set(params)
        held = {name: value[0] for name, value in values.items() if value}
        assert CONDITIONAL.clean(hyperopt.space_eval(CONDITIONAL.to_hyperopt(), held)) == params
        seen.add(frozenset(params))
    assert len(seen) == 4


def test_neighboring_seeds_of_keras_tuner_share_no_point():
    pytest.importorskip("keras_tuner")
    found = [points(searched("random", trials=6, seed=s, library="keras_tuner")) for s in (0, 1, 2)]
    assert not [one for one in found[0] if one in found[1] + found[2]]


def test_what_a_tuner_of_keras_is_asked_for(monkeypatch):
    tuner = pytest.importorskip("keras_tuner")
    made = {}

    def note(name, oracle):
        def make(**settings):
            made[name] = oracle(**settings)
            return made[name]

        monkeypatch.setattr(tuner.oracles, name, make)

    note("BayesianOptimizationOracle", tuner.oracles.BayesianOptimizationOracle)
    note("HyperbandOracle", tuner.oracles.HyperbandOracle)
    note("RandomSearchOracle", tuner.oracles.RandomSearchOracle)
    searched("random", trials=4, seed=3, library="keras_tuner")
    oracle = made["RandomSearchOracle"]
    # Its seed is that of all logs so far, which go on only if the same points come.
    assert (oracle.max_trials, oracle.seed) == (4, 788_445_326)
    searched("bayesian", trials=4, startup=6, library="keras_tuner")
    oracle = made["BayesianOptimizationOracle"]
    assert (oracle.max_trials, oracle.num_initial_points) == (4, 6)
    once = searched("hyperband", library="keras_tuner", eta=2, epochs=8)
    oracle = made["HyperbandOracle"]
    assert (oracle.max_epochs, oracle.factor, oracle.hyperband_iterations) == (8, 2, 1)
    more = searched("hyperband", library="keras_tuner", eta=2, epochs=8, trials=len(once) + 5)
    assert len(more) == len(once) + 5, "the brackets are run again"


def test_keras_tuner_stops_when_a_small_space_has_no_more():
    pytest.importorskip("keras_tuner")
    found = points(searched("random", SMALL, trials=50, library="keras_tuner"))
    assert len(found) == 6 == len({str(one) for one in found})


def test_scikit_learn_stops_when_choices_have_no_more():
    space = ht.SearchSpace(n=ht.choice(1, 2, 3), kind=SMALL["kind"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = points(searched("random", space, trials=50))
    assert len(found) == 6 == len({str(one) for one in found})


def test_a_second_halving_of_scikit_learn_has_configurations_of_its_own():
    found = searched("hyperband", trials=22, library="scikit-learn")
    first, second = found.evaluations[:13], found.evaluations[13:]
    assert [e.epochs for e in first] == [1] * 9 + [3] * 3 + [9]
    assert [e.epochs for e in second] == [1] * 9
    assert not [e for e in second if e.params in [one.params for one in first]]
    other = searched("hyperband", trials=9, library="scikit-learn", seed=1)
    assert points(other) != points(found)[:9]
    for number, part in enumerate((first, second)):
        state = np.random.SeedSequence(0, spawn_key=(number,)).generate_state(1)[0]
        drawn = ParameterSampler(SPACE.to_scipy(), 9, random_state=int(state))
        assert [e.params for e in part[:9]] == [SPACE.clean(one) for one in drawn]


# ── what stands in for a recorder or a network ───────────────────────────────────────────────
def test_a_dry_run_asks_what_the_budget_allows():
    asked = backends.DryRunRecorder(None, SMALL, 2)
    for n in (1, 2.0):
        assert asked.evaluate({"n": n, "kind": "a"}).value == 0
    with pytest.raises(ht.errors.StopSearch):
        asked.evaluate({"n": 3, "kind": "a"})
    assert asked.asked == [{"n": 1, "kind": "a"}, {"n": 2, "kind": "a"}]
    endless = backends.DryRunRecorder(None, SMALL, None)
    for _ in range(5):
        assert endless.score(endless.evaluate({"n": 3, "kind": "a"})) == 0
    assert len(endless.asked) == 5 and endless.started == []


def test_a_library_is_not_installed_and_the_others_are_named(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: name != "hyperopt" or None)
    with pytest.raises(ht.errors.MissingExtra) as caught:
        searched("random", trials=3, library="hyperopt")
    assert "library='hyperopt' is not installed. Type: pip install hyperopt." in str(caught.value)
    assert str(caught.value).endswith("'scikit-learn', 'optuna', 'keras_tuner'.")
    assert len(searched("random", trials=3, library="optuna")) == 3
    with refused("library='hyperop' .*Did you mean 'hyperopt'"):
        searched("random", trials=3, library="hyperop")


def test_conditions_of_a_grid_are_refused_by_optuna_alone():
    space = ht.SearchSpace(k=ht.choice("a", "b"), n=ht.when(ht.integers(1, 2), k="b"))
    with refused("GridSampler has no conditions.*Type library='scikit-learn'"):
        searched("grid", space, library="optuna")
    for library in ("scikit-learn", "keras_tuner"):
        objective = ht.FunctionObjective(lambda params: params.get("n", 0))
        found = ht.grid_search(objective, space, library=library, progress=False)
        assert len(found) == 3


@pytest.mark.parametrize("levels", [2, 3])
def test_a_narrowed_grid_is_that_of_scikit_learn(levels):
    """Of conditions on values that the grid leaves out, nothing is left; of the others, a part."""
    pytest.importorskip("keras_tuner")
    space = ht.SearchSpace(
        layers=ht.integers(1, 5),
        middle=ht.when(ht.integers(1, 3), layers=[2, 3]),
        below=ht.when(ht.choice("a", "b"), middle=[1, 2]),
        deep=ht.when(ht.integers(1, 9), layers=[3, 4, 5]),
    )
    objective = ht.FunctionObjective(lambda params: params["layers"])
    found = [
        ht.grid_search(objective, space, levels=levels, library=library, progress=False)
        for library in ("scikit-learn", "keras_tuner")
    ]
    one, other = ({str(params) for params in points(result)} for result in found)
    assert one == other and len(found[0]) == len(found[1]) == len(one)


def test_a_grid_of_optuna_ends_with_its_points_and_a_budget_before():
    assert len(searched("grid", SMALL, library="optuna", trials=2)) == 2
    found = searched("grid", SMALL, library="optuna", trials=50)
    assert len(found) == 6 and "no further point" in found.stopped


def test_a_start_does_not_change_what_a_sequence_draws():
    start = [{"x": 0.5, "rate": 0.1, "n": 7, "kind": None}]
    for quasi in (True, False):
        call = {"library": "optuna", "quasi": quasi, "seed": 3}
        found = points(searched("random", trials=6, start=start, **call))
        assert found == [*start, *points(searched("random", trials=5, **call))]


def test_a_start_on_a_logarithmic_condition_is_told_to_hyperopt():
    hyperopt = pytest.importorskip("hyperopt")
    space = ht.SearchSpace(
        big=ht.integers(1, 64, log=True), sub=ht.when(ht.uniform(0, 1), big=[7, 63])
    )
    for params in ({"big": 63, "sub": 0.25}, {"big": 6}, {"big": 7, "sub": 0.5}):
        values = backends._hyperopt_values(space, params)
        held = {name: value[0] for name, value in values.items() if value}
        assert space.clean(hyperopt.space_eval(space.to_hyperopt(), held)) == params


@pytest.mark.parametrize("library", ["keras_tuner", "scikit-learn", "optuna"])
def test_what_an_objective_warns_of_is_seen(library):
    def warns(params):
        warnings.warn("mine", UserWarning, stacklevel=1)
        return 1.0

    with pytest.warns(UserWarning, match="mine"):
        ht.random_search(
            ht.FunctionObjective(warns), SMALL, trials=2, library=library, progress=False
        )


def test_only_that_something_is_experimental_is_not_said():
    def make(**settings):
        warnings.warn("new", optuna.exceptions.ExperimentalWarning, stacklevel=1)
        warnings.warn("mine", UserWarning, stacklevel=1)
        return settings

    with pytest.warns(UserWarning) as seen:
        assert backends.experimental(make, seed=3) == {"seed": 3}
    assert [str(one.message) for one in seen] == ["mine"]


def test_a_dry_run_hands_on_what_was_asked():
    class Traces(backends.DryRunRecorder):
        def answer(self, *question):
            return question

    def watch(epoch, value):
        return False

    found = Traces(None, SMALL, 3).evaluate({"n": 2.0, "kind": "a"}, 9, on_epoch=watch)
    assert found == ({"n": 2, "kind": "a"}, 9, watch)


def test_where_nothing_is_gained_by_a_batch_points_are_drawn_once(monkeypatch):
    drawn, make = [], ht.SearchSpace.to_scipy
    monkeypatch.setattr(ht.SearchSpace, "to_scipy", lambda space: drawn.append(1) or make(space))
    searched("random", trials=3)
    assert len(drawn) == 1

"""Each dialect's text, executed as it stands: its draws lie in the space and cover it."""

import math
from collections import Counter

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.space.converters import Source
from tests.messages import refused

FLAT = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-4, 1e-1),
    dropout=ht.uniform(0.1, 0.4),
    shift=ht.uniform(-1, 1),
    units=ht.integers(8, 64, step=8),
    filters=ht.integers(10, 34, step=8),
    layers=ht.integers(1, 3),
    batch_size=ht.integers(4, 256, log=True),
    optimizer=ht.choice("sgd", "rmsprop", 'it"s'),
    patience=ht.choice(3, 5),
    decay=ht.choice(0.0, 1e-4),
    batch_norm=ht.choice(False, True),
    regularizer=ht.choice(None, True, 2, 0.5, "l1"),
)
# A child of two parents, a grandchild, names that the texts use themselves, and mixed parents.
TREE = ht.SearchSpace(
    layers=ht.integers(1, 3),
    optimizer=ht.choice("sgd", "adam"),
    units_2=ht.when(ht.integers(8, 24, step=8), layers=[2, 3]),
    hp=ht.when(ht.choice(None, "l1", 3), layers=3),
    space=ht.when(ht.loguniform(1e-5, 1e-2), hp="l1"),
    momentum=ht.when(ht.choice(0.0, 0.9), optimizer="sgd", hp=[None, 3]),
    batch_norm=ht.choice(False, True),
    params=ht.when(ht.integers(1, 2), batch_norm=True),
    hp_values=ht.when(ht.uniform(0, 1), batch_norm=[False]),
)
SPACES = {"flat": FLAT, "tree": TREE}
DRAWS = 500


# ── the text ─────────────────────────────────────────────────────────────────────────────────

SMALL = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-4, 1e-1),
    units=ht.integers(8, 128, step=8),
    optimizer=ht.choice("sgd", "adam"),
)
TEXTS = {
    "scikit-learn": """\
param_grid = {
    "learning_rate": [1e-4, 0.00316, 0.1],
    "units": [8, 64, 128],
    "optimizer": ["sgd", "adam"],
}""",
    "scipy": """\
from scipy.stats import loguniform

param_distributions = {
    "learning_rate": loguniform(1e-4, 0.1),
    "units": list(range(8, 129, 8)),
    "optimizer": ["sgd", "adam"],
}""",
    "hyperopt": """\
import numpy as np
from hyperopt import hp
from hyperopt.pyll import scope

space = {
    "learning_rate": hp.loguniform("learning_rate", np.log(1e-4), np.log(0.1)),
    "units": scope.int(hp.quniform("units", 4, 132, 8)),
    "optimizer": hp.choice("optimizer", ["sgd", "adam"]),
}""",
    "optuna": """\
def suggest(trial):
    return {
        "learning_rate": trial.suggest_float("learning_rate", 1e-4, 0.1, log=True),
        "units": trial.suggest_int("units", 8, 128, step=8),
        "optimizer": trial.suggest_categorical("optimizer", ["sgd", "adam"]),
    }""",
    "keras_tuner": """\
def declare(hp):
    return {
        "learning_rate": hp.Float("learning_rate", 1e-4, 0.1, sampling="log"),
        "units": hp.Int("units", 8, 128, step=8),
        "optimizer": hp.Choice("optimizer", ["sgd", "adam"]),
    }""",
}


@pytest.mark.parametrize("dialect", TEXTS)
def test_the_text_reads_as_a_learner_would_type_it(dialect):
    text = SMALL.show(dialect, levels=3 if dialect == "scikit-learn" else None)
    assert text == TEXTS[dialect]
    assert isinstance(text, Source) and text._repr_markdown_() == f"```python\n{text}\n```"


def test_an_optuna_condition_is_an_if():
    space = ht.SearchSpace(
        layers=ht.integers(1, 3),
        units_2=ht.when(ht.integers(8, 64), layers=[2, 3]),
        units_3=ht.when(ht.integers(8, 64), layers=3),
    )
    text = space.show("optuna")
    assert '    if params["layers"] in [2, 3]:\n        params["units_2"] = trial.' in text
    assert '    if params["layers"] == 3:\n        params["units_3"] = trial.' in text


# ── draws ────────────────────────────────────────────────────────────────────────────────────
def executed(space, dialect, name):
    """Return what a dialect's text defines, run in an empty namespace."""
    namespace = {}
    exec(space.show(dialect), namespace)
    return namespace[name]


def scipy_draws(space):
    from sklearn.model_selection import ParameterSampler

    distributions = executed(space, "scipy", "param_distributions")
    return list(ParameterSampler(distributions, DRAWS, random_state=0))


def hyperopt_draws(space):
    from hyperopt.pyll.stochastic import sample

    expression = executed(space, "hyperopt", "space")
    rng = np.random.default_rng(0)
    return [sample(expression, rng) for _ in range(DRAWS)]


def optuna_draws(space):
    import optuna

    suggest = executed(space, "optuna", "suggest")
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    return [suggest(study.ask()) for _ in range(DRAWS)]


def keras_tuner_draws(space):
    import keras_tuner

    declare = executed(space, "keras_tuner", "declare")
    known = keras_tuner.HyperParameters()
    declare(known)
    draws = []
    for draw in range(DRAWS):
        hp = keras_tuner.HyperParameters()
        hp.merge(known)
        hp.values = {}
        for index, parameter in enumerate(known.space):
            if hp.is_active(parameter):
                hp.values[parameter.name] = parameter.random_sample(1000 * draw + index)
        draws.append(declare(hp))
        # What the tuner's own record holds must lead to the same point.
        assert space.clean(hp.values) == space.clean(draws[-1])
    return draws


DRAWERS = {
    "scipy": scipy_draws,
    "hyperopt": hyperopt_draws,
    "optuna": optuna_draws,
    "keras_tuner": keras_tuner_draws,
}


@pytest.fixture(scope="module")
def drawn():
    """Return a function that gives the cleaned draws of a dialect, drawn once."""
    kept = {}

    def draws(name, dialect):
        if (name, dialect) not in kept:
            space = SPACES[name]
            kept[name, dialect] = [space.clean(raw) for raw in DRAWERS[dialect](space)]
        return kept[name, dialect]

    return draws


@pytest.mark.parametrize("dialect", DRAWERS)
@pytest.mark.parametrize("name", SPACES)
def test_every_draw_lies_in_the_space(drawn, name, dialect):
    points = drawn(name, dialect)
    assert len(points) == DRAWS
    for point in points:
        SPACES[name].check(point)


@pytest.mark.parametrize("dialect", DRAWERS)
def test_draws_cover_integers_and_categories_evenly(drawn, dialect):
    points = drawn("flat", dialect)
    for name in FLAT:
        if name in ("learning_rate", "dropout", "shift", "batch_size"):
            continue
        values = FLAT.grid()[name]
        counts = Counter(repr(point[name]) for point in points)
        assert set(counts) == {repr(value) for value in values}
        expected = DRAWS / len(values)
        # Four standard deviations; an end that is drawn half as often is further away.
        spread = 4 * math.sqrt(expected * (1 - 1 / len(values)))
        assert all(abs(count - expected) < spread for count in counts.values()), (name, counts)


@pytest.mark.parametrize("dialect", DRAWERS)
def test_draws_cover_floats_on_their_scale(drawn, dialect):
    points = drawn("flat", dialect)
    for name in ("learning_rate", "dropout", "shift", "batch_size"):
        alone = ht.SearchSpace({name: FLAT[name]})
        unit = np.array([alone.to_unit({name: point[name]})[0] for point in points])
        assert unit.min() < 0.05 and unit.max() > 0.95
        thirds = np.histogram(unit, bins=[0, 1 / 3, 2 / 3, 1])[0] / DRAWS
        assert np.all(np.abs(thirds - 1 / 3) < 0.09), (name, thirds)


@pytest.mark.parametrize("dialect", ["scipy", "hyperopt", "optuna"])
def test_integers_on_a_log_scale_weigh_the_same_everywhere(dialect):
    space = ht.SearchSpace(units=ht.integers(1, 4, log=True), rate=ht.uniform(0, 1))
    counts = Counter(space.clean(raw)["units"] for raw in DRAWERS[dialect](space))
    # Bins from n - 1/2 to n + 1/2 on a log scale from 1/2 to 9/2: 1 takes half of it.
    weights = np.log([3, 5 / 3, 7 / 5, 9 / 7]) / np.log(9)
    shares = [counts[value] / DRAWS for value in range(1, 5)]
    assert shares == pytest.approx(weights, abs=0.08)


@pytest.mark.parametrize("dialect", DRAWERS)
def test_draws_cover_all_branches_of_a_conditional_space(drawn, dialect):
    points = drawn("tree", dialect)
    seen = {tuple(point) for point in points}
    values = {name: TREE.grid()[name] for name in TREE.parents}
    expected = {tuple(TREE.active(fixed)) for fixed, _ in TREE.branches(values)}
    assert seen == expected
    assert {point.get("momentum") for point in points} == {None, 0.0, 0.9}
    assert {point.get("units_2") for point in points} == {None, 8, 16, 24}


@pytest.mark.parametrize("space", SPACES.values(), ids=SPACES)
def test_the_grid_holds_each_point_once(space):
    from sklearn.model_selection import ParameterGrid

    levels = {"learning_rate": 2, "dropout": 2, "shift": 2, "units": 2, "filters": 2}
    levels |= {"batch_size": 2, "space": 3, "hp_values": 3}
    levels = {name: count for name, count in levels.items() if name in space}
    points = list(ParameterGrid(space.to_sklearn_grid(levels)))
    assert len(points) == space.grid_size(levels)
    assert len({repr(sorted(point.items())) for point in points}) == len(points)
    sample = points[:: max(1, len(points) // 500)]
    assert all(space.contains(point) for point in sample)


def test_without_conditions_the_grid_is_one_dict():
    assert FLAT.to_sklearn_grid(3) == FLAT.grid(3)
    namespace = {}
    exec(FLAT.show("scikit-learn", levels=3), namespace)
    assert repr(namespace["param_grid"]) == repr(FLAT.grid(3))


def test_optuna_sees_exactly_the_same_distributions():
    import optuna

    study = optuna.create_study()
    trial = study.ask()
    FLAT.suggest(trial)
    assert trial.distributions == dict(FLAT)
    study, seen = optuna.create_study(), {}
    for _ in range(60):
        trial = study.ask()
        TREE.suggest(trial)
        seen |= trial.distributions
    assert seen == dict(TREE)


def test_scipy_has_the_same_bounds():
    live = FLAT.to_scipy()
    assert live["learning_rate"].support() == pytest.approx((1e-4, 1e-1))
    assert live["shift"].support() == (-1, 1)
    assert live["layers"].support() == (1, 3)
    assert live["batch_size"].support() == (4, 256)
    assert live["units"] == list(range(8, 65, 8))
    # Half of a log scale from 4 to 256 lies below 32.
    assert live["batch_size"].cdf(31) == pytest.approx(0.5, abs=0.02)


def test_keras_tuner_declares_conditions_that_a_real_tuner_finds(tmp_path):
    import keras_tuner

    seen = []

    class Tuner(keras_tuner.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            point = TREE.clean(TREE.declare(trial.hyperparameters))
            assert TREE.clean(trial.hyperparameters.values) == point
            seen.append(point)
            return float(len(point))

    tuner = Tuner(
        hypermodel=lambda hp: TREE.declare(hp),
        objective=keras_tuner.Objective("score", "max"),
        max_trials=40,
        seed=0,
        directory=tmp_path,
        project_name="tree",
    )
    tuner.search(verbose=0)
    assert {parameter.name for parameter in tuner.oracle.get_space().space} == set(TREE)
    assert all(TREE.contains(point) for point in seen)
    assert set().union(*seen) == set(TREE)


def test_hyperopt_searches_the_nested_space_and_gives_values_back():
    from hyperopt import Trials, fmin, space_eval, tpe

    seen = []

    def loss(raw):
        seen.append(TREE.clean(raw))
        return -len(seen[-1])

    space, trials = TREE.to_hyperopt(), Trials()
    best = fmin(
        loss,
        space,
        algo=tpe.suggest,
        max_evals=40,
        trials=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
        verbose=False,
    )
    assert all(TREE.contains(point) for point in seen)
    assert TREE.clean(space_eval(space, best)) in seen
    # TPE learns only from trials in which a hyperparameter existed.
    existing = sum("units_2" in point for point in seen)
    assert sum(bool(trial["misc"]["vals"]["units_2"]) for trial in trials.trials) == existing < 40


def test_hyperopt_keeps_the_order_of_integers_and_their_values_in_its_log():
    from hyperopt import Trials, fmin, rand

    space = ht.SearchSpace(units=ht.integers(8, 64, step=8), layers=ht.integers(1, 3))
    trials = Trials()
    seen = []
    fmin(
        lambda raw: seen.append(raw) or raw["units"],
        space.to_hyperopt(),
        algo=rand.suggest,
        max_evals=20,
        trials=trials,
        rstate=np.random.default_rng(0),
        show_progressbar=False,
    )
    assert all(type(value) is int for raw in seen for value in raw.values())
    assert trials.vals["units"] == [raw["units"] for raw in seen]
    assert trials.vals["layers"] == [raw["layers"] for raw in seen]


# ── short and exact ──────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("value", "text"),
    [(1e-4, "1e-4"), (0.1, "0.1"), (0.01, "0.01"), (0.00316, "0.00316"), (1e5, "1e5")]
    + [(0.0, "0.0"), (-2.5e-7, "-2.5e-7"), (1 / 3, "0.3333333333333333"), (3, "3")]
    + [("a", '"a"'), ('a"', "'a\"'"), ("a\n", "'a\\n'"), (None, "None"), (True, "True")],
)
def test_values_are_written_short_and_exactly(value, text):
    from hpotutor.space.formatting import literal

    assert literal(value) == text
    assert repr(eval(literal(value))) == repr(value)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: SMALL.show("sklearn"), "dialect='sklearn'.*mean 'scikit-learn'.*'keras_tuner'"),
        (
            lambda: SMALL.show("optuna", levels=3),
            "levels is for the grid.*'optuna' has none",
        ),
        (lambda: SMALL.to_sklearn_grid(0), "levels=0 .*Type for instance levels="),
    ],
)
def test_bad_dialects_and_levels_are_refused(call, said):
    with refused(said):
        call()

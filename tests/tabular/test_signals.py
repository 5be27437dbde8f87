"""The table signals: conditions in lookups and spaces, and what tuning is worth there."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import hpotutor as ht
from hpotutor import cli
from hpotutor.analysis.statistics import summarize
from hpotutor.tabular.histories import grid_history, random_history, replay
from hpotutor.tabular.objective import TableObjective
from hpotutor.tabular.table import open_table
from tests.messages import refused
from tools.tables import verify
from tools.tables.spec import SPECS

DENSE, CONV = {"units", "dropout"}, {"filters", "kernel_size"}
COURSE = {"layers": 1, "units": 64, "optimizer": "adam", "learning_rate": 1e-3}
COURSE |= {"batch_size": 32, "dropout": 0.0}


@pytest.fixture(scope="module")
def table():
    return open_table("signals")


@pytest.fixture(scope="module")
def objective(table):
    return TableObjective(table, quiet=True)


# ── lookups ──────────────────────────────────────────────────────────────────────────────────
def test_every_configuration_is_reachable_by_what_exists_in_it(table):
    asked = [table.params_at(index) for index in range(len(table))]
    assert [table.index_of(params) for params in asked] == list(range(len(table)))
    for params in asked:
        idle = CONV if params["architecture"] == "dense" else DENSE
        assert not idle & set(params)
        assert len(params) == 9 - len(idle)


def test_columns_have_nan_where_a_hyperparameter_does_not_exist(table):
    columns = table.columns()
    conv = columns["architecture"] == "conv"
    for name in DENSE | CONV:
        np.testing.assert_array_equal(np.isnan(columns[name]), conv == (name in DENSE))
    assert columns["units"][~conv].tolist() == [
        table.params_at(i)["units"] for i in np.flatnonzero(~conv)
    ]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"architecture": "conv", "units": 8}, "units exists only when architecture='dense'"),
        ({"kernel_size": 3}, "kernel_size exists only when architecture='conv'. Leave it out"),
        ({"architecture": "cnn"}, "Allowed: 'dense', 'conv'"),
        ({"architecture": "conv", "filters": 400}, "filters=400 .*filters=16"),
    ],
)
def test_what_cannot_be_is_refused(table, asked, said):
    with refused(said):
        table.index_of(asked)


def test_the_space_never_leaves_the_table_and_reaches_all_levels(table, objective):
    assert objective.space.conditions.keys() == DENSE | CONV
    met = {table.index_of(objective.space.sample(seed)) for seed in range(4000)}
    for axis in table.axes:
        found = {table.params_at(i).get(axis.name) for i in met}
        assert set(axis.levels) <= found


@pytest.mark.parametrize(
    ("defaults", "names"),
    [
        ({"architecture": "conv"}, CONV),
        ({"architecture": "dense", "units": 16}, {"dropout"}),
        ({"units": 16}, {"architecture", "dropout"} | CONV),
    ],
)
def test_a_default_settles_what_depends_on_it(table, defaults, names):
    objective = TableObjective(table, defaults=defaults, quiet=True)
    always = {"layers", "optimizer", "batch_size", "learning_rate"}
    assert set(objective.space) == always | names
    for seed in range(50):
        met = table.params_at(objective.index_of(objective.space.sample(seed)))
        assert all(met.get(name, value) == value for name, value in defaults.items())


def test_it_tells_of_defaults_that_exist_alone(table, capsys):
    TableObjective(table).evaluate({"architecture": "conv", "learning_rate": 0.01})
    told = capsys.readouterr().out
    assert "filters=16, kernel_size=3" in told
    assert "units" not in told


# ── searches ─────────────────────────────────────────────────────────────────────────────────
SEARCHES = {
    ht.grid_search: ("scikit-learn", "keras_tuner"),
    ht.random_search: ("scikit-learn", "optuna", "hyperopt", "keras_tuner"),
    ht.bayesian_search: ("optuna", "hyperopt", "gp"),
    ht.genetic_search: ("plain", "optuna"),
    ht.hyperband_search: ("plain", "scikit-learn", "optuna", "keras_tuner", "asha"),
}


@pytest.mark.parametrize(
    ("search", "library"),
    [(search, library) for search, libraries in SEARCHES.items() for library in libraries],
)
def test_every_library_searches_it_under_its_conditions(objective, search, library):
    own = objective.afresh()
    result = search(own, own.space, library=library, trials=12, seed=0, log=None, progress=False)
    assert len(result.evaluations) == 12
    for evaluation in result.evaluations:
        own.space.check({n: v for n, v in evaluation.params.items() if n != "epochs"})


def test_random_replays_draw_as_random_search_does(table, objective):
    index = random_history(objective, trials=40, repeats=200).index
    columns = {name: values[index] for name, values in table.columns().items()}
    conv = columns["architecture"] == "conv"
    assert conv.mean() == pytest.approx(0.5, abs=0.03)
    for filters in (4, 8, 16):
        assert (columns["filters"][conv] == filters).mean() == pytest.approx(1 / 3, abs=0.03)


@pytest.mark.parametrize("trials", [8, 30, 100])
def test_a_grid_asks_nothing_twice(objective, trials):
    history = grid_history(objective, trials=trials, repeats=50)
    asked = history.epochs > 0
    for row, there in zip(history.index, asked, strict=True):
        assert len(set(row[there])) == there.sum() > trials / 3
    assert (np.diff(asked.astype(int), axis=1) <= 0).all()  # one that is smaller ends early


def test_panels_run_on_it():
    fixed = {"units": 16}  # for dense networks only
    panel = ht.widgets.generation_stepper(TableObjective("signals", defaults=fixed, quiet=True))
    assert panel.objective.table.name == "signals"
    for make in (ht.widgets.method_race, ht.widgets.winners_curse, ht.widgets.bayesian_stepper):
        assert make("signals") is not None


# ── what tuning is worth ─────────────────────────────────────────────────────────────────────
def test_the_best_is_thirty_points_above_the_courses_default_on_test_rows(table, objective):
    default = table.index_of({"architecture": "dense", **COURSE})
    best = TableObjective(table, seed="mean").best()
    assert best.value >= 0.9
    gain = table.test_accuracy[best.index, :, -1] - table.test_accuracy[default, :, -1]
    # The tests' own noise: 1,000 rows, of which each network is right on so many.
    shares = table.test_accuracy[[best.index, default], :, -1].mean(axis=1)
    error = np.sqrt((shares * (1 - shares)).sum() / table.about["rows"]["test"])
    assert gain.mean() - 1.96 * error >= 0.3
    assert gain.min() >= 0.3


def test_thirty_random_trials_are_worth_twenty_points(table, objective):
    default = table.index_of({"architecture": "dense", **COURSE})
    found = replay(objective, random_history(objective, trials=30, repeats=1000))
    _, low, _ = summarize(found.test[:, -1:], "median")[:, 0]
    assert low - table.test_accuracy[default, :, -1].mean() >= 0.2


# ── how it was made ──────────────────────────────────────────────────────────────────────────
def test_its_weights_are_those_that_keras_counts(table):
    data, spec = SPECS["signals"].load(), SPECS["signals"]
    assert table.parameters.shape == (len(table),)
    shapes = itertools.product((1, 3), (8, 64)), itertools.product((1, 3), (4, 16), (3, 5))
    asked = [{"layers": layers, "units": units} for layers, units in shapes[0]]
    for layers, filters, size in shapes[1]:
        asked.append({"architecture": "conv", "layers": layers})
        asked[-1] |= {"filters": filters, "kernel_size": size}
    for params in asked:
        index = table.index_of(params)
        model = verify.network(data.input_shape, data.n_classes, **_built(spec.network_at(index)))
        assert model.count_params() == table.parameters[index]


def _built(params):
    return {name: value for name, value in params.items() if name != "batch_size"}


def test_the_plain_networks_are_those_of_the_builders():
    data = SPECS["signals"].load()
    fixed = SPECS["signals"].fixed
    plain = verify.network(data.input_shape, 10, architecture="conv", layers=2, filters=4, seed=0)
    built = ht.build_conv1d(data.input_shape, 10, layers=2, filters=4, seed=0, **fixed)
    plain.set_weights(built.get_weights())
    rows = data.x_val[:20]
    shaped = rows.reshape(-1, *data.input_shape)
    np.testing.assert_allclose(
        plain.predict(shaped, verbose=0), built.predict(rows, verbose=0), atol=1e-6
    )


def test_its_file_and_its_information(table, capsys):
    assert len(table) >= 4000
    assert (table.seeds, table.epochs) == (3, 40)
    assert table.about["processor_seconds"] > 0
    cli.main(["table", "info", "signals"])
    told = capsys.readouterr().out
    assert "kernel_size: 3, 5 (default 3) when architecture='conv'" in told
    assert "strides: 2, in every network of convolutions" in told
    assert "rough" in told

"""Tables: files that notice damage, lookups, and the truth of the shipped ones."""

from __future__ import annotations

import dataclasses
import math
import subprocess
import sys

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import DataError
from hpotutor.search.hyperband import hyperband_brackets
from hpotutor.tabular.histories import open_histories
from hpotutor.tabular.objective import TableObjective
from hpotutor.tabular.simulator import (
    AsynchronousHalving,
    Job,
    RandomScheduler,
    SynchronousHalving,
    simulate,
)
from hpotutor.tabular.table import NAMES, Table, open_table
from tests.messages import refused, shown
from tests.small_table import TINY_AXES
from tools.tables import build as table_build
from tools.tables.histories import SHIPPED
from tools.tables.store import save


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Return a small table whose numbers are made up, and the folder of its file."""
    rng, shape = np.random.default_rng(0), (48, 3, 4)
    counts = [rng.integers(10, 46, shape).astype(np.uint16) for _ in range(2)]
    losses = [rng.uniform(0.1, 2, shape).astype(np.float16) for _ in range(2)]
    seconds = [rng.uniform(0.1, 0.9, 48).astype(np.float32) for _ in range(2)]
    rows = {"train": 60, "validation": 45, "test": 45}
    about = {"rows": rows, "features": 4, "classes": 3}
    table = Table("iris", TINY_AXES, *counts, *losses, np.zeros((48, 3), np.uint8), *seconds, about)
    folder = tmp_path_factory.mktemp("tiny")
    save(table, folder / "iris.npz")
    return open_table(folder / "iris.npz"), folder


@pytest.fixture(scope="module", params=NAMES)
def shipped(request):
    return open_table(request.param)


# ── the file ─────────────────────────────────────────────────────────────────────────────────
def test_a_saved_table_comes_back(tiny, tmp_path):
    table, _ = tiny
    save(table, tmp_path / "again.npz")
    again = open_table(tmp_path / "again.npz")
    assert again.checksum == table.checksum
    for name in ("val_correct", "test_correct", "loss", "val_loss", "diverged", "epoch_seconds"):
        np.testing.assert_array_equal(getattr(again, name), getattr(table, name))
    save(table, tmp_path / "twice.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "twice.npz").read_bytes()


def test_packing_survives_odd_values(tiny, tmp_path):
    table, _ = tiny
    loss = table.loss.copy()
    loss[0, 0], loss[1, 1, 2:] = 65504, np.nan
    correct = np.full_like(table.val_correct, 65535)
    correct[0] = 0
    odd = dataclasses.replace(table, loss=loss, val_correct=correct)
    save(odd, tmp_path / "odd.npz")
    again = open_table(tmp_path / "odd.npz")
    np.testing.assert_array_equal(again.loss, loss)
    np.testing.assert_array_equal(again.val_correct, correct)


@pytest.mark.parametrize("share", [0.0, 0.4, 0.99])
def test_a_table_cut_short_says_so(tiny, tmp_path, share):
    whole = (tiny[1] / "iris.npz").read_bytes()
    path = tmp_path / "cut.npz"
    path.write_bytes(whole[: int(share * len(whole))])
    with refused(r"cut\.npz is damaged.*python tools/tables/build.py", error=DataError):
        open_table(path)


def test_an_altered_table_says_so(tiny, tmp_path):
    with np.load(tiny[1] / "iris.npz") as file:
        arrays = {name: file[name].copy() for name in file.files}
    arrays["val_correct"][0, 0, 0] ^= 1
    np.savez(tmp_path / "altered.npz", **arrays)
    with refused("do not match its checksum", error=DataError):
        open_table(tmp_path / "altered.npz")


def test_a_table_of_another_format_says_so(tiny, tmp_path, monkeypatch):
    monkeypatch.setattr("tools.tables.store.FORMAT", 99)
    save(tiny[0], tmp_path / "later.npz")
    monkeypatch.undo()
    with refused("format 99, and this hpotutor reads format 1", error=DataError):
        open_table(tmp_path / "later.npz")


def test_an_unknown_table_is_named():
    with refused("source='digit'.*Did you mean 'digits'"):
        open_table("digit")


# ── the objective ────────────────────────────────────────────────────────────────────────────
def test_numbers_and_hyperparameters_of_a_configuration(tiny):
    table, _ = tiny
    assert [table.index_of(table.params_at(i)) for i in range(len(table))] == list(range(48))
    columns = table.columns()
    for index in (0, 13, 47):
        assert {n: v[index] for n, v in columns.items()} == table.params_at(index)


@pytest.mark.parametrize(
    ("asked", "read"),
    [
        ({"learning_rate": 0.005}, {"learning_rate": 0.003}),  # on the log scale
        ({"learning_rate": 0.006}, {"learning_rate": 0.01}),
        ({"learning_rate": np.float32(0.03)}, {"learning_rate": 0.03}),
        ({"units": 6, "batch_size": 22}, {"units": 8, "batch_size": 16}),
        ({"layers": 2.0}, {"layers": 2}),
        ({}, {"optimizer": "adam", "learning_rate": 0.01, "units": 8}),
    ],
)
def test_values_between_levels_are_read_at_the_nearest(tiny, asked, read):
    met = tiny[0].params_at(tiny[0].index_of(asked))
    assert read.items() <= met.items()


def test_what_is_not_in_the_table_is_told_at_once(tiny):
    asked = {"learning_rate": 1.0, "unit": 3, "optimizer": "Adam", "layers": True}
    told = ("learning_rate=0.03", "Did you mean 'units'", "optimizer='adam'", "layers=True")
    with refused(*told):
        TableObjective(tiny[0]).evaluate(asked)


def test_more_epochs_than_stored_are_refused(tiny):
    with refused("epochs=5 .* up to 4 epochs"):
        TableObjective(tiny[0]).evaluate({}, 5)
    with refused("epochs=9 .* up to 4 epochs"):
        TableObjective(tiny[0], epochs=9)


def test_epochs_may_be_a_hyperparameter(tiny):
    objective = TableObjective(tiny[0], quiet=True)
    assert objective.evaluate({"epochs": 2, "units": 4}).epochs == 2
    assert objective.evaluate({"epochs": 2}, 3).epochs == 3
    with refused("epochs=99 .* up to 4 epochs"):
        objective.evaluate({"epochs": 99})


@pytest.mark.parametrize(
    "wrong", [{"seed": 3, "noise": False}, {"seed": "men"}, {"seed": -1}, {"metric": "accuracy"}]
)
def test_bad_arguments_of_the_objective(tiny, wrong):
    with refused(*shown(dict([next(iter(wrong.items()))]))):
        TableObjective(tiny[0], **wrong)


def test_what_is_read_differently_is_said_once(tiny, capsys):
    objective = TableObjective(tiny[0])
    for _ in range(2):
        objective.evaluate({"learning_rate": 0.005, "units": 8, "layers": 1})
    said = capsys.readouterr().out
    assert said.count("reads learning_rate at the nearest of 0.003, 0.01, 0.03") == 1
    assert said.count("defaults for what is left out: optimizer='adam', batch_size=32") == 1
    TableObjective(tiny[0], quiet=True).evaluate({})
    assert capsys.readouterr().out == ""


def test_evaluations_are_the_stored_curves(tiny):
    table, _ = tiny
    evaluation = TableObjective(table, seed=1, noise=False).evaluate(table.params_at(7), 3)
    assert evaluation.curve["val_accuracy"] == (table.val_correct[7, 1, :3] / 45).tolist()
    assert evaluation.value == table.val_correct[7, 1, 2] / 45
    assert evaluation.test_value == table.test_correct[7, 1, 2] / 45
    assert evaluation.seed == 1
    assert evaluation.epochs == 3
    cost = table.start_seconds[7] + 3 * table.epoch_seconds[7]
    assert evaluation.seconds == pytest.approx(cost)


def test_the_mean_has_no_noise(tiny):
    table, _ = tiny
    objective = TableObjective(table, seed="mean")
    first, second = (objective.evaluate(table.params_at(7)) for _ in range(2))
    assert objective.deterministic
    assert first.value == second.value == pytest.approx(table.val_correct[7, :, 3].mean() / 45)


def test_noise_repeats_and_does_not_depend_on_order(tiny):
    table, _ = tiny
    asked = [table.params_at(i) for i in (3, 9, 3, 30, 3, 9)]
    one, two = (TableObjective(table, seed=4) for _ in range(2))
    seeds = [one.evaluate(params).seed for params in asked]
    order = [4, 2, 0, 5, 1, 3]
    swapped = [two.evaluate(asked[i]).seed for i in (0, 1, 2, 3, 4, 5)]
    assert seeds == swapped
    three = TableObjective(table, seed=4)
    by_other_order = {i: three.evaluate(asked[i]).seed for i in sorted(order, key=lambda i: i % 2)}
    assert by_other_order[3] == seeds[3]
    assert not one.deterministic


def test_a_longer_training_goes_on_from_the_shorter_one(tiny):
    table, _ = tiny
    objective = TableObjective(table, seed=11)
    for index in range(20):
        params = table.params_at(index)
        short, long = objective.evaluate(params, 2), objective.evaluate(params, 4)
        assert long.curve["val_loss"][:2] == short.curve["val_loss"]


def test_all_runs_are_met_about_equally_often(tiny):
    seeds = [TableObjective(tiny[0], seed=s, quiet=True).evaluate({}).seed for s in range(600)]
    assert np.bincount(seeds, minlength=3) == pytest.approx(200, abs=50)


def test_a_search_may_stop_a_stored_training(tiny):
    evaluation = TableObjective(tiny[0]).evaluate(
        tiny[0].params_at(0), on_epoch=lambda epoch, value: epoch == 2
    )
    assert (evaluation.status, evaluation.epochs) == ("pruned", 2)
    assert len(evaluation.curve["val_loss"]) == 2


def test_a_diverged_run_is_no_score(tiny):
    diverged = tiny[0].diverged.copy()
    diverged[7, 1] = 3
    table = dataclasses.replace(tiny[0], diverged=diverged)
    objective = TableObjective(table, seed=1, noise=False)
    evaluation = objective.evaluate(table.params_at(7))
    assert (evaluation.status, evaluation.epochs, evaluation.test_value) == ("diverged", 3, None)
    assert math.isnan(evaluation.value)
    assert objective.evaluate(table.params_at(7), 2).status == "complete"
    assert TableObjective(table, seed="mean").evaluate(table.params_at(7)).status == "diverged"


@pytest.mark.parametrize("metric", ["val_accuracy", "val_loss"])
def test_the_best_configuration_has_rank_zero(tiny, metric):
    objective = TableObjective(tiny[0], metric=metric)
    best = objective.best()
    pick = max if objective.direction == "maximize" else min
    assert best.value == pick(objective.truth.tolist())
    assert objective.rank(best.params) == 0.0
    assert sorted(objective.ranks()) == (np.arange(48) / 48).tolist()


def test_defaults_narrow_the_space(tiny):
    objective = TableObjective(tiny[0], defaults={"units": 4, "layers": 2})
    assert objective.space.names == ["optimizer", "learning_rate", "batch_size"]
    assert objective.index_of({"learning_rate": 0.03}) == tiny[0].index_of(
        {"learning_rate": 0.03, "units": 4, "layers": 2}
    )


def test_searches_run_on_a_table(tiny):
    objective = TableObjective(tiny[0], seed="mean", quiet=True)
    result = ht.grid_search(objective, objective.space, levels=3, progress=False)
    assert result.best_value == objective.best().value
    result = ht.hyperband_search(objective, objective.space, epochs=4, eta=2, progress=False)
    assert {e.epochs for e in result.evaluations} == {1, 2, 4}


def test_the_space_draws_every_level_about_equally_often(shipped):
    objective = TableObjective(shipped, quiet=True)
    rng = np.random.default_rng(0)
    drawn = [
        shipped.params_at(objective.index_of(objective.space.sample(rng))) for _ in range(3000)
    ]
    for axis in shipped.axes:
        have = [p[axis.name] for p in drawn if axis.name in p]
        counts = [have.count(level) for level in axis.levels]
        assert np.array(counts) / len(have) == pytest.approx(1 / len(axis.levels), rel=0.25)


# ── a simulated clock ────────────────────────────────────────────────────────────────────────
class Fixed:
    """Hands out a list of jobs."""

    def __init__(self, jobs):
        self.jobs, self.told = list(jobs), []

    def ask(self):
        return self.jobs.pop(0) if self.jobs else None

    def tell(self, job, value):
        self.told.append(job)


def test_the_clock_gives_the_next_job_to_whoever_is_free(tiny):
    seconds = np.array([1.0, 4.0, 2.0] + [0.0] * 45, "f4")
    table = dataclasses.replace(tiny[0], start_seconds=seconds, epoch_seconds=0 * seconds)
    objective = TableObjective(table, quiet=True)
    jobs = [Job(table.params_at(i), 4) for i in (1, 0, 2)]
    frame = simulate(Fixed(jobs), objective, workers=2, seconds=100)
    assert frame["configuration"].tolist() == [0, 2, 1]
    assert frame["start"].tolist() == [0.0, 1.0, 0.0]
    assert frame["end"].tolist() == [1.0, 3.0, 4.0]


def test_a_job_that_goes_on_pays_for_its_further_epochs(tiny):
    objective = TableObjective(tiny[0], quiet=True)
    params = tiny[0].params_at(3)
    frame = simulate(Fixed([Job(params, 1), Job(params, 4, 1)]), objective, jobs=2)
    assert frame["end"].max() == pytest.approx(objective.seconds_of(3, 4))


def test_halving_with_many_workers_keeps_its_order(tiny):
    objective = TableObjective(tiny[0], quiet=True)
    bracket = hyperband_brackets(4, 2)[0]
    frame = simulate(SynchronousHalving(objective, bracket), objective, workers=3, jobs=7)
    assert frame["epochs"].tolist() == [1, 1, 1, 1, 2, 2, 4]
    started = frame[frame["epochs"] == 2]["start"].min()
    assert started >= frame[frame["epochs"] == 1]["end"].max()
    scheduler = AsynchronousHalving(objective, eta=2)
    frame = simulate(scheduler, objective, workers=3, jobs=40)
    rungs = [(frame["epochs"] == epochs).sum() for epochs in (1, 2, 4)]
    assert sum(rungs) == 40
    assert rungs[0] > rungs[1] > rungs[2] > 0


def test_a_simulation_needs_an_end(tiny):
    objective = TableObjective(tiny[0])
    with refused(r"(?s)run for ever.*workers=0"):
        simulate(RandomScheduler(objective), objective, workers=0)


# ── what ships ───────────────────────────────────────────────────────────────────────────────
def test_a_shipped_table_is_whole(shipped):
    assert len(shipped) >= 4000
    assert (shipped.seeds, shipped.epochs) in ((5, 30), (3, 40))
    assert {"versions", "machine", "date", "command", "timing"} <= set(shipped.about)
    size = table_build.FOLDER / f"{shipped.name}.npz"
    assert size.stat().st_size <= 4.5e6
    alive = shipped.diverged == 0
    assert np.isfinite(shipped.val_loss[alive]).all()
    assert shipped.val_correct.max() <= shipped.about["rows"]["validation"]
    assert (shipped.epoch_seconds > 0).all()


def test_a_shipped_table_is_of_the_rows_that_load_gives(shipped):
    data = table_build.SPECS[shipped.name].load()
    assert data.fingerprint == shipped.about["data"]["rows"]


def test_every_hyperparameter_matters_somewhere(shipped):
    truth = TableObjective(shipped, seed="mean").truth[shipped.places].reshape(shipped.shape)
    spread = shipped.val_accuracy[:, :, -1].std(axis=1).mean() / np.sqrt(shipped.seeds)
    # On breast cancer dropout does little in most places, as it does for many real networks.
    share = {"digits": 0.9, "breast_cancer": 0.99, "signals": 0.9}[shipped.name]
    for position, axis in enumerate(shipped.axes):
        gain = np.ptp(truth, axis=position)
        assert np.quantile(gain, share) > 3 * spread, axis.name


@pytest.mark.parametrize("name", ["digits", "signals"])
def test_both_ends_of_the_learning_rate_hurt(name):
    # On the breast cancers, two well separated classes forgive the highest rate.
    shipped = open_table(name)
    truth, columns = TableObjective(shipped, seed="mean").truth, shipped.columns()
    rates = np.unique(columns["learning_rate"])
    for optimizer in ("sgd", "rmsprop", "adam"):
        chosen = columns["optimizer"] == optimizer
        by_rate = np.array(
            [truth[chosen & (columns["learning_rate"] == rate)].mean() for rate in rates]
        )
        assert max(by_rate[0], by_rate[-1]) < by_rate.max() - 0.02, optimizer


def test_opening_tables_and_histories_needs_no_tensorflow():
    code = (
        "import sys\n"
        "from hpotutor.tabular.table import open_table\n"
        "from hpotutor.tabular.histories import open_histories\n"
        "table = open_table('digits')\n"
        "open_histories(table)\n"
        "print(sorted({'tensorflow', 'keras'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_histories_fit_their_table(shipped):
    about, arrays = open_histories(shipped)
    assert {*SHIPPED} <= {*about["methods"]}
    for method in SHIPPED:
        # The Gaussian process takes the longest by far.
        repeats = 500 if (shipped.name, method) == ("signals", "gp") else 1000
        assert len(arrays[f"{method}_index"]) >= repeats
        assert arrays[f"{method}_index"].max() < len(shipped)
        assert arrays[f"{method}_epochs"].max() <= shipped.epochs

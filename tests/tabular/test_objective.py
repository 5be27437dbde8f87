"""A table as an objective: its arguments, what an evaluation holds, what it says, its ranks."""

from __future__ import annotations

import dataclasses
import json
import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.tabular.objective import TableObjective, draw_runs
from tests.messages import refused
from tests.small_table import branched_table, small_table

TABLE = small_table()  # 96 configurations, 4 runs of 27 epochs, 200 rows of each part
BRANCHED = branched_table()  # 10 configurations, 2 runs of 4 epochs, 100 rows of each part


# ── arguments ────────────────────────────────────────────────────────────────────────────────
def test_what_is_not_said_is_noisy_accuracy_of_all_epochs():
    objective = TableObjective(TABLE)
    assert objective.describe() == {
        "objective": "TableObjective", "table": "made up", "checksum": "", "seed": 0,
        "noise": True, "metric": "val_accuracy", "epochs": 27, "defaults": {},
    }  # fmt: skip
    assert (objective.deterministic, objective.quiet) == (False, False)
    assert objective.direction == "maximize"
    assert TableObjective(BRANCHED).describe()["checksum"] == "0123456789ab"


def test_numbers_of_numpy_become_plain_and_a_dict_is_copied():
    given = {"units": 64}
    objective = TableObjective(
        TABLE, seed=np.int64(3), noise=np.False_, epochs=np.int32(9), defaults=given
    )
    given["units"] = 8
    told = objective.describe()
    assert json.loads(json.dumps(told)) == told
    assert (told["seed"], told["noise"], told["epochs"]) == (3, False, 9)
    assert told["defaults"] == {"units": 64}


@pytest.mark.parametrize(
    ("noise", "seed", "allowed"),
    [
        (True, 2**32, "a whole number from 0 to 4294967295, or 'mean'"),
        (True, -1, "a whole number from 0 to 4294967295, or 'mean'"),
        (True, 0.5, "a whole number from 0 to 4294967295, or 'mean'"),
        (True, "median", "a whole number from 0 to 4294967295, or 'mean'"),
        (False, 4, "0 to 3, or 'mean'"),
        (False, -1, "0 to 3, or 'mean'"),
        (False, True, "0 to 3, or 'mean'"),
    ],
)
def test_a_seed_is_any_with_noise_and_a_runs_number_without(noise, seed, allowed):
    told = f"^TableObjective: seed={seed!r} is not allowed. Allowed: {allowed}. .* seed=0.$"
    with refused(told):
        TableObjective(TABLE, noise=noise, seed=seed)
    for fine in (0, 2**32 - 1 if noise else 3, "mean"):
        assert TableObjective(TABLE, noise=noise, seed=fine).seed == fine


def test_bad_arguments_are_told_together_and_a_table_alone():
    with refused("4 problems", "noise=2", "defaults=3 .*a dict", "metric='loss'", "epochs=28"):
        TableObjective(TABLE, noise=2, defaults=3, metric="loss", epochs=28)
    with refused("^TableObjective: table=5 is not allowed.*a table, its name or its file"):
        TableObjective(5, metric="loss")


@pytest.mark.parametrize("epochs", [0, -1, 28, 1.5, "3", True])
def test_epochs_are_those_that_are_stored(epochs):
    allowed = "up to 27 epochs, as many as the made up table holds.*epochs=27"
    told = rf"^TableObjective: epochs={epochs!r} is not.*{allowed if epochs == 28 else 'from 1 up'}"
    with refused(told):
        TableObjective(TABLE, epochs=epochs)
    with refused(told):
        TableObjective(TABLE).evaluate({}, epochs)
    with refused(told):
        TableObjective(TABLE).evaluate({"epochs": epochs})
    for fine in (1, 27):
        assert TableObjective(TABLE, epochs=fine, quiet=True).evaluate({}).epochs == fine


def test_params_are_a_dict():
    with refused("^TableObjective: params=3 is not allowed. Allowed: a dict of names and values"):
        TableObjective(TABLE).evaluate(3)


@pytest.mark.parametrize(
    ("table", "defaults", "told"),
    [
        (TABLE, {"units": 1000}, "units=1000 .*Type for instance units=64"),
        (TABLE, {"unit": 8}, "unit is not a hyperparameter of this table. Did you mean 'units'"),
        (BRANCHED, {"kind": "conv", "filters": 99}, "filters=99"),
        (BRANCHED, {"filters": 99}, "filters=99"),  # though by default there are none
        (BRANCHED, {"kind": "conv", "units": 99}, "units=99"),
    ],
)
def test_defaults_that_no_table_has_are_refused_at_once(table, defaults, told):
    with refused(told):
        TableObjective(table, defaults=defaults)


@pytest.mark.parametrize(
    ("defaults", "left"),
    [
        ({}, ["kind", "units", "filters", "rate"]),
        ({"kind": "conv"}, ["filters", "rate"]),
        ({"kind": "dense", "units": 4}, ["rate"]),
        ({"filters": 8}, ["kind", "units", "rate"]),
    ],
)
def test_a_search_is_left_what_no_default_settles(defaults, left):
    space = TableObjective(BRANCHED, defaults=defaults).space
    assert list(space) == left
    conditions = {"units": {"kind": ("dense",)}, "filters": {"kind": ("conv",)}}
    assert space.conditions == {n: c for n, c in conditions.items() if n in left and "kind" in left}


def test_a_default_holds_where_its_name_exists():
    objective = TableObjective(BRANCHED, defaults={"filters": 8, "rate": 0.1}, quiet=True)
    assert objective.index_of({}) == 3 and objective.index_of({"kind": "conv"}) == 9
    assert objective.index_of({"kind": "conv", "filters": 2, "rate": 0.01}) == 4
    with refused("units exists only when kind='dense'. Leave it out."):
        objective.index_of({"kind": "conv", "units": 4})


# ── evaluations ──────────────────────────────────────────────────────────────────────────────
def test_an_evaluation_is_the_stored_run_up_to_its_budget():
    objective, params = TableObjective(BRANCHED, seed=1, noise=False), BRANCHED.params_at(6)
    found = objective.evaluate(params, 3)
    assert found == ht.Evaluation(
        {"kind": "conv", "filters": 4, "rate": 0.01}, 0.67,
        {
            "loss": BRANCHED.loss[6, 1, :3].tolist(),
            "val_loss": BRANCHED.val_loss[6, 1, :3].tolist(),
            "val_accuracy": [0.65, 0.66, 0.67],
        },
        3, 0.5 + 3 * 7, seed=1, test_value=0.68, weights=106,
    )  # fmt: skip
    params["filters"] = 8
    assert found.params["filters"] == 4
    assert objective.evaluate({"filters": 4, "kind": "conv"}).epochs == 4
    assert TableObjective(TABLE, quiet=True).evaluate({}).weights == 65 * 32 + 33 * 10
    unknown = dataclasses.replace(TABLE, about={"rows": TABLE.about["rows"]})
    assert TableObjective(unknown, quiet=True).evaluate({}).weights is None


def test_the_mean_is_of_all_runs():
    found = TableObjective(BRANCHED, seed="mean").evaluate(BRANCHED.params_at(6))
    assert found.curve["val_accuracy"] == pytest.approx([0.63, 0.64, 0.65, 0.66])
    assert (found.value, found.test_value) == pytest.approx((0.66, 0.67)) and found.seed is None


def test_a_loss_is_scored_where_it_is_asked_for():
    objective = TableObjective(BRANCHED, noise=False, metric="val_loss", epochs=2)
    assert objective.direction == "minimize" and objective.metric == "val_loss"
    found = objective.evaluate(BRANCHED.params_at(2))
    assert found.value == BRANCHED.val_loss[2, 0, 1] and found.test_value == 0.23
    assert objective.truth == pytest.approx(BRANCHED.val_loss[:, :, 1].mean(axis=1, dtype=float))


def test_a_search_that_stops_has_the_score_of_then():
    seen = []
    objective = TableObjective(BRANCHED, noise=False)
    found = objective.evaluate(
        BRANCHED.params_at(6), on_epoch=lambda *told: seen.append(told) or told[0] == 2
    )
    assert seen == [(1, 0.61), (2, 0.62)]
    assert (found.status, found.value, found.test_value) == ("pruned", 0.62, 0.63)
    assert found.reason == "stopped by the search after epoch 2"
    assert (found.epochs, found.seconds) == (2, 14.5)
    assert {name: len(values) for name, values in found.curve.items()} == dict.fromkeys(
        ("loss", "val_loss", "val_accuracy"), 2
    )
    whole = objective.evaluate(BRANCHED.params_at(6), on_epoch=lambda *told: False)
    assert (whole.status, whole.epochs, whole.value) == ("complete", 4, 0.64)


def died_at(number, run, epoch, table=BRANCHED):
    diverged = table.diverged.copy()
    diverged[number, run] = epoch
    losses = table.val_loss.copy()
    losses[number, run, epoch - 1 :] = np.nan
    return dataclasses.replace(table, diverged=diverged, val_loss=losses)


def test_a_run_that_diverged_has_its_epochs_before():
    objective = TableObjective(died_at(6, 1, 3), seed=1, noise=False)
    found = objective.evaluate(BRANCHED.params_at(6))
    assert (found.status, found.test_value, found.epochs) == ("diverged", None, 3)
    assert math.isnan(found.value) and found.reason == "a loss was not finite in epoch 3"
    assert found.curve["val_accuracy"] == [0.65, 0.66] and found.seconds == 21.5
    assert objective.evaluate(BRANCHED.params_at(6), 2).value == 0.66
    assert objective.evaluate(BRANCHED.params_at(6), 3).status == "diverged"
    other = TableObjective(died_at(6, 1, 3), seed=0, noise=False)  # its run goes on
    assert other.evaluate(BRANCHED.params_at(6)).value == 0.64


def test_each_time_it_is_asked_noise_meets_the_run_of_that_time():
    objective = TableObjective(TABLE, seed=5, quiet=True)
    point, other = TABLE.params_at(40), TABLE.params_at(41)
    asked = [(point, 27), (point, 27), (other, 27), (point, 9), (point, 27)]
    met = [objective.evaluate(*one).seed for one in asked]
    times = [(40, 0), (40, 1), (41, 0), (40, 0), (40, 2)]
    assert met == [int(draw_runs(5, number, time, 4)) for number, time in times]
    again = objective.afresh()
    assert [again.evaluate(*one).seed for one in asked] == met


def test_draws_of_runs_stay_what_they_were():
    # Stored searches and logs were computed with these.
    drawn = draw_runs(np.array([0, 1, 9, 2**32 - 1]), 81, np.array([[0], [7]]), 1000)
    assert drawn.tolist() == [[465, 923, 280, 862], [530, 412, 537, 17]]


def test_afresh_keeps_the_settings_and_says_nothing(capsys):
    settings = {"seed": 1, "noise": False, "metric": "val_loss", "epochs": 3}
    objective = TableObjective(BRANCHED, **settings, defaults={"rate": 0.1})
    other = objective.afresh()
    assert other.describe() == objective.describe() and other.table is BRANCHED
    assert objective.afresh(seed="mean", epochs=2).describe() == objective.describe() | {
        "seed": "mean", "epochs": 2,
    }  # fmt: skip
    other.evaluate({"units": 6})
    assert capsys.readouterr().out == ""


# ── what it says ─────────────────────────────────────────────────────────────────────────────
def test_it_says_once_what_it_takes_and_where_it_reads(capsys):
    objective = TableObjective(BRANCHED, defaults={"rate": 0.1})
    objective.evaluate({"units": 6})
    assert capsys.readouterr().out == (
        "The branched table takes its defaults for what is left out: kind='dense'.\n"
        "The branched table reads units at the nearest of 4, 8.\n"
    )
    objective.evaluate({"units": 6})
    objective.evaluate({"kind": "dense", "units": 8})
    assert capsys.readouterr().out == ""
    objective.evaluate({"kind": "conv"})
    told = capsys.readouterr().out
    assert told == "The branched table takes its defaults for what is left out: filters=4.\n"
    TableObjective(BRANCHED).evaluate({"kind": "conv", "filters": 2, "rate": 0.01, "epochs": 2})
    assert capsys.readouterr().out == ""


# ── what the table knows ─────────────────────────────────────────────────────────────────────
def test_ranks_count_what_a_random_search_meets():
    objective = TableObjective(BRANCHED, seed="mean", quiet=True)
    # A random search draws a kind first: dense ones are met 3 times in 24 each, the others 2 times.
    better = [(12 + 3 * n) / 24 for n in (3, 2, 1, 0)] + [2 * n / 24 for n in (5, 4, 3, 2, 1, 0)]
    assert objective.ranks() == pytest.approx(better)
    assert objective.rank({"kind": "conv", "filters": 8, "rate": 0.01}) == pytest.approx(2 / 24)
    best = objective.best()
    assert (best.index, best.params) == (9, {"kind": "conv", "filters": 8, "rate": 0.1})
    assert (best.value, best.test_value) == pytest.approx((0.96, 0.97))
    short = TableObjective(BRANCHED, epochs=1, quiet=True).best()
    assert (short.value, short.test_value) == pytest.approx((0.93, 0.94))


def test_of_equal_scores_the_other_one_decides():
    flat = dataclasses.replace(BRANCHED, val_correct=np.full_like(BRANCHED.val_correct, 50))
    assert TableObjective(flat).best().index == 9  # of the lowest loss
    flat = dataclasses.replace(BRANCHED, val_loss=np.full_like(BRANCHED.val_loss, 0.5))
    assert TableObjective(flat, metric="val_loss").best().index == 9  # of the highest accuracy
    assert TableObjective(BRANCHED, metric="val_loss").best().index == 9


def test_what_diverged_in_a_run_has_the_worst_loss():
    objective = TableObjective(died_at(9, 1, 2), metric="val_loss")
    assert objective.truth[9] == math.inf and objective.best().index == 8
    assert objective.rank(BRANCHED.params_at(9)) == pytest.approx(22 / 24)
    assert TableObjective(died_at(9, 1, 2), metric="val_loss", epochs=1).best().index == 9

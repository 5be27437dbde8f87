"""The checks of a review at their boundaries, and the numbers in what they say."""

from __future__ import annotations

import math

import numpy as np
import optuna
import pandas as pd
import pytest

import hpotutor as ht
from hpotutor.analysis._review_checks import CHECKS
from hpotutor.analysis.statistics import accuracy_margin
from hpotutor.objectives.base import Evaluation
from hpotutor.study.result import SearchResult

RATE = {"learning_rate": ht.loguniform(1e-4, 1e-1)}


def reviewed(space, *arguments, **keywords):
    return ht.review(ht.SearchSpace(space), *arguments, **keywords)


def by_check(review):
    return {finding.check: finding for finding in review}


def result_of(values, direction="maximize", objective=None):
    trials = [Evaluation(params=params, value=value) for params, value in values]
    result = SearchResult(optuna.create_study(direction=direction), trials)
    result.objective = objective
    return result


def data_of(count, **options):
    rng = np.random.default_rng(0)
    return ht.load((rng.normal(size=(count, 3)), np.arange(count) % 2), **options)


# ── scales ───────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("name", "now", "due"),
    [
        ("learning_rate", ht.uniform(0.01, 0.1), True),
        ("learning_rate", ht.uniform(0.011, 0.1), False),
        ("temperature", ht.uniform(0.1, 10), True),
        ("temperature", ht.uniform(0.11, 10), False),
        ("temperature", ht.uniform(0, 10), False),
        ("units", ht.integers(2, 100), True),
        ("units", ht.integers(2, 99), False),
        ("units", ht.integers(0, 500), False),
        ("learning_rate", ht.uniform(-1, 10), False),
        ("learning_rate", ht.uniform(-2, 0), False),
        ("augmentation", ht.uniform(0.001, 1.0), False),
        ("pipe__mlp__alpha", ht.uniform(0.05, 1.0), True),
        ("pipe__mlp__dropout", ht.uniform(0.001, 0.9), False),
    ]
    + [(name, ht.uniform(0, 0.1), True) for name in ("lr", "eta", "l1", "alpha", "epsilon")]
    + [(name, ht.uniform(0, 0.1), True) for name in ("weight_decay", "learning_rate_init")],
)
def test_a_log_scale_is_due_from_these_ratios_on(name, now, due):
    assert ("scale" in by_check(reviewed({name: now}))) is due


def test_a_range_from_zero_begins_three_powers_below_its_end():
    assert reviewed({"lr": ht.uniform(0, 0.5)}).mended["lr"] == ht.loguniform(0.0005, 0.5)


def test_what_a_scale_neglects_is_said_in_numbers():
    found = by_check(reviewed({"lr": ht.uniform(0.001, 1.0)}))["scale"]
    assert found.name == "lr" and found.remedy == "lr=ht.loguniform(1e-3, 1.0)"
    assert found.found == "lr is drawn on a linear scale from 1e-3 to 1.0."
    assert found.reason.startswith("Only 9.9% of the draws fall below 0.1, a tenth of the top")
    assert "The range spans 3 powers of ten" in found.reason
    assert "powers of ten" not in by_check(reviewed({"lr": ht.uniform(0, 1.0)}))["scale"].reason


# ── boundaries ───────────────────────────────────────────────────────────────────────────────
def edge(now, end, name="x", count=20, **options):
    """Return what is said after a search that was the better the nearer to an end."""
    space = ht.SearchSpace({name: now})
    grid = space.grid(count)[name]
    sign = 1 if end == "high" else -1
    values = [({name: value}, sign * float(k)) for k, value in enumerate(grid)]
    return by_check(ht.review(space, result_of(values), **options)).get("boundary")


@pytest.mark.parametrize(
    ("now", "end", "due"),
    [
        (ht.uniform(1, 3), "high", ht.uniform(1, 5)),
        (ht.uniform(4, 6), "low", ht.uniform(2, 6)),
        (ht.uniform(1, 3), "low", ht.uniform(0, 3)),
        (ht.uniform(-1, 3), "low", None),
        (ht.uniform(0, 3), "low", None),
        (ht.loguniform(0.012, 3), "low", ht.loguniform(0.0012, 3)),
        (ht.loguniform(0.012, 3), "high", ht.loguniform(0.012, 30)),
        (ht.integers(1, 20), "low", None),
        (ht.integers(2, 21), "low", ht.integers(1, 21)),
        (ht.integers(16, 64, log=True), "low", ht.integers(4, 64, log=True)),
        (ht.integers(16, 64, log=True), "high", ht.integers(16, 128, log=True)),
        (ht.integers(3, 43, step=4), "high", ht.integers(3, 83, step=4)),
        (ht.integers(12, 52, step=4), "low", ht.integers(3, 51, step=1)),
    ],
)
def test_an_end_moves_out_where_nature_lets_it(now, end, due):
    found = edge(now, end)
    if due is None:
        assert found is None
    elif now == ht.integers(12, 52, step=4):  # a step that keeps the old values
        assert found.change["x"].low == 3
        assert set(range(12, 53, 4)) <= set(ht.SearchSpace(x=found.change["x"]).grid()["x"])
    else:
        assert found.change == {"x": due}


@pytest.mark.parametrize(("name", "limit"), [("dropout", 0.9), ("momentum", 0.99)])
def test_a_share_ends_where_it_must(name, limit):
    assert edge(ht.uniform(0.5, limit - 0.1), "high", name).change[name].high == limit
    assert edge(ht.uniform(0.5, limit), "high", name) is None
    assert edge(ht.uniform(0.5, 0.6), "high", f"pipe__{name}").change[f"pipe__{name}"].high < 0.71


def test_what_is_said_of_a_boundary():
    found = edge(ht.uniform(1, 3), "high")
    assert found.found == "x: the best trial has 3.0, at the high end of 1.0 to 3.0."
    assert "What lies above was never tried." in found.reason
    assert found.remedy == "x=ht.uniform(1.0, 5.0)" and found.source == CHECKS["boundary"].source
    assert "Distribution" not in repr(found), "what to type says it already"
    low = edge(ht.uniform(4, 6), "low")
    assert "at the low end of 4.0 to 6.0" in low.found and "What lies below" in low.reason


def test_five_trials_are_the_fewest_that_have_a_boundary():
    assert crowd([1, 0.95, 0.1, 0.2, 0.3]) and not crowd([1, 0.95, 0.1, 0.2])
    values = [({"x": 1.0 + k / 2}, float(k)) for k in range(4)]
    review = reviewed({"x": ht.uniform(1, 3)}, result_of(values))
    assert review.skipped["boundary"] == "needs 5 complete trials"
    # Of a conditional hyperparameter, those that have it count.
    space = ht.SearchSpace(k=ht.choice("a", "b"), x=ht.when(ht.uniform(1, 3), k="b"))
    values = [({"k": "b", "x": x}, -float(k)) for k, x in enumerate((3.0, 2.9, 1.2, 1.3))]
    values += [({"k": "a"}, -9.0)] * 5
    assert "boundary" not in by_check(ht.review(space, result_of(values)))
    values += [({"k": "b", "x": 1.4}, -5.0)]
    assert "boundary" in by_check(ht.review(space, result_of(values)))


def crowd(positions):
    """Return whether trials at these positions, the best first, crowd at the high end."""
    values = [({"x": 1 + 2 * at}, -float(rank)) for rank, at in enumerate(positions)]
    return "boundary" in by_check(reviewed({"x": ht.uniform(1, 3)}, result_of(values)))


@pytest.mark.parametrize(
    ("positions", "crowded"),
    [
        ([0.95, 0.9, 0.3, 0.2, 0.1, 0.5], True),
        ([0.89, 0.95, 0.9, 0.2, 0.1, 0.5], False),  # the best one is not near enough
        ([0.95, 0.3, 0.2, 0.9, 0.1, 0.5], False),  # one of the best three only
        ([0.95, 0.9, 0.85, 0.9, 0.99, 0.83], False),  # all lie there
        ([0.95, 0.9, 0.3, 0.2, 0.1, 0.99, 0.98, 0.97, 0.96], False),  # as many of the worst
        ([0.95, 0.81, 0.3, 0.2, 0.1, 0.5], True),
        ([0.95, 0.79, 0.3, 0.2, 0.1, 0.5], False),
    ],
)
def test_the_best_trials_and_not_one_of_them_crowd_at_an_end(positions, crowded):
    assert crowd(positions) is crowded


@pytest.mark.parametrize(("first", "second", "crowded"), [(11, 12, True), (11.1, 12, False)])
def test_a_tenth_of_the_range_is_at_its_end_and_a_fifth_is_near_it(first, second, crowded):
    best_first = (first, second, 17.0, 18.0, 19.0, 15.0)
    values = [({"x": float(x)}, -float(rank)) for rank, x in enumerate(best_first)]
    found = by_check(reviewed({"x": ht.uniform(10, 20)}, result_of(values)))
    assert ("boundary" in found) is crowded


def test_equal_scores_have_no_best():
    values = [({"x": 3.0}, 1.0)] * 4 + [({"x": 1.5}, 1.0)] * 4
    assert "boundary" not in by_check(reviewed({"x": ht.uniform(1, 3)}, result_of(values)))


def test_the_last_of_a_few_whole_numbers_is_an_end():
    """However wide a step is on the range."""
    values = [({"n": n}, -float(rank)) for rank, n in enumerate((4, 3, 4, 1, 2, 1))]
    found = by_check(reviewed({"n": ht.integers(1, 4)}, result_of(values)))
    assert found["boundary"].change == {"n": ht.integers(1, 7)}


def test_a_scale_and_a_boundary_are_mended_together():
    found = edge(ht.uniform(0, 1), "high", "lr")
    assert found.change == {"lr": ht.loguniform(0.001, 10)}
    assert found.found.endswith("at the high end of 0.0 to 1.0.")
    assert edge(ht.uniform(0, 1), "low", "lr") is None, "nothing is below 0"
    units = edge(ht.integers(4, 400), "high", "units")
    assert units.change == {"units": ht.integers(4, 800, log=True)}


# ── budget and nuisance ──────────────────────────────────────────────────────────────────────
def knobs(count):
    return {f"knob_{n}": ht.uniform(0, 1) for n in range(count)}


@pytest.mark.parametrize(
    ("count", "trials", "remedy"),
    [
        (3, 30, None),
        (3, 29, "trials=30, or a space of 2, the others fixed in defaults={...}"),
        (3, 9, "trials=30, or a space of 1, the others fixed in defaults={...}"),
        (1, 9, "trials=10"),
    ],
)
def test_ten_trials_a_hyperparameter(count, trials, remedy):
    found = by_check(reviewed(knobs(count), trials=trials)).get("budget")
    assert (found and found.remedy) == remedy
    if count == 3 and found:
        assert found.found == f"{trials} trials for 3 hyperparameters."
        assert found.reason.startswith(f"That is {trials / 3:.2g} for each.")
        assert "asks for 10 runs a dimension" in found.reason
    elif found:
        assert found.found == "9 trials for 1 hyperparameter."


def test_a_small_space_needs_no_more_trials_than_points():
    space = {"a": ht.choice(1, 2, 3), "b": ht.choice(1, 2)}
    assert not by_check(reviewed(space, trials=6))
    assert "budget" in by_check(reviewed(space, trials=5))


def test_the_learning_rate_is_missed_wherever_a_network_is_tuned():
    for name in ("units", "layers", "l1", "filters", "augmentation", "mlp__batch_size"):
        found = by_check(reviewed({name: ht.integers(1, 4)}))["nuisance"]
        assert found.name == "learning_rate"
        assert found.remedy == "learning_rate=ht.loguniform(1e-4, 0.1)"
        assert found.found == f"learning_rate is not tuned, while {name} is."
    found = by_check(
        reviewed({"mlp__lr": ht.choice(0.1), "units": ht.integers(1, 9), "l1": ht.uniform(1, 2)})
    )["nuisance"]
    assert found.found == "mlp__lr is not tuned, while units and l1 are."
    assert found.remedy.startswith("mlp__lr=ht.loguniform")
    assert not by_check(reviewed({"units": ht.choice(3), "x": ht.uniform(0, 1)}))


def test_optimizers_that_compete_are_tuned_themselves():
    space = RATE | {"optimizer": ht.choice("sgd", "momentum", "nesterov", "adamw")}
    first, second = reviewed(space)
    assert first.found == (
        "momentum is not tuned, while momentum and nesterov compete with other optimizers."
    )
    assert first.change["momentum"] == ht.when(
        ht.uniform(0.0, 0.99), optimizer=["momentum", "nesterov"]
    )
    assert second.found == (
        "weight_decay is not tuned, while adamw competes with other optimizers."
    )
    assert second.change["weight_decay"] == ht.when(ht.loguniform(1e-6, 1e-2), optimizer=["adamw"])
    tuned = space | {"momentum": ht.uniform(0, 0.9), "weight_decay": ht.loguniform(1e-6, 1e-2)}
    assert not by_check(reviewed(tuned))
    assert not by_check(reviewed(RATE | {"optimizer": ht.choice("adamw")}))
    two = reviewed(RATE | {"optimizer": ht.choice("adamw", "adam")})
    assert [finding.name for finding in two] == ["weight_decay"]


# ── validation rows ──────────────────────────────────────────────────────────────────────────
def test_a_difference_as_large_as_the_margin_is_shown():
    data = data_of(500)
    margin = accuracy_margin(0.8, 100)  # assumed before a search
    assert not by_check(reviewed(RATE, data=data, difference=margin))
    found = by_check(reviewed(RATE, data=data, difference=margin * 0.9999))["validation"]
    assert found.found == "100 validation rows for a difference of 0.11."
    assert found.reason.startswith("Near an accuracy of 0.80 (assumed), two networks")
    assert "differ by up to 0.11 on 100 rows" in found.reason
    half = by_check(reviewed(RATE, data=data, difference=margin / 2))["validation"]
    assert "0.055 would need about 400 rows" in half.reason


@pytest.mark.parametrize(
    ("factor", "remedy"),
    [(1.1, "validation=0.25 in ht.load"), (1.41, "validation=0.4 in ht.load"), (1.5, "folds=5 in")],
)
def test_more_rows_are_taken_where_the_data_have_them(factor, remedy):
    margin = accuracy_margin(0.8, 100)
    found = by_check(reviewed(RATE, data=data_of(500), difference=margin / factor))["validation"]
    assert found.remedy.startswith(remedy)
    if factor == 1.5:
        assert found.remedy == "folds=5 in ht.TrainObjective, which judges on 400 rows"


def test_after_a_search_its_own_numbers_count():
    data = data_of(500)
    values = [({"learning_rate": 0.01}, 0.9)] + [({"learning_rate": 0.02}, 0.85)] * 4
    found = by_check(reviewed(RATE, result_of(values), 20, data=data))["validation"]
    assert found.found == "100 validation rows for a difference of 0.05."
    assert found.reason.startswith("Near an accuracy of 0.90, two networks")
    equal = [({"learning_rate": 0.01}, 0.9)] * 5
    assert "validation" not in by_check(reviewed(RATE, result_of(equal), 20, data=data))


def test_amounts_have_no_accuracy():
    rng = np.random.default_rng(0)
    amounts = ht.load((rng.normal(size=(60, 2)), rng.normal(size=60)))
    assert reviewed(RATE, data=amounts).skipped["validation"] == "needs a search by accuracy"
    low = result_of([({"learning_rate": 0.01}, 0.1)] * 6, "minimize")
    assert reviewed(RATE, low, 20, data=data_of(60)).skipped["validation"]


# ── the rows ─────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(("rare", "told"), [(11, True), (12, False)])
def test_a_class_is_rare_below_two_fifths_of_its_even_share(rare, told):
    """Of sixty training rows, a fifth would be the even share of two classes times 0.4."""
    y = np.repeat([0, 1], [60 * 100 // 60 - rare * 100 // 60, rare * 100 // 60])
    data = data_of(100)
    object.__setattr__(data, "y_train", np.repeat([0, 1], [60 - rare, rare]))
    assert len(y) == 100
    found = by_check(reviewed(RATE, data=data)).get("rarity")
    assert (found is not None) is told
    if told:
        assert found.found == "18.3% of the rows are of class 1."
        assert found.reason.startswith("Who always says 0 has an accuracy of 0.817:")
        assert found.remedy == "metric='average_precision' in ht.TrainObjective"


def test_rare_classes_are_no_matter_of_amounts_or_other_scores():
    data = data_of(100)
    object.__setattr__(data, "y_train", np.repeat([0, 1], [55, 5]))
    values = [({"learning_rate": 0.01}, 0.9)] * 6
    told_by = (("val_accuracy", True), ("accuracy", True), ("val_loss", False), ("f1", False))
    for metric, told in told_by:
        objective = ht.TrainObjective(data_of(100), metric=metric)
        found = by_check(reviewed(RATE, result_of(values, objective=objective), 20, data=data))
        assert ("rarity" in found) is told
    low = result_of(values, "minimize")
    assert "rarity" not in by_check(reviewed(RATE, low, 20, data=data))


def test_all_dates_are_named():
    rng = np.random.default_rng(0)
    days = pd.date_range("2026-01-01", periods=60).strftime("%Y-%m-%d")
    table = pd.DataFrame({"x": rng.normal(size=60), "day": days, "seen": days[::-1]})
    data = ht.load(table.assign(y=np.arange(60) % 2), target="y")
    found = [f for f in reviewed(RATE, data=data) if f.check == "time"]
    assert [f.name for f in found] == ["day", "seen"]
    assert found[1].found == "The column seen holds dates, and the rows were shuffled."
    assert found[1].remedy == "time='seen' in ht.load, if it says when a row came"
    assert found[1].reason.startswith("The networks learn from rows that are later")
    own = ht.load(
        table.assign(y=np.arange(60) % 2, who=np.arange(60) // 4), target="y", groups="who"
    )
    assert "time" not in by_check(reviewed(RATE, data=own)), "groups split the rows"


# ── what a review is made of ─────────────────────────────────────────────────────────────────
def test_every_check_has_a_source_and_a_link():
    assert list(CHECKS) == [
        "scale", "boundary", "budget", "nuisance", "validation", "groups", "time", "rarity"
    ]  # fmt: skip
    for name, check in CHECKS.items():
        assert check.looks_at and any(digit in check.source for digit in "12") and name
        assert check.link.startswith("https://")


def test_a_study_is_told_what_to_type_in_optuna():
    study = optuna.create_study(direction="maximize")
    given = {
        "lr": optuna.distributions.FloatDistribution(0.001, 1.0),
        "optimizer": optuna.distributions.CategoricalDistribution(["adam", "adamw"]),
    }
    for k in range(9):
        params = {"lr": 0.5 + k / 100, "optimizer": "adam"}
        study.add_trial(optuna.create_trial(params=params, distributions=given, value=float(k % 3)))
    found = by_check(ht.review(study))
    assert found["scale"].remedy == 'trial.suggest_float("lr", 1e-3, 1.0, log=True)'
    assert found["nuisance"].remedy == (
        'trial.suggest_float("weight_decay", 1e-6, 0.01, log=True), where optimizer is "adamw"'
    )
    budget = found["budget"].remedy
    assert budget == "n_trials=20, or a study of 1, the others fixed in the code"


def test_what_could_not_be_judged_is_said():
    text = str(reviewed(RATE, trials=10))
    assert text == (
        "Nothing to mend. Looked at: scales, budget, nuisance hyperparameters. "
        "Not judged: boundaries (needs a result); validation rows (needs data)."
    )
    two = str(reviewed(knobs(1) | {"lr": ht.uniform(0, 1)}, trials=2))
    assert two.startswith("2 things to mend. Looked at: scales")
    assert str(reviewed({"lr": ht.uniform(0, 1)}, trials=10)).startswith("1 thing to mend.")
    whole = result_of([({"learning_rate": 0.003 * (k + 1)}, math.sin(k)) for k in range(10)])
    assert "Not judged" not in str(reviewed(RATE, whole, data=data_of(60), difference=0.9))


def test_a_result_alone_brings_its_space_trials_and_data():
    data = data_of(60)
    objective = ht.FunctionObjective(lambda params: params["lr"])
    result = ht.random_search(
        objective, ht.SearchSpace(lr=ht.uniform(0, 1)), trials=12, progress=False
    )
    alone = ht.review(result)
    assert alone.mended["lr"].log and "budget" not in by_check(alone)
    assert "budget" in by_check(ht.review(result, trials=3))
    assert alone.skipped["validation"] == "needs data"
    values = [({"learning_rate": 0.01}, 0.9)] * 6
    trained = result_of(values, objective=ht.TrainObjective(data, epochs=1))
    assert "validation" not in reviewed(RATE, trained, difference=0.9).skipped
    found = by_check(reviewed(RATE, trained, 20, difference=0.01, data=data_of(500)))
    assert found["validation"].found.startswith("100 validation rows"), "what is given counts"
    found = by_check(reviewed(RATE, trained, 20, difference=0.01))
    assert found["validation"].found.startswith("12 validation rows")

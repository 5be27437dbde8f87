"""`ht.review`: each finding appears when it is due, and stays away when it is not."""

import math

import numpy as np
import optuna
import pandas as pd
import pytest
from sklearn.model_selection import KFold, TimeSeriesSplit

import hpotutor as ht
from hpotutor.analysis._review_checks import CHECKS
from hpotutor.analysis.statistics import accuracy_margin
from hpotutor.objectives.base import Evaluation
from hpotutor.study.result import SearchResult
from tests.messages import refused

NETWORK = {"learning_rate": 0.01, "units": 8}
GOOD = {"learning_rate": ht.loguniform(1e-4, 1e-1), "units": ht.integers(8, 64)}


def found(check, space, *arguments, **keywords):
    """Return the names that one check finds fault with."""
    reviewed = ht.review(ht.SearchSpace(**space), *arguments, **keywords)
    return [finding.name for finding in reviewed if finding.check == check]


def search_of(values):
    """Return a result with these (params, value) pairs as its trials."""
    trials = [Evaluation(params=params, value=value) for params, value in values]
    return SearchResult(optuna.create_study(direction="maximize"), trials)


def searched(space, score, trials=40):
    """Return a random search of a function of the parameters."""
    objective = ht.FunctionObjective(score)
    return ht.random_search(objective, ht.SearchSpace(**space), trials=trials, progress=False)


def rows(count, seed=0):
    """Return a data set with so many rows, a fifth of them for validation."""
    rng = np.random.default_rng(seed)
    return ht.load((rng.normal(size=(count, 3)), np.arange(count) % 2))


# ── before a search ──────────────────────────────────────────────────────────────────────────


def test_a_good_plan_has_no_finding():
    reviewed = ht.review(ht.SearchSpace(**GOOD), trials=20)
    assert len(reviewed) == 0 and reviewed.findings == ()
    assert reviewed.mended == ht.SearchSpace(**GOOD)
    assert reviewed.skipped == {"boundary": "needs a result", "validation": "needs data"}
    assert repr(reviewed).startswith("Nothing to mend.")
    assert "<table>" not in reviewed._repr_html_()


@pytest.mark.parametrize(
    ("name", "now", "due"),
    [
        ("learning_rate", ht.uniform(1e-4, 1e-1), ht.loguniform(1e-4, 1e-1)),
        ("lr", ht.uniform(0, 1), ht.loguniform(1e-3, 1)),
        ("l2", ht.uniform(0, 0.1), ht.loguniform(1e-4, 0.1)),
        ("optimizer__learning_rate", ht.uniform(1e-3, 1), ht.loguniform(1e-3, 1)),
        ("temperature", ht.uniform(0.1, 100), ht.loguniform(0.1, 100)),
        ("units", ht.integers(4, 512), ht.integers(4, 512, log=True)),
        ("learning_rate", ht.uniform(0.01, 0.05), None),
        ("learning_rate", ht.loguniform(1e-5, 1), None),
        ("learning_rate", ht.choice(0.001, 0.01, 0.1), None),
        ("dropout", ht.uniform(0.001, 0.5), None),
        ("momentum", ht.uniform(0, 0.99), None),
        ("shift", ht.uniform(-1, 1), None),
        ("units", ht.integers(8, 128, step=8), None),
        ("layers", ht.integers(0, 100), None),
    ],
)
def test_scale(name, now, due):
    reviewed = ht.review(ht.SearchSpace({name: now}))
    scales = [finding for finding in reviewed if finding.check == "scale"]
    assert [finding.name for finding in scales] == ([name] if due else [])
    if due:
        assert scales[0].change == {name: due}
        assert reviewed.mended[name] == due
        assert scales[0].remedy.startswith(f"{name}=ht.")


def test_the_share_of_small_draws_is_right():
    (finding,) = ht.review(ht.SearchSpace(rate=ht.uniform(0.05, 10)))
    low = np.random.default_rng(0).uniform(0.05, 10, 100_000) < 1
    said = float(finding.reason.removeprefix("Only ").split("%")[0])
    assert said == pytest.approx(100 * low.mean(), abs=0.3)


def test_budget():
    six = {f"knob_{n}": ht.uniform(0, 1) for n in range(6)}
    assert found("budget", six, trials=59) == [""]
    assert found("budget", six, trials=60) == []
    fixed = {f"fixed_{n}": ht.choice("one") for n in range(6)}
    assert found("budget", {"x": ht.uniform(0, 1), **fixed}, trials=10) == []
    # Every point of a small space can be tried: more trials would repeat them.
    assert found("budget", {"a": ht.integers(1, 2), "b": ht.integers(1, 2)}, trials=4) == []
    (finding,) = ht.review(ht.SearchSpace(**six), trials=20)
    assert finding.remedy == "trials=60, or a space of 2, the others fixed in defaults={...}"


def test_the_budget_of_a_result_is_its_trials():
    space = {f"knob_{n}": ht.uniform(0, 1) for n in range(3)}
    result = searched(space, lambda params: sum(params.values()), trials=12)
    assert found("budget", space, result) == [""]
    assert found("budget", space, result, 30) == []


def test_nuisance_learning_rate():
    assert found("nuisance", {"units": ht.integers(8, 64)}) == ["learning_rate"]
    fixed = {"learning_rate": ht.choice(0.01), "units": ht.integers(8, 64)}
    reviewed = ht.review(ht.SearchSpace(**fixed))
    assert reviewed.mended["learning_rate"] == ht.loguniform(1e-4, 1e-1)
    assert found("nuisance", GOOD) == []
    assert found("nuisance", {"mlpclassifier__alpha": ht.loguniform(1e-4, 1)}) == []
    assert found("nuisance", {"x": ht.uniform(0, 1)}) == [], "no network, no learning rate"


def test_nuisance_of_optimizers():
    rate = {"learning_rate": ht.loguniform(1e-4, 1)}
    several = {**rate, "optimizer": ht.choice("adam", "nesterov", "adamw")}
    assert found("nuisance", several) == ["momentum", "weight_decay"]
    assert found("nuisance", {**rate, "optimizer": ht.choice("nesterov")}) == []
    assert found("nuisance", {**rate, "optimizer": ht.choice("sgd", "adam")}) == []
    mended = ht.review(ht.SearchSpace(**several)).mended
    assert mended.active({"optimizer": "adam"}) == ["learning_rate", "optimizer"]
    assert mended.active({"optimizer": "nesterov"})[-1] == "momentum"
    assert len(ht.review(mended)) == 0


def test_mending_keeps_conditions():
    space = ht.SearchSpace(
        optimizer=ht.choice("sgd", "adam"),
        learning_rate=ht.when(ht.uniform(1e-4, 1e-1), optimizer="sgd"),
    )
    mended = ht.review(space).mended
    assert mended["learning_rate"].log and mended.conditions == space.conditions


# ── after a search ───────────────────────────────────────────────────────────────────────────

FLAT = {"x": ht.uniform(1, 2), "y": ht.uniform(1, 2)}


def test_boundary():
    edge = searched(FLAT, lambda params: params["x"] - (params["y"] - 1.5) ** 2)
    assert found("boundary", FLAT, edge) == ["x"]
    inside = searched(FLAT, lambda params: -((params["x"] - 1.5) ** 2))
    assert found("boundary", FLAT, inside) == []
    assert ht.review(ht.SearchSpace(**FLAT), edge).mended["x"] == ht.uniform(1, 3)


def test_a_best_trial_at_the_edge_by_chance_is_no_boundary():
    spread = np.linspace(1, 2, 41)
    values = [({"x": float(x), "y": 1.5}, 0.5 + 0.01 * (k % 7)) for k, x in enumerate(spread)]
    values[-1] = ({"x": 2.0, "y": 1.5}, 0.99)
    assert found("boundary", FLAT, search_of(values)) == []


def test_what_does_not_matter_has_rarely_a_boundary():
    rng = np.random.default_rng(0)
    space = {f"knob_{n}": ht.uniform(1, 2) for n in range(5)}
    sampled = ht.SearchSpace(**space)
    hits = [
        found(
            "boundary", space, search_of([(sampled.sample(rng), rng.random()) for _ in range(40)])
        )
        for _ in range(50)
    ]
    assert sum(map(len, hits)) <= 0.05 * 50 * 5


@pytest.mark.parametrize(
    ("name", "now", "end", "due"),
    [
        ("learning_rate", ht.loguniform(1e-4, 1e-1), "high", ht.loguniform(1e-4, 1)),
        ("learning_rate", ht.loguniform(1e-4, 1e-1), "low", ht.loguniform(1e-5, 1e-1)),
        ("units", ht.integers(8, 64, step=8), "high", ht.integers(8, 120, step=8)),
        ("units", ht.integers(8, 64, step=8), "low", ht.integers(2, 64, step=2)),
        ("units", ht.integers(16, 64, log=True), "high", ht.integers(16, 128, log=True)),
        ("x", ht.uniform(0.5, 1), "low", ht.uniform(0, 1)),
        ("dropout", ht.uniform(0, 0.5), "high", ht.uniform(0, 0.9)),
        ("dropout", ht.uniform(0, 0.5), "low", None),
        ("dropout", ht.uniform(0, 0.9), "high", None),
        ("layers", ht.integers(1, 20), "low", None),
        ("optimizer", ht.choice("a", "b"), "high", None),
    ],
)
def test_where_a_boundary_moves(name, now, end, due):
    space = ht.SearchSpace({name: now})
    sign = 1 if end == "high" else -1
    grid = space.grid(20)[name]
    values = [({name: value}, sign * float(k)) for k, value in enumerate(grid)]
    reviewed = ht.review(space, search_of(values))
    moved = [finding for finding in reviewed if finding.check == "boundary"]
    assert [finding.change for finding in moved] == ([{name: due}] if due else [])


def test_few_trials_and_equal_ones_have_no_boundary():
    values = [({"x": 2.0, "y": 1.5}, 1.0)] * 4
    reviewed = ht.review(ht.SearchSpace(**FLAT), search_of(values))
    assert reviewed.skipped["boundary"] == "needs 5 complete trials"
    assert found("boundary", FLAT, search_of(values * 3)) == []
    none = search_of([({"x": 2.0, "y": 1.5}, math.nan)] * 6)
    none.evaluations = [Evaluation(e.params, e.value, status="diverged") for e in none.evaluations]
    assert ht.review(ht.SearchSpace(**FLAT), none).skipped["boundary"]


def test_a_minimum_is_at_the_other_end():
    objective = ht.FunctionObjective(lambda params: params["x"], direction="minimize")
    space = ht.SearchSpace(x=ht.uniform(1, 2))
    result = ht.random_search(objective, space, trials=30, progress=False)
    (finding,) = ht.review(space, result)
    assert finding.check == "boundary" and "low end of 1.0 to 2.0" in finding.found


# ── validation rows ──────────────────────────────────────────────────────────────────────────


def test_validation_rows_before_a_search():
    small, large = rows(400), rows(40_000)
    assert found("validation", GOOD, data=small, difference=0.02) == [""]
    assert found("validation", GOOD, data=large, difference=0.02) == []
    assert found("validation", GOOD, data=small, difference=0.3) == []
    needs = ht.review(ht.SearchSpace(**GOOD), data=small).skipped["validation"]
    assert needs == "needs difference=, such as 0.02"


def test_the_margin_is_what_chance_exceeds_once_in_twenty():
    rng = np.random.default_rng(0)
    gaps = np.diff(rng.binomial(200, 0.8, (20_000, 2)), axis=1) / 200
    assert np.mean(np.abs(gaps) > accuracy_margin(0.8, 200)) == pytest.approx(0.05, abs=0.01)


def remedies(count, difference, **keywords):
    objective = ht.TrainObjective(rows(count), epochs=1, **keywords)
    result = search_of([(NETWORK, 0.8 + 0.001 * n) for n in range(9)])
    result.objective = objective
    reviewed = ht.review(ht.SearchSpace(**GOOD), result, 20, difference=difference)
    return [finding.remedy for finding in reviewed if finding.check == "validation"]


def test_the_remedy_is_one_that_the_data_allow():
    assert remedies(2000, 0.05) == ["validation=0.25 in ht.load"]
    assert remedies(400, 0.05) == ["folds=5 in ht.TrainObjective, which judges on 320 rows"]
    (modest,) = remedies(400, 0.05, folds=5)
    assert modest.startswith("difference=0.06")
    assert remedies(400, 0.07, folds=5) == []


def test_after_a_search_the_lead_of_the_best_is_the_claim():
    data = rows(400)
    for lead, expected in ((0.01, 1), (0.4, 0)):
        values = [0.5 + lead] + [0.5] * 10
        result = search_of([(NETWORK, value) for value in values])
        assert len(found("validation", GOOD, result, 20, data=data)) == expected


def test_validation_is_not_judged_by_loss():
    objective = ht.TrainObjective(rows(100), metric="val_loss")
    result = search_of([(NETWORK, 0.1)] * 6)
    result.objective = objective
    reviewed = ht.review(ht.SearchSpace(**GOOD), result, 20)
    assert reviewed.skipped == {"validation": "needs a search by accuracy"}


# ── what a reader sees, and bad input ────────────────────────────────────────────────────────

BAD = ht.SearchSpace(units=ht.integers(8, 64), l2=ht.uniform(0, 0.1), pipe=ht.choice("a|b", "<c>"))


def test_it_shows_itself():
    reviewed = ht.review(BAD, trials=10)
    assert [finding.check for finding in reviewed] == ["scale", "budget", "nuisance"]
    assert "l2=ht.loguniform(1e-4, 0.1)" in repr(reviewed)
    page = reviewed._repr_html_()
    assert page.count('<th scope="row"') == 3 and page.count('<th scope="col"') == 4
    assert "<caption" in page and 'href="https://jmlr.org' in page
    assert reviewed._repr_markdown_().count("\n|") == 5
    frame = reviewed.to_frame()
    assert isinstance(frame, pd.DataFrame) and frame["link"].str.startswith("https://").all()
    assert set(frame["check"]) <= set(CHECKS)


def test_a_mended_space_is_fine():
    assert len(ht.review(ht.review(BAD, trials=40).mended, trials=40)) == 0


def test_bad_arguments_are_named_together():
    told = [f"{name}=" for name in ("space", "result", "trials", "data", "difference")]
    with refused("5 problems", *told):
        ht.review({"units": 8}, "result", 0, data="digits", difference=2)
    for difference in (0, 1, -0.1, "small"):
        with refused("difference=.* between 0 and 1.*difference=0.02"):
            ht.review(BAD, difference=difference)
    for trials in (0, 1.5, "many"):
        with refused("trials=.* from 1 up.*trials=40"):
            ht.review(BAD, trials=trials)
    with refused("no trial with a hyperparameter yet"):
        ht.review(optuna.create_study())


def test_a_result_of_another_space_is_refused():
    result = search_of([({"x": 5.0, "y": 1.5}, 1.0)] * 6)
    with refused("Give the space that was searched"):
        ht.review(ht.SearchSpace(**FLAT), result)


# ── the rows ─────────────────────────────────────────────────────────────────────────────────


def table(**columns):
    """Return a table of 120 rows with a target of two classes."""
    rng = np.random.default_rng(0)
    return pd.DataFrame({"x": rng.normal(size=120), "y": np.arange(120) % 2, **columns})


def found_in(data, **arguments):
    """Return what a review of a good space says of the rows, by check."""
    reviewed = ht.review(ht.SearchSpace(**GOOD), data=data, trials=20, **arguments)
    return {f.check: f for f in reviewed if f.check in ("groups", "time", "rarity")}


@pytest.mark.parametrize("name", ["patient", "customer_id", "PatientID", "device no"])
def test_rows_that_belong_together_on_both_sides_are_told(name):
    visits = table(**{name: np.arange(120) // 6})
    finding = found_in(ht.load(visits, target="y"))["groups"]
    assert f"of 20 values of {name}" in finding.found and f"groups='{name}'" in finding.remedy
    assert found_in(ht.load(visits, target="y", groups=name)) == {}


def test_few_values_and_other_names_are_no_groups():
    ages = table(age=np.arange(120) // 6, session_id=np.arange(120) % 3)
    assert found_in(ht.load(ages, target="y")) == {}
    assert found_in(ht.load(table(mass_index=np.arange(120) // 6 + 0.5), target="y")) == {}


def test_rows_that_were_shuffled_in_time_are_told():
    days = pd.date_range("2026-01-01", periods=120).strftime("%d.%m.%Y")
    finding = found_in(ht.load(table(day=days), target="y"))["time"]
    assert "The column day holds dates" in finding.found and "time='day'" in finding.remedy
    assert found_in(ht.load(table(day=days), target="y", time="day")) == {}


def test_folds_that_run_backwards_in_time_are_told():
    data = ht.load(table(day=np.arange(120)), target="y", time="day")
    result = search_of([(NETWORK, 0.9)] * 6)
    for folds, expected, most in (
        (KFold(4), "In 3 of 4 folds", 4),
        (KFold(8), "In 7 of 8 folds", 5),
        (TimeSeriesSplit(4), None, 0),
    ):
        result.objective = ht.TrainObjective(data, folds=folds)
        reviewed = ht.review(ht.SearchSpace(**GOOD), result, 20)
        said = [f for f in reviewed if f.check == "time"]
        assert bool(said) == bool(expected)
        for finding in said:
            assert finding.name == "folds" and finding.found.startswith(expected)
            assert finding.reason.startswith("The networks learn from rows that are later")
            assert finding.remedy == f"folds={most}, or a TimeSeriesSplit, in ht.TrainObjective"


@pytest.mark.parametrize(
    ("rows", "remedy"),
    [((108, 12), "average_precision"), ((12, 108), "balanced_accuracy"), ((60, 52, 8), "balanced")],
)
def test_rare_classes_by_accuracy_are_told(rows, remedy):
    data = ht.load(table(y=np.repeat(np.arange(len(rows)), rows)), target="y")
    finding = found_in(data)["rarity"]
    assert remedy in finding.remedy and "always says" in finding.reason
    result = search_of([(NETWORK, 0.9)] * 6)
    result.objective = ht.TrainObjective(data, metric="balanced_accuracy")
    assert not [f for f in ht.review(ht.SearchSpace(**GOOD), result, 20) if f.check == "rarity"]


def test_classes_that_are_many_or_nearly_even_are_not_rare():
    assert found_in(ht.load("digits")) == {} == found_in(ht.load("breast_cancer"))

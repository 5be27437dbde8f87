"""Comparisons of made-up numbers: each median, win and budget by hand."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.tabular.comparison import Comparison, compare
from hpotutor.tabular.histories import History, Replay, grid_history, random_history, replay
from hpotutor.tabular.objective import TableObjective
from tests.messages import refused
from tests.small_table import small_table

TABLE = small_table()  # 96 configurations, 4 runs of 27 epochs, 200 rows of each part


def objective(**settings):
    return TableObjective(TABLE, quiet=True, **settings)


# ── comparisons ──────────────────────────────────────────────────────────────────────────────
def made_up(**settings):
    """Return a comparison of two methods over three repeats, with numbers to check by hand."""

    def of(best, trials):
        best = np.array(best)
        trials = np.array([trials] * 3, float)
        return Replay(best, best, best - 0.1, 1 - best, trials, 10 * trials, 100 * trials)

    nan = math.nan
    a = of([[0.5, 0.6, 0.7], [0.4, 0.6, 0.9], [nan, 0.6, 0.8]], [1, 2, 3])
    b = of([[0.6, 0.6, 0.6], [0.6, 0.6, 0.6], [0.6, 0.6, 0.6]], [1, 1.5, 3])
    return Comparison({"a": a, "b": b}, objective(**settings), 3, "median", 0.95, 0)


def test_what_was_reached_with_a_budget():
    race = made_up()
    assert race.at(what="best")["a"].tolist() == [0.7, 0.9, 0.8]
    assert race.at(2, "best")["a"].tolist() == [0.6, 0.6, 0.6]
    assert race.at(1.999, "best")["a"][:2].tolist() == [0.5, 0.4]
    assert np.isnan(race.at(0.5, "best")["b"]).all() and math.isnan(race.at(1, "best")["a"][2])
    assert race.at(20, "test", "epochs")["a"] == pytest.approx([0.5, 0.5, 0.5])
    assert race.at(against="seconds")["a"] == pytest.approx([0.3, 0.1, 0.2])
    assert race.at()["b"] == pytest.approx([0.4, 0.4, 0.4])
    assert race.methods == ["a", "b"] and race.values()["a"] is race.replays["a"].best
    assert race.cost()["b"] is race.replays["b"].trials
    assert race.cost("epochs")["b"] is race.replays["b"].epochs


def test_a_summary_has_medians_and_what_was_spent():
    table = made_up().summary()
    assert table.loc["a", ["best", "test", "regret"]].tolist() == pytest.approx([0.8, 0.7, 0.2])
    assert table.loc["b", ["best_low", "best_high"]].tolist() == [0.6, 0.6]
    assert table["epochs"].tolist() == [30, 30] and table["seconds"].tolist() == [300, 300]
    early = made_up().summary(2)
    assert early.loc["a", "best"] == 0.6
    page = made_up()._repr_html_()
    assert "Median of 3 repeats after 3 trainings, with 95% bootstrap intervals." in page
    assert "<td>0.6 (0.6 … 0.6)</td>" in page and "<td>300</td>" in page
    assert repr(made_up()) == "Comparison(a, b; budget of 3 trainings)"


def test_wins_go_the_metrics_way_and_what_found_nothing_loses():
    race = made_up()
    for what in ("best", "test", "regret"):
        assert race.probability("a", "b", what=what).value == 1
        assert race.probability("b", "a", what=what).value == 0
        assert race.probability("a", "b", 2, what).value == 0.5
        assert race.probability("a", "b", 1, what).value == 0
    loss = made_up(metric="val_loss")
    assert loss.probability("a", "b", what="best").value == 0
    assert loss.probability("a", "b", what="test").value == 1
    assert loss.probability("a", "b", what="regret").value == 1


def test_the_budget_to_a_target():
    race = made_up()
    found = race.budget_to(0.8, "best")
    assert found["reached"].tolist() == pytest.approx([2 / 3, 0])
    assert found["median"].tolist() == [3, math.inf]
    assert race.budget_to(0.6, "best", "epochs").loc["b", "median"] == 10
    assert race.budget_to(0.6, "best").loc["a", ["reached", "median"]].tolist() == [1, 2]
    assert race.budget_to(0.4).loc["a", "median"] == 2
    assert race.budget_to(0.5, "test", "seconds").loc["a", "median"] == 200
    assert made_up(metric="val_loss").budget_to(0.65, "best").loc["b", "median"] == 1


def test_curves_stand_where_all_repeats_can_be_judged():
    curves = made_up().curves("best")
    a = curves[curves["method"] == "a"].set_index("trials")
    assert a.index.tolist() == [1, 2, 3] and a["value"].tolist()[1:] == pytest.approx([0.6, 0.8])
    epochs = made_up().curves("best", "epochs")
    spent = epochs[epochs["method"] == "b"]["epochs"]
    assert len(spent) == 60 and (spent.min(), spent.max()) == (10, 30)


def test_a_budget_is_full_trainings_whatever_a_method_asks():
    def short(objective, space, *, trials, seed):
        return ht.random_search(objective, space, trials=9 * trials, seed=seed, progress=False)

    def hyperband(objective, space, *, trials, seed):
        return ht.hyperband_search(objective, space, max_epochs=27 * trials, seed=seed,
                                   trials=500, progress=False)  # fmt: skip

    race = compare({"many": short, "few": hyperband, "random": "random"}, objective(), trials=3,
                   repeats=2, seed=4)  # fmt: skip
    assert race.replays["many"].best.shape == (2, 3)
    for found in race.replays.values():
        assert found.trials.max() <= 3 + 1e-9 and found.epochs.max() <= 81
    assert race.trials == 3 and race.seed == 4
    own = short(objective(seed=4), objective().space, trials=3, seed=4)
    assert race.replays["many"].value[0] == pytest.approx([e.value for e in own.evaluations[:3]])
    assert race.replays["random"].best.shape == (2, 3)
    with pytest.raises(ArgumentError, match="a function that returns a SearchResult"):
        compare({"none": lambda *a, **k: None}, objective(), trials=2, repeats=1)


@pytest.mark.parametrize(
    "bad",
    [
        {"confidence": 0}, {"confidence": 1}, {"trials": 0}, {"repeats": 0}, {"seed": -1},
        {"statistic": "mean"},
    ],
)  # fmt: skip
def test_numbers_of_a_comparison_at_their_ends(bad):
    with pytest.raises(ArgumentError, match=f"{next(iter(bad))}="):
        compare(["random"], objective(), **bad)
    assert len(compare(["random"], objective(), trials=1, repeats=1).at()["random"]) == 1
    with pytest.raises(ArgumentError, match="searches='random'"):
        compare("random", objective())


@pytest.mark.parametrize("name", ["at", "curves", "cost", "budget_to", "probability"])
def test_what_is_no_measure_is_named(name):
    race = made_up()
    calls = {
        "at": [lambda: race.at(what="bset"), lambda: race.at(against="time"),
               lambda: race.at("two")],
        "curves": [lambda: race.curves("bset"), lambda: race.curves(against="time")],
        "cost": [lambda: race.cost("time")],
        "budget_to": [lambda: race.budget_to("low"), lambda: race.budget_to(1, "bset")],
        "probability": [lambda: race.probability("a", "c"), lambda: race.probability("c", "b")],
    }  # fmt: skip
    for call in calls[name]:
        with pytest.raises(ArgumentError):
            call()


def test_what_is_not_said_is_the_median_of_1000_repeats_of_50_trainings():
    race = compare(["random"], objective())
    assert race.replays["random"].best.shape == (1000, 50)
    assert (race.trials, race.seed, race.statistic, race.confidence) == (50, 0, "median", 0.95)
    own = random_history(objective(), trials=50)
    assert race.values()["random"].tolist() == replay(objective(), own).best.tolist()
    for make in (random_history, grid_history):
        one, same = make(objective(), trials=3), make(objective(), trials=3, repeats=1000, seed=0)
        assert all((a == b).all() for a, b in zip(one, same, strict=True))


def test_arguments_of_a_comparison_are_told_with_what_to_type():
    with refused(
        "6 problems", r"searches=\[\] .*names of methods, or a dict of them",
        "objective=None .*a table", "trials=0 .*trials=50", "repeats=0.5 .*repeats=50",
        "statistic='mean'.*'median', 'iqm'", "confidence=1 .*confidence=0.95",
    ):  # fmt: skip
        compare([], None, trials=0, repeats=0.5, statistic="mean", confidence=1)
    found = compare({3: "random"}, objective(), trials=np.int64(2), repeats=np.int64(3))
    assert found.methods == ["3"] and type(found.trials) is int
    assert compare(("random", "grid"), objective(), trials=2, repeats=1).methods[1] == "grid"


def test_a_method_without_a_history_is_told():
    with refused("There are no histories for the made up table.*histories.py made up"):
        compare(["tpe"], objective(), trials=2)


def test_a_function_gets_a_seed_of_its_own_for_each_repeat():
    asked = []

    def search(objective, space, *, trials, seed):
        asked.append((objective.seed, trials, seed, list(space), objective.table is TABLE))
        return ht.random_search(objective, space, trials=trials, seed=seed, progress=False)

    compare({"it": search}, objective(), trials=2, repeats=3, seed=7)
    compare({"it": search}, objective(seed=1, noise=False), trials=2, repeats=1, seed=4)
    names = list(objective().space)
    assert asked == [(s, 2, s, names, True) for s in (7, 8, 9)] + [(1, 2, 4, names, True)]


def test_a_search_that_found_nothing_counts_and_one_without_a_result_does_not():
    died = dataclasses.replace(TABLE, diverged=np.ones_like(TABLE.diverged))
    nothing = TableObjective(died, quiet=True)

    def search(objective, space, **settings):
        return ht.random_search(objective, space, progress=False, **settings)

    race = compare({"it": search}, nothing, trials=2, repeats=2)
    assert (
        np.isnan(race.values()["it"]).all() and race.cost("epochs")["it"].tolist() == [[1, 2]] * 2
    )
    with refused("^compare: searches=None .*returns a SearchResult.*return ht.random_search"):
        compare({"it": lambda *_, **__: None}, objective(), trials=2, repeats=1)


def test_what_no_repeat_can_afford_is_cut_off():
    index = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])
    epochs = np.array([[9, 9, 9, 27], [27, 9, 9, 9]])
    given = History(index, epochs, np.zeros_like(index))
    race = compare({"it": given}, objective(), trials=1)
    found, whole = race.replays["it"], replay(objective(), given)
    assert found.trials.tolist() == pytest.approx(np.array([[1 / 3, 2 / 3, 1], [1, 1, 1]]))
    assert found.best[0].tolist() == whole.best[0, :3].tolist()
    assert found.best[1].tolist() == [whole.best[1, 0]] * 3  # it had ended
    # A training may cost more than all there is.
    dear = compare({"it": given}, objective(epochs=5), trials=1)
    assert dear.replays["it"].best.shape == (2, 1) and np.isnan(dear.at()["it"]).all()


# ── comparisons, unequal ─────────────────────────────────────────────────────────────────────
def uneven(**settings):
    """Return a comparison of three repeats whose costs differ."""
    best = np.array([[0.1, 0.5, 0.6], [0.2, 0.5, 0.9], [0.3, 0.4, 0.5]])
    cost = np.array([[1.0, 2.5, 4.0], [1.5, 3.0, 6.0], [2.0, 3.0, 5.0]])
    replays = {
        "a": Replay(best, best, best - 0.1, 1 - best, cost, 10 * cost, 100 * cost),
        "b": Replay(best, best, best, 1 - best, cost, 20 * cost, 50 * cost),
    }
    told = {"statistic": "median", "confidence": 0.95, "seed": 0} | settings
    return Comparison(replays, objective(), 6, **told)


def test_without_a_budget_it_is_what_all_repeats_spent():
    race = uneven()
    assert race.at(what="best")["a"].tolist() == [0.6, 0.9, 0.5]
    assert race.at(what="best", against="epochs")["a"].tolist() == [0.6, 0.5, 0.4]  # of 40
    assert race.at(what="best", against="seconds")["b"].tolist() == [0.6, 0.5, 0.4]  # of 200
    assert race.at(what="best", against="seconds")["a"].tolist() == [0.1, 0.2, 0.3]
    assert race.summary()["epochs"].tolist() == [50, 100]
    assert race.summary()["seconds"].tolist() == [500, 250]


def test_curves_begin_where_every_repeat_has_something_and_end_with_the_first():
    trials = uneven().curves("best")
    assert list(trials) == ["method", "trials", "value", "low", "high"]
    assert trials["trials"].tolist() == [2, 3, 4] * 2 and trials.index.tolist() == list(range(6))
    assert trials["value"].tolist()[:3] == [0.2, 0.5, 0.5]
    epochs = uneven().curves(against="epochs")
    assert list(epochs)[1] == "epochs" and (epochs["method"] == "b").sum() == 60
    assert epochs["epochs"][[0, 59, 60, 119]].tolist() == [20, 40, 40, 80]
    assert epochs["value"][0] == pytest.approx(0.8)  # regret


def test_intervals_are_of_the_confidence_and_the_seed():
    rng = np.random.default_rng(0)
    best = rng.random((40, 1))
    other = best + rng.normal(0, 0.3, (40, 1))
    one = np.ones((40, 1))

    def race(**settings):
        told = {"statistic": "median", "confidence": 0.95, "seed": 0} | settings
        replays = {n: Replay(v, v, v, 1 - v, one, one, one) for n, v in
                   (("a", best), ("b", other))}  # fmt: skip
        return Comparison(replays, objective(), 1, **told)

    def widths(found):
        told = found.probability("a", "b"), found.summary().loc["a"]
        return told[0].high - told[0].low, told[1]["best_high"] - told[1]["best_low"]

    usual, sure, unsure = (
        widths(race()),
        widths(race(confidence=0.5)),
        widths(race(confidence=0.99)),
    )
    for place in range(2):
        assert 0 < sure[place] < usual[place] <= unsure[place]
    assert widths(race(seed=1)) != usual
    assert race(statistic="iqm").summary().loc["a", "best"] == pytest.approx(
        np.sort(best, axis=0)[10:30].mean()
    )
    assert race().summary().loc["a", "best"] == pytest.approx(np.median(best))
    # What a target costs is always a median.
    assert uneven(statistic="iqm").budget_to(0.5, "best").loc["a", "median"] == 3


def test_a_comparison_is_shown_with_what_it_is_of():
    race = uneven(statistic="iqm", confidence=0.5)
    race.replays["c"] = Replay(*(np.tile(part, (334, 1)) for part in race.replays["a"]))
    page = race._repr_html_()
    assert "<p>Iqm of 1,002 repeats after 6 trainings, with 50% bootstrap intervals.</p>" in page
    assert 'border="1"' not in page and "<th>method</th>" in page
    cost = np.full((1, 1), 1234.56)
    dear = Replay(cost, cost, cost, cost, cost, cost, cost)
    assert (
        "<td>1,235</td>" in Comparison({"a": dear}, objective(), 1, "median", 0.9, 0)._repr_html_()
    )


@pytest.mark.parametrize(
    ("call", "given", "told"),
    [
        ("at", {"budget": "two"}, "^Comparison: budget='two' is not allowed. .* budget=0.05"),
        ("at", {"what": "bset"}, "what='bset' .*Did you mean 'best'"),
        ("at", {"against": "time"}, "against='time' .*'trials', 'epochs', 'seconds'"),
        ("cost", {"against": "epoch"}, "^Comparison: against='epoch' .*Did you mean 'epochs'"),
        ("curves", {"what": "value"}, "^Comparison: what='value'"),
        ("budget_to", {"target": "low"}, "^Comparison: target='low' .*target=0.05"),
        ("budget_to", {"target": 1, "what": "loss"}, "^Comparison: what='loss'"),
        (
            "probability",
            {"a": "c", "b": "d"},
            "(?s)probability: 2 problems.*a='c'.*b='d'.*'a', 'b'",
        ),
    ],
)
def test_bad_questions_to_a_comparison_are_told(call, given, told):
    with refused(told):
        getattr(uneven(), call)(**given)

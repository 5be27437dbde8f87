"""Any searches on any table: arrays tell what asking the table again, one by one, would tell."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hpotutor as ht
from hpotutor.tabular.comparison import Comparison
from hpotutor.tabular.histories import History, replay
from tests.small_table import small_table

TABLE = small_table()
METRICS = st.sampled_from(["val_accuracy", "val_loss"])


@st.composite
def histories(draw):
    """Return searches of the made-up table; shorter ones have ended early."""
    repeats, trials = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = repeats, trials
    index = rng.integers(0, len(TABLE.start_seconds), shape)
    epochs = rng.integers(1, TABLE.epochs + 1, shape)
    ends = rng.integers(1, trials + 1, repeats)
    epochs[np.arange(trials) >= ends[:, None]] = 0
    return History(index, epochs, rng.integers(0, TABLE.seeds, shape))


def asked_again(history: History, metric: str) -> list[list[ht.Evaluation]]:
    """Return what each search meets where it asks the table itself."""
    return [
        [
            ht.TableObjective(
                TABLE, seed=int(run), noise=False, metric=metric, quiet=True
            ).evaluate(TABLE.params_at(int(index)), int(epochs))
            for index, epochs, run in zip(*row, strict=True)
            if epochs
        ]
        for row in zip(*history, strict=True)
    ]


@settings(max_examples=40)
@given(histories(), METRICS)
def test_arrays_tell_what_the_table_tells(history, metric):
    objective = ht.TableObjective(TABLE, metric=metric, quiet=True)
    found, pick = replay(objective, history), max if metric == "val_accuracy" else min
    for repeat, met in enumerate(asked_again(history, metric)):
        count = len(met)
        values = [e.value for e in met]
        assert found.value[repeat, :count] == pytest.approx(values)
        assert np.isnan(found.value[repeat, count:]).all()
        best = [pick(values[: n + 1]) for n in range(count)]
        assert found.best[repeat, :count] == pytest.approx(best)
        assert found.epochs[repeat, -1] == sum(e.epochs for e in met)
        assert found.seconds[repeat, -1] == pytest.approx(sum(e.seconds for e in met), rel=1e-5)
        assert found.trials[repeat, -1] == pytest.approx(found.epochs[repeat, -1] / TABLE.epochs)
        leader = met[values.index(best[-1])]  # the first of equals
        rank = objective.rank(leader.params)
        assert found.regret[repeat, -1] >= 0
        assert (found.regret[repeat, -1] == 0) == (rank == 0)


@settings(max_examples=60)
@given(histories(), histories(), METRICS, st.floats(0.5, 9), st.sampled_from(["best", "regret"]))
def test_comparisons_count_what_a_loop_counts(first, second, metric, budget, what):
    objective = ht.TableObjective(TABLE, metric=metric, quiet=True)
    replays = {"a": replay(objective, first), "b": replay(objective, second)}
    race = Comparison(replays, objective, 9, "median", 0.95, 0)
    reached = race.at(budget, what)
    for name, found in replays.items():
        for repeat, spent in enumerate(found.trials):
            within = [n for n, cost in enumerate(spent) if cost <= budget + 1e-9]
            expected = getattr(found, what)[repeat, within[-1]] if within else math.nan
            assert reached[name][repeat] == pytest.approx(expected, nan_ok=True)
    lower = what == "regret" or metric == "val_loss"
    wins = [
        0.5 if a == b or (math.isnan(a) and math.isnan(b))
        else float(math.isnan(b) or (not math.isnan(a) and (a < b) == lower))
        for a in reached["a"] for b in reached["b"]
    ]  # fmt: skip
    told = race.probability("a", "b", budget, what)
    assert told.value == pytest.approx(np.mean(wins))
    assert race.probability("b", "a", budget, what).value == pytest.approx(1 - told.value)
    assert told.low <= told.value <= told.high


@settings(max_examples=40)
@given(histories(), METRICS, st.floats(0, 0.5))
def test_the_cost_of_a_target_is_where_it_is_first_met(history, metric, target):
    objective = ht.TableObjective(TABLE, metric=metric, quiet=True)
    found = replay(objective, history)
    race = Comparison({"a": found}, objective, 9, "median", 0.95, 0)
    told = race.budget_to(target, against="epochs").loc["a"]
    costs = []
    for regret, spent in zip(found.regret, found.epochs, strict=True):
        met = [cost for far, cost in zip(regret, spent, strict=True) if far <= target]
        costs.append(met[0] if met else math.inf)
    assert told["reached"] == pytest.approx(np.isfinite(costs).mean())
    with np.errstate(invalid="ignore"):
        assert told["median"] == pytest.approx(np.median(costs), nan_ok=True) or math.isinf(
            told["median"]
        )
    assert told["low"] <= told["median"] <= told["high"]

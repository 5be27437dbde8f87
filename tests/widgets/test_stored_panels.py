"""Panels on a stored table: what they compute and show."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.search.hyperband import hyperband_brackets, successive_halving
from hpotutor.widgets._bracket_stepper import halving_info, survival_info
from hpotutor.widgets._cluster import cluster_info
from hpotutor.widgets._generation_stepper import evolution_info
from hpotutor.widgets._winners_curse import scores_info
from tests.messages import refused
from tests.small_table import small_objective as table

STORED = ["bracket_stepper", "cluster", "front_explorer", "generation_stepper", "method_race"]
STORED += ["winners_curse"]


@pytest.mark.parametrize("name", STORED)
def test_only_a_table_will_do(name: str) -> None:
    with refused(f'{name}\\("digits"\\)'):
        getattr(ht.widgets, name)(3)


def test_rungs_are_those_of_successive_halving() -> None:
    curves = np.random.default_rng(3).random((27, 27)).cumsum(axis=1)
    for bracket in hyperband_brackets(27):
        first = bracket.rungs[0].configurations
        points = [{"trial": n} for n in range(first)]

        def score(batch: list[dict], epochs: int) -> list[float]:
            return [curves[one["trial"], epochs - 1] for one in batch]

        found = halving_info(curves[:first], bracket)
        last = found[found["rung"] == len(bracket.rungs) - 1].sort_values("value")["trial"]
        want = [one["trial"] for one in successive_halving(score, points, bracket.rungs)]
        assert last.tolist()[::-1] == want
        assert found.groupby("rung").size().tolist() == [r.configurations for r in bracket.rungs]


def test_survival_is_that_of_played_brackets() -> None:
    rng, bracket = np.random.default_rng(5), hyperband_brackets(9)[0]
    curves = rng.normal(size=(40, 9)) + np.linspace(0, 3, 40)[:, None]
    kept = 0
    for _ in range(1500):
        drawn = curves[rng.integers(0, 40, 9)]
        found = halving_info(drawn, bracket)
        top = found.loc[found["rung"] == 2, "trial"].iloc[0]
        kept += drawn[top, 8] >= drawn[:, 8].max()
    assert survival_info(curves, bracket) == pytest.approx(kept / 1500, abs=0.08)


def test_bracket_steps_up_and_back() -> None:
    panel = ht.widgets.bracket_stepper(table())
    first = panel.picture
    for _ in range(4):
        panel.step()
    assert panel.settings["rung"] == 4 and panel.settings["bloomers"]
    for _ in range(4):
        panel.back()
    assert panel.picture == first
    panel.controls["bracket"].value = 0  # plain random search has one rung
    assert panel.controls["rung"].box.max == 1
    panel.set(max_epochs=9)
    panel.start_over()
    bracket = panel.controls["bracket"]
    assert bracket.box.value == bracket.slider.value == panel.bracket.s == 3
    assert panel.picture == first
    panel.close()


def test_children_have_the_genes_of_their_parents() -> None:
    born = evolution_info(table(), mutation=0.0, generations=4)
    params = born.set_index("individual")["params"]
    for row in born[born["generation"] > 0].itertuples():
        assert 1 <= len(row.parents) <= 2
        assert all(born.loc[p, "generation"] == row.generation - 1 for p in row.parents)
        for name, value in row.params.items():
            assert value in [params[parent][name] for parent in row.parents]
    best = born.groupby("generation")["value"].max()
    assert best.is_monotonic_increasing  # the elite lives on


def test_the_winner_is_the_more_cursed_the_fewer_its_rows() -> None:
    def gap(rows: int) -> float:
        validation, test = scores_info(table(), trials=100, rows=rows)
        chosen = validation.argmax(axis=1)[:, None]
        ends = (np.take_along_axis(scores, chosen, 1).mean() for scores in (validation, test))
        return next(ends) - next(ends)

    assert gap(20) > gap(60) + 0.01 > gap(200) + 0.02


def test_resized_validation_sets_are_unbiased() -> None:
    stored = table()
    for rows in (20, 50, 200):
        validation, _ = scores_info(stored, trials=200, rows=rows)
        truth = stored.table.val_accuracy[:, :, stored.epochs - 1].mean()
        assert validation.mean() == pytest.approx(truth, abs=0.01)
        assert np.allclose(validation * rows, np.round(validation * rows))


def test_asynchronous_workers_wait_less_and_stragglers_hurt() -> None:
    def end(method: str, stragglers: float) -> float:
        seeds = range(5)
        return np.mean([
            cluster_info(
                table(), method=method, workers=8, jobs=60, stragglers=stragglers, seed=s
            )["end"].max()
            for s in seeds
        ])  # fmt: skip

    assert end("asynchronous halving", 1.0) < end("synchronous halving", 1.0)
    assert end("synchronous halving", 0.0) < end("synchronous halving", 1.0)


def test_method_race_reads_what_compare_found() -> None:
    comparison = ht.compare(["grid", "random"], table(), trials=16, repeats=40)
    panel = ht.widgets.method_race(comparison)
    median = np.median(comparison.at(what="best")["random"])
    assert f"random {median:.3g}" in panel.reading
    panel.set(score="test")
    median = np.median(comparison.at(what="test")["random"])
    assert f"random {median:.3g}" in panel.reading
    panel.close()

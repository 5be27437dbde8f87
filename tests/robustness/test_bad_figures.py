"""Bad input to comparisons, figures, panels and lessons: what it is told."""

from __future__ import annotations

import pandas as pd
import pytest

import hpotutor as ht
from tests.robustness.bad_calls import (
    NAN,
    SCORES,
    SLOW,
    check_refused,
    corpus,
    lookup,
    race,
    result,
)

COMPARISONS = {
    "one name": (lambda: ht.compare("random", lookup()), r"searches='random' .*=\[\"grid\""),
    "nothing": (lambda: ht.compare({}, lookup()), r"searches=\{\} .*names of methods"),
    "objective": (
        lambda: ht.compare(["grid"], SLOW),
        r"objective=.*ht.TableObjective\(\"digits\"\)",
    ),
    "trials": (lambda: ht.compare(["grid"], lookup(), trials=0), "trials=0 .*from 1 up"),
    "repeats": (lambda: ht.compare(["grid"], lookup(), repeats=1.5), "repeats=1.5 .*whole number"),
    "statistic": (
        lambda: ht.compare(["grid"], lookup(), statistic="mean"),
        "Did you mean 'median'",
    ),
    "confidence": (
        lambda: ht.compare(["grid"], lookup(), confidence=95),
        "confidence=95 .*between 0",
    ),
    "seed": (lambda: ht.compare(["grid"], lookup(), seed="a"), "seed='a' .*a whole number"),
    "method": (lambda: ht.compare(["tpee"], ht.TableObjective()), "method='tpee'.* mean 'tpe'"),
    "method not stored": (
        lambda: ht.compare(["tpe"], lookup()),
        "no histories for the made up table",
    ),
    "more than is stored": (
        lambda: ht.compare(["tpe"], ht.TableObjective(), trials=3000, repeats=3),
        "'tpe' is stored for .*Type repeats=3, trials=100",
    ),
    "function without result": (
        lambda: ht.compare({"mine": lambda *_, **__: None}, lookup(), trials=3, repeats=2),
        "searches=None .*a function that returns a SearchResult",
    ),
    "what": (lambda: race().at(what="regrets"), "what='regrets'.* Did you mean 'regret'"),
    "against": (lambda: race().curves(against="time"), "against='time' .*'trials', 'epochs'"),
    "budget": (lambda: race().at("all"), "budget='all' .*a number"),
    "target": (lambda: race().budget_to("best"), "target='best' .*a number"),
    "name": (lambda: race().probability("random", "gird"), "b='gird'.* Did you mean 'grid'"),
}
plot, widget = ht.plots, ht.widgets
FIGURES = {
    "figure": (
        lambda: plot.heat_map(None, "x", "n"),
        "result=None .*a SearchResult, an Optuna study or a data frame",
    ),
    "column": (
        lambda: plot.heat_map(result(), "lr", "n"),
        "heat_map: x='lr' .*Allowed: 'trial', 'x'",
    ),
    "column twice": (lambda: plot.heat_map(result(), "x", "x"), "y='x' .*a knob other than x"),
    "over": (lambda: plot.heat_map(result(), "x", "n", over="bets"), "Did you mean 'best'"),
    "values of text": (
        lambda: plot.heat_map(result().to_frame().assign(value="text"), "x", "n"),
        "nothing to show: run more",
    ),
    "direction": (lambda: plot.history(result(), direction="max"), "direction='max' .*'maximize'"),
    "no rows": (lambda: plot.history(pd.DataFrame()), "has no rows: run a search first"),
    "axes": (lambda: plot.history(result(), ax=3), "ax=3 .*Matplotlib's axes, or None"),
    "levels": (lambda: plot.grid_cost(None), "levels=None .*integers from 1 up"),
    "cost": (
        lambda: plot.grid_cost(3, knobs=0, seconds=-1, workers="a"),
        "3 problems.*knobs=0.*workers='a'.*seconds=-1",
    ),
    "importances": (lambda: plot.importance({"a": "b"}), "importances=.*a share from 0 up"),
    "curves": (lambda: plot.learning_curves([1, 2]), r"curves=\[1, 2\] .*a 'loss' entry per epoch"),
    "scores": (lambda: plot.optimism("a", SCORES), "validation='a' .*numbers"),
    "shapes": (lambda: plot.optimism(SCORES, SCORES[:, :2]), r"test=\(3, 2\) .*\(3, 4\)"),
    "trials": (lambda: plot.optimism(SCORES, SCORES, trials=[9]), r"trials=\[9\] .*from 1 to 4"),
    "paths": (
        lambda: plot.paths(lambda x, y: x, [(1, 1)], minimum=(0, 0)),
        r"paths=\[.*a dict of paths",
    ),
    "path": (
        lambda: plot.paths(lambda x, y: x, {"a": "b"}, minimum=(0, 0)),
        r"paths\['a'\]='b' .*numbers",
    ),
    "range": (
        lambda: plot.paths(lambda x, y: x, {"a": [(1, 1)]}, minimum=(0, 0), x_range=(1,)),
        r"x_range=\(1,\) .*the lower one first",
    ),
    "surface": (lambda: plot.projections(None), "surface=None .*a function of two arrays"),
    "points": (lambda: plot.projections(lambda x, y: x, points=5), "points=5 .*a square number"),
    "race": (lambda: plot.race([1]), r"values=\[1\] .*a dict from method"),
    "race of texts": (lambda: plot.race({"a": "b"}), r"values\['a'\]='b' .*numbers"),
    "against": (lambda: plot.race({"a": SCORES}, against="epochs"), "cost=None .*spent in epochs"),
    "cost of another": (
        lambda: plot.race({"a": SCORES}, cost=[1], against="epochs"),
        r"cost=\[1\] .*a dict from method",
    ),
    "rates": (lambda: plot.range_test([1, 2], [1, 2]), "at least 4 positive, rising numbers"),
    "rates None": (lambda: plot.range_test(None, None), "learning_rate=None .*numbers"),
    "tolerance": (
        lambda: plot.sensitivity(result(), knob="x", by="n", tolerance="a"),
        "tolerance='a' .*from 0 up",
    ),
    "surrogate": (
        lambda: plot.surrogate("a", [1], [1], [1], [1], acquisition=[1]),
        "x='a' .*numbers",
    ),
    "workers": (
        lambda: plot.timeline(
            pd.DataFrame({"worker": [0, 1], "start": [0, 0], "end": [1, 1]}), workers=1
        ),
        "workers=1 .*at least the 2",
    ),
    "widget's table": (lambda: widget.bracket_stepper("digit"), "Did you mean 'digits'"),
    "widget's objective": (lambda: widget.cluster(SLOW), "objective=.*a table's name, or"),
    "widget's truth": (lambda: widget.bayesian_stepper(3), "truth=3 .*'digits', 'breast_cancer'"),
    "widget's levels": (
        lambda: widget.grid_arithmetic({"a": 0}),
        "1 to 6 names with 1 to 12 levels",
    ),
    "widget's data": (lambda: widget.knob_panel("digts"), "Did you mean 'digits'"),
    "widget's start": (lambda: widget.knob_panel("iris", start={"unit": 3}), "mean 'units'"),
    "widget's methods": (lambda: widget.method_race(methods="tp"), "method='tp'.* mean 'tpe'"),
    "widget's optimizers": (
        lambda: widget.optimizer_race(optimizers="adm"),
        "='adm'.* mean 'adam'",
    ),
}
LESSONS = {
    "lesson": (lambda: ht.exercises.exercises_of(99), "lesson='lesson_99'.* Allowed: 'lesson_00'"),
    "progress": (lambda: ht.progress("lesson2"), "Did you mean 'lesson_02'"),
    "claim": (
        lambda: ht.Claim(99, "", "", "hold"),
        "2 problems.*number=99.*verdict='hold'.* Did you mean 'holds'",
    ),
    "claims": (lambda: ht.claims_box("mine"), "claims='mine' .*of ht.Claim"),
    "ledger": (
        lambda: ht.claims_ledger("nowhere"),
        "folder='nowhere' .*a folder of executed lessons",
    ),
}


@pytest.mark.parametrize(
    ("call", "says"), corpus(compare=COMPARISONS, figure=FIGURES, lesson=LESSONS)
)
def test_bad_input_is_refused_in_our_words(call, says):
    check_refused(call, says)


# ── misspelt names, and exercises ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("module", "name", "says"),
    [
        (ht, "grid_serch", "Did you mean 'grid_search'"),
        (ht.plots, "heatmap", "Did you mean 'heat_map'"),
        (ht.widgets, "knobpanel", "Did you mean 'knob_panel'"),
        (ht.exercises, "lesson_99", "It has: .*lesson_00"),
    ],
)
def test_a_misspelt_name_is_corrected(module, name, says):
    with pytest.raises(AttributeError, match=says):
        getattr(module, name)


@pytest.mark.parametrize(
    "answer", [None, NAN, "", [], {}, object(), len, int, b"\xff", 10**400, 1j]
)
def test_a_check_answers_nonsense_kindly(answer):
    for exercise in ht.exercises.exercises_of(2):
        verdict = exercise.judge(answer)
        assert verdict.status == "not yet"
        assert "Traceback" not in str(verdict)

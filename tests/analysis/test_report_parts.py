"""Parts of a report that depend on the search: its direction, its metric, scores that are bad."""

from __future__ import annotations

import platform
from types import SimpleNamespace

import numpy as np
import optuna
import pandas as pd
import pytest

import hpotutor as ht
from hpotutor.analysis.reporting import Report
from hpotutor.errors import ArgumentError
from hpotutor.objectives.metrics import Metric
from tests.messages import refused

BOTH = {"chosen": [0.5, 0.6, 0.55], "default": [0.9, 0.98, 0.96]}


def study(direction, *values, high=1):
    made = optuna.create_study(direction=direction)
    given = {"x": optuna.distributions.FloatDistribution(0, high)}
    for value in values:
        made.add_trial(optuna.create_trial(params={"x": value}, distributions=given, value=value))
    return made


@pytest.mark.parametrize(
    ("direction", "best", "word"), [("maximize", "0.7", "worse"), ("minimize", "0.2", "better")]
)
def test_the_best_of_all_searches_is_the_chosen_one(direction, best, word):
    searches = [study(direction, 0.4, 0.2), study(direction, 0.3, 0.7)]
    page = ht.report("Which?", result=searches, test=BOTH)
    assert page.found["chosen"] == f"x={best}"
    assert page.found["in the search"].startswith(f"the chosen one scored {best}:")
    assert page.direction == direction and page.metric == "value"
    assert page.answer.startswith(f"The chosen setting is {word} than the default.")
    assert "On the test rows its value differs by -0.3967" in page.answer
    way = "lower" if direction == "minimize" else "higher"
    assert page.caption.endswith(f"value: {way} is better.")
    assert page.done["budget"].startswith("4 trials in 2 searches, 0 epochs")


def test_what_a_study_tells_beyond_its_best_trial():
    page = ht.report(study("minimize", 0.4, 0.2, 0.3))
    assert page.question == "What did this search find?"
    assert page.found["best so far"] == "0.4 after 1, 0.2 after 3 trials"
    assert page.found["default"] == "not named"
    assert page.answer.startswith("No test row was used: there is no answer yet.")
    assert page.review == ["Not reviewed."] and page.scores == {} and page.judged == {}


@pytest.mark.parametrize("name", ["test", "validation"])
def test_bad_scores_of_a_study_are_named(name):
    for bad in ({"chosen": [1, 2]}, {"chosen": [1], "default": [2]}, [1, 2]):
        with refused(f"report: {name}="):
            ht.report("?", result=study("maximize", 0.4), **{name: bad})
    with refused("seeds=1 is not allowed.* from 2 up.*seeds=5", error=ArgumentError):
        ht.report("?", result=study("maximize", 0.4), seeds=1)


# ── the page of given scores ─────────────────────────────────────────────────────────────────
def page_of(scores, judged, metric="accuracy", direction="maximize"):
    """Return a page of scores, by who and rows."""
    found = {"chosen": "units=8"}
    return Report("Which?", "This one.", {}, found, scores, judged, [], {}, metric, direction)


@pytest.mark.parametrize(
    ("metric", "scores", "span"),
    [
        ("accuracy", [0.9, 0.9], (0.89, 0.91)),
        ("accuracy", [0.9, 0.915], (0.89, 0.925)),
        ("accuracy", [0.9, 0.92], (0.9, 0.92)),
        ("accuracy", [0.5, 0.9], (0.5, 0.9)),
        ("r2", [-200, -200], (-202, -198)),
        ("r2", [-204, -200], (-204, -200)),
        ("r2", [0, 0], (-0.01, 0.01)),
        ("r2", [0, 3], (0, 3)),
    ],
)
def test_a_drawing_runs_from_the_lowest_score_to_the_highest_and_is_never_too_narrow(
    metric, scores, span
):
    page = page_of({("chosen", "test"): scores[:1], ("default", "test"): scores[1:]}, {}, metric)
    assert page.span == pytest.approx(span)


def test_the_table_has_a_column_for_each_set_of_rows():
    by = {("chosen", "validation"): [0.9, 0.8, 0.7], ("default", "validation"): [0.5, 0.5, 0.5]}
    by |= {("chosen", "test"): [1.0, 0.9, 1.0], ("default", "test"): [0.0, 0.0, 0.1]}
    heading, table = page_of(by, {"validation": 30, "test": 0}).table
    assert heading == ["accuracy", "on 30 validation rows", "on test rows"]
    assert table == {
        "chosen": ["0.800 (0.552 to 1.000)", "0.967 (0.823 to 1.000)"],
        "default": ["0.500 (0.500 to 0.500)", "0.033 (0.000 to 0.177)"],
    }
    page = page_of(by, {"test": 0}, "r2", "minimize")
    assert page.table[1]["chosen"] == ["0.9667 (0.8232 to 1.11)"], "no share ends at 1"
    assert page.caption.startswith("Means over 3 seeds")
    assert page.caption.endswith("r2: lower is better.")


# ── a study and the data that its trials were trained on ─────────────────────────────────────
def table_of(kinds=2, rows=60):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=rows), "same": 1, "code": "EU"})
    return table.assign(y=np.arange(rows) % kinds)


def test_what_was_learned_from_is_told():
    data = ht.load(table_of(8, 120), target="y", task="classification")
    page = ht.report(study("maximize", 0.4, 0.2), data=data, before="nothing", log=["a", "b"])
    assert page.done == {
        "data": "frame: 1 features, 8 classes (0, 1, 2, 3, 4, 5 and 2 more)",
        "left out": "same: constant; keep=['same'] keeps it; code: constant; "
        "keep=['code'] keeps it",
        "split": "72 rows train, 24 validate, 24 test (sealed), stratified, seed 0",
        "space": "x=ht.uniform(0.0, 1.0)",
        "method": "an Optuna study, which keeps neither its sampler nor its pruner",
        "budget": "2 trials, 0 epochs of training; 0 without a value",
        "before": "nothing",
    }
    assert page.repeat["rows"] == f"fingerprint {data.fingerprint}"
    assert page.repeat["log"] == "a, b" and page.repeat["training"] == "not recorded"
    assert "seeds" not in page.repeat
    used = page.repeat["versions"]
    assert used.startswith(f"Python {platform.python_version()}, hpotutor {ht.__version__}, numpy")
    assert page.answer.startswith("The 24 test rows are still sealed: there is no answer yet.")


def test_scores_of_a_study_on_its_data_are_judged_by_what_these_are():
    data = ht.load(table_of(), target="y")
    data.open_test()
    shares = {"chosen": [0.9, 0.8], "default": [0.7, 0.7]}
    page = ht.report(study("maximize", 0.4), data=data, test=shares, validation=shares)
    assert page.metric == "accuracy" and page.judged == {"validation": 12, "test": 12}
    assert page.repeat["seeds"] == "2 for each setting"
    assert "On 12 test rows its accuracy differs by +0.150" in page.answer
    for name in ("test", "validation"):
        with refused(f"report: {name}=.*accuracies from 0 to 1", error=ArgumentError):
            ht.report(
                "?", data=data, result=study("maximize", 0.4), **{name: BOTH | {"chosen": [2] * 3}}
            )
    page = ht.report("?", result=study("maximize", 0.4), test={"chosen": [2, 3], "default": [1, 1]})
    assert page.judged == {"test": 0} and page.table[0] == ["value", "on test rows"]
    amounts = ht.load(table_of().assign(y=np.arange(60) / 7), target="y")
    amounts.open_test()
    page = ht.report(study("maximize", 1), data=amounts, test={"chosen": [2, 3], "default": [1, 1]})
    assert page.metric == "neg_root_mean_squared_error"


def test_the_way_of_a_study_is_told_at_a_few_steps():
    values = [0.1, 0.1, 0.3, 0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.4, 0.1, 0.5]
    made = study("maximize", *values)
    made.ask()
    page = ht.report(made)
    assert (
        page.found["best so far"] == "0.1 after 1, 0.3 after 3, 0.4 after 10, 0.5 after 12 trials"
    )
    assert page.found["unfinished"] == "1 of the study's trials"
    assert page.found["importances"] == "x 100%"
    long = ht.report(study("maximize", *[0.4] * 305)).found["best so far"]
    assert long == ", ".join(f"0.4 after {n}" for n in (1, 3, 10, 30, 100, 300, 305)) + " trials"
    assert "unfinished" not in ht.report(study("maximize", *values)).found
    assert ht.report(study("maximize", 0.1)).found["importances"].startswith("Importances need")


def test_what_a_setting_is_stands_with_three_digits():
    page = ht.report(study("maximize", 0.123456), default={"x": 1 / 3, "units": 8, "name": "a"})
    assert page.found["chosen"] == "x=0.123"
    assert page.found["default"] == 'x=0.333, units=8, name="a"'
    assert "the chosen one scored 0.1235:" in page.found["in the search"]


@pytest.mark.parametrize(
    "test", [(1, 2, 3), (np.zeros((9, 1)),), (np.zeros(9), np.zeros(9)), (np.zeros((9, 1)), [1])]
)
def test_rows_that_are_no_test_rows_are_refused(test):
    with refused("report: 2 problems", "test=", "scores, or .x_test, y_test.", error=ArgumentError):
        ht.report("?", result=study("maximize", 0.4), test=test)


def test_a_report_needs_a_text_and_a_result():
    with refused("question=' ' is not allowed", error=ArgumentError):
        ht.report(" ", result=study("maximize", 0.4))
    for bad in (None, 3, [study("maximize", 0.4), 3]):
        with refused(r"result=\[(None|3|Sea.*, 3)\]", error=ArgumentError):
            ht.report("?", result=bad)
    with refused("report: question=3 is not allowed", error=ArgumentError):
        ht.report(3, result=study("maximize", 0.4))


def test_the_space_of_the_last_search_is_told_unless_another_is_given():
    searches = [study("maximize", 0.4, high=high) for high in (3, 4, 5)]
    assert ht.report("?", result=searches).done["space"] == "x=ht.uniform(0.0, 5.0)"
    given = ht.SearchSpace(x=ht.uniform(0, 2))
    assert ht.report("?", result=searches, space=given).done["space"] == "x=ht.uniform(0.0, 2.0)"


def test_trials_that_ended_without_a_value_are_counted():
    made = study("maximize", 0.4)
    for state in ("PRUNED", "FAIL"):
        made.add_trial(optuna.create_trial(state=optuna.trial.TrialState[state]))
    done = ht.report(made).done
    assert done["budget"] == "3 trials, 0 epochs of training; 2 without a value (1 of them pruned)"


def test_what_a_review_found_is_listed_with_its_mend():
    made = study("maximize", 0.4)
    found = ht.review(ht.SearchSpace(lr=ht.uniform(0, 1)), trials=10)
    [line] = ht.report(made, review=found).review
    finding = found.findings[0]
    assert line == f"{finding.found} Mend: lr=ht.loguniform(1e-3, 1.0) ({finding.source})."
    fine = ht.review(ht.SearchSpace(lr=ht.loguniform(0.1, 1)), trials=10)
    assert ht.report(made, review=fine).review == [fine.summary]


# ── a search whose settings are trained again ────────────────────────────────────────────────
class Trainer:
    """Stands for `TrainObjective`: the chosen setting tells the classes, the default says 0."""

    early_stopping, measured, defaults = None, None, {"depth": 2, "units": 4}
    rows = SimpleNamespace(count=1)

    @property
    def local(self):
        return self

    def describe(self):
        return {"task": "x", "data": "x", "rows": 7, "defaults": {}, "engine": "own", "folds": None}

    def train_seeds(self, params, seeds, epochs):
        return [(bool(params), seed) for seed in seeds]

    def predict(self, model, x):
        return np.eye(2)[(x[:, 0] > 0).astype(int) * model[0]]


@pytest.fixture
def trained():
    """Return what a report of such a search is made of."""
    y = np.arange(300) % 2
    table = pd.DataFrame({"x": 2.0 * y - 1 + np.linspace(-0.5, 0.5, 300)[::-1], "y": y})
    result = ht.SearchResult.from_optuna(study("maximize", 0.4, 0.7))
    result.objective = Trainer()
    return {"data": ht.load(table, target="y"), "result": result, "method": "by hand"}


def hits(truth, said):
    return float((truth == (said > 0.5)).mean())


HITS = Metric("hits", "maximize", hits, (0, 1))  # quicker than scikit-learn's


def test_validation_rows_alone_give_no_answer(trained):
    trained["result"].objective.measured = HITS
    page = ht.report("?", **trained)
    assert page.scores == {("chosen", "validation"): [1] * 5, ("default", "validation"): [0.5] * 5}
    assert page.answer.startswith("The 60 test rows are still sealed: there is no answer yet.")
    assert "the chosen setting against the default: better: +0.500" in page.answer
    assert page.judged == {"validation": 60} and page.metric == "hits"
    assert page.done["space"] == "x=ht.uniform(0.0, 1.0)", "that of the search"
    assert page.found["chosen"] == "depth=2, units=4, x=0.7"
    assert page.found["default"] == "as the network is without tuning"
    assert set(page.found) == {"chosen", "default", "in the search"}
    assert page.repeat["training"] == "task x, engine own"
    assert page.repeat["seeds"] == "0 to 4 for the scores above"


def test_test_rows_give_the_answer_for_networks_that_are_trained_again(trained):
    trained["result"].objective.measured = HITS
    test = trained["data"].open_test()
    page = ht.report("?", **trained, test=test, seeds=2, default={})
    assert {name: len(scores) for name, scores in page.scores.items()} == {
        (who, name): 2 for name in ("validation", "test") for who in ("chosen", "default")
    }
    assert page.answer.startswith("The chosen setting is better than the default.")
    assert "On 60 test rows its hits differs by +0.5 (95% interval +0.3" in page.answer
    assert "for seeds and rows together, row by row" in page.answer
    scores = {"chosen": [0.5, 0.5], "default": [0.5, 0.6]}
    mixed = ht.report("?", **trained, test=test, validation=scores)
    assert mixed.scores["default", "validation"] == [0.5, 0.6]
    assert mixed.scores["chosen", "test"] == [1] * 5


def test_a_search_needs_its_data_and_its_method(trained):
    with refused("2 problems", "data=None", "method=''", error=ArgumentError):
        ht.report("?", result=trained["result"], validation=BOTH)
    with refused("validation=.*accuracies", error=ArgumentError):
        ht.report("?", **trained, validation=BOTH | {"chosen": [2.0] * 3})
    trained["result"].objective.measured = Metric("r2", "maximize", "r2")
    trained["result"].objective.metric = "r2"
    ht.report("?", **trained, validation=BOTH | {"chosen": [2.0] * 3})
    with refused("validation=.*finite numbers", error=ArgumentError):
        ht.report("?", **trained, validation=BOTH | {"chosen": [np.inf] * 3})

"""How both settings are judged for a report: trained alike, and compared as closely as they can."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from hpotutor.analysis._judging import Part, judge, measure_of, retrain
from hpotutor.analysis.statistics import Verdict, mean_interval, paired_verdict, verdict
from hpotutor.objectives.metrics import Metric

ACCURACY = Metric("accuracy", "maximize", "accuracy", ("no", "yes"))
ERROR = Metric("value", "minimize", "value")
CHOSEN, DEFAULT = [0.9, 0.8, 0.95], [0.7, 0.7, 0.8]
GIVEN = {"chosen": CHOSEN, "default": DEFAULT}


class Trainer:
    """Stands for an objective: what it trains is a function of the rows."""

    def __init__(self, early_stopping=None, folds=1):
        self.early_stopping, self.rows = early_stopping, SimpleNamespace(count=folds)
        self.asked = []

    def train_seeds(self, params, seeds, epochs):
        self.asked.append((params, list(seeds), epochs))
        return [seed + len(params) for seed in seeds]

    def predict(self, model, x):
        return x ** (model + 1)


def best(params, epochs=0, objective=None):
    """Return what a report looks at of a search."""
    last = SimpleNamespace(epochs=epochs)
    return SimpleNamespace(best_params=params, best_evaluation=last, objective=objective)


# ── trained again ────────────────────────────────────────────────────────────────────────────
def test_both_settings_are_trained_as_long_as_the_best_trial_was():
    trainer = Trainer(folds=4)
    models = retrain(trainer, best({"units": 8}, epochs=20), {}, 3)
    assert trainer.asked == [({"units": 8}, [0, 1, 2], 5), ({}, [0, 1, 2], 5)]
    assert models == {"chosen": [1, 2, 3], "default": [0, 1, 2]}
    assert {type(epochs) for _, _, epochs in trainer.asked} == {int}


def test_a_setting_that_names_its_epochs_has_those():
    trainer = Trainer()
    retrain(trainer, best({"epochs": 7}, epochs=7), {"units": 4}, 2)
    retrain(trainer, best({"units": 8}, epochs=7), {"epochs": 9}, 2)
    assert [epochs for _, _, epochs in trainer.asked] == [None, 7, 7, None]


def test_who_stops_early_is_trained_until_it_stops():
    trainer = Trainer(early_stopping=3)
    retrain(trainer, best({"units": 8}, epochs=20), {}, 2)
    assert [epochs for _, _, epochs in trainer.asked] == [None, None]


# ── what they are compared by ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("searched", [None, "val_accuracy", "val_loss"])
def test_a_search_by_what_training_reports_is_judged_by_the_usual_metric(searched):
    metric = searched and Metric(searched, "maximize", searched)
    objective = SimpleNamespace(local=SimpleNamespace(measured=metric))
    classes = SimpleNamespace(task="classification", classes=("no", "yes"))
    for one in (objective, SimpleNamespace(), None):
        assert measure_of(best({}, objective=one), classes) == ACCURACY
    amounts = SimpleNamespace(task="regression", classes=())
    usual = "neg_root_mean_squared_error"
    assert measure_of(best({}, objective=objective), amounts) == Metric(usual, "maximize", usual)


def test_a_search_by_a_metric_is_judged_by_it():
    objective = SimpleNamespace(local=SimpleNamespace(measured=ERROR))
    assert measure_of(best({}, objective=objective), None) is ERROR


# ── compared ─────────────────────────────────────────────────────────────────────────────────
def test_accuracies_that_are_given_are_compared_over_seeds_and_rows():
    found = judge(Part(GIVEN, np.zeros(50)), None, {}, ACCURACY, True)
    assert found.scores == GIVEN and found.verdict == verdict(CHOSEN, DEFAULT, 50)
    assert found.counts == "for seeds and rows together"
    whole = {"chosen": np.array([1, 1]), "default": (0, 1)}
    scores = judge(Part(whole, np.zeros(50)), None, {}, ACCURACY, True).scores
    assert scores == {"chosen": [1.0, 1.0], "default": [0.0, 1.0]}
    assert {type(score) for who in scores.values() for score in who} == {float}


def test_other_scores_that_are_given_are_compared_over_seeds():
    found = judge(Part(GIVEN), None, {}, ERROR, True)
    differences = mean_interval(np.subtract(CHOSEN, DEFAULT))
    assert found.verdict == Verdict(*differences, "minimize") and found.verdict.word == "worse"
    assert found.counts == "for seeds alone" and found.scores == GIVEN


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_networks_are_compared_row_by_row_where_the_answer_is(direction):
    measure = Metric("distance", direction, lambda truth, said: float(np.abs(truth - said).mean()))
    x, y = np.linspace(0, 1, 40), np.linspace(0, 1, 40) ** 2
    models = {"chosen": [1, 2], "default": [3, 5]}
    said = {who: [x ** (power + 1) for power in powers] for who, powers in models.items()}
    part = Part(None, y, x)
    found = judge(part, Trainer(), models, measure, True)
    assert found.scores == {who: [measure.of(y, s) for s in said[who]] for who in said}
    assert found.verdict == paired_verdict(
        measure.of, y, said["chosen"], said["default"], direction
    )
    assert found.verdict.direction == direction
    assert found.counts == "for seeds and rows together, row by row"
    alone = judge(part, Trainer(), models, measure, False)
    assert alone.verdict is None and alone.scores == found.scores

"""Parts of a report that depend on the search: its direction, its metric, scores that are bad."""

from __future__ import annotations

import optuna
import pytest

import hpotutor as ht
from tests.messages import refused

BOTH = {"chosen": [0.5, 0.6, 0.55], "default": [0.9, 0.98, 0.96]}


def study(direction, *values):
    made = optuna.create_study(direction=direction)
    given = {"x": optuna.distributions.FloatDistribution(0, 1)}
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
    with refused("seeds=1 .*Type for instance seeds="):
        ht.report("?", result=study("maximize", 0.4), seeds=1)

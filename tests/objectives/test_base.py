"""Functions as objectives: what they are handed, when they are listened to, what they cost."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.objectives import base
from hpotutor.objectives.base import Objective, attempt
from tests.messages import refused


class Clock:
    now = 100.0

    def perf_counter(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    own = Clock()
    monkeypatch.setattr(base, "time", own)
    return own


class Plain(Objective):
    """The least that an objective is."""

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        return ht.Evaluation(params, params["x"], epochs=self.epochs_of(params, epochs))

    def describe(self):
        return {}


class Unsigned:
    """A function of which Python cannot tell what it takes."""

    __signature__ = "unknown"

    def __call__(self, params):
        return 1.0


def test_what_an_objective_is_unless_it_says_otherwise():
    plain = Plain()
    assert (plain.direction, plain.metric, plain.epochs) == ("maximize", "val_accuracy", None)
    assert plain.deterministic is True and plain.batches is False and plain.trial == 0
    assert plain.seconds_for(3) is None and plain.local is plain
    assert plain.epochs_of({}, None) == 0 and plain.epochs_of({}, 4) == 4
    plain.epochs = 7
    assert plain.epochs_of({}, None) == 7 and plain.epochs_of({}, 1) == 1


def test_a_batch_is_answered_in_its_order_and_told_as_it_goes():
    told = []
    batch = [{"x": n} for n in range(3)]
    found = Plain().evaluate_many(batch, 5, on_done=lambda *one: told.append(one))
    assert [(e.value, e.epochs) for e in found] == [(0, 5), (1, 5), (2, 5)]
    assert told == list(enumerate(found))
    assert len(Plain().evaluate_many(batch)) == 3


# ── what a function is handed ────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("function", "takes"),
    [
        (lambda params: 1.0, False),
        (lambda params, epochs: epochs, True),
        (lambda params, epochs=3: epochs, True),
        (lambda params, other=3: 1.0, False),
        (lambda params, budget: budget, True),
        (lambda params, /, epochs: epochs, True),
        (lambda params, *rest: 1.0, False),
        (lambda params, **more: 1.0, False),
        (lambda params, *, epochs=1: 1.0, False),
        (functools.partial(lambda params, epochs: epochs, epochs=2), False),
        (len, False),
        (int, False),
        (Unsigned(), False),
    ],
)
def test_epochs_go_to_those_who_ask_for_them_by_place(function, takes):
    found = ht.FunctionObjective(function, epochs=5).evaluate({"x": 1})
    if function is int:
        assert found.status == "failed"  # and was called all the same
        return
    expected = 2 if isinstance(function, functools.partial) else 1
    assert found.value == (5 if takes else expected)
    assert found.epochs == 5 and found.curve == {}


def test_the_searchs_epochs_go_before_the_own():
    objective = ht.FunctionObjective(lambda params, epochs: epochs, epochs=5)
    assert objective.evaluate({}, 2).value == 2 and objective.evaluate({}).value == 5
    assert ht.FunctionObjective(lambda params: 1).evaluate({}).epochs == 0
    for bad in (0, 1.5):
        with refused(rf"^FunctionObjective.evaluate: epochs={bad}"):
            objective.evaluate({}, bad)


def test_the_hyperparameters_of_an_evaluation_are_its_own():
    params = {"x": 1}
    found = ht.FunctionObjective(lambda params: 1).evaluate(params)
    params["x"] = 2
    assert found.params == {"x": 1}


# ── a function that is listened to ───────────────────────────────────────────────────────────
def listen(objective, stop=None, epochs=None):
    heard = []

    def on_epoch(epoch, value):
        heard.append((epoch, value))
        return epoch == stop

    return objective.evaluate({"x": 2.0}, epochs, on_epoch=on_epoch), heard


def test_a_function_of_epochs_is_asked_after_each():
    objective = ht.FunctionObjective(lambda params, epochs: params["x"] * epochs, epochs=3)
    found, heard = listen(objective)
    assert heard == [(1, 2.0), (2, 4.0), (3, 6.0)]
    assert (found.value, found.epochs, found.status, found.reason) == (6.0, 3, "complete", "")
    assert found.curve == {"value": [2.0, 4.0, 6.0]}
    assert listen(objective, epochs=1)[1] == [(1, 2.0)]


@pytest.mark.parametrize("stop", [1, 2, 3])
def test_a_function_is_stopped_where_the_search_says(stop):
    objective = ht.FunctionObjective(lambda params, epochs: float(epochs), epochs=3)
    found, heard = listen(objective, stop)
    assert len(heard) == found.epochs == found.value == stop
    assert (found.status, found.reason) == ("pruned", f"stopped by the search after epoch {stop}")
    assert found.curve == {"value": [float(n + 1) for n in range(stop)]}


@pytest.mark.parametrize(("last", "status"), [(math.nan, "diverged"), (None, "failed")])
def test_a_function_that_ends_badly_keeps_what_it_had(last, status):
    values = {1: 0.5, 2: last, 3: 0.9}
    found, heard = listen(ht.FunctionObjective(lambda params, epochs: values[epochs], epochs=3))
    assert (found.status, found.epochs, heard) == (status, 2, [(1, 0.5)])
    assert found.curve == {"value": [0.5]} and math.isnan(found.value)


def test_a_function_that_nobody_listens_to_is_asked_once():
    asked = []
    objective = ht.FunctionObjective(lambda params, epochs: asked.append(epochs) or 1.0, epochs=3)
    assert objective.evaluate({}).value == 1.0 and asked == [3]


def test_a_function_of_no_epochs_is_heard_once():
    for epochs, told in ((None, 1), (4, 4)):
        found, heard = listen(ht.FunctionObjective(lambda params: 0.5, epochs=epochs))
        assert heard == [(told, 0.5)] and found.curve == {}
        assert (found.status, found.epochs) == ("complete", epochs or 0)
        stopped, _ = listen(ht.FunctionObjective(lambda params: 0.5, epochs=epochs), told)
        assert stopped.status == "pruned" and stopped.reason.endswith(f"after epoch {told}")
    asked = ht.FunctionObjective(lambda params, epochs: 0.5)  # takes epochs, and has none
    assert listen(asked)[1] == [(1, 0.5)]


# ── what it returns, and what it costs ───────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("returned", "reason"),
    [
        (None, "the objective returned None (is a return missing?); it must return a number"),
        (np.True_, "the objective returned True; it must return a number"),
        (np.array([0.5]), "the objective returned array([0.5]); it must return a number"),
        (1j, "the objective returned 1j; it must return a number"),
        (-math.inf, "the objective returned -inf"),
        (np.float64("nan"), "the objective returned nan"),
    ],
)
def test_what_is_no_score_is_told_as_it_is(returned, reason):
    assert ht.FunctionObjective(lambda params: returned).evaluate({}).reason == reason


def test_a_score_is_a_plain_float():
    for value in (1, np.int64(1), np.float32(1), np.array(1.0)):
        assert type(ht.FunctionObjective(lambda params, v=value: v).evaluate({}).value) is float


def test_seconds_are_those_of_the_function(clock):
    def slow(params):
        clock.now += 2.5
        return 1.0

    assert ht.FunctionObjective(slow).evaluate({}).seconds == 2.5


def test_an_attempt_that_raises_is_a_failure_with_its_seconds(clock):
    class Raises(Plain):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            clock.now += 1.5
            raise MemoryError(f"{epochs} {on_epoch}")

    found = attempt(Raises(), {"x": 1}, 3, len)
    assert (found.status, found.reason) == ("failed", f"MemoryError: 3 {len}")
    assert found.seconds == 1.5 and found.params == {"x": 1} and math.isnan(found.value)
    assert attempt(Plain(), {"x": 1}, 3).epochs == 3

    class Refuses(Plain):
        def evaluate(self, params, epochs=None, *, on_epoch=None):
            raise ArgumentError("for any hyperparameters")

    with pytest.raises(ArgumentError):
        attempt(Refuses(), {}, None)


def test_bad_arguments_of_a_function_are_told_together():
    told = ("function='f'", "direction='up'", "epochs=0", "deterministic='yes'")
    with refused("^FunctionObjective: 4 problems.", *told):
        ht.FunctionObjective("f", "up", 0, "yes")


def test_a_function_tells_what_decides_its_answers():
    objective = ht.FunctionObjective(lambda params, epochs: 1.0, "minimize", 3, False)
    told = objective.describe()
    assert told.pop("function").startswith("test_a_function_tells")
    assert told == {"objective": "FunctionObjective", "direction": "minimize", "epochs": 3}
    assert objective.deterministic is False and objective.metric == "value"
    assert ht.FunctionObjective(len).deterministic is True


def test_an_evaluation_has_nothing_that_it_was_not_given():
    found = ht.Evaluation({"x": 1}, 0.5)
    assert (found.curve, found.epochs, found.seconds, found.status) == ({}, 0, 0.0, "complete")
    assert (found.reason, found.fold_values, found.repeated) == ("", (), False)
    assert found.repeated is False and found.seed is found.test_value is None
    assert found.best_epoch is found.weights is None
    assert ht.Evaluation({}, 0.5).curve is not found.curve


def test_what_an_evaluation_does_not_know_is_none_or_false():
    found = ht.Evaluation({"x": 1}, 0.5)
    unknown = (found.seed, found.test_value, found.best_epoch, found.weights)
    assert unknown == (None,) * 4 and found.prediction_seconds is None
    assert found.repeated is False

"""What a session in which the learner chooses shows: values, guesses, the best so far."""

import math

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused, shown

SPACE = ht.SearchSpace(x=ht.uniform(-5, 5))


def session(function=lambda params: params["x"], direction="maximize", space=SPACE, **more):
    return ht.manual_search(ht.FunctionObjective(function, direction), space, **more)


@pytest.mark.parametrize(
    ("guess", "told"),
    [
        (1.0, "was right"),
        (1.0004, "was right"),
        (0.9996, "was right"),
        (1.0006, "was 0.0006 too high"),
        (0.9994, "was 0.0006 too low"),
        (3, "was 2 too high"),
        (-1, "was 2 too low"),
        (0, "was 1 too low"),
    ],
)
def test_a_guess_is_compared(guess, told):
    row = session().try_(x=1.0, guess=guess)
    assert f" (your guess {guess:.3g} {told}). Best so far." in repr(row)
    assert f"<p>your guess {guess:.3g} {told}. Best so far.</p>" in row._repr_html_()


def test_a_guess_is_right_within_half_a_thousandth():
    for guess, told in (0.0005, "was 0.0005 too high"), (-0.0005, "was 0.0005 too low"):
        assert told in repr(session().try_(x=0.0, guess=guess))
    assert "was right" in repr(session().try_(x=0.0, guess=0.00049))


def test_without_a_guess_nothing_is_said_of_it():
    row = session().try_(x=1.0)
    assert repr(row) == "1. x=1.0: 1. Best so far."
    page = row._repr_html_()
    assert "guess" not in page and "<p>Best so far.</p>" in page
    assert "<th>trial</th>" in page and "<td>1.0</td>" in page and "<th></th>" not in page


def test_a_guess_has_a_cell_with_three_digits():
    page = session().try_(x=1.0, guess=0.123456)._repr_html_()
    assert 'border="1"' not in page and "<th>guess</th>" in page and "<td>0.123</td>" in page


@pytest.mark.parametrize(("direction", "best"), [("maximize", 2), ("minimize", 1)])
def test_the_best_is_told_with_its_trial(direction, best):
    tried = session(direction=direction)
    for x in (1.0, 4.0):
        row = tried.try_(x=x)
    row = tried.try_(x=2.0)
    value = {1: 1, 2: 4}[best]
    assert repr(row) == f"3. x=2.0: 2. The best so far is {value}, in trial {best}."
    equal = tried.try_(x=float(value))
    assert f"in trial {best}." in repr(equal), "of equals the first"


def test_what_has_no_value_is_told_with_its_reason_and_no_guess():
    def odd(params):
        if params["x"] < 0:
            raise RuntimeError("a < b")
        return math.nan if params["x"] == 0 else params["x"]

    tried = session(odd)
    row = tried.try_(x=-1.0, guess=0.5)
    assert repr(row) == "1. x=-1.0: failed (RuntimeError: a < b). No trial has a value yet."
    assert row.best_number is None and math.isnan(row.best_value)
    page = row._repr_html_()
    assert "RuntimeError: a &lt; b" in page and "<p>No trial has a value yet.</p>" in page
    row = tried.try_(x=0.0, guess=0.5)
    assert "2. x=0.0: diverged (" in repr(row) and "guess" not in repr(row)
    assert repr(tried.try_(x=3.0)) == "3. x=3.0: 3. Best so far."
    assert "The best so far is 3, in trial 3." in repr(tried.try_(x=-2.0))


def test_the_table_has_the_guesses_beside_the_values():
    tried = session()
    assert tried.to_frame().empty and repr(tried) == "ManualSession(0 trials)"
    tried.try_(x=1.0)
    tried.try_(x=2.0, guess=np.float32(0.5))
    frame = tried.to_frame()
    names = list(frame.columns)
    assert names[names.index("value") + 1] == "guess"
    assert math.isnan(frame["guess"][0]) and frame["guess"][1] == 0.5
    assert tried.guesses == [None, 0.5] and type(tried.guesses[1]) is float
    assert repr(tried) == "ManualSession(2 trials)"
    assert tried._repr_html_() == tried.result()._repr_html_()


@pytest.mark.parametrize("guess", ["high", math.nan, math.inf, -math.inf, True])
def test_a_guess_is_a_finite_number(guess):
    tried = session()
    with refused("^try_: ", *shown({"guess": guess}), "a number.*guess=0.9"):
        tried.try_(x=1.0, guess=guess)
    assert len(tried.result()) == 0 and tried.guesses == []


def test_between_trials_another_session_may_use_the_log(tmp_path):
    def fails(params):
        raise RuntimeError("no")

    path = tmp_path / "manual.log"
    for function in (fails, fails):
        first, second = (session(function, log=path) for _ in range(2))
        first.try_(x=1.0, guess=0.5)
        second.try_(x=2.0)
    result = ht.SearchResult.from_log(path)
    assert {e.params["x"] for e in result.evaluations} == {1.0, 2.0}


def test_what_is_left_out_has_the_objectives_default():
    space = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(1, 9))
    asked = []

    class Defaults(ht.FunctionObjective):
        defaults = {"n": 3}

    def noted(params):
        asked.append(params)
        return 0.5

    tried = ht.manual_search(Defaults(noted), space)
    with refused("n=10 .*from 1 to 9"):
        tried.try_(x=0.5, n=10)
    tried.try_(x=0.5, n=4.0)
    assert asked == [{"x": 0.5, "n": 4}] and type(asked[0]["n"]) is int

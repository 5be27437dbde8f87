"""Exercise 1.4 judges how twelve trials went: its rules, at their ends."""

import math

import pytest

import hpotutor as ht
from hpotutor.exercises.lesson_01 import q4

SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(0.001, 3.0),
    batch_size=ht.choice(16, 64, 256),
    units=ht.integers(8, 128),
)


def judged(rates, guess=0.9):
    """Judge a session over some learning rates, whose best is 0.3."""

    def stand_in(params):
        return 0.97 - (math.log10(params["learning_rate"]) + 0.5) ** 2 / 20

    session = ht.manual_search(ht.FunctionObjective(stand_in), SPACE)
    for number, rate in enumerate(rates):
        session.try_(guess=guess, learning_rate=rate, batch_size=(16, 64)[number % 2], units=64)
    return q4.judge(session)


SIX = [0.01, 0.03, 0.1, 0.3, 0.5, 1.0]


@pytest.mark.parametrize("more", [0, 6])
def test_six_to_twelve_trials_are_accepted(more):
    verdict = judged(SIX + [0.2 + n / 100 for n in range(more)])
    assert verdict, str(verdict)


@pytest.mark.parametrize(
    ("rates", "says"),
    [
        (SIX[1:] + [], "at least 6"),
        (SIX + [0.2 + n / 100 for n in range(7)], "budget is 12"),
        ([0.011, *SIX[1:]], "factor of 100"),
    ],
)
def test_one_step_beyond_is_refused(rates, says):
    assert says in judged(rates).message


@pytest.mark.parametrize(("guess", "is_right"), [(0.0, True), (1.0, True), (1.01, False)])
def test_a_guess_is_an_accuracy(guess, is_right):
    assert bool(judged(SIX, guess)) is is_right

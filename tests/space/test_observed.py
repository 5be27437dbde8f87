"""The space of a study that was searched without one, read from trials made by hand."""

from __future__ import annotations

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import hpotutor as ht
from hpotutor.space.observed import space_of


def trial(value=0.5, **drawn):
    """Return a trial in which names were drawn: a value, or a value and where it came from."""
    params, distributions = {}, {}
    for name, one in drawn.items():
        params[name], distributions[name] = one if isinstance(one, tuple) else (one, UNITS)
    state = optuna.trial.TrialState.COMPLETE if value is not None else optuna.trial.TrialState.FAIL
    return optuna.trial.create_trial(
        state=state, value=value, params=params, distributions=distributions
    )


UNITS = IntDistribution(1, 9)
KIND = CategoricalDistribution(["a", "b", "c"])
RATE = FloatDistribution(1e-4, 1e-1, log=True)


def ranges(*distributions):
    """Return the space of trials that drew one name from each of these in turn."""
    points = [d.choices[0] if hasattr(d, "choices") else d.low for d in distributions]
    space = space_of([trial(x=pair) for pair in zip(points, distributions, strict=True)])
    return repr(space).splitlines()[1].strip()


@pytest.mark.parametrize(
    ("drawn", "shown"),
    [
        ([IntDistribution(1, 9)], "x=ht.integers(1, 9),"),
        ([IntDistribution(4, 9), IntDistribution(1, 6)], "x=ht.integers(1, 9),"),
        ([IntDistribution(8, 32, step=8)], "x=ht.integers(8, 32, step=8),"),
        ([IntDistribution(8, 32, step=8), IntDistribution(12, 32, step=4)],
         "x=ht.integers(8, 32, step=4),"),
        ([IntDistribution(8, 32, step=8), IntDistribution(10, 34, step=8)],
         "x=ht.integers(8, 34, step=2),"),
        ([IntDistribution(1, 9, log=True)], "x=ht.integers(1, 9, log=True),"),
        ([IntDistribution(1, 9, log=True), IntDistribution(1, 9)], "x=ht.integers(1, 9),"),
        ([IntDistribution(2, 9, log=True), IntDistribution(3, 30, log=True)],
         "x=ht.integers(2, 30, log=True),"),
        ([IntDistribution(3, 3)], "x=ht.choice(3),"),
        ([IntDistribution(3, 3), IntDistribution(4, 4)], "x=ht.integers(3, 4),"),
        ([FloatDistribution(0, 1), FloatDistribution(-1, 0.5)], "x=ht.uniform(-1.0, 1.0),"),
        ([FloatDistribution(1, 2, log=True), FloatDistribution(1, 3, log=True)],
         "x=ht.loguniform(1.0, 3.0),"),
        ([FloatDistribution(1, 2, log=True), FloatDistribution(1, 3)], "x=ht.uniform(1.0, 3.0),"),
        ([FloatDistribution(0, 1, step=0.25)], "x=ht.uniform(0.0, 1.0),"),
        ([FloatDistribution(0.5, 0.5)], "x=ht.choice(0.5),"),
        ([CategoricalDistribution(["a", "b"]), CategoricalDistribution(["c", "a"])],
         'x=ht.choice("a", "b", "c"),'),
        ([CategoricalDistribution([1, True]), CategoricalDistribution([1.0])],
         "x=ht.choice(1, True, 1.0),"),
        # Of several kinds the last one counts.
        ([CategoricalDistribution(["a"]), IntDistribution(1, 9)], "x=ht.integers(1, 9),"),
        ([FloatDistribution(0, 9), IntDistribution(2, 5)], "x=ht.integers(2, 5),"),
    ],
)  # fmt: skip
def test_all_ranges_are_taken_together(drawn, shown):
    assert ranges(*drawn) == shown


def conditions(*trials):
    return space_of(trials).conditions


def test_names_stand_in_the_order_in_which_they_were_met():
    space = space_of([trial(a=1), trial(b=(0.01, RATE), a=2), trial(c=("a", KIND))])
    assert list(space) == ["a", "b", "c"] and isinstance(space, ht.SearchSpace)
    assert list(space_of([])) == []


def test_a_name_that_is_there_for_some_values_of_a_parent_has_a_condition():
    found = conditions(
        trial(kind=("a", KIND), x=1), trial(kind=("b", KIND)), trial(kind=("a", KIND), x=2),
        trial(kind=("c", KIND), x=3),
    )  # fmt: skip
    assert found == {"x": {"kind": ("a", "c")}}


def test_a_name_that_is_always_there_has_none():
    assert conditions(trial(kind=("a", KIND), x=1), trial(kind=("b", KIND), x=1)) == {}


def test_a_value_with_which_it_is_and_is_not_there_explains_nothing():
    assert conditions(
        trial(kind=("a", KIND), x=1), trial(kind=("a", KIND)), trial(kind=("b", KIND))
    ) == {}  # fmt: skip


def test_a_parent_must_be_there_wherever_the_name_is():
    assert conditions(
        trial(kind=("a", KIND), x=1), trial(x=1, n=3), trial(kind=("b", KIND))
    ) == {}  # fmt: skip


def test_a_float_is_no_parent_and_a_later_name_neither():
    assert conditions(trial(rate=(0.01, RATE), x=1), trial(rate=(0.02, RATE))) == {}
    assert conditions(trial(x=1, kind=("a", KIND)), trial(kind=("b", KIND))) == {}


def test_a_parent_is_what_it_was_drawn_from_last():
    trials = trial(n=(0.5, FloatDistribution(0, 1))), trial(n=("a", KIND), x=1)
    assert conditions(*trials) == {"x": {"n": ("a",)}}


def test_a_failed_trial_may_have_ended_before_it_asked():
    complete = [trial(kind=("a", KIND), x=1), trial(kind=("b", KIND), x=1)]
    assert conditions(*complete, trial(None, kind=("c", KIND))) == {}
    assert conditions(*complete, trial(kind=("c", KIND))) == {"x": {"kind": ("a", "b")}}
    assert list(space_of([trial(None, kind=("a", KIND))])) == ["kind"]
    failed = [trial(None, kind=("a", KIND), x=1), trial(kind=("b", KIND))]
    assert conditions(*failed) == {}  # never there in a complete one


def test_of_two_explanations_the_one_with_fewer_values_is_told():
    by_chance = [
        trial(n=1, kind=("a", KIND), x=1), trial(n=2, kind=("b", KIND)),
        trial(n=3, kind=("a", KIND), x=1), trial(n=4, kind=("b", KIND)),
    ]  # fmt: skip
    assert conditions(*by_chance) == {"x": {"kind": ("a",)}}
    equal = [trial(m=1, kind=("a", KIND), x=1), trial(m=2, kind=("b", KIND))]
    assert conditions(*equal) == {"x": {"m": (1,)}}  # the first of equals

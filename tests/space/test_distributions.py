"""The four kinds of hyperparameter at the ends of what they allow."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import hpotutor as ht
from hpotutor.errors import ArgumentError
from hpotutor.space.distributions import Conditional, as_value, plain, recheck
from tests.messages import refused, told


@pytest.mark.parametrize(
    ("call", "arguments"),
    [
        (ht.uniform, (-1e100, 1e100)),
        (ht.uniform, (0, math.nextafter(0, 1))),
        (ht.uniform, (-2, -1)),
        (ht.loguniform, (1e-100, 1e100)),
        (ht.integers, (-(10**12), 10**12)),
        (ht.integers, (0, 1)),
        (ht.integers, (1, 2, 1, True)),
        (ht.integers, (5, 8, 3)),
    ],
)
def test_the_widest_and_the_narrowest_ranges_are_fine(call, arguments):
    made = call(*arguments)
    assert (made.low, made.high) == arguments[:2]


@pytest.mark.parametrize(
    ("call", "arguments", "named"),
    [
        (ht.uniform, (-1.01e100, 0), ["low"]),
        (ht.uniform, (0, 1.01e100), ["high"]),
        (ht.uniform, (2, 2), ["low"]),
        (ht.loguniform, (1e-101, 1), ["low"]),
        (ht.loguniform, (0.99e-100, 1), ["low"]),
        (ht.loguniform, (0, 1), ["low"]),
        (ht.loguniform, (-2, -1), ["low", "high"]),
        (ht.integers, (-(10**12) - 1, 0), ["low"]),
        (ht.integers, (0, 10**12 + 1), ["high"]),
        (ht.integers, (2, 2), ["low"]),
        (ht.integers, (0, 2, 1, True), ["low"]),
        (ht.integers, (1, 5, 3), ["step"]),
        (ht.integers, (1, 5, 0), ["step"]),
        (ht.integers, (1, 5, 1.0), ["step"]),
        (ht.integers, (1, 5, 1, 1), ["log"]),
        (ht.integers, (1.0, 5), ["low"]),
    ],
)
def test_what_lies_just_beyond_is_refused(call, arguments, named):
    text = told(call, *arguments)
    assert re.findall(r"(\w+)=\S+ is not allowed", text) == named
    assert text.startswith(f"{call.__name__}: ")
    assert ("2 problems" in text) is (len(named) == 2)


@pytest.mark.parametrize(
    ("call", "allowed", "low", "high"),
    [
        (ht.loguniform, "a number from -1e100 to 1e100", "0.0001", "0.1"),
        (ht.uniform, "a number from -1e100 to 1e100", "0.0", "0.5"),
        (ht.integers, "a whole number up to 10**12", "8", "128"),
    ],
)
def test_bounds_that_are_no_numbers_are_told_with_what_to_type(call, allowed, low, high):
    with pytest.raises(ArgumentError) as caught:
        call("a", None)
    assert str(caught.value).splitlines()[1:] == [
        f"  1. low='a' is not allowed. Allowed: {allowed}. Type for instance low={low}.",
        f"  2. high=None is not allowed. Allowed: {allowed}. Type for instance high={high}.",
    ]


def test_a_step_does_not_go_with_a_log_scale():
    with refused("^integers: step=2 and log=True do not go together"):
        ht.integers(1, 5, 2, True)
    assert ht.integers(1, 5, 1, True).log and ht.integers(1, 5, 2).step == 2


@pytest.mark.parametrize(
    ("low", "high", "step", "typed"),
    [(8, 100, 8, "high=96 or high=104"), (5, 8, 10, "high=15"), (1, 4, 2, "high=3 or high=5")],
)
def test_the_ends_to_which_a_step_would_lead_are_told(low, high, step, typed):
    allowed = f"a step that leads from {low} exactly to {high}. Type for instance {typed}."
    text = f"integers: step={step} is not allowed. Allowed: {allowed}"
    assert told(ht.integers, low, high, step) == text


def test_numbers_of_numpy_are_taken_and_plain_ones_kept():
    made = ht.integers(np.int64(8), np.array(32), np.int32(8))
    assert made == IntDistribution(8, 32, step=8) and type(made.low) is int is type(made.step)
    assert ht.integers(1, 9, log=np.bool_(True)) == IntDistribution(1, 9, log=True)
    made = ht.uniform(np.float32(0), 1)
    assert made == FloatDistribution(0.0, 1.0) and type(made.high) is float
    assert ht.loguniform(1, 10) == FloatDistribution(1.0, 10.0, log=True)
    assert ht.choice(np.int64(1), np.str_("a")).choices == (1, "a")
    assert ht.choice([1, np.int64(2)], (3,)).choices == ((1, 2), (3,))
    assert ht.integers(1, 9) == IntDistribution(1, 9, step=1, log=False)


@pytest.mark.parametrize("given", [[1, 2], (1, 2), {1, 2}, {1: 0, 2: 0}, np.array([1, 2])])
def test_one_collection_is_no_choice(given):
    with refused(r"Allowed: values, not a coll.*ht\.choice\(.*1.*2.*\)"):
        ht.choice(given)
    with refused(r"values=\[\] .*ht\.choice\('sgd', 'adam'\)"):
        ht.choice([])
    with refused("there is nothing to choose from. Type"):
        ht.choice()


def test_a_choice_of_one_and_of_texts_is_fine():
    assert ht.choice("ab").choices == ("ab",) and ht.choice(None).choices == (None,)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (("a", "a"), "'a' appears twice. Type each value once."),
        ((1, True), "True appears twice (in Python 1 == True). Type each"),
        ((1, 1.0), "1.0 appears twice (in Python 1 == 1.0)."),
        (((1, 2), [1, 2]), "(1, 2) appears twice. Type"),
        ((math.inf, 1), "values=inf is not allowed."),
        ((math.nan, 1), "values=nan is not allowed."),
        (("a", b"b"), "values=b'b' is not allowed."),
        (("a", (1, None, (2,))), "values=(1, None, (2,)) is not allowed."),
        (("a", (1, math.nan)), "values=(1, nan) is not allowed."),
        (("a", len), "values=<built-in function len> is not allowed."),
    ],
)
def test_what_a_log_could_not_hold_or_tell_apart_is_refused(values, said):
    with refused(re.escape(said), "^(?!.*problems)"):
        ht.choice(*values)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (2, (2,)), ([2, 3], (2, 3)), ((2, 3), (2, 3)), ({2}, (2,)), (range(2, 4), (2, 3)),
        (np.array([2, 3]), (2, 3)), (np.int64(2), (2,)), ("ab", ("ab",)), (None, (None,)),
        ([[1, 2]], ((1, 2),)),
    ],
)  # fmt: skip
def test_a_condition_names_one_value_or_several(given, named):
    made = ht.when(ht.integers(1, 9), parent=given)
    assert isinstance(made, Conditional) and made.conditions == {"parent": named}
    assert made.distribution == ht.integers(1, 9)
    assert [type(value) for value in made.conditions["parent"]] == [type(v) for v in named]


def test_a_condition_without_a_value_is_refused():
    with refused(r"^when: n=\[\] is not allowed.*n=\[2, 3\]"):
        ht.when(ht.integers(1, 9), n=[])
    with refused("^when: there is no condition. Type one"):
        ht.when(ht.integers(1, 9))
    with refused(r"^when: distribution=\[1, 2\] is not allowed"):
        ht.when([1, 2], n=1)


@pytest.mark.parametrize(
    "made",
    [
        IntDistribution(8, 32, step=8),
        IntDistribution(1, 9, log=True),
        FloatDistribution(0, 1),
        FloatDistribution(0.1, 1, log=True),
        CategoricalDistribution(["a", None]),
    ],
)
def test_distributions_of_optuna_are_taken_as_they_are(made):
    assert recheck(made) == made


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (IntDistribution(3, 3), "integers: low=3"),
        (FloatDistribution(0, 1e101), "uniform: high=1e+101"),
        (FloatDistribution(1e-101, 1, log=True), "loguniform: low=1e-101"),
        (
            FloatDistribution(0, 1, step=0.25),
            "FloatDistribution: step=0.25 is not allowed. Allowed: no step. Type for instance "
            "ht.choice(0.0, 0.1, 0.2).",
        ),
        (CategoricalDistribution([1, True]), "choice: True appears twice"),
    ],
)
def test_distributions_of_optuna_are_held_to_the_same_rules(made, said):
    assert told(recheck, made).startswith(said)


def test_values_become_pythons_own():
    assert plain(np.float64(0.5)) == 0.5 and type(plain(np.array(3))) is int
    assert isinstance(plain(np.array([3])), np.ndarray) and plain("a") == "a"
    for given in ([1, np.int64(2)], (1, 2), np.array([1, 2])):
        assert repr(as_value(given)) == "(1, 2)"
    assert as_value({1}) == {1} and as_value("ab") == "ab"

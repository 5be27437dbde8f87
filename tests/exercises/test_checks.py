"""What many checks ask of an answer: what is let through, what is refused, and in which words."""

from __future__ import annotations

import functools
import math
from types import SimpleNamespace

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.exercises import checks, engine


def refusal(function, *arguments, **keywords) -> str:
    with pytest.raises(engine.NotYet) as caught:
        function(*arguments, **keywords)
    return str(caught.value)


# ── kinds of answers ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("value", "types"),
    [(3, int), (3, (str, int)), (True, bool), (True, (int, bool)), (np.int8(3), np.integer)],
)
def test_what_is_expected_comes_back(value, types) -> None:
    assert checks.expect(value, types, "it") is value


@pytest.mark.parametrize(
    ("value", "types", "says"),
    [
        ("a", int, "This should be it; it is a string: `'a'`."),
        (True, int, "This should be it; it is True or False: `True`."),
        (np.bool_(True), (int, np.generic), "This should be it; it is True or False: `np.True_`."),
        (None, int, "it is None, which is what a function without `return` gives."),
        (list, list, "it is the class list itself: `<class 'list'>`. Add parentheses"),
        (list, (int, list), "Add parentheses to make one of it."),
        (list, dict, "it is the class list itself: `<class 'list'>`."),
        ("", int, "This should be it; it is an empty string."),
    ],
)
def test_what_is_not_expected_is_named(value, types, says) -> None:
    said = refusal(checks.expect, value, types, "it")
    assert says in said
    assert ("Add parentheses" in said) is ("Add parentheses" in says)


@pytest.mark.parametrize("value", [3, 3.0, np.int64(3), np.float32(3), np.array(3)])
def test_a_number_is_a_number_of_any_library(value) -> None:
    for cleaned in (checks.number(value), checks.number(value, "it", 3, 3)):
        assert (cleaned, type(cleaned)) == (3.0, float)
    for cleaned in (checks.whole_number(value), checks.whole_number(value, "it", 3, 3)):
        assert (cleaned, type(cleaned)) == (3, int)


@pytest.mark.parametrize(
    ("value", "bounds", "says"),
    [
        (True, (), "it is True or False"),
        ("3", (), "it is a string"),
        (np.array([3]), (), "it is a NumPy array"),
        (math.inf, (), "it is `inf`, which no count or ratio gives."),
        (np.float64("nan"), (), "it is `nan`, which no count or ratio gives."),
        (0, (1,), "This should be it from 1 up; it is `0`."),
        (0.9, (1, 5), "This should be it from 1 to 5; it is `0.9`."),
        (6, (1, 5), "This should be it from 1 to 5; it is `6`."),
        (6, (-math.inf, 5), "This should be it up to 5; it is `6`."),
    ],
)
def test_what_is_no_such_number_is_refused(value, bounds, says) -> None:
    assert says in refusal(checks.number, value, "it", *bounds)
    assert says in refusal(checks.whole_number, value, "it", *bounds)


def test_a_fraction_is_no_whole_number() -> None:
    said = refusal(checks.whole_number, 7.5, "a count")
    assert said == "This should be a count, without a fraction; it is `7.5`."


def test_near_is_within_a_share() -> None:
    assert checks.near(101, 100) and not checks.near(102, 100) and not checks.near(98, 100)
    assert checks.near(102, 100, 0.03) and not checks.near(100.5, 100, 0.001)
    assert checks.near(1e-13, 0.0) and not checks.near(1e-11, 0.0)
    assert checks.all_near([102, 51], [100, 50]) and not checks.all_near([102, 52], [100, 50])
    assert checks.all_near([104], [100], 0.05)
    with pytest.raises(ValueError, match="longer|shorter"):  # no answer is right in part
        checks.all_near([100], [100, 50])


def test_a_list_of_numbers_says_which_is_none() -> None:
    values = checks.numbers((1, np.float64(2)), "two values", "a value", 2)
    assert isinstance(values, np.ndarray) and values.tolist() == [1.0, 2.0]
    assert "This should be a value; it is a string" in refusal(
        checks.numbers, [1, "b"], "l", "a value"
    )
    assert "This should be l: 3 values. It has 2." in refusal(checks.numbers, [1, 2], "l", "v", 3)


def test_an_option_is_read_as_it_was_meant() -> None:
    options = ["SGD", "adam"]
    assert checks.option(" sgd\n", options) == "SGD" and checks.option("Adam", options) == "adam"
    said = refusal(checks.option, "adm", options, "an optimizer")
    assert said.startswith("`'adm'` is not an optimizer. Did you mean 'adam'?")
    assert said.endswith("Choose among `'SGD'`, `'adam'`.")
    assert "This should be one of the options: `'SGD'`, `'adam'`; it is a whole number" in refusal(
        checks.option, 3, options
    )


@pytest.mark.parametrize("value", [[1, 2], (1, 2), range(1, 3), np.array([1, 2])])
def test_a_sequence_may_be_of_any_kind(value) -> None:
    for length in (None, 2):
        items = checks.sequence(value, "it", length)
        assert items == [1, 2] and type(items) is list


def test_a_set_is_as_good_where_order_means_nothing() -> None:
    for value in ({3}, frozenset([3])):
        assert checks.sequence(value, "it", ordered=False) == [3]
        assert "This should be it; it is a set" in refusal(checks.sequence, value, "it")
    assert checks.sequence([3], "it", ordered=False) == [3]


@pytest.mark.parametrize("value", [[], (), range(0), np.array([])])
def test_an_empty_sequence_is_told(value) -> None:
    assert refusal(checks.sequence, value, "it", 3) == "This should be it; it is empty."


def test_a_mapping_has_just_the_names_asked_for() -> None:
    given = {"a": 1, "b": 2}
    taken = checks.mapping(given, "it", iter("ba"))
    assert taken == given and taken is not given
    assert checks.mapping(given, "it") == given
    assert refusal(checks.mapping, {}, "it", "a") == "This should be it; it is empty."
    assert "it is a list" in refusal(checks.mapping, [1], "it")
    names = ["units", "rate", "dropout"]
    said = refusal(checks.mapping, {"unit": 1}, "it", names)
    assert said.startswith("`'unit'` is not one of the names asked for. Did you mean 'units'?")
    assert said.endswith("Use `units`, `rate`, `dropout`.")
    said = refusal(checks.mapping, {"units": 1}, "it", names)
    assert said == "There is nothing for `rate`, `dropout` yet."


@pytest.mark.parametrize("levels", [[1, 2], (1, 2), range(1, 3), np.array([1, 2])])
def test_a_grid_has_lists_of_levels(levels) -> None:
    for value in ({"a": levels, "b": ["x"]}, [{"a": levels, "b": ["x"]}]):
        assert checks.param_grid(value, "ab") == {"a": [1, 2], "b": ["x"]}


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (
            [{"a": [1]}, {"a": [2]}],
            "a dict from hyperparameter names to lists of levels; it is a list",
        ),
        ([], "it is a list: `[]`"),
        ({1: [1]}, "a dict whose keys are hyperparameter names; it is a whole number: `1`"),
        ({"a": "xy"}, "The levels of `a` should stand in a list; they are a string: `'xy'`."),
        ({"a": []}, "This should be a list of levels for `a`; it is empty."),
        ({"a": [1, 2, 1]}, "A level of `a` stands there twice"),
        ({"a": [1], "b": [2, 3, 3]}, "A level of `b` stands there twice"),
        ({"a": [1, 1.0]}, "A level of `a` stands there twice"),
        ({"b": [1]}, "`'b'` is not one of the names asked for"),
    ],
)
def test_what_is_no_grid_is_refused(value, says) -> None:
    names = ["a"] if "asked for" in says else None
    assert says in refusal(checks.param_grid, value, names)


# ── scales and spaces ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("values", "so"),
    [
        ([100, 1, 10], True),
        ([1, 10, 104], True),  # a ratio of 10.4
        ([1, 10, 108], False),
        ([1, 10.4, 100], False),
        ([0, 1, 10], False),
        ([-1, 1, 10], False),
        ([1, 2, 3, 4], False),
        ([0.5, 1], True),
    ],
)
def test_a_log_scale_has_one_factor(values, so) -> None:
    assert checks.log_spaced(values) is so


def test_a_log_scale_within_a_share() -> None:
    assert checks.log_spaced([1, 10, 108], share=0.1)


@pytest.fixture(scope="module")
def space() -> ht.SearchSpace:
    return ht.SearchSpace(
        rate=ht.loguniform(1e-4, 1e-1), units=ht.integers(8, 64), kind=ht.choice("a", "b")
    )


def test_a_space_has_just_the_names_asked_for(space) -> None:
    assert checks.search_space(space) is checks.search_space(space, ["units", "rate", "kind"])
    assert "nothing for `depth`" in refusal(checks.search_space, space, [*space, "depth"])
    assert "`'units'` is not one of" in refusal(checks.search_space, space, ["rate", "kind"])
    assert "an `ht.SearchSpace(...)`; it is a dict" in refusal(checks.search_space, {"a": 1})
    assert [checks.log_scaled(space, name) for name in space] == [True, False, False]


def test_a_point_of_a_space_has_pythons_values(space) -> None:
    given = {"rate": np.float64(0.01), "units": np.int64(8), "kind": np.str_("a")}
    point = checks.in_space(space, given)
    assert point == given and [type(value) for value in point.values()] == [float, int, str]
    said = refusal(checks.in_space, space, given | {"units": 7})
    assert said.startswith("This is not a point of the space. ") and "units" in said
    assert "a dict of hyperparameters; it is a list" in refusal(checks.in_space, space, [1])


# ── functions ────────────────────────────────────────────────────────────────────────────────


def test_a_function_is_no_class_and_no_value() -> None:
    assert checks.function(max, "it") is max
    assert "This should be it; it is the class dict itself" in refusal(checks.function, dict, "it")
    assert "it is a whole number: `3`" in refusal(checks.function, 3, "it")
    assert "This should be it; it is the class dict itself" in refusal(checks.call, dict, what="it")
    assert "a function; it is a whole number" in refusal(checks.call, 3)


def child(mother, father): ...


def still(mother, father):
    return ...


def divided(a, b):
    return a / b


@pytest.mark.parametrize("function", [divided, functools.partial(divided)])
def test_a_call_that_stops_is_shown(function) -> None:
    assert checks.call(function, 4, 2) == 2
    said = refusal(checks.call, function, 1, 0)
    assert said == "`divided(1, 0)` stopped. ZeroDivisionError: division by zero"


def no_return(value):
    value * 2


def test_a_call_that_gives_nothing_is_told() -> None:
    said = refusal(checks.call, no_return, "a")
    assert said.startswith("`no_return('a')` gives None. Does every path")
    assert checks.call(no_return, 1, may_be_none=True) is None
    assert checks.call(lambda value: False, 1) is False
    with pytest.raises(engine.NotAttempted, match="`child` has no body yet"):
        checks.call(child, 1, 2)
    with pytest.raises(engine.NotAttempted, match="`still` still returns"):
        checks.call(functools.partial(still, 1), 2)


@pytest.mark.parametrize("error", [engine.NotYet("mine"), engine.NotAttempted("mine")])
def test_what_a_stand_in_refuses_is_told_as_it_is(error) -> None:
    def asks():
        raise error

    with pytest.raises(type(error), match="^mine$"):
        checks.call(asks)


def spoil(first, second):
    if isinstance(second, dict):
        second["more"] = 1
    elif isinstance(second, set):
        second.add("more")
    elif isinstance(second, tuple):
        second[0].append("more")
    else:
        second[0] = 7
    return 1


@pytest.mark.parametrize("value", [[1], np.array([1.0]), {"a": 1}, {1}, ([1],)])
def test_an_answer_works_on_a_copy_and_may_not_change_it(value) -> None:
    before = repr(value)
    assert "`spoil` changes `second`, which" in refusal(checks.call, spoil, [0], value)
    partial = functools.partial(spoil, [0])
    assert "`spoil` changes `second`, which" in refusal(checks.call, partial, value)
    assert repr(value) == before
    assert checks.call(lambda given: given, value) is not value


@pytest.mark.parametrize("value", [[math.nan], np.array([math.nan, 1]), {"a": [np.array([1, 2])]}])
def test_what_stays_as_it_was_is_no_change(value) -> None:
    assert checks.call(lambda given: 1, value) == 1


def test_an_argument_without_a_name_is_numbered() -> None:
    class Odd:
        __signature__ = "none"

        def __call__(self, *given):
            given[1].append(3)
            return 1

    said = refusal(checks.call, Odd(), [1], [2])
    assert said.startswith("`function` changes its argument number 2, which")


def test_a_stand_in_is_handed_over_as_it_is() -> None:
    probe = SimpleNamespace(asked=[])
    assert checks.call(lambda given: given, probe) is probe


def test_draws_are_decided_by_the_generator_alone() -> None:
    def drawn(low, rng):
        return low + rng.random()

    wanted = [3 + np.random.default_rng(seed).random() for seed in range(10)]
    assert checks.draws(drawn, 3, count=10, what="it") == wanted
    assert checks.draws(drawn, 3, count=2, what="it") == wanted[:2]
    assert checks.draws(lambda rng: 1, count=3, what="it") == [1, 1, 1]
    own = np.random.default_rng(0)

    def ignores(rng):
        return own.random()

    said = refusal(checks.draws, ignores, count=10, what="it")
    assert "generators of the same seed, `ignores` gives different results" in said
    assert "This should be it; it is a whole number" in refusal(checks.draws, 3, count=2, what="it")


# ── searches ─────────────────────────────────────────────────────────────────────────────────


def spent(trials: int, epochs: int) -> SimpleNamespace:
    return SimpleNamespace(cost=SimpleNamespace(trials=trials, epochs=epochs))


def test_a_budget_may_be_used_up() -> None:
    checks.within_budget(spent(4, 1000), trials=4, epochs=1000)
    checks.within_budget(spent(4, 1000))
    said = refusal(checks.within_budget, spent(4, 1001), trials=4, epochs=1000)
    assert said == "This search spent 1,001 epochs, and the budget is 1,000."
    said = refusal(checks.within_budget, spent(5, 1001), trials=4)
    assert said == "This search spent 5 trials, and the budget is 4."
    assert "no trial at all" in refusal(checks.within_budget, spent(0, 0))


def test_only_a_search_of_the_course_is_one() -> None:
    assert "such as `ht.grid_search(...)`" in refusal(checks.search_result, spent(1, 1))

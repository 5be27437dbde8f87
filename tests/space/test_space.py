"""Spaces as such: what they refuse, their points, their grids, and the way to [0, 1] and back."""

import copy
import json
import math
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

import hpotutor as ht
from tests.messages import told

SPACE = ht.SearchSpace(
    learning_rate=ht.loguniform(1e-4, 1e-1),
    dropout=ht.uniform(0, 0.5),
    units=ht.integers(8, 128, step=8),
    batch_size=ht.integers(8, 512, log=True),
    regularizer=ht.choice(None, True, 2, 0.5, "l1"),
)
TREE = ht.SearchSpace(
    layers=ht.integers(1, 3),
    optimizer=ht.choice("sgd", "adam"),
    units_2=ht.when(ht.integers(8, 24, step=8), layers=[2, 3]),
    regularizer=ht.when(ht.choice(None, "l1"), layers=3),
    l1=ht.when(ht.integers(1, 5), regularizer="l1"),
    momentum=ht.when(ht.choice(0.0, 0.9), optimizer="sgd", regularizer=[None]),
)


# ── random spaces ────────────────────────────────────────────────────────────────────────────

bounds = st.floats(-1e6, 1e6, allow_nan=False)
scalars = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-5, 5) | st.text(max_size=4)


@st.composite
def distributions(draw):
    kind = draw(st.sampled_from(["loguniform", "uniform", "integers", "log integers", "choice"]))
    if kind == "choice":
        return ht.choice(*draw(st.lists(scalars, min_size=1, max_size=5, unique=True)))
    if kind == "integers":
        low, step = draw(st.integers(-1000, 1000)), draw(st.integers(1, 50))
        return ht.integers(low, low + step * draw(st.integers(1, 100)), step=step)
    if kind == "log integers":
        low = draw(st.integers(1, 1000))
        return ht.integers(low, low + draw(st.integers(1, 5000)), log=True)
    low = draw(st.floats(1e-9, 1e3) if kind == "loguniform" else bounds)
    high = low + max(abs(low), 1e-9) * draw(st.floats(1e-3, 1e3))
    return getattr(ht, kind)(low, high)


@st.composite
def spaces(draw):
    """Return a space of a few names, in which some depend on earlier ones."""
    parameters = {}
    for index in range(draw(st.integers(1, 5))):
        made = draw(distributions())
        earlier = ht.SearchSpace(parameters) if parameters else {}
        parents = [n for n in earlier if ht.SearchSpace({n: earlier[n]}).size < 50]
        if parents and draw(st.booleans()):
            parent = draw(st.sampled_from(parents))
            values = ht.SearchSpace({parent: earlier[parent]}).grid()[parent]
            options = st.lists(st.sampled_from(values), min_size=1, max_size=3)
            made = ht.when(made, **{parent: draw(options)})
        parameters[f"p{index}"] = made
    return ht.SearchSpace(parameters)


@given(spaces(), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_samples_lie_in_the_space_and_survive_every_round_trip(space, seed):
    point = space.sample(seed)
    space.check(point)
    assert list(point) == space.active(point)
    assert space.sample(np.random.default_rng(seed)) == point
    unit = space.to_unit(point)
    assert unit.shape == (len(space),) and ((unit >= 0) & (unit <= 1)).all()
    space.check(space.from_unit(np.random.default_rng(seed).choice([0.0, 1.0], len(space))))
    back = space.from_unit(unit)
    assert back.keys() == point.keys()
    for name, value in point.items():
        if isinstance(space[name], FloatDistribution):
            reach = space[name].high - space[name].low
            assert back[name] == pytest.approx(value, rel=1e-9, abs=1e-9 * reach)
        else:
            assert back[name] == value and type(back[name]) is type(value)
    cleaned = space.clean({name: np.array(value).item() for name, value in point.items()})
    assert repr(cleaned) == repr(point) and space.clean(cleaned) == cleaned
    json.dumps(cleaned)
    again = ht.SearchSpace.from_dict(json.loads(json.dumps(space.to_dict(), sort_keys=True)))
    assert again == space and again.names == space.names
    assert eval(repr(space), {"ht": ht}) == space  # its text is a program that makes it


@given(spaces(), st.integers(1, 7) | st.none())
@settings(max_examples=100, deadline=None)
def test_every_grid_value_lies_in_the_space(space, levels):
    for name, values in space.grid(levels).items():
        alone = ht.SearchSpace({name: space[name]})
        assert all(alone.contains({name: value}) for value in values)
        assert len({repr(value) for value in values}) == len(values) >= 1
        if not isinstance(space[name], CategoricalDistribution):
            assert values == sorted(values)
            assert levels is None or len(values) <= levels
            if levels and levels > 1:
                assert (values[0], values[-1]) == (space[name].low, space[name].high)


@given(distributions(), st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_values_of_other_types_become_plain_ones(distribution, seed):
    space = ht.SearchSpace(p=distribution)
    value = space.sample(seed)["p"]
    if isinstance(distribution, IntDistribution):
        foreign = [np.int64(value), np.float64(value), float(value), np.array(value)]
    elif isinstance(distribution, FloatDistribution):
        foreign = [np.float64(value), np.array(value)]
    else:
        foreign = [value if value is None else np.array(value)[()]]
    for other in foreign:
        cleaned = space.clean({"p": other})["p"]
        assert cleaned == value and type(cleaned) is type(value)


# ── points ───────────────────────────────────────────────────────────────────────────────────


def test_a_space_is_an_ordered_mapping_of_optuna_distributions():
    assert list(SPACE) == SPACE.names and len(SPACE) == 5
    assert SPACE["learning_rate"] == FloatDistribution(1e-4, 1e-1, log=True)
    assert SPACE["units"] == IntDistribution(8, 128, step=8)
    assert SPACE["batch_size"] == IntDistribution(8, 512, log=True)
    with pytest.raises(TypeError):
        hash(SPACE)


def test_equality_tells_types_order_and_conditions_apart():
    one, true = ht.SearchSpace(a=ht.choice(1, "x")), ht.SearchSpace(a=ht.choice(True, "x"))
    assert one != true
    ab = ht.SearchSpace(a=ht.integers(1, 2), b=ht.integers(1, 2))
    assert ab != ht.SearchSpace(b=ht.integers(1, 2), a=ht.integers(1, 2))
    assert ab != ht.SearchSpace(a=ht.integers(1, 2), b=ht.when(ht.integers(1, 2), a=1))
    assert ab == ht.SearchSpace(ab) and ab != {"a": 1}


def test_a_space_can_be_copied_pickled_and_typed_again():
    for space in (SPACE, TREE):
        assert pickle.loads(pickle.dumps(space)) == space == copy.deepcopy(space)
        assert ht.SearchSpace(space) == space
        assert eval(repr(space), {"ht": ht}) == space


def test_active_names_follow_the_parents():
    assert TREE.active({"layers": 1, "optimizer": "sgd"}) == ["layers", "optimizer"]
    params = {"layers": 3, "optimizer": "sgd", "regularizer": None}
    assert TREE.active(params) == ["layers", "optimizer", "units_2", "regularizer", "momentum"]
    assert "l1" in TREE.active({**params, "regularizer": "l1"})
    # Its grandparent is off, so what stands there for the parent does not count.
    assert TREE.active({**params, "layers": 2, "regularizer": "l1"}) == [
        "layers",
        "optimizer",
        "units_2",
    ]


def test_inactive_names_sit_in_the_middle_of_the_cube():
    unit = TREE.to_unit({"layers": 1, "optimizer": "adam"})
    assert unit.shape == (6,)
    assert unit.tolist() == pytest.approx([1 / 6, 0.75, 0.5, 0.5, 0.5, 0.5])
    assert TREE.from_unit(unit) == {"layers": 1, "optimizer": "adam"}


def test_the_cube_follows_the_log_scale():
    space = ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))
    assert space.from_unit([2 / 3])["learning_rate"] == pytest.approx(1e-2)
    assert space.to_unit({"learning_rate": 1e-3})[0] == pytest.approx(1 / 3)
    assert space.from_unit([0.0]) == {"learning_rate": 1e-4}
    assert space.from_unit([1.0]) == {"learning_rate": 1e-1}


def test_all_integers_have_bins_of_the_same_width():
    space = ht.SearchSpace(units=ht.integers(10, 50, step=8))
    drawn = [space.from_unit([(k + 0.5) / 600])["units"] for k in range(600)]
    assert {value: drawn.count(value) for value in drawn} == dict.fromkeys(range(10, 51, 8), 100)


def test_check_lists_all_that_is_wrong():
    text = told(SPACE.check, {"lerning_rate": 0.1, "dropout": 0.9, "units": 9, "batch_size": 8})
    assert "lerning_rate is not a known name. Did you mean 'learning_rate'?" in text
    assert "learning_rate is missing" in text
    assert "dropout=0.9 is not allowed. Allowed: a number from 0.0 to 0.5" in text
    assert "units=9 is not allowed" in text and "steps of 8" in text
    assert "regularizer is missing. Allowed: one of None, True, 2, 0.5, 'l1'" in text
    assert "batch_size=" not in text
    text = told(TREE.check, {"layers": 1, "optimizer": "sgd", "units_2": 8})
    assert "units_2 exists only when layers in [2, 3]. Leave it out." in text


@pytest.mark.parametrize(
    ("name", "value"),
    [("units", 16.0), ("units", True), ("dropout", "0.1"), ("dropout", math.nan)]
    + [("regularizer", 1), ("regularizer", 2.0), ("regularizer", "None")],
)
def test_contains_does_not_convert(name, value):
    point = SPACE.sample(0)
    assert SPACE.contains(point)
    assert not SPACE.contains({**point, name: value})


def test_clean_takes_what_libraries_give():
    raw = {
        "regularizer": np.bool_(True),
        "units": 16.0,
        "learning_rate": 0.1 * (1 + 1e-12),
        "dropout": np.float32(0.25),
    }
    cleaned = SPACE.clean(raw)
    assert list(cleaned) == ["learning_rate", "dropout", "units", "regularizer"]
    assert repr(cleaned) == repr(
        {"learning_rate": 0.1, "dropout": 0.25, "units": 16, "regularizer": True}
    )
    assert SPACE.clean({"regularizer": "0.5"}) == {"regularizer": 0.5}
    nested = {"optimizer": "sgd", "layers": {"layers": 2, "units_2": np.float64(8)}, "l1": 3}
    assert TREE.clean(nested) == {"layers": 2, "optimizer": "sgd", "units_2": 8}


def test_clean_refuses_what_is_outside():
    text = told(SPACE.clean, {"units": 12.5, "learning_rate": 0.2, "nits": 8, "dropout": True})
    for part in ("units=12.5", "learning_rate=0.2", "nits is not a known name", "dropout=True"):
        assert part in text
    assert "regularizer='l2'" in told(SPACE.clean, {"regularizer": "l2"})
    assert "a mapping" in told(SPACE.clean, 3)


def test_labels_stay_apart_when_categories_look_alike():
    from hpotutor.space.transforms import labels

    for choices in ([None, "None"], ["1", 1], [None, "None", "0: None"], [True, "a"]):
        named = labels(choices)
        assert len(set(named)) == len(choices)
        space = ht.SearchSpace(a=ht.choice(*choices))
        for value, label in zip(choices, named, strict=True):
            assert space.clean({"a": label})["a"] is value
            assert space.clean({"a": value})["a"] is value


# ── size and grid ────────────────────────────────────────────────────────────────────────────


def test_size_counts_distinct_points():
    assert SPACE.size == math.inf
    assert ht.SearchSpace(a=ht.integers(8, 128, step=8), b=ht.choice(1, 2, 3)).size == 48
    # 1 layer: 2 optimizers; 2 layers: 2 x 3; 3 layers: units 3 x (sgd: 2 + 5, adam: 1 + 5).
    assert TREE.size == 2 + 6 + 3 * (7 + 6)
    assert TREE.grid_size() == TREE.size


def test_grid_values_print_short():
    grid = SPACE.grid(4)
    assert grid["learning_rate"] == [1e-4, 1e-3, 1e-2, 1e-1]
    assert grid["dropout"] == [0.0, 0.167, 0.333, 0.5]
    assert grid["units"] == [8, 48, 88, 128]
    assert grid["batch_size"] == [8, 32, 128, 512]
    assert grid["regularizer"] == [None, True, 2, 0.5, "l1"]
    assert ht.SearchSpace(a=ht.loguniform(1e-4, 1e-1)).grid(3)["a"] == [1e-4, 0.00316, 1e-1]
    assert ht.SearchSpace(a=ht.uniform(-0.3, 0.3)).grid(3)["a"] == [-0.3, 0.0, 0.3]
    assert ht.SearchSpace(a=ht.uniform(1000, 1001)).grid(3)["a"] == [1000.0, 1000.5, 1001.0]
    assert ht.SearchSpace(a=ht.loguniform(1e-4, 1e-2)).grid(1)["a"] == [1e-3]


def test_without_levels_a_grid_has_every_integer_and_five_floats():
    grid = SPACE.grid()
    assert grid["units"] == list(range(8, 129, 8))
    assert [len(grid[name]) for name in ("learning_rate", "dropout", "batch_size")] == [5, 5, 5]
    assert SPACE.grid({"units": 2, "dropout": 3})["units"] == [8, 128]
    assert SPACE.grid_size({"units": 2, "dropout": 3}) == 5 * 3 * 2 * 5 * 5


def test_grid_size_is_arithmetic():
    huge = ht.SearchSpace({f"p{k}": ht.integers(1, 10**9) for k in range(10)})
    assert huge.grid_size() == 10**90
    assert huge.grid_size(3) == 3**10
    assert "p0 has 1,000,000,000 values" in told(huge.grid)


# ── bad input ────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("call", "arguments", "parts"),
    [
        ("loguniform", (1e-1, 1e-4), ["low=0.1", "low=0.0001, high=0.1"]),
        ("loguniform", (0, -1), ["low=0", "high=-1", "above 0", "2 problems"]),
        ("uniform", (1, 1), ["low=1", "ht.choice(1)"]),
        ("uniform", (math.nan, math.inf), ["low=nan", "high=inf", "2 problems"]),
        ("uniform", (True, "3"), ["low=True", "high='3'"]),
        ("uniform", (0, 1e200), ["high=1e+200"]),
        ("integers", (1, 2.5), ["high=2.5", "a whole number"]),
        ("integers", (8, 100, 8), ["step=8", "high=96 or high=104"]),
        ("integers", (5, 8, 10), ["step=10", "high=15"]),
        ("integers", (1, 9, 0), ["step=0", "from 1 up"]),
        ("integers", (1, 9, 2, True), ["do not go together"]),
        ("integers", (0, 9, 1, True), ["low=0", "above 0"]),
        ("integers", (9, 1, True, "yes"), ["log='yes'", "low=9", "step=True", "3 problems"]),
        ("choice", (), ["nothing to choose from", "ht.choice("]),
        ("choice", ([1, 2],), ["ht.choice(1, 2)"]),
        ("choice", ("a", "b", "a"), ["'a' appears twice"]),
        ("choice", (1, True), ["True appears twice", "1 == True"]),
        ("choice", ("a", (1, [2]), math.nan), ["(1, [2])", "nan", "2 problems"]),
        ("when", (3,), ["distribution=3", "no condition", "2 problems"]),
    ],
)
def test_distributions_refuse_bad_arguments(call, arguments, parts):
    text = told(getattr(ht, call), *arguments)
    assert text.startswith(call)
    for part in parts:
        assert part in text


def test_a_space_lists_all_its_problems_at_once():
    number = ht.uniform(0, 1)
    text = told(
        ht.SearchSpace,
        [
            ("units", [8, 16]),
            ("units", number),
            ("learning rate", number),
            ("lambda", number),
            ("depth", 3),
            ("step", FloatDistribution(0, 1, step=0.1)),
            ("single", IntDistribution(3, 3)),
            ("rate", number),
            ("layers", ht.integers(1, 3)),
            ("a", ht.when(number, layer=2)),
            ("b", ht.when(number, layers=[2, 4, "x"])),
            ("c", ht.when(number, later=2)),
            ("d", ht.when(number, rate=0.5)),
            ("e", ht.when(number, e=1)),
            ("f", ht.when(number, layers=True)),
            ("later", ht.integers(1, 3)),
        ],
    )
    for part in (
        "SearchSpace: 14 problems",
        "units=ht.choice(8, 16)",
        "units appears twice",
        "name='learning rate'",
        "name='lambda'",
        "depth=ht.choice(3)",
        "step: FloatDistribution: step=0.1",
        "single: integers: low=3",
        "a depends on layer, which is not in the space. Did you mean 'layers'?",
        "b: layers=4 is not allowed",
        "b: layers='x' is not allowed",
        "c depends on later: move later before it",
        "d depends on rate, which is a float",
        "e cannot depend on itself",
        "f: layers=True is not allowed",
    ):
        assert part in text


def test_a_name_may_not_come_twice_by_both_ways():
    assert "a appears twice" in told(ht.SearchSpace, {"a": ht.integers(1, 2)}, a=ht.integers(1, 3))
    assert "at least one hyperparameter" in told(ht.SearchSpace)
    assert "pairs" in told(ht.SearchSpace, 3)


@pytest.mark.parametrize("levels", [0, -1, True, 2.5, "3", {"units": 0}])
def test_levels_are_positive_integers(levels):
    assert "levels=" in told(SPACE.grid, levels)
    assert "levels=" in told(SPACE.grid_size, levels)


def test_levels_name_hyperparameters():
    assert "Did you mean 'units'?" in told(SPACE.grid, {"unit": 3})


def test_other_arguments_are_checked():
    assert "seed=-1" in told(SPACE.sample, -1)
    assert "seed=True" in told(SPACE.sample, True)
    assert "5 numbers, one for each of learning_rate" in told(SPACE.from_unit, [0.5])
    assert "from 0 to 1" in told(SPACE.from_unit, [0.5, 0.5, 0.5, 0.5, 1.1])
    assert "from 0 to 1" in told(SPACE.from_unit, [0.5, 0.5, 0.5, 0.5, math.nan])
    assert "does not describe a space" in told(ht.SearchSpace.from_dict, {"a": 1})
    assert "a dict of names" in told(SPACE.check, 3)


def test_numbers_beyond_all_ranges_and_arrays_without_a_dimension():
    for name in ("units", "learning_rate", "batch_size"):
        assert f"{name}=1000" in told(SPACE.clean, {name: 10**400})
    assert "low=-1000" in told(ht.uniform, -(10**400), 1)
    assert "step=1000" in told(ht.integers, 1, 9, 10**400)
    assert "x=ht.choice(3)" in told(ht.SearchSpace, x=np.array(3))
    tree = ht.SearchSpace(n=ht.integers(1, 3), m=ht.when(ht.uniform(0, 1), n=np.array(2)))
    assert tree.conditions == {"m": {"n": (2,)}}


def test_a_seed_is_what_it_is_everywhere():
    assert SPACE.sample(np.int64(3)) == SPACE.sample(3)
    assert SPACE.sample(2**32 - 1)
    assert "from 0 to 4294967295" in told(SPACE.sample, 2**32)


# ── reading ──────────────────────────────────────────────────────────────────────────────────


def test_a_space_reads_as_it_was_typed():
    lines = repr(TREE).splitlines()
    assert lines[0] == "ht.SearchSpace("
    assert "    units_2=ht.when(ht.integers(8, 24, step=8), layers=[2, 3])," in lines
    assert "    learning_rate=ht.loguniform(1e-4, 0.1)," in repr(SPACE).splitlines()


def test_the_table_names_values_scale_and_condition():
    space = ht.SearchSpace(
        kind=ht.choice("<b>", "x"), rate=ht.when(ht.loguniform(1e-3, 1), kind="x")
    )
    table = space._repr_html_()
    assert "&lt;b&gt;" in table and "<b>" not in table
    assert "<td>rate</td><td>a number from 0.001 to 1.0</td><td>log</td>" in table
    assert "<td>kind is &#39;x&#39;</td>" in table

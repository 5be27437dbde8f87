"""How five libraries write a space with conditions: each text whole, and what it may not do."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from tests.messages import refused

# A child whose name the texts use themselves, a grandchild, two parents, mixed and lone values.
SPACE = ht.SearchSpace(
    kind=ht.choice("a", None, True),
    n=ht.integers(1, 3),
    params=ht.when(ht.choice(None, "l1"), kind=["a", True]),
    rate=ht.when(ht.loguniform(1e-3, 1), params="l1", n=[2, 3]),
    space=ht.when(ht.integers(1, 99, log=True), kind=None),
    hp=ht.when(ht.choice(True), n=1, kind=True),
    sizes=ht.choice((8,), (8, 4)),
)
TEXTS = {
    "scikit-learn": """\
shared = {
    "sizes": [(8,), (8, 4)],
}
param_grid = [
    {**shared, "kind": ["a"], "n": [1], "params": [None, "l1"]},
    {**shared, "kind": ["a"], "n": [2, 3], "params": [None]},
    {
        **shared,
        "kind": ["a"],
        "n": [2, 3],
        "params": ["l1"],
        "rate": [1e-3, 0.00562, 0.0316, 0.178, 1.0],
    },
    {**shared, "kind": [None], "n": [1, 2, 3], "space": [1, 3, 10, 31, 99]},
    {**shared, "kind": [True], "n": [1], "params": [None, "l1"], "hp": [True]},
    {**shared, "kind": [True], "n": [2, 3], "params": [None]},
    {
        **shared,
        "kind": [True],
        "n": [2, 3],
        "params": ["l1"],
        "rate": [1e-3, 0.00562, 0.0316, 0.178, 1.0],
    },
]""",
    "scipy": """\
import numpy as np
from scipy.stats import loguniform, rv_discrete


def log_integers(low, high):
    values = np.arange(low, high + 1)
    weights = np.log((values + 0.5) / (values - 0.5))
    return rv_discrete(values=(values, weights / weights.sum()))


shared = {
    "sizes": [(8,), (8, 4)],
}
param_distributions = [
    {**shared, "kind": ["a"], "n": [1], "params": [None]},
    {**shared, "kind": ["a"], "n": [1], "params": ["l1"]},
    {**shared, "kind": ["a"], "n": [2], "params": [None]},
    {**shared, "kind": ["a"], "n": [2], "params": ["l1"], "rate": loguniform(1e-3, 1.0)},
    {**shared, "kind": ["a"], "n": [3], "params": [None]},
    {**shared, "kind": ["a"], "n": [3], "params": ["l1"], "rate": loguniform(1e-3, 1.0)},
    {**shared, "kind": [None], "n": [1], "space": log_integers(1, 99)},
    {**shared, "kind": [None], "n": [2], "space": log_integers(1, 99)},
    {**shared, "kind": [None], "n": [3], "space": log_integers(1, 99)},
    {**shared, "kind": [True], "n": [1], "params": [None], "hp": [True]},
    {**shared, "kind": [True], "n": [1], "params": ["l1"], "hp": [True]},
    {**shared, "kind": [True], "n": [2], "params": [None]},
    {
        **shared,
        "kind": [True],
        "n": [2],
        "params": ["l1"],
        "rate": loguniform(1e-3, 1.0),
    },
    {**shared, "kind": [True], "n": [3], "params": [None]},
    {
        **shared,
        "kind": [True],
        "n": [3],
        "params": ["l1"],
        "rate": loguniform(1e-3, 1.0),
    },
]""",
    "hyperopt": """\
import numpy as np
from hyperopt import hp
from hyperopt.pyll import scope

hp_ = hp.choice("hp", [True])
space_ = scope.int(hp.qloguniform("space", np.log(0.5), np.log(99.5), 1))
rate = hp.loguniform("rate", np.log(1e-3), np.log(1.0))
params = hp.choice("params", [
    {"params": None},
    {"params": "l1", "rate": rate},
])
space = {
    "kind": hp.choice("kind", [
        {"kind": "a", "params": params},
        {"kind": None, "space": space_},
        {"kind": True, "params": params},
    ]),
    "n": hp.choice("n", [
        {"n": 1, "hp": hp_},
        {"n": 2},
        {"n": 3},
    ]),
    "sizes": hp.choice("sizes", [(8,), (8, 4)]),
}""",
    "optuna": """\
def suggest(trial):
    sizes_values = {"(8,)": (8,), "(8, 4)": (8, 4)}
    params = {
        "kind": trial.suggest_categorical("kind", ["a", None, True]),
        "n": trial.suggest_int("n", 1, 3),
        "sizes": sizes_values[trial.suggest_categorical("sizes", list(sizes_values))],
    }
    if params["kind"] in ["a", True]:
        params["params"] = trial.suggest_categorical("params", [None, "l1"])
    if "params" in params and params["params"] == "l1" and params["n"] in [2, 3]:
        params["rate"] = trial.suggest_float("rate", 1e-3, 1.0, log=True)
    if params["kind"] is None:
        params["space"] = trial.suggest_int("space", 1, 99, log=True)
    if params["n"] == 1 and params["kind"] is True:
        params["hp"] = trial.suggest_categorical("hp", [True])
    return params""",
    "keras_tuner": """\
def declare(hp):
    kind_values = {"a": "a", "None": None, "True": True}
    params_values = {"None": None, "l1": "l1"}
    hp_values = {"True": True}
    sizes_values = {"(8,)": (8,), "(8, 4)": (8, 4)}
    params = {
        "kind": kind_values[hp.Choice("kind", list(kind_values))],
        "n": hp.Int("n", 1, 3),
        "sizes": sizes_values[hp.Choice("sizes", list(sizes_values))],
    }
    with hp.conditional_scope("kind", ["a", "True"]):
        params_ = hp.Choice("params", list(params_values))
    if params["kind"] in ["a", True]:
        params["params"] = params_values[params_]
    with hp.conditional_scope("kind", ["a", "True"]), hp.conditional_scope("params", ["l1"]):
        rate = hp.Float("rate", 1e-3, 1.0, sampling="log")
    if "params" in params and params["params"] == "l1" and params["n"] in [2, 3]:
        params["rate"] = rate
    with hp.conditional_scope("kind", ["None"]):
        space = hp.Int("space", 1, 99, sampling="log")
    if params["kind"] is None:
        params["space"] = space
    with hp.conditional_scope("n", [1]):
        hp_ = hp.Choice("hp", list(hp_values))
    if params["n"] == 1 and params["kind"] is True:
        params["hp"] = hp_values[hp_]
    return params""",
}


@pytest.mark.parametrize("dialect", TEXTS)
def test_a_space_with_conditions_is_written_so(dialect):
    assert SPACE.show(dialect) == TEXTS[dialect]


def test_a_variable_hides_no_name_that_the_text_needs():
    space = ht.SearchSpace(
        k=ht.choice("a", "b"),
        hp=ht.when(ht.integers(1, 2), k="a"),
        hp_=ht.when(ht.integers(3, 4), k="b"),
        m=ht.choice(1, "x"),
        m_values=ht.integers(5, 6),
    )
    assert line(space, "hp__ = ") == 'hp.Int("hp", 1, 2)'
    assert line(space, "hp_ = ") == 'hp.Int("hp_", 3, 4)'
    assert line(space, "m_values_ = ") == '{"1": 1, "x": "x"}'
    assert line(space, "hp__ = ", "hyperopt") == 'scope.int(hp.quniform("hp", 0.5, 2.5, 1))'


def line(space, start, dialect="keras_tuner"):
    """Return the one line of a text that starts so, without its indent and comma."""
    text = space.show(dialect)
    (found,) = [each.strip() for each in text.splitlines() if each.strip().startswith(start)]
    return found.rstrip(",").removeprefix(start)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        (("a", "b"), 'hp.Choice("x", ["a", "b"])'),
        ((1, 2), 'hp.Choice("x", [1, 2])'),
        ((0.5, 1.5), 'hp.Choice("x", [0.5, 1.5])'),
        ((True, False), 'hp.Boolean("x")'),
        ((False, True), 'hp.Boolean("x")'),
        ((True,), 'x_values[hp.Choice("x", list(x_values))]'),
        ((None, "b"), 'x_values[hp.Choice("x", list(x_values))]'),
        ((1, "b"), 'x_values[hp.Choice("x", list(x_values))]'),
        ((1, 2.5), 'x_values[hp.Choice("x", list(x_values))]'),
        ((True, 2), 'x_values[hp.Choice("x", list(x_values))]'),
        ((None,), 'x_values[hp.Choice("x", list(x_values))]'),
        (((1, 2), (3,)), 'x_values[hp.Choice("x", list(x_values))]'),
    ],
)
def test_keras_tuner_gets_one_type_or_texts(values, text):
    assert line(ht.SearchSpace(x=ht.choice(*values)), '"x": ') == text


@pytest.mark.parametrize(
    ("distribution", "scipy", "hyperopt"),
    [
        (ht.uniform(0, 1), "uniform(0.0, 1.0)", 'hp.uniform("x", 0.0, 1.0)'),
        (ht.uniform(1, 3), "uniform(1.0, 3.0 - 1.0)", 'hp.uniform("x", 1.0, 3.0)'),
        (ht.uniform(-1, 1), "uniform(-1.0, 1.0 - (-1.0))", 'hp.uniform("x", -1.0, 1.0)'),
        (ht.integers(1, 3), "randint(1, 4)", 'scope.int(hp.quniform("x", 0.5, 3.5, 1))'),
        (ht.integers(1, 7, step=3), "list(range(1, 8, 3))",
         'scope.int(1 + hp.quniform("x", -1.5, 7.5, 3))'),
        (ht.integers(2, 9, log=True), "log_integers(2, 9)",
         'scope.int(hp.qloguniform("x", np.log(1.5), np.log(9.5), 1))'),
    ],
)  # fmt: skip
def test_a_number_is_drawn_so(distribution, scipy, hyperopt):
    space = ht.SearchSpace(x=distribution)
    assert line(space, '"x": ', "scipy") == scipy
    assert line(space, '"x": ', "hyperopt") == hyperopt


def test_only_what_is_used_is_imported():
    both = ht.SearchSpace(a=ht.uniform(0, 1), b=ht.integers(1, 3), uniform_=ht.choice(1, 2))
    assert both.show("scipy").startswith("from scipy.stats import randint, uniform\n")
    plain = ht.SearchSpace(loguniform=ht.choice("a", "uniform"))
    assert plain.show("scipy").startswith("param_distributions = {")
    assert plain.show("hyperopt").startswith("from hyperopt import hp\n\nspace = {")
    log = ht.SearchSpace(n=ht.integers(1, 9, log=True)).show("scipy")
    assert log.startswith("import numpy as np\nfrom scipy.stats import rv_discrete\n")


def test_lines_are_kept_short():
    widths = {}
    for size in range(60, 80):
        text = "c" * size
        space = ht.SearchSpace(a=ht.choice("p", "q"), b=ht.when(ht.choice(text), a="q"))
        (found,) = [one for one in space.show("scikit-learn").splitlines() if text in one]
        widths[size] = len(found), found.strip().startswith("{")
    assert max(width for width, whole in widths.values() if whole) == 89
    assert {size for size, (_, whole) in widths.items() if whole} == set(range(60, 62))


def test_a_grid_joins_what_differs_in_one_value():
    space = ht.SearchSpace(
        a=ht.choice("p", "q", "r"), b=ht.integers(1, 2), c=ht.when(ht.choice(5, 6), a="q")
    )
    assert space.to_sklearn_grid() == [
        {"a": ["p", "r"], "b": [1, 2]}, {"a": ["q"], "b": [1, 2], "c": [5, 6]},
    ]  # fmt: skip
    assert space.to_sklearn_grid({"b": 1})[0] == {"a": ["p", "r"], "b": [1]}


def test_a_parent_of_many_values_has_a_branch_for_each():
    space = ht.SearchSpace(n=ht.integers(1, 200), x=ht.when(ht.choice(1, 2), n=[150, 200]))
    assert space.size == 198 + 2 * 2 == space.grid_size()
    assert space.grid_size({"n": 2}) == 1 + 2 == space.grid_size({"n": 2, "x": 1})
    assert {n for fixed, _ in space.branches() for n in fixed.values()} == set(range(1, 201))
    assert space.to_scipy()[-1] == {"n": [200], "x": [1, 2]}


def test_what_cannot_be_written_is_told():
    odd = SPACE.changed({"a b": ht.uniform(0, 1)})
    with refused(
        r"^show: the names \['a b'\] cannot be written: give them names that Python can use.$"
    ):
        odd.show("optuna")
    with refused("^show: dialect='sklearn' is not allowed. Did you mean 'scikit-learn'"):
        SPACE.show("sklearn", levels=3)
    with refused("^show: levels is for the grid of 'scikit-learn'; 'scipy' has none. Leave"):
        SPACE.show("scipy", levels=3)


def test_what_was_written_is_kept_and_what_is_changed_is_written_anew():
    space = ht.SearchSpace(x=ht.integers(1, 3))
    trial = Asked()
    assert space.suggest(trial) == space.suggest(trial) == {"x": 1} and trial.seen == [(1, 3)] * 2
    other = space.changed({"x": ht.integers(2, 5), "y": ht.integers(1, 2)})
    assert other.suggest(trial) == {"x": 2, "y": 1} and trial.seen[2:] == [(2, 5), (1, 2)]
    more = SPACE.changed({"z": ht.when(ht.uniform(0, 1), n=2)})
    assert more.conditions == SPACE.conditions | {"z": {"n": (2,)}} and len(more) == len(SPACE) + 1


class Asked:
    """A trial that answers with the lowest number."""

    def __init__(self):
        self.seen = []

    def suggest_int(self, name, low, high, **_):
        self.seen.append((low, high))
        return low


def test_a_seed_is_optional():
    space = ht.SearchSpace(x=ht.uniform(0, 1))
    assert space.sample() != space.sample()
    with refused("^sample: seed='a' is not allowed. Allowed: a whole number .*, None or a NumPy"):
        space.sample("a")
    rng = np.random.default_rng(3)
    assert [SPACE.sample(rng) for _ in range(2)] == [
        SPACE.sample(rng_of(3, skip)) for skip in (0, 7)
    ]


def rng_of(seed, skip):
    rng = np.random.default_rng(seed)
    rng.random(skip)
    return rng


@pytest.mark.parametrize("given", [["a", 1], "ab", [[1, 2], [3]], None, [0.5, -0.1], [1.1, 0]])
def test_coordinates_are_numbers_from_0_to_1(given):
    space = ht.SearchSpace(x=ht.uniform(0, 1), y=ht.uniform(0, 1))
    with refused("^from_unit: (coordinates|shape)=.*(numbers from 0 to 1|2 numbers, one for each)"):
        space.from_unit(given)
    with refused(r"shape=\(3,\) is not.*2 numbers, one for each of x, y.*np.full\(2, 0.5\)"):
        space.from_unit([0, 1, 1])
    assert space.from_unit((0, 1)) == {"x": 0, "y": 1}

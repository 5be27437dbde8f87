"""A log answers for the function it was written with, and for no other."""

from __future__ import annotations

import functools
import math
import os
import re
import subprocess
import sys
import threading
import types

import numpy as np
import pandas as pd
import pytest

import hpotutor as ht
from hpotutor._tensorflow import keras
from hpotutor.errors import LogError
from hpotutor.objectives.identity import identify, is_older
from tests.messages import refused

SPACE = ht.SearchSpace(x=ht.uniform(0, 1))


def base(n_features, n_classes, *, act="relu", units=4):
    return ht.build_mlp(n_features, n_classes, activation=act, units=units)


def around(value):
    def function(params):
        return value

    return function


class Network:
    width = 4

    def __init__(self, act="relu", rows=None):
        self.act, self.rows = act, rows

    def __call__(self, n_features, n_classes):
        return self.network(n_features, n_classes)

    def network(self, n_features, n_classes):
        return self.act


class Deeper(Network):
    def network(self, n_features, n_classes):
        return self.act + self.act


def repeated(value):
    def function(n):
        return function(n - 1) + value

    return function


class Scaled:
    """A decorator with a state of its own."""

    def __init__(self, function, by):
        functools.update_wrapper(self, function)
        self.by = by

    def __call__(self, params):
        return self.__wrapped__(params) * self.by


def weighted(weight):
    """Return a layer that differs from another in its weights alone."""
    layer = keras.layers.Dense(1, name="a")
    layer.build((None, 1))
    layer.set_weights([np.full((1, 1), weight), np.zeros(1)])
    return layer


def module(text):
    """Return the function ``f`` of a module of one's own."""
    made = types.ModuleType("mine")
    exec(text, made.__dict__)
    return made.f


def class_of(text):
    """Return objects of two classes that differ in a number."""
    head, call = "class A:\n", "    def __call__(self, params):\n        return self.b\nf = A()"
    return [module(head + text.format(k) + call) for k in range(2)]


def borrowed(name):
    """Return a decorator of Python's own."""
    library = types.ModuleType("json.mine")
    text = f"class {name}:\n    def __init__(self, function):\n        self.__wrapped__ = function"
    exec(text, library.__dict__)
    return library.__dict__[name]


BOX = {"a": 1}
HELPED = "def helper(x):\n    return x + {0}\ndef f(params):\n    return helper(1)"
LOOP = [lambda params, k=k: k for k in range(2)]
LATE = [around(k) for k in range(2)]
PAIRS = {
    "keyword of a partial": [functools.partial(base, act=act) for act in ("relu", "tanh")],
    "place of a partial": [functools.partial(base, n) for n in (1, 2)],
    "nested partials": [functools.partial(functools.partial(base, units=u), 3) for u in (1, 2)],
    "function of a partial": [functools.partial(f) for f in LATE],
    "default in a loop": LOOP,
    "closure in a loop": LATE,
    "closure over a list": [around([64, 32]), around([32, 64])],
    "closure over a function": [around(f) for f in LATE],
    "closure over an array": [around(np.arange(k, k + 3)) for k in range(2)],
    "closure over a table": [around(pd.DataFrame({"a": [k]})) for k in range(2)],
    "closure over data": [around(ht.load("iris", seed=k)) for k in range(2)],
    "state of an object": [Network("relu"), Network("tanh")],
    "array in an object": [Network(rows=np.zeros(3)), Network(rows=np.ones(3))],
    "class of an object": [Network(), Deeper()],
    "bound method": [Network("relu").network, Network("tanh").network],
    "class": [Network, Deeper],
    "method of a dict": [{"a": k}.get for k in range(2)],
    "helper": [module(HELPED.format(k)) for k in range(2)],
    "global number": [module(f"N = {k}\ndef f(params):\n    return N") for k in range(2)],
    "global array": [
        module(f"import numpy as np\nA = np.arange({k}, 9)\ndef f(params):\n    return A.sum()")
        for k in range(2)
    ],
    "global partial": [
        module(f"from functools import partial\ng = partial(pow, {k})\ndef f(p):\n    return g(2)")
        for k in range(2, 4)
    ],
    "global data set": [
        module(f"import hpotutor as ht\nD = ht.load({name!r})\ndef f(p):\n    return len(D.x_val)")
        for name in ("iris", "wine")
    ],
    "global class": [
        module(f"class A:\n    b = {k}\ndef f(params):\n    return A()") for k in range(2)
    ],
    "methods of one dict": [around(BOX.get), around(BOX.pop)],
    "functions of one library": [around(math.sin), around(math.cos)],
    "functions bound by hand": [around(types.MethodType(f, BOX)) for f in LATE],
    "function that calls itself": [repeated(k) for k in range(2)],
    "cached function": [functools.cache(f) for f in LATE],
    "state of a decorator": [Scaled(LATE[0], k) for k in range(2)],
    "function of a decorator": [Scaled(f, 1) for f in LATE],
    "decorators of a library": [around(borrowed(name)(LATE[0])) for name in ("Twice", "Half")],
    "sets that change or do not": [around(kind({1, 2})) for kind in (set, frozenset)],
    "sets": [around({k, 2}) for k in range(2)],
    "layers of other kinds": [
        around(kind(name="a")) for kind in (keras.layers.Add, keras.layers.Multiply)
    ],
    "global ellipsis": [
        module(f"N = {value}\ndef f(params):\n    return N") for value in ("...", "None")
    ],
    "property": class_of("    @property\n    def b(self):\n        return {}\n"),
    "static method": class_of("    @staticmethod\n    def b():\n        return {}\n"),
    "class method": class_of("    @classmethod\n    def b(cls):\n        return {}\n"),
    "settings of a layer": [around(keras.layers.Dense(k, name="a")) for k in (1, 2)],
    "weights of a layer": [around(weighted(k)) for k in range(2)],
    "settings of an optimizer": [around(keras.optimizers.SGD(k)) for k in (0.1, 0.2)],
    "first constant of many": [
        module(f"def f(params):\n    return {k} * params['x'] - 7.5") for k in (2, 3)
    ],
    "operation": [module(f"def f(params):\n    return params['x'] {o} 7") for o in "+-"],
    "default only by keyword": [
        module(f"def f(params, *, k={k}):\n    return k") for k in range(2)
    ],
}


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
def test_functions_that_answer_differently_have_two_names(pair):
    first, second = map(identify, pair)
    assert first != second
    assert (identify(pair[0]), identify(pair[1])) == (first, second)


def test_a_log_does_not_answer_for_another_network(tmp_path):
    data, space = ht.load("iris"), ht.SearchSpace(units=ht.choice(3))
    search = {"trials": 1, "log": tmp_path / "search.log", "progress": False}

    def objective(act):
        return ht.TrainObjective(data, epochs=1, build=functools.partial(base, act=act))

    ht.random_search(objective("relu"), space, **search)
    assert len(ht.random_search(objective("relu"), space, **search)) == 1
    with refused(r"objective\.build: 'partial\(base\)", error=LogError):
        ht.random_search(objective("tanh"), space, **search)


def test_functions_that_call_each_other_end():
    text = "def f(n):\n    return g(n)\ndef g(n):\n    return f(n) + {}"
    first, again, other = (identify(module(text.format(k))) for k in (1, 1, 2))
    assert first == again != other


def test_notes_of_a_function_do_not_change_it():
    noted = module("NOTES, CALLS = [], 0\ndef f(p):\n    global CALLS\n    CALLS += 1\n"
                   "    NOTES.append(p)\n    return CALLS")  # fmt: skip
    before = identify(noted)
    assert noted({}) == 1
    assert identify(noted) == before


def test_an_older_log_goes_on(tmp_path, monkeypatch):
    """Once, no more of a function was told than its code."""
    objective, search = ht.FunctionObjective(LOOP[1]), {"trials": 2, "progress": False}
    known = identify(LOOP[1]).partition(" with ")[0]
    assert re.fullmatch(r"(<listcomp>\.)?<lambda> \([0-9a-f]{8}\)", known)
    with monkeypatch.context() as patch:
        patch.setattr("hpotutor.objectives.base.identify", lambda function: known)
        ht.random_search(objective, SPACE, log=tmp_path / "search.log", **search)
    result = ht.random_search(objective, SPACE, log=tmp_path / "search.log", **search)
    assert len(result) == 2
    assert result.study.user_attrs["hpotutor"]["objective"]["function"] == identify(LOOP[1])
    with refused("another search", error=LogError):
        objective = ht.FunctionObjective(LOOP[0])
        ht.random_search(objective, SPACE, log=tmp_path / "search.log", **search)


def test_a_function_of_its_code_alone_is_called_as_ever():
    text = identify(module("def f(params):\n    return -params['x']"))
    assert text.startswith("f (") and len(text) == len("f (00000000)")


def test_what_cannot_be_told_apart_is_refused_until_it_is_named(tmp_path):
    lock = threading.Lock()

    def function(params):
        return float(lock.locked())

    objective, search = ht.FunctionObjective(function), {"trials": 1, "progress": False}
    with refused(r"'_thread\.lock' object.*mine\.identity = 'version 1'"):
        ht.random_search(objective, SPACE, log=tmp_path / "search.log", **search)
    assert len(ht.random_search(objective, SPACE, **search)) == 1  # without a log, all is well
    function.identity = "with a lock"
    ht.random_search(objective, SPACE, log=tmp_path / "search.log", **search)
    assert identify(function).endswith("<locals>.function 'with a lock'")


def test_another_process_tells_the_same():
    text = (
        "from functools import partial; from hpotutor.objectives.identity import identify\n"
        "import math\n"
        "def base(*a, **b): return math.sin(1), {'a', 'b'}\n"
        "class A:\n    def __init__(self): self.b = {'x', 'yy', 'zzz'}\n"
        "print(identify(partial(base, {'p', 'q', 'r'}, k=A(), m={'c': 1, 'd': 2})))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", text],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in (1, 2)
    }
    assert len(told) == 1 and told.pop().startswith("partial(base) (")


# ── what belongs to a function, and what does not ────────────────────────────────────────────
def made(text, name="f"):
    """Return what a module of one's own defines by a name."""
    one = types.ModuleType("mine")
    exec(text, one.__dict__)
    return one.__dict__[name]


CLASS = """class A:
    {0!r}
    rate = {1}
    notes = {2}
    def __call__(self, params):
        return self.rate
f = A()"""


def test_a_class_is_its_methods_and_plain_values_and_not_its_words_and_notes():
    same = identify(made(CLASS.format("words", 1, [])))
    assert identify(made(CLASS.format("other words", 1, []))) == same
    assert identify(made(CLASS.format("words", 1, [3]))) == same
    assert identify(made(CLASS.format("words", 2, []))) != same
    assert identify(made(CLASS.format("words", 1, [])).__class__) != same


@pytest.mark.parametrize(
    ("text", "differ"),
    [
        ("def f(params):\n    return params['x'] + {0}", True),
        ("def f(params):\n    return [k * {0} for k in params]", True),  # in code of its own
        ("def f(params):\n    return (lambda: {0})()", True),
        ("def f(params):\n    return params['x'] in {{3, 4, {0!r}}}", True),
        ("# {0}\n\ndef f(params):\n    return 1", False),
        ("def f(params):\n    return 1 # {0}", False),
        ("def f(params, k={0}):\n    return k", True),
        ("N = ({0}, 'a')\ndef f(params):\n    return N", True),
        ("N = [{0}]\ndef f(params):\n    return N", False),
        ("N = {0}\ndef f(params):\n    global N\n    N = N + 1\n    return N", False),
        ("N = {0}\ndef f(params):\n    return 1", False),
        ("import math\ndef f(params):\n    return math.{1}(1)", True),
    ],
)
def test_what_changes_an_answer_changes_the_text(text, differ):
    first, second = (identify(made(text.format(n, name))) for n, name in ((1, "sin"), (2, "cos")))
    assert (first != second) is differ
    assert first == identify(made(text.format(1, "sin")))


@pytest.mark.parametrize(
    ("name", "file", "counts"),
    [
        ("lib", "/a/site-packages/lib.py", False),
        ("lib.deep", "/a/dist-packages/lib/deep.py", False),
        ("hpotutor.mine.deep", "/a/hpotutor/mine/deep.py", False),
        ("json.mine.deep", "/a/json/mine/deep.py", False),
        ("own.mine.deep", "/a/own/mine/deep.py", True),
    ],
)
def test_of_an_installed_library_the_name_counts(name, file, counts, monkeypatch):
    def told(number):
        library = types.ModuleType(name)
        library.__file__ = file
        monkeypatch.setitem(sys.modules, name, library)
        text = f"N = {number}\ndef g(x):\n    return N + {number}\n"
        text += f"class B:\n    c = {number}\n    def d(self):\n        return {number}"
        exec(text, library.__dict__)
        derived = type("Mine", (library.B,), {"__module__": __name__, "__call__": repeated})
        return [identify(each) for each in (around(library.g), derived())]

    for one, other in zip(told(1), told(2), strict=True):
        assert (one != other) is counts


def test_what_lies_outside_is_told_as_in_the_logs_of_older_versions():
    itself = module("def f(n):\n    return f(n - 1)")
    library = types.ModuleType("json.mine")  # of Python: the name counts
    exec("def g(x):\n    return x", library.__dict__)
    default = module("def f(n, g=None):\n    return g(n)")
    default.__defaults__ = (library.g,)
    told = [identify(each).partition(" with ")[2] for each in (itself, default)]
    assert told == ["5410a7eb2df8", "3aa784ed2949"]


def test_a_text_of_ones_own_counts_alone():
    one, other = made("def f(p):\n    return 1"), made("def f(p):\n    return 2")
    one.identity = other.identity = "mine"
    assert identify(one) == identify(other) == "f 'mine'"
    one.identity = 3  # no text
    assert identify(one).startswith("f (")


def test_texts_name_what_is_called():
    assert identify(functools.partial(base, 3)).startswith("partial(base) (")
    assert identify(functools.partial(Network())).startswith("partial(...) (")
    assert identify(Network()).startswith("Network (") and identify(len).startswith("len (")
    assert re.fullmatch(r"base \([0-9a-f]{8}\) with [0-9a-f]{12}", identify(base))
    assert re.fullmatch(r"Network \([0-9a-f]{12}\)", identify(Network("relu")))


@pytest.mark.parametrize(
    ("stored", "now", "older"),
    [
        ("f (01234567)", "f (01234567) with 0123456789ab", True),
        ("f (01234568)", "f (01234567) with 0123456789ab", False),
        ("f (01234567)", "f (01234567)", False),
        ("f (01234567) with 0123456789ab", "f (01234567) with 0123456789ab", False),
        ("f (01234567)", 3, False),
        (None, "f (01234567) with 0123456789ab", False),
    ],
)
def test_a_text_of_an_older_version_is_known(stored, now, older):
    assert is_older(stored, now) is older


def test_what_cannot_be_named_tells_which_argument_and_why():
    def function(params):
        return lock

    lock = threading.Lock()
    name = re.escape(function.__qualname__)
    told = f"{name} depends on something that does not tell a log what is in it"
    with refused(f"^build: {told}", r"mine\.identity = 'version 1'; build=mine\.$"):
        identify(function, "build")
    with refused(f"^function: {told}", r"function=mine\.$"):
        identify(function)


def test_a_name_that_has_no_value_yet_is_no_error():
    def outer():
        def score(params):
            return later

        told = identify(score)
        later = 1
        return told, later

    assert outer()[0].startswith("test_a_name_that_has_no_value_yet_is_no_error")


def test_other_callbacks_are_another_search():
    data = ht.load("iris")
    told = [
        ht.TrainObjective(data, callbacks=each).describe()["callbacks"]
        for each in (lambda trial, params: [], lambda trial, params: [trial])
    ]
    assert told[0] != told[1]

"""Spaces and values as text: short, exact, and read back as they were."""

from __future__ import annotations

import pytest

import hpotutor as ht
from hpotutor.space.formatting import listed, literal, run_of
from tests.messages import refused


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.01, "0.01"), (0.0099, "0.0099"), (0.001, "1e-3"), (1e-4, "1e-4"), (0.00123, "0.00123"),
        (0.000123, "1.23e-4"),
        (9999.0, "9999.0"), (10000.0, "1e4"), (12345.0, "12345.0"), (1e100, "1e100"), (0.0, "0.0"),
        (-0.001, "-1e-3"), (-0.5, "-0.5"), (1.0, "1.0"), (1, "1"), (10**6, "1000000"),
        (True, "True"), (None, "None"), ("a", '"a"'), ("it's", '"it\'s"'), ('a"b', "'a\"b'"),
        ("a\n", "'a\\n'"), ((1,), "(1,)"), ((1, "a"), '(1, "a")'), ((), "()"),
        ((0.001,), "(1e-3,)"),
    ],
)  # fmt: skip
def test_values_are_short_and_exact(value, text):
    assert literal(value) == text
    assert repr(eval(text)) == repr(value)


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1, 2, 3, 4, 5, 6], "[1, 2, 3, 4, 5, 6]"),
        ([1, 2, 3, 4, 5, 6, 7], "list(range(1, 8))"),
        ([8, 16, 24, 32, 40, 48, 56], "list(range(8, 57, 8))"),
        ([7, 6, 5, 4, 3, 2, 1], "list(range(7, 0, -1))"),
        ([1, 2, 3, 4, 5, 6, 8], "[1, 2, 3, 4, 5, 6, 8]"),
        ([1, 2, 3, 4, 5, 6, 7.0], "[1, 2, 3, 4, 5, 6, 7.0]"),
        ([True, 2, 3, 4, 5, 6, 7], "[True, 2, 3, 4, 5, 6, 7]"),
        ([1, 2, 3, 4, 5, 6, 7, "a"], '[1, 2, 3, 4, 5, 6, 7, "a"]'),
        ([], "[]"),
        ((0.001, None), "[1e-3, None]"),
    ],
)
def test_a_long_run_of_integers_is_a_range(values, text):
    assert listed(values) == text
    assert repr(eval(text)) == repr(list(values))


def test_a_range_ends_behind_its_last_value():
    assert [run_of(1, 3, 1), run_of(2, 8, 2), run_of(8, 2, -2)] == [
        "range(1, 4)",
        "range(2, 9, 2)",
        "range(8, 1, -2)",
    ]


SPACE = ht.SearchSpace(
    a=ht.integers(1, 9),
    b=ht.integers(8, 32, step=8),
    c=ht.integers(1, 64, log=True),
    d=ht.loguniform(1e-4, 0.1),
    e=ht.uniform(0, 1),
    f=ht.when(ht.choice("x", (1, 2), None), a=[1, 2, 3], b=8),
)


def test_a_space_is_written_as_it_would_be_typed():
    assert repr(SPACE) == (
        "ht.SearchSpace(\n"
        "    a=ht.integers(1, 9),\n"
        "    b=ht.integers(8, 32, step=8),\n"
        "    c=ht.integers(1, 64, log=True),\n"
        "    d=ht.loguniform(1e-4, 0.1),\n"
        "    e=ht.uniform(0.0, 1.0),\n"
        '    f=ht.when(ht.choice("x", (1, 2), None), a=[1, 2, 3], b=[8]),\n'
        ")"
    )


def test_a_space_is_kept_as_plain_data():
    assert SPACE.to_dict() == {
        "parameters": [
            {"name": "a", "type": "integers", "low": 1, "high": 9},
            {"name": "b", "type": "integers", "low": 8, "high": 32, "step": 8},
            {"name": "c", "type": "integers", "low": 1, "high": 64, "log": True},
            {"name": "d", "type": "loguniform", "low": 1e-4, "high": 0.1},
            {"name": "e", "type": "uniform", "low": 0.0, "high": 1.0},
            {"name": "f", "type": "choice", "values": ["x", (1, 2), None],
             "when": {"a": [1, 2, 3], "b": [8]}},
        ]
    }  # fmt: skip
    assert ht.SearchSpace.from_dict(SPACE.to_dict()) == SPACE


@pytest.mark.parametrize(
    "saved",
    [
        {}, {"parameters": 3}, {"parameters": [{"name": "a"}]}, 3, None,
        {"parameters": [{"name": "a", "type": "normal", "low": 0, "high": 1}]},
        {"parameters": [{"type": "uniform", "low": 0, "high": 1}]},
        {"parameters": [{"name": "a", "type": "uniform", "low": 0}]},
    ],
)  # fmt: skip
def test_other_data_describe_no_space(saved):
    with refused("^from_dict: this does not describe a space .*Error: "):
        ht.SearchSpace.from_dict(saved)


def test_a_table_has_a_row_a_hyperparameter():
    space = ht.SearchSpace(
        kind=ht.choice("a", 2), n=ht.integers(1, 3), x=ht.when(ht.uniform(0, 1), n=[1, 2], kind="a")
    )
    assert space._repr_html_().splitlines() == [
        "<table><tr><th>hyperparameter</th><th>values</th><th>scale</th><th>exists when</th></tr>",
        "<tr><td>kind</td><td>one of &#39;a&#39;, 2</td><td>no order</td><td>always</td></tr>",
        "<tr><td>n</td><td>a whole number from 1 to 3</td><td>linear</td><td>always</td></tr>",
        "<tr><td>x</td><td>a number from 0.0 to 1.0</td><td>linear</td>"
        "<td>n is 1 or 2 and kind is &#39;a&#39;</td></tr>",
        "</table>",
    ]


def test_a_table_says_the_scale():
    page = SPACE._repr_html_()
    rows = page.split("<tr>")[2:]
    assert [row.split("</td><td>")[2].split("<")[0] for row in rows] == [
        "linear", "linear", "log", "log", "linear", "no order",
    ]  # fmt: skip

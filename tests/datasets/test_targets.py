"""Where classes end and amounts begin, and how many rows either needs."""

from __future__ import annotations

import numpy as np
import pytest

import hpotutor as ht
from hpotutor.datasets.targets import read_target
from hpotutor.errors import DataError
from tests.messages import refused


def read(y, task=None, shares=(0.2, 0.2)):
    return read_target("mine", np.asarray(y), task, shares)


def levels(count, rows=300):
    return np.arange(rows) % count


@pytest.mark.parametrize(
    ("count", "task", "note"),
    [
        (2, "classification", ""),
        (5, "classification", ""),
        (6, "classification", "6 whole numbers; if they are amounts, task='regression'"),
        (20, "classification", "20 whole numbers; if they are amounts, task='regression'"),
        (21, "regression", "21 whole numbers; if they are classes, task='classification'"),
        (50, "regression", "50 whole numbers; if they are classes, task='classification'"),
        (51, "regression", ""),
    ],
)
def test_whole_numbers_are_classes_up_to_twenty_and_doubtful_around(count, task, note):
    for kind in (int, float, np.uint8):
        found = read(levels(count).astype(kind))
        assert (found.task, found.note) == (task, note)
        assert len(found.classes) == (count if task == "classification" else 0)
    assert read(levels(count), "classification").note == ""
    assert read(levels(count), "regression").note == ""


def test_texts_and_truths_are_classes_and_fractions_amounts():
    for y in (np.array(["b", "a"] * 9), np.array([True, False] * 9)):
        found = read(y)
        assert found.task == "classification" and found.note == ""
        assert found.classes == tuple(sorted(set(y.tolist())))
        assert [found.classes[n] for n in found.numbers] == y.tolist()
    found = read(levels(3) + 0.5)
    assert (found.task, found.classes, found.note) == ("regression", (), "")
    assert found.numbers.tolist() == (levels(3) + 0.5).tolist()


@pytest.mark.parametrize(
    ("shares", "needed"),
    [((0.2, 0.2), 5), ((0.4, 0.5), 3), ((0.1, 0.2), 10), ((0.2, 0.1), 10), ((0.45, 0.3), 4)],
)
def test_each_class_must_reach_every_part(shares, needed):
    fine = np.repeat([0, 1], [40, needed])
    assert read(fine, shares=shares).classes == (0, 1)
    with refused(rf"needs {needed} rows.* Too few: 1 \({needed - 1}\)", error=DataError):
        read(fine[:-1], shares=shares)


@pytest.mark.parametrize(
    ("labels", "task", "said"),
    [
        (
            np.array(["a", None, "b", None] * 9, object),
            None,
            "18 rows of 'mine' have no label",
        ),
        (np.array([1, "b"] * 9, object), None, r"of several types \(int, str\)"),
        (np.array(["a"] * 9), None, r"'mine' has a single class \('a'\). Give two or more"),
        ([0.5, 1.0] * 9, "classification", r"not classes \(for instance 0.5\). Type task='regr"),
        ([np.nan, 1.0] * 9, "classification", r"not classes \(for instance nan\)"),
        ([np.inf, 1.0] * 9, "classification", r"not classes \(for instance inf\)"),
        (np.arange(30).astype("complex"), None, "'mine' is made of complex numbers"),
        (np.arange(30).astype("datetime64[D]"), None, "'mine' is made of dates or durations"),
        (np.arange(30).astype("timedelta64[D]"), None, "'mine' is made of dates or durations"),
        (
            np.array(["a", "b"] * 9),
            "regression",
            "not made of numbers .for instance 'a'.*Leave",
        ),
        (np.arange(9.0), "regression", "9 different values in 9 rows. Give a regression 10 rows"),
        (np.ones(30), "regression", "1 different values in 30 rows. Give a regression 10 rows"),
        (np.r_[np.nan, np.inf, 0:28], "regression", "2 rows of 'mine' have no finite target. Drop"),
    ],
)
def test_targets_that_are_none_say_why(labels, task, said):
    with refused(f"^load: .*{said}", error=DataError):
        read(labels, task)


def test_whole_numbers_are_classes_and_ten_amounts_a_regression():
    assert read([1.0, 2.0] * 9, "classification").classes == (1.0, 2.0)
    assert len(read(np.arange(10.0), "regression").numbers) == 10


def test_only_the_first_rare_classes_are_named():
    y = np.r_[np.zeros(50, int), np.arange(1, 9)]
    with refused(r"Too few: 1 \(1\), 2 \(1\), 3 \(1\), 4 \(1\), 5 \(1\)\.", error=DataError):
        read(y, "classification")


def test_a_note_reaches_the_reader():
    x = np.random.default_rng(0).normal(size=(300, 2))
    assert "if they are amounts" in ht.load((x, levels(6))).note
    assert ht.load((x, levels(6)), task="classification").note == ""

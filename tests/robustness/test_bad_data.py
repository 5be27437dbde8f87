"""Bad data and bad search spaces: what they are told."""

from __future__ import annotations

import numpy as np
import optuna
import pandas as pd
import pytest

import hpotutor as ht
from tests.robustness.bad_calls import (
    FRAME,
    NAN,
    SCORES,
    SPACE,
    arrays,
    check_refused,
    column,
    corpus,
    file,
    folder,
)

DATA = {
    "name": (lambda: ht.load("digts"), "source='digts'.* Did you mean 'digits'.* Allowed: 'iris'"),
    "number": (lambda: ht.load(3), "source=3 .*a name, a .csv path, a data frame, .* or"),
    "None": (lambda: ht.load(None), r"source=None .*Type for instance ht.load\(\"digits\"\)"),
    "one array": (lambda: ht.load(np.zeros((9, 2))), r"source=array.*\(x, y\) or a Bunch"),
    "share of 0": (lambda: ht.load("iris", validation=0), "validation=0 .*share .*between 0 and 1"),
    "share True": (lambda: ht.load("iris", test=True), "test=True .*Type for instance test=0.2"),
    "share NaN": (lambda: ht.load("iris", test=NAN), "test=nan .*Type for instance test=0.2"),
    "two shares": (
        lambda: ht.load("iris", validation=2, test="0.2"),
        "2 problems.*validation=2 .*test='0.2'",
    ),
    "shares too large": (
        lambda: ht.load("iris", validation=0.5, test=0.5),
        "validation=0.5 and test=0.5 leave no rows to train on",
    ),
    "seed below 0": (lambda: ht.load("iris", seed=-1), "seed=-1 .*a whole number from 0"),
    "seed a text": (lambda: ht.load("iris", seed="a"), "seed='a' .*Type for instance seed=0"),
    "three faults": (
        lambda: ht.load("digit", validation=-1, scale="x"),
        "3 problems.*source='digit'.*validation=-1.*scale='x'",
    ),
    "scale": (lambda: ht.load("iris", scale="standart"), "scale='standart'.* 'standard'"),
    "target of a known set": (
        lambda: ht.load("iris", target="species"),
        "target='species' names a column of a file.* Leave it out",
    ),
    "no file": (lambda: ht.load("nothere.csv", target="y"), "no file 'nothere.csv'.*whole path"),
    "folder": (lambda: ht.load(folder(), target="y"), "cannot be read as a CSV table: Is a dir"),
    "ragged file": (
        lambda: ht.load(file("r.csv", b"a,b\n1,2,3\n4,5,6,7\n"), target="b"),
        r"r.csv' cannot be read as a CSV table: .*line 3, saw 4\. Type the path",
    ),
    "empty file": (lambda: ht.load(file("e.csv", b""), target="b"), "e.csv' cannot be read as a"),
    "binary file": (
        lambda: ht.load(file("b.csv", b"\xff\xfe\x00\x01\x80" * 30), target="b"),
        "b.csv' cannot be read as a CSV table",
    ),
    "file without target": (
        lambda: ht.load(file("n.csv", b"a,label\n1,2\n")),
        "target is missing.*Columns: a, label.*Type for instance target='label'",
    ),
    "target misspelt": (
        lambda: ht.load(file("m.csv", b"a,label\n1,2\n"), target="lable"),
        "target='lable' .*Did you mean 'label'",
    ),
    "target a list": (
        lambda: ht.load(FRAME, target=["b"]),
        r"target=\['b'\] is no column.*a, b",
    ),
    "column of lists": (
        lambda: ht.load(column(s=[[1, 2]] * 20), target="b"),
        r"column 's' holds lists \(for instance \[1, 2\]\). Make a column of numbers or words",
    ),
    "no column left": (
        lambda: ht.load(column(s=np.nan), target="b"),
        r"no column is left.*a: counts the rows; keep=\['a'\] keeps it; s: it has no values",
    ),
    "two bad columns": (
        lambda: ht.load(column(s=[{1}] * 20, t=np.inf), target="b"),
        "2 problems.*'s' holds sets.*'t' has infinite values.*Make them gaps.*where",
    ),
    "column to keep misspelt": (
        lambda: ht.load(FRAME, target="b", keep=["A"]),
        r"keep=\['A'\] is no column to learn from.*'a', 's'",
    ),
    "keep a text": (lambda: ht.load(FRAME, target="b", keep="a"), r"keep='a' .*keep=\[\"id\"\]"),
    "task": (lambda: ht.load(FRAME, target="b", task="regresion"), "Did you mean 'regression'"),
    "regression of words": (
        lambda: ht.load(FRAME, target="s", task="regression"),
        "not made of numbers .*for instance 'u'.*task='classification'",
    ),
    "groups and time": (
        lambda: ht.load(FRAME, target="b", groups="a", time="s"),
        "groups and time split the rows in different ways",
    ),
    "groups of a known set": (
        lambda: ht.load("iris", groups="a"),
        "groups is for data of your",
    ),
    "groups misspelt": (
        lambda: ht.load(FRAME, target="b", groups="aa"),
        "groups='aa' is no column of the table. Did you mean 'a'",
    ),
    "groups the target": (
        lambda: ht.load(FRAME, target="b", groups="b"),
        "target, groups and time name one column twice: .*Name others",
    ),
    "two groups": (
        lambda: ht.load(column(g=[1, 2] * 10), target="b", groups="g", keep=["a"]),
        "groups has 2 different values. Give three or more",
    ),
    "a large group": (
        lambda: ht.load(column(g=[0] * 17 + [1, 2, 3]), target="b", groups="g", keep=["a"]),
        "the group '0' has 85% of the rows, more than any part should get",
    ),
    "groups of another length": (
        lambda: ht.load((np.zeros((9, 2)), np.arange(9) % 2), groups=[1, 2]),
        r"groups has shape \(2,\); give groups one entry a row, in shape \(9,\)",
    ),
    "time that is none": (
        lambda: ht.load(column(when=["soon"] * 20), target="b", time="when", keep=["a"]),
        "time has 'soon', which cannot be read as a date",
    ),
    "time with gaps": (
        lambda: ht.load(
            column(when=[None] + ["2026-01-01"] * 19), target="b", time="when", keep=["a"]
        ),
        "1 rows have no time, and cannot be put in order",
    ),
    "one moment": (
        lambda: ht.load(column(when=["2026-01-01"] * 20), target="b", time="when", keep=["a"]),
        "too many rows have the same time",
    ),
    "another encoding": (
        lambda: ht.load(file("l.csv", "ä,label\n1,2\n".encode("cp1252")), target="label"),
        "it is not in UTF-8.*read_text\\('cp1252'\\)",
    ),
    "a spreadsheet": (
        lambda: ht.load(file("s.csv", b"PK\x03\x04" + bytes(99)), target="label"),
        "it is not text. A spreadsheet is read with.*read_excel",
    ),
    "label missing": (
        lambda: ht.load(column(b=[np.nan] + [1] * 19), target="b"),
        r"column 'b' has 1 rows without a label.*dropna\(subset=\['b'\]\)",
    ),
    "column twice": (
        lambda: ht.load(pd.DataFrame(SCORES, columns=["a", "a", "b", "c"]), target="b"),
        "columns appear twice: a. Give each a name of its own",
    ),
    "only the target": (
        lambda: ht.load(FRAME[["b"]], target="b"),
        "there is nothing to learn from",
    ),
    "no rows": (lambda: ht.load(FRAME[:0], target="b"), "there is nothing to learn from"),
    "three arrays": (lambda: ht.load((1, 2, 3)), "a tuple of 3 parts .* two are needed"),
    "lengths": (
        lambda: arrays(np.zeros((9, 2)), np.zeros(8)),
        r"x has 9 rows and y has shape \(8,\); give y one entry a row, in shape \(9,\)",
    ),
    "images": (
        lambda: arrays(np.zeros((9, 2, 2)), np.arange(9) % 2),
        "each class needs 5 rows",
    ),
    "too many axes": (
        lambda: arrays(np.zeros((9, 2, 2, 2, 2)), np.arange(9) % 2),
        r"x has shape \(9, 2, 2, 2, 2\).*reshape\(len\(x\), -1\)",
    ),
    "images with gaps": (
        lambda: arrays(np.full((20, 2, 2), np.nan), np.arange(20) % 2),
        "x has 80 missing or infinite values. Fill them",
    ),
    "ragged rows": (lambda: arrays([[1], [1, 2]], [0, 1]), "x is no array.*rows differ in length"),
    "complex numbers": (
        lambda: arrays(np.full((20, 2), 1j), np.arange(20) % 2),
        "column .feature_0. holds complex numbers",
    ),
    "one class": (
        lambda: arrays(np.zeros((9, 2)), np.zeros(9)),
        r"a single class \(0.0\). Give two or more",
    ),
    "numbers for classes": (
        lambda: ht.load((np.zeros((9, 2)), np.linspace(0, 1, 9)), task="classification"),
        "labels of 'arrays' are not classes.*task='regression'.*pandas.qcut",
    ),
    "dates to predict": (
        lambda: arrays(np.zeros((60, 2)), np.arange(60).astype("datetime64[D]")),
        "the target of 'arrays' is made of dates or durations",
    ),
    "few amounts": (
        lambda: arrays(np.zeros((9, 2)), np.linspace(0, 1, 9)),
        "9 different values in 9 rows. Give a regression 10 rows",
    ),
    "labels None": (lambda: arrays(np.zeros((9, 2)), [None] * 9), "9 rows of .* have no label"),
    "labels of two types": (
        lambda: arrays(np.zeros((8, 2)), np.array(["a", 1] * 4, dtype=object)),
        r"several types \(int, str\).*str\(label\)",
    ),
    "rare class": (
        lambda: arrays(np.zeros((9, 2)), [0] * 8 + [1]),
        r"each class needs 5 rows.* Too few: 1 \(1\). Join rare classes",
    ),
    "seal broken twice": (
        lambda: [data.open_test() for data in [ht.load("wine")] * 2],
        r"test set of 'wine' was opened before.*open_test\(again=True\)",
    ),
}
SPACES = {
    "nothing": (lambda: ht.SearchSpace(), "needs at least one hyperparameter. Type for instance"),
    "number": (
        lambda: ht.SearchSpace(units=64),
        r"units=64 .*Type for instance units=ht.choice\(64",
    ),
    "list": (lambda: ht.SearchSpace(units=[1, 2]), r"units=\[1, 2\] .*ht.choice\(1, 2\)"),
    "uncalled function": (lambda: ht.SearchSpace(a=ht.uniform), "a=<function uniform>.* a distrib"),
    "no name": (lambda: ht.SearchSpace(ht.uniform(0, 1)), "parameters=Float.* a mapping or"),
    "two words": (
        lambda: ht.SearchSpace({"learning rate": ht.uniform(0, 1)}),
        "name='learning rate' .*a name that Python can use",
    ),
    "keyword": (
        lambda: ht.SearchSpace({"class": ht.uniform(0, 1)}),
        "name='class' .*Python can use",
    ),
    "name twice": (
        lambda: ht.SearchSpace([("a", ht.uniform(0, 1)), ("a", ht.uniform(0, 2))]),
        "a appears twice. Give each",
    ),
    "float with steps": (
        lambda: ht.SearchSpace(a=optuna.distributions.FloatDistribution(0, 1, step=0.1)),
        r"step=0.1 .*no step.*ht.choice\(0.0, 0.1, 0.2\)",
    ),
    "all at once": (lambda: ht.SearchSpace({"a b": 1, "c": 2}), "2 problems.*name='a b'.*c=2"),
    "low above high": (lambda: ht.uniform(1, 0), "low=1 .*a value below high=0.*low=0, high=1"),
    "low equal to high": (lambda: ht.uniform(1, 1), r"low=1 .*below high=1.*ht.choice\(1\)"),
    "bound a text": (lambda: ht.uniform("0", 1), "low='0' .*a number"),
    "bound infinite": (
        lambda: ht.uniform(0, float("inf")),
        "high=inf .*Type for instance high=0.5",
    ),
    "both bounds": (lambda: ht.uniform(None, "a"), "2 problems.*low=None.*high='a'"),
    "log from 0": (lambda: ht.loguniform(0, 1), "low=0 .*above 0, as the scale is logarithmic"),
    "integer a float": (lambda: ht.integers(1.5, 3), "low=1.5 .*a whole number"),
    "step that does not fit": (
        lambda: ht.integers(1, 10, step=4),
        "step=4 .*from 1 exactly to 10.*high=9 or high=13",
    ),
    "step of 0": (lambda: ht.integers(1, 9, step=0), "step=0 .*a whole number from 1 up"),
    "step on a log scale": (
        lambda: ht.integers(1, 9, step=2, log=True),
        "step=2 and log=True do not go together",
    ),
    "log a text": (lambda: ht.integers(1, 9, log="yes"), "log='yes' .*True, False"),
    "empty choice": (lambda: ht.choice(), r"nothing to choose from.*ht.choice\('sgd', 'adam'\)"),
    "choice of a list": (lambda: ht.choice(["a", "b"]), r"not a collection.*ht.choice\('a', 'b'\)"),
    "choice of an empty list": (lambda: ht.choice([]), r"values=\[\] .*ht.choice\('sgd', 'adam'\)"),
    "choice twice": (lambda: ht.choice(True, 1), r"1 appears twice \(in Python True == 1\)"),
    "choice of NaN": (lambda: ht.choice(NAN, 1), "values=nan .*finite numbers"),
    "no condition": (lambda: ht.when(ht.integers(1, 2)), "there is no condition. Type one"),
    "condition without values": (
        lambda: ht.when(ht.integers(1, 2), layers=[]),
        r"layers=\[\] .*at least one value",
    ),
    "unknown parent": (
        lambda: ht.SearchSpace(layers=ht.integers(1, 3), u=ht.when(ht.integers(1, 2), layer=2)),
        "u depends on layer, which is not in the space. Did you mean 'layers'",
    ),
    "parent after its child": (
        lambda: ht.SearchSpace(u=ht.when(ht.integers(1, 2), k=2), k=ht.integers(1, 3)),
        "move k before it",
    ),
    "parent a float": (
        lambda: ht.SearchSpace(d=ht.uniform(0, 1), u=ht.when(ht.integers(1, 2), d=0.5)),
        "u depends on d, which is a float",
    ),
    "parent never so": (
        lambda: ht.SearchSpace(k=ht.integers(1, 3), u=ht.when(ht.integers(1, 2), k=7)),
        "k=7 .*a value that k can take: a whole number from 1 to 3",
    ),
    "point": (
        lambda: SPACE.check({"X": 1, "n": 9}),
        "3 problems.*X is not a known name.*x is missing.*n=9 .*from 1 to 4",
    ),
    "point None": (lambda: SPACE.check(None), r"params=None .*space.sample\(seed=0\)"),
    "value an array": (lambda: SPACE.clean({"x": np.zeros(3)}), r"x=array.*a number from 0.0 to 1"),
    "unit cube too small": (lambda: SPACE.from_unit([0.5]), r"shape=\(1,\) .*2 numbers.*x, n"),
    "outside the unit cube": (lambda: SPACE.from_unit([0.5, 1.5]), "coordinates=.*from 0 to 1"),
    "unit cube of texts": (lambda: SPACE.from_unit(["a", "b"]), "coordinates=.*from 0 to 1"),
    "sample's seed": (lambda: SPACE.sample("a"), "seed='a' .*or a NumPy generator"),
    "levels of 0": (lambda: SPACE.grid(0), r"levels=0 .*levels=\{'learning_rate': 3\}"),
    "levels of a stranger": (lambda: SPACE.grid({"y": 3}), "y is not a known name. Known: x, n"),
    "levels without end": (lambda: SPACE.grid(10**9), "levels=1000000000 .*up to 100,000 of x"),
    "values without end": (
        lambda: ht.SearchSpace(n=ht.integers(1, 10**9)).grid(),
        r"n has 1,000,000,000 values.*levels=\{'n': 5\}",
    ),
    "dialect": (lambda: SPACE.show("optna"), "dialect='optna'.* Did you mean 'optuna'"),
    "dialect a list": (lambda: SPACE.show(["optuna"]), r"dialect=\['optuna'\] .*Allowed: 'scikit"),
    "levels for Optuna": (lambda: SPACE.show("optuna", levels=3), "levels is for the grid of"),
    "saved space": (
        lambda: ht.SearchSpace.from_dict({"parameters": [{"name": "a", "type": "normal"}]}),
        "does not describe a space.*what SearchSpace.to_dict",
    ),
}


@pytest.mark.parametrize(("call", "says"), corpus(data=DATA, space=SPACES))
def test_bad_input_is_refused_in_our_words(call, says):
    check_refused(call, says)

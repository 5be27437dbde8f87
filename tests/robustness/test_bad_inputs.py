"""Bad input to every public name: what it says, instead of what a library underneath would."""

from __future__ import annotations

import functools
import re
import tempfile
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

import hpotutor as ht
from hpotutor import cli
from hpotutor.errors import ArgumentError, DataError, HpoTutorError, LogError, SealError
from tests.small_table import small_table
from tools import links
from tools.tables import build, histories, timing, verify

NAN = float("nan")
SPACE = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(1, 4))
SLOW = ht.FunctionObjective(lambda params, epochs: params["x"] * epochs, epochs=9)
PLAIN = ht.FunctionObjective(lambda params: params["x"])
SCORES = np.linspace(0, 1, 12).reshape(3, 4)
FRAME = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20) % 2, "s": ["u"] * 20})


# ── what the calls below are made with, each made once and only when it is needed ────────────
@functools.cache
def iris():
    return ht.load("iris")


@functools.cache
def table():
    return small_table()


def lookup(**arguments):
    return ht.TableObjective(table(), quiet=True, **arguments)


@functools.cache
def result():
    return ht.random_search(SLOW, SPACE, trials=6, progress=False)


@functools.cache
def race():
    return ht.compare(["random", "grid"], lookup(), trials=3, repeats=3)


FOLDER = tempfile.TemporaryDirectory(prefix="hpotutor-bad-")  # goes when the tests have ended


def folder():
    return Path(FOLDER.name)


def file(name, content):
    path = folder() / name
    path.write_bytes(content)
    return path


def arrays(x, y):
    return ht.load((x, y))


def mlp(**arguments):
    return ht.build_mlp(4, 3, **arguments)


def cnn(shape=(8, 8, 1), **arguments):
    return ht.build_cnn(shape, 10, **arguments)


def fit(x=None, y=None, **parameters):
    x = iris().x_train if x is None else x
    return ht.KerasClassifier(**parameters).fit(x, iris().y_train if y is None else y)


def train(**arguments):
    return ht.TrainObjective(iris(), **arguments)


def record(objective=PLAIN, space=SPACE, **arguments):
    arguments = {"method": "mine", "library": "mine", "progress": False, **arguments}
    return ht.Recorder(objective, space, **arguments)


def gp(space=SPACE, **arguments):
    return ht.GaussianProcessSearch(space, **arguments)


def search(method, objective=SLOW, space=SPACE, **arguments):
    if method in ("random", "bayesian", "genetic"):
        arguments.setdefault("trials", 3)
    arguments.setdefault("progress", False)
    return getattr(ht, f"{method}_search")(objective, space, **arguments)


def grid_of_scikit_learn():
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GridSearchCV

    return GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]})


def trials_of_hyperopt():
    import hyperopt

    trials = hyperopt.Trials()
    space = {"x": hyperopt.hp.uniform("x", 0, 1)}
    hyperopt.fmin(
        lambda params: params["x"],
        space,
        algo=hyperopt.rand.suggest,
        max_evals=2,
        trials=trials,
        show_progressbar=False,
        verbose=False,
    )
    return trials


def study(**arguments):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(**arguments)


def column(**columns):
    return FRAME[["a", "b"]].assign(**columns)


# ── the corpus: a name, a call, and what it must say ─────────────────────────────────────────
DATA = {
    "name": (lambda: ht.load("digts"), "source='digts'.* Did you mean 'digits'.* Allowed: 'iris'"),
    "number": (lambda: ht.load(3), "source=3 .*a name, a .csv path, a data frame, .* or"),
    "None": (lambda: ht.load(None), r"source=None .*Type for instance ht.load\(\"digits\"\)"),
    "one array": (lambda: ht.load(np.zeros((9, 2))), r"source=array.*\(x, y\) or a Bunch"),
    "share of 0": (lambda: ht.load("iris", validation=0), "validation=0 .*share .*between 0 and 1"),
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
    "scale": (lambda: ht.load("iris", scale="standart"), "scale='standart'.* 'standard'"),
    "target of a known set": (
        lambda: ht.load("iris", target="species"),
        "target='species' names a column of a file.* Leave it out",
    ),
    "no file": (lambda: ht.load("nothere.csv", target="y"), "no file 'nothere.csv'.*whole path"),
    "folder": (lambda: ht.load(folder(), target="y"), "cannot be read as a CSV table: Is a dir"),
    "ragged file": (
        lambda: ht.load(file("r.csv", b"a,b\n1,2,3\n4,5,6,7\n"), target="b"),
        r"r.csv' cannot be read as a CSV table: .*line 3, saw 4\.$",
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
        "target, groups and time must be three different columns",
    ),
    "two groups": (
        lambda: ht.load(column(g=[1, 2] * 10), target="b", groups="g", keep=["a"]),
        "groups has 2 different values; three parts need three groups",
    ),
    "a large group": (
        lambda: ht.load(column(g=[0] * 17 + [1, 2, 3]), target="b", groups="g", keep=["a"]),
        "the group '0' has 85% of the rows, more than any part should get",
    ),
    "groups of another length": (
        lambda: ht.load((np.zeros((9, 2)), np.arange(9) % 2), groups=[1, 2]),
        r"groups has shape \(2,\); groups needs shape \(9,\), one entry a row",
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
        r"x has 9 rows and y has shape \(8,\); y needs shape \(9,\)",
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
    "one class": (lambda: arrays(np.zeros((9, 2)), np.zeros(9)), r"a single class \(0.0\); two"),
    "numbers for classes": (
        lambda: ht.load((np.zeros((9, 2)), np.linspace(0, 1, 9)), task="classification"),
        "labels of 'arrays' are not classes.*task='regression'.*pandas.qcut",
    ),
    "few amounts": (
        lambda: arrays(np.zeros((9, 2)), np.linspace(0, 1, 9)),
        "9 different values in 9 rows; a regression needs 10 rows",
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
NETWORKS = {
    "units of 0": (
        lambda: mlp(units=0),
        "build_mlp: units=0 .*from 1 up.*Type for instance units=",
    ),
    "dropout of 1": (lambda: mlp(dropout=1), "dropout=1 .*from 0 up and below 1.*dropout=0.2"),
    "activation": (lambda: mlp(activation="rleu"), "activation='rleu'.* Did you mean 'relu'"),
    "optimizer": (lambda: mlp(optimizer="adm"), "optimizer='adm'.* Did you mean 'adam'"),
    "initializer": (lambda: mlp(initializer="he_unifrom"), "Did you mean 'he_uniform'"),
    "units of other layers": (
        lambda: mlp(units=[8, 8], layers=1),
        r"layers=1.*layers=2, units=\(8, 8\)",
    ),
    "units a text": (lambda: mlp(units="64"), "units='64' .*a whole number from 1 up"),
    "layers True": (lambda: mlp(layers=True), "layers=True .*a whole number from 1 up"),
    "learning rate of 0": (lambda: mlp(learning_rate=0), "learning_rate=0 .*a number above 0"),
    "penalty NaN": (lambda: mlp(l2=NAN), "l2=nan .*from 0 up"),
    "momentum for Adam": (
        lambda: mlp(momentum=0.9),
        "None for optimizer='adam'; a number only for",
    ),
    "sigmoid for 3": (lambda: mlp(output="sigmoid"), "'softmax' or 'auto' for 3 classes"),
    "one class": (lambda: ht.build_mlp(4, 1), "n_classes=1 .*a whole number from 2 up"),
    "all at once": (
        lambda: ht.build_mlp(0, 1, units=-1, dropout=1, batch_norm=1, seed=-1),
        "6 problems.*n_features=0.*units=-1.*dropout=1.*batch_norm=1.*n_classes=1.*seed=-1",
    ),
    "flat image": (lambda: cnn(64), r"image_shape=64 .*\(height, width, channels\)"),
    "blocks": (lambda: cnn(layers=4), "layers=4 .*at most 3 for images of 8 x 8 pixels"),
    "kernel": (lambda: cnn(kernel_size=0), "kernel_size=0 .*a whole number from 1 up"),
    "filters": (lambda: cnn(filters=(8,), layers=2), r"filters=\(8,\) .*2 of them"),
    "augmentation": (lambda: cnn(augmentation=1), "augmentation=1 .*below 1"),
    "estimator's name": (lambda: ht.KerasClassifier(unit=3), "unit is not a known.* mean 'units'"),
    "estimator's model": (
        lambda: ht.KerasClassifier(model=3),
        "model=3 .*function that returns a Ke",
    ),
    "set_params": (
        lambda: ht.KerasClassifier().set_params(learning_rat=1),
        "learning_rat is not a known name. Did you mean 'learning_rate'",
    ),
    "regressor's name": (lambda: ht.KerasRegressor(unit=3), "KerasRegressor: unit is not a known"),
    "fitted on one class": (lambda: fit(y=np.zeros(90)), "y holds 1 class.* needs 2 or more"),
    "fitted on one-hot rows": (lambda: fit(y=np.eye(3)[iris().y_train]), r"y.argmax\(axis=1\)"),
    "fitted for 0 epochs": (lambda: fit(epochs=0), "KerasClassifier: epochs=0 .*from 1 up"),
    "fitted on batches of 0": (lambda: fit(batch_size=0), "batch_size=0 .*batch_size=32"),
    "model without return": (lambda: fit(model=lambda: None), "returned None. Let it end with"),
}
OBJECTIVES = {
    "data a name": (lambda: ht.TrainObjective("iris"), r"data='iris' .*data=ht.load\(\"digits\"\)"),
    "epochs of 0": (lambda: train(epochs=0), "TrainObjective: epochs=0 .*from 1 up"),
    "epochs None": (lambda: train(epochs=None), "epochs=None .*Type for instance epochs=20"),
    "engine": (lambda: train(engine="keres"), "engine='keres'.* Did you mean 'keras'"),
    "folds of 1": (lambda: train(folds=1), "folds=1 .*from 2 up, or None"),
    "more folds than rows": (lambda: train(folds=99), "more than the 40 rows of the rarest class"),
    "metric": (lambda: train(metric="val_acc"), "Did you mean 'val_accuracy'"),
    "score": (lambda: train(score="lst"), "score='lst'.* Did you mean 'last'"),
    "build a number": (lambda: train(build=3), "build=3 .*a function that returns a model"),
    "build for a stack": (lambda: train(build=mlp, engine="fused"), "cannot use build=.*'keras'"),
    "defaults a list": (lambda: train(defaults=[1]), r"defaults=\[1\] .*\{\"batch_size\": 16\}"),
    "training's seed": (lambda: train(seed=-1), "seed=-1 .*a whole number from 0 to"),
    "patience of 0": (lambda: train(early_stopping=0), "early_stopping=0 .*from 1 up"),
    "epochs among the knobs": (
        lambda: train().evaluate({"epochs": "ten"}),
        "epochs='ten' .*a whole number from 1 up",
    ),
    "half an epoch": (lambda: train().evaluate({}, 0.5), "epochs=0.5 .*a whole number"),
    "model of a stranger": (lambda: train().train({"unit": 3}), "unit is not a known.* 'units'"),
    "table": (lambda: ht.TableObjective("digit"), "source='digit'.* Did you mean 'digits'"),
    "table None": (lambda: ht.TableObjective(None), "table=None .*a table, its name or its file"),
    "table a list": (lambda: ht.TableObjective(["digits"]), r"table=\['digits'\] .*a table, its"),
    "table a folder": (lambda: ht.TableObjective(folder()), "is damaged, or no such file at all"),
    "table a text file": (
        lambda: ht.TableObjective(file("a.npz", b"hello")),
        "a.npz is damaged.*something else than arrays of numbers.*python tools/tables/build.py a",
    ),
    "table's seed": (lambda: lookup(seed="maen"), "seed='maen' .*or 'mean'"),
    "seed without a run": (lambda: lookup(seed=9, noise=False), "seed=9 .*0 to 3, or 'mean'"),
    "seed too large": (lambda: lookup(seed=2**64), "seed=1844.*from 0 to 4294967295"),
    "noise a text": (lambda: lookup(noise="no"), "noise='no' .*False, True"),
    "table's metric": (lambda: lookup(metric="val_acc"), "Did you mean 'val_accuracy'"),
    "more epochs than stored": (lambda: lookup(epochs=31), "epochs=31 .*up to 27 epochs"),
    "table's defaults": (lambda: lookup(defaults=["units"]), r"defaults=.*\{\"units\": 64\}"),
    "default beyond the table": (
        lambda: lookup(defaults={"units": 3000}),
        "units=3000 .*Allowed: 8, 16, 32, 64.*Type for instance units=64",
    ),
    "stranger to the table": (
        lambda: lookup().evaluate({"lerning_rate": 0.1}),
        "lerning_rate is not a hyperparameter of this table. Did you mean 'learning_rate'",
    ),
    "values beyond the table": (
        lambda: lookup().evaluate({"learning_rate": 1e-9, "optimizer": "adma"}),
        "2 problems.*optimizer='adma' .*optimizer='adam'.*learning_rate=1e-09 .*=0.001",
    ),
    "NaN for a value": (lambda: lookup().evaluate({"units": NAN}), "units=nan .*Allowed: 8, 16"),
    "no point": (lambda: lookup().evaluate(None), "params=None .*a dict of names and values"),
    "epochs beyond the table": (lambda: lookup().evaluate({}, 99), "epochs=99 .*up to 27 epochs"),
    "number of a configuration": (
        lambda: table().params_at(1.5),
        "index=1.5 .*a whole number from 0 to 95",
    ),
    "no function": (
        lambda: ht.FunctionObjective(3),
        r"function=3 .*FunctionObjective\(my_function",
    ),
    "direction": (lambda: ht.FunctionObjective(len, "maximise"), "Did you mean 'maximize'"),
    "deterministic": (
        lambda: ht.FunctionObjective(len, deterministic="no"),
        "deterministic='no' .*True, False",
    ),
    "function's epochs": (lambda: SLOW.evaluate({"x": 1}, -2), "epochs=-2 .*from 1 up"),
}
# For each of the five methods.
ARGUMENTS = {
    "objective": (lambda: len, r"objective=<built-in.*ht.FunctionObjective\(function\)"),
    "space": (lambda: {"x": [1, 2]}, r"space=\{.*Type for instance ht.SearchSpace"),
    "trials": (lambda: 2.5, "trials=2.5 .*a whole number from 1 up.*trials=30"),
    "seed": (lambda: -1, "seed=-1 .*from 0 to 4294967295"),
    "library": (lambda: "sklearn", "library='sklearn' .*Allowed: '"),
    "log": (lambda: folder() / "no" / "x.log", r"there is no folder .*mkdir\(parents=True\)"),
    "log ": (lambda: 3, "log=3 .*a path, or None"),
    "client": (lambda: "lokal", "client='lokal'.* Did you mean 'local'"),
    "max_seconds": (lambda: NAN, "max_seconds=nan .*a number of seconds above 0"),
    "max_epochs": (lambda: 0, "max_epochs=0 .*a whole number from 1 up"),
    "progress": (lambda: "no", "progress='no' .*False, True"),
}
METHODS = ("grid", "random", "bayesian", "hyperband", "genetic")
SEARCHES = {
    "levels of 0": (lambda: search("grid", levels=0), "levels=0 .*a whole number from 1 up"),
    "grid without end": (
        lambda: search(
            "grid", space=ht.SearchSpace(a=ht.integers(1, 1000), b=ht.integers(1, 1000))
        ),
        "this grid has 1,000,000 points, more than 100,000.*levels=3",
    ),
    "Optuna's grid": (
        lambda: search(
            "grid",
            space=ht.SearchSpace(k=ht.integers(1, 2), u=ht.when(ht.integers(1, 2), k=2)),
            library="optuna",
        ),
        "GridSampler has no conditions.*Type library='scikit-learn'",
    ),
    "quasi": (
        lambda: search("random", quasi=True),
        "a sequence of Optuna's. Type library='optuna'",
    ),
    "quasi a text": (
        lambda: search("random", quasi="yes", library="optuna"),
        "quasi='yes' .*True, False",
    ),
    "startup": (lambda: search("bayesian", startup=0), "startup=0 .*from 1 up"),
    "acquisition": (
        lambda: search("bayesian", acquisition="expected_improvment", library="gp"),
        "Did you mean 'expected_improvement'",
    ),
    "xi": (lambda: search("bayesian", xi="a", library="gp"), "xi='a' .*a number from 0 up"),
    "kappa": (lambda: search("bayesian", kappa=NAN, library="gp"), "kappa=nan .*from 0 up"),
    "population": (lambda: search("genetic", population=1), "population=1 .*from 2 up"),
    "elite": (lambda: search("genetic", population=4, elite=4), "elite=4 .*less than population=4"),
    "tournament": (lambda: search("genetic", tournament=0), "tournament=0 .*from 1 up"),
    "crossover": (lambda: search("genetic", crossover=1.5), "crossover=1.5 .*from 0 to 1"),
    "mutation": (lambda: search("genetic", mutation=-0.5), "mutation=-0.5 .*from 0 to 1"),
    "regularized": (
        lambda: search("genetic", regularized=True, library="optuna"),
        "regularized=True needs library='plain'",
    ),
    "no epochs": (lambda: search("hyperband", PLAIN), "has no epochs to deal out. Type epochs=27"),
    "eta": (lambda: search("hyperband", eta=1), "eta=1 .*from 2 up"),
    "bracket": (lambda: search("hyperband", bracket=7), "bracket=7 .*Allowed: 2, 1, 0"),
    "epochs in the space": (
        lambda: search("hyperband", space=ht.SearchSpace(epochs=ht.integers(1, 3))),
        "Hyperband itself chooses the epochs",
    ),
    "brackets": (lambda: ht.hyperband_brackets(2.5, eta=1), "2 problems.*max_epochs=2.5.*eta=1"),
    "halving's scores": (
        lambda: ht.successive_halving(
            lambda batch, epochs: None, [{"x": 1}], ht.hyperband_brackets(3)[0].rungs
        ),
        "score=None .*1 numbers, one for each candidate",
    ),
    "table's own space": (
        lambda: search("random", lookup(), ht.SearchSpace(unit=ht.integers(8, 64))),
        "unit is not a hyperparameter of this table. Did you mean 'units'",
    ),
    "manual's objective": (lambda: ht.manual_search(3, SPACE), "objective=3 .*an objective"),
    "manual's point": (
        lambda: ht.manual_search(PLAIN, SPACE).try_(x=2, m=3),
        "try_: .*m is not a known name.*x=2 .*from 0.0 to 1.0",
    ),
    "manual's guess": (
        lambda: ht.manual_search(PLAIN, SPACE).try_(x=0.5, n=1, guess="high"),
        "guess='high' .*a number.*guess=0.9",
    ),
    "model's space": (lambda: gp({"x": 1}), r"space=\{'x': 1\} .*a search space"),
    "model's noise": (lambda: gp(noise=-1), "noise=-1 .*from 0 up"),
    "model's startup": (lambda: gp(startup=0), "startup=0 .*from 1 up"),
    "model's direction": (lambda: gp(direction="max"), "direction='max' .*'maximize', 'minimize'"),
    "half an observation": (lambda: gp().observe({"x": 0.5}, 1.0), "n is missing"),
    "observation None": (lambda: gp().observe({"x": 0.5, "n": 1}, None), "value=None .*a number"),
    "nothing observed": (lambda: gp().incumbent, r"nothing was observed yet.*search.observe\("),
}
RECORDS = {
    "all at once": (
        lambda: record(1, 2, seed="a", trials=True, max_epochs=-1, max_seconds="1"),
        "6 problems.*objective=1.*space=2.*seed='a'.*trials=True.*max_epochs=-1.*max_seconds='1'",
    ),
    "log a folder": (lambda: record(log=folder()), "cannot be written.*log='search.log'"),
    "stranger": (lambda: record().evaluate({"y": 1}), "y is not a known name. Known: x, n"),
    "no point": (lambda: record().evaluate(None), "params=None .*a mapping"),
    "epochs": (lambda: record(SLOW).evaluate({"x": 1, "n": 1}, "a"), "epochs='a' .*a whole number"),
    "search not fitted": (
        lambda: ht.SearchResult.from_sklearn(grid_of_scikit_learn()),
        r"no cv_results_. Type search.fit\(x, y\) first",
    ),
    "search of another space": (
        lambda: ht.SearchResult.from_sklearn(
            grid_of_scikit_learn().fit(iris().x_train, iris().y_train), SPACE
        ),
        "C is not a known name.*Known: x, n",
    ),
    "Hyperopt's trials": (lambda: ht.SearchResult.from_hyperopt(None, {}), "trials=None .*Trials"),
    "Hyperopt's space": (
        lambda: ht.SearchResult.from_hyperopt(trials_of_hyperopt(), None),
        "hyperopt_space=None .*the space that fmin got",
    ),
    "Hyperopt's other space": (
        lambda: ht.SearchResult.from_hyperopt(trials_of_hyperopt(), {"y": 1}),
        "x is not a known name",
    ),
    "KerasTuner's tuner": (lambda: ht.SearchResult.from_keras_tuner(None), "tuner=None .*a KerasT"),
    "Optuna's study": (lambda: ht.SearchResult.from_optuna(FRAME), "study=.*an Optuna study"),
    "two objectives": (
        lambda: ht.SearchResult.from_optuna(study(directions=["minimize", "maximize"])),
        "has 2 objectives, and one can be viewed",
    ),
    "best of none": (
        lambda: ht.SearchResult.from_optuna(study()).best_params,
        r"No trial of this search is complete \(none was run\)",
    ),
    "importances of none": (
        lambda: ht.SearchResult.from_optuna(study()).importances(),
        "at least two complete trials .* Type more trials",
    ),
    "model of a function": (lambda: result().best_model(), "needs a search on ht.TrainObjective"),
}
COMPARISONS = {
    "one name": (lambda: ht.compare("random", lookup()), r"searches='random' .*=\[\"grid\""),
    "nothing": (lambda: ht.compare({}, lookup()), r"searches=\{\} .*names of methods"),
    "objective": (
        lambda: ht.compare(["grid"], SLOW),
        r"objective=.*ht.TableObjective\(\"digits\"\)",
    ),
    "trials": (lambda: ht.compare(["grid"], lookup(), trials=0), "trials=0 .*from 1 up"),
    "repeats": (lambda: ht.compare(["grid"], lookup(), repeats=1.5), "repeats=1.5 .*whole number"),
    "statistic": (
        lambda: ht.compare(["grid"], lookup(), statistic="mean"),
        "Did you mean 'median'",
    ),
    "confidence": (
        lambda: ht.compare(["grid"], lookup(), confidence=95),
        "confidence=95 .*between 0",
    ),
    "seed": (lambda: ht.compare(["grid"], lookup(), seed="a"), "seed='a' .*a whole number"),
    "method": (lambda: ht.compare(["tpee"], ht.TableObjective()), "method='tpee'.* mean 'tpe'"),
    "method not stored": (
        lambda: ht.compare(["tpe"], lookup()),
        "no histories for the made up table",
    ),
    "more than is stored": (
        lambda: ht.compare(["tpe"], ht.TableObjective(), trials=3000, repeats=3),
        "'tpe' is stored for .*Type repeats=3, trials=100",
    ),
    "function without result": (
        lambda: ht.compare({"mine": lambda *_, **__: None}, lookup(), trials=3, repeats=2),
        "searches=None .*a function that returns a SearchResult",
    ),
    "what": (lambda: race().at(what="regrets"), "what='regrets'.* Did you mean 'regret'"),
    "against": (lambda: race().curves(against="time"), "against='time' .*'trials', 'epochs'"),
    "budget": (lambda: race().at("all"), "budget='all' .*a number"),
    "target": (lambda: race().budget_to("best"), "target='best' .*a number"),
    "name": (lambda: race().probability("random", "gird"), "b='gird'.* Did you mean 'grid'"),
}
plot, widget = ht.plots, ht.widgets
FIGURES = {
    "figure": (
        lambda: plot.heat_map(None, "x", "n"),
        "result=None .*a SearchResult, an Optuna study or a data frame",
    ),
    "column": (
        lambda: plot.heat_map(result(), "lr", "n"),
        "heat_map: x='lr' .*Allowed: 'trial', 'x'",
    ),
    "column twice": (lambda: plot.heat_map(result(), "x", "x"), "y='x' .*a knob other than x"),
    "over": (lambda: plot.heat_map(result(), "x", "n", over="bets"), "Did you mean 'best'"),
    "values of text": (
        lambda: plot.heat_map(result().to_frame().assign(value="text"), "x", "n"),
        "nothing to show",
    ),
    "direction": (lambda: plot.history(result(), direction="max"), "direction='max' .*'maximize'"),
    "no rows": (lambda: plot.history(pd.DataFrame()), "has no rows: run a search first"),
    "axes": (lambda: plot.history(result(), ax=3), "ax=3 .*Matplotlib's axes, or None"),
    "levels": (lambda: plot.grid_cost(None), "levels=None .*integers from 1 up"),
    "cost": (
        lambda: plot.grid_cost(3, knobs=0, seconds=-1, workers="a"),
        "3 problems.*knobs=0.*workers='a'.*seconds=-1",
    ),
    "importances": (lambda: plot.importance({"a": "b"}), "importances=.*a share from 0 up"),
    "curves": (lambda: plot.learning_curves([1, 2]), r"curves=\[1, 2\] .*a 'loss' entry per epoch"),
    "scores": (lambda: plot.optimism("a", SCORES), "validation='a' .*numbers"),
    "shapes": (lambda: plot.optimism(SCORES, SCORES[:, :2]), r"test=\(3, 2\) .*\(3, 4\)"),
    "trials": (lambda: plot.optimism(SCORES, SCORES, trials=[9]), r"trials=\[9\] .*from 1 to 4"),
    "paths": (
        lambda: plot.paths(lambda x, y: x, [(1, 1)], minimum=(0, 0)),
        r"paths=\[.*a dict of paths",
    ),
    "path": (
        lambda: plot.paths(lambda x, y: x, {"a": "b"}, minimum=(0, 0)),
        r"paths\['a'\]='b' .*numbers",
    ),
    "range": (
        lambda: plot.paths(lambda x, y: x, {"a": [(1, 1)]}, minimum=(0, 0), x_range=(1,)),
        r"x_range=\(1,\) .*the lower one first",
    ),
    "surface": (lambda: plot.projections(None), "surface=None .*a function of two arrays"),
    "points": (lambda: plot.projections(lambda x, y: x, points=5), "points=5 .*a square number"),
    "race": (lambda: plot.race([1]), r"values=\[1\] .*a dict from method"),
    "race of texts": (lambda: plot.race({"a": "b"}), r"values\['a'\]='b' .*numbers"),
    "against": (lambda: plot.race({"a": SCORES}, against="epochs"), "cost=None .*spent in epochs"),
    "cost of another": (
        lambda: plot.race({"a": SCORES}, cost=[1], against="epochs"),
        r"cost=\[1\] .*a dict from method",
    ),
    "rates": (lambda: plot.range_test([1, 2], [1, 2]), "at least 4 positive, rising numbers"),
    "rates None": (lambda: plot.range_test(None, None), "learning_rate=None .*numbers"),
    "tolerance": (
        lambda: plot.sensitivity(result(), knob="x", by="n", tolerance="a"),
        "tolerance='a' .*from 0 up",
    ),
    "surrogate": (
        lambda: plot.surrogate("a", [1], [1], [1], [1], acquisition=[1]),
        "x='a' .*numbers",
    ),
    "workers": (
        lambda: plot.timeline(
            pd.DataFrame({"worker": [0, 1], "start": [0, 0], "end": [1, 1]}), workers=1
        ),
        "workers=1 .*at least the 2",
    ),
    "widget's table": (lambda: widget.bracket_stepper("digit"), "Did you mean 'digits'"),
    "widget's objective": (lambda: widget.cluster(SLOW), "objective=.*a table's name, or"),
    "widget's truth": (lambda: widget.bayesian_stepper(3), "truth=3 .*'digits', 'breast_cancer'"),
    "widget's levels": (
        lambda: widget.grid_arithmetic({"a": 0}),
        "1 to 6 names with 1 to 12 levels",
    ),
    "widget's data": (lambda: widget.knob_panel("digts"), "Did you mean 'digits'"),
    "widget's start": (lambda: widget.knob_panel("iris", start={"unit": 3}), "mean 'units'"),
    "widget's methods": (lambda: widget.method_race(methods="tp"), "method='tp'.* mean 'tpe'"),
    "widget's optimizers": (
        lambda: widget.optimizer_race(optimizers="adm"),
        "='adm'.* mean 'adam'",
    ),
}
LESSONS = {
    "lesson": (lambda: ht.exercises.exercises_of(99), "lesson='lesson_99'.* Allowed: 'lesson_00'"),
    "progress": (lambda: ht.progress("lesson2"), "Did you mean 'lesson_02'"),
    "claim": (
        lambda: ht.Claim(99, "", "", "hold"),
        "2 problems.*number=99.*verdict='hold'.* Did you mean 'holds'",
    ),
    "claims": (lambda: ht.claims_box("mine"), "claims='mine' .*of ht.Claim"),
    "ledger": (
        lambda: ht.claims_ledger("nowhere"),
        "folder='nowhere' .*a folder of executed lessons",
    ),
}
CORPUS = [
    pytest.param(call, says, id=f"{subject}: {name}")
    for subject, cases in (
        ("data", DATA),
        ("space", SPACES),
        ("network", NETWORKS),
        ("objective", OBJECTIVES),
        ("search", SEARCHES),
        ("record", RECORDS),
        ("compare", COMPARISONS),
        ("figure", FIGURES),
        ("lesson", LESSONS),
    )
    for name, (call, says) in cases.items()
]


def refused(call, says):
    """Return the error that a call raises, which must be ours and say what is expected of it."""
    with pytest.raises(HpoTutorError) as caught:
        call()
    message = str(caught.value)
    assert re.search(says, message, re.S), message
    assert isinstance(caught.value, ArgumentError | DataError | LogError | SealError) or (
        type(caught.value) is HpoTutorError
    )
    assert not re.search(r"[0-9a-f]{8}>", message), "an address tells a learner nothing"
    return caught.value


@pytest.mark.parametrize(("call", "says"), CORPUS)
def test_bad_input_is_refused_in_our_words(call, says):
    refused(call, says)


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("method", METHODS)
def test_every_search_refuses_bad_arguments(method, argument):
    value, says = ARGUMENTS[argument]
    refused(lambda: search(method, **{argument.strip(): value()}), says)


def test_the_corpus_is_large():
    assert len(CORPUS) + len(ARGUMENTS) * len(METHODS) >= 300
    assert len({param.id for param in CORPUS}) == len(CORPUS)


# ── answers of a learner's own function, which end no search ─────────────────────────────────
@pytest.mark.parametrize(
    ("function", "status", "says"),
    [
        (lambda params: None, "failed", r"returned None \(is a return missing\?\)"),
        (lambda params: "0.9", "failed", "returned '0.9'; it must return a number"),
        (lambda params: [0.9], "failed", r"returned \[0.9\]; it must return a number"),
        (lambda params: True, "failed", "returned True; it must return a number"),
        (lambda params: NAN, "diverged", "returned nan"),
        (lambda params: -float("inf"), "diverged", "returned -inf"),
        (lambda params: params["y"], "failed", "KeyError: 'y'"),
        (lambda: 1.0, "failed", "TypeError: .*positional argument"),
    ],
)
def test_a_function_that_gives_no_number_is_a_trial_without_value(function, status, says):
    evaluation = ht.FunctionObjective(function).evaluate({"x": 0.5})
    assert evaluation.status == status and np.isnan(evaluation.value)
    assert re.search(says, evaluation.reason)


@pytest.mark.parametrize("engine", ["keras", "fused"])
@pytest.mark.parametrize(
    ("params", "says"),
    [
        ({"unit": 3}, "unit is not a known name. Did you mean 'units'"),
        ({"batch_size": 0}, "batch_size=0 is not allowed"),
        ({"optimizer": "adm"}, "optimizer='adm' is not allowed. Did you mean 'adam'"),
    ],
)
def test_a_training_that_cannot_be_is_a_trial_without_value(engine, params, says):
    evaluation = train(engine=engine, epochs=1).evaluate(params)
    assert evaluation.status == "failed"
    assert says in evaluation.reason


# ── misspelt names, and exercises ────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("module", "name", "says"),
    [
        (ht, "grid_serch", "Did you mean 'grid_search'"),
        (ht.plots, "heatmap", "Did you mean 'heat_map'"),
        (ht.widgets, "knobpanel", "Did you mean 'knob_panel'"),
        (ht.exercises, "lesson_99", "It has: .*lesson_00"),
    ],
)
def test_a_misspelt_name_is_corrected(module, name, says):
    with pytest.raises(AttributeError, match=says):
        getattr(module, name)


@pytest.mark.parametrize(
    "answer", [None, NAN, "", [], {}, object(), len, int, b"\xff", 10**400, 1j]
)
def test_a_check_answers_nonsense_kindly(answer):
    for exercise in ht.exercises.exercises_of(2):
        verdict = exercise.judge(answer)
        assert verdict.status == "not yet"
        assert "Traceback" not in str(verdict)


# ── the command ──────────────────────────────────────────────────────────────────────────────
SCRIPTS = {"links.py": links, "tables/build.py": build, "tables/verify.py": verify}
SCRIPTS |= {"tables/timing.py": timing, "tables/histories.py": histories}
COMMANDS = [
    ("table info digit", 1, "Did you mean 'digits'"),
    ("tables/build.py digit", 1, "name='digit'.* Did you mean 'digits'"),
    ("tables/build.py digits --output {no}/x.npz --work {new}", 1, "cannot be written .*--output"),
    ("tables/build.py digits --output {new}/x.npz --work {file}", 1, "cannot be made .*--work"),
    ("tables/verify.py digit", 1, "Did you mean 'digits'"),
    ("tables/verify.py digits --sample 1", 1, "sample=1 .*from 2 to 5184"),
    ("tables/verify.py digits --seed -1", 1, "seed=-1 .*a whole number"),
    ("tables/verify.py {file}", 1, "is damaged, or no such file"),
    ("tables/timing.py digits --repeats 0", 1, "repeats=0 .*from 1 up"),
    ("tables/histories.py digits --repeats 0", 1, "repeats=0 .*from 1 up"),
    ("tables/histories.py digits --methods tpee", 1, "Did you mean 'tpe'"),
    ("tables/verify.py digits --sample few", 2, "invalid int value: 'few'"),
    ("tabel", 2, "invalid choice: 'tabel'"),
    ("doctor --fix", 2, "unrecognized arguments: --fix"),
    ("assign 99 --to {new}", 1, "lesson='99' .*Allowed: '00_start_here'"),
    ("assign 02_grid_serch --to {new}", 1, "Did you mean '02_grid_search'"),
    ("assign 02", 2, "the following arguments are required: --to"),
    ("assign 02 --to {file}/course", 1, "The course cannot be written"),
    ("grade {new}", 1, "is no course: it has no folder source.*you gave to hpotutor assign"),
    ("grade {file}", 1, "is no course"),
    ("links.py a/b", 1, "changes the files of the project, and this folder is not in it"),
    ("lab {file} --copy-only", 1, "cannot be written .*hpotutor lab FOLDER"),
]


@pytest.mark.parametrize(("typed", "code", "says"), COMMANDS)
def test_a_bad_command_says_what_to_type(typed, code, says, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.npz").write_bytes(b"hello")
    places = {"file": tmp_path / "file.npz", "new": tmp_path / "new", "no": tmp_path / "no" / "no"}
    try:
        command, *words = [word.format(**places) for word in typed.split()]
        script = SCRIPTS.get(command)
        run = cli.main if script is None else script.main
        given = words if script else [command, *words]
        status = cli.exit_status(lambda: run(given))
    except SystemExit as left:  # how argparse ends
        status = left.code
    said = capsys.readouterr().err
    assert status == code
    assert re.search(says, said, re.S), said
    assert "Traceback" not in said

"""What calls with bad input are made with, each made once and only when it is needed."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest

import hpotutor as ht
from hpotutor.errors import HpoTutorError, MissingExtra, SearchFailed
from tests.messages import refused
from tests.small_table import small_table

NAN = float("nan")
SPACE = ht.SearchSpace(x=ht.uniform(0, 1), n=ht.integers(1, 4))
SLOW = ht.FunctionObjective(lambda params, epochs: params["x"] * epochs, epochs=9)
PLAIN = ht.FunctionObjective(lambda params: params["x"])
SCORES = np.linspace(0, 1, 12).reshape(3, 4)
FRAME = pd.DataFrame({"a": np.arange(20.0), "b": np.arange(20) % 2, "s": ["u"] * 20})


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


def corpus(**subjects):
    """Return the cases of all subjects, as ``parametrize`` takes them: a call, what it must say."""
    return [
        pytest.param(call, says, id=f"{subject}: {name}")
        for subject, cases in subjects.items()
        for name, (call, says) in cases.items()
    ]


def check_refused(call, says):
    """Make a call that has to fail, and not for what is missing here or after trials were run."""
    with refused(f"(?s){says}", error=HpoTutorError) as caught:
        call()
    assert not isinstance(caught.value, MissingExtra | SearchFailed)

"""Bad input to networks, objectives and searches: what it says, instead of what a library would.

What data and spaces, figures and lessons, and commands are told: the files beside this one.
"""

from __future__ import annotations

import re

import numpy as np
import pytest

import hpotutor as ht
from tests.robustness.bad_calls import (
    FRAME,
    NAN,
    PLAIN,
    SLOW,
    SPACE,
    check_refused,
    cnn,
    corpus,
    file,
    fit,
    folder,
    gp,
    grid_of_scikit_learn,
    iris,
    lookup,
    mlp,
    record,
    result,
    search,
    study,
    table,
    train,
    trials_of_hyperopt,
)

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
    "fitted on one class": (
        lambda: fit(y=np.zeros(90)),
        "y holds 1 class.* Give a classifier 2 or more",
    ),
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


@pytest.mark.parametrize(
    ("call", "says"),
    corpus(network=NETWORKS, objective=OBJECTIVES, search=SEARCHES, record=RECORDS),
)
def test_bad_input_is_refused_in_our_words(call, says):
    check_refused(call, says)


@pytest.mark.parametrize("argument", ARGUMENTS)
@pytest.mark.parametrize("method", METHODS)
def test_every_search_refuses_bad_arguments(method, argument):
    value, says = ARGUMENTS[argument]
    check_refused(lambda: search(method, **{argument.strip(): value()}), says)


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

"""Searches of other libraries, imported: what the library's own result says, ours says too."""

import math

import hyperopt
import numpy as np
import optuna
import pytest
from hyperopt import hp
from sklearn.exceptions import FitFailedWarning
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, HalvingRandomSearchCV
from sklearn.neural_network import MLPClassifier
from sklearn.tree import DecisionTreeClassifier

import hpotutor as ht
from hpotutor.errors import ArgumentError

X = np.random.default_rng(0).normal(size=(200, 4))
Y = (X[:, 0] + 0.5 * np.random.default_rng(1).normal(size=200) > 0).astype(int)
GRID = {"max_depth": [1, 2, 3, 4, 5, 6], "min_samples_leaf": [1, 5, 9]}
TREE = DecisionTreeClassifier(random_state=0)
ours = ht.SearchResult.from_sklearn


# ── scikit-learn ─────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("halving", [HalvingGridSearchCV, HalvingRandomSearchCV])
def test_a_halving_search_is_won_on_its_last_rung(halving):
    theirs = halving(TREE, GRID, cv=3, factor=2, random_state=0).fit(X, Y)
    scores, rungs = theirs.cv_results_["mean_test_score"], theirs.cv_results_["iter"]
    assert max(scores) > theirs.best_score_  # by luck, on a lower rung, with fewer rows
    result = ours(theirs)
    assert (result.best_params, result.best_value) == (theirs.best_params_, theirs.best_score_)
    assert result.study.best_value == result.best_so_far().iloc[-1] == theirs.best_score_
    assert [e.status == "complete" for e in result.evaluations] == list(rungs == max(rungs))


def test_of_several_metrics_the_one_that_refits_is_read():
    both = {"scoring": ["f1", "roc_auc"], "cv": 3}
    theirs = GridSearchCV(TREE, GRID, refit="f1", **both).fit(X, Y)
    assert (ours(theirs).best_params, ours(theirs).best_value) == (
        theirs.best_params_,
        theirs.best_score_,
    )
    other = ours(theirs, metric="roc_auc")
    assert other.best_value == max(theirs.cv_results_["mean_test_roc_auc"])
    assert [e.value for e in other.evaluations] == list(theirs.cv_results_["mean_test_roc_auc"])
    with pytest.raises(
        ArgumentError, match="metric='roc_au' is not allowed. Did you mean 'roc_auc'"
    ):
        ours(theirs, metric="roc_au")
    none = GridSearchCV(TREE, GRID, refit=False, **both).fit(X, Y)
    with pytest.raises(ArgumentError, match=r"has 2 metrics .* metric='f1', metric='roc_auc'"):
        ours(none)
    assert ours(none, metric="f1").best_value == ours(theirs).best_value


def test_a_rule_of_ones_own_that_refits_chooses_the_best():
    def simplest(results):
        return int(np.argmin(results["mean_test_score"]))

    theirs = GridSearchCV(TREE, GRID, refit=simplest, cv=3).fit(X, Y)
    assert ours(theirs).best_params == theirs.best_params_
    assert ours(theirs).best_value == min(theirs.cv_results_["mean_test_score"])


def test_a_fit_or_a_score_that_failed_says_so():
    def score(model, x, y):
        return math.nan if model.max_depth == 2 else model.score(x, y)

    theirs = GridSearchCV(TREE, {"max_depth": [-1, 1, 2]}, cv=2, scoring=score)
    with pytest.warns(FitFailedWarning):
        theirs.fit(X, Y)
    result = ours(theirs)
    assert [e.status for e in result.evaluations] == ["failed", "complete", "failed"]
    assert "scikit-learn recorded no score in 2 of 2 splits" in result.evaluations[0].reason
    assert repr(result).startswith("SearchResult(3 trials, 2 failed, ")
    told = GridSearchCV(TREE, {"max_depth": [-1, 1]}, cv=2, error_score=0.0)
    with pytest.warns(FitFailedWarning):
        told.fit(X, Y)
    assert [e.value > 0 for e in ours(told).evaluations] == [False, True]  # as it was asked to


def test_tuples_and_what_only_some_candidates_have():
    net = MLPClassifier(max_iter=2)
    grid = [{"hidden_layer_sizes": [(8, 4), (2,)]}, {"alpha": [0.1]}]
    with pytest.warns(UserWarning, match="Maximum iterations"):
        theirs = GridSearchCV(net, grid, cv=2).fit(X, Y)
    result = ours(theirs)
    assert [e.params for e in result.evaluations] == theirs.cv_results_["params"]
    assert result.best_params == theirs.best_params_
    assert result.to_frame()["hidden_layer_sizes"].tolist()[:2] == ["(8, 4)", "(2,)"]
    assert len(result.study.trials) == 3


# ── Hyperopt ─────────────────────────────────────────────────────────────────────────────────
def minimize(space, loss, evaluations=12):
    trials = hyperopt.Trials()
    best = hyperopt.fmin(
        loss, space, algo=hyperopt.rand.suggest, max_evals=evaluations, trials=trials,
        rstate=np.random.default_rng(0), show_progressbar=False, verbose=False,
    )  # fmt: skip
    return ht.SearchResult.from_hyperopt(trials, space), hyperopt.space_eval(space, best)


def test_nested_spaces_are_told_by_their_inner_names():
    net = {"units": hp.choice("u", [16, 32]), "lr": hp.loguniform("r", -5, 0)}
    result, best = minimize({"net": net, "seed": 3}, lambda p: p["net"]["lr"])
    assert result.best_params == {**best["net"], "seed": 3}
    assert result.best_params["units"] in (16, 32)


def test_a_name_that_stands_twice_gets_its_path():
    space = {"a": {"units": hp.randint("x", 9)}, "b": {"units": hp.randint("y", 9)}, "units": 1}
    result, best = minimize(space, lambda p: p["a"]["units"] - p["b"]["units"])
    told = {"a.units": best["a"]["units"], "b.units": best["b"]["units"], "units": 1}
    assert result.best_params == told


def test_options_that_are_not_taken_are_missing_and_tuples_stay():
    space = hp.choice("kind", [
        {"kind": "tree", "depth": hp.randint("depth", 5)},
        {"kind": "net", "layers": hp.choice("layers", [(64, 32), (16,)])},
    ])  # fmt: skip
    result, best = minimize(space, lambda p: p["kind"] == "tree")
    assert result.best_params == best and isinstance(best["layers"], tuple)
    for evaluation in result.evaluations:
        other = {"tree": "layers", "net": "depth"}[evaluation.params["kind"]]
        assert other not in evaluation.params
    assert len(result.study.trials) == 12


@pytest.mark.parametrize(
    ("space", "names"), [(hp.uniform("x", 0, 1), ["x"]), ([hp.uniform("x", 0, 1), 2], ["0", "1"])]
)
def test_a_space_that_is_no_dict(space, names):
    result, best = minimize(space, lambda p: p[0] if isinstance(p, tuple) else p)
    assert list(result.best_params) == names
    assert result.best_params[names[0]] == (best if len(names) == 1 else best[0])


def test_a_status_that_is_not_ok_is_a_failure():
    def loss(params):
        if params["x"] < 0.3:
            return {"status": "fail", "failure": "too small"}
        return {"status": "fail"} if params["x"] < 0.6 else {"status": "ok", "loss": params["x"]}

    result, _ = minimize({"x": hp.uniform("x", 0, 1)}, loss)
    reasons = {e.reason for e in result.evaluations}
    assert reasons == {"", "too small", "its status is 'fail'"}


# ── KerasTuner and Optuna ────────────────────────────────────────────────────────────────────
def test_what_a_tuner_declares_and_does_not_use_is_missing(tmp_path):
    import keras_tuner as kt

    def declare(chosen):
        layers = chosen.Int("layers", 1, 2)
        with chosen.conditional_scope("layers", [2]):
            if layers == 2:
                chosen.Int("units_2", 8, 64)

    class Tuner(kt.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            declare(trial.hyperparameters)
            if trial.hyperparameters.values.get("units_2", 0) > 50:
                raise kt.errors.FailedTrialError("too many units")
            return {"score": trial.hyperparameters.get("layers")}

    tuner = Tuner(
        objective=kt.Objective("score", "max"), max_trials=9, seed=3, directory=tmp_path,
        hypermodel=declare, max_consecutive_failed_trials=9,
    )  # fmt: skip
    tuner.search(verbose=0)
    result = ht.SearchResult.from_keras_tuner(tuner)
    assert all(("units_2" in e.params) == (e.params["layers"] == 2) for e in result.evaluations)
    best = tuner.get_best_hyperparameters()[0]
    assert result.best_params["layers"] == best.values["layers"] == 2
    failed = [e for e in result.evaluations if e.status == "failed"]
    assert failed and all("too many units" in e.reason for e in failed)


def test_a_failed_trial_of_optuna_is_a_failure():
    study = optuna.create_study()

    def objective(trial):
        x = trial.suggest_float("x", 0, 1)
        if x < 0.5:
            raise ValueError("no")
        return x

    study.optimize(objective, n_trials=9, catch=ValueError)
    result = ht.SearchResult.from_optuna(study)
    assert result.best_params == study.best_params
    failed = [e for e in result.evaluations if e.status == "failed"]
    assert failed and all("Optuna" in e.reason for e in failed)
    assert f"9 trials, {len(failed)} failed" in result._repr_html_()


def test_tuples_of_an_optuna_study_stay_tuples_through_a_file(tmp_path):
    storage = f"sqlite:///{tmp_path}/x.db"
    study = optuna.create_study(storage=storage, study_name="x")
    with pytest.warns(UserWarning):
        study.optimize(lambda t: sum(t.suggest_categorical("h", [(4, 2), (1,)])), n_trials=6)
        result = ht.SearchResult.from_optuna(optuna.load_study(study_name="x", storage=storage))
    assert result.best_params == {"h": (1,)}


def test_a_failed_trial_of_hyperopt_may_have_a_loss_of_none():
    def loss(params):
        return {"status": "fail", "loss": None} if params["x"] < 0 else params["x"]

    space, trials = {"x": hp.uniform("x", -1, 1)}, hyperopt.Trials()
    settings = {"rstate": np.random.default_rng(0), "show_progressbar": False, "verbose": False}
    hyperopt.fmin(
        loss,
        space,
        hyperopt.rand.suggest,
        8,
        trials=trials,
        catch_eval_exceptions=False,
        **settings,
    )
    result = ht.SearchResult.from_hyperopt(trials, space)
    assert {e.status for e in result.evaluations} == {"complete", "failed"}


def test_a_metric_with_signs_in_its_name_keeps_the_reason_of_a_failure():
    x, y = np.arange(20.0)[:, None], np.arange(20) % 2
    search = GridSearchCV(
        DecisionTreeClassifier(), {"max_depth": [1, -1]}, scoring={"r2+": "r2"}, refit="r2+", cv=2
    )
    with pytest.warns(FitFailedWarning):
        search.fit(x, y)
    result = ht.SearchResult.from_sklearn(search)
    assert "2 of 2 splits" in result.evaluations[1].reason

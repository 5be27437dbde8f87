"""Searches of other libraries, imported: what the library's own result says, ours says too."""

import math
from types import SimpleNamespace

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
from tests.messages import refused, told

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
    with refused("metric='roc_au' is not allowed. Did you mean 'roc_auc'"):
        ours(theirs, metric="roc_au")
    none = GridSearchCV(TREE, GRID, refit=False, **both).fit(X, Y)
    with refused(r"has 2 metrics .* metric='f1', metric='roc_auc'"):
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


# ── what any library leaves, made by hand ────────────────────────────────────────────────────
def searched(params, values, **more):
    """Return what a fitted search of scikit-learn has."""
    told = {"params": params, "mean_test_score": np.asarray(values, float)}
    count = len(params)
    told |= {"mean_fit_time": np.full(count, 2.0), "mean_score_time": np.full(count, 0.5)}
    results = more.pop("results", {})
    return SimpleNamespace(cv_results_={**told, **results}, **more)


def test_a_search_of_scikit_learn_costs_its_seconds_and_no_epochs():
    result = ours(searched([{"a": 1}, {"a": 2}], [0.5, 0.7], refit=True, best_index_=1))
    assert result.cost == (2, 0, 5.0) and result.best_params == {"a": 2}
    assert result.direction == "maximize"
    assert [e.reason for e in result.evaluations] == ["", ""]


@pytest.mark.parametrize(
    ("resource", "epochs"),
    [("epochs", [3, 9]), ("fit__epochs", [3, 9]), ("n_samples", [0, 0])],
)
def test_a_halving_by_epochs_tells_them(resource, epochs):
    results = {"n_resources": np.array([3, 9]), "iter": np.array([0, 1])}
    result = ours(searched([{"a": 1}] * 2, [0.9, 0.7], results=results, resource=resource))
    assert [e.epochs for e in result.evaluations] == epochs
    assert [e.status for e in result.evaluations] == ["pruned", "complete"]
    assert result.evaluations[0].reason == "judged on rung 0 only"


def test_the_librarys_choice_stands_where_it_is_of_this_metric():
    two = {"mean_test_f1": np.array([0.5, 0.9]), "mean_test_auc": np.array([0.9, 0.5])}
    theirs = searched([{"a": 1}, {"a": 2}], [0, 0], results=two, refit="f1", best_index_=0)
    del theirs.cv_results_["mean_test_score"]
    assert ours(theirs).best_params == {"a": 1}  # chosen by a rule of their own
    assert ours(theirs, metric="f1").best_params == {"a": 1}
    assert ours(theirs, metric="auc").best_params == {"a": 1}  # its best
    theirs.best_index_ = 1
    assert ours(theirs).best_params == {"a": 2}
    assert ours(theirs, metric="auc").best_params == {"a": 1}
    one = searched([{"a": 1}, {"a": 2}], [0.5, 0.9], refit=True, best_index_=0)
    assert ours(one).best_params == ours(one, metric="score").best_params == {"a": 1}
    del one.best_index_  # with refit=False there is none
    assert ours(one).best_params == {"a": 2}


def test_the_splits_without_a_score_are_counted():
    splits = {f"split{n}_test_score": np.array(v) for n, v in enumerate([[1, np.nan], [1, 0.5]])}
    splits["split0_test_other"] = np.array([np.nan, np.nan])
    result = ours(searched([{"a": 1}, {"a": 2}], [1.0, math.nan], results=splits))
    assert [e.status for e in result.evaluations] == ["complete", "failed"]
    assert result.evaluations[1].reason == (
        "scikit-learn recorded no score in 1 of 2 splits: the fit or its scoring failed there. "
        'error_score="raise" shows how'
    )


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([3, 1, 7], "ht.integers(1, 7)"),
        ([0.5, 0.25], "ht.uniform(0.25, 0.5)"),
        ([0.01, 1.0], "ht.uniform(0.01, 1.0)"),  # two powers of ten are not more than two
        ([0.01, 1.01], "ht.loguniform(0.01, 1.01)"),
        ([0.5, 50.5], "ht.loguniform(0.5, 50.5)"),
        ([0.0, 1.0], "ht.uniform(0.0, 1.0)"),
        ([-1.0, 500.0], "ht.uniform(-1.0, 500.0)"),
        ([1, 2.5], "ht.uniform(1.0, 2.5)"),
        ([True, False, True], "ht.choice(True, False)"),
        (["b", "a", "b"], 'ht.choice("b", "a")'),
        ([None, 3], "ht.choice(None, 3)"),
    ],
)
def test_the_narrowest_space_that_holds_the_values(values, shown):
    result = ours(searched([{"a": value} for value in values], range(len(values))))
    assert f"a={shown}," in repr(result.space)
    assert [e.params["a"] for e in result.evaluations] == values


def test_a_space_of_ones_own_is_kept_and_must_hold_all_names():
    theirs = searched([{"a": 1}, {"a": 2}], [0.5, 0.7])
    space = ht.SearchSpace(a=ht.integers(1, 64))
    assert "ht.integers(1, 64)" in repr(ours(theirs, space).space)
    with refused(r"^SearchResult: a is not a known name.*Known: b\."):
        ours(theirs, ht.SearchSpace(b=ht.integers(1, 64)))


def test_values_that_are_no_scalars_are_text_and_infinite_scores_diverge():
    theirs = searched([{"a": TREE, "b": (1, "x")}, {"a": [1], "b": (TREE,)}], [math.inf, 0.5])
    result = ours(theirs)
    first, second = (e.params for e in result.evaluations)
    assert first == {"a": str(TREE), "b": (1, "x")}
    assert second["b"] == str((TREE,))
    ended = result.evaluations[0]
    assert (ended.status, ended.reason) == ("diverged", "the value is inf")
    assert (result.evaluations[1].status, result.evaluations[1].reason) == ("complete", "")


@pytest.mark.parametrize("direction", ["max", "min"])
def test_trials_of_a_tuner_have_their_epochs_their_order_and_a_reason(direction):
    import keras_tuner as kt

    def trial(units, score, message=None, epochs=None):
        chosen = kt.HyperParameters()
        chosen.Int("units", 1, 99)
        chosen.values |= {"units": units} | ({"tuner/epochs": epochs} if epochs else {})
        return SimpleNamespace(hyperparameters=chosen, score=score, message=message)

    trials = {
        "2": trial(30, None, "Traceback:\n  File x\nValueError: too many\n"),
        "0": trial(10, 0.5, epochs=4),
        "1": trial(20, 0.75),
        "3": trial(40, None),
    }
    goal = SimpleNamespace(direction=direction)
    tuner = SimpleNamespace(oracle=SimpleNamespace(trials=trials, objective=goal))
    result = ht.SearchResult.from_keras_tuner(tuner)
    assert [e.params for e in result.evaluations] == [{"units": u} for u in (10, 20, 30, 40)]
    assert [e.epochs for e in result.evaluations] == [4, 0, 0, 0]
    assert [e.status for e in result.evaluations] == ["complete"] * 2 + ["failed"] * 2
    reasons = ["", "", "ValueError: too many", "KerasTuner gave no score and no message"]
    assert [e.reason for e in result.evaluations] == reasons
    assert result.direction == f"{direction}imize"
    assert result.best_params == {"units": 20 if direction == "max" else 10}


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: ours(TREE), "from_sklearn: this search has no cv_results_. Type search.fit(x, y) "
         "first."),
        (lambda: ht.SearchResult.from_hyperopt(3, {}), "from_hyperopt: trials=3 is not allowed. "
         "Allowed: hyperopt's Trials. Type for instance "
         "SearchResult.from_hyperopt(trials=trials)."),
        (lambda: ht.SearchResult.from_hyperopt(hyperopt.Trials(), 3), "from_hyperopt: "
         "hyperopt_space=3 is not allowed. Allowed: the space that fmin got. Type for instance "
         "SearchResult.from_hyperopt(space)."),
        (lambda: ht.SearchResult.from_keras_tuner(3), "from_keras_tuner: tuner=3 is not allowed. "
         "Allowed: a KerasTuner tuner. Type for instance SearchResult.from_keras_tuner(tuner)."),
        (lambda: ht.SearchResult.from_optuna(3), "from_optuna: study=3 is not allowed. Allowed: an "
         "Optuna study. Type for instance SearchResult.from_optuna(optuna.create_study())."),
        (lambda: ht.SearchResult.from_optuna(optuna.create_study(directions=["minimize"] * 2)),
         "from_optuna: this study has 2 objectives, and one can be viewed. Type "
         "optuna.create_study(direction='maximize') for a study of one."),
    ],
)  # fmt: skip
def test_what_is_no_search_is_told_with_what_to_type(call, said):
    assert told(call) == said


def test_a_space_that_is_not_the_trials_own_is_told():
    trials = hyperopt.Trials()
    hyperopt.fmin(
        lambda p: p["x"], {"x": hp.uniform("x", 0, 1)}, hyperopt.rand.suggest, 1, trials=trials,
        rstate=np.random.default_rng(0), show_progressbar=False, verbose=False,
    )  # fmt: skip
    with refused(r"^from_hyperopt: x is not a known name.*Known: xx\."):
        ht.SearchResult.from_hyperopt(trials, {"x": hp.uniform("xx", 0, 1)})

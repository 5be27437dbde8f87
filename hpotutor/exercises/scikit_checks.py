"""What checks ask of scikit-learn's objects: folds, pipelines, and grids over pipelines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hpotutor.errors import did_you_mean
from hpotutor.exercises import checks
from hpotutor.exercises.engine import wrong
from hpotutor.exercises.messages import kind, reason

if TYPE_CHECKING:
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import Pipeline


def equal_shares(splitter: Any, labels: np.ndarray, folds: int = 3) -> None:
    """Refuse a splitter unless it tests each row once, and each class in equal shares.

    Parameters
    ----------
    splitter : object
        Has ``split(x, y)``, as scikit-learn's have.
    labels : numpy.ndarray of int
        Class numbers to split.
    folds : int, default 3
        How many folds are asked for.
    """
    cut = [test for _, test in splitter.split(np.zeros((len(labels), 1)), labels)]
    if len(cut) != folds:
        wrong(f"{folds} folds are asked for, and this splitter cuts {len(cut)}.")
    if sorted(np.concatenate(cut).tolist()) != list(range(len(labels))):
        wrong("Every row should be tested in exactly one fold; here some are never or twice.")
    expected = np.bincount(labels) / folds
    for fold in cut:
        if np.any(np.abs(np.bincount(labels[fold], minlength=len(expected)) - expected) > 1):
            wrong("With this splitter the folds differ in how many rows of each class they hold.")


def selector_name(pipeline: Pipeline) -> str:
    """Return the name of the step that selects features, or refuse."""
    from sklearn.feature_selection import SelectKBest

    names = [name for name, step in pipeline.steps[:-1] if isinstance(step, SelectKBest)]
    if not names:
        wrong("No `SelectKBest` stands before the network, so no feature is selected.")
    return names[0]


def network_last(pipeline: Pipeline) -> None:
    """Refuse a pipeline unless it ends in a network that scikit-learn takes for a classifier."""
    from sklearn.base import is_classifier

    name, network = pipeline.steps[-1]
    if "scikeras" not in {cls.__module__.partition(".")[0] for cls in type(network).__mro__}:
        wrong(f"The last step, `{name}`, should be an `ht.KerasClassifier`; it is {kind(network)}.")
    try:
        recognized = is_classifier(network)
    except AttributeError:  # scikit-learn 1.6 finds no tags in SciKeras's wrapper
        recognized = False
    if not recognized:
        wrong(
            "SciKeras's own wrapper is not recognized as a classifier by scikit-learn, and its "
            "folds are cut unstratified. Take `ht.KerasClassifier`."
        )


def pipeline_names(search: GridSearchCV, selector: str) -> None:
    """Refuse a grid with names that the pipeline does not know, or that leaves a part out.

    The network's hyperparameters may carry SciKeras's prefix, ``network__model__units``.

    Parameters
    ----------
    search : GridSearchCV
        Over a pipeline whose last step is the network.
    selector : str
        The name of the step that selects features.
    """
    grid = checks.param_grid(search.param_grid)
    known = set(search.estimator.get_params())
    last = search.estimator.steps[-1][0]
    for name in grid:
        if name in known or name.replace(f"{last}__model__", f"{last}__") in known:
            continue
        owners = [step for step, _ in search.estimator.steps if f"{step}__{name}" in known]
        if owners:
            wrong(
                f"A pipeline does not know `{name}`: it belongs to the step `{owners[0]}`, so it "
                f"is called `{owners[0]}__{name}` in the grid."
            )
        hint = did_you_mean(name, sorted(known))
        wrong(f"A pipeline of these steps does not know `{name}`.{hint}")
    if f"{selector}__k" not in grid:
        wrong("How many features are kept is not in the grid yet; it is `k` of `SelectKBest`.")
    network = [name for name in grid if name.startswith(f"{last}__")]
    if not network:
        wrong(f"No hyperparameter of the network, the step `{last}`, is in the grid yet.")
    for names in ([f"{selector}__k"], network):
        if all(len(grid[name]) < 2 for name in names):
            wrong(f"`{names[0]}` has one level, so that it is fixed and not searched.")


def scaled_inside(search: GridSearchCV, selector: str) -> None:
    """Refuse unless the pipeline itself scales the raw breast cancer rows, for every ``k``."""
    from sklearn.base import clone
    from sklearn.datasets import load_breast_cancer

    rows, labels = load_breast_cancer(return_X_y=True)
    features = rows.shape[1]
    for k in checks.param_grid(search.param_grid)[f"{selector}__k"]:
        if k != "all" and not 1 <= checks.whole_number(k, "a number of features") <= features:
            wrong(f"`{selector}__k` holds {k}, and these data have {features} features.")
        steps = clone(search.estimator[:-1]).set_params(**{f"{selector}__k": k})
        try:
            spread = np.std(steps.fit_transform(rows, labels), axis=0)
        except ValueError as error:
            wrong(f"The steps before the network cannot be fitted to these rows. {reason(error)}")
        # The raw features' spreads differ up to 200,000-fold, scaled ones' by a small factor.
        if spread.max() > 100 * spread.min():
            wrong(
                "What reaches the network is not scaled: the widest feature spreads more than 100 "
                "times as far as the narrowest. Scaling the rows beforehand would let the scaler "
                "see every fold's test rows. Make it a step of the pipeline."
            )

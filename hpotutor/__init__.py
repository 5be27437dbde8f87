"""hpotutor: a course on hyperparameter tuning for deep learning, and its helper package.

The names below are all that a lesson types after ``import hpotutor as ht``. Each is loaded on
first use, so that importing the package takes a fraction of a second and no TensorFlow.
"""

from __future__ import annotations

import importlib

from hpotutor._tensorflow_start import configure

__version__ = "0.1.0"

configure()

_HOME = {
    "errors": "errors",
    "HpoTutorError": "errors",
    "load": "datasets",
    "Dataset": "datasets",
    "SearchSpace": "space",
    "loguniform": "space",
    "uniform": "space",
    "integers": "space",
    "choice": "space",
    "when": "space",
    "build_mlp": "models",
    "build_cnn": "models",
    "KerasClassifier": "estimators",
    "KerasRegressor": "estimators",
    "Evaluation": "objective",
    "TrainObjective": "training",
    "FunctionObjective": "objective",
    "TableObjective": "table_objective",
    "Recorder": "record",
    "SearchResult": "result",
    "manual_search": "search.manual",
    "grid_search": "search.grid",
    "random_search": "search.random",
    "bayesian_search": "search.bayesian",
    "hyperband_search": "search.hyperband",
    "genetic_search": "search.genetic",
    "GaussianProcessSearch": "search.gp",
    "expected_improvement": "search.gp",
    "probability_of_improvement": "search.gp",
    "upper_confidence_bound": "search.gp",
    "hyperband_brackets": "search.hyperband",
    "successive_halving": "search.hyperband",
    "Claim": "claims",
    "claims_box": "claims",
    "claims_ledger": "claims",
    "compare": "comparison",  # not its own name: the module would hide the function
    "review": "reviewing",
    "report": "reporting",
    "sample_csv": "samples",
    "plots": "plots",
    "widgets": "widgets",
    "exercises": "exercises",
    "progress": "exercises.progress",
    "check": "doctor",
}
_MODULES = {"errors", "plots", "widgets", "exercises"}

__all__ = ["__version__", *_HOME]


def __getattr__(name: str) -> object:
    """Load a public name on first use (PEP 562)."""
    if name not in _HOME:
        from hpotutor.errors import did_you_mean

        hint = did_you_mean(name, _HOME)
        raise AttributeError(f"module 'hpotutor' has no attribute {name!r}.{hint}")
    module = importlib.import_module(f"hpotutor.{_HOME[name]}")
    value = module if name in _MODULES else getattr(module, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])

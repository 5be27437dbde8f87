"""Every method with every library, and the small searches that the tests run with them."""

from __future__ import annotations

from typing import NamedTuple

import hpotutor as ht


class Asked(ht.FunctionObjective):
    """Counts how often it is asked, and describes itself as the plain objective does."""

    def __init__(self):
        super().__init__(len)
        self.count = 0

    def evaluate(self, params, epochs=None, *, on_epoch=None):
        self.count += 1
        return ht.Evaluation(dict(params), params["x"], seconds=0.1)


class Case(NamedTuple):
    """One method with one library."""

    method: str
    library: str
    options: tuple = ()

    def __str__(self) -> str:
        return "-".join([self.method, self.library, *(f"{k}={v}" for k, v in self.options)])

    def search(self, objective, space, trials, **more):
        """Run it; a grid has two levels of each hyperparameter."""
        options = dict(self.options)
        if self.method == "grid":
            options["levels"] = 2
        call = getattr(ht, f"{self.method}_search")
        more.setdefault("progress", False)
        return call(objective, space, trials=trials, library=self.library, **options, **more)


CASES = [
    Case("grid", "scikit-learn"),
    Case("grid", "optuna"),
    Case("grid", "keras_tuner"),
    Case("random", "scikit-learn"),
    Case("random", "optuna"),
    Case("random", "optuna", (("quasi", True),)),
    Case("random", "hyperopt"),
    Case("random", "keras_tuner"),
    Case("bayesian", "hyperopt", (("startup", 3),)),
    Case("bayesian", "optuna", (("startup", 3),)),
    # Its model takes seconds a trial, so that few tests ask it: seven trials are random here.
    Case("bayesian", "keras_tuner", (("startup", 7),)),
    Case("bayesian", "gp", (("startup", 3),)),
    Case("hyperband", "plain"),
    Case("hyperband", "plain", (("sampler", "tpe"),)),
    Case("hyperband", "optuna"),
    Case("hyperband", "optuna", (("sampler", "tpe"),)),
    Case("hyperband", "keras_tuner"),
    Case("hyperband", "asha"),
    Case("hyperband", "scikit-learn"),
    Case("genetic", "plain", (("population", 4),)),
    Case("genetic", "plain", (("population", 4), ("regularized", True))),
    Case("genetic", "optuna", (("population", 4),)),
]

# A grid asks the same with every seed, in the same order unless Optuna shuffles it.
SEEDLESS = {case for case in CASES if "grid" in str(case)} - {Case("grid", "optuna")}


def seen(result) -> list[tuple]:
    """Return what must be equal when a search is repeated."""
    return [(e.params, e.value, e.epochs, e.status, e.curve) for e in result.evaluations]

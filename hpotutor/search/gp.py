"""Bayesian optimization with a Gaussian process, written to be read and stepped through.

``suggest`` fits a Gaussian process to what was observed and returns the point where an acquisition
function is largest: the one that promises most, by being good or by being unknown.
"""

import copy
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from optuna.distributions import CategoricalDistribution
from scipy.optimize import minimize
from scipy.stats import norm
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from hpotutor._validation import check_count, check_number, check_seed, is_number
from hpotutor.errors import ArgumentError, Problems
from hpotutor.objectives.base import Params
from hpotutor.space.space import SearchSpace
from hpotutor.space.transforms import to_unit

# Points at which the acquisition is looked up: random ones, and some around the best one.
_CANDIDATES, _NEIGHBORS = 500, 100
_ABSENT = object()  # equal to no category


def expected_improvement(
    mean: np.ndarray, std: np.ndarray, best: float, xi: float = 0.01
) -> np.ndarray:
    """Return by how much each point is expected to beat the best value seen, in its unit.

    Jones, Schonlau and Welch (1998), Efficient global optimization of expensive black-box
    functions, https://doi.org/10.1023/A:1008306431147.

    ``mean`` and ``std``, of shape (n_points,), are the model's at each point; higher is better.
    ``best`` is the best value seen; ``xi`` an improvement not worth having: larger explores more.

    Examples
    --------
    >>> expected_improvement([0.8, 0.8], [0.0, 0.1], best=0.9, xi=0.0).round(4).tolist()
    [0.0, 0.0083]
    """
    gain, z, known = _standardize(mean, std, best, xi)
    hoped: np.ndarray = gain * norm.cdf(z) + std * norm.pdf(z)
    return np.where(known, np.maximum(gain, 0.0), hoped)


def probability_of_improvement(
    mean: np.ndarray, std: np.ndarray, best: float, xi: float = 0.01
) -> np.ndarray:
    """Return how probable it is that each point beats the best value seen by more than ``xi``.

    Arguments are as in :func:`expected_improvement`. Kushner (1964), A new method of locating the
    maximum point of an arbitrary multipeak curve in the presence of noise,
    https://doi.org/10.1115/1.3653121.

    Examples
    --------
    >>> probability_of_improvement([0.8, 0.9], [0.1, 0.1], best=0.9, xi=0.0).round(3).tolist()
    [0.159, 0.5]
    """
    gain, z, known = _standardize(mean, std, best, xi)
    return np.where(known, gain > 0, norm.cdf(z))


def upper_confidence_bound(mean: np.ndarray, std: np.ndarray, kappa: float = 2.0) -> np.ndarray:
    """Return how good each point could be: its mean and ``kappa`` standard deviations more.

    A larger ``kappa`` explores more; 0 trusts the mean alone. Srinivas, Krause, Kakade and Seeger
    (2010), Gaussian process optimization in the bandit setting, https://arxiv.org/abs/0912.3995.

    Examples
    --------
    >>> upper_confidence_bound([0.8, 0.9], [0.1, 0.0]).tolist()
    [1.0, 0.9]
    """
    return np.asarray(mean) + kappa * np.asarray(std)


def _standardize(
    mean: np.ndarray, std: np.ndarray, best: float, xi: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the gain over the incumbent, the same in standard deviations, and where std is 0."""
    gain, std = np.asarray(mean) - best - xi, np.asarray(std)
    known = std <= 0
    return gain, gain / np.where(known, 1.0, std), known


ACQUISITIONS: dict[str, Callable[..., np.ndarray]] = {
    "expected_improvement": expected_improvement,
    "probability_of_improvement": probability_of_improvement,
    "upper_confidence_bound": upper_confidence_bound,
}


class Posterior(NamedTuple):
    """What a Gaussian process believes about some points."""

    mean: np.ndarray
    std: np.ndarray


class GaussianProcessSearch:
    """Bayesian optimization, one step at a time.

    Snoek, Larochelle and Adams (2012), Practical Bayesian optimization of machine learning
    algorithms, https://arxiv.org/abs/1206.2944. The model is scikit-learn's
    ``GaussianProcessRegressor`` with a Matérn 5/2 kernel, a length scale for each hyperparameter
    (for each option, where three or more have no order), and noise.

    Parameters
    ----------
    space : SearchSpace
        Where to search.
    acquisition : str, default "expected_improvement"
        Or "probability_of_improvement", "upper_confidence_bound".
    xi, kappa : float, default 0.01 and 2.0
        Dial of the first two, in standard deviations of the values observed, and of the third.
    startup : int, optional
        Random points before the model is asked; by default 2 more than there are hyperparameters,
        but at least 4.
    noise : float, optional
        Standard deviation of the noise, in the value's unit; 0 for none. Estimated by default.
    direction : {"maximize", "minimize"}, default "maximize"
        Which way is better.
    seed : int, default 0
        What is suggested depends on it and on what was observed alone: asking twice gives the same.

    Examples
    --------
    >>> import hpotutor as ht
    >>> search = GaussianProcessSearch(ht.SearchSpace(x=ht.uniform(0, 1)), startup=3)
    >>> for _ in range(10):
    ...     params = search.suggest()
    ...     search.observe(params, -((params["x"] - 0.7) ** 2))
    >>> round(search.incumbent["x"], 1)
    0.7
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        acquisition: str = "expected_improvement",
        xi: float = 0.01,
        kappa: float = 2.0,
        startup: int | None = None,
        noise: float | None = None,
        direction: str = "maximize",
        seed: int = 0,
    ) -> None:
        problems = Problems("GaussianProcessSearch")
        problems.choice("acquisition", acquisition, ACQUISITIONS)
        problems.choice("direction", direction, ["maximize", "minimize"])
        if not isinstance(space, SearchSpace):
            problems.add("space", space, "a search space", "ht.SearchSpace(x=ht.uniform(0, 1))")
        for name, dial in (("xi", xi), ("kappa", kappa), ("noise", 0 if noise is None else noise)):
            check_number(problems, name, dial, example=0.01)
        check_count(problems, "startup", startup, 1, 5, optional=True)
        check_seed(problems, seed)
        problems.raise_if_any()
        self.space, self.seed = space, int(seed)
        self.acquisition, self.xi, self.kappa = acquisition, xi, kappa
        self.startup = max(len(space) + 2, 4) if startup is None else startup
        self.noise, self.direction = noise, direction
        self.points: list[Params] = []
        self.values: list[float] = []
        self._model: GaussianProcessRegressor | None = None

    def observe(self, params: Mapping[str, Any], value: float) -> None:
        """Take in what a point gave; values that are not finite are no information."""
        params = self.space.clean(params)
        self.space.check(params)
        if not is_number(value):
            typed = "search.observe(params, 0.9)"
            Problems("observe").add("value", value, "a number", typed).raise_if_any()
        if math.isfinite(value):
            self.points.append(params)
            self.values.append(float(value))
            self._model = None

    @property
    def incumbent(self) -> Params:
        """The best point observed."""
        self._need_points()
        pick = np.argmax if self.direction == "maximize" else np.argmin
        return self.points[int(pick(self.values))]

    def suggest(self, pending: Sequence[Mapping[str, Any]] = ()) -> Params:
        """Return the point to try next: random at first, then where the acquisition is largest.

        ``pending`` points, which other workers evaluate, are taken to have given the mean of all
        values: a constant liar, Ginsbourger et al. (2010), doi.org/10.1007/978-3-642-10701-6_6.
        """
        if pending and self.points:
            liar = copy.copy(self)
            liar.points = [*self.points, *(self.space.clean(point) for point in pending)]
            liar.values = [*self.values, *[float(np.mean(self.values))] * len(pending)]
            liar._model = None
            return liar.suggest()
        rng = np.random.default_rng([self.seed, len(self.points) + len(pending)])
        if len(self.points) < self.startup:
            for _ in range(_NEIGHBORS):  # a small space may be tried already
                point = self.space.sample(rng)
                if point not in self.points:
                    break
            return point
        points = [self.space.sample(rng) for _ in range(_CANDIDATES)]
        center = self.space.to_unit(self.incumbent)
        steps = rng.normal(0.0, 0.05, (_NEIGHBORS, len(center)))
        points += [self.space.from_unit(unit) for unit in np.clip(center + steps, 0.0, 1.0)]
        candidates = [point for point in points if point not in self.points] or points
        return candidates[int(np.argmax(self._acquire(self._encode(candidates))))]

    def posterior(self, grid: Sequence[Mapping[str, Any]]) -> Posterior:
        """Return the function's mean and standard deviation, (n_points,), in the values' unit."""
        return self._posterior(self._checked(grid))

    def _posterior(self, rows: np.ndarray) -> Posterior:
        model = self._fit()
        mean, std = model.predict(rows, return_std=True)
        noise = model.kernel_.k2.noise_level * self._scale**2
        return Posterior(mean, np.sqrt(np.maximum(std**2 - noise, 0.0)))

    def acquire(self, grid: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Return the acquisition at some points; the next suggestion is where it is largest."""
        return self._acquire(self._checked(grid))

    def _acquire(self, rows: np.ndarray) -> np.ndarray:
        mean, std = self._posterior(rows)
        sign = 1.0 if self.direction == "maximize" else -1.0
        mean = sign * mean
        if self.acquisition == "upper_confidence_bound":
            return upper_confidence_bound(mean, std, self.kappa)
        # What the model believes of the observed points: the best value seen was partly luck.
        model = self._fit()
        believed = sign * model.predict(model.X_train_)
        best, xi = float(np.max(believed)), self.xi * np.std(self.values)
        return ACQUISITIONS[self.acquisition](mean, std, best, xi)

    @property
    def _scale(self) -> float:  # what the values are divided by before the model sees them
        return float(np.std(self.values)) or 1.0

    def _fit(self) -> GaussianProcessRegressor:
        """Fit the model to what was observed, once for each new observation."""
        if self._model is None:
            self._need_points()
            rows = self._encode(self.points)
            noise = WhiteKernel(1e-3, (1e-6, 1.0))
            if self.noise is not None:  # a little is needed to invert the matrix
                noise = WhiteKernel(max((self.noise / self._scale) ** 2, 1e-8), "fixed")
            lengths = Matern(np.full(rows.shape[1], 0.5), (0.05, 10.0), nu=2.5)
            kernel = ConstantKernel(1.0, (1e-2, 1e2)) * lengths + noise
            settings = {"normalize_y": True, "random_state": self.seed}
            model = GaussianProcessRegressor(kernel, optimizer=_climb, **settings)
            with warnings.catch_warnings():
                # A length scale at its bound only says that the hyperparameter matters little.
                warnings.simplefilter("ignore", ConvergenceWarning)
                self._model = model.fit(rows, self.values)
        return self._model

    def _checked(self, grid: Sequence[Mapping[str, Any]]) -> np.ndarray:
        for point in grid:
            self.space.check(point)
        return self._encode(grid)

    def _need_points(self) -> None:
        if not self.points:
            told = "nothing was observed yet. Type search.observe(params, value) first."
            raise ArgumentError(f"GaussianProcessSearch: {told}")

    def _encode(self, grid: Sequence[Mapping[str, Any]]) -> np.ndarray:
        """Return points as rows: what has an order on [0, 1], else a column for each category."""
        columns: list[list[float]] = []
        for name, distribution in self.space.items():
            values = [point.get(name, _ABSENT) for point in grid]
            if isinstance(distribution, CategoricalDistribution) and not _ordered(distribution):
                columns += [[float(v == option) for v in values] for option in distribution.choices]
            else:
                columns.append([0.5 if v is _ABSENT else to_unit(distribution, v) for v in values])
        return np.array(columns).T


def _climb(
    loss: Callable[..., tuple[float, np.ndarray]], start: np.ndarray, bounds: np.ndarray
) -> tuple[np.ndarray, float]:
    """Fit the kernel in twenty steps; twice as many take twice as long and hardly change it."""
    steps: Any = {"maxiter": 20}
    found = minimize(loss, start, jac=True, bounds=bounds, method="L-BFGS-B", options=steps)
    return found.x, found.fun


def _ordered(categories: CategoricalDistribution) -> bool:
    """Return whether a length between two options means something: numbers, or only two."""
    options = categories.choices
    numbers = [option for option in options if is_number(option)]
    return len(options) <= 2 or (len(numbers) == len(options) and numbers == sorted(numbers))

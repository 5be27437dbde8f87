"""What the Bayesian stepper computes: a known curve, trials on it, and the next trial."""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.interpolate import PchipInterpolator
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from hpotutor.search.gp import ACQUISITIONS
from hpotutor.tabular.table import open_table

_PLACES = 181


class Curve(NamedTuple):
    """A score over learning rates: ``truth`` at ``places``, which are evenly spaced by ratio."""

    places: np.ndarray
    truth: np.ndarray

    def unit(self, places: ArrayLike) -> np.ndarray:
        """Return where places lie between the ends, 0 to 1 on the log scale."""
        low, high = np.log(self.places[[0, -1]])
        return (np.log(places) - low) / (high - low)

    def at(self, place: float) -> float:
        """Return the curve's value at a place."""
        return float(np.interp(self.unit(place), self.unit(self.places), self.truth))


class Step(NamedTuple):
    """What a Gaussian process believes after some trials, and where it goes next."""

    mean: np.ndarray
    std: np.ndarray
    acquisition: np.ndarray
    next_place: float
    length: float


def curve_info(truth: str | None, fixed: Mapping[str, Any]) -> Curve:
    """Return the mean final validation accuracy over learning rates of a shipped table.

    Of the other knobs, what is left out of ``fixed`` has the table's default. The levels are joined
    by a smooth line that makes no hump of its own (piecewise cubic Hermite). None: a made-up curve.
    """
    if truth is None:  # a broad hump, and a narrow higher one
        places = np.geomspace(1e-4, 1.0, _PLACES)
        z = np.log10(places)
        broad = 0.33 * np.exp(-(((z + 2.6) / 0.6) ** 2) / 2)
        return Curve(places, 0.55 + broad + 0.41 * np.exp(-(((z + 1.05) / 0.28) ** 2) / 2))
    table = open_table(truth)
    levels = next(axis.levels for axis in table.axes if axis.name == "learning_rate")
    values = table.val_accuracy[:, :, -1].mean(axis=1)
    known = [values[table.index_of({**fixed, "learning_rate": level})] for level in levels]
    places = np.geomspace(min(levels), max(levels), _PLACES)
    return Curve(places, PchipInterpolator(np.log(levels), known)(np.log(places)))


def step_info(
    curve: Curve, tried: Sequence[float], scores: Sequence[float], *,
    acquisition: str = "expected_improvement", exploration: float = 1.0,
    length: float | None = 0.15, noise: float = 0.0,
) -> Step:  # fmt: skip
    """Fit a Gaussian process (https://gaussianprocess.org/gpml/, chapter 2) to trials on a curve.

    ``exploration`` is the bound's ``kappa``; a tenth of it is the ``xi`` of the other acquisitions,
    in prior standard deviations. ``length`` is the kernel's length scale as a share of the knob's
    range; None fits it. ``noise``, the standard deviation of a score, is known to the model.
    """
    rows, values = curve.unit(tried)[:, None], np.asarray(scores, dtype=float)
    # Two trials may score alike by chance: the prior's spread is not learned from them alone.
    spread = max(float(np.std(values)), float(np.ptp(curve.truth)) / 3) or 1.0
    level = (noise / spread) ** 2 + 1e-6
    kernel = ConstantKernel(1.0, "fixed") * Matern(length or 0.15, (0.03, 2.0), nu=2.5)
    kernel += WhiteKernel(level, "fixed")
    optimizer = "fmin_l_bfgs_b" if length is None else None
    center = float(values.mean())
    with warnings.catch_warnings():
        # A length scale at its bound is no fault of the reader's.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = GaussianProcessRegressor(kernel, optimizer=optimizer)
        model.fit(rows, (values - center) / spread)
    mean, std = model.predict(curve.unit(curve.places)[:, None], return_std=True)
    mean = center + spread * mean
    std = spread * np.sqrt(np.maximum(std**2 - level, 0.0))  # of the curve, not of a trial
    if acquisition == "upper_confidence_bound":
        promise = ACQUISITIONS[acquisition](mean, std, exploration)
    else:
        # With noise the best score seen was partly luck; the model's opinion of it is not.
        best = center + spread * float(model.predict(rows).max())
        promise = ACQUISITIONS[acquisition](mean, std, best, 0.1 * exploration * spread)
    flat = np.ptp(promise) < 1e-12  # nothing is promised anywhere: go where least is known
    place = float(curve.places[int(np.argmax(std if flat else promise))])
    fitted = float(model.kernel_.k1.k2.length_scale)
    return Step(mean, std, promise, float(f"{place:.3g}"), fitted)


def trial_score(curve: Curve, place: float, number: int, seed: int, noise: float) -> float:
    """Return what trial ``number`` at a place scores: the curve, and noise of its own."""
    return curve.at(place) + noise * float(np.random.default_rng([seed, number]).normal())


def start_places(curve: Curve, seed: int) -> list[float]:
    """Return two places to start from, one in each half."""
    rng = np.random.default_rng(seed)
    at = (rng.uniform(0.08, 0.42), rng.uniform(0.58, 0.92))
    return [float(f"{curve.places[round(u * (len(curve.places) - 1))]:.3g}") for u in at]

"""What the Bayesian stepper computes: a known curve, trials on it, and the next trial."""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

from hpotutor._validation import is_number
from hpotutor.errors import Problems
from hpotutor.search.gp import ACQUISITIONS
from hpotutor.tabular.table import open_table

_PLACES = 181


class Curve(NamedTuple):
    """A score over one knob, known everywhere: ``places`` and ``truth`` have equal length.

    Places are evenly spaced on the knob's scale. ``at(place)`` reads the curve.
    """

    knob: str
    places: np.ndarray
    truth: np.ndarray
    log: bool

    def unit(self, places: object) -> np.ndarray:
        """Return where places lie between the ends, 0 to 1 on the knob's scale."""
        scale = np.log if self.log else np.asarray
        low, high = scale(self.places[[0, -1]])
        return (scale(np.asarray(places, dtype=float)) - low) / (high - low)

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


def two_humps(x: np.ndarray) -> np.ndarray:
    """Return a validation accuracy over learning rates: a broad hump, and a narrow higher one."""
    z = np.log10(x)
    broad = 0.33 * np.exp(-(((z + 2.6) / 0.6) ** 2) / 2)
    narrow = 0.41 * np.exp(-(((z + 1.05) / 0.28) ** 2) / 2)
    return 0.55 + broad + narrow


def slice_of_table(name: str, knob: str, fixed: Mapping[str, Any]) -> dict[float, float]:
    """Return the mean final validation accuracy at each level of one knob of a shipped table.

    The knob is numeric. Of the others, what is left out of ``fixed`` has the table's default.
    """
    table = open_table(name)
    levels = next(axis.levels for axis in table.axes if axis.name == knob)
    values = table.val_accuracy[:, :, -1].mean(axis=1)
    return {level: float(values[table.index_of({**fixed, knob: level})]) for level in levels}


def curve_info(
    truth: Callable | Mapping[float, float], knob: str, x_range: tuple[float, float] | None
) -> Curve:
    """Return a curve at evenly spaced places; learning rates and wide ranges are on a log scale.

    Scores at some places are joined by a smooth line that makes no hump of its own (piecewise
    cubic Hermite); it ends where they end unless ``x_range`` says otherwise.

    >>> curve = curve_info({0.001: 0.8, 0.01: 0.9, 0.1: 0.5}, "learning_rate", None)
    >>> curve.log, round(curve.at(0.01), 2), round(float(curve.places[90]), 4)
    (True, 0.9, 0.01)
    """
    if isinstance(truth, Mapping):
        x_range = x_range or (min(truth), max(truth))
    low, high = map(float, x_range or (1e-4, 1.0))
    log = low > 0 and (high / low > 100 or knob == "learning_rate")
    places = np.geomspace(low, high, _PLACES) if log else np.linspace(low, high, _PLACES)
    if not isinstance(truth, Mapping):
        return Curve(knob, places, np.asarray(truth(places), dtype=float), log)
    known = sorted(truth)
    scale = np.log if log else np.asarray
    line = PchipInterpolator(scale(np.array(known, dtype=float)), [truth[x] for x in known])
    return Curve(knob, places, line(scale(places)), log)


def step_info(
    curve: Curve,
    tried: Sequence[float],
    scores: Sequence[float],
    *,
    acquisition: str = "expected_improvement",
    exploration: float = 1.0,
    length: float | None = 0.15,
    noise: float = 0.0,
) -> Step:
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
    luck = np.random.default_rng([seed, number]).normal()
    return curve.at(place) + noise * float(luck)


def start_places(curve: Curve, seed: int) -> list[float]:
    """Return two places to start from, one in each half."""
    rng = np.random.default_rng(seed)
    at = (rng.uniform(0.08, 0.42), rng.uniform(0.58, 0.92))
    return [float(f"{curve.places[round(u * (len(curve.places) - 1))]:.3g}") for u in at]


def check_curve(truth: object, x_range: Any, fixed: object) -> None:
    """Raise an ArgumentError with all that is wrong with what a stepper was given."""
    problems = Problems("bayesian_stepper")
    if isinstance(truth, str):
        problems.choice("truth", truth, ("digits", "breast_cancer"))
    elif isinstance(truth, Mapping):
        if len(truth) < 2 or not all(map(is_number, truth)):
            example = "truth={0.01: 0.9, 0.1: 0.8}"
            problems.add("truth", truth, "scores at 2 places or more", example)
    elif truth is not None and not callable(truth):
        problems.add("truth", truth, "a function, a dict of scores, or a table's name",
                     'truth="digits"')  # fmt: skip
    if fixed and not isinstance(truth, str):
        problems.add("fixed", fixed, "left out unless truth names a table", 'truth="digits"')
    pair = isinstance(x_range, Sequence) and len(x_range) == 2
    if x_range is not None and not (pair and -math.inf < x_range[0] < x_range[1]):
        problems.add("x_range", x_range, "two ends, the lower first", "x_range=(1e-4, 1)")
    problems.raise_if_any()

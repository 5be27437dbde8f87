"""Exercise 3.2: Three ranges, two scales."""

from typing import Any

import numpy as np

from hpotutor.exercises import checks
from hpotutor.exercises.engine import Exercise, Right, WrongAnswer, right, wrong
from hpotutor.exercises.messages import kind, reason, shown

_DRAWS = 20_000
_END = 0.004  # how near to the end of a range, as a share of it, so many draws come
_UNEVEN = 0.02  # more than so many even draws give


def _check_distributions(answer: object) -> Right:
    names = ("learning_rate", "units", "dropout")
    chosen = checks.mapping(answer, "a dict from names to SciPy distributions", names)
    drawn = {name: _draws(name, chosen[name]) for name in names}
    _check_rates(drawn["learning_rate"])
    _check_units(drawn["units"])
    _check_dropout(drawn["dropout"])
    return right(f"{_DRAWS:,} draws of each lie where they should.")


def _draws(name: str, distribution: Any) -> np.ndarray:
    """Return many draws from a learner's distribution, or refuse what cannot be drawn from."""
    if isinstance(distribution, list | tuple | range | np.ndarray):
        wrong(
            f"`{name}` is {kind(distribution)}, so that only its values can be drawn: a grid in "
            "disguise. Give a distribution from `scipy.stats`."
        )
    if type(distribution).__module__.startswith("optuna"):
        wrong(
            f"`{name}` is a distribution of this course's, that is, of Optuna. "
            "`RandomizedSearchCV` draws with `.rvs()`; take the one from `scipy.stats`."
        )
    if not hasattr(distribution, "rvs") or isinstance(distribution, type):
        wrong(
            f"`RandomizedSearchCV` draws with `.rvs()`, and `{name}` has none: it is "
            f"{kind(distribution)}, `{shown(distribution)}`."
        )
    try:
        values = distribution.rvs(size=_DRAWS, random_state=0)
        values = np.asarray(values, dtype=float)
    except Exception as error:  # SciPy's, for bad or missing arguments
        wrong(f"`{name}` cannot be drawn from. {reason(error)}")
    if values.shape != (_DRAWS,) or not np.isfinite(values).all():
        wrong(f"`{name}` gives values that are no numbers. Look at its arguments.")
    return values


def _check_rates(rates: np.ndarray) -> None:
    low, high = rates.min(), rates.max()
    if low < 0:
        wrong(
            "Some of these learning rates are negative. If you wrote exponents, write the rates "
            "themselves: `1e-4`, not `-4`."
        )
    top = np.mean(rates > 0.01)
    if top > 0.5:
        wrong(
            f"{100 * top:.0f}% of the learning rates drawn lie above 0.01, in the last of three "
            "decades. On a log scale each decade gets its third."
        )
    # Draws come close to the ends of their range, on its scale.
    if not (checks.near(low, 1e-4, _END) and checks.near(high, 0.1, _END)):
        wrong(
            "The learning rates should reach from 0.0001 to 0.1; "
            f"those drawn reach from {low:.3g} to {high:.3g}."
        )
    decades = np.histogram(rates, [0, 1e-3, 1e-2, 1])[0] / _DRAWS
    if np.any(np.abs(decades - 1 / 3) > 0.03):
        wrong("The three decades of learning rates are not drawn equally often.")
    if _unevenness(np.log10(rates), -4, -1) > _UNEVEN:
        wrong(
            "Not every decade of learning rates is drawn equally often: from 0.0003 to 0.003 is "
            "one, too. Draw them evenly on a log scale."
        )


def _unevenness(values: np.ndarray, low: float, high: float) -> float:
    """Return how far the shares drawn below each number are from even ones (Kolmogorov)."""
    even = (np.sort(values) - low) / (high - low)
    return float(np.abs(even - (np.arange(len(even)) + 0.5) / len(even)).max())


def _check_units(units: np.ndarray) -> None:
    if np.any(units != np.round(units)):
        wrong(f"{units[0]:.3g} units cannot be built. Draw whole numbers.")
    if units.min() == 8 and units.max() == 127:
        wrong("128 is never drawn: `randint` stops before its second argument.")
    if (units.min(), units.max()) != (8, 128):
        wrong(
            "The units should reach from 8 to 128; those drawn reach from "
            f"{units.min():.0f} to {units.max():.0f}."
        )
    # The middle of each number's own cell.
    if _unevenness(units, 7.5, 128.5) > _UNEVEN:
        wrong("The units are not drawn equally often: here a linear scale is asked for.")


def _check_dropout(dropout: np.ndarray) -> None:
    low, high = dropout.min(), dropout.max()
    if checks.near(low, 0.1, _END) and checks.near(high, 0.6, _END):
        wrong(
            f"Dropout up to {high:.2g} is drawn. SciPy's `uniform(loc, scale)` takes a start and "
            "a width, not two ends."
        )
    reaches = checks.near(low, 0.1, _END) and checks.near(high, 0.5, _END)
    uneven = _unevenness(dropout, 0.1, 0.5)
    # A hump in the middle hardly reaches the ends; its shape is what to look at.
    if not reaches and (uneven < 0.05 or low < 0.1 or high > 0.5):
        wrong(
            f"Dropout should reach from 0.1 to 0.5; those drawn reach from {low:.3g} to {high:.3g}."
        )
    if uneven > _UNEVEN:
        wrong("Dropout is not drawn equally often over its range: a linear scale is asked for.")
    if not reaches:
        wrong("Dropout near the ends of its range, 0.1 and 0.5, is never drawn.")


q2 = Exercise(
    lesson=3, number=2, title="Three ranges, two scales", points=2,
    question="""
    Write `param_distributions` for `RandomizedSearchCV`, with distributions from `scipy.stats`:

    - `learning_rate`: from 0.0001 to 0.1, each decade equally probable;
    - `units`: whole numbers from 8 to 128, both included, each equally probable;
    - `dropout`: any number from 0.1 to 0.5, evenly.
    """,
    expects="a dict from names to SciPy distributions",
    checker=_check_distributions,
    hints=(
        "You need `loguniform`, `randint` and `uniform` from `scipy.stats`; mind their arguments.",
        "`randint(low, high)` stops before `high`.",
        "`uniform(loc, scale)` draws from `loc` to `loc + scale`.",
    ),
    stub='answer = {"learning_rate": ..., "units": ..., "dropout": ...}',
    solution_source="""
    from scipy.stats import loguniform, randint, uniform

    answer = {
        "learning_rate": loguniform(1e-4, 1e-1),
        "units": randint(8, 129),
        "dropout": uniform(0.1, 0.4),
    }
    """,
    why="A search finds only what its distributions can draw, and finds quickly only what they "
        "draw often. No error tells you that a range stops short or a scale is the wrong one.",
    wrong_answers=tuple(
        WrongAnswer(f"""
            from scipy.stats import beta, binom, loguniform, randint, uniform

            answer = {{
                "learning_rate": {rates},
                "units": {units},
                "dropout": {dropout},
            }}
            """, because, says)
        for rates, units, dropout, because, says in (
            ("uniform(1e-4, 0.0999)", "randint(8, 129)", "uniform(0.1, 0.4)",
             "draws the learning rate on a linear scale", "last of three decades"),
            ("loguniform(1e-4, 1e-1)", "randint(8, 128)", "uniform(0.1, 0.4)",
             "takes both ends of randint for included", "128 is never drawn"),
            ("loguniform(1e-4, 1e-1)", "randint(8, 129)", "uniform(0.1, 0.5)",
             "gives uniform two ends", "a width"),
            ("uniform(-4, 3)", "randint(8, 129)", "uniform(0.1, 0.4)",
             "draws exponents", "exponents"),
            ("[1e-4, 1e-3, 1e-2, 1e-1]", "randint(8, 129)", "uniform(0.1, 0.4)",
             "gives levels", "a grid in disguise"),
            ("ht.loguniform(1e-4, 1e-1)", "randint(8, 129)", "uniform(0.1, 0.4)",
             "takes the course's own, which is Optuna's", "scipy.stats"),
            ("loguniform(1e-4, 1e-1)", "uniform(8, 120)", "uniform(0.1, 0.4)",
             "draws units with a fraction", "whole numbers"),
            ("loguniform(1e-4, 1e-1)", "randint(8, 129)", "beta(2, 2, loc=0.1, scale=0.4)",
             "prefers the middle of a range", "equally often over its range"),
            ("loguniform(1e-4, 1e-1)", "binom(120, 0.5, loc=8)", "uniform(0.1, 0.4)",
             "prefers the middle of whole numbers", "The units should reach"),
            ("loguniform(1e-4, 1e-1)", "randint(8, 129)", "uniform(0.1, 0.39)",
             "stops a little short", "from 0.1 to 0.5"),
        )
    ),
)  # fmt: skip

"""The checks of `hpotutor.review`, each a rule of thumb with its source.

A check takes a `Plan` and returns its findings, or a text: what it would need to judge. What it
says stands in it; its name is that of its function, without ``check_``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from hpotutor.analysis._review_model import CHECKS, Finding, Plan, change, check
from hpotutor.analysis._shown import words
from hpotutor.analysis.statistics import accuracy_margin
from hpotutor.space import transforms as of
from hpotutor.space.distributions import Distribution, integers, loguniform, uniform, when

if TYPE_CHECKING:
    from hpotutor.objectives.base import Evaluation

__all__ = ["CHECKS"]

_PLAYBOOK = ("Godbole et al. 2023", "https://github.com/google-research/tuning_playbook")

# What acts by its order of magnitude, and what is a share and acts evenly.
_RATES = {"learning_rate", "learning_rate_init", "lr", "eta"}
_MAGNITUDES = _RATES | {"l1", "l2", "alpha", "weight_decay", "epsilon"}
_SHARES = {"dropout": 0.9, "momentum": 0.99, "augmentation": 1.0}
_NETWORK = {"layers", "units", "activation", "dropout", "l1", "l2", "batch_norm", "initializer",
            "optimizer", "momentum", "weight_decay", "batch_size", "epochs", "filters",
            "kernel_size", "augmentation"}  # fmt: skip
# Ratios of the highest to the lowest value from which a linear scale neglects the small values.
_DUE = {"magnitude": 10, "float": 100, "integer": 50}
_TRIALS_PER_KNOB, _FEWEST_TRIALS, _ASSUMED_ACCURACY = 10, 5, 0.8
_Number = FloatDistribution | IntDistribution


@check("scales", "Bergstra and Bengio 2012", "https://jmlr.org/papers/v13/bergstra12a.html")
def check_scale(plan: Plan) -> list[Finding]:
    """Find numbers on a linear scale whose range spans orders of magnitude."""
    found = []
    for name, now in plan.space.items():
        if isinstance(now, CategoricalDistribution) or (due := _log_version(name, now)) is None:
            continue
        tenth = now.high / 10
        below = max(tenth - now.low, 0) / (now.high - now.low)
        orders = math.log10(now.high / now.low) if now.low > 0 else None
        told = words("scale", name=name, now=now, tenth=tenth, below=below, orders=orders)
        found.append(change("scale", name, *told, due))
    return found


def _log_version(name: str, now: _Number) -> _Number | None:
    """Return the same range on a log scale if that is due."""
    if now.log or now.low < 0 or _plain(name) in _SHARES:
        return None
    ratio = now.high / now.low if now.low > 0 else math.inf
    if isinstance(now, IntDistribution):
        # From 0 up an integer counts something that may be absent: its scale is left alone.
        due = now.low > 0 and ratio >= _DUE["integer"]
        return integers(now.low, now.high, log=True) if due else None
    named = _plain(name) in _MAGNITUDES
    if ratio < _DUE["magnitude" if named else "float"] or (now.low == 0 and not named):
        return None
    return loguniform(now.low or now.high / 1000, now.high)


@check("boundaries", *_PLAYBOOK)
def check_boundary(plan: Plan) -> list[Finding] | str:
    """Find numbers whose best values crowd at an end of the range that could be moved."""
    if plan.result is None:
        return "needs a result"
    complete = plan.complete
    if len(complete) < _FEWEST_TRIALS:
        return f"needs {_FEWEST_TRIALS} complete trials"
    found = []
    for name, now in plan.space.items():
        if isinstance(now, CategoricalDistribution):
            continue
        trials = [e for e in complete if name in e.params]
        due = _log_version(name, now) or now  # so that ``mended`` has the mend of its scale too
        for end in ("low", "high"):
            wider = _wider(name, now, end) and _wider(name, due, end)
            if wider is not None and _crowded(trials, name, now, end):
                told = words("boundary", name=name, now=now, end=end, best=trials[0].params[name])
                found.append(change("boundary", name, *told, wider))
    return found


def _crowded(trials: Sequence[Evaluation], name: str, now: Distribution, end: str) -> bool:
    """Return whether the best trials, not the best one alone, lie at an end and do better there."""
    if len(trials) < _FEWEST_TRIALS or len({e.value for e in trials}) == 1:
        return False
    positions = np.array([of.to_unit(now, e.params[name]) for e in trials])
    distances = positions if end == "low" else 1 - positions
    at_end = [e.params[name] == getattr(now, end) for e in trials]
    outer = (distances <= 0.2) | at_end
    top = outer[: min(max(3, math.ceil(len(trials) / 10)), 10)]
    ranks = np.arange(len(trials))  # 0 is the best
    if not (distances[0] <= 0.1 or at_end[0]) or top.mean() <= 0.5 or outer.all():
        return False
    return bool(np.median(ranks[outer]) < np.median(ranks[~outer]))


def _wider(name: str, now: _Number, end: str) -> Distribution | None:
    """Return the range with one end moved out, or None where nature has put that end."""
    if isinstance(now, IntDistribution):
        return _wider_integer(now, end)
    if now.log:
        low, high = (now.low / 10, now.high) if end == "low" else (now.low, now.high * 10)
        return loguniform(_short(low), _short(high))
    limit = _SHARES.get(_plain(name), math.inf)
    if (end == "low" and now.low <= 0) or (end == "high" and now.high >= limit):
        return None
    width = now.high - now.low
    if end == "high":
        return uniform(now.low, _short(min(now.high + width, limit)))
    low = now.low - width
    return uniform(_short(max(low, 0.0) if now.low > 0 else low), now.high)


def _wider_integer(now: IntDistribution, end: str) -> Distribution | None:
    if end == "high":
        high = now.high * 2 if now.log else now.high + max(now.high - now.low, now.step)
        return integers(now.low, high, step=now.step, log=now.log)
    low = max(now.low // 4, 1)
    if now.low <= 1:
        return None
    # The old values stay on the grid of steps if the new step divides the old one.
    step = math.gcd(now.step, now.low - low)
    return integers(low, now.high, step=step, log=now.log)


@check("budget", "Loeppky, Sacks and Welch 2009", "https://doi.org/10.1198/TECH.2009.08040")
def check_budget(plan: Plan) -> list[Finding] | str:
    """Find more hyperparameters than the trials can tell apart."""
    if plan.trials is None:
        return "needs trials or a result"
    knobs = [name for name, now in plan.space.items() if of.count(now) > 1]
    needed = _TRIALS_PER_KNOB * len(knobs)
    if plan.trials >= needed or plan.trials >= plan.space.size:
        return []
    affordable = max(plan.trials // _TRIALS_PER_KNOB, 1)
    told = words("budget", trials=plan.trials, knobs=len(knobs), each=_TRIALS_PER_KNOB)
    remedy = f"trials={needed}"
    if affordable < len(knobs):
        remedy += f", or a space of {affordable}, the others fixed in defaults={{...}}"
    return [Finding("budget", "", *told, remedy)]


@check("nuisance hyperparameters", *_PLAYBOOK)
def check_nuisance(plan: Plan) -> list[Finding]:
    """Find what must be tuned along, so that the other comparisons are fair."""
    space = plan.space
    tuned = {_plain(name) for name, now in space.items() if of.count(now) > 1}
    if not tuned & _NETWORK:
        return []
    found = []
    if not tuned & _RATES:
        fixed = next((name for name in space if _plain(name) in _RATES), "learning_rate")
        others = [name for name in space if _plain(name) not in _RATES]
        told = words("rate", fixed=fixed, others=others)
        found.append(change("nuisance", fixed, *told, loguniform(1e-4, 1e-1)))
    # The optimizers' own hyperparameters, where optimizers compete.
    choices = getattr(space.get("optimizer"), "choices", ())
    for name, owners, due in (
        ("momentum", ("momentum", "nesterov"), uniform(0.0, 0.99)),
        ("weight_decay", ("adamw",), loguniform(1e-6, 1e-2)),
    ):
        present = [owner for owner in owners if owner in choices]
        if len(choices) < 2 or not present or name in tuned:
            continue
        told = words("optimizer", name=name, owners=present)
        found.append(change("nuisance", name, *told, when(due, optimizer=present), space))
    return found


@check("validation rows", "Bouthillier et al. 2021", "https://arxiv.org/abs/2103.03098")
def check_validation(plan: Plan) -> list[Finding] | str:
    """Find too few validation rows for the difference that is to be claimed."""
    data, difference = plan.data, plan.difference
    if data is None:
        return "needs data"
    if not data.n_classes or plan.metric != "val_accuracy":
        return "needs a search by accuracy"
    values = [evaluation.value for evaluation in plan.complete]
    if difference is None:
        if not values:
            return "needs difference=, such as 0.02"
        difference = values[0] - float(np.median(values))
    accuracy = values[0] if values else _ASSUMED_ACCURACY
    several = len(data.y_train) + len(data.y_val)
    folds = getattr(plan.objective, "folds", None)
    rows = several if folds else len(data.y_val)
    margin = accuracy_margin(accuracy, rows)
    if difference >= margin or difference <= 0:
        return []
    needed = math.ceil(rows * (margin / difference) ** 2)
    about = {"rows": rows, "difference": difference, "accuracy": accuracy, "margin": margin}
    told = words("validation", **about, assumed=not values, needed=needed)
    # More rows, where the data set has them; else a more modest claim.
    share = math.ceil(20 * needed / (several + data.n_test)) / 20
    if folds:
        remedy = f"difference={math.ceil(1000 * margin) / 1000:.3g}: claim nothing smaller"
    elif share <= 0.4:
        remedy = f"validation={share:.2g} in ht.load"
    else:
        remedy = f"folds=5 in ht.TrainObjective, which judges on {several:,} rows"
    return [Finding("validation", "", *told, remedy)]


def _plain(name: str) -> str:
    """Return a name without the steps of a scikit-learn pipeline before it."""
    return name.rsplit("__", 1)[-1]


def _short(value: float) -> float:
    """Return a bound as a person would type it."""
    return float(f"{value:.3g}")

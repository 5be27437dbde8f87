"""Learning curves: training against validation, epoch by epoch, and what they say."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hpotutor.errors import Problems
from hpotutor.plots._figure import figure
from hpotutor.plots._trials import read
from hpotutor.plots.formatting import number, words
from hpotutor.plots.style import BLACK, BLUE, GRAY, GRAYS, VERMILLION, finish, look, whole_ticks

_KEYS = ("loss", "accuracy", "val_loss", "val_accuracy", "value")
# A training loss still falls if it has come below this part of what it was.
_FALLING = 0.95
_EXPECTED = 0.8
_CROWD = 6


class Diagnosis(NamedTuple):
    """What the curves of one setting say (epochs count from 1; None where it never happens).

    ``gap`` is the last validation loss minus the last training loss.
    """

    verdict: str
    why: str
    best_epoch: int
    underfit_until: int | None
    overfit_from: int | None
    gap: float


class LearningCurves(NamedTuple):
    """Curves ready to draw: ``bands`` has setting, part, epoch, mean, low, high, runs."""

    bands: pd.DataFrame
    diagnoses: dict[str, Diagnosis]
    metric: str
    lower_is_better: bool


def learning_curves_info(curves: object, *, metric: str = "loss") -> LearningCurves:
    """Average curves over seeds, and diagnose underfitting, overfitting and divergence.

    Parameters
    ----------
    curves : dict, list of dicts, dict of those, optuna Study, object with ``curves`` or ``curve``
        One run: ``{"loss": [...], "accuracy": [...], "val_loss": [...], ...}``, an entry per
        epoch. A list holds runs of one setting that differ by seed. A dict from a name to
        either holds several settings.
    metric : {"loss", "accuracy", "value"}, default "loss"
        What is averaged into ``bands``, and drawn. The diagnosis uses the loss where there is one.
        "value" is what a study's trials reported, pruned ones too; it is drawn if there is no more.

    LearningCurves: ``low`` and ``high`` are the lowest and highest run at that epoch. A training
    accuracy below 0.8 counts as underfit.

    ArgumentError: when there is no curve of that metric.

    Examples
    --------
    >>> run = {"loss": [1.0, 0.5, 0.2, 0.1], "val_loss": [1.0, 0.6, 0.8, 0.9]}
    >>> found = learning_curves_info(run).diagnoses[""]
    >>> found.verdict, found.best_epoch, found.overfit_from
    ('overfit', 2, 3)
    """
    problems = Problems("learning_curves")
    problems.choice("metric", metric, ("loss", "accuracy", "value"))
    curves = read(curves)
    settings, direction = _settings(curves), getattr(curves, "direction", "maximize")
    if {key for runs in settings.values() for run in runs for key in run} == {"value"}:
        metric = "value"
    lower = metric == "loss" or (metric == "value" and direction == "minimize")
    if not settings or not any(metric in run for runs in settings.values() for run in runs):
        problems.add("curves", curves, f"runs with a {metric!r} entry per epoch",
                     f"learning_curves({{'{metric}': [...], 'val_{metric}': [...]}})")  # fmt: skip
    problems.raise_if_any()
    rows = []
    for name, runs in settings.items():
        parts = (("training", metric), ("validation", f"val_{metric}"))
        for part, key in (("validation", metric),) if metric == "value" else parts:
            for epoch, values in enumerate(_stacked(runs, key).to_numpy().T, start=1):
                seen = values[np.isfinite(values)]
                if seen.size:
                    of_runs = seen.mean(), seen.min(), seen.max(), seen.size
                    rows.append((name, part, epoch, *of_runs))
    columns = ["setting", "part", "epoch", "mean", "low", "high", "runs"]
    diagnoses = {name: _diagnosis(runs, lower) for name, runs in settings.items()}
    return LearningCurves(pd.DataFrame(rows, columns=columns), diagnoses, metric, lower)


def _diagnosis(runs: list[dict], lower: bool) -> Diagnosis:
    """Say what the curves of one setting show; see `learning_curves_info`."""
    if any("loss" in run for run in runs):
        train, validation = _stacked(runs, "loss"), _stacked(runs, "val_loss")
    elif any("value" in run for run in runs):
        train = validation = _stacked(runs, "value") * (1 if lower else -1)
    else:  # accuracy turned upside down reads like a loss
        train, validation = 1 - _stacked(runs, "accuracy"), 1 - _stacked(runs, "val_accuracy")
    losses = [run["loss"] for run in runs if "loss" in run]
    lost = sum(not np.isfinite(loss).all() or loss[-1] > 1.2 * loss[0] for loss in losses)
    which = "" if len(runs) == 1 else f"in {lost} of {len(runs)} runs "
    diverging = f"{which}the training loss ended higher than it began"
    judged = validation if validation.size else train
    mean_train, mean = train.mean().to_numpy(), judged.mean().to_numpy()
    if not np.isfinite(mean).any():
        return Diagnosis("diverging", diverging, 1, None, None, np.nan)
    best = int(np.nanargmin(mean))
    drop = mean[0] - mean[best]
    # It counts as settled within a part of its whole drop, or of its lowest value.
    line = mean[best] + max(0.02 * drop, min(0.1 * mean[best], 0.5 * drop))
    below = np.flatnonzero(mean <= line)
    underfit_until = int(below[0]) if below[0] > 0 else None
    # Overfitting starts where the curve leaves its valley for good.
    above = int(below[-1]) + 1
    gap = float(mean[-1] - mean_train[-1])
    accuracy = _stacked(runs, "accuracy").mean().to_numpy()
    weak = bool(accuracy.size and accuracy[-1] < _EXPECTED)
    # A network that does no better on the rows it learns from has not overfitted them, nor has
    # one that has learned little and whose training loss no longer falls.
    learning = not gap <= 0 and (not weak or mean_train[-1] < _FALLING * mean_train[best])
    overfit_from = above + 1 if above < len(mean) and drop > 0 and learning else None
    marks = (best + 1, underfit_until, overfit_from, gap)
    if lost:
        return Diagnosis("diverging", diverging, *marks)
    if overfit_from is not None:
        return Diagnosis("overfit", f"validation turned after epoch {best + 1}", *marks)
    if weak:
        why = f"training accuracy only {number(accuracy[-1])}"
        if len(mean_train) >= 4 and mean_train[-1] >= _FALLING * mean_train[len(mean_train) // 2]:
            why += ", not improving"
        return Diagnosis("underfit", why, *marks)
    if len(mean) >= 4 and (underfit_until or 0) >= 0.8 * len(mean):
        return Diagnosis("underfit", "still improving when training stopped", *marks)
    return Diagnosis("fits", "validation settled and stayed", *marks)


@figure(learning_curves_info)
def learning_curves(info: LearningCurves, ax: Axes, *, marks: bool = True) -> str:
    """Draw training and validation curves, with a band over seeds and marked regions.

    Of more than 6 settings only the best one is highlighted.

    Parameters
    ----------
    marks : bool, default True
        Whether to mark the underfit and the overfit region of a single setting.

    Reading: the diagnosis in a sentence.
    """
    names = list(info.diagnoses)
    ends = _judged(info.bands).groupby("setting", sort=False)["mean"].last()
    best = str(ends.idxmin() if info.lower_is_better else ends.idxmax())
    for index, name in enumerate(names):
        band = info.bands[info.bands["setting"] == name]
        if len(names) == 1:
            _draw_parts(ax, band)
        elif len(names) <= _CROWD:
            _draw_setting(ax, band, name, index)
        else:
            _draw_crowd(ax, band, name, highlighted=name == best)
    means, last = info.bands["mean"], int(info.bands["epoch"].max())
    if len(names) == 1 and marks:
        _draw_marks(ax, info.diagnoses[names[0]], last)
    if means.min() > 0 and means.max() / means.min() > 50:
        ax.set_yscale("log")
    ax.set_xlim(1 - 0.02 * last, last + 0.02 * last)
    whole_ticks(ax)
    ys = {"loss": "loss (cross-entropy)", "value": "value that the trial reported"}
    y = ys.get(info.metric, "accuracy (share correct)")
    x = "report" if info.metric == "value" else "epoch"
    verdicts = Counter(found.verdict for found in info.diagnoses.values())
    crowd = len(names) > _CROWD
    told = {"best": best, "end": number(ends[best]), "crowd": crowd, "verdicts": verdicts}
    title, reading = words("learning_curves", info=info, **told)
    finish(ax, title=title, x=x, y=y)
    if 1 < len(names) <= _CROWD and info.bands["part"].nunique() > 1:
        ax.plot([], [], color=GRAY, lw=0.8, label="training (thin)")
    ax.legend()
    return reading


def _settings(curves: object) -> dict[str, list[dict]]:
    """Bring every accepted form to {name: [run, ...]} with list values."""
    curves = getattr(curves, "curve", curves)
    if callable(several := getattr(curves, "curves", None)):
        found = several()
        numbers = getattr(curves, "numbers", range(len(found)))
        items = found.items() if isinstance(found, Mapping) else zip(numbers, found, strict=True)
        return {f"trial {n}": [_run(run)] for n, run in items if _run(run)}
    if isinstance(curves, Mapping) and not any(key in curves for key in _KEYS):
        return {str(name): _runs(some) for name, some in curves.items() if _runs(some)}
    runs = _runs(curves)
    return {"": runs} if runs else {}


def _runs(some: object) -> list[dict]:
    several = some if isinstance(some, Sequence) and not isinstance(some, str) else [some]
    return [run for run in map(_run, several) if run]


def _run(one: object) -> dict:
    one = getattr(one, "curve", one)
    one = one.to_dict("list") if isinstance(one, pd.DataFrame) else one
    if not isinstance(one, Mapping):
        return {}
    return {key: np.asarray(one[key], dtype=float) for key in _KEYS if len(one.get(key, ()))}


def _stacked(runs: list[dict], key: str) -> pd.DataFrame:
    """Return (runs, epochs), with NaN after a run that stopped early."""
    curves = {number: pd.Series(run[key]) for number, run in enumerate(runs) if key in run}
    return pd.DataFrame(curves, dtype=float).replace([np.inf, -np.inf], np.nan).T


def _judged(bands: pd.DataFrame) -> pd.DataFrame:
    """Return the validation rows, or all where there are none."""
    validation = bands[bands["part"] == "validation"]
    return validation if len(validation) else bands


def _draw_parts(ax: Axes, band: pd.DataFrame) -> None:
    for part, color, linestyle in (("training", BLUE, "--"), ("validation", VERMILLION, "-")):
        rows = band[band["part"] == part]
        if rows.empty:
            continue
        seeds = int(rows["runs"].max())
        text = part if seeds == 1 else f"{part} (mean and range of {seeds} seeds)"
        ax.plot(rows["epoch"], rows["mean"], label=text, color=color, ls=linestyle,
                marker="o" if len(rows) <= 12 else None, ms=4)  # fmt: skip
        if seeds > 1:
            ax.fill_between(rows["epoch"], rows["low"], rows["high"], color=color, alpha=0.18, lw=0)


def _draw_setting(ax: Axes, band: pd.DataFrame, name: str, index: int) -> None:
    style = look(index)
    main = _judged(band)
    every = max(1, len(main) // 8)
    ax.plot(main["epoch"], main["mean"], markevery=every, ms=5, label=name, **style.pen)
    if (main["runs"] > 1).any():
        ax.fill_between(main["epoch"], main["low"], main["high"], color=style.color, alpha=0.15)
    if main is not band:
        training = band[band["part"] == "training"]
        ax.plot(training["epoch"], training["mean"], color=style.color, lw=0.8, alpha=0.6)


def _draw_crowd(ax: Axes, band: pd.DataFrame, name: str, *, highlighted: bool) -> None:
    rows = _judged(band)
    pen: dict[str, Any] = {"color": GRAY, "lw": 0.6}
    if highlighted:
        pen = {"color": BLUE, "lw": 2.4, "zorder": 3, "label": f"best: {name}"}
    marker = "o" if len(rows) == 1 else None  # a line through one point is not to be seen
    ax.plot(rows["epoch"], rows["mean"], marker=marker, ms=4, **pen)


def _draw_marks(ax: Axes, found: Diagnosis, last: int) -> None:
    if found.verdict == "diverging":
        return
    if found.underfit_until and found.underfit_until >= 0.08 * last:
        text = f"underfit until epoch {found.underfit_until}"
        ax.axvspan(1, found.underfit_until, facecolor="none", edgecolor=GRAYS["underfit"], lw=0,
                   hatch="//", zorder=0, label=text)  # fmt: skip
    if found.overfit_from:
        text = f"overfit from epoch {found.overfit_from}"
        ax.axvspan(found.overfit_from, last, facecolor=GRAYS["grid"], lw=0, zorder=0, label=text)
    ax.axvline(found.best_epoch, color=BLACK, lw=1, ls=":", label=f"best epoch {found.best_epoch}")

"""The checks of `hpotutor.review` that look at the rows: groups, time, rare classes.

Like those of ``_review_checks.py``; one that has nothing to look at returns an empty text, and is
not mentioned.
"""

import numpy as np

from hpotutor.analysis._review_model import Finding, Plan, check
from hpotutor.analysis._shown import words

_LEAKAGE = ("Kapoor and Narayanan 2023", "https://doi.org/10.1016/j.patter.2023.100804")
_RARE = 0.4  # of the share that a class would have if all were alike


@check("groups", *_LEAKAGE)
def check_groups(plan: Plan) -> list[Finding] | str:
    """Find rows that belong together on both sides of a split."""
    found = []
    for name, (split, count) in (plan.data.split_groups() if plan.data else {}).items():
        told = words("groups", split=split, count=count, name=name)
        remedy = f"groups={name!r} in ht.load, if it says which rows belong together"
        found.append(Finding("groups", name, *told, remedy))
    return found or ""


@check("time", *_LEAKAGE)
def check_time(plan: Plan) -> list[Finding] | str:
    """Find networks that are judged on rows that are earlier than what they learned from."""
    data = plan.data
    if data is None or data.groups is not None:  # which split the rows in a way of their own
        return ""
    reason = "The networks learn from rows that are later than those which they are judged on."
    if data.timed:
        cut = getattr(getattr(plan.objective, "rows", None), "cut", None) or []
        back = sum(first.max() > second.min() for first, second in cut)  # rows are in their order
        seen = f"In {back} of {len(cut)} folds the validation rows do not follow the training rows."
        remedy = f"folds={min(len(cut), 5)}, or a TimeSeriesSplit, in ht.TrainObjective"
        return [Finding("time", "folds", seen, reason, remedy)] if back else ""
    seen = "The column {} holds dates, and the rows were shuffled."
    remedy = "time={!r} in ht.load, if it says when a row came"
    return [
        Finding("time", name, seen.format(name), reason, remedy.format(name))
        for name in data.date_columns
    ] or ""


@check("rare classes", "Saito and Rehmsmeier 2015", "https://doi.org/10.1371/journal.pone.0118432")
def check_rarity(plan: Plan) -> list[Finding] | str:
    """Find rare classes that are judged by accuracy."""
    data = plan.data
    if data is None or not data.n_classes or plan.metric not in ("val_accuracy", "accuracy"):
        return ""
    shares = np.bincount(data.y_train) / len(data.y_train)
    rare, usual = int(shares.argmin()), int(shares.argmax())
    if shares[rare] >= _RARE / data.n_classes:
        return ""
    said = {"rare": repr(data.classes[rare]), "usual": repr(data.classes[usual])}
    told = words("rarity", **said, share=shares[rare], accuracy=shares[usual])
    # scikit-learn takes the second of two classes for the one to be found.
    due = "average_precision" if data.n_classes == 2 and rare == 1 else "balanced_accuracy"
    return [Finding("rarity", "", *told, f"metric={due!r} in ht.TrainObjective")]

"""Read a search plan, or a finished search, as a careful colleague would: what to mend, and why."""

from collections.abc import Iterator
from typing import Any

import optuna
import pandas as pd

from hpotutor._validation import check_count, check_share
from hpotutor.analysis import _review_checks, _review_data  # noqa: F401  (they enter CHECKS)
from hpotutor.analysis._review_model import CHECKS, Finding, Plan, suggested
from hpotutor.analysis._shown import Shown
from hpotutor.datasets.dataset import Dataset
from hpotutor.errors import ArgumentError, Problems
from hpotutor.space.space import SearchSpace
from hpotutor.study.result import SearchResult, as_result


class Review(Shown):
    """What `review` found, and what it could not judge.

    Iterating gives the ``findings``, ``len`` their number. ``skipped`` names the checks that were
    not made, and what they need; ``mended`` is the space with every mend that concerns it.
    """

    def __init__(self, space: SearchSpace, findings: list[Finding], skipped: dict[str, str]):
        self.findings = tuple(findings)
        self.skipped = {name: needs for name, needs in skipped.items() if needs}
        self._made = [check.looks_at for name, check in CHECKS.items() if name not in skipped]
        self.mended = space.changed({name: d for f in findings for name, d in f.change.items()})

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a finding: check, name, found, reason, remedy, source, link."""
        columns = ["check", "name", "found", "reason", "remedy", "source", "link"]
        rows = [[getattr(finding, column) for column in columns] for finding in self]
        return pd.DataFrame(rows, columns=columns)

    @property
    def summary(self) -> str:
        """What came out, in a sentence or two."""
        count = f"{len(self)} thing{'' if len(self) == 1 else 's'}" if self.findings else "Nothing"
        text = f"{count} to mend. Looked at: {', '.join(self._made)}."
        if self.skipped:
            left = (f"{CHECKS[name].looks_at} ({needs})" for name, needs in self.skipped.items())
            text += f" Not judged: {'; '.join(left)}."
        return text


def review(
    space: SearchSpace | SearchResult | optuna.Study,
    result: Any = None,
    trials: int | None = None,
    *,
    data: Dataset | None = None,
    difference: float | None = None,
) -> Review:
    """Look for what commonly spoils a search, before it or after it.

    By rules of thumb, each with its source: a linear scale where a log scale is due; an optimum on
    the boundary of its range; too many hyperparameters for the budget; a nuisance hyperparameter
    left untuned; a validation set too small for the differences claimed; rows that belong together
    on both sides of a split; time that runs backwards; rare classes judged by accuracy.

    Parameters
    ----------
    space : SearchSpace, SearchResult or optuna Study
        What is to be searched, or was; for ``review(result)`` and ``review(study)``, what their
        trials were drawn from. Of a study, the remedies are written as Optuna's calls.
    result : SearchResult or optuna Study, optional
        What the search found; without it the boundary is not judged.
    trials : int, optional
        The budget; by default the number of trials in ``result``.
    data : Dataset, optional
        What is trained on; by default what ``result`` was trained on.
    difference : float, optional
        The smallest difference in accuracy that you want to claim, as 0.02; by default, after a
        search, by how much its best trial leads its median one.

    Review: shows itself as a table; ``findings`` is the same as data, ``mended`` a better space.

    ArgumentError: with everything that is wrong with the arguments, or if the result belongs to
    another space.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(learning_rate=ht.uniform(1e-4, 1e-1), units=ht.integers(8, 64))
    >>> checked = ht.review(space, trials=30)
    >>> [finding.check for finding in checked]
    ['scale']
    >>> checked.mended
    ht.SearchSpace(
        learning_rate=ht.loguniform(1e-4, 0.1),
        units=ht.integers(8, 64),
    )
    """
    searched, result = as_result(space), as_result(result)
    if given := isinstance(searched, SearchResult):
        searched, result = searched.space, searched
    _check_arguments(searched, result, trials, data, difference, given)
    objective = None
    if result is not None:
        objective = result.objective.local if result.objective is not None else None
        own = getattr(objective, "data", None)
        data = own if data is None and isinstance(own, Dataset) else data
        trials = len(result) if trials is None else trials
    plan = Plan(searched, result, trials, data, difference, objective)
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    for name, check in CHECKS.items():
        outcome = check.judge(plan)
        if isinstance(outcome, str):
            skipped[name] = outcome
        else:
            findings += outcome
    if isinstance(space, optuna.Study):
        findings = [suggested(finding) for finding in findings]
    return Review(searched, findings, skipped)


def _check_arguments(space, result, trials, data, difference, given) -> None:
    problems = Problems("review")
    if not isinstance(space, SearchSpace):
        instead = "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))"
        problems.add("space", space, "an ht.SearchSpace, or an Optuna study", instead)
    elif not space:
        problems.say("this study has no trial with a hyperparameter yet: run some.")
    if result is not None and not isinstance(result, SearchResult):
        problems.add("result", result, "what a search returned, or None", "result=None")
    check_count(problems, "trials", trials, example=40, optional=True)
    if data is not None and not isinstance(data, Dataset):
        problems.add("data", data, "what ht.load returns, or None", 'data=ht.load("digits")')
    if difference is not None:
        check_share(problems, "difference", difference, 0.02, inside=True)
    problems.raise_if_any()
    for evaluation in () if given else Plan(space, result).complete:
        try:
            space.check({name: v for name, v in evaluation.params.items() if name in space})
        except ArgumentError as error:
            problems.say(
                f"a trial of this result, {evaluation.params}, is no point of this space: {error} "
                "Give the space that was searched."
            )
            break
    problems.raise_if_any()

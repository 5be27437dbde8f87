"""Read a search plan, or a finished search, as a careful colleague would: what to mend, and why."""

from __future__ import annotations

import html
import math
import re
from collections.abc import Iterator, Sequence

import pandas as pd

from hpotutor.analysis import _review_checks as checks
from hpotutor.analysis._review_model import CHECKS, Finding, Plan, markdown_cell
from hpotutor.datasets.loader import Dataset
from hpotutor.errors import ArgumentError, Problems
from hpotutor.space.distributions import Conditional
from hpotutor.space.space import SearchSpace
from hpotutor.study.result import SearchResult

__all__ = ["CHECKS", "Finding", "Review", "review"]

_COLUMNS = ("what", "why it matters", "what to type", "source")
_WIDTHS = (24, 34, 30, 12)


class Review:
    """What `review` found, and what it could not judge.

    Iterating gives the findings, ``len`` their number.

    Attributes
    ----------
    findings : tuple of Finding
        In the order of ``hpotutor.analysis._review_model.CHECKS``.
    skipped : dict of str to str
        The checks that were not made, and what they need.
    mended : SearchSpace
        The space with every mend that concerns it; equal to the reviewed one if there is none.
    """

    def __init__(
        self, space: SearchSpace, findings: Sequence[Finding], skipped: dict[str, str]
    ) -> None:
        self.findings = tuple(findings)
        self.skipped = dict(skipped)
        self.mended = _mend(space, self.findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a finding: check, name, found, reason, mend, source, link."""
        columns = ("check", "name", "found", "reason", "mend", "source", "link")
        rows = [[getattr(finding, column) for column in columns] for finding in self]
        return pd.DataFrame(rows, columns=list(columns))

    @property
    def summary(self) -> str:
        """What came out, in a sentence or two."""
        made = [CHECKS[name] for name in CHECKS if name not in self.skipped]
        count = f"{len(self)} thing{'' if len(self) == 1 else 's'}" if self.findings else "Nothing"
        text = f"{count} to mend. Looked at: {', '.join(made)}."
        if self.skipped:
            left = (f"{CHECKS[name]} ({needs})" for name, needs in self.skipped.items())
            text += f" Not judged: {'; '.join(left)}."
        return text

    def __repr__(self) -> str:
        lines = [self.summary]
        for number, finding in enumerate(self, start=1):
            lines += [
                f"{number}. {finding.found}",
                f"   Why: {finding.reason}",
                f"   Type: {finding.mend}",
                f"   Source: {finding.source}, {finding.link}",
            ]
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        if not self.findings:
            return self.summary
        head = f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}\n"
        rows = "".join(
            f"| {markdown_cell(f.found)} | {markdown_cell(f.reason)} | `{markdown_cell(f.mend)}` "
            f"| [{f.source}]({f.link}) |\n"
            for f in self
        )
        return f"{self.summary}\n\n{head}{rows}"

    def _repr_html_(self) -> str:
        summary = html.escape(self.summary)
        if not self.findings:
            return f"<p>{summary}</p>"
        left = 'style="text-align:left; vertical-align:top; white-space:normal"'
        broken = 'style="white-space:normal; overflow-wrap:anywhere"'
        widths = "".join(f'<col style="width:{width}%">' for width in _WIDTHS)
        head = "".join(f'<th scope="col" {left}>{name}</th>' for name in _COLUMNS)
        rows = "".join(
            f'<tr><th scope="row" {left}>{html.escape(f.found)}</th>'
            f"<td {left}>{html.escape(f.reason)}</td>"
            f"<td {left}><code {broken}>{_breakable(f.mend)}</code></td>"
            f'<td {left}><a href="{html.escape(f.link)}">{html.escape(f.source)}</a></td></tr>'
            for f in self
        )
        return (
            '<table style="table-layout:fixed; width:100%">'
            f'<caption style="text-align:left">{summary}</caption><colgroup>{widths}</colgroup>'
            f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        )


def review(
    space: SearchSpace,
    result: SearchResult | None = None,
    trials: int | None = None,
    *,
    data: Dataset | None = None,
    difference: float | None = None,
) -> Review:
    """Look for what commonly spoils a search, before it or after it.

    Five checks: a linear scale where a log scale is due; an optimum on the boundary of its range;
    too many hyperparameters for the budget; a nuisance hyperparameter left untuned, above all the
    learning rate; a validation set too small for the differences claimed.

    Parameters
    ----------
    space : SearchSpace
        What is to be searched, or was.
    result : SearchResult, optional
        What the search found; without it the boundary is not judged.
    trials : int, optional
        The budget; by default the number of trials in ``result``.
    data : Dataset, optional
        What is trained on; by default what ``result`` was trained on.
    difference : float, optional
        The smallest difference in accuracy that you want to claim, as 0.02; by default, after a
        search, by how much its best trial leads its median one.

    Returns
    -------
    Review
        Shows itself as a table; ``findings`` is the same as data, ``mended`` a better space.

    Raises
    ------
    ArgumentError
        With everything that is wrong with the arguments, or if the result belongs to another
        space.

    Notes
    -----
    Each finding names its source. The checks are rules of thumb: a finding is a question to
    answer, not an error.

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
    _check_arguments(space, result, trials, data, difference)
    objective = None if result is None else getattr(result.objective, "here", result.objective)
    own = getattr(objective, "data", None)
    if data is None and isinstance(own, Dataset):
        data = own
    if trials is None and result is not None:
        trials = len(result)
    plan = Plan(space, result, trials, data, difference, objective)
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    for name in CHECKS:
        outcome = getattr(checks, f"check_{name}")(plan)
        if isinstance(outcome, str):
            skipped[name] = outcome
        else:
            findings += outcome
    return Review(space, findings, skipped)


def _check_arguments(
    space: object, result: object, trials: object, data: object, difference: object
) -> None:
    problems = Problems("review")
    if not isinstance(space, SearchSpace):
        instead = "ht.SearchSpace(learning_rate=ht.loguniform(1e-4, 1e-1))"
        problems.add("space", space, "an ht.SearchSpace", instead)
    if result is not None and not isinstance(result, SearchResult):
        problems.add("result", result, "what a search returned, or None", "result=None")
    whole = isinstance(trials, int) and not isinstance(trials, bool)
    if trials is not None and (not whole or trials < 1):
        problems.add("trials", trials, "a whole number from 1 up, or None", "trials=40")
    if data is not None and not isinstance(data, Dataset):
        problems.add("data", data, "what ht.load returns, or None", 'data=ht.load("digits")')
    number = isinstance(difference, int | float) and not isinstance(difference, bool)
    if difference is not None and not (number and math.isfinite(difference) and 0 < difference < 1):
        problems.add(
            "difference", difference, "a number between 0 and 1, or None", "difference=0.02"
        )
    problems.raise_if_any()
    complete = [] if result is None else [e for e in result.evaluations if e.status == "complete"]
    for evaluation in complete:
        own = {name: value for name, value in evaluation.params.items() if name in space}
        try:
            space.check(own)
        except ArgumentError as error:
            problems.say(
                f"a trial of this result, {evaluation.params}, is no point of this space: {error} "
                "Give the space that was searched."
            )
            break
    problems.raise_if_any()


def _mend(space: SearchSpace, findings: Sequence[Finding]) -> SearchSpace:
    """Return the space with each finding's change made; conditions stay."""
    pairs = {
        name: Conditional(value, space.conditions[name]) if name in space.conditions else value
        for name, value in space.items()
    }
    for finding in findings:
        for name, value in finding.change.items():
            kept = name in space.conditions and not isinstance(value, Conditional)
            pairs[name] = Conditional(value, space.conditions[name]) if kept else value
    return SearchSpace(list(pairs.items()))


def _breakable(code: str) -> str:
    """Return code as HTML that a narrow column breaks after a sign, not inside a name."""
    return re.sub(r"([=(])", r"\1<wbr>", html.escape(code, quote=False))

"""The articles' claims, and the boxes in which the lessons say what they measured of them."""

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from hpotutor._validation import is_number
from hpotutor.course.lessons import lessons_folder
from hpotutor.errors import Problems

# Outputs of this kind are kept in the executed notebook, where the ledger finds them.
MIME = "application/vnd.hpotutor.claims+json"
VERDICTS = ("holds", "partly", "does not hold", "open")
# What the five articles say, in the course's words, and which of them say it.
_SAID = pd.read_csv(Path(__file__).parent / "texts" / "claims.csv")
CLAIMS = {number: (claim, articles) for number, claim, articles in _SAID.itertuples(index=False)}


def judge(*intervals: Sequence[float], null: float = 0.0) -> str:
    """Return the verdict on a claim that says "above ``null``", from all that was measured of it.

    An interval is (value, low, high), such as :class:`hpotutor.statistics.Estimate`; ``null`` is
    the number that stands for no difference, or for the least one that would matter.

    str: "holds" if every interval lies above; "partly" if some do; "does not hold" if some lie
    below and none above; "open" if each contains ``null``.

    Examples
    --------
    >>> judge((0.60, 0.57, 0.62), (0.50, 0.48, 0.53), null=0.5)
    'partly'
    """
    problems = Problems("judge")
    one: Any  # of any kind, until it is known to be three numbers
    for one in intervals or ("none",):
        if np.shape(one) != (3,) or not (all(map(is_number, one)) and one[1] <= one[0] <= one[2]):
            allowed, instead = "(value, low, high), at least one", "ht.judge((0.02, 0.01, 0.03))"
            problems.add("intervals", one, allowed, instead)
    problems.raise_if_any()
    above = [low > null for _, low, _ in intervals]
    if any(above):
        return "holds" if all(above) else "partly"
    return "does not hold" if any(high < null for _, _, high in intervals) else "open"


@dataclass(frozen=True)
class Claim:
    """One claim of the articles, and what a lesson measured of it.

    Parameters
    ----------
    number : int or str
        1 to 15, as in ``hpotutor.course.claims.CLAIMS``; or a claim of the literature in words,
        which the ledger of the articles' claims leaves out.
    published : str
        The figure of the literature, with its source, or "none given".
    measured : dict of str to (value, low, high), or str
        Intervals by what they are of, ``{"of the pairs won on digits": race.probability(...)}``,
        written out here; a text where nothing has an interval.
    verdict : {"holds", "partly", "does not hold", "open"}, optional
        That of :func:`judge` by default. With intervals it may only be weaker, "partly", where
        another half of the claim was not measured, or fails.
    because : str
        When or why, in one whole sentence.
    null : float, default 0
        What an interval must lie above; see :func:`judge`.

    Examples
    --------
    >>> claim = Claim(2, "none given", {"of the pairs on digits": (0.6, 0.57, 0.62)}, null=0.5)
    >>> claim.measured, claim.verdict
    ('0.6 (0.57 … 0.62) of the pairs on digits', 'holds')
    """

    number: int | str
    published: str
    measured: str | Mapping[str, Sequence[float]]
    verdict: str = ""
    because: str = ""
    null: float = 0.0
    intervals: dict[str, list[float]] = field(default_factory=dict)  # what is kept of `measured`

    def __post_init__(self) -> None:
        problems = Problems("Claim")
        if not isinstance(self.number, str):
            problems.choice("number", self.number, list(CLAIMS))
        said = self.measured if isinstance(self.measured, Mapping) else self.intervals
        judged = judge(*said.values(), null=self.null) if said else self.verdict
        if isinstance(self.measured, Mapping):
            self.intervals.update((n, list(map(float, one))) for n, one in said.items())
            parts = ["{:.3g} ({:.3g} … {:.3g}) ".format(*one) + n for n, one in said.items()]
            object.__setattr__(self, "measured", "; ".join(parts))
        if not self.verdict:
            object.__setattr__(self, "verdict", judged)
        weaker = self.verdict == "partly" and judged != "open"
        known = problems.choice("verdict", self.verdict, VERDICTS)
        if known and self.verdict != judged and not weaker:
            problems.say(f"verdict={self.verdict!r}: the intervals say {judged!r}; leave it out.")
        problems.raise_if_any()


class ClaimsBox:
    """What a lesson measured of the articles' claims: a table that keeps them for the ledger.

    Examples
    --------
    >>> box = claims_box(Claim(1, "none given", "3 of 8 won", "partly", "Only on small grids."))
    >>> box.to_frame()["verdict"].tolist()
    ['Partly. Only on small grids.']
    """

    def __init__(self, *claims: Claim) -> None:
        with Problems("claims_box") as problems:
            for claim in claims:
                if not isinstance(claim, Claim):
                    problems.add("claims", claim, "of ht.Claim", "ht.claims_box(ht.Claim(...))")
        self.claims = list(claims)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a claim."""
        rows = []
        for c in self.claims:
            words = str(c.number)
            if isinstance(c.number, int):
                words = "{}. {} ({})".format(c.number, *CLAIMS[c.number])
            verdict = f"{c.verdict.capitalize()}. {c.because}".strip()
            rows.append((words, c.published, c.measured, verdict))
        return pd.DataFrame(rows, columns=["claim", "published", "measured here", "verdict"])

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict:
        frame, style = self.to_frame(), "text-align:left; vertical-align:top; white-space:normal"
        with pd.option_context("display.max_colwidth", None):
            table = frame.to_html(index=False, border=0)
        table = re.sub(r"; (?=-?[\d.e-]+ \()", ";<br>", table)  # a line for each measured number
        return {
            "text/plain": frame.to_string(index=False),
            "text/html": re.sub("<(th|td)>", rf'<\1 style="{style}">', table),
            MIME: [asdict(claim) for claim in self.claims],
        }


claims_box = ClaimsBox


def claims_ledger(
    folder: Path | str | None = None, *, boxes: Mapping[str, ClaimsBox] | None = None
) -> pd.DataFrame:
    """Collect every claim that the executed lessons measured.

    The ``folder`` has the executed notebooks; the course's own by default. ``boxes`` holds what a
    lesson measured just now, such as ``{"09": box}``, in place of what is stored of it.

    pandas.DataFrame: A row a claim and lesson, by claim. A claim that no lesson measured has an
    empty lesson; a lesson that left a claim open is not listed where another one settled it.
    """
    problems = Problems("claims_ledger")
    folder = lessons_folder() if folder is None else folder
    if not isinstance(folder, str | os.PathLike) or not Path(folder).is_dir():
        problems.add("folder", folder, "a folder of executed lessons", "ht.claims_ledger()")
    boxes = {} if boxes is None else boxes
    if not isinstance(boxes, Mapping) or not all(isinstance(b, ClaimsBox) for b in boxes.values()):
        allowed = "a dict from a lesson to what claims_box returned"
        problems.add("boxes", boxes, allowed, 'boxes={"09": ht.claims_box(...)}')
    problems.raise_if_any()
    measured = {}
    for path in sorted(Path(folder).glob("*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        outputs = [output for cell in cells for output in cell.get("outputs", [])]
        claims = [claim for output in outputs for claim in output.get("data", {}).get(MIME, [])]
        measured[path.stem[:2]] = [claim for claim in claims if isinstance(claim["number"], int)]
    for lesson, box in boxes.items():
        measured[lesson] = [asdict(c) for c in box.claims if isinstance(c.number, int)]
    rows = [{"lesson": name, **claim} for name in sorted(measured) for claim in measured[name]]
    settled = {row["number"] for row in rows if row["verdict"] != "open"}
    rows = [row for row in rows if row["verdict"] != "open" or row["number"] not in settled]
    known = {row["number"] for row in rows}
    rows += [{"number": number, "verdict": "open"} for number in CLAIMS if number not in known]
    ledger = pd.DataFrame(rows).sort_values("number", kind="stable")
    ledger["claim"] = ledger["number"].map(lambda number: CLAIMS[number][0])
    names = ["number", "claim", "lesson", "published", "measured", "verdict", "because"]
    return ledger.reindex(columns=names, fill_value="").fillna("").reset_index(drop=True)

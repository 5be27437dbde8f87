"""A report's contents as text, as Markdown, as HTML, and as a page of its own."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass

from hpotutor.analysis._review_model import markdown_cell
from hpotutor.analysis.statistics import WHO, mean_interval

_HEADINGS = {"done": "What was done", "found": "What was found", "repeat": "How to repeat it"}
_STYLE = """
@page { size: A4; margin: 12mm }
body { font: 10.5pt/1.35 system-ui, sans-serif; color: #111; background: #fff;
       max-width: 180mm; margin: 1em auto; padding: 0 1em }
h1 { font-size: 1.45em; margin: 0 0 .3em }
h2 { font-size: 1.08em; margin: .9em 0 .25em }
.answer { border-left: 4px solid #0072B2; margin: .4em 0; padding: .2em .7em; font-weight: 600 }
table { border-collapse: collapse; width: 100% }
caption { text-align: left; font-size: .92em; padding-bottom: .2em }
th, td { text-align: left; vertical-align: top; padding: .12em .8em .12em 0;
         border-top: 1px solid #ddd; overflow-wrap: anywhere }
th { font-weight: 600 }
tbody th { width: 7.5em }
ul { margin: .2em 0; padding-left: 1.2em }
svg { max-width: 100%; height: auto }
@media print { body { font-size: 9.5pt; margin: 0; padding: 0 } }
"""


@dataclass(frozen=True)
class Contents:
    """What stands in a report; `hpotutor.report` fills it."""

    question: str
    answer: str
    done: dict[str, str]
    found: dict[str, str]
    scores: dict[str, dict[str, list[float]]]
    judged: dict[str, int]
    review: list[str]
    repeat: dict[str, str]

    @property
    def table(self) -> tuple[list[str], list[list[str]]]:
        """The scores as a heading and rows: who, then mean and interval on each set of rows."""
        head = ["accuracy"] + [f"on {self.judged[name]} {name} rows" for name in self.scores]
        rows = []
        for who in WHO:
            means = [mean_interval(sets[who]) for sets in self.scores.values()]
            # A t interval does not know that an accuracy ends at 0 and 1.
            ends = [(m.value, max(m.low, 0.0), min(m.high, 1.0)) for m in means]
            rows.append([who, *(f"{m:.3f} ({low:.3f} to {high:.3f})" for m, low, high in ends)])
        return head, rows

    @property
    def caption(self) -> str:
        """What the table of scores holds."""
        seeds = len(next(iter(self.scores.values()))["chosen"])
        return f"Means over {seeds} seeds, with 95% intervals for the seed alone."


def text(contents: Contents) -> str:
    """Return the report as plain text."""
    lines = [contents.question, "", contents.answer]
    for key, heading in _HEADINGS.items():
        lines += ["", heading]
        lines += [f"  {name}: {value}" for name, value in getattr(contents, key).items()]
        if key == "found":
            head, rows = contents.table
            lines += [f"  {contents.caption}"]
            lines += [
                f"  {row[0]}: "
                + "; ".join(
                    f"{value} {name}" for name, value in zip(head[1:], row[1:], strict=True)
                )
                for row in rows
            ]
            lines += ["", "Review", *(f"  - {line}" for line in contents.review)]
    return "\n".join(lines)


def markdown(contents: Contents) -> str:
    """Return the report as Markdown."""
    parts = [f"### {contents.question}", f"**{markdown_cell(contents.answer)}**"]
    for key, heading in _HEADINGS.items():
        rows = "\n".join(
            f"| {markdown_cell(n)} | {markdown_cell(v)} |"
            for n, v in getattr(contents, key).items()
        )
        parts += [f"#### {heading}", f"| | |\n|---|---|\n{rows}"]
        if key == "found":
            head, scores = contents.table
            lines = [head, ["---"] * len(head), *scores]
            parts += ["\n".join(f"| {' | '.join(line)} |" for line in lines), contents.caption]
            parts += [
                "#### Review",
                "\n".join(f"- {markdown_cell(line)}" for line in contents.review),
            ]
    return "\n\n".join(parts)


def body(contents: Contents, level: int = 3, figure: bool = False) -> str:
    """Return the report as HTML, its title a heading of the given level."""
    escaped = html.escape
    parts = [
        f"<h{level}>{escaped(contents.question)}</h{level}>",
        f'<p class="answer"><strong>{escaped(contents.answer)}</strong></p>',
    ]
    for key, heading in _HEADINGS.items():
        parts.append(f"<h{level + 1}>{heading}</h{level + 1}>")
        if key == "found":
            parts.append(_scores_table(contents))
            parts += [drawing(contents)] if figure else []
        parts.append(_pairs_table(getattr(contents, key), heading))
        if key == "found":
            items = "".join(f"<li>{escaped(line)}</li>" for line in contents.review)
            parts.append(f"<h{level + 1}>Review</h{level + 1}><ul>{items}</ul>")
    return "\n".join(parts)


def document(contents: Contents) -> str:
    """Return the report as a page that needs nothing else."""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(contents.question)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<main>\n{body(contents, level=1, figure=True)}\n</main>\n</body>\n</html>\n"
    )


def _pairs_table(pairs: Mapping[str, str], label: str) -> str:
    left = 'style="text-align:left; vertical-align:top; white-space:normal"'
    rows = "".join(
        f'<tr><th scope="row" {left}>{html.escape(name)}</th><td {left}>{html.escape(value)}</td>'
        "</tr>"
        for name, value in pairs.items()
    )
    return f'<table aria-label="{html.escape(label)}"><tbody>{rows}</tbody></table>'


def _scores_table(contents: Contents) -> str:
    left = 'style="text-align:left"'
    head, rows = contents.table
    top = "".join(f'<th scope="col" {left}>{html.escape(name)}</th>' for name in head)
    lines = "".join(
        f'<tr><th scope="row" {left}>{row[0]}</th>'
        + "".join(f"<td {left}>{value}</td>" for value in row[1:])
        + "</tr>"
        for row in rows
    )
    return (
        f'<table><caption style="text-align:left">{contents.caption}</caption>'
        f"<thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table>"
    )


def drawing(contents: Contents) -> str:
    """Return a drawing of every seed's score, as SVG with its meaning in words."""
    lines = [(f"{who}, {name}", who, sets[who]) for name, sets in contents.scores.items()
             for who in WHO]  # fmt: skip
    every = [score for _, _, scores in lines for score in scores]
    low, high = min(every), max(every)
    low, high = (low - 0.01, high + 0.01) if high - low < 0.02 else (low, high)
    left, width, step = 130, 480, 22

    def place(score: float) -> float:
        return round(left + width * (score - low) / (high - low), 1)

    shapes = []
    for row, (label, who, scores) in enumerate(lines):
        y = 14 + step * row
        fill = "#0072B2" if who == "chosen" else "none"
        shapes.append(f'<text x="0" y="{y + 4}" font-size="12">{html.escape(label)}</text>')
        shapes += [
            f'<circle cx="{place(score)}" cy="{y}" r="4" fill="{fill}" fill-opacity="0.45" '
            'stroke="#0072B2"/>'
            for score in scores
        ]
        mean = place(sum(scores) / len(scores))
        shapes.append(f'<path d="M{mean} {y - 9}V{y + 9}" stroke="#111" stroke-width="2.5"/>')
    bottom = 14 + step * len(lines)
    for score, anchor in ((low, "start"), (high, "end")):
        shapes.append(
            f'<text x="{place(score)}" y="{bottom + 6}" font-size="11" text-anchor="{anchor}">'
            f"{score:.3f}</text>"
        )
    said = f"A dot a seed, a bar at each mean; accuracy from {low:.3f} to {high:.3f}."
    return (
        f'<svg role="img" aria-label="{said} The table above has the means." '
        f'viewBox="0 0 {left + width + 20} {bottom + 12}" width="{left + width + 20}" '
        f'font-family="sans-serif">{"".join(shapes)}</svg><p>{said}</p>'
    )

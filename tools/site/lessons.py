"""The lessons as pages: as they are stored, with what a reader without a kernel needs beside it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat

from hpotutor import widgets
from tools.minutes import reckon
from tools.site.words import Word, linked

_TITLE = re.compile(r"^# Lesson (\d\d) · (.+)$", re.M)
_QUESTION = re.compile(r"\*\*The question:\*\* (.+)")
_MINUTES = re.compile(r"\*\*Minutes:\*\* ([^·]+?) ·")
_RUNS = re.compile(r" · \*\*Where it runs:\*\*.*", re.S)
_TAGS = re.compile(r"<[^>]+>")
_IS_WIDGET = re.compile(r"^(\w+): run this cell to use its controls\.$")
_OF_LESSON = re.compile(r"\{minutes (\d\d)(?: (\d))?\}")
_HEADING = re.compile(r"^#{2,3} (.+)$", re.M)
_ITALIC = re.compile(r"^\*([^*]+)\*")
# Bold in a notebook, where there is no such page; a link on the site.
_PLAYGROUND = "[**playground**](../playground.md)"
_CLEAN = re.compile(r"[*`_]|\{term\}|\[([^]]*)\]\([^)]*\)")


class Lesson:
    """One lesson's stored notebook, and what its first cell says about it."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.stem
        self.notebook = nbformat.read(path, as_version=4)
        first = self.notebook.cells[0].source
        title = _TITLE.search(first)
        if title is None:
            raise ValueError(
                f"{path.name}: its first cell has no title such as '# Lesson 00 · ...'"
            )
        self.number, self.title = title.groups()
        question, minutes = _QUESTION.search(first), _MINUTES.search(first)
        self.question = question[1] if question else ""
        self.minutes = minutes[1].strip() if minutes else ""

    def code(self) -> str:
        """Return all code, to search it for names."""
        return "\n".join(cell.source for cell in self.notebook.cells if cell.cell_type == "code")

    def heading_above(self, place: int) -> str:
        """Return the heading that a cell stands under, the lesson's own left out."""
        above = "\n".join(c.source for c in self.notebook.cells[:place] if c.cell_type != "code")
        found = _HEADING.findall(re.sub(r"^```.*?^```$", "", above, flags=re.M | re.S))
        return found[-1] if found else ""

    def types(self, name: str) -> int | None:
        """Return the place of the first cell whose code types a name after ``ht.``, or None."""
        pattern = re.compile(rf"\bht\.{re.escape(name)}\b(?!\.?\w)")
        cells = enumerate(self.notebook.cells)
        return next(
            (n for n, c in cells if c.cell_type == "code" and pattern.search(c.source)), None
        )

    def link_to(self, place: int) -> str:
        """Return the address of a cell's section, from the folder of the lessons."""
        anchor = anchor_of(self.heading_above(place))
        return f"{self.name}.html" + (f"#{anchor}" if anchor else "")

    def page(self, words: list[Word], has_solutions: bool, names: Sequence[str] = ()) -> Any:
        """Return the notebook that Sphinx shows; ``names`` are those with a page of their own."""
        made = nbformat.from_dict(self.notebook)
        done: set[str] = set()
        for place, cell in enumerate(made.cells):
            if cell.cell_type == "markdown":
                text = cell.source.replace("**playground**", _PLAYGROUND)
                cell.source = linked(text, words, done)
            else:
                after = made.cells[place + 1] if place + 1 < len(made.cells) else None
                _prepare_outputs(cell, after)
        made.cells[0].source = _RUNS.sub(".", made.cells[0].source)
        made.cells[0].source += "\n\n" + self._first_note()
        made.cells.append(
            nbformat.v4.new_markdown_cell(self._last_note(words, has_solutions, names))
        )
        return made

    def _first_note(self) -> str:
        return (
            "```{note}\nThis page shows the lesson as it was run. To run it, change it and answer "
            f"its exercises, type `python start.py` and open `{self.path.name}`: "
            "[three ways to start](../index.md#three-ways-to-start).\n```"
        )

    def _last_note(self, words: list[Word], has_solutions: bool, names: Sequence[str]) -> str:
        lines = ["## From here", ""]
        own = [word for word in words if word.lesson == self.number]
        if own:
            terms = ", ".join("{term}`" + term + "`" for word in own for term in word.terms)
            lines += [f"- **Words explained in this lesson:** {terms}."]
        if typed := [name for name in names if self.types(name) is not None]:
            links = ", ".join(f"[`ht.{name}`](../reference/{name}.rst)" for name in typed)
            lines += [f"- **Used from the package:** {links}."]
        if has_solutions:
            lines += [
                "- **Solutions** to its exercises stand on "
                f"[a page of their own](../solutions/lesson_{self.number}.md). Try first: a wrong "
                "answer of your own teaches more than a right one of somebody else's."
            ]
        if self.number in ("03", "04"):
            lines += [
                "- **[The playground](../playground.md)** gives you ten tries on stored trainings, "
                "against a thousand searches that had ten, too."
            ]
        return "\n".join(lines)


def anchor_of(heading: str) -> str:
    """Return the name under which Sphinx's pages know a heading.

    Examples
    --------
    >>> anchor_of("1. What tuning is *worth*"), anchor_of("## 2")
    ('what-tuning-is-worth', '')
    """
    plain = unicodedata.normalize("NFKD", _CLEAN.sub(lambda match: match[1] or "", heading))
    text = plain.encode("ascii", "ignore").decode().lower()
    return re.sub(r"^[-0-9]+|-+$", "", re.sub(r"[^a-z0-9]+", "-", text))


def _prepare_outputs(cell: Any, after: Any) -> None:
    """Give pictures a text alternative, and widgets a sentence; leave the rest as stored."""
    reading = reading_of(cell, after)
    pictures = 0
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        pictures += "image/png" in data
        for kind in [kind for kind in data if kind.startswith("application/vnd.")]:
            del data[kind]
        widget = _IS_WIDGET.match(str(data.get("text/plain", ""))) if len(data) == 1 else None
        if widget:
            data["text/html"] = widget_note(widget[1])
        if "text/html" in data:
            data["text/html"] = scrollable(data["text/html"])
    if pictures:
        if not reading:
            first = cell.source.splitlines()[0]
            raise ValueError(
                f"The figure of the cell that begins with {first!r} has no text that says what it "
                "shows. Print a sentence in the cell, or write one in *italics* below it."
            )
        cell.metadata["mystnb"] = {"image": {"alt": reading}}


def widget_note(name: str) -> str:
    """Return what stands in place of a widget, which is nothing without a running kernel.

    Examples
    --------
    >>> "gallery.html#cluster" in widget_note("Cluster"), "gallery" in widget_note("Leaf")
    (True, False)
    """
    text = "a panel with controls, which works where the lesson runs."
    call = re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
    if call in widgets.__all__:
        link = call.replace("_", "-")
        text += f' <a href="../gallery.html#{link}">Its first picture is in the gallery.</a>'
    return f'<p class="hpt-widget">{html.escape(name)}: {text}</p>'


def scrollable(text: str) -> str:
    """Return an HTML output whose wide tables scroll by themselves, by keyboard too."""
    if "<table" not in text:
        return text
    text = re.sub(r"<style scoped>.*?</style>", "", text, flags=re.S)
    text = re.sub(r' border="\d"', "", text).replace("<th></th>", "<td></td>")
    return f'<div class="hpt-scroll" tabindex="0" role="group" aria-label="table">{text}</div>'


def reading_of(cell: Any, after: Any) -> str:
    """Return the sentence that says what a cell's figure shows, for those who cannot see it.

    It is what the figure's call returned; or the sentence in italics below it; what the cell
    printed; the paragraph that follows; what the next cell printed, after the figure's labels.
    Empty if there is nothing of these.
    """
    for output in cell.get("outputs", []):
        found = output.get("data", {}).get("text/html", "")
        if found.startswith("<p>") and "image/png" not in output.get("data", {}):
            return html.unescape(_TAGS.sub("", found)).strip()
    text = after.source if after is not None and after.cell_type == "markdown" else ""
    if italic := _ITALIC.match(text):
        return _plain(italic[1])
    if printed := _printed(cell):
        return _short(printed)
    paragraphs = re.split(r"^#", text, flags=re.M)[0].split("\n\n")
    if prose := [one for one in paragraphs if one.strip() and not one.startswith(("- ", "|"))]:
        return _plain(prose[0])
    printed = _printed(after) if after is not None and after.cell_type == "code" else ""
    return _short(f"{_labels_of(cell.source)}{printed}" if printed else "")


def _plain(text: str) -> str:
    return _short(_CLEAN.sub(lambda match: match[1] or "", text))


def _printed(cell: Any) -> str:
    return " ".join("".join(o.get("text", "") for o in cell.get("outputs", [])).split())


def _labels_of(source: str) -> str:
    """Return a figure's title and its axes' labels, where the code gives them as plain texts."""
    title = re.search(r'title\("([^"{}]+)"\)', source)
    across, up = (re.search(rf'\b{axis}label="([^"{{}}]+)"', source) for axis in "xy")
    axes = " by ".join(found[1] for found in (up, across) if found).capitalize()
    return "".join(f"{part}. " for part in (title[1] if title else "", axes) if part)


def _short(text: str, most: int = 400) -> str:
    if len(text) <= most:
        return text
    return text[:most].rsplit(". ", 1)[0].rsplit(" ", 1)[0] + " …"


def index_page(lessons: list[Lesson]) -> str:
    """Return the page that lists the lessons."""
    lines = [
        "# Lessons",
        "",
        "Each lesson answers one question by training real networks. Minutes are for reading and "
        "running, plus those for the exercises.",
        "",
        "| lesson | the question | minutes |",
        "|---|---|---|",
    ]
    for lesson in lessons:
        link = f"[{lesson.number} {lesson.title}]({lesson.name}.ipynb)"
        lines.append(f"| {link} | {lesson.question} | {_plus(lesson.minutes)} |")
    tree = [f"{lesson.number} {lesson.title} <{lesson.name}>" for lesson in lessons]
    lines += ["", "```{toctree}", ":hidden:", "", *tree, "```", ""]
    return "\n".join(lines)


def filled(text: str, lessons: list[Lesson]) -> str:
    """Return a page with what it says of the lessons: their number, hours, capstone, minutes.

    ``{minutes 03}`` is lesson 03 without its exercises, ``{minutes 01 5}`` its sections 1 to 5.
    """
    minutes = sum(int(number) for one in lessons for number in re.findall(r"\d+", one.minutes)[:2])
    capstone = next(one.name for one in lessons if one.name.endswith("capstone"))
    said = {"lessons": str(len(lessons)), "hours": str(round(minutes / 60)), "capstone": capstone}
    for name, value in said.items():
        text = text.replace(f"{{{name}}}", value)
    known = {one.number: one for one in lessons}
    return _OF_LESSON.sub(lambda found: _reading(known[found[1]], found[2]), text)


def _reading(lesson: Lesson, last: str | None) -> str:
    """Return the minutes of a lesson's core, or of what comes before the section after ``last``."""
    notebook = {"cells": [dict(cell) for cell in lesson.notebook.cells]}
    for place, cell in enumerate(notebook["cells"]):
        before, found, _ = cell["source"].partition(f"## {int(last or 0) + 1}.")
        if last and found:
            notebook["cells"] = [*notebook["cells"][:place], {**cell, "source": before}]
            break
    return f"{reckon(int(lesson.number), notebook).core} minutes"


def _plus(minutes: str) -> str:
    numbers = re.findall(r"\d+", minutes)
    return " + ".join(numbers[:2])

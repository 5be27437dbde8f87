"""The lessons as pages: as they are stored, with what a reader without a kernel needs beside it."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import nbformat

from hpotutor import widgets
from tools.site.words import Word, linked

_TITLE = re.compile(r"^# Lesson (\d\d) · (.+)$", re.M)
_QUESTION = re.compile(r"\*\*The question:\*\* (.+)")
_MINUTES = re.compile(r"\*\*Minutes:\*\* ([^·]+?) ·")
_RUNS = re.compile(r" · \*\*Where it runs:\*\*.*", re.S)
_TAGS = re.compile(r"<[^>]+>")
_IS_WIDGET = re.compile(r"^(\w+): run this cell to use its controls\.$")
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

    def page(self, words: list[Word], has_solutions: bool) -> Any:
        """Return the notebook that Sphinx shows."""
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
        made.cells.append(nbformat.v4.new_markdown_cell(self._last_note(words, has_solutions)))
        return made

    def _first_note(self) -> str:
        return (
            "```{note}\nThis page shows the lesson as it was run. To run it, change it and answer "
            f"its exercises, type `python start.py` and open `{self.path.name}`: "
            "[three ways to start](../index.md#three-ways-to-start).\n```"
        )

    def _last_note(self, words: list[Word], has_solutions: bool) -> str:
        lines = ["## From here", ""]
        own = [word for word in words if word.lesson == self.number]
        if own:
            terms = ", ".join("{term}`" + term + "`" for word in own for term in word.terms)
            lines += [f"- **Words explained in this lesson:** {terms}."]
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
    if pictures and reading:
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

    It is what the figure's call returned, what the cell printed, or the sentence that follows.
    """
    for output in cell.get("outputs", []):
        found = output.get("data", {}).get("text/html", "")
        if found.startswith("<p>") and "image/png" not in output.get("data", {}):
            return html.unescape(_TAGS.sub("", found)).strip()
    if after is not None and after.cell_type == "markdown":
        italic = _ITALIC.match(after.source)
        text = italic[1] if italic else after.source.split("\n\n")[0]
        if not text.startswith("#"):
            return _short(_CLEAN.sub(lambda match: match[1] or "", text))
    printed = "".join(o.get("text", "") for o in cell.get("outputs", []) if "text" in o)
    return _short(" ".join(printed.split())) or "A figure; the text after it says what it shows."


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
    """Return a page with what it says of the lessons as a whole: their number, hours, capstone."""
    minutes = sum(int(number) for one in lessons for number in re.findall(r"\d+", one.minutes)[:2])
    capstone = next(one.name for one in lessons if one.name.endswith("capstone"))
    said = {"lessons": str(len(lessons)), "hours": str(round(minutes / 60)), "capstone": capstone}
    for name, value in said.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _plus(minutes: str) -> str:
    numbers = re.findall(r"\d+", minutes)
    return " + ".join(numbers[:2])

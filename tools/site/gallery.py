"""The gallery: every figure and widget of the package, each with the call that makes it.

A figure is the one that a lesson stores; only one that no lesson draws is drawn here. Of a widget
the picture at the start is shown, since a page has no kernel to move it.
"""

from __future__ import annotations

import base64
import html
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib.pyplot as plt

import hpotutor as ht
from tools.site.lessons import Lesson, reading_of

# Widgets that need to be told what to show; the others show something by themselves.
_CALLS = {
    "knob_panel": 'ht.widgets.knob_panel("iris", start={"epochs": 8, "networks": 2})',
    "optimizer_race": 'ht.widgets.optimizer_race("bumps", optimizers=["sgd", "adam"])',
}
# Figures that no lesson draws.
_SEARCH = """\
table = ht.TableObjective("digits")
result = ht.random_search(table, table.space, trials=60, progress=False)
ht.plots.{}(result)"""
_DRAWN = {name: _SEARCH.format(name) for name in ("history", "importance")}
_ABOUT = """# Gallery

Every figure and every widget of the package, with the call that makes it. Each figure returns the
sentence that you read under it. Figures come from the lessons' stored runs: a call goes on from
the cells above it in that section, which make what it is handed.
"""


class Still(NamedTuple):
    """One picture: its name after ``ht.``, PNG, reading, the call, and where it is from."""

    name: str
    picture: bytes
    reading: str
    call: str
    lesson: Lesson | None
    place: int = 0  # of the cell in its lesson


def stage_gallery(lessons: list[Lesson], source: Path) -> dict[str, Still]:
    """Write the gallery's page and its pictures; return these by name."""
    folder = source / "gallery_pictures"
    folder.mkdir(exist_ok=True)
    parts = [_ABOUT, "## Figures"]
    stills = {still.name: still for still in figures(lessons)}
    parts += [_entry(still, folder) for still in stills.values()]
    parts.append("## Widgets")
    parts.append(
        "In a notebook each has controls, by mouse and by keyboard. These are their first pictures."
    )
    panels = {still.name: still for still in widgets(lessons)}
    parts += [_entry(still, folder) for still in panels.values()]
    (source / "gallery.md").write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    return stills | panels


def _entry(still: Still, folder: Path) -> str:
    (folder / f"{still.name}.png").write_bytes(still.picture)
    alt = re.sub(r"([\\\[\]*_`<>])", r"\\\1", still.reading)
    where = f" {_source(still)}" if still.lesson else ""
    return "\n\n".join(
        [
            f"### {still.name.partition('.')[2]}",
            f"![{alt}](gallery_pictures/{still.name}.png)",
            f"{_escaped(still.reading)}{where} "
            f"Reference: [ht.{still.name}](reference/{still.name}.rst).",
            f"```python\n{still.call}\n```",
        ]
    )


def _source(still: Still) -> str:
    """Say where a picture is from: a call in a lesson goes on from the cells above it."""
    lesson = still.lesson
    assert lesson is not None
    heading = re.sub(r"[*`_]", "", lesson.heading_above(still.place))
    section = f", <em>{html.escape(heading)}</em>" if heading else ""
    link = f'<a href="lessons/{lesson.link_to(still.place)}">lesson {lesson.number}{section}</a>'
    return f"From {link}."


def _escaped(text: str) -> str:
    return re.sub(r"([\\*_<>`\[\]$|])", r"\\\1", text)


def names(folder: str) -> list[str]:
    """Return what ``plots`` or ``widgets`` draws, by the names that a reader types."""
    module = getattr(ht, folder)
    skipped = {"style", "house_style", "Reading", "Panel"}
    return [name for name in module.__all__ if name not in skipped and not name.endswith("_info")]


def figures(lessons: list[Lesson]) -> Iterator[Still]:
    """Yield a picture of each figure: of the shortest cell that draws it."""
    for name in names("plots"):
        found = drawn_in(lessons, name)
        if found:
            lesson, cell, after = min(found, key=lambda each: len(each[1].source))
            reading, place = reading_of(cell, after), lesson.notebook.cells.index(cell)
            yield Still(f"plots.{name}", _picture(cell), reading, cell.source, lesson, place)
        else:
            yield _drawn(name)


def drawn_in(lessons: list[Lesson], name: str) -> list[tuple[Lesson, Any, Any]]:
    """Return the cells that draw a figure and hold its picture: lesson, cell, what follows it."""
    return [
        (lesson, cell, after)
        for lesson in lessons
        for cell, after in _cells(lesson)
        if f"ht.plots.{name}(" in cell.source and _picture(cell)
    ]


def without_picture(lessons: list[Lesson]) -> list[str]:
    """Return the figures that no lesson draws and that are not drawn here."""
    return [n for n in names("plots") if n not in _DRAWN and not drawn_in(lessons, n)]


def _cells(lesson: Lesson) -> Iterator[tuple[Any, Any]]:
    cells = lesson.notebook.cells
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type == "code":
            yield cell, after


def _picture(cell: Any) -> bytes:
    for output in cell.outputs:
        if "image/png" in output.get("data", {}):
            return base64.b64decode(output.data["image/png"])
    return b""


def _drawn(name: str) -> Still:
    """Draw a figure that no lesson draws."""
    plt.switch_backend("agg")
    *lines, last = _DRAWN[name].splitlines()
    scope: dict[str, Any] = {"ht": ht}
    exec("\n".join(lines), scope)
    reading = eval(last, scope)
    return Still(f"plots.{name}", _png(plt.gcf()), str(reading), _DRAWN[name], None)


def _png(figure: Any) -> bytes:
    made = io.BytesIO()
    figure.savefig(made, format="png", dpi=100)
    plt.close(figure)
    return made.getvalue()


def widgets(lessons: list[Lesson]) -> Iterator[Still]:
    """Yield the first picture of each widget."""
    for name in names("widgets"):
        call = _CALLS.get(name, f"ht.widgets.{name}()")
        panel = eval(call, {"ht": ht})
        places = ((one, one.types(f"widgets.{name}")) for one in lessons)
        lesson, place = next(((o, at) for o, at in places if at is not None), (None, 0))
        yield Still(f"widgets.{name}", panel.picture, panel.reading, call, lesson, place)
        panel.close()

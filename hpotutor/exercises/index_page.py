"""The page that JupyterLab opens with: every lesson, its minutes, the points, what to do next.

It is a Markdown file in the learner's own folder. `hpotutor lab` writes it, and every checked
answer brings its points up to date. Its last line holds what that takes, so that a check imports no
other lesson, and a mark of the text above: a page that its owner changed is never written again.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hpotutor._system import write_whole
from hpotutor.exercises.progress_file import EMPTY, read

FILE = "index.md"
Entries = Mapping[str, Mapping[str, Any]]  # what the progress file holds, by exercise
_LAST = re.compile(r"<!-- hpotutor (\{.*\}) -->\s*\Z")
_TABLE = """\
| lesson | the question | minutes | points |
|:---|:---|:---|:---|
"""
_BELOW = """
- A click on a lesson opens it; **Shift+Enter** runs a cell and goes to the next one.
- Minutes are for reading and running, plus those for the exercises.
- **An evening**, without exercises: 00; 01, sections 1 to 5; 03, 09 and 11, each up to *Going
  further*. **The whole course**: 00 to 11 with exercises, then 14.
- In a cell, `ht.progress({number})` lists the exercises of lesson {number} and what is open, and
  `ht.glossary("regret")` explains a word. In a terminal, `hpotutor progress` lists them all.
- Points are as they were when this page was opened. To see today's, close its tab, then open
  `{file}` again in the list of files.
"""


@dataclass(frozen=True)
class Listed:
    """A lesson on the page: the stem of its file, what its first cell says, points by exercise."""

    name: str
    title: str
    question: str
    minutes: str
    points: dict[str, int]

    @property
    def link(self) -> str:
        """The lesson's name, which opens it."""
        return f"[{self.name[:2]} · {self.title}]({self.name}.ipynb)"

    def is_begun(self, entries: Entries) -> bool:
        """Return whether anything was done about one of its exercises."""
        return any(entries.get(exercise, EMPTY) != EMPTY for exercise in self.points)

    def to_do(self, entries: Entries) -> list[str]:
        """Return the exercises that are not right yet."""
        return [one for one in self.points if not entries.get(one, EMPTY)["right"]]

    def earned(self, entries: Entries) -> int:
        """Return the points of the exercises that are right."""
        return sum(self.points.values()) - sum(self.points[one] for one in self.to_do(entries))


def page(lessons: Sequence[Listed], entries: Entries, file: str = FILE) -> str:
    """Return the page's text: lessons in order, and how far a learner has come in each.

    Examples
    --------
    >>> one = Listed("00_a", "A", "Why?", "5 + 5", {"lesson_00.q1": 2, "lesson_00.q2": 1})
    >>> print(page([one], {"lesson_00.q1": {"right": True}}))
    # Your course
    <BLANKLINE>
    **2 of 3 points.** Next: [00 · A](00_a.ipynb), where exercise 2 is open.
    ...
    | **[00 · A](00_a.ipynb)** (next) | Why? | 5 + 5 | 2 of 3 |
    ...
    """
    following = next_lesson(lessons, entries)
    rows = ""
    for lesson in lessons:
        possible = sum(lesson.points.values())
        points = f"{lesson.earned(entries)} of {possible}" if possible else ""
        link = f"**{lesson.link}** (next)" if lesson is following else lesson.link
        rows += f"| {link} | {lesson.question} | {lesson.minutes} | {points} |\n"
    earned = sum(lesson.earned(entries) for lesson in lessons)
    top = f"**{earned} of {sum(sum(lesson.points.values()) for lesson in lessons)} points.** "
    top += f"Next: {_told(following, entries)}." if following else "Every exercise is solved."
    number = int(following.name[:2]) if following else 0
    below = _BELOW.format(number=number, file=file)
    return f"# Your course\n\n{top}\n\n{_TABLE}{rows}{below}"


def next_lesson(lessons: Sequence[Listed], entries: Entries) -> Listed | None:
    """Return the lesson to go on with: the last one begun, or one after it that has open exercises.

    Who leaves an exercise out is not sent back to it until there is nothing ahead.
    """
    begun = [place for place, lesson in enumerate(lessons) if lesson.is_begun(entries)]
    start = begun[-1] if begun else 0
    ahead = [*lessons[start:], *lessons[:start]]
    return next((lesson for lesson in ahead if lesson.to_do(entries)), None)


def _told(lesson: Listed, entries: Entries) -> str:
    left = [one.rpartition(".q")[2] for one in lesson.to_do(entries)]
    if len(left) == len(lesson.points):
        return lesson.link
    several = "exercises " + ", ".join(left) + " are open"
    return f"{lesson.link}, where {several if left[1:] else f'exercise {left[0]} is open'}"


# ── its file ─────────────────────────────────────────────────────────────────────────────────


def write_page(path: Path, lessons: Sequence[Listed]) -> None:
    """Write the page with the points of the progress file beside it."""
    text = page(lessons, read(path.parent)[0], path.name)
    kept = {"lessons": [asdict(lesson) for lesson in lessons], "mark": _mark(text)}
    last = json.dumps(kept).replace(">", "\\u003e")  # nothing may end the comment early
    write_whole(path, f"{text}<!-- hpotutor {last} -->\n".encode())


def listed_in(path: Path) -> list[Listed] | None:
    """Return the lessons of a page that is as it was written here; None of any other file."""
    try:
        text = path.read_text(encoding="utf-8")
        last = _LAST.search(text)
        kept = json.loads(last[1]) if last else {}
        ours = kept["mark"] == _mark(_LAST.sub("", text))
        return [Listed(**lesson) for lesson in kept["lessons"]] if ours else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _mark(text: str) -> str:
    """Return a number for a text, whatever an editor did to its line ends."""
    return hashlib.sha256(" ".join(text.split()).encode()).hexdigest()


def refresh_pages(folder: str | os.PathLike) -> None:
    """Bring the points of the pages in a folder up to date: those that nobody has changed."""
    with contextlib.suppress(OSError):  # the next start of `hpotutor lab` makes good
        for path in Path(folder).glob("index*.md"):
            lessons = listed_in(path)
            if lessons:
                write_page(path, lessons)

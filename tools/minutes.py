"""Reckon how many minutes each lesson takes, and write them where they are told.

    python tools/minutes.py [--check]

A lesson's header, the README's table and INSTRUCTORS.md take their minutes from here; the latter
takes a lesson's points and what should come before it from its exercises and header. ``--check``
writes nothing, and ends with 1 if a number is out of date.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor.course.lessons import all_lessons, read_notebook, source_of
from hpotutor.exercises.catalog import exercises_of

WORDS_A_MINUTE = 180
CODE_LINES_A_MINUTE = 10  # read, with their output
FIGURES_A_MINUTE = 2
MINUTES_A_POINT = 3
FURTHER = "## Going further"  # what follows is optional
_HEADER = re.compile(r"(?<=\*\*Minutes:\*\* )[^·]+(?= ·)")
_ROW = re.compile(r"^(\| \[?(\d\d) .*\| )([\d+ ]+)(?= \|)", re.MULTILINE)
# In INSTRUCTORS.md: prerequisites and points, before the minutes.
_FACTS = re.compile(r"^(\| \[(\d\d) [^|]*\| )[^|]*\| \d* (?=\| [\d+ ]+ \|)", re.MULTILINE)
_BEFORE = re.compile(r"\*\*Before this:\*\* ([^·]+?) ·")
_TOTAL = re.compile(r"(?<=about )\d+(?= hours)")


class Minutes(NamedTuple):
    """What a lesson takes: its core path, its exercises, and what stands under Going further."""

    core: int
    exercises: int
    further: int

    def __str__(self) -> str:
        return f"{self.core} + {self.exercises}"


def reckon(number: int, notebook: dict[str, Any]) -> Minutes:
    """Return a lesson's minutes, each to the next 5.

    Parameters
    ----------
    number : int
        The lesson's, whose exercises have points.
    notebook : dict
        What the notebook's file holds.
    """
    parts, beyond = [0.0, 0.0], 0
    for cell in notebook["cells"]:
        beyond = beyond or int(source_of(cell).startswith(FURTHER))
        parts[beyond] += _cell_minutes(cell)
    points = sum(exercise.points for exercise in exercises_of(number))
    return Minutes(*(5 * -(-int(p) // 5) for p in (parts[0], points * MINUTES_A_POINT, parts[1])))


def _cell_minutes(cell: dict[str, Any]) -> float:
    source = source_of(cell)
    if cell["cell_type"] == "markdown":
        source = _HEADER.sub("", source)  # what is written here must not change what is reckoned
        prose = re.sub(r"```.*?```|\(https?://[^)]*\)|[|#*`-]", " ", source, flags=re.DOTALL)
        return len(prose.split()) / WORDS_A_MINUTE
    lines = [line for line in source.splitlines() if line.strip() and line.strip()[0] != "#"]
    figures = sum("image/png" in output.get("data", {}) for output in cell["outputs"])
    return len(lines) / CODE_LINES_A_MINUTE + figures / FIGURES_A_MINUTE


def told(text: str, minutes: dict[int, Minutes]) -> str:
    """Return a document with the minutes of each row of its table, and their sum in hours."""

    def row(found: re.Match[str]) -> str:
        return f"{found[1]}{minutes[int(found[2])]}"

    hours = round(sum(one.core + one.exercises for one in minutes.values()) / 60)
    return _TOTAL.sub(str(hours), _ROW.sub(row, text))


def documents() -> dict[Path, str]:
    """Return what each lesson, the README and INSTRUCTORS.md should hold."""
    minutes, wanted, facts = {}, {}, {}
    for name, path in all_lessons().items():
        number = int(name[:2])
        minutes[number] = reckon(number, read_notebook(path))
        core, more, _ = minutes[number]
        before = _BEFORE.search(source_of(read_notebook(path)["cells"][0]))
        points = sum(exercise.points for exercise in exercises_of(number))
        needed = re.split(r", (?:or|and) |;", before[1])[0] if before else ""
        facts[number] = f"{needed} | {points} "
        header = f"{core}, and {more} for the exercises"
        wanted[path] = _HEADER.sub(header, path.read_text(encoding="utf-8"), count=1)
    for name in ("README.md", "INSTRUCTORS.md"):
        path = ROOT / name
        wanted[path] = told(path.read_text(encoding="utf-8"), minutes)
    wanted[path] = _FACTS.sub(lambda row: f"{row[1]}{facts[int(row[2])]}", wanted[path])
    return wanted


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write each lesson's minutes where they are told.")
    parser.add_argument("--check", action="store_true", help="write nothing; end with 1 if wrong")
    check = parser.parse_args().check
    stale = {p: t for p, t in documents().items() if t != p.read_text(encoding="utf-8")}
    for path, text in stale.items():
        if not check:
            path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{path.name}: {'out of date' if check else 'written'}")
    sys.exit(check and bool(stale))


if __name__ == "__main__":
    main()

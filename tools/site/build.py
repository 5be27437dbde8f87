"""Build the site: stage its pages, then have Sphinx lay them out. No notebook is run.

    python start.py docs [--no-browser] [--strict] [--output FOLDER]

Sources are in ``docs/``; lessons, solutions, gallery, claims, glossary and reference are made from
what they document, so that none of them can be out of date. It needs the extra ``docs``.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # so that the file runs as a script, from any folder

from hpotutor import setup

setup()  # as in the lessons; before TensorFlow is imported

from hpotutor.cli import exit_status
from hpotutor.errors import MissingExtra
from hpotutor.tabular.table import open_table
from tools.links import NO_ADDRESS, read_address
from tools.site import (
    documents,
    gallery,
    ledger,
    lessons,
    picture,
    playground,
    reference,
    solutions,
    words,
)

OUTPUT = ROOT / "build" / "site"  # what git ignores
_COPIED = ("conf.py", "playground.md")


def stage(source: Path) -> None:
    """Write all sources that Sphinx reads into a folder, which is made anew."""
    shutil.rmtree(source, ignore_errors=True)
    for folder in ("lessons", "solutions", "reference"):
        (source / folder).mkdir(parents=True)
    for name in _COPIED:
        shutil.copy(ROOT / "docs" / name, source / name)
    for name in ("_static", "_templates"):
        shutil.copytree(ROOT / "docs" / name, source / name)
    stage_course(source)
    repository = read_address(ROOT).page
    address = None if repository == NO_ADDRESS else repository
    documents.stage_documents(ROOT, source, address)
    first, *_ = playground.stage_tables(source / "_static")
    picture.stage_picture(open_table(first), source)


def stage_course(source: Path) -> None:
    """Write what is made from the lessons and the package."""
    course = [lessons.Lesson(path) for path in sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))]
    files = {lesson.number: lesson.name for lesson in course}
    titles = {lesson.number: lesson.title for lesson in course}
    known = words.read_words(ROOT / "docs" / "glossary.md", course[0].path)
    landing = (ROOT / "docs" / "index.md").read_text("utf-8")
    solved = [number for number in solutions.numbers() if number in files]
    pages = {
        "license.md": documents.license_page(ROOT),
        "index.md": lessons.filled(documents.NOTES.sub("", landing), course),
        "lessons/index.md": lessons.index_page(course),
        "glossary.md": words.glossary_page(known, {n: f"{f}.ipynb" for n, f in files.items()}),
        "claims.md": ledger.claims_page(ROOT / "notebooks", files),
        "solutions/index.md": solutions.index_page({n: titles[n] for n in solved}),
    }
    for number in solved:
        page = solutions.solutions_page(number, titles[number], files[number])
        pages[f"solutions/lesson_{number}.md"] = page
    stills = gallery.stage_gallery(course, source)
    for name, page in reference.reference_pages(course, stills).items():
        pages[f"reference/{name}"] = page
    for name, page in pages.items():
        (source / name).write_text(page, encoding="utf-8")
    names = [entry.name for entry in reference.entries()]
    for lesson in course:
        made = lesson.page(known, lesson.number in solved, names)
        nbformat.write(made, source / "lessons" / lesson.path.name)


def lay_out(source: Path, pages: Path, strict: bool) -> int:
    """Have Sphinx make the pages; return its exit code. ``strict`` makes warnings errors."""
    try:
        from sphinx.cmd.build import build_main
    except ImportError:
        raise MissingExtra(
            "python tools/site/build.py: Sphinx is not installed. Type: python start.py docs"
        ) from None
    shutil.rmtree(pages, ignore_errors=True)
    options = ["--fail-on-warning", "--keep-going"] if strict else []
    doctrees = pages.parent / "doctrees"
    return build_main(["-q", "-j", "auto", *options, "-d", str(doctrees), str(source), str(pages)])


def size(folder: Path) -> float:
    """Return the size of all files in a folder, in MB."""
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e6


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, build, open; return the exit code."""
    parser = argparse.ArgumentParser(description=re.split(r"\n\n", __doc__ or "")[0])
    parser.add_argument("--output", type=Path, default=OUTPUT, metavar="FOLDER")
    parser.add_argument("--no-browser", action="store_true", help="do not open it")
    parser.add_argument("--strict", action="store_true", help="a warning is an error")
    parser.add_argument("--stage-only", action="store_true", help="write Sphinx's sources, no more")
    given = parser.parse_args(arguments)
    source, pages = given.output / "source", given.output / "html"
    stage(source)
    if given.stage_only:
        return 0
    code = lay_out(source, pages, given.strict)
    if code == 0:
        first = pages / "index.html"
        print(f"The site is {size(pages):.0f} MB; its first page: {first}")
        if not given.no_browser:
            webbrowser.open(first.as_uri())
    return code


if __name__ == "__main__":
    sys.exit(exit_status(main))

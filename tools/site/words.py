"""The words of the course: the glossary's page, and links to it from the lessons."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from hpotutor.course.lessons import read_notebook, source_of

_ENTRY = re.compile(r"^(?!:)(\S.*)\n: +(.*(?:\n +.*)*)", re.M)
_AT = re.compile(r" *\(lesson (\d\d)\)$")
_ROW = re.compile(r"^\| (.+?) \| (.+?) \| (\d\d) \|$", re.M)


class Word(NamedTuple):
    """One entry: the words that it explains, what they mean, the lesson that explains them."""

    terms: tuple[str, ...]
    meaning: str
    lesson: str


def read_words(document: Path, first_lesson: Path) -> list[Word]:
    """Return the glossary's entries.

    Parameters
    ----------
    document : Path
        ``docs/glossary.md``: definition lists, an entry's lesson in parentheses at its end.
    first_lesson : Path
        Lesson 00, whose last table has them as long as there is no such document.
    """
    if document.exists():
        found = []
        for terms, text in _ENTRY.findall(document.read_text(encoding="utf-8")):
            meaning = re.sub(r"\s+", " ", text).strip()
            lesson = _AT.search(meaning)
            found.append(Word(_split(terms), _AT.sub("", meaning), lesson[1] if lesson else ""))
        return found
    cells = [source_of(cell) for cell in read_notebook(first_lesson)["cells"]]
    table = next((cell for cell in reversed(cells) if "| word | meaning |" in cell), "")
    return [Word(_split(terms), meaning, at) for terms, meaning, at in _ROW.findall(table)]


def _split(terms: str) -> tuple[str, ...]:
    return tuple(term.strip() for term in re.split(r",", re.sub(r"[`*]", "", terms)))


def glossary_page(words: list[Word], lessons: dict[str, str]) -> str:
    """Return the glossary as MyST; ``lessons`` are files by number, such as ``"04"``."""
    lines = [
        "# Glossary",
        "",
        "Every word that the course explains, with the lesson that explains it.",
        "",
        "```{glossary}",
    ]
    seen: set[str] = set()
    for word in sorted(words, key=lambda word: word.terms[0].lower()):
        terms = [term for term in word.terms if term.lower() not in seen]
        if not terms:
            continue
        seen.update(term.lower() for term in terms)
        link = f" [Lesson {word.lesson}](lessons/{lessons[word.lesson]})" if (
            word.lesson in lessons and "](" not in word.meaning
        ) else ""  # fmt: skip
        meaning = word.meaning[0].upper() + word.meaning[1:].rstrip(".")
        lines += [*terms, f"  {meaning}.{link}", ""]
    return "\n".join([*lines, "```", ""])


def linked(text: str, words: list[Word], done: set[str]) -> str:
    """Return a cell's text in which a word in bold leads to its entry, once a lesson.

    Examples
    --------
    >>> word = Word(("learning curve",), "loss by epoch", "00")
    >>> linked("A **learning curve** draws it.", [word], set())
    'A **{term}`learning curve`** draws it.'
    """
    known = {term.lower(): term for word in words for term in word.terms}

    def replace(match: re.Match) -> str:
        found = match[1].lower()
        spellings = (found, found.removesuffix("s"), found.replace("-", " "))
        name = next(filter(None, map(known.get, spellings)), None)
        if name is None or name in done or "`" in match[1]:
            return match[0]
        done.add(name)
        same = name == match[1]
        return "**{term}`" + (name if same else f"{match[1]} <{name}>") + "`**"

    return re.sub(r"\*\*([^*\n]+)\*\*", replace, text)

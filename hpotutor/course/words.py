"""The words of the course, read from the glossary that also stands in the documentation."""

import re

from hpotutor.course.lessons import checkout, lessons_folder
from hpotutor.errors import Problems

_ENTRY = re.compile(r"^(\S.*)\n: (.+(?:\n  .+)*)", re.MULTILINE)


class Meaning(str):
    """A text that a notebook shows as Markdown."""

    def _repr_markdown_(self) -> str:
        return str(self)

    __repr__ = str.__str__


def glossary(word: str | None = None) -> Meaning:
    """Return what a word of the course means, or, without one, a list of all words.

    ArgumentError: for a word that is not there; it says which one may be meant.

    Examples
    --------
    >>> glossary("epochs")
    **epoch**: One pass over the training rows. (lesson 00)
    """
    folder = checkout()
    path = folder / "docs" / "glossary.md" if folder else lessons_folder().parent / "glossary.md"
    entries = _ENTRY.findall(path.read_text(encoding="utf-8"))
    if word is None:
        return Meaning(" · ".join(terms for terms, _ in entries))
    known = {term: entry for entry in entries for term in entry[0].split(", ")}
    asked = word.strip().lower() if isinstance(word, str) else ""
    forms = (asked, asked.removesuffix("s"), asked.replace("-", " "))
    term = next((t for form in forms for t in known if t.lower() == form), word)
    with Problems("glossary") as problems:
        problems.choice("word", term, known)
    terms, text = known[term]
    return Meaning(f"**{terms}**: {' '.join(text.split())}")

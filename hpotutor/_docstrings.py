"""Docstrings that are short in the source, and in full where a reader asks for them.

A paragraph that begins with a class, such as "ArgumentError: for a method that is not there.", says
what a call returns or raises. ``help`` shows each as a section, in the order that numpydoc knows.
"""

import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from typing import Any

_HEADING = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_PARAGRAPH = re.compile(r"(?<=\n\n)((?:[a-z]+\.)?[A-Z]\w+): (.+?)(?=\n\n|\Z)", re.DOTALL)
_ORDER = ("Parameters", "Attributes", "Returns", "Raises", "See Also", "Notes", "References")
_ERRORS = ("Error", "Failed", "MissingExtra", "StopSearch", "SystemExit")


def sections_of(thing: Callable | type) -> dict[str, str]:
    """Return a docstring's sections by heading; what stands before the first has none."""
    paragraphs: dict[str, list[str]] = {}

    def take(match: re.Match) -> str:
        heading = "Raises" if match[1].endswith(_ERRORS) else "Returns"
        text = textwrap.indent(match[2][0].upper() + match[2][1:].rstrip(), "    ")
        paragraphs.setdefault(heading, []).append(f"{match[1]}\n{text}")
        return ""

    about, *rest = _HEADING.split(_PARAGRAPH.sub(take, inspect.getdoc(thing) or ""))
    sections = {h: text.strip() for h, text in zip(rest[::2], rest[1::2], strict=True)}
    return {"": about.strip(), **sections, **{h: "\n".join(p) for h, p in paragraphs.items()}}


def written(sections: Mapping[str, str]) -> str:
    """Return a docstring of such sections."""
    rest = [heading for heading in sections if heading and heading not in _ORDER]
    heads = [heading for heading in (*_ORDER, *rest) if heading in sections]
    parts = [f"{head}\n{'-' * len(head)}\n{sections[head]}" for head in heads]
    return "\n\n".join([sections[""], *parts]) + "\n"


def complete(thing: Any) -> None:
    """Write a function's docstring, or those of a class and its methods, in full."""
    members = list(vars(thing).values()) if inspect.isclass(thing) else []
    for each in (thing, *members):
        if inspect.isfunction(each) or inspect.isclass(each):
            if _PARAGRAPH.search(inspect.cleandoc(each.__doc__ or "")):
                each.__doc__ = written(sections_of(each))

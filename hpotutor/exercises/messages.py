"""What an exercise says: verdicts, hints and solutions, as text and as a notebook shows them."""

import html
import re
import reprlib
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

Status = Literal["not attempted", "not yet", "right"]

# Heading, color of the bar (Okabe and Ito's, and a gray) and a sign, for those who see no color.
_LOOKS = {
    "not attempted": ("Not attempted yet.", "#767676", "&#9675;"),
    "not yet": ("Not yet.", "#E69F00", "&#8594;"),
    "right": ("Right.", "#009E73", "&#10003;"),
    "hint": ("", "#0072B2", "?"),
}


def shown(value: object) -> str:
    """Return a short text of any value that is the same on every run.

    Examples
    --------
    >>> shown([1, 2, 3]), shown("adam")
    ('[1, 2, 3]', "'adam'")
    >>> shown(object())
    '<object object>'
    """
    brief = reprlib.Repr()
    brief.maxlist = brief.maxtuple = brief.maxdict = brief.maxset = 8
    brief.maxstring = brief.maxother = 80
    try:
        text = brief.repr(value)
    except Exception:  # whatever a learner's own __repr__ may raise
        text = f"<{type(value).__name__}>"
    return _tidy(text)


def reason(error: Exception) -> str:
    """Return an error's type and what it says, on one line that is the same on every run.

    Examples
    --------
    >>> reason(ValueError("k is too large"))
    'ValueError: k is too large'
    """
    try:
        said = _tidy(str(error))
    except Exception:  # an error whose own text cannot be made
        said = ""
    short = said if len(said) <= 240 else f"{said[:240].rstrip()} ..."
    return f"{type(error).__name__}: {short}" if short else type(error).__name__


def _tidy(text: str) -> str:
    """Return a text on one line, without memory addresses and without marks of code."""
    text = re.sub(r" at 0x[0-9a-fA-F.]+", "", text)
    return re.sub(r"\s+", " ", text).replace("`", "'").strip()


def kind(value: object) -> str:
    """Return in plain words what sort of thing a value is.

    Examples
    --------
    >>> kind(3), kind("3"), kind(None), kind(float("nan")), kind(dict)
    ('a whole number', 'a string', 'None', 'NaN', 'the class dict itself')
    """
    if value is None:
        return "None"
    if isinstance(value, type):
        return f"the class {value.__name__} itself"
    if isinstance(value, float | np.floating):
        return "NaN" if np.isnan(value) else "a number"
    names: dict[Any, str] = {
        bool | np.bool_: "True or False",
        int | np.integer: "a whole number",
        str: "a string",
        list: "a list",
        tuple: "a tuple",
        dict: "a dict",
        set | frozenset: "a set",
        np.ndarray: "a NumPy array",
        Callable: "a function" if hasattr(value, "__code__") else "something to call",
    }
    words = (text for types, text in names.items() if isinstance(value, types))
    return next(words, f"an object of type {type(value).__name__}")


@dataclass(frozen=True, repr=False)
class Message:
    """Something an exercise says; as the last line of a cell it shows itself.

    Parameters
    ----------
    message : str
        Sentences, with code between backticks; a blank line starts a paragraph.
    """

    message: str

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return str(self)

    def _look(self) -> tuple[str, str, str]:
        return _LOOKS["hint"]

    def _repr_html_(self) -> str | None:
        heading, color, sign = self._look()
        body = html.escape(str(self), quote=False)
        if heading:
            body = body.replace(heading, f"<strong>{heading}</strong>", 1)
        body = re.sub(r"`([^`]+)`", r"<code>\1</code>", body)
        body = body.replace("\n\n", "</p><p>").replace("\n", "<br>")
        style = f"border-left: 4px solid {color}; padding: 0.2em 0.9em; margin: 0.3em 0"
        return f'<div style="{style}"><p>{sign} {body}</p></div>'


@dataclass(frozen=True, repr=False)
class Verdict(Message):
    """What a check found; true when the answer is right.

    Parameters
    ----------
    message : str
        What to look at next, or why the answer matters.
    exercise : str
        The exercise's id, such as ``"lesson_02.q1"``.
    status : {"not attempted", "not yet", "right"}
        Which of the three it is.
    points : int
        Points earned: all of the exercise's, or 0.
    note : str
        A remark beside the matter, for instance that progress could not be saved.
    error : Exception or None
        What stopped the check, if an answer was too strange for it.

    Examples
    --------
    >>> Verdict("Look at `cv`.", exercise="lesson_02.q1", status="not yet")
    Not yet. Look at `cv`.
    """

    exercise: str
    status: Status
    points: int = 0
    note: str = ""
    error: Exception | None = field(default=None, compare=False)

    def __bool__(self) -> bool:
        return self.status == "right"

    def __str__(self) -> str:
        text = f"{_LOOKS[self.status][0]} {self.message}"
        return f"{text}\n\n{self.note}" if self.note else text

    def _look(self) -> tuple[str, str, str]:
        return _LOOKS[self.status]


@dataclass(frozen=True, repr=False)
class Solution(Message):
    """One way to solve an exercise.

    Parameters
    ----------
    message : str
        Why it matters.
    source : str
        Python that ends with ``answer``; a notebook shows it in color.
    """

    source: str

    def __str__(self) -> str:
        return f"One way to do it:\n\n{textwrap.indent(self.source, '    ')}\n\n{self.message}"

    def _repr_html_(self) -> None:
        return None  # Markdown colors the code, and HTML would win over it

    def _repr_markdown_(self) -> str:
        return f"One way to do it:\n\n```python\n{self.source}\n```\n\n{self.message}"

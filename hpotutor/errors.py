"""Errors worth catching, and the one way in which bad arguments are reported."""

from __future__ import annotations

import difflib
import re
import reprlib
from collections.abc import Iterable
from typing import Any


class HpoTutorError(Exception):
    """Base of every error that hpotutor raises on purpose."""


class ArgumentError(HpoTutorError, ValueError):
    """An argument has a value that is not allowed; also a ``ValueError``."""


class DataError(HpoTutorError, ValueError):
    """A data set cannot be used as it is; also a ``ValueError``."""


class LogError(HpoTutorError):
    """A search log is damaged, in use, or belongs to another search."""


class MissingExtra(HpoTutorError, ImportError):
    """An optional library is not installed; also an ``ImportError``."""


class SealError(HpoTutorError):
    """The sealed test set was opened before."""


class SearchFailed(HpoTutorError):
    """No trial of a search gave a value; ``result`` is the :class:`hpotutor.SearchResult`."""

    def __init__(self, message: str, result: Any = None) -> None:
        super().__init__(message)
        self.result = result


class StopSearch(BaseException):
    """A search's budget is spent; the libraries' loops, which catch ``Exception``, let it pass."""


def did_you_mean(name: object, allowed: Iterable[object]) -> str:
    """Return a hint for a misspelt name, or an empty string if it is like none that is allowed.

    Examples
    --------
    >>> did_you_mean("adm", ["sgd", "adam"])
    " Did you mean 'adam'?"
    """
    names = [str(option) for option in allowed]
    close = sorted(difflib.get_close_matches(word := str(name), names, n=9, cutoff=0.6))
    best = max(close, key=lambda one: difflib.SequenceMatcher(None, one, word).ratio(), default="")
    return f" Did you mean {best!r}?" if close else ""


class _Brief(reprlib.Repr):
    """A value's own text, cut short, without the address that a function's or object's ends in."""

    def repr_instance(self, x: object, level: int) -> str:
        try:
            text = re.sub(r" at 0x[0-9a-fA-F]+", "", repr(x))
        except Exception:  # whatever a learner's own __repr__ may raise
            return f"<{type(x).__name__}>"
        if len(text) <= self.maxother:
            return text
        head = (self.maxother - 3) // 2
        return f"{text[:head]}...{text[-(self.maxother - 3 - head) :]}"


_BRIEF = _Brief()


class Problems:
    """Collect every bad argument of one ``call``, and report them together, as a with-block ends.

    Examples
    --------
    >>> Problems("build_mlp").add("units", 0, "a number from 1 up", "units=9").raise_if_any()
    Traceback (most recent call last):
    hpotutor.errors.ArgumentError: build_mlp: units=0 is not allowed. Allowed: a number from 1 up. \
Type for instance units=9.
    """

    def __init__(self, call: str) -> None:
        self.call = call
        self.lines: list[str] = []

    def add(self, argument: str, value: object, allowed: str, instead: str) -> Problems:
        """Note one bad argument: its name, its value, what is allowed, what to type."""
        shown = _BRIEF.repr(value)
        self.lines.append(
            f"{argument}={shown} is not allowed. Allowed: {allowed}. Type for instance {instead}."
        )
        return self

    def say(self, sentence: str) -> None:
        """Note a problem that is not one argument's value, as a full sentence."""
        self.lines.append(sentence)

    def choice(self, argument: str, value: object, allowed: Iterable[object]) -> bool:
        """Note ``value`` unless it is one of ``allowed``; return whether it was fine."""
        options = list({str(option): option for option in allowed}.values())
        plain: Any = value
        if getattr(plain, "ndim", None) == 0:  # a text or number of NumPy's
            plain = plain.item()
        if any(type(plain) is type(option) and plain == option for option in options):
            return True
        hint = did_you_mean(value, options)
        instead = next((option for option in options if repr(str(option)) in hint), options[0])
        self.lines.append(
            f"{argument}={_BRIEF.repr(value)} is not allowed.{hint} "
            f"Allowed: {', '.join(map(repr, options))}. Type for instance {argument}={instead!r}."
        )
        return False

    def unknown(self, names: Iterable[str], allowed: Iterable[str]) -> Problems:
        """Note argument names that the call does not know."""
        options = list(allowed)
        for name in names:
            hint = did_you_mean(name, options)
            self.lines.append(f"{name} is not a known name.{hint} Known: {', '.join(options)}.")
        return self

    def __enter__(self) -> Problems:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self.raise_if_any()

    def raise_if_any(self, error: type[HpoTutorError] = ArgumentError) -> None:
        """Raise one ``error`` with everything noted so far, or do nothing."""
        if not self.lines:
            return
        if len(self.lines) == 1:
            raise error(f"{self.call}: {self.lines[0]}")
        listed = "\n".join(f"  {n}. {line}" for n, line in enumerate(self.lines, start=1))
        raise error(f"{self.call}: {len(self.lines)} problems.\n{listed}")

"""How tests look at an error: it is one of ours, and says what a learner needs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from hpotutor.errors import ArgumentError, HpoTutorError

# How a message tells what to do instead: at the start of a clause, or by names to choose from.
_VERBS = (
    "add|check|compile|create|derive|drop|fill|give|install|join|leave|let|look|make|move|name|number|put|"
    "run|say|score|search|shuffle|start|tick|train|type|use|wait"
)
_INSTEAD = re.compile(
    rf"(^|[,.;:?)] |\b(or|and|then) )({_VERBS}):? |Did you mean |(Known|Allowed|Columns|Labels): ",
    re.I | re.M,
)


@contextlib.contextmanager
def refused(
    *says: str, error: type[HpoTutorError] = ArgumentError
) -> Iterator[pytest.ExceptionInfo[HpoTutorError]]:
    """Expect an error of this package whose message has all of ``says``, regular expressions.

    ``says`` tell which argument it names, with which value. That a message about arguments names
    the call, and that what is refused comes with what to do instead, is seen to here; but for a
    bare ``HpoTutorError``, which tells of a state that nobody typed.
    """
    with pytest.raises(error) as caught:
        yield caught
    message = str(caught.value)
    for words in says:
        assert re.search(words, message), f"{words!r} is not in: {message}"
    assert not re.search(r"[0-9a-f]{8}>", message), "an address tells a learner nothing"
    if isinstance(caught.value, ArgumentError):
        assert re.match(r"[\w. ]+: ", message), f"no call is named in: {message}"
    call, *listed = re.split(r"\n  \d+\. ", message)
    for problem in listed or [call] if type(caught.value) is not HpoTutorError else []:
        assert _INSTEAD.search(problem), f"nothing to do instead is named in: {problem}"


def shown(arguments: Mapping[str, Any]) -> list[str]:
    """Return what a message must have that names each of these arguments, with its value."""
    return [rf"\b{name}={re.escape(repr(value))}" for name, value in arguments.items()]


def texts(*words: str) -> list[str]:
    """Return regular expressions of plain texts that a message must have."""
    return [re.escape(word) for word in words]


def told(call: Callable[..., object], *given: Any, **named: Any) -> str:
    """Return what a call with bad arguments says."""
    with refused() as caught:
        call(*given, **named)
    return str(caught.value)

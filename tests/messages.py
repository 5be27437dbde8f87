"""How tests look at an error: it is one of ours, and says what a learner needs."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest

from hpotutor.errors import HpoTutorError


@contextlib.contextmanager
def refused(
    *says: str, error: type[HpoTutorError] = HpoTutorError
) -> Iterator[pytest.ExceptionInfo[HpoTutorError]]:
    """Expect an error of this package whose message has all of ``says``, regular expressions."""
    with pytest.raises(error) as caught:
        yield caught
    message = str(caught.value)
    for words in says:
        assert re.search(words, message), f"{words!r} is not in: {message}"
    assert not re.search(r"[0-9a-f]{8}>", message), "an address tells a learner nothing"

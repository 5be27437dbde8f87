"""Bad arguments of a call, reported together: by a with-block, or when asked."""

from __future__ import annotations

import pytest

from hpotutor.errors import ArgumentError, Problems


def test_a_with_block_raises_all_that_was_noted_as_it_ends():
    ended = []
    with pytest.raises(ArgumentError, match=r"(?s)fit: 2 problems.*units=0.*dropout=2") as caught:
        with Problems("fit") as problems:
            problems.add("units", 0, "a number from 1 up", "units=9")
            problems.add("dropout", 2, "a share", "dropout=0.5")
            ended.append("all checks ran")
    assert ended and caught.value.__context__ is None


def test_a_with_block_without_problems_is_silent_and_hides_no_other_error():
    with Problems("fit"):
        pass
    with pytest.raises(ZeroDivisionError), Problems("fit") as problems:
        problems.say("noted, and less urgent")
        raise ZeroDivisionError

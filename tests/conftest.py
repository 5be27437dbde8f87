"""What all tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest
from hypothesis import settings

from hpotutor import _system, setup

setup()  # as the lessons do, and so does each process that a test starts
# Not through MPLBACKEND: the lessons' kernels would inherit it and show no figures.
matplotlib.use("Agg")
# Examples are the same on every run, and slow ones (a first import, a busy machine) are no error.
settings.register_profile("hpotutor", deadline=None, derandomize=True)
settings.load_profile("hpotutor")

EACH = 2e9  # bytes of a test process that trains, with the kernel of a lesson beside it


def pytest_xdist_auto_num_workers() -> int:
    """Return how many test processes there is room for, in processors and in memory."""
    free = _system.memory().free
    room = _system.cores() if free != free else int(free // EACH)  # NaN: the system does not say
    return max(1, min(_system.cores(), room))


@pytest.fixture(scope="session")
def root() -> Path:
    """Return the project's folder."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def close_figures() -> Iterator[None]:
    """Close the figures that a test leaves open."""
    yield
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close("all")

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


# What takes longest comes first, so that at the end each process has something short to do; what
# mostly waits for other processes stands between what computes.
LONGEST = (
    "tests/exercises/test_exercises.py",
    "tests/browser/test_panels.py",
    "notebooks/01",
    "tests/fused/test_fused.py",
    "tests/test_take_home.py",
    "tests/widgets/test_widgets.py",
    "notebooks/11",
    "tests/models/test_sklearn.py",
    "tests/parallel/",
    "notebooks/",
    "tests/search/test_kill_resume.py",
    "tests/search/test_search_matrix.py",
    "tests/objectives/test_metrics.py",
    "tests/test_tensorflow_start.py",
    "tests/study/test_best_model.py",
    "tests/course/",
    "tests/fused/",
    "tests/exercises/",
    "tests/robustness/test_kills.py",
    "tests/space/test_tuples.py",
    "tests/browser/",
    "tests/tools/",
    "tests/test_start.py",
    "tests/docs/",
    "tests/notebooks/",
)


def pytest_xdist_auto_num_workers() -> int:
    """Return how many test processes there is room for, in processors and in memory.

    One more than there are processors: some tests wait, for a browser or for a process that ends.
    (With two more, what each costs to begin takes as long as is saved.)
    """
    free = _system.memory().free
    if free != free:  # NaN: the system does not say
        return _system.cores()
    return max(1, min(_system.cores() + 1, int(free // EACH)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put modules that take long before the others; the order within a module stays."""

    def place(item: pytest.Item) -> int:
        long = (n for n, start in enumerate(LONGEST) if item.nodeid.startswith(start))
        return next(long, len(LONGEST))

    items.sort(key=place)


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

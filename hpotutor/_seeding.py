"""The one place that moves the global generators, and puts them back."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator

import numpy as np
from tensorflow.python.eager import context

from hpotutor._tensorflow import tf


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed Python, NumPy and TensorFlow for a block, and put everything back afterwards.

    Parameters
    ----------
    seed : int or None
        None leaves everything as it is.

    Examples
    --------
    >>> with seeded(0):
    ...     first = float(tf.random.uniform(()))
    >>> with seeded(0):
    ...     first == float(tf.random.uniform(()))
    True
    """
    if seed is None:
        yield
        return
    # Keras draws layers' seeds from Python's generator, and the order of rows from TensorFlow's
    saved = random.getstate(), np.random.get_state(), context.global_seed()  # noqa: NPY002
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    tf.random.set_seed(seed)
    try:
        yield
    finally:
        random.setstate(saved[0])
        np.random.set_state(saved[1])  # noqa: NPY002
        tf.random.set_seed(saved[2])

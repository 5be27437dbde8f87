"""The one door through which hpotutor imports Keras and TensorFlow."""

import contextlib
import random
from collections.abc import Iterator

import numpy as np
from tensorflow.python.eager import context

from hpotutor.errors import MissingExtra

try:
    import keras
    import tensorflow as tf
except ImportError as error:
    raise MissingExtra(
        f"This needs Keras on TensorFlow, which is not installed here ({error}). Type: "
        'pip install "hpotutor[cpu]" (on macOS: pip install "hpotutor[tensorflow]").'
    ) from error

if keras.backend.backend() != "tensorflow":
    raise MissingExtra(
        f"Keras runs on the {keras.backend.backend()!r} backend here, and hpotutor needs "
        "'tensorflow'. Set KERAS_BACKEND=tensorflow before Python starts, then try again."
    )

# a search calls predict on many small networks, and TensorFlow would warn of "retracing" each time
tf.get_logger().setLevel("ERROR")

__all__ = ["keras", "tf"]


@contextlib.contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed Python, NumPy and TensorFlow for a block, then put all back; None does nothing."""
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

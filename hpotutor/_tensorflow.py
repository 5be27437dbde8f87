"""The one door through which hpotutor imports Keras and TensorFlow."""

from __future__ import annotations

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

"""What a stack's outputs are judged by: its losses, and the answers that are correct.

``logits`` are what the last layer's product gives, (members, rows, outputs); ``y`` are labels or
amounts, (members, rows).
"""

from typing import Any

from hpotutor._tensorflow import keras, tf

CROSS_ENTROPY = "cross_entropy"  # of classes; the losses of a regression have Keras's names


def row_losses(loss: str, logits: Any, y: Any) -> Any:
    """Return the loss of each row, (members, rows), as Keras computes it."""
    if loss != CROSS_ENTROPY:
        return keras.losses.get(loss)(y[..., tf.newaxis], logits)
    if logits.shape[-1] == 1:
        logits = tf.squeeze(logits, axis=-1)
        return tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(y, logits.dtype), logits)
    # Classes first: TensorFlow sums over the first axis faster than over a short last one, and
    # this takes half as long as its own operation.
    logits = tf.transpose(logits, (2, 0, 1))
    logits -= tf.stop_gradient(tf.reduce_max(logits, axis=0))
    chosen = tf.one_hot(y, logits.shape[0], axis=0, dtype=logits.dtype)
    normalizer = tf.math.log(tf.reduce_sum(tf.exp(logits), axis=0))
    return normalizer - tf.reduce_sum(logits * chosen, axis=0)


def predictions(loss: str, logits: Any) -> Any:
    """Return what ``Model.predict`` gives."""
    if loss != CROSS_ENTROPY:
        return logits
    return tf.sigmoid(logits) if logits.shape[-1] == 1 else tf.nn.softmax(logits)


def correct(loss: str, logits: Any, y: Any) -> Any:
    """Return 1 where the answer is right, otherwise 0; an amount is neither, and gets 0."""
    if loss != CROSS_ENTROPY:
        return tf.zeros_like(y)
    if logits.shape[-1] == 1:
        guess = tf.cast(tf.sigmoid(tf.squeeze(logits, axis=-1)) > 0.5, y.dtype)
    else:
        guess = tf.argmax(logits, axis=-1, output_type=y.dtype)
    return tf.cast(tf.equal(guess, y), logits.dtype)

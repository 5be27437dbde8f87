"""What a stack's outputs are judged by: its losses, and the answers that are correct.

``logits`` are what the last layer's product gives, (members, rows, outputs); ``y`` are labels or
amounts, (members, rows).
"""

from typing import Any

from hpotutor._tensorflow import keras, tf

CROSS_ENTROPY = "cross_entropy"  # of classes; the losses of a regression have Keras's names


def judged(loss: str, logits: Any, y: Any) -> tuple[Any, Any]:
    """Return each row's loss, as Keras computes it, and 1 where its answer is right, otherwise 0.

    Both are (members, rows); an amount is neither right nor wrong, and gets 0.
    """
    if loss != CROSS_ENTROPY:
        return keras.losses.get(loss)(y[..., tf.newaxis], logits), tf.zeros_like(y)
    if logits.shape[-1] > 1:
        return _softmax_judged(logits, y)
    logits = tf.squeeze(logits, axis=-1)
    right = tf.equal(tf.cast(tf.sigmoid(logits) > 0.5, y.dtype), y)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(tf.cast(y, logits.dtype), logits)
    return losses, tf.cast(right, logits.dtype)


@tf.custom_gradient
def _softmax_judged(logits: Any, y: Any) -> tuple[tuple[Any, Any], Any]:
    # Classes first: TensorFlow sums over the first axis faster than over a short last one, and
    # this takes half as long as its own operation.
    classes, dtype = logits.shape[-1], logits.dtype
    below = tf.transpose(logits, (2, 0, 1))
    below -= tf.reduce_max(below, axis=0)
    powers = tf.exp(below)
    total = tf.reduce_sum(powers, axis=0)
    chosen = tf.one_hot(y, classes, axis=0, dtype=dtype)
    losses = tf.math.log(total) - tf.reduce_sum(below * chosen, axis=0)
    # The answer is the first class that nothing exceeds, as tf.argmax has it, which is slower.
    places = tf.reshape(tf.range(classes, 0, -1), (-1, 1, 1))
    first = tf.reduce_max(tf.cast(below >= 0, dtype) * tf.cast(places, dtype), axis=0)
    right = tf.equal(first, tf.cast(classes - y, dtype))

    def gradient(slope: Any, _: Any) -> tuple[Any, None]:
        return tf.transpose((powers / total - chosen) * slope, (1, 2, 0)), None

    return (losses, tf.cast(right, dtype)), gradient


def predictions(loss: str, logits: Any) -> Any:
    """Return what ``Model.predict`` gives."""
    if loss != CROSS_ENTROPY:
        return logits
    return tf.sigmoid(logits) if logits.shape[-1] == 1 else tf.nn.softmax(logits)

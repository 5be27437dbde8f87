"""The hyperparameters of a stack's members, side by side as the traced program takes them."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from hpotutor._tensorflow import tf
from hpotutor.fused.member import Member
from hpotutor.fused.shape import StackShape


def knobs_of(members: Sequence[Member], shape: StackShape) -> dict[str, Any]:
    """Return what a program of this shape is fed of so many members as it has places."""
    dtype = shape.dtype

    def column(values: Iterable[Any], dims: tuple[int, ...] = (-1, 1)) -> Any:
        return tf.constant(np.reshape(np.array(list(values), dtype), dims))

    # Keras rounds these four to float32 on their way into the graph, even in float64.
    def rounded(values: Iterable[float], dims: tuple[int, ...] = (-1, 1)) -> Any:
        return column(np.fromiter(values, np.float32), dims)

    cube = (-1, 1, 1)
    knobs = {"momentum": rounded(m.used_momentum for m in members)}
    if shape.weight_decay:
        knobs["weight_decay"] = rounded(m.used_weight_decay for m in members)
    for name in ("l1", "l2"):
        if getattr(shape, name):
            knobs[name] = rounded((getattr(m, name) for m in members), (-1,))
    if shape.by_layer:
        knobs["shares"] = tf.constant(np.array([_shares(m, shape) for m in members], dtype))
        knobs["moves"] = tf.cast(knobs["shares"] > 0, dtype)  # a frozen layer does not decay either
    if shape.dropout:
        dropped = np.array([round(m.dropout * 2**32) for m in members], np.uint32)
        keys = [np.random.SeedSequence([m.seed, 1]).generate_state(1)[0] for m in members]
        knobs["dropped"] = tf.constant(dropped.reshape(cube))
        knobs["keys"] = tf.constant(np.array(keys, np.uint32).reshape(cube))
        knobs["kept_scale"] = column((1 / (1 - m.dropout) for m in members), cube)
    if len(shape.activations) > 1:
        knobs["chooses"] = [
            tf.constant(np.reshape([m.activation == name for m in members], cube))
            for name in shape.activations[1:]
        ]
    if shape.masked:
        knobs["masks"] = [  # of maps, along the channels, which come before the rows
            column((np.arange(w) < m.widths[n] for m in members), axes)
            for n, w in enumerate(shape.widths)
            for axes in [(-1, w, 1) if n < len(shape.convolutions) else (-1, 1, w)]
        ]
    return knobs


def _shares(member: Member, shape: StackShape) -> np.ndarray:
    """Return each number's share of a member's learning rate, in the stored order."""
    sizes = [kernel[-2:] for kernel in shape.kernels_of(member.widths)]
    rates = member.scaling.rates(member.optimizer, sizes)
    blocks = shape.blocks()
    return np.repeat(
        [rates[layer][kind != "kernel"] for kind, layer, _ in blocks],
        [math.prod(size) for *_, size in blocks],
    )

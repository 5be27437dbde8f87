"""Convolution blocks of a whole stack: patches gathered place by place, one product a member.

Maps have the shape (members, channels, places, rows), an image's places row by row: with the rows
last, products and sums run along long axes, in a third of the time that channels last take.
TensorFlow's own gradient of a gather scatters, some twenty times slower; here it is a gather as
well, since the places that a number went to are known beforehand.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any

import numpy as np

from hpotutor._tensorflow import tf
from hpotutor.models.layers import Blocks, length_after

ZERO = -1  # in place of a place: what lies beyond the border


@dataclass(frozen=True)
class Convolution:
    """The geometry of one block: of its input's ``sides`` and ``build_cnn``'s arguments.

    Examples
    --------
    >>> block = Convolution((7,), kernel_size=3, strides=2, padding="same", pooling="max",
    ...                     pool_size=2)
    >>> block.taps.tolist()  # what each tap of the kernel meets at each of 4 places
    [[-1, 1, 3, 5], [0, 2, 4, 6], [1, 3, 5, -1]]
    >>> block.pooled
    (2,)
    """

    sides: tuple[int, ...]
    kernel_size: int
    strides: int
    padding: str
    pooling: str
    pool_size: int

    @cached_property
    def taps(self) -> np.ndarray:
        """Places of the input by tap and place of the output."""
        return _places(self.sides, self.kernel_size, self.strides, self.padding)

    @cached_property
    def windows(self) -> np.ndarray:
        """Places of the convolved map by place in the window and place of the pooled map."""
        return _places(self.convolved, self.pool_size, self.pool_size, "valid")

    @property
    def convolved(self) -> tuple[int, ...]:
        """Sides after the convolution."""
        reach = (self.kernel_size, self.strides, self.padding)
        return tuple(length_after(side, *reach) for side in self.sides)

    @property
    def places(self) -> int:
        """How many places the convolved map has."""
        return math.prod(self.convolved)

    @property
    def pooled(self) -> tuple[int, ...]:
        """Sides after the pooling."""
        return tuple(side // self.pool_size for side in self.convolved)

    def apply(self, x: Any, kernel: Any) -> Any:
        """Return (members, filters, places * rows); ``kernel`` is (members, inputs, filters)."""
        rows = tf.shape(x)[3]
        patches = take(x, self.taps)
        size = (-1, x.shape[1] * len(self.taps), self.places * rows)
        return tf.matmul(kernel, tf.reshape(patches, size), transpose_a=True)

    def pool(self, x: Any, rows: Any) -> Any:
        """Return the pooled maps of what ``apply`` returned."""
        maps = tf.reshape(x, (-1, x.shape[1], self.places, rows))
        if self.pool_size == 1:
            return maps
        inside, places = self.windows.shape
        parts = tf.reshape(take(maps, self.windows), (-1, x.shape[1], inside, places, rows))
        parts = tf.unstack(parts, axis=2)
        if self.pooling == "average":
            return tf.add_n(parts) / inside
        return reduce(tf.maximum, parts)  # of equal ones the first gets the gradient, as in Keras


def convolutions_of(blocks: Blocks, input_shape: Sequence[int]) -> tuple[Convolution, ...]:
    """Return the geometry of each block, for rows of this shape, (*sides, channels)."""
    chain: list[Convolution] = []
    for block in blocks.each():
        sides = chain[-1].pooled if chain else tuple(input_shape[:-1])
        chain.append(Convolution(sides, **{n: v for n, v in block.items() if n != "filters"}))
    return tuple(chain)


def kernel_shapes(
    n_features: int, widths: Sequence[int], n_outputs: int, convolutions: Sequence[Convolution]
) -> list[tuple[int, ...]]:
    """Return the shape of each kernel of a network as Keras has it."""
    inputs = n_features // math.prod(convolutions[0].sides) if convolutions else n_features
    shapes: list[tuple[int, ...]] = []
    for layer, columns in enumerate([*widths, n_outputs]):
        if layer < len(convolutions):
            block = convolutions[layer]
            shapes.append((*[block.kernel_size] * len(block.sides), inputs, columns))
        else:
            places = math.prod(convolutions[-1].pooled) if layer == len(convolutions) > 0 else 1
            shapes.append((places * inputs, columns))
        inputs = columns
    return shapes


def as_maps(x: Any, places: int) -> Any:
    """Return flat rows, (members, rows, features), as maps."""
    channels = x.shape[2] // places
    maps = tf.reshape(x, (-1, tf.shape(x)[1], places, channels))
    return tf.transpose(maps, (0, 3, 2, 1))


def take(x: Any, places: np.ndarray) -> Any:
    """Gather places of maps, in the order of the flattened array; ``ZERO`` gives zeros."""
    wanted = places.ravel()
    back = _origins(wanted, x.shape[2])

    @tf.custom_gradient
    def taken(x: Any) -> tuple:
        def gradient(d: Any) -> Any:
            d, *parts = _with_zero(d, *back)
            parts = [tf.gather(d, part, axis=2) for part in parts]
            return parts[0] if len(parts) == 1 else tf.add_n(parts)

        maps, index = _with_zero(x, wanted)
        return tf.gather(maps, index, axis=2), gradient

    return taken(x)


def _with_zero(x: Any, *indices: np.ndarray) -> list:
    """Return maps with a place of zeros at their end if an index asks for it, and the indices."""
    if all((index != ZERO).all() for index in indices):
        return [x, *indices]
    end = x.shape[2]
    padded = tf.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0)))
    return [padded, *(np.where(index == ZERO, end, index) for index in indices)]


def _origins(wanted: np.ndarray, length: int) -> list[np.ndarray]:
    """Return where ``wanted`` names each of so many places: for the first time, the second, ..."""
    where: list[list[int]] = [[] for _ in range(length)]
    for position, place in enumerate(wanted.tolist()):
        if place != ZERO:
            where[place].append(position)
    most = max(map(len, where))
    return list(np.array([found + [ZERO] * (most - len(found)) for found in where], np.int32).T)


def _places(sides: Sequence[int], size: int, stride: int, padding: str) -> np.ndarray:
    """Return the places, (taps, places), that a window meets on its way along all sides."""
    met = np.zeros((1, 1), np.int32)
    for side in sides:
        count = length_after(side, size, stride, padding)
        start = max((count - 1) * stride + size - side, 0) // 2  # 0 if "valid", which fills none
        along = np.arange(size)[:, np.newaxis] + stride * np.arange(count) - start
        along = np.where((along < 0) | (along >= side), ZERO, along)[:, np.newaxis]
        before = met[:, np.newaxis, :, np.newaxis]
        met = np.where((before == ZERO) | (along == ZERO), ZERO, before * side + along)
        met = met.reshape(met.shape[0] * size, -1)
    return met.astype(np.int32)

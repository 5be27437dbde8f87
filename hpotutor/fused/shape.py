"""What is fixed when a stack's program is traced, and the order in which its numbers stand."""

import math
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from hpotutor._tensorflow import tf
from hpotutor.fused.convolution import Convolution, kernel_shapes
from hpotutor.fused.losses import CROSS_ENTROPY

Block = tuple[str, int, tuple[int, int, int]]  # kind, layer, size


def placed_on(device: str) -> AbstractContextManager:
    """Return a block in which TensorFlow works on this device, whatever else it sees."""
    return tf.device(f"{device.upper()}:0")


@dataclass(frozen=True)
class StackShape:
    """All that is fixed when a program is traced; equal shapes share one program.

    The number of rows and the batch size are not: a trace costs as much as training a small stack,
    and one that leaves them open trains as fast. The flags say what the graph must be able to do.
    """

    members: int
    n_features: int
    # of the hidden layers, filters first; a narrower member is padded with zeros
    widths: tuple[int, ...]
    n_outputs: int  # 1 for a sigmoid output
    activations: tuple[str, ...]  # in use; a member picks its own
    optimizer: str
    batch_norm: bool = False
    dropout: bool = False
    l1: bool = False
    l2: bool = False
    weight_decay: bool = False
    by_layer: bool = False  # arrays have a share of the learning rate each
    masked: bool = False  # padded units must be zeroed after the activation
    ragged: bool = False  # some members have fewer steps an epoch
    folds: bool = False  # each member has validation rows of its own
    loss: str = CROSS_ENTROPY  # of classes; a regression's has Keras's name
    weighted: bool = False  # rows have weights
    outputs: bool = False  # return the outputs on the first evaluation set
    evaluations: int = 1  # sets that all members share
    convolutions: tuple[Convolution, ...] = ()  # the blocks before the dense layers
    dtype: str = "float32"
    device: str = "cpu"

    def blocks(self) -> list[Block]:
        """Return (kind, layer, size) of each trainable array, in the stored order."""
        return self.blocks_of(self.widths)

    def kernels_of(self, widths: Sequence[int]) -> list[tuple[int, ...]]:
        """Return the shape of each kernel of a member with these widths, as Keras has it."""
        return kernel_shapes(self.n_features, widths, self.n_outputs, self.convolutions)

    def blocks_of(self, widths: Sequence[int]) -> list[Block]:
        """Return the trainable arrays of a member with these widths, layer by layer.

        A size is (inputs, places, columns). Keras has the places first, those of a convolution's
        window or, behind the convolutions, those of the maps; a stack's maps have their channels
        first.
        """
        blocks: list[Block] = []
        shapes = self.kernels_of(widths)
        inputs = shapes[0][-2]
        for layer, (*places, columns) in enumerate(shapes):
            row = (columns, 1, 1) if layer < len(self.convolutions) else (1, 1, columns)
            kernel = (inputs, math.prod(places) // inputs, columns)
            blocks += [("kernel", layer, kernel), ("bias", layer, row)]
            if self.batch_norm and layer < len(widths):
                blocks += [("gamma", layer, row), ("beta", layer, row)]
            inputs = columns
        return blocks

    def maps_floats(self) -> list[int]:
        """Return how many numbers a row takes in each block: its patches, and then its maps."""
        kernels = [size for kind, _, size in self.blocks() if kind == "kernel"]
        floats = []
        for block, (inputs, taps, columns) in zip(self.convolutions, kernels, strict=False):
            floats += [inputs * taps * block.places, columns * block.places]
        return floats

"""Requests grouped into stacks and cut to a size that fits; weights in and out of a stack."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import numpy as np

from hpotutor.errors import ArgumentError
from hpotutor.fused.member import Member
from hpotutor.fused.shape import StackShape
from hpotutor.models.layers import ACTIVATIONS

Part = tuple[StackShape, list[int]]  # a stack: which requests it trains
MAX_BYTES = 2**28
# Seconds, roughly, on one core of 2026: they only decide which requests share a stack.
TRACE_SECONDS, STEP_SECONDS, MULTIPLY_SECONDS, UPDATE_SECONDS = 0.5, 1.6e-4, 2e-11, 2e-9
# A stack is cut where its members' part of a step is so many times what a step costs anyway;
# for networks of 64 -> 32 -> 32 -> 10 that is 16, whose numbers fit a core's second cache.
STEPS_WORTH, SMALLEST_CUT, LARGEST_CUT = 2.5, 4, 64


def bucket(size: int) -> int:
    """Round up to 1, 2, 3, 4, 6, 8, 12, 16, ...: few sizes, so few traces, little waste.

    Examples
    --------
    >>> [bucket(n) for n in (1, 3, 5, 24, 33, 100)]
    [1, 3, 6, 24, 48, 128]
    """
    power = 2 ** max(0, math.ceil(math.log2(size)))
    return power * 3 // 4 if power >= 4 and size <= power * 3 // 4 else power


def rows_of(member: Member, rows: int) -> int:
    """Return how many of the training rows this member trains on."""
    return rows if member.rows is None else len(member.rows)


def steps_per_epoch(member: Member, rows: int) -> int:
    """Return how many batches an epoch has for this member."""
    return math.ceil(rows_of(member, rows) / member.batch_size)


def shape_of(
    members: Sequence[Member],
    n_classes: int,
    rows: int,
    input_shape: Sequence[int] | None = None,
    **asked: Any,
) -> StackShape:
    """Return the smallest shape of a program that can train all these members together.

    ``asked`` are further fields of the shape, which do not depend on the members.
    """
    first = members[0]
    widths = [member.widths for member in members]
    most = tuple(max(layer) for layer in zip(*widths, strict=True))
    mixed = len(set(widths)) > 1
    if mixed:
        most = tuple(bucket(width) for width in most)
    activations = tuple(name for name in ACTIVATIONS if any(m.activation == name for m in members))
    return StackShape(
        members=bucket(len(members)),
        widths=most,
        n_outputs=first.n_outputs(n_classes),
        activations=activations,
        optimizer=first.stack_optimizer,
        batch_norm=bool(first.batch_norm),
        dropout=any(m.dropout for m in members),
        l1=any(m.l1 for m in members),
        l2=any(m.l2 for m in members),
        weight_decay=any(m.used_weight_decay for m in members),
        by_layer=any(m.scaling.used for m in members),
        # Where f(0) = 0, padded units stay zero by themselves, forward and backward.
        masked=mixed and not set(activations).isdisjoint(("sigmoid", "softplus")),
        ragged=len({steps_per_epoch(m, rows) for m in members}) > 1,
        folds=first.val_rows is not None,
        loss=first.used_loss(n_classes),
        convolutions=first.convolutions(input_shape),
        **asked,
    )


def must_share(member: Member, n_classes: int) -> tuple:
    """Return what cannot differ inside one stack."""
    blocks = () if member.architecture == "dense" else member.blocks.each()
    return (
        len(member.widths),
        tuple(tuple({**block, "filters": 0}.values()) for block in blocks),
        member.batch_size,
        member.stack_optimizer,
        bool(member.batch_norm),
        member.n_outputs(n_classes),
        member.used_loss(n_classes),
        member.val_rows is not None,
    )


def check_together(members: Sequence[Member], n_classes: int) -> None:
    """Raise unless the members can share one stack."""
    if not members:
        raise ArgumentError("Stack: members=[] is empty. Give at least one, such as {'units': 8}.")
    kinds = {must_share(member, n_classes) for member in members}
    if len(kinds) > 1:
        raise ArgumentError(
            "Stack: its members must agree in depth, convolutions (but for filters), batch_size, "
            "optimizer, batch_norm, output, loss and in having val_rows or not; these are "
            f"{len(kinds)} kinds. Type train_many, which sorts them into stacks."
        )


def member_bytes(shape: StackShape, batch_size: int) -> int:
    """Estimate the memory that one member of a stack of this shape takes, in bytes."""
    parameters = sum(math.prod(size) for _, _, size in shape.blocks())
    activations = batch_size * (
        2 * shape.n_features
        + (6 + 4 * shape.dropout) * sum(shape.widths)
        + 6 * shape.n_outputs
        + 6 * sum(shape.maps_floats())
    )
    return (10 * parameters + activations) * (8 if shape.dtype == "float64" else 4)


def _member_seconds(shape: StackShape, batch_size: int) -> float:
    """Estimate what one member adds to a step, in seconds."""
    blocks = shape.blocks()
    places = dict(enumerate(block.places for block in shape.convolutions))
    parameters = sum(math.prod(size) for _, _, size in blocks)
    products = sum(math.prod(s) * places.get(n, 1) for _, n, s in blocks)
    seconds = products * 6 * batch_size * MULTIPLY_SECONDS + parameters * UPDATE_SECONDS
    return seconds + batch_size * sum(shape.widths) * len(shape.activations) * UPDATE_SECONDS


def shrunk(
    shape: StackShape, members: Sequence[Member], alive: Sequence[int], rows: int, left: int
) -> StackShape:
    """Return the shape to train the living members on in for ``left`` epochs: a smaller one if \
    half of them are done and it pays for a trace.

    It is estimated, not measured: how a stack is cut must not depend on the machine.
    """
    smaller = replace(shape, members=bucket(len(alive)))
    spared = shape.members - smaller.members
    if 2 * spared < shape.members:  # asked after each epoch: most often this is all
        return shape
    steps = left * max(steps_per_epoch(members[k], rows) for k in alive)
    gain = steps * spared * _member_seconds(shape, members[0].batch_size)
    return smaller if gain > TRACE_SECONDS else shape


@dataclass
class Planner:
    """Cut requests into stacks: equal kinds together, merged where that costs less than a trace.

    The cut depends on the requests alone, not on the machine, its cores or what was traced before:
    in float32, a network that is cut into another stack ends a little elsewhere.
    """

    shape: Callable[[Sequence[Member]], StackShape]  # of the program for these members
    n_classes: int
    rows: int
    max_bytes: int = MAX_BYTES  # what one stack may take

    def plan(self, members: Sequence[Member]) -> list[Part]:
        """Return each stack's program and positions in ``members``, which all name ``epochs``."""
        kinds: dict[tuple, list[int]] = {}
        for index, member in enumerate(members):
            kinds.setdefault(must_share(member, self.n_classes), []).append(index)
        stacks = []
        for indices in kinds.values():
            for group in self._merge(members, self._split(members, indices)):
                stacks += self._cut(members, group)
        return stacks

    def _split(self, members: Sequence[Member], indices: list[int]) -> list[list[int]]:
        """Split by what costs something when it differs, in an order that makes likes meet."""

        def kind(index: int) -> tuple:
            m, width = members[index], sum(members[index].widths)
            steps = steps_per_epoch(m, self.rows)
            return m.length, steps, width, m.widths, m.activation, m.dropout > 0

        return [list(group) for _, group in groupby(sorted(indices, key=kind), key=kind)]

    def _merge(self, members: Sequence[Member], groups: list[list[int]]) -> list[list[int]]:
        """Merge neighbors while one larger stack is cheaper than two."""
        merged: list[list[int]] = []
        before = 0.0  # what the last of them costs
        for group in groups:
            cost = self._cost(members, group)
            if merged:
                joint = self._cost(members, merged[-1] + group)
                if joint < before + cost:
                    merged[-1], before = merged[-1] + group, joint
                    continue
            merged.append(group)
            before = cost
        return merged

    def _cost(self, members: Sequence[Member], group: list[int]) -> float:
        chosen = [members[index] for index in group]
        shape, steps = self.shape(chosen), max(steps_per_epoch(m, self.rows) for m in chosen)
        seconds = STEP_SECONDS + shape.members * _member_seconds(shape, chosen[0].batch_size)
        return TRACE_SECONDS + max(m.length for m in chosen) * steps * seconds

    def _cut(self, members: Sequence[Member], group: list[int]) -> list[Part]:
        """Cut a group into equal parts: small for the cache and for many cores, and not too small.

        A part is large enough that what a step costs before its first member stays the smaller
        share, and up to twice as large where that leaves parts for four cores.
        """
        shape = self.shape([members[index] for index in group])
        batch_size = members[group[0]].batch_size
        bytes_each = member_bytes(shape, batch_size)
        allowed = self.max_bytes // bytes_each
        if allowed < 1:
            filters = shape.widths[: len(shape.convolutions)]
            name = "filters" if filters else "units"
            raise ArgumentError(
                f"train_many: {name}={max(filters or shape.widths)} is too wide for the stack: one "
                f"network takes {bytes_each / 2**20:,.0f} MB in training, and max_bytes allows "
                f"{self.max_bytes / 2**20:,.0f} MB. Type fewer {name}, a larger max_bytes, or "
                "engine='keras'."
            )
        worth = STEPS_WORTH * STEP_SECONDS / _member_seconds(shape, batch_size)
        least = bucket(round(min(max(worth, SMALLEST_CUT), LARGEST_CUT)))
        most = min(max(least, min(2 * least, len(group) // 4)), allowed)
        if shape.device == "gpu":  # it has no such cache, and many cores of its own
            most = allowed
        size = math.ceil(len(group) / math.ceil(len(group) / most))
        while bucket(size) > allowed:
            size -= 1
        shape = replace(shape, members=bucket(size))
        return [(shape, group[start : start + size]) for start in range(0, len(group), size)]


# ── weights in and out of the one row a member has ──────────────────────────
def pack(weights: Sequence[np.ndarray], member: Member, shape: StackShape) -> tuple:
    """Return (parameters, moving statistics) of one member, padded to the stack's widths."""
    _check_weights(weights, member, shape)
    queue = list(weights)
    flat, moving = [], []
    own = shape.blocks_of(member.widths)
    for (kind, layer, size), (_, _, (inputs, places, columns)) in zip(
        shape.blocks(), own, strict=True
    ):
        padded = np.ones(size, shape.dtype) if kind == "gamma" else np.zeros(size, shape.dtype)
        array = np.reshape(queue.pop(0), (places, inputs, columns))
        padded[:inputs, :, :columns] = array.transpose(1, 0, 2)
        flat.append(padded.ravel())
        if shape.batch_norm and kind == "beta":
            for start in (0.0, 1.0):
                statistic = np.full(shape.widths[layer], start, shape.dtype)
                value = queue.pop(0)
                statistic[: len(value)] = value
                moving.append(statistic)
    nothing = np.zeros(0, shape.dtype)
    return np.concatenate(flat), np.concatenate(moving) if moving else nothing


def _check_weights(weights: Sequence[np.ndarray], member: Member, shape: StackShape) -> None:
    expected: list[tuple[int, ...]] = []
    for layer, kernel in enumerate(shape.kernels_of(member.widths)):
        normalized = shape.batch_norm and layer < len(member.widths)
        expected += [kernel, *[kernel[-1:]] * (5 if normalized else 1)]
    given = [np.shape(array) for array in weights]
    if given != expected:
        raise ArgumentError(
            f"train_many: weights have the shapes {given}; this network's are {expected}. Type "
            "weights=model.get_weights()."
        )


def unpack(
    params: np.ndarray, moving: np.ndarray, member: Member, shape: StackShape
) -> list[np.ndarray]:
    """Return one member's weights in the order of ``Model.get_weights``."""
    own, kernels = shape.blocks_of(member.widths), shape.kernels_of(member.widths)
    weights, start, place = [], 0, 0
    for (kind, layer, size), (_, _, (inputs, _, columns)) in zip(shape.blocks(), own, strict=True):
        end = start + math.prod(size)
        block = params[start:end].reshape(size)[:inputs, :, :columns].transpose(1, 0, 2)
        start = end
        weights.append(block.reshape(kernels[layer] if kind == "kernel" else -1).copy())
        if shape.batch_norm and kind == "beta":
            for _ in range(2):
                weights.append(moving[place : place + member.widths[layer]].copy())
                place += shape.widths[layer]
    return weights

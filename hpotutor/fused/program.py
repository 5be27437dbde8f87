"""The traced program that trains a stack: one graph for all members, one call an epoch.

All trainable numbers stand in one tensor, (members, parameters). The graph cuts it into kernels,
(members, inputs, outputs), and lets Keras's own optimizer update the one tensor, with
hyperparameters as (members, 1) columns. Nothing is summed over members, so none reaches another.
"""

import math
import threading
from collections import OrderedDict
from typing import Any

import numpy as np

from hpotutor._tensorflow import keras, tf
from hpotutor.fused.convolution import as_maps
from hpotutor.fused.losses import judged, predictions
from hpotutor.fused.optimizers import stacked_optimizer
from hpotutor.fused.shape import StackShape, placed_on
from hpotutor.models.layers import ACTIVATIONS

BATCH_NORM_MOMENTUM, BATCH_NORM_EPSILON = 0.99, 1e-3  # Keras's defaults
EVALUATION_FLOATS = 2**22  # activations held at once while evaluating: 16 MB in float32
CACHED_PROGRAMS = 48


@tf.custom_gradient
def dense(x: Any, kernel: Any, bias: Any) -> tuple[Any, Any]:
    """Return ``x @ kernel + bias``; its gradient is written out, in half as many operations."""

    def gradient(slope: Any) -> tuple[Any, Any, Any]:
        return (
            tf.matmul(slope, kernel, transpose_b=True),
            tf.matmul(x, slope, transpose_a=True),
            tf.reduce_sum(slope, axis=1, keepdims=True),
        )

    return tf.matmul(x, kernel) + bias, gradient


Numbers = dict[str, Any]  # params, moving, iterations and slots of a stack, arrays or tensors


class Program:
    """The traced epoch of one ``StackShape``: a pure function of a stack's numbers.

    It holds no stack's numbers, so any number of stacks may run one trace, several threads at a
    time. The optimizer's variables only name its numbers for Keras; their values are not used.
    """

    def __init__(self, shape: StackShape) -> None:
        self.shape = shape
        self.sizes = [math.prod(size) for _, _, size in shape.blocks()]
        size = (shape.members, sum(self.sizes))
        self.optimizer = stacked_optimizer(shape.optimizer)
        with placed_on(shape.device):
            self._params = keras.Variable(np.zeros(size), dtype=shape.dtype, name="params")
            self.optimizer.build([self._params])
        self._slots = [v for v in self.optimizer.variables if v.shape == size]
        self._lock = threading.Lock()
        self.epoch: Any = None  # the traced function

    def start(self, params: np.ndarray, moving: np.ndarray) -> Numbers:
        """Return the numbers of a stack that starts from these weights."""
        return {
            "params": params,
            "moving": moving,
            "iterations": np.zeros((self.shape.members, 1), self.shape.dtype),
            "slots": [np.array(slot.numpy()) for slot in self._slots],
        }

    def train_epoch(self, numbers: Numbers, data: dict, knobs: dict, plan: dict) -> tuple:
        """Train one epoch and evaluate; traced at the first call, for any rows and batch size.

        Returns the new numbers (those given stay as they were), each batch's mean loss before its
        step and its correct answers, (steps, members), and for each evaluation set its loss and
        hits, (members,), and for the first, with ``outputs``, its (members, rows, outputs).
        """
        given = (numbers, data, knobs, plan)
        with self._lock:  # a trace is made once, whoever comes first
            if self.epoch is None:
                specs = _specs(*given)

                def placed_epoch(*flat: Any) -> tuple:
                    with placed_on(self.shape.device):  # a trace forgets its caller's device
                        return self._train_epoch(*tf.nest.pack_sequence_as(specs, flat))

                traced = tf.function(placed_epoch, tf.nest.flatten(specs), autograph=False)
                self.epoch = traced.get_concrete_function()
        # TensorFlow looks through an ordinary call's arguments for as long as a small epoch takes
        flat = [tf.convert_to_tensor(value) for value in tf.nest.flatten(given)]
        return self.epoch.inference_fn.call_preflattened(flat + self.epoch.captured_inputs)

    # ── one epoch ───────────────────────────────────────────────────────────

    def _train_epoch(self, numbers: Numbers, data: dict, knobs: dict, plan: dict) -> tuple:
        shape = self.shape
        steps, _, size = tf.unstack(tf.shape(plan["batches"]))
        # The last batch of an epoch may be short: its missing rows weigh nothing.
        valid = tf.cast(tf.range(tf.cast(size, shape.dtype)) < plan["counts"], shape.dtype)
        plan = {**plan, "valid": valid, "weights": valid / tf.maximum(plan["counts"], 1)}
        record = [
            tf.TensorArray(shape.dtype, steps, element_shape=(shape.members,)) for _ in range(2)
        ]

        def body(step: Any, numbers: Numbers, losses: Any, hits: Any) -> tuple:
            numbers, loss, hit = self._train_step(step, numbers, data, knobs, plan)
            return step + 1, numbers, losses.write(step, loss), hits.write(step, hit)

        start = (tf.constant(0), numbers, *record)
        _, numbers, losses, hits = tf.while_loop(
            lambda step, *_: step < steps, body, start, parallel_iterations=1
        )
        return numbers, losses.stack(), hits.stack(), self._evaluate_all(numbers, data, knobs)

    def _train_step(
        self, step: Any, numbers: Numbers, data: dict, knobs: dict, plan: dict
    ) -> tuple[Numbers, Any, Any]:
        shape = self.shape
        # tf.gather is one operation where an index in brackets is three
        now = {name: tf.gather(plan[name], step) for name in plan if name != "epoch"}
        x, y = tf.gather(data["x"], now["batches"]), tf.gather(data["y"], now["batches"])
        weight = share = now["weights"]
        if shape.weighted:
            share = weight * tf.gather(data["weights"], now["batches"])
        noise = tf.stack([plan["epoch"], step]) if shape.dropout else None
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            flat = numbers["params"]
            tape.watch(flat)
            blocks = self._unpack(flat)
            logits, moving = self._forward(x, blocks, knobs, numbers["moving"], weight, noise)
            losses, hits = judged(shape.loss, logits, y)
            penalty = self._penalty(blocks, knobs)
        gradient = tape.gradient([losses, penalty], flat, [share, tf.ones_like(penalty)])
        new = self._update(numbers, gradient, now["rates"], knobs)
        if moving:
            new["moving"] = tf.concat(moving, axis=1)
        if shape.ragged:  # a member that has no batch left must not move, not even by momentum
            left = now["counts"] > 0
            new = tf.nest.map_structure(lambda after, old: tf.where(left, after, old), new, numbers)
        loss = tf.reduce_sum(losses * share, axis=1) + penalty
        return new, loss, tf.reduce_sum(hits * now["valid"], axis=1)

    def _update(self, numbers: Numbers, gradient: Any, rate: Any, knobs: dict) -> Numbers:
        """Return the numbers after a step of Keras's own optimizer."""
        params = numbers["params"]
        if self.shape.weight_decay:
            decay = knobs["weight_decay"] * rate
            params -= params * (decay * knobs["moves"] if self.shape.by_layer else decay)
        if self.shape.by_layer:
            rate *= knobs["shares"]
        own = [self._params, *self._slots]
        given = zip(own, [params, *numbers["slots"]], strict=True)
        self.optimizer.member_iterations = numbers["iterations"]
        self.optimizer.member_momentum = knobs["momentum"]
        with keras.StatelessScope(list(given), initialize_variables=False) as scope:
            self.optimizer.update_step(gradient, self._params, rate)
        params, *slots = [scope.get_current_value(variable) for variable in own]
        iterations = numbers["iterations"] + 1
        return {**numbers, "params": params, "slots": slots, "iterations": iterations}

    # ── the network ─────────────────────────────────────────────────────────
    def _unpack(self, flat: Any) -> dict[tuple[str, int], Any]:
        shape = self.shape
        pieces = tf.split(flat, self.sizes, axis=1)
        return {
            (kind, layer): tf.reshape(piece, (shape.members, inputs * places, columns))
            for piece, (kind, layer, (inputs, places, columns)) in zip(
                pieces, shape.blocks(), strict=True
            )
        }

    def _forward(
        self, x: Any, blocks: dict, knobs: dict, moving: Any, weight: Any = None, noise: Any = None
    ) -> tuple[Any, list]:
        """Return logits and, in training with batch normalization, new moving statistics."""
        shape, moved, rows = self.shape, [], tf.shape(x)[1]
        before, last = len(shape.convolutions), len(shape.widths)
        if before:
            x = as_maps(x, math.prod(shape.convolutions[0].sides))
        if shape.batch_norm:
            stored = tf.split(moving, [w for w in shape.widths for _ in range(2)], axis=1)
        for layer in range(last + 1):
            kernel, bias, block = blocks["kernel", layer], blocks["bias", layer], None
            if layer < before:
                block = shape.convolutions[layer]
                x = block.apply(x, kernel) + bias
            elif layer == before > 0:  # the maps' channels and places are the features
                x = tf.reshape(x, (shape.members, kernel.shape[1], rows))
                x = tf.matmul(x, kernel, transpose_a=True) + bias
            else:
                x = dense(x, kernel, bias)
            if layer == last:
                break
            if shape.batch_norm:
                pair = stored[2 * layer : 2 * layer + 2]
                x, new = self._normalize(x, blocks, layer, pair, weight)
                moved += new
            x = self._activate(x, knobs)
            if shape.masked:
                x *= knobs["masks"][layer]
            if block is not None:
                x = block.pool(x, rows)
            elif noise is not None:
                x *= self._dropout_scale(knobs, layer, noise, rows)
        return x, moved

    def _activate(self, x: Any, knobs: dict) -> Any:
        names = self.shape.activations
        result = ACTIVATIONS[names[0]](x)
        for n, name in enumerate(names[1:]):
            result = tf.where(knobs["chooses"][n], ACTIVATIONS[name](x), result)
        return result

    def _normalize(
        self, x: Any, blocks: dict, layer: int, stored: list, weight: Any
    ) -> tuple[Any, list]:
        axis, new = 1 if layer >= len(self.shape.convolutions) else 2, []
        stored = [tf.expand_dims(statistic, axis) for statistic in stored]
        mean, variance = stored
        if weight is not None:
            if axis == 2:
                places = self.shape.convolutions[layer].places
                weight = tf.tile(weight / places, (1, places))
            share = tf.expand_dims(weight, 3 - axis)
            mean = tf.reduce_sum(x * share, axis=axis, keepdims=True)
            spread = tf.math.squared_difference(x, tf.stop_gradient(mean)) * share
            variance = tf.reduce_sum(spread, axis=axis, keepdims=True)
            for old, now in zip(stored, (mean, variance), strict=True):
                mixed = old * BATCH_NORM_MOMENTUM + now * (1 - BATCH_NORM_MOMENTUM)
                new.append(tf.squeeze(mixed, axis=axis))
        normal = tf.nn.batch_normalization(
            x, mean, variance, blocks["beta", layer], blocks["gamma", layer], BATCH_NORM_EPSILON
        )
        return normal, new

    def _dropout_scale(self, knobs: dict, layer: int, noise: Any, rows: Any) -> Any:
        """Return 0 or 1 / (1 - rate) for each unit and row, from the member's own key.

        One counter-based draw a step serves the whole stack; each member scrambles it with its key
        as integer hashes do. Drawn unit by unit: how many units follow makes no difference.
        """
        shape = self.shape
        seed = tf.stack([noise[0], noise[1] * 64 + layer])
        size = (shape.widths[layer], rows)
        drawn = tf.random.stateless_uniform(size, seed, None, None, tf.uint32)
        bits = tf.bitwise.bitwise_xor(tf.transpose(drawn), knobs["keys"]) * np.uint32(0x9E3779B1)
        bits = tf.bitwise.bitwise_xor(bits, tf.bitwise.right_shift(bits, np.uint32(15)))
        bits *= np.uint32(0x85EBCA77)
        return tf.cast(bits >= knobs["dropped"], shape.dtype) * knobs["kept_scale"]

    # ── what is measured ────────────────────────────────────────────────────
    def _penalty(self, blocks: dict, knobs: dict) -> Any:
        shape = self.shape
        penalty = tf.zeros((shape.members,), shape.dtype)
        for layer in range(len(shape.widths)):
            kernel = blocks["kernel", layer]
            if shape.l1:
                penalty += knobs["l1"] * tf.reduce_sum(tf.abs(kernel), axis=(1, 2))
            if shape.l2:
                penalty += knobs["l2"] * tf.reduce_sum(tf.square(kernel), axis=(1, 2))
        return penalty

    def _evaluate_all(self, numbers: Numbers, data: dict, knobs: dict) -> list[tuple]:
        """Return each evaluation set's mean loss, count of correct answers, and outputs if kept."""
        blocks = self._unpack(numbers["params"])
        penalty = self._penalty(blocks, knobs)
        sets = [(data["x"], data["y"], data["folds"])] if self.shape.folds else []
        sets += [(x, y, None) for x, y in data["evaluations"]]
        results = [
            self._evaluate(*one, blocks, knobs, numbers["moving"], self.shape.outputs and n == 0)
            for n, one in enumerate(sets)
        ]
        return [(loss + penalty, hits, outputs) for loss, hits, outputs in results]

    def _evaluate(
        self, x: Any, y: Any, folds: Any, blocks: dict, knobs: dict, moving: Any, keep: bool
    ) -> tuple[Any, Any, Any]:
        """Evaluate piece by piece, so that memory stays bounded however many rows there are."""
        shape = self.shape
        width = max(shape.n_features if folds is not None else 1, *shape.widths, shape.n_outputs)
        width = max([width, *shape.maps_floats()])
        piece = max(16, EVALUATION_FLOATS // (shape.members * width))
        rows = tf.shape(y)[0] if folds is None else tf.shape(folds["rows"])[1]

        def body(start: Any, loss: Any, hits: Any, kept: list) -> tuple:
            if folds is None:
                part, labels = x[tf.newaxis, start : start + piece], y[start : start + piece]
                labels = tf.tile(labels[tf.newaxis], (shape.members, 1))
                weight = tf.ones_like(labels, shape.dtype)
            else:
                index = folds["rows"][:, start : start + piece]
                part, labels = tf.gather(x, index), tf.gather(y, index)
                place = tf.range(start, start + tf.shape(index)[1])
                weight = tf.cast(tf.cast(place, shape.dtype) < folds["counts"], shape.dtype)
            logits, _ = self._forward(part, blocks, knobs, moving)
            losses, right = judged(shape.loss, logits, labels)
            loss += tf.reduce_sum(losses * weight, axis=1)
            hits += tf.reduce_sum(right * weight, axis=1)
            if keep:
                outputs = tf.transpose(predictions(shape.loss, logits), (1, 0, 2))
                kept = [kept[0].write(start // piece, outputs)]
            return start + piece, loss, hits, kept

        zero = tf.zeros((shape.members,), shape.dtype)
        size = (None, shape.members, shape.n_outputs)
        parts = tf.TensorArray(shape.dtype, 0, dynamic_size=True, element_shape=size)
        _, loss, hits, kept = tf.while_loop(
            lambda start, *_: start < rows, body, (tf.constant(0), zero, zero, [parts] * keep)
        )
        total = tf.cast(rows, shape.dtype) if folds is None else folds["counts"][:, 0]
        return loss / total, hits, tf.transpose(kept[0].concat(), (1, 0, 2)) if keep else ()


def _specs(numbers: Numbers, data: dict, knobs: dict, plan: dict) -> tuple:
    """Describe the arguments of an epoch; how many rows, steps and rows a batch stays open."""

    def open_at(*axes: int) -> Any:
        def spec(tensor: Any) -> Any:
            shape = [None if n in axes else size for n, size in enumerate(tensor.shape)]
            return tf.TensorSpec(shape, tensor.dtype)

        return spec

    rows = {name: value for name, value in data.items() if name != "folds"}
    specs = tf.nest.map_structure(open_at(0), rows)
    if "folds" in data:
        folds = data["folds"]
        specs["folds"] = {"rows": open_at(1)(folds["rows"]), "counts": open_at()(folds["counts"])}
    fixed = tf.nest.map_structure(open_at(), (numbers, knobs))
    steps = {name: open_at(0)(value) for name, value in plan.items()}
    return fixed[0], specs, fixed[1], {**steps, "batches": open_at(0, 2)(plan["batches"])}


_programs: OrderedDict[StackShape, Program] = OrderedDict()
_programs_lock = threading.Lock()


def program_for(shape: StackShape) -> Program:
    """Return the program of this shape, traced before if it was used before."""
    with _programs_lock:
        if shape not in _programs:
            _programs[shape] = Program(shape)
        _programs.move_to_end(shape)
        while len(_programs) > CACHED_PROGRAMS:
            _programs.popitem(last=False)
        return _programs[shape]


def clear_programs() -> None:
    """Forget all traced programs."""
    with _programs_lock:
        _programs.clear()

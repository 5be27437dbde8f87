"""The dense networks of ``bench_fused.py`` in JAX: ``vmap`` over members, ``scan`` over steps.

JAX is no dependency of anything else here. To compare, install it for the benchmark alone, for
instance with ``pip install --no-deps --target FOLDER jax jaxlib opt_einsum``, and run with
``PYTHONPATH=FOLDER``.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7  # Keras's Adam


def forward(params: list, x: Any) -> Any:
    """Return the logits of one network."""
    for kernel, bias in params[:-1]:
        x = jax.nn.relu(x @ kernel + bias)
    kernel, bias = params[-1]
    return x @ kernel + bias


def losses(params: list, x: Any, y: Any) -> tuple[Any, Any]:
    """Return each row's cross-entropy, and whether its answer is right."""
    logits = forward(params, x)
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], 1)[:, 0]
    return -chosen, jnp.argmax(logits, 1) == y


class JaxStack:
    """One compiled program for a number of networks, known after its first call."""

    def __init__(self, rows: tuple, sizes: tuple[int, ...], epochs: int, batch_size: int = 32):
        self.x, self.y, self.x_val, self.y_val = (jnp.asarray(part) for part in rows)
        self.sizes, self.epochs, self.batch_size = sizes, epochs, batch_size
        self.train = jax.jit(jax.vmap(self._train))

    def fit(self, networks: int) -> np.ndarray:
        """Train so many networks, and return the validation accuracy of each after each epoch."""
        rng = np.random.default_rng(0)
        count, size = len(self.y), self.batch_size
        steps = -(-count // size)
        order = np.zeros((networks, self.epochs, steps * size), np.int32)
        for k in range(networks):
            for epoch in range(self.epochs):
                order[k, epoch, :count] = rng.permutation(count)
        params = []
        for inputs, outputs in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            limit = np.sqrt(6 / (inputs + outputs))  # Glorot's
            kernel = rng.uniform(-limit, limit, (networks, inputs, outputs)).astype("float32")
            params.append((kernel, np.zeros((networks, outputs), "float32")))
        batches = order.reshape(networks, self.epochs, steps, size)
        return np.asarray(self.train(params, batches)[3])

    def _train(self, params: list, batches: Any) -> tuple:
        """Train one network: each epoch's loss and accuracy, and those on the validation rows."""
        count, size = len(self.y), self.batch_size
        valid = (np.arange(batches.shape[1] * size) < count).astype("float32").reshape(-1, size)

        def mean_loss(params: list, rows: Any, weight: Any) -> tuple:
            loss, right = losses(params, self.x[rows], self.y[rows])
            return jnp.sum(loss * weight) / jnp.sum(weight), jnp.sum(right * weight)

        def step(state: tuple, batch: tuple) -> tuple:
            params, first, second, t = state
            (loss, right), slope = jax.value_and_grad(mean_loss, has_aux=True)(params, *batch)
            t += 1
            first = jax.tree.map(lambda m, g: m + (g - m) * (1 - BETA_1), first, slope)
            second = jax.tree.map(lambda v, g: v + (g * g - v) * (1 - BETA_2), second, slope)
            rate = RATE * jnp.sqrt(1 - BETA_2**t) / (1 - BETA_1**t)
            params = jax.tree.map(
                lambda p, m, v: p - m * rate / (jnp.sqrt(v) + EPSILON), params, first, second
            )
            return (params, first, second, t), (loss * jnp.sum(batch[1]), right)

        def epoch(state: tuple, rows: Any) -> tuple:
            state, (loss, right) = jax.lax.scan(step, state, (rows, valid))
            loss_val, right_val = losses(state[0], self.x_val, self.y_val)
            means = loss.sum() / count, right.sum() / count, loss_val.mean(), right_val.mean()
            return state, means

        zeros = jax.tree.map(jnp.zeros_like, params)
        return jax.lax.scan(epoch, (params, zeros, zeros, 0.0), batches)[1]

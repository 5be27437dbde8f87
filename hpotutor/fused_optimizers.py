"""Keras's optimizers with one learning rate, momentum and step count for each member of a stack.

``Optimizer.update_step`` of SGD, RMSprop, Adam, AdamW and Adagrad works number by number, so on a
variable of shape (members, parameters) it updates each member as it would alone, given its
hyperparameters as (members, 1) columns. Clipping by global norm would not: it mixes members.
"""

from __future__ import annotations

from typing import Any

from hpotutor._network import OPTIMIZERS
from hpotutor._tensorflow import keras


class _Stacked:
    """Bias corrections by each member's own number of steps, not by the optimizer's one."""

    member_iterations = None

    @property
    def iterations(self) -> Any:
        own = self.member_iterations
        return super().iterations if own is None else own


class _StackedSGD(_Stacked, keras.optimizers.SGD):
    """Keras's SGD with one momentum a member; ``keras.optimizers.SGD`` wants a single float."""

    member_momentum = None

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if self.momentum == 0:
            super().update_step(gradient, variable, learning_rate)
            return
        velocity = self.momentums[self._get_variable_index(variable)]
        velocity.assign(velocity * self.member_momentum - gradient * learning_rate)
        step = velocity
        if self.nesterov:
            step = velocity * self.member_momentum - gradient * learning_rate
        self.assign_add(variable, step)


def stacked_optimizer(name: str) -> Any:
    """Return the Keras optimizer of this name, ready for (members, 1) hyperparameters.

    Parameters
    ----------
    name : str
        One of ``hpotutor._network.OPTIMIZERS``.

    Notes
    -----
    Set ``member_iterations`` and ``member_momentum`` before ``update_step`` is traced. Weight
    decay is the caller's: Keras applies it outside ``update_step``.
    """
    base, arguments = OPTIMIZERS[name]
    if base is keras.optimizers.SGD:
        return _StackedSGD(**arguments)
    return type(f"Stacked{base.__name__}", (_Stacked, base), {})(**arguments)

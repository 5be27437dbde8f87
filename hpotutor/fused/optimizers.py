"""Keras's own optimizers, made to update a whole stack with each member's own numbers."""

from typing import Any

from hpotutor._tensorflow import keras
from hpotutor.models.layers import OPTIMIZERS


class _Stacked(keras.optimizers.Optimizer):
    """A Keras optimizer that works on tensors; bias corrections go by each member's own steps."""

    member_iterations = None

    def _get_variable_index(self, variable: Any) -> int:
        return 0

    # Keras's own three want a ``tf.Variable`` inside; these let the scope keep the value
    def assign(self, variable: Any, value: Any) -> None:
        variable.assign(value)

    def assign_add(self, variable: Any, value: Any) -> None:
        variable.assign_add(value)

    def assign_sub(self, variable: Any, value: Any) -> None:
        variable.assign_sub(value)

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
        velocity = self.momentums[0]
        velocity.assign(velocity * self.member_momentum - gradient * learning_rate)
        step = velocity
        if self.nesterov:
            step = velocity * self.member_momentum - gradient * learning_rate
        self.assign_add(variable, step)


def stacked_optimizer(name: str) -> Any:
    """Return the Keras optimizer of this name, ready for (members, 1) hyperparameters.

    Set ``member_iterations`` and ``member_momentum`` before ``update_step`` is traced. Weight
    decay is the caller's: Keras applies it outside ``update_step``.
    """
    base, arguments = OPTIMIZERS[name]
    if base is keras.optimizers.SGD:
        return _StackedSGD(**arguments)
    return type(f"Stacked{base.__name__}", (_Stacked, base), {})(**arguments)

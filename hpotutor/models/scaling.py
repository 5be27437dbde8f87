"""What differs by layer: the maximal update parametrization, rates by layer, frozen layers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from hpotutor._tensorflow import keras
from hpotutor._validation import check_count, is_number
from hpotutor.errors import Problems
from hpotutor.models.layers import INITIALIZERS, LOSSES, OPTIMIZERS

PARAMETRIZATIONS = ("standard", "mup")


@dataclass(frozen=True)
class Scaling:
    """What differs by layer: ``build_mlp``'s arguments of these names.

    A layer's ``sizes`` are its kernel's inputs and outputs; Yang et al. (2022), table 3, gives the
    exponents of the maximal update parametrization, https://arxiv.org/abs/2203.03466.
    """

    parametrization: str = "standard"
    base_units: int = 64
    layer_rates: Sequence[float] | None = None

    @property
    def used(self) -> bool:
        """Whether layers differ at all."""
        return self.parametrization == "mup" or self.layer_rates is not None

    def check(self, problems: Problems, layers: object, batch_norm: object) -> None:
        """Note every field that is not allowed in a network of so many layers with a kernel."""
        problems.choice("parametrization", self.parametrization, PARAMETRIZATIONS)
        check_count(problems, "base_units", self.base_units, example=64)
        given: Any = self.layer_rates
        fine = isinstance(given, list | tuple | np.ndarray) and len(given) == layers
        fine = fine and all(is_number(n) and n >= 0 for n in given) and any(given)
        if given is not None and not fine:
            allowed = f"{layers} numbers from 0 up, one a layer, the output layer's last, not all 0"
            problems.add("layer_rates", given, allowed, "layer_rates=(0, 1)")
        if self.used and batch_norm:
            allowed = "False with parametrization='mup' or layer_rates"
            problems.add("batch_norm", batch_norm, allowed, "batch_norm=False")

    def kernels(self, initializer: str, sizes: Sequence[Sequence[int]]) -> list[float]:
        """Return by what each layer's initial kernel is multiplied."""
        if self.parametrization != "mup":
            return [1.0] * len(sizes)
        mode = getattr(INITIALIZERS[initializer](seed=0), "mode", "")  # what its draw is divided by
        fan = {"fan_in": lambda size: size[0], "fan_avg": sum}.get(mode, lambda size: 1)
        parts = [0.5] * (len(sizes) - 1) + [1.0]  # of the output layer
        return [
            math.sqrt(fan(size) / fan(base)) * (base[0] / size[0]) ** part
            for size, base, part in zip(sizes, self._bases(sizes), parts, strict=True)
        ]

    def rates(self, optimizer: str, sizes: Sequence[Sequence[int]]) -> list[tuple[float, float]]:
        """Return the share of the learning rate of each layer's kernel, and of its bias."""
        given = [1.0] * len(sizes) if self.layer_rates is None else self.layer_rates
        if self.parametrization != "mup":
            return [(float(share), float(share)) for share in given]
        plain = OPTIMIZERS[optimizer][0] is keras.optimizers.SGD  # the others divide by the slope
        shares = []
        for size, base, share in zip(sizes, self._bases(sizes), given, strict=True):
            wider = size[1] / base[1] if plain else 1.0
            shares.append((share * wider * base[0] / size[0], share * wider))
        return shares

    def apply(self, model: keras.Model, initializer: str, optimizer: str) -> keras.Model:
        """Scale a model's initial kernels and its layers' learning rates, and freeze layers."""
        if not self.used:
            return model
        layers = [layer for layer in model.layers if hasattr(layer, "kernel")]
        sizes = [tuple(layer.kernel.shape[-2:]) for layer in layers]
        factors, rates = self.kernels(initializer, sizes), self.rates(optimizer, sizes)
        shares: list[float] = []
        for layer, factor, pair in zip(layers, factors, rates, strict=True):
            layer.kernel.assign(layer.kernel * factor)
            layer.trainable = pair[0] > 0
            shares += pair if layer.trainable else ()
        settings = model.optimizer.get_config() | {"shares": shares}
        made = _BY_LAYER[type(model.optimizer)].from_config(settings)
        metrics = None if model.loss in LOSSES.values() else ["accuracy"]
        model.compile(optimizer=made, loss=model.loss, metrics=metrics)
        return model

    def _bases(self, sizes: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
        inner = [self.base_units] * (len(sizes) - 1)
        ends = [sizes[0][0], *inner, sizes[-1][1]]
        return list(zip(ends[:-1], ends[1:], strict=True))


class _ByLayer(keras.optimizers.Optimizer):
    """A Keras optimizer in which each trained array has its share of the learning rate."""

    def __init__(self, *arguments: Any, shares: list[float], **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.shares = shares

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        share = self.shares[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * share)

    def get_config(self) -> dict[str, Any]:
        return super().get_config() | {"shares": self.shares}


_BY_LAYER = {  # registered, so that a model that was saved can be loaded
    base: keras.saving.register_keras_serializable("hpotutor")(
        type(f"{base.__name__}ByLayer", (_ByLayer, base), {})
    )
    for base, _ in OPTIMIZERS.values()
}

"""What the tests of the stack set up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hpotutor._tensorflow import keras, tf
from hpotutor.fused import stack as fused_stack
from hpotutor.fused.program import Program


@pytest.fixture
def float64() -> Iterator[None]:
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


@pytest.fixture
def fixed_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Feed batches in the rows' own order, as ``fit(shuffle=False)`` does."""
    monkeypatch.setattr(fused_stack, "batch_order", lambda seed, epoch, rows: np.arange(rows))


@pytest.fixture
def untraced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a program's operations one by one, which for a few steps is quicker than a trace."""

    def run(self: Program, *given: object) -> tuple:
        return self._train_epoch(*tf.nest.map_structure(tf.convert_to_tensor, given))

    monkeypatch.setattr(Program, "train_epoch", run)

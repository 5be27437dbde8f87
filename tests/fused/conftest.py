"""What the tests of the stack set up."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from hpotutor._tensorflow import keras
from hpotutor.fused import stack as fused_stack


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

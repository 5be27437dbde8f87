"""Where the stack trains: on the processor, or on a graphics card if there is one."""

from __future__ import annotations

import numpy as np
import pytest

from hpotutor import fused
from hpotutor._tensorflow import tf
from hpotutor.fused import Stack, StackData, train_many
from tests.messages import refused
from tests.stack_cases import make_rows


def operations(graph):
    """Return all operations of a graph and of the graphs of its loops."""
    functions = [function.graph for function in graph._functions.values()]
    return [one for inside in (graph, *functions) for one in inside.get_operations()]


def test_every_operation_stands_on_the_processor():
    """By its own name, so that it stays there where TensorFlow sees a graphics card."""
    fused.clear_programs()
    data = StackData(*make_rows(3), n_classes=3, sample_weight=np.ones(24), keep_outputs=True)
    stack = Stack(data, [{"units": 5, "dropout": 0.1, "batch_norm": True}])
    stack.train(1)
    graph = stack.program.epoch.graph
    passed = ("Placeholder", "Identity")  # what goes in and comes out
    places = {one.device for one in operations(graph) if one.type not in passed}
    assert places == {"/device:CPU:0"}


@pytest.mark.skipif(bool(tf.config.list_physical_devices("GPU")), reason="there is a GPU")
def test_a_graphics_card_that_is_not_there_is_refused():
    with refused("device='gpu'.*sees no GPU here.*device='cpu'"):
        train_many(*make_rows(3), [{}], n_classes=3, device="gpu")


def test_an_unknown_device_is_refused():
    with refused("device='tpu'.*Allowed: 'cpu', 'gpu'"):
        train_many(*make_rows(3), [{}], n_classes=3, device="tpu")

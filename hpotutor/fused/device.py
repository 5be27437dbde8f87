"""Where stacks are trained: on the processor by themselves, or on a graphics card."""

from contextlib import AbstractContextManager

from hpotutor._tensorflow import tf
from hpotutor.errors import Problems

DEVICES = ("cpu", "gpu")


def placed_on(device: str) -> AbstractContextManager:
    """Return a block in which TensorFlow works on this device, whatever else it sees."""
    return tf.device(f"{device.upper()}:0")


def check_device(problems: Problems, device: object) -> None:
    """Note a device that is unknown, or a graphics card that TensorFlow does not see."""
    known = problems.choice("device", device, DEVICES)
    if known and device == "gpu" and not tf.config.list_logical_devices("GPU"):
        allowed = "'cpu', because TensorFlow sees no GPU here"
        problems.add("device", device, allowed, "device='cpu'")

"""Names that are loaded on first use, and ``setup``: how TensorFlow starts, for those who ask."""

import gc
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

import lazy_loader

from hpotutor._docstrings import complete
from hpotutor.errors import did_you_mean

ASKED = "HPOTUTOR_SETUP"  # the environment variable that says so to child processes
NOISE = (b"oneDNN custom operations are on", b"before absl::InitializeLog()")


def attach(
    package: str, file: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Return a package's ``__getattr__``, ``__dir__`` and ``__all__``, from its ``__init__.pyi``.

    Each name is loaded on first use (https://scientific-python.org/specs/spec-0001), and its
    docstring completed. A misspelt name is answered with the one that was meant.
    """
    load, names_of, names = lazy_loader.attach_stub(package, file)

    def load_or_hint(name: str) -> Any:
        if name in names:
            complete(thing := load(name))
            return thing
        hint = did_you_mean(name, names)
        listed = f" It has: {', '.join(names)}." if len(names) < 20 else ""
        raise AttributeError(f"module {package!r} has no attribute {name!r}.{hint}{listed}")

    return load_or_hint, names_of, names


def setup() -> None:
    """Have TensorFlow start as the lessons need it: without a word, on one thread, on the CPU.

    Call it before TensorFlow or Keras is imported; afterwards it does what can still be done.
    Without it, importing ``hpotutor`` changes nothing that another library or process sees.

    The lessons' networks are so small that a second thread costs more than it saves, and that a GPU
    would slow them down. With ``TF_NUM_INTRAOP_THREADS=0`` in the environment TensorFlow uses all
    cores, with ``HPOTUTOR_GPU=1`` it sees a GPU; a variable of TensorFlow's that is set already
    stays, and the others are set only while it is imported. ``HPOTUTOR_SETUP=1`` is left behind,
    by which a process started from here sets itself up in the same way.

    Examples
    --------
    >>> import hpotutor as ht
    >>> ht.setup()
    """
    os.environ[ASKED] = "1"
    if "tensorflow" in sys.modules:
        _restrain(sys.modules["tensorflow"])
    elif not any(isinstance(finder, _QuietImport) for finder in sys.meta_path):
        sys.meta_path.insert(0, _QuietImport())


class _QuietImport(MetaPathFinder):
    """Set TensorFlow up as it is imported: it writes to stderr before any log level holds."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path, target) if name == "tensorflow" else None
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_quietly(module: ModuleType) -> None:
                if self in sys.meta_path:
                    sys.meta_path.remove(self)
                with _variables(), _without_noise():
                    execute(module)
                    _restrain(module)

            spec.loader.exec_module = exec_quietly  # type: ignore[method-assign]  # this one only
        return spec


@contextmanager
def _variables() -> Iterator[None]:
    """Set what TensorFlow reads as it is loaded, for as long as that takes."""
    collecting = gc.isenabled()
    gc.disable()  # to look for garbage among all that comes takes a fifth of the time
    wanted = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "1"}
    if os.environ.get("HPOTUTOR_GPU") != "1":
        wanted["CUDA_VISIBLE_DEVICES"] = "-1"
    added = {name: value for name, value in wanted.items() if name not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
        gc.freeze()
        if collecting:
            gc.enable()


def _restrain(tensorflow: Any) -> None:
    """Tell a loaded TensorFlow to use one thread an operation, and no GPU."""
    # RuntimeError: it has begun to work, and goes on as it is
    if "TF_NUM_INTRAOP_THREADS" not in os.environ:
        with suppress(RuntimeError):
            tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES", "-1") == "-1"
    if hidden and os.environ.get("HPOTUTOR_GPU") != "1":
        with suppress(RuntimeError):
            tensorflow.config.set_visible_devices([], "GPU")


@contextmanager
def _without_noise() -> Iterator[None]:
    """Hold back what the process writes to stderr, then pass on all but the known lines."""
    try:
        stderr = os.dup(2)
    except OSError:  # no stderr at all, for instance under pythonw
        yield
        return
    with tempfile.TemporaryFile() as held:
        sys.stderr.flush()
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(stderr, 2)
            os.close(stderr)
            held.seek(0)
            for line in held:
                if not any(noise in line for noise in NOISE):
                    os.write(2, line)


if os.environ.get(ASKED) == "1":  # by the process that started this one
    setup()

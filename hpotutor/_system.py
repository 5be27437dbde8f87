"""What this machine, container or cloud service gives a lesson: memory, processors, disk, files."""

import contextlib
import functools
import importlib.metadata
import math
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

LIBRARIES = ("optuna", "hyperopt", "keras-tuner", "scikit-learn", "scikeras", "keras", "numpy")
CGROUP = Path("/sys/fs/cgroup")


class Memory(NamedTuple):
    """Bytes in all and bytes free; NaN where the system does not say."""

    total: float
    free: float


def environment(environ: Mapping[str, str] | None = None) -> str:
    """Return where this runs: "Colab", "Binder", "JupyterHub" or "this computer"."""
    environ = os.environ if environ is None else environ
    if "COLAB_RELEASE_TAG" in environ or "google.colab" in sys.modules:
        return "Colab"
    if "BINDER_SERVICE_HOST" in environ or "BINDER_REPO_URL" in environ:
        return "Binder"
    return "JupyterHub" if "JUPYTERHUB_USER" in environ else "this computer"


def memory() -> Memory:
    """Return the memory that this process may use, a container's limit included."""
    total, free = _system_memory()
    limit, used = _container_memory()
    return Memory(min(total, limit), min(free, max(limit - used, 0.0)))


def _system_memory() -> Memory:
    try:
        import psutil  # comes with ipykernel

        now = psutil.virtual_memory()
    except (ImportError, OSError):
        return Memory(math.nan, math.nan)
    return Memory(now.total, now.available)


def _container_memory() -> Memory:
    """Return a container's limit and what it uses; no limit is infinity."""
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            found = float((CGROUP / limit).read_text())
            return Memory(found, float((CGROUP / used).read_text()))
        except (OSError, ValueError):  # another kind of system, or the word "max"
            continue
    try:
        return Memory(float(os.environ["MEM_LIMIT"]), 0.0)  # as JupyterHub and Binder tell it
    except (KeyError, ValueError):
        return Memory(math.inf, 0.0)


def cores() -> int:
    """Return how many processors this process may use."""
    try:
        allowed = len(os.sched_getaffinity(0))
    except AttributeError:  # Windows and macOS
        allowed = os.cpu_count() or 1
    try:
        quota, period = (CGROUP / "cpu.max").read_text().split()
        return max(1, min(allowed, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):
        return allowed


def unwritable(folder: str | os.PathLike) -> OSError | None:
    """Return why a folder cannot be written, or nothing if it can."""
    try:
        with tempfile.TemporaryFile(dir=os.fspath(folder)) as file:
            file.write(bytes(100_000))
            file.flush()
    except OSError as error:
        return error
    return None


def free_disk(folder: str | os.PathLike) -> float:
    """Return a folder's free bytes; NaN where the system does not say."""
    try:
        return float(shutil.disk_usage(folder).free)
    except OSError:
        return math.nan


@functools.cache
def versions(libraries: tuple[str, ...] = LIBRARIES) -> dict[str, str]:
    """Return the version of Python, and of each of these libraries, as PyPI names them."""
    found = {"python": ".".join(map(str, sys.version_info[:3]))}
    for name in libraries:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def write_whole(path: Path, content: bytes) -> None:
    """Write a file as a whole, or raise ``OSError`` and leave an older one as it was."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(content)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def templates(folder: Path, filters: Mapping[str, Any], **layout: Any) -> Any:
    """Return the jinja2 templates of a folder; what is not given to one is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    escape: Any = select_autoescape(["html"])
    found = Environment(
        loader=FileSystemLoader(folder), autoescape=escape, undefined=StrictUndefined, **layout
    )
    found.filters |= filters
    return found

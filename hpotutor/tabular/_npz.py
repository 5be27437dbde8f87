"""Files of arrays that notice when they were damaged: npz without pickle, with a checksum."""

import contextlib
import hashlib
import json
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from hpotutor.errors import DataError

# What NumPy raises for files that are none, or damaged; TypeError for a lone array, TokenError
# from Python 3.12 on for a header with characters that Python does not know.
UNREADABLE = (
    OSError, ValueError, TypeError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error,
    tokenize.TokenError,
)  # fmt: skip


def write(path: str | os.PathLike, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write arrays of numbers, and what there is to say about them, in JSON's types.

    Equal contents give equal files; an older file is replaced once the new one is whole.
    """
    text = json.dumps(about, sort_keys=True).encode()
    parts = {"about": np.frombuffer(text, np.uint8), **arrays}
    parts["checksum"] = np.frombuffer(bytes.fromhex(_digest(parts)), np.uint8)
    with whole(Path(path)) as file:
        np.savez_compressed(file, **parts)


@contextlib.contextmanager
def whole(path: Path) -> Iterator[IO[bytes]]:
    """Open a file that is written as a whole, or raise ``DataError`` and leave an older one."""
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        raise DataError(
            f"{path.name} cannot be written ({error.strerror or error}). What was finished before "
            "is kept. Make room, then do the same again: it goes on from there."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)


def read(
    path: str | os.PathLike, wanted: Iterable[str], form: int, remedy: str
) -> tuple[dict[str, Any], dict[str, np.ndarray], str]:
    """Read a file that :func:`write` made: about, arrays, and the SHA-256 of both in hexadecimal.

    ``DataError`` with the ``remedy`` without the ``wanted`` arrays, or for another format.
    """
    path = Path(path)
    try:
        # Opened here, because NumPy leaves a file that it cannot read open.
        with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        if missing := {"about", "checksum", *wanted} - set(arrays):
            raise ValueError(f"{', '.join(sorted(missing))} missing")
        checksum = arrays.pop("checksum").tobytes().hex()
        if checksum != _digest(arrays):
            raise ValueError("its contents do not match its checksum")
    except UNREADABLE as error:
        why = str(error) or type(error).__name__
        if "pickle" in why:  # NumPy's advice would be to run what the file contains
            why = "it holds something else than arrays of numbers"
        raise DataError(
            f"{path.name} is damaged, or no such file at all ({why}). Restore the file that "
            f"hpotutor came with, or make it anew: {remedy}."
        ) from None
    about = json.loads(arrays.pop("about").tobytes())
    if about.get("format") != form:
        raise DataError(
            f"{path.name} is of format {about.get('format')!r}, and this hpotutor reads format "
            f"{form}. Install the hpotutor that it belongs to, or make it anew: {remedy}."
        )
    return about, arrays, checksum


def _digest(arrays: Mapping[str, np.ndarray]) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()

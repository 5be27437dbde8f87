"""Read files of arrays, which notice damage: npz without pickle, with a checksum."""

import hashlib
import json
import lzma
import os
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hpotutor.errors import DataError

# What NumPy raises for files that are none, or damaged; TypeError for a lone array, RuntimeError
# for a zip of another kind or without lzma, TokenError from Python 3.12 on for odd headers.
UNREADABLE = (
    OSError, ValueError, TypeError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error,
    lzma.LZMAError, tokenize.TokenError, RuntimeError,
)  # fmt: skip


def read(
    path: str | os.PathLike, wanted: Iterable[str], form: int, remedy: str
) -> tuple[dict[str, Any], dict[str, np.ndarray], str]:
    """Read a file of ``tools/tables/store.py``: about, arrays, and the :func:`digest` of both.

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
        if checksum != digest(arrays):
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


def digest(arrays: Mapping[str, np.ndarray]) -> str:
    """Return the SHA-256 of names, types, shapes and contents, in hexadecimal."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.data)
    return digest.hexdigest()

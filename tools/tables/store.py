"""Write tables and other files of arrays, as a whole and with a checksum; `_npz.py` reads them."""

from __future__ import annotations

import contextlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

import numpy as np

from hpotutor.errors import DataError
from hpotutor.tabular import _npz
from hpotutor.tabular.table import CURVES, FORMAT, PLAIN, Table


def save(table: Table, path: str | os.PathLike) -> None:
    """Write a table; equal tables give equal files."""
    about = {**table.about, "format": FORMAT, "name": table.name}
    axes = [axis._asdict().items() for axis in table.axes]
    about["axes"] = [{key: value for key, value in axis if value is not None} for axis in axes]
    about["shape"] = list(table.val_correct.shape)
    arrays = {name: _pack(getattr(table, name).astype(dtype)) for name, dtype in CURVES.items()}
    plain = {name: getattr(table, name).astype(dtype) for name, dtype in PLAIN.items()}
    if table.parameters is not None:  # the first tables have none
        plain["parameters"] = table.parameters.astype("<u4")
    write(path, about, {**arrays, **plain})


def _pack(curves: np.ndarray) -> np.ndarray:
    """Return the differences between epochs, low bytes apart from high bytes.

    Neighboring epochs are alike, so that differences compress to about two thirds.
    """
    bits = curves.view("<u2").reshape(-1, curves.shape[-1])
    bits = np.diff(bits, axis=1, prepend=np.zeros((len(bits), 1), "<u2"))
    return np.stack([(bits & 255).astype("u1").T, (bits >> 8).astype("u1").T])


def write(path: str | os.PathLike, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write arrays of numbers, and what there is to say about them, in JSON's types.

    Equal contents give equal files; an older file is replaced once the new one is whole.
    """
    text = json.dumps(about, sort_keys=True).encode()
    parts = {"about": np.frombuffer(text, np.uint8), **arrays}
    parts["checksum"] = np.frombuffer(bytes.fromhex(_npz.digest(parts)), np.uint8)
    # As np.savez_compressed, but by LZMA, which makes these files a seventh smaller.
    with whole(Path(path)) as file, zipfile.ZipFile(file, "w") as zipped:
        for name, array in parts.items():
            part = zipfile.ZipInfo(f"{name}.npy")  # without the time, which would differ
            part.compress_type = zipfile.ZIP_LZMA
            content = io.BytesIO()
            np.lib.format.write_array(content, np.asanyarray(array), allow_pickle=False)
            zipped.writestr(part, content.getvalue())


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

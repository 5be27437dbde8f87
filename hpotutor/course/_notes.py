"""What is written into somebody's folder, and notes of it, to tell their changes from ours."""

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from hpotutor._system import write_whole
from hpotutor.course.lessons import source_of

Noted = TypeVar("Noted")


def text_of(file: str) -> str:
    """Return what stands in a file of ``texts/``, which is written into a course."""
    return (Path(__file__).parent / "texts" / file).read_text(encoding="utf-8").rstrip("\n")


def read_notes(path: Path, noted: Callable[[Any], Noted]) -> dict[str, Noted] | None:
    """Return what was noted of each lesson; nothing if there are no notes, or damaged ones."""
    try:
        notes = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): noted(value) for name, value in notes.items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def write_notes(path: Path, notes: Mapping[str, Any]) -> None:
    """Write them as a whole or not at all."""
    write_whole(path, json.dumps(notes).encode())


def fingerprint(content: bytes, *, settings: bool = False) -> str:
    """Return a number for what a person sees of a notebook: sources and outputs.

    Metadata, identities and counts are left out, as JupyterLab changes them. With settings, what
    an instructor sets beside a cell's text counts, too: nbgrader's marks, tags, attachments.
    """
    try:
        cells = [
            (cell["cell_type"], source_of(cell), list(map(_shown, cell.get("outputs", []))))
            + (_settings_of(cell) if settings else ())
            for cell in json.loads(content)["cells"]
        ]
        content = json.dumps(cells, sort_keys=True).encode()
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    return hashlib.sha256(content).hexdigest()


def _settings_of(cell: dict[str, Any]) -> tuple[Any, ...]:
    """Return how nbgrader marks a cell, in one form, then its tags and its attachments."""
    metadata = cell["metadata"]
    about = metadata.get("nbgrader", {})
    flags = [bool(about.get(flag)) for flag in ("grade", "solution", "locked", "task")]
    worth = about.get("points") if flags[0] or flags[3] else None
    marking = [about.get("grade_id"), *flags, float(worth or 0)] if any(flags) else None
    return marking, [sorted(metadata.get("tags", [])), cell.get("attachments", {})]


def _shown(output: dict[str, Any]) -> dict[str, Any]:
    """Return an output with its texts in one piece, without its count."""

    def joined(value: object) -> object:
        return "".join(value) if isinstance(value, list) else value

    texts = {key: joined(output[key]) for key in ("text", "ename", "evalue") if key in output}
    return texts | {"data": {kind: joined(v) for kind, v in output.get("data", {}).items()}}

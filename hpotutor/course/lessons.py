"""Where the lessons are, in a checkout or in an installed package, and how they are named."""

import json
from pathlib import Path
from typing import Any

from hpotutor.errors import HpoTutorError, Problems

_PROJECT = Path(__file__).resolve().parents[2]


def checkout() -> Path | None:
    """Return the whole project's folder, where the package runs from it."""
    whole = (_PROJECT / "pyproject.toml").is_file() and (_PROJECT / "notebooks").is_dir()
    return _PROJECT if whole else None


def lessons_folder() -> Path:
    """Return the folder of the lessons that came with this package: a checkout's, or a wheel's."""
    for folder in (_PROJECT / "notebooks", _PROJECT / "hpotutor" / "lessons"):
        if (folder / "00_start_here.ipynb").is_file():
            return folder
    raise HpoTutorError(
        "The lessons did not come with this copy of the package. Install it from its wheel or run "
        "it from the whole project's folder."
    )


def all_lessons() -> dict[str, Path]:
    """Return the lessons' files by name, in order."""
    return {path.stem: path for path in sorted(lessons_folder().glob("[0-9][0-9]_*.ipynb"))}


def find_lesson(typed: str) -> str:
    """Return the lesson that somebody typed by number, name or file, or raise ``ArgumentError``.

    Examples
    --------
    >>> find_lesson("2"), find_lesson("02_grid_search.ipynb")
    ('02_grid_search', '02_grid_search')
    """
    known = all_lessons()
    name = typed.removesuffix(".ipynb").removeprefix("lesson_")
    if name.isdecimal():
        name = next((stem for stem in known if int(stem[:2]) == int(name)), name)
    with Problems("lesson") as problems:
        problems.choice("lesson", name, known)
    return name


def read_notebook(path: Path) -> dict[str, Any]:
    """Return a notebook's content; ``HpoTutorError`` if it cannot be read as a notebook."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        if not all({"cell_type", "source"} <= set(cell) for cell in notebook["cells"]):
            raise ValueError("a cell is incomplete")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HpoTutorError(f"{path.name} cannot be read as a notebook: {error}.") from error
    return notebook


def source_of(cell: dict[str, Any]) -> str:
    """Return a cell's text; a file may hold it in one piece or in lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)

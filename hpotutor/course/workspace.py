"""A learner's own copy of the lessons: kept up to date, and never written over."""

import contextlib
import importlib.util
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hpotutor._system import write_whole
from hpotutor.course._notes import fingerprint, read_notes, write_notes
from hpotutor.course.lessons import all_lessons, checkout, read_notebook, source_of
from hpotutor.errors import HpoTutorError, MissingExtra
from hpotutor.exercises.index import write_index

NOTES = ".hpotutor_lessons.json"  # what was written, to tell a learner's changes from ours
FOLDER = "my_lessons"
_SETTINGS = Path(__file__).parent / "jupyter"  # what JupyterLab reads as if it were its own
_LAYOUTS = ".hpotutor_lab"


class Change(NamedTuple):
    """What happened to one lesson: ``kind`` is "added", "updated" or "beside"."""

    kind: str
    lesson: str
    file: str

    def __str__(self) -> str:
        if self.kind == "beside":
            return f"{self.lesson}.ipynb is yours and stays; the new version is in {self.file}"
        return f"{self.kind} {self.file}"


def default_folder() -> Path:
    """Return where a learner's copy is by default: in a checkout beside its lessons, or here."""
    return (checkout() or Path.cwd()) / FOLDER


def bring_up_to_date(folder: str | os.PathLike) -> list[Change]:
    """Copy the lessons into a folder, and leave every file alone that its owner changed.

    A lesson that is not there is added; one as it was written here before is replaced by a new
    version; of any other the new version is put beside, once, as ``NAME.new.ipynb``. A lesson
    counts as changed when a source or an output differs. ``HpoTutorError`` if the folder cannot be
    written; nothing that was there is lost.
    """
    folder = Path(folder)
    kept = {"offered": str, "wrote": dict}
    stored = read_notes(folder / NOTES, lambda note: {n: of(note[n]) for n, of in kept.items()})
    notes, changes = stored or {}, []  # without, all there is counts as changed
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in all_lessons().items():
            change = _one(folder, name, path.read_bytes(), notes)
            if change is not None:
                changes.append(change)
                write_notes(folder / NOTES, notes)
        if stored is None:  # what is as it was shipped is known again
            write_notes(folder / NOTES, notes)
    except OSError as error:
        raise HpoTutorError(
            f"The folder {folder} cannot be written ({error.strerror}). What is in it is as it "
            "was. Free the disk, or choose a folder of yours: hpotutor lab FOLDER"
        ) from error
    return changes


def _one(folder: Path, name: str, content: bytes, notes: dict[str, Any]) -> Change | None:
    """Bring one lesson up to date; note what is written under the name of its file."""
    new = fingerprint(content)
    target, entry = folder / f"{name}.ipynb", notes.setdefault(name, {"offered": "", "wrote": {}})
    wrote = entry["wrote"]
    there = fingerprint(target.read_bytes()) if target.exists() else None
    if there is None:
        kind = "added"
    elif there == new:
        kind = ""
    elif there == wrote.get(target.name):
        kind = "updated"
    elif entry["offered"] == new:
        return None  # its owner changed it, and has this version beside it or did without
    else:
        kind, target = "beside", _beside(folder, name, wrote)
    if kind:
        write_whole(target, content)
    entry["offered"] = wrote[target.name] = new
    return Change(kind, name, target.name) if kind else None


def _beside(folder: Path, name: str, wrote: dict[str, str]) -> Path:
    """Return a file for a new version: one that is free, or as it was written here before."""
    number, path = 1, folder / f"{name}.new.ipynb"
    while path.exists() and fingerprint(path.read_bytes()) != wrote.get(path.name):
        number += 1
        path = folder / f"{name}.new-{number}.ipynb"
    return path


def lab_arguments(
    folder: str | os.PathLike, arguments: Sequence[str] = (), page: str = ""
) -> list[str]:
    """Return the options that open a folder on this computer only, and a page of it.

    ``arguments`` take the place of options of the same name.
    """
    options = [f"--ServerApp.root_dir={Path(folder).resolve()}", "--ServerApp.ip=127.0.0.1"]
    options += [f"--LabApp.default_url=/lab/tree/{page}", "--LabApp.news_url=None"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--allow-root")  # in a container; Jupyter refuses to start without it
    given = {_option(argument) for argument in arguments}  # Jupyter refuses to be told twice
    return [*(option for option in options if _option(option) not in given), *arguments]


def _option(argument: str) -> str:
    """Return an option's own name: "ip" of ``--ip=0.0.0.0`` and of ``--ServerApp.ip=0.0.0.0``."""
    return argument.partition("=")[0].lstrip("-").rpartition(".")[2]


def write_page(folder: str | os.PathLike) -> str:
    """Write the page of all lessons into a learner's folder; return its name, "" if it cannot."""
    cells = {name: read_notebook(path)["cells"] for name, path in all_lessons().items()}
    with contextlib.suppress(OSError):  # such as a folder that may only be read
        return write_index(folder, {name: source_of(own[0]) for name, own in cells.items()})
    return ""


def lay_out(folder: Path) -> None:
    """Give this process's JupyterLab defaults and a layout of its own; the learner's are elsewhere.

    The defaults yield to settings that the learner has made. The layout is kept in the folder.
    """
    from jupyterlab_server.workspaces_handler import WorkspacesManager

    paths = [os.environ.get("JUPYTER_CONFIG_PATH"), str(_SETTINGS)]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    layouts = os.environ.setdefault("JUPYTERLAB_WORKSPACES_DIR", str(folder / _LAYOUTS))
    if Path(layouts) == folder / _LAYOUTS and not Path(layouts).exists():
        with contextlib.suppress(OSError):
            first = (_SETTINGS / "workspace.json").read_text(encoding="utf-8")
            WorkspacesManager(layouts).save("default", first)


def open_lab(folder: str | os.PathLike, arguments: Sequence[str] = ()) -> None:
    """Be JupyterLab on a folder until it is stopped; ``MissingExtra`` if it is not installed.

    It is this very process and no child of it: what ends this process ends JupyterLab, too.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingExtra(
            f'JupyterLab is not installed. Type: {sys.executable} -m pip install "jupyterlab>=4.2"'
        )
    lay_out(Path(folder).resolve())  # before JupyterLab is imported, which reads it once
    from jupyterlab.labapp import main  # type: ignore[import-untyped, unused-ignore]

    # A closed terminal. JupyterLab knows SIGTERM only, and with it stops its kernels in good order.
    hang_up = getattr(signal, "SIGHUP", None)
    if hang_up and signal.getsignal(hang_up) == signal.SIG_DFL:  # not so under nohup
        signal.signal(hang_up, lambda number, frame: signal.raise_signal(signal.SIGTERM))
    main(lab_arguments(folder, arguments, write_page(folder)))

"""Open JupyterLab on a folder."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hpotutor.errors import MissingExtra


def lab_command(folder: str | os.PathLike, arguments: Sequence[str] = ()) -> list[str]:
    """Return the command that opens a folder, on this computer only, with Jupyter's token.

    Parameters
    ----------
    folder : path
        What JupyterLab shows.
    arguments : sequence of str
        Options of JupyterLab; they come last, so that they win.

    Examples
    --------
    >>> lab_command("lessons", ["--no-browser"])[1:3]
    ['-m', 'jupyterlab']
    """
    command = [sys.executable, "-m", "jupyterlab"]
    command += [f"--ServerApp.root_dir={Path(folder).resolve()}", "--ServerApp.ip=127.0.0.1"]
    command.append("--LabApp.news_url=None")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container; Jupyter refuses to start without it
    return [*command, *arguments]


def open_lab(folder: str | os.PathLike, arguments: Sequence[str] = ()) -> int:
    """Run JupyterLab on a folder until it is stopped; return its status.

    Raises
    ------
    MissingExtra
        If JupyterLab is not installed.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingExtra(
            f'JupyterLab is not installed. Type: {sys.executable} -m pip install "jupyterlab>=4.2"'
        )
    process = subprocess.Popen(lab_command(folder, arguments))
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            pass  # JupyterLab has got it, too, and asks before it leaves

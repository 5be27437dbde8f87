"""Execute the lessons and keep them clean: one script for people, tests and CI.

    python tools/notebooks.py run [NAMES...]     execute, clean, write back what passes
    python tools/notebooks.py check [NAMES...]   look only

NAMES are lessons such as 02_grid_search, or files; without them it takes all lessons.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

ROOT = Path(__file__).resolve().parent.parent
LESSONS = ROOT / "notebooks"
KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LANGUAGE = {"name": "python"}
LARGEST = 1_000_000  # bytes; GitHub stops rendering somewhat above
CELL_SECONDS = 300
# A widget's place in a page. Its state is not kept, and without it JupyterLab shows an error in a
# notebook that it trusts; with the place left out, the widget's text, which says to run the cell.
WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Folders that name a machine or a person, on Linux, macOS and Windows. A path in a lesson's
# prose or code is the author's words; one in an output has leaked.
ABSOLUTE_PATH = re.compile(
    r"(?<![\w.:/])/(?:home|Users|root|tmp|var|opt|usr|mnt|work|content|private)/[\w.-]+"
    r"|\b[A-Za-z]:\\+\w+|file://"
)


def lessons(names: list[str] | None = None, folder: Path = LESSONS) -> list[Path]:
    """Return the lessons' files, in order.

    Parameters
    ----------
    names : list of str, optional
        Names with or without ``.ipynb``, or paths; default: all.
    folder : Path
        Where lessons are.

    Raises
    ------
    FileNotFoundError
        If a name is no lesson.
    """
    if not names:
        return sorted(folder.glob("*.ipynb"))
    found = []
    for name in names:
        path = Path(name) if name.endswith(".ipynb") else folder / f"{name}.ipynb"
        if not path.exists():
            path = folder / path.name
        if not path.exists():
            known = ", ".join(lesson.stem for lesson in lessons(None, folder))
            raise FileNotFoundError(f"{name} is not a lesson. Lessons: {known}.")
        found.append(path)
    return found


def texts(output: dict) -> Iterator[str]:
    """Yield every text in a cell's output that a reader may see; images are not text."""
    for key in ("text", "evalue"):
        if key in output:
            yield output[key]
    for kind, content in output.get("data", {}).items():
        if isinstance(content, str) and (kind.startswith("text/") or kind == "image/svg+xml"):
            yield content


def cell_problems(cell: dict, count: int) -> Iterator[str]:
    """Yield what is wrong with one code cell, the ``count``-th that is not empty."""
    if cell["execution_count"] != count:
        yield f"has execution count {cell['execution_count']}: run the lesson from top to bottom"
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            yield f"fails with {output['ename']}: {output['evalue']}"
        if output.get("name") == "stderr":
            yield f"writes to stderr: {output['text'].strip()[:200]}"
        if WIDGET_VIEW in output.get("data", {}):
            yield "keeps a widget without its state"
        for text in texts(output):
            leaked = ABSOLUTE_PATH.search(text)
            if leaked:
                yield f"shows a path of this machine: {leaked.group()}"
    if "execution" in cell["metadata"]:
        yield "keeps time stamps of its execution"


def problems(notebook: nbformat.NotebookNode, size: int) -> list[str]:
    """Return a sentence for each thing that keeps a lesson from being published.

    Parameters
    ----------
    notebook : NotebookNode
        A notebook in format 4.
    size : int
        Its file's size in bytes.
    """
    found = []
    if notebook.metadata.get("kernelspec") != KERNELSPEC:
        found.append("The kernelspec is not the plain python3: JupyterLab would ask for a kernel.")
    extra = sorted(set(notebook.metadata) - {"kernelspec", "language_info"})
    if extra:
        found.append(f"The notebook's metadata has more than its kernel: {', '.join(extra)}.")
    if size > LARGEST:
        found.append(f"The file has {size / 1e6:.1f} MB; GitHub shows at most about 1 MB.")
    ids = [cell.get("id") for cell in notebook.cells]
    if ids != [cell_id(number) for number in range(1, len(ids) + 1)]:
        found.append("The cells' ids are not in order.")
    count = 0
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type != "code":
            continue
        if not cell.source.strip():
            found.append(f"Cell {number} is an empty code cell.")
            continue
        count += 1
        found += [f"Cell {number} {problem}." for problem in cell_problems(cell, count)]
    return found


def cell_id(number: int) -> str:
    """Return the id of a lesson's cell, the first having number 1."""
    return f"cell-{number:03d}"


def clean(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Take out of a notebook, in place, what changes between equal runs; return it.

    Sources, tags, outputs and execution counts stay.
    """
    notebook.metadata = nbformat.from_dict({"kernelspec": KERNELSPEC, "language_info": LANGUAGE})
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for number, cell in enumerate(notebook.cells, start=1):
        cell.id = cell_id(number)
        # JupyterLab's and nbclient's notes on a run; tags and nbgrader's entries stay.
        for key in ("execution", "collapsed", "scrolled", "ExecuteTime"):
            cell.metadata.pop(key, None)
        if cell.cell_type == "code":
            cell.outputs = joined(cell.outputs)
            for output in cell.outputs:
                output.pop("transient", None)
                data = output.get("data", {})
                data.pop(WIDGET_VIEW, None)
                for kind in {"text/plain", "text/html"} & set(data):
                    data[kind] = without_chance(data[kind], name=f"T_{number:03d}")
    return notebook


def joined(outputs: list[nbformat.NotebookNode]) -> list[nbformat.NotebookNode]:
    """Return outputs with neighboring pieces of one stream as one: how they split is chance."""
    result: list[nbformat.NotebookNode] = []
    for output in outputs:
        last = result[-1] if result else {}
        if output.output_type == "stream" and last.get("name") == output.get("name"):
            result[-1].text += output.text
        else:
            result.append(output)
    return result


def without_chance(text: str, name: str = "T_table") -> str:
    """Return an output's text without an object's address in memory or a table's drawn name.

    Parameters
    ----------
    text : str
    name : str
        What a table of pandas's ``Styler`` shall be called instead.

    Examples
    --------
    >>> without_chance("<Axes at 0x7f3a5c>")
    '<Axes>'
    >>> without_chance('<table id="T_095da">')
    '<table id="T_table">'
    """
    return re.sub(r"\bT_[0-9a-f]{5}(?=[\s_\"])", name, re.sub(r" at 0x[0-9a-fA-F]+", "", text))


def execute(path: Path, timeout: int = CELL_SECONDS) -> nbformat.NotebookNode:
    """Return a lesson executed from top to bottom in a new kernel; the file is left alone.

    It runs in a copy of its folder: what an earlier run left there, such as a search's log that
    would be resumed, must not show in the outputs.

    Raises
    ------
    CellExecutionError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "notebooks"
        left_over = shutil.ignore_patterns("runs", ".ipynb_checkpoints")
        shutil.copytree(path.parent, folder, ignore=left_over)
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = dict(os.environ, PYTHONPATH=os.pathsep.join(paths), COLUMNS="100")
        environment.pop("MPLBACKEND", None)  # or figures would not be shown inline
        client = NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            # Not that its sockets are not encrypted: they are of this machine.
            extra_arguments=["--IPKernelApp.log_level=ERROR"],
            resources={"metadata": {"path": str(folder)}},
            record_timing=False,
            store_widget_state=False,
        )
        client.execute(env=environment)
    return notebook


def run(path: Path) -> list[str]:
    """Execute and clean one lesson, write it back if it passes, and return its problems."""
    try:
        notebook = clean(execute(path))
    except CellExecutionError as error:
        return [str(error)]
    text = nbformat.writes(notebook).rstrip("\n") + "\n"
    found = problems(notebook, len(text.encode()))
    if not found:
        path.write_text(text, encoding="utf-8", newline="\n")
    return found


def check(path: Path) -> list[str]:
    """Return the problems of one lesson as its file is."""
    return problems(nbformat.read(path, as_version=4), path.stat().st_size)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 1 if a lesson has a problem, else 0."""
    parser = argparse.ArgumentParser(
        prog="notebooks.py", description="Execute the lessons and keep them clean."
    )
    parser.add_argument("command", choices=["run", "check"])
    parser.add_argument("names", nargs="*", help="lessons or files; default: all")
    options = parser.parse_args(arguments)
    if sys.platform == "win32":  # the kernel's sockets need this event loop there
        asyncio.set_event_loop_policy(asyncio.WindowsSelectorEventLoopPolicy())
    try:
        paths = lessons(options.names)
    except FileNotFoundError as error:
        parser.error(str(error))
    failed = False
    for path in paths:
        start = time.perf_counter()
        found = (run if options.command == "run" else check)(path)
        seconds = time.perf_counter() - start
        print(f"{path.name}: {'; '.join(found) if found else 'fine'} ({seconds:.1f} s)", flush=True)
        failed = failed or bool(found)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())

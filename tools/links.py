"""The project's public address, and every badge, install line and link that follows from it.

    python tools/links.py OWNER/REPO     write it everywhere
    python tools/links.py                write what pyproject.toml has, after a lesson was added
    python tools/links.py --none         take every badge and link out again

The address stands in one place, ``[project.urls]`` in ``pyproject.toml``. From there it goes into
each lesson's opening cells, into blocks of the Markdown files, and into ``CITATION.cff``. While
there is none, the same places say what to do instead, so that nothing leads nowhere.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hpotutor.cli import exit_status
from hpotutor.errors import HpoTutorError, Problems

NO_ADDRESS = "https://hpotutor.invalid/OWNER/REPO"
DOCUMENTS = ("README.md", "INSTRUCTORS.md", "docs/index.md", "docs/install.md")
_BRANCH = "main"
_OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9]|-(?=[A-Za-z0-9])){0,38}"
_GITHUB = re.compile(rf"(?:https://github\.com/)?({_OWNER}/[A-Za-z0-9._-]{{1,100}}?)(?:\.git)?/?")
_REPOSITORY = re.compile(r'(?<=^Repository = ")[^"\n]*(?="$)', re.M)
_CITED = re.compile(r"^repository-code: .*\n", re.M)
_BLOCK = re.compile(r"(<!-- links: (\w+) -->\n).*?(<!-- /links -->)", re.S)
_RUNS = re.compile(r"(?<=\*\*Where it runs:\*\* on your machine with `python start\.py`).*", re.S)
_COLAB_MARK = '"google.colab" in sys.modules'


@dataclass(frozen=True)
class Address:
    """A repository on GitHub, or none yet.

    Parameters
    ----------
    name : str
        ``"owner/repository"``; empty while there is none.

    Examples
    --------
    >>> Address("someone/course").page
    'https://github.com/someone/course'
    >>> Address("someone/course").site
    'https://someone.github.io/course/'
    >>> Address("").page
    'https://hpotutor.invalid/OWNER/REPO'
    """

    name: str

    @property
    def page(self) -> str:
        """The repository's page; an address that never resolves while there is none."""
        return f"https://github.com/{self.name}" if self.name else NO_ADDRESS

    @property
    def site(self) -> str:
        """Where GitHub shows the site that ``.github/workflows/docs.yml`` publishes."""
        owner, _, repository = self.name.lower().partition("/")
        own = f"{owner}.github.io"
        return (
            f"https://{own}/"
            if repository == own
            else f"https://{own}/{self.name[len(owner) + 1 :]}/"
        )

    def colab(self, path: str) -> str:
        """Return a badge that opens a notebook on Colab."""
        image = "https://colab.research.google.com/assets/colab-badge.svg"
        target = f"https://colab.research.google.com/github/{self.name}/blob/{_BRANCH}/{path}"
        return f"[![Open in Colab]({image})]({target})"

    def binder(self, path: str) -> str:
        """Return a badge that opens a file or folder in JupyterLab on Binder."""
        target = f"https://mybinder.org/v2/gh/{self.name}/{_BRANCH}?urlpath=lab/tree/{path}"
        return f"[![Launch Binder](https://mybinder.org/badge_logo.svg)]({target})"

    def install(self, extras: str = "") -> str:
        """Return what follows ``pip install``."""
        return f'"hpotutor{extras} @ git+{self.page}@{_BRANCH}"'


def address_of(text: str) -> Address:
    """Return the address that somebody typed.

    Parameters
    ----------
    text : str
        ``OWNER/REPO``, or the address of the repository's page on GitHub.

    Raises
    ------
    ArgumentError
        If it is neither, or the placeholder itself.

    Examples
    --------
    >>> address_of("https://github.com/someone/course.git").name
    'someone/course'
    """
    found = _GITHUB.fullmatch(text.strip())
    problems = Problems("python tools/links.py")
    placeholder = text.strip() == "OWNER/REPO"
    if placeholder or not found or found[1].split("/")[1].strip(".") == "":
        problems.add(
            "address",
            text,
            "OWNER/REPO, a repository on github.com; OWNER has letters, digits and single hyphens, "
            "REPO also dots and underscores",
            "python tools/links.py someone/course",
        )
    problems.raise_if_any()
    return Address(found[1])


def read_address(root: Path) -> Address:
    """Return the address that ``pyproject.toml`` has.

    Raises
    ------
    HpoTutorError
        If the line is not there, or is not an address that this module wrote.
    """
    found = _REPOSITORY.search(_text(root / "pyproject.toml"))
    if not found:
        raise HpoTutorError(
            "pyproject.toml has no line `Repository = ...` under [project.urls]. "
            f'Put this line there: Repository = "{NO_ADDRESS}"'
        )
    return Address("") if found[0] == NO_ADDRESS else address_of(found[0])


def project_folder(start: str | os.PathLike | None = None) -> Path:
    """Return the checkout that a folder lies in.

    Parameters
    ----------
    start : path, optional
        The current folder by default.

    Raises
    ------
    HpoTutorError
        If it lies in none.
    """
    folder = Path(start or Path.cwd()).resolve()
    for candidate in (folder, *folder.parents):
        project = candidate / "pyproject.toml"
        if project.is_file() and 'name = "hpotutor"' in project.read_text(encoding="utf-8"):
            return candidate
    raise HpoTutorError(
        "`python tools/links.py` changes the files of the project, and this folder is not in it. "
        "Go to the folder with start.py and pyproject.toml, then type it again."
    )


def write_links(root: Path, address: Address) -> list[Path]:
    """Write an address everywhere; return the files that changed, in order.

    A second call with the same address changes nothing. All texts are made before the first file
    is written, so that an unexpected one leaves everything as it was.

    Parameters
    ----------
    root : Path
        The project's folder.
    address : Address
        ``Address("")`` takes every link out again.

    Raises
    ------
    HpoTutorError
        If a file lacks the place for its link, or cannot be written.
    """
    writers: dict[Path, Callable[[str, Path, Address], str]] = {
        root / "pyproject.toml": _project,
        root / "CITATION.cff": _citation,
    }
    writers |= dict.fromkeys((root / name for name in DOCUMENTS), _blocks)
    writers |= dict.fromkeys(sorted((root / "notebooks").glob("*.ipynb")), _lesson)
    changed = {}
    for path, writer in writers.items():
        before = _text(path)
        after = writer(before, path, address)
        if after != before:
            changed[path] = after
    for path, text in changed.items():
        _replace(path, text)
    return list(changed)


def _text(path: Path) -> str:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return file.read()
    except OSError as error:
        raise HpoTutorError(f"{path.name} could not be read: {error.strerror}.") from error


def _replace(path: Path, text: str) -> None:
    """Write a file as a whole or not at all."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="utf-8", newline="")
        os.replace(part, path)
    except OSError as error:
        message = f"{path.name} could not be written: {error.strerror}. It is as it was; mend that"
        raise HpoTutorError(f"{message} and type the same again.") from error
    finally:
        part.unlink(missing_ok=True)


# ── one function a kind of file ──────────────────────────────────────────────────────────────


def _project(text: str, path: Path, address: Address) -> str:
    after, count = _REPOSITORY.subn(address.page, text)
    if count != 1:
        raise HpoTutorError(f"{path.name} has {count} lines `Repository = ...`, not 1.")
    return after


def _citation(text: str, path: Path, address: Address) -> str:
    without = _CITED.sub("", text)
    line = f'repository-code: "{address.page}"\n' if address.name else ""
    return without.rstrip("\n") + "\n" + line


def _blocks(text: str, path: Path, address: Address) -> str:
    if not _BLOCK.search(text):
        raise HpoTutorError(
            f"{path.name} has no place for links. Put back the lines <!-- links: ... --> and "
            "<!-- /links -->, as `git diff` shows them."
        )

    def filled(found: re.Match[str]) -> str:
        maker = _CONTENTS.get(found[2])
        if maker is None:
            known = ", ".join(_CONTENTS)
            raise HpoTutorError(f"{path.name}: `links: {found[2]}` is not one of {known}.")
        return found[1] + maker(address) + found[3]

    return _BLOCK.sub(filled, text)


def _clouds(address: Address) -> str:
    if not address.name:
        return (
            "- **Binder**: the folder `binder/` describes the environment. **Colab**: upload the "
            "wheel that\n  `python -m build --wheel` makes, and `%pip install` it there; what "
            "Colab has stays. There is no\n  badge to click, as the project has no public address "
            "yet: `python tools/links.py OWNER/REPO`\n  writes one here and into every lesson.\n"
        )
    first = "notebooks/00_start_here.ipynb"
    return (
        f"- **Colab**: {address.colab(first)} Each lesson has\n  this badge, and a first cell that "
        "installs what Colab lacks and moves nothing that it has.\n"
        f"- **Binder**: {address.binder('notebooks')} The first\n  start of a new version takes "
        "minutes; copy what you want to keep before you leave.\n"
    )


def _install(address: Address) -> str:
    if not address.name:
        return (
            "```\npython -m build --wheel                  # in the project's folder; the wheel is "
            'in dist\npython -m pip install "WHEEL[cpu,lab,classroom]"\n```\n'
        )
    line = address.install("[cpu,lab,classroom]")
    return f"```\npython -m pip install {line}\n```\n"


def _site(address: Address) -> str:
    if not address.name:
        return (
            "`python start.py docs` builds the course's site and opens it: all lessons as pages,\n"
            "a playground, a gallery of all figures, the glossary, the reference.\n"
        )
    first = address.colab("notebooks/00_start_here.ipynb")
    return (
        f"The course's site, <{address.site}>, has all lessons as pages, a playground,\n"
        "a gallery of all figures, the glossary, the reference; `python start.py docs` builds it\n"
        f"here. Without installing:\n{first} {address.binder('notebooks')}\n"
    )


def _project_from(address: Address) -> str:
    if not address.name:
        where = "In the project's folder, the one with `start.py`, and with"
        return f"{where} Python 3.11, 3.12 or 3.13:\n"
    archive = f"{address.page}/archive/refs/heads/{_BRANCH}.zip"
    return (
        f"Get the project, as [one file to unpack]({archive})\nor by `git clone {address.page}`.\n"
        "Then, in its folder and with Python 3.11, 3.12 or 3.13:\n"
    )


_CONTENTS = {"clouds": _clouds, "install": _install, "project": _project_from, "site": _site}


def _lesson(text: str, path: Path, address: Address) -> str:
    notebook = json.loads(text)
    title = notebook["cells"][0]
    imports = next((c for c in notebook["cells"] if c["cell_type"] == "code"), None)
    opening, count = _RUNS.subn("", "".join(title["source"]))
    if count != 1 or imports is None:
        raise HpoTutorError(
            f"{path.name} has no place for its badges. Its first cell must end: "
            "**Where it runs:** on your machine with `python start.py`."
        )
    before = json.dumps(notebook)
    title["source"] = _lines(opening + _where(address, f"notebooks/{path.name}"))
    imports["source"] = _lines(_colab_lines(address) + _without_colab(imports))
    if json.dumps(notebook) == before:
        return text
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _where(address: Address, path: str) -> str:
    if not address.name:
        return "; the README says how to use Colab and Binder."
    return f", or in the browser: {address.colab(path)} {address.binder(path)}"


def _colab_lines(address: Address) -> str:
    """Return the lines that stand before a lesson's imports."""
    if not address.name:
        return ""
    # pip leaves a package alone whose version is named and is the one that is installed.
    kept = 'numpy=={version("numpy")} tensorflow=={version("tensorflow")}'
    return (
        "import sys\nfrom importlib.metadata import version\n\n"
        f"if {_COLAB_MARK}:  # installs what Colab lacks; NumPy and TensorFlow stay\n"
        f"    %pip install --quiet {kept} {address.install()}\n\n"
    )


def _without_colab(cell: dict[str, Any]) -> str:
    source = "".join(cell["source"])
    if _COLAB_MARK not in source:
        return source
    return re.sub(r"\A.*?\n    %pip install [^\n]*\n\n", "", source, count=1, flags=re.S)


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description="Write the project's public address everywhere.")
    parser.add_argument("address", nargs="?", help="OWNER/REPO; by default what pyproject.toml has")
    parser.add_argument("--none", action="store_true", help="take every badge and link out again")
    chosen = parser.parse_args(arguments)
    root = project_folder()
    if chosen.none:
        address = Address("")
    elif chosen.address is not None:
        address = address_of(chosen.address)
    else:
        address = read_address(root)
    changed = write_links(root, address)
    for path in changed:
        print(f"changed {path.relative_to(root).as_posix()}")
    there = address.page if address.name else "no public address"
    print(f"{len(changed)} files changed; badges, install lines and links now say: {there}")


if __name__ == "__main__":
    sys.exit(exit_status(main))

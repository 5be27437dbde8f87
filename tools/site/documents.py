"""The project's own documents as pages: their links lead to pages where there is one."""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

# A document of the project, and the page that it becomes; both from the root.
PAGES = {
    "INSTRUCTORS.md": "instructors.md",
    "docs/install.md": "install.md",
    "docs/package.md": "package.md",
    "docs/scaling.md": "scaling.md",
    "docs/architecture.md": "architecture.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changes.md",
}
PICTURES = ("docs/architecture.svg", "docs/heat_map.png")
_LINK = re.compile(r"(?<!!)\[((?:[^][]|\[[^][]*\])+)\]\(([^()\s]+)\)")
_PICTURE = re.compile(r"!\[([^][]*)\]\(([^()\s]+)\)")
NOTES = re.compile(r"<!--.*?-->\n?", re.S)
_HEADING = re.compile(r"^#+ ", re.M)


def stage_documents(root: Path, source: Path, repository: str | None) -> None:
    """Write a page for each document, and copy the pictures that they show.

    Parameters
    ----------
    root, source : Path
        The project's folder, and the folder of the site's sources.
    repository : str or None
        Where the project's files can be read; None while there is no address: then a link to a
        file becomes the file's name.
    """
    for name, page in PAGES.items():
        text = (root / name).read_text(encoding="utf-8")
        text = NOTES.sub("", relinked(text, name, root, repository))
        (source / page).write_text(text, encoding="utf-8")
    for name in PICTURES:
        (source / Path(name).name).write_bytes((root / name).read_bytes())


def license_page(root: Path) -> str:
    """Return the page that says what one may do with the course, and how to cite it."""
    cited, law = ((root / name).read_text("utf-8").strip() for name in ("CITATION.cff", "LICENSE"))
    return "\n\n".join(
        [
            "# License and citation",
            "You may use, change and pass on the course and its package, for teaching too, under "
            "the conditions below; they ask that the copyright line stays with it.",
            "## To cite it",
            "This is `CITATION.cff`, which reference managers and GitHub read:",
            f"```yaml\n{cited}\n```",
            "## License",
            f"```text\n{law}\n```\n",
        ]
    )


def relinked(text: str, name: str, root: Path, repository: str | None) -> str:
    """Return a document's text with links that hold on the site.

    Examples
    --------
    >>> relinked("[how](docs/scaling.md#cost), [a](x.py)", "README.md", Path(), None)
    '[how](scaling.md#cost), `x.py`'
    """

    def target(match: re.Match) -> str:
        label, link = match.groups()
        if re.match(r"[a-z]+:|#", link):
            return match[0]
        path, _, anchor = link.partition("#")
        path = posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        anchor = anchor and f"#{anchor}"
        if path in PAGES:
            return f"[{label}]({PAGES[path]}{anchor})"
        if path.startswith("notebooks/"):
            return f"[{label}]({path.replace('notebooks/', 'lessons/')})"
        if repository:
            return f"[{label}]({repository}/blob/main/{path}{anchor})"
        return label if label.startswith("`") else f"`{path}`"

    def picture(match: re.Match) -> str:
        return f"![{match[1]}]({posixpath.basename(match[2])})"

    # What stands in a fenced block is the reader's to copy.
    parts = re.split(r"(^```.*?^```$)", text, flags=re.M | re.S)
    return "".join(
        part if part.startswith("```") else _PICTURE.sub(picture, _LINK.sub(target, part))
        for part in parts
    )

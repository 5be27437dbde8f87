"""Look at the built site: dead links, what comes from elsewhere, pictures without a text.

    python tools/site/check.py [FOLDER] [--external]

``--external`` also asks every other site that is linked to whether the page is still there.
"""

from __future__ import annotations

import argparse
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What a browser loads by itself, by element.
_LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "link": "href"}
_LOADING_LINKS = {"stylesheet", "icon", "preload", "manifest"}
_REFUSED = (401, 403, 405, 406, 429)  # the page is there, and does not talk to scripts
_AGENT = "Mozilla/5.0 (link check of a course's site)"


class Page(HTMLParser):
    """What a page links to, loads, and can be linked to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.unnamed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element."""
        given = dict(attrs)
        self.anchors.update(filter(None, (given.get("id"), given.get("name"))))
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag == "link" and not _LOADING_LINKS & set((given.get("rel") or "").split()):
            return
        source = given.get(_LOADED.get(tag, ""))
        if source:
            self.loaded.append(source)
        if tag == "img" and given.get("alt") is None:
            self.unnamed.append(source or "")


def read(folder: Path) -> dict[Path, Page]:
    """Return all pages of a site by file."""
    files = [file for file in sorted(folder.rglob("*.html")) if "_static" not in file.parts]
    return {file: Page(file.read_text(encoding="utf-8")) for file in files}


def faults(pages: dict[Path, Page]) -> Iterator[str]:
    """Yield a sentence for each fault that can be seen without a network."""
    for file, page in pages.items():
        for source in page.loaded:
            if urllib.parse.urlsplit(source).scheme not in ("", "data") or source[:2] == "//":
                yield f"{file.name} loads {source} from elsewhere"
            elif not source.startswith("data:") and not _target(file, source)[0].exists():
                yield f"{file.name} loads {source}, which is not there"
        for link in page.links:
            if urllib.parse.urlsplit(link).scheme or link.startswith("//"):
                continue
            target, anchor = _target(file, link)
            if not target.exists():
                yield f"{file.name} links to {link}, which is not there"
            elif anchor and target in pages and anchor not in pages[target].anchors:
                yield f"{file.name} links to {link}, and the page has no such place"
        for source in page.unnamed:
            yield f"{file.name} has a picture without a text alternative: {source[:60]}"


def _target(file: Path, link: str) -> tuple[Path, str]:
    path, _, anchor = link.partition("#")
    path = urllib.parse.unquote(path.partition("?")[0])
    target = (file.parent / path).resolve() if path else file.resolve()
    return (target / "index.html" if target.is_dir() else target), urllib.parse.unquote(anchor)


def external(pages: dict[Path, Page]) -> list[str]:
    """Return the addresses of other sites that are linked to, without their anchors."""
    links = {link.partition("#")[0] for page in pages.values() for link in page.links}
    return sorted(link for link in links if link.startswith(("http://", "https://")))


def gone(address: str) -> str | None:
    """Ask whether a page is still there; return what is wrong, or None."""
    request = urllib.request.Request(address, headers={"User-Agent": _AGENT})
    try:
        with urllib.request.urlopen(request, timeout=30):
            return None
    except urllib.error.HTTPError as error:
        return None if error.code in _REFUSED else f"{address} answers {error.code}"
    except OSError as error:
        return f"{address} cannot be reached: {error}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, look, say what is wrong; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "build" / "site" / "html")
    parser.add_argument("--external", action="store_true", help="ask other sites, too")
    given = parser.parse_args(arguments)
    pages = read(given.folder.resolve())
    if not pages:
        print(f"{given.folder} has no pages. Type: python start.py docs", file=sys.stderr)
        return 1
    found = list(faults(pages))
    if given.external:
        found += filter(None, map(gone, external(pages)))
    print(*found, f"{len(pages)} pages, {len(found)} faults", sep="\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

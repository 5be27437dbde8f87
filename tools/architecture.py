"""Draw which folder of the package imports which, from the imports themselves.

    python tools/architecture.py            write docs/architecture.svg
    python tools/architecture.py --check    exit with 1 if the drawing there is out of date

The floors are those of the layers contract in ``pyproject.toml``. The list of edges stands in the
drawing's ``<desc>``, for screen readers and for the check.
"""

from __future__ import annotations

import argparse
import html
import re
import sys
import tomllib
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import grimp
import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

DRAWING = ROOT / "docs" / "architecture.svg"
GROUPS = {  # what the folders on neighboring floors are for, from the top
    "teaching": ("cli", "course", "widgets", "exercises"),
    "searching": ("tabular", "search", "analysis", "plots"),
    "trials": ("study", "parallel", "objectives"),
    "networks": ("fused", "models"),
    "ground": ("space", "datasets"),
}
# Where a box stands from left (0) to right (10), so that few arrows cross; a new one at 5.
ACROSS = {
    "cli": 3.2,
    "course": 1.9,
    "exercises": 3.2,
    "widgets": 8.6,
    "tabular": 5.4,
    "search": 6.9,
    "analysis": 2.4,
    "study": 3.9,
    "parallel": 7.6,
    "objectives": 5.4,
    "fused": 7.0,
    "models": 5.9,
    "space": 1.9,
    "datasets": 4.6,
    "plots": 8.6,
}
NOTE = """Black arrows show what leans on what. Gray: imported too, where black arrows lead as well.
Left out: errors, _validation, _system, _tensorflow and _startup, which any folder may import."""
Edge = tuple[str, str]


def floors() -> list[list[str]]:
    """Return the floors of the layers contract, from the top; those of files are left out."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    named = [[name.strip() for name in layer.split("|")] for layer in layers]
    folders = [
        [n for n in floor if (ROOT / "hpotutor" / n).is_dir() or n == "cli"] for floor in named
    ]
    return [floor for floor in folders if floor]


def imports() -> list[Edge]:
    """Return which folder imports which: at the top, inside a function, or for a type hint."""
    graph = grimp.build_graph("hpotutor", cache_dir=None)
    drawn = {name for floor in floors() for name in floor}
    found = set()
    for module in graph.modules - {"hpotutor"}:
        for imported in graph.find_modules_directly_imported_by(module) - {"hpotutor"}:
            found.add((module.split(".")[1], imported.split(".")[1]))
    return sorted((a, b) for a, b in found if a != b and {a, b} <= drawn)


def description(levels: list[list[str]], edges: list[Edge]) -> str:
    """Return the drawing in words, one line a fact."""
    lines = [f"Floors from the top: {', '.join(' | '.join(level) for level in levels)}."]
    for name in (name for level in levels for name in level):
        below = [b for a, b in edges if a == name]
        lines.append(f"{name} imports {', '.join(below) or 'no other folder'}.")
    return "\n".join(lines)


def implied(edges: list[Edge]) -> set[Edge]:
    """Return the edges that a chain of other edges stands for as well.

    Examples
    --------
    >>> implied([("a", "b"), ("b", "c"), ("a", "c")])
    {('a', 'c')}
    """

    def below(name: str) -> set[str]:
        direct = {b for a, b in edges if a == name}
        return direct.union(*(below(b) for b in direct))

    return {(a, c) for a, c in edges if any(c in below(b) for s, b in edges if s == a)}


def draw(levels: list[list[str]], edges: list[Edge]) -> str:
    """Return the drawing as SVG; the same imports give the same text.

    Raises
    ------
    ValueError
        If an import runs upward or sideways.
    """
    height = {name: -n for n, level in enumerate(levels) for name in level}
    wrong = [f"{a} imports {b}" for a, b in edges if height[b] >= height[a]]
    if wrong:
        raise ValueError(f"Not downward: {', '.join(wrong)}. `lint-imports` says in which file.")
    style = {"svg.fonttype": "none", "svg.hashsalt": "hpotutor", "font.size": 11}
    with matplotlib.style.context(["default", style]):
        figure = Figure(figsize=(9, 8.4))
        ax = figure.subplots()
        _bands(ax, height)
        _arrows(ax, height, edges)
        _boxes(ax, height)
        title = f"All {len(edges)} imports from one folder of hpotutor to another run downward"
        ax.set_title(title, loc="left", fontsize=13)
        bottom = 1 - len(levels)
        ax.set(xlim=(-0.2, 10.2), ylim=(bottom - 1.35, 0.6))
        ax.text(-0.1, bottom - 0.7, NOTE, fontsize=10, va="top")
        ax.axis("off")
        figure.tight_layout(pad=0.4)
        written = StringIO()
        figure.savefig(written, format="svg", metadata={"Date": None, "Creator": None})
    words = html.escape(description(levels, edges), quote=False)
    heading = f"<title>{html.escape(title)}</title>\n <desc>{words}</desc>\n"
    text = re.sub(r"(<svg [^>]*)>\n", rf'\1 role="img">\n {heading}', written.getvalue(), count=1)
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _bands(ax: Axes, height: dict[str, int]) -> None:
    """Draw a gray or white band behind each group of floors, with its name at the left."""
    for n, (group, names) in enumerate(GROUPS.items()):
        rows = [height[name] for name in names if name in height]
        if n % 2 == 0:
            ax.axhspan(min(rows) - 0.5, max(rows) + 0.5, color="0.93", linewidth=0, zorder=0)
        ax.text(-0.1, (min(rows) + max(rows)) / 2, group, va="center")


def _arrows(ax: Axes, height: dict[str, int], edges: list[Edge]) -> None:
    again = implied(edges)
    for a, b in sorted(edges, key=lambda edge: edge not in again):
        x0, x1 = ACROSS.get(a, 5), ACROSS.get(b, 5)
        shade, width = ("0.62", 0.8) if (a, b) in again else ("black", 1.4)
        start, end = (x0, height[a] - 0.24), (x1, height[b] + 0.24)
        look = {"arrowstyle": "-|>", "color": shade, "linewidth": width, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", end, start, arrowprops=look, zorder=1 + ((a, b) not in again))


def _boxes(ax: Axes, height: dict[str, int]) -> None:
    for name, y in height.items():
        x = ACROSS.get(name, 5)
        corner = (x - 0.62, y - 0.24)
        box = FancyBboxPatch(corner, 1.24, 0.48, "round,pad=0,rounding_size=0.12")
        box.set(facecolor="white", edgecolor="black", linewidth=1.2, zorder=3)
        ax.add_patch(box)
        ax.text(x, y, name, ha="center", va="center_baseline", zorder=4)


def stored(svg: str) -> str:
    """Return the description that a drawing holds; an empty text if it holds none."""
    found = re.search(r"<desc>(.*?)</desc>", svg, re.S)
    return html.unescape(found[1]) if found else ""


def main(words: Sequence[str] | None = None) -> int:
    """Write the drawing, or say what in it is out of date; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if out of date")
    parser.add_argument("--file", type=Path, default=DRAWING, help="the drawing")
    chosen = parser.parse_args(words)
    levels, edges = floors(), imports()
    if not chosen.check:
        chosen.file.write_text(draw(levels, edges), encoding="utf-8", newline="\n")
        return 0
    kept = stored(chosen.file.read_text(encoding="utf-8")) if chosen.file.exists() else ""
    found = description(levels, edges)
    if kept == found:
        return 0
    changed = set(found.splitlines()) - set(kept.splitlines())
    print(f"{chosen.file.name} is out of date: python tools/architecture.py draws it anew.")
    print("\n".join(sorted(changed)) or "It shows folders that are gone.")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())

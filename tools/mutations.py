"""The single changes of a module that its tests should notice; :mod:`tools.mutants` tries them.

The changes are mutmut's (its list of operators over LibCST); here is decided where they apply.
Left out is what no test should pin down word for word: docstrings and every other text, errors
and what a ``Problems`` is told, type hints, ``__all__``, ``if TYPE_CHECKING``, decorators,
imports. So is the argument of ``len`` and ``isinstance``, as mutmut leaves it out.
"""

from __future__ import annotations

import ast
import difflib
import hashlib
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider, WhitespaceInclusivePositionProvider
from mutmut.mutation import mutators

TEXTS = (cst.SimpleString, cst.FormattedString, cst.ConcatenatedString)
UNTOUCHED = (*TEXTS, cst.Annotation, cst.Decorator, cst.Raise, cst.Assert, cst.Import)
UNTOUCHED = (*UNTOUCHED, cst.ImportFrom, cst.TypeAlias)
MESSAGE = re.compile(
    r"(problems?|Problems\(.*\))\.(add|say|unknown)|warnings\.warn|warn|print|cast"
)
NOT_CALLS = ("len", "isinstance", "issubclass", "TypeVar")
OPERATORS = [
    (kind, change)
    for kind, change in mutators.mutation_operators
    if change not in (mutators.operator_string, mutators.operator_match)
]


@dataclass(frozen=True)
class Mutant:
    """One changed place of a module; lines count from 1, ``function`` is empty outside of one."""

    module: str  # the file, from the project's folder
    function: str
    line: int
    span: tuple[int, int]  # lines of the statement, a compound one's up to its colon
    body: tuple[int, int]  # lines of the function, the module's outside of one
    runs_on_import: bool  # a default, a class's attribute, a module's constant
    was: str
    now: str
    nth: int  # among equal changes of the function
    source: str  # of the whole module, changed

    @property
    def key(self) -> str:
        """What tells it from all others, and stays when lines are added above it."""
        told = "\0".join((self.module, self.function, self.was, self.now, str(self.nth)))
        return hashlib.sha1(told.encode()).hexdigest()[:12]

    def diff(self) -> str:
        """Return the change as a diff, without the lines around it."""
        gone, come = self.was.splitlines(), self.now.splitlines()
        return "\n".join([*(f"- {line}" for line in gone), *(f"+ {line}" for line in come)])


def mutants_of(root: Path, module: str) -> list[Mutant]:
    """Return all changes of a module, in the order of its lines.

    Parameters
    ----------
    root : Path
        The project's folder.
    module : str
        The file, from there.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> _ = (folder / "a.py").write_text("def late(now, end=3):\\n    return now > end\\n")
    >>> print("\\n".join(each.diff() for each in mutants_of(folder, "a.py")))
    - def late(now, end=3):
    + def late(now, end=4):
    - return now > end
    + return now >= end
    """
    code = (root / module).read_text(encoding="utf-8")
    wrapper = MetadataWrapper(cst.parse_module(code), unsafe_skip_copy=True)
    places = _Places(code)
    wrapper.visit(places)
    seen: Counter[tuple[str, str, str]] = Counter()
    found = []
    for place, start, end, new in places.changes:
        source = code[:start] + new + code[end:]
        was, now = _changed_lines(code, source, start, end, len(new))
        if was == now:
            continue
        seen[place.function, was, now] += 1
        nth = seen[place.function, was, now]
        found.append(Mutant(module, *vars(place).values(), was, now, nth, source))
    return found


@dataclass(frozen=True)
class _Place:
    function: str
    line: int
    span: tuple[int, int]
    body: tuple[int, int]
    runs_on_import: bool


class _Places(cst.CSTVisitor):
    """Collect where each operator applies, as a span of the text and what comes there."""

    METADATA_DEPENDENCIES = (PositionProvider, WhitespaceInclusivePositionProvider)

    def __init__(self, code: str) -> None:
        super().__init__()
        self.code, self.lines = code, code.splitlines(keepends=True)
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line))
        self.changes: list[tuple[_Place, int, int, str]] = []
        self.names: list[str] = []
        self.bodies: list[tuple[int, int]] = []  # of the functions around
        self.spans: list[tuple[int, int]] = []
        self.in_header = 0  # in parameters, which are evaluated when the function is defined

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, UNTOUCHED) or self._is_left_out(node):
            return False
        position = self.get_metadata(PositionProvider, node, None)
        first_last = (position.start.line, position.end.line) if position else (0, 0)
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.names.append(node.name.value)
        if isinstance(node, cst.FunctionDef):
            self.bodies.append(first_last)
        if isinstance(node, cst.BaseCompoundStatement):
            header = self.get_metadata(PositionProvider, node.body).start.line
            first_last = (first_last[0], max(first_last[0], header - 1))
        if isinstance(node, (cst.BaseCompoundStatement, cst.SimpleStatementLine)):
            self.spans.append(first_last)
        self.in_header += isinstance(node, cst.Parameters)
        for kind, operator in OPERATORS:
            if isinstance(node, kind) and not _is_about_text(node, operator):
                for changed in operator(node):
                    if not _drops_text(node, changed):
                        self._note(node, changed)
        return True

    def on_leave(self, node: cst.CSTNode) -> None:
        if isinstance(node, UNTOUCHED) or self._is_left_out(node):
            return
        if isinstance(node, (cst.FunctionDef, cst.ClassDef)):
            self.names.pop()
        if isinstance(node, cst.FunctionDef):
            self.bodies.pop()
        if isinstance(node, (cst.BaseCompoundStatement, cst.SimpleStatementLine)):
            self.spans.pop()
        self.in_header -= isinstance(node, cst.Parameters)

    def _is_left_out(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.If):
            return _text(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        if isinstance(node, cst.Assign):
            return _text(node.targets[0].target) == "__all__" or isinstance(node.value, TEXTS)
        if isinstance(node, cst.AnnAssign):
            return "TypeAlias" in _text(node.annotation.annotation)
        return isinstance(node, cst.Call) and bool(MESSAGE.fullmatch(_text(node.func)))

    def _note(self, node: cst.CSTNode, changed: cst.CSTNode) -> None:
        at = self.get_metadata(WhitespaceInclusivePositionProvider, node, None)
        if at is None or not self.spans:
            return
        start = self.starts[at.start.line - 1] + at.start.column
        end = self.starts[at.end.line - 1] + at.end.column
        if self.code[start:end] != _text(node):
            return  # cannot be put there as text
        bodies = self.bodies[:-1] if self.in_header else self.bodies
        place = _Place(
            ".".join(self.names),
            self.get_metadata(PositionProvider, node, at).start.line,
            self.spans[-1],
            self.bodies[-1] if self.bodies else (1, len(self.lines)),
            not bodies,
        )
        self.changes.append((place, start, end, _text(changed)))


def _text(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def _is_about_text(node: cst.CSTNode, operator: object) -> bool:
    """Whether an operator would change a text, or what a check of a type is told."""
    if isinstance(node, cst.BinaryOperation):
        return isinstance(node.left, TEXTS) or isinstance(node.right, TEXTS)
    if isinstance(node, (cst.Assign, cst.AnnAssign)):
        return isinstance(node.value, TEXTS)
    return isinstance(node, cst.Call) and _text(node.func) in NOT_CALLS


def _drops_text(node: cst.CSTNode, changed: cst.CSTNode) -> bool:
    """Whether all that is lost is an argument that is a text."""
    if not (isinstance(node, cst.Call) and isinstance(changed, cst.Call)):
        return False
    lost = [arg for arg in node.args if not any(arg is kept for kept in changed.args)]
    return bool(lost) and all(isinstance(arg.value, TEXTS) for arg in lost)


def _changed_lines(code: str, source: str, start: int, end: int, size: int) -> tuple[str, str]:
    """Return the lines that a change is in, before and after, without their indent."""
    first = code.rfind("\n", 0, start) + 1
    was = code[first : _line_end(code, end)].splitlines()
    now = source[first : _line_end(source, start + size)].splitlines()
    matcher = difflib.SequenceMatcher(None, was, now, autojunk=False)
    parts = [each for each in matcher.get_opcodes() if each[0] != "equal"]
    if not parts:
        return "", ""
    (_, i, _, k, _), (_, _, j, _, m) = parts[0], parts[-1]
    return _dedent(was[i:j]), _dedent(now[k:m])


def _line_end(text: str, at: int) -> int:
    found = text.find("\n", at)
    return len(text) if found < 0 else found


def _dedent(lines: list[str]) -> str:
    return "\n".join(line.strip() for line in lines)


def sample(mutants: list[Mutant], size: int | None, seed: int) -> list[Mutant]:
    """Return that many of them, drawn by their keys: a larger sample holds the smaller one."""

    def rank(mutant: Mutant) -> str:
        return hashlib.sha1(f"{seed} {mutant.key}".encode()).hexdigest()

    valid = (each for each in sorted(mutants, key=rank) if _can_be_read(each.source))
    return list(itertools.islice(valid, size))


def _can_be_read(source: str) -> bool:
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True


def modules_of(root: Path, names: list[str]) -> Iterator[str]:
    """Yield the files that are meant by files and folders, from the project's folder."""
    for name in names:
        path = root / name
        if not path.exists():
            raise SystemExit(f"There is no {name} here. Type for instance hpotutor/study.")
        for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            if file.name not in ("__init__.py", "__main__.py"):
                yield file.relative_to(root).as_posix()

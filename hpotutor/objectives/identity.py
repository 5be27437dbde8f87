"""What a function does, in a text that a log is compared by.

Two functions must differ in their texts whenever they may differ in their answers.
"""

import dis
import functools
import sys
import types
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from joblib.hashing import NumpyHasher

from hpotutor.errors import ArgumentError

_PLAIN = (type(None), bool, int, float, complex, str, bytes, range, type(...), np.generic)


def identify(function: Callable[..., Any], argument: str = "function") -> str:
    """Return a function's name and a checksum of what decides its answers.

    That is its code, defaults and the values that it closes over; what a ``functools.partial``
    binds; the state and methods of an object; and what the code finds by a global name, but for
    lists, dicts and objects, where functions write notes. Of an installed library the name counts.
    One with a text of your own in its attribute ``identity`` is known by this alone.

    ArgumentError: it depends on something that does not tell what is in it, such as an open file.

    Examples
    --------
    >>> from functools import partial
    >>> def build(n_features, n_classes, act): ...
    >>> identify(partial(build, act="relu")) == identify(partial(build, act="tanh"))
    False
    >>> build.identity = "my networks, version 2"
    >>> identify(build)
    "build 'my networks, version 2'"
    """
    name = getattr(function, "__qualname__", type(function).__qualname__)
    if isinstance(function, functools.partial):
        name = f"partial({getattr(function.func, '__qualname__', '...')})"
    if isinstance(given := getattr(function, "identity", None), str):
        return f"{name} {given!r}"
    reader = _Reader()
    try:
        if not isinstance(function, types.FunctionType) or function.__closure__:
            return f"{name} ({reader.hash(function)[:12]})"
        # As older logs have it, which know nothing of what comes behind it.
        known = f"{name} ({_checksum(function.__code__):08x})"
        reader.seen.append(function)
        outside = _outside(function)
        return f"{known} with {reader.hash(outside)[:12]}" if outside else known
    except Exception as error:  # whatever a class says that cannot be pickled
        raise ArgumentError(
            f"{argument}: {name} depends on something that does not tell a log what is in it "
            f"({error.args[0] if error.args else error!r}). Name what the function does yourself, "
            "and anew when it changes. Type for instance mine = ...; "
            f"mine.identity = 'version 1'; {argument}=mine."
        ) from error


def is_older(stored: object, identity: object) -> bool:
    """Return whether a log of an older version has this text for the same function."""
    known, behind, _ = str(identity).partition(") with ")
    return bool(behind) and stored == f"{known})"


class _Reader(NumpyHasher):
    """Hashes what pickle knows by its name alone, or not at all, by what it depends on."""

    def __init__(self) -> None:
        super().__init__("sha256")
        self.seen: list[Any] = []  # functions and classes: two may call each other

    def save(self, obj: Any) -> None:
        super().save(self._told(obj))

    def _told(self, value: Any) -> Any:
        if isinstance(value, types.FunctionType | type):
            if any(value is one for one in self.seen):
                return "again", value.__qualname__
            self.seen.append(value)
            if isinstance(value, type):
                return value.__module__, value.__qualname__, dict(_methods(value))
            code = _checksum(value.__code__) if _is_own(value) else 0
            return value.__qualname__, code, _outside(value)
        if isinstance(value, types.BuiltinFunctionType | types.MethodType):
            return getattr(value, "__func__", value.__qualname__), value.__self__
        if isinstance(value, types.ModuleType):
            return "module", value.__name__
        if isinstance(value, set | frozenset):  # in an order that another process has too
            return type(value).__name__, sorted(_Reader().hash(item) for item in value)
        if _is_data(value):
            return value.fingerprint
        if hasattr(value, "get_config"):  # Keras's objects
            weights = getattr(value, "get_weights", list)
            return type(value), value.get_config(), weights()
        if hasattr(value, "__wrapped__") and not _is_own(type(value)):  # functools.cache
            return type(value), value.__wrapped__
        return value


def _outside(function: types.FunctionType) -> dict[str, Any]:
    """Return what a function depends on besides its code; nothing where there is none."""
    found: dict[str, Any] = {"": [function.__defaults__, function.__kwdefaults__]}
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    for name, cell in cells:
        with suppress(ValueError):  # a name that has no value yet
            found[f"{name} around"] = cell.cell_contents
    found |= dict(_globals(function)) if _is_own(function) else {}
    return {} if found == {"": [None, None]} else found


def _globals(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function reads by a global name and does not write notes in, and its sets."""
    steps = [step for code in _codes(function.__code__) for step in dis.get_instructions(code)]
    written = {step.argval for step in steps if step.opname == "STORE_GLOBAL"}
    for name in {step.argval for step in steps if step.opname == "LOAD_GLOBAL"} - written:
        value = function.__globals__.get(name)
        own = isinstance(value, types.FunctionType | type) and _is_own(value)
        data = isinstance(value, np.ndarray | functools.partial) or _is_data(value)
        if own or data or (_is_plain(value) and value is not None):
            yield name, value
    constants = [one for code in _codes(function.__code__) for one in code.co_consts]
    if sets := [one for one in constants if isinstance(one, frozenset)]:
        yield "its sets", sets


def _is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple) and all(map(_is_plain, value)))


def _is_data(value: Any) -> bool:  # a data set has a checksum of its rows
    return isinstance(getattr(type(value), "fingerprint", None), property)


def _codes(code: types.CodeType) -> Iterator[types.CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _codes(constant)


def _methods(cls: type) -> Iterator[tuple[str, Any]]:
    """Yield the functions and plain values of a class of one's own, and of those it inherits."""
    for one in filter(_is_own, cls.__mro__):
        for name, value in vars(one).items():
            value = getattr(value, "__func__", getattr(value, "fget", value))
            if isinstance(value, types.FunctionType) or (name[:2] != "__" and _is_plain(value)):
                yield f"{one.__qualname__}.{name}", value


def _is_own(value: Any) -> bool:
    """Whether the reader, and no installed library, wrote this function or class."""
    module = str(value.__module__)
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(module), "__file__", None) or ""
    return top not in sys.stdlib_module_names | {"hpotutor"} and "-packages" not in file


def _checksum(code: types.CodeType) -> int:
    """Return a number of what the code does, whatever the line it stands on."""
    total = zlib.crc32(code.co_code)
    for constant in code.co_consts:
        if not isinstance(constant, frozenset):  # a set has no order to rely on: see _globals
            told = _checksum(constant) if isinstance(constant, types.CodeType) else repr(constant)
            total = zlib.crc32(str(told).encode(), total)
    return zlib.crc32(repr(code.co_names).encode(), total)

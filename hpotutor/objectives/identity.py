"""What a function does, in a text that a log is compared by.

A log answers for the functions that it was written with, so that two functions must differ in their
texts whenever they may differ in their answers.
"""

import dis
import functools
import hashlib
import sys
import types
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np

from hpotutor.errors import ArgumentError

_PLAIN = (type(None), bool, int, float, complex, str, bytes, range, type(...), np.generic)
_MANY = (tuple, frozenset, list, set, dict)


def identify(function: Callable[..., Any], argument: str = "function") -> str:
    """Return a function's name and a checksum of what decides its answers.

    That is its code, default arguments and the values that it closes over; the arguments that a
    ``functools.partial`` binds; the state and the methods of an object; and of what the code finds
    by a global name: your own functions and classes, in the same way, numbers, texts, arrays and
    data sets. Global lists, dicts and objects are left out: functions write notes there. Of an
    installed library the name counts, whatever its version.

    Parameters
    ----------
    function : callable
        One with a text of your own in its attribute ``identity`` is known by this alone.
    argument : str
        Its name in error messages.

    Raises
    ------
    ArgumentError
        It depends on something that does not tell what is in it, such as an open file.

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
            return f"{name} ({_digest(reader.tell(function))})"
        # As older logs have it, which know nothing of what comes behind it.
        reader.seen.append(function)
        known, outside = f"{name} ({_checksum(function.__code__):08x})", reader.outside(function)
        return f"{known} with {_digest(outside)}" if outside else known
    except (_Untold, RecursionError) as error:
        raise ArgumentError(
            f"{argument}: {name} depends on {error or 'itself'}, and nothing tells a log what is "
            "in that. Name what the function does yourself, and anew when it changes. Type for "
            f"instance mine = ...; mine.identity = 'version 1'; {argument}=mine."
        ) from error


def is_older(stored: object, identity: object) -> bool:
    """Return whether a log of an older version has this text for the same function."""
    if not isinstance(identity, str):
        return False
    known, behind, _ = identity.partition(") with ")
    return bool(behind) and stored == f"{known})"


class _Untold(Exception):
    """A value that does not tell what is in it."""


class _Reader:
    """Reads what a function depends on, once each, so that two may call each other."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    def tell(self, value: Any) -> str:
        """Return a text that is the same for equal values, in every process."""
        kind, told = type(value).__qualname__, ""
        if isinstance(value, _PLAIN):
            return f"{kind} {value!r}"
        if isinstance(value, _MANY):
            items = value.items() if isinstance(value, dict) else value
            parts = [self.tell(item) for item in items]
            return f"{kind} {parts if isinstance(value, tuple | list) else sorted(parts)}"
        if isinstance(value, types.ModuleType):
            return f"module {value.__name__}"
        if any(value is one for one in self.seen):
            return f"again {getattr(value, '__qualname__', kind)}"
        self.seen.append(value)
        if isinstance(value, functools.partial):
            told = self.tell([value.func, value.args, value.keywords])
        elif isinstance(value, types.MethodType):
            told = self.tell([value.__func__, value.__self__])
        elif isinstance(value, types.FunctionType):
            code = _checksum(value.__code__) if _is_own(value) else 0
            told = f"{value.__qualname__} {code} {self.outside(value)}"
        elif isinstance(value, types.BuiltinFunctionType):
            told = f"{value.__qualname__} {self.tell(value.__self__)}"
        elif isinstance(value, type):
            told = f"{value.__module__}.{value.__qualname__} {self.tell(dict(_methods(value)))}"
        elif _is_data(value):
            told = value.fingerprint
        else:
            told = self._state(value)
        return f"{kind} {told}"

    def _state(self, value: Any) -> str:
        """Tell what is in an object: Keras's by its configuration, others by what is pickled."""
        import joblib  # dear to import

        try:
            if hasattr(value, "get_config"):
                weights = value.get_weights() if hasattr(value, "get_weights") else []
                state: Any = [value.get_config(), weights]
            elif hasattr(value, "__wrapped__"):  # functools.cache
                state = value.__wrapped__
            elif _is_own(type(value)):
                state = value.__getstate__()
            else:
                return f"{type(value).__module__} {joblib.hash(value)}"
        except Exception as error:  # whatever a class says that cannot be pickled
            shown = f"an object of type {type(value).__module__}.{type(value).__qualname__}"
            raise _Untold(f"{shown} ({type(error).__name__}: {error})") from error
        return self.tell([type(value), state])

    def outside(self, function: types.FunctionType) -> str:
        """Tell what a function depends on besides its code; nothing where there is none."""
        found: dict[str, Any] = {"": [function.__defaults__, function.__kwdefaults__]}
        cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
        for name, cell in cells:
            with suppress(ValueError):  # a name that has no value yet
                found[f"{name} around"] = cell.cell_contents
        if _is_own(function):
            found |= dict(_globals(function))
        return "" if found == {"": [None, None]} else self.tell(found)


def _globals(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function reads by a global name and does not write notes in."""
    steps = [step for code in _codes(function.__code__) for step in dis.get_instructions(code)]
    written = {step.argval for step in steps if step.opname == "STORE_GLOBAL"}
    for name in {step.argval for step in steps if step.opname == "LOAD_GLOBAL"} - written:
        value = function.__globals__.get(name)
        own = isinstance(value, types.FunctionType | type) and _is_own(value)
        data = isinstance(value, np.ndarray | functools.partial) or _is_data(value)
        if own or data or (_is_plain(value) and value is not None):
            yield name, value


def _is_plain(value: Any) -> bool:
    return isinstance(value, _PLAIN) or (isinstance(value, tuple) and all(map(_is_plain, value)))


def _is_data(value: Any) -> bool:
    """Whether it is a data set, which has a checksum of its rows."""
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


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _checksum(code: types.CodeType) -> int:
    """Return a number of what the code does, whatever the line it stands on."""
    total = zlib.crc32(code.co_code)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            total = zlib.crc32(str(_checksum(constant)).encode(), total)
        elif not isinstance(constant, frozenset):  # a set has no order to rely on
            total = zlib.crc32(repr(constant).encode(), total)
    return zlib.crc32(repr(code.co_names).encode(), total)

"""What makes one figure of two functions: the first computes what is to be seen, the second draws.

The public call takes the arguments of the first, the options of the second, and ``ax``.
"""

import functools
import inspect
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Concatenate, TypeVar

from matplotlib.axes import Axes

from hpotutor._docstrings import sections_of, written
from hpotutor.plots.formatting import Reading
from hpotutor.plots.style import house_style, new_axes

_Info = TypeVar("_Info")
_Size = tuple[float, float]
# What is said of a parameter that several figures have, unless a figure says it itself.
_TEXT = Path(__file__).with_name("shared_arguments.txt").read_text("utf-8")
_SHARED = {text.split(" : ")[0]: text.rstrip() for text in re.split(r"\n(?=\w)", _TEXT)}


def figure(
    info: Callable[..., _Info], size: _Size | Callable[[_Info], _Size] = (7.0, 4.0)
) -> Callable[[Callable[Concatenate[_Info, Axes, ...], str]], Callable[..., Reading]]:
    """Make the public call of a function that draws what ``info`` returns, ``size`` in inches.

    The function is given that, axes, and by keyword what it names: an option of its own, with a
    default and documented, or an argument of ``info``. It returns the sentence under the figure.
    """

    def decorate(draw: Callable[Concatenate[_Info, Axes, ...], str]) -> Callable[..., Reading]:
        computed = inspect.signature(info).parameters
        about, drawn = sections_of(info), sections_of(draw)
        about["Parameters"] = _parameters(about.get("Parameters", ""), computed)
        info.__doc__ = written(about)
        named = list(inspect.signature(draw).parameters.values())[2:]
        options = [option for option in named if option.name not in computed]
        place = inspect.Parameter("ax", inspect.Parameter.KEYWORD_ONLY, default=None,
                                  annotation="Axes | None")  # fmt: skip
        signature = inspect.Signature(
            [*computed.values(), *options, place], return_annotation="Reading"
        )

        @functools.wraps(draw)
        def call(*args: Any, **kwargs: Any) -> Reading:
            try:
                bound = signature.bind(*args, **kwargs)
            except TypeError as error:
                raise TypeError(f"{draw.__name__}() {error}") from None
            bound.apply_defaults()
            given = bound.arguments
            found = info(**{name: given[name] for name in computed})
            with house_style():
                ax = new_axes(given["ax"], size(found) if callable(size) else size)
                return Reading(draw(found, ax, **{each.name: given[each.name] for each in named}))

        call.__signature__ = signature  # type: ignore[attr-defined]  # what `help` reads
        own = f"{about['Parameters']}\n{drawn.get('Parameters', '')}"
        drawn["Parameters"] = _parameters(own, signature.parameters)
        drawn["See Also"] = f"{info.__name__} : The same as data, not drawn."
        call.__doc__ = written({"Raises": about["Raises"], **drawn})
        return call

    return decorate


def _parameters(text: str, parameters: Mapping[str, inspect.Parameter]) -> str:
    """Return a section with each parameter in the order of the signature."""
    entries = [entry.strip() for entry in re.split(r"^(?=\w)", text, flags=re.MULTILINE) if entry]
    told = {name for entry in entries for name in entry.partition(" : ")[0].split(", ")}
    for name in parameters.keys() & _SHARED.keys() - told:
        entries.append(_SHARED[name].format(repr(parameters[name].default)))
    places = list(parameters)
    return "\n".join(sorted(entries, key=lambda entry: places.index(re.split(r"\W", entry)[0])))

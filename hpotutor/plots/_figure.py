"""What makes one figure of two functions: the first computes what is to be seen, the second draws.

The public call takes the arguments of the first, the options of the second, and ``ax``.
"""

import functools
import inspect
import re
from collections.abc import Callable
from typing import Any, Concatenate, TypeVar

from matplotlib.axes import Axes

from hpotutor.plots.formatting import Reading
from hpotutor.plots.style import house_style, new_axes

_Info = TypeVar("_Info")
_Size = tuple[float, float]
_PARAMETERS = re.compile(r"Parameters\n-+\n(.*?\n)\n", re.DOTALL)
# What is said of an option that several figures have, unless a figure says it itself.
_SHARED = {
    "score": 'str, optional\n    What the values are; "validation accuracy" if all are shares.',
    "ax": "matplotlib Axes, optional\n    Where to draw; a new figure by default.",
}


def figure(
    info: Callable[..., _Info], size: _Size | Callable[[_Info], _Size] = (7.0, 4.0)
) -> Callable[[Callable[Concatenate[_Info, Axes, ...], str]], Callable[..., Reading]]:
    """Make the public call of a function that draws what ``info`` returns, ``size`` in inches.

    The function is given that, axes, and by keyword what it names: an option of its own, with a
    default and documented, or an argument of ``info``. It returns the sentence under the figure.
    """

    def decorate(draw: Callable[Concatenate[_Info, Axes, ...], str]) -> Callable[..., Reading]:
        computed = inspect.signature(info).parameters
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
        call.__doc__ = _documented(draw, info, [*(option.name for option in options), "ax"])
        return call

    return decorate


def _documented(draw: Callable, info: Callable, options: list[str]) -> str:
    """Return the docstring of ``draw`` with the parameters of ``info`` before its own."""
    about, heading, returns = (inspect.getdoc(draw) or "").partition("Returns\n")
    computed, own = (_PARAMETERS.search(text) for text in (inspect.getdoc(info) or "", about))
    entries = "".join(section[1] for section in (computed, own) if section)
    for option in options:
        if option in _SHARED and not re.search(f"^{option} :", entries, re.MULTILINE):
            entries += f"{option} : {_SHARED[option]}\n"
    about = _PARAMETERS.sub("", about)
    see = f"See Also\n--------\n{info.__name__} : The same as data, not drawn."
    return f"{about}Parameters\n----------\n{entries}\n{heading}{returns}\n\n{see}\n"

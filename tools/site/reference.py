"""The reference: a page for each public name, from its docstring, with the lessons that use it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, NamedTuple

import hpotutor
from tools.site.gallery import Still
from tools.site.lessons import Lesson

_UNLISTED = {"__version__"}
_REQUEST = re.compile(r"set_\w+_request")  # what scikit-learn adds to every estimator
# What a reader is after, in the order in which a search is written; the rest follows by itself.
_GROUPS = {
    "Data": ["load", "Dataset", "sample_csv"],
    "Search spaces": ["SearchSpace", "loguniform", "uniform", "integers", "choice", "when"],
    "Objectives": ["TrainObjective", "FunctionObjective", "TableObjective", "Evaluation"],
    "Searches": [
        "manual_search", "grid_search", "random_search", "bayesian_search", "hyperband_search",
        "genetic_search", "successive_halving", "hyperband_brackets", "compare",
    ],
    "Results": ["SearchResult", "Recorder", "review", "report", "SearchFailed", "HpoTutorError"],
    "Models": [
        "build_mlp", "build_cnn", "build_conv1d", "build_regressor", "KerasClassifier",
        "KerasRegressor",
    ],
    "Gaussian process": [
        "GaussianProcessSearch", "expected_improvement", "probability_of_improvement",
        "upper_confidence_bound",
    ],
}  # fmt: skip
FOLDERS = {
    "plots": "Figures",
    "widgets": "Widgets",
    "tabular": "Stored trainings",
    "fused": "Many networks as one",
    "statistics": "Statistics",
    "errors": "Errors",
}


class Entry(NamedTuple):
    """A public name: what a reader types after ``ht.``, the group that it stands in, the thing."""

    name: str
    group: str
    thing: Any

    @property
    def summary(self) -> str:
        """The docstring's first sentence, on one line."""
        paragraph = (inspect.getdoc(self.thing) or "").split("\n\n")[0]
        return re.sub(r"\s+", " ", paragraph).replace("*", r"\*").strip()


def entries() -> list[Entry]:
    """Return every public name that a reader may type, in the order of the pages."""
    names = [name for name in hpotutor.__all__ if name not in _UNLISTED]
    group_of = {name: group for group, members in _GROUPS.items() for name in members}
    top = [name for name in names if not isinstance(getattr(hpotutor, name), ModuleType)]
    order = [*group_of, *(name for name in top if name not in group_of)]
    found = [
        Entry(name, group_of.get(name, "The course"), getattr(hpotutor, name))
        for name in order
        if name in top
    ]
    listed = {id(entry.thing) for entry in found}
    for folder, group in FOLDERS.items():
        module = getattr(hpotutor, folder, None)
        for name in _public(module) if module is not None else []:
            thing = getattr(module, name)
            if id(thing) not in listed:
                listed.add(id(thing))
                found.append(Entry(f"{folder}.{name}", group, thing))
    return found


def _public(module: ModuleType) -> list[str]:
    """Return a module's public functions and classes, those of its own if it lists none."""
    names = getattr(module, "__all__", None)
    if names is not None:
        things = ((name, getattr(module, name)) for name in names)
        return [
            name for name, thing in things if inspect.isclass(thing) or inspect.isroutine(thing)
        ]
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and getattr(thing, "__module__", "") == module.__name__
    ]


def used_in(name: str, lessons: Iterable[Lesson]) -> dict[str, int]:
    """Return the lessons whose code types a name after ``ht.``: name, and place of the cell."""
    places = {lesson.name: lesson.types(name) for lesson in lessons}
    return {lesson: place for lesson, place in places.items() if place is not None}


def reference_pages(lessons: list[Lesson], stills: Mapping[str, Still]) -> dict[str, str]:
    """Return the pages by file name: an index, and a page a name.

    Parameters
    ----------
    lessons : list of Lesson
    stills : dict of Still
        The gallery's pictures, by the names that they show.
    """
    found = entries()
    pages = {"index.rst": _index(found)}
    for entry in found:
        pages[f"{entry.name}.rst"] = _page(entry, lessons, stills.get(entry.name))
    return pages


def _index(found: list[Entry]) -> str:
    parts = [_heading("Reference", "=")]
    parts.append("What a lesson or a project of yours types after ``import hpotutor as ht``.")
    for group in dict.fromkeys(entry.group for entry in found):
        members = [entry for entry in found if entry.group == group]
        parts += [_heading(group, "-")]
        parts.append(
            "\n\n".join(f":doc:`ht.{e.name} <{e.name}>`\n    {e.summary}" for e in members)
        )
        tree = "\n   ".join(entry.name for entry in members)
        parts.append(f".. toctree::\n   :hidden:\n\n   {tree}")
    return "\n\n".join(parts) + "\n"


def _page(entry: Entry, lessons: list[Lesson], still: Still | None) -> str:
    parts = [_heading(f"ht.{entry.name}", "=")]
    if inspect.isclass(entry.thing):
        directive = f".. autoclass:: hpotutor.{entry.name}\n   :members:"
        if hidden := [name for name in dir(entry.thing) if _REQUEST.fullmatch(name)]:
            directive += f"\n   :exclude-members: {', '.join(hidden)}"
    else:
        directive = f".. autofunction:: hpotutor.{entry.name}"
    parts.append(directive)
    parts.append(_shown(still) if still else "")
    used = used_in(entry.name, lessons)
    links = [
        f"`{each.number} {each.title} <../lessons/{each.link_to(used[each.name])}>`__"
        for each in lessons
        if each.name in used
    ]
    parts.append(f".. rubric:: Used in lessons\n\n{', '.join(links)}" if links else "")
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(still: Still) -> str:
    """Return the gallery's picture of a name, with its call."""
    place = f"../gallery.html#{still.name.partition('.')[2].replace('_', '-')}"
    about = f"The picture is from the `gallery <{place}>`__"
    from_cells = still.lesson is not None and still.name.startswith("plots.")
    about += ", and the call goes on from the cells of its lesson." if from_cells else "."
    call = "\n".join(f"   {line}".rstrip() for line in still.call.splitlines())
    return "\n\n".join(
        [
            ".. rubric:: Picture",
            f".. image:: ../gallery_pictures/{still.name}.png\n"
            f"   :alt: {' '.join(still.reading.split())}",
            about,
            f".. code-block:: python\n\n{call}",
        ]
    )


def _heading(text: str, line: str) -> str:
    return f"{text}\n{line * len(text)}"

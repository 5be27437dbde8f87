"""What every search method shares: some arguments, their documentation, and the run itself."""

import functools
import inspect
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ParamSpec, TypedDict

from hpotutor._validation import is_whole
from hpotutor.errors import ArgumentError, Problems, SearchFailed, StopSearch, did_you_mean
from hpotutor.objectives.base import Objective, Params
from hpotutor.parallel.dask_objective import on_workers
from hpotutor.search.backends import BrokenSearch, DryRunRecorder, Loop, Options, check_library
from hpotutor.space.distributions import plain
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder
from hpotutor.study.result import SearchResult

P = ParamSpec("P")

# Where a method's own text says nothing of them.
_QUESTION = {
    "objective": "objective : Objective\n    What is asked, such as ``ht.TrainObjective(data)``.",
    "space": "space : SearchSpace\n    Which hyperparameters, and what each is drawn from.",
    "trials": "trials : int\n    How many evaluations.",
    "seed": "seed : int, default 0\n    Of all that is drawn.",
}
# What every method has: the end of its text, as numpydoc reads it.
_SHARED = Path(__file__).with_name("shared_arguments.txt").read_text("utf-8").rstrip("\n")


class Shared(TypedDict, total=False):
    """What every method takes and hands on to :func:`run_search` as it came."""

    log: str | os.PathLike[str] | None
    max_seconds: float | None
    max_epochs: int | None
    max_failures: int | None
    start: Any
    client: Any
    progress: bool


def search_method(method: Callable[P, SearchResult]) -> Callable[P, SearchResult]:
    """Give a method's signature and text what all share; NumPy's numbers arrive as Python's."""
    signature = inspect.signature(method)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    known = {**inspect.signature(Recorder).parameters, **inspect.signature(run_search).parameters}
    signature = signature.replace(parameters=own + [known[name] for name in Shared.__annotations__])

    @functools.wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> SearchResult:
        for name, value in kwargs.items():
            if name not in signature.parameters:
                told = f"{method.__name__}() got an unexpected keyword argument {name!r}."
                raise TypeError(told + did_you_mean(name, signature.parameters))
            kwargs[name] = plain(value)
        return method(*args, **kwargs)

    arguments, notes, rest = inspect.cleandoc(method.__doc__ or "").partition("\n\nNotes\n")
    question = "\n".join(text for name, text in _QUESTION.items() if f"{name} :" not in arguments)
    arguments = arguments.replace("----------\n", f"----------\n{question}\n")
    call.__doc__ = f"{arguments}\n{_SHARED}{notes}{rest}"
    call.__signature__ = signature  # type: ignore[attr-defined] # read by inspect and help
    return call


def run_search(
    loops: Mapping[str, Loop],
    problems: Problems,
    objective: Objective,
    space: SearchSpace,
    trials: int | None,
    seed: int,
    library: str,
    options: Options,
    *,
    planned: tuple[int, int] | None = None,
    ahead: bool = False,
    whole: bool = False,
    start: Any = None,
    client: Any = None,
    **recording: Any,
) -> SearchResult:
    """Open a recorder, let a library's loop ask it until either has enough, and return the result.

    ``problems`` is what is wrong with the method's own arguments; the log is compared by
    ``options`` too. ``ahead``: the loop ignores scores, so that its points may be one batch;
    ``whole``: ``trials`` are all that it has, so that those of ``start`` come on top.
    """
    check_library(problems, library, loops)
    points, left_out = _starting_points(problems, space, start)
    trials = trials + len(points) if whole and trials else trials
    epochs = options.get("epochs")  # a method that deals them out gives those of start the most
    if planned and is_whole(epochs):
        planned = planned[0] + len(points), planned[1] + len(points) * epochs
    with (
        on_workers(objective, client, problems.call) as target,
        Recorder(
            target, space, method=problems.call.removesuffix("_search"), library=library,
            trials=None if problems.lines else trials,  # not to be told twice
            options=options | ({"start": points} if points else {}),
            seed=seed, planned=planned, problems=problems, **recording,
        ) as recorder,
    ):  # fmt: skip
        if left_out and recorder.progress:
            print(left_out)
        recorder.begin(points, epochs)
        if ahead and recorder.objective.batches:  # once for the questions, then for the answers
            dry_run = DryRunRecorder(recorder.objective, recorder.space, recorder.trials)
            with suppress(StopSearch):
                loops[library](dry_run, seed, options)
            recorder.prefetch(dry_run.asked)
        try:
            loops[library](recorder, seed, options)
        except BrokenSearch as broken:
            raise broken.__cause__ or broken from None
    result = recorder.result()
    result.left_out = left_out
    lost = [e for e in result.evaluations if e.status in ("failed", "diverged")]
    if lost and len(lost) == len(result) and not recorder.interrupted:
        raise SearchFailed(f"{problems.call}: {result.failures()}. {_advice(recorder)}", result)
    return result


def _starting_points(problems: Problems, space: Any, start: Any) -> tuple[list[Params], str]:
    """Return the points to try first, each once, and which were left out, and why."""
    given = start.top() if isinstance(start, SearchResult) else start
    if not isinstance(given, list | tuple) or not all(isinstance(one, Mapping) for one in given):
        allowed = "a list of dicts of hyperparameters, or an earlier SearchResult"
        if start is not None:
            problems.add("start", start, allowed, "start=[earlier.best_params]")
        return [], ""
    points, outside = list[Params](), list[str]()
    for params in given if isinstance(space, SearchSpace) else ():
        try:
            point = space.clean(params)
            space.check(point)
        except ArgumentError as error:
            outside.append(f"{dict(params)} ({' '.join(str(error).split())})")
        else:
            points += [] if point in points else [point]
    if not outside:
        return points, ""
    told = f"{len(outside)} of the {len(given)} points of start= are not in this space"
    return points, f"{told} and are left out: {'; '.join(outside)}"


def _advice(recorder: Recorder) -> str:
    """Return what to do about a search in which nothing succeeded."""
    told = "Nothing succeeded; the trials are in this error's result."
    if "failed in a row" in recorder.stopped:
        told += " Where most of a space cannot be built, type max_failures=None."
    elif recorder.stopped:
        told += f" The search ended as {recorder.stopped}."
    if recorder.resumed:
        told += f" {recorder.log.path} answers for them; to try them anew, give another log."
    return told

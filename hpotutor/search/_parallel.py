"""Methods that keep every worker of a cluster busy, several trials at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hpotutor.objectives.base import Evaluation, Params
from hpotutor.parallel.dask_objective import WorkerObjective
from hpotutor.search import backends
from hpotutor.study.recorder import Recorder

if TYPE_CHECKING:
    from hpotutor.search.gp import GaussianProcessSearch


def run_parallel(
    recorder: Recorder,
    ask: Callable[[], tuple[Any, Params, int | None] | None],
    tell: Callable[[Any, Evaluation], None],
) -> None:
    """Keep every worker busy: ask for more whenever one is free, tell each result as it comes.

    ``ask()`` returns (token, hyperparameters, epochs), or None until another result is in.
    """
    assert isinstance(recorder.objective, WorkerObjective)
    pool = recorder.objective.pool
    held = None  # what was asked for and finds no room in the budget
    with pool.in_reach():
        while True:
            while pool.has_room():
                held = held or ask()
                if held is None:
                    break
                params, epochs = recorder.space.clean(held[1]), held[2]
                if not recorder.has_room([token[1:] for token in pool.tokens], params, epochs):
                    break
                trial = recorder.begun + len(pool.tokens)
                pool.submit((held[0], params, epochs), [params], epochs, trial)
                held = None
            if not pool.tokens:
                if held is not None:
                    recorder.finish(recorder.space.clean(held[1]), held[2])
                return
            (token, params, epochs), found = pool.next_completed()
            recorder.accept(params, epochs, found[0])
            tell(token, found[0])


def optimize_on_workers(recorder: Recorder, sampler: Any) -> None:
    """Let an Optuna sampler, told first what the log holds, lead it, several trials at once."""
    with backends.optuna_study(sampler) as study:

        def ask() -> tuple[Any, Params, None]:
            trial = study.ask()
            return trial, recorder.space.suggest(trial), None

        known = [*recorder.started, *(evaluation for evaluation, _ in recorder.recall())]
        backends.tell_optuna(study, recorder, known)
        run_parallel(recorder, ask, lambda trial, done: study.tell(trial, recorder.score(done)))


def observe_on_workers(recorder: Recorder, search: GaussianProcessSearch) -> None:
    """Let a :class:`hpotutor.GaussianProcessSearch` lead the recorder, several trials at once."""
    pending: list[Params] = []

    def ask() -> tuple[Params, Params, None]:
        pending.append(params := search.suggest(pending))
        return params, params, None

    def tell(params: Params, evaluation: Evaluation) -> None:
        pending.remove(params)
        search.observe(params, recorder.score(evaluation))

    for evaluation in [*recorder.started, *(evaluation for evaluation, _ in recorder.recall())]:
        search.observe(evaluation.params, recorder.score(evaluation))
    run_parallel(recorder, ask, tell)

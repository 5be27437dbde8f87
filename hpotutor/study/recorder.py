"""The recorder: the one door through which every evaluation of every method passes."""

from __future__ import annotations

import json
import math
import os
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any

from tqdm.auto import tqdm

from hpotutor._system import versions
from hpotutor._validation import check_budget, check_keeping
from hpotutor.errors import HpoTutorError, Problems, StopSearch
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params
from hpotutor.space.space import SearchSpace
from hpotutor.study._checks import check_question, estimate
from hpotutor.study.result import SearchResult
from hpotutor.study.storage import Log, to_evaluation

FAILURES_IN_A_ROW = 3


class _TimeUp(Exception):
    """Leaves a batch whose time is over."""


class Recorder:
    """Evaluate for a search: keep the log, the budget and the progress, and resume.

    A method need not know that it is being resumed. It is deterministic given its seed and the
    scores it has seen, so on the same log it asks the same questions again; those that the log
    can answer cost microseconds, and training goes on where it was cut.

    Parameters
    ----------
    objective : Objective
        What answers.
    space : SearchSpace
        What may be asked.
    method, library : str
        Written into the log, and compared when it is opened again.
    seed : int
        Of the search.
    trials : int, optional
        At most this many evaluations.
    max_epochs : int, optional
        At most this many epochs of training in all. An evaluation that could go over it is not
        begun.
    max_seconds : float, optional
        No evaluation begins after this many seconds; what the log holds counts as spent.
    log : str or path, optional
        A file to keep the trials in; in memory when None.
    progress : bool, default True
        Say beforehand what it will cost, and show a bar while it runs.
    options : dict, optional
        What else decides the search; part of what the log is compared by.
    planned : tuple of (int, int), optional
        Trials and epochs that the method will spend, where it knows better than ``trials`` tells.
    max_failures : int or None, default 3
        Stop after so many failed trials in a row.
    problems : Problems, optional
        What the caller found wrong with its own arguments, to be reported together.

    Raises
    ------
    LogError
        The log is in use, cannot be written, or belongs to another search.

    Examples
    --------
    >>> import hpotutor as ht
    >>> space = ht.SearchSpace(x=ht.uniform(0, 1))
    >>> objective = ht.FunctionObjective(lambda params: params["x"])
    >>> with ht.Recorder(objective, space, method="mine", library="mine", seed=0, trials=2,
    ...                  progress=False) as recorder:
    ...     for x in (0.2, 0.9, 0.4):
    ...         evaluation = recorder.evaluate({"x": x})
    >>> recorder.result().best_params, recorder.stopped
    ({'x': 0.9}, 'the budget of 2 trials is spent')
    """

    def __init__(
        self,
        objective: Objective,
        space: SearchSpace,
        *,
        method: str,
        library: str,
        seed: int | None = 0,
        trials: int | None = None,
        max_epochs: int | None = None,
        max_seconds: float | None = None,
        log: str | os.PathLike | None = None,
        progress: bool = True,
        options: dict[str, Any] | None = None,
        planned: tuple[int, int] | None = None,
        max_failures: int | None = FAILURES_IN_A_ROW,
        problems: Problems | None = None,
    ) -> None:
        problems = problems or Problems(f"{method}_search")
        check_question(problems, objective, space, seed)
        check_budget(problems, trials, max_epochs, max_seconds)
        check_keeping(problems, log, progress)
        problems.raise_if_any()
        self.objective, self.space = objective, space
        self.method, self.library = method, library
        self.trials, self.max_epochs, self.max_seconds = trials, max_epochs, max_seconds
        self.progress, self.planned, self.max_failures = progress, planned, max_failures
        header = {
            "method": method,
            "library": library,
            "seed": seed,
            "space": space.to_dict(),
            "objective": objective.describe(),
            "options": options or {},
        }
        self.log = Log(log, header, objective.direction, space)
        self._library = _with_version(library)
        self.evaluations: list[Evaluation] = []
        self.stopped = ""
        self.spent_epochs = 0
        self._seconds_before = 0.0
        self._answers: dict[str, deque[Evaluation]] = defaultdict(deque)
        self._known: dict[str, Evaluation] = {}
        self._worst: float | None = None
        self._failures = 0
        self._ahead = 0
        self._start = time.monotonic()
        self._bar: tqdm | None = None
        for trial in self.log.trials:
            evaluation = to_evaluation(trial)
            self._seconds_before += evaluation.seconds
            budget = trial.user_attrs.get("budget")
            self._answers[_key(evaluation.params, budget)].append(evaluation)
        self.resumed = len(self.log.trials)

    def __enter__(self) -> Recorder:
        if self.progress:
            try:
                print(
                    estimate(
                        self.method,
                        self.objective,
                        self.trials,
                        self.planned,
                        max_epochs=self.max_epochs,
                        max_seconds=self.max_seconds,
                        resumed=self.resumed,
                    )
                )
            except BaseException:  # an interrupt, while a network is timed for the estimate
                self.log.close()
                raise
            # A bar only for what takes a while; it leaves nothing behind in the notebook.
            total = self.trials or (self.planned[0] if self.planned else None)
            self._bar = tqdm(total=total, unit="trial", leave=False, delay=2)
        self._start = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if self._bar is not None:
            self._bar.close()
        self.log.close()
        if isinstance(error, KeyboardInterrupt):
            self.stopped = "interrupted; the trials so far are kept"
        elif isinstance(error, StopSearch):
            self.stopped = self.stopped or str(error)
        elif error is None and self.trials is not None and self._trials_left() > 0:
            self.stopped = f"{self.library} has no further point to try"
        if self.stopped and self.progress and self._trials_left() > 0:
            print(f"Stopped: {self.stopped}.")
        return isinstance(error, StopSearch | KeyboardInterrupt)

    def evaluate(
        self,
        params: Params,
        epochs: int | None = None,
        *,
        on_epoch: OnEpoch | None = None,
        note: dict[str, Any] | None = None,
    ) -> Evaluation:
        """Answer for one set of hyperparameters: from the log if it can, else by training.

        Parameters
        ----------
        params : dict
            Values as the library gives them; they are made plain values of the space.
        epochs : int, optional
            Budget; the objective's own by default.
        on_epoch : callable, optional
            ``on_epoch(epoch, value)`` after each epoch; return True to stop the trial.
        note : dict, optional
            Further entries for the trial in the log.

        Raises
        ------
        StopSearch
            The budget is spent, or three trials failed in a row; leaves the ``with`` block.
        """
        params = self.space.clean(params)
        key = _key(params, epochs)
        repeat = key in self._known and on_epoch is None and self.objective.deterministic
        self._admit(key, 0 if repeat else self.objective.epochs_of(params, epochs))
        if self._answers[key]:
            evaluation = self._answers[key].popleft()
            if on_epoch is not None:
                self._tell_again(evaluation, on_epoch)
        elif repeat:
            evaluation = replace(self._known[key], epochs=0, seconds=0.0)
            self._write(evaluation, epochs, note)
        else:
            evaluation = self._ask(params, epochs, on_epoch)
            self._write(evaluation, epochs, note)
        self._count(key, evaluation)
        return evaluation

    def _ask(self, params: Params, epochs: int | None, on_epoch: OnEpoch | None) -> Evaluation:
        start = time.perf_counter()
        try:
            return self.objective.evaluate(params, epochs, on_epoch=on_epoch)
        except HpoTutorError:  # the call itself cannot work, for any hyperparameters
            raise
        except Exception as error:
            spent = time.perf_counter() - start
            reason = f"{type(error).__name__}: {error}"
            return Evaluation(params, math.nan, seconds=spent, status="failed", reason=reason)

    def _write(
        self, evaluation: Evaluation, epochs: int | None, note: dict[str, Any] | None = None
    ) -> None:
        self.log.append(evaluation, budget=epochs, library=self._library, **(note or {}))

    def prefetch(self, batch: Sequence[Params], epochs: int | None = None) -> None:
        """Evaluate a whole batch at once; the calls of ``evaluate`` that follow are answered by it.

        Where the objective gains nothing from a batch, nothing is done ahead of time.
        """
        if not self.objective.batches or self._time_is_up():
            return
        missing = self._missing(batch, epochs)
        fetched: list[str] = []

        def keep(index: int, evaluation: Evaluation) -> None:
            key = missing[index][0]
            self._write(evaluation, epochs)
            self._answers[key].append(evaluation)
            fetched.append(key)
            self._ahead += 1
            self._show()
            if self._time_is_up():
                raise _TimeUp

        try:
            asked = [params for _, params in missing]
            self.objective.evaluate_many(asked, epochs, on_done=keep)
        except _TimeUp:
            pass
        except (KeyboardInterrupt, StopSearch):
            for key in fetched:  # finished, so they belong to the result so far
                self._count(key, self._answers[key].popleft())
            raise

    def _missing(self, batch: Sequence[Params], epochs: int | None) -> list[tuple[str, Params]]:
        """Return what of a batch must be trained: neither known, nor waiting, nor over budget."""
        missing: list[tuple[str, Params]] = []
        waiting = {key: len(answers) for key, answers in self._answers.items()}
        once = set(self._known) if self.objective.deterministic else set()
        room = math.inf if self.max_epochs is None else self.max_epochs - self.spent_epochs
        for params in batch[: self._trials_left()]:
            params = self.space.clean(params)
            key = _key(params, epochs)
            if key in once:
                continue
            room -= self.objective.epochs_of(params, epochs)
            if room < 0:
                break
            if self.objective.deterministic:
                once.add(key)
            if waiting.get(key, 0):
                waiting[key] -= 1
            else:
                missing.append((key, params))
        return missing

    # ── for searches that keep several evaluations on their way ─────────────
    def recall(self) -> Iterator[tuple[Evaluation, int | None]]:
        """Count and yield what the log holds, in its order, each with its budget of epochs."""
        for trial in self.log.trials[: self.resumed if self.trials is None else self.trials]:
            evaluation, budget = to_evaluation(trial), trial.user_attrs.get("budget")
            self._count(_key(evaluation.params, budget), evaluation)
            yield evaluation, budget
        self._answers.clear()

    def has_room(
        self,
        running: Sequence[tuple[Params, int | None]],
        params: Params,
        epochs: int | None = None,
    ) -> bool:
        """Whether another evaluation may start beside those on their way."""
        asked = [*running, (params, epochs)]
        spent = self.spent_epochs + sum(self.objective.epochs_of(*one) for one in asked)
        fits = self.max_epochs is None or spent <= self.max_epochs
        failing = bool(self.max_failures) and self._failures >= self.max_failures
        room = len(running) < self._trials_left()
        return fits and not failing and room and not self._time_is_up()

    def accept(self, params: Params, epochs: int | None, evaluation: Evaluation) -> None:
        """Log and count an evaluation that was trained elsewhere."""
        self._write(evaluation, epochs)
        self._count(_key(params, epochs), evaluation)

    def finish(self, params: Params, epochs: int | None = None) -> None:
        """Note which budget is spent, now that nothing is on its way."""
        self._admit(_key(params, epochs), self.objective.epochs_of(params, epochs))

    def score(self, evaluation: Evaluation) -> float:
        """Return a finite score, higher is better; a trial without one ranks last.

        Libraries' models choke on NaN and infinity, so such a trial gets the worst score seen.
        """
        sign = 1.0 if self.objective.direction == "maximize" else -1.0
        if evaluation.status in ("complete", "pruned") and math.isfinite(evaluation.value):
            return sign * evaluation.value
        return 0.0 if self._worst is None else self._worst

    def result(self) -> SearchResult:
        """Return what was found so far."""
        return SearchResult(self.log, self.evaluations, self.objective.local, self.stopped)

    def _admit(self, key: str, cost: int) -> None:
        if self.max_failures and self._failures >= self.max_failures:
            reason = self.evaluations[-1].reason
            self._stop(f"{self.max_failures} trials failed in a row, the last one with: {reason}")
        if self._trials_left() <= 0:
            self._stop(f"the budget of {self.trials} trials is spent")
        if self.max_epochs is not None and self.spent_epochs + cost > self.max_epochs:
            self._stop(f"the budget of {self.max_epochs} epochs leaves no room for another trial")
        if self._time_is_up() and not self._answers.get(key):
            self._stop(f"the budget of {self.max_seconds:g} seconds is spent")

    def _time_is_up(self) -> bool:
        if self.max_seconds is None:
            return False
        return self._seconds_before + time.monotonic() - self._start >= self.max_seconds

    def _stop(self, reason: str) -> None:
        self.stopped = reason
        raise StopSearch(reason)

    def _trials_left(self) -> int:
        done = len(self.evaluations)
        return 10**9 if self.trials is None else self.trials - done

    def _count(self, key: str, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)
        self.spent_epochs += evaluation.epochs
        self._failures = self._failures + 1 if evaluation.status == "failed" else 0
        if evaluation.status != "pruned":
            self._known.setdefault(key, evaluation)
        if math.isfinite(evaluation.value):
            score = self.score(evaluation)
            self._worst = score if self._worst is None else min(self._worst, score)
        self._ahead = max(self._ahead - 1, 0)
        self._show()

    def _tell_again(self, evaluation: Evaluation, on_epoch: OnEpoch) -> None:
        """Report a stored trial's epochs to the search, as when it was trained."""
        values = evaluation.curve.get(self.objective.metric)
        if not values and math.isfinite(evaluation.value):
            on_epoch(evaluation.epochs or 1, evaluation.value)
        for epoch, value in enumerate(values or [], start=1):
            if not math.isfinite(value) or on_epoch(epoch, value):
                return

    def _show(self) -> None:
        if self._bar is None:
            return
        self._bar.update(len(self.evaluations) + self._ahead - self._bar.n)
        best = self.best_so_far
        if best is not None:
            self._bar.set_postfix_str(f"best {best:.3g}", refresh=False)

    @property
    def best_so_far(self) -> float | None:
        """The best finite value counted so far, or None."""
        values = [e.value for e in self.evaluations if e.status == "complete"]
        pick = max if self.objective.direction == "maximize" else min
        return pick(values, default=None)


def _key(params: Params, epochs: int | None) -> str:
    return json.dumps([sorted(params.items()), epochs], default=repr)


def _with_version(library: str) -> str:
    """Return a library's name with its installed version, where it has one."""
    version = versions().get(library.replace("_", "-"))
    return f"{library} {version}" if version else library

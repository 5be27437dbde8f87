"""The recorder: the one door through which every evaluation of every method passes.

Each trial is in the log before the method hears of it, so that a kill costs no more than what was
being trained. The next search on the same log is given those trials again as it asks for them: it
is replayed, not restored.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tqdm.auto import tqdm

from hpotutor._system import versions
from hpotutor._validation import check_budget, check_count, check_keeping, check_seed
from hpotutor.errors import ArgumentError, Problems, StopSearch
from hpotutor.objectives.base import Evaluation, Objective, OnEpoch, Params, attempt
from hpotutor.space.distributions import plain
from hpotutor.space.space import SearchSpace
from hpotutor.study._budget import Budget
from hpotutor.study.result import SearchResult
from hpotutor.study.storage import Log, to_evaluation


class _TimeUp(Exception):
    """Leaves a batch whose time is over."""


class Recorder:
    """Evaluate for a search: keep the log, the budget and the progress, and resume.

    A method is deterministic given its seed and the scores it has seen, so on the same log it asks
    the same questions again; those that the log can answer cost microseconds.

    Parameters
    ----------
    method, library, seed, options : str, str, int, dict
        Written into the log, and compared when it is opened again.
    trials, max_epochs, max_seconds : number, optional
        What could go over them is not begun; what the log holds counts as spent.
    log : str or path, optional
        A file to keep the trials in; in memory when None.
    progress : bool, default True
        Say beforehand what it will cost, and show a bar while it runs.
    planned : tuple of (int, int), optional
        Trials and epochs that the method will spend, where it knows better than ``trials`` tells.
    max_failures : int or None, default 3
        Stop after so many failed trials in a row; None never does.
    problems : Problems, optional
        What the caller found wrong with its own arguments, to be reported together.

    LogError: the log is in use, cannot be written, or belongs to another search.

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
        seed: int = 0,
        trials: int | None = None,
        max_epochs: int | None = None,
        max_seconds: float | None = None,
        log: str | os.PathLike[str] | None = None,
        progress: bool = True,
        options: dict[str, Any] | None = None,
        planned: tuple[int, int] | None = None,
        max_failures: int | None = 3,
        problems: Problems | None = None,
    ) -> None:
        problems = problems or Problems(f"{method}_search")
        if not isinstance(objective, Objective):
            allowed = "ht.TrainObjective(data) or ht.FunctionObjective(function)"
            problems.add("objective", objective, "an objective", allowed)
        if not isinstance(space, SearchSpace):
            typed = "ht.SearchSpace(units=ht.integers(8, 64))"
            problems.add("space", space, "a search space", typed)
        check_seed(problems, seed)
        check_budget(problems, trials, max_epochs, max_seconds)
        check_count(problems, "max_failures", max_failures, example=3, optional=True)
        check_keeping(problems, log, progress)
        problems.raise_if_any()
        self.objective, self.space = objective, space
        self.method, self.library = method, library
        self.trials, self.progress, self.planned = plain(trials), progress, planned
        self._budget = Budget(self.trials, plain(max_epochs), max_seconds, max_failures)
        try:
            described = objective.describe()
        except ArgumentError:  # nothing tells what it is, which is of no account without a log
            if log is not None:
                raise
            described = {"objective": type(objective).__name__}
        header: dict[str, Any] = {"method": method, "library": library, "seed": int(seed)}
        header |= {"space": space.to_dict(), "objective": described, "options": options or {}}
        self.log = Log(log, header, objective.direction, space)
        version = versions().get(library.replace("_", "-"))
        self._library = f"{library} {version}" if version else library
        self.evaluations: list[Evaluation] = []  # those that the method has heard of
        self.started: list[Evaluation] = []  # of these, what it may begin with
        self.stopped, self.interrupted = "", False
        # By question: answers of the log, or of a batch, that the method has yet to ask for.
        self._waiting: dict[str, deque[Evaluation]] = defaultdict(deque)
        self._answered: dict[str, Evaluation] = {}  # by question, the first answer counted
        self._worst: float | None = None
        self._ahead = 0  # answers of a batch that wait
        self._bar: tqdm | None = None
        for trial in self.log.trials:
            evaluation = to_evaluation(trial, space)
            self._budget.seconds_before += evaluation.seconds
            question = question_of(evaluation.params, trial.user_attrs.get("budget"))
            self._waiting[question].append(evaluation)
        self.resumed = self.begun = len(self.log.trials)  # begun: the next trial's number

    def __enter__(self) -> Recorder:
        if self.progress:
            try:
                planned, resumed = self.planned, self.resumed
                print(self._budget.estimate(self.method, self.objective, planned, resumed))
            except BaseException:  # an interrupt, while a network is timed for the estimate
                self.log.close()
                raise
            # A bar only for what takes a while; it leaves nothing behind in the notebook.
            total = self.trials or (self.planned[0] if self.planned else None)
            self._bar = tqdm(total=total, unit="trial", leave=False, delay=2)
        self._budget.start = time.monotonic()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if self._bar is not None:
            self._bar.close()
        self.log.close()
        self.interrupted = isinstance(error, KeyboardInterrupt)
        if self.interrupted:
            self.stopped = "interrupted; the trials so far are kept"
        elif isinstance(error, StopSearch):
            self.stopped = self.stopped or str(error)
        elif error is None and self.trials is not None and self._budget.trials_left() > 0:
            self.stopped = f"{self.library} has no further point to try"
        if self.stopped and self.progress and self._budget.trials_left() > 0:
            print(f"Stopped: {self.stopped}.")
        return isinstance(error, StopSearch | KeyboardInterrupt)

    def result(self) -> SearchResult:
        """Return what was found so far."""
        return SearchResult(self.log, self.evaluations, self.objective.local, self.stopped)

    def begin(self, points: Sequence[Params], epochs: int | None = None) -> None:
        """Evaluate points that are tried before the method asks for any; they are ``started``."""
        self.prefetch(points, epochs)
        for params in points:
            self.started.append(self.evaluate(params, epochs))

    def evaluate(
        self,
        params: Params,
        epochs: int | None = None,
        *,
        on_epoch: OnEpoch | None = None,
        note: dict[str, Any] | None = None,
    ) -> Evaluation:
        """Answer for one set of hyperparameters: from the log if it can, else by training.

        ``epochs`` are the objective's own by default. ``on_epoch(epoch, value)`` is called after
        each and returns True to stop the trial; ``note`` is kept with the trial in the log.

        StopSearch: the budget is spent, or too many trials failed in a row; it leaves ``with``.
        """
        params, epochs = self.space.clean(params), plain(epochs)
        question = question_of(params, epochs)
        repeat = question in self._answered and on_epoch is None and self.objective.deterministic
        self._admit(question, 0 if repeat else self.objective.epochs_of(params, epochs))
        if self._waiting[question]:
            evaluation = self._waiting[question].popleft()
            if on_epoch is not None:
                self._tell_again(evaluation, on_epoch)
        else:
            if repeat:
                evaluation = replace(self._answered[question], epochs=0, seconds=0.0, repeated=True)
            else:
                self.objective.trial = self.begun
                evaluation = attempt(self.objective, params, epochs, on_epoch)
            self._write(evaluation, epochs, **(note or {}))
        self._count(question, evaluation)
        return evaluation

    def score(self, evaluation: Evaluation) -> float:
        """Return a finite score, higher is better; a trial without one gets the worst seen."""
        return finite_score(evaluation, self.objective.direction, self._worst)

    def _admit(self, question: str, cost: int) -> None:
        """Raise ``StopSearch`` where the budget has no room for a question."""
        refusal = self._budget.refusal(cost, stored=bool(self._waiting.get(question)))
        if refusal:
            self.stopped = refusal
            raise StopSearch(refusal)

    def _tell_again(self, evaluation: Evaluation, on_epoch: OnEpoch) -> None:
        """Report a stored trial's epochs to the search, as when it was trained."""
        values = evaluation.curve.get(self.objective.metric)
        if not values and math.isfinite(evaluation.value):
            on_epoch(evaluation.epochs or 1, evaluation.value)
        for epoch, value in enumerate(values or [], start=1):
            if not math.isfinite(value) or on_epoch(epoch, value):
                return

    def _write(self, evaluation: Evaluation, epochs: int | None, **note: Any) -> None:
        self.begun += 1
        self.log.append(evaluation, budget=epochs, library=self._library, **note)

    def prefetch(self, batch: Sequence[Params], epochs: int | None = None) -> None:
        """Evaluate a batch at once, where that gains time; ``evaluate`` answers from it then."""
        if not self.objective.batches or self._budget.time_is_up():
            return
        epochs = plain(epochs)
        missing = self._missing(batch, epochs)
        if not missing:
            return
        fetched: list[str] = []

        def keep(index: int, evaluation: Evaluation) -> None:
            question = missing[index][0]
            self._write(evaluation, epochs)
            self._waiting[question].append(evaluation)
            fetched.append(question)
            self._ahead += 1
            self._show()
            if self._budget.time_is_up():
                raise _TimeUp

        self.objective.trial = self.begun
        try:
            self.objective.evaluate_many([params for _, params in missing], epochs, on_done=keep)
        except _TimeUp:
            pass
        except (KeyboardInterrupt, StopSearch):
            for question in fetched:  # finished, so they belong to the result so far
                self._count(question, self._waiting[question].popleft())
            raise

    def _missing(self, batch: Sequence[Params], epochs: int | None) -> list[tuple[str, Params]]:
        """Return what of a batch must be trained: not answered, nor waiting, nor over budget."""
        missing: list[tuple[str, Params]] = []
        waiting = {question: len(answers) for question, answers in self._waiting.items()}
        once = set(self._answered) if self.objective.deterministic else set()
        room = self._budget.epochs_left()
        for params in batch[: self._budget.trials_left()]:
            params = self.space.clean(params)
            question = question_of(params, epochs)
            if question in once:
                continue
            room -= self.objective.epochs_of(params, epochs)
            if room < 0:
                break
            if self.objective.deterministic:
                once.add(question)
            if waiting.get(question, 0):
                waiting[question] -= 1
            else:
                missing.append((question, params))
        return missing

    def recall(self) -> Iterator[tuple[Evaluation, int | None]]:
        """Count and yield what the log still holds, in its order, with each budget of epochs."""
        for trial in self.log.trials:
            evaluation, budget = to_evaluation(trial, self.space), trial.user_attrs.get("budget")
            question = question_of(evaluation.params, budget)
            if self._waiting[question] and self._budget.trials_left() > 0:
                self._count(question, self._waiting[question].popleft())
                yield evaluation, budget
        self._waiting.clear()

    def has_room(
        self, running: Sequence[tuple[Params, int | None]], params: Params, epochs: int | None
    ) -> bool:
        """Whether another evaluation may start beside those on their way."""
        cost = sum(self.objective.epochs_of(*one) for one in [*running, (params, epochs)])
        return self._budget.has_room(len(running), cost)

    def accept(self, params: Params, epochs: int | None, evaluation: Evaluation) -> None:
        """Log and count an evaluation that was trained elsewhere."""
        epochs = plain(epochs)
        self._write(evaluation, epochs)
        self._count(question_of(params, epochs), evaluation)

    def finish(self, params: Params, epochs: int | None = None) -> None:
        """Note which budget is spent, now that nothing is on its way."""
        self._admit(question_of(params, plain(epochs)), self.objective.epochs_of(params, epochs))

    def _count(self, question: str, evaluation: Evaluation) -> None:
        self.evaluations.append(evaluation)
        self._budget.count(evaluation)
        if evaluation.status != "pruned":
            self._answered.setdefault(question, evaluation)
        if math.isfinite(evaluation.value):
            score = self.score(evaluation)
            self._worst = score if self._worst is None else min(self._worst, score)
        self._ahead = max(self._ahead - 1, 0)
        self._show()

    @property
    def spent_epochs(self) -> int:
        """Epochs of training counted so far."""
        return self._budget.spent_epochs

    @property
    def best_so_far(self) -> float | None:
        """The best finite value counted so far, or None."""
        values = [e.value for e in self.evaluations if e.status == "complete"]
        pick = max if self.objective.direction == "maximize" else min
        return pick(values, default=None)

    def _show(self) -> None:
        if self._bar is not None:
            self._bar.update(len(self.evaluations) + self._ahead - self._bar.n)
            if self.best_so_far is not None:
                self._bar.set_postfix_str(f"best {self.best_so_far:.3g}", refresh=False)


def finite_score(evaluation: Evaluation, direction: str, worst: float | None) -> float:
    """Return a score, higher is better: that of the evaluation, or else the worst one seen."""
    if evaluation.status in ("complete", "pruned") and math.isfinite(evaluation.value):
        return evaluation.value if direction == "maximize" else -evaluation.value
    return 0.0 if worst is None else worst


def question_of(params: Params, epochs: int | None) -> str:
    """Return a text by which a question is known again: hyperparameters and budget."""
    return json.dumps([sorted(params.items()), epochs], default=repr)

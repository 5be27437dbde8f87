"""Asynchronous successive halving (ASHA), for the real search and for the simulated clock."""

import bisect
import heapq
import itertools
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hpotutor.objectives.base import Evaluation, Params
from hpotutor.parallel.dask_objective import WorkerObjective
from hpotutor.search._parallel import run_parallel
from hpotutor.space.space import SearchSpace
from hpotutor.study.recorder import Recorder, question_of

_REPEATS = 1000  # so many draws in a row that were met before: the space has no more to give


class Job(NamedTuple):
    """A training to run: to how many epochs, and how many of them its configuration had before."""

    params: Params
    epochs: int
    done: int = 0


class AsynchronousHalving:
    """The rule of ASHA: which configuration is trained next, and for how many epochs.

    Whoever is free gets a configuration that is among the best one in ``eta`` of those that
    finished a rung so far, the highest rung first, to be trained on the next; where there is none,
    a new one for the lowest. ``rungs`` are epochs, from the lowest up. Li, Jamieson, Rostamizadeh,
    Gonina, Hardt, Recht and Talwalkar (2020), A system for massively parallel hyperparameter
    tuning, algorithm 2, https://arxiv.org/abs/1810.05934.
    """

    def __init__(
        self, space: SearchSpace, rungs: Sequence[int], *, eta: int = 3, seed: int = 0
    ) -> None:
        self.space, self.rungs, self.eta = space, [int(rung) for rung in rungs], int(eta)
        self.rng = np.random.default_rng(seed)
        self._drawn: set[str] = set()
        self._exhausted = False
        # A rung's scores, best first, and those not yet promoted: (-score, number), a heap.
        self._finished: dict[int, list[tuple[float, int]]] = {rung: [] for rung in self.rungs}
        self._waiting: dict[int, list[tuple[float, int, Params]]] = {r: [] for r in self.rungs}

    def ask(self) -> Job | None:
        """Return the next job; None when every configuration of the space was drawn."""
        for low, high in reversed(list(itertools.pairwise(self.rungs))):
            waiting, finished = self._waiting[low], self._finished[low]
            if waiting:
                place = bisect.bisect_left(finished, waiting[0][:2])
                if place < len(finished) // self.eta:
                    return Job(heapq.heappop(waiting)[2], high, low)
        for _ in range(0 if self._exhausted else _REPEATS):
            params = self.space.sample(self.rng)
            if (key := question_of(params, None)) not in self._drawn:
                self._drawn.add(key)
                return Job(params, self.rungs[0])
        self._exhausted = True
        return None

    def tell(self, job: Job, value: float) -> None:
        """Hear a finished job's score; higher is better, and what is not finite ranks last."""
        finished = self._finished[job.epochs]
        ranked = (-value if math.isfinite(value) else math.inf, len(finished))
        bisect.insort(finished, ranked)
        if math.isfinite(value):
            heapq.heappush(self._waiting[job.epochs], (*ranked, job.params))

    def recall(self, params: Params, epochs: int, value: float) -> None:
        """Hear what an earlier run of the same search asked and was told."""
        self._drawn.add(question_of(params, None))
        place = self.rungs.index(epochs)
        if place:
            below = self._waiting[self.rungs[place - 1]]
            found = next((i for i, one in enumerate(below) if one[2] == params), None)
            if found is not None:  # it was promoted then
                below.pop(found)
                heapq.heapify(below)
        self.tell(Job(params, epochs), value)


def halve_asynchronously(recorder: Recorder, rungs: Sequence[int], eta: int, seed: int) -> None:
    """Let the rule lead the recorder, on the workers of a cluster where there are any.

    The log is told first: what ended before what depends on the machine.
    """
    rule = AsynchronousHalving(recorder.space, rungs, eta=eta, seed=seed)

    def score(evaluation: Evaluation) -> float:
        return recorder.score(evaluation) if evaluation.status == "complete" else -math.inf

    for evaluation, epochs in recorder.recall():
        rule.recall(evaluation.params, epochs or 0, score(evaluation))  # each names its rung
    if isinstance(recorder.objective, WorkerObjective):

        def ask() -> tuple[Job, Params, int] | None:
            job = rule.ask()
            return None if job is None else (job, job.params, job.epochs)

        run_parallel(recorder, ask, lambda job, evaluation: rule.tell(job, score(evaluation)))
        return
    while (job := rule.ask()) is not None:
        rule.tell(job, score(recorder.evaluate(job.params, job.epochs)))

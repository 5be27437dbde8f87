"""Stacks side by side: a thread to a core, results and callbacks in the calling thread."""

import os
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

import numpy as np

from hpotutor._system import cores
from hpotutor._validation import require_count
from hpotutor.fused.data import Curve, Trained
from hpotutor.fused.jobs import Job

VARIABLE = "HPOTUTOR_THREADS"
LISTENING_SECONDS = 0.2  # on Windows, Ctrl-C is heard only between two waits

OnEpoch = Callable[[int, list[Curve]], Any]
Deliver = Callable[[int, Trained], None]
_setting: int | None = None


def set_threads(threads: int | None) -> None:
    """Set how many threads train stacks from now on, here and in all that trains with stacks.

    None is one to each core that this process may use, which is how it starts; the environment
    variable ``HPOTUTOR_THREADS`` sets the same before Python starts. Results do not depend on it,
    bit for bit; a Dask worker always takes one. ``ArgumentError`` for less than 1.

    Examples
    --------
    >>> set_threads(2)
    >>> threads_for(None)
    2
    >>> set_threads(None)
    """
    global _setting
    require_count("set_threads", "threads", threads, 2)
    _setting = None if threads is None else int(threads)


def threads_for(asked: int | None) -> int:
    """Return how many threads to use: what a call asks for, the setting, or one to each core."""
    if asked is not None:
        return int(asked)
    with suppress(KeyError, AttributeError, ValueError):  # unless this is a worker of Dask's
        sys.modules["distributed"].get_worker()
        return 1
    if _setting is not None:
        return _setting
    if text := os.environ.get(VARIABLE, ""):
        number = int(text) if text.isdecimal() else text
        require_count("train_many", VARIABLE, number, 2)
        return int(number)
    return cores()


def run_jobs(jobs: Sequence[Job], threads: int, deliver: Deliver) -> None:
    """Train all jobs to their ends, and deliver job by job, in their order, whoever is first.

    An exception, of a job or of ``deliver``, and Ctrl-C end the other jobs after the epoch that
    they are in. What jobs before a failed one have finished is delivered first.
    """
    if min(threads, len(jobs)) < 2:
        for job in jobs:
            for finished in job.run():
                _deliver(finished, deliver)
        return
    stopping = threading.Event()
    queues: list[SimpleQueue] = [SimpleQueue() for _ in jobs]

    def work(job: Job, queue: SimpleQueue) -> None:
        try:
            for finished in job.run():
                queue.put(finished)
                if stopping.is_set():
                    return
            queue.put(None)
        except BaseException as error:
            queue.put(error)

    pool = ThreadPoolExecutor(threads, "hpotutor")
    try:
        for job, queue in zip(jobs, queues, strict=True):
            pool.submit(work, job, queue)
        for queue in queues:
            while (found := _next(queue)) is not None:
                if isinstance(found, BaseException):
                    raise found
                _deliver(found, deliver)
    finally:
        stopping.set()
        pool.shutdown(cancel_futures=True)


def _next(queue: SimpleQueue) -> Any:
    while True:
        with suppress(Empty):
            return queue.get(timeout=LISTENING_SECONDS)


def _deliver(finished: Iterable[tuple[int, Trained]], deliver: Deliver) -> None:
    for position, trained in finished:
        deliver(position, trained)


def run_watched(
    jobs: Sequence[Job], threads: int, deliver: Deliver, on_epoch: OnEpoch, asked: int
) -> None:
    """Train all jobs side by side, an epoch each, so that all curves grow together."""
    epoch, busy = 0, list(jobs)
    with ThreadPoolExecutor(threads, "hpotutor") as pool:
        each = pool.map if min(threads, len(jobs)) > 1 else map
        while busy:
            for finished in each(Job.advance, busy):
                _deliver(finished, deliver)
            epoch += 1
            grown = {position: curve for job in jobs for position, curve in job.curves.items()}
            answer = on_epoch(epoch, [grown.get(position, {}) for position in range(asked)])
            if answer is None or isinstance(answer, bool | np.bool_):
                answer = range(asked) if answer else ()
            positions = {int(position) for position in answer}
            for job in busy if positions else ():
                _deliver(job.stop(positions), deliver)
            busy = [job for job in busy if job.busy]
